import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads a gateway's log into the store, from where an earlier run stopped.
struct GatewayIngest {
    /// As in ``LogIngest``: each commit is a synchronous write.
    static let commitBytes = 64 << 20
    /// A table of spend logs may come as one line.
    static let longestLine = 16 << 20

    let store: Store
    let ledger: Ledger
    let hints: LogClock.Hints
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow, instance: Int) throws {
        let framing = GatewayFormat.framing(head: head)
        source.framing = framing.rawValue
        source.instance = instance
        let survey = GatewaySurvey(head: head, framing: framing)
        let clock = GatewayClock(hints: hints, survey: survey)
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        try store.database.transaction { try ledger.save(&source) }

        let writer = try GatewayWriter(store, source: source.id, instance: instance)
        var sink = GatewayStoringSink(writer: writer, ledger: ledger, clock: clock, source: source)
        var parser = GatewayFormat.parser(head: head, framing: framing)
        var unframer = LogUnframer(framing)
        var reader = LineReader(
            number: source.progressLines + 1, offset: source.progressBytes, limit: Self.longestLine)
        var tail = TailHash()
        var committedAt = source.progressBytes
        var counted = GatewayCounts()

        func take(_ line: borrowing Line) throws {
            try unframer.feed(line) { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
        }
        func commit() throws {
            try parser.finish(into: &sink)
            sink.source.progressBytes = reader.nextOffset
            sink.source.progressLines = reader.nextNumber - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.add(parser.counts, since: counted)
            try ledger.add(kinds: parser.counts.kinds(since: counted), to: sink.source.id)
            counted = parser.counts
            try ledger.save(&sink.source)
            try store.database.execute("COMMIT; BEGIN IMMEDIATE")
            committedAt = reader.nextOffset
        }

        try store.database.execute("BEGIN IMMEDIATE")
        do {
            try stream.read(from: source.progressBytes, skipped: { tail.update($0, pending: 0) }) { bytes in
                try reader.feed(bytes, take)
                tail.update(bytes, pending: reader.pendingBytes)
                progress(stream.consumedFileBytes)
                if reader.nextOffset - committedAt >= Self.commitBytes, unframer.pendingStart == nil { try commit() }
                return true
            }
            if stream.isGzip {
                parser.lastLineIsCut = stream.damage != nil
                tail.pendingIsRead()
                try reader.finish(take)
            }
            try unframer.finish { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
            sink.source.pendingBytes = reader.pendingBytes
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.message = stream.damage
            if stream.damage == nil, parser.counts.untimed > 0 {
                sink.source.message =
                    "\(parser.counts.untimed) requests have no date: take the log with `docker logs -t` or `kubectl logs --timestamps`"
            }
            try commit()
            try store.database.execute("COMMIT")
        } catch {
            try? store.database.execute("ROLLBACK")
            throw error
        }
        source = sink.source
    }
}

extension GatewayCounts {
    /// Records by kind, less those of an earlier count.
    func kinds(since before: GatewayCounts) -> [String: Int] {
        [
            "gateway_access": accesses - before.accesses, "gateway": events - before.events,
            "reject": rejects - before.rejects,
        ]
    }
}

extension SourceRow {
    fileprivate mutating func add(_ counts: GatewayCounts, since before: GatewayCounts) {
        lines += counts.lines - before.lines
        recordLines += counts.recordLines - before.recordLines
        noiseLines += counts.noiseLines - before.noiseLines
        records += counts.accesses + counts.events - before.accesses - before.events
    }
}

/// Hands requests and events to the store.
private struct GatewayStoringSink: GatewaySink {
    let writer: GatewayWriter
    let ledger: Ledger
    var clock: GatewayClock
    var source: SourceRow

    mutating func access(_ access: borrowing GatewayAccess) throws {
        let startMs = clock.start(of: access)
        if let startMs {
            source.cover(startMs)
            if let micros = access.durationMicros { source.cover(startMs + micros / 1000) }
        }
        try writer.write(access, startMs: startMs)
    }

    mutating func event(_ event: borrowing GatewayEvent) throws {
        let timeMs = clock.time(of: event)
        if let timeMs { source.cover(timeMs) }
        try writer.write(event, timeMs: timeMs)
    }

    mutating func reject(_ reject: FormatReject) throws {
        source.rejectLines += reject.lineCount
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
