import TidemarkStatistics

#if canImport(Glibc)
    import Glibc
#endif

/// The lengths of requests, as their histograms or the requests themselves tell.
public struct TrafficMix: Sendable {
    /// Quantile functions, 0…1 → tokens.
    private var prompts: [Double]
    private var generations: [Double]
    /// Single requests, which keep what prompts and answers have to do with each other; else the two are drawn apart.
    private var pairs: [(prompt: Double, generated: Double)] = []
    /// Share of the prompt tokens that the prefix cache holds.
    public var hitShare: Double
    /// How alike the requests' shares are: shape of a beta distribution; infinite when all are the same.
    public var hitShape = Double.infinity
    /// Tokens that a decoding step yields: 1 without speculative decoding.
    public var tokensPerDecode: Double
    /// Variance of the arrivals in a stretch over that of random ones: 1, more when they come in bursts.
    public var dispersion = 1.0
    public private(set) var promptMean: Double
    public private(set) var generationMean: Double
    /// Lengths without a histogram.
    public private(set) var isAssumed = false
    private(set) var hasAssumedPrompts = false
    /// Tokens of the longest request that the engine takes; nil: not known.
    private let longest: Double?

    private static let points = 4001

    init?(
        prompts: SummedHistogram, promptMean: Double?, generations: SummedHistogram, generationMean: Double?,
        pairs: [(prompt: Double, generated: Double)], hitShare: Double, tokensPerDecode: Double, maxLength: Int?
    ) {
        self.hitShare = min(max(hitShare < 0.005 ? 0 : hitShare, 0), 0.995)
        self.tokensPerDecode = max(1, tokensPerDecode)
        let longest = maxLength.map(Double.init)
        self.longest = longest
        if pairs.count >= 50 {
            self.pairs = pairs
            self.prompts = []
            self.generations = []
            self.promptMean = pairs.reduce(0) { $0 + $1.prompt } / Double(pairs.count)
            self.generationMean = pairs.reduce(0) { $0 + $1.generated } / Double(pairs.count)
            // Sampled traces keep the shape; the counters know the mean.
            if let promptMean, promptMean > 0, self.promptMean > 0 { scalePrompts(promptMean / self.promptMean) }
            if let generationMean, generationMean > 0, self.generationMean > 0 {
                scaleAnswers(generationMean / self.generationMean)
            }
            return
        }
        func table(_ histogram: SummedHistogram, _ mean: Double?) -> [Double]? {
            if let curve = Self.quantiles(histogram, mean: mean, longest: longest) { return curve }
            guard let mean, mean > 0 else { return nil }
            return Self.logNormal(mean, longest)
        }
        guard let a = table(prompts, promptMean), let b = table(generations, generationMean) else { return nil }
        hasAssumedPrompts = prompts.count == 0
        isAssumed = hasAssumedPrompts || generations.count == 0
        (self.prompts, self.generations) = (a, b)
        self.promptMean = a.reduce(0, +) / Double(a.count)
        self.generationMean = b.reduce(0, +) / Double(b.count)
    }

    /// Quantiles of a log-normal distribution, as lengths of requests often have, in tokens.
    /// - Parameter variation: coefficient of variation, standard deviation over mean.
    private static func logNormal(_ mean: Double, _ longest: Double?, variation: Double = 1) -> [Double] {
        let sigma = log(1 + variation * variation).squareRoot()
        return (0..<points).map { place in
            let p = (Double(place) + 0.5) / Double(points)
            return min(longest ?? .infinity, mean * exp(sigma * (Normal.quantile(p) ?? 0) - sigma * sigma / 2))
        }
    }

    /// The mix with log-normal prompts of the same mean and another coefficient of variation.
    func withPrompts(variation: Double) -> TrafficMix {
        var mix = self
        mix.prompts = Self.logNormal(promptMean, longest, variation: variation)
        mix.scalePrompts(promptMean * Double(Self.points) / mix.prompts.reduce(0, +))
        mix.promptMean = promptMean
        return mix
    }

    /// ln(tokens) over the cumulative share by monotone cubics, scaled to the exact mean.
    private static func quantiles(_ histogram: SummedHistogram, mean: Double?, longest: Double?) -> [Double]? {
        let (bounds, counts) = (histogram.bounds, histogram.cumulative)
        guard histogram.count >= 20, bounds.count == counts.count, bounds.count >= 2 else { return nil }
        var shares: [Double] = []
        var logs: [Double] = []
        for (place, bound) in bounds.enumerated() {
            let share = min(1, counts[place] / histogram.count)
            var top = bound
            if !top.isFinite { top = max(bounds[place - 1] * 1.01, min(bounds[place - 1] * 2, longest ?? .infinity)) }
            if let longest { top = min(top, longest) }
            if share <= 0 || logs.isEmpty {
                let below = place > 0 ? bounds[place - 1] : max(0.5, top / 2)
                if share <= 0 { continue }
                shares.append(0)
                logs.append(log(max(0.5, below)))
            }
            guard share > (shares.last ?? 0) + 1e-12, log(top) >= (logs.last ?? 0) else { continue }
            shares.append(share)
            logs.append(log(top))
        }
        guard let curve = MonotoneCubic(shares, logs), let last = shares.last else { return nil }
        var table = (0..<points).map { place in
            exp(curve.value(at: min(last, (Double(place) + 0.5) / Double(points) * last)) ?? 0)
        }
        if let mean, mean > 0 {
            for _ in 0..<3 {
                let now = table.reduce(0, +) / Double(points)
                table = table.map { min(longest ?? .infinity, max(1, $0 * mean / now)) }
            }
        }
        return table
    }

