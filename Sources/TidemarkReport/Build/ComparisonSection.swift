import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The comparisons of which this period is a side, as stored: the answer, what the change is made of, what else differs.
struct ComparisonSection {
    let store: Store
    let period: Int
    let name: String

    func sections() throws -> [ReportModel.OutlookSection] {
        let rows = try store.database.prepare(
            """
            SELECT comparison_id, baseline, candidate, summary FROM comparison
            WHERE candidate = ?1 OR baseline = ?1 ORDER BY candidate = ?1 DESC, comparison_id
            """)
        rows.bind(1, name)
        let stored = try Sentences(store, period: period)
        var found: [ReportModel.OutlookSection] = []
        while try rows.step() {
            let id = rows.int(0)
            var blocks = try waterfalls(id)
            blocks += [try metrics(id), try arguments(id)].compactMap { $0 }
            found.append(
                .init(
                    title: say("\(rows.text(2)) against \(rows.text(1))"), sentences: [say(stored[rows.text(3)])],
                    blocks: blocks))
        }
        return found
    }

    private static let factors: [String: Message] = [
        "load": "load", "mix": "mix of requests", "cache_hits": "prefix-cache hits", "configuration": "configuration",
        "unexplained": "unexplained", "remainder": "remainder",
    ]

    /// One a model whose change could be taken apart.
    private func waterfalls(_ id: Int) throws -> [ReportModel.OutlookSection.Block] {
        let models = try store.database.prepare(
            """
            SELECT model, before_seconds, after_seconds FROM comparison_model
            WHERE comparison_id = ? AND before_seconds IS NOT NULL ORDER BY model
            """)
        models.bind(1, id)
        var blocks: [ReportModel.OutlookSection.Block] = []
        while try models.step() {
            let model = models.text(0)
            let parts = try store.database.prepare(
                "SELECT factor, seconds FROM comparison_part WHERE comparison_id = ? AND model = ? ORDER BY position")
            parts.bind(1, id)
            parts.bind(2, model)
            var steps: [ReportModel.Waterfall.Part] = []
            while try parts.step() {
                let factor = parts.text(0)
                steps.append(
                    .init(
                        label: say(Self.factors[factor] ?? Message(verbatim: factor)), change: parts.double(1),
                        isKey: factor == "unexplained"))
            }
            guard !steps.isEmpty else { continue }
            let anchor = "comparison_\(id)_\(blocks.count)"
            blocks.append(
                .waterfall(
                    .init(
                        id: anchor, title: say("What the change of inter-token latency is made of"),
                        subtitle: say(model.isEmpty ? "mean over all tokens" : "mean over all tokens of \(model)"),
                        unit: .seconds, fromLabel: say("before"), fromValue: models.double(1), parts: steps,
                        toLabel: say("after"),
                        csv: .init(path: "\(ReportBuilder.csvFolder)/\(anchor).csv", label: say("parts")))))
        }
        return blocks
    }

    private func metrics(_ id: Int) throws -> ReportModel.OutlookSection.Block? {
        let rows = try store.database.prepare(
            """
            SELECT model, metric, before, after, change_percent, adjusted_percent, verdict FROM comparison_metric
            WHERE comparison_id = ? ORDER BY model, metric
            """)
        rows.bind(1, id)
        var cells: [[ReportModel.QuantityTable.Cell]] = []
        while try rows.step() {
            let metric = rows.text(1)
            // A share of requests is named after the rate that it was made from.
            let isShare = metric.hasSuffix("_per_request")
            let signal = SignalCatalogue.signal(
                isShare ? String(metric.dropLast("_per_request".count)) + "_per_second" : metric)
            let title: Message =
                signal.map {
                    let name = Message(pattern: $0.title)
                    return isShare ? "\(name), share of requests" : name
                } ?? Message(verbatim: metric)
            let unit: DisplayUnit = isShare ? .ratio : signal?.unit.display ?? .count("")
            func share(_ column: Int) -> ReportModel.QuantityTable.Cell {
                .quantity(rows.optionalDouble(column).map { $0 / 100 }, .ratio)
            }
            cells.append([
                .text(say(title)), .text(rows.text(0)), .quantity(rows.double(2), unit),
                .quantity(rows.double(3), unit), share(4), share(5), .text(say(fixed: rows.text(6))),
            ])
        }
        guard !cells.isEmpty else { return nil }
        return .table(
            .init(
                caption:
                    say(
                        "Before and after; verdicts hold after correction for the number of comparisons (5 % false ones)"
                    ),
                columns: [
                    .init(say("Signal")), .init(say("Model")), .init(say("Before"), isNumber: true),
                    .init(say("After"), isNumber: true),
                    .init(say("Change"), isNumber: true), .init(say("At equal load"), isNumber: true),
                    .init(say("Verdict")),
                ], rows: cells,
                csv: .init(path: "\(ReportBuilder.csvFolder)/comparison_\(id)_signals.csv", label: say("signals"))))
    }

    private func arguments(_ id: Int) throws -> ReportModel.OutlookSection.Block? {
        let rows = try store.database.prepare(
            "SELECT name, before, after FROM comparison_argument WHERE comparison_id = ? ORDER BY name")
        rows.bind(1, id)
        var cells: [[ReportModel.QuantityTable.Cell]] = []
        while try rows.step() {
            cells.append([
                .text(rows.text(0)), .text(String((rows.optionalText(1) ?? "–").prefix(200))),
                .text(String((rows.optionalText(2) ?? "–").prefix(200))),
            ])
        }
        guard !cells.isEmpty else { return nil }
        return .table(
            .init(
                caption: say("Versions, arguments and start-up figures that differ"),
                columns: [.init(say("Name")), .init(say("Before")), .init(say("After"))], rows: cells,
                csv: .init(path: "\(ReportBuilder.csvFolder)/comparison_\(id)_arguments.csv", label: say("arguments"))))
    }
}
