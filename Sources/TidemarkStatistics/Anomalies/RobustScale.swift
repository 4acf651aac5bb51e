/// Center and spread that up to half of wild values cannot move.
public struct RobustScale: Sendable, Equatable {
    /// The median.
    public let center: Double
    /// An estimate of a normal's standard deviation: 1.4826 MAD (exactly 1/Φ⁻¹(¾)); where that is zero, as more than half of the
    /// values are equal, IQR / 1.349; where that is zero too, 1.2533 times the mean absolute deviation. Zero for a constant.
    public let scale: Double

    /// nil for no values or one that isn't finite.
    public init?(_ values: [Double]) {
        guard let sorted = Quantiles.sorted(values), let middle = Quantiles.linear(0.5, sorted: sorted),
            middle.isFinite, let mad = Quantiles.medianAbsoluteDeviation(sorted), mad.isFinite,
            let q1 = Quantiles.linear(0.25, sorted: sorted), let q3 = Quantiles.linear(0.75, sorted: sorted)
        else { return nil }
        center = middle
        if mad > 0 {
            scale = mad / 0.674_489_750_196_081_7
        } else if q3 > q1 {
            scale = (q3 - q1) / 1.348_979_500_392_163_4
        } else {
            let mean = sorted.reduce(0) { $0 + abs($1 - middle) } / Double(sorted.count)
            guard mean.isFinite else { return nil }
            scale = mean * 1.253_314_137_315_500_3
        }
    }

    /// (x − center) / scale, which is 0.6745 (x − med) / MAD: beyond 3.5 an outlier (Iglewicz and Hoaglin 1993). Zero at the
    /// center of a constant, infinite beside it.
    public func z(_ value: Double) -> Double {
        let off = value - center
        if off == 0 { return 0 }
        return scale > 0 ? off / scale : (off > 0 ? .infinity : -.infinity)
    }
}

/// Outliers of one series.
public enum Outliers {
    /// Hampel's filter: places further than `limit` robust standard deviations (1.4826 MAD) from the median of the `half` values
    /// on either side and themselves; windows are cut short at the ends, and a window whose MAD is zero marks what differs.
    /// nil for NaN, or a half window below one. O(n · half · log half).
    public static func hampel(_ values: [Double], half: Int, limit: Double = 3) -> [Int]? {
        guard half >= 1, limit > 0, !values.contains(where: \.isNaN) else { return nil }
        var places: [Int] = []
        for index in values.indices {
            let window = Array(values[max(0, index - half)...min(values.count - 1, index + min(half, values.count))])
            guard let middle = Quantiles.median(window), let mad = Quantiles.medianAbsoluteDeviation(window) else {
                continue
            }
            if abs(values[index] - middle) > limit * mad / 0.674_489_750_196_081_7 { places.append(index) }
        }
        return places
    }

    /// Rosner's (1983) generalised extreme Studentised deviate test: the places of up to `most` outliers of otherwise
    /// independent normal values, ascending. nil for fewer than three more values than `most`, or one that isn't finite.
    /// O(n · most).
    public static func generalisedESD(_ values: [Double], most: Int = 10, alpha: Double = 0.05) -> [Int]? {
        let n = values.count
        guard most >= 1, n >= most + 3, alpha > 0, alpha < 1, values.allSatisfy(\.isFinite) else { return nil }
        var left = Array(values.indices)
        var removed: [Int] = []
        var found = 0
        for i in 1...most {
            guard let moments = Moments(left.map { values[$0] }), moments.variance > 0 else { break }
            let deviations = left.map { abs(values[$0] - moments.mean) }
            guard let largest = deviations.max(), let at = deviations.firstIndex(of: largest) else { break }
            removed.append(left.remove(at: at))
            let freedom = Double(n - i - 1)
            let p = 1 - alpha / (2 * Double(n - i + 1))
            guard let t = StudentT.quantile(p, freedom: freedom) else { break }
            let critical = Double(n - i) * t / ((freedom + t * t) * Double(n - i + 1)).squareRoot()
            if largest / moments.variance.squareRoot() > critical { found = i }
        }
        return removed.prefix(found).sorted()
    }

    /// Autocorrelation at a distance: Σ (xₜ − x̄)(xₜ₊ₖ − x̄) / Σ (xₜ − x̄)². `statsmodels.tsa.stattools.acf`, 1e-12. nil for a
    /// constant, a value that isn't finite, or no such pair.
    public static func autocorrelation(_ values: [Double], lag: Int = 1) -> Double? {
        guard lag >= 0, lag < values.count, let moments = Moments(values), moments.variance > 0 else { return nil }
        var (square, product) = (0.0, 0.0)
        for t in values.indices {
            square += (values[t] - moments.mean) * (values[t] - moments.mean)
            if t >= lag { product += (values[t] - moments.mean) * (values[t - lag] - moments.mean) }
        }
        return product / square
    }

    /// Ljung and Box's (1978) test that the first `lags` autocorrelations are zero. `statsmodels.stats.diagnostic.acorr_ljungbox`,
    /// 1e-10. nil where ``autocorrelation(_:lag:)`` is.
    public static func ljungBox(_ values: [Double], lags: Int) -> (q: Double, p: Double)? {
        guard lags >= 1, lags < values.count else { return nil }
        let n = Double(values.count)
        var q = 0.0
        for lag in 1...lags {
            guard let r = autocorrelation(values, lag: lag) else { return nil }
            q += r * r / (n - Double(lag))
        }
        q *= n * (n + 2)
        return ChiSquare.upperTail(q, freedom: Double(lags)).map { (q, $0) }
    }
}
