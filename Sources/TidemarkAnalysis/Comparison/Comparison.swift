import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// Whether the same work takes longer than before, and what else changed.
public struct Comparison: Sendable {
    public enum Outcome: String, Sendable {
        case slower, same, faster
        case notComparable = "not_comparable"
    }

    /// One side, as it was compared.
    public struct Side: Sendable, Equatable {
        public var name: String
        public var startMs: Int64?
        public var endMs: Int64?
        public var replicas: Int
        /// Finished requests, errors (5xx) and aborts; nil: nothing counts them. Failed requests leave the latency histograms.
        public var requests: Double?
        public var errors: Double?
        public var aborts: Double?
    }

    /// One model on both sides.
    public struct Model: Sendable {
        /// Served name; empty when nothing says it.
        public var name: String
        /// Percent, with its 95 % interval; nil when it can't be said.
        public var slowdown: Double?
        public var low: Double?
        public var high: Double?
        public var verdict: Outcome
        /// Why it can't be compared.
        public var reason: String?
        /// Whether the change surely lies within ± ``margin`` percent (two one-sided tests at 5 %).
        public var isEquivalent = false
        /// The change that evidence like this would have shown, percent.
        public var smallestDetectable: Double?
        /// Percent by matching moments of equal work, without the model.
        public var matched: Double?
        /// Share of moments whose work both sides have seen.
        public var support: Double?
        /// Observed change of the mean inter-token latency, percent.
        public var raw: Double?
        /// Percent with the disturbed minutes counted.
        public var withDisturbed: Double?
        /// Share of the time that was set aside as disturbed.
        public var disturbedBefore: Double?
        public var disturbedAfter: Double?
        /// Relative standard deviation of a moment around the fitted line.
        public var residual: Double?
        public var windowsBefore = 0
        public var windowsAfter = 0
        public var decomposition: LatencyChange?
        /// How the gaps between tokens were measured.
        public var measure: String?
        /// Decoding seconds of the baseline: its weight among models.
        var weight = 0.0
    }

    public var baseline: Side
    public var candidate: Side
    public var models: [Model]
    public var metrics: [ComparedMetric] = []
    /// nil: a side printed no start-up.
    public var arguments: [ArgumentChange]?
    /// Population stability index of the lengths, largest of the models; nil without histograms.
    public var promptShift: Double?
    public var answerShift: Double?

    /// A change below it, in percent, is no regression.
    public static let margin = 2.0
    /// Below this share of common work nothing is compared.
    public static let leastSupport = 0.3

    /// All models together, weighted by the baseline's decoding time.
    public let overall: Model

    /// Compares two sides. O(windows) in time and memory; a week of ten replicas takes seconds.
    public init(_ baseline: ComparedPeriod, _ candidate: ComparedPeriod) throws {
        let before = try PeriodEvidence(baseline)
        let after = try PeriodEvidence(candidate)
        self.baseline = try Self.side(baseline, before)
        self.candidate = try Self.side(candidate, after)
        guard let before, let after else {
            let missing = before == nil ? baseline.name : candidate.name
            overall = Self.incomparable("", "\(missing) has no evidence with times")
            models = [overall]
            return
        }
        models = []
        for pair in Self.pairs(before, after) {
            models.append(try Self.compare(before, after, pair))
            metrics += try MetricComparison.all(
                before, after, model: pair.name, replicas: (pair.old, pair.new))
            for (metric, place) in [("vllm:request_prompt_tokens", 0), ("vllm:request_generation_tokens", 1)] {
                guard let shift = try Self.shift(metric, before, after, pair) else { continue }
                if place == 0 { promptShift = max(promptShift ?? 0, shift) }
                if place == 1 { answerShift = max(answerShift ?? 0, shift) }
            }
        }
        MetricComparison.control(&metrics)
        arguments = ArgumentChange.all(
            before.replicas.flatMap(before.runs), after.replicas.flatMap(after.runs))
        overall = Self.together(models)
        if let failure = before.failure ?? after.failure { throw failure }
    }

    private static func incomparable(_ name: String, _ reason: String) -> Model {
        Model(name: name, verdict: .notComparable, reason: reason)
    }

