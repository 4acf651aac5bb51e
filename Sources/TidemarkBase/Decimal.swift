#if canImport(Glibc)
    import Glibc
#endif

/// Numbers out of bytes, without `String`.
public enum Decimal {
    @usableFromInline static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// Parses all of `bytes` as a decimal floating-point number: `[+-]digits[.digits][e[+-]digits]`.
    ///
    /// The result is the nearest double. Short numbers take Clinger's exact path (mantissa ≤ 2⁵³, |exponent| ≤ 22: one
    /// correctly rounded operation), numbers of up to 19 digits one division of integers; all others go through
    /// strtod(3). `nil` for anything else, also for `inf`, `nan` and hexadecimal; see ``parseAny(_:)``.
    public static func parse(_ bytes: Bytes) -> Double? {
        var index = 0
        let count = bytes.count
        guard count > 0 else { return nil }
        var negative = false
        if bytes[0] == 45 || bytes[0] == 43 {
            negative = bytes[0] == 45
            index = 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var significant = 0
        var exponent = 0
        while index < count {
            let digit = bytes[index] &- 48
            if digit > 9 { break }
            if significant < 19 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                if mantissa != 0 { significant += 1 }
            } else {
                exponent += 1
            }
            digits += 1
            index += 1
        }
        if index < count, bytes[index] == 46 {
            index += 1
            while index < count {
                let digit = bytes[index] &- 48
                if digit > 9 { break }
                if significant < 19 {
                    mantissa = mantissa &* 10 &+ UInt64(digit)
                    if mantissa != 0 { significant += 1 }
                    exponent -= 1
                }
                digits += 1
                index += 1
            }
        }
        guard digits > 0 else { return nil }
        if index < count, bytes[index] | 0x20 == 101 {
            index += 1
            var minus = false
            if index < count, bytes[index] == 45 || bytes[index] == 43 {
                minus = bytes[index] == 45
                index += 1
            }
            var value = 0
            let start = index
            while index < count {
                let digit = bytes[index] &- 48
                if digit > 9 { break }
                if value < 10_000 { value = value * 10 + Int(digit) }
                index += 1
            }
            guard index > start else { return nil }
            exponent += minus ? -value : value
        }
        guard index == count else { return nil }
        if mantissa == 0 { return negative ? -0.0 : 0.0 }
        if mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
            let exact = Double(mantissa)
            let result = powersOfTen.withUnsafeBufferPointer { powers in
                exponent < 0 ? exact / powers[-exponent] : exact * powers[exponent]
            }
            return negative ? -result : result
        }
        // Fewer than 19 significant digits were counted: none was left out, the mantissa is exact.
        if significant < 19, exponent < 0, exponent >= -19 {
            let result = quotient(mantissa, integerPowers[-exponent])
            return negative ? -result : result
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { copy in
            for at in 0..<count { copy[at] = CChar(bitPattern: bytes[at]) }
            copy[count] = 0
            return strtod(copy.baseAddress!, nil)
        }
    }

    /// 10⁰ to 10¹⁹.
    private static let integerPowers: [UInt64] = (0..<20).map { power in
        (0..<power).reduce(1) { value, _ in value * 10 }
    }

    /// The double nearest to `dividend / divisor`, both above zero.
    ///
    /// The quotient is made to have 63 or 64 bits; a remainder is kept as its lowest bit, far below the 53 that stay, so
    /// the conversion rounds as the exact value would. The scale is a power of two and the result is never subnormal.
    @inline(__always) private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
        let above = dividend.leadingZeroBitCount
        let below = divisor.leadingZeroBitCount
        let normal = dividend << UInt64(above)
        let (bits, rest) = (divisor << UInt64(below)).dividingFullWidth((normal >> 1, normal << 63))
        let scale = Double(bitPattern: UInt64(1023 - 63 + below - above) << 52)
        return Double(bits | (rest == 0 ? 0 : 1)) * scale
    }

    /// As ``parse(_:)``, and also `NaN`, `Inf`, `+Inf`, `-Inf`, `infinity` in any letter case.
    /// A NaN is the quiet NaN 0x7ff8000000000001 that Prometheus stores, never a stale marker.
    public static func parseAny(_ bytes: Bytes) -> Double? {
        if let value = parse(bytes) { return value }
        var rest = bytes
        var negative = false
        if let first = bytes.first, first == 43 || first == 45 {
            negative = first == 45
            rest = bytes.slice(1, bytes.count)
        }
        if equalsIgnoringCase(rest, "nan") { return Double(bitPattern: 0x7ff8_0000_0000_0001) }
        if equalsIgnoringCase(rest, "inf") || equalsIgnoringCase(rest, "infinity") {
            return negative ? -Double.infinity : Double.infinity
        }
        return nil
    }

    /// Parses all of `bytes` as a decimal integer with an optional sign; `nil` when empty, foreign or out of range.
    public static func parseInt(_ bytes: Bytes) -> Int? {
        var index = 0
        guard bytes.count > 0 else { return nil }
        var negative = false
        if bytes[0] == 45 || bytes[0] == 43 {
            negative = bytes[0] == 45
            index = 1
        }
        guard index < bytes.count else { return nil }
        var value = 0
        while index < bytes.count {
            let digit = bytes[index] &- 48
            if digit > 9 { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int(digit))
            if overflow || overflow2 { return nil }
            value = sum
            index += 1
        }
        return negative ? -value : value
    }

    static func equalsIgnoringCase(_ bytes: Bytes, _ lower: StaticString) -> Bool {
        guard bytes.count == lower.utf8CodeUnitCount else { return false }
        for at in 0..<bytes.count where bytes[at] | 0x20 != lower.utf8Start[at] { return false }
        return true
    }
}
