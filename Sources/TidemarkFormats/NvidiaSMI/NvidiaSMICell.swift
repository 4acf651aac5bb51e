import TidemarkBase

/// Single values as nvidia-smi prints them.
enum NvidiaSMICell {
    enum Number: Equatable {
        case value(Double)
        /// Not supported: `[N/A]`, `N/A`, `[Not Supported]`, `-`, empty.
        case missing
        /// Another text in brackets, without them: `GPU is lost`.
        case error
        /// Neither: the line is no row.
        case foreign
    }

    /// Whether a trimmed cell stands for no value at all.
    static func isMissing(_ cell: Bytes) -> Bool {
        guard let first = cell.first else { return true }
        switch first {
        case 45: return cell.count == 1
        case 91: return cell.last == 93 && isMissingWord(cell.slice(1, cell.count - 1).trimmed)
        case 78, 110: return isMissingWord(cell)
        default: return false
        }
    }

    private static func isMissingWord(_ word: Bytes) -> Bool {
        switch word.count {
        case 3: return equalsIgnoringCase(word, "n/a")
        case 13: return equalsIgnoringCase(word, "not supported")
        default: return false
        }
    }

    /// Whether a trimmed cell is an error text in brackets.
    static func isError(_ cell: Bytes) -> Bool {
        cell.count > 2 && cell[0] == 91 && cell[cell.count - 1] == 93 && !isMissing(cell)
    }

    /// A number with or without its unit. The header is no evidence of units in the values (`nounits` strips these only).
    static func number(_ cell: Bytes) -> Number {
        guard let first = cell.first else { return .missing }
        if first &- 48 <= 9 || (first == 45 && cell.count > 1) {
            let blank = cell.firstIndex(of: 32) ?? cell.count
            if blank < cell.count {
                let unit = cell.slice(blank + 1, cell.count)
                let known =
                    unit.equals("MiB") || unit.equals("%") || unit.equals("W") || unit.equals("MHz")
                    || unit.equals("C") || unit.equals("MB")
                if !known { return .foreign }
            }
            return Decimal.parse(cell.slice(0, blank)).map { .value($0) } ?? .foreign
        }
        if isMissing(cell) { return .missing }
        return isError(cell) ? .error : .foreign
    }

    /// `0x0000000000000004`
    static func mask(_ cell: Bytes) -> UInt64? {
        guard cell.count > 2, cell.count <= 18, cell[0] == 48, cell[1] | 0x20 == 120 else { return nil }
        var value: UInt64 = 0
        for at in 2..<cell.count {
            let byte = cell[at]
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 65...70: value = value << 4 | UInt64(byte - 55)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }

    /// `2026/11/23 17:33:00.112` as if UTC, Unix ms. The fraction may be missing or of other length.
    static func wallMs(_ cell: Bytes) -> Int64? {
        guard cell.count >= 19, cell[4] == 47, cell[7] == 47, cell[10] == 32, cell[13] == 58, cell[16] == 58,
            let century = two(cell, 0), let years = two(cell, 2), let month = two(cell, 5), let day = two(cell, 8),
            let hour = two(cell, 11), let minute = two(cell, 14), let second = two(cell, 17),
            CivilTime.isValid(year: century * 100 + years, month: month, day: day), hour < 24, minute < 60, second < 61
        else { return nil }
        var milli = 0
        if cell.count > 19 {
            guard cell[19] == 46, cell.count > 20 else { return nil }
            var scale = 100
            for at in 20..<cell.count {
                let digit = cell[at] &- 48
                if digit > 9 { return nil }
                milli += Int(digit) * scale
                scale /= 10
            }
        }
        return CivilTime.millis(
            year: century * 100 + years, month: month, day: day, hour: hour, minute: minute, second: second,
            milli: milli)
    }

    /// A clock that a wrapper wrote: the tool's own form, ISO 8601 with or without a zone, or Unix seconds with or without a
    /// fraction, or milliseconds, or nanoseconds.
    static func wrapperClock(_ cell: Bytes) -> ClockReading? {
        if let wallMs = wallMs(cell) { return ClockReading(ms: wallMs, isUTC: false) }
        if cell.count >= 19, cell[4] == 45 {
            guard let time = CivilTime.parseRFC3339(cell), time.length == cell.count else { return nil }
            return ClockReading(ms: time.millis, isUTC: time.zoned)
        }
        guard cell.count >= 10, cell.count <= 20 else { return nil }
        // Of this century.
        let range: Range<Int64> = 946_684_800_000..<4_102_444_800_000
        if cell.count == 19, let nanos = Decimal.parseInt(cell), range.contains(Int64(nanos) / 1_000_000) {
            return ClockReading(ms: Int64(nanos) / 1_000_000, isUTC: true)
        }
        guard let timeMs = SecondsText.millis(cell) else { return nil }
        if range.contains(timeMs) { return ClockReading(ms: timeMs, isUTC: true) }
        return range.contains(timeMs / 1000) ? ClockReading(ms: timeMs / 1000, isUTC: true) : nil
    }

    /// `2026-03-04T09:08:07,123456789+01:00`
    static func commaClock(_ text: Bytes) -> ClockReading? {
        guard text.count >= 23, text.count <= 40, text[10] == 84, text[19] == 44, text[20] &- 48 < 10
        else { return nil }
        var copy = Array(text)
        copy[19] = 46
        return copy.withUnsafeBytes { wrapperClock($0) }
    }

    @inline(__always) private static func two(_ bytes: Bytes, _ at: Int) -> Int? {
        let high = bytes[at] &- 48
        let low = bytes[at + 1] &- 48
        return high <= 9 && low <= 9 ? Int(high) * 10 + Int(low) : nil
    }

    private static func equalsIgnoringCase(_ bytes: Bytes, _ lower: StaticString) -> Bool {
        guard bytes.count == lower.utf8CodeUnitCount else { return false }
        for at in 0..<bytes.count {
            let byte = bytes[at] &- 65 < 26 ? bytes[at] | 0x20 : bytes[at]
            if byte != lower.utf8Start[at] { return false }
        }
        return true
    }
}
