import TidemarkBase
import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// What one week's evidence says, from a slice of the store that holds nothing else.
struct WeekFacts {
    /// A quantity; `scope` is `fleet`, a model or a replica group.
    struct Value {
        var scope: String
        var name: String
        var value: Double
        var low: Double?
        var high: Double?
    }

    static let fleet = "fleet"

    var values: [Value] = []
    var texts: [(topic: String, scope: String, text: Message)] = []
    var hours: [(timeMs: Int64, rps: Double)] = []
    var objectives: [WeekObjective] = []
    var findings: [Verdict.Finding] = []
    var errors: [WeekError] = []
    var usage = WeekUsage()
    private(set) var hasEvidence = false

    /// Analyses the slice, and leaves the results in its temporary tables.
    /// - Parameter keySource: the store whose key hashes users.
    init(_ slice: Store, period: Int, name: String, keySource: Store) throws {
        guard let limits = slice.limits else { return }
        hasEvidence = try Self.hasEvidence(slice)
        guard hasEvidence else { return }
        try Analysis(store: slice, period: period).refresh()
        let verdict = try Verdict(slice, period: period, name: name)
        findings = verdict.findings
        for check in verdict.quality {
            // Paths change when logs are rotated; what is in doubt doesn't.
            let text = check.name == "clocks" && !check.isGood ? "the clocks of some sources are in doubt" : check.text
            texts.append(("quality", check.isGood ? "good" : "doubt", text))
        }
        for one in verdict.missing.prefix(12) { texts.append(("not_checked", one.cause, one.text)) }
        let capacity = try CapacityReport(slice, period: period, name: name)
        try capacity.write(slice, period: period)
        let coverage = try WeekCoverage(slice, period: period, limits)
        values += coverage.values
        let history = try DemandHistory.read(slice, period: period)
        if let history { try add(history, slice, period) }
        try addCapacity(capacity, slice, period)
        objectives = try WeekObjective.all(slice, period: period, limits)
        errors = try WeekError.all(slice, period: period)
        usage = try WeekUsage(slice, period: period, limits, facts: self, keySource: keySource)
    }

    /// Anything dated at all.
    private static func hasEvidence(_ slice: Store) throws -> Bool {
        for table in [
            "chunk", "engine_stat", "http_rollup", "gateway_request", "request", "span", "log_event", "gpu_sample",
        ]
        where try slice.database.int("SELECT 1 FROM \(table) JOIN source USING (source_id) LIMIT 1") != nil {
            return true
        }
        return false
    }

    mutating func add(
        _ name: String, _ value: Double?, low: Double? = nil, high: Double? = nil, scope: String = fleet
    ) {
        guard let value, value.isFinite else { return }
        values.append(
            Value(
                scope: scope, name: name, value: value, low: low.flatMap { $0.isFinite ? $0 : nil },
                high: high.flatMap { $0.isFinite ? $0 : nil }))
    }

    func value(_ name: String, scope: String = fleet) -> Double? {
        values.first { $0.scope == scope && $0.name == name }?.value
    }

    // MARK: Demand, use, money

    private mutating func add(_ history: DemandHistory, _ slice: Store, _ period: Int) throws {
        for (index, rate) in history.hours.enumerated() {
            guard let rate else { continue }
            hours.append((history.startMs + Int64(index) * HourlyCounters.hourMs, rate))
        }
        texts.append(("demand", Self.fleet, Message(pattern: history.source)))
        let use = try FleetUse(slice, period: period, history: history)
        let plan = try Configuration.Plan.read(slice)
        let capacity = try FleetCapacity.read(slice, period: period, given: nil)
        let energy = try EnergyReport(slice, period: period, use: use, prices: plan.prices)
        var notes: [Message] = []
        let money = CostReport(use, plan, capacity: capacity, energy: energy, replicas: nil, notes: &notes)
        for note in notes { texts.append(("cost", Self.fleet, note)) }
        let peak = hours.map(\.rps).max()
        let seconds = Double(hours.count) * 3600
        add("demand_peak_requests_per_second", peak)
        add("demand_mean_requests_per_second", seconds > 0 ? use.requests / seconds : nil)
        add("requests", use.requests)
        add("prompt_tokens", use.promptTokens)
        add("generated_tokens", use.generationTokens)
        add("computed_prompt_tokens", use.computedTokens)
        add("imbalance_ratio", history.imbalance)
        add("queued_hours", Double(history.queuedHours))
        if let capacity, let peak {
            add("capacity_requests_per_second", capacity.rps, low: capacity.low, high: capacity.high)
            add(
                "headroom_ratio", 1 - peak / capacity.rps, low: 1 - peak / capacity.low,
                high: 1 - peak / capacity.high)
            let idle = max(0, 1 - use.requests / seconds / capacity.rps)
            add("idle_ratio", seconds > 0 ? idle : nil)
        }
        if use.gpuCount > 0 {
            add("gpus", Double(use.gpuCount))
            add("gpu_hours", Double(use.gpuCount * use.hours))
        }
        if let energy { add("energy_watt_hours", energy.wattHours) }
        if let money {
            texts.append(("currency", Self.fleet, Message(pattern: money.currency)))
            add("cost_per_gpu_hour", money.gpus > 0 ? money.perHour / Double(money.gpus) : nil)
            add("cost", money.perHour * Double(use.hours))
            add("cost_per_request", money.perRequest)
            add("cost_per_million_output_tokens", money.perMillionOutput)
            add("cost_per_million_prompt_tokens", money.perMillionPromptTokens)
            add("cost_per_million_generated_tokens", money.perMillionGeneratedTokens)
        }
        for waste in try WeekWaste.all(slice, period: period, use: use, facts: self) {
            add("waste_\(waste.kind)_gpu_hours", waste.gpuHours)
            add("waste_\(waste.kind)_events", waste.events)
            if let why = waste.missing { texts.append(("waste", waste.kind, why)) }
        }
    }

