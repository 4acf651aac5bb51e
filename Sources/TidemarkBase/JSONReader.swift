/// A pull reader of JSON over bytes in memory (RFC 8259). The caller walks the document; nothing is built.
///
/// Strings come out as raw slices (``RawString``) and are decoded only on demand. Every mistake throws a
/// ``JSONError`` with the offset. Nesting is limited, so hostile input cannot overflow the stack.
public struct JSONReader {
    public struct JSONError: Error, Sendable {
        public let offset: Int
        public let expected: String

        public init(offset: Int, expected: String) {
            self.offset = offset
            self.expected = expected
        }
    }

    public enum Kind: Sendable { case object, array, string, number, literal, end }

    /// A string as it stands in the document, between its quotes.
    public struct RawString {
        public let bytes: Bytes
        /// Whether it holds a backslash, so that ``text`` differs from the bytes.
        public let escaped: Bool

        public init(bytes: Bytes, escaped: Bool) {
            self.bytes = bytes
            self.escaped = escaped
        }

        public func equals(_ literal: StaticString) -> Bool { !escaped && bytes.equals(literal) }

        public var text: String {
            guard escaped else { return bytes.text }
            var out: [UInt8] = []
            decode(into: &out)
            return String(decoding: out, as: UTF8.self)
        }

        /// Appends the decoded bytes. Lone surrogates become U+FFFD.
        public func decode(into out: inout [UInt8]) {
            guard escaped else {
                out.append(contentsOf: bytes)
                return
            }
            var at = 0
            while at < bytes.count {
                guard let backslash = bytes.firstIndex(of: 92, from: at) else {
                    out.append(contentsOf: bytes.slice(at, bytes.count))
                    return
                }
                out.append(contentsOf: bytes.slice(at, backslash))
                guard backslash + 1 < bytes.count else { return }
                at = backslash + 2
                switch bytes[backslash + 1] {
                case 110: out.append(10)
                case 116: out.append(9)
                case 114: out.append(13)
                case 98: out.append(8)
                case 102: out.append(12)
                case 117:
                    var scalar = Self.hex4(bytes, at) ?? 0xFFFD
                    at = min(at + 4, bytes.count)
                    if scalar >> 10 == 0x36, bytes.has("\\u", at: at), let low = Self.hex4(bytes, at + 2),
                        low >> 10 == 0x37
                    {
                        scalar = 0x10000 + (scalar & 0x3FF) << 10 + low & 0x3FF
                        at += 6
                    }
                    let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
                    out.append(contentsOf: UTF8.encode(character)!)
                case let other: out.append(other)
                }
            }
        }

        private static func hex4(_ bytes: Bytes, _ at: Int) -> UInt32? {
            guard at + 4 <= bytes.count else { return nil }
            var value: UInt32 = 0
            for index in at..<at + 4 {
                switch bytes[index] {
                case 48...57: value = value << 4 | UInt32(bytes[index] - 48)
                case 65...70: value = value << 4 | UInt32(bytes[index] - 55)
                case 97...102: value = value << 4 | UInt32(bytes[index] - 87)
                default: return nil
                }
            }
            return value
        }
    }

    public let bytes: Bytes
    public private(set) var offset: Int
    private var depth = 0
    static let deepest = 256

    public init(_ bytes: Bytes, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// The kind of the next value, after white space. Consumes only white space.
    public mutating func peek() throws -> Kind {
        skipSpace()
        guard offset < bytes.count else { return .end }
        switch bytes[offset] {
        case 123: return .object
        case 91: return .array
        case 34: return .string
        case 45, 48...57: return .number
        case 116, 102, 110: return .literal
        default: throw JSONError(offset: offset, expected: "a JSON value")
        }
    }

    /// Walks an object: `member` gets each key and must consume its value (``skip()`` does).
    public mutating func object(_ member: (RawString, inout JSONReader) throws -> Void) throws {
        try open(123, "an object")
        if try closes(125) { return }
        while true {
            let key = try string()
            try expect(58, "':' after a key")
            try member(key, &self)
            if try closes(125) { return }
            try expect(44, "',' or '}'")
        }
    }

    /// Walks an array: `element` must consume one value a call.
    public mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try open(91, "an array")
        if try closes(93) { return }
        while true {
            try element(&self)
            if try closes(93) { return }
            try expect(44, "',' or ']'")
        }
    }

    public mutating func string() throws -> RawString {
        try expect(34, "a string")
        let start = offset
        var escaped = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == 34 {
                let raw = bytes.slice(start, offset)
                offset += 1
                return RawString(bytes: raw, escaped: escaped)
            }
            if byte == 92 {
                escaped = true
                offset += 1
            }
            offset += 1
        }
        throw JSONError(offset: start, expected: "the end of a string")
    }

    /// The bytes of a number, not converted.
    public mutating func numberBytes() throws -> Bytes {
        skipSpace()
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case 48...57, 43, 45, 46, 101, 69: offset += 1
            default:
                guard offset > start else { throw JSONError(offset: offset, expected: "a number") }
                return bytes.slice(start, offset)
            }
        }
        guard offset > start else { throw JSONError(offset: offset, expected: "a number") }
        return bytes.slice(start, offset)
    }

    public mutating func number() throws -> Double {
        let at = offset
        guard let value = Decimal.parse(try numberBytes()) else { throw JSONError(offset: at, expected: "a number") }
        return value
    }

    /// `true`, `false`, or nil for `null`.
    public mutating func literal() throws -> Bool? {
        skipSpace()
        if bytes.has("true", at: offset) {
            offset += 4
            return true
        }
        if bytes.has("false", at: offset) {
            offset += 5
            return false
        }
        if bytes.has("null", at: offset) {
            offset += 4
            return nil
        }
        throw JSONError(offset: offset, expected: "true, false or null")
    }

    /// Goes on at `offset`, which must be behind a value that the caller has read by itself.
    public mutating func move(to offset: Int) { self.offset = min(max(offset, self.offset), bytes.count) }

    /// Steps over the next value, whatever it is.
    public mutating func skip() throws {
        switch try peek() {
        case .object: try object { _, reader in try reader.skip() }
        case .array: try array { try $0.skip() }
        case .string: _ = try string()
        case .number: _ = try numberBytes()
        case .literal: _ = try literal()
        case .end: throw JSONError(offset: offset, expected: "a value")
        }
    }

    /// The text of a string or number or literal; nil for null. Objects and arrays are skipped and give nil.
    public mutating func scalarText() throws -> String? {
        switch try peek() {
        case .string: return try string().text
        case .number: return try numberBytes().text
        case .literal: return try literal().map { $0 ? "true" : "false" }
        default:
            try skip()
            return nil
        }
    }

    private mutating func open(_ byte: UInt8, _ what: String) throws {
        try expect(byte, what)
        depth += 1
        guard depth <= Self.deepest else { throw JSONError(offset: offset, expected: "less than 256 levels") }
    }

    private mutating func closes(_ byte: UInt8) throws -> Bool {
        skipSpace()
        guard offset < bytes.count else { throw JSONError(offset: offset, expected: "more input") }
        guard bytes[offset] == byte else { return false }
        offset += 1
        depth -= 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { throw JSONError(offset: offset, expected: what) }
        offset += 1
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 32, 10, 13, 9: offset += 1
            default: return
            }
        }
    }
}
