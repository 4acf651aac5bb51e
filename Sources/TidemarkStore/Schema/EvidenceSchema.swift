/// Version 1 of the evidence tables. The comments are part of the schema: SQLite keeps them, and `docs/schema.md` is
/// made from them.
enum EvidenceSchema {
    static func version1(isNew: Bool) -> String {
        """
        CREATE TABLE period (
            -- A stretch of evidence that is analysed by itself: a folder with its own capture.json, or the whole input.
            period_id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,          -- the folder's name
            capture TEXT                        -- its capture.json, verbatim
        ) STRICT;

        CREATE TABLE source (
            -- The ledger: one row for each stream that was met, identified by the content of its beginning.
            source_id INTEGER PRIMARY KEY,
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            path TEXT NOT NULL,                 -- where it was last seen
            format TEXT NOT NULL,               -- vllm_log, prometheus_text, promtool_dump, prometheus_json, nvidia_smi_query, …
            framing TEXT NOT NULL DEFAULT 'plain',      -- what wraps each line
            compression TEXT NOT NULL DEFAULT 'none',   -- none, gzip
            status TEXT NOT NULL,               -- read, partial, unknown, announced, duplicate, failed
            message TEXT,                       -- why, where the status needs a word
            instance_id INTEGER REFERENCES instance(instance_id), -- whose evidence it is, for logs
            prefix_bytes INTEGER NOT NULL DEFAULT 0,    -- length of the beginning that identifies it (decompressed)
            prefix_sha256 TEXT NOT NULL DEFAULT '',
            progress_bytes INTEGER NOT NULL DEFAULT 0,  -- everything before is in the tables (decompressed)
            progress_lines INTEGER NOT NULL DEFAULT 0,
            tail_sha256 TEXT NOT NULL DEFAULT '',       -- of the last 4 KiB before progress_bytes
            state TEXT,                         -- what the parser must remember to go on there
            pending_bytes INTEGER NOT NULL DEFAULT 0,   -- an unfinished last line or record that waits for its rest
            lines INTEGER NOT NULL DEFAULT 0,   -- = record_lines + noise_lines + reject_lines
            record_lines INTEGER NOT NULL DEFAULT 0,
            noise_lines INTEGER NOT NULL DEFAULT 0,     -- known to mean nothing: blank, comment, header
            reject_lines INTEGER NOT NULL DEFAULT 0,
            records INTEGER NOT NULL DEFAULT 0,
            first_ms INTEGER,                   -- time of the first and last record, Unix ms UTC
            last_ms INTEGER,
            clock_offset_ms INTEGER,            -- what was taken off the source's own clock to get UTC
            clock_method TEXT,                  -- how the offset and the year were found
            clock_confidence REAL               -- 0…1
        ) STRICT;
        CREATE INDEX source_by_prefix ON source(prefix_bytes, prefix_sha256);

        CREATE TABLE source_kind (
            -- How many records of each kind a source held, stored or not.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            kind TEXT NOT NULL,
            records INTEGER NOT NULL,
            PRIMARY KEY (source_id, kind)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reject (
            -- What could not be read: where, why and (bounded) what.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,              -- 1-based
            offset_bytes INTEGER NOT NULL,      -- decompressed
            reason TEXT NOT NULL,
            text TEXT NOT NULL                  -- at most 500 bytes
        ) STRICT;

        CREATE TABLE instance (
            -- Who is observed: an engine (replica), a GPU, a host.
            instance_id INTEGER PRIMARY KEY,
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            kind TEXT NOT NULL,                 -- engine, gpu, host
            name TEXT NOT NULL,                 -- replica-0, GPU 0
            scrape_instance TEXT,               -- the Prometheus label `instance` that belongs to it
            joined_by TEXT,                     -- how log and metrics were joined: capture.json, name, only one of each
            labels TEXT NOT NULL DEFAULT '{}',  -- JSON object
            UNIQUE (period_id, kind, name)
        ) STRICT;

        CREATE TABLE engine_run (
            -- One process life of a server.
            run_id INTEGER PRIMARY KEY,
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            first_line INTEGER NOT NULL,
            start_ms INTEGER,
            ready_ms INTEGER,                   -- start-up complete
            end_ms INTEGER,
            end_reason TEXT,                    -- crash, shutdown; NULL while it lives or when unknown
            pid INTEGER,
            version TEXT,
            model TEXT
        ) STRICT;

        CREATE TABLE engine_fact (
            -- What a run printed about itself: arguments (arg.*), KV-cache size, times.
            run_id INTEGER NOT NULL REFERENCES engine_run(run_id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            line INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE engine_stat (
            -- The periodic statistics line of an engine. Ratios are 0…1; a part that was not printed is NULL.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,
            engine INTEGER,                     -- engine index in the replica; NULL where the line has none
            aggregated_engines INTEGER,
            prompt_tokens_per_second REAL,
            generation_tokens_per_second REAL,
            running INTEGER,
            waiting INTEGER,                    -- V0's Pending
            swapped INTEGER,
            deferred INTEGER,
            preemptions INTEGER,                -- in the interval
            kv_cache_usage_ratio REAL,
            cpu_kv_cache_usage_ratio REAL,
            prefix_cache_hit_ratio REAL,
            cpu_prefix_cache_hit_ratio REAL,
            external_prefix_cache_hit_ratio REAL,
            mm_cache_hit_ratio REAL,
            corrupted INTEGER
        ) STRICT;

        CREATE TABLE engine_companion_stat (
            -- Companion lines of the statistics: speculative decoding, KV transfer, MFU.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,
            engine INTEGER,
            family TEXT NOT NULL,
            name TEXT NOT NULL,
            value REAL
        ) STRICT;

        CREATE TABLE engine_iteration (
            -- One engine step, from --enable-logging-iteration-details.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,
            engine INTEGER,
            iteration INTEGER NOT NULL,
            context_requests INTEGER NOT NULL,
            context_tokens INTEGER NOT NULL,
            generation_requests INTEGER NOT NULL,
            generation_tokens INTEGER NOT NULL,
            elapsed_ms REAL NOT NULL,
            kv_cache_usage_ratio REAL,
            dummy INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE http_access (
            -- Access lines, rolled up per second. Their time is that of the last stamped line before them.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,           -- start of the second
            client TEXT NOT NULL,               -- host without port
            method TEXT NOT NULL,
            route TEXT NOT NULL,                -- path without query
            status INTEGER NOT NULL,
            requests INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE http_error (
            -- Every access line with status 4xx or 5xx.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,
            client TEXT NOT NULL,               -- host:port
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            status INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE http_client (
            -- Connections by client: the distinct source ports seen.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            client TEXT NOT NULL,               -- host
            connections INTEGER NOT NULL,       -- distinct ports
            ports BLOB NOT NULL,                -- bit p of 65,536: port p was seen
            PRIMARY KEY (instance_id, client)
        ) STRICT;

        CREATE TABLE request (
            -- Requests of the request log. A time that was not logged is NULL. Prompts are not stored.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            request_id TEXT NOT NULL,
            received_ms INTEGER,
            added_ms INTEGER,
            finished_ms INTEGER,
            aborted_ms INTEGER,
            failed_ms INTEGER,
            reason TEXT,                        -- of a failure
            max_tokens INTEGER,
            prompt_tokens INTEGER
        ) STRICT;

        CREATE TABLE log_event (
            -- Warnings, errors, tracebacks and every other record of a log that has no table of its own.
            event_id INTEGER PRIMARY KEY,
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            lines INTEGER NOT NULL,
            time_ms INTEGER,
            level TEXT,
            kind TEXT NOT NULL,                 -- engine_dead, cuda_error, preemption, …, other
            process TEXT,
            pid INTEGER,
            source_file TEXT,
            source_line INTEGER,
            exception_type TEXT,
            exception_message TEXT,
            frame TEXT,                         -- innermost frame of a traceback
            message TEXT NOT NULL,              -- at most 4,000 bytes
            template_id INTEGER REFERENCES log_template(template_id)
        ) STRICT;

        CREATE TABLE log_template (
            -- Messages with their variable parts masked.
            template_id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
        ) STRICT;

        CREATE TABLE span (
            -- Spans of OpenTelemetry traces. Times in nanoseconds.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            trace_id TEXT NOT NULL,
            span_id TEXT NOT NULL,
            parent_span_id TEXT,
            service TEXT,
            name TEXT NOT NULL,
            start_ns INTEGER NOT NULL,
            end_ns INTEGER NOT NULL,
            attributes TEXT NOT NULL DEFAULT '{}' -- JSON object
        ) STRICT;

        CREATE TABLE gpu_sample (
            -- One GPU at one moment, from nvidia-smi. A value that was absent or failed is NULL.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,
            throttle_reasons INTEGER,           -- NVML bit mask
            pstate TEXT,
        \(gpuColumns(isNew: isNew))
        ) STRICT;

        CREATE TABLE gpu_event (
            -- Xid errors, lost GPUs, values that turned into error texts.
            instance_id INTEGER REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER,
            kind TEXT NOT NULL,                 -- xid, error_value, call_failed
            code INTEGER,
            text TEXT NOT NULL
        ) STRICT;

        CREATE TABLE series (
            -- A time series: metric name and labels.
            series_id INTEGER PRIMARY KEY,
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            form TEXT NOT NULL,                 -- tsdb, dump, scrape, api: the form it came in, best first
            name TEXT NOT NULL,
            labels TEXT NOT NULL,               -- JSON object of all labels, sorted, __name__ included
            type TEXT,                          -- counter, gauge, histogram, …, where announced
            shadowed_by TEXT,                   -- a better form that holds the same samples; NULL when this one counts
            UNIQUE (period_id, form, labels)
        ) STRICT;
        CREATE INDEX series_by_name ON series(name);

        CREATE TABLE series_label (
            -- The same labels, one a row, for joins in SQL.
            series_id INTEGER NOT NULL REFERENCES series(series_id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (series_id, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE chunk (
            -- Compressed samples, in the XOR encoding of Prometheus. The plain columns make it a roll-up by itself;
            -- the virtual table sample(series_id, ts_ms, value) shows each sample.
            series_id INTEGER NOT NULL REFERENCES series(series_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            samples INTEGER NOT NULL,           -- stale markers included
            min REAL,                           -- over the values that are numbers
            max REAL,
            sum REAL,
            first REAL,
            last REAL,
            encoding INTEGER NOT NULL,          -- 1 = XOR
            data BLOB NOT NULL
        ) STRICT;
        CREATE INDEX chunk_by_series ON chunk(series_id, start_ms);

        CREATE TABLE load_point (
            -- One point of a load test.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            tool TEXT NOT NULL,
            offered_rps REAL,                   -- NULL: as fast as possible
            completed_rps REAL,
            concurrency REAL,
            metrics TEXT NOT NULL DEFAULT '{}'  -- JSON object, units in the names
        ) STRICT;
        """
    }

