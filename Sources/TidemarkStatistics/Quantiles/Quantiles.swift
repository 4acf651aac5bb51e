#if canImport(Glibc)
    import Glibc
#endif

/// Quantiles of raw values. Every function gives nil for no values, for a NaN among them, and for a share outside 0…1.
public enum Quantiles {
    /// Linear interpolation between order statistics, type 7 of Hyndman and Fan, as NumPy's and R's default: h = (n − 1)p.
    /// `numpy.quantile`, agreement 1e-14 relative.
    public static func linear(_ p: Double, of values: [Double]) -> Double? {
        sorted(values).flatMap { linear(p, sorted: $0) }
    }

    /// The same of values that already ascend.
    public static func linear(_ p: Double, sorted values: [Double]) -> Double? {
        guard p >= 0, p <= 1, let last = values.last, !last.isNaN else { return nil }
        let place = Double(values.count - 1) * p
        let below = min(values.count - 1, Int(place))
        let above = min(values.count - 1, below + 1)
        let (low, high) = (values[below], values[above])
        // Without a difference, which infinities don't have.
        return low == high ? low : low + (high - low) * (place - Double(below))
    }

    /// The middle value.
    public static func median(_ values: [Double]) -> Double? { linear(0.5, of: values) }

    /// med |x − med x|, unscaled; times 1.4826 it estimates a normal's standard deviation.
    public static func medianAbsoluteDeviation(_ values: [Double]) -> Double? {
        guard let middle = median(values), middle.isFinite else { return nil }
        return median(values.map { abs($0 - middle) })
    }

    /// Harrell and Davis (1982): all order statistics weighted by a beta distribution, less variable than ``linear(_:of:)``
    /// for few values. nil at p = 0 and 1. `scipy.stats.mstats.hdquantiles`, agreement 1e-10.
    /// O(n log n), plus a beta integral for each value near the quantile.
    public static func harrellDavis(_ p: Double, of values: [Double]) -> Double? {
        guard p > 0, p < 1, let values = sorted(values), !values.isEmpty else { return nil }
        let n = Double(values.count)
        let (a, b) = ((n + 1) * p, (n + 1) * (1 - p))
        // The tails of a beta distribution are at worst exponential: beyond this they hold less than 1e-17.
        let reach = 40 * ((p * (1 - p) / (n + 2)).squareRoot() + 1 / n)
        let first = max(0, Int(((p - reach) * n).rounded(.down)))
        let last = min(values.count, Int(((p + reach) * n).rounded(.up)))
        guard first < last else { return nil }
        var sum = 0.0
        var below = SpecialFunctions.beta(Double(first) / n, a, b) ?? 0
        for index in first..<last {
            guard let upTo = SpecialFunctions.beta(Double(index + 1) / n, a, b) else { return nil }
            let weight = upTo - below
            if weight > 0 { sum += weight * values[index] }
            below = upTo
        }
        return sum
    }

    /// An interval that holds the quantile with at least the given confidence whatever the distribution: two order
    /// statistics (`scipy.stats.quantile_test`, exact). nil when n is too small for one to exist: a p99 needs 368 values at 95 %.
    public static func interval(_ p: Double, of values: [Double], confidence: Double = 0.95) -> ClosedRange<Double>? {
        guard let values = sorted(values), let ranks = ranks(p, count: values.count, confidence: confidence) else {
            return nil
        }
        return values[ranks.lower - 1]...values[ranks.upper - 1]
    }

    /// The ranks, from 1, of the two order statistics of ``interval(_:of:confidence:)``.
    static func ranks(_ p: Double, count: Int, confidence: Double) -> (lower: Int, upper: Int)? {
        guard count > 0, p > 0, p < 1, confidence > 0, confidence < 1 else { return nil }
        let tail = (1 - confidence) / 2
        guard let lower = Binomial.quantile(tail, trials: count, p),
            let upper = Binomial.quantile(1 - tail, trials: count, p), lower >= 1, upper + 1 <= count
        else { return nil }
        return (lower, upper + 1)
    }

    /// A value that the quantile does not exceed with the given confidence; nil when n is too small: a p99 needs 299 values at
    /// 95 %.
    public static func upperBound(_ p: Double, of values: [Double], confidence: Double = 0.95) -> Double? {
        guard let values = sorted(values), !values.isEmpty, p > 0, p < 1, confidence > 0, confidence < 1,
            let rank = Binomial.quantile(confidence, trials: values.count, p), rank < values.count
        else { return nil }
        return values[rank]
    }

    /// The fewest values for which ``upperBound(_:of:confidence:)`` exists: p^n ≤ 1 − confidence.
    public static func fewestForUpperBound(_ p: Double, confidence: Double = 0.95) -> Int? {
        guard p > 0, p < 1, confidence > 0, confidence < 1 else { return nil }
        let count = (log(1 - confidence) / log(p)).rounded(.up)
        return count < 1e15 ? Int(count) : nil
    }

    /// The values ascending; nil when one is NaN.
    static func sorted(_ values: [Double]) -> [Double]? {
        for value in values where value.isNaN { return nil }
        return values.sorted()
    }
}
