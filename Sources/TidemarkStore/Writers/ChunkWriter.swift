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
        var isFloats: Bool { chunk.encoding == XORChunk.encoding }
    }

    private let series: SeriesWriter
    private let insert: BatchInsert
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
        insert = try BatchInsert(store.database, into: "chunk", columns: 12, batch: 8)
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
                if let row = try Self.row(chunk) { rows.append(row) }
            } catch {
                tallies[chunk.part].damagedChunks += 1
                try damaged(chunk, error)
            }
        }
        guard !rows.isEmpty else { return }
        let (id, isNew) = try series.row(of: labels)
        if !Self.isOrdered(rows) { rows = try Self.withoutOverlaps(rows) }
        if !isNew { rows = try withoutStored(rows, id) }
        for row in rows { count(row) }
        try insert.run(rows.count) { index, statement, first in
            let row = rows[index]
            let summary = row.summary
            statement.bind(first, id)
            statement.bind(first + 1, sources[row.chunk.part])
            statement.bind(first + 2, summary.startMs)
            statement.bind(first + 3, summary.endMs)
            statement.bind(first + 4, summary.samples)
            let hasNumbers = row.isFloats && summary.numbers > 0
            statement.bind(first + 5, hasNumbers ? summary.min : nil)
            statement.bind(first + 6, hasNumbers ? summary.max : nil)
            statement.bind(first + 7, hasNumbers ? summary.sum : nil)
            statement.bind(first + 8, row.isFloats ? summary.first : nil)
            statement.bind(first + 9, row.isFloats ? summary.last : nil)
            statement.bind(first + 10, Int(row.chunk.encoding))
            row.chunk.withData { data in
                if row.chunk.isBorrowed {
                    statement.bindLastingBlob(first + 11, data)
                } else {
                    statement.bindBlob(first + 11, data)
                }
            }
        }
    }

    private func count(_ row: Row) {
        let part = row.chunk.part
        tallies[part].samples += row.summary.samples
        tallies[part].firstMs = min(tallies[part].firstMs ?? .max, row.summary.startMs)
        tallies[part].lastMs = max(tallies[part].lastMs ?? .min, row.summary.endMs)
    }

    /// Reads a chunk through; nil for an empty one.
    private static func row(_ chunk: SeriesChunk) throws(ChunkError) -> Row? {
        switch chunk.encoding {
        case XORChunk.encoding:
            let summary = try chunk.withData { (data) throws(ChunkError) in try XORChunk.summary(data) }
            guard summary.samples > 0 else { return nil }
            guard summary.isOrdered else {
                var samples = try samples(of: chunk)
                samples.putInOrder()
                return try row(SeriesChunk.whole(samples, part: chunk.part))
            }
            return Row(chunk: chunk, summary: summary)
        case HistogramChunk.encoding, HistogramChunk.floatEncoding:
            let times = try histograms(of: chunk).times
            guard let first = times.first, let last = times.last else { return nil }
            var summary = XORChunk.Summary()
            (summary.samples, summary.startMs, summary.endMs) = (times.count, first, last)
            return Row(chunk: chunk, summary: summary)
        default:
            throw ChunkError(offset: 0, expected: "encoding 1, 2 or 3, not \(chunk.encoding)")
        }
    }

    private static func samples(of chunk: SeriesChunk) throws(ChunkError) -> SeriesSamples {
        var samples = SeriesSamples(labels: Labels())
        try chunk.withData { (data) throws(ChunkError) in
            try XORChunk.decode(data, timesMs: &samples.timesMs, values: &samples.values)
        }
        return samples
    }

    private static func histograms(
        of chunk: SeriesChunk
    ) throws(ChunkError) -> (times: [Int64], histograms: [NativeHistogram]) {
        var times: [Int64] = []
        var histograms: [NativeHistogram] = []
        try chunk.withData { (data) throws(ChunkError) in
            try HistogramChunk.decode(
                data, isFloat: chunk.encoding == HistogramChunk.floatEncoding, timesMs: &times,
                histograms: &histograms)
        }
        return (times, histograms)
    }

    // MARK: Overlaps

    private static func isOrdered(_ rows: [Row]) -> Bool {
        for index in 1..<max(rows.count, 1) where rows[index].summary.startMs <= rows[index - 1].summary.endMs {
            return false
        }
        return true
    }

    /// The same samples in chunks that follow each other.
    private static func withoutOverlaps(_ rows: [Row]) throws -> [Row] {
        let sorted = rows.enumerated().sorted {
            ($0.element.summary.startMs, $0.offset) < ($1.element.summary.startMs, $1.offset)
        }
        var result: [Row] = []
        var at = 0
        while at < sorted.count {
            var end = at + 1
            var last = sorted[at].element.summary.endMs
            while end < sorted.count, sorted[end].element.summary.startMs <= last {
                last = max(last, sorted[end].element.summary.endMs)
                end += 1
            }
            if end == at + 1 {
                result.append(sorted[at].element)
            } else {
                // Back in the order of the parts, which says whose sample counts.
                let group = sorted[at..<end].sorted { $0.offset < $1.offset }.map(\.element)
                result += try merged(group) { _ in true }
            }
            at = end
        }
        return result
    }

    /// One run of overlapping chunks as chunks that don't, floats and native histograms apart.
    private static func merged(_ rows: [Row], _ isKept: (Int64) -> Bool) throws -> [Row] {
        var floats = SeriesSamples(labels: Labels())
        var native: [(time: Int64, histogram: NativeHistogram)] = []
        for row in rows {
            if row.isFloats {
                let samples = try samples(of: row.chunk)
                floats.timesMs += samples.timesMs
                floats.values += samples.values
            } else {
                let (times, histograms) = try histograms(of: row.chunk)
                native += zip(times, histograms).map { ($0, $1) }
            }
        }
        floats.putInOrder()
        let kept = floats.timesMs.indices.filter { isKept(floats.timesMs[$0]) }
        let part = rows[0].chunk.part
        var chunks: [SeriesChunk]
        if kept.count == floats.count {
            chunks = SeriesChunk.chunks(of: floats, part: part)
        } else {
            floats.values = kept.map { floats.values[$0] }
            floats.timesMs = kept.map { floats.timesMs[$0] }
            chunks = SeriesChunk.chunks(of: floats, part: part)
        }
        var times: [Int64] = []
        var histograms: [NativeHistogram] = []
        for (_, one) in native.enumerated().sorted(by: {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }) where times.last != one.time && isKept(one.time) {
            times.append(one.time)
            histograms.append(one.histogram)
        }
        chunks += HistogramChunk.chunks(timesMs: times, histograms: histograms, part: part)
        return try chunks.compactMap { try row($0) }
    }

    /// The rows without the samples that the store holds already.
    private func withoutStored(_ rows: [Row], _ id: Int) throws -> [Row] {
        var result: [Row] = []
        for row in rows {
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
                known.formUnion(
                    stored.encoding == XORChunk.encoding
                        ? try Self.samples(of: stored).timesMs : try Self.histograms(of: stored).times)
            }
            if isKnown { continue }
            result += known.isEmpty ? [row] : try Self.merged([row]) { !known.contains($0) }
        }
        return result
    }
}

extension SeriesChunk {
    /// All samples as one chunk.
    fileprivate static func whole(_ samples: SeriesSamples, part: Int) -> SeriesChunk {
        SeriesChunk(
            startMs: samples.timesMs.first ?? 0, endMs: samples.timesMs.last ?? 0, encoding: XORChunk.encoding,
            part: part, owned: XORChunk.encode(timesMs: samples.timesMs[...], values: samples.values[...]))
    }
}
