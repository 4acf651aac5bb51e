import TidemarkStatistics

/// One signal of one model on both sides.
public struct ComparedMetric: Sendable, Equatable {
    public enum Verdict: String, Sendable { case worse, better, changed, same, unclear }

    public var model: String
    /// Name of the signal; its unit is its end. Shares of requests are called `…_per_request`.
    public var name: String
    public var unit: SignalUnit
    /// Over all of the compared time, exact where counters are the origin.
    public var before: Double
    public var after: Double
    /// Percent of `before`; nil when that is zero.
    public var change: Double?
    /// Percent at equal load; nil where load explains nothing of it, or too little is known.
    public var adjusted: Double?
    /// 95 % interval of `adjusted`, else of `change`, percent.
    public var low: Double?
    public var high: Double?
    /// Two-sided, of the adjusted change where there is one; neighbours may err alike (Newey and West).
    public var p: Double?
    /// Adjusted for all metrics and models of the comparison (Benjamini and Hochberg).
    public var q: Double?
    public var verdict: Verdict
}

/// Compares signals by blocks of a minute or more, each block one observation.
struct MetricComparison {
    private struct Kind {
        var signal: String
        /// A rate that counts per request.
        var perRequest = false
        /// Whether load lengthens it and so has to be taken out.
        var adjusts = false
        /// Whether more or less of it is good or bad at all.
        var judged = true
    }

    private static let kinds: [Kind] = [
        Kind(signal: "itl_mean_seconds", adjusts: true), Kind(signal: "ttft_mean_seconds", adjusts: true),
        Kind(signal: "e2e_mean_seconds", adjusts: true), Kind(signal: "queue_time_mean_seconds", adjusts: true),
        Kind(signal: "prefill_time_mean_seconds", adjusts: true),
        Kind(signal: "decode_time_mean_seconds", adjusts: true),
        Kind(signal: "tpot_mean_seconds", adjusts: true),
        Kind(signal: "error_5xx_requests_per_second", perRequest: true),
        Kind(signal: "error_4xx_requests_per_second", perRequest: true),
        Kind(signal: "abort_requests_per_second", perRequest: true),
        Kind(signal: "preemptions_per_second", perRequest: true), Kind(signal: "prefix_cache_hit_ratio"),
        Kind(signal: "spec_decode_acceptance_ratio"),
        Kind(signal: "arrival_rate_requests_per_second", judged: false),
        Kind(signal: "prompt_length_mean_tokens", judged: false),
        Kind(signal: "generation_length_mean_tokens", judged: false),
        Kind(signal: "running_requests", judged: false), Kind(signal: "waiting_requests", judged: false),
        Kind(signal: "kv_cache_usage_ratio", judged: false),
    ]

    private struct Block {
        var group: Int
        var isCandidate: Bool
        var value: Double
        var weight: Double
        var generated: Double?
        var prompt: Double?
    }

    /// A block is a minute at least, and a twelfth of the time at most.
    private static let blockSeconds = 60.0
    private static let fewestBlocks = 6

    /// - Parameter model: of the replicas on each side.
    static func all(
        _ before: PeriodEvidence, _ after: PeriodEvidence, model: String, replicas: (old: [String], new: [String])
    ) throws -> [ComparedMetric] {
        try kinds.compactMap { kind in
            guard let signal = SignalCatalogue.signal(kind.signal) else { return nil }
            let old = try blocks(kind, before, replicas.old, isCandidate: false)
            let new = try blocks(kind, after, replicas.new, isCandidate: true)
            guard let x = mean(old), let y = mean(new), x != 0 || y != 0 else { return nil }
            var metric = ComparedMetric(
                model: model,
                name: kind.perRequest
                    ? String(kind.signal.dropLast("_per_second".count)) + "_per_request" : kind.signal,
                unit: kind.perRequest ? .ratio : signal.unit, before: x, after: y,
                change: x > 0 ? 100 * (y / x - 1) : nil,
                verdict: .unclear)
            test(&metric, old + new, kind, seconds: before.seconds, worst: signal.worst)
            return metric
        }
    }

