extension NotebookTable {
    /// The tables that the notebooks read, in the order of evidence and results.
    public static let all: [NotebookTable] = evidence + results

    private static let ofSource = "JOIN source USING (source_id) JOIN period USING (period_id)"
    private static let ofAnalysis = "JOIN analysis USING (analysis_id) JOIN period USING (period_id)"

    private static let evidence: [NotebookTable] = [
        NotebookTable(
            "source",
            "The ledger: a row for each file that was met. lines = record_lines + noise_lines + reject_lines.",
            from: "source JOIN period USING (period_id) LEFT JOIN instance USING (instance_id)", order: "source_id",
            [
                .period, .text("source.path", as: "path", "where it was last seen"),
                .text("format", "vllm-log, prometheus-text, promtool-dump, nvidia-smi-query, vllm-bench, …"),
                .text("framing", "what wraps each line"),
                .text("status", "read, partial, unknown, announced, duplicate, failed"),
                .text("message", "why, where the status needs a word"),
                .text("instance.name", as: "instance", "whose evidence it is, for logs"),
                .integer("lines", "all lines"), .integer("record_lines", "lines that belong to records"),
                .integer("noise_lines", "lines known to mean nothing"),
                .integer("reject_lines", "lines not understood"),
                .integer("records", "records"), .time("first_ms", as: "first", "time of the first record"),
                .time("last_ms", as: "last", "time of the last record"),
                .number("clock_offset_ms / 1000.0", as: "clock_offset_seconds", "taken off the source's own clock"),
                .text("clock_method", "how the offset was found"),
                .number("clock_confidence", "how sure the offset is, 0…1"),
            ]),
        NotebookTable(
            "reject", "Lines that could not be read.", from: "reject \(ofSource)",
            order: "source_id, line, offset_bytes",
            [
                .period, .text("source.path", as: "path", "the file"), .integer("line", "from 1"),
                .text("reason", "what was expected"), .text("text", "the line, at most 500 bytes"),
            ]),
        NotebookTable(
            "engine_run", "One process life of a server, from its log.",
            from: "engine_run JOIN instance USING (instance_id) JOIN period USING (period_id)", order: "run_id",
            [
                .period, .integer("run_id", "joins engine_fact"),
                .text("instance.name", as: "instance", "the replica"),
                .time("start_ms", as: "start", "the process began"),
                .time("ready_ms", as: "ready", "start-up complete"),
                .time("end_ms", as: "end", "the process ended"),
                .text("end_reason", "crash, shutdown; missing while it lives or when unknown"),
                .text("version", "of vLLM"), .text("model", "as it was loaded"),
            ]),
        NotebookTable(
            "engine_fact",
            "What a run printed about itself, as text: arguments (arg.NAME), size of the KV cache, times.",
            from: "engine_fact", order: "run_id, line, rowid",
            [
                .integer("run_id", "joins engine_run"), .text("name", "such as arg.max_num_seqs, kv_cache_tokens"),
                .text("value", "as printed"),
            ]),
        NotebookTable(
            "engine_stat",
            "vLLM's statistics line, every ten seconds by default. Rates are means over the time since the line before.",
            from: "engine_stat JOIN instance USING (instance_id) JOIN period USING (period_id)",
            order: "engine_stat.source_id, engine_stat.line",
            [
                .period, .text("instance.name", as: "instance", "the replica"),
                .time("time_ms", as: "time", "of the line"),
                .integer("engine", "index in the replica; missing where the line has none"),
                .number("prompt_tokens_per_second", "tokens of prompts"),
                .number("generation_tokens_per_second", "tokens of answers"),
                .integer("running", as: "running_requests", "in the batch"),
                .integer("waiting", as: "waiting_requests", "in the queue"),
                .integer("preemptions", "in the interval; missing in versions that don't print them"),
                .number("kv_cache_usage_ratio", "0…1"), .number("prefix_cache_hit_ratio", "0…1, of the last requests"),
            ]),
        NotebookTable(
            "log_event", "Warnings, errors, tracebacks and other records of logs. Prompts are not in them.",
            from: "log_event JOIN instance USING (instance_id) JOIN period USING (period_id)", order: "event_id",
            [
                .period, .text("instance.name", as: "instance", "the replica"),
                .time("time_ms", as: "time", "missing when no line before had one"),
                .text("level", "INFO, WARNING, ERROR, …"), .text("log_event.kind", as: "kind", "what it is"),
                .text("exception_type", "of a traceback"), .text("message", "at most 4,000 bytes"),
            ]),
        NotebookTable(
            "gpu_sample", "One GPU at one moment, from nvidia-smi and its like. Utilization says busy, not efficient.",
            from: "gpu_sample JOIN instance USING (instance_id) JOIN period USING (period_id)",
            order: "gpu_sample.source_id, gpu_sample.rowid",
            [
                .period, .text("instance.name", as: "gpu", "such as GPU 0"), .time("time_ms", as: "time", "UTC"),
                .number("utilization_percent", "share of time in which a kernel ran"),
                .number("memory_used_mib", "MiB"), .number("memory_total_mib", "MiB"),
                .number("temperature_celsius", "of the core"), .number("power_watts", "drawn"),
                .number("power_limit_watts", "allowed"), .number("sm_clock_mhz", "of the multiprocessors"),
                .integer("throttle_reasons", "NVML's bit mask; 0 and 1 (idle) are harmless"),
            ]),
        NotebookTable(
            "series",
            "Time series of metrics. Their samples are compressed: `tidemark query` and `tidemark sql` (table sample) give them.",
            from:
                "series JOIN period USING (period_id) LEFT JOIN (SELECT series_id, sum(samples) AS samples, min(start_ms) AS start_ms, max(end_ms) AS end_ms FROM chunk GROUP BY series_id) USING (series_id)",
            order: "series_id",
            [
                .period, .integer("series_id", "as in the table sample of `tidemark sql`"),
                .text("series.name", as: "name", "of the metric"), .text("labels", "JSON object, __name__ included"),
                .text("type", "counter, gauge, histogram, …; missing where nobody announced it"),
                .text("form", "tsdb, dump, scrape, api: what it was read from"),
                .text("shadowed_by", "a better form that holds the same samples; missing when this one counts"),
                .integer("samples", "stale markers included"), .time("start_ms", as: "start", "first sample"),
                .time("end_ms", as: "end", "last sample"),
            ]),
        NotebookTable(
            "load_point",
            "One point of a load test: what was offered and how the server answered, as the client saw it.",
            from: "load_point \(ofSource)", order: "point_id",
            [
                .period, .text("source.path", as: "path", "the result file"), .text("tool", "vllm-bench, guidellm, …"),
                .text("load_point.model", as: "model", "served name"),
                .text("configuration", "JSON object: what tells this configuration from others"),
                .flag("is_total", "sums up other points of the same test: leave it out of sums"),
                .time("started_at_ms", as: "start", "of the measurement"),
                .number("duration_seconds", "to the last answer"),
                .text("offered_kind", "rate, concurrency, users, max"),
                .number("offered_value", "requests/s, requests in flight, or users, by offered_kind"),
                .number("achieved_rps", as: "achieved_requests_per_second", "that succeeded, over the whole duration"),
                .integer("ok", as: "ok_requests", "succeeded"), .integer("failed", as: "failed_requests", "failed"),
                .number("output_tokens_per_second", "tokens of answers"),
                .number("ttft_p50_ms / 1000.0", as: "ttft_p50_seconds", "to the first token"),
                .number("ttft_p95_ms / 1000.0", as: "ttft_p95_seconds", "to the first token"),
                .number("itl_mean_ms / 1000.0", as: "itl_mean_seconds", "between two tokens"),
                .number("itl_p95_ms / 1000.0", as: "itl_p95_seconds", "between two tokens"),
                .number("e2e_p95_ms / 1000.0", as: "e2e_p95_seconds", "whole request"),
            ]),
    ]

