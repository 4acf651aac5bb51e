import TidemarkBase

/// Recognises the result files of load generators. All of them are read by ``LoadTestParser``.
public enum LoadTestFormat {
    public static let vllmBench = LoadTestTool.vllmBench.rawValue
    public static let guideLLM = LoadTestTool.guideLLM.rawValue
    public static let aiperf = LoadTestTool.aiperf.rawValue
    public static let aiperfCSV = "aiperf-csv"
    public static let inferencePerf = LoadTestTool.inferencePerf.rawValue
    public static let llmdReport = LoadTestTool.llmdReport.rawValue
    public static let llmdYAML = "llm-d-benchmark-yaml"
    public static let k6 = LoadTestTool.k6.rawValue
    public static let locust = "locust-csv"

    public static let identifiers = [
        vllmBench, guideLLM, aiperf, aiperfCSV, inferencePerf, llmdReport, llmdYAML, k6, locust,
    ]

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        let start = PrometheusJSONFormat.compact(head, limit: 32 << 10)
        return start.withUnsafeBytes { bytes in
            guard bytes.has("{\"") || bytes.has("[{\"") else { return table(head) ?? yaml(head) }
            return json(bytes)
        }
    }

    private static func json(_ start: Bytes) -> FormatGuess? {
        func has(_ text: StaticString) -> Bool { start.range(of: text) != nil }
        func guess(_ format: String, _ detail: String) -> FormatGuess {
            FormatGuess(format: format, score: 0.95, detail: detail)
        }
        func unread(_ format: String, _ detail: String) -> FormatGuess {
            FormatGuess(format: format, score: 0.9, isReadable: false, detail: detail)
        }
        if has("\"benchmarks\":[{"), has("\"generative_benchmark\"") { return guess(guideLLM, "GuideLLM benchmarks") }
        if has("\"load_summary\":{"), has("\"successes\":{") {
            return has("\"latency\":{")
                ? guess(inferencePerf, "a stage of inference-perf")
                : unread("inference-perf-prometheus", "server metrics as inference-perf summed them up")
        }
        // In the tool's order the ids come first, sorted by name the burstiness, before the lists of single requests.
        let isBench = has("\"tokenizer_id\":") || has("\"num_prompts\":") || has("\"burstiness\":")
        if isBench, has("\"duration\":"), has("\"completed\":") {
            return guess(vllmBench, "a result of vllm bench serve")
        }
        if has("\"elapsed_time\":"), has("\"requests_per_second\":"), has("\"tokens_per_second\":") {
            return guess(vllmBench, "a result of vllm bench throughput")
        }
        if start.has("{\"avg_latency\":") || start.has("{\"model_id\":"), has("\"avg_latency\":"),
            has("\"percentiles\":{")
        {
            return unread("vllm-bench-latency", "vllm bench latency: batches without a server")
        }
        if has("\"request_latency\":{\"unit\":") || has("\"request_throughput\":{\"unit\":") {
            return guess(aiperf, has("\"aiperf_version\":") ? "a result of AIPerf" : "a result of AIPerf or GenAI-Perf")
        }
        if start.has("{\"metadata\":{"), has("\"benchmark_phase\":"), has("\"metrics\":{") {
            return unread("aiperf-records", "AIPerf's single requests")
        }
        let isReport = has("\"request_performance\":{") && has("\"results\":{")
        if isReport || has("\"version\":\"0.1\"") && has("\"scenario\":{") {
            return guess(llmdReport, "a benchmark report of llm-d")
        }
        if has("\"http_reqs\":{"), has("\"metrics\":{") || has("\"root_group\":{") {
            return guess(k6, "a summary of k6")
        }
        if start.has("{\"type\":\"Metric\",\"data\":{\"name\":") || start.has("{\"type\":\"Point\",\"metric\":") {
            return unread("k6-points", "k6's single samples")
        }
        return nil
    }

    private static func table(_ head: Bytes) -> FormatGuess? {
        guard let first = head.headLines(limit: 1).first else { return nil }
        if first.has("Type,Name,Request Count,Failure Count,") {
            return FormatGuess(format: locust, score: 0.95, detail: "Locust's statistics of a whole test")
        }
        if first.has("Timestamp,User Count,Type,Name,") {
            return FormatGuess(format: locust, score: 0.95, detail: "Locust's history")
        }
        if first.has("Method,Name,Error,Occurrences") || first.has("Count,Message,Traceback,Nodes") {
            return FormatGuess(
                format: "locust-failures", score: 0.9, isReadable: false, detail: "Locust's failures and exceptions")
        }
        if first.has("metric_name,timestamp,metric_value,") {
            return FormatGuess(format: "k6-points", score: 0.9, isReadable: false, detail: "k6's single samples")
        }
        guard first.has("Metric,"), first.range(of: "avg") != nil, first.range(of: "p99") != nil else { return nil }
        return FormatGuess(format: aiperfCSV, score: 0.95, detail: "a result of AIPerf or GenAI-Perf")
    }

    /// Keys of llm-d's report at the beginning of lines.
    private static func yaml(_ head: Bytes) -> FormatGuess? {
        var (isReport, isOther) = (false, false)
        for line in head.headLines(limit: 3) {
            isReport = isReport || line.equals("results:") || line.equals("metrics:") || line.equals("run:")
            isOther = isOther || line.has("version:")
        }
        guard isReport || isOther,
            head.range(of: "\n  request_performance:") != nil || head.range(of: "\n  observability:") != nil
                || head.range(of: "\n  component_health:") != nil || head.range(of: "    time_to_first_token:") != nil
        else { return nil }
        return FormatGuess(format: llmdYAML, score: 0.92, detail: "a benchmark report of llm-d, YAML")
    }
}
