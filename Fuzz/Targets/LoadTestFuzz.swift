import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Results of load generators.
enum LoadTestFuzz {
    private struct Sink: LoadTestSink {
        var points = 0
        var rejects = 0
        var digest: UInt64 = 0

        private mutating func mix(_ text: String) {
            for byte in text.utf8 { digest = digest &* 31 &+ UInt64(byte) }
        }

        mutating func point(_ point: LoadPoint) {
            points += 1
            if point.line < 1 || point.offset < 0 { broken("the place of a point") }
            let numbers = [
                point.durationSeconds, point.sendSeconds, point.offered?.value, point.achievedRPS, point.steadyRPS,
                point.ttft.mean, point.ttft.p99, point.itl.p95, point.tpot.p50, point.e2e.p90,
            ]
            for number in numbers {
                if number.map({ !$0.isFinite || $0 < 0 }) == true { broken("numbers are finite, and not below zero") }
                digest = digest &* 31 &+ (number?.bitPattern ?? 7)
            }
            if [point.succeeded, point.failed, point.incomplete].contains(where: { $0 ?? 0 < 0 }) { broken("a count") }
            mix("\(point.line) \(point.tool) \(point.model ?? "") \(point.startedMs ?? -1) \(point.configuration)")
        }

        mutating func reject(_ reject: FormatReject) {
            if reject.line < 1 || reject.lineCount < 1 || reject.offset < 0 { broken("the place of a reject") }
            rejects += 1
            mix("\(reject.line) \(reject.reason)")
        }
    }

    /// The first byte chooses the format, unless the content tells it.
    static func run(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        let known = LoadTestFormat.identifiers
        let guess = LoadTestFormat.sniff(head: text, fileName: "")
        let guessed = guess.flatMap { $0.isReadable ? $0.format : nil }
        let format = bytes[0] & 128 == 0 ? guessed ?? known[0] : known[Int(bytes[0] & 127) % known.count]
        let whole = read(text, format, isCut: false)
        if whole != read(text, format, isCut: true) { broken("buffers don't show") }
    }

    private static func read(_ text: Bytes, _ format: String, isCut: Bool) -> UInt64 {
        var parser = LoadTestParser(format: format, sink: Sink())
        if isCut {
            var at = 0
            // Sizes that the text's own bytes decide, as everywhere.
            while at < text.count {
                let size = min(1 + Int(text[at] % 37), text.count - at)
                try? parser.feed(text.slice(at, at + size))
                at += size
            }
        } else {
            try? parser.feed(text)
        }
        try? parser.finish()
        let counts = parser.counts
        if counts.lines != counts.recordLines + counts.noiseLines + counts.rejectedLines {
            broken("every line counted once")
        }
        if counts.points != parser.sink.points || counts.rejects != parser.sink.rejects { broken("points counted") }
        return parser.sink.digest
    }
}
