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

    /// Whether the bytes are a number: `1`, `-0x1F`, `0b1`, `0o7`, `1_000`, `1.5e-3`, `.5`, `2i`.
    static func isNumber(_ raw: ArraySlice<UInt8>) -> Bool {
        var bytes = Array(raw)
        if bytes.first == 43 || bytes.first == 45 { bytes.removeFirst() }
        if bytes.last == UInt8(ascii: "i") { bytes.removeLast() }
        var isDigit: (UInt8) -> Bool = { $0 &- 48 < 10 }
        var exponent: UInt8 = 101
        var allowsFraction = true
        if bytes.count > 1, bytes[0] == 48 {
            switch bytes[1] | 0x20 {
            case 120:
                isDigit = { $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 6 }
                exponent = 112
                bytes.removeFirst(2)
            case 111:
                isDigit = { $0 &- 48 < 8 }
                allowsFraction = false
                bytes.removeFirst(2)
            case 98:
                isDigit = { $0 &- 48 < 2 }
                allowsFraction = false
                bytes.removeFirst(2)
            default: break
            }
        }
        var at = 0
        var digits = 0
        func skipDigits() {
            while at < bytes.count, isDigit(bytes[at]) || bytes[at] == 95 {
                if bytes[at] != 95 { digits += 1 }
                at += 1
            }
        }
        skipDigits()
        if allowsFraction, at < bytes.count, bytes[at] == 46 {
            at += 1
            skipDigits()
        }
        guard digits > 0 else { return false }
        if allowsFraction, at < bytes.count, bytes[at] | 0x20 == exponent {
            at += 1
            if at < bytes.count, bytes[at] == 43 || bytes[at] == 45 { at += 1 }
            let start = at
            isDigit = { $0 &- 48 < 10 }
            skipDigits()
            guard at > start else { return false }
        }
        return at == bytes.count
    }
}
