#if canImport(Glibc)
    import Glibc
#endif

/// Hourly values in local time, in whole days: the hours before the first and behind the last value are missing (NaN).
struct HourGrid {
    /// Days × 24; NaN where missing.
    var values: [Double]
    /// Of the first day: days since 1970-01-01, which was a Thursday.
    let firstDay: Int
    /// Hours until the end of the last value.
    let count: Int

    var days: Int { values.count / 24 }
    /// Hours from the first known value to the end.
    var span: Int { values.firstIndex { !$0.isNaN }.map { count - $0 } ?? 0 }

    /// - Parameter firstHour: local hour of the first value, hours since 1970-01-01T00 of local time.
    init(_ hourly: [Double], firstHour: Int) {
        let lead = Self.modulo(firstHour, 24)
        firstDay = (firstHour - lead) / 24
        count = lead + hourly.count
        values = [Double](repeating: .nan, count: (count + 23) / 24 * 24)
        values.replaceSubrange(lead..<count, with: hourly)
    }

    /// The same grid as it was known after `hours` of it.
    func first(_ hours: Int) -> HourGrid {
        var copy = HourGrid(values: Array(values[..<((hours + 23) / 24 * 24)]), firstDay: firstDay, count: hours)
        for index in hours..<copy.values.count { copy.values[index] = .nan }
        return copy
    }

    private init(values: [Double], firstDay: Int, count: Int) {
        (self.values, self.firstDay, self.count) = (values, firstDay, count)
    }

    /// 0…6; the same number is the same day of the week.
    func weekday(_ day: Int) -> Int { Self.modulo(firstDay + day, 7) }

    /// Means of the days' hours less what `effect` says of each; nil for days with fewer than six hours.
    func dayMeans(_ effect: (_ hour: Int) -> Double) -> [Double?] {
        (0..<days).map { day in
            var (sum, count) = (0.0, 0)
            for hour in day * 24..<day * 24 + 24 where !values[hour].isNaN {
                sum += values[hour] - effect(hour)
                count += 1
            }
            return count >= Self.fewestHours ? sum / Double(count) : nil
        }
    }

    /// Hours that make a day's level.
    static let fewestHours = 6

    static func modulo(_ a: Int, _ b: Int) -> Int { (a % b + b) % b }
}
