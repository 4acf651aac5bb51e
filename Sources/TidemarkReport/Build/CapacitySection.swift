import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The capacity of a period's replica groups as stored: how much each takes, what binds, and the fit that says so.
struct CapacitySection {
    let store: Store
    let analysis: Int
    let period: Int

    private static let limits: [String: Message] = [
        "max_num_seqs": "the batch slots (max_num_seqs) bind", "kv_cache": "the KV cache binds",
        "itl": "the time between tokens binds", "ttft_prefill": "the wait for the first token binds",
        "token_budget": "the token budget of a step (max_num_batched_tokens) binds",
        "api_server": "the API server's process binds",
    ]

    func section() throws -> ReportModel.OutlookSection? {
        let rows = try store.database.prepare(
            """
            SELECT replica_group, max_rps, low, high, binding_limit, grade, replicas, observed_rps, observed_max_rps,
                residual_ratio, objectives, conditions, refused, low95, high95
            FROM capacity_estimate WHERE analysis_id = ? ORDER BY max_rps IS NULL, replica_group
            """)
        rows.bind(1, analysis)
        let stored = try Sentences(store, period: period)
        var sentences: [String] = []
        var notes: [String] = []
        var cells: [[ReportModel.QuantityTable.Cell]] = []
        var charts: [ReportModel.OutlookSection.Block] = []
        func rate(_ column: Int) -> String { NumberText.text(rows.optionalDouble(column), .requestsPerSecond) }
        while try rows.step() {
            let group = rows.text(0)
            if let refused = rows.optionalText(12) {
                sentences.append(say("\(group): no estimate: \(stored[refused])."))
                continue
            }
            let replicas = rows.int(6)
            let fleet: Message = replicas == 1 ? "\(group) on 1 replica" : "\(group) on \(replicas) replicas"
            let binding = Self.limits[rows.text(4)] ?? Message(verbatim: rows.text(4))
            sentences.append(
                say(
                    rows.text(5) == "C"
                        ? "\(fleet) holds at least \(rate(2)), perhaps \(rate(1)): no load came within half of it; \(binding)."
                        : "\(fleet) holds \(rate(1)) (80 %: \(rate(2)) to \(rate(3))); \(binding)."))
            notes.append(say("\(group): within \(stored[rows.text(10)])."))
            var conditions = JSONReader(rows.bytes(11))
            try conditions.array { notes.append(say("\(group): \(stored[try $0.string().text]).")) }
            func cell(_ column: Int, _ unit: DisplayUnit) -> ReportModel.QuantityTable.Cell {
                .quantity(rows.optionalDouble(column), unit)
            }
            cells.append([
                .text(group), cell(1, .requestsPerSecond), cell(2, .requestsPerSecond), cell(3, .requestsPerSecond),
                cell(13, .requestsPerSecond), cell(14, .requestsPerSecond), .text(rows.text(4)), .text(rows.text(5)),
                cell(7, .requestsPerSecond), cell(8, .requestsPerSecond), cell(9, .ratio),
            ])
            if let chart = try fit(group, charts.count) { charts.append(chart) }
        }
        let tests = try store.database.prepare(
            "SELECT name, tool, sentence, remarks FROM load_test_estimate WHERE period_id = ? ORDER BY rowid")
        tests.bind(1, period)
        while try tests.step() {
            let (name, tool) = (tests.text(0), tests.text(1))
            let spaced = name.isEmpty ? "" : name + " "
            sentences.append(say("Load test \(spaced)(\(tool)): \(stored[tests.text(2)])."))
            var remarks = JSONReader(tests.bytes(3))
            try remarks.array { notes.append(say("\(name.isEmpty ? tool : name): \(stored[try $0.string().text]).")) }
        }
        guard !sentences.isEmpty else { return nil }
        let columns: [ReportModel.QuantityTable.Column] = [
            .init(say("Replica group")), .init(say("Highest rate"), isNumber: true),
            .init(say("80 % from"), isNumber: true),
            .init(say("to"), isNumber: true), .init(say("95 % from"), isNumber: true), .init(say("to"), isNumber: true),
            .init(say("Limit")), .init(say("Grade")), .init(say("Observed mean"), isNumber: true),
            .init(say("Observed high"), isNumber: true), .init(say("Residuals"), isNumber: true),
        ]
        var blocks = charts
        if !cells.isEmpty {
            blocks.append(
                .table(
                    .init(
                        caption: say("Highest rate within the objectives"), columns: columns, rows: cells,
                        csv: .init(path: "\(ReportBuilder.csvFolder)/capacity.csv", label: say("capacity")))))
        }
        if let limits = try limits() { blocks.append(limits) }
        return .init(title: say("Capacity"), sentences: sentences + notes, blocks: blocks)
    }

    /// What each limit alone would allow; nil where no more than one is known.
    private func limits() throws -> ReportModel.OutlookSection.Block? {
        let rows = try store.database.prepare(
            "SELECT replica_group, limit_name, rps FROM capacity_limit WHERE analysis_id = ? ORDER BY rowid")
        rows.bind(1, analysis)
        var cells: [[ReportModel.QuantityTable.Cell]] = []
        while try rows.step() {
            cells.append([.text(rows.text(0)), .text(rows.text(1)), .quantity(rows.double(2), .requestsPerSecond)])
        }
        guard cells.count > 1 else { return nil }
        return .table(
            .init(
                caption: say("What each limit alone would allow"),
                columns: [
                    .init(say("Replica group")), .init(say("Limit")), .init(say("Highest rate"), isNumber: true),
                ], rows: cells,
                csv: .init(path: "\(ReportBuilder.csvFolder)/capacity_limits.csv", label: say("capacity limits"))))
    }

    private func fit(_ group: String, _ place: Int) throws -> ReportModel.OutlookSection.Block? {
        let windows = try store.database.prepare(
            "SELECT sequences, gap_seconds FROM capacity_window WHERE analysis_id = ? AND replica_group = ? ORDER BY rowid"
        )
        windows.bind(1, analysis)
        windows.bind(2, group)
        var points: [ReportModel.Scatter.Point] = []
        while try windows.step() { points.append(.init(x: windows.double(0), y: windows.double(1))) }
        guard !points.isEmpty else { return nil }
        let line = try store.database.prepare(
            """
            SELECT sequences, step_seconds, low, high FROM capacity_line
            WHERE analysis_id = ? AND replica_group = ? ORDER BY sequences
            """)
        line.bind(1, analysis)
        line.bind(2, group)
        var fit: [ReportModel.Scatter.Fit] = []
        while try line.step() {
            fit.append(.init(x: line.double(0), y: line.double(1), low: line.double(2), high: line.double(3)))
        }
        let id = "capacity_\(place)"
        return .scatter(
            .init(
                id: id, title: say("Time between tokens by load, \(group)"),
                subtitle: say(
                    "each point a window of one engine; line: fitted cost of a step at the mean mix; band: 80 %"),
                xTitle: say("sequences that decode together"), xUnit: .count("sequences"), yUnit: .seconds,
                points: points,
                fit: fit, csv: .init(path: "\(ReportBuilder.csvFolder)/\(id).csv", label: say("fit"))))
    }
}
