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

    /// The log with every `MM-DD hh:mm:ss` of vLLM's prefix moved, and only the given share of its middle.
    private func moved(_ text: String, by seconds: Int, keeping share: Double) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let cut = Int(Double(lines.count) * (1 - share) / 2)
        let pattern =
            #/(?<level>INFO|WARNING|ERROR|DEBUG) (?<month>\d\d)-(?<day>\d\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) /#
        return lines[cut..<(lines.count - cut)].map { line in
            guard let match = line.firstMatch(of: pattern) else { return String(line) }
            let fields = [match.month, match.day, match.hour, match.minute, match.second].map { Int($0)! }
            let stamp =
                "2026-\(match.month)-\(match.day)T\(match.hour):\(match.minute):\(match.second)Z"
            guard fields.count == 5, let time = CivilTime.parseRFC3339(stamp) else { return String(line) }
            let new = CivilTime.rfc3339(time + Int64(seconds) * 1000)
            let at = new.index(new.startIndex, offsetBy: 5)
            let short = new[at...].prefix(14).replacingOccurrences(of: "T", with: " ")
            return String(line).replacingOccurrences(of: String(match.0), with: "\(match.level) \(short) ")
        }.joined(separator: "\n")
    }

    private func offset(_ run: String, by seconds: Int, keeping share: Double) throws -> (Int?, String?) {
        let source = sharedFolder!.appendingPathComponent("corpora/real/\(run)")
        let folder = try TemporaryFolder()
        let log = String(
            decoding: try InputStream(path: source.path + "/server.log.gz").readAll(limit: 1 << 30), as: UTF8.self)
        try folder.write(moved(log, by: seconds, keeping: share), to: "evidence/server.log")
        try FileManager.default.copyItem(
            at: source.appendingPathComponent("prometheus-snapshot"),
            to: folder.url.appendingPathComponent("evidence/prometheus-snapshot"))
        let store = try Store.create(path: folder.path("t.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([folder.path("evidence")])
        return (
            try store.database.int("SELECT clock_offset_ms FROM source WHERE format = 'vllm-log'"),
            try store.database.text("SELECT clock_method FROM source WHERE format = 'vllm-log'")
        )
    }

    @Test("a moved clock is found to a second", arguments: runs, [28_800, -14_400, 3723])
    func moved(run: String, seconds: Int) throws {
        let (offset, method) = try offset(run, by: seconds, keeping: 1)
        #expect(abs((offset ?? 0) - seconds * 1000) <= 1000, "\(offset ?? 0): \(method ?? "")")
        #expect(method?.contains("by alignment") == true)
    }

    @Test("two thirds of a log give the offset to a second, or a refusal with its numbers; never another offset")
    func truncated() throws {
        var found = 0
        for run in Self.runs {
            let (offset, method) = try offset(run, by: 19_800, keeping: 0.67)
            let isRight = abs((offset ?? 0) - 19_800_000) <= 1000
            #expect(isRight || method?.contains("refused: ") == true, "\(run): \(offset ?? 0): \(method ?? "")")
            if isRight { found += 1 }
        }
        #expect(found >= 3)
    }
}
