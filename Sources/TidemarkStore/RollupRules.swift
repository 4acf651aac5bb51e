import TidemarkBase

/// How the rows of one table become rows of `rollup`.
///
/// The rules follow from the columns, so that a new table of evidence is rolled up, too: the hour comes from `time_ms`, rows
/// are counted by what names a kind (method, route, status, level, …), and of each measured column the smallest, largest,
/// sum and number are kept.
struct RollupRules {
    static let hourMs: Int64 = 3_600_000

    let table: String
    /// SQL of the time of row `t`, Unix ms; NULL where it has none.
    let time: String
    private let groups: [String]
    private let values: [(name: String, sql: String)]
    private let hasInstance: Bool

    /// Columns that name a kind of thing: few different values each.
    private static let kinds: Set<String> = [
        "engine", "method", "route", "status", "level", "kind", "code", "family", "name", "model", "upstream", "dummy",
    ]
    /// Whole numbers that are measured.
    private static let amounts: Set<String> = [
        "running", "waiting", "swapped", "deferred", "preemptions", "corrupted", "requests", "context_requests",
        "context_tokens", "generation_requests", "generation_tokens", "prompt_tokens", "completion_tokens",
        "max_tokens", "total_tokens", "request_bytes", "response_bytes", "bytes_sent", "bytes_received",
    ]

    /// nil for a table whose rows have no time.
    init?(_ table: String, _ database: Database) throws {
        self.table = table
        let rows = try database.prepare("SELECT name, type FROM pragma_table_info(?, 'main') ORDER BY cid")
        rows.bind(1, table)
        var columns: [(name: String, type: String)] = []
        while try rows.step() { columns.append((rows.text(0), rows.text(1))) }
        let names = Set(columns.map(\.name))
        hasInstance = names.contains("instance_id")
        groups = columns.map(\.name).filter(Self.kinds.contains)
        var measured = columns.filter { $0.type == "REAL" || Self.amounts.contains($0.name) }
            .map { (name: $0.name, sql: "t.\($0.name)") }
        switch table {
        case "request":
            time = "coalesce(t.received_ms, t.added_ms, t.finished_ms, t.aborted_ms, t.failed_ms)"
            measured.append(("duration_ms", "t.finished_ms - t.received_ms"))
            for phase in ["finished", "aborted", "failed"] {
                measured.append((phase, "CASE WHEN t.\(phase)_ms IS NOT NULL THEN 1 END"))
            }
        case "span":
            time = "t.start_ns / 1000000"
            measured.append(("duration_seconds", "(t.end_ns - t.start_ns) / 1e9"))
        case "gateway_request":
            time = "t.start_ms"
            measured += columns.filter { $0.name.hasSuffix("_us") }.map { (name: $0.name, sql: "t.\($0.name)") }
        default:
            guard names.contains("time_ms") else { return nil }
            // Zero stands for a line before any stamp.
            time = "nullif(t.time_ms, 0)"
        }
        values = measured
    }

    /// Statements that add the rows which satisfy `condition` to the roll-up.
    func rollUps(where condition: String) -> [String] {
        let instance =
            hasInstance
            ? "t.instance_id" : "(SELECT instance_id FROM source s WHERE s.source_id = t.source_id)"
        let hour = """
            coalesce(\(time), (SELECT last_ms FROM source s WHERE s.source_id = t.source_id)) / \(Self.hourMs) * \(Self.hourMs)
            """
        let labels =
            table == "http_rollup"
            ? "(SELECT json_object('method', method, 'route', route, 'status', status) FROM http_key k WHERE k.key_id = t.key_id)"
            : groups.isEmpty
                ? "'{}'"
                : "json_patch('{}', json_object(\(groups.map { "'\($0)', t.\($0)" }.joined(separator: ", "))))"
        func add(_ name: String, _ samples: String, _ least: String, _ most: String, _ sum: String) -> String {
            """
            INSERT INTO rollup(source_id, instance_id, hour_ms, name, labels, samples, min, max, sum)
            SELECT t.source_id, \(instance), \(hour) AS hour, '\(name)', \(labels) AS labels, \(samples) AS counted,
                \(least), \(most), \(sum)
            FROM \(table) t WHERE \(condition) GROUP BY 1, 2, hour, labels HAVING counted > 0
            ON CONFLICT(source_id, coalesce(instance_id, 0), coalesce(series_id, 0), hour_ms, name, labels) DO UPDATE SET
                samples = samples + excluded.samples, min = min(min, excluded.min), max = max(max, excluded.max),
                sum = sum + excluded.sum
            """
        }
        return [add(table, "count(*)", "NULL", "NULL", "NULL")]
            + values.map { value in
                add(
                    "\(table).\(value.name)", "count(\(value.sql))", "min(\(value.sql))", "max(\(value.sql))",
                    "sum(\(value.sql))")
            }
    }
}
