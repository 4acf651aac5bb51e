import TidemarkStore

/// Signals from tables: statistics lines, access lines, request log, GPU samples.
struct LogSignals {
    let store: Store
    let period: Int
    let grid: TimeGrid

    /// A statistics line holds for this long at most: two of V1's intervals and some jitter. Idle engines print none,
    /// so a longer silence is no evidence.
    private static let holdMs: Int64 = 25_000

    /// A column of the statistics lines, or an expression in SQL over them: the last line before each point, engines of
    /// a replica aggregated.
    func statistics(
        _ signal: Signal, _ column: String, table: String, _ aggregation: Signal.Aggregation, _ fleet: Fleet
    ) throws -> [SignalSeries] {
        let rows = try store.database.prepare(
            """
            SELECT coalesce(engine, 0), time_ms, \(column) FROM \(table)
            WHERE instance_id = ? AND \(column) IS NOT NULL AND time_ms BETWEEN ? AND ? ORDER BY time_ms, line
            """)
        var result: [SignalSeries] = []
        for replica in fleet.replicas {
            guard let instance = replica.logInstance else { continue }
            rows.reset()
            rows.bind(1, instance)
            rows.bind(2, grid.startMs - Self.holdMs)
            rows.bind(3, grid.endMs)
            var last: [Int: (timeMs: Int64, value: Double)] = [:]
            var values = [Double?](repeating: nil, count: grid.count)
            var more = try rows.step()
            for index in 0..<grid.count {
                let now = grid.time(index)
                while more, rows.int64(1) <= now {
                    last[rows.int(0)] = (rows.int64(1), rows.double(2))
                    more = try rows.step()
                }
                let known = last.values.filter { now - $0.timeMs <= Self.holdMs }.map(\.value)
                guard !known.isEmpty else { continue }
                switch aggregation {
                case .sum: values[index] = known.reduce(0, +)
                case .max: values[index] = known.max()
                case .mean: values[index] = known.reduce(0, +) / Double(known.count)
                }
            }
            result.append(
                SignalSeries(
                    signal: signal, instance: replica.name, origin: "log", expression: "\(table).\(column)",
                    values: values))
        }
        return result
    }

    /// Access lines that satisfy an SQL condition, per second. Zero counts only inside the log's own time range.
    func access(_ signal: Signal, condition: String, _ fleet: Fleet) throws -> [SignalSeries] {
        try perSecond(
            signal, fleet, table: "http_access", expression: "http_access where \(condition)",
            sql: """
                SELECT time_ms, sum(requests) FROM http_access
                WHERE instance_id = ?1 AND (\(condition)) AND time_ms BETWEEN ?2 AND ?3 GROUP BY time_ms
                """)
    }

    func requests(_ signal: Signal, column: String, _ fleet: Fleet) throws -> [SignalSeries] {
        try perSecond(
            signal, fleet, table: "request", expression: "request.\(column)",
            sql: """
                SELECT \(column), count(*) FROM request
                WHERE instance_id = ?1 AND \(column) BETWEEN ?2 AND ?3 GROUP BY \(column)
                """)
    }

    /// Share of the requests received in each step that satisfy a condition; a step without requests has none.
    func requestShare(_ signal: Signal, _ condition: String, _ fleet: Fleet) throws -> [SignalSeries] {
        try averages(
            signal, fleet.replicas.compactMap { replica in replica.logInstance.map { ($0, replica.name) } },
            // A request that doesn't say so (NULL) doesn't.
            of: "CASE WHEN \(condition) THEN 1.0 ELSE 0.0 END", from: "request",
            time: "received_ms", origin: "log",
            expression: "request where \(condition)")
    }

    private func perSecond(
        _ signal: Signal, _ fleet: Fleet, table: String, expression: String, sql: String
    ) throws -> [SignalSeries] {
        let rows = try store.database.prepare(sql)
        var result: [SignalSeries] = []
        for replica in fleet.replicas {
            guard let instance = replica.logInstance,
                let span = try span(instance: instance, table: table)
            else { continue }
            var values = [Double?](repeating: nil, count: grid.count)
            for index in grid.range(span.first, span.last) { values[index] = 0 }
            rows.reset()
            rows.bind(1, instance)
            rows.bind(2, grid.startMs)
            rows.bind(3, grid.endMs)
            while try rows.step() {
                guard let index = grid.index(of: rows.int64(0) + 1) else { continue }
                values[index, default: 0] += rows.double(1) / (Double(grid.stepMs) / 1000)
            }
            result.append(
                SignalSeries(
                    signal: signal, instance: replica.name, origin: "log", expression: expression, values: values))
        }
        return result
    }

    /// Time range of an instance's logs, when the table has rows of it at all.
    private func span(instance: Int, table: String) throws -> (first: Int64, last: Int64)? {
        guard try store.database.int("SELECT 1 FROM \(table) WHERE instance_id = ? LIMIT 1", instance) != nil else {
            return nil
        }
        let row = try store.database.prepare(
            "SELECT min(first_ms), max(last_ms) FROM source WHERE instance_id = ? AND first_ms IS NOT NULL")
        row.bind(1, instance)
        guard try row.step(), let first = row.optionalInt64(0), let last = row.optionalInt64(1) else { return nil }
        return (first, last)
    }

    /// An SQL expression over GPU samples, averaged over each step.
    func gpu(_ signal: Signal, value: String, _ expression: String, _ fleet: Fleet) throws -> [SignalSeries] {
        try averages(
            signal, fleet.gpus, of: value, from: "gpu_sample", time: "time_ms", origin: "nvidia-smi",
            expression: "gpu_sample.\(expression)")
    }

    /// The mean of an SQL expression over the rows of each step, for each instance; a step without rows has none.
    private func averages(
        _ signal: Signal, _ instances: [(id: Int, name: String)], of value: String, from table: String, time: String,
        origin: String, expression: String
    ) throws -> [SignalSeries] {
        let rows = try store.database.prepare(
            """
            SELECT (\(time) - ?2 - 1) / ?4 AS step, avg(\(value)) FROM \(table)
            WHERE instance_id = ?1 AND \(time) > ?2 AND \(time) <= ?3 GROUP BY step
            """)
        return try instances.map { id, name in
            rows.reset()
            rows.bind(1, id)
            rows.bind(2, grid.startMs)
            rows.bind(3, grid.endMs)
            rows.bind(4, grid.stepMs)
            var values = [Double?](repeating: nil, count: grid.count)
            while try rows.step() {
                let step = rows.int(0)
                if step >= 0, step < values.count { values[step] = rows.optionalDouble(1) }
            }
            return SignalSeries(
                signal: signal, instance: name, origin: origin, expression: expression, values: values)
        }
    }
}

extension Array where Element == Double? {
    /// The value at an index, with a stand-in for a missing one.
    subscript(index: Int, default stand: Double) -> Double {
        get { self[index] ?? stand }
        set { self[index] = newValue }
    }
}
