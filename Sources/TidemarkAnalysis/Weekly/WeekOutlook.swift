import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// What the kept weeks up to one of them say about the time behind it: next week's demand, when it exceeds that week's capacity, how
/// many replicas it takes.
struct WeekOutlook {
    private(set) var values: [WeekFacts.Value] = []
    private(set) var texts: [(topic: String, scope: String, text: Message)] = []

    /// What ``write(_:week:)`` replaces.
    private static let names = [
        "weeks_to_exhaustion", "next_peak_requests_per_second", "growth_per_week_ratio", "replicas_needed",
        "forecast_history_hours",
    ]
    private static let topic = "exhaustion"

    init(_ store: Store, _ row: WeekLedger.Row, period: Int, zone: LocalZone, windows: Weeks.Windows) throws {
        let week = 7 * CivilTime.millisPerDay
        let rows = try store.database.prepare(
            """
            SELECT time_ms, max(rps) FROM week_hour JOIN week USING (week_id)
            WHERE period_id = ? AND start_ms > ? AND start_ms <= ? GROUP BY time_ms ORDER BY time_ms
            """)
        rows.bind(1, period)
        rows.bind(2, row.startMs - Int64(windows.history) * week)
        rows.bind(3, row.startMs)
        var known: [Int64: Double] = [:]
        var (first, last): (Int64, Int64) = (.max, .min)
        while try rows.step() {
            let hour = rows.int64(0) / HourlyCounters.hourMs
            known[hour] = rows.double(1)
            (first, last) = (min(first, hour), max(last, hour))
        }
        guard first <= last else { return }
        let history = DemandHistory(
            startMs: first * HourlyCounters.hourMs, hours: (first...last).map { known[$0] }, source: "kept weeks")
        add("forecast_history_hours", Double(history.known))
        guard let forecast = DemandForecast.fit(history.hours, history, LocalHours(zone: zone)) else {
            say("\(history.known) hours with requests are too few for a forecast")
            return
        }
        if let peak = forecast.values.indices.max(by: { forecast.values[$0] < forecast.values[$1] }) {
            add(
                "next_peak_requests_per_second", forecast.values[peak], low: forecast.low[peak],
                high: forecast.high[peak])
        }
        if let trend = forecast.trend, trend.isSignificant {
            let interval = trend.perDayInterval
            add("growth_per_week_ratio", trend.perDay * 7, low: interval.lowerBound * 7, high: interval.upperBound * 7)
        }
        guard let capacity = try Self.capacity(store, week: row.id) else {
            say("no capacity is known, so nothing tells when it runs out")
            return
        }
        let plan = try Configuration.Plan.read(store)
        let imbalance = try store.database.prepare(
            "SELECT value FROM week_value WHERE week_id = ? AND scope = 'fleet' AND name = 'imbalance_ratio'")
        imbalance.bind(1, row.id)
        let ratio = try imbalance.step() ? imbalance.double(0) : nil
        if let replicas = ReplicaPlan(forecast, capacity, plan, imbalance: ratio) {
            add("replicas_needed", Double(replicas.needed))
        }
        let exhaustion = Exhaustion(
            forecast, capacity, startMs: history.endMs, historyHours: history.hours.count)
        func weeks(_ timeMs: Int64) -> Double { Double(max(0, timeMs - history.endMs)) / Double(week) }
        if let at = exhaustion.atMs {
            add(
                "weeks_to_exhaustion", weeks(at), low: exhaustion.earliestMs.map(weeks),
                high: exhaustion.latestMs.map(weeks))
            if !exhaustion.isSupported { say("it lies further ahead than the history is long") }
            if exhaustion.latestMs == nil { say("it may also stay within the capacity for the half year looked at") }
        } else {
            let ahead = ByteWriter.fixed(weeks(min(exhaustion.horizonMs, exhaustion.endMs)), decimals: 0)
            let far: Message = "not within \(ahead) weeks, as far as the history tells"
            let earliest = exhaustion.earliestMs.map { ByteWriter.fixed(weeks($0), decimals: 1) }
            say(
                earliest.map {
                    "\(far); at the upper end of demand and the lower end of capacity in \($0) weeks"
                } ?? far, scope: Weeks.exhaustionFarOff)
        }
    }

    private mutating func add(_ name: String, _ value: Double, low: Double? = nil, high: Double? = nil) {
        guard value.isFinite else { return }
        values.append(.init(scope: WeekFacts.fleet, name: name, value: value, low: low, high: high))
    }

    private mutating func say(_ text: Message, scope: String = WeekFacts.fleet) {
        texts.append((Self.topic, scope, text))
    }

    private static func capacity(_ store: Store, week: Int) throws -> FleetCapacity? {
        let row = try store.database.prepare(
            """
            SELECT value, low, high, (SELECT total(value) FROM week_value r WHERE r.week_id = v.week_id AND r.scope <> 'fleet'
                AND r.name = 'replicas') FROM week_value v
            WHERE week_id = ? AND scope = 'fleet' AND name = 'capacity_requests_per_second'
            """)
        row.bind(1, week)
        guard try row.step(), let low = row.optionalDouble(1), let high = row.optionalDouble(2) else { return nil }
        let replicas = Int(exactly: row.double(3)) ?? 0
        return FleetCapacity(
            rps: row.double(0), low: low, high: high, replicas: replicas > 0 ? replicas : nil, source: "kept week")
    }

    /// The caller holds the transaction.
    func write(_ store: Store, week: Int) throws {
        let names = Self.names.map { "'\($0)'" }.joined(separator: ", ")
        try store.database.prepare("DELETE FROM week_value WHERE week_id = ? AND name IN (\(names))").run(week)
        try store.database.prepare("DELETE FROM week_text WHERE week_id = ? AND topic = ?").run(week, Self.topic)
        let value = try store.database.prepare("INSERT INTO week_value VALUES (?, ?, ?, ?, ?, ?)")
        for one in values {
            try value.run(
                week, one.scope, one.name, WeekWriter.rounded(one.value), one.low.map(WeekWriter.rounded),
                one.high.map(WeekWriter.rounded))
        }
        try WeekWriter(store: store, week: week).write(texts)
    }
}
