#if canImport(Glibc)
    import Glibc
#endif

/// Gives each distinct run of bytes a small number: 0, 1, 2 … in the order of first sight.
///
/// Open addressing over one arena; a hit allocates nothing and costs about 10 ns plus a memcmp. Memory is bounded by
/// `limit` entries: what comes later gets nil.
public struct ByteInterner: Sendable {
    private var arena: [UInt8] = []
    private var starts: [Int] = [0]
    private var hashes: [UInt64] = []
    private var slots: [Int32]
    public let limit: Int

    public init(limit: Int = .max) {
        self.limit = limit
        slots = Array(repeating: -1, count: 64)
    }

    public var count: Int { hashes.count }

    /// Number of `bytes`; nil when they are new and the limit is reached.
    @inline(__always)
    public mutating func intern(_ bytes: Bytes) -> Int? {
        let hash = Self.hash(bytes)
        return find(bytes, hash) ?? add(bytes, hash)
    }

    private func find(_ bytes: Bytes, _ hash: UInt64) -> Int? {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count &- 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 {
                let id = Int(slots[slot])
                if hashes[id] == hash, holds(id, bytes) { return id }
                slot = (slot &+ 1) & mask
            }
            return nil
        }
    }

    private mutating func add(_ bytes: Bytes, _ hash: UInt64) -> Int? {
        guard count < limit else { return nil }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        let id = count
        arena.append(contentsOf: bytes)
        starts.append(arena.count)
        hashes.append(hash)
        slots[slot] = Int32(id)
        if count * 2 > slots.count { grow() }
        return id
    }

    public func text(_ id: Int) -> String { String(decoding: arena[starts[id]..<starts[id + 1]], as: UTF8.self) }

    /// Runs `body` with a way to the bytes of entries, which stay valid while it runs.
    public func withEntries<R>(_ body: ((_ id: Int) -> Bytes) throws -> R) rethrows -> R {
        try arena.withUnsafeBytes { arena in try body { arena.slice(starts[$0], starts[$0 + 1]) } }
    }

    private func holds(_ id: Int, _ bytes: Bytes) -> Bool {
        let start = starts[id]
        guard starts[id + 1] - start == bytes.count else { return false }
        guard bytes.count > 0 else { return true }
        return arena.withUnsafeBytes { memcmp($0.baseAddress! + start, bytes.baseAddress!, bytes.count) == 0 }
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for (id, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(id)
        }
    }

    /// A 64-bit hash, eight bytes a step (multiply and fold, as in the wyhash family). Not for adversaries' keys in
    /// unbounded tables: bound the table instead.
    @inlinable public static func hash(_ bytes: Bytes) -> UInt64 {
        let count = bytes.count
        var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        if count >= 8, let base = bytes.baseAddress {
            var at = 0
            while at &+ 8 <= count {
                hash = fold(hash ^ base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            // The last eight bytes, some of them a second time.
            if at < count { hash = fold(hash ^ base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)) }
        } else if count > 0 {
            hash = fold(hash ^ bytes.reduce(0) { $0 << 8 | UInt64($1) })
        }
        return hash ^ hash >> 29
    }

    @inlinable @inline(__always) static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
