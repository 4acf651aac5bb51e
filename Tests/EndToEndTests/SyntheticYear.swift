import Foundation
import TidemarkBase
import TidemarkTestSupport

/// Evidence of one small server over many weeks, the same for the same seed: a dump of its counters a week, and a log that is rotated
/// every Monday.
struct SyntheticYear {
    let folder: TemporaryFolder
    /// Weeks of which nothing was collected.
    let silent: Set<Int>
    private var random: SeededRandom
    private var requests = 0.0
    private var slow = 0.0

    /// Monday, 2026-01-05T00:00:00Z.
    static let startMs = CivilTime.millis(year: 2026, month: 1, day: 5)
    static let weekMs: Int64 = 7 * 86_400_000
    private static let hourMs: Int64 = 3_600_000

    init(_ folder: TemporaryFolder, silent: Set<Int>, seed: UInt64) {
        (self.folder, self.silent) = (folder, silent)
        random = SeededRandom(seed: seed)
    }

    static func monday(_ week: Int) -> Int64 { startMs + Int64(week) * weekMs }

    /// Writes a week's evidence: `metrics/week-07.dump`, and the lines of its log.
    /// - Returns: the log's text; nil for a silent week.
    mutating func write(_ week: Int, to place: String) throws -> String? {
        guard !silent.contains(week) else { return nil }
        var series: [String: [String]] = [:]
        var log = ""
        var at = Self.monday(week)
        let end = at + Self.weekMs
        while at < end {
            let hour = Double(at - Self.startMs) / Double(Self.hourMs)
            let rate = (4 + 2 * sin((hour - 8) * .pi / 12)) * (1 + 0.0005 * hour / 24) * (0.95 + 0.1 * random.uniform())
            requests += rate * 3 * 3600
            slow += rate * 3 * 3600 * (week % 9 == 4 ? 0.08 : 0.02)
            let labels = "instance=\"a:8000\",job=\"vllm\",model_name=\"acme-8b\""
            for (name, extra, value) in [
                ("vllm:request_success_total", "finished_reason=\"stop\",", requests),
                ("vllm:generation_tokens_total", "", requests * 150),
                ("vllm:prompt_tokens_total", "", requests * 300),
                ("vllm:num_requests_running", "", (rate * 3).rounded()),
                ("vllm:time_to_first_token_seconds_bucket", "le=\"0.5\",", requests * 0.6),
                ("vllm:time_to_first_token_seconds_bucket", "le=\"1.0\",", requests - slow),
                ("vllm:time_to_first_token_seconds_bucket", "le=\"+Inf\",", requests),
            ] {
                let value = ByteWriter.fixed(value, decimals: 3)
                series[name + extra, default: []].append("{__name__=\"\(name)\",\(extra)\(labels)} \(value) \(at)\n")
            }
            at += 3 * Self.hourMs
        }
        let dump = series.sorted { $0.key < $1.key }.map { $0.value.joined() }.joined()
        try folder.write(dump, to: "\(place)/metrics/week-\(week < 10 ? "0" : "")\(week).dump")
        for day in 0..<7 {
            let time = Self.monday(week) + Int64(day) * 86_400_000 + Int64.random(in: 0..<80_000_000, using: &random)
            log += Self.line(time, "INFO", "Added request cmpl-\(UInt32.random(in: .min ... .max, using: &random))-0.")
            if week % 6 == 3, day == 2 {
                let pool = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota"][week / 6]
                log += Self.line(time + 1000, "ERROR", "Weights of pool \(pool) could not be read")
            }
        }
        return log
    }

    /// A line as Kubernetes keeps it: with year and zone.
    private static func line(_ timeMs: Int64, _ level: String, _ message: String) -> String {
        let stamp = CivilTime.rfc3339(timeMs / 1000 * 1000).dropLast()
        let own = stamp.dropFirst(5).replacingOccurrences(of: "T", with: " ")
        return "\(stamp).000000000Z stderr F \(level) \(own) [serving.py:7] \(message)\n"
    }
}

/// A log with logrotate's habits: the present file, then `.1`, then `.2.gz` and on; what is older goes to the archive.
struct RotatedLog {
    let folder: TemporaryFolder
    let live: String
    let archive: String
    private var count = 0
    private static let kept = 6

    init(_ folder: TemporaryFolder, live: String, archive: String) {
        (self.folder, self.live, self.archive) = (folder, live, archive)
    }

    private func path(_ number: Int) -> String {
        folder.path("\(live)/server.log" + (number == 0 ? "" : number == 1 ? ".1" : ".\(number).gz"))
    }

    mutating func rotate() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: path(0)) else { return }
        for number in stride(from: Self.kept, through: 0, by: -1) where files.fileExists(atPath: path(number)) {
            if number == Self.kept {
                count += 1
                try files.createDirectory(atPath: folder.path(archive), withIntermediateDirectories: true)
                try files.moveItem(
                    atPath: path(number), toPath: folder.path("\(archive)/server.log.\(1000 - count).gz"))
            } else if number == 1 {
                _ = try runProgram(URL(fileURLWithPath: "/bin/gzip"), ["-n", path(1)])
                try files.moveItem(atPath: path(1) + ".gz", toPath: path(2))
            } else {
                try files.moveItem(atPath: path(number), toPath: path(number + 1))
            }
        }
    }

    func append(_ text: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path(live), withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: path(0)) {
            _ = FileManager.default.createFile(atPath: path(0), contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path(0)))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}
