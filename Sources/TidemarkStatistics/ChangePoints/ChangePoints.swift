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

    /// Draws of the test of one change, and resamples for its intervals.
    private static let draws = 199
    private static let resamples = 200
    /// Points on each side that an interval is made of.
    private static let reach = 300

    private struct Search {
        let raw: [Double]
        let values: [Double]
        let settings: Settings
        let shortest: Int
        var noise: SeriesNoise
        var random: SeededRandom

        init(raw: [Double], values: [Double], settings: Settings, shortest: Int) {
            (self.raw, self.values, self.settings, self.shortest) = (raw, values, settings, shortest)
            noise = SeriesNoise(differencesOf: values)
            random = SeededRandom(seed: settings.seed)
        }

        mutating func run() -> Result {
            guard noise.longRunVariance > 0 else { return Result(points: [], correlation: 0) }
            var starts = segments()
            if !starts.isEmpty {
                let second = SeriesNoise(residuals: residuals(starts), levels: starts.count + 1)
                if second.longRunVariance > noise.longRunVariance {
                    noise = second
                    starts = segments()
                }
            }
            starts = placed(starts)
            let (kept, chances) = confirmed(starts)
            return Result(points: points(kept, chances), correlation: noise.correlation)
        }

        private func segments() -> [Int] {
            let penalty = settings.penalty * log(Double(values.count)) * noise.longRunVariance
            return OptimalSegments.starts(values, penalty: penalty, shortest: shortest)
        }

        private func residuals(_ starts: [Int]) -> [Double] {
            var residuals = values
            for (low, high) in zip([0] + starts, starts + [values.count]) {
                let mean = values[low..<high].reduce(0, +) / Double(high - low)
                for index in low..<high { residuals[index] -= mean }
            }
            return residuals
        }

        /// The change at a place of a list, with the levels on both sides.
        private func change(_ starts: [Int], _ k: Int) -> (from: Int, change: LevelChange) {
            let low = k > 0 ? starts[k - 1] : 0
            let high = k + 1 < starts.count ? starts[k + 1] : values.count
            return (low, LevelChange(values: Array(values[low..<high]), noise: noise, shortest: shortest))
        }

        private func placed(_ starts: [Int]) -> [Int] {
            var starts = starts
            for k in starts.indices {
                let (from, change) = change(starts, k)
                if let place = change.place() { starts[k] = from + place }
            }
            return starts
        }

        private func medians(_ starts: [Int], _ k: Int) -> (before: Double, after: Double) {
            let low = k > 0 ? starts[k - 1] : 0
            let high = k + 1 < starts.count ? starts[k + 1] : values.count
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
            let block = Int((2 / (1 - noise.correlation)).rounded(.up))
            while !starts.isEmpty {
                for k in starts.indices where chances[k] == nil {
                    let (from, change) = change(starts, k)
                    chances[k] = change.chance(
                        splitAt: starts[k] - from, block: block, draws: ChangePoints.draws,
                        enough: settings.significance, random: &random)
                }
                let adjusted = FalseDiscovery.benjaminiHochberg(chances.map { $0 ?? 1 }) ?? []
                var worst: (k: Int, rank: Double)?
                for k in starts.indices {
                    let (before, after) = medians(starts, k)
                    let size = abs(after - before) / max(abs(before), 1e-300)
                    var rank = 0.0
                    if adjusted[k] > settings.significance { rank = 2 + adjusted[k] } else if !isLarge(before, after) {
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
                    let (from, change) = change(starts, k)
                    if let place = change.place() { starts[k] = from + place }
                }
            }
            return ([], [])
        }

        private mutating func points(_ starts: [Int], _ chances: [Double]) -> [Point] {
            starts.indices.map { k in
                let (before, after) = medians(starts, k)
                let isSteady = before != 0 && before.sign == after.sign
                let bounds = intervals(starts, k)
                return Point(
                    index: starts[k], interval: bounds.place, before: before, after: after,
                    relativeChange: isSteady ? after / before - 1 : nil,
                    relativeInterval: isSteady ? bounds.change : nil, p: chances[k],
                    isProvisional: starts[k] + 2 * shortest > values.count)
            }
        }

        /// Intervals of the place and of the relative change: the residuals of both levels resampled in blocks, and the place
        /// sought again.
        private mutating func intervals(_ starts: [Int], _ k: Int) -> (
            place: ClosedRange<Int>, change: ClosedRange<Double>?
        ) {
            let at = starts[k]
            let low = max(k > 0 ? starts[k - 1] : 0, at - ChangePoints.reach)
            let high = min(k + 1 < starts.count ? starts[k + 1] : values.count, at + ChangePoints.reach)
            let block = Int((2 / (1 - noise.correlation)).rounded(.up))
            let whole = LevelChange(values: Array(values[low..<high]), noise: noise, shortest: shortest)
            let residuals = whole.residuals(splitAt: at - low)
            var (places, ratios): ([Double], [Double]) = ([], [])
            guard
                var left = MovingBlockBootstrap(count: at - low, block: block, seed: random.next()),
                var right = MovingBlockBootstrap(count: high - at, block: block, seed: random.next())
            else { return (at...at, nil) }
            for _ in 0..<ChangePoints.resamples {
                let drawn = left.places() + right.places().map { $0 + at - low }
                var copy = whole.values
                for (index, from) in drawn.enumerated() {
                    copy[index] = whole.values[index] - residuals[index] + residuals[from]
                }
                if let place = LevelChange(values: copy, noise: noise, shortest: shortest).place() {
                    places.append(Double(low + place))
                }
                let one = Quantiles.median(drawn[..<(at - low)].map { raw[low + $0] }) ?? 0
                let two = Quantiles.median(drawn[(at - low)...].map { raw[low + $0] }) ?? 0
                if one != 0 { ratios.append(two / one - 1) }
            }
            let tail = (1 - settings.confidence) / 2
            func bounds(_ values: [Double]) -> ClosedRange<Double>? {
                let sorted = values.sorted()
                guard values.count * 5 >= ChangePoints.resamples * 4, let low = Quantiles.linear(tail, sorted: sorted),
                    let high = Quantiles.linear(1 - tail, sorted: sorted), low <= high
                else { return nil }
                return low...high
            }
            guard let place = bounds(places) else { return (at...at, bounds(ratios)) }
            return (min(at, Int(place.lowerBound))...max(at, Int(place.upperBound.rounded(.up))), bounds(ratios))
        }
    }
}
