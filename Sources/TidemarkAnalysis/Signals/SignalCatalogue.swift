import TidemarkEvidence

/// All signals. Metric names through the versions (`vllm/v1/metrics/loggers.py`, `engine/metrics.py`) live here alone.
public enum SignalCatalogue {
    public static let all: [Signal] = service + gateways + inference + system + causes

    public static func signal(_ name: String) -> Signal? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// What marks an HTTP request as one for inference rather than a probe or a scrape.
    static let inferenceRoutes =
        "route LIKE '/v1/%' AND route NOT LIKE '/v1/models%' OR route IN ('/generate', '/invocations', '/score', '/rerank', '/pooling', '/classify')"

    private static let ttft = ["vllm:time_to_first_token_seconds"]
    /// Renamed in 0.10.2; both exist for a while and hold the same samples.
    private static let itl = ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"]
    private static let e2e = ["vllm:e2e_request_latency_seconds"]
    private static let success = "vllm:request_success_total"
    /// The instrumentator groups statuses as `4xx`; another middleware may print them in full.
    private static func http(_ pattern: String) -> [String] { ["http_requests_total{status=~\"\(pattern)\"}"] }

    private static func latency(_ short: String, _ long: String, _ histograms: [String], _ measure: SpanMeasure)
        -> [Signal]
    {
        [(50, 0.5), (90, 0.9), (95, 0.95), (99, 0.99)].map { percent, q in
            Signal(
                name: "\(short)_p\(percent)_seconds", title: "\(long), P\(percent)", unit: .seconds, section: .service,
                worst: .high, scope: .replica, fleet: .max,
                origins: [.quantile(q, histograms), .spanQuantile(q, measure)])
        }
    }

    private static let service: [Signal] =
        [
            Signal(
                name: "request_rate_requests_per_second", title: "Requests finished", unit: .requestsPerSecond,
                section: .service, worst: .high, scope: .replica, fleet: .sum,
                origins: [.rate([success]), .access(inferenceRoutes), .spanRate(.requests)]),
            Signal(
                name: "http_request_rate_requests_per_second", title: "HTTP requests for inference",
                unit: .requestsPerSecond, section: .service, worst: .high, scope: .replica, fleet: .sum,
                origins: [
                    .access(inferenceRoutes),
                    .rate(["http_requests_total{handler=~\"/v1/.*|/generate|/invocations|/score|/rerank|/pooling\"}"]),
                ]),
        ] + latency("ttft", "Time to first token", ttft, .timeToFirstToken)
        + latency("itl", "Inter-token latency", itl, .interToken)
        + latency("e2e", "End-to-end latency", e2e, .endToEnd) + [
            Signal(
                name: "ttft_mean_seconds", title: "Time to first token, mean", unit: .seconds, section: .service,
                worst: .high, scope: .replica, fleet: .mean, origins: [.mean(ttft), .spanMean(.timeToFirstToken)]),
            Signal(
                name: "itl_mean_seconds", title: "Inter-token latency, mean", unit: .seconds, section: .service,
                worst: .high, scope: .replica, fleet: .mean,
                origins: [
                    .mean(itl), .statisticsRatio("running", "generation_tokens_per_second"), .spanMean(.interToken),
                ]),
            Signal(
                name: "e2e_mean_seconds", title: "End-to-end latency, mean", unit: .seconds, section: .service,
                worst: .high, scope: .replica, fleet: .mean, origins: [.mean(e2e), .spanMean(.endToEnd)]),
            Signal(
                name: "error_4xx_requests_per_second", title: "Answers with status 4xx", unit: .requestsPerSecond,
                section: .service, worst: .high, scope: .replica, fleet: .sum,
                origins: [.rate(http("4..")), .access("status BETWEEN 400 AND 499")]),
            Signal(
                name: "error_5xx_requests_per_second", title: "Answers with status 5xx", unit: .requestsPerSecond,
                section: .service, worst: .high, scope: .replica, fleet: .sum,
                origins: [.rate(http("5..")), .access("status BETWEEN 500 AND 599")]),
            Signal(
                name: "abort_requests_per_second", title: "Requests aborted by the client", unit: .requestsPerSecond,
                section: .service, worst: .high, scope: .replica, fleet: .sum,
                origins: [.requestLog("aborted_ms"), .rate([success + "{finished_reason=\"abort\"}"])]),
            Signal(
                name: "running_requests", title: "Requests running", unit: .requests, section: .service, worst: .high,
                scope: .replica, fleet: .sum,
                origins: [.gauge(["vllm:num_requests_running"], .sum), .statistics("running", .sum)]),
            Signal(
                name: "waiting_requests", title: "Requests waiting", unit: .requests, section: .service, worst: .high,
                scope: .replica, fleet: .sum,
                origins: [.gauge(["vllm:num_requests_waiting"], .sum), .statistics("waiting", .sum)]),
        ]

