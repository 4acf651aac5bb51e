extension EvidenceSchema {
    /// Traces. The first version's table `span` was never written to.
    static let spans = """
        DROP TABLE span;

        CREATE TABLE span_resource (
            -- Who made spans: a process of a service. Attributes that look like secrets are masked.
            resource_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            service TEXT,                       -- service.name
            service_instance TEXT,              -- service.instance.id; by default a random one of each process
            host TEXT,                          -- host.name, else the pod's name or an address
            attributes TEXT NOT NULL DEFAULT '{}'       -- JSON object of the others
        ) STRICT;

        CREATE TABLE span (
            -- Spans of traces, each once however often it was exported. Times in nanoseconds, Unix UTC; durations in
            -- seconds as the producer measured them. Prompts and answers are stored with --keep-prompts only.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,              -- where the span begins
            resource_id INTEGER NOT NULL REFERENCES span_resource(resource_id),
            trace_id TEXT NOT NULL,             -- 32 hexadecimal digits
            span_id TEXT NOT NULL,              -- 16
            parent_span_id TEXT,                -- NULL: a root
            shared INTEGER NOT NULL DEFAULT 0,  -- 1: Zipkin's server side of a span whose client side has the same id
            name TEXT NOT NULL,
            scope TEXT,                         -- the library that made it
            kind TEXT,                          -- internal, server, client, producer, consumer
            start_ns INTEGER NOT NULL,
            end_ns INTEGER,                     -- as exported; NULL: unfinished
            status TEXT,                        -- ok, error; NULL: unset
            status_message TEXT,
            request_id TEXT,                    -- the engine's: joins request.request_id
            model TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            max_tokens INTEGER,
            queue_seconds REAL,                 -- gen_ai.latency.*: written by vLLM's engine alone
            ttft_seconds REAL,
            e2e_seconds REAL,
            prefill_seconds REAL,
            decode_seconds REAL,
            inference_seconds REAL,
            scheduler_seconds REAL,
            model_forward_seconds REAL,
            model_execute_seconds REAL,
            first_chunk_seconds REAL,           -- measured by a client or gateway
            http_method TEXT,
            http_route TEXT,
            http_status INTEGER,
            attributes TEXT NOT NULL DEFAULT '{}',      -- JSON object of the others
            events TEXT,                        -- JSON array of {time_ns, name, attributes}
            links TEXT                          -- JSON array of {trace_id, span_id}
        ) STRICT;
        CREATE UNIQUE INDEX span_by_id ON span(period_id, trace_id, span_id, shared);
        CREATE INDEX span_by_request ON span(request_id) WHERE request_id IS NOT NULL;
        """

    /// vLLM's requests as their traces and the request log tell them: ``SpanRequests`` fills the table.
    static let tracedRequests = """
        CREATE TABLE span_request (
            -- Which engine a span of a request belongs to, and which row of the request log. Made anew by each ingest.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            trace_id TEXT NOT NULL,
            span_id TEXT NOT NULL,
            instance_id INTEGER REFERENCES instance(instance_id),   -- the engine; NULL: not known
            joined_by TEXT,                     -- id, time: the log's row; resource, name, only one: the engine alone
            log_source_id INTEGER REFERENCES source(source_id),
            log_line INTEGER,
            received_ms INTEGER,                -- of the log
            added_ms INTEGER,
            finished_ms INTEGER,
            aborted_ms INTEGER,
            failed_ms INTEGER,
            reason TEXT,
            PRIMARY KEY (period_id, trace_id, span_id)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW traced_request AS
            -- A request of vLLM's engine as its span tells it, with the row of the request log that it belongs to.
            SELECT s.period_id, s.source_id, s.line, s.trace_id, s.span_id, s.parent_span_id, s.request_id, s.model,
                s.start_ns / 1000000 AS start_ms,
                coalesce(s.end_ns, s.start_ns + CAST(s.e2e_seconds * 1e9 AS INTEGER)) / 1000000 AS end_ms,
                s.e2e_seconds, s.ttft_seconds, s.queue_seconds, s.prefill_seconds, s.decode_seconds,
                s.inference_seconds, s.prompt_tokens, s.completion_tokens, s.max_tokens,
                CAST(json_extract(s.attributes, '$."gen_ai.request.temperature"') AS REAL) AS temperature,
                CAST(json_extract(s.attributes, '$."gen_ai.request.top_p"') AS REAL) AS top_p,
                CAST(json_extract(s.attributes, '$."gen_ai.request.n"') AS INTEGER) AS n,
                s.status, r.service, r.service_instance, r.host,
                i.name AS instance, i.scrape_instance, j.joined_by, j.log_source_id, j.log_line, j.received_ms,
                j.added_ms, j.finished_ms, j.aborted_ms, j.failed_ms, j.reason,
                -- By how much the log's clock is ahead of the trace's, seen at the arrival of the request.
                coalesce(j.received_ms, j.added_ms) - s.start_ns / 1000000 AS log_ahead_ms
            FROM span s JOIN span_resource r USING (resource_id)
            LEFT JOIN span_request j USING (period_id, trace_id, span_id)
            LEFT JOIN instance i USING (instance_id)
            WHERE s.e2e_seconds IS NOT NULL OR s.ttft_seconds IS NOT NULL;

        CREATE VIEW span_call AS
            -- A span and its parent in another process: what lies between them, and by how much the callee's clock is
            -- behind the caller's when the call doesn't lie in its caller and would fit (Jaeger's rule). NULL: the callee
            -- went on longer than its caller, which is no matter of clocks.
            SELECT c.period_id, c.trace_id, p.span_id AS caller_span_id, c.span_id, p.name AS caller_name, c.name,
                pr.service AS caller_service, cr.service, pr.host AS caller_host, cr.host,
                (c.start_ns - p.start_ns) / 1e6 AS start_after_ms, (p.end_ns - c.end_ns) / 1e6 AS end_before_ms,
                CASE WHEN c.start_ns >= p.start_ns AND c.end_ns <= p.end_ns THEN 0.0
                    WHEN c.end_ns - c.start_ns <= p.end_ns - p.start_ns
                    THEN (p.start_ns - c.start_ns + (p.end_ns - p.start_ns - c.end_ns + c.start_ns) / 2) / 1e6
                END AS clock_behind_ms
            FROM span c
            JOIN span p ON p.period_id = c.period_id AND p.trace_id = c.trace_id AND p.span_id = c.parent_span_id
            JOIN span_resource cr ON cr.resource_id = c.resource_id
            JOIN span_resource pr ON pr.resource_id = p.resource_id
            WHERE c.resource_id <> p.resource_id AND c.end_ns IS NOT NULL AND p.end_ns IS NOT NULL;

        CREATE VIEW span_orphan AS
            -- Spans whose parent was not exported: sampling per service, a gateway without traces, lost batches.
            SELECT c.period_id, c.trace_id, c.span_id, c.parent_span_id, c.name, c.source_id, c.line FROM span c
            WHERE c.parent_span_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM span p WHERE p.period_id = c.period_id AND p.trace_id = c.trace_id
                    AND p.span_id = c.parent_span_id);
        """
}
