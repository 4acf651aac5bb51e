import TidemarkStore

extension LogTemplates {
    /// Writes the templates into their tables. The caller holds the transaction.
    public func write(_ store: Store, analysis: Int) throws {
        let template = try store.database.prepare("INSERT INTO log_template VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for one in templates {
            try template.run(
                analysis, one.id, one.text, one.level, one.kind, one.events, one.untimed, one.firstMs, one.lastMs,
                one.source, one.line)
        }
        let step = try store.database.prepare("INSERT INTO log_template_step VALUES (?, ?, ?, ?, ?, ?)")
        for cell in cells {
            try step.run(analysis, templates[cell.template].id, cell.instance, cell.timeMs, cell.events, cell.eventId)
        }
    }

    /// The templates of the period's stored analysis; none when there is no analysis.
    public init(stored store: Store, period: Int) throws {
        let analysis = try store.database.prepare(
            "SELECT analysis_id, start_ms, step_ms FROM analysis WHERE period_id = ?")
        analysis.bind(1, period)
        let isThere = try analysis.step()
        anchorMs = isThere ? analysis.int64(1) : 0
        stepMs = isThere ? max(1, analysis.int64(2)) : 1
        coverage = try Self.coverage(store, period: period)
        guard isThere else { return }
        let rows = try store.database.prepare(
            """
            SELECT template_id, text, level, kind, events, untimed, first_ms, last_ms, source, line
            FROM log_template WHERE analysis_id = ? ORDER BY text
            """)
        rows.bind(1, analysis.int(0))
        var places: [Int64: Int] = [:]
        while try rows.step() {
            places[rows.int64(0)] = templates.count
            templates.append(
                LogTemplate(
                    id: rows.int64(0), text: rows.text(1), level: rows.optionalText(2), kind: rows.text(3),
                    events: rows.int(4), untimed: rows.int(5), firstMs: rows.optionalInt64(6),
                    lastMs: rows.optionalInt64(7), source: rows.text(8), line: rows.int(9)))
        }
        let steps = try store.database.prepare(
            """
            SELECT template_id, instance, time_ms, events, event_id FROM log_template_step WHERE analysis_id = ?
            ORDER BY template_id, instance, time_ms
            """)
        steps.bind(1, analysis.int(0))
        while try steps.step() {
            guard let place = places[steps.int64(0)] else { continue }
            cells.append(
                Cell(
                    template: place, instance: steps.text(1), timeMs: steps.int64(2), events: steps.int(3),
                    eventId: steps.int(4)))
        }
        cells.sort { ($0.template, $0.instance, $0.timeMs) < ($1.template, $1.instance, $1.timeMs) }
    }
}
