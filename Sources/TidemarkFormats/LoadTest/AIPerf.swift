import TidemarkBase
import TidemarkEvidence

/// `profile_export_aiperf.json` of AIPerf, and GenAI-Perf's, from which it descends: a metric is an object with its `unit`.
///
/// Their inter-token latency is (end to end − first token) / (output − 1) of each request: what others call TPOT.
enum AIPerf {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        guard fields.has("request_throughput/avg") || fields.has("request_latency/avg") else { return nil }
        let isAIPerf =
            fields.has("aiperf_version") || fields.has("schema_version")
            || fields.paths.contains { $0.hasPrefix("input_config/loadgen/") || $0.hasPrefix("input_config/phases/") }
        var point = LoadPoint(tool: isAIPerf ? LoadTestTool.aiperf.rawValue : "genai-perf")
        point.toolVersion = fields.text("aiperf_version")
        point.model = fields.first(
            [
                "input_config/models/items/0/name", "input_config/endpoint/model_names/0", "input_config/model_names/0",
                "input_config/model/0", "input_config/model",
            ], fields.text)
        offer(fields, &point)
        point.durationSeconds = seconds(fields, "benchmark_duration")
        point.succeeded = fields.count("request_count/avg")
        point.failed = failures(fields)
        point.achievedRPS = fields.positive("request_throughput/avg")
        point.goodputRPS =
            fields.text("goodput/unit")?.hasPrefix("requests") == true ? fields.positive("goodput/avg") : nil
        point.promptTokensMean = fields.positive("input_sequence_length/avg")
        point.outputTokensMean = fields.positive("output_sequence_length/avg")
        point.outputTokensPerSecond = fields.positive("output_token_throughput/avg")
        point.totalTokensPerSecond = fields.positive("total_token_throughput/avg")
        point.ttft = latency(fields, "time_to_first_token", &point)
        point.itl = latency(fields, "inter_token_latency", &point)
        point.tpot = point.itl
        point.e2e = latency(fields, "request_latency", &point)
        if point.durationSeconds == nil, let count = point.succeeded, let rate = point.achievedRPS, rate > 0 {
            point.durationSeconds = Double(count) / rate
        }
        if fields.flag("was_cancelled") == true { point.notes.append("the run was cancelled before its end") }
        if let start = fields.text("start_time") {
            let parsed = withBytes(of: start) { CivilTime.parseRFC3339($0) }
            (point.startedMs, point.isZoned) = (parsed?.millis, parsed?.zoned ?? true)
        }
        let endpoint = fields.text("input_config/endpoint/type") ?? fields.text("input_config/endpoint_type")
        if let endpoint { point.configuration.append(("endpoint", endpoint)) }
        return point
    }

    /// The load stands in `loadgen`, in the phase that is measured, or in GenAI-Perf's options.
    private static func offer(_ fields: LoadTestFields, _ point: inout LoadPoint) {
        let measured = (0..<16).map { "input_config/phases/\($0)/" }.first {
            fields.text($0 + "name") == "profiling"
                || fields.text($0 + "name") != nil && fields.flag($0 + "exclude_from_results") != true
                    && fields.text($0 + "name") != "warmup"
        }
        var places = ["input_config/loadgen/", "input_config/perf_analyzer/stimulus/", "input_config/"]
        if let measured { places.insert(measured, at: 0) }
        let limit = fields.first(places.map { $0 + "concurrency" }, fields.positive)
        let rate = fields.first(places.flatMap { [$0 + "request_rate", $0 + "rate"] }, fields.positive)
        if let rate, rate > 0 {
            point.offered = LoadOffer(.rate, rate)
            point.concurrencyLimit = limit
        } else if let limit {
            point.offered = LoadOffer(.concurrency, limit)
        }
    }

    private static func failures(_ fields: LoadTestFields) -> Int? {
        if let count = fields.count("error_request_count/avg") { return count }
        let counts = (0..<64).compactMap { fields.count("error_summary/\($0)/count") }
        return counts.isEmpty ? nil : counts.reduce(0, +)
    }

    private static func latency(
        _ fields: LoadTestFields, _ metric: String, _ point: inout LoadPoint
    ) -> LatencySummary {
        guard fields.has(metric + "/avg") else { return LatencySummary() }
        guard let scale = fields.text(metric + "/unit").flatMap(milliseconds) else {
            point.notes.append("\(metric) has no unit that is known: left out")
            return LatencySummary()
        }
        return LatencySummary(fields, scale: scale) { part in
            [metric + "/" + (part == \.mean ? "avg" : LatencySummary.name(part))]
        }
    }

    private static func seconds(_ fields: LoadTestFields, _ metric: String) -> Double? {
        guard let value = fields.positive(metric + "/avg"),
            let scale = fields.text(metric + "/unit").flatMap(milliseconds)
        else { return nil }
        return value * scale / 1000
    }

    /// Milliseconds in one of a unit; nil for what is no time.
    static func milliseconds(_ unit: String) -> Double? {
        switch unit {
        case "ms", "ms/token", "milliseconds": 1
        case "s", "sec", "seconds", "s/token": 1000
        case "us", "µs", "microseconds": 1e-3
        case "ns", "nanoseconds": 1e-6
        default: nil
        }
    }
}
