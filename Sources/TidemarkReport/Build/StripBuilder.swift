import TidemarkAnalysis
import TidemarkBase

/// Makes charts out of stored signals: the aligned overview and the small multiples of each section.
struct StripBuilder {
    let results: StoredSignals

    init(_ results: StoredSignals) { self.results = results }

    /// Several signals in one chart, or one signal of all replicas.
    private struct Plan {
        var id: String
        var title: Message
        var subtitle: Message
        /// Signal names with their short labels.
        var signals: [(name: String, label: Message)]
        var role = ReportModel.Series.Role.percentile
        var isLog = false
        var maximum: Double?
    }

    private static let latency: [(short: String, long: Message)] = [
        ("ttft", "Time to first token"), ("itl", "Inter-token latency"), ("e2e", "End-to-end latency"),
    ]

    private static func percentiles(_ short: String, _ long: Message, _ which: [Int]) -> Plan {
        Plan(
            id: short, title: long, subtitle: "percentiles over all replicas",
            signals: which.map { ("\(short)_p\($0)_seconds", "P\($0)" as Message) }, isLog: true)
    }

    private static let queue = Plan(
        id: "requests", title: "Running and waiting requests", subtitle: "sum over replicas",
        signals: [("running_requests", "running"), ("waiting_requests", "waiting")], role: .observed)

    private static let tokens = Plan(
        id: "tokens", title: "Token throughput", subtitle: "sum over replicas",
        signals: [("prompt_tokens_per_second", "prompt"), ("generation_tokens_per_second", "generated")],
        role: .observed)

    private static let errors = Plan(
        id: "errors", title: "Errors and aborts", subtitle: "HTTP answers and aborted requests, sum over replicas",
        signals: [
            ("error_4xx_requests_per_second", "4xx"), ("error_5xx_requests_per_second", "5xx"),
            ("abort_requests_per_second", "aborts"),
        ], role: .bad)

    private static let gateway = Plan(
        id: "gateway_duration", title: "Duration at the gateway", subtitle: "percentiles over all gateways",
        signals: [50, 95, 99].map { ("gateway_duration_p\($0)_seconds", "P\($0)" as Message) }, isLog: true)

    private static let gatewayErrors = Plan(
        id: "gateway_trouble", title: "Left and timed-out requests at the gateway", subtitle: "sum over gateways",
        signals: [
            ("gateway_disconnect_requests_per_second", "left"),
            ("gateway_upstream_timeout_requests_per_second", "timed out"),
        ], role: .bad)

    /// The rows of the aligned chart, in the order in which a reader asks.
    func overview() -> [ReportModel.Strip] {
        let plans = [
            single("request_rate_requests_per_second"), Self.percentiles("ttft", "Time to first token", [50, 95]),
            Self.queue, single("kv_cache_usage_ratio", maximum: 1), single("preemptions_per_second"), Self.errors,
            single("gpu_sm_clock_hertz"),
        ]
        return plans.compactMap { $0.flatMap { strip($0, prefix: "overview") } }
    }

    func sections() -> [ReportModel.StripSection] {
        var service: [ReportModel.Strip?] = [single("request_rate_requests_per_second").flatMap { strip($0) }]
        service += Self.latency.map { strip(Self.percentiles($0.short, $0.long, [50, 90, 95, 99])) }
        service += [strip(Self.errors), strip(Self.queue), strip(Self.gateway), strip(Self.gatewayErrors)]
        let split = Plan(
            id: "phases", title: "Queue, prefill and decode", subtitle: "means of requests finished in the step",
            signals: [
                ("queue_time_mean_seconds", "queue"), ("prefill_time_mean_seconds", "prefill"),
                ("decode_time_mean_seconds", "decode"),
            ], role: .observed)
        let lengths = Plan(
            id: "lengths", title: "Request lengths", subtitle: "means of requests finished in the step",
            signals: [("prompt_length_mean_tokens", "prompt"), ("generation_length_mean_tokens", "generated")],
            role: .observed)
        var inference = [strip(Self.tokens), strip(split), strip(lengths)]
        for name in ["kv_cache_usage_ratio", "prefix_cache_hit_ratio"] {
            inference.append(perInstance(name, maximum: 1))
        }
        for name in ["preemptions_per_second", "engine_steps_per_second"] { inference.append(perInstance(name)) }
        let system = SignalCatalogue.all.filter { $0.section == .system && !$0.isMoment }.map {
            perInstance($0.name, maximum: $0.unit == .ratio ? 1 : nil)
        }
        return [
            .init(
                title: say("Service"), introduction: say("What users saw: load, latency, errors."),
                strips: service.compactMap { $0 }),
            .init(
                title: say("Inference"), introduction: say("What the engines did: tokens, cache, phases of a request."),
                strips: inference.compactMap { $0 }),
            .init(
                title: say("System"), introduction: say("What the GPUs, the hosts and the processes did."),
                strips: system.compactMap { $0 }),
        ].filter { !$0.strips.isEmpty }
    }

