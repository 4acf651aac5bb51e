#if canImport(Glibc)
    import Glibc
#endif

/// How a demand grows, and where that leads behind the end of a forecast.
public struct DemandTrend: Sendable {
    /// Share per day at the end of the history: 0.01 is 1 % of today's level a day.
    public let perDay: Double
    /// 80 % interval of it, widened for levels that hang together from day to day.
    public let perDayInterval: ClosedRange<Double>
    /// Mann and Kendall's p.
    public let p: Double
    /// Whether the history fits growth by a share better than growth by an amount.
    public let isExponential: Bool
    /// Whether the growth counts: p below 5 %.
    public var isSignificant: Bool { p < 0.05 }

    private let profile: SeasonalProfile
    private let grid: HourGrid
    private let offset: Double
    /// What the last day of the forecast was above the effects of the season.
    private let level: Double
    private let forecastHours: Int
    private let range: Double

    /// nil with fewer than seven days.
    init?(_ history: LevelHistory, offset: Double, lastForecast: [Double], rangeAtEnd: Double) {
        let known = history.days.indices.filter { history.days[$0] != nil }
        let levels = known.map { history.days[$0] ?? 0 }
        guard let slope = history.slope, let test = MannKendall(levels), let lastDay = known.last else { return nil }
        let days = known.map(Double.init)
        let plain = levels.map { exp($0) }
        // 80 %: z is 0.65 times that of 95 %.
        let correlation = Self.correlation(levels.indices.map { levels[$0] - slope.intercept - slope.slope * days[$0] })
        let widening = ((1 + correlation) / (1 - correlation)).squareRoot()
        p = min(1, 2 * Normal.upperTail((Normal.quantile(1 - test.p / 2) ?? 0) / widening))
        var isExponential = true
        var middle = slope.slope
        var interval = slope.slopeInterval
        if let linear = TheilSen(x: days, y: plain) {
            func error(_ fitted: (Double) -> Double) -> Double {
                zip(days, plain).reduce(0) { $0 + abs($1.1 - fitted($1.0)) }
            }
            let end = linear.intercept + linear.slope * Double(lastDay)
            if end > 0,
                error({ linear.intercept + linear.slope * $0 })
                    < error({ exp(slope.intercept + slope.slope * $0) })
            {
                isExponential = false
                middle = linear.slope / end
                interval = linear.slopeInterval.lowerBound / end...linear.slopeInterval.upperBound / end
            }
        }
        self.isExponential = isExponential
        perDay = middle
        perDayInterval =
            middle - 0.654 * widening * (middle - interval.lowerBound)...middle + 0.654 * widening
            * (interval.upperBound - middle)
        (profile, grid) = (history.profile, history.grid)
        self.offset = offset
        forecastHours = lastForecast.count
        let tail = max(0, lastForecast.count - 24)..<lastForecast.count
        level =
            tail.reduce(0) { $0 + lastForecast[$1] - history.profile.effect(history.grid, history.grid.count + $1) }
            / Double(max(1, tail.count))
        range = rangeAtEnd
    }

    /// Expected rate `hour` hours behind the forecast's end (0: the first hour behind it), and its 80 % interval: that at the forecast's end
    /// and the interval of the growth.
    public func rate(_ hour: Int) -> (value: Double, low: Double, high: Double) {
        let effect = profile.effect(grid, grid.count + forecastHours + hour)
        let days = (Double(hour) + 12) / 24
        let counted = isSignificant ? perDay : 0
        func at(_ growth: Double, _ shift: Double) -> Double {
            let grown = isExponential ? growth * days : log(max(1e-9, 1 + growth * days))
            return max(0, exp(level + effect + grown + shift) - offset)
        }
        let low = isSignificant ? perDayInterval.lowerBound : min(0, perDayInterval.lowerBound)
        let high = isSignificant ? perDayInterval.upperBound : max(0, perDayInterval.upperBound)
        return (at(counted, 0), at(low, -range), at(high, range))
    }

    /// Autocorrelation of first order, 0…0.9.
    private static func correlation(_ residuals: [Double]) -> Double {
        let mean = residuals.reduce(0, +) / Double(max(1, residuals.count))
        var (product, square) = (0.0, 0.0)
        for index in residuals.indices {
            square += (residuals[index] - mean) * (residuals[index] - mean)
            if index > 0 { product += (residuals[index] - mean) * (residuals[index - 1] - mean) }
        }
        return square > 0 ? min(0.9, max(0, product / square)) : 0
    }
}
