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
    /// As ``LineIngest/part``.
    let part: String?
    let isSettled: Bool
    let keepPrompts: Bool
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow, instance: Int) throws {
        let framing = part == nil ? GatewayFormat.framing(head: head) : LogFraming.detect(head: head)
        source.instance = instance
        let clock = GatewayClock(hints: hints, survey: GatewaySurvey(head: head, framing: framing, part: part))
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        let lines = LineIngest(
            store: store, ledger: ledger, framing: framing, lineLimit: max(framing.lineLimit, Self.longestLine),
            part: part, isSettled: isSettled, commitBytes: Self.commitBytes, progress: progress)
        try lines.begin(&source)
        var consumer = GatewayConsumer(
            parser: GatewayFormat.parser(
                head: part == nil ? head : head.slice(0, 0), framing: framing, keepsPrompts: keepPrompts),
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
    var counted = GatewayCounts()

    init(parser: GatewayParser, sink: GatewayStoringSink) {
        self.parser = parser
        self.sink = sink
    }

    var counts: GatewayCounts { parser.counts }
    var pendingStart: (line: Int, offset: Int)? { parser.pendingStart }

    mutating func take(_ line: borrowing Line, _ frame: FrameInfo) throws {
        try parser.parse(line: line, frame: frame, into: &sink)
    }

    mutating func finish() throws { try parser.finish(into: &sink) }

    mutating func conclude(damage: String?) throws {
        sink.source.message = damage
        if damage == nil, parser.counts.untimed > 0 {
            sink.source.message =
                "\(parser.counts.untimed) requests have no date: take the log with `docker logs -t` or `kubectl logs --timestamps`"
        }
    }
}

extension GatewayCounts: LineCounts {
    func kinds(since before: GatewayCounts) -> [String: Int] {
        [
            "gateway_access": accesses - before.accesses, "gateway": events - before.events,
            "reject": rejects - before.rejects,
        ]
    }

    func add(to source: inout SourceRow, since before: GatewayCounts) {
        source.lines += lines - before.lines
        source.recordLines += recordLines - before.recordLines
        source.noiseLines += noiseLines - before.noiseLines
        source.records += accesses + events - before.accesses - before.events
    }
}

/// Hands requests and events to the store.
private struct GatewayStoringSink: GatewaySink, LineStoringSink {
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
}
