import TidemarkAnalysis
import TidemarkBase

/// Objectives, error budgets and burn rates.
struct WeekBudget {
    let page: WeekPage
    private var week: KeptWeek { page.week }

    init(_ page: WeekPage) { self.page = page }

    /// The fleet's budget with the least left, over the weeks that share it.
    var left: (left: Double, name: String, weeks: Int)? {
        let own = week.objectives.filter { $0.scope == KeptWeek.fleet }.map { one in
            (left: share(one), name: Self.title(one.signal), weeks: page.report.windows.budget)
        }
        return own.min { $0.left < $1.left }
    }

    /// What is left of a budget at the end of the week: of the bad observations that the weeks so far allow, at their traffic over the
    /// whole period of the budget.
    private func share(_ one: KeptWeek.Objective) -> Double {
        let weeks = page.report.budgetWeeks(page.place)
        let all = weeks.flatMap(\.objectives).filter {
            $0.scope == one.scope && $0.signal == one.signal && $0.seconds == one.seconds
        }
        let observations = all.reduce(0) { $0 + $1.observations }
        let bad = all.reduce(0) { $0 + $1.bad }
        guard observations > 0, !all.isEmpty else { return 1 }
        // The traffic of a full period, where fewer weeks are known.
        let period = observations / Double(all.count) * Double(page.report.windows.budget)
        return 1 - bad / (one.allowed * period)
    }

    var sentence: String? {
        guard let worst = week.objectives.filter({ $0.scope == KeptWeek.fleet }).max(by: { $0.burnRate < $1.burnRate })
        else {
            return nil
        }
        let share = NumberText.text(worst.badRatio, .ratio)
        let allowed = NumberText.text(worst.allowed, .ratio)
        return say(
            "\(Self.title(worst.signal)): \(share) slower than \(NumberText.text(worst.seconds, .seconds)) where \(allowed) may be, a burn rate of \(NumberText.text(worst.burnRate, .none))."
        )
    }

    private static func title(_ signal: String) -> String {
        say(fixed: SignalCatalogue.signal(signal)?.title ?? signal)
    }

    var section: ReportModel.OutlookSection? {
        let title = say("Objectives and error budget")
        guard !week.objectives.isEmpty else {
            return .init(
                title: title,
                sentences: [
                    say(
                        "No objective is measured: `slo:` in tidemark.yaml names them, and histograms of vLLM's metrics (or their absence) decide whether they can be."
                    )
                ])
        }
        var sentences: [String] = []
        if let sentence { sentences.append(sentence) }
        let pages = week.objectives.filter { $0.scope == KeptWeek.fleet }.map(\.pages).max() ?? 0
        sentences.append(
            pages == 0
                ? say("No alert on the burn rate would have come.")
                : pages == 1
                    ? say("An alert on the burn rate would have been on for 1 hour.")
                    : say("An alert on the burn rate would have been on for \(pages) hours."))
        let rows: [[ReportModel.QuantityTable.Cell]] = week.objectives.map { one in
            [
                .text(one.scope == KeptWeek.fleet ? say("whole fleet") : one.scope),
                .text("\(Self.title(one.signal)) ≤ \(NumberText.text(one.seconds, .seconds))"),
                .quantity(one.observations, .none), .quantity(one.badRatio, .ratio),
                .quantity(one.badLow / one.observations, .ratio), .quantity(one.badHigh / one.observations, .ratio),
                .quantity(one.burnRate, .none), .quantity(one.burn1h, .none), .quantity(one.burn6h, .none),
                .quantity(one.burn3d, .none), .quantity(share(one), .ratio),
            ]
        }
        let table = ReportModel.QuantityTable(
            caption: say("Observations against objectives"),
            columns: [
                .init(say("Scope")), .init(say("Objective")),
                .init(Phrases.observations, isNumber: true, csv: "observations"),
                .init(say("Slower"), isNumber: true, csv: "slower_ratio"),
                .init(say("at least"), isNumber: true, csv: "slower_low_ratio"),
                .init(say("at most"), isNumber: true, csv: "slower_high_ratio"),
                .init(say("Burn rate"), isNumber: true, csv: "burn_rate"),
                .init(say("worst hour"), isNumber: true, csv: "burn_rate_1h"),
                .init(say("worst 6 h"), isNumber: true, csv: "burn_rate_6h"),
                .init(say("worst 3 d"), isNumber: true, csv: "burn_rate_3d"),
                .init(
                    say("Left of \(page.report.windows.budget) weeks' budget"), isNumber: true, csv: "budget_left_ratio"
                ),
            ], rows: rows, csv: WeekPage.csv("objectives"))
        return .init(title: title, sentences: sentences, blocks: [.table(table)])
    }
}
