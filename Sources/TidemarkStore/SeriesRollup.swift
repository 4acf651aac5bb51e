import TidemarkBase
import TidemarkSeries

/// Adds the samples of series to `rollup`, by the hour.
final class SeriesRollup {
    private struct Hour {
        var samples = 0
        var min = Double.infinity
        var max = -Double.infinity
        var sum = 0.0
        var first: Double?
        var last: Double?
        var lastMs: Int64 = 0
        var increase = 0.0
    }

    private let insert: Statement
    private let before: Statement

    init(_ database: Database) throws {
        insert = try database.prepare(
            """
            INSERT INTO rollup(source_id, series_id, hour_ms, name, samples, min, max, sum, first, last, last_ms, increase)
            VALUES (?, ?, ?, 'sample', ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(source_id, coalesce(instance_id, 0), coalesce(series_id, 0), hour_ms, name, labels) DO UPDATE SET
                samples = samples + excluded.samples, min = coalesce(min(min, excluded.min), min, excluded.min),
                max = coalesce(max(max, excluded.max), max, excluded.max), sum = coalesce(sum + excluded.sum, sum, excluded.sum),
                first = coalesce(first, excluded.first), last = coalesce(excluded.last, last), last_ms = excluded.last_ms,
                increase = coalesce(increase + excluded.increase, increase, excluded.increase)
            """)
        before = try database.prepare(
            "SELECT last FROM rollup WHERE series_id = ? AND last_ms < ? AND last IS NOT NULL ORDER BY last_ms DESC LIMIT 1"
        )
    }

    /// - Parameter chunks: of one series; their `part` is the row of their source. Of samples at equal times the first counts.
    func write(_ series: Int, _ chunks: [SeriesChunk]) throws {
        guard !chunks.isEmpty else { return }
        var previous = try last(of: series, beforeMs: chunks.map(\.startMs).min() ?? 0)
        var hour: Int64 = .min
        var source = 0
        var open = Hour()
        func flush() throws {
            guard open.samples > 0 else { return }
            let hasValues = open.last != nil
            insert.bind(1, source)
            insert.bind(2, series)
            insert.bind(3, hour)
            insert.bind(4, open.samples)
            insert.bind(5, hasValues ? open.min : nil)
            insert.bind(6, hasValues ? open.max : nil)
            insert.bind(7, hasValues ? open.sum : nil)
            insert.bind(8, open.first)
            insert.bind(9, open.last)
            insert.bind(10, open.lastMs)
            insert.bind(11, hasValues ? open.increase : nil)
            try insert.run()
            open = Hour()
        }
        // A chunk that is damaged has nothing that could be kept.
        let ordered = (try? ChunkMerge.disjoint(chunks)) ?? chunks
        for chunk in ordered.sorted(by: { $0.startMs < $1.startMs }) {
            var samples = SeriesSamples(labels: Labels())
            do { try chunk.decode(into: &samples) } catch { continue }
            func take(_ timeMs: Int64, _ value: Double?) throws {
                let start = CivilTime.floorDivide(timeMs, RollupRules.hourMs) * RollupRules.hourMs
                if start != hour || source != chunk.part {
                    try flush()
                    (hour, source) = (start, chunk.part)
                }
                open.samples += 1
                open.lastMs = timeMs
                guard let value else { return }
                open.min = min(open.min, value)
                open.max = max(open.max, value)
                open.sum += value
                open.first = open.first ?? value
                open.last = value
                if let before = previous { open.increase += value >= before ? value - before : value }
                previous = value
            }
            for index in samples.timesMs.indices where !samples.values[index].isNaN {
                try take(samples.timesMs[index], samples.values[index])
            }
            for timeMs in samples.histogramTimesMs { try take(timeMs, nil) }
        }
        try flush()
    }

    private func last(of series: Int, beforeMs: Int64) throws -> Double? {
        before.bind(1, series)
        before.bind(2, beforeMs)
        defer { before.reset() }
        return try before.step() ? before.optionalDouble(0) : nil
    }

    /// Up to which time the samples of a series are rolled up, Unix ms: what is not younger was counted there, and is not
    /// stored again.
    static func end(of series: Int, _ database: Database) throws -> Int64? {
        try database.int("SELECT max(last_ms) FROM rollup WHERE series_id = ?", series).map(Int64.init)
    }
}
