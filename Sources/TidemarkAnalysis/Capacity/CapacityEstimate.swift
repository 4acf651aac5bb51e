import TidemarkBase
import TidemarkStatistics

#if canImport(Glibc)
    import Glibc
#endif

/// The highest request rate of a replica group within its objectives, or why there is none.
public struct CapacityEstimate: Sendable {
    public struct Value: Sendable {
        /// Requests a second of the whole group: median and intervals of 80 and 95 %.
        public var maxRate: Double
        public var low: Double
        public var high: Double
        public var low95: Double
        public var high95: Double
        public var binding: String
        /// A: the data came within a factor of 1.3 of the estimate; B: of 2; C: not even that, only ``low`` is to be planned with.
        public var grade: String
        /// Estimate over the highest rate that was observed, the 95th percentile of the windows.
        public var extrapolation: Double
        public var model: ServingModel
        /// The fluid law's answer, requests a second of the group.
        public var fluidRate: Double?
        /// Standard deviation of the logarithm of the predicted step.
        public var spread: Double
        /// Requests a second of the group that each limit alone would allow, the binding one first.
        public var limits: [(name: String, rate: Double)] = []
    }

    public var group: String
    public var model: String
    public var replicas: [String]
    public var engines: Int
    public var objectives: [LatencyObjective]
    public var objectivesFrom: String
    /// Requests a second of the group, mean and highest (95th percentile of windows).
    public var observedRate: Double?
    public var observedHigh: Double?
    public var configuration: ServingConfiguration
    public var value: Value?
    public var refused: String?
    /// What holds for the estimate, in words.
    public var conditions: [String] = []

    /// Relative spread of a model that is right about everything but details: from the residuals of held-out real engines
    /// against models of this kind (7 % of inter-token latency, 18 % of mean TTFT, `docs/methods.md`).
    static let modelSpread = 0.06

    /// Share of a core beyond which the one process that takes a replica's requests queues.
    static let busyProcessor = 0.8

    /// Fills ``value`` or ``refused``.
    /// - Parameter most: requests of a simulation, at most.
    mutating func solve(_ records: [EngineRecord], most: Int = 4000) {
        do {
            var fit = try ModelFit(records, configuration)
            fit.most = most * 3 / 2
            let model = try fit.model()
            observedRate = model.meanRate * Double(engines)
            observedHigh = model.highRate * Double(engines)
            var value = try Self.value(model, objectives, engines: engines, most: most)
            let limits = CapacityLimits(
                model, objectives, binding: value.binding, rate: value.maxRate / Double(engines), most: most / 3)
            value.limits = limits.rates.map { ($0.name, $0.rate * Double(engines)) }
            self.value = value
            if model.mix.isAssumed {
                conditions.append("lengths of requests are not in the evidence: log-normal around their means")
            }
            if model.mix.dispersion > 1 {
                let fold = ByteWriter.fixed(model.mix.dispersion, decimals: 1)
                conditions.append("requests come in bursts: their number varies \(fold) times as much as at random")
            }
            if model.limits.prefillFirst {
                conditions.append("prompts in steps of their own, as the V0 engine schedules")
            }
            if model.regression.conditionNumber > 30 {
                let number = Int(min(1e6, model.regression.conditionNumber))
                conditions.append("single costs are unsure (condition number \(number)); their sum is not")
            }
        } catch let refusal as CapacityRefusal {
            refused = refusal.reason
        } catch {
            refused = "\(error)"
        }
    }

