import TidemarkAnalysis
import TidemarkBase

/// What a week's page answers first, and its five numbers.
struct WeekVerdict {
    let page: WeekPage
    private var week: KeptWeek { page.week }

    init(_ page: WeekPage) { self.page = page }

    var verdict: ReportModel.Verdict {
        .init(severity: severity, sentences: sentences, keyNumbers: numbers)
    }

    private var severity: ReportModel.Verdict.Severity {
        if week.findings.contains(where: { $0.confidence > 0.5 }) { return .incident }
        if isTight || isSoonFull || isOverBudget || isSlower { return .notice }
        return week.hours.isEmpty ? .unknown : .healthy
    }

    private var isTight: Bool { (week["headroom_ratio"]?.value ?? 1) < page.report.wantedHeadroom }
    private var isSoonFull: Bool { (week["weeks_to_exhaustion"]?.value ?? .infinity) < 8 }
    private var isOverBudget: Bool {
        week.objectives.contains { $0.bad > $0.allowed * $0.observations || $0.pages > 0 }
    }
    private var isSlower: Bool { week.text("comparison_verdict")?.text == "slower" }

    private var sentences: [String] {
        var sentences = [headroom]
        var second: [String] = []
        if let budget = WeekBudget(page).sentence { second.append(budget) }
        if isSlower, let words = week.text("comparison") { second.append(say(words)) }
        if !second.isEmpty { sentences.append(say(.sentences(second.map { Message(verbatim: $0) }))) }
        if let first = week.findings.max(by: {
            ($0.impactUserSeconds ?? 0, $0.confidence) < ($1.impactUserSeconds ?? 0, $1.confidence)
        }) {
            let count = week.findings.count
            let what: Message =
                "\(Verdict.title(first.cause)), \(Self.moment(first.startMs)) UTC, confidence \(Message(pattern: first.level))"
            sentences.append(say(count == 1 ? "1 finding, \(what)." : "\(count) findings, the largest: \(what)."))
        } else if !week.hours.isEmpty {
            sentences.append(Phrases.noFindings)
        }
        return sentences
    }

    private var headroom: String {
        guard let free = week["headroom_ratio"], let peak = week["demand_peak_requests_per_second"] else {
            guard let peak = week["demand_peak_requests_per_second"] else {
                return say("What was asked of the fleet in this week is not known.")
            }
            return say(
                "The busiest hour had \(NumberText.text(peak.value, .requestsPerSecond)); how much the fleet can take is not known."
            )
        }
        let most = NumberText.text(peak.value, .requestsPerSecond)
        var text: Message =
            free.value >= 0
            ? "At the busiest hour (\(most)) \(NumberText.text(free.value, .ratio)) of the capacity were free"
            : "The busiest hour (\(most)) asked for \(NumberText.text(-free.value, .ratio)) more than the capacity"
        let bounds = free.value >= 0 ? (free.low, free.high) : (free.high.map { -$0 }, free.low.map { -$0 })
        if let low = bounds.0, let high = bounds.1 {
            text = "\(text) (80 % interval \(NumberText.text(low, .ratio)) to \(NumberText.text(high, .ratio)))"
        }
        return say("\(text). \(exhaustion)")
    }

    /// When the capacity runs out.
    private var exhaustion: Message {
        guard let weeks = week["weeks_to_exhaustion"] else {
            return week.texts["exhaustion"]?.first.map { "It runs out: \($0.text)." }
                ?? "When it runs out is not known."
        }
        if weeks.value < 0.05 { return "Demand exceeds it already." }
        let low = weeks.low.map { Self.weeks($0) } ?? "?"
        let high = weeks.high.map { Message(verbatim: Self.weeks($0)) }
        return "It runs out in about \(Self.weeks(weeks.value)) weeks (80 %: \(low) to \(high ?? "not in sight"))."
    }

    static func weeks(_ value: Double) -> String { ByteWriter.fixed(value, decimals: value < 10 ? 1 : 0) }
    static func moment(_ timeMs: Int64) -> String {
        CivilTime.day(timeMs) + " " + CivilTime.clock(timeMs, seconds: false)
    }

    // MARK: Numbers

    private var numbers: [ReportModel.KeyNumber] {
        func against(_ name: String, _ unit: DisplayUnit) -> String {
            page.before?[name].map { say("last week \(NumberText.text($0.value, unit))") } ?? ""
        }
        func interval(_ value: KeptWeek.Value?) -> String {
            guard let low = value?.low, let high = value?.high else { return "" }
            return say("\(NumberText.text(low, .ratio)) to \(NumberText.text(high, .ratio))")
        }
        let free = week["headroom_ratio"]
        let weeks = week["weeks_to_exhaustion"]
        let budget = WeekBudget(page).left
        let slower = week["slowdown_percent"]
        let million = DisplayUnit.count(week.currency)
        let price = week["cost_per_million_output_tokens"]
        return [
            .init(
                label: say("Headroom at the busiest hour"), value: free?.value, unit: .ratio, comparison: interval(free)
            ),
            .init(
                label: say("Weeks to exhaustion"), value: weeks.map { Self.weeks($0.value) } ?? "",
                comparison: weeks == nil
                    ? say(week.isExhaustionFarOff ? "not in sight" : "not known")
                    : say(
                        "\(weeks?.low.map(Self.weeks) ?? "?") to \(weeks?.high.map { Message(verbatim: Self.weeks($0)) } ?? "not in sight")"
                    )),
            .init(
                label: say("Error budget left"), value: budget?.left, unit: .ratio,
                comparison: budget.map { say("of \($0.weeks) weeks, \($0.name)") } ?? say("no objective is measured")),
            .init(
                label: say("Slower than last week"), value: slower.map { $0.value / 100 }, unit: .ratio,
                comparison: slower == nil
                    ? say("not comparable")
                    : say(
                        "at equal load, \(NumberText.text((slower?.low ?? 0) / 100, .ratio)) to \(NumberText.text((slower?.high ?? 0) / 100, .ratio))"
                    )
            ),
            .init(
                label: say("Cost a million output tokens"), value: price?.value, unit: million,
                comparison: price == nil
                    ? say("no price or no tokens") : against("cost_per_million_output_tokens", million)),
        ]
    }
}
