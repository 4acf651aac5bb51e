/// HMAC-SHA-256 (RFC 2104): a hash that nobody can compute who hasn't the key.
public struct HMAC: Sendable {
    private let inner: [UInt8]
    private let outer: [UInt8]

    public init(key: [UInt8]) {
        var block = key.count > 64 ? Self.digest(key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        inner = block.map { $0 ^ 0x36 }
        outer = block.map { $0 ^ 0x5C }
    }

    /// 64 hexadecimal digits.
    public func hex(_ text: String) -> String {
        let first = Self.digest(inner + Array(text.utf8))
        return (outer + first).withUnsafeBytes { SHA256.hex($0) }
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.withUnsafeBytes { SHA256.hex($0) }.utf8)
        func nibble(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { nibble(digits[$0]) << 4 | nibble(digits[$0 + 1]) }
    }
}
