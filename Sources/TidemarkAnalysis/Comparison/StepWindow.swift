/// One replica's work over some seconds, in rates that don't depend on how fast its steps are.
///
/// A token waits for one step of time T = a + c · sequences + g · cached tokens + b · prompt tokens of the step. Over T this is
/// 1 = a/T + c·G + g·K + b·P with G generated tokens, K cached tokens read and P prompt tokens computed a second: the tokens
/// that a sequence gets a second, 1/T, fall linearly with the rates of the load, and steps that take s times as long lower the
/// line by (1 − 1/s)/a (`docs/methods.md`, Comparison).
struct StepWindow {
    /// Place in the list of replicas.
    var replica: Int
    var isCandidate: Bool
    var startMs: Int64
    var seconds: Double
    /// Sum of the gaps between tokens, seconds: time that sequences spent decoding.
    var decodeSeconds: Double
    /// Gaps between tokens.
    var tokens: Double
    /// A second: generated, computed of prompts; share of the KV cache × tokens of a sequence a second.
    var generated: Double
    var prompt: Double
    var cached: Double
    /// A second: requests, prompt tokens with the cached ones.
    var arrivals: Double?
    var allPrompt: Double?

    /// Tokens that a sequence gets a second.
    var speed: Double { tokens / decodeSeconds }
}

/// How the gaps between tokens are measured, the same way on both sides.
enum GapMeasure: String, Sendable {
    /// The engine's histogram.
    case histogram = "inter-token latency histogram"
    /// Running requests over generated tokens a second; those that are being prefilled count too.
    case running = "running requests / generation throughput"
}

/// Windows of one side.
struct StepWindows {
    private let evidence: PeriodEvidence
    private let measure: GapMeasure
    /// Whether the size of every cache is known, so that caches of different sizes compare.
    private let knowsCapacity: Bool
    /// Right behind a start graphs are captured and caches are cold: not what the version does. A minute, of short evidence a
    /// tenth of it.
    private var warmUpMs: Int64 { Int64(min(60, evidence.grid.seconds / 10) * 1000) }

    init(_ evidence: PeriodEvidence, _ measure: GapMeasure, knowsCapacity: Bool) {
        self.evidence = evidence
        self.knowsCapacity = knowsCapacity
        self.measure = measure
    }

    static func hasHistogram(_ evidence: PeriodEvidence, _ replicas: [String]) -> Bool {
        replicas.contains { replica in
            if case .mean = evidence.series("itl_mean_seconds", replica)?.exact { true } else { false }
        }
    }

    /// Windows of a replica in the order of time; none where what they need is missing.
    func windows(of name: String, replica: Int, isCandidate: Bool) throws -> [StepWindow] {
        let grid = evidence.grid
        guard let generated = try evidence.track("generation_tokens_per_second", name) else { return [] }
        let gaps = measure == .histogram ? try evidence.track("itl_mean_seconds", name) : nil
        let running = measure == .running ? try evidence.track("running_requests", name) : nil
        guard gaps != nil || running != nil else { return [] }
        let prompts = try evidence.track("prompt_tokens_per_second", name)
        let computed = try evidence.track("computed_prompt_tokens_per_second", name)
        let hits = try evidence.track("prefix_cache_hit_ratio", name)
        let arrivals = try evidence.track("arrival_rate_requests_per_second", name)
        let cache = try evidence.track("kv_cache_usage_ratio", name)
        let unit = evidence.isCounter("generation_tokens_per_second", name) ? 1 : evidence.seconds
        let capacity = knowsCapacity ? evidence.cacheTokens(name) : nil
        let isLog = evidence.series("prompt_tokens_per_second", name)?.origin == "log"
        // The number of running requests is that of an instant: only several of them say what was usual. Short evidence is cut
        // finer, so that there are moments to compare.
        let least = measure == .histogram ? 10.0 : min(60, max(20, grid.seconds / 30))
        let width = max(1, Int((least / evidence.seconds).rounded(.up)))
        let starts = evidence.runs(of: name).compactMap { run in
            run.startMs.map { $0...max($0, run.readyMs ?? $0) + warmUpMs }
        }
        var found: [StepWindow] = []
        var low = 0
        while low + width <= grid.count {
            let range = low..<low + width
            defer { low += width }
            let startMs = grid.startMs + Int64(range.lowerBound) * grid.stepMs
            let endMs = startMs + Int64(width) * grid.stepMs
            if starts.contains(where: { $0.overlaps(startMs...endMs) }) { continue }
            guard let rate = generated.value(range) else { continue }
            let seconds = generated.weight(range) * unit
            guard seconds >= 0.6 * Double(width) * evidence.seconds else { continue }
            /// Gauges are read at the end of a step: the mean over its borders.
            func level(_ track: Track?) -> Double? { track?.value(max(0, range.lowerBound - 1)..<range.upperBound) }
            let (decode, tokens): (Double, Double)
            if let gaps {
                (decode, tokens) = (gaps.amount(range), gaps.weight(range))
            } else {
                guard let requests = level(running) else { continue }
                (decode, tokens) = (requests * seconds, rate * seconds)
            }
            guard decode > 0, tokens >= 5 else { continue }
            let all = prompts?.value(range)
            let prompt: Double
            if let exact = computed?.value(range) {
                prompt = exact
            } else if isLog {
                // The statistics line of today's versions counts computed tokens alone.
                prompt = all ?? 0
            } else {
                prompt = (all ?? 0) * (1 - (hits?.value(range) ?? 0))
            }
            let usage = (level(cache) ?? 0) * (capacity ?? 1)
            found.append(
                StepWindow(
                    replica: replica, isCandidate: isCandidate, startMs: startMs, seconds: seconds,
                    decodeSeconds: decode, tokens: tokens, generated: tokens / seconds, prompt: prompt,
                    cached: usage * tokens / decode, arrivals: arrivals?.value(range),
                    allPrompt: isLog && computed == nil ? nil : all))
        }
        return found
    }
}

extension PeriodEvidence {
    /// Whether a rate comes from a counter, whose weights are seconds.
    func isCounter(_ signal: String, _ instance: String) -> Bool {
        if case .increase = series(signal, instance)?.exact { return true }
        return false
    }
}
