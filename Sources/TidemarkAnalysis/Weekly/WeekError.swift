import TidemarkStore

/// A kind of error: a template of messages of the log, or a GPU's error code.
struct WeekError {
    /// Of the text alone: the same in every week.
    var id: Int64
    var level: String
    var kind: String
    var text: String
    var events: Int
    var firstMs: Int64?

    /// Most kinds that a week keeps, those with the most events.
    private static let most = 500

    /// The slice is analysed.
    static func all(_ slice: Store, period: Int) throws -> [WeekError] {
        var found: [WeekError] = []
        let rows = try slice.database.prepare(
            """
            SELECT template_id, coalesce(level, 'ERROR'), kind, text, events, first_ms FROM log_template
            JOIN analysis USING (analysis_id)
            WHERE period_id = ? AND (level IN ('ERROR', 'CRITICAL', 'FATAL') OR kind IN ('traceback', 'engine_dead', 'cuda_error'))
            ORDER BY events DESC, template_id LIMIT \(most)
            """)
        rows.bind(1, period)
        while try rows.step() {
            found.append(
                WeekError(
                    id: rows.int64(0), level: rows.text(1), kind: rows.text(2), text: rows.text(3),
                    events: rows.int(4), firstMs: rows.optionalInt64(5)))
        }
        let codes = try slice.database.prepare(
            """
            SELECT g.kind, g.code, sum(g.count), min(g.time_ms) FROM gpu_event g JOIN source USING (source_id)
            WHERE period_id = ? AND g.kind = 'xid' AND g.code BETWEEN 1 AND 100000 GROUP BY g.kind, g.code ORDER BY g.code
            """)
        codes.bind(1, period)
        while try codes.step() {
            found.append(
                WeekError(
                    id: -Int64(codes.int(1)), level: "ERROR", kind: "xid", text: "GPU error, Xid \(codes.int(1))",
                    events: codes.int(2), firstMs: codes.optionalInt64(3)))
        }
        return found
    }
}
