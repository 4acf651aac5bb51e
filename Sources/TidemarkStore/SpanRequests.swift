/// Joins the engine's spans of requests to the rows of the request log and to the engines, in the table `span_request`.
///
/// A span finds its row by the id: the same, or one with what the engine adds to a client's id (from 0.14 `-` and eight
/// hexadecimal digits behind it, `0_` before it for one of several answers); else by the time of arrival, when exactly one
/// free row of the log is within 50 ms and no other free span is. A span without a row finds its engine by its resource:
/// where most of the resource's spans are joined to, by name, or because there is only one.
public enum SpanRequests {
    /// How far the arrival in the log and the start of the span may be apart, ms.
    static let nearMs = 50

    /// Makes the period's rows anew.
    public static func update(_ store: Store, period: Int) throws {
        let database = store.database
        try database.prepare("DELETE FROM span_request WHERE period_id = ?").run(period)
        let condition = "(e2e_seconds IS NOT NULL OR ttft_seconds IS NOT NULL)"
        let some = try database.int("SELECT 1 FROM span WHERE period_id = ? AND \(condition) LIMIT 1", period)
        guard some != nil else { return }
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.log_request;
            DROP TABLE IF EXISTS temp.engine_span;
            CREATE TEMP TABLE log_request(row INTEGER PRIMARY KEY, id TEXT, client_id TEXT, time_ms INTEGER,
                max_tokens INTEGER);
            CREATE TEMP TABLE engine_span(trace_id TEXT, span_id TEXT, resource_id INTEGER, id TEXT, client_id TEXT,
                time_ms INTEGER, max_tokens INTEGER, row INTEGER, way TEXT, PRIMARY KEY (trace_id, span_id));
            """)
        try database.prepare(
            """
            INSERT INTO log_request SELECT q.rowid, q.request_id, \(clientID("q.request_id")),
                coalesce(q.received_ms, q.added_ms), q.max_tokens
            FROM request q JOIN instance i USING (instance_id) WHERE i.period_id = ?
            """
        ).run(period)
        try database.prepare(
            """
            INSERT OR IGNORE INTO engine_span SELECT trace_id, span_id, resource_id, request_id,
                \(clientID("request_id")), start_ns / 1000000, max_tokens, NULL, NULL
            FROM span WHERE period_id = ? AND \(condition)
            """
        ).run(period)
        try database.execute(
            """
            CREATE INDEX temp.log_request_by_id ON log_request(id);
            CREATE INDEX temp.log_request_by_client_id ON log_request(client_id);
            CREATE INDEX temp.log_request_by_time ON log_request(time_ms);
            CREATE INDEX temp.engine_span_by_resource ON engine_span(resource_id);
            \(byID("id", "id")); \(byID("id", "client_id")); \(byID("client_id", "id"));
            UPDATE engine_span SET way = 'id' WHERE row IS NOT NULL;
            DELETE FROM log_request WHERE row IN (SELECT row FROM engine_span);
            CREATE INDEX temp.engine_span_by_time ON engine_span(time_ms) WHERE row IS NULL;
            \(byTime);
            """)
        try database.prepare(
            """
            INSERT INTO span_request
            SELECT ?1, s.trace_id, s.span_id, q.instance_id, s.way, q.source_id, q.line, q.received_ms, q.added_ms,
                q.finished_ms, q.aborted_ms, q.failed_ms, q.reason
            FROM engine_span s JOIN request q ON q.rowid = s.row
            """
        ).run(period)
        for (way, engine) in engines { try join(database, period, way, engine) }
        try database.execute("DROP TABLE temp.log_request; DROP TABLE temp.engine_span")
    }

    /// SQL for an id without what the engine adds; NULL when nothing is added.
    private static func clientID(_ id: String) -> String {
        let digits = String(repeating: "[0-9a-f]", count: 8)
        // What is left must have a dash itself: `chatcmpl-` and a short id are the whole.
        return """
            CASE WHEN \(id) GLOB '*-*-\(digits)' THEN substr(\(id), 1, length(\(id)) - 9)
                WHEN \(id) GLOB '[0-9]_*' THEN substr(\(id), 3) END
            """
    }

    /// Of several rows with the id the nearest in time.
    private static func byID(_ span: String, _ log: String) -> String {
        """
        UPDATE engine_span SET row = (SELECT nearest.row FROM
            (SELECT l.row AS row, min(abs(l.time_ms - engine_span.time_ms)) FROM log_request l
                WHERE l.\(log) = engine_span.\(span)) nearest)
        WHERE row IS NULL AND \(span) IS NOT NULL
        """
    }

    private static var byTime: String {
        """
        CREATE TEMP TABLE near AS
            SELECT s.rowid AS span, l.row AS row FROM engine_span s
            JOIN log_request l ON l.time_ms BETWEEN s.time_ms - \(nearMs) AND s.time_ms + \(nearMs)
            WHERE s.row IS NULL
                -- Where requests come closer than that nothing can be told.
                AND (SELECT max(time_ms) - min(time_ms) >= (count(*) - 1) * 20 FROM log_request);
        CREATE INDEX temp.near_by_span ON near(span);
        CREATE INDEX temp.near_by_row ON near(row);
        UPDATE engine_span SET way = 'time', row = (SELECT n.row FROM near n WHERE n.span = engine_span.rowid)
        WHERE row IS NULL AND (SELECT count(*) FROM near n WHERE n.span = engine_span.rowid) = 1
            AND (SELECT count(*) FROM near o JOIN near n ON n.row = o.row WHERE n.span = engine_span.rowid) = 1
            AND coalesce(max_tokens = (SELECT l.max_tokens FROM near n JOIN log_request l USING (row)
                WHERE n.span = engine_span.rowid), 1);
        DROP TABLE near
        """
    }

    /// SQL for the engine of a resource, best way first.
    private static let engines = [
        (
            "resource",
            """
            (SELECT j.instance_id FROM engine_span o JOIN span_request j
                ON j.period_id = ?1 AND j.trace_id = o.trace_id AND j.span_id = o.span_id
                WHERE o.resource_id = r.resource_id GROUP BY j.instance_id ORDER BY count(*) DESC, j.instance_id LIMIT 1)
            """
        ),
        (
            "name",
            """
            (SELECT i.instance_id FROM instance i WHERE i.period_id = ?1 AND i.kind = 'engine'
                AND (i.name IN (r.service_instance, r.host, r.service)
                    OR i.scrape_instance IN (r.service_instance, r.host, r.service)
                    OR substr(i.scrape_instance, 1, length(r.host) + 1) = r.host || ':')
                ORDER BY i.instance_id LIMIT 1)
            """
        ),
        (
            "only one",
            """
            (SELECT min(i.instance_id) FROM instance i WHERE i.period_id = ?1 AND i.kind = 'engine' HAVING count(*) = 1)
            """
        ),
    ]

    /// The engines of the spans that have no row in a log: once a resource, for its spans are many.
    private static func join(_ database: Database, _ period: Int, _ way: String, _ engine: String) throws {
        try database.prepare(
            """
            INSERT OR IGNORE INTO span_request(period_id, trace_id, span_id, instance_id, joined_by)
            SELECT ?1, s.trace_id, s.span_id, e.instance_id, '\(way)' FROM (
                SELECT r.resource_id, \(engine) AS instance_id FROM span_resource r
                WHERE r.resource_id IN (SELECT resource_id FROM engine_span)
            ) e JOIN engine_span s USING (resource_id)
            WHERE e.instance_id IS NOT NULL
            """
        ).run(period)
    }
}
