import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// A folder of evidence that changes between runs, and the store that follows it.
private final class Evidence {
    let folder: TemporaryFolder
    let store: Store
    var options = IngestOptions()

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
        try FileManager.default.createDirectory(atPath: folder.path("in"), withIntermediateDirectories: true)
        options.year = 2026
        // The times that `Wrap` puts around the lines are not those of the lines: they would tell no zone.
        options.offsetMinutes = 0
        options.period = "p"
    }

    func path(_ name: String) -> String { folder.path("in/" + name) }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        // In place: another inode would be a rotation.
        guard FileManager.default.fileExists(atPath: url.path) else { return try Data(bytes).write(to: url) }
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    func append(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let before = FileManager.default.fileExists(atPath: path(name)) ? try read(name) : []
        try write(before + bytes, to: name)
    }

    func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: path(name), toPath: path(other))
    }

    func gzip(_ name: String) throws {
        let result = try runProgram(URL(fileURLWithPath: "/usr/bin/gzip"), ["-f", "-n", path(name)])
        #expect(result.status == 0)
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    @discardableResult
    func ingest(into other: Store? = nil) throws -> [IngestOutcome.Action] {
        let ingestor = Ingestor(other ?? store, options: options)
        try ingestor.ingest([folder.path("in")])
        return ingestor.outcomes.map(\.action)
    }

    /// What is different from a store that reads the folder once, as it is now.
    func differenceFromOneRun() throws -> String? {
        let whole = try Store.create(path: folder.path("whole-\(UUID().uuidString).sqlite"))
        try ingest(into: whole)
        return difference(try everything(in: store), try everything(in: whole))
    }
}

/// Forms of one log, each line wrapped.
private enum Wrap: String, CaseIterable {
    case plain, docker, cri, journald

    func callAsFunction(_ text: [UInt8]) -> [UInt8] {
        guard self != .plain else { return text }
        var out: [UInt8] = []
        for (index, line) in text.split(separator: 10, omittingEmptySubsequences: false).dropLast().enumerated() {
            let time = "2026-11-23T17:\(30 + index / 600 % 20):\(10 + index / 12 % 50)."
            var json = ByteWriter()
            json.writeJSONString(String(decoding: line, as: UTF8.self))
            let quoted = json.text.dropLast()
            switch self {
            case .plain: break
            case .docker:
                out += Array("{\"log\":\(quoted)\\n\",\"stream\":\"stderr\",\"time\":\"\(time)123456789Z\"}\n".utf8)
            case .cri:
                if line.count > 200 {
                    out += Array("\(time)1Z stderr P ".utf8) + line.prefix(100) + [10]
                    out += Array("\(time)1Z stderr F ".utf8) + line.dropFirst(100) + [10]
                } else {
                    out += Array("\(time)1Z stderr F ".utf8) + line + [10]
                }
            case .journald:
                out += Array(
                    "{\"__REALTIME_TIMESTAMP\":\"17954550\(10 + index / 12 % 80)000000\",\"_PID\":\"7\",\"MESSAGE\":\(quoted)\"}\n"
                        .utf8)
            }
        }
        return out
    }
}

