import TidemarkEvidence

/// The load generators whose results are JSON documents, and what of a document each of them needs.
enum LoadTestTool: String, CaseIterable {
    case vllmBench = "vllm-bench"
    case guideLLM = "guidellm"
    case aiperf
    case inferencePerf = "inference-perf"
    case llmdReport = "llm-d-benchmark"
    case k6

    /// The list whose elements are points; without one the document is a point.
    var pointList: String? { self == .guideLLM ? "benchmarks" : nil }

    /// Lists of few elements that are walked; all others are passed over.
    static let shortLists: Set<String> = [
        "phases", "error_summary", "model_names", "model", "items", "stages", "stack",
    ]

    /// Lists of numbers that are kept as a whole.
    var numberLists: Set<String> { self == .vllmBench ? ["start_times", "latencies"] : [] }

    /// Whether an object holds anything that is needed.
    func descends(into name: String, _ parent: String?) -> Bool {
        switch (self, name) {
        case (.guideLLM, "errored"), (.guideLLM, "incomplete"), (.guideLLM, "total"), (.guideLLM, "requests"),
            (.guideLLM, "scheduler_state"), (.guideLLM, "constraints"):
            false
        case (.aiperf, "telemetry_data"), (.llmdReport, "observability"), (.llmdReport, "time_series"): false
        case (.k6, "root_group"), (.k6, "thresholds"), (.k6, "options"): false
        default: true
        }
    }

    func point(_ fields: LoadTestFields) -> LoadPoint? {
        switch self {
        case .vllmBench: VLLMBench.point(fields)
        case .guideLLM: GuideLLM.point(fields)
        case .aiperf: AIPerf.point(fields)
        case .inferencePerf: InferencePerf.point(fields)
        case .llmdReport: LLMDReport.point(fields)
        case .k6: K6Summary.point(fields)
        }
    }

    /// Adds what the document around a point says about all of its points.
    func complete(_ point: inout LoadPoint, _ document: LoadTestFields) {
        if self == .guideLLM { GuideLLM.complete(&point, document) }
    }
}

extension LatencySummary {
    /// Reads a summary whose numbers have the names that `path` gives for `mean`, `deviation`, `p50`…, times `scale`.
    init(_ fields: LoadTestFields, scale: Double, _ path: (KeyPath<LatencySummary, Double?>) -> [String]) {
        self.init()
        func read(_ part: WritableKeyPath<LatencySummary, Double?>) {
            self[keyPath: part] = fields.first(path(part), fields.positive).map { $0 * scale }
        }
        read(\.mean)
        read(\.deviation)
        read(\.p50)
        read(\.p90)
        read(\.p95)
        read(\.p99)
    }

    /// The part's usual name: `mean`, `std`, `p50`…
    static func name(_ part: KeyPath<LatencySummary, Double?>) -> String {
        switch part {
        case \.mean: "mean"
        case \.deviation: "std"
        case \.p50: "p50"
        case \.p90: "p90"
        case \.p95: "p95"
        default: "p99"
        }
    }
}
