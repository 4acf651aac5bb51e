#if canImport(Glibc)
    import Glibc
#endif

/// A forecast of an hourly rate with intervals that a backtest on the same series set.
///
/// An ensemble on the logarithm: members (``ForecastMembers``) are weighted by their errors in forecasts from earlier midnights
/// (rolling origin), and the errors of the weighted mean in those give the intervals (conformal: quantile of the absolute error by day
/// of the horizon, smoothed as a + b·days of its square).
public struct HourlyForecast: Sendable {
    /// The first forecast hour follows the last value.
    public private(set) var values: [Double]
    /// 90 % interval.
    public private(set) var low: [Double]
    public private(set) var high: [Double]
    /// 80 % interval.
    public private(set) var low80: [Double]
    public private(set) var high80: [Double]
    /// Members that carry at least a hundredth, the heaviest first.
    public let members: [(name: String, weight: Double)]
    public let backtest: Backtest
    public let hasDailySeason: Bool
    public let hasWeeklySeason: Bool
    /// Index into the history of the first hour of days left out.
    public let unusualDays: [Int]
    /// Index of the first hour of lasting new levels, with after / before − 1.
    public let steps: [(hour: Int, change: Double)]
    public let trend: DemandTrend?

    public struct Backtest: Sendable {
        /// Midnights forecast from.
        public var origins = 0
        /// Mean absolute error over that of the seasonal naive forecast in the history.
        public var scaledError: Double?
        /// The same of the seasonal naive forecast from the same midnights.
        public var naiveScaledError: Double?
        /// Share of the hours inside the 90 % interval, each half of the midnights judged by the intervals of the other.
        public var coverage: Double?
    }

    /// Hours of history without which nothing is forecast.
    public static let fewestHours = 6
    private static let mostOrigins = 42
    /// Midnights ago after which one counts half.
    private static let halfLife = 21.0
    /// Exponent of the weights.
    private static let power = 4.0

    /// - Parameters:
    ///   - history: one value per hour, nil where missing; not below zero.
    ///   - firstHour: local hour of the first value, hours since 1970-01-01T00.
    ///   - horizon: hours.
    /// - Returns: nil with fewer than six values above zero. O(history · origins).
    public init?(_ history: [Double?], firstHour: Int, horizon: Int) {
        let positive = history.compactMap { $0 }.filter { $0 > 0 && $0.isFinite }
        guard positive.count >= Self.fewestHours, horizon > 0, let middle = Quantiles.median(positive) else {
            return nil
        }
        let offset = 0.01 * middle
        let grid = HourGrid(
            history.map { value in value.flatMap { $0.isFinite ? log(max(0, $0) + offset) : nil } ?? .nan },
            firstHour: firstHour)
        let lead = grid.count - history.count
        let whole = LevelHistory(grid)
        let smoothing = DoubleSeasonSmoothing(whole)
        let final = ForecastMembers.forecasts(whole, horizon: horizon, smoothing: smoothing)
        guard !final.isEmpty else { return nil }

        var trials: [Trial] = []
        for origin in Self.origins(grid, lead: lead) {
            let known = grid.first(origin)
            // Two weeks show the week's pattern, but no origin within them has it.
            let isShort = known.days < 14 && whole.profile.hasWeek
            let members = ForecastMembers.forecasts(
                LevelHistory(known, week: isShort ? whole.profile : nil), horizon: min(horizon, grid.count - origin),
                smoothing: smoothing)
            let unusual = Set(whole.unusualDays)
            let actual = (0..<min(horizon, grid.count - origin)).map { step in
                unusual.contains((origin + step) / 24) ? .nan : grid.values[origin + step]
            }
            trials.append(Trial(origin: origin, members: members, actual: actual, weight: 0))
        }
        for index in trials.indices { trials[index].weight = exp2(-Double(index) / Self.halfLife) }
        let weights = Self.weights(final.map(\.name), trials)
        let mean = Self.mean(final, weights, count: horizon)
        let width = ForecastWidth(trials.map { ($0.errors(weights), $0.weight) }, horizon: horizon)
        let (inner, outer) = (width.at(0.8), width.at(0.9))
        func rate(_ value: Double) -> Double { max(0, exp(value) - offset) }
        values = mean.map(rate)
        low = zip(mean, outer).map { rate($0 - $1) }
        high = zip(mean, outer).map { rate($0 + $1) }
        low80 = zip(mean, inner).map { rate($0 - $1) }
        high80 = zip(mean, inner).map { rate($0 + $1) }
        members = weights.filter { $0.value >= 0.01 }.map { ($0.key, $0.value) }.sorted {
            ($1.weight, $0.name) < ($0.weight, $1.name)
        }
        backtest = Self.judge(trials, weights, history: history, lead: lead, offset: offset, horizon: horizon)
        hasDailySeason = whole.profile.hasDay
        hasWeeklySeason = whole.profile.hasWeek
        unusualDays = whole.unusualDays.map { $0 * 24 - lead }
        steps = whole.steps.map { ($0.day * 24 - lead, exp($0.change) - 1) }
        trend = DemandTrend(whole, offset: offset, lastForecast: mean, rangeAtEnd: inner.last ?? 0)
    }

