import TidemarkBase
import TidemarkEvidence

/// k6's summary, of `--summary-export` or `handleSummary`, which puts the numbers under `values`. Milliseconds.
///
/// What plain HTTP calls know of a stream is its first byte, which is no token; a script's own Trend `ttft` (or
/// `time_to_first_token`, `itl`, `tpot`) is read when its unit is told by its name or by the summary.
enum K6Summary {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        guard let count = value(fields, "http_reqs", ["count"]) else { return nil }
        var point = LoadPoint(tool: LoadTestTool.k6.rawValue)
        point.durationSeconds = fields.positive("state/testRunDurationMs").map { $0 / 1000 }
        let rate = value(fields, "http_reqs", ["rate"])
        if point.durationSeconds == nil, let rate, rate > 0 { point.durationSeconds = count / rate }
        // Of this metric a pass is a request that failed.
        let failed = value(fields, "http_req_failed", ["passes"]).flatMap(LoadTestFields.count)
        point.failed = failed
        if let total = LoadTestFields.count(count) {
            point.succeeded = failed.map { max(0, total - $0) }
            if let rate, count > 0, let ok = point.succeeded { point.achievedRPS = rate * Double(ok) / count }
        }
        point.sentRPS = rate
        if let users = value(fields, "vus_max", ["max", "value"]) ?? value(fields, "vus", ["max", "value"]) {
            point.offered = LoadOffer(.users, users)
        }
        let good = "http_req_duration{expected_response:true}"
        let hasGood = value(fields, good, ["avg"]) != nil
        point.e2e = trend(fields, hasGood ? good : "http_req_duration", 1)
        if !hasGood, failed ?? 0 > 0 { point.notes.append("latencies are of failed requests, too") }
        for (part, names) in [
            (\LoadPoint.ttft, ["ttft", "time_to_first_token"]), (\.itl, ["itl", "inter_token_latency"]),
            (\.tpot, ["tpot", "time_per_output_token"]),
        ] {
            point[keyPath: part] = custom(fields, names)
        }
        return point
    }

    private static func custom(_ fields: LoadTestFields, _ names: [String]) -> LatencySummary {
        for name in names {
            for (suffix, scale) in [("_ms", 1.0), ("_s", 1000), ("_seconds", 1000)] {
                let found = trend(fields, name + suffix, scale)
                if !found.isEmpty { return found }
            }
            guard fields.text("metrics/\(name)/contains") == "time" else { continue }
            let found = trend(fields, name, 1)
            if !found.isEmpty { return found }
        }
        return LatencySummary()
    }

    private static func trend(_ fields: LoadTestFields, _ metric: String, _ scale: Double) -> LatencySummary {
        var summary = LatencySummary()
        func read(_ names: String...) -> Double? { value(fields, metric, names).map { $0 * scale } }
        summary.mean = read("avg")
        summary.p50 = read("med", "p(50)")
        summary.p90 = read("p(90)")
        summary.p95 = read("p(95)")
        summary.p99 = read("p(99)")
        return summary
    }

    private static func value(_ fields: LoadTestFields, _ metric: String, _ names: [String]) -> Double? {
        fields.first(names.flatMap { ["metrics/\(metric)/values/\($0)", "metrics/\(metric)/\($0)"] }, fields.positive)
    }
}