    private static let inference: [Signal] = [
        Signal(
            name: "prompt_tokens_per_second", title: "Prompt tokens", unit: .tokensPerSecond, section: .inference,
            worst: .high, scope: .replica, fleet: .sum,
            origins: [
                .rate(["vllm:prompt_tokens_total"]), .statistics("prompt_tokens_per_second", .sum),
                .spanRate(.promptTokens),
            ]),
        Signal(
            name: "generation_tokens_per_second", title: "Generated tokens", unit: .tokensPerSecond,
            section: .inference, worst: .low, scope: .replica, fleet: .sum,
            origins: [
                .rate(["vllm:generation_tokens_total"]), .statistics("generation_tokens_per_second", .sum),
                .spanRate(.completionTokens),
            ]),
        Signal(
            name: "queue_time_mean_seconds", title: "Time in the queue, mean", unit: .seconds, section: .inference,
            worst: .high, scope: .replica, fleet: .mean,
            origins: [
                .mean(["vllm:request_queue_time_seconds", "vllm:time_in_queue_requests"]), .spanMean(.queue),
            ]),
        Signal(
            name: "prefill_time_mean_seconds", title: "Prefill time, mean", unit: .seconds, section: .inference,
            worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:request_prefill_time_seconds"]), .spanMean(.prefill)]),
        Signal(
            name: "decode_time_mean_seconds", title: "Decode time, mean", unit: .seconds, section: .inference,
            worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:request_decode_time_seconds"]), .spanMean(.decode)]),
        Signal(
            name: "kv_cache_usage_ratio", title: "KV cache in use", unit: .ratio, section: .inference, worst: .high,
            scope: .replica, fleet: .max,
            origins: [
                .gauge(["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"], .max),
                .statistics("kv_cache_usage_ratio", .max),
            ]),
        Signal(
            name: "prefix_cache_hit_ratio", title: "Prefix-cache hits", unit: .ratio, section: .inference, worst: .low,
            scope: .replica, fleet: .mean,
            origins: [
                .ratioOfRates([
                    ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"),
                    ("vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_queries_total"),
                ]), .gauge(["vllm:gpu_prefix_cache_hit_rate"], .mean), .statistics("prefix_cache_hit_ratio", .mean),
                .companion(family: "prefix_cache", name: "prefix_cache_hit_rate"),
            ]),
        Signal(
            name: "preemptions_per_second", title: "Preemptions", unit: .preemptionsPerSecond, section: .inference,
            worst: .high, scope: .replica, fleet: .sum, origins: [.rate(["vllm:num_preemptions_total"])]),
        Signal(
            name: "engine_steps_per_second", title: "Engine steps", unit: .stepsPerSecond, section: .inference,
            worst: .low, scope: .replica, fleet: .sum, origins: [.rate(["vllm:iteration_tokens_total_count"])]),
        Signal(
            name: "prompt_length_mean_tokens", title: "Prompt length, mean", unit: .tokens, section: .inference,
            worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:request_prompt_tokens"]), .spanMean(.promptTokens)]),
        Signal(
            name: "generation_length_mean_tokens", title: "Generation length, mean", unit: .tokens,
            section: .inference, worst: .high, scope: .replica, fleet: .mean,
            origins: [.mean(["vllm:request_generation_tokens"]), .spanMean(.completionTokens)]),
    ]

    private static let system: [Signal] = [
        Signal(
            name: "gpu_utilization_ratio", title: "GPU utilisation (share of time with a kernel running)",
            unit: .ratio, section: .system, worst: .high, scope: .gpu, fleet: .mean,
            origins: [
                .gpu("utilization_percent", factor: 0.01), .gauge(["DCGM_FI_DEV_GPU_UTIL"], .mean, scale: 0.01),
                .percentOrRatio("DCGM_FI_DEV_GPU_UTIL_RATIO"),
            ]),
        Signal(
            name: "gpu_sm_active_ratio", title: "Share of SMs with a warp, over time", unit: .ratio, section: .system,
            worst: .high, scope: .gpu, fleet: .mean,
            origins: [
                .gpu("sm_active_ratio", factor: 1),
                .gauge(["DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_PROF_SM_UTIL_RATIO"], .mean),
            ]),
        Signal(
            name: "gpu_tensor_active_ratio", title: "Tensor pipes busy", unit: .ratio, section: .system, worst: .high,
            scope: .gpu, fleet: .mean,
            origins: [
                .gpu("tensor_active_ratio", factor: 1),
                .gauge(["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_TENSOR_UTIL_RATIO"], .mean),
            ]),
        Signal(
            name: "gpu_dram_active_ratio", title: "Memory interface busy", unit: .ratio, section: .system,
            worst: .high, scope: .gpu, fleet: .mean,
            origins: [
                .gpu("dram_active_ratio", factor: 1),
                .gauge(["DCGM_FI_PROF_DRAM_ACTIVE", "DCGM_FI_PROF_DRAM_UTIL_RATIO"], .mean),
            ]),
        Signal(
            name: "gpu_sm_clock_hertz", title: "SM clock", unit: .hertz, section: .system, worst: .low, scope: .gpu,
            fleet: .mean,
            origins: [.gpu("sm_clock_mhz", factor: 1e6), .gauge(["DCGM_FI_DEV_SM_CLOCK"], .mean, scale: 1e6)]),
        Signal(
            name: "gpu_throttled_ratio", title: "Share of samples with a thermal or power-brake slowdown",
            unit: .ratio, section: .system, worst: .high, scope: .gpu, fleet: .max,
            origins: [
                .gpuThrottle(GPUThrottle.slowing & ~GPUThrottle.swPowerCap),
                .gaugeBits(
                    ["DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS"],
                    GPUThrottle.slowing & ~GPUThrottle.swPowerCap),
            ]),
        Signal(
            name: "gpu_power_capped_ratio", title: "Share of samples at the software power cap", unit: .ratio,
            section: .system, worst: .high, scope: .gpu, fleet: .max,
            origins: [
                .gpuThrottle(GPUThrottle.swPowerCap),
                .gaugeBits(
                    ["DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS"],
                    GPUThrottle.swPowerCap),
            ]),
        Signal(
            name: "gpu_power_violation_ratio", title: "Share of time held back by power", unit: .ratio,
            section: .system, worst: .high, scope: .gpu, fleet: .max,
            origins: [.nanosecondsRate("DCGM_FI_DEV_POWER_VIOLATION")]),
        Signal(
            name: "gpu_thermal_violation_ratio", title: "Share of time held back by heat", unit: .ratio,
            section: .system, worst: .high, scope: .gpu, fleet: .max,
            origins: [.nanosecondsRate("DCGM_FI_DEV_THERMAL_VIOLATION")]),
        Signal(
            name: "gpu_temperature_celsius", title: "GPU temperature", unit: .celsius, section: .system, worst: .high,
            scope: .gpu, fleet: .max,
            origins: [
                .gpu("temperature_celsius", factor: 1),
                .gauge(["DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_TEMP_CELSIUS"], .max),
            ]),
        Signal(
            name: "gpu_power_watts", title: "GPU power draw", unit: .watts, section: .system, worst: .high,
            scope: .gpu, fleet: .sum,
            origins: [
                .gpu("power_watts", factor: 1),
                .gauge(
                    [
                        "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_BOARD_POWER_WATTS", "DCGM_FI_DEV_POWER_USAGE_INSTANT",
                        "DCGM_FI_DEV_BOARD_POWER_RAW_WATTS",
                    ], .sum),
            ]),
        Signal(
            name: "gpu_memory_used_bytes", title: "GPU memory in use", unit: .bytes, section: .system, worst: .high,
            scope: .gpu, fleet: .sum,
            origins: [
                .gpu("memory_used_mib", factor: 1_048_576), .gauge(["DCGM_FI_DEV_FB_USED"], .sum, scale: 1_048_576),
            ]),
        Signal(
            name: "host_cpu_busy_ratio", title: "Host CPU busy", unit: .ratio, section: .system, worst: .high,
            scope: .host, fleet: .max,
            origins: [.oneMinusShare("node_cpu_seconds_total{mode=\"idle\"}", of: "node_cpu_seconds_total")]),
        Signal(
            name: "host_memory_available_bytes", title: "Host memory available", unit: .bytes, section: .system,
            worst: .low, scope: .host, fleet: .sum, origins: [.gauge(["node_memory_MemAvailable_bytes"], .sum)]),
        Signal(
            name: "host_network_receive_bytes_per_second", title: "Network received", unit: .bytesPerSecond,
            section: .system, worst: .high, scope: .host, fleet: .sum,
            origins: [.rate(["node_network_receive_bytes_total{device!=\"lo\"}"])]),
        Signal(
            name: "host_network_transmit_bytes_per_second", title: "Network sent", unit: .bytesPerSecond,
            section: .system, worst: .high, scope: .host, fleet: .sum,
            origins: [.rate(["node_network_transmit_bytes_total{device!=\"lo\"}"])]),
        Signal(
            name: "process_cpu_cores", title: "CPU of the API server process", unit: .cores, section: .system,
            worst: .high, scope: .replica, fleet: .sum,
            origins: [.rate(["process_cpu_seconds_total{job=~\"$vllm_jobs\"}"])]),
        Signal(
            name: "process_resident_memory_bytes", title: "Memory of the API server process", unit: .bytes,
            section: .system, worst: .high, scope: .replica, fleet: .sum,
            origins: [.gauge(["process_resident_memory_bytes{job=~\"$vllm_jobs\"}"], .sum)]),
    ]
}
