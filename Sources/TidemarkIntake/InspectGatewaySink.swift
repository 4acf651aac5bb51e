import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Requests and events of a gateway's log as JSON lines. Durations in seconds; a value that the line doesn't have is left out.
struct InspectGatewaySink: GatewaySink {
    var clock: GatewayClock
    var lines: JSONLines

    /// Reads the stream and prints its records.
    /// - Parameter part: as ``LineIngest/part``.
    static func inspect(
        _ stream: InputStream, head: [UInt8], hints: LogClock.Hints, part: String? = nil, keepPrompts: Bool,
        emit: @escaping ([UInt8]) -> Void,
        _ summary: inout Inspector.Summary
    ) throws {
        let framing = head.withUnsafeBytes {
            part == nil ? GatewayFormat.framing(head: $0) : LogFraming.detect(head: $0)
        }
        let survey = head.withUnsafeBytes { GatewaySurvey(head: $0, framing: framing, part: part) }
        var sink = InspectGatewaySink(clock: GatewayClock(hints: hints, survey: survey), lines: JSONLines(emit: emit))
        var parser = head.withUnsafeBytes {
            GatewayFormat.parser(head: part == nil ? $0 : $0.slice(0, 0), framing: framing, keepsPrompts: keepPrompts)
        }
        var unframer = LogUnframer(framing)
        var reader = LineReader(limit: GatewayIngest.longestLine)
        func parse(_ line: borrowing Line, _ frame: FrameInfo) throws {
            if part == nil || part == frame.source { try parser.parse(line: line, frame: frame, into: &sink) }
        }
        func take(_ line: borrowing Line) throws { try unframer.feed(line, parse) }
        try stream.read { bytes in
            try reader.feed(bytes, take)
            return true
        }
        parser.lastLineIsCut = stream.damage != nil
        try reader.finish(take)
        try unframer.finish(parse)
        try parser.finish(into: &sink)
        sink.lines.flush()
        summary.records = parser.counts.accesses + parser.counts.events
        summary.rejects = parser.counts.rejects
    }

    mutating func access(_ access: borrowing GatewayAccess) throws {
        let hasOwn = access.timeMs != nil
        begin(access.line, "gateway_access", clock.start(of: access), hasOwn: hasOwn)
        lines.out.write(",\"dialect\":\"\(access.dialect.rawValue)\"")
        text("method", access.method)
        text("route", access.route)
        number("status", access.status)
        number("upstream_status", access.upstreamStatus)
        seconds("duration_seconds", access.durationMicros)
        seconds("headers_seconds", access.headersMicros)
        seconds("upstream_seconds", access.upstreamMicros)
        seconds("connect_seconds", access.connectMicros)
        seconds("queue_seconds", access.queueMicros)
        seconds("first_token_seconds", access.firstTokenMicros)
        number("bytes_in", access.bytesIn.map { Int($0) })
        number("bytes_out", access.bytesOut.map { Int($0) })
        number("retries", access.retries)
        text("client", access.client)
        text("upstream", access.upstream)
        text("request_id", access.requestID)
        text("trace_id", access.traceID)
        text("model", access.model)
        number("prompt_tokens", access.promptTokens)
        number("completion_tokens", access.completionTokens)
        if let end = access.end { lines.out.write(",\"end_reason\":\"\(end.rawValue)\"") }
        text("flags", access.flags)
        lines.out.write("}")
        lines.end()
    }

    mutating func event(_ event: borrowing GatewayEvent) throws {
        begin(event.line, "gateway", clock.time(of: event), hasOwn: event.timeMs != nil || event.stamp != nil)
        if let level = event.level { lines.out.write(",\"level\":\"\(level.rawValue)\"") }
        lines.out.write(",\"message\":")
        lines.out.writeJSONString(String(decoding: event.message, as: UTF8.self))
        lines.out.write("}")
        lines.end()
    }

    mutating func reject(_ reject: FormatReject) throws {
        lines.reject(line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
    }

    private mutating func begin(_ line: Int, _ kind: String, _ timeMs: Int64?, hasOwn: Bool) {
        lines.out.write("{\"line\":\(line),\"kind\":\"\(kind)\",\"time\":")
        guard let timeMs else { return lines.out.write("null") }
        lines.out.write("\"\(CivilTime.rfc3339(timeMs))\",\"time_source\":\"\(hasOwn ? "own" : "outer")\"")
    }

    private mutating func text(_ key: String, _ bytes: Bytes) {
        guard bytes.count > 0 else { return }
        lines.out.write(",\"\(key)\":")
        lines.out.writeJSONString(bytes.text(limit: 500))
    }

    private mutating func number(_ key: String, _ value: Int?) {
        if let value { lines.out.write(",\"\(key)\":\(value)") }
    }

    private mutating func seconds(_ key: String, _ micros: Int64?) {
        if let micros { lines.out.write(",\"\(key)\":\(ByteWriter.shortest(Double(micros) / 1e6))") }
    }
}
