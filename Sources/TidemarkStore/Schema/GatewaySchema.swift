extension EvidenceSchema {
    /// Access logs of gateways. A day of 50 requests a second is four million rows: texts that repeat are numbers, times
    /// are integers, and nothing is indexed that a scan can find.
    static let gateways = """
        CREATE TABLE gateway_text (
            -- Texts of gateway_request that repeat: methods, routes, addresses, models.
            text_id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE           -- at most 256 bytes
        ) STRICT;

        CREATE TABLE gateway_request (
            -- One request as a gateway in front of the engines saw it (nginx, Envoy, HAProxy, Traefik, Caddy, ALB,
            -- LiteLLM). Durations are microseconds of the whole request, for a stream with all its tokens. What a log
            -- doesn't say is NULL. Queries of URLs are not stored. The view gateway_access shows texts and seconds.
            source_id INTEGER NOT NULL REFERENCES source(source_id), -- source.instance_id: the gateway
            line INTEGER NOT NULL,
            start_ms INTEGER,                   -- where a log has the end alone: the end less the duration
            duration_us INTEGER,
            headers_us INTEGER,                 -- until the head of the upstream's answer; not a time to first token
            upstream_us INTEGER,                -- with upstreams, all tries together
            connect_us INTEGER,                 -- until the connection to the upstream stood
            queue_us INTEGER,                   -- waited for a free connection (HAProxy)
            first_token_us INTEGER,             -- from the start, as the gateway measured it (LiteLLM)
            status INTEGER,
            upstream_status INTEGER,            -- of the last try
            method_id INTEGER REFERENCES gateway_text(text_id),
            route_id INTEGER REFERENCES gateway_text(text_id),      -- path without query
            client_id INTEGER REFERENCES gateway_text(text_id),     -- address without port
            upstream_id INTEGER REFERENCES gateway_text(text_id),   -- of the last try
            model_id INTEGER REFERENCES gateway_text(text_id),
            bytes_in INTEGER,
            bytes_out INTEGER,
            retries INTEGER,                    -- tries after the first
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            end_reason TEXT,                    -- client_disconnect, upstream_timeout, upstream_failure, no_upstream, overload, failure
            flags TEXT,                         -- Envoy's response flags, HAProxy's termination state
            request_id TEXT,
            trace_id TEXT                       -- 32 hexadecimal digits in W3C's form
        ) STRICT;

        CREATE VIEW gateway_access AS
            -- gateway_request for readers: texts, seconds, the gateway's name.
            SELECT s.period_id, i.name AS gateway, g.source_id, g.line, g.start_ms,
                g.duration_us / 1e6 AS duration_seconds, g.headers_us / 1e6 AS headers_seconds,
                g.upstream_us / 1e6 AS upstream_seconds, g.connect_us / 1e6 AS connect_seconds,
                g.queue_us / 1e6 AS queue_seconds, g.first_token_us / 1e6 AS first_token_seconds, g.status,
                g.upstream_status, m.text AS method, r.text AS route, c.text AS client, u.text AS upstream,
                l.text AS model, g.bytes_in, g.bytes_out, g.retries, g.prompt_tokens, g.completion_tokens,
                g.end_reason, g.flags, g.request_id, g.trace_id
            FROM gateway_request g JOIN source s USING (source_id) LEFT JOIN instance i USING (instance_id)
            LEFT JOIN gateway_text m ON m.text_id = g.method_id LEFT JOIN gateway_text r ON r.text_id = g.route_id
            LEFT JOIN gateway_text c ON c.text_id = g.client_id LEFT JOIN gateway_text u ON u.text_id = g.upstream_id
            LEFT JOIN gateway_text l ON l.text_id = g.model_id;

        CREATE VIEW engine_request AS
            -- Requests as the engines know them, from the request log and from spans, with the id that a client may have
            -- given: vLLM puts chatcmpl-, cmpl- and the like before X-Request-Id, -0 behind that of a completion and, from
            -- 0.14, a dash and eight hexadecimal digits behind all.
            SELECT *, CASE WHEN request_id LIKE 'cmpl-%' AND own_id LIKE '%-0' THEN substr(own_id, 1, length(own_id) - 2)
                ELSE own_id END AS external_id
            FROM (SELECT *, CASE WHEN length(bare_id) > 9 AND substr(bare_id, -9, 1) = '-'
                    AND NOT substr(bare_id, -8) GLOB '*[^0-9a-f]*' THEN substr(bare_id, 1, length(bare_id) - 9)
                    ELSE bare_id END AS own_id
                FROM (SELECT *, \(bareID("request_id")) AS bare_id
                    FROM (SELECT s.period_id, 'request_log' AS evidence, q.instance_id, q.request_id,
                            (q.finished_ms - q.received_ms) / 1e3 AS e2e_seconds, NULL AS ttft_seconds
                        FROM request q JOIN source s USING (source_id)
                        UNION ALL
                        SELECT period_id, 'span', NULL, request_id, e2e_seconds, ttft_seconds FROM span
                        WHERE request_id IS NOT NULL AND e2e_seconds IS NOT NULL)));

        CREATE VIEW gateway_join AS
            -- A gateway's request beside the engine's, a row for each match: by the request's id (engine_request), or by
            -- the id of the trace. Durations in seconds.
            WITH engine AS MATERIALIZED (SELECT * FROM engine_request),
                gateway AS MATERIALIZED (
                    SELECT g.*, s.period_id, \(bareID("g.request_id")) AS key
                    FROM gateway_request g JOIN source s USING (source_id) WHERE g.request_id IS NOT NULL)
            SELECT g.source_id, g.line, g.start_ms, 'request_id' AS joined_by, e.evidence, e.instance_id, e.request_id,
                g.trace_id, g.status, g.end_reason, g.duration_us / 1e6 AS gateway_seconds,
                g.headers_us / 1e6 AS gateway_headers_seconds, e.e2e_seconds AS engine_e2e_seconds,
                e.ttft_seconds AS engine_ttft_seconds
            FROM engine e JOIN gateway g ON g.key = e.external_id AND g.period_id = e.period_id
            UNION ALL
            SELECT g.source_id, g.line, g.start_ms, 'request_id', e.evidence, e.instance_id, e.request_id, g.trace_id,
                g.status, g.end_reason, g.duration_us / 1e6, g.headers_us / 1e6, e.e2e_seconds, e.ttft_seconds
            FROM engine e JOIN gateway g ON g.key = e.bare_id AND g.period_id = e.period_id
            WHERE e.bare_id IS NOT e.external_id
            UNION ALL
            SELECT g.source_id, g.line, g.start_ms, 'trace_id', 'span', NULL, p.request_id, g.trace_id, g.status,
                g.end_reason, g.duration_us / 1e6, g.headers_us / 1e6, p.e2e_seconds, p.ttft_seconds
            FROM gateway_request g JOIN source s USING (source_id)
            JOIN span p ON p.period_id = s.period_id AND p.trace_id = g.trace_id
            WHERE p.e2e_seconds IS NOT NULL;
        """

    private static func bareID(_ column: String) -> String { GatewayJoin.bareID(column) }
}

/// How requests of a gateway are found at the engines.
public enum GatewayJoin {
    /// SQL: a request's id without what vLLM puts in front, which clients see in its answers.
    public static func bareID(_ column: String) -> String {
        let prefixes = ["chatcmpl-", "cmpl-", "embd-", "score-", "rerank-", "classify-", "pool-", "resp_"]
        let cases = prefixes.map {
            let pattern = $0.hasSuffix("_") ? "\($0.dropLast())\\_%' ESCAPE '\\" : "\($0)%"
            return "WHEN \(column) LIKE '\(pattern)' THEN substr(\(column), \($0.utf8.count + 1))"
        }
        return "CASE \(cases.joined(separator: " ")) ELSE \(column) END"
    }
}