    /// - Parameter doubt: relative spread of the step that comes on top, of what a scenario assumes.
    static func value(
        _ model: ServingModel, _ objectives: [LatencyObjective], engines: Int, most: Int = 4000, doubt: Double = 0
    ) throws -> Value {
        var search = CapacitySearch(model, objectives)
        search.most = most
        guard let found = search.solve(from: max(model.highRate * 1.2, 0.01)) else {
            let idle = search.at(0.001)
            if let broken = idle.broken.first {
                let alone = Self.duration(broken.value(idle.outcome))
                throw CapacityRefusal(
                    reason:
                        "\(broken.name) is \(alone) for a lone request: no rate holds \(Self.duration(broken.seconds))")
            }
            throw CapacityRefusal(reason: "no limit was found below a million requests a second")
        }
        // By the law that the draws are of: a scenario's law differs from it by known factors.
        let step = Self.stepAt(found.beyond.outcome, model.regression.law)
        let factor = found.rate / max(model.highRate, 1e-9)
        // Errors of the predicted step at that load: sampling, by the bootstrap; the model's own; and of the tail, as far as
        // the model misses the one that was observed. They grow with the distance from the data.
        var laws = model.regression.resampled(1000, seed: 3).map { Self.stepAt(found.beyond.outcome, $0) }.filter {
            $0 > 0
        }
        laws.sort()
        var sampling = 0.0
        if laws.count > 100, step > 0, let low = Quantiles.linear(0.1, sorted: laws),
            let high = Quantiles.linear(0.9, sorted: laws)
        {
            sampling = (high - low) / 2.563 / step
        }
        if model.regression.spread < 2 {
            // Nothing tells how the cost grows with the load.
            guard factor < 3 || sampling < 0.5 else {
                let fold = ByteWriter.fixed(model.regression.spread, decimals: 1)
                throw CapacityRefusal(
                    reason: "the load never varied enough (\(fold)-fold) to tell fixed cost from the cost of load")
            }
        }
        let distance = 0.04 * log(max(1, factor))
        // A tail that no histogram shows, lengths that nobody told: each may be wrong by a seventh. Of the lengths much shows in
        // the tail.
        let tail = model.tailError.map { min(0.1, 0.15 * $0) } ?? 0.15
        let lengths = model.mix.isAssumed ? (model.tailError == nil ? 0.15 : 0.07) : 0
        sampling = min(sampling, 0.5)
        let spread = [modelSpread, sampling, distance, tail, lengths, doubt].reduce(0) { $0 + $1 * $1 }.squareRoot()
        func rate(_ z: Double) -> Double {
            let slower = exp(z * spread)
            return search.solve(slower: slower, from: found.rate / slower)?.rate
                ?? (z > 0 ? 0 : found.rate * exp(-2 * z * spread))
        }
        var values = [rate(1.96), rate(1.2816), rate(-1.2816), rate(-1.96)]
        // Whatever the objectives do, a rate is not known better than time.
        values[0] = min(values[0], found.rate * exp(-1.96 * spread))
        values[1] = min(values[1], found.rate * exp(-1.2816 * spread))
        values[2] = max(values[2], found.rate * exp(1.2816 * spread))
        values[3] = max(values[3], found.rate * exp(1.96 * spread))
        let scale = Double(engines)
        var result = Value(
            maxRate: found.rate * scale, low: values[1] * scale, high: values[2] * scale, low95: values[0] * scale,
            high95: values[3] * scale, binding: CapacitySearch.binding(found.beyond), grade: "", extrapolation: 0,
            model: model, fluidRate: nil, spread: spread)
        // One process takes the requests of a replica.
        if let processor = model.processorSecondsPerRequest, processor > 0, !model.limits.prefillFirst,
            busyProcessor / processor < found.rate
        {
            let limit = busyProcessor / processor * scale
            result.binding = "api_server"
            for path in [\Value.maxRate, \.low, \.high, \.low95, \.high95] {
                result[keyPath: path] = min(result[keyPath: path], limit)
            }
            result.low = min(result.low, limit * 0.8)
            result.low95 = min(result.low95, limit * 0.7)
        }
        result.extrapolation = result.maxRate / scale / max(model.highRate, 1e-9)
        result.grade = result.extrapolation <= 1.3 ? "A" : result.extrapolation <= 2 ? "B" : "C"
        result.fluidRate = Self.fluid(model, objectives).map { $0 * scale }
        return result
    }

    /// The mean step of an outcome by another law.
    private static func stepAt(_ out: BatchingSimulation.Outcome, _ law: StepCostLaw) -> Double {
        guard out.steps > 0, out.busySeconds > 0 else { return 0 }
        return law.fixed + law.perPromptToken * out.weightedPromptTokens / out.steps
            + law.perSequence * out.decodes / out.steps + law.perKVToken * out.kvTokenSeconds / max(out.seconds, 1e-9)
            + law.experts * out.experts / out.steps
    }

    /// The closed form: λ(N) = N / (out · S(N)) at the smallest N that a limit allows (`docs/methods.md`, Capacity).
    static func fluid(_ model: ServingModel, _ objectives: [LatencyObjective]) -> Double? {
        let out = max(1, model.mix.generationMean / model.mix.tokensPerDecode)
        let input = model.mix.promptMean
        let held = (input + model.mix.generationMean / 2) * model.kvShare
        let law = model.law
        let slope = model.slope
        guard slope > 0 else { return nil }
        var limit = min(Double(model.limits.sequences), 0.95 * model.limits.kvTokens / max(1, held))
        if let itl = objectives.first(where: { $0.measure == .itl }) {
            // The tail over the mean is not known without simulation; 1.5 is usual.
            limit = min(limit, max(1, (itl.seconds / 1.5 - law.fixed - law.experts) / slope))
        }
        return limit / (out * (law.fixed + law.experts + slope * limit))
    }
}
