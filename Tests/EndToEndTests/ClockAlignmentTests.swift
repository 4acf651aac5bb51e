import Foundation
import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

/// Logs of real servers with their clocks moved: the offset must come back from the metrics alone.
@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
struct ClockAlignmentTests {
    private static let runs = ["kv-cache-exhaustion", "v0112-kv-exhaustion", "gpu-slowdown", "v066-kv-exhaustion"]

    /// The log with every `MM-DD hh:mm:ss` of vLLM's prefix moved, and only the given part of its lines.
    private func moved(_ text: String, by seconds: Int, keeping part: ClosedRange<Double>) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = Int(Double(lines.count) * part.lowerBound)..<Int(Double(lines.count) * part.upperBound)
        let pattern =
            #/(?<level>INFO|WARNING|ERROR|DEBUG) (?<month>\d\d)-(?<day>\d\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) /#
        return lines[kept].map { line in
            guard let match = line.firstMatch(of: pattern) else { return String(line) }
            let stamp =
                "2026-\(match.month)-\(match.day)T\(match.hour):\(match.minute):\(match.second)Z"
            guard let time = CivilTime.parseRFC3339(stamp) else { return String(line) }
            let new = CivilTime.rfc3339(time + Int64(seconds) * 1000)
            let at = new.index(new.startIndex, offsetBy: 5)
            let short = new[at...].prefix(14).replacingOccurrences(of: "T", with: " ")
            return String(line).replacingOccurrences(of: String(match.0), with: "\(match.level) \(short) ")
        }.joined(separator: "\n")
    }

    private func log(_ run: String) throws -> String {
        let folder = sharedFolder!.path + "/corpora/real/\(run)/"
        let name = FileManager.default.fileExists(atPath: folder + "server.log") ? "server.log" : "server.log.gz"
        return String(decoding: try InputStream(path: folder + name).readAll(limit: 1 << 30), as: UTF8.self)
    }

    /// A store of the run's metrics and the files given.
    private func ingest(_ run: String, _ files: [String: String], into folder: TemporaryFolder) throws -> Store {
        let source = sharedFolder!.appendingPathComponent("corpora/real/\(run)")
        for (name, text) in files { try folder.write(text, to: "evidence/" + name) }
        let snapshot = folder.url.appendingPathComponent("evidence/prometheus-snapshot")
        if !FileManager.default.fileExists(atPath: snapshot.path) {
            try FileManager.default.copyItem(at: source.appendingPathComponent("prometheus-snapshot"), to: snapshot)
        }
        let store = try Store.create(path: folder.path("t.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([folder.path("evidence")])
        return store
    }

    private func offset(
        _ run: String, by seconds: Int, keeping part: ClosedRange<Double>
    ) throws -> (Int?, String?) {
        let folder = try TemporaryFolder()
        let store = try ingest(run, ["server.log": moved(try log(run), by: seconds, keeping: part)], into: folder)
        return (
            try store.database.int("SELECT clock_offset_ms FROM source WHERE format = 'vllm-log'"),
            try store.database.text("SELECT clock_method FROM source WHERE format = 'vllm-log'")
        )
    }

    @Test("a moved clock is found to a second", arguments: runs, [28_800, -14_400, 20_700, 3723, -431])
    func moved(run: String, seconds: Int) throws {
        let (offset, method) = try offset(run, by: seconds, keeping: 0...1)
        #expect(abs((offset ?? 0) - seconds * 1000) <= 1000, "\(offset ?? 0): \(method ?? "")")
        #expect(method?.contains("by alignment") == true)
    }

    @Test(
        "a part of a log gives the offset to a second, or a refusal with its numbers; never another offset",
        arguments: runs, [0.16...0.84, 0...0.5, 0.75...1, 0...0.25, 0.4...0.5])
    func truncated(run: String, part: ClosedRange<Double>) throws {
        let (offset, method) = try offset(run, by: 19_800, keeping: part)
        let isRight = abs((offset ?? 0) - 19_800_000) <= 1000
        #expect(isRight || method?.contains("not aligned: ") == true, "\(offset ?? 0): \(method ?? "")")
        // Most of a log suffices.
        if part.upperBound - part.lowerBound > 0.6, run.hasPrefix("kv") || run.hasPrefix("v066") {
            #expect(isRight, "\(method ?? "")")
        }
    }

    @Test("the local asctime of JSON logs")
    func json() throws {
        let run = "kv-cache-exhaustion"
        let lines = try log(run).split(separator: "\n").compactMap { line -> String? in
            guard let start = line.range(of: "INFO "), line.contains("Avg prompt throughput"),
                let bracket = line.range(of: "] "),
                let time = CivilTime.parseRFC3339(
                    "2026-" + line[start.upperBound...].prefix(14).replacingOccurrences(of: " ", with: "T") + "Z")
            else { return nil }
            let local = CivilTime.rfc3339(time + 7_200_000).prefix(19).replacingOccurrences(of: "T", with: " ")
            return "{\"asctime\": \"\(local),250\", \"levelname\": \"INFO\", \"name\": \"vllm.v1.metrics.loggers\", "
                + "\"processName\": \"MainProcess\", \"process\": 1, \"message\": \"\(line[bracket.upperBound...])\"}"
        }
        let folder = try TemporaryFolder()
        let store = try ingest(run, ["server.log": lines.joined(separator: "\n") + "\n"], into: folder)
        let offset = try store.database.int("SELECT clock_offset_ms FROM source WHERE format = 'vllm-log'")
        #expect(abs((offset ?? 0) - 7_200_000) <= 1000)
    }

    @Test("a rotated piece that is too flat takes the clock of the others, also when it comes later")
    func pieces() throws {
        let run = "kv-cache-exhaustion"
        let text = moved(try log(run), by: 28_800, keeping: 0...1)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let cut = lines.count * 9 / 10
        let folder = try TemporaryFolder()
        _ = try ingest(run, ["server.log.1": lines[..<cut].joined(separator: "\n") + "\n"], into: folder)
        let store = try ingest(
            run, ["server.log": lines[cut...].prefix(60).joined(separator: "\n") + "\n"], into: folder)
        let rows = try Ledger(store).all().filter { $0.format == "vllm-log" }
        #expect(rows.map(\.clockOffsetMs) == [28_800_000, 28_800_000], "\(rows.map(\.clockMethod))")
        #expect(rows.last?.clockConfidence ?? 1 < rows.first?.clockConfidence ?? 0)
    }

    @Test(
        "a GPU capture's zone by the servers' work, or a refusal; never another zone", arguments: [0, 19_800, -25_200])
    func capture(seconds: Int) throws {
        for incident in ["inc-013", "inc-029", "inc-034", "inc-050", "inc-065", "inc-054"] {
            let source = sharedFolder!.appendingPathComponent("corpora/incidents/\(incident)")
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: source.path).first {
                    $0.hasPrefix("nvidia-smi.csv")
                })
            let text = String(
                decoding: try InputStream(path: source.path + "/" + name).readAll(limit: 1 << 30), as: UTF8.self)
            let folder = try TemporaryFolder()
            try folder.write(movedCapture(text, by: seconds), to: "evidence/nvidia-smi.csv")
            try FileManager.default.copyItem(
                at: source.appendingPathComponent("prometheus"),
                to: folder.url.appendingPathComponent("evidence/prometheus"))
            let store = try Store.create(path: folder.path("t.sqlite"))
            try Ingestor(store, options: IngestOptions()).ingest([folder.path("evidence")])
            let row = try #require(try Ledger(store).all().first { $0.format.hasPrefix("nvidia") })
            let truth = try JSONSerialization.jsonObject(
                with: Data(contentsOf: source.appendingPathComponent("truth.json")))
            let start = try #require((truth as? [String: Any])?["data_start"] as? String)
            let startMs = try #require(CivilTime.parseRFC3339(start))
            let isRefused = row.clockMethod?.contains("not aligned: ") == true
            // The incidents' captures begin with their data: the nearest zone is the right one.
            let distance = abs((row.firstMs ?? 0) - startMs)
            #expect(isRefused || distance < 450_000, "\(incident): \(row.clockMethod ?? "")")
            // One whose numbers are too flat is dated by the stretch that it covers.
            let byCoverage = row.clockMethod?.hasPrefix("zone by coverage") == true
            #expect(byCoverage == (incident == "inc-054"), "\(incident): \(row.clockMethod ?? "")")
            #expect(!isRefused, "\(incident): \(row.clockMethod ?? "")")
        }
    }

    /// A capture with every `YYYY/MM/DD hh:mm:ss` moved.
    private func movedCapture(_ text: String, by seconds: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let stamp = line.prefix(19)
            let iso = stamp.replacingOccurrences(of: "/", with: "-").replacingOccurrences(of: " ", with: "T") + "Z"
            guard stamp.utf8.count == 19, let time = CivilTime.parseRFC3339(iso) else { return String(line) }
            let new = CivilTime.rfc3339(time + Int64(seconds) * 1000).prefix(19)
            return new.replacingOccurrences(of: "-", with: "/").replacingOccurrences(of: "T", with: " ")
                + String(line.dropFirst(19))
        }.joined(separator: "\n")
    }
}
