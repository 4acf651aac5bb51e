import TidemarkBase
import TidemarkEvidence

/// Stores the points of one load-test file.
public final class LoadTestWriter {
    private let source: Int
    private let insert: Statement
    /// Longest text of a column.
    private static let longestText = 400

    public init(_ store: Store, source: Int) throws {
        self.source = source
        let columns =
            [
                "source_id", "line", "tool", "tool_version", "name", "model", "configuration", "is_total",
                "started_at_ms", "duration_seconds", "send_seconds", "offered_kind", "offered_value",
                "concurrency_limit", "sent_rps", "achieved_rps", "steady_rps", "goodput_rps", "mean_concurrency", "ok",
                "failed", "incomplete", "prompt_tokens_mean", "output_tokens_mean", "output_tokens_per_second",
                "total_tokens_per_second",
            ] + EvidenceSchema.latencyColumns + ["notes"]
        let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        insert = try store.database.prepare(
            "INSERT INTO load_point(\(columns.joined(separator: ", "))) VALUES (\(places))")
    }

    /// - Parameter startedMs: UTC; nil when the point doesn't say.
    public func write(_ point: LoadPoint, startedMs: Int64?) throws {
        func text(_ value: String?) -> String? {
            value.map { one in withBytes(of: one) { maskedText($0, limit: Self.longestText) } }
        }
        var values: [any SQLValue] = [
            source, point.line, point.tool, text(point.toolVersion), text(point.name), text(point.model),
            Self.object(point.configuration), point.isTotal ? 1 : 0, startedMs, point.durationSeconds,
            point.sendSeconds, point.offered?.kind.rawValue, point.offered?.value, point.concurrencyLimit,
            point.sentRPS, point.achievedRPS, point.steadyRPS, point.goodputRPS, point.meanConcurrency,
            point.succeeded, point.failed, point.incomplete, point.promptTokensMean, point.outputTokensMean,
            point.outputTokensPerSecond, point.totalTokensPerSecond,
        ]
        for one in [point.ttft, point.itl, point.tpot, point.e2e] {
            values += [one.mean, one.deviation, one.p50, one.p90, one.p95, one.p99] as [any SQLValue]
        }
        values.append(point.notes.isEmpty ? String?.none : ByteWriter.json(point.notes))
        for (index, value) in values.enumerated() { value.bind(to: insert, at: index + 1) }
        try insert.run()
    }

    /// Values are a user's own words: secrets in them are masked.
    private static func object(_ pairs: [(key: String, value: String)]) -> String {
        var out = ByteWriter()
        out.writeJSON(
            pairs.map { pair in
                let both = withBytes(of: "\(pair.key)=\(pair.value)") { maskedText($0, limit: longestText) }
                let value = both.hasPrefix(pair.key + "=") ? String(both.dropFirst(pair.key.count + 1)) : "[masked]"
                return (key: withBytes(of: pair.key) { cleanText($0, limit: longestText) }, value: value)
            })
        return out.text
    }
}
