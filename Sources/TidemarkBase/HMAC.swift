/// HMAC-SHA-256 (RFC 2104): a hash that nobody can compute who hasn't the key.
public struct HMAC: Sendable {
    private let inner: [UInt8]
    private let outer: [UInt8]

    public init(key: [UInt8]) {
        var block = key.count > 64 ? key.withUnsafeBytes { SHA256.digest($0) } : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        inner = block.map { $0 ^ 0x36 }
        outer = block.map { $0 ^ 0x5C }
    }

    /// 64 hexadecimal digits.
    public func hex(_ text: String) -> String {
        let first = (inner + Array(text.utf8)).withUnsafeBytes { SHA256.digest($0) }
        return (outer + first).withUnsafeBytes { SHA256.hex($0) }
    }
}
