#if canImport(Glibc)
    import Glibc
#endif

/// Student's t distribution (`scipy.stats.t`, agreement 1e-10 relative up to a million degrees of
/// freedom).
public enum StudentT {
    /// P(|T| ≥ |t|) with `freedom` degrees of freedom, which need not be whole; nil unless 0 < freedom ≤ 1e9.
    public static func twoSided(_ t: Double, freedom: Double) -> Double? {
        guard freedom > 0, freedom <= SpecialFunctions.largest, !t.isNaN else { return nil }
        if t.isInfinite { return 0 }
        let square = t * t
        let total = freedom + square
        guard total.isFinite else { return 0 }
        return SpecialFunctions.beta(freedom / total, square / total, freedom / 2, 0.5)
    }

    /// P(T ≤ t); nil unless 0 < freedom ≤ 1e9.
    public static func cdf(_ t: Double, freedom: Double) -> Double? {
        twoSided(t, freedom: freedom).map { t < 0 ? $0 / 2 : 1 - $0 / 2 }
    }

    /// The t below which a share `p` lies; nil unless 0 < p < 1.
    public static func quantile(_ p: Double, freedom: Double) -> Double? {
        guard p > 0, p < 1, freedom > 0, freedom <= SpecialFunctions.largest else { return nil }
        if p == 0.5 { return 0 }
        let tail = min(p, 1 - p)
        // In ln t, in which the tail probability falls steadily whatever the degrees of freedom.
        guard
            let place = MonotoneRoot.solve(
                from: -40, to: 710,
                { place in
                    let share = (twoSided(exp(place), freedom: freedom) ?? 0) / 2
                    return tail - share
                })
        else { return nil }
        return p < 0.5 ? -exp(place) : exp(place)
    }
}

/// Solves f(x) = 0 for a rising f.
enum MonotoneRoot {
    /// Bisection with secant steps (the Illinois rule), to the last bits of x; nil when the sign does not change.
    static func solve(from low: Double, to high: Double, _ f: (Double) -> Double) -> Double? {
        var (low, high) = (low, high)
        var (below, above) = (f(low), f(high))
        guard below <= 0, above >= 0 else { return nil }
        var side = 0
        for round in 0..<300 {
            if below == 0 { return low }
            if above == 0 { return high }
            var middle = 0.5 * (low + high)
            // Every third step halves, so that a curve flat on one side cannot stall the search.
            if round % 3 != 0 {
                let secant = (low * above - high * below) / (above - below)
                if secant > low, secant < high { middle = secant }
            }
            if middle <= low || middle >= high || high - low <= 2e-16 * max(abs(low), abs(high)) { return middle }
            let value = f(middle)
            if value < 0 {
                (low, below) = (middle, value)
                if side == -1 { above /= 2 }
                side = -1
            } else {
                (high, above) = (middle, value)
                if side == 1 { below /= 2 }
                side = 1
            }
            if value == 0 { return middle }
        }
        return 0.5 * (low + high)
    }
}
