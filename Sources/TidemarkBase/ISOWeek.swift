/// A week of ISO 8601: Monday to Sunday, named by the year that has its Thursday.
public struct ISOWeek: Sendable, Hashable, Comparable {
    /// Weeks since the one that 1970-01-01 lies in.
    public let index: Int

    public init(index: Int) { self.index = index }

    /// The week that an instant lies in, on the clocks of a zone.
    public init(at timeMs: Int64, zone: LocalZone) {
        let offset: Int64
        switch zone {
        case .fixed(let minutes): offset = Int64(minutes) * 60_000
        case .rules(let rules): offset = Int64(rules.offset(atSecond: CivilTime.floorDivide(timeMs, 1000))) * 1000
        }
        let day = CivilTime.floorDivide(timeMs + offset, CivilTime.millisPerDay)
        // 1970-01-01 was a Thursday.
        index = Int(CivilTime.floorDivide(day + 3, 7))
    }

    /// `2026-W47`; nil for anything else, and for a week that its year doesn't have.
    public init?(name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 3, parts[1].first == "W",
            parts[0].utf8.allSatisfy({ $0 &- 48 <= 9 }), parts[1].dropFirst().utf8.allSatisfy({ $0 &- 48 <= 9 }),
            let year = Int(parts[0]), let number = Int(parts[1].dropFirst()), number > 0
        else { return nil }
        // 4 January lies in the first week.
        let first = Int(CivilTime.floorDivide(Int64(CivilTime.days(year: year, month: 1, day: 4)) + 3, 7))
        self.init(index: first + number - 1)
        guard self.name == name else { return nil }
    }

    /// `2026-W47`.
    public var name: String {
        let thursday = index * 7
        let (year, _, _) = CivilTime.date(days: thursday)
        let number = (thursday - CivilTime.days(year: year, month: 1, day: 1)) / 7 + 1
        return "\(CivilTime.pad(year, 4))-W\(CivilTime.pad(number, 2))"
    }

    /// Monday 00:00 on the clocks of a zone, Unix ms.
    public func startMs(_ zone: LocalZone) -> Int64 {
        let wall = Int64(index * 7 - 3) * CivilTime.millisPerDay
        return wall - zone.offsetMs(wallMs: wall)
    }

    /// The next Monday 00:00.
    public func endMs(_ zone: LocalZone) -> Int64 { next.startMs(zone) }

    /// `2026-11-16`: its Monday.
    public var firstDay: String { CivilTime.day(Int64(index * 7 - 3) * CivilTime.millisPerDay) }
    /// Its Sunday.
    public var lastDay: String { CivilTime.day(Int64(index * 7 + 3) * CivilTime.millisPerDay) }

    public var next: ISOWeek { ISOWeek(index: index + 1) }
    public var previous: ISOWeek { ISOWeek(index: index - 1) }

    public static func < (a: ISOWeek, b: ISOWeek) -> Bool { a.index < b.index }
}
