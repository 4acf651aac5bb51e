import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Of how many hours of a week there is evidence, by kind. An hour counts when anything was recorded in it.
struct WeekCoverage {
    var values: [WeekFacts.Value] = []

    private static let hourMs: Int64 = 3_600_000

    init(_ slice: Store, period: Int, _ limits: ClosedRange<Int64>) throws {
        let expected = (limits.upperBound - limits.lowerBound) / Self.hourMs + 1
        add("hours_expected", Double(expected))
        let source = try StoreSeries(slice, period: period)
        var scraped: Set<Int64> = []
        var targets: [String: Set<Int64>] = [:]
        try source.select(
            [LabelMatcher(Labels.metricName, equals: "vllm:num_requests_running")], startMs: limits.lowerBound,
            endMs: limits.upperBound
        ) { samples in
            for time in samples.timesMs {
                let hour = time / Self.hourMs
                scraped.insert(hour)
                targets[samples.labels["instance"] ?? "", default: []].insert(hour)
            }
        }
        if !scraped.isEmpty { add("hours_with_metrics", Double(scraped.count)) }
        for (target, hours) in targets where targets.count > 1 {
            add("hours_with_metrics", Double(hours.count), scope: target)
        }
        for (name, table) in [("hours_with_logs", "engine_stat"), ("hours_with_gpu_samples", "gpu_sample")] {
            let hours = try slice.database.int("SELECT count(DISTINCT time_ms / 3600000) FROM \(table)") ?? 0
            if hours > 0 { add(name, Double(hours)) }
        }
        let gateway = try slice.database.int("SELECT count(DISTINCT start_ms / 3600000) FROM gateway_request") ?? 0
        if gateway > 0 { add("hours_with_gateway_lines", Double(gateway)) }
        values.sort { ($0.scope, $0.name) < ($1.scope, $1.name) }
    }

    private mutating func add(_ name: String, _ value: Double, scope: String = WeekFacts.fleet) {
        values.append(WeekFacts.Value(scope: scope, name: name, value: value))
    }
}