    private struct Pair {
        var name: String
        var old: [String]
        var new: [String]
    }

    /// Models of equal names; with one a side they are compared whatever they are called (a log prints the path, the metrics the
    /// served name).
    private static func pairs(_ before: PeriodEvidence, _ after: PeriodEvidence) -> [Pair] {
        func own(_ evidence: PeriodEvidence, _ model: String) -> [String] {
            evidence.replicas.filter { evidence.model($0) == model }
        }
        let (old, new) = (before.modelNames, after.modelNames)
        if old.count == 1, new.count == 1 {
            return [
                Pair(name: old[0].isEmpty ? new[0] : old[0], old: own(before, old[0]), new: own(after, new[0]))
            ]
        }
        return Set(old).union(new).sorted().map { Pair(name: $0, old: own(before, $0), new: own(after, $0)) }
    }

    private static func compare(_ before: PeriodEvidence, _ after: PeriodEvidence, _ pair: Pair) throws -> Model {
        guard !pair.old.isEmpty, !pair.new.isEmpty else {
            return incomparable(
                pair.name, pair.old.isEmpty ? "not served in \(before.side.name)" : "not served in \(after.side.name)")
        }
        let hasHistograms =
            StepWindows.hasHistogram(before, pair.old) && StepWindows.hasHistogram(after, pair.new)
        let measure = hasHistograms ? GapMeasure.histogram : .running
        let knowsCapacity =
            pair.old.allSatisfy { before.cacheTokens($0) != nil }
            && pair.new.allSatisfy { after.cacheTokens($0) != nil }
        let names = Set(pair.old).union(pair.new).sorted()
        var windows: [StepWindow] = []
        for (evidence, own, isCandidate) in [(before, pair.old, false), (after, pair.new, true)] {
            let maker = StepWindows(evidence, measure, knowsCapacity: knowsCapacity)
            for replica in own {
                windows += try maker.windows(
                    of: replica, replica: names.firstIndex(of: replica) ?? 0, isCandidate: isCandidate)
            }
        }
        return judge(
            pair.name, windows, measure, sides: (before.side.name, after.side.name),
            replicas: (pair.old.count, pair.new.count))
    }

    /// The verdict over windows.
    static func judge(
        _ name: String, _ windows: [StepWindow], _ measure: GapMeasure, sides: (old: String, new: String),
        replicas: (old: Int, new: Int)
    ) -> Model {
        let old = windows.filter { !$0.isCandidate }
        let new = windows.filter(\.isCandidate)
        for (own, side) in [(old, sides.old), (new, sides.new)] where own.count < LoadAdjustment.fewestWindows {
            return incomparable(
                name,
                own.isEmpty
                    ? "\(side) shows no gaps between tokens: scrape /metrics, or keep the statistics lines of the log"
                    : "\(side) holds \(own.count) moments with tokens, \(LoadAdjustment.fewestWindows) are needed")
        }
        let widths = windows.map(\.seconds).sorted()
        guard let effect = LoadAdjustment(windows, windowSeconds: widths[widths.count / 2], replicas: replicas) else {
            return incomparable(name, "the load explains too little of the latency to fit a line")
        }
        var model = Model(name: name, verdict: .same)
        func latency(_ side: [StepWindow]) -> Double {
            side.reduce(0) { $0 + $1.decodeSeconds } / side.reduce(0) { $0 + $1.tokens }
        }
        model.raw = 100 * (latency(new) / latency(old) - 1)
        model.measure = measure.rawValue
        model.support = effect.support
        (model.windowsBefore, model.windowsAfter) = (old.count, new.count)
        model.weight = old.reduce(0) { $0 + $1.decodeSeconds }
        model.residual = effect.residual
        (model.disturbedBefore, model.disturbedAfter) = (effect.disturbed.baseline, effect.disturbed.candidate)
        (model.slowdown, model.low, model.high) = (effect.slowdown, effect.low, effect.high)
        (model.matched, model.withDisturbed) = (effect.matched, effect.withDisturbed)
        model.smallestDetectable = Equivalence.detectable(error: effect.error)
        if let p = Equivalence.p(
            effect: effect.slowdown, error: effect.error, margin: margin, freedom: Double(max(1, windows.count - 5)))
        {
            model.isEquivalent = p <= 0.05
        }
        model.decomposition = effect.decomposition
        if effect.support < leastSupport {
            model.verdict = .notComparable
            model.reason =
                "only \(Int(100 * effect.support)) % of the moments have work that the other side has seen, too"
        } else {
            model.verdict = verdict(effect.slowdown, effect.low, effect.high)
        }
        return model
    }

