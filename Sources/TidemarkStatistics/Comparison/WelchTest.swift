/// Welch's t test: whether two means differ when the variances may, too.
public struct WelchTest: Sendable, Equatable {
    /// Positive when the mean of x is larger.
    public var t: Double
    /// Welch and Satterthwaite's degrees of freedom.
    public var freedom: Double
    /// Two-sided.
    public var p: Double

    /// `scipy.stats.ttest_ind(equal_var=False)`, agreement 1e-12. nil with fewer than two values on a side, a value that
    /// isn't finite, or no variation on either side.
    public init?(_ x: [Double], _ y: [Double]) {
        guard let one = Moments(x), let two = Moments(y) else { return nil }
        let (a, b) = (one.variance / one.count, two.variance / two.count)
        guard a + b > 0, (a + b).isFinite else { return nil }
        t = (one.mean - two.mean) / (a + b).squareRoot()
        freedom = (a + b) * (a + b) / (a * a / (one.count - 1) + b * b / (two.count - 1))
        guard let p = StudentT.twoSided(t, freedom: freedom) else { return nil }
        self.p = p
    }
}

/// Mean and variance of finite values.
public struct Moments: Sendable, Equatable {
    public var count: Double
    public var mean: Double
    /// With n − 1 in the denominator.
    public var variance: Double

    /// In two passes, so that a large mean costs no digits; nil for fewer than two values or one that isn't finite.
    public init?(_ values: [Double]) {
        guard values.count >= 2 else { return nil }
        count = Double(values.count)
        var sum = 0.0
        for value in values { sum += value }
        guard sum.isFinite else { return nil }
        let middle = sum / count
        var (squares, rest) = (0.0, 0.0)
        for value in values {
            let off = value - middle
            squares += off * off
            rest += off
        }
        mean = middle + rest / count
        variance = (squares - rest * rest / count) / (count - 1)
        guard variance.isFinite else { return nil }
    }
}
