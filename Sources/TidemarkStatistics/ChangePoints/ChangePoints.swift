#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase

/// Finds where the level of a series changes, for series whose neighbouring values are alike, as all telemetry's are:
/// methods for independent values see a change in every swing of such noise (`docs/methods.md` has the recipe, its sources and
/// what was measured).
public enum ChangePoints {
    public struct Settings: Sendable {
        /// Work on ln x where all values are positive: latencies and rates vary in proportion to their level.
        public var usesLogarithm = true
        /// Penalty of a change, in ln n long-run variances.
        public var penalty = 3.0
        /// Points of the shortest level.
        public var shortest = 5
        /// Largest p, after Benjamini and Hochberg.
        public var significance = 0.01
        /// Changes of the median smaller than this share of it are no news: 5 % for means, 10 % for tails.
        public var leastRelativeChange = 0.05
        /// The same in the unit of the values, for shares and error rates.
        public var leastChange = 0.0
        /// Of the intervals.
        public var confidence = 0.95
        public var seed: UInt64 = 1

        public init() {}
    }

    public struct Point: Sendable, Equatable {
        /// The first value of the new level.
        public var index: Int
        /// Where it may lie as well.
        public var interval: ClosedRange<Int>
        /// Medians of the levels, in the unit of the values.
        public var before: Double
        public var after: Double
        /// after / before − 1; nil when `before` is zero or the sign changes.
        public var relativeChange: Double?
        /// nil where ``relativeChange`` is, or when too few resamples have one.
        public var relativeInterval: ClosedRange<Double>?
        /// How often the noise alone does as much, adjusted for the number of changes.
        public var p: Double
        /// So near to the end that the next values may take it back.
        public var isProvisional: Bool
    }

    public struct Result: Sendable, Equatable {
        /// In the order of time.
        public var points: [Point]
        /// Autocorrelation of first order that was reckoned with, 0…0.97.
        public var correlation: Double
    }

    /// - Returns: nil for fewer than two shortest levels or a value that isn't finite. A constant series has no points.
    public static func find(_ values: [Double], _ settings: Settings = Settings()) -> Result? {
        let shortest = max(2, settings.shortest)
        guard values.count >= 2 * shortest, values.allSatisfy(\.isFinite) else { return nil }
        let isPositive = values.allSatisfy { $0 > 0 }
        let scaled = settings.usesLogarithm && isPositive ? values.map { log($0) } : values
        var search = Search(
            raw: values, values: Winsorising.runningMedian(scaled), settings: settings, shortest: shortest)
        return search.run()
    }

    /// Draws of the test of one change, and resamples for an interval.
    private static let draws = 199
    private static let resamples = 200
    /// Points on each side that an interval is made of.
    private static let reach = 300
    /// Points that the trial segmentation is made of at most.
    private static let trialPoints = 1_000

    private struct Search {
        let raw: [Double]
        let values: [Double]
        let settings: Settings
        let shortest: Int
        /// More than half of the values repeat the one before: rare counts, or a setting.
        let isMostlyEqual: Bool
        var noise: SeriesNoise
        var random: SeededRandom

        init(raw: [Double], values: [Double], settings: Settings, shortest: Int) {
            (self.raw, self.values, self.settings, self.shortest) = (raw, values, settings, shortest)
            isMostlyEqual = zip(values, values.dropFirst()).count { $0 == $1 } * 2 >= values.count
            noise = SeriesNoise(differencesOf: values)
            random = SeededRandom(seed: settings.seed)
        }

        mutating func run() -> Result {
            let careful = noise.longRunVariance
            guard careful > 0 else { return Result(points: [], correlation: 0) }
            let tried = trial()
            noise = SeriesNoise(residuals: residuals(tried), starts: tried)
            // Levels without any noise leave rounding errors.
            if noise.longRunVariance < 1e-6 * careful { noise = SeriesNoise(white: 1e-6 * careful) }
            // Squares of the largest numbers overflow.
            guard noise.longRunVariance.isFinite else { return Result(points: [], correlation: 0) }
            let starts = placed(segments(values, settings.penalty, shortest))
            let (kept, chances) = confirmed(starts)
            return Result(points: points(kept, chances), correlation: noise.correlation)
        }

        private func segments(_ values: [Double], _ factor: Double, _ shortest: Int) -> [Int] {
            let penalty = factor * log(Double(values.count)) * noise.longRunVariance
            return OptimalSegments.starts(values, penalty: penalty, shortest: shortest)
        }

        /// Levels to take off before the noise is measured: the first guess of the noise is careful, so the penalty is lowered
        /// until there are two changes at least, a disturbance's beginning and end. Long series are first joined in groups.
        private func trial() -> [Int] {
            let group = (values.count + ChangePoints.trialPoints - 1) / ChangePoints.trialPoints
            var joined: [Double] = []
            for start in stride(from: 0, to: values.count - values.count % group, by: group) {
                // Scaled so that the long-run variance stays the same.
                joined.append(values[start..<start + group].reduce(0, +) / Double(group).squareRoot())
            }
            var factor = settings.penalty
            var tried: [Int] = []
            while tried.count < 2, factor > 0.2 {
                tried = segments(joined, factor, max(2, shortest / group))
                factor *= 0.6
            }
            return tried.map { $0 * group }
        }