    private static let results: [NotebookTable] = [
        NotebookTable(
            "data_quality", "Whether the evidence can be trusted, judged before anything else.",
            from: "data_quality \(ofAnalysis)", order: "analysis_id, position",
            [
                .period, .text("data_quality.name", as: "name", "little_law, gaps, resets, replicas, clocks, …"),
                .text("state", "good, doubt"), .text("text", "a sentence"),
            ]),
        NotebookTable(
            "missing_evidence", "What could not be checked, and the flag or capture that would have shown it.",
            from: "missing_evidence \(ofAnalysis)", order: "missing_evidence.rowid",
            [.period, .text("cause", "which could not be judged"), .text("text", "a sentence")]),
        NotebookTable(
            "signal",
            "Named quantities over time, unit in the name: the same meaning whatever they were read from. A step without evidence has no row.",
            from: "signal \(ofAnalysis)", order: "analysis_id, signal.name, instance, time_ms",
            [
                .period, .text("signal.name", as: "name", "such as ttft_p95_seconds"),
                .text("instance", "replica or GPU; fleet: all of them"),
                .time("time_ms", as: "time", "end of the step"), .number("value", "in the unit of the name"),
            ]),
        NotebookTable(
            "signal_origin", "Where the values of a signal come from.", from: "signal_origin \(ofAnalysis)",
            order: "analysis_id, signal_origin.name, instance",
            [
                .period, .text("signal_origin.name", as: "name", "of the signal"), .text("instance", "replica or GPU"),
                .text("origin", "metrics, log, nvidia-smi, …"), .text("expression", "PromQL, or table and column"),
            ]),
        NotebookTable(
            "figure", "A signal as one number, over the whole window and over its worst five minutes.",
            from: "figure \(ofAnalysis)", order: "analysis_id, figure.name, instance",
            [
                .period, .text("figure.name", as: "name", "of the signal"), .text("instance", "replica or GPU; fleet"),
                .text("unit", "of the values"), .number("value", "whole window"),
                .number("low", "lower bound of the bucket that holds a quantile"),
                .number("high", "upper bound of that bucket"),
                .number("count", as: "observations", "behind a quantile"),
                .number("worst", "worst five minutes"),
                .time("worst_start_ms", as: "worst_start", "when these begin"),
            ]),
        NotebookTable(
            "distribution", "Counts by histogram bucket or category over the window; not cumulative.",
            from: "distribution \(ofAnalysis)", order: "analysis_id, distribution.name, instance, position",
            [
                .period, .text("distribution.name", as: "name", "prompt_tokens, generation_tokens, finish_reason, …"),
                .text("instance", "replica; fleet"), .integer("position", "order of the buckets"),
                .text("bucket", "upper bound or category"), .number("count", "observations in it"),
            ]),
        NotebookTable(
            "finding",
            "What broke: cause, time, certainty, cost to users. No rows: healthy, or nothing could be judged.",
            from: "finding \(ofAnalysis)", order: "analysis_id, rank",
            [
                .period, .integer("rank", "1 first"), .text("cause", "identifier; `tidemark explain` says more"),
                .time("finding.start_ms", as: "start", "began"), .time("finding.end_ms", as: "end", "ended"),
                .number("confidence", "0…1: high from 0.8, medium above 0.5, else low"),
                .number("impact_user_seconds", "excess waiting of all users; missing: cannot be computed"),
                .number("requests_affected", "requests"), .text("instances", "JSON array of replicas"),
                .text("summary", "a sentence"),
            ]),
        NotebookTable(
            "anomaly", "Stretches in which the signals together were as they usually aren't.",
            from: "anomaly \(ofAnalysis)", order: "analysis_id, rank, anomaly_id",
            [
                .period, .integer("rank", "by effect on users"), .text("anomaly.kind", as: "kind", "episode or shift"),
                .time("anomaly.start_ms", as: "start", "began"), .time("anomaly.end_ms", as: "end", "ended"),
                .flag("reported", "users felt it"), .number("score", "largest statistic over its limit"),
                .number("impact_user_seconds", "excess time of all users"),
                .text("harm", "first_token, waiting, tokens, failed"),
            ]),
        NotebookTable(
            "capacity_window", "Windows of traffic that the cost of a step was fitted to, thinned.",
            from: "capacity_window \(ofAnalysis)", order: "capacity_window.rowid",
            [
                .period, .text("replica_group", "model and configuration"),
                .number("sequences", "decoding together in one engine"),
                .number("gap_seconds", "mean between two tokens"),
            ]),
        NotebookTable(
            "capacity_line", "The fitted cost of a step at the present mix, with an 80 % band.",
            from: "capacity_line \(ofAnalysis)", order: "capacity_line.rowid",
            [
                .period, .text("replica_group", "model and configuration"),
                .number("sequences", "decoding together in one engine"), .number("step_seconds", "estimate"),
                .number("low", as: "low_seconds", "10 %"), .number("high", as: "high_seconds", "90 %"),
            ]),
        NotebookTable(
            "demand_hour", "Requests asked of the fleet by hour. An hour that wasn't observed has no row.",
            from: "demand_hour \(ofAnalysis)", order: "analysis_id, time_ms",
            [
                .period, .time("time_ms", as: "time", "start of the hour"),
                .number("rps", as: "requests_per_second", "mean, all replicas"),
            ]),
    ]
}
