import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The forecast of a period as stored: next week's demand, when the capacity runs out, replicas and money.
struct DemandSection {
    let store: Store
    let analysis: Int
    let period: Int

    private struct Hours {
        var timesMs: [Int64] = []
        var rates: [Double?] = []
        var low: [Double?] = []
        var high: [Double?] = []
    }

    private static let hourMs: Int64 = 3_600_000
    /// History shown before the forecast: four weeks.
    private static let shownHours = 24 * 28

    func section() throws -> ReportModel.OutlookSection? {
        let summary = try store.database.prepare(
            """
            SELECT source, zone, method, mase_backtest, coverage_backtest, capacity_rps, capacity_low_rps,
                capacity_high_rps, exhausted_ms, earliest_ms, latest_ms, horizon_ms, replicas_needed, replicas_present,
                currency, cost_per_hour, cost_per_request, cost_per_million_output_tokens, idle_share, notes
            FROM forecast_summary WHERE analysis_id = ?
            """)
        summary.bind(1, analysis)
        guard try summary.step() else { return nil }
        let history = try hours("SELECT time_ms, rps, NULL, NULL FROM demand_hour WHERE analysis_id = ? ORDER BY 1")
        let ahead = try hours("SELECT time_ms, rps, low, high FROM forecast WHERE analysis_id = ? ORDER BY 1")
        guard let start = history.timesMs.suffix(Self.shownHours).first, let end = ahead.timesMs.last,
            let peak = ahead.rates.indices.max(by: { (ahead.rates[$0] ?? 0) < (ahead.rates[$1] ?? 0) })
        else { return nil }
        func rate(_ value: Double?) -> String { NumberText.text(value, .requestsPerSecond) }
        func day(_ column: Int) -> String? { summary.optionalInt64(column).map { CivilTime.day($0) } }

        let stored = try Sentences(store, period: period)
        var sentences = [
            say(
                "Next week's busiest hour: \(rate(ahead.rates[peak])) on \(CivilTime.day(ahead.timesMs[peak])) (UTC), 90 % between \(rate(ahead.low[peak])) and \(rate(ahead.high[peak]))."
            )
        ]
        let capacity = summary.optionalDouble(5)
        if let capacity {
            if let at = day(8) {
                let far: Message = "not in sight"
                let (first, last) = (
                    day(9).map { "\($0)" as Message } ?? far, day(10).map { "\($0)" as Message } ?? far
                )
                sentences.append(
                    say("It exceeds the capacity of \(rate(capacity)) on \(at); earliest \(first), latest \(last)."))
            } else {
                let until: Message = day(11).map { " before \($0), as far as the history tells" } ?? ""
                sentences.append(say("It does not exceed the capacity of \(rate(capacity))\(until)."))
            }
        } else {
            sentences.append(say("When that is too much is not known: there is no capacity estimate."))
        }
        if let error = summary.optionalDouble(3), let coverage = summary.optionalDouble(4) {
            sentences.append(
                say(
                    "Made from earlier midnights the error was \(NumberText.text(error, .none)) of the seasonal naive one (MASE), and the interval held \(NumberText.text(coverage, .ratio)) of the hours."
                )
            )
        }
        sentences.append(say("Method: \(stored[summary.text(2)]); days and weeks in \(summary.text(1))."))
        var notes = JSONReader(summary.bytes(19))
        try notes.array { sentences.append(Self.sentence(say(stored[try $0.string().text]))) }

        var limits: [ReportModel.LimitLine] = []
        if let capacity { limits.append(.init(value: capacity, label: say("capacity"))) }
        let strip = ReportModel.Strip(
            id: "forecast", title: say("Requests an hour, and what is expected"),
            subtitle: say("mean of the hour, counted from \(Message(pattern: summary.text(0))); band: 90 %"),
            unit: .requestsPerSecond,
            series: [
                .init(
                    name: say("observed"), role: .observed, timesMs: Array(history.timesMs.suffix(Self.shownHours)),
                    values: Array(history.rates.suffix(Self.shownHours)), maximumGapMs: Self.hourMs),
                .init(
                    name: say("expected"), role: .percentile, timesMs: ahead.timesMs, values: ahead.rates,
                    band: .init(low: ahead.low, high: ahead.high), maximumGapMs: Self.hourMs),
            ], limits: limits, missing: [],
            csv: .init(path: "\(ReportBuilder.csvFolder)/forecast.csv", label: say("forecast")))
        var blocks: [ReportModel.OutlookSection.Block] = [
            .strip(strip, over: .init(startMs: start, endMs: end + Self.hourMs))
        ]
        if let table = plan(summary) { blocks.append(table) }
        return .init(title: say("Demand and exhaustion"), sentences: sentences, blocks: blocks)
    }

    private static func sentence(_ note: String) -> String { say("\(note.inSentenceCase).") }

    private func hours(_ sql: String) throws -> Hours {
        let rows = try store.database.prepare(sql)
        rows.bind(1, analysis)
        var found = Hours()
        while try rows.step() {
            // A missing hour is a gap, not a straight line.
            if let last = found.timesMs.last, rows.int64(0) - last > Self.hourMs {
                found.timesMs.append(last + Self.hourMs)
                found.rates.append(nil)
                found.low.append(nil)
                found.high.append(nil)
            }
            found.timesMs.append(rows.int64(0))
            found.rates.append(rows.double(1))
            found.low.append(rows.optionalDouble(2))
            found.high.append(rows.optionalDouble(3))
        }
        return found
    }

    /// Replicas and money, as far as known.
    private func plan(_ row: Statement) -> ReportModel.OutlookSection.Block? {
        var cells: [[ReportModel.QuantityTable.Cell]] = []
        func add(_ label: Message, _ value: Double?, _ unit: DisplayUnit) {
            if let value { cells.append([.text(say(label)), .quantity(value, unit)]) }
        }
        let currency = row.optionalText(14) ?? ""
        add("Capacity, lower end of 80 %", row.optionalDouble(6), .requestsPerSecond)
        add("Capacity, upper end of 80 %", row.optionalDouble(7), .requestsPerSecond)
        add("Replicas now", row.optionalDouble(13), .count("replicas"))
        add("Replicas for next week's peak, with headroom and spare", row.optionalDouble(12), .count("replicas"))
        add("Cost an hour", row.optionalDouble(15), .count(currency))
        add("Cost a request", row.optionalDouble(16), .count(currency))
        add("Cost a million output tokens, all costs on them", row.optionalDouble(17), .count(currency))
        add("Idle share of the capacity", row.optionalDouble(18), .ratio)
        guard !cells.isEmpty else { return nil }
        return .table(
            .init(
                caption: say("Replicas and money"),
                columns: [.init(say("Quantity")), .init(say("Value"), isNumber: true)],
                rows: cells, csv: .init(path: "\(ReportBuilder.csvFolder)/demand.csv", label: say("plan"))))
    }
}
