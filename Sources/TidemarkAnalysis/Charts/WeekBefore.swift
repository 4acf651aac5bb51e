import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// The signals of the overview seven days earlier, where there is evidence of the same fleet with the same model: in the period
/// itself when it is long enough, else in another period of the database.
struct WeekBefore {
    /// Names of the signals that are compared with last week's, in the report's order.
    static let signals = [
        "request_rate_requests_per_second", "ttft_p95_seconds", "waiting_requests", "kv_cache_usage_ratio",
        "preemptions_per_second", "error_5xx_requests_per_second", "gpu_sm_clock_hertz",
    ]
    static let shiftMs: Int64 = 7 * 86_400_000

    /// Fleet series whose values stand at the times of the grid that they are compared on.
    private(set) var series: [SignalSeries] = []

    /// - Parameters:
    ///   - grid: of the period's own signals.
    ///   - rateWindowMs: of their rates.
    init(
        _ store: Store, period: Int, source: StoreSeries, fleet: Fleet, grid: TimeGrid, intervalMs: Int64,
        rateWindowMs: Int64
    ) throws {
        let earlier = TimeGrid(
            startMs: grid.startMs - Self.shiftMs, endMs: grid.endMs - Self.shiftMs, stepMs: grid.stepMs)
        var others = try Self.others(store, period: period)
        if grid.startMs < earlier.endMs { others.insert(period, at: 0) }
        var best = 0
        for other in others {
            let theirs = other == period ? source : try StoreSeries(store, period: other)
            let theirFleet = other == period ? fleet : try Fleet(store, period: other, series: theirs)
            guard
                try Self.isSame(
                    store, (period, source, fleet, grid), (other, theirs, theirFleet, earlier))
            else { continue }
            let evaluator = try SignalEvaluator(
                store: store, period: other, source: theirs, fleet: theirFleet, grid: earlier, intervalMs: intervalMs,
                rateWindowMs: rateWindowMs)
            var found: [SignalSeries] = []
            for name in Self.signals {
                guard let signal = SignalCatalogue.signal(name), let one = try evaluator.fleetSeries(signal),
                    one.hasValues
                else { continue }
                found.append(one)
            }
            // Of two periods that cover the same hours the one that covers more of them.
            let known = found.map { $0.values.count { $0 != nil } }.max() ?? 0
            if known > best { (series, best) = (found, known) }
        }
    }

    /// Other periods with evidence seven days before this one's, in the order of their rows.
    static func others(_ store: Store, period: Int) throws -> [Int] {
        // A slice shows one stretch of time.
        guard store.limits == nil else { return [] }
        let rows = try store.database.prepare(
            """
            WITH span AS (
                SELECT period_id, min(first_ms) AS first_ms, max(last_ms) AS last_ms FROM source
                WHERE first_ms IS NOT NULL GROUP BY period_id)
            SELECT o.period_id FROM span o JOIN span p ON p.period_id = ?1
            WHERE o.period_id <> ?1 AND o.first_ms < p.last_ms - ?2 AND o.last_ms > p.first_ms - ?2 ORDER BY o.period_id
            """)
        rows.bind(1, period)
        rows.bind(2, shiftMs)
        var found: [Int] = []
        while try rows.step() { found.append(rows.int(0)) }
        return found
    }

    /// Changes with the evidence of a week earlier in other periods; empty without any.
    static func key(_ store: Store, period: Int) throws -> String {
        try others(store, period: period).map { " \(try store.evidenceKey(period: $0))" }.joined()
    }

    private typealias Side = (period: Int, source: StoreSeries, fleet: Fleet, grid: TimeGrid)

    /// Whether both sides have the same replicas serving the same models: by the metrics of their hours, without metrics by the
    /// replicas' names and the models that their logs name.
    private static func isSame(_ store: Store, _ a: Side, _ b: Side) throws -> Bool {
        let (now, then) = (try targets(a), try targets(b))
        if !now.isEmpty || !then.isEmpty { return now == then }
        func logged(_ side: Side) throws -> (Set<String>, Set<String>) {
            let runs = try EngineRun.all(store, period: side.period)
            return (Set(side.fleet.replicas.map(\.name)), Set(runs.compactMap(\.model)))
        }
        let (ours, theirs) = (try logged(a), try logged(b))
        return !ours.0.isEmpty && ours.0 == theirs.0 && !ours.1.isEmpty && ours.1 == theirs.1
    }

    /// Scrape targets with the models that they serve.
    private static func targets(_ side: Side) throws -> Set<[String]> {
        var found: Set<[String]> = []
        for name in ["vllm:num_requests_running", "vllm:generation_tokens_total"] where found.isEmpty {
            try side.source.select(
                [LabelMatcher(Labels.metricName, equals: name)], startMs: side.grid.startMs, endMs: side.grid.endMs
            ) { samples in
                guard samples.count > 0 else { return }
                found.insert([samples.labels["instance"] ?? "", samples.labels["model_name"] ?? ""])
            }
        }
        return found
    }
}
