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
        source.framing = framing.rawValue
        let clock = LogClock(hints: hints, survey: LogSurvey(first: Self.firstStamp(head, framing)))
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        try store.database.transaction {
            try ledger.undoTail(&source)
            try ledger.save(&source)
        }
        let writer = try GPUWriter(store, source: source.id, period: period)
        var sink = KernelSink(writer: writer, ledger: ledger, source: source, clock: clock)
        var parser = KernelLogParser(resuming: source.state)
        var unframer = LogUnframer(framing)
        var reader = LineReader(
            number: source.progressLines + 1, offset: source.progressBytes, limit: framing.lineLimit)
        var tail = TailHash()
        try store.database.transaction {
            func take(_ line: borrowing Line) throws {
                try unframer.feed(line) { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
            }
            try stream.read(from: source.progressBytes, skipped: { tail.update($0, pending: 0) }) { bytes in
                try reader.feed(bytes, take)
                let safe = unframer.pendingStart?.offset ?? reader.nextOffset
                tail.update(bytes, pending: reader.nextOffset + reader.pendingBytes - safe)
                progress(stream.consumedFileBytes)
                return true
            }
            let held = framing.isHeld ? nil : unframer.pendingStart
            sink.source.progressBytes = held?.offset ?? reader.nextOffset
            sink.source.progressLines = (held?.line ?? reader.nextNumber) - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.pendingBytes = reader.pendingBytes
            try sink.writer.checkpoint()
            if framing.isHeld {
                // A document ends without a line feed; it does not grow.
                tail.pendingIsRead()
                try reader.finish(take)
                try unframer.finish { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
                for found in unframer.rejects { try sink.reject(found) }
                let rejected = unframer.rejects.reduce(0) { $0 + $1.lineCount }
                sink.source.lines += unframer.noiseLines + rejected
                sink.source.noiseLines += unframer.noiseLines
                sink.source.rejectLines += rejected
                (sink.source.progressBytes, sink.source.progressLines) = (reader.nextOffset, reader.nextNumber - 1)
                (sink.source.tailSHA256, sink.source.pendingBytes) = (tail.sha256, 0)
            }
            let readsLastLine = !framing.isHeld && stream.readsLastLine(isSettled: isSettled)
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.state = parser.state
            sink.source.add(parser.counts)
            let counts = parser.counts
            try ledger.add(kinds: counts.kinds, to: sink.source.id)
            let bytes =
                reader.nextOffset - sink.source.progressBytes + (readsLastLine ? reader.pendingBytes : 0)
            if bytes > 0 {
                // More of it may come: the next run reads it again.
                let mark = try TailMark(store, source: sink.source)
                let sha256 = tail.pendingSHA256(bytes)
                if readsLastLine {
                    try reader.finish(take)
                    sink.source.pendingBytes = 0
                }
                try unframer.finish { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
                sink.source.add(parser.counts, since: counts)
                let kinds = parser.counts.kinds(since: counts)
                try ledger.add(kinds: kinds, to: sink.source.id)
                sink.source.tail = try mark.tail(sink.source, kinds: kinds, bytes: bytes, sha256: sha256)
            }
            sink.source.message = stream.damage
            if parser.counts.untimed > 0 {
                sink.source.message =
                    "\(parser.counts.untimed) errors have only the seconds since boot: take the log with `journalctl -k -o short-iso` or `dmesg --time-format iso`"
            }
            try sink.writer.finish()
            sink.describeClock()
            try ledger.save(&sink.source)
        }
        source = sink.source
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
            unframer.feed(line) { _, frame in found = found ?? frame.stamp }
        }
        unframer.finish { _, frame in found = found ?? frame.stamp }
        return found
    }
}

private struct KernelSink: GPUCaptureSink {
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

    mutating func reject(_ reject: FormatReject) throws {
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