@Suite struct LedgerTests {
    private static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: fixture(name)))
    }

    /// Start-up, statistics, requests, tracebacks: two versions, one after the other.
    private static func log() throws -> [UInt8] {
        try bytes("vllm-log/0.33.0/server.log") + bytes("vllm-log/0.6.6/server.log")
    }

    /// Appends, rotates, compresses, copies; reads in between; and in the end compares with one reading.
    private func change(_ text: [UInt8], name: String, steps: Int, seed: UInt64) throws {
        let evidence = try Evidence()
        var random = SeededRandom(seed: seed)
        var at = 0
        var rotated = 0
        var history: [String] = []
        while at < text.count {
            let most = max(2, text.count / steps)
            let end = min(text.count, at + Int.random(in: 1...most, using: &random))
            try evidence.append(text[at..<end], to: name)
            at = end
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                rotated += 1
                try evidence.move(name, to: "\(name).\(rotated)")
                history.append("move .\(rotated) at \(at)")
            case 1:
                // The copy may be read before the live file begins anew.
                rotated += 1
                let whole = try evidence.read(name)
                try evidence.write(
                    whole.prefix(Int.random(in: 0...whole.count, using: &random)), to: "\(name).\(rotated)")
                if Bool.random(using: &random) { try evidence.ingest() }
                try evidence.write(whole, to: "\(name).\(rotated)")
                if Bool.random(using: &random) { try evidence.ingest() }
                try evidence.write([], to: name)
                history.append("copytruncate .\(rotated) at \(at)")
            case 2 where rotated > 0 && evidence.has("\(name).\(rotated)"):
                try evidence.gzip("\(name).\(rotated)")
                history.append("gzip .\(rotated)")
            case 3 where try evidence.read(name).count > CopySearch.leastShared:
                try evidence.write(try evidence.read(name), to: "copy-of-\(name)")
            default: break
            }
            if Int.random(in: 0..<3, using: &random) > 0 { try evidence.ingest() }
        }
        try? FileManager.default.removeItem(atPath: evidence.path("copy-of-\(name)"))
        try evidence.ingest()
        let different = try evidence.differenceFromOneRun()
        #expect(different == nil, "seed \(seed): \(history)")
        #expect(
            try evidence.store.database.int(
                "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines") == 0)
        let before = try everything(in: evidence.store)
        try evidence.ingest()
        #expect(difference(before, try everything(in: evidence.store)) == nil)
    }

    @Test("a log that grows, rotates, is compressed and copied gives the tables of one reading", arguments: 1...3)
    func logs(_ seed: UInt64) throws {
        for wrap in Wrap.allCases {
            try change(
                wrap(try Self.log()), name: "server.log", steps: 12, seed: seed * 10 + UInt64(wrap.rawValue.count))
        }
    }

    @Test("so do captures of GPUs, kernel logs and traces", arguments: [1, 2, 3])
    func others(_ seed: UInt64) throws {
        let kernel = try Self.bytes("kernel-log/journal_short.txt")
        for (name, text) in [
            ("gpu.csv", try Self.bytes("nvidia-smi/query_550_lms5_f_sigkill_truncated.csv")),
            ("dmon.txt", try Self.bytes("nvidia-smi/dmon_550_8gpu_repeated_headers.txt")),
            ("pmon.txt", try Self.bytes("nvidia-smi/pmon_550.txt")), ("dmesg.txt", kernel),
        ] {
            try grow(text, name: name, seed: seed)
        }
        try grow(try Self.bytes("traces/otlp_vllm_0.33.jsonl"), name: "traces.jsonl", seed: seed)
    }

    /// Grows without rotation, at arbitrary places, then is compressed.
    private func grow(_ text: [UInt8], name: String, seed: UInt64) throws {
        let evidence = try Evidence()
        var random = SeededRandom(seed: seed)
        var at = 0
        while at < text.count {
            let end = min(text.count, at + Int.random(in: 1...max(2, text.count / 6), using: &random))
            try evidence.append(text[at..<end], to: name)
            at = end
            try evidence.ingest()
        }
        let different = try evidence.differenceFromOneRun()
        #expect(different == nil, "\(name), seed \(seed)")
        try evidence.gzip(name)
        try evidence.ingest()
        let zipped = try evidence.differenceFromOneRun()
        #expect(zipped == nil, "\(name).gz, seed \(seed)")
    }

    @Test("a dump that grows is read again as a whole, and its samples count once")
    func dump() throws {
        let evidence = try Evidence()
        let text = try Self.bytes("promtool-dump/vllm.dump.txt")
        for part in [3, 2, 1] {
            try evidence.write(text.prefix(text.count / part), to: "dump.txt")
            try evidence.ingest()
        }
        #expect(try evidence.differenceFromOneRun() == nil)
    }

    @Test("a record that a run meets half is seen at once, and whole when the rest has come")
    func halfRecord() throws {
        let head = "INFO 11-23 17:30:04 [api_server.py:1] vLLM API server version 0.11.2\n"
        let error = "ERROR 11-23 17:31:00 [core.py:7] EngineCore failed.\n"
        let trace =
            (["Traceback (most recent call last):"] + (1...4).map { "  File \"a.py\", line \($0), in f" } + [
                "RuntimeError: CUDA error: out of memory", "",
            ]).joined(separator: "\n")
        let whole = Array((head + error + trace).utf8)
        for cut in [head.utf8.count + error.utf8.count + 80, head.utf8.count + error.utf8.count, whole.count - 9] {
            let evidence = try Evidence()
            try evidence.write(whole.prefix(cut), to: "server.log")
            try evidence.ingest()
            #expect(try evidence.store.database.int("SELECT count(*) FROM log_event WHERE level = 'ERROR'") == 1)
            try evidence.write(whole, to: "server.log")
            try evidence.ingest()
            #expect(try evidence.differenceFromOneRun() == nil)
        }
    }

    @Test("copies count once, the file that is read is the same in every run")
    func copies() throws {
        let evidence = try Evidence()
        let log = try Self.log()
        try evidence.write(log, to: "server.log")
        try evidence.write(log, to: "a-copy.log")
        try evidence.write(log.prefix(30_000), to: "older/server.log.bak")
        #expect(try evidence.ingest().sorted { $0.rawValue < $1.rawValue } == [.duplicate, .duplicate, .read])
        let before = try everything(in: evidence.store)
        #expect(try evidence.store.database.int("SELECT count(*) FROM source WHERE status = 'duplicate'") == 2)
        #expect(try evidence.ingest().sorted { $0.rawValue < $1.rawValue } == [.duplicate, .duplicate, .unchanged])
        #expect(difference(before, try everything(in: evidence.store)) == nil)
        // A copy that goes its own way is a stream of its own.
        try evidence.append(Array("INFO 11-24 00:00:00 [a.py:1] other words\n".utf8), to: "a-copy.log")
        try evidence.append(Array("INFO 11-24 00:00:00 [a.py:1] own words\n".utf8), to: "server.log")
        try evidence.ingest()
        #expect(try evidence.differenceFromOneRun() == nil)
        #expect(try evidence.store.database.int("SELECT count(*) FROM source WHERE status = 'read'") == 2)
    }

    @Test("replicas that begin with the same words are told apart", arguments: [1, 2, 3, 4])
    func replicas(_ seed: UInt64) throws {
        let evidence = try Evidence()
        var random = SeededRandom(seed: seed)
        let head = Array("INFO 11-23 17:30:04 [api_server.py:1] vLLM API server version 0.11.2\n".utf8)
        let log = try Self.log()
        let texts = [head + log.prefix(9_000), head + log.suffix(9_000), head]
        var ends = [0, 0, 0]
        while ends != texts.map(\.count) {
            for index in texts.indices {
                ends[index] = min(texts[index].count, ends[index] + Int.random(in: 0...2_000, using: &random))
                try evidence.write(texts[index].prefix(ends[index]), to: "replica-\(index).log")
            }
            try evidence.ingest()
        }
        let different = try evidence.differenceFromOneRun()
        #expect(different == nil)
        #expect(
            try evidence.store.database.int(
                "SELECT count(*) FROM engine_fact WHERE name = 'version' AND value = '0.11.2'")
                == 3)
    }

    @Test("two logs with the same first 64 KiB are two logs")
    func longBanner() throws {
        let evidence = try Evidence()
        let banner = (0..<800).map {
            "INFO 11-23 17:30:04 [api_server.py:\($0)] the same words of a long beginning, line by line\n"
        }
        func log(_ name: String, lines: Int) -> [UInt8] {
            Array(
                (banner + (0..<lines).map { "INFO 11-23 17:31:00 [\(name).py:\($0)] own words of \(name)\n" }).joined()
                    .utf8)
        }
        #expect(log("x", lines: 0).count > 64 << 10)
        for lines in [3, 50, 51] {
            try evidence.write(log("a", lines: lines), to: "a.log")
            try evidence.write(log("b", lines: lines + 20), to: "b.log")
            try evidence.ingest()
        }
        #expect(try evidence.differenceFromOneRun() == nil)
        #expect(
            try evidence.store.database.int("SELECT count(*) FROM log_event WHERE message LIKE 'own words of a%'") == 51
        )
        #expect(
            try evidence.store.database.int("SELECT count(*) FROM log_event WHERE message LIKE 'own words of b%'") == 71
        )
    }

    @Test("an empty file that fills, a file that is rewritten, one that goes away")
    func rewritten() throws {
        let evidence = try Evidence()
        let log = try Self.log()
        try evidence.write([], to: "server.log")
        #expect(try evidence.ingest() == [.unknown])
        try evidence.write(log.prefix(20_000), to: "server.log")
        #expect(try evidence.ingest() == [.read])
        #expect(try evidence.store.database.int("SELECT count(*) FROM source") == 1)
        // Rewritten with other content: both were there.
        try evidence.write(log.suffix(9_000), to: "server.log")
        #expect(try evidence.ingest() == [.read])
        #expect(try evidence.store.database.int("SELECT count(*) FROM source") == 2)
        try evidence.write(
            Array("INFO 11-23 17:30:04 [a.py:1] x\nINFO 11-23 17:30:05 [a.py:1] y\n".utf8), to: "other.log")
        try evidence.move("server.log", to: "gone")
        try FileManager.default.removeItem(atPath: evidence.path("gone"))
        #expect(try evidence.ingest() == [.read])
        #expect(try evidence.store.database.int("SELECT count(*) FROM source") == 3)
    }

    @Test("a last line without a line feed is read when its file rests, and once when it goes on")
    func restingFile() throws {
        let evidence = try Evidence()
        let text =
            "INFO 11-23 17:30:04 [a.py:1] one\nINFO 11-23 17:30:05 [a.py:1] two\nINFO 11-23 17:30:06 [a.py:1] thr"
        func messages() throws -> String? {
            try evidence.store.database.text(
                "SELECT group_concat(message) FROM (SELECT message FROM log_event ORDER BY line)")
        }
        try evidence.write(Array(text.utf8), to: "server.log")
        try evidence.ingest()
        #expect(try messages() == "one,two")
        #expect(try evidence.store.database.int("SELECT pending_bytes FROM source") == 32)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -400)], ofItemAtPath: evidence.path("server.log"))
        #expect(try evidence.ingest() == [.continued])
        #expect(try messages() == "one,two,thr")
        #expect(try evidence.store.database.int("SELECT pending_bytes FROM source") == 0)
        #expect(try evidence.ingest() == [.unchanged])
        try evidence.append(Array("ee\n".utf8), to: "server.log")
        try evidence.ingest()
        #expect(try messages() == "one,two,three")
        #expect(try evidence.differenceFromOneRun() == nil)
    }

    @Test("a gzip file that is still written keeps its cut line for later")
    func gzipGrows() throws {
        let evidence = try Evidence()
        try evidence.write(try Self.log(), to: "server.log")
        try evidence.gzip("server.log")
        let whole = try evidence.read("server.log.gz")
        try evidence.write(whole.prefix(whole.count / 2), to: "server.log.gz")
        try evidence.ingest()
        #expect(try evidence.store.database.text("SELECT status FROM source") == "partial")
        try evidence.write(whole, to: "server.log.gz")
        #expect(try evidence.ingest() == [.continued])
        #expect(try evidence.differenceFromOneRun() == nil)
    }
}