        private func residuals(_ starts: [Int]) -> [Double] {
            var residuals = values
            for (low, high) in zip([0] + starts, starts + [values.count]) {
                let mean = values[low..<high].reduce(0, +) / Double(high - low)
                for index in low..<high { residuals[index] -= mean }
            }
            return residuals
        }

        /// Where the level before a change begins and the one after it ends.
        private func surroundings(_ starts: [Int], _ k: Int) -> (low: Int, high: Int) {
            (k > 0 ? starts[k - 1] : 0, k + 1 < starts.count ? starts[k + 1] : values.count)
        }

        private func change(_ starts: [Int], _ k: Int) -> LevelChange {
            let (low, high) = surroundings(starts, k)
            return LevelChange(values: Array(values[low..<high]), noise: noise, shortest: shortest)
        }

        /// Each change where its likelihood says.
        private func placed(_ starts: [Int]) -> [Int] {
            var starts = starts
            for k in starts.indices { place(&starts, k) }
            return starts
        }

        private func place(_ starts: inout [Int], _ k: Int) {
            if let place = change(starts, k).place() { starts[k] = surroundings(starts, k).low + place.index }
        }

        private func medians(_ starts: [Int], _ k: Int) -> (before: Double, after: Double) {
            let (low, high) = surroundings(starts, k)
            return (
                Quantiles.median(Array(raw[low..<starts[k]])) ?? 0, Quantiles.median(Array(raw[starts[k]..<high])) ?? 0
            )
        }

        private func isLarge(_ before: Double, _ after: Double) -> Bool {
            let size = abs(after - before)
            return size >= settings.leastChange && size >= settings.leastRelativeChange * abs(before)
        }

        /// Drops the least likely change until all that are left are significant and large enough.
        private mutating func confirmed(_ starts: [Int]) -> (starts: [Int], chances: [Double]) {
            var starts = starts
            var chances = [Double?](repeating: nil, count: starts.count)
            while !starts.isEmpty {
                for k in starts.indices where chances[k] == nil {
                    chances[k] = change(starts, k).chance(
                        splitAt: starts[k] - surroundings(starts, k).low, asTheyAre: isMostlyEqual,
                        draws: ChangePoints.draws,
                        enough: settings.significance, random: &random)
                }
                let adjusted = FalseDiscovery.benjaminiHochberg(chances.map { $0 ?? 1 }) ?? []
                var worst: (k: Int, rank: Double)?
                for k in starts.indices {
                    let (before, after) = medians(starts, k)
                    let size = abs(after - before) / max(abs(before), 1e-300)
                    var rank = 0.0
                    if adjusted[k] > settings.significance {
                        rank = 2 + adjusted[k]
                    } else if !isLarge(before, after) {
                        rank = 1 / (1 + size)
                    }
                    if rank > worst?.rank ?? 0 { worst = (k, rank) }
                }
                guard let worst else { return (starts, adjusted) }
                starts.remove(at: worst.k)
                chances.remove(at: worst.k)
                // The neighbours have a longer level now.
                for k in [worst.k - 1, worst.k] where starts.indices.contains(k) {
                    chances[k] = nil
                    place(&starts, k)
                }
            }
            return ([], [])
        }

        private mutating func points(_ starts: [Int], _ chances: [Double]) -> [Point] {
            var points: [Point] = []
            for k in starts.indices {
                let (low, high) = surroundings(starts, k)
                let (before, after) = medians(starts, k)
                let isSteady = before != 0 && (after == 0 || before.sign == after.sign)
                let place = change(starts, k).place(confidence: settings.confidence)
                let interval = place?.interval ?? 0...0
                points.append(
                    Point(
                        index: starts[k],
                        interval: min(starts[k], low + interval.lowerBound)...max(starts[k], low + interval.upperBound),
                        before: before, after: after, relativeChange: isSteady ? after / before - 1 : nil,
                        relativeInterval: isSteady ? relativeInterval(low, starts[k], high) : nil, p: chances[k],
                        isProvisional: starts[k] + 2 * shortest > values.count))
            }
            return points
        }

        /// An interval of the relative change of the medians: the values of both levels resampled in blocks.
        private mutating func relativeInterval(_ low: Int, _ at: Int, _ high: Int) -> ClosedRange<Double>? {
            let (low, high) = (max(low, at - ChangePoints.reach), min(high, at + ChangePoints.reach))
            guard
                var left = MovingBlockBootstrap(count: at - low, block: noise.block, seed: random.next()),
                var right = MovingBlockBootstrap(count: high - at, block: noise.block, seed: random.next())
            else { return nil }
            var ratios: [Double] = []
            for _ in 0..<ChangePoints.resamples {
                guard let before = Quantiles.median(left.places().map { raw[low + $0] }), before != 0,
                    let after = Quantiles.median(right.places().map { raw[at + $0] })
                else { continue }
                ratios.append(after / before - 1)
            }
            let tail = (1 - settings.confidence) / 2
            guard ratios.count * 5 >= ChangePoints.resamples * 4, let ends = Quantiles.sorted(ratios),
                let low = Quantiles.linear(tail, sorted: ends), let high = Quantiles.linear(1 - tail, sorted: ends)
            else { return nil }
            return low...max(low, high)
        }
    }
}
