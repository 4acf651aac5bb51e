#if canImport(Glibc)
    import Glibc
#endif

/// A borrowed run of bytes. It is valid only as long as the buffer it points into: never store one.
public typealias Bytes = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    /// The run `[from, to)` of these bytes.
    @inlinable @inline(__always) public func slice(_ from: Int, _ to: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[from..<to])
    }

    /// Index of the first `byte` at or after `start`, by memchr(3).
    @inlinable @inline(__always) public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count, let base = baseAddress,
            let hit = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(hit) - base
    }

    /// Whether `literal` (ASCII) stands at `index`.
    @inlinable @inline(__always) public func has(_ literal: StaticString, at index: Int = 0) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard index >= 0, index + length <= count, let base = baseAddress else { return false }
        return memcmp(base + index, literal.utf8Start, length) == 0
    }

    /// Index of the first occurrence of `literal` (ASCII) at or after `start`. Linear for ordinary text.
    @inlinable public func range(of literal: StaticString, from start: Int = 0) -> Int? {
        let length = literal.utf8CodeUnitCount
        guard length > 0, let base = baseAddress else { return nil }
        let first = literal.utf8Start[0]
        var at = start
        while at + length <= count {
            guard let hit = memchr(base + at, Int32(first), count - length - at + 1) else { return nil }
            at = UnsafeRawPointer(hit) - base
            if memcmp(hit, literal.utf8Start, length) == 0 { return at }
            at += 1
        }
        return nil
    }

    /// As ``range(of:from:)``, for a literal whose byte `rarest` is rare in the text that is searched: only that one is
    /// looked for.
    @inlinable public func range(of literal: StaticString, rarest: Int, from start: Int) -> Int? {
        let length = literal.utf8CodeUnitCount
        guard let base = baseAddress else { return nil }
        let byte = Int32(literal.utf8Start[rarest])
        var at = start + rarest
        while at + length - rarest <= count {
            guard let hit = memchr(base + at, byte, count - (length - rarest) - at + 1) else { return nil }
            at = UnsafeRawPointer(hit) - base
            if memcmp(base + (at - rarest), literal.utf8Start, length) == 0 { return at - rarest }
            at += 1
        }
        return nil
    }

    @inlinable @inline(__always) public func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && has(literal)
    }

    /// Without leading and trailing blanks, tabs, CR.
    @inlinable public var trimmed: UnsafeRawBufferPointer {
        var low = 0
        var high = count
        while low < high, self[low] == 32 || self[low] == 9 || self[low] == 13 { low += 1 }
        while high > low, self[high - 1] == 32 || self[high - 1] == 9 || self[high - 1] == 13 { high -= 1 }
        return slice(low, high)
    }

    /// Whether every byte is ASCII and none is NUL.
    public var isPlainASCII: Bool {
        guard count >= 8, let base = baseAddress else { return allSatisfy { $0 &- 1 < 127 } }
        // The classic test for a zero byte, exact when no high bit is set.
        func isPlain(_ at: Int) -> Bool {
            let word = base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            return (word | (word &- 0x0101_0101_0101_0101)) & 0x8080_8080_8080_8080 == 0
        }
        var at = 0
        while at &+ 8 <= count {
            guard isPlain(at) else { return false }
            at &+= 8
        }
        // The last eight bytes, some of them a second time.
        return isPlain(count &- 8)
    }

    /// The text; invalid UTF-8 is replaced by U+FFFD. Allocates: not for hot paths.
    public var text: String { String(decoding: self, as: UTF8.self) }

    /// At most `limit` bytes of the text, cut at a character border.
    public func text(limit: Int) -> String {
        guard count > limit else { return text }
        var end = limit
        while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
        return slice(0, end).text
    }
}

/// Runs `body` on the UTF-8 bytes of `text`.
public func withBytes<R>(of text: String, _ body: (Bytes) throws -> R) rethrows -> R {
    var text = text
    return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
}
