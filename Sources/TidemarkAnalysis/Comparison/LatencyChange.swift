/// The observed change of the mean inter-token latency, taken apart (Oaxaca 1973, Blinder 1973): what more or fewer requests, other
/// lengths, cache hits and replicas explain by the fitted line, and what they don't, which is the regression.
///
/// The line is not additive in the latency, so each part is its mean effect over all orders of taking the factors from the
/// baseline's to the candidate's values (Shapley). The parts and the remainder add up to the observed change exactly.
public struct LatencyChange: Sendable, Equatable {
    public enum Factor: String, Sendable, CaseIterable {
        case load, mix
        case cacheHits = "cache_hits"
        case configuration, unexplained
        /// Disturbed windows that were set aside, and noise.
        case remainder

        public var title: String {
            switch self {
            case .load: "load (requests a second)"
            case .mix: "mix (lengths of prompts and answers)"
            case .cacheHits: "prefix-cache hits"
            case .configuration: "configuration (number of replicas)"
            case .unexplained: "unexplained: the same work takes longer or shorter"
            case .remainder: "disturbed minutes and noise"
            }
        }
    }

    /// Mean inter-token latency, seconds.
    public var before: Double
    public var after: Double
    /// Seconds each, in the order of ``Factor``; a factor that is not observed is missing.
    public var parts: [(factor: Factor, seconds: Double)]

    public static func == (a: Self, b: Self) -> Bool {
        a.before == b.before && a.after == b.after
            && a.parts.elementsEqual(b.parts) { $0.factor == $1.factor && $0.seconds == $1.seconds }
    }

    /// Mean rates of one side, a replica and second, weighted by decoding time as the regression weights them.
    private struct Load {
        var arrivals: Double
        var replicas: Double
        var answer: Double
        var prompt: Double
        var computedShare: Double
        var context: Double
        var replicaShift: Double

        init(
            _ windows: [StepWindow], _ fit: LoadAdjustment.Fit, replicas count: Int, knowsArrivals: Bool,
            knowsPrompts: Bool
        ) {
            let mass = windows.reduce(0) { $0 + $1.decodeSeconds }
            func mean(_ value: (StepWindow) -> Double) -> Double {
                windows.reduce(0) { $0 + value($1) * $1.decodeSeconds } / mass
            }
            let generated = mean(\.generated)
            let computed = mean(\.prompt)
            let known = knowsArrivals ? mean { $0.arrivals ?? 0 } : 0
            let own = known > 0 ? known : generated
            let all = knowsPrompts ? max(computed, mean { $0.allPrompt ?? 0 }) : computed
            replicas = Double(max(1, count))
            arrivals = own * replicas
            answer = own > 0 ? generated / own : 0
            prompt = own > 0 ? all / own : 0
            computedShare = all > 0 ? computed / all : 1
            context = generated > 0 ? mean(\.cached) / generated : 0
            replicaShift = fit.replicaShift(of: windows)
        }

        func speed(_ line: LoadAdjustment.Line, shifted: Bool) -> Double {
            let own = arrivals / replicas
            let generated = own * answer
            return line.base + replicaShift - line.generated * generated - line.prompt * own * prompt * computedShare
                - line.cached * generated * context - (shifted ? line.shift : 0)
        }
    }

    /// nil without windows on both sides, or when some mixture of the two loads is beyond saturation.
    /// - Parameter replicas: of each side, those without evidence too.
    init?(_ windows: [StepWindow], _ fit: LoadAdjustment.Fit, replicas: (old: Int, new: Int)) {
        let baseline = windows.filter { !$0.isCandidate }
        let candidate = windows.filter(\.isCandidate)
        guard !baseline.isEmpty, !candidate.isEmpty else { return nil }
        func latency(_ side: [StepWindow]) -> Double {
            side.reduce(0) { $0 + $1.decodeSeconds } / side.reduce(0) { $0 + $1.tokens }
        }
        (before, after) = (latency(baseline), latency(candidate))
        let knowsArrivals = windows.allSatisfy { $0.arrivals != nil }
        let knowsPrompts = windows.allSatisfy { $0.allPrompt != nil }
        let old = Load(baseline, fit, replicas: replicas.old, knowsArrivals: knowsArrivals, knowsPrompts: knowsPrompts)
        let new = Load(candidate, fit, replicas: replicas.new, knowsArrivals: knowsArrivals, knowsPrompts: knowsPrompts)
        let factors: [Factor] = [.load, .mix, .cacheHits, .configuration, .unexplained]
        var latencies: [Double] = []
        for chosen in 0..<1 << factors.count {
            func takes(_ factor: Factor) -> Bool { chosen >> (factors.firstIndex(of: factor) ?? 0) & 1 == 1 }
            var load = old
            if takes(.load) { load.arrivals = new.arrivals }
            if takes(.mix) { (load.answer, load.prompt, load.context) = (new.answer, new.prompt, new.context) }
            if takes(.cacheHits) { load.computedShare = new.computedShare }
            if takes(.configuration) { (load.replicas, load.replicaShift) = (new.replicas, new.replicaShift) }
            let speed = load.speed(fit.line, shifted: takes(.unexplained))
            guard speed > 0.05 / max(before, after) else { return nil }
            latencies.append(1 / speed)
        }
        // Weight of a set of k factors before one more of n: k! (n − k − 1)! / n!.
        let weights = [1.0 / 5, 1.0 / 20, 1.0 / 30, 1.0 / 20, 1.0 / 5]
        parts = []
        for (place, factor) in factors.enumerated() {
            var seconds = 0.0
            for chosen in 0..<1 << factors.count where chosen >> place & 1 == 0 {
                seconds += weights[chosen.nonzeroBitCount] * (latencies[chosen | 1 << place] - latencies[chosen])
            }
            if factor == .cacheHits, !knowsPrompts { continue }
            parts.append((factor, seconds))
        }
        parts.append((.remainder, after - before - parts.reduce(0) { $0 + $1.seconds }))
    }
}