    /// The same requests with prompts, or answers, so many times as long.
    mutating func scalePrompts(_ factor: Double) {
        prompts = prompts.map { max(1, $0 * factor) }
        pairs = pairs.map { (max(1, $0.prompt * factor), $0.generated) }
        promptMean *= factor
    }

    mutating func scaleAnswers(_ factor: Double) {
        generations = generations.map { max(1, $0 * factor) }
        pairs = pairs.map { ($0.prompt, max(1, $0.generated * factor)) }
        generationMean *= factor
    }

    /// Requests of this mix: the same ones for the same seed, whatever the rate.
    func requests(_ count: Int, seed: UInt64) -> [BatchingSimulation.Work] {
        var random = SeededNormal(seed: seed)
        // Stratified: the mean of few requests is close to that of many.
        func strata() -> [Double] {
            var places = Array(0..<count)
            for index in stride(from: count - 1, to: 0, by: -1) {
                places.swapAt(index, min(index, Int(random.uniform() * Double(index + 1))))
            }
            return places.map { (Double($0) + random.uniform()) / Double(count) }
        }
        var lengths: [(prompt: Double, generated: Double)] = []
        lengths.reserveCapacity(count)
        if pairs.isEmpty {
            for (p, q) in zip(strata(), strata()) {
                lengths.append((Self.value(prompts, p), Self.value(generations, q)))
            }
        } else {
            for p in strata() { lengths.append(pairs[min(pairs.count - 1, Int(p * Double(pairs.count)))]) }
        }
        var fresh = [Double](repeating: 1 - hitShare, count: count)
        if hitShare > 0, hitShape.isFinite {
            let mean = 1 - hitShare
            for index in 0..<count { fresh[index] = max(1e-6, random.beta(mean * hitShape, hitShare * hitShape)) }
            let all = lengths.reduce(0) { $0 + $1.prompt }
            for _ in 0..<6 {
                var now = 0.0
                for index in 0..<count { now += fresh[index] * lengths[index].prompt }
                guard now > 0 else { break }
                for index in 0..<count { fresh[index] = min(1, fresh[index] * mean * all / now) }
            }
        }
        return (0..<count).map { index in
            let one = lengths[index]
            return .init(
                prompt: min(1e9, one.prompt).rounded(), computed: (min(1e9, one.prompt) * fresh[index]).rounded(),
                decodes: Int(min(4e6, max(0, ((one.generated - 1) / tokensPerDecode).rounded()))))
        }
    }

    private static func value(_ table: [Double], _ p: Double) -> Double {
        table[min(table.count - 1, max(0, Int(p * Double(table.count))))]
    }

    /// Arrivals, one a second in the mean: divided by a rate they are arrivals at that rate. Random ones (Poisson); bursts by
    /// gamma-distributed gaps, whose squared coefficient of variation is the dispersion of counts over long stretches.
    func arrivals(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededNormal(seed: seed &+ 0x5151)
        let shape = 1 / dispersion
        var time = 0.0
        return (0..<count).map { _ in
            time += dispersion > 1 ? random.gamma(shape) / shape : random.exponential()
            return time
        }
    }

    /// The ``dispersion`` that windows of one engine after another show, by second differences, so that a load that rises and
    /// falls is none; 1 where it can't be told from chance. Windows of more than two minutes say nothing of bursts.
    static func dispersion(_ engines: [[CapacityWindow]]) -> Double {
        var ratios: [Double] = []
        for windows in engines {
            for (first, (second, third)) in zip(windows, zip(windows.dropFirst(), windows.dropFirst(2))) {
                let width = Int64(first.seconds * 1000)
                guard first.seconds <= 120, second.startMs - first.startMs == width,
                    third.startMs - second.startMs == width
                else { continue }
                let expected = first.arrivals + 4 * second.arrivals + third.arrivals
                let difference = first.arrivals - 2 * second.arrivals + third.arrivals
                if expected >= 30 { ratios.append(difference * difference / expected) }
            }
        }
        guard ratios.count >= 30, let median = Quantiles.median(ratios) else { return 1 }
        // Of random arrivals the ratio is χ² with one degree of freedom, whose median is 0.455. It is not moved by the few
        // windows in which a queue is worked off or the load steps. Of n independent ratios it has a relative standard error of
        // 2.33/√n; second differences overlap, so that theirs is that of a third as many, 4/√n.
        let ratio = median / 0.4549
        return ratio > 1 + 3 * 4 / Double(ratios.count).squareRoot() ? min(10, ratio) : 1
    }
}
