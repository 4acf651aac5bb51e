import TidemarkBase
import TidemarkSeries

/// The series of one period, or of all, as a source of queries. Shadowed series are left out.
///
/// Metric names are matched in both spellings that occur in the wild (`vllm:x`, `vllm_x`).
public final class StoreSeries: SeriesSource {
    /// How metric names are given back.
    public enum Spelling: Sendable {
        /// With the colon: one name for each metric, whatever wrote it.
        case canonical
        /// As the evidence has them, which is what its Prometheus would answer.
        case asStored
    }

    private struct Entry {
        /// One row, or several when periods hold the same series.
        var ids: [Int]
        var labels: Labels
    }

    private let database: Database
    private let spelling: Spelling
    private let chunks: Statement
    private let byNameQuery: Statement
    private let period: Int?
    private let limits: ClosedRange<Int64>?
    private var byName: [String: [Entry]] = [:]
    private var all: [Entry]?
    private var cache = ChunkCache()

    private static let catalogue = """
        SELECT series_id, labels FROM series WHERE (?1 IS NULL OR period_id = ?1) AND shadowed_by IS NULL
        """

    /// - Parameter period: nil for all periods, merged as one history.
    public init(_ store: Store, period: Int?, spelling: Spelling = .canonical) throws {
        database = store.database
        limits = store.limits
        self.period = period
        self.spelling = spelling
        chunks = try database.prepare(
            """
            SELECT start_ms, end_ms, encoding, data FROM chunk
            WHERE series_id = ? AND start_ms <= ? AND end_ms >= ? ORDER BY start_ms, rowid
            """)
        byNameQuery = try database.prepare(Self.catalogue + " AND name = ?2")
    }

    // MARK: Catalogue

    private func entries(_ rows: Statement) throws -> [Entry] {
        var found: [Entry] = []
        while try rows.step() {
            var labels = try Self.labels(json: rows.bytes(1))
            if spelling == .canonical {
                let name = labels.name
                let canonical = MetricName.canonical(name)
                if canonical != name { labels = labels.with(Labels.metricName, canonical) }
            }
            found.append(Entry(ids: [rows.int(0)], labels: labels))
        }
        rows.reset()
        found.sort { $0.labels < $1.labels }
        var merged: [Entry] = []
        for entry in found {
            if merged.last?.labels == entry.labels {
                merged[merged.count - 1].ids += entry.ids
            } else {
                merged.append(entry)
            }
        }
        return merged
    }

    private func entries(named name: String) throws -> [Entry] {
        let canonical = MetricName.canonical(name)
        if let known = byName[canonical] { return known }
        byNameQuery.bind(1, period)
        byNameQuery.bind(2, canonical)
        let found = try entries(byNameQuery)
        byName[canonical] = found
        return found
    }

    private func everything() throws -> [Entry] {
        if let all { return all }
        let rows = try database.prepare(Self.catalogue)
        rows.bind(1, period)
        let found = try entries(rows)
        all = found
        return found
    }

    /// Values of a label over the series whose metric name satisfies `condition`, sorted, without repetition.
    public func values(of label: String, where condition: (String) -> Bool = { _ in true }) throws -> [String] {
        var found: Set<String> = []
        for entry in try everything() where condition(entry.labels.name) {
            if let value = entry.labels[label] { found.insert(value) }
        }
        return found.sorted()
    }

    /// Time of the first and last sample, Unix ms; nil without any.
    public func rangeMs() throws -> ClosedRange<Int64>? {
        let row = try database.prepare(
            """
            SELECT min(start_ms), max(end_ms) FROM chunk
            WHERE ?1 IS NULL OR series_id IN (SELECT series_id FROM series WHERE period_id = ?1)
            """)
        row.bind(1, period)
        guard try row.step(), let first = row.optionalInt64(0), let last = row.optionalInt64(1) else { return nil }
        return first...last
    }

