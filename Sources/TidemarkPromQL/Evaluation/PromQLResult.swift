import TidemarkSeries

/// The series of a matrix: times in Unix milliseconds, ascending, with their values.
public typealias MatrixSeries = SeriesSamples

/// One series of an instant vector.
public struct VectorSample: Sendable {
    public var labels: Labels
    /// Unix milliseconds.
    public var timeMs: Int64
    public var value: Double
    /// Set when the sample is a native histogram; ``value`` means nothing then.
    public var histogram: NativeHistogram?

    public init(labels: Labels, timeMs: Int64, value: Double, histogram: NativeHistogram? = nil) {
        self.labels = labels
        self.timeMs = timeMs
        self.value = value
        self.histogram = histogram
    }
}

/// What a query gives.
public enum PromQLValue: Sendable {
    case scalar(Sample)
    case string(timeMs: Int64, String)
    /// In the order of evaluation, which is the order of labels unless the query sorts.
    case vector([VectorSample])
    /// Sorted by labels.
    case matrix([MatrixSeries])
}

/// A query's value and what Prometheus would have remarked about it.
public struct PromQLAnswer: Sendable {
    public var value: PromQLValue
    /// Sorted, each once.
    public var warnings: [String]
    /// Sorted, each once.
    public var infos: [String]
}
