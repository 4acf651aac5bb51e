import TidemarkBase
import TidemarkEvidence

/// `stage_N_lifecycle_metrics.json` of kubernetes-sigs/inference-perf, and its summary of all stages. All times are
/// seconds; the median stands for p50. `achieved_rate` is how fast it sent; what came back is `requests_per_sec`, which is
/// lower under overload because the time of the drain counts.
enum InferencePerf {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        guard fields.has("successes/count"), fields.paths.contains(where: { $0.hasPrefix("successes/latency/") }) else {
            return nil
        }
        var point = LoadPoint(tool: LoadTestTool.inferencePerf.rawValue)
        if let concurrency = fields.positive("load_summary/concurrency") {
            point.offered = LoadOffer(.concurrency, concurrency)
        } else if let rate = fields.positive("load_summary/requested_rate") {
            point.offered = LoadOffer(.rate, rate)
        } else {
            point.isTotal = true
            point.notes.append("a summary over all stages")
        }
        point.sendSeconds = fields.positive("load_summary/send_duration")
        point.sentRPS = fields.positive("load_summary/achieved_rate")
        point.succeeded = fields.count("successes/count")
        point.failed = fields.count("failures/count")
        point.achievedRPS = fields.positive("successes/throughput/requests_per_sec")
        point.outputTokensPerSecond = fields.positive("successes/throughput/output_tokens_per_sec")
        point.totalTokensPerSecond = fields.positive("successes/throughput/total_tokens_per_sec")
        point.promptTokensMean = fields.positive("successes/prompt_len/mean")
        point.outputTokensMean = fields.positive("successes/output_len/mean")
        if let count = point.succeeded, let rate = point.achievedRPS, rate > 0 {
            point.durationSeconds = Double(count) / rate
        }
        point.goodputRPS = fields.positive("goodput_metrics/request_goodput")
        point.ttft = latency(fields, "time_to_first_token")
        point.tpot = latency(fields, "time_per_output_token")
        point.itl = latency(fields, "inter_token_latency")
        point.e2e = latency(fields, "request_latency")
        return point
    }

    private static func latency(_ fields: LoadTestFields, _ metric: String) -> LatencySummary {
        LatencySummary(fields, scale: 1000) { part in
            let base = "successes/latency/\(metric)/"
            return part == \.p50 ? [base + "median", base + "p50"] : [base + LatencySummary.name(part)]
        }
    }
}
