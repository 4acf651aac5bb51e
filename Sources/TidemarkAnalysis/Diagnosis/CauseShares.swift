import TidemarkBase

/// Parts of a slower step, by factors, with what the model leaves unexplained.
///
/// The fluid law of continuous batching: a step of time T holds λ·p·(1-h)·T prompt tokens and, by Little's law, λ·o·T running
/// requests, so that T = s·(a + b·λ·p·(1-h)·T + k·λ·o·T), that is T = s·a / (1 - s·λ·(b·p·(1-h) + k·o)), with λ arrivals per
/// second, p and o tokens of prompt and answer, h cache hits, s the machine's slowness (1: as usual) and a, b, k the fitted
/// costs. Each factor's share is its mean effect over all orders in which the factors take their values of the episode (Shapley).
struct CauseShares {
    struct Part {
        var factor: String
        /// Of the rise; may be negative.
        var share: Double
        var before: Double?
        var during: Double?
        var text: Message
    }

    var parts: [Part] = []

    private struct State {
        var arrivals: Double
        var prompt: Double
        var answer: Double
        var hits: Double
        var slowness: Double
    }

    /// nil when steps did not become a tenth longer, or a quantity of the law is unknown.
    init?(_ scene: Scene) throws {
        guard let step = try scene.change("itl_mean_seconds"), let usual = step.before, step.during >= 1.1 * usual,
            let cost = try scene.stepCost(), let residual = try scene.residual(),
            let load = try scene.loadFactor(), let few = load.before,
            let prompt = try scene.change("prompt_length_mean_tokens"), let short = prompt.before,
            let answer = try scene.change("generation_length_mean_tokens"), let brief = answer.before,
            let arrivals = try scene.change("arrival_rate_requests_per_second"), let base = arrivals.before, base > 0
        else { return nil }
        let hits = try scene.change("prefix_cache_hit_ratio")
        let before = State(arrivals: base, prompt: short, answer: brief, hits: hits?.before ?? 0, slowness: 1)
        let during = State(
            arrivals: base * load.during / max(few, .leastNonzeroMagnitude), prompt: prompt.during,
            answer: answer.during,
            hits: hits?.before == nil ? 0 : hits?.during ?? 0, slowness: max(1, residual))
        /// Time of a step with the factors of a set at their values of the episode.
        func time(_ set: Int) -> Double {
            let arrivals = set & 1 != 0 ? during.arrivals : before.arrivals
            let mix = set & 2 != 0 ? during : before
            let hits = set & 4 != 0 ? during.hits : before.hits
            let slow = set & 8 != 0 ? during.slowness : before.slowness
            let slope = slow * arrivals * (cost.perPromptToken * mix.prompt * (1 - hits) + cost.perRequest * mix.answer)
            // Beyond saturation the law has no steady state: the episode's own time is the most that was seen.
            guard slope < 0.98 else { return step.during }
            return min(slow * cost.fixed / (1 - slope), max(step.during, usual))
        }
        let rise = step.during - usual
        var shares = [0.0, 0, 0, 0]
        let factorial: [Double] = [1, 1, 2, 6, 24]
        for factor in 0..<4 {
            for set in 0..<16 where set & (1 << factor) == 0 {
                let size = set.nonzeroBitCount
                let weight = factorial[size] * factorial[3 - size] / factorial[4]
                shares[factor] += weight * (time(set | 1 << factor) - time(set))
            }
        }
        func ratio(_ a: Double, _ b: Double) -> String { b > 0 ? Scene.round3(a / b) : "–" }
        parts = [
            Part(
                factor: "load", share: shares[0] / rise, before: before.arrivals, during: during.arrivals,
                text: "more requests (\(ratio(during.arrivals, before.arrivals)) times)"),
            Part(
                factor: "mix", share: shares[1] / rise, before: before.prompt + before.answer,
                during: during.prompt + during.answer,
                text:
                    "other lengths (prompts \(ratio(during.prompt, before.prompt)), answers \(ratio(during.answer, before.answer)) times)"
            ),
            Part(
                factor: "prefix_cache", share: shares[2] / rise, before: before.hits, during: during.hits,
                text: "cache hits \(percent(during.hits)), usually \(percent(before.hits))"),
            Part(
                factor: "machine", share: shares[3] / rise, before: 1, during: during.slowness,
                text: "the same work took \(Scene.round3(during.slowness)) times as long"),
        ]
        // Hits that nobody knows are no factor: the law reckoned without a cache on both sides.
        if hits?.before == nil { parts.removeAll { $0.factor == "prefix_cache" } }
        let explained = shares.reduce(0, +) / rise
        // A law that explains next to nothing of it does not apply.
        guard abs(1 - explained) <= 0.7 else { return nil }
        parts.append(
            Part(
                factor: "unexplained", share: 1 - explained, before: nil, during: nil,
                text: "not explained by the model"))
    }
}
