#if canImport(Glibc)
    import Glibc
#endif
import Synchronization
import TidemarkBase
import TidemarkEvidence

/// Access lines on their way from the parser to the lane that rolls them up: filled by one thread, then read by the other.
final class AccessBatch: LaneBatch, @unchecked Sendable {
    private static let capacity = 4096
    /// Of texts. A line has at most ``mostText`` bytes.
    private static let textCapacity = 512 << 10
    private static let mostText = 12 << 10

    /// A part of a line's text.
    private struct Part {
        var offset: UInt16
        var count: UInt16
    }

    private struct Entry {
        var timeMs: Int64
        var line: Int
        var status: Int32
        var form: Int32
        /// Where the line's text begins; its parts are counted from there.
        var start: Int32
        var client: Part
        var method: Part
        var path: Part
    }

    private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    private let texts = UnsafeMutableRawPointer.allocate(byteCount: textCapacity, alignment: 16)
    private var count = 0
    private var textCount = 0
    private let busy = Atomic<Bool>(false)

    deinit {
        entries.deallocate()
        texts.deallocate()
    }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count == Self.capacity || textCount > Self.textCapacity - Self.mostText }

    /// Set while the lines are being read on another thread: then the batch must not be touched.
    var isUnderWay: Bool {
        get { busy.load(ordering: .acquiring) }
        set { busy.store(newValue, ordering: .releasing) }
    }

    /// Takes a line down. Not when ``isFull``.
    @inline(__always)
    func add(_ access: HTTPAccess, line: Int, timeMs: Int64) {
        assert(!isFull)
        let start = Int32(truncatingIfNeeded: textCount)
        let (client, method, path) = place(access) ?? placeApart(access)
        (entries + count).initialize(
            to: Entry(
                timeMs: timeMs, line: line, status: Int32(truncatingIfNeeded: access.status),
                form: Int32(truncatingIfNeeded: access.form), start: start, client: client, method: method, path: path))
        count &+= 1
    }

    /// Copies what stands between the beginning of the client and the end of the path at once; nil when the parts don't
    /// follow each other closely.
    @inline(__always)
    private func place(_ access: HTTPAccess) -> (client: Part, method: Part, path: Part)? {
        guard let client = access.client.baseAddress, let method = access.method.baseAddress,
            let path = access.path.baseAddress
        else { return nil }
        let length = path + access.path.count - client
        guard client + access.client.count <= method, method + access.method.count <= path, length <= Self.mostText
        else { return nil }
        memcpy(texts + textCount, client, length)
        textCount &+= length
        func part(_ bytes: Bytes, _ base: UnsafeRawPointer) -> Part {
            Part(
                offset: UInt16(truncatingIfNeeded: base - client), count: UInt16(truncatingIfNeeded: bytes.count))
        }
        return (part(access.client, client), part(access.method, method), part(access.path, path))
    }

    /// Copies the parts one by one, of each a third of ``mostText`` at most.
    private func placeApart(_ access: HTTPAccess) -> (client: Part, method: Part, path: Part) {
        let start = textCount
        func part(_ bytes: Bytes) -> Part {
            let length = min(bytes.count, Self.mostText / 3)
            defer { textCount += length }
            if let base = bytes.baseAddress { memcpy(texts + textCount, base, length) }
            return Part(offset: UInt16(textCount - start), count: UInt16(length))
        }
        return (part(access.client), part(access.method), part(access.path))
    }

    /// Gives out the lines in their order.
    func forEach(_ body: (_ access: HTTPAccess, _ line: Int, _ timeMs: Int64) throws -> Void) rethrows {
        for entry in UnsafeBufferPointer(start: entries, count: count) {
            let text = texts + Int(entry.start)
            func bytes(_ part: Part) -> Bytes { Bytes(start: text + Int(part.offset), count: Int(part.count)) }
            try body(
                HTTPAccess(
                    client: bytes(entry.client), method: bytes(entry.method), path: bytes(entry.path),
                    status: Int(entry.status), form: Int(entry.form)), entry.line, entry.timeMs)
        }
    }

    func removeAll() { (count, textCount) = (0, 0) }
}
