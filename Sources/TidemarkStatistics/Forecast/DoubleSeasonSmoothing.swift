#if canImport(Glibc)
    import Glibc
#endif

/// Holt–Winters smoothing with two additive seasons, the hours of the day and of the week, and correlated errors (Taylor 2003):
/// the member of the ensemble that follows seasons which change. Without week and carry it is ETS(A,N,A).
public struct DoubleSeasonSmoothing: Sendable, Equatable {
    /// How fast the level follows, 0…1.
    public var alpha: Double
    /// How fast the hours of the day do, and those of the week.
    public var daily: Double
    public var weekly: Double
    /// Autocorrelation of the errors, 0…1.
    public var carry: Double
    public private(set) var level: Double
    public private(set) var hourOfDay: [Double]
    public private(set) var hourOfWeek: [Double]
    private var lastError = 0.0
    private var squares = 0.0
    private var count = 0

    /// - Parameters:
    ///   - hourOfDay: 24 effects to begin with.
    ///   - hourOfWeek: 168 effects.
    public init(
        alpha: Double, daily: Double, weekly: Double, carry: Double, level: Double, hourOfDay: [Double],
        hourOfWeek: [Double]
    ) {
        precondition(hourOfDay.count == 24 && hourOfWeek.count == 168)
        (self.alpha, self.daily, self.weekly, self.carry) = (alpha, daily, weekly, carry)
        (self.level, self.hourOfDay, self.hourOfWeek) = (level, hourOfDay, hourOfWeek)
    }

    /// Mean squared error one step ahead of the values that counted; nil without one.
    public var meanSquare: Double? { count > 0 ? squares / Double(count) : nil }

    /// Takes up the value of an hour of the week, 0…167.
    /// - Parameters:
    ///   - value: nil where missing: nothing is learnt.
    ///   - counts: whether its error counts for ``meanSquare``.
    public mutating func update(_ value: Double?, hour: Int, counts: Bool = true) {
        let expected = level + hourOfDay[hour % 24] + hourOfWeek[hour]
        guard let value else {
            lastError *= carry
            return
        }
        let error = value - expected - carry * lastError
        lastError = value - expected
        level += alpha * error
        hourOfDay[hour % 24] += daily * error
        hourOfWeek[hour] += weekly * error
        if counts {
            squares += error * error
            count += 1
        }
    }

    /// What is expected `steps` (≥ 1) after the last value, which is an hour of the week.
    public func forecast(_ steps: Int, hour: Int) -> Double {
        level + hourOfDay[hour % 24] + hourOfWeek[hour] + lastError * pow(carry, Double(steps))
    }
}

extension DoubleSeasonSmoothing {
    private static let choices: [(alpha: Double, daily: Double, weekly: Double, carry: Double)] = [0.02, 0.1].flatMap {
        alpha in
        [0.02, 0.1].flatMap { daily in
            [0.05, 0.2].flatMap { weekly in [0.0, 0.6].map { (alpha, daily, weekly, $0) } }
        }
    }

    /// Smoothing with the parameters of `like`, or those with the least squared error over the second half of a history. It starts
    /// from the history's profile. nil for less than a week.
    init?(_ history: LevelHistory, like: DoubleSeasonSmoothing? = nil) {
        guard history.grid.days >= 7, let level = Quantiles.median(history.days.prefix(7).compactMap { $0 }) else {
            return nil
        }
        let profile = history.profile
        let week = (0..<168).map { profile.dayOfWeek[$0 / 24] + profile.hourOfWeek[$0] }
        var best: DoubleSeasonSmoothing?
        for choice in like.map({ [($0.alpha, $0.daily, $0.weekly, $0.carry)] }) ?? Self.choices {
            var tried = DoubleSeasonSmoothing(
                alpha: choice.0, daily: choice.1, weekly: choice.2, carry: choice.3, level: level,
                hourOfDay: profile.hourOfDay, hourOfWeek: week)
            for hour in 0..<history.grid.count {
                let value = history.hours[hour] + profile.effect(history.grid, hour)
                tried.update(
                    value.isNaN ? nil : value, hour: Self.slot(history.grid, hour),
                    counts: hour * 2 >= history.grid.count)
            }
            guard let error = tried.meanSquare, error.isFinite, error < best?.meanSquare ?? .infinity else { continue }
            best = tried
        }
        guard let best else { return nil }
        self = best
    }

    func values(_ history: LevelHistory, horizon: Int) -> [Double] {
        (1...max(1, horizon)).map { forecast($0, hour: Self.slot(history.grid, history.grid.count - 1 + $0)) }
    }

    private static func slot(_ grid: HourGrid, _ hour: Int) -> Int { grid.weekday(hour / 24) * 24 + hour % 24 }
}
