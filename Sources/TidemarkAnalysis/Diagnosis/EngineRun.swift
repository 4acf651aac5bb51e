import TidemarkStore

/// One process life of a server, with what it printed about itself.
public struct EngineRun: Sendable {
    public var id: Int
    public var replica: String
    public var startMs: Int64?
    public var readyMs: Int64?
    public var endMs: Int64?
    public var endReason: String?
    public var version: String?
    public var model: String?
    public var pid: Int?
    public var firstLine: Int
    public var path: String
    public var facts: [String: String]

    /// All runs of a period, by replica and in the order of time.
    public static func all(_ store: Store, period: Int) throws -> [EngineRun] {
        let rows = try store.database.prepare(
            """
            SELECT run_id, i.name, start_ms, ready_ms, end_ms, end_reason, version, model, pid, first_line, s.path
            FROM engine_run r JOIN instance i USING (instance_id) JOIN source s USING (source_id)
            WHERE i.period_id = ? ORDER BY i.name, coalesce(start_ms, 0), run_id
            """)
        rows.bind(1, period)
        let facts = try store.database.prepare("SELECT name, value FROM engine_fact WHERE run_id = ? ORDER BY rowid")
        var runs: [EngineRun] = []
        while try rows.step() {
            var run = EngineRun(
                id: rows.int(0), replica: rows.text(1), startMs: rows.optionalInt64(2), readyMs: rows.optionalInt64(3),
                endMs: rows.optionalInt64(4), endReason: rows.optionalText(5), version: rows.optionalText(6),
                model: rows.optionalText(7), pid: rows.optionalInt(8), firstLine: rows.int(9), path: rows.text(10),
                facts: [:])
            facts.reset()
            facts.bind(1, run.id)
            // The first of a name counts: later ones are repeated by other workers.
            while try facts.step() {
                if run.facts[facts.text(0)] == nil { run.facts[facts.text(0)] = facts.text(1) }
            }
            runs.append(run)
        }
        return runs
    }
}