    private static func verdict(_ slowdown: Double, _ low: Double, _ high: Double) -> Outcome {
        if low > 0, slowdown >= margin { return .slower }
        if high < 0, slowdown <= -margin { return .faster }
        return .same
    }

    /// The change of the mean over all models at each one's baseline load.
    private static func together(_ models: [Model]) -> Model {
        let known = models.filter { $0.verdict != .notComparable && $0.slowdown != nil }
        guard models.count > 1 else { return models.first ?? incomparable("", "no model on either side") }
        guard !known.isEmpty else {
            return incomparable(
                "", models.map { "\($0.name): \($0.reason ?? "not comparable")" }.joined(separator: "; "))
        }
        if known.count == 1 { return known[0] }
        let mass = known.reduce(0) { $0 + $1.weight }
        var all = Model(name: "", verdict: .same)
        let slowdown = known.reduce(0) { $0 + ($1.slowdown ?? 0) * $1.weight } / mass
        let error =
            known.reduce(0) { sum, one in
                let own = ((one.high ?? 0) - (one.low ?? 0)) / 3.92 * one.weight / mass
                return sum + own * own
            }.squareRoot()
        (all.slowdown, all.low, all.high) = (slowdown, slowdown - 1.96 * error, slowdown + 1.96 * error)
        all.smallestDetectable = Equivalence.detectable(error: error)
        all.support = known.compactMap(\.support).min()
        all.isEquivalent = known.allSatisfy(\.isEquivalent)
        all.windowsBefore = known.reduce(0) { $0 + $1.windowsBefore }
        all.windowsAfter = known.reduce(0) { $0 + $1.windowsAfter }
        all.verdict = verdict(slowdown, slowdown - 1.96 * error, slowdown + 1.96 * error)
        return all
    }

    private static func side(_ side: ComparedPeriod, _ evidence: PeriodEvidence?) throws -> Side {
        var result = Side(
            name: side.name, startMs: evidence?.grid.startMs, endMs: evidence?.grid.endMs,
            replicas: evidence?.replicas.count ?? 0)
        guard let evidence else { return result }
        func total(_ signal: String) throws -> Double? {
            var sum: Double?
            for replica in evidence.replicas {
                guard let rate = try evidence.track(signal, replica)?.value(0..<evidence.grid.count) else { continue }
                sum = (sum ?? 0) + rate * evidence.grid.seconds
            }
            return sum
        }
        result.requests = try total("request_rate_requests_per_second")
        result.errors = try total("error_5xx_requests_per_second")
        result.aborts = try total("abort_requests_per_second")
        return result
    }

    private static func shift(
        _ metric: String, _ before: PeriodEvidence, _ after: PeriodEvidence, _ pair: Pair
    ) throws -> Double? {
        func counts(_ evidence: PeriodEvidence, _ replicas: [String]) throws -> [(bound: Double, count: Double)] {
            let targets = Set(
                evidence.fleet.replicas.filter { replicas.contains($0.name) }.compactMap(\.scrapeInstance))
            let table = HistogramTable(
                try evidence.builder.counters(metric, suffix: "_bucket").filtered {
                    targets.contains($0["instance"] ?? "")
                })
            return table.isUsable ? table.buckets(0, evidence.grid.count) : []
        }
        let (old, new) = (try counts(before, pair.old), try counts(after, pair.new))
        guard !old.isEmpty, old.map(\.bound) == new.map(\.bound) else { return nil }
        return DistributionShift.stabilityIndex(old.map(\.count), new.map(\.count))
    }
}
