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
    ///   - longest: most bins; half of the known ones at most, so that the rest is what is usual.
    /// - Complexity: O(bins · longest)
    public static func strongest(
        _ values: [Double?], weights: [Double], noise: Double, shortest: Int, longest: Int, direction: Direction = .up
    ) -> Found? {
        let count = values.count
        var sums = [Double](repeating: 0, count: count + 1)
        var masses = sums
        var known = [Int](repeating: 0, count: count + 1)
        for (index, value) in values.enumerated() {
            let weight = value == nil ? 0 : weights[index]
            sums[index + 1] = sums[index] + weight * (value ?? 0)
            masses[index + 1] = masses[index] + weight
            known[index + 1] = known[index] + (weight > 0 ? 1 : 0)
        }
        let mass = masses[count]
        guard noise > 0, mass > 0 else { return nil }
        var best: Found?
        for low in 0..<count where values[low] != nil {
            for high in (low + 1)...min(count, low + max(1, longest)) where values[high - 1] != nil {
                let here = masses[high] - masses[low]
                let rest = mass - here
                guard known[high] - known[low] >= shortest, here > 0, rest >= 0.3 * mass else { continue }
                let inside = (sums[high] - sums[low]) / here
                let outside = (sums[count] - sums[high] + sums[low]) / rest
                let difference = inside - outside
                switch direction {
                case .up where difference <= 0, .down where difference >= 0: continue
                default: break
                }
                let score = abs(difference) / (noise * (1 / here + 1 / rest).squareRoot())
                if score > best?.score ?? 0 {
                    best = Found(range: low..<high, inside: inside, outside: outside, score: score)
                }
            }
            if low + 1 > count { break }
        }
        return best
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
