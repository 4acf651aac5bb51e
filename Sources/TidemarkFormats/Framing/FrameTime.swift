import TidemarkBase
import TidemarkEvidence

/// Times as shippers and exports write them.
struct FrameTime {
    /// Unix ms; when ``zoneless``, the reading of a clock of unknown zone as if UTC.
    var millis: Int64
    var zoneless = false

    /// RFC 3339 with or without zone, a count since 1970 in digits, Kibana's `Aug 22, 2026 @ 05:14:15.123`, Azure's
    /// `8/22/2026, 5:14:15.123 AM`.
    init?(text: Bytes) {
        guard let first = text.first, text.count <= 48 else { return nil }
        if let time = CivilTime.parseRFC3339(text), time.length == text.count {
            (millis, zoneless) = (time.millis, !time.zoned)
        } else if let time = CivilTime.parseRFC3339(text), !time.zoned, text.count == time.length + 4,
            text.has(" UTC", at: time.length) || text.has(" GMT", at: time.length)
        {
            millis = time.millis
        } else if first &- 48 <= 9, let number = FrameTime(number: text) {
            self = number
        } else if let named = Self.kibana(text) ?? Self.azure(text) {
            (millis, zoneless) = (named, true)
        } else {
            return nil
        }
    }

    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, by magnitude; a fraction is allowed.
    init?(number: Bytes) {
        let point = number.firstIndex(of: 46) ?? number.count
        guard point <= 20, let whole = Decimal.parseInt(number.slice(0, point)), whole >= 100_000_000 else {
            // An exponent: a float that a library printed.
            guard let value = Decimal.parse(number), value >= 1e8, value < 1e11 else { return nil }
            millis = Int64((value * 1000).rounded())
            return
        }
        switch whole {
        case ..<100_000_000_000:
            guard let seconds = SecondsText.millis(number) else { return nil }
            millis = seconds
        case ..<100_000_000_000_000: millis = Int64(whole)
        case ..<100_000_000_000_000_000: millis = Int64(whole / 1000)
        default: millis = Int64(whole / 1_000_000)
        }
    }

    /// `Aug 22, 2026 @ 05:14:15.123`.
    private static func kibana(_ text: Bytes) -> Int64? {
        guard text.count > 20, let month = ClockLine.month(text.slice(0, 3)), text[3] == 32 else { return nil }
        var scan = FieldScanner(text, from: 4)
        guard let day = digits(&scan), scan.skip(", "), let year = digits(&scan), scan.skip(" @ "),
            let inDay = clock(&scan), scan.atEnd, CivilTime.isValid(year: year, month: month, day: day)
        else { return nil }
        return CivilTime.millis(year: year, month: month, day: day) + inDay
    }

    /// `8/22/2026, 5:14:15.123 AM`, of OpenSearch without the comma and in small letters.
    private static func azure(_ text: Bytes) -> Int64? {
        var scan = FieldScanner(text)
        guard let month = digits(&scan), scan.skip("/"), let day = digits(&scan), scan.skip("/"),
            let year = digits(&scan), scan.skip(", ") || scan.skip(" "), var inDay = clock(&scan),
            CivilTime.isValid(year: year, month: month, day: day)
        else { return nil }
        let hour = inDay / 3_600_000
        if scan.skip(" AM") || scan.skip(" am") {
            if hour == 12 { inDay -= 43_200_000 }
        } else if scan.skip(" PM") || scan.skip(" pm"), hour < 12 {
            inDay += 43_200_000
        }
        guard scan.atEnd else { return nil }
        return CivilTime.millis(year: year, month: month, day: day) + inDay
    }

    /// Up to four digits.
    private static func digits(_ scan: inout FieldScanner) -> Int? {
        var value = 0
        let start = scan.at
        while !scan.atEnd, scan.bytes[scan.at] &- 48 <= 9, scan.at - start < 4 {
            value = value * 10 + Int(scan.bytes[scan.at] &- 48)
            scan.at += 1
        }
        return scan.at > start ? value : nil
    }

    /// `05:14:15[.123]` in milliseconds of the day.
    private static func clock(_ scan: inout FieldScanner) -> Int64? {
        guard let hour = digits(&scan), scan.skip(":"), let minute = digits(&scan), scan.skip(":"),
            let second = digits(&scan), hour < 24, minute < 60, second < 61
        else { return nil }
        var milli: Int64 = 0
        if scan.skip(".") {
            var scale: Int64 = 100
            while !scan.atEnd, scan.bytes[scan.at] &- 48 <= 9 {
                milli += Int64(scan.bytes[scan.at] &- 48) * scale
                scale /= 10
                scan.at += 1
            }
        }
        return Int64(hour * 3_600_000 + minute * 60_000 + second * 1000) + milli
    }
}
