/// One series with its samples as columns.
///
/// The times are strictly increasing. A stale marker stays what it is: a value with the bits of ``StaleMarker``.
public struct SeriesSamples: Sendable {
    public var labels: Labels
    /// Unix milliseconds, strictly increasing.
    public var timesMs: [Int64]
    public var values: [Double]
    /// Unix milliseconds of the samples that are native histograms, strictly increasing; a time is in only one list.
    public var histogramTimesMs: [Int64] = []
    public var histograms: [NativeHistogram] = []
    /// When the counters of the samples in ``values`` began, in Unix milliseconds (0: unknown); empty when no sample
    /// tells.
    public var startTimesMs: [Int64] = []
    /// As ``startTimesMs`` for ``histograms``.
    public var histogramStartTimesMs: [Int64] = []

    public init(labels: Labels, timesMs: [Int64] = [], values: [Double] = []) {
        self.labels = labels
        self.timesMs = timesMs
        self.values = values
    }

    /// Samples in ``values``.
    public var count: Int { timesMs.count }

    public var isEmpty: Bool { timesMs.isEmpty && histogramTimesMs.isEmpty }
}

extension SeriesSamples {
    /// Sorts by time and keeps the first of equal times, floats and native histograms each. Linear when already in
    /// order. Start times are not moved: samples that have them come in order.
    public mutating func putInOrder() {
        Self.putInOrder(&timesMs, &values)
        Self.putInOrder(&histogramTimesMs, &histograms)
    }

    private static func putInOrder<Value>(_ times: inout [Int64], _ values: inout [Value]) {
        var isSorted = true
        for index in 1..<max(times.count, 1) where times[index] <= times[index - 1] {
            isSorted = false
            break
        }
        guard !isSorted else { return }
        let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        var newTimes: [Int64] = []
        var newValues: [Value] = []
        for index in order where newTimes.last != times[index] {
            newTimes.append(times[index])
            newValues.append(values[index])
        }
        times = newTimes
        values = newValues
    }

    /// Leaves out the samples whose times don't satisfy `isKept`.
    package mutating func keep(where isKept: (Int64) -> Bool) {
        let floats = timesMs.indices.filter { isKept(timesMs[$0]) }
        if floats.count < timesMs.count {
            values = floats.map { values[$0] }
            timesMs = floats.map { timesMs[$0] }
        }
        let native = histogramTimesMs.indices.filter { isKept(histogramTimesMs[$0]) }
        if native.count < histogramTimesMs.count {
            histograms = native.map { histograms[$0] }
            histogramTimesMs = native.map { histogramTimesMs[$0] }
        }
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
