import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// What sources and metrics both say, as channels for ``SeriesAlignment``.
struct AlignmentChannels {
    /// The column, the gauge's names over vLLM's versions.
    private static let pairs: [(column: String, metrics: [String])] = [
        ("running", ["vllm:num_requests_running"]),
        ("waiting", ["vllm:num_requests_waiting"]),
        ("kv_cache_usage_ratio", ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"]),
    ]
    private static let counters: [(column: String, metric: String)] = [
        ("generation_tokens_per_second", "vllm:generation_tokens_total"),
        ("prompt_tokens_per_second", "vllm:prompt_tokens_total"),
    ]
    /// GPU samples are averaged over this many seconds: about a scrape's interval, which the counters cannot resolve.
    private static let gpuBinSeconds = 15

    let store: Store
    let series: StoreSeries
    /// The label `instance` of the servers' metrics.
    let targets: [String]

    init(store: Store, period: Int) throws {
        self.store = store
        series = try StoreSeries(store, period: period)
        targets = try series.values(of: "instance") { $0.hasPrefix("vllm:") }
    }

    private typealias Line = (times: [Double], values: [Double])

    // MARK: Logs

    /// The statistics of a log's pieces over the gauges and counters of one target.
    func log(_ sources: [SourceRow], target: String) throws -> [SeriesAlignment.Channel] {
        var channels: [SeriesAlignment.Channel] = []
        for pair in Self.pairs {
            // Engines print a line each: their sum, or for a ratio their mean, is what the target's series give together.
            let isRatio = pair.column.hasSuffix("ratio")
            let samples = try statistics(sources, pair.column, mean: isRatio)
            guard samples.times.count > 1,
                let name = try pair.metrics.first(where: { try !select($0, [target]).isEmpty })
            else { continue }
            add(samples, Self.combined(try select(name, [target]), mean: isRatio), to: &channels)
        }
        // Tokens a second: the log prints the mean over its interval, which the counter gives exactly for any clock. It is
        // the sharpest channel where requests come and go between two scrapes.
        for (column, metric) in Self.counters {
            let samples = try statistics(sources, column, mean: false)
            guard samples.times.count > 2 else { continue }
            let steps = zip(samples.times.dropFirst(), samples.times).map { $0 - $1 }.sorted()
            let counter = Self.combined(try select(metric, [target]), mean: false)
            add(samples, Self.rates(counter, over: min(60, max(1, steps[steps.count / 2]))), to: &channels)
        }
        return channels
    }

    private func statistics(_ sources: [SourceRow], _ column: String, mean: Bool) throws -> Line {
        let ids = sources.map { String($0.id) }.joined(separator: ",")
        return try line(
            """
            SELECT min(time_ms), \(mean ? "avg" : "sum")(\(column)) FROM engine_stat
            WHERE source_id IN (\(ids)) AND \(column) IS NOT NULL GROUP BY time_ms / 1000 ORDER BY 1
            """)
    }

    // MARK: GPU captures

    /// What a capture's GPUs showed over what the servers did, all GPUs and all servers together; for each quantity of the
    /// GPUs its channels. Without metrics the statistics of `logs`, whose clocks are known.
    ///
    /// Power and utilisation rise with the work. The SM clock falls where the power limit is reached, and how busy the
    /// memory is depends on whether prompts or answers are computed: either way it follows the work.
    func gpu(_ source: SourceRow, logs: [SourceRow]) throws -> [(name: String, channels: [SeriesAlignment.Channel])] {
        let bin = Self.gpuBinSeconds
        var references: [Line] = []
        if !targets.isEmpty {
            let counter = Self.combined(try select(Self.counters[0].metric, targets), mean: false)
            references.append(Self.rates(counter, over: Double(bin)))
            // A gauge is of a moment, a bin of the time before its end.
            let running = Self.combined(try select("vllm:num_requests_running", targets), mean: false)
            references.append((running.times.map { $0 + Double(bin) / 2 }, running.values))
        } else if !logs.isEmpty {
            references.append(try statistics(logs, Self.counters[0].column, mean: false))
            references.append(try statistics(logs, "running", mean: false))
        }
        var families: [(name: String, channels: [SeriesAlignment.Channel])] = []
        for (column, name, dcgm, isEitherWay) in [
            ("power_watts", "power", "DCGM_FI_DEV_POWER_USAGE", false),
            ("utilization_percent", "utilisation", "DCGM_FI_DEV_GPU_UTIL", false),
            ("memory_utilization_percent", "memory utilisation", "DCGM_FI_DEV_MEM_COPY_UTIL", true),
            ("sm_clock_mhz", "SM clock", "DCGM_FI_DEV_SM_CLOCK", true),
        ] {
            let exported = Self.combined(
                try series.select([LabelMatcher(Labels.metricName, equals: dcgm)], startMs: .min, endMs: .max),
                mean: true)
            // Sorting the samples of a day takes longer than reading them did: only where there is something beside them.
            guard (references + [exported]).contains(where: { $0.times.count > 1 }) else { continue }
            let samples = try line(
                """
                SELECT (time_ms / \(bin * 1000) + 1) * \(bin * 1000), avg(\(column)) FROM gpu_sample
                WHERE source_id = \(source.id) AND \(column) IS NOT NULL GROUP BY time_ms / \(bin * 1000) ORDER BY 1
                """)
            var channels: [SeriesAlignment.Channel] = []
            for reference in references { add(samples, reference, isEitherWay: isEitherWay, to: &channels) }
            add(samples, (exported.times.map { $0 + Double(bin) / 2 }, exported.values), to: &channels)
            if !channels.isEmpty { families.append((name, channels)) }
        }
        return families
    }

    // MARK: Series

    private func line(_ sql: String) throws -> Line {
        let rows = try store.database.prepare(sql)
        var (times, values): ([Double], [Double]) = ([], [])
        while try rows.step() {
            times.append(Double(rows.int64(0)) / 1000)
            values.append(rows.double(1))
        }
        return (times, values)
    }

    private func add(
        _ samples: Line, _ reference: Line, isEitherWay: Bool = false, to channels: inout [SeriesAlignment.Channel]
    ) {
        guard samples.times.count > 1, reference.times.count > 1 else { return }
        channels.append(
            SeriesAlignment.Channel(
                times: samples.times, values: samples.values, referenceTimes: reference.times,
                referenceValues: reference.values, isEitherWay: isEitherWay))
    }

    private func select(_ name: String, _ targets: [String]) throws -> [SeriesSamples] {
        try targets.flatMap { target in
            try series.select(
                [LabelMatcher(Labels.metricName, equals: name), LabelMatcher("instance", equals: target)],
                startMs: .min, endMs: .max)
        }
    }

    /// Series as one: values of the same moment together. Where targets are scraped at their own times, each series holds
    /// its value between its scrapes.
    private static func combined(_ series: [SeriesSamples], mean: Bool) -> Line {
        var sums: [Int64: (sum: Double, count: Int)] = [:]
        let moments = Set(series.flatMap { Array($0.timesMs.prefix($0.count)) })
        let shares = series.allSatisfy { one in
            one.timesMs.prefix(one.count).allSatisfy(moments.contains) && one.count == moments.count
        }
        guard shares || series.count < 2 else { return held(series, moments.sorted(), mean: mean) }
        for one in series {
            for index in 0..<one.count where one.values[index].isFinite {
                let before = sums[one.timesMs[index]] ?? (0, 0)
                sums[one.timesMs[index]] = (before.sum + one.values[index], before.count + 1)
            }
        }
        let entries = sums.sorted { $0.key < $1.key }
        return (
            entries.map { Double($0.key) / 1000 },
            entries.map { mean ? $0.value.sum / Double($0.value.count) : $0.value.sum }
        )
    }

    /// The sum of series at every moment of one of them. A moment at which one has had no value for a minute is left out.
    private static func held(_ series: [SeriesSamples], _ moments: [Int64], mean: Bool) -> Line {
        var (times, values): ([Double], [Double]) = ([], [])
        var next = [Int](repeating: 0, count: series.count)
        for moment in moments {
            var sum = 0.0
            var known = 0
            for (index, one) in series.enumerated() {
                while next[index] < one.count, one.timesMs[next[index]] <= moment { next[index] += 1 }
                guard next[index] > 0, moment - one.timesMs[next[index] - 1] <= 60_000,
                    one.values[next[index] - 1].isFinite
                else { continue }
                sum += one.values[next[index] - 1]
                known += 1
            }
            guard known == series.count else { continue }
            times.append(Double(moment) / 1000)
            values.append(mean ? sum / Double(known) : sum)
        }
        return (times, values)
    }

    /// The growth of a counter over the `interval` seconds before each of many times, interpolated between scrapes. A reset
    /// or a gap leaves its surroundings out.
    private static func rates(_ counter: Line, over interval: Double) -> Line {
        let (times, values) = counter
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
}
