#if canImport(Glibc)
    import Glibc
#endif

/// The chi-square distribution (`scipy.stats.chi2`, agreement 1e-12 relative; quantiles 1e-10).
public enum ChiSquare {
    /// P(X ≤ x); nil unless freedom > 0 and x ≥ 0.
    public static func cdf(_ x: Double, freedom: Double) -> Double? {
        SpecialFunctions.gammaLower(freedom / 2, x / 2)
    }

    /// P(X > x), exact in the tail; nil unless freedom > 0 and x ≥ 0.
    public static func upperTail(_ x: Double, freedom: Double) -> Double? {
        SpecialFunctions.gammaUpper(freedom / 2, x / 2)
    }

    /// The x below which a share `p` lies; nil unless 0 ≤ p < 1 and freedom > 0. Above 2 million degrees of freedom by Wilson
    /// and Hilferty's cube root, whose relative error is below 1e-8 there.
    public static func quantile(_ p: Double, freedom: Double) -> Double? {
        guard p >= 0, p < 1, freedom > 0, freedom.isFinite else { return nil }
        if p == 0 { return 0 }
        guard let z = Normal.quantile(p) else { return nil }
        let share = 2 / (9 * freedom)
        let root = 1 - share + z * share.squareRoot()
        let guess = freedom * root * root * root
        if freedom > 2e6 { return guess }
        // In ln x; of the two tails the smaller one is matched.
        let place = MonotoneRoot.solve(from: -700, to: log(freedom + 100) + 8) { place in
            let x = exp(place)
            if p < 0.5 { return (cdf(x, freedom: freedom) ?? 1) - p }
            return (1 - p) - (upperTail(x, freedom: freedom) ?? 0)
        }
        return place.map(exp)
    }
}
