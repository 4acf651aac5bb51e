#if canImport(Glibc)
    import Glibc
#endif

/// Whether an effect is surely too small to matter, which a test against zero never says.
public enum Equivalence {
    /// The two one-sided tests (Schuirmann 1987): the larger p of "the effect is −margin or less" and "it is margin or more".
    /// At most α: it lies within the margin. nil for a negative margin, an error that isn't positive, or a freedom below 1.
    public static func p(effect: Double, error: Double, margin: Double, freedom: Double) -> Double? {
        guard margin >= 0, error > 0, freedom >= 1,
            let below = StudentT.twoSided((effect + margin) / error, freedom: freedom),
            let above = StudentT.twoSided((effect - margin) / error, freedom: freedom)
        else { return nil }
        // One-sided p from the two-sided: half of it on the side that speaks for the alternative, else what is left.
        return max(effect + margin > 0 ? below / 2 : 1 - below / 2, effect - margin < 0 ? above / 2 : 1 - above / 2)
    }

    /// The change that a two-sided test at 5 % finds with a power of 80 %, in units of `error`'s: (1.960 + 0.842) × error.
    public static func detectable(error: Double) -> Double { 2.8015852 * error }
}

/// How far two distributions are apart.
public enum DistributionShift {
    /// The population stability index of two histograms over the same buckets: Σ (q − p) ln(q / p) of their shares; 0.1 is a
    /// change to look at, 0.25 another population. An empty bucket counts as half an observation. nil without observations,
    /// for a negative count, or for different buckets.
    public static func stabilityIndex(_ a: [Double], _ b: [Double]) -> Double? {
        let (whole, other) = (a.reduce(0, +), b.reduce(0, +))
        guard a.count == b.count, whole > 0, other > 0, whole.isFinite, other.isFinite,
            (a + b).allSatisfy({ $0 >= 0 })
        else { return nil }
        var sum = 0.0
        for (x, y) in zip(a, b) where x > 0 || y > 0 {
            let p = max(x, 0.5) / whole
            let q = max(y, 0.5) / other
            sum += (q - p) * log(q / p)
        }
        return sum
    }

    /// Wasserstein's first distance: the area between two cumulative shares, in the unit of the values.
    /// `scipy.stats.wasserstein_distance`, 1e-12. nil without values or for one that isn't finite. O(n log n).
    public static func wasserstein(_ x: [Double], _ y: [Double]) -> Double? {
        guard let x = Quantiles.sorted(x), let y = Quantiles.sorted(y), let first = x.first, let last = x.last,
            let start = y.first, let end = y.last, first.isFinite, last.isFinite, start.isFinite, end.isFinite
        else { return nil }
        var (i, j, area) = (0, 0, 0.0)
        var at = min(first, start)
        while i < x.count || j < y.count {
            let next = j == y.count || i < x.count && x[i] <= y[j] ? x[i] : y[j]
            area += abs(Double(i) / Double(x.count) - Double(j) / Double(y.count)) * (next - at)
            at = next
            if i < x.count, x[i] == next { i += 1 } else { j += 1 }
        }
        return area
    }
}
