import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// A statistics line of vLLM at `MM-DD hh:mm:ss`.
private func line(_ time: String, running: Int = 3) -> String {
    "INFO \(time) [loggers.py:118] Engine 000: Avg prompt throughput: 100.0 tokens/s, Avg generation throughput: 50.0 "
        + "tokens/s, Running: \(running) reqs, Waiting: 0 reqs, GPU KV cache usage: 1.0%, Prefix cache hit rate: 0.0%\n"
}

private let access = "INFO:     10.0.0.1:52000 - \"GET /health HTTP/1.1\" 200 OK\n"

/// A log that was ingested alone.
private struct Read {
    let store: Store
    let source: SourceRow
    let folder: TemporaryFolder

    init(
        _ text: String, name: String = "server.log", modified: String = "2026-08-22T12:00:00Z",
        _ change: (inout IngestOptions) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
        let path = try folder.write(text, to: "in/" + name)
        let time = Date(timeIntervalSince1970: Double(try #require(CivilTime.parseRFC3339(modified))) / 1000)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        var options = IngestOptions()
        change(&options)
        try Ingestor(store, options: options).ingest([folder.path("in")])
        source = try #require(try Ledger(store).all().first { $0.format == "vllm-log" })
    }

    var method: String { source.clockMethod ?? "" }
    /// Times of the statistics lines.
    var times: [String] {
        get throws {
            let rows = try store.database.prepare("SELECT time_ms FROM engine_stat ORDER BY line")
            var found: [String] = []
            while try rows.step() { found.append(CivilTime.rfc3339(rows.int64(0))) }
            return found
        }
    }
}

@Suite struct ClockTests {
    private let day = line("08-21 10:00:00") + line("08-21 10:00:10")

    /// Requests by second, as `time requests`.
    private func accesses(_ read: Read) throws -> [String] {
        let rows = try read.store.database.prepare("SELECT time_ms, requests FROM http_access ORDER BY time_ms")
        var found: [String] = []
        while try rows.step() { found.append("\(CivilTime.rfc3339(rows.int64(0))) \(rows.int(1))") }
        return found
    }

    @Test(
        "a framing's clock without zone dates the lines that have no time of their own, by what it differs from the log's",
        arguments: [
            // Docker Desktop, two hours ahead; its year is the log's. journalctl, the same clock.
            ("2025-08-21 12:00:0#.500 | ", "2025-08-21T10:00:03", 2025),
            ("Aug 21 10:00:0# gpu-1 vllm[31]: ", "2026-08-21T10:00:03", 2026),
        ])
    func wrapper(prefix: String, time: String, year: Int) throws {
        let text = (0..<9).map {
            prefix.replacing("#", with: "\($0)") + ($0 == 3 ? access : line("08-21 10:00:0\($0)"))
        }.joined()
        let read = try Read(text)
        #expect(try accesses(read).map { String($0.prefix(19)) } == [time])
        #expect(try read.times.first == "\(year)-08-21T10:00:00Z")
        // Given a zone, it is the log's.
        let zoned = try Read(text) { $0.offsetMinutes = 120 }
        #expect(try accesses(zoned).first?.hasPrefix(time.prefix(10) + "T08:00:03") == true)
    }

    @Test(
        "where nothing else has a time the framing's clock stands for the log's; where the two disagree it says nothing"
    )
    func wrapperAlone() throws {
        let lines = (0..<5).map { "2026-08-21 12:00:0\($0).500 | " + access }.joined()
        let alone = try Read(lines + "2026-08-21 12:00:09.000 | INFO:     Shutting down\n")
        #expect(try accesses(alone).map { String($0.prefix(19)) } == (0..<5).map { "2026-08-21T12:00:0\($0)" })
        #expect(alone.method.hasPrefix("taken as UTC"))
        let journal = (0..<5).map { "Aug 21 12:00:0\($0) gpu-1 vllm[31]: " + access }.joined()
        #expect(try accesses(try Read(journal)).first == "2026-08-21T12:00:00Z 1")
        #expect(try accesses(try Read(journal) { $0.year = 2024 }).first == "2024-08-21T12:00:00Z 1")
        // JSON logging without a time.
        let json = (0..<3).map {
            "2026-08-21 12:00:0\($0).500 | {\"levelname\": \"INFO\", \"name\": \"vllm.engine\", \"message\": \"Added request r\($0).\"}\n"
        }.joined()
        #expect(try Read(json).source.firstMs == CivilTime.parseRFC3339("2026-08-21T12:00:00.5Z"))
        // Half of them hours later: times of export.
        let mixed = (0..<9).map {
            "2026-08-21 1\($0):00:00.000 | " + ($0 == 3 ? access : line("08-21 10:00:0\($0)"))
        }.joined()
        #expect(try accesses(try Read(mixed)) == ["2026-08-21T10:00:02Z 1"])
    }

    @Test("a line of another program with a date and a zone tells the year, and two around a record the log's zone")
    func foreignDate() throws {
        let read = try Read("2024-08-21T10:00:00.123456Z  INFO dynamo_runtime: up\n" + day)
        #expect(try read.times.first == "2024-08-21T10:00:00Z")
        func foreign(_ second: Int) -> String { "2024-08-21T18:00:0\(second).123456Z  INFO dynamo_runtime: up\n" }
        let between = (0..<4).map { foreign($0) + line("08-21 10:00:0\($0)") }.joined() + foreign(4)
        #expect(try Read(between).times.first == "2024-08-21T18:00:00Z")
        // Hours apart they say nothing.
        let apart = try Read(
            "2024-08-21T10:00:00Z  INFO dynamo_runtime: up\n" + day + "2024-08-21T18:00:00Z  INFO x: up\n")
        #expect(try apart.times.first == "2024-08-21T10:00:00Z")
    }

    @Test(
        "where the year comes from",
        arguments: [
            ("server.log", "2026-08-22T12:00:00Z", "", 2026, "year from the file's modification time"),
            ("server.log", "2026-02-01T12:00:00Z", "", 2025, "year from the file's modification time"),
            ("server.log-20240822", "2026-08-22T12:00:00Z", "", 2024, "year from the date in the file's name"),
            ("server.log.20240102-031500", "2026-08-22T12:00:00Z", "", 2023, "year from the date in the file's name"),
            ("server.log.2024-08-21", "2026-08-22T12:00:00Z", "", 2024, "year from the date in the file's name"),
            ("server.log-1724330000", "2026-08-22T12:00:00Z", "", 2024, "year from the date in the file's name"),
            (
                "server.log", "2026-08-22T12:00:00Z", "Wed Aug 21 09:59:58 UTC 2024: starting\n", 2024,
                "year from a full date in the log"
            ),
            (
                "server.log", "2026-08-22T12:00:00Z",
                "-- Logs begin at Fri 2021-01-01 00:00:00 UTC, end at Wed 2024-08-21 10:00:20 UTC. --\n", 2024,
                "year from a full date in the log"
            ),
            (
                "server.log", "2026-08-22T12:00:00Z",
                "2024-08-21 09:59:58,123 - INFO - autotuner.py:256 - flashinfer.jit: loading\n", 2024,
                "year from a full date in the log"
            ),
            (
                "server.log", "2026-08-22T12:00:00Z",
                "● vllm.service - vLLM\n     Active: active (running) since Wed 2024-08-21 09:59:59 UTC; 33s ago\n",
                2024,
                "year from a full date in the log"
            ),
            (
                "server.log", "2026-08-22T12:00:00Z", "[I 2024-08-21 09:59:58.976 ServerApp] Jupyter Server is up\n",
                2024, "year from a full date in the log"
            ),
            (
                "server.log", "2026-08-22T12:00:00Z", "Thu Aug 21 09:59:58\n", 2025,
                "year from the file's modification time"
            ),
            // A day of the week that the date didn't have is no date.
            (
                "server.log", "2026-08-22T12:00:00Z", "Mon Aug 21 09:59:58 UTC 2024: starting\n", 2026,
                "year from the file's modification time"
            ),
        ])
    func year(name: String, modified: String, banner: String, year: Int, words: String) throws {
        let read = try Read(banner + day, name: name, modified: modified)
        #expect(try read.times == ["\(year)-08-21T10:00:00Z", "\(year)-08-21T10:00:10Z"])
        #expect(read.method.contains(words), "\(read.method)")
    }

    @Test("a line that can't be read dates those behind it, and none is of 1970")
    func rejectedDate() throws {
        let cut = "INFO 08-21 10:00:00 [metrics.py:486] Avg prompt throughput: 0.0 tokens/s, Avg generation throu\n"
        let access = "INFO:     10.0.0.1:1234 - \"GET /health HTTP/1.1\" 200 OK\n"
        #expect(try accesses(try Read(cut + access, modified: "2026-08-22T12:00:00Z")) == ["2026-08-21T10:00:00Z 1"])
        // Behind what is surveyed.
        let blank = String(repeating: " ", count: 4000) + "\n"
        let late =
            access + String(repeating: blank, count: 1100) + line("08-21 10:00:00") + line("08-21 10:00:10")
        #expect(try Read(late, modified: "2026-02-01T12:00:00Z").times.first == "2025-08-21T10:00:00Z")
    }

    @Test("the year in gzip's header, which a copy keeps")
    func gzip() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(day, to: "in/server.log")
        let time = Date(timeIntervalSince1970: 1_724_300_000)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        _ = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", path])
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_790_000_000)], ofItemAtPath: path + ".gz")
        let store = try Store.create(path: folder.path("t.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([folder.path("in")])
        #expect(try store.database.int("SELECT min(time_ms) FROM engine_stat") == 1_724_234_400_000)
        #expect(
            try store.database.text("SELECT clock_method FROM source")?.contains("year from the time in gzip's header")
                == true)
    }

    @Test("29 February is in a leap year")
    func leapDay() throws {
        #expect(try Read(line("02-28 23:59:55") + line("02-29 00:00:05")).times.last == "2024-02-29T00:00:05Z")
    }

    @Test("New Year in both directions, and a restart that appends to an old log")
    func newYear() throws {
        let text = line("12-31 23:59:58") + line("01-01 00:00:02") + line("12-31 23:59:59") + line("01-01 00:00:08")
        let read = try Read(text, modified: "2026-01-01T00:00:30Z")
        #expect(
            try read.times == [
                "2025-12-31T23:59:58Z", "2026-01-01T00:00:02Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:08Z",
            ])
        let restarted = try Read(line("08-21 10:00:00") + line("08-19 10:00:00") + line("08-21 11:00:00"))
        #expect(try restarted.times == ["2026-08-21T10:00:00Z", "2026-08-19T10:00:00Z", "2026-08-21T11:00:00Z"])
    }

    @Test("the hour that is shown twice, without a zone: UTC goes on")
    func putBack() throws {
        let text =
            line("10-25 02:59:40") + line("10-25 02:59:50") + line("10-25 02:00:00") + line("10-25 02:59:59")
            + line("10-25 02:00:10") + line("10-25 03:00:00")
        let read = try Read(text, modified: "2026-10-25T04:00:00Z")
        #expect(
            try read.times == [
                "2026-10-25T02:59:40Z", "2026-10-25T02:59:50Z", "2026-10-25T03:00:00Z", "2026-10-25T02:59:59Z",
                "2026-10-25T03:00:10Z", "2026-10-25T04:00:00Z",
            ])
        #expect(read.method.contains("back 1 h at 2026-10-25T03:00:00Z"), "\(read.method)")
    }

    @Test("the hour that is skipped, in a log that speaks every ten seconds; an hour's silence else")
    func putForward() throws {
        let busy = line("03-29 01:59:40") + line("03-29 01:59:50") + line("03-29 03:00:00")
        let read = try Read(busy, modified: "2026-03-29T04:00:00Z")
        #expect(try read.times.last == "2026-03-29T02:00:00Z")
        #expect(read.method.contains("forward 1 h at 2026-03-29T02:00:00Z"))
        // A Monday.
        let silent = line("03-30 01:59:40") + line("03-30 01:59:50") + line("03-30 03:00:00")
        #expect(try Read(silent, modified: "2026-03-30T04:00:00Z").times.last == "2026-03-30T03:00:00Z")
        // Someone said UTC, which has no such hours.
        let given = try Read(busy, modified: "2026-03-29T04:00:00Z") { $0.zone = .fixed(minutesEast: 0) }
        #expect(try given.times.last == "2026-03-29T03:00:00Z")
    }

    @Test(
        "a place's own rules", .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"))
    )
    func place() throws {
        let text = line("10-25 01:00:00") + line("10-25 02:59:50") + line("10-25 02:00:00") + line("10-25 03:00:00")
        let read = try Read(text, modified: "2026-10-25T04:00:00Z") {
            $0.zone = try? ZoneDatabase.zone(named: "Europe/Berlin")
        }
        #expect(
            try read.times == [
                "2026-10-24T23:00:00Z", "2026-10-25T00:59:50Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z",
            ])
        #expect(read.method == "zone Europe/Berlin from --timezone; year from the file's modification time")
        #expect(read.source.clockOffsetMs == 7_200_000)
    }

    @Test("a place that isn't there, and a system without places")
    func noPlace() throws {
        let folder = try TemporaryFolder()
        for name in ["Mars", "../../etc/passwd", "/etc/localtime", "Europe/", ""] {
            #expect(throws: TidemarkError.self) { try ZoneDatabase.zone(named: name) }
        }
        let error = #expect(throws: TidemarkError.self) {
            try ZoneDatabase.zone(named: "Europe/Berlin", folders: [folder.path("none")])
        }
        #expect(error?.message.contains("no database of time zones") == true)
        #expect(try ZoneDatabase.zone(named: "+02:00", folders: []) == .fixed(minutesEast: 120))
    }

    // MARK: Times of the framing

    private func framed(_ count: Int, hours: Int, lateMs: (Int) -> Int = { _ in 300 }) -> String {
        (0..<count).map { index in
            let utc = 1_787_306_400_000 + Int64(index) * 10_000
            let own = CivilTime.rfc3339(utc + Int64(hours) * 3_600_000)
            let short = own.dropFirst(5).prefix(14).replacingOccurrences(of: "T", with: " ")
            return CivilTime.rfc3339(utc + Int64(lateMs(index))) + " " + line(short)
        }.joined()
    }

    @Test("the framing's times give zone and year; few of them with less confidence")
    func outer() throws {
        let many = try Read(framed(40, hours: -7))
        #expect(many.source.clockOffsetMs == -25_200_000)
        #expect(many.source.clockConfidence == 1)
        #expect(try many.times.first == "2026-08-21T10:00:00Z")
        #expect(many.method.contains("zone -07:00 from the container's times"), "\(many.method)")
        #expect(many.method.contains("year from the container's times"))
        let few = try Read(framed(3, hours: 8))
        #expect(few.source.clockOffsetMs == 28_800_000)
        let confidence = few.source.clockConfidence ?? 0
        #expect(confidence > 0.5 && confidence < 0.8)
    }

    @Test("times of arrival and several zones are reported, not guessed")
    func arrival() throws {
        let late = try Read(framed(40, hours: 2) { $0 * 120_000 })
        #expect(late.source.clockOffsetMs == 0)
        #expect(late.method.contains("the container's times do not tell the zone"), "\(late.method)")
        let mixed = framed(40, hours: 2).split(separator: "\n").enumerated().filter { $0.offset % 2 == 0 }
        let other = framed(40, hours: 8).split(separator: "\n").enumerated().filter { $0.offset % 2 == 1 }
        let text = (mixed + other).sorted { $0.offset < $1.offset }.map { $0.element + "\n" }.joined()
        #expect(try Read(text).method.contains("taken as UTC"))
    }

    @Test("the framing's times show the clock put back within hours of silence")
    func outerStep() throws {
        let text =
            "2026-10-25T00:30:00.2Z " + line("10-25 02:30:00") + "2026-10-25T00:30:10.2Z " + line("10-25 02:30:10")
            + "2026-10-25T07:00:00.2Z " + line("10-25 08:00:00")
        let read = try Read(text)
        #expect(try read.times == ["2026-10-25T00:30:00Z", "2026-10-25T00:30:10Z", "2026-10-25T07:00:00Z"])
        #expect(read.source.clockOffsetMs == 7_200_000)
    }

    // MARK: Lines without time

    @Test("lines before the first time take it; a log without any time places nothing at 1970")
    func untimed() throws {
        let read = try Read(access + access + day)
        #expect(try read.store.database.int("SELECT min(time_ms) FROM http_access") == 1_787_306_400_000)
        #expect(read.method.contains("2 records before the first time take it"))
        let none = try Read(access + access)
        #expect(try none.store.database.int("SELECT count(*) FROM http_access") == 0)
        #expect(none.source.records == 2)
        #expect(none.source.firstMs == nil)
        #expect(none.source.message?.contains("2 records have no time") == true)
        // The first time may stand far behind the beginning.
        let far = try Read(String(repeating: access, count: 3000) + day)
        #expect(try far.store.database.int("SELECT min(time_ms) FROM http_access") == 1_787_306_400_000)
    }

    // MARK: Going on

    @Test("a log that goes on keeps its clock over the step that its beginning had")
    func goesOn() throws {
        let parts = [
            line("10-25 02:59:40") + line("10-25 02:59:50") + line("10-25 02:00:00"),
            line("10-25 02:00:10") + line("10-25 03:00:00"),
        ]
        let whole = try Read(parts.joined(), modified: "2026-10-25T04:00:00Z")
        let read = try Read(parts[0], modified: "2026-10-25T04:00:00Z")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: read.folder.path("in/server.log")))
        try file.seekToEnd()
        try file.write(contentsOf: Data(parts[1].utf8))
        try file.close()
        try Ingestor(read.store, options: IngestOptions()).ingest([read.folder.path("in")])
        #expect(try read.times == whole.times)
        #expect(try Ledger(read.store).all().first?.clockMethod == whole.method)
    }

    @Test("a zone and a year that are given later correct what was read")
    func corrected() throws {
        let read = try Read(access + day)
        var options = IngestOptions()
        options.zone = .fixed(minutesEast: 120)
        options.year = 2025
        try Ingestor(read.store, options: options).ingest([read.folder.path("in")])
        #expect(try read.times == ["2025-08-21T08:00:00Z", "2025-08-21T08:00:10Z"])
        let source = try #require(try Ledger(read.store).all().first)
        #expect(source.clockOffsetMs == 7_200_000)
        #expect(source.clockMethod?.hasPrefix("zone +02:00 from --timezone; year given") == true)
        #expect(source.firstMs == CivilTime.parseRFC3339("2025-08-21T08:00:00Z"))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: read.folder.path("in/server.log")))
        try file.seekToEnd()
        try file.write(contentsOf: Data(line("08-21 10:00:20").utf8))
        try file.close()
        try Ingestor(read.store, options: IngestOptions()).ingest([read.folder.path("in")])
        #expect(try read.times.last == "2025-08-21T08:00:20Z")
    }

    @Test("status explains a clock in a sentence, and as JSON")
    func status() throws {
        let read = try Read(day)
        let text = try runTidemark(["status", "--db", read.folder.path("t.sqlite"), "--clocks"]).output
        #expect(text.contains("the source shows local month, day and time, without year or zone"))
        #expect(text.contains("If that is wrong, ingest again with --timezone"))
        let json = try runTidemark(["status", "--db", read.folder.path("t.sqlite"), "--clocks", "--format", "json"])
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [[String: Any]]]
        let clock = try #require(object?["clocks"]?.first)
        #expect(clock["year_found_by"] as? String == "year from the file's modification time")
        #expect(clock["first"] as? String == "2026-08-21T10:00:00Z")
        #expect(clock["confidence"] as? Double == 0.5)
    }
}
