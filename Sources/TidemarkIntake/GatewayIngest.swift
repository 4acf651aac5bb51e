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
    let isSettled: Bool
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow, instance: Int) throws {
        let framing = GatewayFormat.framing(head: head)
        source.instance = instance
        let clock = GatewayClock(hints: hints, survey: GatewaySurvey(head: head, framing: framing))
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        let lines = LineIngest(
            store: store, ledger: ledger, framing: framing, lineLimit: max(framing.lineLimit, Self.longestLine),
            isSettled: isSettled, commitBytes: Self.commitBytes, progress: progress)
        try lines.begin(&source)
        var consumer = GatewayConsumer(
            parser: GatewayFormat.parser(head: head, framing: framing),
            sink: GatewayStoringSink(
                writer: try GatewayWriter(store, source: source.id, instance: instance), ledger: ledger, clock: clock,
                source: source))
        try lines.run(stream, into: &consumer)
        source = consumer.source
    }
}

private struct GatewayConsumer: LineConsumer {
    var parser: GatewayParser
    var sink: GatewayStoringSink
    private var counted = GatewayCounts()

    init(parser: GatewayParser, sink: GatewayStoringSink) {
        self.parser = parser
        self.sink = sink
    }

    var source: SourceRow {
        get { sink.source }
        set { sink.source = newValue }
    }
    var pendingStart: (line: Int, offset: Int)? { parser.pendingStart }
    var parserState: String? { nil }

    mutating func take(_ line: borrowing Line, _ frame: FrameInfo) throws {
        try parser.parse(line: line, frame: frame, into: &sink)
    }

    mutating func finish() throws { try parser.finish(into: &sink) }
    mutating func reject(_ reject: FormatReject) throws { try sink.store(reject) }

    mutating func takeCounts() -> [String: Int] {
        let counts = parser.counts
        defer { counted = counts }
        sink.source.add(counts, since: counted)
        return counts.kinds(since: counted)
    }

    mutating func conclude(damage: String?) throws {
        sink.source.message = damage
        if damage == nil, parser.counts.untimed > 0 {
            sink.source.message =
                "\(parser.counts.untimed) requests have no date: take the log with `docker logs -t` or `kubectl logs --timestamps`"
        }
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
        try store(reject)
    }

    func store(_ reject: FormatReject) throws {
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
