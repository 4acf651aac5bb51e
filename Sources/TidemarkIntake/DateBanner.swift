import TidemarkBase

/// A date among a log's lines that no logger printed: date(1) of a start script, the first line of journalctl.
struct DateBanner {
    /// nil where the line names only day of the week, month and day.
    var year: Int?
    var month: Int
    var day: Int
    /// 0 (Sunday)…6; nil where the line names none.
    var weekday: Int?
    /// The time of the day, ms; nil where the line has none.
    var timeMs: Int64?

    /// A reading as if UTC, Unix ms; nil without a year.
    var wallMs: Int64? { year.map { CivilTime.millis(year: $0, month: month, day: day) + (timeMs ?? 0) } }

    /// `Wed Mar  4 09:08:07 UTC 2026: text`, `Wed 04 Mar 2026 09:08:07 AM CET`, `Wed Mar  4 09:08:07`,
    /// `-- Logs begin at Mon 2026-03-02 11:22:33 UTC, end at Wed 2026-03-04 09:08:07 UTC. --` (the last date counts: the
    /// journal may be much older than what it is asked for), what `systemctl status` says about a unit. nil for any other
    /// line, and for a date that is none.
    static func parse(_ line: Bytes) -> DateBanner? {
        if line.range(of: "ogs begin at ") ?? line.range(of: "ournal begins at ") ?? 99 < 8 {
            let end = line.range(of: ", end") ?? 0
            return journal(line, from: end) ?? journal(line, from: 0)
        }
        // `   Active: active (running) since Mon 2024-03-11 18:12:51 UTC; 33s ago`, below the name of the unit.
        if let state = line.slice(0, min(line.count, 600)).range(of: " Active: "),
            let since = line.range(of: " since ", from: state), since - state < 60
        {
            return journal(line.slice(0, min(line.count, since + 40)), from: since)
        }
        guard line.count >= 10, let weekday = weekday(line, at: 0), line[3] == 32 || line[3] == 44 else { return nil }
        var banner = DateBanner(month: 0, day: 0, weekday: weekday)
        var words = Words(line: line, at: 3)
        // A date has at most seven words.
        for _ in 0..<7 {
            guard let word = words.next() else { break }
            if banner.month == 0, let month = month(word) {
                banner.month = month
            } else if banner.timeMs == nil, let time = time(word) {
                banner.timeMs = time
            } else if word.count <= 2, banner.day == 0, let day = Decimal.parseInt(word) {
                banner.day = day
            } else if word.count == 4, banner.year == nil, let year = Decimal.parseInt(word), year > 1999, year < 2100 {
                banner.year = year
            } else if word.equals("PM"), let time = banner.timeMs, time < 43_200_000 {
                banner.timeMs = time + 43_200_000
            } else if word.equals("AM"), let time = banner.timeMs, time >= 43_200_000 {
                banner.timeMs = time - 43_200_000
            } else if banner.month == 0 || banner.day == 0 {
                return nil
            }
            if banner.year != nil, banner.timeMs != nil, words.endsWithColon { break }
        }
        return banner.checked
    }

    private static func journal(_ line: Bytes, from start: Int) -> DateBanner? {
        var at = start
        while at + 14 <= line.count {
            if let weekday = weekday(line, at: at), line[at + 3] == 32, line[at + 8] == 45, line[at + 11] == 45,
                let year = Decimal.parseInt(line.slice(at + 4, at + 8)),
                let month = Decimal.parseInt(line.slice(at + 9, at + 11)),
                let day = Decimal.parseInt(line.slice(at + 12, at + 14))
            {
                let time = at + 23 <= line.count ? Self.time(line.slice(at + 15, at + 23)) : nil
                return DateBanner(year: year, month: month, day: day, weekday: weekday, timeMs: time).checked
            }
            at += 1
        }
        return nil
    }

    /// nil when the day isn't one of the month, or isn't that day of the week.
    private var checked: DateBanner? {
        guard CivilTime.isValid(year: year ?? 2000, month: month, day: day) else { return nil }
        guard let year, let weekday else { return self }
        return CivilTime.weekday(days: CivilTime.days(year: year, month: month, day: day)) == weekday ? self : nil
    }

    private struct Words {
        let line: Bytes
        var at: Int
        var endsWithColon = false

        mutating func next() -> Bytes? {
            while at < line.count, line[at] == 32 || line[at] == 44 { at += 1 }
            let start = at
            while at < line.count, line[at] != 32, line[at] != 44 { at += 1 }
            guard at > start else { return nil }
            endsWithColon = line[at - 1] == 58
            return line.slice(start, endsWithColon ? at - 1 : at)
        }
    }

    private static func time(_ word: Bytes) -> Int64? {
        guard word.count >= 8, word[2] == 58, word[5] == 58, let hour = Decimal.parseInt(word.slice(0, 2)),
            let minute = Decimal.parseInt(word.slice(3, 5)), let second = Decimal.parseInt(word.slice(6, 8)),
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<61).contains(second)
        else { return nil }
        return Int64(hour * 3600 + minute * 60 + second) * 1000
    }

    private static func weekday(_ line: Bytes, at: Int) -> Int? {
        let names: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        return names.firstIndex { line.has($0, at: at) }
    }

    private static func month(_ word: Bytes) -> Int? {
        let names: [StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return names.firstIndex { word.equals($0) }.map { $0 + 1 }
    }
}
