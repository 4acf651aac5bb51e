import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Of how many hours of a week there is evidence, by kind. An hour counts when anything was recorded in it.
struct WeekCoverage {
    var values: [WeekFacts.Value] = []

    init(_ slice: Store, period: Int, _ limits: ClosedRange<Int64>) throws {
        // Hours of the week, which begins at its zone's midnight.
        let expected = (limits.upperBound - limits.lowerBound) / HourlyCounters.hourMs + 1
        add("hours_expected", Double(expected))
        let source = try StoreSeries(slice, period: period)
        var scraped: Set<Int64> = []
        var targets: [String: Set<Int64>] = [:]
        try source.select(
            [LabelMatcher(Labels.metricName, equals: "vllm:num_requests_running")], startMs: limits.lowerBound,
            endMs: limits.upperBound
        ) { samples in
            for time in samples.timesMs {
                let hour = (time - limits.lowerBound) / HourlyCounters.hourMs
                scraped.insert(hour)
                targets[samples.labels["instance"] ?? "", default: []].insert(hour)
            }
        }
        if !scraped.isEmpty { add("hours_with_metrics", Double(scraped.count)) }
        for (target, hours) in targets where targets.count > 1 {
            add("hours_with_metrics", Double(hours.count), scope: target)
        }
        for (name, table, time) in [
            ("hours_with_logs", "engine_stat", "time_ms"), ("hours_with_gpu_samples", "gpu_sample", "time_ms"),
            ("hours_with_gateway_lines", "gateway_request", "start_ms"),
        ] {
            // A slice's sources are those of its period; its tables are cut by time alone.
            let hours = try slice.database.int(
                """
                SELECT count(DISTINCT (t.\(time) - \(limits.lowerBound)) / \(HourlyCounters.hourMs))
                FROM \(table) t JOIN source USING (source_id)
                """)
            if let hours, hours > 0 { add(name, Double(hours)) }
        }
        values.sort { ($0.scope, $0.name) < ($1.scope, $1.name) }
    }

    private mutating func add(_ name: String, _ value: Double, scope: String = WeekFacts.fleet) {
        values.append(WeekFacts.Value(scope: scope, name: name, value: value))
    }
}
