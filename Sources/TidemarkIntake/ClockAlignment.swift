import TidemarkBase
import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// Finds the offset of a server log's clock by laying its statistics lines over the gauges of Prometheus, and moves what was
/// stored of the log to UTC.
///
/// Only logs whose zone nothing else told are touched. All pieces of one log share one clock.
struct ClockAlignment {
    /// What the log's statistics and the metrics both say: the column, the gauge's names over vLLM's versions, and a factor.
    private static let pairs: [(column: String, metrics: [String])] = [
        ("running", ["vllm:num_requests_running"]),
        ("waiting", ["vllm:num_requests_waiting"]),
        ("kv_cache_usage_ratio", ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"]),
    ]
    let store: Store
    let ledger: Ledger
    let period: Int

    /// Aligns every log of the period whose zone is not known. Call it when metrics and logs have been read, in a
    /// transaction.
    func run() throws {
        let waiting = try ledger.all(period: period).filter {
            $0.format == "vllm-log" && $0.instance != nil && $0.clockMethod?.contains("taken as UTC") == true
        }
        guard !waiting.isEmpty else { return }
        let series = try StoreSeries(store, period: period)
        let targets = try series.values(of: "instance") { $0.hasPrefix("vllm:") }
        guard !targets.isEmpty else { return }
        for (instance, sources) in Dictionary(grouping: waiting, by: { $0.instance! }).sorted(by: { $0.key < $1.key }) {
            try align(instance, sources, series, targets)
        }
    }

    private func align(_ instance: Int, _ sources: [SourceRow], _ series: StoreSeries, _ targets: [String]) throws {
        let known = try store.database.text(
            "SELECT scrape_instance FROM instance WHERE instance_id = ?", instance)
        // A log that nobody joined to a target may be any of them: the one that fits best says which.
        var best: (result: SeriesAlignment.Result, target: String)?
        var refusal = "the log has no statistics lines"
        for target in known.map({ [$0] }) ?? targets {
            let channels = try channels(instance, sources, series, target)
            guard !channels.isEmpty else { continue }
            switch SeriesAlignment.find(channels) {
            case .found(let result):
                if result.correlation > best?.result.correlation ?? 0 { best = (result, target) }
            case .refused(let why): refusal = why
            }
        }
        let slack = try lateness(of: best?.target)
        for source in sources {
            var source = source
            let oldMethod = source.clockMethod ?? ""
            let year = oldMethod.components(before: ", taken as UTC") ?? ""
            guard let best else {
                guard !oldMethod.contains("alignment") else { continue }
                source.clockMethod = oldMethod + "; alignment with the metrics refused: \(refusal)"
                try ledger.save(&source)
                continue
            }
            let deltaMs = Self.snapped(best.result, slack: slack)
            try move(source.id, byMs: deltaMs)
            source.clockOffsetMs = (source.clockOffsetMs ?? 0) + deltaMs
            source.firstMs = source.firstMs.map { $0 - deltaMs }
            source.lastMs = source.lastMs.map { $0 - deltaMs }
            let correlation = ByteWriter.fixed(best.result.correlation, decimals: 2)
            let error = ByteWriter.fixed(best.result.error, decimals: 1)
            let elsewhere = ByteWriter.fixed(best.result.elsewhere, decimals: 2)
            source.clockMethod =
                (year.isEmpty ? "" : year + ", ")
                + "zone by alignment with the gauges of \(best.target) (± \(error) s, correlation \(correlation), elsewhere \(elsewhere), \(best.result.points) samples)"
            source.clockConfidence = best.result.confidence
            try ledger.save(&source)
        }
        if known == nil, let best, targets.count > 1 {
            try store.database.prepare(
                "UPDATE instance SET scrape_instance = ?, joined_by = 'alignment' WHERE instance_id = ?"
            ).run(best.target, instance)
        }
    }

    /// A whole number of seconds; the nearest quarter of an hour when the evidence cannot tell it from that: servers keep
    /// time, and zones are quarters.
    /// - Parameter slack: seconds by which the metrics themselves may be late.
    private static func snapped(_ result: SeriesAlignment.Result, slack: Double) -> Int64 {
        let quarter = (result.shift / 900).rounded() * 900
        if abs(result.shift - quarter) <= max(3, 2 * result.error, slack) { return Int64(quarter) * 1000 }
        return Int64(result.shift.rounded()) * 1000
    }

    /// Answers of a range query show each sample up to a scrape's interval late, and always late: a clock cannot be told
    /// more exactly from them. Seconds; zero when the samples have their own times.
    private func lateness(of target: String?) throws -> Double {
        guard let target else { return 0 }
        let own = try store.database.int(
            """
            SELECT count(*) FROM series JOIN series_label l ON l.series_id = series.series_id AND l.name = 'instance'
            WHERE period_id = ? AND form != 'api' AND shadowed_by IS NULL AND l.value = ? AND series.name LIKE 'vllm:%'
            """, period, target)
        return own ?? 0 > 0 ? 0 : 30
    }

    private func channels(
        _ instance: Int, _ sources: [SourceRow], _ series: StoreSeries, _ target: String
    ) throws -> [SeriesAlignment.Channel] {
        let ids = sources.map { String($0.id) }.joined(separator: ",")
        var channels: [SeriesAlignment.Channel] = []
        for pair in Self.pairs {
            // Engines print a line each: their sum, or for a ratio their mean, is what the target's series give together.
            let combine = pair.column.hasSuffix("ratio") ? "avg" : "sum"
            let rows = try store.database.prepare(
                """
                SELECT min(time_ms), \(combine)(\(pair.column)) FROM engine_stat
                WHERE instance_id = ? AND source_id IN (\(ids)) AND \(pair.column) IS NOT NULL
                GROUP BY time_ms / 1000 ORDER BY 1
                """)
            rows.bind(1, instance)
            var (times, values): ([Double], [Double]) = ([], [])
            while try rows.step() {
                times.append(Double(rows.int64(0)) / 1000)
                values.append(rows.double(1))
            }
            guard times.count > 1, let name = try pair.metrics.first(where: { try !gauges(series, $0, target).isEmpty })
            else { continue }
            let reference = Self.combined(try gauges(series, name, target), mean: combine == "avg")
            guard reference.times.count > 1 else { continue }
            channels.append(
                SeriesAlignment.Channel(
                    times: times, values: values, referenceTimes: reference.times, referenceValues: reference.values))
        }
        return try channels + throughput(instance, ids, series, target)
    }

    /// Tokens a second: the log prints the mean over its interval, which the counter gives exactly for any clock. It is the
    /// sharpest channel where requests come and go between two scrapes.
    private func throughput(
        _ instance: Int, _ sources: String, _ series: StoreSeries, _ target: String
    ) throws -> [SeriesAlignment.Channel] {
        var channels: [SeriesAlignment.Channel] = []
        for (column, metric) in [
            ("generation_tokens_per_second", "vllm:generation_tokens_total"),
            ("prompt_tokens_per_second", "vllm:prompt_tokens_total"),
        ] {
            let rows = try store.database.prepare(
                """
                SELECT min(time_ms), sum(\(column)) FROM engine_stat
                WHERE instance_id = ? AND source_id IN (\(sources)) AND \(column) IS NOT NULL
                GROUP BY time_ms / 1000 ORDER BY 1
                """)
            rows.bind(1, instance)
            var (times, values): ([Double], [Double]) = ([], [])
            while try rows.step() {
                times.append(Double(rows.int64(0)) / 1000)
                values.append(rows.double(1))
            }
            guard times.count > 2 else { continue }
            let steps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
            let interval = min(60, max(1, steps[steps.count / 2]))
            let counter = Self.combined(try gauges(series, metric, target), mean: false)
            let reference = Self.rates(counter.times, counter.values, over: interval)
            guard reference.times.count > 1 else { continue }
            channels.append(
                SeriesAlignment.Channel(
                    times: times, values: values, referenceTimes: reference.times, referenceValues: reference.values))
        }
        return channels
    }

    /// The growth of a counter over the `interval` seconds before each of many times, interpolated between scrapes. A reset or
    /// a gap leaves its surroundings out.
    private static func rates(
        _ times: [Double], _ values: [Double], over interval: Double
    ) -> (times: [Double], values: [Double]) {
        var (outTimes, outValues): ([Double], [Double]) = ([], [])
        guard times.count > 2, let last = times.last else { return ([], []) }
        func at(_ time: Double, _ next: inout Int) -> Double? {
            while next < times.count, times[next] <= time { next += 1 }
            guard next > 0, next < times.count, times[next] - times[next - 1] <= 60, values[next] >= values[next - 1]
            else { return nil }
            let share = (time - times[next - 1]) / (times[next] - times[next - 1])
            return values[next - 1] + (values[next] - values[next - 1]) * share
        }
        var (low, high) = (0, 0)
        var time = times[0] + interval
        while time < last {
            if let before = at(time - interval, &low), let after = at(time, &high), after >= before {
                outTimes.append(time)
                outValues.append((after - before) / interval)
            }
            time += 1
        }
        return (outTimes, outValues)
    }

    private func gauges(_ series: StoreSeries, _ name: String, _ target: String) throws -> [SeriesSamples] {
        try series.select(
            [LabelMatcher(Labels.metricName, equals: name), LabelMatcher("instance", equals: target)], startMs: .min,
            endMs: .max)
    }

    /// The series of a target's engines as one: values of the same scrape together.
    private static func combined(_ series: [SeriesSamples], mean: Bool) -> (times: [Double], values: [Double]) {
        var sums: [Int64: (sum: Double, count: Int)] = [:]
        for one in series {
            for index in 0..<one.count where one.values[index].isFinite {
                let before = sums[one.timesMs[index]] ?? (0, 0)
                sums[one.timesMs[index]] = (before.sum + one.values[index], before.count + 1)
            }
        }
        let times = sums.keys.sorted()
        return (
            times.map { Double($0) / 1000 },
            times.map { mean ? sums[$0]!.sum / Double(sums[$0]!.count) : sums[$0]!.sum }
        )
    }

    /// Every time of a source, moved.
    private func move(_ source: Int, byMs delta: Int64) throws {
        guard delta != 0 else { return }
        let columns = [
            "engine_stat": ["time_ms"], "engine_companion_stat": ["time_ms"], "engine_iteration": ["time_ms"],
            "http_rollup": ["time_ms"], "http_access_row": ["time_ms"], "http_error": ["time_ms"],
            "log_event": ["time_ms"],
            "request": ["received_ms", "added_ms", "finished_ms", "aborted_ms", "failed_ms"],
            "engine_run": ["start_ms", "ready_ms", "end_ms"],
        ]
        for (table, names) in columns.sorted(by: { $0.key < $1.key }) {
            // Zero stands for a line before any stamp.
            let changes = names.map { "\($0) = CASE WHEN \($0) > 0 THEN \($0) - ?1 ELSE \($0) END" }
                .joined(separator: ", ")
            let statement = try store.database.prepare("UPDATE \(table) SET \(changes) WHERE source_id = ?2")
            statement.bind(1, delta)
            statement.bind(2, source)
            try statement.run()
        }
    }
}
