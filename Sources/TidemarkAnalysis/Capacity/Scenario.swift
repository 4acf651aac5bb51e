import TidemarkBase
import TidemarkStatistics

#if canImport(Glibc)
    import Glibc
#endif

/// A change to a serving group: what `whatif --set` says.
public struct Scenario: Sendable, Equatable {
    public var maxSequences: Int?
    public var maxTokens: Int?
    public var kvTokens: Double?
    public var kvFactor: Double?
    public var halvesKV = false
    public var replicas: Int?
    public var accelerator: AcceleratorPeak?
    public var promptFactor: Double?
    public var answerFactor: Double?
    public var hitShare: Double?
    /// Requests a second of the group.
    public var rate: Double?

    /// Assumed relative spread of real kernels around the ratio of published peaks; nothing here measures it.
    static let peakDoubt = 0.15

    public static let keys = [
        "max_num_seqs", "max_num_batched_tokens", "kv_tokens", "kv_scale", "kv_cache_dtype", "replicas", "gpu",
        "prompt_scale", "output_scale", "prefix_hit", "rate",
    ]

    /// - Throws: `usage` for an unknown key or an impossible value.
    public init(_ settings: [String]) throws {
        for setting in settings {
            let sides = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else {
                throw TidemarkError(.usage, "'\(setting)' is not KEY=VALUE", hint: "as --set max_num_seqs=512")
            }
            func number(_ range: ClosedRange<Double>) throws -> Double {
                guard let value = Double(sides[1]), range.contains(value) else {
                    throw TidemarkError(
                        .usage,
                        "\(sides[0]) is a number from \(range.lowerBound) to \(range.upperBound), not '\(sides[1])'")
                }
                return value
            }
            func whole(_ range: ClosedRange<Double>) throws -> Int {
                guard let value = Int(exactly: try number(range)) else {
                    throw TidemarkError(.usage, "\(sides[0]) is a whole number, not '\(sides[1])'")
                }
                return value
            }
            switch sides[0] {
            case "max_num_seqs": maxSequences = try whole(1...100_000)
            case "max_num_batched_tokens": maxTokens = try whole(1...10_000_000)
            case "kv_tokens": kvTokens = try number(1...1e12)
            case "kv_scale": kvFactor = try number(0.01...100)
            case "kv_cache_dtype":
                guard sides[1].hasPrefix("fp8") else {
                    throw TidemarkError(.usage, "kv_cache_dtype can become fp8, not '\(sides[1])'")
                }
                halvesKV = true
            case "replicas": replicas = try whole(1...100_000)
            case "gpu":
                guard let peak = AcceleratorPeak.named(sides[1]) else {
                    throw TidemarkError(
                        .usage, "no peaks are known of '\(sides[1])'",
                        hint: AcceleratorPeak.known.map(\.name).joined(separator: ", "))
                }
                accelerator = peak
            case "prompt_scale": promptFactor = try number(0.01...100)
            case "output_scale": answerFactor = try number(0.01...100)
            case "prefix_hit": hitShare = try number(0...0.99)
            case "rate": rate = try number(1e-6...1e6)
            default:
                throw TidemarkError(
                    .usage, "unknown key '\(sides[0])'", hint: Self.keys.joined(separator: ", "))
            }
        }
    }

    /// The model under the change.
    /// - Parameter present: the accelerator that the data are from; nil when not known.
    /// - Returns: the model, and what must be assumed.
    func applied(to model: ServingModel, present: AcceleratorPeak?) throws -> (model: ServingModel, notes: [String]) {
        var (model, notes) = (model, [String]())
        if let maxSequences {
            model.limits.sequences = maxSequences
            if Double(maxSequences) > 3 * model.highSequences {
                notes.append("the cost of steps with many more sequences than were seen is extrapolated")
            }
        }
        if let maxTokens { model.limits.tokens = Double(maxTokens) }
        if let kvTokens { model.limits.kvTokens = kvTokens }
        if let kvFactor { model.limits.kvTokens *= kvFactor }
        if halvesKV {
            model.limits.kvTokens *= 2
            model.law.perKVToken /= 2
            notes.append("8-bit KV cache: twice the tokens, half the bytes; that answers stay as good is not checked")
        }
        if let promptFactor { model.mix.scalePrompts(promptFactor) }
        if let answerFactor { model.mix.scaleAnswers(answerFactor) }
        if let hitShare { model.mix.hitShare = hitShare }
        if let accelerator {
            guard let present else {
                throw TidemarkError(
                    .usage, "which GPU the data are from is not in the evidence, so that another one can't be compared")
            }
            // Prompts are bound by arithmetic; reading weights and cache by bandwidth (roofline).
            let compute = present.teraflops / accelerator.teraflops
            let bandwidth = present.terabytesPerSecond / accelerator.terabytesPerSecond
            model.law.perPromptToken *= compute
            model.law.fixed *= bandwidth
            model.law.experts *= bandwidth
            model.law.perKVToken *= bandwidth
            model.law.perSequence *= max(compute, bandwidth)
            let (prompts, decoding) = (1 / compute, 1 / bandwidth)
            notes.append(
                "\(present.name) → \(accelerator.name) by published peaks: prompts "
                    + "\(ByteWriter.fixed(prompts, decimals: 2)) times as fast, decoding "
                    + "\(ByteWriter.fixed(decoding, decimals: 2)) times; how far real kernels follow is not measured, ± 15 % are assumed; the KV "
                    + "cache stays unless kv_tokens says otherwise")
        }
        return (model, notes)
    }
}

