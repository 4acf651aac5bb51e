import TidemarkStatistics

#if canImport(Glibc)
    import Glibc
#endif

/// An engine's cost law, limits and traffic, fitted so that the simulation shows what was observed.
public struct ServingModel: Sendable {
    public var law: StepCostLaw
    public var limits: BatchingSimulation.Limits
    public var mix: TrafficMix
    public var frontendSeconds: Double
    /// Observed over simulated KV-cache tokens: shared prefixes count once, blocks are rounded up.
    public var kvShare = 1.0
    public var regression: StepCostRegression
    /// Requests a second of one engine: mean, and 95th percentile of the windows.
    public var meanRate: Double
    public var highRate: Double
    public var windows: Int
    /// Mean |ln(observed share / simulated share)| of the gaps between tokens above the histogram's bounds; nil without.
    public var tailError: Double?
    /// Processor time of the API server a request, seconds.
    public var processorSecondsPerRequest: Double?
    /// Sequences that decoded together, in the mean, at most (95th percentile of windows).
    public var highSequences: Double
    /// The windows behind the fit: sequences that decoded together, and the mean gap between their tokens.
    public var seen: [(sequences: Double, gapSeconds: Double)] = []

    /// What a sequence adds to a step at the present mix: itself, its share of prompts, its tokens in the cache.
    var slope: Double {
        let out = max(1, mix.generationMean / mix.tokensPerDecode)
        let held = (mix.promptMean + mix.generationMean / 2) * kvShare
        return law.perSequence + law.perPromptToken * mix.promptMean * (1 - mix.hitShare) / out
            + law.perKVToken * held
    }

    /// A step's time with as many sequences, by the fluid law.
    func stepSeconds(sequences: Double) -> Double { law.fixed + law.experts + slope * sequences }

    /// The engine at a rate, in requests a second.
    func outcome(
        rate: Double, count: Int, seed: UInt64 = 1, slower: Double = 1, longestQueue: Int = .max,
        warmUpShare: Double = 0.1
    ) -> BatchingSimulation.Outcome {
        Self.simulate(
            law.slower(slower), limits, mix, kvShare: kvShare, frontend: frontendSeconds, rate: rate, count: count,
            seed: seed, longestQueue: longestQueue, warmUpShare: warmUpShare)
    }

    static func simulate(
        _ law: StepCostLaw, _ limits: BatchingSimulation.Limits, _ mix: TrafficMix, kvShare: Double, frontend: Double,
        rate: Double, count: Int, seed: UInt64, longestQueue: Int = .max, warmUpShare: Double = 0
    ) -> BatchingSimulation.Outcome {
        var scaled = law
        scaled.perKVToken *= kvShare
        var cache = limits
        cache.kvTokens /= kvShare
        var simulation = BatchingSimulation(law: scaled, limits: cache)
        simulation.tokensPerDecode = mix.tokensPerDecode
        simulation.frontendSeconds = frontend
        simulation.longestQueue = longestQueue
        let arrivals = mix.arrivals(count, seed: seed).map { $0 / rate }
        let warmUp = arrivals[min(count - 1, Int(Double(count) * warmUpShare))]
        return simulation.run(
            arrivals: arrivals, work: mix.requests(count, seed: seed), warmUp: warmUpShare > 0 ? warmUp : 0, seed: seed)
    }

    /// Requests to simulate at a rate: enough for a 95th percentile, no more steps than need be.
    static func count(rate: Double, step: Double, most: Int = 6000) -> Int {
        let wanted = 400_000 * step * rate
        return Int(min(Double(most), max(Double(min(most, 1200)), wanted.isFinite ? wanted : 1200)))
    }
}

/// Why there is no estimate.
struct CapacityRefusal: Error { let reason: String }

/// Fits a ``ServingModel`` to the engines of a group.
struct ModelFit {
    let configuration: ServingConfiguration
    /// Requests of a simulation, at most.
    var most = 6000
    private let windows: [CapacityWindow]
    private let hasSteps: Bool
    private var mix: TrafficMix
    private let frontend: Double
    private let stepTokens: SummedHistogram
    private let interToken: SummedHistogram

