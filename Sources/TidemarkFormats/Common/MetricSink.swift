import TidemarkSeries

/// Type of a metric family, in the words of OpenMetrics. `untyped` of the older text format is ``unknown``.
public enum MetricType: String, Sendable, CaseIterable {
    case counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown
}

/// What a source says about a metric family. One announcement may carry only one of the parts.
public struct MetricMetadata: Sendable, Equatable {
    /// As announced. OpenMetrics names a counter without `_total`; the text format names it with.
    public var name: String
    public var type: MetricType?
    public var help: String?
    /// Empty text and nil both mean that no unit is known.
    public var unit: String?

    public init(name: String, type: MetricType? = nil, help: String? = nil, unit: String? = nil) {
        self.name = name
        self.type = type
        self.help = help
        self.unit = unit
    }
}

/// One observation that a source attached to a sample of a counter or a bucket, to lead from a metric to a trace.
public struct MetricExemplar: Sendable, Equatable {
    /// What the observation is known by: `trace_id`, `span_id`.
    public var labels: Labels
    /// Unix ms; the time of the sample where the exemplar has none.
    public var timeMs: Int64
    public var value: Double

    public init(labels: Labels, timeMs: Int64, value: Double) {
        self.labels = labels
        self.timeMs = timeMs
        self.value = value
    }
}

/// Takes what the parsers of Prometheus formats find, in the order of the input.
///
/// Times are Unix milliseconds UTC. An error thrown by the sink stops the parser and reaches its caller.
public protocol MetricSink: SampleSink {
    mutating func metadata(_ metadata: MetricMetadata) throws
    mutating func reject(_ reject: FormatReject) throws
    /// An exemplar of the series with this handle. Sinks that have no use for it leave it out.
    mutating func exemplar(series: Int, _ exemplar: MetricExemplar) throws
}

extension MetricSink {
    public mutating func exemplar(series: Int, _ exemplar: MetricExemplar) throws {}
}
