import TidemarkBase
import TidemarkStatistics

/// What a step of a replica's engine costs, fitted to the replica's own usual state.
///
/// T = a + b · prompt tokens per step + k · running requests, in seconds, all coefficients ≥ 0, by robust least squares on relative
/// errors (`docs/methods.md`, Step cost). At a constant mix the KV cache grows with the running requests, so that one slope
/// stands for both.
struct StepCost {
    var fixed: Double
    /// Seconds a prompt token of the step.
    var perPromptToken: Double
    /// Seconds a running request.
    var perRequest: Double

    /// One stretch of time.
    struct Work {
        var step: Double
        var promptTokens: Double
        var requests: Double
    }

    func time(_ work: Work) -> Double { fixed + perPromptToken * work.promptTokens + perRequest * work.requests }

    /// nil with fewer than eight stretches, and where requests run one at a time: then tokens seldom share a step with
    /// another's prompt, and the mean gap between tokens says little about the mean step.
    init?(_ data: [Work]) {
        guard data.count >= 8 else { return nil }
        let usual = data.map(\.requests).sorted()
        guard usual[usual.count / 2] >= 1.5 else { return nil }
        let rows = data.filter { $0.step > 0 }
        guard let design = Matrix(rows.map { [1, $0.promptTokens, $0.requests] }),
            let fit = RobustNonNegativeFit(design, rows.map(\.step), relative: true)
        else { return nil }
        let x = fit.coefficients
        (fixed, perPromptToken, perRequest) = (x[0], x[1], x[2])
    }
}

extension Scene {
    /// Mean step, prompt tokens a step and running requests of a stretch; nil where step or requests are unknown. Where steps or
    /// prompts aren't counted (a log alone) the model has no term for prompt tokens: they are 0 in all stretches.
    func work(_ stretch: Range<Int>) throws -> StepCost.Work? {
        guard let step = try track("itl_mean_seconds")?.value(stretch), step > 0,
            let running = try track("running_requests")?.value(stretch)
        else { return nil }
        var perStep = 0.0
        if let steps = try track("engine_steps_per_second")?.value(stretch), steps > 0 {
            let computed: Double?
            if let exact = try track("computed_prompt_tokens_per_second")?.value(stretch) {
                computed = exact
            } else {
                let hits = try track("prefix_cache_hit_ratio")?.value(stretch) ?? 0
                computed = try track("prompt_tokens_per_second")?.value(stretch).map { $0 * (1 - hits) }
            }
            perStep = (computed ?? 0) / steps
        }
        return .init(step: step, promptTokens: perStep, requests: running)
    }

    /// The cost model of the replica's usual state, fitted once a scene.
    func stepCost() throws -> StepCost? {
        if let known = fitted.cost { return known }
        let cost = try fit()
        fitted.cost = .some(cost)
        return cost
    }

    private func fit() throws -> StepCost? {
        let width = situation.steps(60)
        var data: [StepCost.Work] = []
        for stretch in baseline {
            var low = stretch.lowerBound
            while low + width <= stretch.upperBound {
                if let work = try work(low..<low + width) { data.append(work) }
                low += width
            }
        }
        return StepCost(data)
    }

    /// Time of a step in the episode over what its work costs usually. nil without data.
    func residual() throws -> Double? {
        guard let model = try stepCost(), let now = try work(range) else { return nil }
        let expected = model.time(now)
        return expected > 0 ? now.step / expected : nil
    }

    /// Predicted time of a step with a share of the episode's arrivals: of T = s·a / (1 - slope) the slope goes with them.
    /// nil without a model, or when it says that the machine is saturated.
    func predictedStep(arrivals share: Double) throws -> Double? {
        guard let model = try stepCost(), let now = try work(range), model.fixed > 0 else { return nil }
        let fixed = model.fixed * max(1, try residual() ?? 1)
        guard now.step > fixed else { return nil }
        return fixed / (1 - share * (1 - fixed / now.step))
    }

    /// In words: what one more replica would do to the inter-token latency, if load spreads evenly.
    func effectOfAnotherReplica() throws -> Message {
        let count = Double(situation.replicas.count)
        guard let now = try work(range)?.step, let then = try predictedStep(arrivals: count / (count + 1)) else {
            return ""
        }
        return " Predicted: inter-token latency \(Self.text(then, .seconds)) instead of \(Self.text(now, .seconds))."
    }

    /// In words: what twice the batch would bring.
    func effectOfLargerBatch() throws -> Message {
        guard let gain = try gainOfDoubling(), gain > 1.02 else { return "" }
        return " Predicted: up to \(percent(gain - 1)) more tokens a second with twice as many requests at once."
    }

    /// Share of the rise of the step's time that prompt tokens explain, 0…1; nil when the model doesn't tell.
    func prefillShareOfRise() throws -> Double? {
        guard let model = try stepCost(), let now = try work(range) else { return nil }
        let parts = try baseline.compactMap { stretch in
            try work(stretch).map { (work: $0, weight: Double(stretch.count)) }
        }
        guard !parts.isEmpty else { return nil }
        let mass = parts.reduce(0) { $0 + $1.weight }
        let tokens = parts.reduce(0) { $0 + $1.work.promptTokens * $1.weight } / mass
        let requests = parts.reduce(0) { $0 + $1.work.requests * $1.weight } / mass
        let prefill = model.perPromptToken * max(0, now.promptTokens - tokens)
        let decode = model.perRequest * max(0, now.requests - requests)
        return prefill + decode > 0 ? prefill / (prefill + decode) : nil
    }

    /// Share of prompt tokens among the tokens of a step, computed ones.
    func promptShare() throws -> Double? {
        guard let now = try work(range), let steps = try track("engine_steps_per_second")?.value(range), steps > 0,
            let made = try track("generation_tokens_per_second")?.value(range)
        else {
            guard let prompt = try track("prompt_tokens_per_second")?.value(range),
                let made = try track("generation_tokens_per_second")?.value(range), prompt + made > 0
            else { return nil }
            let hits = try track("prefix_cache_hit_ratio")?.value(range) ?? 0
            return prompt * (1 - hits) / (prompt * (1 - hits) + made)
        }
        return now.promptTokens / max(now.promptTokens + made / steps, .leastNonzeroMagnitude)
    }
}