    // MARK: Capacity by model

    /// Each group's capacity beside the busiest hour of its model.
    private mutating func addCapacity(_ report: CapacityReport, _ slice: Store, _ period: Int) throws {
        if let refused = report.refused { texts.append(("capacity", Self.fleet, refused)) }
        let series = try StoreSeries(slice, period: period)
        let all = max(1, report.estimates.reduce(0) { $0 + $1.replicas.count })
        for estimate in report.estimates {
            let scope = estimate.group
            add("replicas", Double(estimate.replicas.count), scope: scope)
            let isOnly = report.estimates.count { $0.model == estimate.model } == 1
            let demand = try isOnly ? ModelDemand(series, slice, period: period, model: estimate.model) : nil
            let peak = demand?.peak ?? estimate.observedHigh
            add("demand_peak_requests_per_second", peak, scope: scope)
            add("demand_mean_requests_per_second", demand?.mean ?? estimate.observedRate, scope: scope)
            add("generated_tokens", demand?.generated, scope: scope)
            if let cost = value("cost") {
                let own = cost * Double(estimate.replicas.count) / Double(all)
                add("cost", own, scope: scope)
                if let generated = demand?.generated, generated > 0 {
                    add("cost_per_million_output_tokens", own / generated * 1e6, scope: scope)
                }
            }
            texts.append(("objectives", scope, estimate.objectivesText))
            guard let value = estimate.value else {
                if let refused = estimate.refused { texts.append(("capacity", scope, refused)) }
                continue
            }
            add("capacity_requests_per_second", value.maxRate, low: value.low, high: value.high, scope: scope)
            texts.append(("binding", scope, Message(pattern: value.binding)))
            texts.append(("grade", scope, Message(pattern: value.grade)))
            if let peak {
                add(
                    "headroom_ratio", 1 - peak / value.maxRate, low: 1 - peak / value.low, high: 1 - peak / value.high,
                    scope: scope)
            }
        }
    }

    // MARK: Comparison

    mutating func add(_ comparison: Comparison) {
        texts.append(("comparison", Self.fleet, comparison.sentence))
        texts.append(("comparison_verdict", Self.fleet, Message(pattern: comparison.overall.verdict.rawValue)))
        if let slowdown = comparison.overall.slowdown {
            add("slowdown_percent", slowdown, low: comparison.overall.low, high: comparison.overall.high)
        }
        for model in comparison.models where comparison.models.count > 1 {
            add("slowdown_percent", model.slowdown, low: model.low, high: model.high, scope: model.name)
            let verdict = Message(pattern: model.verdict.rawValue)
            let words = model.reason.map { "\(verdict): \($0)" } ?? verdict
            texts.append(("comparison_verdict", model.name, words))
        }
        for one in comparison.metrics where one.verdict != .same {
            let change = one.adjusted ?? one.change
            guard let change else { continue }
            add("changed_\(one.name)_percent", change, low: one.low, high: one.high, scope: one.model)
        }
        for one in comparison.arguments ?? [] {
            let change = "\(one.before ?? "–") → \(one.after ?? "–")"
            texts.append(("changed_argument", one.name, Message(verbatim: change)))
        }
    }
}

/// Requests and tokens of one model by the hour.
struct ModelDemand {
    var peak: Double?
    var mean: Double?
    var requests: Double?
    var prompt: Double?
    var generated: Double?

    /// nil where no counter names the model.
    init?(_ series: StoreSeries, _ store: Store, period: Int, model: String) throws {
        func table(_ names: [String]) throws -> [Double]? {
            for name in names {
                let table = try HourlyCounters(
                    series, store, period: period,
                    matchers: [
                        LabelMatcher(Labels.metricName, equals: name), LabelMatcher("model_name", equals: model),
                    ])
                let rates = table.rates.compactMap { $0 }
                if !rates.isEmpty { return rates }
            }
            return nil
        }
        guard let rates = try table(["vllm:request_success_total", "vllm:e2e_request_latency_seconds_count"]) else {
            return nil
        }
        peak = rates.max()
        mean = rates.reduce(0, +) / Double(rates.count)
        requests = rates.reduce(0, +) * 3600
        prompt = try table(["vllm:prompt_tokens_total"])?.reduce(0) { $0 + $1 * 3600 }
        generated = try table(["vllm:generation_tokens_total"])?.reduce(0) { $0 + $1 * 3600 }
    }
}