    /// Rows have the numbers that windows have; what a mean over a window can't tell (which steps had many sequences, which
    /// none) comes from the simulation.
    init(_ records: [EngineRecord], _ configuration: ServingConfiguration) throws {
        self.configuration = configuration
        let all = records.flatMap(\.windows)
        guard !all.isEmpty else { throw CapacityRefusal(reason: "no counters of steps or tokens in the evidence") }
        let windows = all.filter { $0.gaps > 20 && $0.gapSeconds > 0 && $0.arrivals > 0.5 && $0.running.isFinite }
        guard windows.count >= 12 else {
            throw CapacityRefusal(
                reason: "only \(windows.count) windows with traffic outside of incidents; 12 are needed")
        }
        self.windows = windows
        func sum(_ path: KeyPath<CapacityWindow, Double>) -> Double { windows.reduce(0) { $0 + $1[keyPath: path] } }
        let hasSteps = windows.allSatisfy { ($0.steps ?? 0) > 0 }
        self.hasSteps = hasSteps
        let arrivals = sum(\.arrivals)
        let prompts = sum(\.promptTokens)
        let yield = hasSteps ? sum(\.generated) / max(1, sum(\.gaps) + arrivals) : 1
        var (promptHistogram, generationHistogram) = (SummedHistogram(), SummedHistogram())
        var (tokens, gaps) = (SummedHistogram(), SummedHistogram())
        for record in records {
            promptHistogram.add(record.prompts)
            generationHistogram.add(record.generations)
            tokens.add(record.stepTokens)
            gaps.add(record.interToken)
        }
        (stepTokens, interToken) = (tokens, gaps)
        func mean(_ total: Double, _ histogram: SummedHistogram, _ otherwise: Double) -> Double {
            histogram.count > 0 && total > 0 ? total / histogram.count : otherwise
        }
        guard arrivals > 0, prompts > 0,
            let mix = TrafficMix(
                prompts: promptHistogram,
                promptMean: mean(records.reduce(0) { $0 + $1.promptSum }, promptHistogram, prompts / arrivals),
                generations: generationHistogram,
                generationMean: mean(
                    records.reduce(0) { $0 + $1.generationSum }, generationHistogram, sum(\.generated) / arrivals),
                pairs: records.flatMap(\.lengths), hitShare: 1 - min(1, sum(\.computedTokens) / prompts),
                tokensPerDecode: yield, maxLength: configuration.maxLength)
        else { throw CapacityRefusal(reason: "the lengths of prompts and answers are not in the evidence") }
        self.mix = mix
        self.mix.dispersion = TrafficMix.dispersion(records.map(\.windows))
        let prefills = sum(\.prefills)
        if prefills > 20, sum(\.queues) > 20 {
            frontend = min(
                1,
                max(
                    0.0005,
                    sum(\.firstTokenSeconds) / arrivals - sum(\.prefillSeconds) / prefills
                        - sum(\.queueSeconds) / sum(\.queues)))
        } else {
            frontend = 0.005
        }
    }

    /// What the simulation says about one level of load.
    private struct Level {
        var sequences: Double
        /// Of the gaps: steps, and the ratios of what tokens see to what the mean step has.
        var gapSteps: Double
        var sequenceRatio: Double
        var promptRatio: Double
        var kvRatio: Double
        var gapExperts: Double
        /// Of the mean step.
        var attention: Double
        var experts: Double
    }

    /// How alike the requests' cached shares may be.
    private static func hitShapes(_ mix: TrafficMix) -> [TrafficMix] {
        guard mix.hitShare > 0 else { return [mix] }
        return [0.25, 0.5, 1, 2, 4, .infinity].map { shape in
            var candidate = mix
            candidate.hitShape = shape
            return candidate
        }
    }

    /// How different prompts may be, where no histogram tells.
    private static func spreads(_ mix: TrafficMix) -> [TrafficMix] {
        guard mix.hasAssumedPrompts else { return [mix] }
        return [0.35, 0.5, 0.7, 1, 1.4, 2].map(mix.withPrompts)
    }

