import TidemarkBase

/// Hours of local time beside those of UTC: people's days are local, and their clocks jump twice a year.
struct LocalHours {
    let zone: LocalZone

    private static let hourMs: Int64 = 3_600_000

    /// Local hour since 1970-01-01T00 that holds most of the hour of UTC; zones of half hours are rounded down.
    func local(_ hour: Int64) -> Int64 {
        let offset: Int64
        switch zone {
        case .fixed(let minutes): offset = Int64(minutes) * 60_000
        case .rules(let rules): offset = Int64(rules.offset(atSecond: hour * 3600)) * 1000
        }
        return CivilTime.floorDivide(hour * Self.hourMs + offset, Self.hourMs)
    }

    /// Values by hour of UTC as values by local hour: the hour that comes twice is the mean of both, the one that is skipped is missing.
    func localised(_ values: [Double?], first: Int64) -> (values: [Double?], first: Int64) {
        guard !values.isEmpty else { return ([], local(first)) }
        let start = local(first)
        let end = local(first + Int64(values.count) - 1)
        guard end >= start else { return (values, start) }
        var sums = [(sum: Double, count: Double)](repeating: (0, 0), count: Int(end - start) + 1)
        for (index, value) in values.enumerated() {
            let place = Int(local(first + Int64(index)) - start)
            guard let value, sums.indices.contains(place) else { continue }
            sums[place] = (sums[place].sum + value, sums[place].count + 1)
        }
        return (sums.map { $0.count > 0 ? $0.sum / $0.count : nil }, start)
    }
}
