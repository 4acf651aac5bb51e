/// Series held in memory, as a source of queries and as a sink of parsers.
public struct MemorySeries: SeriesSource, SampleSink, Sendable {
    private var series: [SeriesSamples] = []
    private var handles: [Labels: Int] = [:]
    private var byName: [String: [Int]] = [:]

    public init() {}

    public init(_ series: [SeriesSamples]) {
        for one in series {
            let handle = self.series(one.labels)
            for index in 0..<one.count { append(series: handle, timeMs: one.timesMs[index], value: one.values[index]) }
            for (time, histogram) in zip(one.histogramTimesMs, one.histograms) {
                append(series: handle, timeMs: time, histogram: histogram)
            }
        }
    }

    public var seriesCount: Int { series.count }

    public var sampleCount: Int { series.reduce(0) { $0 + $1.count } }

    /// All series in ascending order of labels.
    public var all: [SeriesSamples] { series.sorted { $0.labels < $1.labels } }

    public mutating func series(_ labels: Labels) -> Int {
        if let handle = handles[labels] { return handle }
        series.append(SeriesSamples(labels: labels))
        handles[labels] = series.count - 1
        byName[labels.name, default: []].append(series.count - 1)
        return series.count - 1
    }

    /// Adds a sample. Out-of-order times are put in their place; of two samples at one time the first stays.
    public mutating func append(series handle: Int, timeMs: Int64, value: Double) {
        let count = series[handle].timesMs.count
        guard count > 0, series[handle].timesMs[count - 1] >= timeMs else {
            series[handle].timesMs.append(timeMs)
            series[handle].values.append(value)
            return
        }
        let place = series[handle].timesMs.firstIndex(notBefore: timeMs)
        guard series[handle].timesMs[place] != timeMs else { return }
        series[handle].timesMs.insert(timeMs, at: place)
        series[handle].values.insert(value, at: place)
    }

    /// Adds a native histogram. Times must come in ascending order; an earlier one is left out.
    /// - Parameter startMs: when the counter began, Unix milliseconds; 0 when unknown.
    public mutating func append(series handle: Int, timeMs: Int64, histogram: NativeHistogram, startMs: Int64 = 0) {
        guard (series[handle].histogramTimesMs.last ?? .min) < timeMs else { return }
        let count = series[handle].histograms.count
        series[handle].histogramTimesMs.append(timeMs)
        series[handle].histograms.append(histogram)
        Self.note(startMs, count, &series[handle].histogramStartTimesMs)
    }

    /// As ``append(series:timeMs:value:)`` with the time at which the counter began. Times must come in ascending
    /// order; an earlier one is left out.
    public mutating func append(series handle: Int, timeMs: Int64, value: Double, startMs: Int64) {
        guard (series[handle].timesMs.last ?? .min) < timeMs else { return }
        let count = series[handle].count
        series[handle].timesMs.append(timeMs)
        series[handle].values.append(value)
        Self.note(startMs, count, &series[handle].startTimesMs)
    }

    /// The list of start times stays empty until there is something to tell.
    private static func note(_ startMs: Int64, _ count: Int, _ list: inout [Int64]) {
        guard startMs != 0 || !list.isEmpty else { return }
        if list.isEmpty { list = [Int64](repeating: 0, count: count) }
        list.append(startMs)
    }

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        let named = matchers.first { $0.name == Labels.metricName && $0.operation == .equal && !$0.value.isEmpty }
        let candidates = named.map { byName[$0.value] ?? [] } ?? Array(series.indices)
        let found = candidates.filter { index in
            let one = series[index]
            let within =
                one.timesMs.first.map { $0 <= endMs } ?? false && one.timesMs.last.map { $0 >= startMs } ?? false
            guard within || one.histogramTimesMs.contains(where: { $0 >= startMs && $0 <= endMs }) else { return false }
            return matchers.allSatisfy { $0.matches(one.labels) }
        }
        for index in found.sorted(by: { series[$0].labels < series[$1].labels }) {
            let one = series[index]
            let low = one.timesMs.firstIndex(notBefore: startMs)
            let high = endMs == .max ? one.count : one.timesMs.firstIndex(notBefore: endMs + 1)
            guard low < high || !one.histograms.isEmpty else { continue }
            if low == 0, high == one.count {
                try body(one)
            } else {
                var part = SeriesSamples(
                    labels: one.labels, timesMs: Array(one.timesMs[low..<max(low, high)]),
                    values: Array(one.values[low..<max(low, high)]))
                if !one.startTimesMs.isEmpty { part.startTimesMs = Array(one.startTimesMs[low..<max(low, high)]) }
                part.histogramTimesMs = one.histogramTimesMs
                part.histograms = one.histograms
                part.histogramStartTimesMs = one.histogramStartTimesMs
                try body(part)
            }
        }
    }
}

extension [Int64] {
    /// Index of the first element ≥ `time` of an ascending array; `count` when there is none.
    func firstIndex(notBefore time: Int64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
