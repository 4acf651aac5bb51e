import CZlib
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

    private let descriptor: Int32
    private var raw: [UInt8]
    private var rawRange = 0..<0
    private var inflater: Inflater?
    private var out: [UInt8]
    private var outRange = 0..<0
    private var reachedEnd = false

    /// - Throws: `missingInput` when the file isn't there or can't be read.
    public init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
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
        // A small file, one scrape of thousands, needs no large buffer.
        raw = [UInt8](repeating: 0, count: min(Self.bufferBytes, max(4096, fileBytes + 1)))
        out = []
        var header = [UInt8](repeating: 0, count: 8)
        let length = pread(descriptor, &header, 8, 0)
        isGzip = length >= 2 && header[0] == 0x1F && header[1] == 0x8B
        let seconds = header[4...].reversed().reduce(0) { $0 << 8 | Int64($1) }
        originalMs = isGzip && length == 8 && seconds > 0 ? seconds * 1000 : nil
        if isGzip {
            inflater = Inflater()
            out = [UInt8](repeating: 0, count: Self.bufferBytes)
        }
    }

    deinit { close(descriptor) }

    /// Up to ``headBytes`` of the content; call it before ``read(_:)``. The bytes are delivered again by reading.
    public func head() -> [UInt8] {
        var collected: [UInt8] = []
        while collected.count < Self.headBytes, let next = nextBuffer() { collected.append(contentsOf: next) }
        pushBack(collected)
        return collected.count <= Self.headBytes ? collected : Array(collected.prefix(Self.headBytes))
    }

    private var pushed: [UInt8] = []
    private func pushBack(_ bytes: [UInt8]) { pushed = pushed.isEmpty ? bytes : bytes + pushed }

    /// Delivers the content buffer by buffer until its end, or until `body` returns false.
    public func read(_ body: (Bytes) throws -> Bool) throws {
        if !pushed.isEmpty {
            let first = pushed
            pushed = []
            guard try first.withUnsafeBytes({ try body($0) }) else { return }
        }
        while let next = nextBuffer() {
            guard try next.withUnsafeBytes({ try body(Bytes(rebasing: $0[...])) }) else { return }
        }
    }

    /// The next part of the content; nil at its end. Not together with ``head()``.
    func next() -> ArraySlice<UInt8>? { nextBuffer() }

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

    /// Set by the first buffer: PowerShell's `>` writes UTF-16.
    private var converter: UTF16Converter??

    private func nextBuffer() -> ArraySlice<UInt8>? {
        guard let next = nextRawBuffer() else { return nil }
        if converter == nil {
            converter = .some(next.withUnsafeBytes { UTF16Converter.detect(Bytes(rebasing: $0[...])) })
        }
        guard case .some(.some(var active)) = converter else { return next }
        var text: [UInt8] = []
        next.withUnsafeBytes { active.convert(Bytes(rebasing: $0[...]), into: &text) }
        converter = .some(active)
        return text.isEmpty ? nextBuffer() : text[...]
    }

    private func nextRawBuffer() -> ArraySlice<UInt8>? {
        guard inflater != nil else {
            fill()
            guard !rawRange.isEmpty else { return nil }
            defer { rawRange = 0..<0 }
            return raw[rawRange]
        }
        while !reachedEnd {
            if rawRange.isEmpty { fill() }
            let status = inflater!.step(raw, &rawRange, into: &out, atEnd: rawRange.isEmpty)
            switch status {
            case .produced(let count): return out[0..<count]
            case .needsInput: continue
            case .end: reachedEnd = true
            case .damaged(let why):
                damage = why
                reachedEnd = true
            }
        }
        return nil
    }

    private func fill() {
        var count: Int
        repeat { count = Glibc.read(descriptor, &raw, raw.count) } while count < 0 && errno == EINTR
        if count < 0 { damage = "cannot be read further: \(String(cString: strerror(errno)))" }
        rawRange = 0..<max(0, count)
        consumedFileBytes += max(0, count)
    }
}

/// One gzip stream of any number of members (RFC 1952).
private final class Inflater {
    enum Status { case produced(Int), needsInput, end, damaged(String) }

    private var stream = z_stream()
    private var totalIn = 0
    private var totalOut = 0
    private var inMember = true
    /// Deflate cannot do better than 1032:1; text logs stay far below this. Beyond it the input is a decompression bomb.
    private static let bombRatio = 500
    private static let bombFloor = 1 << 30

    init() { inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) }
    deinit { inflateEnd(&stream) }

    func step(_ input: [UInt8], _ range: inout Range<Int>, into out: inout [UInt8], atEnd: Bool) -> Status {
        if atEnd { return inMember && totalIn > 0 ? .damaged("the gzip data ends too early (truncated)") : .end }
        if !inMember {
            // Another member, or padding and trailing garbage, which gzip(1) ignores too.
            guard range.count >= 2, input[range.lowerBound] == 0x1F, input[range.lowerBound + 1] == 0x8B else {
                return .end
            }
            inflateReset(&stream)
            inMember = true
        }
        let (status, used, made) = input.withUnsafeBufferPointer { source in
            out.withUnsafeMutableBufferPointer { target -> (Int32, Int, Int) in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress! + range.lowerBound)
                stream.avail_in = UInt32(range.count)
                stream.next_out = target.baseAddress!
                stream.avail_out = UInt32(target.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                return (status, range.count - Int(stream.avail_in), target.count - Int(stream.avail_out))
            }
        }
        range = range.lowerBound + used..<range.upperBound
        totalIn += used
        totalOut += made
        if totalOut > Self.bombFloor, totalOut / max(1, totalIn) > Self.bombRatio {
            return .damaged(
                "expands more than \(Self.bombRatio)-fold: taken for a decompression bomb, the rest not read")
        }
        switch status {
        case Z_STREAM_END:
            inMember = false
            return made > 0 ? .produced(made) : .needsInput
        case Z_OK, Z_BUF_ERROR: return made > 0 ? .produced(made) : .needsInput
        default:
            if made > 0 { return .produced(made) }
            return .damaged("the gzip data is corrupt (zlib status \(status)) after \(totalOut) bytes")
        }
    }
}