    /// Version 3: what is announced about metrics, and what leads from a metric to a trace.
    static let version3 = """
        CREATE TABLE metric_family (
            -- What sources announce about metrics: # TYPE, # HELP and # UNIT lines, the API's metadata.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            name TEXT NOT NULL,                 -- as announced: OpenMetrics leaves a counter's _total out
            type TEXT,                          -- counter, gauge, histogram, …
            help TEXT,
            unit TEXT,
            PRIMARY KEY (period_id, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE exemplar (
            -- Single observations that a source attached to a series, with the id of their trace.
            series_id INTEGER NOT NULL REFERENCES series(series_id),
            ts_ms INTEGER NOT NULL,             -- its own time, else that of the sample beside it; Unix ms UTC
            value REAL,
            labels TEXT NOT NULL,               -- JSON object: trace_id, span_id, …
            PRIMARY KEY (series_id, ts_ms, labels)
        ) STRICT, WITHOUT ROWID;
        """

    /// A day of access lines has millions of roll-ups with the same few names: those stand once in `http_key`.
    static let accessRows = """
        CREATE TABLE http_key (
            -- What access lines are rolled up by.
            key_id INTEGER PRIMARY KEY,
            client TEXT NOT NULL,               -- host without port
            method TEXT NOT NULL,
            route TEXT NOT NULL,                -- path without query
            status INTEGER NOT NULL,
            UNIQUE (client, method, route, status)
        ) STRICT;

        CREATE TABLE http_rollup (
            -- Access lines a minute and key; the view http_access shows their seconds, with names.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,           -- start of the minute
            key_id INTEGER NOT NULL REFERENCES http_key(key_id),
            requests INTEGER NOT NULL,
            seconds TEXT NOT NULL               -- JSON object: requests by second after time_ms
        ) STRICT;

        INSERT INTO http_key(client, method, route, status)
            SELECT DISTINCT client, method, route, status FROM http_access;
        INSERT INTO http_rollup
            SELECT source_id, time_ms / 60000 * 60000 AS minute, key_id, sum(requests),
                json_group_object(time_ms % 60000 / 1000, requests)
            FROM (
                SELECT source_id, time_ms, key_id, sum(requests) AS requests
                FROM http_access JOIN http_key USING (client, method, route, status)
                GROUP BY source_id, time_ms, key_id)
            GROUP BY source_id, minute, key_id;
        DROP TABLE http_access;

        CREATE VIEW http_access AS
            -- Access lines, rolled up per second. Their time is that of the last stamped line before them.
            SELECT instance_id, source_id, time_ms + 1000 * second.key AS time_ms, client, method, route,
                http_key.status AS status, second.value AS requests
            FROM http_rollup JOIN source USING (source_id) JOIN http_key USING (key_id), json_each(seconds) second;

        CREATE TABLE http_access_row (
            -- Every access line, with --keep-access-rows only.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,           -- of the last stamped line before it
            client TEXT NOT NULL,               -- host:port
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            status INTEGER NOT NULL
        ) STRICT;
        """
}
