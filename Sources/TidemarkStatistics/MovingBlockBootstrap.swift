import TidemarkBase

/// Resampling of a series in blocks of neighbours (Künsch 1989), which keeps the correlation within a block. The same seed
/// gives the same draws everywhere.
public struct MovingBlockBootstrap: Sendable {
    /// Points of the series.
    public let count: Int
    /// Points of a block, at most ``count``.
    public let block: Int
    private var random: SeededRandom

    /// nil without points or for a block shorter than one.
    public init?(count: Int, block: Int, seed: UInt64) {
        guard count > 0, block > 0 else { return nil }
        self.count = count
        self.block = min(block, count)
        random = SeededRandom(seed: seed)
    }

    /// The places of the next resample: `count` of them, block after block, the last one cut short.
    public mutating func places() -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(count)
        while places.count < count {
            let start = Int.random(in: 0...count - block, using: &random)
            for place in start..<start + min(block, count - places.count) { places.append(place) }
        }
        return places
    }

    /// A percentile interval for each number that `statistic` makes of the places of a resample. Resamples for which it gives
    /// nil are left out; nil when those are more than a fifth, or the numbers differ in count.
    public static func intervals(
        count: Int, block: Int, resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64,
        statistic: ([Int]) -> [Double]?
    ) -> [ClosedRange<Double>]? {
        guard var bootstrap = MovingBlockBootstrap(count: count, block: block, seed: seed), resamples >= 20,
            confidence > 0, confidence < 1
        else { return nil }
        var draws: [[Double]] = []
        for _ in 0..<resamples {
            if let draw = statistic(bootstrap.places()) { draws.append(draw) }
        }
        guard draws.count * 5 >= resamples * 4, let width = draws.first?.count, draws.allSatisfy({ $0.count == width })
        else { return nil }
        let tail = (1 - confidence) / 2
        var intervals: [ClosedRange<Double>] = []
        for index in 0..<width {
            guard let sorted = Quantiles.sorted(draws.map { $0[index] }),
                let low = Quantiles.linear(tail, sorted: sorted), let high = Quantiles.linear(1 - tail, sorted: sorted)
            else { return nil }
            intervals.append(low...max(low, high))
        }
        return intervals
    }

    /// The same for one number.
    public static func interval(
        count: Int, block: Int, resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64,
        statistic: ([Int]) -> Double?
    ) -> ClosedRange<Double>? {
        intervals(count: count, block: block, resamples: resamples, confidence: confidence, seed: seed) {
            statistic($0).map { [$0] }
        }?.first
    }
}
