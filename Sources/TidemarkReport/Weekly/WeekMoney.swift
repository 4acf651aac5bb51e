import TidemarkAnalysis
import TidemarkBase

/// What the week cost, and what of it gave users nothing.
struct WeekMoney {
    let page: WeekPage
    private var week: KeptWeek { page.week }
    private var unit: DisplayUnit { .count(week.currency) }

    private static let gpuHours = DisplayUnit.count("GPU-hours")
    private static let wastes: [(String, Message, String)] = [
        ("idle", "Idle capacity", ""), ("preempted", "Computed again after preemption", "preemptions"),
        ("aborted", "For requests that clients gave up, at most", "aborts"),
        ("cache_miss", "Prompt tokens that no cache held, at most", "tokens"),
    ]

    init(_ page: WeekPage) { self.page = page }

    var section: ReportModel.OutlookSection? {
        var sentences: [String] = []
        if let cost = week["cost"], let hours = week["gpu_hours"] {
            sentences.append(
                say(
                    "\(NumberText.text(hours.value, Self.gpuHours)) in the observed hours cost \(NumberText.text(cost.value, unit))."
                ))
        }
        if let worst = largest {
            sentences.append(
                say("The largest waste: \(worst.title) (\(NumberText.text(worst.hours, Self.gpuHours)))."))
        }
        for one in week.texts["cost"] ?? [] {
            sentences.append(say("\(say(one.text).inSentenceCase)."))
        }
        var blocks: [ReportModel.OutlookSection.Block] = []
        if let costs { blocks.append(.table(costs)) }
        if let waste { blocks.append(.table(waste)) }
        guard !blocks.isEmpty || !sentences.isEmpty else { return nil }
        if sentences.isEmpty { sentences = [say("What the week cost is not known.")] }
        return .init(title: say("Cost and waste"), sentences: sentences, blocks: blocks)
    }

    private var largest: (title: Message, hours: Double)? {
        Self.wastes.compactMap { kind, title, _ in
            week["waste_\(kind)_gpu_hours"].flatMap { $0.value > 0 ? (title: title, hours: $0.value) : nil }
        }.max { $0.hours < $1.hours }
    }

    private var costs: ReportModel.QuantityTable? {
        let quantities: [(String, Message, DisplayUnit)] = [
            ("cost", "The observed hours", unit), ("cost_per_gpu_hour", "A GPU-hour", unit),
            ("cost_per_request", "A request", unit),
            ("cost_per_million_output_tokens", "A million output tokens, all costs on them", unit),
            ("cost_per_million_prompt_tokens", "A million prompt tokens, by what they cost the engines", unit),
            ("cost_per_million_generated_tokens", "A million generated tokens, by what they cost the engines", unit),
            ("cost_per_session", "A session", unit), ("energy_watt_hours", "Energy measured", .count("Wh")),
            ("requests", "Requests", .none), ("prompt_tokens", "Prompt tokens", .none),
            ("generated_tokens", "Generated tokens", .none), ("gpu_hours", "GPU-hours", .none),
        ]
        var rows: [[ReportModel.QuantityTable.Cell]] = quantities.compactMap { name, title, unit in
            guard let own = week[name] else { return nil }
            return [.text(say(title)), .quantity(own.value, unit), .quantity(page.before?[name]?.value, unit)]
        }
        for group in week.groups where week.groups.count > 1 {
            guard let price = week.value("cost_per_million_output_tokens", group) else { continue }
            rows.append([
                .text(say("A million output tokens of \(group)")), .quantity(price.value, unit),
                .quantity(page.before?.value("cost_per_million_output_tokens", group)?.value, unit),
            ])
        }
        guard !rows.isEmpty else { return nil }
        return .init(
            caption: say("Costs and amounts"),
            columns: [
                .init(say("What")), .init(say("This week"), isNumber: true), .init(say("Last week"), isNumber: true),
            ], rows: rows,
            csv: WeekPage.csv("costs"))
    }

    private var waste: ReportModel.QuantityTable? {
        let price = week["cost_per_gpu_hour"]?.value
        var found: [(hours: Double, row: [ReportModel.QuantityTable.Cell])] = []
        for (kind, title, events) in Self.wastes {
            let hours = week["waste_\(kind)_gpu_hours"]?.value
            let count = week["waste_\(kind)_events"]?.value
            let why = week.texts["waste"]?.first { $0.scope == kind }?.text
            guard hours != nil || count != nil || why != nil else { continue }
            found.append(
                (
                    hours ?? -1,
                    [
                        .text(say(title)), .quantity(hours, Self.gpuHours),
                        .quantity(hours.flatMap { hours in price.map { $0 * hours } }, unit),
                        .quantity(count, events.isEmpty ? .none : .count(events)), .text(why.map { say($0) } ?? ""),
                    ]
                ))
        }
        guard !found.isEmpty else { return nil }
        let order = found.indices.sorted { (found[$1].hours, $0) < (found[$0].hours, $1) }
        return .init(
            caption: say("Waste, the largest first"),
            columns: [
                .init(say("What")), .init(say("GPU time"), isNumber: true, csv: "gpu_hours"),
                .init(say("Money"), isNumber: true, csv: "cost"), .init(say("Number"), isNumber: true, csv: "events"),
                .init(say("Not known, because")),
            ], rows: order.map { found[$0].row }, csv: WeekPage.csv("waste"))
    }
}
