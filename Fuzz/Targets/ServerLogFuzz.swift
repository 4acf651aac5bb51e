import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Server logs in every framing: the parser, and what becomes of the text of users and of secrets.
enum ServerLogFuzz {
    private struct Sink: VLLMLogSink {
        var lines = 0
        var digest: UInt64 = 0
        var json = ByteWriter()
        private var last = 0

        private mutating func add(_ line: Int, _ count: Int) {
            if line < 1 || count < 0 { broken("the place of a record") }
            lines += count
            digest = digest &* 31 &+ UInt64(truncatingIfNeeded: line) &* 7 &+ UInt64(truncatingIfNeeded: count)
        }

        mutating func record(_ record: LogRecord) {
            if record.line < last { broken("records in the order of their lines") }
            last = record.line
            add(record.line, record.lineCount)
            json.bytes.removeAll(keepingCapacity: true)
            LogRecordJSON().write(record, timeMs: record.frame.timeMs, timeSource: nil, to: &json)
            for byte in json.bytes { digest = digest &* 33 &+ UInt64(byte) }
        }

        mutating func reject(_ reject: LogReject) {
            if reject.offset < 0 { broken("the place of a reject") }
            add(reject.line, reject.lineCount)
        }

        mutating func noise(line: Int, offset: Int, lineCount: Int) { add(line, lineCount) }
    }

    /// The first byte picks the framing and how the log is cut into reads.
    static func run(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        let framings: [LogFraming] = [
            .plain, .dockerJSON, .timestamps, .kubectlPrefix, .compose, .cri, .journaldShort, .journaldJSON,
        ]
        let framing = framings[Int(bytes[0] >> 3) % framings.count]
        _ = VLLMLogFormat.sniff(head: text, fileName: "server.log")
        let whole = parse(text, framing, step: text.count)
        if whole.lines != lineCount(text) { broken("every line counted once") }
        if bytes[0] & 7 != 0, parse(text, framing, step: 1 + Int(bytes[0] & 7)).digest != whole.digest {
            broken("reads don't show")
        }
    }

    private static func lineCount(_ text: Bytes) -> Int {
        text.count { $0 == 10 } + (text.last == 10 ? 0 : 1)
    }

    private static func parse(_ text: Bytes, _ framing: LogFraming, step: Int) -> Sink {
        var sink = Sink()
        var unframer = LogUnframer(framing)
        var parser = VLLMLogParser()
        var reader = LineReader()
        var at = 0
        while at < text.count {
            let end = min(text.count, at + step)
            reader.feed(text.slice(at, end)) { line in
                unframer.feed(line) { line, frame in parser.feed(line, frame: frame, &sink) }
            }
            at = end
        }
        reader.finish { line in unframer.feed(line) { line, frame in parser.feed(line, frame: frame, &sink) } }
        unframer.finish { line, frame in parser.feed(line, frame: frame, &sink) }
        parser.finish(&sink)
        return sink
    }
}
