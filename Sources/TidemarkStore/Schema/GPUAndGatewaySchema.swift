/// What captures of GPUs hold beyond the first version, and the access logs of gateways.
extension EvidenceSchema {
    static let gpuProcesses = """
        \(laterGPUColumns)
        ALTER TABLE gpu_event ADD COLUMN bus_id TEXT;

        CREATE TABLE gpu_process (
            -- A process on a GPU at one moment, from --query-compute-apps, pmon, nvidia-smi -q or its table.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,
            pid INTEGER,                        -- NULL where it is hidden (containers)
            name TEXT,                          -- title or path; pmon cuts it to 15 characters
            type TEXT,                          -- C, G, C+G
            used_memory_mib REAL,
            utilization_percent REAL,
            memory_utilization_percent REAL,
            encoder_utilization_percent REAL,
            decoder_utilization_percent REAL
        ) STRICT;
        """

    static let gateways = """
        CREATE TABLE gateway_access (
            -- Requests that a gateway in front of the servers answered, rolled up per second, client, method, route,
            -- status and upstream. Sums are exact; a quantity counts in *_requests where it was logged.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,           -- start of the second in which the answer ended
            client TEXT NOT NULL,               -- host without port; empty when not logged
            method TEXT NOT NULL,
            route TEXT NOT NULL,                -- path without query
            status INTEGER NOT NULL,            -- 0: the client went away before there was one
            upstream TEXT NOT NULL,             -- server behind the gateway; empty when not logged or not reached
            requests INTEGER NOT NULL,
            response_bytes INTEGER,             -- NULL where no line had it
            duration_requests INTEGER NOT NULL, -- from the first byte of the request to the last of the answer
            duration_sum_us INTEGER NOT NULL,
            duration_max_us INTEGER,
            upstream_requests INTEGER NOT NULL, -- as the gateway measures its upstream: docs/formats.md
            upstream_sum_us INTEGER NOT NULL,
            upstream_max_us INTEGER,
            first_byte_requests INTEGER NOT NULL, -- until the answer began (headers, or the first token)
            first_byte_sum_us INTEGER NOT NULL,
            first_byte_max_us INTEGER,
            PRIMARY KEY (source_id, time_ms, client, method, route, status, upstream)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE gateway_latency (
            -- The same durations as histograms per minute and route; the bounds are those of vLLM's own latencies.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,           -- start of the minute in which the answer ended
            quantity TEXT NOT NULL,             -- duration, upstream, first_byte
            route TEXT NOT NULL,
            status_class INTEGER NOT NULL,      -- 2 for 2xx, …; 0 for none
            le_seconds REAL NOT NULL,           -- upper bound of the bucket; 9e999 for the last
            requests INTEGER NOT NULL,          -- in this bucket alone
            PRIMARY KEY (source_id, time_ms, quantity, route, status_class, le_seconds)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE gateway_error (
            -- Every access line of a gateway with status 4xx or 5xx, or without one.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,           -- when the answer ended
            client TEXT NOT NULL,
            method TEXT NOT NULL,
            route TEXT NOT NULL,
            status INTEGER NOT NULL,
            upstream TEXT NOT NULL,
            duration_us INTEGER,
            flags TEXT                          -- Envoy's response flags, HAProxy's termination state
        ) STRICT;
        """
}