    private struct Trial {
        var origin: Int
        var members: [(name: String, values: [Double])]
        /// NaN where missing or unusual.
        var actual: [Double]
        /// Of the origin.
        var weight: Double

        func errors(_ weights: [String: Double]) -> [Double] {
            zip(actual, HourlyForecast.mean(members, weights, count: actual.count)).map { $0 - $1 }
        }
    }

    /// The midnights (for histories below four days: hours) to forecast from, the newest first.
    private static func origins(_ grid: HourGrid, lead: Int) -> [Int] {
        let hours = grid.count - lead
        let step = hours >= 96 ? 24 : max(1, hours / 12)
        let least = lead + max(fewestHours, hours >= 96 ? min(max(72, hours / 2), 336) : hours / 2)
        return Array(stride(from: grid.count - step, through: least, by: -step).prefix(mostOrigins))
    }

    /// Of the members that every origin has: (least error / error)^power, normed.
    private static func weights(_ names: [String], _ trials: [Trial]) -> [String: Double] {
        var errors: [String: Double] = [:]
        for name in names {
            var (sum, weight) = (0.0, 0.0)
            var isEverywhere = true
            for trial in trials {
                guard let member = trial.members.first(where: { $0.name == name }) else {
                    isEverywhere = false
                    break
                }
                for (value, actual) in zip(member.values, trial.actual) where !actual.isNaN {
                    sum += trial.weight * abs(value - actual)
                    weight += trial.weight
                }
            }
            if isEverywhere { errors[name] = weight > 0 ? sum / weight : 1 }
        }
        guard let least = errors.values.min() else {
            return Dictionary(uniqueKeysWithValues: names.map { ($0, 1 / Double(names.count)) })
        }
        var weights = errors.mapValues { pow((least + 1e-9) / ($0 + 1e-9), power) }
        // In the order of the names: sums must not depend on the order of a dictionary.
        let total = names.reduce(0) { $0 + (weights[$1] ?? 0) }
        for name in names { weights[name] = weights[name].map { $0 / total } }
        return weights
    }

    private static func mean(
        _ members: [(name: String, values: [Double])], _ weights: [String: Double], count: Int
    ) -> [Double] {
        var mean = [Double](repeating: 0, count: count)
        for member in members {
            guard let weight = weights[member.name] else { continue }
            for step in 0..<min(count, member.values.count) { mean[step] += weight * member.values[step] }
        }
        return mean
    }

    private static func judge(
        _ trials: [Trial], _ weights: [String: Double], history: [Double?], lead: Int, offset: Double, horizon: Int
    ) -> Backtest {
        var backtest = Backtest(origins: trials.count)
        let season = history.count >= 336 ? 168 : history.count >= 48 ? 24 : 1
        var (scaled, naive): ([Double], [Double]) = ([], [])
        for trial in trials {
            let actual = trial.actual.map { $0.isNaN ? nil : max(0, exp($0) - offset) }
            let known = Array(history[..<(trial.origin - lead)])
            let values = mean(trial.members, weights, count: actual.count).map { max(0, exp($0) - offset) }
            if let error = ForecastScores.scaledError(values, actual, history: history, season: season) {
                scaled.append(error)
            }
            let last = ForecastScores.seasonalNaive(known, season: min(season, known.count), horizon: actual.count)
            let pairs = zip(last, actual).filter { $0.0 != nil && $0.1 != nil }
            if let error = ForecastScores.scaledError(
                pairs.map { $0.0 ?? 0 }, pairs.map(\.1), history: history, season: season)
            {
                naive.append(error)
            }
        }
        if !scaled.isEmpty { backtest.scaledError = scaled.reduce(0, +) / Double(scaled.count) }
        if !naive.isEmpty { backtest.naiveScaledError = naive.reduce(0, +) / Double(naive.count) }
        guard trials.count >= 4 else { return backtest }
        let errors = trials.map { ($0.errors(weights), $0.weight) }
        var (inside, count) = (0, 0)
        for half in 0..<2 {
            let width = ForecastWidth(errors.indices.filter { $0 % 2 != half }.map { errors[$0] }, horizon: horizon)
                .at(0.9)
            for index in errors.indices where index % 2 == half {
                for (error, width) in zip(errors[index].0, width) where !error.isNaN {
                    count += 1
                    if abs(error) <= width { inside += 1 }
                }
            }
        }
        if count > 0 { backtest.coverage = Double(inside) / Double(count) }
        return backtest
    }
}

