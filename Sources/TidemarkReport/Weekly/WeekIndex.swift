import TidemarkAnalysis
import TidemarkBase

/// The page over all weeks: how they develop, and a row for each.
struct WeekIndex {
    let report: WeekReport

    private static let csvFolder = "csv"
    private static let weekMs: Int64 = 7 * CivilTime.millisPerDay

    init(_ report: WeekReport) { self.report = report }

    /// All weeks from the first to the last, nil where nothing is known.
    private var slots: [(week: ISOWeek, kept: KeptWeek?)] {
        guard let first = report.weeks.first, let last = report.weeks.last else { return [] }
        let known = Dictionary(report.weeks.map { ($0.week.index, $0) }) { $1 }
        return (first.week.index...last.week.index).map { (ISOWeek(index: $0), known[$0]) }
    }

    var model: ReportModel {
        let weeks = report.weeks
        let last = weeks[weeks.count - 1]
        var model = ReportModel(
            title: say("\(report.title): all weeks"),
            subtitle: say("\(weeks[0].week.name) to \(last.week.name), days of \(report.zone)"),
            window: .init(startMs: weeks[0].startMs, endMs: last.endMs), dataQuality: quality,
            verdict: WeekVerdict(WeekPage(report, weeks.count - 1)).verdict)
        model.verdict.sentences[0] = say("Week \(last.week.name): \(model.verdict.sentences[0])")
        model.showsFindings = false
        model.sections = [
            .init(
                title: say("How it develops"),
                introduction: say("One point a week, at its Monday. A week without evidence is a gap."), strips: strips)
        ]
        model.outlook = [table]
        model.csvFolder = Self.csvFolder
        return model
    }

    private var quality: ReportModel.DataQuality {
        let missing = slots.filter { $0.kept == nil }
        let poor = report.weeks.filter { WeekQuality($0).share < 0.7 }
        var reasons = [say("\(report.weeks.count) weeks")]
        if !missing.isEmpty {
            let names = missing.prefix(6).map(\.week.name) + (missing.count > 6 ? ["…"] : [])
            reasons.append(say("no evidence of \(missing.count): \(Message.list(names))"))
        }
        if !poor.isEmpty { reasons.append(say("less than 70 % of the hours in \(poor.count)")) }
        return .init(level: missing.isEmpty && poor.isEmpty ? .good : .fair, reasons: reasons)
    }

    // MARK: Trends

    private func series(
        _ name: String, role: ReportModel.Series.Role = .observed, scope: String = KeptWeek.fleet, label: String = "",
        hasBand: Bool = false
    ) -> ReportModel.Series? {
        let values = slots.map { $0.kept?.value(name, scope) }
        guard values.contains(where: { $0 != nil }) else { return nil }
        return series(
            values.map { $0?.value }, role, label,
            hasBand ? .init(low: values.map { $0?.low }, high: values.map { $0?.high }) : nil)
    }

    private func series(
        _ values: [Double?], _ role: ReportModel.Series.Role, _ label: String, _ band: ReportModel.Band? = nil
    ) -> ReportModel.Series {
        // Weeks of a zone with summer time are an hour longer or shorter.
        let first = report.weeks[0]
        let times = slots.map { slot in
            slot.kept?.startMs ?? first.startMs + Int64(slot.week.index - first.week.index) * Self.weekMs
        }
        return .init(
            name: label, role: role, timesMs: times, values: values, band: band, maximumGapMs: Self.weekMs + 7_200_000)
    }

    private func strip(
        _ id: String, _ title: String, _ subtitle: String, _ unit: DisplayUnit, _ series: [ReportModel.Series?],
        limits: [ReportModel.LimitLine] = []
    ) -> ReportModel.Strip? {
        let known = series.compactMap { $0 }
        guard !known.isEmpty else { return nil }
        return .init(
            id: id, title: title, subtitle: subtitle, unit: unit, series: known, limits: limits,
            csv: .init(path: "\(Self.csvFolder)/trend_\(id).csv", label: id))
    }

    private var strips: [ReportModel.Strip] {
        let currency = report.weeks.reversed().first { !$0.currency.isEmpty }?.currency ?? ""
        let money = DisplayUnit.count(currency)
        var found = [
            strip(
                "headroom", say("Headroom at the busiest hour"), say("share of the capacity, band: 80 %"), .ratio,
                [series("headroom_ratio", hasBand: true)],
                limits: [.init(value: report.wantedHeadroom, label: say("wanted"))]),
            strip(
                "demand", say("Demand and capacity"), say("busiest hour and mean of the week"), .requestsPerSecond,
                [
                    series("capacity_requests_per_second", role: .limit, label: say("capacity")),
                    series("demand_mean_requests_per_second", role: .context, label: say("mean")),
                    series("demand_peak_requests_per_second", label: say("busiest hour")),
                ]),
            strip(
                "cost", say("Cost a million output tokens"), say("all costs on them"), money,
                [series("cost_per_million_output_tokens")]),
            strip(
                "slowdown", say("Slower than the week before"), say("at equal load, band: 95 %"), .ratio, [slowdown]),
        ]
        found += objectives
        found.append(
            strip(
                "idle", say("Idle share of the capacity"), say("mean over the observed hours"), .ratio,
                [series("idle_ratio")]))
        found.append(strip("users", say("Active users"), say("distinct in the week"), .none, [series("active_users")]))
        let observed = slots.map { slot in slot.kept.map { WeekQuality($0).share } }
        found.append(
            strip(
                "completeness", say("Hours with evidence"), say("share of the week"), .ratio,
                [series(observed, .observed, "")]))
        return found.compactMap { $0 }
    }

