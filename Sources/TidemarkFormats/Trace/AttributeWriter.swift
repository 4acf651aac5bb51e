import TidemarkBase

/// Writes attributes as one JSON object, without what must not be stored.
struct AttributeWriter {
    /// Longest text kept of one value, in bytes, and of all attributes of a span.
    static let valueLimit = 1024
    static let objectLimit = 16 << 10

    private(set) var out: [UInt8] = []
    private var scratch: [UInt8] = []
    private var start = 0
    let keepsContent: Bool

    init(keepsContent: Bool) { self.keepsContent = keepsContent }

    mutating func removeAll() { out.removeAll(keepingCapacity: true) }

    mutating func append(_ text: StaticString) {
        out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// JSON that another writer made.
    mutating func append(json: [UInt8]) { out.append(contentsOf: json) }

    mutating func append(_ number: Int64) { out.append(contentsOf: String(number).utf8) }

    mutating func append(hex value: UInt64, digits: Int = 16) {
        for shift in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(value >> UInt64(shift) & 15)
            out.append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }

    mutating func begin() {
        start = out.count
        out.append(123)
    }

    mutating func end() { out.append(125) }

    /// A member of the object that was begun.
    /// - Parameter document: what a nested value's offset refers to.
    mutating func member(
        _ name: JSONReader.RawString, _ value: AttributeValue, _ judged: AttributeClass, in document: Bytes
    )
        throws
    {
        guard out.count - start < Self.objectLimit else { return }
        if out.count > start + 1 { out.append(44) }
        string(name, limit: 256)
        out.append(58)
        switch judged {
        case .secret where !value.isHarmless: append("\"***\"")
        case .content where !keepsContent && !value.isHarmless:
            append("\"(")
            append(Int64(value.length(in: document)))
            append(" bytes not stored)\"")
        case .url: url(value)
        default: try self.value(value, in: document)
        }
    }

    private mutating func value(_ value: AttributeValue, in document: Bytes) throws {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let bytes):
            // Digits that JSON doesn't have, a leading plus or zero, become text.
            if Self.isNumber(bytes) {
                out.append(contentsOf: bytes)
            } else {
                string(JSONReader.RawString(bytes: bytes, escaped: false))
            }
        case .string(let text):
            if AttributePolicy.looksSecret(text.bytes) { append("\"***\"") } else { string(text) }
        case .nested(let offset, let isTyped):
            var reader = JSONReader(document, from: offset)
            try nested(&reader, isTyped: isTyped, in: document, depth: 0)
        }
    }

    private static func isNumber(_ bytes: Bytes) -> Bool {
        var at = bytes.count > 0 && bytes[0] == 45 ? 1 : 0
        guard at < bytes.count, bytes[at] &- 48 <= 9, Decimal.parse(bytes) != nil else { return false }
        if bytes[at] == 48, at + 1 < bytes.count, bytes[at + 1] &- 48 <= 9 { return false }
        at = bytes.count - 1
        return bytes[at] &- 48 <= 9 && bytes.range(of: ".e") == nil && bytes.range(of: ".E") == nil
    }

    /// An array or object, of OTLP's typed values or plain.
    private mutating func nested(_ reader: inout JSONReader, isTyped: Bool, in document: Bytes, depth: Int) throws {
        guard depth < 16, out.count - start < Self.objectLimit else {
            try reader.skip()
            return append("\"…\"")
        }
        guard isTyped else {
            switch try reader.peek() {
            case .array:
                var isFirst = true
                out.append(91)
                try reader.array { reader in
                    separate(&isFirst)
                    try nested(&reader, isTyped: false, in: document, depth: depth + 1)
                }
                out.append(93)
            case .object:
                var isFirst = true
                out.append(123)
                try reader.object { key, reader in
                    separate(&isFirst)
                    string(key, limit: 256)
                    out.append(58)
                    if try masks(key, &reader) { return }
                    try nested(&reader, isTyped: false, in: document, depth: depth + 1)
                }
                out.append(125)
            default: try value(try AttributeValue.plain(&reader), in: document)
            }
            return
        }
        // ArrayValue {values: [value]} or KeyValueList {values: [{key, value}]}: told apart by their elements.
        var done = false
        try reader.object { key, reader in
            guard key.equals("values") || key.equals("Values"), try reader.peek() == .array, !done else {
                return try reader.skip()
            }
            done = true
            try list(&reader, in: document, depth: depth)
        }
        if !done { append("[]") }
    }

    private mutating func list(_ reader: inout JSONReader, in document: Bytes, depth: Int) throws {
        let opening = out.count
        out.append(91)
        var isFirst = true
        var isObject = false
        try reader.array { reader in
            guard try reader.peek() == .object else {
                let plain = try AttributeValue.plain(&reader)
                guard !isObject else { return }
                separate(&isFirst)
                return try self.value(plain, in: document)
            }
            var probe = reader
            var name: JSONReader.RawString?
            var valueOffset: Int?
            try probe.object { key, probe in
                if key.equals("key"), try probe.peek() == .string {
                    name = try probe.string()
                } else {
                    if key.equals("value") { valueOffset = try probe.peek() == .end ? nil : probe.offset }
                    try probe.skip()
                }
            }
            // The first element decides what they all are.
            if isFirst { isObject = name != nil }
            guard isObject == (name != nil) else { return reader.move(to: probe.offset) }
            separate(&isFirst)
            if let name {
                string(name, limit: 256)
                out.append(58)
                var inner = JSONReader(document, from: valueOffset ?? reader.offset)
                if valueOffset == nil {
                    append("null")
                } else if try !masks(name, &inner) {
                    try element(&inner, in: document, depth: depth + 1)
                }
            } else {
                var inner = reader
                try element(&inner, in: document, depth: depth + 1)
            }
            reader.move(to: probe.offset)
        }
        if isObject { out[opening] = 123 }
        out.append(isObject ? 125 : 93)
    }

    private mutating func element(_ reader: inout JSONReader, in document: Bytes, depth: Int) throws {
        switch try AttributeValue.typed(&reader) {
        case .nested(let offset, let isTyped):
            var inner = JSONReader(document, from: offset)
            try nested(&inner, isTyped: isTyped, in: document, depth: depth)
        case let scalar: try value(scalar, in: document)
        }
    }

    /// Whether a key inside a nested value forbids its value, which is then written as masked and stepped over.
    private mutating func masks(_ key: JSONReader.RawString, _ reader: inout JSONReader) throws -> Bool {
        switch AttributePolicy.judge(key.bytes) {
        case .secret: append("\"***\"")
        case .content where !keepsContent: append("\"(not stored)\"")
        default: return false
        }
        try reader.skip()
        return true
    }

    private mutating func separate(_ isFirst: inout Bool) {
        if !isFirst { out.append(44) }
        isFirst = false
    }

    /// A URL without its user and query.
    private mutating func url(_ value: AttributeValue) {
        value.text(into: &scratch, limit: Self.valueLimit)
        if let query = scratch.firstIndex(of: 63) {
            scratch.removeSubrange(query...)
            scratch.append(contentsOf: "?…".utf8)
        }
        let text = scratch
        text.withUnsafeBytes { bytes in
            out.append(34)
            if let scheme = bytes.range(of: "://"),
                let user = bytes.slice(0, bytes.firstIndex(of: 47, from: scheme + 3) ?? bytes.count)
                    .lastIndex(of: 64), user > scheme
            {
                escape(bytes.slice(0, scheme + 3))
                append("***")
                escape(bytes.slice(user, bytes.count))
            } else {
                escape(bytes)
            }
            out.append(34)
        }
    }

    /// A string in quotes, cut at `limit` bytes.
    mutating func string(_ text: JSONReader.RawString, limit: Int = Self.valueLimit) {
        let bytes: Bytes = text.bytes
        out.append(34)
        if text.escaped {
            scratch.removeAll(keepingCapacity: true)
            // Escapes are at most six times as long as what they stand for.
            let part = bytes.count > limit * 6 ? bytes.slice(0, limit * 6) : bytes
            JSONReader.RawString(bytes: part, escaped: true).decode(into: &scratch)
            let decoded = scratch
            decoded.withUnsafeBytes { escape($0, limit: limit) }
        } else {
            escape(bytes, limit: limit)
        }
        out.append(34)
    }

    private mutating func escape(_ bytes: Bytes, limit: Int = Self.valueLimit) {
        var end = bytes.count
        if end > limit {
            end = limit
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        for byte in bytes.slice(0, end) {
            switch byte {
            case 34: append("\\\"")
            case 92: append("\\\\")
            case 10: append("\\n")
            case 13: append("\\r")
            case 9: append("\\t")
            case 0..<32, 127:
                append("\\u00")
                append(hex: UInt64(byte), digits: 2)
            default: out.append(byte)
            }
        }
        if end < bytes.count { append("…") }
    }
}

extension AttributeValue {
    /// Numbers, flags and nothing can hold neither a secret nor a text.
    fileprivate var isHarmless: Bool {
        switch self {
        case .null, .bool, .number: true
        default: false
        }
    }

    fileprivate func length(in document: Bytes) -> Int {
        switch self {
        case .string(let text): return text.bytes.count
        case .nested(let offset, _):
            var reader = JSONReader(document, from: offset)
            guard (try? reader.skip()) != nil else { return 0 }
            return reader.offset - offset
        default: return 0
        }
    }
}