    private static func mean(_ blocks: [Block]) -> Double? {
        let mass = blocks.reduce(0) { $0 + $1.weight }
        return mass > 0 ? blocks.reduce(0) { $0 + $1.value * $1.weight } / mass : nil
    }

    private static func blocks(
        _ kind: Kind, _ evidence: PeriodEvidence, _ replicas: [String], isCandidate: Bool
    ) throws -> [Block] {
        let width = max(
            1,
            min(Int((blockSeconds / evidence.seconds).rounded(.up)), max(1, evidence.grid.count / 12)))
        var found: [Block] = []
        for (place, replica) in replicas.enumerated() {
            guard let track = try evidence.track(kind.signal, replica) else { continue }
            let requests = kind.perRequest ? try evidence.track("arrival_rate_requests_per_second", replica) : nil
            if kind.perRequest, requests == nil { continue }
            let generated = try evidence.track("generation_tokens_per_second", replica)
            let computed =
                try evidence.track("computed_prompt_tokens_per_second", replica)
                ?? evidence.track("prompt_tokens_per_second", replica)
            var low = 0
            while low + width <= evidence.grid.count {
                let range = low..<low + width
                low += width
                guard let value = track.value(range) else { continue }
                var block = Block(
                    group: place * 2 + (isCandidate ? 1 : 0), isCandidate: isCandidate, value: value,
                    weight: track.weight(range), generated: generated?.value(range), prompt: computed?.value(range))
                if let requests {
                    guard let rate = requests.value(range), rate > 0 else { continue }
                    block.value = value / rate
                    block.weight = rate
                }
                if block.weight > 0, block.value.isFinite { found.append(block) }
            }
        }
        return found
    }

    private static func test(
        _ metric: inout ComparedMetric, _ blocks: [Block], _ kind: Kind, seconds: Double, worst: Signal.Worst
    ) {
        let old = blocks.count { !$0.isCandidate }
        guard old >= fewestBlocks, blocks.count - old >= fewestBlocks else { return }
        let lag = max(1, min(min(old, blocks.count - old) / 4, Int(300 / max(blockSeconds, seconds))))
        func fit(_ blocks: [Block], _ extra: [(Block) -> Double]) -> (effect: Double, error: Double)? {
            let old = blocks.count { !$0.isCandidate }
            guard min(old, blocks.count - old) >= fewestBlocks,
                let design = Matrix(
                    blocks.map { block in [1, block.isCandidate ? 1 : 0] + extra.map { $0(block) } }),
                let fit = RobustRegression(
                    design, blocks.map(\.value), weights: blocks.map(\.weight), groups: blocks.map(\.group), lag: lag,
                    isResistant: false)
            else { return nil }
            return (fit.coefficients[1], fit.standardError(1))
        }
        guard var effect = fit(blocks, []) else { return }
        if kind.adjusts,
            let own = fit(
                blocks.filter { $0.generated != nil && $0.prompt != nil },
                [{ $0.generated ?? 0 }, { $0.prompt ?? 0 }])
        {
            effect = own
            metric.adjusted = metric.before > 0 ? 100 * own.effect / metric.before : nil
        }
        guard effect.error > 0 else { return }
        metric.p = StudentT.twoSided(effect.effect / effect.error, freedom: Double(blocks.count - 4))
        if metric.before > 0 {
            metric.low = 100 * (effect.effect - 1.96 * effect.error) / metric.before
            metric.high = 100 * (effect.effect + 1.96 * effect.error) / metric.before
        }
        metric.verdict = !kind.judged ? .changed : (effect.effect > 0) == (worst == .high) ? .worse : .better
    }

    /// Adjusts for the number of metrics and models, and says what stands.
    static func control(_ metrics: inout [ComparedMetric]) {
        let tested = metrics.indices.filter { metrics[$0].p != nil }
        let adjusted = FalseDiscovery.benjaminiHochberg(tested.map { metrics[$0].p ?? 1 }) ?? []
        for (place, index) in tested.enumerated() where place < adjusted.count {
            metrics[index].q = adjusted[place]
            if adjusted[place] > 0.05 { metrics[index].verdict = .same }
        }
    }
}
