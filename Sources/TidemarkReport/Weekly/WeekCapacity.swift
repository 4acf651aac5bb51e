import TidemarkAnalysis
import TidemarkBase

/// Demand by the hour against the capacity, for the fleet and for each replica group.
struct WeekCapacity {
    let page: WeekPage
    private var week: KeptWeek { page.week }

    private static let hourMs: Int64 = 3_600_000

    init(_ page: WeekPage) { self.page = page }

    var section: ReportModel.OutlookSection? {
        var sentences: [String] = []
        if let next = week["next_peak_requests_per_second"], let low = next.low, let high = next.high {
            sentences.append(
                say(
                    "Next week's busiest hour is expected at \(NumberText.text(next.value, .requestsPerSecond)), 90 % between \(NumberText.text(low, .requestsPerSecond)) and \(NumberText.text(high, .requestsPerSecond))."
                ))
        }
        if let growth = week["growth_per_week_ratio"] {
            let rate = NumberText.text(abs(growth.value), .ratio)
            sentences.append(
                say(growth.value >= 0 ? "Demand grows by \(rate) a week." : "Demand falls by \(rate) a week."))
        }
        for one in week.texts["exhaustion"] ?? [] { sentences.append(say("Exhaustion: \(one.text).")) }
        if let needed = week["replicas_needed"] {
            let present = week.groups.reduce(0) { $0 + (week.value("replicas", $1)?.value ?? 0) }
            sentences.append(
                say(
                    "Next week needs \(NumberText.text(needed.value, .count("replicas"))), headroom and spares included; there are \(NumberText.text(present, .none))."
                ))
        }
        for one in week.texts["capacity"] ?? [] {
            sentences.append(
                say(
                    one.scope == KeptWeek.fleet
                        ? "No estimate: \(one.text)." : "No estimate for \(one.scope): \(one.text)."))
        }
        var blocks: [ReportModel.OutlookSection.Block] = []
        if let strip { blocks.append(.strip(strip, over: .init(startMs: week.startMs, endMs: week.endMs))) }
        if let table { blocks.append(.table(table)) }
        guard !sentences.isEmpty || !blocks.isEmpty else { return nil }
        if sentences.isEmpty { sentences = [say("Demand was counted, the capacity was not estimated.")] }
        return .init(title: say("Demand and headroom"), sentences: sentences, blocks: blocks)
    }

    /// Hours with a nil where one is missing: a gap, not a line.
    private static func hours(_ hours: [(timeMs: Int64, rps: Double)], shiftMs: Int64 = 0) -> (
        times: [Int64], values: [Double?]
    ) {
        var times: [Int64] = []
        var values: [Double?] = []
        for one in hours {
            let time = one.timeMs + shiftMs
            if let last = times.last, time - last > hourMs {
                times.append(last + hourMs)
                values.append(nil)
            }
            times.append(time)
            values.append(one.rps)
        }
        return (times, values)
    }

    private var strip: ReportModel.Strip? {
        guard !week.hours.isEmpty else { return nil }
        var series: [ReportModel.Series] = []
        if let before = page.before, !before.hours.isEmpty {
            let last = Self.hours(before.hours, shiftMs: week.startMs - before.startMs)
            series.append(
                .init(
                    name: say("last week"), role: .context, timesMs: last.times, values: last.values,
                    maximumGapMs: Self.hourMs))
        }
        let own = Self.hours(week.hours)
        series.append(.init(name: say("this week"), timesMs: own.times, values: own.values, maximumGapMs: Self.hourMs))
        var limits: [ReportModel.LimitLine] = []
        if let capacity = week["capacity_requests_per_second"] {
            limits.append(.init(value: capacity.value, label: say("capacity")))
        }
        return .init(
            id: "demand", title: say("Requests asked of the fleet, by the hour"),
            subtitle: say("mean of the hour, \(week.text("demand") ?? "")"), unit: .requestsPerSecond, series: series,
            limits: limits, csv: WeekPage.csv("demand"))
    }

    private var table: ReportModel.QuantityTable? {
        let scopes = (week["demand_peak_requests_per_second"] == nil ? [] : [KeptWeek.fleet]) + week.groups
        guard !scopes.isEmpty else { return nil }
        let rows: [[ReportModel.QuantityTable.Cell]] = scopes.map { scope in
            let capacity = week.value("capacity_requests_per_second", scope)
            let free = week.value("headroom_ratio", scope)
            let peak = week.value("demand_peak_requests_per_second", scope)
            return [
                .text(scope == KeptWeek.fleet ? say("whole fleet") : scope), .quantity(peak?.value, .requestsPerSecond),
                .quantity(capacity?.value, .requestsPerSecond), .quantity(capacity?.low, .requestsPerSecond),
                .quantity(capacity?.high, .requestsPerSecond), .quantity(free?.value, .ratio),
                .quantity(free?.low, .ratio), .quantity(free?.high, .ratio),
                .text(week.text("binding", scope)?.text ?? NumberText.missing),
                .text(week.text("grade", scope)?.text ?? NumberText.missing),
            ]
        }
        return .init(
            caption: say("Headroom by model"),
            columns: [
                .init(say("Model")),
                .init(say("Busiest hour"), isNumber: true, csv: "demand_peak_requests_per_second"),
                .init(say("Capacity"), isNumber: true, csv: "capacity_requests_per_second"),
                .init(say("80 % from"), isNumber: true, csv: "capacity_low_requests_per_second"),
                .init(say("to"), isNumber: true, csv: "capacity_high_requests_per_second"),
                .init(say("Headroom"), isNumber: true, csv: "headroom_ratio"),
                .init(say("80 % from"), isNumber: true, csv: "headroom_low_ratio"),
                .init(say("to"), isNumber: true, csv: "headroom_high_ratio"), .init(say("Limit")),
                .init(say("Grade")),
            ], rows: rows, csv: WeekPage.csv("headroom"))
    }
}
