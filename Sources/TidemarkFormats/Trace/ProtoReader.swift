import TidemarkBase

/// Reads the fields of one protobuf message, without a schema.
struct ProtoReader {
    enum Value {
        case number(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(Bytes)
    }

    struct Malformed: Error { let offset: Int }

    private let bytes: Bytes
    private var at = 0

    init(_ bytes: Bytes) { self.bytes = bytes }

    /// The next field with its number; nil at the end.
    mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
        guard at < bytes.count else { return nil }
        let key = try varint()
        let field = Int(truncatingIfNeeded: key >> 3)
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, .fixed64(try little(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(bytes.count - at) else { throw Malformed(offset: at) }
            let start = at
            at += Int(length)
            return (field, .bytes(bytes.slice(start, at)))
        case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try little(4))))
        default: throw Malformed(offset: at)
        }
    }

    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < bytes.count else { break }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
        }
        throw Malformed(offset: at)
    }

    private mutating func little(_ count: Int) throws(Malformed) -> UInt64 {
        guard bytes.count - at >= count else { throw Malformed(offset: at) }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[at + index]) << UInt64(8 * index) }
        at += count
        return value
    }
}
