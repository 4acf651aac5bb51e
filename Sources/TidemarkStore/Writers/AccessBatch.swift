#if canImport(Glibc)
    import Glibc
#endif
import Synchronization
import TidemarkBase
import TidemarkEvidence

/// Access lines on their way from the parser to the lane that rolls them up: filled by one thread, then read by the other.
final class AccessBatch: @unchecked Sendable {
    private static let capacity = 4096
    /// Of texts. A line has at most ``mostText`` bytes.
    private static let textCapacity = 512 << 10
    private static let mostText = 12 << 10

    /// A part of a line: where its text begins, and its length.
    private struct Part {
        var start: Int32
        var count: Int32
    }

    private struct Entry {
        var timeMs: Int64
        var line: Int
        var status: Int
        var form: Int
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
        let (client, method, path) = place(access) ?? placeApart(access)
        (entries + count).initialize(
            to: Entry(
                timeMs: timeMs, line: line, status: access.status, form: access.form, client: client, method: method,
                path: path))
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
        let start = textCount
        memcpy(texts + start, client, length)
        textCount = start &+ length
        func part(_ bytes: Bytes, _ base: UnsafeRawPointer) -> Part {
            Part(
                start: Int32(truncatingIfNeeded: start &+ (base - client)),
                count: Int32(truncatingIfNeeded: bytes.count))
        }
        return (part(access.client, client), part(access.method, method), part(access.path, path))
    }

    /// Copies the parts one by one, of each a third of ``mostText`` at most.
    private func placeApart(_ access: HTTPAccess) -> (client: Part, method: Part, path: Part) {
        func part(_ bytes: Bytes) -> Part {
            let length = min(bytes.count, Self.mostText / 3)
            defer { textCount += length }
            if let base = bytes.baseAddress { memcpy(texts + textCount, base, length) }
            return Part(start: Int32(textCount), count: Int32(length))
        }
        return (part(access.client), part(access.method), part(access.path))
    }

    /// Gives out the lines in their order, and forgets them.
    func drain(_ body: (_ access: HTTPAccess, _ line: Int, _ timeMs: Int64) throws -> Void) rethrows {
        defer { (count, textCount) = (0, 0) }
        func bytes(_ part: Part) -> Bytes { Bytes(start: texts + Int(part.start), count: Int(part.count)) }
        for entry in UnsafeBufferPointer(start: entries, count: count) {
            try body(
                HTTPAccess(
                    client: bytes(entry.client), method: bytes(entry.method), path: bytes(entry.path),
                    status: entry.status, form: entry.form), entry.line, entry.timeMs)
        }
    }
}
