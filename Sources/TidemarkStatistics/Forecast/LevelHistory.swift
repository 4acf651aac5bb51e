#if canImport(Glibc)
    import Glibc
#endif

/// An hourly series without its seasons: days unlike all others left out, lasting changes of level evened out, so that every hour tells
/// about the level that holds at the end.
struct LevelHistory {
    let grid: HourGrid
    let profile: SeasonalProfile
    /// Per hour; NaN where missing or left out.
    private(set) var hours: [Double]
    /// Medians of the days; nil where missing or left out.
    private(set) var days: [Double?]
    /// Days whose level was far from their neighbours': holidays, outages.
    private(set) var unusualDays: [Int] = []
    /// First days of a new level, and the change (on the scale of the values).
    private(set) var steps: [(day: Int, change: Double)] = []

    /// The least change on the logarithmic scale that counts as unusual or as a new level.
    private static let least = 0.15

    init(_ grid: HourGrid, week: SeasonalProfile? = nil) {
        self.grid = grid
        profile = SeasonalProfile(grid, week: week)
        hours = grid.values
        for hour in hours.indices { hours[hour] -= profile.effect(grid, hour) }
        days = (0..<grid.days).map { [hours] day in
            let known = hours[day * 24..<day * 24 + 24].filter { !$0.isNaN }
            return known.count >= HourGrid.fewestHours ? Quantiles.median(known) : nil
        }
        leaveOutUnusualDays()
        evenOutSteps()
    }

    /// A day counts as unusual when both its neighbourhood and the series' own noise of days say so. The first and the last day are
    /// kept: they may begin or end a level.
    private mutating func leaveOutUnusualDays() {
        let around = days.indices.map { day in
            Quantiles.median(days[max(0, day - 3)..<min(days.count, day + 4)].compactMap { $0 })
        }
        let off = days.indices.map { day in days[day].flatMap { own in around[day].map { own - $0 } } }
        guard let spread = Quantiles.medianAbsoluteDeviation(off.compactMap { $0 }) else { return }
        let limit = max(5 * 1.4826 * spread, 0.2)
        for day in days.indices.dropFirst().dropLast() {
            guard let off = off[day], abs(off) > limit else { continue }
            unusualDays.append(day)
            days[day] = nil
            for hour in day * 24..<day * 24 + 24 { hours[hour] = .nan }
        }
    }

    /// Lasting changes of level in the days, less their drift (the median of the differences a week apart, which a step touches only
    /// seven times), are taken off what lies before them.
    private mutating func evenOutSteps() {
        let known = days.indices.filter { days[$0] != nil }
        guard known.count >= 10 else { return }
        let drift =
            Quantiles.median(
                (7..<days.count).compactMap { day in
                    days[day].flatMap { late in days[day - 7].map { (late - $0) / 7 } }
                }) ?? 0
        var settings = ChangePoints.Settings()
        settings.usesLogarithm = false
        settings.leastRelativeChange = 0
        settings.leastChange = Self.least
        settings.shortest = 3
        let values = known.map { (days[$0] ?? 0) - drift * Double($0) }
        for point in ChangePoints.find(values, settings)?.points ?? [] where known.indices.contains(point.index) {
            let (day, change) = (known[point.index], point.after - point.before)
            steps.append((day, change))
            for early in 0..<day { days[early] = days[early].map { $0 + change } }
            for hour in 0..<day * 24 { hours[hour] += change }
        }
    }

    /// The level of the hours, the newer the heavier, in the mean of the logarithm; nil without any.
    /// - Parameters:
    ///   - memory: hours after which an hour's weight has fallen to 1/e.
    ///   - slope: drift per hour that is taken off.
    func level(memory: Double, slope: Double = 0) -> Double? {
        var (sum, weight) = (0.0, 0.0)
        for hour in 0..<grid.count where !hours[hour].isNaN {
            let age = Double(grid.count - 1 - hour)
            let w = exp(-age / memory)
            sum += w * (hours[hour] + slope * age)
            weight += w
        }
        return weight > 0 ? sum / weight : nil
    }

    /// Theil–Sen's slope per day of the days' levels; nil with fewer than seven.
    var slope: TheilSen? {
        let known = days.indices.filter { days[$0] != nil }
        guard known.count >= 7 else { return nil }
        return TheilSen(x: known.map(Double.init), y: known.map { days[$0] ?? 0 })
    }

    /// Median of the hours with the drift taken off: the level at the end.
    func middle(slope: Double) -> Double? {
        Quantiles.median(
            (0..<grid.count).compactMap { hour in
                hours[hour].isNaN ? nil : hours[hour] + slope * Double(grid.count - 1 - hour)
            })
    }
}
