/// Joins the engine's spans of requests to the rows of the request log and to the engines, in the table `span_request`.
///
/// A span finds its row by the id: the same, or one with what the engine adds to a client's id (from 0.14 `-` and eight
/// hexadecimal digits behind it, `0_` before it for one of several answers); else by the time of arrival, when exactly one
/// row of the log is within 50 ms and no other span is. A span without a row finds its engine by its resource: where most
/// of the resource's spans are joined to, by name, or because there is only one.
public enum SpanRequests {
    /// How far the arrival in the log and the start of the span may be apart, ms.
    static let nearMs = 50

    public static func update(_ store: Store, period: Int) throws {
        let database = store.database
        try database.prepare("DELETE FROM span_request WHERE period_id = ?").run(period)
        let some = "SELECT 1 FROM span WHERE period_id = ? AND (e2e_seconds IS NOT NULL OR ttft_seconds IS NOT NULL) LIMIT 1"
        guard try database.int(some, period) != nil else { return }
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.log_request;
            DROP TABLE IF EXISTS temp.engine_span;
            CREATE TEMP TABLE log_request(row INTEGER PRIMARY KEY, id TEXT, client_id TEXT, time_ms INTEGER);
            CREATE TEMP TABLE engine_span(trace_id TEXT, span_id TEXT, resource_id INTEGER, id TEXT, client_id TEXT,
                time_ms INTEGER, max_tokens INTEGER, PRIMARY KEY (trace_id, span_id)) WITHOUT ROWID
            """)
        try database.prepare(
            """
            INSERT INTO log_request SELECT q.rowid, q.request_id, \(clientID("q.request_id")),
                coalesce(q.received_ms, q.added_ms)
            FROM request q JOIN instance i USING (instance_id) WHERE i.period_id = ?
            """
        ).run(period)
        try database.prepare(
            """
            INSERT OR IGNORE INTO engine_span SELECT trace_id, span_id, resource_id, request_id,
                \(clientID("request_id")), start_ns / 1000000, max_tokens
            FROM span WHERE period_id = ? AND (e2e_seconds IS NOT NULL OR ttft_seconds IS NOT NULL)
            """
        ).run(period)
        try database.execute(
            """
            CREATE INDEX temp.log_request_by_id ON log_request(id);
            CREATE INDEX temp.log_request_by_client_id ON log_request(client_id);
            CREATE INDEX temp.log_request_by_time ON log_request(time_ms);
            CREATE INDEX temp.engine_span_by_time ON engine_span(time_ms)
            """)
        for (span, log) in [("id", "id"), ("id", "client_id"), ("client_id", "id")] {
            try join(database, period, "id", "l.\(log) = s.\(span)")
        }
        let near = "BETWEEN s.time_ms - \(nearMs) AND s.time_ms + \(nearMs)"
        try join(
            database, period, "time",
            """
            l.time_ms \(near) AND coalesce(q.max_tokens = s.max_tokens, 1)
                AND (SELECT count(*) FROM log_request o WHERE o.time_ms \(near)) = 1
                AND (SELECT count(*) FROM engine_span o
                    WHERE o.time_ms BETWEEN l.time_ms - \(nearMs) AND l.time_ms + \(nearMs)) = 1
                AND NOT EXISTS (SELECT 1 FROM span_request j
                    WHERE j.period_id = ?1 AND j.log_source_id = q.source_id AND j.log_line = q.line)
            """)
        try joinEngines(database, period)
        try database.execute("DROP TABLE temp.log_request; DROP TABLE temp.engine_span")
    }

    /// SQL for an id without what the engine adds; NULL when nothing is added.
    private static func clientID(_ id: String) -> String {
        let tail = "*-" + String(repeating: "[0-9a-f]", count: 8)
        // What is left must itself look like an id: `chatcmpl-` and a short one are the whole.
        return """
            CASE WHEN \(id) GLOB '*-*\(tail.dropFirst())' THEN substr(\(id), 1, length(\(id)) - 9)
                WHEN \(id) GLOB '[0-9]_*' THEN substr(\(id), 3) END
            """
    }

    private static func join(_ database: Database, _ period: Int, _ way: String, _ condition: String) throws {
        try database.prepare(
            """
            INSERT OR IGNORE INTO span_request
            SELECT ?1, s.trace_id, s.span_id, q.instance_id, '\(way)', q.source_id, q.line, q.received_ms, q.added_ms,
                q.finished_ms, q.aborted_ms, q.failed_ms, q.reason
            FROM engine_span s JOIN log_request l ON \(condition) JOIN request q ON q.rowid = l.row
            WHERE NOT EXISTS (SELECT 1 FROM span_request j
                WHERE j.period_id = ?1 AND j.trace_id = s.trace_id AND j.span_id = s.span_id)
            ORDER BY abs(l.time_ms - s.time_ms), q.source_id, q.line
            """
        ).run(period)
    }

    /// The engines of the spans that have no row in a log.
    private static func joinEngines(_ database: Database, _ period: Int) throws {
        let missing = """
            INSERT OR IGNORE INTO span_request(period_id, trace_id, span_id, instance_id, joined_by)
            SELECT ?1, s.trace_id, s.span_id,
            """
        let ways = [
            """
            (SELECT j.instance_id FROM engine_span o JOIN span_request j
                ON j.period_id = ?1 AND j.trace_id = o.trace_id AND j.span_id = o.span_id
                WHERE o.resource_id = r.resource_id GROUP BY j.instance_id ORDER BY count(*) DESC, j.instance_id LIMIT 1)
            """: "resource",
            """
            (SELECT i.instance_id FROM instance i WHERE i.period_id = ?1 AND i.kind = 'engine'
                AND (i.name IN (r.service_instance, r.host, r.service)
                    OR i.scrape_instance IN (r.service_instance, r.host, r.service)
                    OR i.scrape_instance LIKE r.host || ':%') ORDER BY i.instance_id LIMIT 1)
            """: "name",
            """
            (SELECT min(i.instance_id) FROM instance i WHERE i.period_id = ?1 AND i.kind = 'engine' HAVING count(*) = 1)
            """: "only one",
        ]
        for (engine, way) in ways.sorted(by: { order($0.value) < order($1.value) }) {
            // Once a resource: its spans are many.
            try database.prepare(
                """
                \(missing) e.instance_id, '\(way)' FROM (
                    SELECT r.resource_id, \(engine) AS instance_id FROM span_resource r
                    WHERE r.resource_id IN (SELECT resource_id FROM engine_span)
                ) e JOIN engine_span s USING (resource_id)
                WHERE e.instance_id IS NOT NULL
                """
            ).run(period)
        }
    }

    private static func order(_ way: String) -> Int { way == "resource" ? 0 : way == "name" ? 1 : 2 }
}