    func model() throws -> ServingModel {
        guard configuration.mayPrefillFirst else { return try fitted(prefillFirst: false) }
        // The V0 engine may or may not mix prompts with decoding: the gaps between tokens show it.
        let (mixed, first) = (try fitted(prefillFirst: false), try fitted(prefillFirst: true))
        return (first.tailError ?? 1) <= (mixed.tailError ?? 1) ? first : mixed
    }

    private func fitted(prefillFirst: Bool) throws -> ServingModel {
        var limits = configuration.limits
        limits.prefillFirst = prefillFirst
        let cache = configuration.kvTokens
        var mix = mix
        let seconds = windows.map(\.seconds)
        let observed = windows.map { $0.gapSeconds / $0.gaps }
        let steps = windows.indices.map { hasSteps ? windows[$0].steps! : max(1, seconds[$0] / observed[$0]) }
        let sequences = windows.indices.map { windows[$0].gaps / steps[$0] }
        let prompt = windows.indices.map { windows[$0].computedTokens / steps[$0] }
        let held = windows.map { window in (window.kvRatio ?? 0) * (cache ?? 0) }
        let knowsKV = cache != nil && windows.contains { $0.kvRatio != nil }
        let rates = windows.map { $0.arrivals / $0.seconds }
        let meanRate = windows.reduce(0) { $0 + $1.arrivals } / seconds.reduce(0, +)
        let miss = configuration.expertMiss
        // Blocks of neighbours in time, half an hour or a sixteenth of the evidence.
        let first = windows.map(\.startMs).min() ?? 0
        let span = max(1, (windows.map(\.startMs).max() ?? 0) - first)
        let blockMs = max(60_000, min(1_800_000, span / 16))
        let block = windows.map { Int(($0.startMs - first) / blockMs) }

        func rows(_ levels: [Level], _ prefills: [(Int, StepCostRegression.Row)]) -> [StepCostRegression.Row] {
            var rows: [StepCostRegression.Row] = []
            for index in windows.indices {
                func at(_ path: KeyPath<Level, Double>) -> Double { Self.interpolate(levels, path, sequences[index]) }
                if hasSteps, windows[index].running >= 5 {
                    // Never idle: the window is the sum of its steps.
                    rows.append(
                        .init(
                            seconds: seconds[index] / steps[index], promptTokens: prompt[index] * at(\.attention),
                            sequences: sequences[index], kvTokens: held[index],
                            experts: miss == nil ? 0 : at(\.experts), block: block[index]))
                } else {
                    rows.append(
                        .init(
                            seconds: observed[index], steps: at(\.gapSteps),
                            promptTokens: prompt[index] * at(\.promptRatio),
                            sequences: sequences[index] * at(\.sequenceRatio),
                            kvTokens: held[index] * at(\.kvRatio), experts: miss == nil ? 0 : at(\.gapExperts),
                            block: block[index]))
                }
            }
            return rows + prefills.map(\.1)
        }

        // Without simulation first: one step a gap, as many sequences for tokens as for steps.
        let plain = Level(
            sequences: 1, gapSteps: 1, sequenceRatio: 1, promptRatio: 1, kvRatio: 1, gapExperts: 1, attention: 1,
            experts: 1)
        guard var fit = StepCostRegression(rows([plain], []), expertMiss: nil) else {
            throw CapacityRefusal(reason: "the windows don't determine what a step costs")
        }
        var law = fit.law
        if law.fixed <= 0 { law.fixed = 0.5 * (observed.min() ?? 0.01) }
        if let miss { law.expertMiss = miss }
        var kvShare = 1.0
        let sorted = rates.sorted()
        let borders = [0, sorted[sorted.count / 3], sorted[sorted.count * 2 / 3], .infinity]
        for round in 0..<4 {
            if round == 1 || round == 2, stepTokens.count > 0 {
                let candidates = Self.spreads(mix).flatMap(Self.hitShapes)
                mix = likest(candidates, law, limits, kvShare: kvShare, rate: meanRate, typical: sequences) ?? mix
            }
            var levels: [Level] = []
            var prefills: [(Int, StepCostRegression.Row)] = []
            var (heldSeen, heldSimulated) = (0.0, 0.0)
            for part in 0..<3 {
                let own = windows.indices.filter { rates[$0] >= borders[part] && rates[$0] < borders[part + 1] }
                guard !own.isEmpty else { continue }
                let rate = max(0.02 * meanRate, own.reduce(0) { $0 + rates[$1] } / Double(own.count))
                let step = own.reduce(0) { $0 + observed[$1] } / Double(own.count)
                let count = ServingModel.count(rate: rate, step: step, most: most)
                let out = ServingModel.simulate(
                    law, limits, mix, kvShare: kvShare, frontend: frontend, rate: rate, count: count, seed: 11)
                guard out.steps > 0, out.gap.count > 0, out.promptTokens > 0, out.kvTokenSeconds > 0 else { continue }
                let mean = (sequences: out.decodes / out.steps, prompt: out.promptTokens / out.steps)
                let kv = out.kvTokenSeconds / out.seconds
                levels.append(
                    Level(
                        sequences: mean.sequences, gapSteps: out.gap.steps / out.gap.count,
                        sequenceRatio: out.gap.sequences / out.gap.count / mean.sequences,
                        promptRatio: out.gap.promptTokens / out.gap.count / mean.prompt,
                        kvRatio: out.gap.kvTokens / out.gap.count / kv,
                        gapExperts: out.gap.experts / out.gap.count,
                        attention: out.weightedPromptTokens / out.promptTokens, experts: out.experts / out.steps))
                heldSeen += own.reduce(0) { $0 + held[$1] }
                heldSimulated += kv * Double(own.count)
                if let seen = prefillSeconds(own, out, requests: Double(count)) {
                    let n = Double(count)
                    prefills.append(
                        (
                            part,
                            .init(
                                seconds: seen.seconds, steps: out.prefill.steps / n,
                                promptTokens: out.prefill.promptTokens / n, sequences: out.prefill.sequences / n,
                                kvTokens: out.prefill.kvTokens * kvShare / n,
                                experts: miss == nil ? 0 : out.prefill.experts / n,
                                importance: Double(windows.count) * seen.importance, block: -1 - part)
                        ))
                }
            }
            guard !levels.isEmpty else { break }
            if round < 3, knowsKV, heldSimulated > 0, heldSeen > 0 {
                kvShare = min(3, max(0.1, heldSeen / heldSimulated))
            }
            levels.sort { $0.sequences < $1.sequences }
            guard let next = StepCostRegression(rows(levels, prefills), expertMiss: miss), next.law.fixed > 0 else {
                break
            }
            fit = next
            law = next.law
        }
        guard law.fixed > 0 else {
            throw CapacityRefusal(
                reason: "the windows don't determine what a step costs: the fixed part comes out as zero")
        }
        var model = ServingModel(
            law: law, limits: limits, mix: mix, frontendSeconds: frontend, kvShare: kvShare, regression: fit,
            meanRate: meanRate, highRate: sorted[sorted.count * 95 / 100], windows: windows.count,
            highSequences: sequences.sorted()[sequences.count * 95 / 100])
        model.seen = zip(sequences, observed).map { ($0, $1) }
        check(&model)
        return model
    }