    // MARK: Samples

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        let named = matchers.first { $0.name == Labels.metricName && $0.operation == .equal && !$0.value.isEmpty }
        let candidates = try named.map { try entries(named: $0.value) } ?? everything()
        let rest = named == nil ? matchers : matchers.filter { $0.name != Labels.metricName || $0.operation != .equal }
        var samples = SeriesSamples(labels: Labels())
        let (startMs, endMs) = (max(startMs, limits?.lowerBound ?? startMs), min(endMs, limits?.upperBound ?? endMs))
        for entry in candidates where rest.allSatisfy({ $0.matches(entry.labels) }) {
            samples.labels = entry.labels
            samples.timesMs.removeAll(keepingCapacity: true)
            samples.values.removeAll(keepingCapacity: true)
            samples.histogramTimesMs.removeAll(keepingCapacity: true)
            samples.histograms.removeAll(keepingCapacity: true)
            for id in entry.ids { try read(id, startMs: startMs, endMs: endMs, &samples) }
            samples.putInOrder()
            if let limits { samples.keep { limits.contains($0) } }
            if !samples.isEmpty { try body(samples) }
        }
    }

    private func read(_ id: Int, startMs: Int64, endMs: Int64, _ samples: inout SeriesSamples) throws {
        guard startMs <= endMs else { return }
        let entry = try cache.entry(id, covering: startMs...endMs) ?? fetch(id, ChunkCache.widened(startMs, endMs))
        try entry.data.withUnsafeBytes { data in
            for chunk in entry.chunks where chunk.startMs <= endMs && chunk.endMs >= startMs {
                let bytes = Bytes(rebasing: data[chunk.place])
                if chunk.encoding == Int(XORChunk.encoding) {
                    try XORChunk.decode(bytes, timesMs: &samples.timesMs, values: &samples.values)
                } else {
                    try HistogramChunk.decode(
                        bytes, isFloat: chunk.encoding == Int(HistogramChunk.floatEncoding),
                        timesMs: &samples.histogramTimesMs, histograms: &samples.histograms)
                }
            }
        }
    }

    private func fetch(_ id: Int, _ range: ClosedRange<Int64>) throws -> ChunkCache.Entry {
        chunks.bind(1, id)
        chunks.bind(2, range.upperBound)
        chunks.bind(3, range.lowerBound)
        defer { chunks.reset() }
        var entry = ChunkCache.Entry(coverage: range)
        while try chunks.step() {
            entry.append(
                startMs: chunks.int64(0), endMs: chunks.int64(1), encoding: chunks.int(2), chunks.bytes(3))
        }
        cache.keep(id, entry)
        return entry
    }

    /// All series with the rows that hold them, in ascending order of labels.
    func catalogue() throws -> [(labels: Labels, ids: [Int])] { try everything().map { ($0.labels, $0.ids) } }

    /// Copies of the chunks of some rows that touch a range of time, in the order of their starts.
    func chunks(_ ids: [Int], startMs: Int64, endMs: Int64) throws -> [SeriesChunk] {
        let rows = try database.prepare(
            """
            SELECT start_ms, end_ms, encoding, data FROM chunk
            WHERE series_id = ? AND start_ms <= ? AND end_ms >= ? ORDER BY start_ms, rowid
            """)
        var found: [SeriesChunk] = []
        for id in ids {
            rows.bind(1, id)
            rows.bind(2, endMs)
            rows.bind(3, startMs)
            while try rows.step() {
                found.append(
                    SeriesChunk(
                        startMs: rows.int64(0), endMs: rows.int64(1),
                        encoding: UInt8(truncatingIfNeeded: rows.int(2)), part: 0, owned: Array(rows.bytes(3))))
            }
            rows.reset()
        }
        return found
    }

    static func labels(json: Bytes) throws -> Labels {
        var pairs: [Labels.Label] = []
        var reader = JSONReader(json)
        try reader.object { key, reader in pairs.append(Labels.Label(key.text, try reader.string().text)) }
        return Labels(pairs)
    }
}
