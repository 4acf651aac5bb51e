/// Signals that tell causes apart: where a request's time goes, what a step does, what the host does to the server.
extension SignalCatalogue {
    static let causes: [Signal] = [
        Signal(
            name: "arrival_rate_requests_per_second", title: "Requests arriving", unit: .requestsPerSecond,
            section: .service, worst: .high, scope: .replica, fleet: .sum,
            origins: [
                .requestLog("received_ms"), .rate(["vllm:time_to_first_token_seconds_count"]), .access(inferenceRoutes),
                .spanRate(.requests),
            ]),
        Signal(
            name: "tpot_mean_seconds", title: "Time per output token of a request, mean", unit: .seconds,
            section: .service, worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:request_time_per_output_token_seconds"]), .spanMean(.interToken)]),
        Signal(
            name: "beyond_engine_mean_seconds", title: "Time that a gateway or client saw beyond the engine's, mean",
            unit: .seconds, section: .service, worst: .high, scope: .replica, fleet: .mean,
            origins: [.spanMean(.beyondEngine)]),
        Signal(
            name: "up_ratio", title: "Scrapes that the server answered", unit: .ratio, section: .service, worst: .low,
            scope: .replica, fleet: .mean, origins: [.gauge(["up{job=~\"$vllm_jobs\"}"], .mean)]),
        Signal(
            name: "process_start_unix_seconds", title: "Start of the API server process", unit: .seconds,
            section: .system, worst: .high, scope: .replica, fleet: .max,
            origins: [.gauge(["process_start_time_seconds{job=~\"$vllm_jobs\"}"], .max)]),
        Signal(
            name: "deferred_requests", title: "Requests whose admission is deferred", unit: .requests,
            section: .inference, worst: .high, scope: .replica, fleet: .sum,
            origins: [
                .gauge(["vllm:num_requests_waiting_by_reason{reason=\"deferred\"}"], .sum),
                .statistics("deferred", .sum),
            ]),
        Signal(
            name: "structured_output_ratio", title: "Requests that ask for structured output", unit: .ratio,
            section: .inference, worst: .high, scope: .replica, fleet: .mean, origins: [.requestShare("structured = 1")]
        ),
        Signal(
            name: "step_tokens_mean_tokens", title: "Tokens of an engine step, mean", unit: .tokens,
            section: .inference, worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:iteration_tokens_total"])]),
        Signal(
            name: "computed_prompt_tokens_per_second", title: "Prompt tokens that were computed, not cached",
            unit: .tokensPerSecond, section: .inference, worst: .high, scope: .replica, fleet: .sum,
            origins: [.rate(["vllm:prompt_tokens_by_source_total{source=\"local_compute\"}"])]),
        Signal(
            name: "spec_decode_acceptance_ratio", title: "Draft tokens accepted", unit: .ratio, section: .inference,
            worst: .low, scope: .replica, fleet: .mean,
            origins: [
                .ratioOfRates([
                    ("vllm:spec_decode_num_accepted_tokens_total", "vllm:spec_decode_num_draft_tokens_total")
                ]), .gauge(["vllm:spec_decode_draft_acceptance_rate"], .mean),
                .companion(family: "spec_decode", name: "draft_acceptance_rate"),
            ]),
        Signal(
            name: "host_cpu_pressure_ratio", title: "Share of time in which a task waited for a CPU", unit: .ratio,
            section: .system, worst: .high, scope: .host, fleet: .max,
            origins: [.rate(["node_pressure_cpu_waiting_seconds_total"])]),
        Signal(
            name: "host_tcp_retransmits_segments_per_second", title: "TCP segments sent again",
            unit: .segmentsPerSecond, section: .system, worst: .high, scope: .host, fleet: .sum,
            origins: [.rate(["node_netstat_Tcp_RetransSegs"])]),
    ]
}
