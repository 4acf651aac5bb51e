import TidemarkBase
import TidemarkEvidence

/// `vllm bench serve` and `benchmark_serving.py` before it: an object, one a line with `--append-result`, or a sweep's
/// `summary.json`; and `vllm bench throughput`. Latencies are milliseconds, all else seconds.
enum VLLMBench {
    static func point(_ fields: LoadTestFields) -> LoadPoint? {
        if fields.has("requests_per_second"), fields.has("elapsed_time") { return throughput(fields) }
        guard let completed = fields.count("completed"), let duration = fields.positive("duration") else { return nil }
        var point = LoadPoint(tool: LoadTestTool.vllmBench.rawValue)
        point.model = fields.text("model_id")
        point.name = fields.text("label")
        point.durationSeconds = duration
        point.succeeded = completed
        point.failed =
            fields.count("failed") ?? fields.count("num_prompts").flatMap { $0 >= completed ? $0 - completed : nil }
        point.achievedRPS = fields.positive("request_throughput")
        point.goodputRPS = fields.first(["request_goodput", "request_goodput:"], fields.positive)
        point.outputTokensPerSecond = fields.positive("output_throughput")
        point.totalTokensPerSecond = fields.positive("total_token_throughput")
        if completed > 0 {
            point.promptTokensMean = fields.positive("total_input_tokens").map { $0 / Double(completed) }
            point.outputTokensMean = fields.positive("total_output_tokens").map { $0 / Double(completed) }
        }
        offer(fields, &point)
        point.ttft = latency(fields, "ttft")
        point.tpot = latency(fields, "tpot")
        point.itl = latency(fields, "itl")
        point.e2e = latency(fields, "e2el")
        // Without requests that succeeded the tool writes zeros.
        if completed == 0 {
            for part in [\LoadPoint.ttft, \.tpot, \.itl, \.e2e] { point[keyPath: part] = LatencySummary() }
        }
        if let ended = fields.text("date").flatMap(ended) {
            point.startedMs = ended - Int64(min(duration, 1e9) * 1000)
            point.isZoned = false
        }
        timing(fields, completed, &point)
        point.configuration = configuration(fields)
        return point
    }

    private static func throughput(_ fields: LoadTestFields) -> LoadPoint {
        var point = LoadPoint(tool: LoadTestTool.vllmBench.rawValue)
        point.name = "throughput"
        point.model = fields.text("model_id")
        point.offered = LoadOffer(.max)
        point.durationSeconds = fields.positive("elapsed_time")
        point.succeeded = fields.count("num_requests")
        point.achievedRPS = fields.positive("requests_per_second")
        point.totalTokensPerSecond = fields.positive("tokens_per_second")
        point.configuration = [("benchmark", "throughput")] + configuration(fields)
        return point
    }

    private static func offer(_ fields: LoadTestFields, _ point: inout LoadPoint) {
        let limit = fields.positive("max_concurrency")
        if fields.text("ramp_up_strategy") != nil {
            point.notes.append("the request rate was ramped up during the run")
            point.concurrencyLimit = limit
        } else if let rate = fields.positive("request_rate") {
            point.offered = LoadOffer(.rate, rate)
            point.concurrencyLimit = limit
        } else if let limit {
            point.offered = LoadOffer(.concurrency, limit)
        } else if fields.text("request_rate") == "inf" {
            point.offered = LoadOffer(.max)
        }
    }

    private static func latency(_ fields: LoadTestFields, _ metric: String) -> LatencySummary {
        LatencySummary(fields, scale: 1) { part in
            let name = "\(LatencySummary.name(part))_\(metric)_ms"
            return part == \.p50 ? [name, "median_\(metric)_ms"] : [name]
        }
    }

    /// `20261123-172834` of the client's clock, when the run was over, as if UTC.
    static func ended(_ date: String) -> Int64? {
        let digits = Array(date.utf8)
        guard digits.count == 15, digits[8] == 45 else { return nil }
        func number(_ range: Range<Int>) -> Int? { digits[range].withUnsafeBytes { Decimal.parseInt($0) } }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), year >= 2000,
            CivilTime.isValid(year: year, month: month, day: day), (0..<24).contains(hour), (0..<60).contains(minute),
            (0..<61).contains(second)
        else { return nil }
        return CivilTime.millis(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// What the times of the single requests say: over how long they were sent, and how fast they were completed between
    /// the first and the last quarter, without ramp-up and drain.
    private static func timing(_ fields: LoadTestFields, _ completed: Int, _ point: inout LoadPoint) {
        guard let starts = fields.lists["start_times"], let first = starts.min(), let last = starts.max() else {
            return
        }
        guard last - first < 1e9, starts.count < LoadTestFields.longestList else { return }
        point.sendSeconds = last - first
        // A request that failed keeps its place, with zeros.
        guard let latencies = fields.lists["latencies"], latencies.count == starts.count, completed == starts.count,
            completed >= 20
        else { return }
        let ends = zip(starts, latencies).map { $0 + $1 }.sorted()
        let (low, high) = (completed / 4, completed * 3 / 4)
        let seconds = ends[high] - ends[low]
        if seconds > 0, seconds.isFinite { point.steadyRPS = Double(high - low) / seconds }
    }

    /// Texts that the tool itself doesn't write are `--metadata`; what stands behind `run_number` are a sweep's parameters.
    private static func configuration(_ fields: LoadTestFields) -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        var isSwept = false
        for path in fields.paths where !path.utf8.contains(47) {
            if path == "run_number" {
                isSwept = true
                continue
            }
            guard !outcome.contains(path), isSwept || fields.text(path) != nil, let value = fields.scalar(path) else {
                continue
            }
            if found.count < 40 { found.append((path, value)) }
        }
        return found.sorted { $0.key < $1.key }
    }

    private static let outcome: Set<String> = [
        "date", "label", "model_id", "tokenizer_id", "num_prompts", "request_rate", "max_concurrency", "burstiness",
        "duration",
        "ramp_up_strategy",
    ]
}
