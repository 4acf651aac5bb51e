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
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow) throws {
        let framing = Self.framing(head: head)
        source.framing = framing.rawValue
        let clock = LogClock(hints: hints, firstStamp: Self.firstStamp(head, framing), outer: [])
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        try store.database.transaction { try ledger.save(&source) }
        let writer = try GPUWriter(store, source: source.id, period: period)
        var sink = KernelSink(writer: writer, ledger: ledger, source: source, clock: clock)
        var parser = KernelLogParser()
        var unframer = LogUnframer(framing)
        var reader = LineReader(
            number: source.progressLines + 1, offset: source.progressBytes, limit: framing.lineLimit)
        var tail = TailHash()
        try store.database.transaction {
            var skip = source.progressBytes
            func take(_ line: borrowing Line) throws {
                try unframer.feed(line) { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
            }
            try stream.read { bytes in
                var bytes = bytes
                if skip > 0 {
                    let cut = min(skip, bytes.count)
                    tail.update(bytes.slice(0, cut), pending: 0)
                    skip -= cut
                    bytes = bytes.slice(cut, bytes.count)
                }
                try reader.feed(bytes, take)
                tail.update(bytes, pending: reader.pendingBytes)
                progress(stream.consumedFileBytes)
                return true
            }
            let readsLastLine = stream.isGzip || framing.isHeld
            if readsLastLine {
                tail.pendingIsRead()
                try reader.finish(take)
            }
            try unframer.finish { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
            for found in unframer.rejects { try sink.reject(found) }
            sink.source.progressBytes = reader.nextOffset
            sink.source.progressLines = reader.nextNumber - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.pendingBytes = readsLastLine ? 0 : reader.pendingBytes
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.message = stream.damage
            if parser.counts.untimed > 0 {
                sink.source.message =
                    "\(parser.counts.untimed) errors have only the seconds since boot: take the log with `journalctl -k -o short-iso` or `dmesg --time-format iso`"
            }
            sink.source.add(parser.counts)
            sink.source.lines += unframer.noiseLines + unframer.rejects.reduce(0) { $0 + $1.lineCount }
            sink.source.noiseLines += unframer.noiseLines
            sink.source.rejectLines += unframer.rejects.reduce(0) { $0 + $1.lineCount }
            try ledger.add(kinds: parser.counts.kinds, to: sink.source.id)
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

    mutating func gpu(_ sample: GPUSample, line: Int) throws {}

    mutating func event(_ event: GPUCaptureEvent) throws {
        let timeMs =
            event.timeMs ?? event.wallMs.map { $0 - clock.offsetMs } ?? event.stamp.map { clock.utc($0) }
        if let timeMs { source.cover(timeMs) }
        try writer.writeEvent(
            instance: writer.knownInstance(busID: event.busID, uuid: event.uuid), line: event.line, timeMs: timeMs,
            kind: event.kind.rawValue, code: event.code, busID: event.busID, text: event.text)
    }

    mutating func reject(_ reject: FormatReject) throws {
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