    private var slowdown: ReportModel.Series? {
        let values = slots.map { $0.kept?["slowdown_percent"] }
        guard values.contains(where: { $0 != nil }) else { return nil }
        return series(
            values.map { $0.map { $0.value / 100 } }, .observed, "",
            .init(low: values.map { $0?.low.map { $0 / 100 } }, high: values.map { $0?.high.map { $0 / 100 } }))
    }

    /// The share of slow observations of each objective of the fleet.
    private var objectives: [ReportModel.Strip?] {
        let signals = Set(report.weeks.flatMap(\.objectives).filter { $0.scope == KeptWeek.fleet }.map(\.signal))
        return signals.sorted().map { signal in
            let own = slots.map { slot in
                slot.kept?.objectives.first { $0.scope == KeptWeek.fleet && $0.signal == signal }
            }
            let last = own.compactMap { $0 }.last
            let title = Message(pattern: SignalCatalogue.signal(signal)?.title ?? signal)
            return strip(
                "slo_\(signal)", say("Slower than the objective: \(title)"),
                last.map { say("share slower than \(NumberText.text($0.seconds, .seconds))") } ?? "", .ratio,
                [series(own.map { $0.map(\.badRatio) }, .observed, "")],
                limits: last.map { [.init(value: $0.allowed, label: say("allowed"))] } ?? [])
        }
    }

    // MARK: Table

    private var table: ReportModel.OutlookSection {
        let rows: [[ReportModel.QuantityTable.Cell]] = slots.reversed().map { slot in
            guard let week = slot.kept else {
                return [.text(slot.week.name), .text(say("\(slot.week.firstDay): no evidence"))]
            }
            let burn = week.objectives.filter { $0.scope == KeptWeek.fleet }.map(\.burnRate).max()
            return [
                .link(week.week.name, path: "weeks/\(week.week.name)/index.html"),
                .text(week.isOver ? week.week.firstDay : say("\(week.week.firstDay), so far")),
                .quantity(week["demand_peak_requests_per_second"]?.value, .requestsPerSecond),
                .quantity(week["headroom_ratio"]?.value, .ratio),
                .text(
                    week["weeks_to_exhaustion"].map { WeekVerdict.weeks($0.value) }
                        ?? (week.isExhaustionFarOff ? say("not in sight") : NumberText.missing)),
                .quantity(burn, .none), .quantity(week["slowdown_percent"].map { $0.value / 100 }, .ratio),
                .quantity(week["cost_per_million_output_tokens"]?.value, .count(week.currency)),
                .text("\(week.findings.filter { $0.confidence > 0.5 }.count)"), .text("\(week.newErrors.count)"),
                .quantity(WeekQuality(week).share, .ratio),
            ]
        }
        return .init(
            title: say("Weeks"),
            sentences: [say("\(report.weeks.count) weeks are kept; the newest is on top.")],
            blocks: [
                .table(
                    .init(
                        caption: say("All weeks"),
                        columns: [
                            .init(say("Week"), isShort: true), .init(say("From"), isShort: true),
                            .init(say("Busiest hour"), isNumber: true, csv: "demand_peak_requests_per_second"),
                            .init(say("Headroom"), isNumber: true, csv: "headroom_ratio"),
                            .init(say("Weeks to exhaustion"), isNumber: true, csv: "weeks_to_exhaustion"),
                            .init(say("Highest burn rate"), isNumber: true, csv: "burn_rate"),
                            .init(say("Slower than before"), isNumber: true, csv: "slowdown_ratio"),
                            .init(
                                say("Cost a million output tokens"), isNumber: true,
                                csv: "cost_per_million_output_tokens"),
                            .init(Phrases.findings, isNumber: true, csv: "findings"),
                            .init(say("New errors"), isNumber: true, csv: "new_errors"),
                            .init(say("Hours with evidence"), isNumber: true, csv: "hours_with_evidence_ratio"),
                        ], rows: rows, csv: .init(path: "\(Self.csvFolder)/weeks.csv", label: "weeks")))
            ])
    }
}
