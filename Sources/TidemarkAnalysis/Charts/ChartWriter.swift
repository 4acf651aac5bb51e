import TidemarkStore

/// Writes what the charts need beyond the signals.
extension ResultWriter {
    func write(_ extremes: ChartExtremes, _ before: WeekBefore, grid: TimeGrid, analysis: Int) throws {
        let insert = try store.database.prepare("INSERT INTO chart_point VALUES (?, ?, ?, ?, ?, ?)")
        func write(_ series: String, _ name: String, _ instance: String, _ points: [(timeMs: Int64, value: Double)])
            throws
        {
            insert.bind(1, analysis)
            insert.bind(2, series)
            insert.bind(3, name)
            insert.bind(4, instance)
            for point in points {
                insert.bind(5, point.timeMs)
                insert.bind(6, point.value)
                try insert.run()
            }
        }
        for line in extremes.lines { try write("extremes", line.signal, line.instance, line.points) }
        for one in before.series {
            let points = one.values.enumerated().compactMap { index, value in value.map { (grid.time(index), $0) } }
            try write("week_before", one.signal.name, one.instance, points)
        }
    }

    func write(_ maps: [LatencyMap], analysis: Int) throws {
        let cell = try store.database.prepare("INSERT INTO latency_cell VALUES (?, ?, ?, ?, ?, ?, ?)")
        let part = try store.database.prepare("INSERT INTO latency_part VALUES (?, ?, ?, ?, ?, ?)")
        for map in maps {
            func upper(_ index: Int) -> Double? { map.bounds[index].isFinite ? map.bounds[index] : nil }
            for column in map.columns {
                for (index, count) in column.counts.enumerated() where count > 0 {
                    try cell.run(
                        analysis, map.name, column.startMs, column.endMs, map.lowerBound(index), upper(index), count)
                }
            }
            for (name, counts) in [("incident", map.incident), ("rest", map.rest)] {
                for (index, count) in counts.enumerated() where count > 0 {
                    try part.run(analysis, map.name, name, map.lowerBound(index), upper(index), count)
                }
            }
        }
    }
}
