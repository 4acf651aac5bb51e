/// Calendar arithmetic on the proleptic Gregorian calendar, in UTC, without Foundation.
///
/// All instants are Unix milliseconds (`Int64`). Algorithms: H. Hinnant, "chrono-compatible low-level date algorithms".
public enum CivilTime {
    public static let millisPerDay: Int64 = 86_400_000

    /// Days since 1970-01-01 of a calendar date. The month is 1…12.
    @inlinable public static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The calendar date of a count of days since 1970-01-01.
    public static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }

    @inlinable public static func millis(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, milli: Int = 0
    ) -> Int64 {
        let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        return Int64(seconds) * 1000 + Int64(milli)
    }

    /// The year in which an instant lies.
    public static func year(ofMillis millis: Int64) -> Int { date(days: Int(floorDivide(millis, millisPerDay))).year }

    public static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = a / b
        return a % b < 0 ? quotient - 1 : quotient
    }

    /// Day of the week of a count of days since 1970-01-01: 0 (Sunday)…6.
    public static func weekday(days: Int) -> Int { ((days + 4) % 7 + 7) % 7 }

    /// Whether year, month and day name a real date.
    public static func isValid(year: Int, month: Int, day: Int) -> Bool {
        guard month >= 1, month <= 12, day >= 1 else { return false }
        return day <= daysInMonth(year: year, month: month)
    }

    public static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// `2026-11-23T17:31:13.500Z`; the fraction only when it isn't zero.
    public static func rfc3339(_ millis: Int64) -> String {
        let day = floorDivide(millis, millisPerDay)
        let inDay = Int(millis - day * millisPerDay)
        let (year, month, dayOfMonth) = date(days: Int(day))
        var text = "\(pad(year, 4))-\(pad(month, 2))-\(pad(dayOfMonth, 2))T"
        text += "\(pad(inDay / 3_600_000, 2)):\(pad(inDay / 60_000 % 60, 2)):\(pad(inDay / 1000 % 60, 2))"
        if inDay % 1000 != 0 { text += ".\(pad(inDay % 1000, 3))" }
        return text + "Z"
    }

    /// `17:31:13` of an instant, in UTC.
    public static func clock(_ millis: Int64, seconds: Bool = true) -> String {
        let inDay = Int(millis - floorDivide(millis, millisPerDay) * millisPerDay)
        let text = "\(pad(inDay / 3_600_000, 2)):\(pad(inDay / 60_000 % 60, 2))"
        return seconds ? text + ":\(pad(inDay / 1000 % 60, 2))" : text
    }

    /// `2026-11-23` of an instant, in UTC.
    public static func day(_ millis: Int64) -> String {
        let (year, month, day) = date(days: Int(floorDivide(millis, millisPerDay)))
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
    }

    static func pad(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return text.count >= width ? text : String(repeating: "0", count: width - text.count) + text
    }

    /// A time of RFC 3339 with its length: `2026-03-04T09:08:07[.fraction](Z|±hh:mm|±hhmm)`, at the start of `bytes`.
    /// Also accepts a blank for the `T`, a comma for the point, and a missing zone (then `zoned` is false and the
    /// fields are taken as UTC). Fractions beyond milliseconds are cut off.
    public static func parseRFC3339(_ bytes: Bytes) -> (millis: Int64, length: Int, zoned: Bool)? {
        guard bytes.count >= 19, let base = bytes.baseAddress else { return nil }
        // Wrapped logs have one on every line: the digits are read first and judged together.
        let text = base.assumingMemoryBound(to: UInt8.self)
        var largest: UInt8 = 0
        func pair(_ at: Int) -> Int {
            let (high, low) = (text[at] &- 48, text[at &+ 1] &- 48)
            largest = max(largest, high, low)
            return Int(high) &* 10 &+ Int(low)
        }
        let (year, month, day) = (pair(0) &* 100 &+ pair(2), pair(5), pair(8))
        let (hour, minute, second) = (pair(11), pair(14), pair(17))
        guard largest <= 9, text[4] == 45, text[7] == 45, text[10] | 0x20 == 116 || text[10] == 32, text[13] == 58,
            text[16] == 58, isValid(year: year, month: month, day: day), hour < 24, minute < 60, second < 61
        else { return nil }
        let end = bytes.count
        var at = 19
        var milli = 0
        if at < end, text[at] == 46 || text[at] == 44 {
            at += 1
            let first = at
            while at < end, text[at] &- 48 <= 9 { at &+= 1 }
            guard at > first else { return nil }
            for place in first..<first + 3 { milli = milli &* 10 &+ (place < at ? Int(text[place] &- 48) : 0) }
        }
        func number(_ at: Int, _ digits: Int) -> Int? {
            guard at + digits <= end else { return nil }
            var value = 0
            for index in at..<at + digits {
                let digit = text[index] &- 48
                if digit > 9 { return nil }
                value = value * 10 + Int(digit)
            }
            return value
        }
        var offsetMinutes = 0
        var zoned = false
        if at < bytes.count, bytes[at] | 0x20 == 122 {
            zoned = true
            at += 1
        } else if at < bytes.count, bytes[at] == 43 || bytes[at] == 45, let hours = number(at + 1, 2) {
            let sign = bytes[at] == 45 ? -1 : 1
            if at + 3 < bytes.count, bytes[at + 3] == 58, let minutes = number(at + 4, 2) {
                offsetMinutes = sign * (hours * 60 + minutes)
                at += 6
                zoned = true
            } else if let minutes = number(at + 3, 2) {
                offsetMinutes = sign * (hours * 60 + minutes)
                at += 5
                zoned = true
            }
        }
        let local = millis(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, milli: milli)
        return (local - Int64(offsetMinutes) * 60_000, at, zoned)
    }

    /// An RFC 3339 time that fills all of `text`.
    public static func parseRFC3339(_ text: String) -> Int64? {
        withBytes(of: text) { bytes in
            guard let parsed = parseRFC3339(bytes), parsed.length == bytes.count else { return nil }
            return parsed.millis
        }
    }
}
