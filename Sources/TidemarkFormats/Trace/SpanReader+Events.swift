import TidemarkBase
import TidemarkEvidence

/// Events and links.
extension SpanReader {
    mutating func events(_ reader: inout JSONReader) throws {
        guard try isKind(.array, &reader) else { return }
        try reader.array { reader in
            guard try reader.peek() == .object, eventCount < Self.keptEvents else { return try reader.skip() }
            try event(&reader)
        }
    }

    /// `{timeUnixNano, name, attributes}`, Jaeger's `{timestamp, fields}`, Zipkin's `{timestamp, value}`.
    mutating func event(_ reader: inout JSONReader) throws {
        var timeNs: Int64?
        var name: JSONReader.RawString?
        var attributesAt: Int?
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("timeUnixNano") || key.equals("time_unix_nano") || key.equals("Time") {
                try time(&reader, unit: 1) { timeNs = $1 }
            } else if key.equals("timestamp") {
                try time(&reader, unit: 1000) { timeNs = $1 }
            } else if key.equals("name") || key.equals("value") || key.equals("Name"), kind == .string {
                name = try reader.string()
            } else {
                if key.equals("attributes") || key.equals("fields") || key.equals("Attributes"),
                    kind == .array || kind == .object
                {
                    attributesAt = reader.offset
                }
                try reader.skip()
            }
        }
        let inner = AttributeWriter(keepsContent: events.keepsContent)
        var fields = inner
        fields.begin()
        if let attributesAt {
            var late = JSONReader(reader.bytes, from: attributesAt)
            func add(_ key: JSONReader.RawString, _ value: AttributeValue) throws {
                if key.equals("event"), name == nil, case .string(let text) = value {
                    name = text
                } else {
                    try fields.member(key, value, names.look(up: key.bytes).judged, in: reader.bytes)
                }
            }
            if try late.peek() == .array {
                try late.array { late in
                    guard try isKind(.object, &late), let (key, value) = try pair(&late) else { return }
                    try add(key, value)
                }
            } else {
                try late.object { key, late in try add(key, try AttributeValue.plain(&late)) }
            }
        }
        fields.end()
        events.append(eventCount == 0 ? "[{\"time_ns\":" : ",{\"time_ns\":")
        if let timeNs { events.append(timeNs) } else { events.append("null") }
        events.append(",\"name\":")
        if let name { events.string(name, limit: 200) } else { events.append("\"\"") }
        events.append(",\"attributes\":")
        events.append(json: fields.out)
        events.append("}")
        eventCount += 1
    }

    /// Links of OTLP and references of Jaeger. A reference into the same trace is the parent.
    mutating func links(_ reader: inout JSONReader) throws {
        guard try isKind(.array, &reader) else { return }
        try reader.array { reader in
            guard try isKind(.object, &reader) else { return }
            var trace: TraceID?
            var span: UInt64?
            var type: JSONReader.RawString?
            func read(_ key: JSONReader.RawString, _ reader: inout JSONReader) throws {
                switch (SpanKey.find(key.bytes), try reader.peek()) {
                case (.traceID, .string): trace = SpanText.traceID(try reader.string().bytes)
                case (.spanID, .string): span = SpanText.spanID(try reader.string().bytes)
                case (.context, .object): try reader.object { try read($0, &$1) }
                case (_, .string) where key.equals("refType"): type = try reader.string()
                default: try reader.skip()
                }
            }
            try reader.object { try read($0, &$1) }
            guard let trace, let span, span != 0 else { return }
            if let type, !hasTraceID || trace == record.traceID {
                let isChild = type.equals("CHILD_OF")
                if parent == nil || isChild && parent?.isChild == false { parent = (isChild, span) }
                return
            }
            guard linkCount < Self.keptEvents else { return }
            links.append(linkCount == 0 ? "[{\"trace_id\":\"" : ",{\"trace_id\":\"")
            links.append(hex: trace.high)
            links.append(hex: trace.low)
            links.append("\",\"span_id\":\"")
            links.append(hex: span)
            links.append("\"}")
            linkCount += 1
        }
    }
}
