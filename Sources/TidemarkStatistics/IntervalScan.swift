import Glibc

/// Finds the stretch of a series that differs most from the rest of it.
///
/// The statistic is that of binary segmentation with two ends (Olshen and others, Biostatistics 5, 2004): the difference
/// of the means inside and outside over its standard error, largest over all stretches. The standard error is the
/// caller's, so that it can come from a robust estimate that an incident doesn't inflate (``noise(_:)``).
public enum IntervalScan {
    public struct Found: Sendable, Equatable {
        public var range: Range<Int>
        /// Weighted mean inside the range and outside of it.
        public var inside: Double
        public var outside: Double
        /// Their difference in standard errors, positive.
        public var score: Double
    }

    public enum Direction: Sendable { case up, down, either }

    /// - Parameters:
    ///   - values: one a bin; nil where nothing is known.
    ///   - weights: of the same length, 0 or more; how much a bin tells.
    ///   - noise: standard deviation of a bin of weight 1.
    ///   - shortest: fewest bins, known ones counted.
    ///   - longest: most bins; the rest holds three tenths of all weight at least, so that it can be what is usual.
    ///   - least: only a higher score counts.
    /// - Complexity: O(bins · longest) at worst. Tiles of 32 starts by 32 ends whose bound lies below what is found already
    ///   are not looked into, which leaves few: a week of minutes takes about a millisecond.
    public static func strongest(
        _ values: [Double?], weights: [Double], noise: Double, shortest: Int, longest: Int, direction: Direction = .up,
        least: Double = 0
    ) -> Found? {
        guard noise > 0, let path = Path(values, weights) else { return nil }
        let (count, longest) = (values.count, max(1, longest))
        var best = (score: least, low: 0, high: 0)
        for tile in path.tiles(longest, direction) where tile.bound / noise > best.score {
            for low in tile.lows where low < count && values[low] != nil {
                let ends = tile.highs.clamped(to: low + 1..<low + longest + 1)
                for high in ends where values[high - 1] != nil && path.known[high] - path.known[low] >= shortest {
                    guard let strength = path.strength(low, high, direction) else { continue }
                    let score = strength / noise
                    if score > best.score || score == best.score && (low, high) < (best.low, best.high) {
                        best = (score, low, high)
                    }
                }
            }
        }
        guard best.high > 0 else { return nil }
        let (here, sum) = path.inside(best.low, best.high)
        return Found(
            range: best.low..<best.high, inside: sum / here + path.mean,
            outside: -sum / (path.masses[count] - here) + path.mean, score: best.score)
    }

    /// Running sums of the weighted distances from the mean. The difference of the means inside and outside a stretch, over
    /// its standard error with noise 1, is its sum times √(mass / (mass inside · mass outside)).
    private struct Path {
        private(set) var mean = 0.0
        /// Up to each border of bins, `count + 1` values each.
        private(set) var sums: [Double]
        private(set) var masses: [Double]
        private(set) var known: [Int]

        /// nil without any weight.
        init?(_ values: [Double?], _ weights: [Double]) {
            sums = [Double](repeating: 0, count: values.count + 1)
            masses = sums
            known = [Int](repeating: 0, count: values.count + 1)
            var total = 0.0
            for (index, value) in values.enumerated() {
                let weight = value == nil ? 0 : weights[index]
                total += weight * (value ?? 0)
                masses[index + 1] = masses[index] + weight
                known[index + 1] = known[index] + (weight > 0 ? 1 : 0)
            }
            guard masses[values.count] > 0 else { return nil }
            mean = total / masses[values.count]
            for (index, value) in values.enumerated() {
                sums[index + 1] = sums[index] + (value.map { weights[index] * ($0 - mean) } ?? 0)
            }
        }

        func inside(_ low: Int, _ high: Int) -> (mass: Double, sum: Double) {
            (masses[high] - masses[low], sums[high] - sums[low])
        }

        /// nil where the stretch has no weight, leaves too little outside or goes in the other direction.
        func strength(_ low: Int, _ high: Int, _ direction: Direction) -> Double? {
            let (here, sum) = inside(low, high)
            let mass = masses[masses.count - 1]
            let rest = mass - here
            guard here > 0, rest >= 0.3 * mass else { return nil }
            switch direction {
            case .up where sum <= 0, .down where sum >= 0: return nil
            default: return abs(sum) * (mass / (here * rest)).squareRoot()
            }
        }

        struct Tile {
            var lows: Range<Int>
            var highs: Range<Int>
            /// No stretch from here to there is stronger.
            var bound: Double
        }

        /// All pairs of a start and an end, the most promising first.
        func tiles(_ longest: Int, _ direction: Direction) -> [Tile] {
            let width = 32
            let mass = masses[masses.count - 1]
            let blocks = stride(from: 0, to: sums.count, by: width).map { $0..<min($0 + width, sums.count) }
            let lowest = blocks.map { sums[$0].min() ?? 0 }
            let highest = blocks.map { sums[$0].max() ?? 0 }
            var tiles: [Tile] = []
            for (first, lows) in blocks.enumerated() {
                for (second, highs) in blocks[first...].enumerated() {
                    guard highs.lowerBound - lows.upperBound < longest else { break }
                    let (up, down) = (highest[first + second] - lowest[first], highest[first] - lowest[first + second])
                    let sum = direction == .up ? up : direction == .down ? down : max(up, down)
                    // A product of two masses of constant sum is least where they differ most.
                    let smallest = max(masses[highs.lowerBound] - masses[lows.upperBound - 1], 0)
                    let largest = min(masses[highs.upperBound - 1] - masses[lows.lowerBound], 0.7 * mass)
                    let product = min(smallest * (mass - smallest), largest * (mass - largest))
                    guard sum > 0 else { continue }
                    let bound = product > 0 ? sum * (mass / product).squareRoot() : Double.infinity
                    tiles.append(Tile(lows: lows, highs: highs, bound: bound))
                }
            }
            return tiles.sorted { $0.bound > $1.bound }
        }
    }

    /// Standard deviation that a mean over bins of weight 1 has, from the differences of neighbours, so that steps don't
    /// count; raised for autocorrelation: φ = 1 + 2 corr(d_t, d_t+1), one half at most, long-run variance σ²(1 + φ) / (1 - φ).
    /// nil with fewer than eight differences, or when at least half of them are zero.
    public static func noise(_ values: [Double?]) -> Double? {
        var differences: [Double?] = []
        for (value, next) in zip(values, values.dropFirst()) {
            differences.append(value.flatMap { a in next.map { $0 - a } })
        }
        let known = differences.compactMap { $0 }.map(abs).sorted()
        guard known.count >= 8 else { return nil }
        let deviation = 1.4826 * known[known.count / 2]
        guard deviation > 0 else { return nil }
        // Clipped, so that a few steps don't decide about the correlation.
        var (products, squares, pairs) = (0.0, 0.0, 0)
        func clipped(_ value: Double) -> Double { min(max(value, -3 * deviation), 3 * deviation) }
        for (value, next) in zip(differences, differences.dropFirst()) {
            guard let value, let next else { continue }
            products += clipped(value) * clipped(next)
            squares += clipped(value) * clipped(value)
            pairs += 1
        }
        let phi = pairs > 0 && squares > 0 ? min(max(1 + 2 * products / squares, 0), 0.5) : 0
        let variance = deviation * deviation / (2 * (1 - phi))
        return (variance * (1 + phi) / (1 - phi)).squareRoot()
    }
}
