import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Turns the kernel's words about GPUs between the lines of a server log – a journal of the whole host has them – into GPU
/// events, as a kernel log of its own gives them.
enum LogXids {
    /// Makes the period's events anew.
    static func update(_ store: Store, period: Int) throws {
        let sources = try store.database.prepare(
            """
            SELECT source_id FROM source
            WHERE period_id = ? AND format = '\(VLLMLogFormat.identifier)' AND framing != '\(LogFraming.plain.rawValue)'
            ORDER BY source_id
            """)
        sources.bind(1, period)
        var found: [Int] = []
        while try sources.step() { found.append(sources.int(0)) }
        for source in found { try update(store, source: source, period: period) }
    }

    private static func update(_ store: Store, source: Int, period: Int) throws {
        try store.database.prepare("DELETE FROM gpu_event WHERE source_id = ?").run(source)
        let rows = try store.database.prepare(
            "SELECT line, time_ms, message FROM log_event WHERE source_id = ? AND kind = ? ORDER BY line")
        rows.bind(1, source)
        rows.bind(2, LogEventKind.xid.rawValue)
        var parser = KernelLogParser()
        var sink = Sink(writer: try GPUWriter(store, source: source, period: period))
        while try rows.step() {
            var frame = FrameInfo()
            frame.timeMs = rows.optionalInt64(1)
            try parser.parse(
                line: Line(bytes: rows.bytes(2), number: rows.int(0), offset: 0), frame: frame, into: &sink)
        }
        try sink.writer.finish()
    }

    private struct Sink: GPUCaptureSink {
        let writer: GPUWriter

        mutating func gpu(_ sample: GPUSample, line: Int) {}
        /// It stays a log event.
        mutating func reject(_ reject: FormatReject) {}

        mutating func event(_ event: GPUCaptureEvent) throws {
            try writer.write(
                GPUEventRow(
                    instance: writer.knownInstance(busID: event.busID, uuid: event.uuid), line: event.line,
                    timeMs: event.timeMs, kind: event.kind.rawValue, code: event.code, text: event.text,
                    busID: event.busID, action: event.action))
        }
    }
}
