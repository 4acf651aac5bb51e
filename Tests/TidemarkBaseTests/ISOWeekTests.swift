import Testing
import TidemarkBase

@Suite struct ISOWeekTests {
    @Test("names of weeks at the borders of years, as ISO 8601 has them")
    func names() {
        let utc = LocalZone.fixed(minutesEast: 0)
        for (day, name) in [
            ((2026, 11, 23), "2026-W48"), ((2026, 11, 22), "2026-W47"), ((2027, 1, 3), "2026-W53"),
            ((2027, 1, 4), "2027-W01"), ((2024, 12, 30), "2025-W01"), ((2021, 1, 3), "2020-W53"),
            ((1970, 1, 1), "1970-W01"),
            ((2000, 1, 2), "1999-W52"),
        ] {
            let time = CivilTime.millis(year: day.0, month: day.1, day: day.2, hour: 23, minute: 59)
            let week = ISOWeek(at: time, zone: utc)
            #expect(week.name == name)
            #expect(ISOWeek(name: name) == week)
            #expect(week.startMs(utc) <= time && week.endMs(utc) > time)
        }
        for wrong in ["2026-W54", "2025-W53", "2026-W00", "2026-47", "26-W47", "2026-W4", "", "2026-W47x"] {
            #expect(ISOWeek(name: wrong) == nil, "\(wrong)")
        }
    }

    @Test("a week begins on Monday of its zone")
    func zone() throws {
        let east = LocalZone.fixed(minutesEast: 480)
        let week = ISOWeek(at: CivilTime.millis(year: 2026, month: 11, day: 22, hour: 16), zone: east)
        #expect(week.name == "2026-W48")
        #expect(CivilTime.rfc3339(week.startMs(east)) == "2026-11-22T16:00:00Z")
        #expect(week.firstDay == "2026-11-23" && week.lastDay == "2026-11-29")
        #expect(week.endMs(east) - week.startMs(east) == 7 * 86_400_000)
    }
}