    private func single(_ name: String, maximum: Double? = nil) -> Plan? {
        guard let signal = SignalCatalogue.signal(name) else { return nil }
        return Plan(
            id: name, title: Message(pattern: signal.title), subtitle: subtitle(signal, several: true),
            signals: [(name, "")],
            role: .observed, maximum: maximum)
    }

    private func subtitle(_ signal: Signal, several: Bool) -> Message {
        let origin = results.origin(signal.name)
        let from: Message = origin.isEmpty ? "" : ", from \(Message(pattern: origin))"
        guard several, results.instances(signal.name).count > 1 else {
            return origin.isEmpty ? "" : "from \(Message(pattern: origin))"
        }
        let over: Message =
            signal.scope == .gpu
            ? "GPUs" : signal.scope == .host ? "hosts" : signal.scope == .gateway ? "gateways" : "replicas"
        switch signal.fleet {
        case .sum: return "sum over \(over)\(from)"
        case .max: return "highest of the \(over)\(from)"
        case .mean: return "mean over \(over)\(from)"
        }
    }

    private func strip(_ plan: Plan, prefix: String = "") -> ReportModel.Strip? {
        guard let unit = SignalCatalogue.signal(plan.signals[0].name)?.unit.display else { return nil }
        let lastWeek = prefix.isEmpty ? nil : lastWeek(plan)
        func lines(_ values: (String) -> StoredSignals.Values?) -> [ReportModel.Series] {
            plan.signals.compactMap { one in
                values(one.name).map {
                    // Beside last week's line an only line needs a name.
                    let isAlone = plan.signals.count == 1 && lastWeek != nil
                    return series(isAlone ? say("this week") : say(one.label), plan.role, $0)
                }
            }
        }
        let drawn = lines { results.values($0) }
        guard !drawn.isEmpty else { return nil }
        let context = [lastWeek].compactMap { $0 }
        let id = prefix.isEmpty ? plan.id : "\(prefix)_\(plan.id)"
        let isLog = plan.isLog && Self.spansDecades(drawn)
        let subtitle = [say(plan.subtitle), context.isEmpty ? "" : say("grey: a week earlier")].filter { !$0.isEmpty }
        var strip = ReportModel.Strip(
            id: id, signals: plan.signals.map(\.name), title: say(plan.title), subtitle: Phrases.list(subtitle),
            unit: unit, yScale: isLog ? .log : .linear, yMaximum: plan.maximum, series: context + drawn,
            missing: Self.isIdleQuiet(plan.signals[0].name) ? [] : nil,
            csv: .init(path: "\(ReportBuilder.csvFolder)/\(id).csv", label: say(plan.title)))
        if results.hasExtremes { strip.steps = lines { results.steps($0) } + context }
        return strip
    }

    private func series(
        _ name: String, _ role: ReportModel.Series.Role, _ values: StoredSignals.Values
    ) -> ReportModel.Series {
        .init(
            name: name, role: role, timesMs: values.timesMs, values: values.values,
            maximumGapMs: results.stepMs * 5 / 2)
    }

    /// The same a week earlier: of several percentiles the highest, else the first that was compared.
    private func lastWeek(_ plan: Plan) -> ReportModel.Series? {
        let signals = plan.role == .percentile ? plan.signals.reversed() : plan.signals
        for one in signals {
            guard let values = results.weekBefore(one.name) else { continue }
            return series(
                plan.signals.count == 1 ? say("last week") : say("\(one.label) last week"), .context, values)
        }
        return nil
    }

    /// A signal of every instance, the fleet's when there are more than seven.
    private func perInstance(_ name: String, maximum: Double? = nil) -> ReportModel.Strip? {
        guard let signal = SignalCatalogue.signal(name) else { return nil }
        let instances = results.instances(name)
        guard instances.count > 1, instances.count <= ChartExtremes.mostInstances else {
            return single(name, maximum: maximum).flatMap { strip($0) }
        }
        func lines(_ values: (String) -> StoredSignals.Values?) -> [ReportModel.Series] {
            instances.compactMap { instance in values(instance).map { series(instance, .replica, $0) } }
        }
        var chart = ReportModel.Strip(
            id: name, signals: [name], title: say(fixed: signal.title), subtitle: say(subtitle(signal, several: false)),
            unit: signal.unit.display, yMaximum: maximum, series: lines { results.values(name, $0) },
            missing: Self.isIdleQuiet(name) ? [] : nil,
            csv: .init(path: "\(ReportBuilder.csvFolder)/\(name).csv", label: say(fixed: signal.title)))
        if results.hasExtremes { chart.steps = lines { results.steps(name, $0) } }
        return chart
    }

    /// Signals that have no value while nobody asks anything: their silence isn't missing evidence.
    private static func isIdleQuiet(_ name: String) -> Bool {
        name.hasSuffix("_seconds") || name.hasSuffix("_mean_tokens") || name == "prefix_cache_hit_ratio"
    }

    private static func spansDecades(_ series: [ReportModel.Series]) -> Bool {
        let values = series.flatMap(\.values).compactMap { $0 }.filter { $0 > 0 }
        guard let low = values.min(), let high = values.max() else { return false }
        return high / low > 100
    }
}
