import TidemarkBase
import TidemarkEvidence

/// GuideLLM's `benchmarks.json` of 0.3 to 0.7: a point a benchmark. `request_latency` is seconds, what ends in `_ms`
/// milliseconds. Of its percentiles `p001` is the 0.1th, `p01` the first.
enum GuideLLM {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        guard fields.paths.contains(where: { $0.hasPrefix("metrics/") }) else { return nil }
        var point = LoadPoint(tool: LoadTestTool.guideLLM.rawValue)
        let strategy = ["config/strategy/", "args/strategy/", "scheduler/strategy/"]
        func inStrategy<T>(_ names: String..., read: (String) -> T?) -> T? {
            fields.first(strategy.flatMap { base in names.map { base + $0 } }, read)
        }
        point.name = inStrategy("type_", "type", read: fields.text)
        let limit = inStrategy("max_concurrency", read: fields.positive)
        switch point.name {
        case "synchronous": point.offered = LoadOffer(.concurrency, 1)
        case "concurrent":
            point.offered = LoadOffer(.concurrency, inStrategy("streams", read: fields.positive) ?? limit)
        case "throughput":
            point.offered = LoadOffer(.max)
            point.concurrencyLimit = limit
        case "constant", "poisson", "async":
            point.offered = inStrategy("rate", read: fields.positive).map { LoadOffer(.rate, $0) }
            point.concurrencyLimit = limit
        default: break
        }
        point.model = fields.first(
            [
                "config/backend/model", "benchmarker/backend/model", "worker/backend_model", "worker/backend/model",
                "args/model",
            ], fields.text)
        times(fields, &point)
        let counts = ["metrics/request_totals/", "scheduler_metrics/requests_made/", "run_stats/requests_made/"]
        func count(_ name: String) -> Int? { fields.first(counts.map { $0 + name }, fields.count) }
        point.succeeded = count("successful")
        point.failed = count("errored")
        point.incomplete = count("incomplete")
        point.achievedRPS = mean(fields, "requests_per_second")
        point.meanConcurrency = mean(fields, "request_concurrency")
        point.promptTokensMean = mean(fields, "prompt_token_count")
        point.outputTokensMean = mean(fields, "output_token_count")
        point.outputTokensPerSecond = mean(fields, "output_tokens_per_second")
        point.totalTokensPerSecond = mean(fields, "tokens_per_second")
        point.ttft = latency(fields, "time_to_first_token_ms", 1)
        point.tpot = latency(fields, "time_per_output_token_ms", 1)
        point.itl = latency(fields, "inter_token_latency_ms", 1)
        point.e2e = latency(fields, "request_latency", 1000)
        return point
    }

    static func complete(_ point: inout LoadPoint, _ document: LoadTestFields) {
        point.toolVersion = document.text("metadata/guidellm_version")
        point.model = point.model ?? document.text("args/model") ?? document.text("config/model")
    }

    private static func times(_ fields: LoadTestFields, _ point: inout LoadPoint) {
        // Ends of the measurement without its warm-up, where the version tells them.
        for (from, to) in [
            ("scheduler_metrics/measure_start_time", "scheduler_metrics/measure_end_time"), ("start_time", "end_time"),
            ("run_stats/start_time", "run_stats/end_time"),
        ] {
            guard let start = fields.positive(from), let end = fields.positive(to), end > start, end < 1e11 else {
                continue
            }
            point.startedMs = Int64(start * 1000)
            point.durationSeconds = end - start
            return
        }
        point.durationSeconds = fields.positive("duration")
    }

    private static func mean(_ fields: LoadTestFields, _ metric: String) -> Double? {
        guard observed(fields, metric) else { return nil }
        return fields.positive("metrics/\(metric)/successful/mean")
    }

    private static func latency(_ fields: LoadTestFields, _ metric: String, _ scale: Double) -> LatencySummary {
        guard observed(fields, metric) else { return LatencySummary() }
        return LatencySummary(fields, scale: scale) { part in
            let base = "metrics/\(metric)/successful/"
            switch part {
            case \.mean: return [base + "mean"]
            case \.deviation: return [base + "std_dev"]
            case \.p50: return [base + "percentiles/p50", base + "median"]
            default: return [base + "percentiles/" + LatencySummary.name(part)]
            }
        }
    }

    /// A metric of no observations is all zeros.
    private static func observed(_ fields: LoadTestFields, _ metric: String) -> Bool {
        fields.number("metrics/\(metric)/successful/count") != 0
    }
}
