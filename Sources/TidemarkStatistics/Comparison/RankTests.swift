#if canImport(Glibc)
    import Glibc
#endif

/// Comparisons of two samples by ranks. Both need values and no NaN, else the answer is nil.
public enum RankTests {
    /// The Mann–Whitney U test.
    public struct MannWhitney: Sendable, Equatable {
        /// Pairs in which x exceeds y, a tie counting half.
        public var u: Double
        /// Two-sided, by the normal approximation with the correction for ties and for continuity.
        public var p: Double
        /// 2U/mn − 1: −1…1, how far x lies above y; 0.147, 0.33 and 0.474 are small, medium and large.
        public var cliffsDelta: Double
    }

    /// `scipy.stats.mannwhitneyu(method="asymptotic")`, agreement 1e-12. nil when all values are equal. O(n log n).
    public static func mannWhitney(_ x: [Double], _ y: [Double]) -> MannWhitney? {
        guard !x.isEmpty, !y.isEmpty, let x = Quantiles.sorted(x), let y = Quantiles.sorted(y) else { return nil }
        let (m, n) = (Double(x.count), Double(y.count))
        let all = m + n
        var (i, j) = (0, 0)
        var (u, ties) = (0.0, 0.0)
        while i < x.count || j < y.count {
            let value = j == y.count || i < x.count && x[i] <= y[j] ? x[i] : y[j]
            let (i0, j0) = (i, j)
            while i < x.count, x[i] == value { i += 1 }
            while j < y.count, y[j] == value { j += 1 }
            u += Double(i - i0) * (Double(j0) + Double(j - j0) / 2)
            let same = Double(i - i0 + j - j0)
            ties += same * same * same - same
        }
        let variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)))
        guard variance > 0 else { return nil }
        let z = (max(u, m * n - u) - m * n / 2 - 0.5) / variance.squareRoot()
        return MannWhitney(u: u, p: min(1, 2 * Normal.upperTail(z)), cliffsDelta: 2 * u / (m * n) - 1)
    }

    /// Cliff's δ of x over y alone, also when all values are equal.
    public static func cliffsDelta(_ x: [Double], _ y: [Double]) -> Double? {
        if let test = mannWhitney(x, y) { return test.cliffsDelta }
        guard let first = x.first, let other = y.first, first == other else { return nil }
        return 0
    }

    /// The Hodges–Lehmann shift of x over y: the median of all differences x − y, exact. O((m + n)·64), no memory for the
    /// pairs.
    public static func hodgesLehmann(_ x: [Double], _ y: [Double]) -> Double? {
        guard let x = Quantiles.sorted(x), let y = Quantiles.sorted(y), let xTop = x.last, let yTop = y.last,
            x[0].isFinite, xTop.isFinite, y[0].isFinite, yTop.isFinite, (xTop - y[0]).isFinite, (x[0] - yTop).isFinite
        else { return nil }
        let pairs = x.count * y.count

        /// Whether at least `rank` differences are at most `limit`.
        func reaches(_ rank: Int, _ limit: Double) -> Bool {
            var (below, from) = (0, 0)
            for value in x {
                // The larger x is, the larger y must be.
                while from < y.count, value - y[from] > limit { from += 1 }
                below += y.count - from
            }
            return below >= rank
        }

        /// The difference of this rank, from 1, by bisection over the ordered bit patterns of doubles.
        func difference(_ rank: Int) -> Double {
            var (low, high) = (order(x[0] - yTop), order(xTop - y[0]))
            while low < high {
                let middle = low &+ Int64(UInt64(bitPattern: high &- low) >> 1)
                if reaches(rank, value(middle)) { high = middle } else { low = middle + 1 }
            }
            return value(high)
        }
        let middle = difference((pairs + 1) / 2)
        return pairs % 2 == 1 ? middle : middle + (difference(pairs / 2 + 1) - middle) / 2
    }

    /// The two-sample Kolmogorov–Smirnov test: the largest distance of the two cumulative shares, with its p: exact up to ten
    /// million pairs of ranks (`scipy.stats.ks_2samp(method="exact")`, 1e-10), beyond by Kolmogorov's limit.
    public static func kolmogorovSmirnov(_ x: [Double], _ y: [Double]) -> (distance: Double, p: Double)? {
        guard let x = Quantiles.sorted(x), let y = Quantiles.sorted(y), !x.isEmpty, !y.isEmpty else { return nil }
        let (m, n) = (x.count, y.count)
        var (i, j, most) = (0, 0, 0)
        while i < m, j < n {
            let value = min(x[i], y[j])
            while i < m, x[i] == value { i += 1 }
            while j < n, y[j] == value { j += 1 }
            most = max(most, abs(i * n - j * m))
        }
        let distance = Double(most) / Double(m) / Double(n)
        if most == 0 { return (0, 1) }
        guard m * n <= 10_000_000 else {
            let effective = Double(m) * Double(n) / Double(m + n)
            return (distance, kolmogorov(effective.squareRoot() * distance))
        }
        // The share of the orderings whose distance stays smaller: paths in a grid, scaled row by row.
        var paths = [Double](repeating: 0, count: n + 1)
        for j in 0...n where j * m < most { paths[j] = 1 }
        for i in 1...m {
            let scale = Double(i) / Double(i + n)
            paths[0] = i * n < most ? paths[0] * scale : 0
            for j in 1...n { paths[j] = abs(i * n - j * m) < most ? paths[j] * scale + paths[j - 1] : 0 }
        }
        return (distance, min(1, max(0, 1 - paths[n])))
    }

    /// The upper tail of Kolmogorov's distribution.
    private static func kolmogorov(_ t: Double) -> Double {
        if t < 0.2 { return 1 }
        var (sum, sign) = (0.0, 1.0)
        for k in 1...200 {
            let term = exp(-2 * Double(k * k) * t * t)
            sum += sign * term
            if term < 1e-18 { break }
            sign = -sign
        }
        return min(1, max(0, 2 * sum))
    }

    /// Doubles in order as integers.
    private static func order(_ value: Double) -> Int64 {
        let bits = Int64(bitPattern: (value + 0).bitPattern)
        return bits >= 0 ? bits : Int64.min &- bits
    }

    private static func value(_ order: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: order >= 0 ? order : Int64.min &- order))
    }
}
