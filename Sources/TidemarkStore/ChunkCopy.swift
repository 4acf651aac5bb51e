import TidemarkBase
import TidemarkSeries

/// Copies the samples of an attached database, each once.
///
/// A chunk may hold samples of several sources (scrapes of one target are a file each), so sources can't tell what is there
/// already: of each series the samples themselves do, and those that are rolled up stay away.
struct ChunkCopy {
    private let database: Database
    private let insert: Statement

    init(_ store: Store) throws {
        database = store.database
        insert = try database.prepare("INSERT INTO main.chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    }

    /// Needs the tables `map_series`, `map_source` and `map_known`.
    func run() throws {
        let rows = try database.prepare(
            """
            SELECT m.new, coalesce(s.new, k.new), c.start_ms, c.end_ms, c.samples, c.encoding, c.data, c.min, c.max, c.sum,
                c.first, c.last
            FROM other.chunk c JOIN map_series m ON m.old = c.series_id
            LEFT JOIN map_source s ON s.old = c.source_id LEFT JOIN map_known k ON k.old = c.source_id
            WHERE coalesce(s.new, k.new) IS NOT NULL ORDER BY m.new, c.rowid
            """)
        let overlapping = try database.prepare(
            "SELECT start_ms, end_ms, encoding, data FROM main.chunk WHERE series_id = ? AND start_ms <= ? AND end_ms >= ?"
        )
        var series = -1
        var rolledUp: Int64 = .min
        while try rows.step() {
            if rows.int(0) != series {
                series = rows.int(0)
                rolledUp = try SeriesRollup.end(of: series, database) ?? .min
            }
            let (startMs, endMs) = (rows.int64(2), rows.int64(3))
            guard endMs > rolledUp else { continue }
            overlapping.bind(1, series)
            overlapping.bind(2, endMs)
            overlapping.bind(3, startMs)
            defer { overlapping.reset() }
            var known: Set<Int64> = []
            var isKnown = false
            while try overlapping.step() {
                if overlapping.int64(0) == startMs, overlapping.int64(1) == endMs,
                    overlapping.bytes(3).elementsEqual(rows.bytes(6))
                {
                    isKnown = true
                    break
                }
                var samples = SeriesSamples(labels: Labels())
                let chunk = SeriesChunk(
                    startMs: overlapping.int64(0), endMs: overlapping.int64(1),
                    encoding: UInt8(truncatingIfNeeded: overlapping.int(2)), part: 0, data: overlapping.bytes(3))
                // What can't be read holds nothing.
                try? chunk.decode(into: &samples)
                known.formUnion(samples.timesMs + samples.histogramTimesMs)
            }
            if isKnown { continue }
            let encoding = UInt8(truncatingIfNeeded: rows.int(5))
            guard !known.isEmpty || startMs <= rolledUp else {
                bind(series, rows.int(1), startMs, endMs, rows.int(4), encoding, rows.bytes(6))
                for column in 7...11 { insert.bind(column - 1, rows.optionalDouble(column)) }
                try insert.run()
                continue
            }
            let chunk = SeriesChunk(startMs: startMs, endMs: endMs, encoding: encoding, part: 0, data: rows.bytes(6))
            guard let rest = try? ChunkMerge.merged([chunk], where: { $0 > rolledUp && !known.contains($0) }) else {
                continue
            }
            for chunk in rest { try write(chunk, series, rows.int(1)) }
        }
    }

    private func bind(
        _ series: Int, _ source: Int, _ startMs: Int64, _ endMs: Int64, _ samples: Int, _ encoding: UInt8, _ data: Bytes
    ) {
        insert.bind(1, series)
        insert.bind(2, source)
        insert.bind(3, startMs)
        insert.bind(4, endMs)
        insert.bind(5, samples)
        insert.bind(11, Int(encoding))
        insert.bindBlob(12, data)
    }

    private func write(_ chunk: SeriesChunk, _ series: Int, _ source: Int) throws {
        var samples = SeriesSamples(labels: Labels())
        do { try chunk.decode(into: &samples) } catch { return }
        let numbers = samples.values.filter { !$0.isNaN }
        chunk.withData {
            bind(
                series, source, chunk.startMs, chunk.endMs, samples.count + samples.histogramTimesMs.count,
                chunk.encoding, $0)
        }
        insert.bind(6, numbers.min())
        insert.bind(7, numbers.max())
        insert.bind(8, numbers.isEmpty ? nil : numbers.reduce(0, +))
        insert.bind(9, samples.values.first)
        insert.bind(10, samples.values.last)
        try insert.run()
    }
}
