#if canImport(Glibc)
    import Glibc
#endif

/// The binomial distribution (`scipy.stats.binom`, agreement 1e-12 relative).
public enum Binomial {
    /// P(X ≤ k) for `n` trials of probability `p`; nil unless 0 ≤ p ≤ 1 and 0 ≤ n ≤ 1e9.
    public static func cdf(_ k: Int, trials n: Int, _ p: Double) -> Double? {
        guard n >= 0, n <= Int(SpecialFunctions.largest), p >= 0, p <= 1 else { return nil }
        if k < 0 { return 0 }
        if k >= n { return 1 }
        return SpecialFunctions.beta(1 - p, p, Double(n - k), Double(k) + 1)
    }

    /// The smallest k with P(X ≤ k) ≥ share; nil unless share and p lie in 0…1. O(log n) values of the cdf.
    public static func quantile(_ share: Double, trials n: Int, _ p: Double) -> Int? {
        guard share >= 0, share <= 1, n >= 0, n <= Int(SpecialFunctions.largest), p >= 0, p <= 1 else { return nil }
        var (low, high) = (0, n)
        while low < high {
            let middle = (low + high) / 2
            if let below = cdf(middle, trials: n, p), below >= share { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Counts of independent events (`scipy.stats.poisson`, `scipy.stats.chi2`; agreement 1e-10 relative).
public enum Poisson {
    /// P(X ≥ count) when `mean` are expected: how surprising so many are. nil for a negative or NaN mean.
    public static func atLeast(_ count: Int, mean: Double) -> Double? {
        guard mean >= 0, mean.isFinite else { return nil }
        if count <= 0 { return 1 }
        return SpecialFunctions.gammaLower(Double(count), mean)
    }

    /// P(X ≤ count) when `mean` are expected: how surprising so few are. nil for a negative or NaN mean.
    public static func atMost(_ count: Int, mean: Double) -> Double? {
        guard mean >= 0, mean.isFinite else { return nil }
        if count < 0 { return 0 }
        return SpecialFunctions.gammaUpper(Double(count) + 1, mean)
    }

    /// The exact (Garwood) interval of the mean after `count` events: χ² quantiles with 2k and 2k + 2 degrees of freedom,
    /// halved. nil for a negative count.
    public static func interval(_ count: Int, confidence: Double = 0.95) -> ClosedRange<Double>? {
        guard count >= 0, confidence > 0, confidence < 1 else { return nil }
        let tail = (1 - confidence) / 2
        let k = Double(count)
        let low = count == 0 ? 0 : ChiSquare.quantile(tail, freedom: 2 * k)
        guard let low, let high = ChiSquare.quantile(1 - tail, freedom: 2 * k + 2), low <= high else { return nil }
        return low / 2...high / 2
    }
}

/// Shares of trials.
public enum Proportion {
    /// Wilson's score interval (1927) of a share; nil without trials or with more successes than trials.
    /// `statsmodels.stats.proportion.proportion_confint(method="wilson")`, agreement 1e-13.
    public static func wilson(_ successes: Double, of trials: Double, confidence: Double = 0.95) -> ClosedRange<
        Double
    >? {
        guard trials > 0, trials.isFinite, successes >= 0, successes <= trials, confidence > 0, confidence < 1,
            let z = Normal.quantile(0.5 + confidence / 2)
        else { return nil }
        let share = successes / trials
        let square = z * z / trials
        let middle = (share + square / 2) / (1 + square)
        let half = z / (1 + square) * (share * (1 - share) / trials + square / (4 * trials)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }
}