    /// Mean time of a request's prefill in some windows, and how much the equation counts in parts of all windows: as
    /// `vllm:request_prefill_time_seconds` says, else the time to the first token without the wait that the simulation has.
    private func prefillSeconds(
        _ places: [Int], _ out: BatchingSimulation.Outcome, requests: Double
    ) -> (seconds: Double, importance: Double)? {
        func sum(_ path: KeyPath<CapacityWindow, Double>) -> Double {
            places.reduce(0) { $0 + windows[$1][keyPath: path] }
        }
        let prefills = sum(\.prefills)
        if prefills > 20 { return (sum(\.prefillSeconds) / prefills, 1.0 / 6) }
        let arrivals = sum(\.arrivals)
        guard arrivals > 20, let simulated = out.firstToken.mean else { return nil }
        let first = sum(\.firstTokenSeconds) / arrivals
        let seconds = first - (simulated - out.prefill.seconds / requests)
        // Where most of it is waiting, little is known of the rest.
        return seconds > 0.3 * first ? (seconds, 1.0 / 12) : nil
    }

    private static func interpolate(_ levels: [Level], _ path: KeyPath<Level, Double>, _ at: Double) -> Double {
        guard let above = levels.firstIndex(where: { $0.sequences >= at }) else {
            return levels[levels.count - 1][keyPath: path]
        }
        guard above > 0 else { return levels[0][keyPath: path] }
        let (low, high) = (levels[above - 1], levels[above])
        let share = high.sequences > low.sequences ? (at - low.sequences) / (high.sequences - low.sequences) : 0
        return low[keyPath: path] + share * (high[keyPath: path] - low[keyPath: path])
    }