/// What users would see at one rate.
public struct Prediction: Sendable {
    /// Seconds; nil when nothing came that far. `High` is the 95th percentile.
    public var ttftMedian: Double?
    public var ttftHigh: Double?
    public var itlMean: Double?
    public var itlHigh: Double?
    /// Generated tokens a second of the group.
    public var tokensPerSecond: Double
    public var kvRatio: Double?
    /// The queue grows without end.
    public var isOverloaded: Bool
    /// The 80 % interval of the 95th percentiles: largest and smallest with steps by 1.28 standard deviations slower and faster.
    public var ttftBand: ClosedRange<Double>?
    public var itlBand: ClosedRange<Double>?

    /// - Parameter spread: standard deviation of the logarithm of the model's step.
    init(_ model: ServingModel, rate: Double, engines: Int, spread: Double) {
        let own = rate / Double(max(1, engines))
        let count = ServingModel.count(rate: own, step: model.law.fixed, most: 4000)
        func run(_ slower: Double) -> BatchingSimulation.Outcome {
            model.outcome(
                rate: own, count: count, seed: 31, slower: slower, longestQueue: Int(min(1e6, 600 * own + 200)))
        }
        let factor = exp(1.2816 * spread)
        let (out, slow, fast) = (run(1), run(factor), run(1 / factor))
        func band(_ path: KeyPath<BatchingSimulation.Outcome, LogHistogram>) -> ClosedRange<Double>? {
            let highs = [out, slow, fast].compactMap { $0[keyPath: path].quantile(0.95) }
            return highs.count == 3 ? highs.min()!...highs.max()! : nil
        }
        ttftMedian = out.firstToken.quantile(0.5)
        ttftHigh = out.firstToken.quantile(0.95)
        itlMean = out.gap.count > 0 ? out.gap.seconds / out.gap.count : nil
        itlHigh = out.interToken.quantile(0.95)
        let made = (out.decodes * model.mix.tokensPerDecode + out.completed) / max(out.seconds, 1e-9)
        tokensPerSecond = made * Double(engines)
        kvRatio =
            model.limits.kvTokens < 1e11
            ? out.kvTokenSeconds / max(out.seconds, 1e-9) * model.kvShare / model.limits.kvTokens : nil
        isOverloaded = out.overloaded
        ttftBand = band(\.firstToken)
        itlBand = band(\.interToken)
    }
}

/// A group as it is and as it would be.
public struct ScenarioReport: Sendable {
    public struct Side: Sendable {
        public var prediction: Prediction
        public var capacity: CapacityEstimate.Value?
        public var refused: String?
        public var replicas: Int
    }

    public var group: String
    public var rate: Double
    public var objectives: [LatencyObjective]
    public var present: Side
    public var changed: Side
    public var notes: [String]

    /// - Throws: `usage` for a change that the evidence can't answer.
    public init?(
        _ estimate: CapacityEstimate, _ scenario: Scenario, accelerator: AcceleratorPeak?, most: Int = 4000
    ) throws {
        guard let value = estimate.value, let observed = estimate.observedRate else { return nil }
        let model = value.model
        let rate = scenario.rate ?? observed
        let (other, notes) = try scenario.applied(to: model, present: accelerator)
        let now = max(1, estimate.replicas.count)
        let replicas = scenario.replicas ?? now
        let engines = max(1, estimate.engines * replicas / now)
        let doubt = scenario.accelerator == nil ? 0 : Scenario.peakDoubt
        let wider = (value.spread * value.spread + doubt * doubt).squareRoot()
        present = Side(
            prediction: Prediction(model, rate: rate, engines: estimate.engines, spread: value.spread), capacity: value,
            refused: nil,
            replicas: estimate.replicas.count)
        changed = Side(
            prediction: Prediction(other, rate: rate, engines: engines, spread: wider), capacity: nil, refused: nil,
            replicas: replicas
        )
        do {
            changed.capacity = try CapacityEstimate.value(
                other, estimate.objectives, engines: engines, most: most, doubt: doubt)
        } catch let refusal as CapacityRefusal {
            changed.refused = refusal.reason
        }
        group = estimate.group
        self.rate = rate
        objectives = estimate.objectives
        self.notes = notes
    }
}
