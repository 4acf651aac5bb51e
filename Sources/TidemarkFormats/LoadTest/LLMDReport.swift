import TidemarkBase
import TidemarkEvidence

/// The benchmark report of llm-d (0.1, 0.2, 0.2.1), in JSON or YAML. Each statistic says its `units`.
enum LLMDReport {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        guard fields.has("version") else { return nil }
        let isFirst = fields.paths.contains { $0.hasPrefix("metrics/latency/") || $0.hasPrefix("metrics/throughput/") }
        let base = isFirst ? "metrics/" : "results/request_performance/aggregate/"
        guard isFirst || fields.paths.contains(where: { $0.hasPrefix(base) }) else { return nil }
        var point = LoadPoint(tool: LoadTestTool.llmdReport.rawValue)
        point.toolVersion = fields.scalar("version")
        let generator = fields.first(["scenario/load/standardized/tool", "scenario/load/name"], fields.text)
        if let generator { point.configuration.append(("generator", generator)) }
        point.model = fields.first(
            ["scenario/model/name", "scenario/stack/0/standardized/model/name"], fields.text)
        for (key, path) in [
            ("accelerator", "scenario/stack/0/standardized/accelerator/model"),
            ("replicas", "scenario/stack/0/standardized/replicas"),
            ("tensor_parallel_size", "scenario/stack/0/standardized/accelerator/parallelism/tp"),
        ] {
            if let value = fields.scalar(path) { point.configuration.append((key, value)) }
        }
        offer(fields, &point)
        times(fields, &point)
        let requests = base + "requests/"
        point.failed = fields.count(requests + "failures")
        point.incomplete = fields.count(requests + "incomplete")
        if let total = fields.count(requests + "total") {
            let rest = total - (point.failed ?? 0) - (point.incomplete ?? 0)
            point.succeeded = rest >= 0 ? rest : nil
        }
        point.promptTokensMean = fields.positive(requests + "input_length/mean")
        point.outputTokensMean = fields.positive(requests + "output_length/mean")
        let rates = base + "throughput/"
        point.achievedRPS = fields.first([rates + "request_rate/mean", rates + "requests_per_sec"], fields.positive)
        point.outputTokensPerSecond = fields.first(
            [rates + "output_token_rate/mean", rates + "output_tokens_per_sec"], fields.positive)
        point.totalTokensPerSecond = fields.first(
            [rates + "total_token_rate/mean", rates + "total_tokens_per_sec"], fields.positive)
        point.ttft = latency(fields, base, "time_to_first_token", &point)
        point.tpot = latency(fields, base, "time_per_output_token", &point)
        point.itl = latency(fields, base, "inter_token_latency", &point)
        point.e2e = latency(fields, base, "request_latency", &point)
        return point
    }

    private static func offer(_ fields: LoadTestFields, _ point: inout LoadPoint) {
        let standard = "scenario/load/standardized/"
        if let stage = fields.count(standard + "stage") ?? fields.count("scenario/load/metadata/stage") {
            point.name = "stage \(stage)"
            let native = ["scenario/load/native/config/load/stages/", "scenario/load/args/load/stages/"]
            if let rate = fields.first(native.map { "\($0)\(stage)/rate" }, fields.positive) {
                point.offered = LoadOffer(.rate, rate)
                return
            }
        }
        let limit = fields.first([standard + "concurrency", "scenario/load/args/max_concurrency"], fields.positive)
        let rate = fields.first([standard + "rate_qps", "scenario/load/args/request_rate"], fields.positive)
        if let rate {
            point.offered = LoadOffer(.rate, rate)
            point.concurrencyLimit = limit
        } else if let limit {
            point.offered = LoadOffer(.concurrency, limit)
        } else if fields.text("scenario/load/args/request_rate") == "inf" {
            point.offered = LoadOffer(.max)
        }
    }

    private static func times(_ fields: LoadTestFields, _ point: inout LoadPoint) {
        if let start = fields.positive("metrics/time/start"), start < 1e11 { point.startedMs = Int64(start * 1000) }
        point.durationSeconds = fields.positive("metrics/time/duration")
        if let start = fields.text("run/time/start") {
            let parsed = withBytes(of: start) { CivilTime.parseRFC3339($0) }
            (point.startedMs, point.isZoned) = (parsed?.millis, parsed?.zoned ?? true)
        }
        if let duration = fields.text("run/time/duration") { point.durationSeconds = seconds(duration) }
    }

    /// `PT1H2M49.97S` (ISO 8601), without months and years.
    static func seconds(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        guard bytes.first == 80 else { return nil }
        var (total, start) = (0.0, 1)
        var (isTime, isEmpty) = (false, true)
        for (index, byte) in bytes.enumerated().dropFirst() {
            let unit: Double
            switch byte {
            case 48...57, 46: continue
            case 84:
                (start, isTime) = (index + 1, true)
                continue
            // Before the T they are months and the like.
            case 72 where !isTime, 77 where !isTime, 83 where !isTime: return nil
            case 68: unit = 86_400
            case 72: unit = 3600
            case 77: unit = 60
            case 83: unit = 1
            default: return nil
            }
            guard start < index,
                let value = bytes[start..<index].withUnsafeBytes({ Decimal.parse(Bytes(rebasing: $0[...])) })
            else { return nil }
            total += value * unit
            (start, isEmpty) = (index + 1, false)
        }
        return start == bytes.count && !isEmpty ? total : nil
    }

    private static func latency(
        _ fields: LoadTestFields, _ base: String, _ metric: String, _ point: inout LoadPoint
    ) -> LatencySummary {
        let path = base + "latency/" + metric + "/"
        guard fields.paths.contains(where: { $0.hasPrefix(path) }) else { return LatencySummary() }
        guard let scale = fields.text(path + "units").flatMap(AIPerf.milliseconds) else {
            point.notes.append("\(metric) has no unit that is known: left out")
            return LatencySummary()
        }
        return LatencySummary(fields, scale: scale) { part in
            [path + (part == \.deviation ? "stddev" : LatencySummary.name(part))]
        }
    }
}
