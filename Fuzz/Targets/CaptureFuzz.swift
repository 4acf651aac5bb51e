import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Captures of GPUs, kernel logs and traces.
enum CaptureFuzz {
    /// Remembers a stream of records as one number.
    private struct GPUSink: GPUCaptureSink {
        var samples = 0
        var processes = 0
        var events = 0
        /// Lines of the rejects.
        var rejectedLines = 0
        var digest: UInt64 = 0

        private mutating func mix(_ text: String) {
            for byte in text.utf8 { digest = digest &* 31 &+ UInt64(byte) }
        }

        mutating func gpu(_ sample: GPUSample, line: Int) {
            samples += 1
            mix("\(line) \(sample.wallMs ?? -1) \(sample.isUTC) \(sample.index ?? -1) \(sample.uuid ?? "")")
            for value in sample.values { digest = digest &* 31 &+ (value?.bitPattern ?? 7) }
            for error in sample.errors { mix(error) }
            if sample.values.contains(where: { $0?.isNaN == true }) { broken("numbers are numbers") }
        }

        mutating func process(_ process: GPUProcess, line: Int) {
            processes += 1
            mix("\(line) \(process.wallMs ?? -1) \(process.pid ?? -1) \(process.name ?? "")")
        }

        mutating func event(_ event: GPUCaptureEvent) {
            events += 1
            mix("\(event.line) \(event.kind.rawValue) \(event.code ?? -1) \(event.text)")
            if event.line < 1 || event.offset < 0 { broken("the place of an event") }
        }

        mutating func reject(_ reject: FormatReject) {
            // 0 lines: it shares one.
            if reject.line < 1 || reject.lineCount < 0 || reject.offset < 0 { broken("the place of a reject") }
            rejectedLines += reject.lineCount
            mix("\(reject.line) \(reject.reason)")
        }
    }

    /// - Parameter areLines: whether a reject counts the lines that are rejected. In JSON it names the place of a fault, and
    ///   the document's lines before it are rejected, too.
    private static func check(_ counts: GPUCaptureCounts, _ sink: GPUSink, areLines: Bool) {
        if counts.lines != counts.recordLines + counts.noiseLines + counts.rejectedLines {
            broken("every line counted once")
        }
        if counts.samples != sink.samples || counts.processes != sink.processes || counts.events != sink.events
            || areLines && counts.rejectedLines != sink.rejectedLines
        {
            broken("records counted")
        }
    }

    /// Feeds the text in one piece, then in pieces whose sizes its own bytes decide.
    private static func twice(_ bytes: Bytes, _ body: (_ feed: ((borrowing Line) -> Void) -> Void) -> UInt64) {
        let whole = body { take in
            var reader = LineReader()
            reader.feed(bytes) { take($0) }
            reader.finish { take($0) }
        }
        let cut = body { take in
            var reader = LineReader()
            TextFuzz.pieces(bytes) { piece in reader.feed(piece) { take($0) } }
            reader.finish { take($0) }
        }
        if whole != cut { broken("buffers don't show") }
    }

    /// The first byte chooses the format, unless the content tells it.
    static func gpu(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        let known = NvidiaSMIFormat.identifiers
        let guessed = NvidiaSMIFormat.sniff(head: text, fileName: "")?.format
        let format = bytes[0] & 128 == 0 ? guessed ?? known[0] : known[Int(bytes[0] & 127) % known.count]
        let framing = NvidiaSMIFormat.framing(head: text)
        var state: String?
        twice(text) { feed in
            var sink = GPUSink()
            var parser = GPUCaptureReader(format: format)
            var unframer = LogUnframer(framing)
            feed { line in
                unframer.feed(line) { inner, frame in
                    try? parser.parse(line: inner, physicalLines: frame.lines, into: &sink)
                }
            }
            unframer.finish { inner, frame in
                try? parser.parse(line: inner, physicalLines: frame.lines, into: &sink)
            }
            state = parser.state
            try? parser.finish(into: &sink)
            check(parser.counts, sink, areLines: format != NvidiaSMIFormat.amdJSONIdentifier)
            return sink.digest
        }
        // What was remembered can be gone on with.
        if !GPUCaptureReader.isSnapshot(format), let state {
            if GPUCaptureReader(format: format, state: state).state != state { broken("the state survives") }
        }
    }

