/// Points of load tests. Version 1 had a table that nothing filled.
extension EvidenceSchema {
    static let loadTests = """
        DROP TABLE load_point;
        CREATE TABLE load_point (
            -- One point of a load test: what was offered and how the server answered, as the client saw it.
            point_id INTEGER PRIMARY KEY,
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            tool TEXT NOT NULL,                 -- vllm-bench, guidellm, aiperf, genai-perf, inference-perf, …
            tool_version TEXT,
            name TEXT,                          -- label, strategy or stage
            model TEXT,
            configuration TEXT NOT NULL,        -- JSON object of texts: what tells this configuration from others
            is_total INTEGER NOT NULL,          -- 1: sums up other points of the same test
            started_at_ms INTEGER,              -- start of the measurement
            duration_seconds REAL,              -- to the last answer; ramp-up and drain count unless the tool leaves them out
            send_seconds REAL,                  -- from the first request to the last that was sent
            offered_kind TEXT,                  -- rate, concurrency, users, max; NULL: not told
            offered_value REAL,                 -- requests/s, requests in flight, users
            concurrency_limit REAL,             -- of the client
            sent_rps REAL,
            achieved_rps REAL,                  -- requests that succeeded, over the whole duration
            steady_rps REAL,                    -- between the first and the last quarter of the completions
            goodput_rps REAL,                   -- within the objectives that the tool was told
            mean_concurrency REAL,
            ok INTEGER,
            failed INTEGER,
            incomplete INTEGER,
            prompt_tokens_mean REAL,
            output_tokens_mean REAL,
            output_tokens_per_second REAL,
            total_tokens_per_second REAL,
        \(latencies),
            notes TEXT                          -- JSON array of texts
        ) STRICT;
        """

    /// `ttft_mean_ms`, `ttft_sd_ms`, `ttft_p50_ms`, … of all four latencies, of requests that succeeded.
    static let latencyColumns = ["ttft", "itl", "tpot", "e2e"].flatMap { metric in
        ["mean", "sd", "p50", "p90", "p95", "p99"].map { "\(metric)_\($0)_ms" }
    }

    private static var latencies: String { latencyColumns.map { "    \($0) REAL" }.joined(separator: ",\n") }
}
