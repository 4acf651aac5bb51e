import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Framings of logs: detection, every wrapper, documents and tables.
enum FramingFuzz {
    /// What comes out of an unframer, as sums.
    private struct Outcome: Equatable {
        var lines = 0
        var digest: UInt64 = 0

        mutating func take(_ line: borrowing Line, _ info: FrameInfo) {
            lines += info.lines
            if min(line.number - 1, line.offset, info.lines) < 0 { broken("the place of a line") }
            for byte in line.bytes { digest = digest &* 31 &+ UInt64(byte) }
            digest = digest &* 33 &+ UInt64(bitPattern: info.timeMs ?? 7)
        }
    }

    /// The first byte chooses between the framing that the text seems to have and a forced one.
    static func run(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        var framing = LogFraming.detect(head: text)
        let wrappers = LogWrapper.allCases
        if bytes[0] & 1 == 1 {
            framing = LogFraming([wrappers[Int(bytes[0] >> 1) % wrappers.count]])
            if bytes[0] & 128 != 0 { framing.wrappers.append(wrappers[Int(text[0]) % wrappers.count]) }
        } else if bytes[0] & 2 == 2 {
            framing = LogFraming([], in: .document(.loki))
        }
        let whole = unframe(text, framing, pieces: false)
        if whole != unframe(text, framing, pieces: true) { broken("buffers don't show") }
    }

    private static func unframe(_ text: Bytes, _ framing: LogFraming, pieces: Bool) -> Outcome {
        var outcome = Outcome()
        var fed = 0
        var unframer = LogUnframer(framing, heldLimit: 1 << 20)
        var reader = LineReader(limit: framing.lineLimit)
        func take(_ line: borrowing Line) {
            fed += 1
            unframer.feed(line) { outcome.take($0, $1) }
        }
        if pieces {
            TextFuzz.pieces(text) { reader.feed($0, take) }
        } else {
            reader.feed(text, take)
        }
        reader.finish(take)
        unframer.finish { outcome.take($0, $1) }
        let rest = unframer.noiseLines + unframer.rejects.reduce(0) { $0 + $1.lineCount }
        if outcome.lines + rest != fed { broken("every line is counted once") }
        return outcome
    }
}