    /// The mix with which the simulation's steps have as many tokens, and its tokens as long gaps, as the real ones; nil where
    /// nothing can be compared.
    private func likest(
        _ candidates: [TrafficMix], _ law: StepCostLaw, _ limits: BatchingSimulation.Limits, kvShare: Double,
        rate: Double, typical: [Double]
    ) -> TrafficMix? {
        guard candidates.count > 1 else { return candidates.first }
        var best: (mix: TrafficMix, distance: Double)?
        for candidate in candidates {
            let middle = (Quantiles.median(typical) ?? 1) * candidate.tokensPerDecode * 2.5
            let count = ServingModel.count(rate: rate, step: law.fixed, most: most)
            let out = ServingModel.simulate(
                law, limits, candidate, kvShare: kvShare, frontend: frontend, rate: rate, count: count, seed: 5)
            guard out.steps > 0 else { continue }
            var (distance, terms) = (0.0, 0.0)
            for (place, bound) in stepTokens.bounds.enumerated() where bound.isFinite && bound >= max(32, middle) {
                let seen = stepTokens.share(above: place)
                guard seen > 2e-5 else { continue }
                let power = Int(log2(bound).rounded())
                guard power + 1 < out.stepTokens.count, power >= 0 else { continue }
                let simulated = out.stepTokens[(power + 1)...].reduce(0, +) / out.steps
                distance += abs(log((simulated + 1e-5) / (seen + 1e-5)))
                terms += 1
            }
            let (gapDistance, gapTerms) = Self.distance(interToken, out.interToken)
            distance += gapDistance
            terms += gapTerms
            if terms > 0, distance / terms < best?.distance ?? .infinity { best = (candidate, distance / terms) }
        }
        return best?.mix
    }

    /// Sum of |ln(observed share / simulated share)| above a histogram's bounds, and how many those are: those of the tail.
    private static func distance(_ seen: SummedHistogram, _ simulated: LogHistogram) -> (sum: Double, terms: Double) {
        var (distance, terms) = (0.0, 0.0)
        for (place, bound) in seen.bounds.enumerated() where bound.isFinite {
            let share = seen.share(above: place)
            guard share > 5e-4, share < 0.3 else { continue }
            distance += abs(log((simulated.share(above: bound) + 1e-4) / (share + 1e-4)))
            terms += 1
        }
        return (distance, terms)
    }

    /// Compares what the model says about the observed load with what was observed.
    private func check(_ model: inout ServingModel) {
        let rates = windows.map { $0.arrivals / $0.seconds }.sorted()
        var gaps = LogHistogram()
        for p in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let rate = max(rates[Int(Double(rates.count - 1) * p)], 0.02 * model.meanRate)
            let out = model.outcome(
                rate: rate, count: ServingModel.count(rate: rate, step: model.law.fixed, most: most / 2), seed: 23)
            gaps.add(out.interToken, weight: rate / max(1, out.interToken.total))
        }
        let (distance, terms) = Self.distance(interToken, gaps)
        if terms > 0 { model.tailError = distance / terms }
        let arrivals = windows.reduce(0) { $0 + $1.arrivals }
        if windows.allSatisfy({ $0.processorSeconds != nil }), arrivals > 100 {
            model.processorSecondsPerRequest = windows.reduce(0) { $0 + ($1.processorSeconds ?? 0) } / arrivals
        }
    }
}
