import TidemarkBase

/// What a clock's text says.
struct ClockReading: Equatable, Sendable {
    /// Unix ms; of a local clock without a zone its reading as if UTC.
    var ms: Int64
    /// The text named a zone, or counts from 1970.
    var isUTC: Bool
}

/// Times as date(1), ctime(3) and wrapper scripts print them, on a line or in a field of their own.
enum ClockLine {
    /// `Wed Mar  4 09:08:07 2026`, `Wed Mar  4 09:08:07 UTC 2026`, `Wed 04 Mar 2026 09:08:07 AM CET`,
    /// `2026-03-04T09:08:07[.5][+01:00]`, `1795455180[.5]`: all of `bytes`; nil for anything else.
    static func reading(_ bytes: Bytes) -> ClockReading? {
        guard let first = bytes.first, bytes.count >= 10, bytes.count <= 48 else { return nil }
        if first &- 48 <= 9 { return NvidiaSMICell.wrapperClock(bytes) }
        guard let ms = named(bytes) else { return nil }
        // Of the zones' names only these two mean one offset.
        return ClockReading(ms: ms, isUTC: bytes.range(of: " UTC") != nil || bytes.range(of: " GMT") != nil)
    }

    /// The time at the end of the first line of watch(1): `Every 1.0s: COMMAND   host: Wed Mar  4 09:08:07 2026`.
    static func watch(_ bytes: Bytes) -> ClockReading? {
        guard bytes.has("Every "), bytes.count > 24, bytes.range(of: "s: ") ?? 99 < 24 else { return nil }
        return reading(bytes.slice(bytes.count - 24, bytes.count))
    }

    /// A clock that a wrapper wrote in front of other text, in brackets or not: `[2026-03-04 09:08:07] 0, 97 %`,
    /// `1795455180.5 0, 97 %`. nil when the text doesn't begin with one, or is nothing else.
    static func leading(_ bytes: Bytes) -> (clock: ClockReading, textStart: Int)? {
        guard let first = bytes.first, bytes.count > 12 else { return nil }
        var found: (clock: ClockReading, end: Int)?
        if first == 91 {
            guard let close = bytes.firstIndex(of: 93), close <= 49 else { return nil }
            found = reading(bytes.slice(1, close).trimmed).map { ($0, close + 1) }
        } else if first &- 65 < 26 {
            // `Wed Mar  4 09:08:07 UTC 2026: 97 %`
            guard let colon = bytes.slice(0, min(bytes.count, 50)).range(of: ": ") else { return nil }
            found = reading(bytes.slice(0, colon)).map { ($0, colon + 1) }
        } else {
            guard first &- 48 <= 9 else { return nil }
            // The clock ends at the first blank, at the second one when a date stands alone, or at a comma.
            let blank = bytes.firstIndex(of: 32) ?? bytes.count
            let second = blank == 10 ? bytes.firstIndex(of: 32, from: 11) ?? bytes.count : blank
            let comma = bytes.firstIndex(of: 44) ?? bytes.count
            for end in [second, blank, comma] where end >= 10 && end <= 40 && found == nil {
                found = reading(bytes.slice(0, bytes[end - 1] == 44 ? end - 1 : end)).map { ($0, end) }
            }
        }
        guard let clock = found?.clock, var end = found?.end else { return nil }
        while end < bytes.count, bytes[end] == 32 || bytes[end] == 9 || bytes[end] == 44 { end += 1 }
        return end < bytes.count ? (clock, end) : nil
    }

    /// The forms with names of the day and the month.
    static func named(_ bytes: Bytes) -> Int64? {
        guard bytes.count >= 20, isDayName(bytes) else { return nil }
        var at = 3
        var month: Int?
        var day: Int?
        var year: Int?
        var clock: (hour: Int, minute: Int, second: Int)?
        var afternoon: Bool?
        while at < bytes.count {
            while at < bytes.count, bytes[at] == 32 || bytes[at] == 44 { at += 1 }
            var end = at
            while end < bytes.count, bytes[end] != 32, bytes[end] != 44 { end += 1 }
            let word = bytes.slice(at, end)
            at = end
            if word.isEmpty { break }
            if month == nil, let found = self.month(word) {
                month = found
            } else if clock == nil, word.count == 8, word[2] == 58, word[5] == 58 {
                guard let hour = Decimal.parseInt(word.slice(0, 2)), let minute = Decimal.parseInt(word.slice(3, 5)),
                    let second = Decimal.parseInt(word.slice(6, 8)), (0..<24).contains(hour), (0..<60).contains(minute),
                    (0..<61).contains(second)
                else { return nil }
                clock = (hour, minute, second)
            } else if word.equals("AM") || word.equals("PM") {
                afternoon = word.equals("PM")
            } else if let number = Decimal.parseInt(word), word[0] &- 48 <= 9 {
                if word.count <= 2, day == nil { day = number } else if word.count == 4, year == nil { year = number }
            } else if !word.allSatisfy({ $0 &- 65 < 26 || $0 &- 48 < 10 || $0 == 43 || $0 == 45 }) || word.count > 5 {
                // Only a zone's short name may stand beside these.
                return nil
            }
        }
        guard let month, let day, let year, let (printedHour, minute, second) = clock,
            CivilTime.isValid(year: year, month: month, day: day)
        else { return nil }
        var hour = printedHour
        if let afternoon {
            guard hour >= 1, hour <= 12 else { return nil }
            hour = hour % 12 + (afternoon ? 12 : 0)
        }
        return CivilTime.millis(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private static func isDayName(_ bytes: Bytes) -> Bool {
        guard bytes[3] == 32 || bytes[3] == 44 else { return false }
        return bytes.has("Mon") || bytes.has("Tue") || bytes.has("Wed") || bytes.has("Thu") || bytes.has("Fri")
            || bytes.has("Sat") || bytes.has("Sun")
    }

    /// `Jan`…`Dec` as 1…12.
    static func month(_ word: Bytes) -> Int? {
        guard word.count == 3 else { return nil }
        switch (word[0], word[1], word[2]) {
        case (74, 97, 110): return 1
        case (70, 101, 98): return 2
        case (77, 97, 114): return 3
        case (65, 112, 114): return 4
        case (77, 97, 121): return 5
        case (74, 117, 110): return 6
        case (74, 117, 108): return 7
        case (65, 117, 103): return 8
        case (83, 101, 112): return 9
        case (79, 99, 116): return 10
        case (78, 111, 118): return 11
        case (68, 101, 99): return 12
        default: return nil
        }
    }
}
