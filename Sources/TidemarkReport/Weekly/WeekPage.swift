import TidemarkAnalysis
import TidemarkBase

/// The page of one week, in the order of a capacity meeting's questions: how much is free and for how long, were the objectives held,
/// did it become slower, what does it cost and what is wasted, what is new.
struct WeekPage {
    let report: WeekReport
    let place: Int
    var week: KeptWeek { report.weeks[place] }
    /// The kept week right before; nil after a gap.
    var before: KeptWeek? {
        guard place > 0, report.weeks[place - 1].week == week.week.previous else { return nil }
        return report.weeks[place - 1]
    }

    static let csvFolder = "csv"

    init(_ report: WeekReport, _ place: Int) { (self.report, self.place) = (report, place) }

    var model: ReportModel {
        let span = ReportModel.TimeSpan(startMs: week.startMs, endMs: week.endMs)
        let days: Message = "\(week.week.firstDay) to \(week.week.lastDay), days of \(week.zone)"
        var model = ReportModel(
            title: say("\(report.title), week \(week.week.name)"),
            subtitle: say(week.isOver ? days : "\(days); the week is still going on"),
            window: span, dataQuality: WeekQuality(week).badge, verdict: WeekVerdict(self).verdict,
            findings: week.findings.enumerated().map { finding($0.element, rank: $0.offset + 1) })
        model.notChecked = (week.texts["not_checked"] ?? []).map {
            .init(what: say(Verdict.title($0.scope)), remedy: say($0.text))
        }
        model.outlook = [
            WeekCapacity(self).section, WeekBudget(self).section, comparison, WeekMoney(self).section,
            WeekUse(self).section, errors, WeekQuality(week).section,
        ].compactMap { $0 }
        model.csvFolder = Self.csvFolder
        model.navigation = navigation
        model.methods = Self.methods
        return model
    }

    private var navigation: [ReportModel.FileLink] {
        var links = [ReportModel.FileLink(path: "../../index.html", label: say("All weeks"))]
        for (index, arrow) in [(place - 1, "← "), (place + 1, "→ ")] where report.weeks.indices.contains(index) {
            let name = report.weeks[index].week.name
            links.append(.init(path: "../\(name)/index.html", label: arrow + name))
        }
        return links
    }

    private func finding(_ one: WeekFinding, rank: Int) -> ReportModel.Finding {
        var impact: [String] = []
        if let seconds = one.impactUserSeconds {
            impact.append(say("users waited \(NumberText.text(seconds, .seconds)) longer, all together"))
        }
        if let requests = one.requestsAffected { impact.append(NumberText.text(requests, .requests)) }
        if let cost = one.cost {
            impact.append(say("\(NumberText.text(cost, .count(one.currency ?? ""))) of GPU time"))
        }
        return .init(
            rank: rank, cause: one.cause, title: say(Verdict.title(one.cause)),
            summary: say(week.sentences[one.summary]),
            span: .init(startMs: one.startMs, endMs: one.endMs), confidence: one.confidence,
            confidenceWord: .init(rawValue: one.level) ?? .low, impact: say(.list(impact)),
            replicas: one.instances, recommendations: one.recommendations.map { .init(say(week.sentences[$0])) })
    }

    static func csv(_ name: String) -> ReportModel.FileLink { .init(path: "\(csvFolder)/\(name).csv", label: name) }

    // MARK: Comparison

