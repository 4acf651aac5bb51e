import Glibc
import TidemarkBase

@testable import TidemarkAnalysis

/// Continuous batching step by step, with known costs: steps of T = slowness (a + b · prompt tokens + c · sequences + g · cached
/// tokens), 3 % jitter, Poisson arrivals whose rate swings by a quarter over ten minutes, lognormal lengths, chunked prefill.
/// A window is what a scrape every 15 seconds would show. Deterministic by its seed.
struct EngineSimulation {
    var cost = (fixed: 0.0225, prompt: 80e-6, sequence: 70e-6, cached: 30e-9)
    var slowness = 1.0
    /// Requests a second.
    var rate = 0.93
    var prompt = (median: 800.0, sigma: 0.8)
    var answer = (median: 170.0, sigma: 0.6)
    var hits = 0.0
    var seconds = 1200.0
    /// Slow noise of the machine: its standard deviation, with a memory of a hundred seconds.
    var wander = 0.0
    /// A disturbance: the share of the time at its middle in which steps take two and a half times as long.
    var disturbed = 0.0
    var seed: UInt64 = 1

    static let small = EngineSimulation(
        cost: (0.036, 250e-6, 500e-6, 250e-9), rate: 0.45, prompt: (800, 0.8), answer: (180, 0.6))
    static let busy = EngineSimulation(
        cost: (0.0229, 80e-6, 70e-6, 50e-9), rate: 4, prompt: (1200, 0.7), answer: (280, 0.6), hits: 0.75)

    func windows(replica: Int = 0, isCandidate: Bool) -> [StepWindow] {
        var random = SeededRandom(seed: seed &* 7919 &+ UInt64(replica) &* 104_729 &+ (isCandidate ? 1_000_003 : 0))
        func uniform() -> Double { Double.random(in: .leastNonzeroMagnitude..<1, using: &random) }
        func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
        func length(_ of: (median: Double, sigma: Double), _ range: ClosedRange<Double>) -> Double {
            min(max(of.median * exp(of.sigma * normal()), range.lowerBound), range.upperBound)
        }
        var time = 0.0
        var next = -log(uniform()) / rate
        // Requests that wait for their prompts to be computed: prompt tokens left, answer, context.
        var prefill: [(left: Int, answer: Int, context: Int)] = []
        // Every running sequence makes one token a step, so that the step it ends with is known: how many end there, with
        // how many cached tokens in all.
        var ends = [(count: Int, context: Int)](repeating: (0, 0), count: 4096)
        var (step, decoding, cached) = (0, 0, 0)
        var (drift, driftAt) = (0.0, 0.0)
        let warmUp = 100.0
        var border = warmUp
        var last = 0.0
        var found: [StepWindow] = []
        var (gaps, tokens, computedTokens, cachedTime, arrivals, prompts) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        while time < warmUp + seconds {
            while next <= time {
                let prompt = length(self.prompt, 4...16_000)
                prefill.append(
                    (Int(prompt * (1 - hits)) + 1, Int(length(answer, 2...2000)), Int(prompt)))
                arrivals += 1
                prompts += prompt
                next -= log(uniform()) / (rate * (1 + 0.25 * sin(next / 600 * 2 * .pi)))
            }
            if prefill.isEmpty, decoding == 0 {
                time = next
            } else {
                if time - driftAt > 5 {
                    drift = 0.95 * drift + wander * (1 - 0.95 * 0.95).squareRoot() * normal()
                    driftAt = time
                }
                let (sequences, context) = (decoding, cached)
                var budget = 8192 - sequences
                var computed = 0
                var done = 0
                for index in prefill.indices {
                    let chunk = min(prefill[index].left, max(0, budget))
                    prefill[index].left -= chunk
                    budget -= chunk
                    computed += chunk
                    guard prefill[index].left == 0 else { continue }
                    // This step makes the first token, which has no gap.
                    done += 1
                    let rest = prefill[index].answer - 1
                    let end = (step + rest) % ends.count
                    ends[end].count += 1
                    ends[end].context += prefill[index].context + 1 + rest
                    decoding += 1
                    cached += prefill[index].context + 1
                }
                // All are served in their order, so those that are done stand in front.
                prefill.removeFirst(done)
                let middle = abs((time - warmUp) / seconds - 0.5) < disturbed / 2
                let cost =
                    self.cost.fixed + self.cost.prompt * Double(computed) + self.cost.sequence * Double(sequences)
                    + self.cost.cached * Double(context)
                let length = slowness * (middle ? 2.5 : 1) * exp(0.03 * normal() + drift) * cost
                time += length
                gaps += Double(sequences) * length
                tokens += Double(sequences)
                computedTokens += Double(computed)
                cachedTime += Double(context) * length
                cached += sequences
                let place = step % ends.count
                decoding -= ends[place].count
                cached -= ends[place].context
                ends[place] = (0, 0)
                step += 1
            }
            guard time >= border else { continue }
            let length = time - last
            if border > warmUp, tokens >= 5, gaps > 0 {
                found.append(
                    StepWindow(
                        replica: replica, isCandidate: isCandidate, startMs: Int64(last * 1000), seconds: length,
                        decodeSeconds: gaps, tokens: tokens, generated: tokens / length,
                        prompt: computedTokens / length, cached: cachedTime / length * tokens / gaps,
                        arrivals: arrivals / length, allPrompt: prompts / length))
            }
            (gaps, tokens, computedTokens, cachedTime, arrivals, prompts) = (0, 0, 0, 0, 0, 0)
            last = time
            while border <= time { border += 15 }
        }
        return found
    }

    /// One replica of a side, or some.
    func side(isCandidate: Bool, replicas: Range<Int> = 0..<1) -> [StepWindow] {
        replicas.flatMap { windows(replica: $0, isCandidate: isCandidate) }
    }
}
