import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// What will be asked of the fleet in the week behind the evidence, when that is more than it can take, how many replicas it takes
/// and what it costs (`docs/methods.md`, Demand).
public struct DemandForecast: Sendable {
    public static let stepSeconds = 3600
    /// Seven days.
    public static let horizon = 168
    /// Behind these days growth is nothing that can be told: half a year.
    static let mostDays = 182

    public var period: String
    public var zone: String
    /// nil without a request in the evidence.
    public var history: DemandHistory?
    /// nil when the history is too short.
    public var forecast: HourlyForecast?
    public var capacity: FleetCapacity?
    public var exhaustion: Exhaustion?
    public var replicas: ReplicaPlan?
    public var money: CostReport?
    public var energy: EnergyReport?
    /// What an engineer must know to trust or distrust the numbers.
    public var notes: [Message] = []

    /// The first forecast hour, Unix ms; nil without a history.
    public var startMs: Int64? { history?.endMs }

    /// What the caller knows and the evidence doesn't.
    public struct Given: Sendable {
        /// Requests per second the fleet can take; nil: `capacity_estimate`.
        public var capacity: Double?
        /// Of the users' days; nil: that of the servers' logs.
        public var zone: LocalZone?

        public init(capacity: Double? = nil, zone: LocalZone? = nil) { (self.capacity, self.zone) = (capacity, zone) }
    }

    /// Reads the evidence and the results of a period; writes nothing.
    public init(_ store: Store, period: Int, name: String, given: Given = Given()) throws {
        self.period = name
        let local = LocalHours(zone: try given.zone ?? Self.zone(store, period: period))
        zone = local.zone.name
        history = try DemandHistory.read(store, period: period)
        capacity = try FleetCapacity.read(store, period: period, given: given.capacity)
        guard let history else {
            notes.append("no request was counted: a forecast needs metrics, access lines, gateway logs or request logs")
            return
        }
        forecast = Self.fit(history.hours, history, local)
        explain(history, local)
        let plan = try Configuration.Plan.read(store)
        let use = try FleetUse(store, period: period, history: history)
        if let forecast { answer(forecast, history, use, plan, local) }
        energy = try EnergyReport(store, period: period, use: use, prices: plan.prices)
        money = CostReport(use, plan, capacity: capacity, energy: energy, replicas: replicas, notes: &notes)
    }

    /// Whether the period's capacity was estimated.
    public static func hasCapacity(_ store: Store, period: Int) throws -> Bool {
        try FleetCapacity.read(store, period: period, given: nil) != nil
    }

    /// Exhaustion and replicas.
    private mutating func answer(
        _ forecast: HourlyForecast, _ history: DemandHistory, _ use: FleetUse, _ plan: Configuration.Plan,
        _ local: LocalHours
    ) {
        if let capacity {
            // Where requests have become dearer, as many of today's as the engines had work for are what counts.
            var work = forecast
            if let weighted = use.weighted(history), let fit = Self.fit(weighted.hours, history, local) {
                work = fit
                let more: Message =
                    weighted.change > 0
                    ? "\(percent(weighted.change)) more" : "\(percent(-weighted.change)) less"
                notes.append(
                    "a request costs the engines \(more) than in the first week (lengths, cache): exhaustion and replicas count requests at the last week's cost"
                )
            }
            exhaustion = Exhaustion(work, capacity, startMs: history.endMs, historyHours: history.hours.count)
            replicas = ReplicaPlan(work, capacity, plan, imbalance: history.imbalance)
        } else {
            notes.append(
                "no capacity is known: `tidemark capacity` says what it lacks, --capacity gives it; exhaustion and replicas are left open"
            )
        }
    }

    static func fit(_ hours: [Double?], _ history: DemandHistory, _ local: LocalHours) -> HourlyForecast? {
        let first = history.startMs / HourlyCounters.hourMs
        let (values, firstLocal) = local.localised(hours, first: first)
        let end = first + Int64(hours.count)
        // Clocks may jump within the week: as many local hours as hold all hours of UTC.
        let behind = (0..<Int64(Self.horizon)).map { Int(local.local(end + $0) - firstLocal) - values.count }
        return HourlyForecast(values, firstHour: Int(firstLocal), horizon: max(Self.horizon, (behind.max() ?? 0) + 1))
            .map { $0.picked(behind.map { max(0, $0) }) }
    }

    /// The zone of the engines' logs: that of a place, else their offset; UTC without a log.
    private static func zone(_ store: Store, period: Int) throws -> LocalZone {
        let offset = try store.database.int(
            """
            SELECT clock_offset_ms FROM source WHERE period_id = ? AND format = 'vllm-log' AND clock_offset_ms IS NOT NULL
            GROUP BY clock_offset_ms ORDER BY count(*) DESC, clock_offset_ms LIMIT 1
            """, period)
        guard let offset, abs(offset) <= 14 * 3_600_000 else { return .fixed(minutesEast: 0) }
        return .fixed(minutesEast: offset / 60_000)
    }

    private mutating func explain(_ history: DemandHistory, _ local: LocalHours) {
        let firstLocal = local.local(history.startMs / HourlyCounters.hourMs)
        // The first and last hour are seldom whole.
        let inner = history.hours.dropFirst().dropLast()
        let missing = inner.count { $0 == nil }
        if missing > 0 {
            notes.append(
                "\(missing) of \(inner.count) hours were not observed; they count as unknown, not as zero")
        }
        if history.emptyHours > 0 {
            notes.append("\(history.emptyHours) hours of exactly zero are taken for gaps of the collection")
        }
        if history.queuedHours > 0 {
            notes.append(
                "in \(history.queuedHours) hours requests waited: demand may have been more than what was finished")
        }
        if history.includesRefused { notes.append("refused requests are counted as demand") }
        guard let forecast else {
            notes.append(
                "\(history.known) hours with requests are too few: a forecast needs \(HourlyForecast.fewestHours)")
            return
        }
        if history.hours.count < 48 {
            notes.append("less than two days: no daily pattern can be told, the level is carried on")
        } else if history.hours.count < 336 {
            notes.append("less than two weeks: no weekly pattern can be told")
        }
        func day(_ hour: Int) -> String { CivilTime.day((firstLocal + Int64(hour)) * HourlyCounters.hourMs) }
        if !forecast.unusualDays.isEmpty {
            notes.append(
                "left out as unlike the days around: \(Message.list(forecast.unusualDays.prefix(8).map(day)))\(forecast.unusualDays.count > 8 ? ", …" : "")"
            )
        }
        for step in forecast.steps.suffix(3) {
            notes.append(
                "lasting change of \(step.change >= 0 ? "+" : "−")\(percent(abs(step.change))) on \(day(step.hour)): what lies before is scaled to the new level"
            )
        }
        if let coverage = forecast.backtest.coverage, coverage < 0.8 {
            notes.append("in the backtest the 90 % interval held only \(percent(coverage)) of the hours")
        }
    }
}
