#if canImport(Glibc)
    import Glibc
#endif

/// One physical line of a stream.
public struct Line {
    /// The bytes without the line feed. A CR before it is kept: it means something in vLLM's logs.
    public let bytes: Bytes
    /// 1-based number.
    public let number: Int
    /// Offset (decompressed) of the first byte.
    public let offset: Int
    /// Whether a line feed ended it; false only for the last line of a stream.
    public let terminated: Bool
    /// Bytes left out because the line was longer than the limit.
    public let omitted: Int

    public init(bytes: Bytes, number: Int, offset: Int, terminated: Bool = true, omitted: Int = 0) {
        self.bytes = bytes
        self.number = number
        self.offset = offset
        self.terminated = terminated
        self.omitted = omitted
    }
}

/// Cuts a stream of buffers into lines, whatever the borders of the buffers.
///
/// Complete lines are passed on in place; only a line that crosses a border is copied. A line longer than `limit` keeps
/// its first `limit` bytes; the rest is counted in ``Line/omitted``. Memory: the limit. Time: one memchr pass.
public struct LineReader: ~Copyable {
    public private(set) var nextNumber: Int
    /// Offset of the first byte that is not yet part of a delivered line.
    public private(set) var nextOffset: Int
    public let limit: Int
    private var carry: [UInt8] = []
    private var carriedOmitted = 0

    /// - Parameters:
    ///   - number: number of the first line that will be delivered.
    ///   - offset: its offset in the stream.
    ///   - limit: longest line kept, in bytes.
    public init(number: Int = 1, offset: Int = 0, limit: Int = 1 << 20) {
        nextNumber = number
        nextOffset = offset
        self.limit = limit
    }

    /// Bytes that wait for the end of their line.
    public var pendingBytes: Int { carry.count + carriedOmitted }

    public mutating func feed(_ buffer: Bytes, _ body: (borrowing Line) throws -> Void) rethrows {
        var start = 0
        if !carry.isEmpty || carriedOmitted > 0 {
            guard let end = buffer.firstIndex(of: 10) else {
                keep(buffer)
                return
            }
            keep(buffer.slice(0, end))
            let length = carry.count + carriedOmitted
            try carry.withUnsafeBytes {
                try body(
                    Line(bytes: $0, number: nextNumber, offset: nextOffset, omitted: carriedOmitted))
            }
            advance(length + 1)
            carry.removeAll(keepingCapacity: carry.capacity <= 1 << 16)
            carriedOmitted = 0
            start = end + 1
        }
        guard let base = buffer.baseAddress else { return }
        while start < buffer.count, let found = memchr(base + start, 10, buffer.count &- start) {
            let end = UnsafeRawPointer(found) - base
            let length = end &- start
            let kept = min(length, limit)
            try body(
                Line(
                    bytes: Bytes(start: base + start, count: kept), number: nextNumber, offset: nextOffset,
                    omitted: length &- kept))
            advance(length &+ 1)
            start = end &+ 1
        }
        if start < buffer.count { keep(buffer.slice(start, buffer.count)) }
    }

    /// Delivers the last line when the stream didn't end with a line feed.
    public mutating func finish(_ body: (borrowing Line) throws -> Void) rethrows {
        guard !carry.isEmpty || carriedOmitted > 0 else { return }
        let length = carry.count + carriedOmitted
        try carry.withUnsafeBytes {
            try body(
                Line(
                    bytes: $0, number: nextNumber, offset: nextOffset, terminated: false, omitted: carriedOmitted))
        }
        advance(length)
        carry.removeAll()
        carriedOmitted = 0
    }

    private mutating func advance(_ length: Int) {
        nextNumber += 1
        nextOffset += length
    }

    private mutating func keep(_ bytes: Bytes) {
        let room = limit - carry.count
        if bytes.count <= room {
            carry.append(contentsOf: bytes)
        } else {
            if room > 0 { carry.append(contentsOf: bytes.slice(0, room)) }
            carriedOmitted += bytes.count - max(0, room)
        }
    }
}
