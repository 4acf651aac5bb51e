import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// Exact increases of the counters of one metric over any stretch of a grid, resets included.
///
/// Unlike PromQL's `rate` nothing is extrapolated: these are the numbers of the report's figures
/// (`docs/methods.md`). A series that appears while its target was already being scraped counts from zero; one that
/// appears with its target counts from its first value.
struct CounterTable {
    struct Row {
        let labels: Labels
        /// Total since the series' beginning at each border of the grid (`count + 1` values).
        var totals: [Double]
        /// Of its last sample, Unix ms; nil without any.
        var lastMs: Int64?
    }

    let grid: TimeGrid
    private(set) var rows: [Row] = []

    /// - Parameters:
    ///   - targetStarts: first scrape of each `instance`, Unix ms.
    ///   - isSmooth: whether a border between two samples gets a part of their increase, as rates over short steps need,
    ///     instead of the last sample's total.
    init(
        _ source: StoreSeries, matchers: [LabelMatcher], grid: TimeGrid, targetStarts: [String: Int64],
        isSmooth: Bool = false
    ) throws {
        self.grid = grid
        try source.select(matchers, startMs: grid.startMs - 300_000, endMs: grid.endMs) { samples in
            rows.append(
                Row(
                    labels: samples.labels,
                    totals: Self.totals(
                        samples, grid: grid, targetStart: targetStarts[samples.labels["instance"] ?? ""],
                        isSmooth: isSmooth), lastMs: samples.count > 0 ? samples.timesMs[samples.count - 1] : nil))
        }
    }

    /// First scrape of each `instance` of a period, Unix ms.
    static func targetStarts(_ store: Store, period: Int) throws -> [String: Int64] {
        let rows = try store.database.prepare(
            """
            SELECT l.value, min(c.start_ms) FROM series s JOIN series_label l USING (series_id)
            JOIN chunk c USING (series_id)
            WHERE s.period_id = ?1 AND s.shadowed_by IS NULL AND l.name = 'instance' AND c.start_ms >= ?2 GROUP BY l.value
            """)
        rows.bind(1, period)
        rows.bind(2, store.limits?.lowerBound ?? .min)
        var starts: [String: Int64] = [:]
        while try rows.step() { starts[rows.text(0)] = rows.int64(1) }
        guard let from = store.limits?.lowerBound else { return starts }
        // A chunk that began before the slice holds samples of its beginning.
        let source = try StoreSeries(store, period: period)
        try source.select([LabelMatcher("instance", .notEqual, "")], startMs: from, endMs: from) { samples in
            guard let name = samples.labels["instance"] else { return }
            for first in [samples.timesMs.first, samples.histogramTimesMs.first].compactMap({ $0 }) {
                starts[name] = min(starts[name] ?? .max, first)
            }
        }
        return starts
    }

    private static func totals(
        _ samples: borrowing SeriesSamples, grid: TimeGrid, targetStart: Int64?, isSmooth: Bool
    ) -> [Double] {
        var totals = [Double](repeating: 0, count: grid.count + 1)
        var total = 0.0
        var previous: Double?
        var at = 0
        for border in 0...grid.count {
            let limit = grid.startMs + Int64(border) * grid.stepMs
            while at < samples.count, samples.timesMs[at] <= limit {
                let value = samples.values[at]
                defer { at += 1 }
                guard value.isFinite else { continue }
                if let previous {
                    total += value >= previous ? value - previous : value
                } else if let targetStart, samples.timesMs[at] > targetStart + 1000 {
                    total += value
                }
                previous = value
            }
            totals[border] = total
            if isSmooth, at > 0, at < samples.count, let previous, samples.values[at].isFinite {
                let (from, to) = (samples.timesMs[at - 1], samples.timesMs[at])
                let step = samples.values[at] >= previous ? samples.values[at] - previous : samples.values[at]
                if to > from { totals[border] += step * Double(limit - from) / Double(to - from) }
            }
        }
        return totals
    }

    /// Sum of the increases over borders `low…high` of the rows that satisfy `condition`.
    func increase(_ low: Int, _ high: Int, where condition: (Labels) -> Bool = { _ in true }) -> Double {
        var sum = 0.0
        for row in rows where condition(row.labels) { sum += row.totals[high] - row.totals[low] }
        return sum
    }