    static func kernelLog(_ bytes: Bytes) {
        _ = KernelLogFormat.sniff(head: bytes, fileName: "")
        let framing = LogFraming.detect(head: bytes)
        twice(bytes) { feed in
            var sink = GPUSink()
            var parser = KernelLogParser()
            var unframer = LogUnframer(framing)
            feed { line in
                unframer.feed(line) { inner, frame in try? parser.parse(line: inner, frame: frame, into: &sink) }
            }
            unframer.finish { inner, frame in try? parser.parse(line: inner, frame: frame, into: &sink) }
            check(parser.counts, sink, areLines: true)
            if KernelLogParser(resuming: parser.state).state != parser.state { broken("the state survives") }
            return sink.digest
        }
    }

    private struct SpanSink: TraceSink {
        var spans = 0
        var rejects = 0
        var digest: UInt64 = 0

        private mutating func mix(_ bytes: [UInt8]) { for byte in bytes { digest = digest &* 31 &+ UInt64(byte) } }

        mutating func resource(_ resource: TraceResource, number: Int) {
            if number < 0 { broken("a resource's number") }
            mix(Array((resource.service ?? "").utf8))
        }

        mutating func span(_ span: borrowing SpanRecord) {
            spans += 1
            if span.line < 1 || span.offset < 0 || span.startNs <= 0 { broken("a span's place and start") }
            digest = digest &* 31 &+ span.spanID &+ UInt64(bitPattern: span.startNs) &+ UInt64(span.line)
            mix(span.name)
            mix(span.attributes)
            mix(span.events)
        }

        mutating func reject(_ reject: FormatReject) {
            if reject.line < 1 || reject.lineCount < 1 || reject.offset < 0 { broken("the place of a reject") }
            rejects += 1
        }
    }

    /// Messages with their lengths: as many lines as messages, whatever the buffers.
    private static func frames(_ bytes: Bytes) {
        var digests: [UInt64] = []
        for isCut in [false, true] {
            var frames = OTLPFrames()
            var digest: UInt64 = 0
            var lines = 0
            func line(_ line: Bytes) {
                lines += line.count { $0 == 10 }
                for byte in line { digest = digest &* 31 &+ UInt64(byte) }
            }
            func reject(_ reject: FormatReject) {
                if reject.line < 1 || reject.offset < 0 { broken("the place of a reject") }
            }
            if isCut {
                TextFuzz.pieces(bytes) { try? frames.feed($0, line: line, reject: reject) }
            } else {
                try? frames.feed(bytes, line: line, reject: reject)
            }
            try? frames.finish(line: line, reject: reject)
            if lines > frames.messages || frames.damaged > frames.messages { broken("a line a message") }
            digests.append(digest)
        }
        if digests[0] != digests[1] { broken("buffers don't show") }
    }

    static func traces(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        let guess = TraceFormat.sniff(head: text, fileName: "")
        if bytes[0] & 4 == 4 || guess?.format == TraceFormat.otlpFrames { return frames(text) }
        func run(_ feed: (inout TraceParser<SpanSink>) -> Void) -> SpanSink {
            var parser = TraceParser(sink: SpanSink(), keepPrompts: bytes[0] & 1 == 1, isLines: bytes[0] & 2 == 2)
            feed(&parser)
            _ = parser.unfinishedLine
            try? parser.finish()
            let counts = parser.counts
            if counts.lines != counts.recordLines + counts.blankLines + counts.emptyLines + counts.rejectedLines {
                broken("every line counted once")
            }
            if counts.spans != parser.sink.spans || counts.rejects != parser.sink.rejects { broken("spans counted") }
            return parser.sink
        }
        let whole = run { try? $0.feed(text) }
        let cut = run { parser in TextFuzz.pieces(text) { try? parser.feed($0) } }
        if whole.digest != cut.digest || whole.rejects != cut.rejects { broken("buffers don't show") }
    }
}
