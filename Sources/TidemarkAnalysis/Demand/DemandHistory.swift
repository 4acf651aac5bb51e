import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// What users asked of the fleet, hour by hour.
public struct DemandHistory: Sendable {
    /// Start of the first hour, Unix ms.
    public var startMs: Int64
    /// Mean requests per second of each hour, over all replicas; nil where it was not observed.
    public var hours: [Double?]
    /// What it was counted from.
    public var source: String
    /// Requests refused are in it.
    public var includesRefused = false
    /// Hours in which requests waited: demand was that or more.
    public var queuedHours = 0
    /// Requests of the busiest replica over those of the mean one, in the last week; nil where replicas aren't told apart.
    public var imbalance: Double?
    /// Zero hours between others, taken for gaps of the collection.
    public var emptyHours = 0

    public var endMs: Int64 { startMs + Int64(hours.count) * HourlyCounters.hourMs }
    public var known: Int { hours.count { $0 != nil } }

    /// Metrics that count a request once, in order of preference, with words for them.
    private static let counters = [
        ("vllm:request_success_total", "finished requests (vllm:request_success_total)"),
        ("vllm:request_success", "finished requests (vllm:request_success)"),
        ("vllm:e2e_request_latency_seconds_count", "end-to-end latencies counted"),
        ("vllm:time_to_first_token_seconds_count", "first tokens counted"),
    ]

    /// The history with the most known hours of all evidence of a period: engines' counters, else gateways, access lines, request
    /// log. nil without any.
    static func read(_ store: Store, period: Int) throws -> DemandHistory? {
        let series = try StoreSeries(store, period: period)
        var found: [DemandHistory] = []
        for (name, words) in counters {
            let table = try HourlyCounters(
                series, store, period: period, matchers: [LabelMatcher(Labels.metricName, equals: name)])
            guard !table.hours.isEmpty else { continue }
            var history = DemandHistory(
                startMs: table.hours.lowerBound * HourlyCounters.hourMs, hours: table.rates, source: words)
            let shares = table.shares(lastDays: 7).values.filter { $0 > 0 }
            if shares.count > 1, let most = shares.max() {
                history.imbalance = most / (shares.reduce(0, +) / Double(shares.count))
            }
            try history.addRefused(store, series, period: period)
            try history.findQueues(series)
            found.append(history)
            break
        }
        for (words, sql) in rowSources {
            if let history = try rows(store, period: period, source: words, sql: sql) { found.append(history) }
        }
        guard var best = found.first else { return nil }
        for other in found.dropFirst() where Double(other.known) > 1.1 * Double(best.known) { best = other }
        best.leaveOutEmptyHours()
        return best
    }

    /// SQL that gives hour since 1970 and number of requests; `?1` is the period, `?2` the latest time that is one.
    private static let rowSources = [
        (
            "requests of the gateway's log",
            """
            SELECT g.start_ms / 3600000, count(*), min(g.start_ms), max(g.start_ms) FROM gateway_request g
            JOIN source s USING (source_id)
            WHERE s.period_id = ?1 AND g.start_ms BETWEEN 1 AND ?2 AND \(GatewayMeasure.inferenceSQL)
                AND s.instance_id IS (SELECT s2.instance_id FROM gateway_request g2 JOIN source s2 USING (source_id)
                    WHERE s2.period_id = ?1 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)
            GROUP BY 1
            """
        ),
        (
            "access lines of the servers' logs",
            """
            SELECT h.time_ms / 3600000, sum(h.requests), min(h.time_ms), max(h.time_ms) FROM http_access h
            JOIN instance i USING (instance_id)
            WHERE i.period_id = ?1 AND i.kind = 'engine' AND h.time_ms BETWEEN 1 AND ?2 AND (\(SignalCatalogue.inferenceRoutes))
            GROUP BY 1
            """
        ),
        (
            "requests of the servers' logs",
            """
            SELECT coalesce(r.received_ms, r.added_ms) / 3600000, count(*), min(coalesce(r.received_ms, r.added_ms)),
                max(coalesce(r.received_ms, r.added_ms)) FROM request r JOIN instance i USING (instance_id)
            WHERE i.period_id = ?1 AND coalesce(r.received_ms, r.added_ms) BETWEEN 1 AND ?2 GROUP BY 1
            """
        ),
    ]

    private static func rows(_ store: Store, period: Int, source: String, sql: String) throws -> DemandHistory? {
        let rows = try store.database.prepare(sql)
        rows.bind(1, period)
        rows.bind(2, HourlyCounters.times.upperBound)
        var counts: [Int64: Double] = [:]
        var (first, last): (Int64, Int64) = (.max, .min)
        while try rows.step() {
            counts[rows.int64(0)] = rows.double(1)
            first = min(first, rows.int64(2))
            last = max(last, rows.int64(3))
        }
        guard first < last else { return nil }
        let hour = HourlyCounters.hourMs
        let end = last / hour + 1
        let start = max(first / hour, end - HourlyCounters.mostHours)
        let rates = (start..<end).map { index -> Double? in
            let observed = min(last, (index + 1) * hour) - max(first, index * hour)
            // Without a line nothing says that the log was written in that hour.
            guard observed >= hour / 2, let count = counts[index] else { return nil }
            return count / (Double(observed) / 1000)
        }
        return DemandHistory(startMs: start * hour, hours: rates, source: source)
    }

    /// Requests that were turned away are demand, too.
    private mutating func addRefused(_ store: Store, _ series: StoreSeries, period: Int) throws {
        let refused = [
            [LabelMatcher(Labels.metricName, equals: "vllm:admission_rejections_total")],
            [
                LabelMatcher(Labels.metricName, equals: "http_requests_total"),
                try LabelMatcher("status", .matches, "429|503"),
            ],
        ]
        for matchers in refused {
            let table = try HourlyCounters(series, store, period: period, matchers: matchers)
            guard !table.hours.isEmpty else { continue }
            let first = startMs / HourlyCounters.hourMs
            for index in hours.indices {
                guard let rate = hours[index], let more = table.rate(first + Int64(index)), more > 0 else { continue }
                hours[index] = rate + more
                includesRefused = true
            }
            if includesRefused { return }
        }
    }

    /// Hours in which more than a twentieth of the running requests waited on the mean: what was finished may be less than what was
    /// asked for.
    private mutating func findQueues(_ series: StoreSeries) throws {
        let waiting = try HourlyGauge(series, name: "vllm:num_requests_waiting")
        let running = try HourlyGauge(series, name: "vllm:num_requests_running")
        let first = startMs / HourlyCounters.hourMs
        for index in hours.indices where hours[index] != nil {
            guard let queue = waiting.mean(first + Int64(index)), let busy = running.mean(first + Int64(index)) else {
                continue
            }
            if queue >= max(1, busy / 20) { queuedHours += 1 }
        }
    }

    /// Hours of exactly nothing in a fleet that otherwise always has work are hours in which nothing was collected.
    private mutating func leaveOutEmptyHours() {
        let positive = hours.compactMap { $0 }.filter { $0 > 0 }
        guard let least = positive.sorted().dropFirst(positive.count / 100).first else { return }
        // Where a usual hour has many requests, none at all is no chance.
        guard least * 3600 >= 30, positive.count * 20 >= known * 19 else { return }
        for index in hours.indices where hours[index] == 0 {
            hours[index] = nil
            emptyHours += 1
        }
    }
}