    /// The rows of some instances only.
    func filtered(_ condition: (Labels) -> Bool) -> CounterTable {
        var copy = self
        copy.rows.removeAll { !condition($0.labels) }
        return copy
    }
}

/// A classic histogram as exact increases of its buckets.
struct HistogramTable {
    /// Ascending upper bounds; the last is +Inf.
    let bounds: [Double]
    /// Per bound, the cumulative count at each border of the grid.
    private let totals: [[Double]]

    init(_ table: CounterTable) {
        var sums: [Double: [Double]] = [:]
        for row in table.rows {
            // Neither NaN nor −∞ bounds anything.
            guard let text = row.labels["le"], let bound = text == "+Inf" ? .infinity : Double(text),
                bound > -.infinity
            else { continue }
            if var known = sums[bound] {
                for index in known.indices { known[index] += row.totals[index] }
                sums[bound] = known
            } else {
                sums[bound] = row.totals
            }
        }
        bounds = sums.keys.sorted()
        totals = bounds.map { sums[$0]! }
    }

    /// - Parameters:
    ///   - bounds: ascending, the last is +Inf.
    ///   - totals: per bound, the cumulative count at each border of a grid.
    init(bounds: [Double], totals: [[Double]]) { (self.bounds, self.totals) = (bounds, totals) }

    var isUsable: Bool { bounds.count >= 2 && bounds.last == .infinity }

    /// Observations between two borders of the grid.
    func count(_ low: Int, _ high: Int) -> Double { totals.last.map { $0[high] - $0[low] } ?? 0 }

    /// A quantile with the bounds of the bucket that holds it.
    struct Quantile: Equatable {
        /// PromQL's.
        var value: Double
        /// See ``HistogramQuantile/Estimate/refined``.
        var refined: Double?
        var low: Double
        /// +Inf when it lies beyond the last finite bound.
        var high: Double
        var count: Double
    }

    /// The `q` quantile of the observations between two borders, by PromQL's rule (`promql/quantile.go`): linear inside
    /// the bucket that holds the rank; the last finite bound when the rank lies beyond. nil without observations.
    func quantile(_ q: Double, _ low: Int, _ high: Int) -> Quantile? { quantile(q) { $0[high] - $0[low] } }

    /// The same over several stretches together.
    func quantile(_ q: Double, over stretches: [Range<Int>]) -> Double? {
        quantile(q) { totals in stretches.reduce(0) { $0 + totals[$1.upperBound] - totals[$1.lowerBound] } }?.value
    }

    private func quantile(_ q: Double, _ increase: ([Double]) -> Double) -> Quantile? {
        HistogramQuantile.estimate(q, bounds: bounds, cumulative: totals.map(increase)).map {
            Quantile(
                value: $0.promQL, refined: $0.refined, low: $0.low.isFinite ? $0.low : bounds[0], high: $0.high,
                count: $0.count)
        }
    }

    /// Observations above a value between two borders of the grid: at least, linearly within its bucket, at most; nil beyond
    /// the last finite bound, where nothing tells.
    func above(_ value: Double, _ low: Int, _ high: Int) -> (low: Double, middle: Double, high: Double)? {
        let all = count(low, high)
        func below(_ place: Int) -> Double { totals[place][high] - totals[place][low] }
        guard let place = bounds.firstIndex(where: { $0 >= value }), bounds[place].isFinite else { return nil }
        let least = max(0, all - below(place))
        let most = max(least, place > 0 ? all - below(place - 1) : all)
        let start = place > 0 ? bounds[place - 1] : 0
        return (least, most - (most - least) * (value - start) / (bounds[place] - start), most)
    }

    /// Observations per bucket (not cumulative) between two borders.
    func buckets(_ low: Int, _ high: Int) -> [(bound: Double, count: Double)] {
        var below = 0.0
        return bounds.indices.map { index in
            let cumulative = max(below, totals[index][high] - totals[index][low])
            defer { below = cumulative }
            return (bounds[index], cumulative - below)
        }
    }
}
