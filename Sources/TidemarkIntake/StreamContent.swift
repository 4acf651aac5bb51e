import CZlib
import Glibc
import TidemarkBase
import TidemarkFormats

/// A part of a file's content, and how far the file was read for it.
struct StreamPiece: Sendable {
    var bytes: [UInt8] = []
    /// What of them counts; empty at the content's end.
    var range = 0..<0
    /// Of the file so far, compressed bytes.
    var consumedFileBytes = 0
    /// What went wrong by then; the content before it was delivered.
    var damage: String?
}

/// The content of an open file: inflated, and in UTF-8. Not for two threads at once.
final class StreamContent: @unchecked Sendable {
    private let descriptor: Int32
    private var raw: [UInt8]
    private var rawRange = 0..<0
    private let inflater: Inflater?
    private var out: [UInt8]
    private var reachedEnd = false
    private var consumedFileBytes = 0
    private var damage: String?
    /// Set by the first piece: PowerShell's `>` writes UTF-16.
    private var converter: UTF16Converter??

    /// - Parameter descriptor: at the file's beginning; closed in the end.
    init(descriptor: Int32, isGzip: Bool, bufferBytes: Int, inflatedBytes: Int) {
        self.descriptor = descriptor
        raw = [UInt8](repeating: 0, count: bufferBytes)
        inflater = isGzip ? Inflater() : nil
        out = isGzip ? [UInt8](repeating: 0, count: inflatedBytes) : []
    }

    deinit { close(descriptor) }

    /// The next part.
    /// - Parameter spare: bytes that nobody needs any more, as long as those of an earlier piece.
    func next(reusing spare: [UInt8]? = nil) -> StreamPiece {
        // The last piece's bytes may still be looked at.
        if let spare {
            if inflater == nil, spare.count == raw.count { raw = spare }
            if inflater != nil, spare.count == out.count { out = spare }
        }
        var piece = StreamPiece()
        repeat {
            piece.range = nextRaw()
            guard !piece.range.isEmpty else { break }
            piece.bytes = inflater == nil ? raw : out
            convert(&piece)
        } while piece.range.isEmpty
        (piece.consumedFileBytes, piece.damage) = (consumedFileBytes, damage)
        return piece
    }

    private func convert(_ piece: inout StreamPiece) {
        let bytes = piece.bytes[piece.range]
        if converter == nil {
            converter = .some(bytes.withUnsafeBytes { UTF16Converter.detect(Bytes(rebasing: $0[...])) })
        }
        guard case .some(.some(var active)) = converter else { return }
        var text: [UInt8] = []
        bytes.withUnsafeBytes { active.convert(Bytes(rebasing: $0[...]), into: &text) }
        converter = .some(active)
        (piece.bytes, piece.range) = (text, 0..<text.count)
    }

    /// Where in `raw`, or in `out` of a compressed file, the next bytes are.
    private func nextRaw() -> Range<Int> {
        guard let inflater else {
            fill()
            defer { rawRange = 0..<0 }
            return rawRange
        }
        while !reachedEnd {
            if rawRange.isEmpty { fill() }
            switch inflater.step(raw, &rawRange, into: &out, atEnd: rawRange.isEmpty) {
            case .produced(let count): return 0..<count
            case .needsInput: continue
            case .end: reachedEnd = true
            case .damaged(let why):
                damage = why
                reachedEnd = true
            }
        }
        return 0..<0
    }

    private func fill() {
        var count: Int
        repeat { count = Glibc.read(descriptor, &raw, raw.count) } while count < 0 && errno == EINTR
        if count < 0 { damage = "cannot be read further: \(String(cString: strerror(errno)))" }
        rawRange = 0..<max(0, count)
        consumedFileBytes += max(0, count)
    }
}

/// Reads and inflates the next pieces of a content on a thread of its own, while the caller works on the last one.
final class ReadAhead: @unchecked Sendable {
    /// Pieces that wait for the caller.
    private static let depth = 2

    private let content: StreamContent
    // What follows is guarded by `mutex`.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var ready: [StreamPiece] = []
    private var spares: [[UInt8]] = []
    private var isStopped = false
    private var thread: pthread_t?

    init(_ content: StreamContent) {
        self.content = content
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        var made = pthread_t()
        let status = pthread_create(
            &made, nil,
            { me in
                Unmanaged<ReadAhead>.fromOpaque(me!).takeUnretainedValue().work()
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        // Without a thread the pieces are made when they are asked for.
        thread = status == 0 ? made : nil
    }

    deinit {
        stop()
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// The next piece, in the order of the content; empty at its end, behind which it must not be called.
    func next() -> StreamPiece {
        guard thread != nil else { return ready.isEmpty ? content.next() : ready.removeFirst() }
        pthread_mutex_lock(mutex)
        while ready.isEmpty { pthread_cond_wait(changed, mutex) }
        let piece = ready.removeFirst()
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
        return piece
    }

    /// Takes the bytes of a piece back. The caller's copy goes: bytes that two hold would be copied before they are filled.
    func recycle(_ bytes: inout [UInt8]) {
        pthread_mutex_lock(mutex)
        spares.append(bytes)
        bytes = []
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread. What it read and nobody asked for is left in ``rest``.
    func stop() {
        guard let thread else { return }
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
        pthread_join(thread, nil)
        self.thread = nil
    }

    /// Pieces that were read ahead in vain; ask when the thread has ended.
    var rest: [StreamPiece] { ready }

    private func work() {
        pthread_mutex_lock(mutex)
        while !isStopped {
            guard ready.count < Self.depth else {
                pthread_cond_wait(changed, mutex)
                continue
            }
            let spare = spares.popLast()
            pthread_mutex_unlock(mutex)
            let piece = content.next(reusing: spare)
            pthread_mutex_lock(mutex)
            // The end tells of damage, too.
            ready.append(piece)
            pthread_cond_signal(changed)
            if piece.range.isEmpty { break }
        }
        pthread_mutex_unlock(mutex)
    }
}

/// One gzip stream of any number of members (RFC 1952).
final class Inflater {
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
