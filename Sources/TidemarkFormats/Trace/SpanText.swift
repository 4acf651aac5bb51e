import TidemarkBase
import TidemarkEvidence

/// Ids and times as trace formats write them.
enum SpanText {
    // MARK: Ids

    /// A trace's id: up to 32 hexadecimal digits of either case, `0x` before them or not, leading zeros dropped or not;
    /// or 16 bytes in base64. nil when it is neither.
    static func traceID(_ bytes: Bytes) -> TraceID? {
        let text = withoutPrefix(bytes)
        if text.count <= 32, text.count > 0, let high = hex(text.slice(0, max(0, text.count - 16))),
            let low = hex(text.slice(max(0, text.count - 16), text.count))
        {
            return TraceID(high: high, low: low)
        }
        guard let words = base64(bytes), words.count == 16 else { return nil }
        return TraceID(high: words.high, low: words.low)
    }

    /// A span's id, likewise: up to 16 digits, or 8 bytes in base64.
    static func spanID(_ bytes: Bytes) -> UInt64? {
        let text = withoutPrefix(bytes)
        if text.count <= 16, text.count > 0, let id = hex(text) { return id }
        guard let words = base64(bytes), words.count == 8 else { return nil }
        return words.low
    }

    private static func withoutPrefix(_ bytes: Bytes) -> Bytes {
        bytes.has("0x") ? bytes.slice(2, bytes.count) : bytes
    }

    /// Up to 16 digits; none are 0.
    private static func hex(_ bytes: Bytes) -> UInt64? {
        var value: UInt64 = 0
        for byte in bytes {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 65...70: value = value << 4 | UInt64(byte - 55)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }

    /// 8 or 16 bytes of base64, padded or not, in the usual alphabet or that of URLs.
    private static func base64(_ bytes: Bytes) -> (high: UInt64, low: UInt64, count: Int)? {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 61, bytes.count - end < 2 { end -= 1 }
        let count = end == 11 ? 8 : end == 22 ? 16 : 0
        guard count > 0 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        var pending: UInt32 = 0
        var bits = 0
        var done = 0
        for at in 0..<end {
            let six: UInt8
            switch bytes[at] {
            case 65...90: six = bytes[at] - 65
            case 97...122: six = bytes[at] - 71
            case 48...57: six = bytes[at] + 4
            case 43, 45: six = 62
            case 47, 95: six = 63
            default: return nil
            }
            pending = pending << 6 | UInt32(six)
            bits += 6
            guard bits >= 8, done < count else { continue }
            bits -= 8
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(pending >> UInt32(bits) & 0xFF)
            done += 1
        }
        return (high, low, count)
    }

    // MARK: Times

    /// Nanoseconds of all of `bytes`, a decimal number of units of `unit` nanoseconds (1, 1,000 or 1,000,000). Digits
    /// convert exactly, what is below a nanosecond is cut off; an exponent goes through Double. nil for anything else,
    /// for less than zero and for what doesn't fit.
    static func nanoseconds(_ bytes: Bytes, unit: Int64) -> Int64? {
        var at = 0
        var value: Int64 = 0
        while at < bytes.count, bytes[at] &- 48 <= 9 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = tens.addingReportingOverflow(Int64(bytes[at] &- 48))
            guard !overflow, !overflow2 else { return nil }
            value = sum
            at += 1
        }
        guard at > 0 else { return nil }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        if at == bytes.count { return scaled }
        if bytes[at] == 46 {
            var digit = at + 1
            var weight = unit
            var fraction: Int64 = 0
            while digit < bytes.count, bytes[digit] &- 48 <= 9 {
                weight /= 10
                fraction += weight * Int64(bytes[digit] &- 48)
                digit += 1
            }
            if digit == bytes.count {
                let (sum, overflow) = scaled.addingReportingOverflow(fraction)
                return overflow ? nil : sum
            }
        }
        guard let number = Decimal.parse(bytes) else { return nil }
        let scaledNumber = (number * Double(unit)).rounded()
        return scaledNumber >= 0 && scaledNumber < 9.2e18 ? Int64(scaledNumber) : nil
    }

    /// Unix nanoseconds of a time of RFC 3339 that fills all of `bytes`; without a zone it is UTC.
    static func timestamp(_ bytes: Bytes) -> Int64? {
        guard let parsed = CivilTime.parseRFC3339(bytes), parsed.length == bytes.count else { return nil }
        var nanos: Int64 = 0
        if bytes.count > 20, bytes[19] == 46 || bytes[19] == 44 {
            var weight: Int64 = 100_000_000
            var at = 20
            while at < bytes.count, bytes[at] &- 48 <= 9 {
                nanos += weight * Int64(bytes[at] &- 48)
                weight /= 10
                at += 1
            }
        }
        let seconds = CivilTime.floorDivide(parsed.millis, 1000)
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = whole.addingReportingOverflow(nanos)
        return overflow || overflow2 ? nil : sum
    }

    // MARK: Names

    /// Kind of a span by its name or number: `2`, `SERVER`, `SPAN_KIND_SERVER`, `SpanKind.SERVER`, `server`.
    static func kind(_ bytes: Bytes) -> SpanKind? {
        switch bytes.count > 0 ? bytes[bytes.count - 1] : 0 {
        case 49...53 where bytes.count == 1: return SpanKind.allCases[Int(bytes[0]) - 49]
        default: break
        }
        let word = lastWord(bytes)
        return SpanKind.allCases.first { $0.rawValue == word }
    }

    /// `2`, `ERROR`, `STATUS_CODE_ERROR`, `StatusCode.ERROR`; nil for unset.
    static func status(_ bytes: Bytes) -> SpanStatus? {
        switch lastWord(bytes) {
        case "1", "ok": .ok
        case "2", "error": .error
        default: nil
        }
    }

    private static func lastWord(_ bytes: Bytes) -> String {
        var start = bytes.count
        while start > 0, bytes[start - 1] != 46, bytes[start - 1] != 95 { start -= 1 }
        guard bytes.count - start <= 15 else { return "" }
        return bytes.slice(start, bytes.count).text.lowercased()
    }
}
