import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads the GPU errors of a kernel log into the store, from where an earlier run stopped.
struct KernelLogIngest {
    let store: Store
    let ledger: Ledger
    let period: Int
    let hints: LogClock.Hints
    /// Whether the file has been left alone for long: then a last line without a line feed is read.
    let isSettled: Bool
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow) throws {
        let framing = Self.framing(head: head)
        let clock = LogClock(hints: hints, survey: LogSurvey(first: Self.firstStamp(head, framing)))
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        let lines = LineIngest(
            store: store, ledger: ledger, framing: framing, isSettled: isSettled, progress: progress)
        try lines.begin(&source)
        let writer = try GPUWriter(store, source: source.id, period: period)
        var consumer = KernelConsumer(
            parser: KernelLogParser(resuming: LineState(source.state).parser),
            sink: KernelSink(writer: writer, ledger: ledger, source: source, clock: clock))
        try lines.run(stream, into: &consumer)
        source = consumer.source
    }

    /// Kernel lines with a time in brackets or in ISO form are read as they are.
    static func framing(head: Bytes) -> LogFraming {
        let framing = LogFraming.detect(head: head)
        return framing == .timestamps ? .plain : framing
    }

    static func firstStamp(_ head: Bytes, _ framing: LogFraming) -> LogStamp? {
        var unframer = LogUnframer(framing)
        var reader = LineReader(limit: framing.lineLimit)
        var found: LogStamp?
        reader.feed(head) { line in
            unframer.feed(line) { inner, frame in if found == nil { found = stamp(inner, frame) } }
        }
        unframer.finish { inner, frame in if found == nil { found = stamp(inner, frame) } }
        return found
    }
}

private func stamp(_ line: borrowing Line, _ frame: FrameInfo) -> LogStamp? {
    if frame.timeMs != nil || frame.stamp != nil { return frame.stamp }
    return KernelLogParser.stamp(of: line.bytes)
}

private struct KernelConsumer: LineConsumer {
    var parser: KernelLogParser
    var sink: KernelSink
    var counted = GPUCaptureCounts()

    init(parser: KernelLogParser, sink: KernelSink) {
        self.parser = parser
        self.sink = sink
    }

    var counts: GPUCaptureCounts { parser.counts }
    var parserState: String? { parser.state }

    mutating func take(_ line: borrowing Line, _ frame: FrameInfo) throws {
        try parser.parse(line: line, frame: frame, into: &sink)
    }

    mutating func checkpoint() throws { try sink.writer.checkpoint() }

    mutating func conclude(damage: String?) throws {
        sink.source.message = damage
        if parser.counts.untimed > 0 {
            sink.source.message =
                "\(parser.counts.untimed) errors have only the seconds since boot: take the log with `journalctl -k -o short-iso` or `dmesg --time-format iso`"
        }
        try sink.writer.finish()
        sink.describeClock()
    }
}

private struct KernelSink: GPUCaptureSink, LineStoringSink {
    let writer: GPUWriter
    let ledger: Ledger
    var source: SourceRow
    var clock: LogClock
    private var hasLocalTimes = false
    private var hasUTC = false

    init(writer: GPUWriter, ledger: Ledger, source: SourceRow, clock: LogClock) {
        self.writer = writer
        self.ledger = ledger
        self.source = source
        self.clock = clock
    }

    /// Writes into the ledger what was learnt about the clock.
    mutating func describeClock() {
        if hasUTC, !hasLocalTimes {
            (source.clockOffsetMs, source.clockMethod, source.clockConfidence) = (0, "UTC in the data", 1)
        } else if hasLocalTimes, source.clockConfidence == 0 {
            // Local times with a year.
            let words = ClockMethod(source.clockMethod ?? "")
            source.clockMethod = ClockMethod(zone: ClockMethod.asUTC, year: "year printed", remarks: words.remarks).text
            source.clockConfidence = 0.5
        } else {
            source.clockMethod = clock.method
        }
    }

    mutating func gpu(_ sample: GPUSample, line: Int) throws {}

    mutating func event(_ event: GPUCaptureEvent) throws {
        let timeMs = event.timeMs ?? event.wallMs.map { clock.utc(wallMs: $0) } ?? event.stamp.map { clock.utc($0) }
        if event.timeMs != nil { hasUTC = true } else if timeMs != nil { hasLocalTimes = true }
        if let timeMs { source.cover(timeMs) }
        try writer.write(
            GPUEventRow(
                instance: writer.knownInstance(busID: event.busID, uuid: event.uuid), line: event.line, timeMs: timeMs,
                kind: event.kind.rawValue, code: event.code, text: event.text, busID: event.busID,
                action: event.action))
    }
}
