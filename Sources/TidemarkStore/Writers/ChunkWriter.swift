import TidemarkBase
import TidemarkSeries

/// Stores chunks that are already encoded as they are: what a Prometheus TSDB holds is neither unpacked nor packed again.
///
/// Only where chunks overlap (blocks made out of order, a snapshot that holds again what an earlier one held) are they
/// decoded, so that each sample counts once.
public final class ChunkWriter {
    /// What came of one part of the source.
    public struct Tally: Sendable {
        public var chunks = 0
        public var damagedChunks = 0
        /// Samples that were stored: those that were there before don't count.
        public var samples = 0
        public var firstMs: Int64?
        public var lastMs: Int64?

        public init() {}
    }

    private struct Row {
        var chunk: SeriesChunk
        /// For native histograms only count and times.
        var summary: XORChunk.Summary
    }

    private let series: SeriesWriter
    private let inserts: BulkInsert
    private let overlapping: Statement
    /// Source row of each part.
    private let sources: [Int]
    public private(set) var tallies: [Tally]
    private let damaged: (SeriesChunk, ChunkError) throws -> Void

    /// - Parameters:
    ///   - sources: the source row of each part of the directory.
    ///   - damaged: told each chunk that cannot be decoded.
    public init(
        _ store: Store, period: Int, sources: [Int], damaged: @escaping (SeriesChunk, ChunkError) throws -> Void
    ) throws {
        series = try SeriesWriter(store, period: period, form: .tsdb, source: 0)
        inserts = try BulkInsert(store.database, into: "chunk", columns: 12)
        overlapping = try store.database.prepare(
            """
            SELECT start_ms, end_ms, samples, encoding, data FROM chunk
            WHERE series_id = ? AND start_ms <= ? AND end_ms >= ? ORDER BY start_ms
            """)
        self.sources = sources
        self.damaged = damaged
        tallies = [Tally](repeating: Tally(), count: sources.count)
    }

    /// Stores the chunks of one series. Of samples at equal times the first counts: what is stored already, then the
    /// order of `chunks`.
    public func put(_ labels: Labels, _ chunks: [SeriesChunk]) throws {
        var rows: [Row] = []
        rows.reserveCapacity(chunks.count)
        for chunk in chunks {
            tallies[chunk.part].chunks += 1
            do throws(ChunkError) {
                rows += try Self.rows(chunk)
            } catch {
                tallies[chunk.part].damagedChunks += 1
                try damaged(chunk, error)
            }
        }
        guard !rows.isEmpty else { return }
        let (id, isNew) = try series.row(of: labels)
        if !Self.isDisjoint(rows) {
            rows = try Self.rows(ChunkMerge.disjoint(rows.map(\.chunk)))
        }
        if !isNew { rows = try withoutStored(rows, id) }
        for row in rows { count(row) }
        for row in rows {
            let summary = row.summary
            let hasNumbers = row.chunk.isFloats && summary.numbers > 0
            let batch = inserts.batch
            batch.add(id)
            batch.add(sources[row.chunk.part])
            batch.add(summary.startMs)
            batch.add(summary.endMs)
            batch.add(summary.samples)
            batch.add(hasNumbers ? summary.min : nil)
            batch.add(hasNumbers ? summary.max : nil)
            batch.add(hasNumbers ? summary.sum : nil)
            batch.add(row.chunk.isFloats ? summary.first : nil)
            batch.add(row.chunk.isFloats ? summary.last : nil)
            batch.add(Int(row.chunk.encoding))
            row.chunk.withData { batch.add(blob: $0) }
            try inserts.endRow()
        }
    }

    private func count(_ row: Row) {
        let part = row.chunk.part
        tallies[part].samples += row.summary.samples
        tallies[part].firstMs = min(tallies[part].firstMs ?? .max, row.summary.startMs)
        tallies[part].lastMs = max(tallies[part].lastMs ?? .min, row.summary.endMs)
    }

    /// Reads a chunk through: one row, none for an empty chunk, several for one whose samples had to be sorted.
    private static func rows(_ chunk: SeriesChunk) throws(ChunkError) -> [Row] {
        var summary = XORChunk.Summary()
        if chunk.isFloats {
            summary = try chunk.withData { (data) throws(ChunkError) in try XORChunk.summary(data) }
        } else {
            var samples = SeriesSamples(labels: Labels())
            try chunk.decode(into: &samples)
            let times = samples.histogramTimesMs
            (summary.samples, summary.startMs, summary.endMs) = (times.count, times.first ?? 0, times.last ?? 0)
        }
        guard summary.samples > 0 else { return [] }
        guard summary.isOrdered else { return try rows(ChunkMerge.merged([chunk]) { _ in true }) }
        var chunk = chunk
        // The samples know better than the index.
        (chunk.startMs, chunk.endMs) = (summary.startMs, summary.endMs)
        return [Row(chunk: chunk, summary: summary)]
    }

    private static func rows(_ chunks: [SeriesChunk]) throws(ChunkError) -> [Row] {
        var rows: [Row] = []
        for chunk in chunks { rows += try Self.rows(chunk) }
        return rows
    }

    private static func isDisjoint(_ rows: [Row]) -> Bool {
        for index in 1..<max(rows.count, 1) where rows[index].chunk.startMs <= rows[index - 1].chunk.endMs {
            return false
        }
        return true
    }

    /// The rows without the samples that the store holds already.
    private func withoutStored(_ rows: [Row], _ id: Int) throws -> [Row] {
        var result: [Row] = []
        // What this run put is to be found, too.
        try inserts.flush()
        let rolledUp = try series.rolledUp(id) ?? .min
        for row in rows {
            // What was pruned is not stored again.
            guard row.summary.startMs > rolledUp else {
                guard row.summary.endMs > rolledUp else { continue }
                result += try Self.rows(ChunkMerge.merged([row.chunk]) { $0 > rolledUp })
                continue
            }
            overlapping.bind(1, id)
            overlapping.bind(2, row.summary.endMs)
            overlapping.bind(3, row.summary.startMs)
            defer { overlapping.reset() }
            var known: Set<Int64> = []
            var isKnown = false
            while try overlapping.step() {
                if overlapping.int64(0) == row.summary.startMs, overlapping.int64(1) == row.summary.endMs,
                    overlapping.int(2) == row.summary.samples
                {
                    isKnown = true
                    break
                }
                let stored = SeriesChunk(
                    startMs: overlapping.int64(0), endMs: overlapping.int64(1),
                    encoding: UInt8(truncatingIfNeeded: overlapping.int(3)), part: 0, data: overlapping.bytes(4))
                var samples = SeriesSamples(labels: Labels())
                try stored.decode(into: &samples)
                known.formUnion(samples.timesMs + samples.histogramTimesMs)
            }
            if isKnown { continue }
            result += known.isEmpty ? [row] : try Self.rows(ChunkMerge.merged([row.chunk]) { !known.contains($0) })
        }
        return result
    }
}
