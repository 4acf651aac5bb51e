import TidemarkBase

/// Literals of Go as templates use them. Only whether they are well formed matters here, not their values.
enum TemplateLiteral {
    /// Whether the text between the quotes of a string or character constant holds no broken escape.
    static func isQuoted(_ raw: ArraySlice<UInt8>, quote: UInt8) -> Bool {
        let bytes = Array(raw)
        var at = 0
        var characters = 0
        while at < bytes.count {
            characters += bytes[at] & 0xC0 == 0x80 ? 0 : 1
            guard bytes[at] == 92 else {
                at += 1
                continue
            }
            guard at + 1 < bytes.count else { return false }
            let code = bytes[at + 1]
            at += 2
            switch code {
            case 97, 98, 102, 110, 114, 116, 118, 92, quote: continue
            case 120, 117, 85:
                let length = code == 120 ? 2 : code == 117 ? 4 : 8
                guard let value = digits(bytes, at, length, radix: 16) else { return false }
                guard length == 2 || Unicode.Scalar(value) != nil else { return false }
                at += length
            case 48...55:
                guard let value = digits(bytes, at - 1, 3, radix: 8), value < 256 else { return false }
                at += 2
            default: return false
            }
        }
        return quote == 34 || characters == 1
    }

    private static func digits(_ bytes: [UInt8], _ start: Int, _ count: Int, radix: UInt32) -> UInt32? {
        guard start + count <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[start..<(start + count)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix else { return nil }
            value = value &* radix &+ UInt32(digit)
        }
        return value
    }

    /// Whether the bytes are a number of Go that fits its type: `1`, `-0x1F`, `0b1`, `017`, `1_000`, `1.5e-3`, `0x1p3`,
    /// `2i`.
    static func isNumber(_ raw: ArraySlice<UInt8>) -> Bool {
        var bytes = raw
        if bytes.first == 43 || bytes.first == 45 { bytes.removeFirst() }
        let isImaginary = bytes.last == UInt8(ascii: "i")
        if isImaginary { bytes.removeLast() }
        var radix = 10
        if bytes.count > 1, bytes.first == 48 {
            switch bytes[bytes.startIndex + 1] | 0x20 {
            case UInt8(ascii: "x"): radix = 16
            case UInt8(ascii: "o"): radix = 8
            case UInt8(ascii: "b"): radix = 2
            default: break
            }
        }
        guard let digits = withoutUnderscores(radix == 10 ? bytes : bytes.dropFirst(2), afterPrefix: radix != 10) else {
            return false
        }
        let exponents: [UInt8] = radix == 16 ? [112, 80] : [101, 69]
        guard digits.contains(where: { $0 == 46 || exponents.contains($0) }) else {
            // A leading zero makes an octal number, except in front of an `i`.
            if radix == 10, digits.count > 1, digits.first == 48, !isImaginary { radix = 8 }
            return UInt64(String(decoding: digits, as: UTF8.self), radix: radix) != nil
                && digits.first != 43 && digits.first != 45
        }
        switch radix {
        case 10: return digits.withUnsafeBytes { Decimal.parse($0)?.isFinite ?? false }
        case 16: return Double("0x" + String(decoding: digits, as: UTF8.self))?.isFinite ?? false && hasExponent(digits)
        default: return false
        }
    }

    private static func hasExponent(_ digits: [UInt8]) -> Bool { digits.contains { $0 | 0x20 == 112 } }

    /// The digits without the underscores between them; nil when an underscore stands elsewhere.
    private static func withoutUnderscores(_ bytes: ArraySlice<UInt8>, afterPrefix: Bool) -> [UInt8]? {
        func isDigit(_ index: Int) -> Bool {
            bytes.indices.contains(index) && (bytes[index] &- 48 < 10 || (bytes[index] | 0x20) &- 97 < 6)
        }
        for index in bytes.indices where bytes[index] == 95 {
            let follows = isDigit(index - 1) || afterPrefix && index == bytes.startIndex
            guard follows, isDigit(index + 1) else { return nil }
        }
        return bytes.filter { $0 != 95 }
    }
}
