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
}
