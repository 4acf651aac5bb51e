import TidemarkSeries

/// Everything in a database that is a time series, in the order of labels, as chunks: what an export writes.
///
/// Prometheus series as they were stored (shadowed ones left out) and those of ``EvidenceSeries``.
public struct StoredSeries {
    /// One series.
    public struct Entry {
        public let labels: Labels
        /// `counter`, `gauge`, …, where the evidence says so.
        public let type: String?
        fileprivate let ids: [Int]
        fileprivate let derived: [SeriesChunk]
    }

    /// In ascending order of labels.
    public let entries: [Entry]
    /// Time of the first and last sample of the whole database within the asked range, Unix ms.
    public let rangeMs: ClosedRange<Int64>?
    private let series: StoreSeries
    private let startMs: Int64
    private let endMs: Int64

    /// - Parameters:
    ///   - period: nil for all periods, merged as one history.
    ///   - selectors: a series is taken that satisfies all matchers of one of them; none takes every series.
    ///   - startMs: the first time, Unix ms; `endMs` the last one.
    public init(
        _ store: Store, period: Int?, selectors: [[LabelMatcher]] = [], startMs: Int64 = .min, endMs: Int64 = .max
    ) throws {
        series = try StoreSeries(store, period: period, spelling: .asStored)
        (self.startMs, self.endMs) = (startMs, endMs)
        func isWanted(_ labels: Labels) -> Bool {
            selectors.isEmpty || selectors.contains { $0.allSatisfy { $0.matches(labels) } }
        }
        var types: [String: String] = [:]
        let rows = try store.database.prepare("SELECT name, max(type) FROM series WHERE type IS NOT NULL GROUP BY name")
        while try rows.step() { types[rows.text(0)] = rows.text(1) }
        var found = try series.catalogue().filter { isWanted($0.labels) }.map { one in
            Entry(labels: one.labels, type: types[MetricName.canonical(one.labels.name)], ids: one.ids, derived: [])
        }
        let families = Dictionary(uniqueKeysWithValues: EvidenceSeries.families.map { ($0.name, $0.type) })
        let evidence = EvidenceSeries(store, period: period)
        let ranges = [try series.rangeMs(), try evidence.rangeMs()].compactMap { $0 }
        let low = max(startMs, ranges.map(\.lowerBound).min() ?? .max)
        let high = min(endMs, ranges.map(\.upperBound).max() ?? .min)
        rangeMs = low <= high ? low...high : nil
        try evidence.select([], startMs: startMs, endMs: endMs) { samples in
            guard isWanted(samples.labels) else { return }
            let chunks = SeriesChunk.chunks(of: samples, part: 0)
            found.append(Entry(labels: samples.labels, type: families[samples.labels.name], ids: [], derived: chunks))
        }
        found.sort { $0.labels < $1.labels }
        entries = found
    }

    /// The chunks of a series in the range, none overlapping another; those at its ends are cut.
    public func chunks(_ entry: Entry) throws -> [SeriesChunk] {
        let chunks = entry.ids.isEmpty ? entry.derived : try series.chunks(entry.ids, startMs: startMs, endMs: endMs)
        return try ChunkMerge.disjoint(chunks).flatMap { chunk in
            chunk.startMs >= startMs && chunk.endMs <= endMs
                ? [chunk] : try ChunkMerge.merged([chunk]) { $0 >= startMs && $0 <= endMs }
        }
    }
}