    private var comparison: ReportModel.OutlookSection? {
        let title = say("Against the week before")
        guard let sentence = week.text("comparison") else {
            return .init(title: title, sentences: [say("There is no evidence of the week before to compare with.")])
        }
        var rows: [[ReportModel.QuantityTable.Cell]] = []
        for (scope, values) in week.values.sorted(by: { $0.key < $1.key }) {
            for (name, value) in values.sorted(by: { $0.key < $1.key })
            where name.hasPrefix("changed_") && name.hasSuffix("_percent") {
                let signal = String(name.dropFirst("changed_".count).dropLast("_percent".count))
                let words = say(fixed: SignalCatalogue.signal(signal)?.title ?? signal)
                rows.append([
                    .text(scope.isEmpty || scope == KeptWeek.fleet ? words : "\(scope): \(words)"),
                    .quantity(value.value / 100, .ratio), .quantity(value.low.map { $0 / 100 }, .ratio),
                    .quantity(value.high.map { $0 / 100 }, .ratio),
                ])
            }
        }
        var blocks: [ReportModel.OutlookSection.Block] = []
        if !rows.isEmpty {
            blocks.append(
                .table(
                    .init(
                        caption: say("What changed beyond chance, at equal load where that matters"),
                        columns: [
                            .init(say("Quantity")), .init(say("Change"), isNumber: true, csv: "change_ratio"),
                            .init(say("95 % from"), isNumber: true, csv: "low_ratio"),
                            .init(say("to"), isNumber: true, csv: "high_ratio"),
                        ], rows: rows, csv: Self.csv("changes"))))
        }
        let arguments = week.texts["changed_argument"] ?? []
        if !arguments.isEmpty {
            blocks.append(
                .table(
                    .init(
                        caption: say("Arguments and versions that changed"),
                        columns: [.init(say("Name")), .init(say("Change"))],
                        rows: arguments.map { [.text($0.scope), .text($0.text.text)] }, csv: Self.csv("arguments"))))
        }
        return .init(title: title, sentences: [say(sentence)], blocks: blocks)
    }

    // MARK: Errors

    private var errors: ReportModel.OutlookSection? {
        let title = say("New kinds of errors")
        guard week["hours_with_logs"] != nil || week.errorKinds > 0 else {
            return .init(
                title: title,
                sentences: [say("No errors were seen, nor statistics lines of a server's log: it may be missing.")])
        }
        guard !week.newErrors.isEmpty else {
            let known = week.errorKinds
            return .init(
                title: title,
                sentences: [
                    known > 0
                        ? say("None that no earlier week has. \(known) known kinds came again.")
                        : say("None that no earlier week has.")
                ])
        }
        let isFirst = place == 0
        let rows: [[ReportModel.QuantityTable.Cell]] = week.newErrors.prefix(30).map {
            [
                .text($0.level), .text($0.text), .quantity(Double($0.events), .none),
                .text($0.firstMs.map { CivilTime.rfc3339($0) } ?? NumberText.missing),
            ]
        }
        let count = week.newErrors.count
        return .init(
            title: title,
            sentences: [
                say(
                    isFirst
                        ? "\(count) kinds of errors; this is the first week, so none is known."
                        : count == 1
                            ? "1 kind of error that no earlier week has."
                            : "\(count) kinds of errors that no earlier week has.")
            ] + (count > rows.count ? [say("The \(rows.count) most frequent are shown.")] : []),
            blocks: [
                .table(
                    .init(
                        caption: say("Messages with their variable parts masked"),
                        columns: [
                            .init(Phrases.level), .init(Phrases.message),
                            .init(say("Times"), isNumber: true, csv: "events"), .init(say("First (UTC)")),
                        ], rows: rows, csv: Self.csv("new_errors")))
            ])
    }

    private static var methods: [ReportModel.MethodNote] {
        [
            .init(
                heading: say("Headroom"),
                paragraphs: [
                    say(
                        "One less the demand of the week's busiest hour over the capacity that was estimated from the week's own traffic (80 % interval of the estimate). Exhaustion is the first hour of the forecast whose mean demand exceeds the capacity; earliest and latest set the ends of both intervals against each other."
                    )
                ]),
            .init(
                heading: say("Error budget"),
                paragraphs: [
                    say(
                        "An objective on P95 lets one observation in twenty be slower: that share is the budget. The burn rate is the share that was slower over it; at 1 the budget lasts exactly as long as its period. Alerts are counted by the Site Reliability Workbook's rates, 14.4 over an hour and 6 over six hours, where the lower end of Wilson's 95 % interval exceeds them and at least 50 requests were observed."
                    )
                ]),
            .init(
                heading: say("Waste"),
                paragraphs: [
                    say(
                        "Idle: the share of the capacity that demand left unused, in GPU-hours of the observed hours. Preempted: prompts and half the answers computed again. Aborted and missed in the cache: at most, for an abort may come early, and not every prefix comes twice."
                    )
                ]),
        ]
    }
}
