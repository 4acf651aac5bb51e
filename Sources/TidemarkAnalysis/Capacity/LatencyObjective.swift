import TidemarkBase
import TidemarkStatistics

/// A latency that a share of requests, or of tokens, must keep.
public struct LatencyObjective: Sendable, Equatable {
    public enum Measure: String, Sendable { case ttft, itl, e2e }

    public var measure: Measure
    /// 0.95 for p95.
    public var quantile: Double
    public var seconds: Double

    public init(_ measure: Measure, _ quantile: Double, _ seconds: Double) {
        (self.measure, self.quantile, self.seconds) = (measure, quantile, seconds)
    }

    /// Without any objective: users wait at most two seconds for an answer to begin, and read at four words a second.
    public static let usual = [LatencyObjective(.ttft, 0.95, 2), LatencyObjective(.itl, 0.95, 0.25)]

    /// `ttft_p95` or `ttft_p95_seconds` with its limit; nil for another name.
    public init?(name: String, seconds: Double) {
        var parts = name.split(separator: "_").map(String.init)
        if parts.last == "seconds" || parts.last == "s" { parts.removeLast() }
        guard parts.count == 2, let measure = Measure(rawValue: parts[0]), parts[1].first == "p",
            let percent = Double(parts[1].dropFirst()), percent >= 50, percent < 100, seconds > 0, seconds.isFinite
        else { return nil }
        self.init(measure, percent / 100, seconds)
    }

    /// `ttft_p95=2s,itl_p95=100ms`.
    /// - Throws: `usage` for anything else.
    public static func list(_ text: String) throws -> [LatencyObjective] {
        let parts = text.split(separator: ",")
        guard !parts.isEmpty else {
            throw TidemarkError(.usage, "no objective is given", hint: "as ttft_p95=2s,itl_p95=100ms,e2e_p95=30s")
        }
        return try parts.map { part in
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, let seconds = Self.seconds(sides[1]),
                let one = LatencyObjective(name: sides[0], seconds: seconds)
            else {
                throw TidemarkError(
                    .usage, "'\(part)' is not an objective", hint: "as ttft_p95=2s,itl_p95=100ms,e2e_p95=30s")
            }
            return one
        }
    }

    private static func seconds(_ text: String) -> Double? {
        for (suffix, factor) in [("ms", 0.001), ("s", 1), ("", 1)] where text.hasSuffix(suffix) {
            if let number = Double(text.dropLast(suffix.count)) { return number * factor }
        }
        return nil
    }

    public var name: String { "\(measure.rawValue)_p\(ByteWriter.shortest((quantile * 1e8).rounded() / 1e6))" }

    /// What a simulation shows, in seconds; without any first token or answer infinite, without any gap 0.
    func value(_ outcome: BatchingSimulation.Outcome) -> Double {
        switch measure {
        case .ttft: outcome.firstToken.quantile(quantile) ?? .infinity
        case .itl: outcome.interToken.quantile(quantile) ?? 0
        case .e2e: outcome.endToEnd.quantile(quantile) ?? .infinity
        }
    }
}
