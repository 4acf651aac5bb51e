/// A named, unit-bearing quantity of an instance over time, with the ways to get it in order of preference.
///
/// The catalogue (``SignalCatalogue``) is the only place that knows metric names and their history; an analysis asks
/// for signals by name.
public struct Signal: Sendable {
    /// Stable name; its unit is its end: `ttft_p95_seconds`.
    public let name: String
    /// What is seen, in words.
    public let title: String
    public let unit: SignalUnit
    public let section: Section
    /// Which end is bad: decides what "the worst five minutes" are.
    public let worst: Worst
    /// Whose quantity it is.
    public let scope: Scope
    /// Whether the value is a moment: comparing it tells something, drawing or averaging it doesn't.
    public var isMoment: Bool { name.hasSuffix("_unix_seconds") }
    /// How the values of several replicas make the fleet's.
    public let fleet: Aggregation
    /// Ways to compute it, best first; the first that has evidence is used.
    public let origins: [Origin]

    public enum Section: String, Sendable, CaseIterable { case service, inference, system }
    public enum Worst: Sendable { case high, low }
    public enum Scope: String, Sendable { case replica, gpu, host, gateway }
    public enum Aggregation: String, Sendable { case sum, max, mean = "avg" }

    /// One way to get a signal.
    public enum Origin: Sendable {
        /// A gauge, aggregated over the series of an instance. Of several selectors the first with data counts (a
        /// metric's names through the versions). `scale` brings the metric's unit to the signal's.
        case gauge([String], Aggregation, scale: Double = 1)
        /// A gauge whose name says ratio, but which may be a percentage as it was before it was renamed: any value above 1
        /// decides.
        case percentOrRatio(String)
        /// Whether a gauge, a bit mask, has one of these bits: 0 or 1.
        case gaugeBits([String], UInt64)
        /// Share of the time that a counter of nanoseconds went on.
        case nanosecondsRate(String)
        /// Rate of increase of counters, summed over an instance.
        case rate([String])
        /// Rate of the first divided by the rate of the second.
        case ratioOfRates([(String, String)])
        /// Quantile `q` of a classic histogram, over the buckets summed by `le`.
        case quantile(Double, [String])
        /// Mean of a histogram: Δsum / Δcount.
        case mean([String])
        /// One minus the rate of the selector over the rate of all of the metric: busy CPU from idle CPU.
        case oneMinusShare(String, of: String)
        /// A column of the periodic statistics line, see `engine_stat`.
        case statistics(String, Aggregation)
        /// The user's PromQL: results by their label `instance`, without it the fleet's.
        case promQL(String)
        /// One column of the periodic statistics line over another: running requests over generated tokens per second are
        /// the seconds between a request's tokens.
        case statisticsRatio(String, String)
        /// A figure of a companion line of the statistics, see `engine_companion_stat`.
        case companion(family: String, name: String)
        /// Access lines with a condition in SQL over `http_access`, per second.
        case access(String)
        /// Requests of the request log whose given time column lies in the step, per second.
        case requestLog(String)
        /// Share of the requests received in the step that satisfy an SQL condition over `request`.
        case requestShare(String)
        /// A column of `gpu_sample` times a factor, averaged over the step.
        case gpu(String, factor: Double)
        /// Share of GPU samples whose throttle mask has one of these bits.
        case gpuThrottle(UInt64)
        /// Quantile `q` over the engine's spans in the window.
        case spanQuantile(Double, SpanMeasure)
        /// Mean over the engine's spans in the window.
        case spanMean(SpanMeasure)
        /// What the engine's spans count, per second.
        case spanRate(SpanCount)
        /// Quantile `q` over a gateway's requests in the window.
        case gatewayQuantile(Double, GatewayMeasure)
        /// A gateway's requests that are counted, per second.
        case gatewayRate(GatewayCount)
        /// Their share of all the gateway's requests.
        case gatewayShare(GatewayCount)
    }
}
