/// One series with its samples as columns.
///
/// The times are strictly increasing. A stale marker stays what it is: a value with the bits of ``StaleMarker``.
public struct SeriesSamples: Sendable {
    public var labels: Labels
    /// Unix milliseconds, strictly increasing.
    public var timesMs: [Int64]
    public var values: [Double]

    public init(labels: Labels, timesMs: [Int64] = [], values: [Double] = []) {
        self.labels = labels
        self.timesMs = timesMs
        self.values = values
    }

    public var count: Int { timesMs.count }
}

extension SeriesSamples {
    /// Sorts by time and keeps the first of equal times. Linear when already in order.
    public mutating func putInOrder() {
        var sorted = true
        for index in 1..<max(count, 1) where timesMs[index] <= timesMs[index - 1] {
            sorted = false
            break
        }
        guard !sorted else { return }
        let order = timesMs.indices.sorted { (timesMs[$0], $0) < (timesMs[$1], $1) }
        var newTimes: [Int64] = []
        var newValues: [Double] = []
        for index in order where newTimes.last != timesMs[index] {
            newTimes.append(timesMs[index])
            newValues.append(values[index])
        }
        timesMs = newTimes
        values = newValues
    }
}

/// Where queries get their samples from: a database, a TSDB on disk, or memory.
public protocol SeriesSource {
    /// Calls `body` once for each series that satisfies all matchers and has samples in `startMs...endMs` (both ends
    /// included), in ascending order of labels. Samples outside the range may be given too.
    ///
    /// A series at a time, so that a source can decode into the same buffers again and again and a query over
    /// everything needs the memory of one series.
    func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws
}

extension SeriesSource {
    /// All matching series at once; see ``select(_:startMs:endMs:_:)``.
    public func select(_ matchers: [LabelMatcher], startMs: Int64, endMs: Int64) throws -> [SeriesSamples] {
        var found: [SeriesSamples] = []
        try select(matchers, startMs: startMs, endMs: endMs) { found.append(copy $0) }
        return found
    }
}
