import Glibc
import TidemarkBase
import TidemarkFormats

/// Reads one file from its beginning, decompressing gzip and turning UTF-16 into UTF-8, in buffers of 256 KiB. The
/// memory is the buffers; offsets count the decompressed UTF-8.
///
/// The first ``headBytes`` of the (decompressed) content can be looked at before the reading begins.
public final class InputStream {
    public static let headBytes = 64 << 10
    private static let bufferBytes = 256 << 10

    public let path: String
    public let isGzip: Bool
    /// Size of the file as it was when it was opened, in bytes (compressed).
    public let fileBytes: Int
    /// Last modification, Unix ms.
    public let modifiedMs: Int64
    /// The modification time of what was compressed, from gzip's header (RFC 1952), Unix ms; nil where it isn't kept.
    public let originalMs: Int64?
    /// What went wrong while reading; the content before it was delivered.
    public private(set) var damage: String?
    /// Compressed bytes consumed so far; for progress.
    public private(set) var consumedFileBytes = 0

    /// A compressed file that was read to its end is not written any more. Ask when it was read.
    public var isComplete: Bool { isGzip && damage == nil }

    /// Whether a last line without a line feed is over: ask when the file was read.
    func readsLastLine(isSettled: Bool) -> Bool { isComplete || isSettled && !isGzip }

    /// Whether the file has been left alone for so long that nobody is in the middle of a line.
    public func isSettled(afterSeconds seconds: Int) -> Bool {
        SystemClock.nowMs - modifiedMs >= Int64(seconds) * 1000
    }

    private let content: StreamContent
    /// A file of so many bytes is worth a second thread.
    private static let aheadBytes = 1 << 20

    /// - Throws: `missingInput` when the file isn't there or can't be read.
    public init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw TidemarkError(
                .missingInput, "cannot be opened: \(String(cString: strerror(errno)))", file: path,
                hint: errno == EACCES ? "check its permissions" : "check the path")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw TidemarkError(.missingInput, "is not a regular file", file: path)
        }
        fileBytes = Int(status.st_size)
        modifiedMs = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        var header = [UInt8](repeating: 0, count: 8)
        let length = pread(descriptor, &header, 8, 0)
        isGzip = length >= 2 && header[0] == 0x1F && header[1] == 0x8B
        let seconds = header[4...].reversed().reduce(0) { $0 << 8 | Int64($1) }
        originalMs = isGzip && length == 8 && seconds > 0 ? seconds * 1000 : nil
        // A small file, one scrape of thousands, needs no large buffer.
        content = StreamContent(
            descriptor: descriptor, isGzip: isGzip, bufferBytes: min(Self.bufferBytes, max(4096, fileBytes + 1)),
            inflatedBytes: Self.bufferBytes)
    }

    /// Up to ``headBytes`` of the content; call it before ``read(_:)``. The bytes are delivered again by reading.
    public func head() -> [UInt8] {
        var collected: [UInt8] = []
        while collected.count < Self.headBytes, let next = next() { collected.append(contentsOf: next) }
        pushBack(collected)
        return collected.count <= Self.headBytes ? collected : Array(collected.prefix(Self.headBytes))
    }

    private var pushed: [UInt8] = []
    private func pushBack(_ bytes: [UInt8]) { pushed = pushed.isEmpty ? bytes : bytes + pushed }

    /// Delivers the content buffer by buffer until its end, or until `body` returns false. Of a large file the next buffers are
    /// read and inflated meanwhile, by a thread that ends with this call.
    public func read(_ body: (Bytes) throws -> Bool) throws {
        if !pushed.isEmpty {
            let first = pushed
            pushed = []
            guard try first.withUnsafeBytes({ try body($0) }) else { return }
        }
        guard fileBytes - consumedFileBytes >= Self.aheadBytes else {
            while let next = next() {
                guard try next.withUnsafeBytes({ try body(Bytes(rebasing: $0[...])) }) else { return }
            }
            return
        }
        let ahead = ReadAhead(content)
        defer {
            // What nobody asked for is there for the next call.
            ahead.stop()
            for piece in ahead.rest { pushed.append(contentsOf: piece.bytes[piece.range]) }
        }
        while true {
            var piece = ahead.next()
            note(piece)
            guard !piece.range.isEmpty,
                try piece.bytes.withUnsafeBytes({ try body($0.slice(piece.range.lowerBound, piece.range.upperBound)) })
            else { return }
            ahead.recycle(&piece.bytes)
        }
    }

    /// The next part of the content; nil at its end. Not together with ``head()``.
    func next() -> ArraySlice<UInt8>? {
        let piece = content.next()
        note(piece)
        return piece.range.isEmpty ? nil : piece.bytes[piece.range]
    }

    private func note(_ piece: StreamPiece) { (consumedFileBytes, damage) = (piece.consumedFileBytes, piece.damage) }

    /// Delivers the content behind the first `offset` bytes as ``read(_:)`` does; what stands before goes to `skipped`.
    func read(from offset: Int, skipped: (Bytes) -> Void, _ body: (Bytes) throws -> Bool) throws {
        var left = offset
        try read { bytes in
            let cut = min(left, bytes.count)
            if cut > 0 { skipped(bytes.slice(0, cut)) }
            left -= cut
            return try body(bytes.slice(cut, bytes.count))
        }
    }

    /// The whole content, for documents that are read at once.
    /// - Throws: `unusableInput` when it is longer than `limit` bytes.
    public func readAll(limit: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(min(limit, isGzip ? 0 : fileBytes))
        try read { bytes in
            all.append(contentsOf: bytes)
            return all.count <= limit
        }
        guard all.count <= limit else {
            throw TidemarkError(
                .unusableInput, "is larger than \(limit >> 20) MiB, the most that is read of one document", file: path)
        }
        return all
    }

    /// Runs `body` with the whole content. A large plain file is mapped into memory instead of being copied.
    /// - Throws: as ``readAll(limit:)``, and what `body` throws.
    func withAll<R>(limit: Int, _ body: (Bytes) throws -> R) throws -> R {
        if !isGzip, fileBytes > 1 << 20, fileBytes <= limit {
            let file = try MappedFile(path: path)
            if UTF16Converter.detect(file.bytes) == nil { return try body(file.bytes) }
        }
        return try readAll(limit: limit).withUnsafeBytes { try body($0) }
    }
}
