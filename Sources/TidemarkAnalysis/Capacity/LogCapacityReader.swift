import TidemarkBase
import TidemarkStore

/// Reads engines' windows from the statistics lines of logs, where there are no metrics.
///
/// While requests run, the time of a step is running requests over tokens a second (Little's law). Where the log holds each
/// step (`--enable-logging-iteration-details`), steps and their tokens are counted.
struct LogCapacityReader {
    let store: Store
    let period: Int
    let grid: TimeGrid
    let usable: [Bool]

    func records() throws -> [EngineRecord] {
        // Lines come every ten seconds: a window holds several.
        let together = max(1, Int(60_000 / grid.stepMs))
        let width = Int64(together) * grid.stepMs
        struct Sums {
            var lines = 0.0
            var (generated, running) = (0.0, 0.0)
            /// Figures that a line may lack.
            var (prompts, caches): ([Double], [Double]) = ([], [])
        }
        var engines: [String: (instance: Int, engine: String?, windows: [Int: Sums])] = [:]
        let rows = try store.database.prepare(
            """
            SELECT i.instance_id, i.name, e.engine, time_ms, prompt_tokens_per_second, generation_tokens_per_second,
                running, kv_cache_usage_ratio
            FROM engine_stat e JOIN instance i USING (instance_id)
            WHERE period_id = ? AND time_ms > ? AND time_ms <= ? AND running IS NOT NULL
                AND generation_tokens_per_second IS NOT NULL
            """)
        rows.bind(1, period)
        rows.bind(2, grid.startMs)
        rows.bind(3, grid.endMs)
        while try rows.step() {
            guard let step = grid.index(of: rows.int64(3)), usable[step] else { continue }
            let engine = rows.optionalInt(2).map(String.init)
            let key = "\(rows.text(1))\u{1}\(engine ?? "")"
            var sums = engines[key]?.windows[step / together] ?? Sums()
            sums.lines += 1
            if let prompt = rows.optionalDouble(4) { sums.prompts.append(prompt) }
            sums.generated += rows.double(5)
            sums.running += rows.double(6)
            if let cache = rows.optionalDouble(7) { sums.caches.append(cache) }
            engines[key, default: (rows.int(0), engine, [:])].windows[step / together] = sums
        }
        func mean(_ values: [Double]) -> Double? {
            values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        var records: [EngineRecord] = []
        for (key, one) in engines.sorted(by: { $0.key < $1.key }) {
            let name = String(key.prefix { $0 != "\u{1}" })
            let siblings = Double(engines.filter { $0.key.prefix { $0 != "\u{1}" } == name }.count)
            var record = EngineRecord(replica: name, instance: nil, engine: one.engine)
            let answered = try answers(one.instance, width: width)
            record.lengths = try lengths(one.instance)
            let iterations = try iterations(one.instance, engine: one.engine.flatMap(Int.init), width: width)
            for (place, sums) in one.windows.sorted(by: { $0.key < $1.key }) {
                var window = CapacityWindow(
                    startMs: grid.startMs + Int64(place) * width, seconds: Double(width) / 1000)
                window.running = sums.running / sums.lines
                window.kvRatio = mean(sums.caches)
                window.generated = sums.generated / sums.lines * window.seconds
                window.gaps = window.generated
                window.gapSeconds = window.running * window.seconds
                window.promptTokens = (mean(sums.prompts) ?? 0) * window.seconds
                window.computedTokens = window.promptTokens
                window.arrivals = (answered[place] ?? 0) / siblings
                if let own = iterations[place] {
                    window.steps = own.steps
                    window.gaps = own.sequences
                    window.computedTokens = own.promptTokens
                    window.promptTokens = max(window.promptTokens, own.promptTokens)
                }
                record.windows.append(window)
            }
            records.append(record)
        }
        return records
    }

    /// Answers with status 200 of a replica by window.
    private func answers(_ instance: Int, width: Int64) throws -> [Int: Double] {
        let rows = try store.database.prepare(
            """
            SELECT (time_ms - ?1) / ?2, sum(requests) FROM http_access
            WHERE instance_id = ?3 AND time_ms >= ?1 AND time_ms < ?4 AND status = 200
                AND (\(SignalCatalogue.inferenceRoutes)) GROUP BY 1
            """)
        rows.bind(1, grid.startMs)
        rows.bind(2, width)
        rows.bind(3, instance)
        rows.bind(4, grid.endMs)
        var found: [Int: Double] = [:]
        while try rows.step() { found[rows.int(0)] = rows.double(1) }
        return found
    }

    /// Steps of an engine by window: how many, the sequences that decoded in them and the prompt tokens computed.
    private func iterations(_ instance: Int, engine: Int?, width: Int64) throws -> [Int: (
        steps: Double, sequences: Double, promptTokens: Double
    )] {
        let rows = try store.database.prepare(
            """
            SELECT (time_ms - ?1) / ?2, count(*), sum(generation_requests), sum(context_tokens) FROM engine_iteration
            WHERE instance_id = ?3 AND engine IS ?4 AND dummy = 0 AND time_ms >= ?1 AND time_ms < ?5 GROUP BY 1
            """)
        rows.bind(1, grid.startMs)
        rows.bind(2, width)
        rows.bind(3, instance)
        rows.bind(4, engine)
        rows.bind(5, grid.endMs)
        var found: [Int: (steps: Double, sequences: Double, promptTokens: Double)] = [:]
        while try rows.step() { found[rows.int(0)] = (rows.double(1), rows.double(2), rows.double(3)) }
        return found
    }

    private func lengths(_ instance: Int) throws -> [(prompt: Double, generated: Double)] {
        let rows = try store.database.prepare(
            """
            SELECT prompt_tokens, completion_tokens FROM span s
            JOIN span_request j USING (period_id, trace_id, span_id)
            WHERE period_id = ? AND instance_id = ? AND prompt_tokens > 0 AND completion_tokens > 0 LIMIT 20000
            """)
        rows.bind(1, period)
        rows.bind(2, instance)
        var found: [(prompt: Double, generated: Double)] = []
        while try rows.step() { found.append((rows.double(0), rows.double(1))) }
        return found
    }
}
