/// What the hour of the day, the day of the week and the hour of the week add to the level of an hourly series (on the
/// logarithm: multiply it by): the robust counterpart of a decomposition by loess, whose medians no holiday bends.
///
/// Each effect is a median over days or weeks, shrunk towards zero by its own noise (empirical Bayes: variance between the effects
/// over that plus the noise of a median), so that a pattern that is not there adds nothing. The day needs two days, the week two weeks.
struct SeasonalProfile {
    private(set) var hourOfDay = [Double](repeating: 0, count: 24)
    private(set) var dayOfWeek = [Double](repeating: 0, count: 7)
    private(set) var hourOfWeek = [Double](repeating: 0, count: 168)

    var hasWeek: Bool { dayOfWeek.contains { $0 != 0 } || hourOfWeek.contains { $0 != 0 } }
    var hasDay: Bool { hourOfDay.contains { $0 != 0 } }

    /// - Parameter week: effects of the week known from elsewhere, for grids too short to show them.
    init(_ grid: HourGrid, week: SeasonalProfile? = nil) {
        var grid = grid
        if let week {
            for hour in grid.values.indices { grid.values[hour] -= week.ofWeek(grid, hour) }
        }
        // An hour or two may be missing at the ends of two days.
        guard grid.span >= 44 else { return }
        var means = grid.dayMeans { _ in 0 }
        for _ in 0..<3 {
            hourOfDay = Self.centred((0..<24).map { Quantiles.median(deviations(grid, means, hour: $0)) ?? 0 })
            let effects = hourOfDay
            means = grid.dayMeans { effects[$0 % 24] }
        }
        hourOfDay = Self.centred(Self.shrunk((0..<24).map { deviations(grid, means, hour: $0) }))
        let effects = hourOfDay
        means = grid.dayMeans { effects[$0 % 24] }
        if let week {
            (dayOfWeek, hourOfWeek) = (week.dayOfWeek, week.hourOfWeek)
        } else if grid.days >= 14 {
            dayOfWeek = Self.weekdays(means, grid)
            hourOfWeek = Self.shrunk(
                (0..<168).map { cell in
                    (0..<grid.days).compactMap { day in
                        guard grid.weekday(day) == cell / 24, let mean = means[day] else { return nil }
                        let value = grid.values[day * 24 + cell % 24] - mean - effects[cell % 24]
                        return value.isNaN ? nil : value
                    }
                })
        }
    }

    /// The effect at an hour of a grid, which may lie behind its end.
    func effect(_ grid: HourGrid, _ hour: Int) -> Double { hourOfDay[hour % 24] + ofWeek(grid, hour) }

    private func ofWeek(_ grid: HourGrid, _ hour: Int) -> Double {
        let weekday = grid.weekday(hour / 24)
        return dayOfWeek[weekday] + hourOfWeek[weekday * 24 + hour % 24]
    }

    private func deviations(_ grid: HourGrid, _ means: [Double?], hour: Int) -> [Double] {
        means.indices.compactMap { day in
            guard let mean = means[day] else { return nil }
            let value = grid.values[day * 24 + hour] - mean
            return value.isNaN ? nil : value
        }
    }

    /// Days against the median of the seven days around them, the trend taken off: the median slope of pairs whole weeks apart
    /// (Hirsch and others 1982).
    private static func weekdays(_ means: [Double?], _ grid: HourGrid) -> [Double] {
        var slopes: [Double] = []
        for late in means.indices {
            for early in stride(from: late - 7, through: 0, by: -7) {
                if let a = means[early], let b = means[late] { slopes.append((b - a) / Double(late - early)) }
            }
        }
        let slope = Quantiles.median(slopes) ?? 0
        var effects = [Double](repeating: 0, count: 7)
        var cells = [[Double]](repeating: [], count: 7)
        for _ in 0..<4 {
            cells = [[Double]](repeating: [], count: 7)
            let level = means.indices.map { day in
                means[day].map { $0 - slope * Double(day) - effects[grid.weekday(day)] }
            }
            for day in means.indices {
                guard let own = level[day] else { continue }
                let low = max(0, min(day - 3, means.count - 7))
                let around = level[low..<min(low + 7, level.count)].compactMap { $0 }
                let weekday = grid.weekday(day)
                cells[weekday].append(own + effects[weekday] - (Quantiles.median(around) ?? own))
            }
            effects = centred(cells.map { Quantiles.median($0) ?? 0 })
        }
        return centred(shrunk(cells))
    }

    private static func centred(_ effects: [Double]) -> [Double] {
        let mean = effects.reduce(0, +) / Double(effects.count)
        return effects.map { $0 - mean }
    }

    /// Medians of cells, each drawn towards zero as far as its noise demands. All zero without two cells of two values.
    static func shrunk(_ cells: [[Double]]) -> [Double] {
        let medians = cells.map { Quantiles.median($0) ?? 0 }
        guard cells.count(where: { $0.count >= 2 }) >= 2 else { return medians.map { _ in 0 } }
        var residuals: [Double] = []
        for (cell, median) in zip(cells, medians) {
            let count = Double(max(cell.count, 2))
            residuals += cell.map { ($0 - median) * (count / (count - 1)).squareRoot() }
        }
        let mean = residuals.reduce(0) { $0 + $1 * $1 } / Double(residuals.count)
        let robust = 1.4826 * (Quantiles.medianAbsoluteDeviation(residuals) ?? 0)
        // Wild cells don't make the others noisy; the tails of honest noise do.
        let noise = min(mean, 1.5 * robust * robust)
        // The variance of a median, between that of small samples and π/2.
        func error(_ cell: [Double]) -> Double { 1.3 * noise / Double(max(cell.count, 1)) }
        let filled = zip(cells, medians).filter { !$0.0.isEmpty }
        let between = max(0, filled.reduce(0) { $0 + $1.1 * $1.1 - error($1.0) } / Double(max(1, filled.count)))
        return zip(cells, medians).map { cell, median in
            cell.isEmpty || between == 0 ? 0 : median * between / (between + error(cell))
        }
    }
}