/// Half-widths of intervals, on the scale of the errors.
struct ForecastWidth {
    private let errors: [(values: [Double], weight: Double)]
    private let horizon: Int

    /// - Parameter errors: of each origin by hour of its horizon, NaN where missing.
    init(_ errors: [([Double], Double)], horizon: Int) {
        self.errors = errors.map { ($0.0, $0.1) }
        self.horizon = horizon
    }

    /// Per hour of the horizon. Few origins are few independent errors: 0.9 + 2 / origins of the quantile, which brought coverage to
    /// 90 % on series of two to eight weeks (`docs/methods.md`).
    func at(_ probability: Double) -> [Double] {
        let days = (horizon + 23) / 24
        var points: [(day: Double, square: Double, weight: Double)] = []
        for day in 0..<days {
            var found: [(error: Double, weight: Double)] = []
            for one in errors where one.values.count > day * 24 {
                for error in one.values[day * 24..<min(one.values.count, day * 24 + 24)] where !error.isNaN {
                    found.append((abs(error), one.weight))
                }
            }
            guard found.count >= (day == 0 ? 1 : 12) else { continue }
            found.sort { $0.error < $1.error }
            let wanted = probability * found.reduce(0) { $0 + $1.weight }
            var sum = 0.0
            let quantile = found.first {
                sum += $0.weight
                return sum >= wanted
            }
            guard let quantile = quantile ?? found.last else { continue }
            points.append((Double(day + 1), quantile.error * quantile.error, Double(found.count)))
        }
        let inflation = 0.9 + 2 / Double(max(1, errors.count))
        // Without any error of its own a forecast is worth a factor of two either way.
        guard !points.isEmpty else { return [Double](repeating: 0.7, count: horizon) }
        let (start, growth) = Self.line(points)
        return (0..<horizon).map { inflation * (start + growth * Double($0 / 24 + 1)).squareRoot() }
    }

    /// Weighted least squares of square = start + growth · day with neither below zero.
    private static func line(_ points: [(day: Double, square: Double, weight: Double)]) -> (Double, Double) {
        let total = points.reduce(0) { $0 + $1.weight }
        let day = points.reduce(0) { $0 + $1.weight * $1.day } / total
        let square = points.reduce(0) { $0 + $1.weight * $1.square } / total
        let spread = points.reduce(0) { $0 + $1.weight * ($1.day - day) * ($1.day - day) }
        // One day alone says nothing about growth: half of the error is taken to grow as a random walk's does.
        guard spread > 0 else { return (square / 2, square / 2 / max(1, day)) }
        let growth = points.reduce(0) { $0 + $1.weight * ($1.day - day) * ($1.square - square) } / spread
        guard growth > 0 else { return (square, 0) }
        let start = square - growth * day
        guard start < 0 else { return (start, growth) }
        let moment = points.reduce(0) { $0 + $1.weight * $1.day * $1.day }
        return (0, points.reduce(0) { $0 + $1.weight * $1.day * $1.square } / moment)
    }
}

extension HourlyForecast {
    /// The same with some of its hours, in the order given; indexes behind the end take the last.
    public func picked(_ hours: [Int]) -> HourlyForecast {
        func pick(_ all: [Double]) -> [Double] { hours.map { all[min(max($0, 0), all.count - 1)] } }
        var copy = self
        (copy.values, copy.low, copy.high) = (pick(values), pick(low), pick(high))
        (copy.low80, copy.high80) = (pick(low80), pick(high80))
        return copy
    }
}
