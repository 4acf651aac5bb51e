import TidemarkBase
import TidemarkStore

/// One load point as the analysis of capacity sees it.
public struct LoadLevel: Sendable, Equatable {
    public enum Loop: String, Sendable {
        /// Requests arrive whatever the server does.
        case open
        /// Clients wait for their answers; under overload they ask less often, and no queue shows.
        case closed
    }

    public var source: String
    public var line: Int
    /// Requests/s of an open loop, requests in flight of a closed one; nil: all requests at once.
    public var offered: Double?
    public var loop: Loop
    public var concurrencyLimit: Double?
    public var durationSeconds: Double?
    public var sendSeconds: Double?
    public var sentRPS: Double?
    public var achievedRPS: Double
    public var steadyRPS: Double?
    public var meanConcurrency: Double?
    public var succeeded: Int?
    public var failed: Int?
    public var promptTokensMean: Double?
    public var outputTokensMean: Double?
    /// Seconds by their name: `ttft_p95`, `e2e_mean`, `itl_sd`.
    public var latencySeconds: [String: Double]

    /// Requests that fail beyond this share are no service.
    static let mostFailures = 0.01
    /// A level is saturated when it served less than this share of what was offered.
    static let leastServed = 0.97

    public var failedShare: Double? {
        guard let failed, let succeeded, failed + succeeded > 0 else { return nil }
        return Double(failed) / Double(failed + succeeded)
    }

    var count: Double { Double(max(1, succeeded ?? 1)) }

    /// Mean time in service, the wait for the first token left out: how long a run takes to fill up, and to drain.
    var serviceSeconds: Double {
        guard let end = latencySeconds["e2e_mean"] else { return 0 }
        return max(0, end - (latencySeconds["ttft_mean"] ?? 0))
    }

    /// The mean number in flight by Little's law, of all the answers in all the time.
    var littleConcurrency: Double? { latencySeconds["e2e_mean"].map { $0 * achievedRPS } }

    /// Completions a second as the count and the whole duration tell, and with the time of ramp-up and drain taken off.
    var throughput: (low: Double, high: Double) {
        guard let durationSeconds, durationSeconds > 0 else { return (achievedRPS, achievedRPS) }
        let rest = max(durationSeconds - serviceSeconds, durationSeconds / 3)
        return (achievedRPS, achievedRPS * durationSeconds / rest)
    }

    /// For how long requests arrived.
    var arrivalSeconds: Double? {
        if let sendSeconds { return sendSeconds }
        guard let durationSeconds, let offered, offered > 0, let succeeded else { return nil }
        return min(durationSeconds, Double(succeeded + (failed ?? 0)) / offered)
    }

    /// Whether the client itself could not send what it was told to.
    var isClientLimited: Bool {
        guard loop == .open, let offered, let sentRPS else { return false }
        return sentRPS < Self.leastServed * offered
    }

    /// What a queue that grows from the beginning to the end of the arrivals says about the rate at which it is served: with
    /// arrivals at λ for S seconds and a rate μ of service the mean wait is (λ/μ − 1) S / 2.
    func fluidRate(baseWait: Double?) -> Double? {
        guard loop == .open, !isClientLimited, let offered, let arrivals = arrivalSeconds, arrivals > 0,
            let wait = latencySeconds["ttft_mean"], let baseWait
        else { return nil }
        return offered / (1 + 2 * max(0, wait - baseWait) / arrivals)
    }

    /// Whether an open loop outran the server (or its client).
    func isOutrun(baseWait: Double?) -> Bool {
        guard loop == .open else { return false }
        guard let offered else { return true }
        if isClientLimited { return true }
        if let fluid = fluidRate(baseWait: baseWait), fluid < Self.leastServed * offered { return true }
        guard let durationSeconds, durationSeconds > 0 else { return achievedRPS < Self.leastServed * offered }
        // The drain lasts as long as the last request, whose length is not known; and what arrived is random where only
        // the mean rate is told.
        var tolerance = serviceSeconds / durationSeconds / 2
        var arrived = offered
        if let sendSeconds, sendSeconds > 0, count > 1 {
            arrived = (count - 1) / sendSeconds
        } else if sentRPS == nil {
            tolerance += 2 / count.squareRoot()
        }
        return throughput.high < (Self.leastServed - tolerance) * arrived
    }

    /// Relative standard error of a latency, from how many requests it is of and how steep the distribution is there.
    func relativeError(of name: String) -> Double {
        guard let value = latencySeconds[name], value > 0 else { return 1 }
        let parts = name.split(separator: "_")
        // Neighbours wait in the same queue: half of them tell nothing new. Gaps between tokens are as many as the steps of
        // the engine, for all that run together share those.
        var effective = count / 2
        if parts[0] == "itl", let gap = latencySeconds["itl_mean"], gap > 0, let durationSeconds {
            effective = max(effective, durationSeconds / gap)
        }
        guard parts.count == 2 else { return 1 / effective.squareRoot() }
        func at(_ quantile: String) -> Double? { latencySeconds["\(parts[0])_\(quantile)"] }
        let error: Double?
        switch parts[1] {
        case "mean": error = at("sd").map { $0 / effective.squareRoot() }
        case "p50": error = Self.quantileError(0.5, effective, at("p50"), at("p90"), 0.4)
        case "p90": error = Self.quantileError(0.9, effective, at("p50"), at("p95"), 0.45)
        case "p95":
            error = Self.quantileError(
                0.95, effective, at("p90") ?? at("p50"), at("p99"), at("p90") == nil ? 0.49 : 0.09)
        case "p99":
            error = Self.quantileError(
                0.99, effective, at("p95") ?? at("p90"), at("p99"), at("p95") == nil ? 0.09 : 0.04)
        default: error = nil
        }
        return min(1, (error ?? value / effective.squareRoot()) / value)
    }

    /// √(p (1 − p) / n) over the density, which two quantiles with `share` of the requests between them tell.
    private static func quantileError(_ p: Double, _ n: Double, _ low: Double?, _ high: Double?, _ share: Double)
        -> Double?
    {
        guard let low, let high, high >= low else { return nil }
        return (p * (1 - p) / n).squareRoot() * (high - low) / share
    }
}
