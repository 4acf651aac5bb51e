import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Prints spans, one JSON object each.
struct InspectTraceSink: TraceSink {
    /// A span whose service is still to be told waits with those behind it, as long as they are no more than this.
    private static let heldBytes = 4 << 20

    private var lines: JSONLines
    private var services: [Int: String?] = [:]
    /// Objects without their end, and the numbers of the resources that end them.
    private var held: [(object: [UInt8], resource: Int)] = []
    private var heldSize = 0

    private init(emit: @escaping ([UInt8]) -> Void) { lines = JSONLines(emit: emit) }

    static func inspect(
        _ stream: InputStream, format: String, keepPrompts: Bool, emit: @escaping ([UInt8]) -> Void,
        _ summary: inout Inspector.Summary
    ) throws {
        var parser = TraceParser(sink: InspectTraceSink(emit: emit), keepPrompts: keepPrompts)
        var frames = format == TraceFormat.otlpFrames ? Optional(OTLPFrames()) : nil
        try stream.read { bytes in
            if frames != nil {
                try frames?.feed(bytes) {
                    try parser.feed($0)
                } reject: {
                    try parser.sink.reject($0)
                }
            } else {
                try parser.feed(bytes)
            }
            return true
        }
        try frames?.finish {
            try parser.feed($0)
        } reject: {
            try parser.sink.reject($0)
        }
        try parser.finish()
        parser.sink.release()
        parser.sink.lines.flush()
        summary.records = parser.counts.spans
        summary.rejects = parser.counts.rejects + (frames?.damaged ?? 0)
    }

    mutating func resource(_ resource: TraceResource, number: Int) throws {
        services[number] = .some(resource.service)
        if !held.isEmpty, held.allSatisfy({ services[$0.resource] != nil }) { release() }
    }

    mutating func span(_ span: borrowing SpanRecord) throws {
        var out = ByteWriter(capacity: 1024)
        let timeMs = CivilTime.floorDivide(span.startNs, 1_000_000)
        out.write("{\"line\":\(span.line),\"kind\":\"span\",\"time\":\"\(CivilTime.rfc3339(timeMs))\"")
        out.write(",\"time_source\":\"own\",\"trace_id\":\"")
        Self.hex(span.traceID.high, &out)
        Self.hex(span.traceID.low, &out)
        out.write("\",\"span_id\":\"")
        Self.hex(span.spanID, &out)
        out.write("\"")
        if span.parentID != 0 {
            out.write(",\"parent_span_id\":\"")
            Self.hex(span.parentID, &out)
            out.write("\"")
        }
        if span.isShared { out.write(",\"shared\":true") }
        Self.text("name", span.name, &out)
        if !span.scope.isEmpty { Self.text("scope", span.scope, &out) }
        if let kind = span.kind { out.write(",\"span_kind\":\"\(kind.rawValue)\"") }
        out.write(",\"start_ns\":\(span.startNs)")
        if let end = span.endNs { out.write(",\"end_ns\":\(end)") }
        if let status = span.status { out.write(",\"status\":\"\(status.rawValue)\"") }
        if !span.statusMessage.isEmpty { Self.text("status_message", span.statusMessage, &out) }
        if !span.requestID.isEmpty { Self.text("request_id", span.requestID, &out) }
        if !span.model.isEmpty { Self.text("model", span.model, &out) }
        for (key, value) in [
            ("prompt_tokens", span.promptTokens), ("completion_tokens", span.completionTokens),
            ("max_tokens", span.maxTokens), ("http_status", span.httpStatus),
        ] {
            if let value { out.write(",\"\(key)\":\(value)") }
        }
        let latency = span.latency
        for (key, value) in [
            ("queue", latency.queue), ("ttft", latency.timeToFirstToken), ("e2e", latency.endToEnd),
            ("prefill", latency.prefill), ("decode", latency.decode), ("inference", latency.inference),
            ("scheduler", latency.scheduler), ("model_forward", latency.modelForward),
            ("model_execute", latency.modelExecute), ("first_chunk", latency.firstChunk),
        ] {
            if let value { out.write(",\"\(key)_seconds\":\(ByteWriter.shortest(value))") }
        }
        if !span.httpMethod.isEmpty { Self.text("http_method", span.httpMethod, &out) }
        if !span.httpRoute.isEmpty { Self.text("http_route", span.httpRoute, &out) }
        Self.json("attributes", span.attributes, &out)
        if !span.events.isEmpty { Self.json("events", span.events, &out) }
        if !span.links.isEmpty { Self.json("links", span.links, &out) }
        if held.isEmpty, services[span.resource] != nil {
            write(out.bytes, span.resource)
        } else {
            heldSize += out.bytes.count
            held.append((out.bytes, span.resource))
            if heldSize > Self.heldBytes { release() }
        }
    }

    mutating func reject(_ reject: FormatReject) throws {
        release()
        lines.reject(line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
    }

    private mutating func release() {
        for one in held { write(one.object, one.resource) }
        held.removeAll()
        heldSize = 0
    }

    private mutating func write(_ object: [UInt8], _ resource: Int) {
        object.withUnsafeBytes { lines.out.write($0) }
        if let service = services[resource] ?? nil {
            lines.out.write(",\"service\":")
            lines.out.writeJSONString(service)
        }
        lines.out.write("}")
        lines.end()
    }

    private static func hex(_ value: UInt64, _ out: inout ByteWriter) {
        let digits = String(value, radix: 16)
        out.write(String(repeating: "0", count: 16 - digits.count) + digits)
    }

    private static func text(_ key: String, _ text: [UInt8], _ out: inout ByteWriter) {
        out.write(",\"\(key)\":")
        out.writeJSONString(String(decoding: text, as: UTF8.self))
    }

    private static func json(_ key: String, _ json: [UInt8], _ out: inout ByteWriter) {
        out.write(",\"\(key)\":")
        // What a producer wrote may not be UTF-8.
        out.write(String(decoding: json, as: UTF8.self))
    }
}
