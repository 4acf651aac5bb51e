import TidemarkBase

/// Writes an `ExportTraceServiceRequest` in protobuf (opentelemetry-proto 1.11) as OTLP/JSON, which ``TraceParser`` reads.
enum OTLPMessage {
    private static let deepest = 24

    /// Appends the request as JSON on one line.
    static func json(_ message: Bytes, into out: inout ByteWriter) throws(ProtoReader.Malformed) {
        out.write("{\"resourceSpans\":[")
        try list(message, 1, &out) { holder, out throws(ProtoReader.Malformed) in
            out.write("{\"resource\":{\"attributes\":[")
            try first(holder, 1, &out) { resource, out throws(ProtoReader.Malformed) in
                try list(resource, 1, &out, attribute)
            }
            out.write("]},\"scopeSpans\":[")
            try list(holder, 2, &out, scopeSpans)
            out.write("]}")
        }
        out.write("]}")
    }

    fileprivate typealias Body = (Bytes, inout ByteWriter) throws(ProtoReader.Malformed) -> Void

    /// The messages in a repeated field, with commas between them.
    private static func list(
        _ message: Bytes, _ field: Int, _ out: inout ByteWriter, _ body: Body
    ) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        var isFirst = true
        while let (number, value) = try reader.next() {
            guard number == field, case .bytes(let inner) = value else { continue }
            if !isFirst { out.write(",") }
            isFirst = false
            try body(inner, &out)
        }
    }

    private static func first(
        _ message: Bytes, _ field: Int, _ out: inout ByteWriter, _ body: Body
    ) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let inner) = value { return try body(inner, &out) }
        }
    }

    private static func scopeSpans(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        out.write("{\"scope\":{\"name\":")
        var name = ""
        var nothing = ByteWriter()
        try first(message, 1, &nothing) { scope, nothing throws(ProtoReader.Malformed) in
            try first(scope, 1, &nothing) { text, _ throws(ProtoReader.Malformed) in name = text.text }
        }
        out.writeJSONString(name)
        out.write("},\"spans\":[")
        try list(message, 2, &out, span)
        out.write("]}")
    }

    private static func span(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        out.write("{\"flags\":0")
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let id)): hex("traceId", id, &out)
            case (2, .bytes(let id)): hex("spanId", id, &out)
            case (4, .bytes(let id)) where id.count > 0: hex("parentSpanId", id, &out)
            case (5, .bytes(let name)):
                out.write(",\"name\":")
                out.writeJSONString(name.text)
            case (6, .number(let kind)): out.write(",\"kind\":\(kind)")
            case (7, .fixed64(let time)): out.write(",\"startTimeUnixNano\":\"\(time)\"")
            case (8, .fixed64(let time)): out.write(",\"endTimeUnixNano\":\"\(time)\"")
            case (15, .bytes(let status)): try self.status(status, &out)
            default: break
            }
        }
        out.write(",\"attributes\":[")
        try list(message, 9, &out, attribute)
        out.write("],\"events\":[")
        try list(message, 11, &out, event)
        out.write("],\"links\":[")
        try list(message, 13, &out, link)
        out.write("]}")
    }

    private static func event(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        out.write("{\"droppedAttributesCount\":0")
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .fixed64(let time)): out.write(",\"timeUnixNano\":\"\(time)\"")
            case (2, .bytes(let name)):
                out.write(",\"name\":")
                out.writeJSONString(name.text)
            default: break
            }
        }
        out.write(",\"attributes\":[")
        try list(message, 3, &out, attribute)
        out.write("]}")
    }

    private static func link(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        out.write("{\"flags\":0")
        while let (field, value) = try reader.next() {
            if field == 1, case .bytes(let id) = value { hex("traceId", id, &out) }
            if field == 2, case .bytes(let id) = value { hex("spanId", id, &out) }
        }
        out.write("}")
    }

    private static func status(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        var code: UInt64 = 0
        out.write(",\"status\":{")
        while let (field, value) = try reader.next() {
            if field == 3, case .number(let number) = value { code = number }
            if field == 2, case .bytes(let text) = value {
                out.write("\"message\":")
                out.writeJSONString(text.text)
                out.write(",")
            }
        }
        out.write("\"code\":\(code)}")
    }

    private static func attribute(_ message: Bytes, _ out: inout ByteWriter) throws(ProtoReader.Malformed) {
        try attribute(message, &out, depth: 0)
    }

    private static func attribute(
        _ message: Bytes, _ out: inout ByteWriter, depth: Int
    ) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        var key = ""
        var content: Bytes?
        while let (field, value) = try reader.next() {
            if field == 1, case .bytes(let text) = value { key = text.text }
            if field == 2, case .bytes(let inner) = value { content = inner }
        }
        out.write("{\"key\":")
        out.writeJSONString(key)
        out.write(",\"value\":")
        if let content { try any(content, &out, depth: depth) } else { out.write("{}") }
        out.write("}")
    }

    private static func any(_ message: Bytes, _ out: inout ByteWriter, depth: Int) throws(ProtoReader.Malformed) {
        var reader = ProtoReader(message)
        guard depth < deepest, let (field, value) = try reader.next() else { return out.write("{}") }
        switch (field, value) {
        case (1, .bytes(let text)):
            out.write("{\"stringValue\":")
            out.writeJSONString(text.text)
            out.write("}")
        case (2, .number(let flag)): out.write("{\"boolValue\":\(flag != 0)}")
        case (3, .number(let number)): out.write("{\"intValue\":\"\(Int64(bitPattern: number))\"}")
        case (4, .fixed64(let bits)):
            let number = Double(bitPattern: bits)
            let text =
                number.isFinite
                ? ByteWriter.shortest(number) : number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\""
            out.write("{\"doubleValue\":\(text)}")
        case (5, .bytes(let array)):
            out.write("{\"arrayValue\":{\"values\":[")
            try list(array, 1, &out) { inner, out throws(ProtoReader.Malformed) in
                try any(inner, &out, depth: depth + 1)
            }
            out.write("]}}")
        case (6, .bytes(let pairs)):
            out.write("{\"kvlistValue\":{\"values\":[")
            try list(pairs, 1, &out) { inner, out throws(ProtoReader.Malformed) in
                try attribute(inner, &out, depth: depth + 1)
            }
            out.write("]}}")
        case (7, .bytes(let data)): out.write("{\"stringValue\":\"\(data.count) bytes\"}")
        default: out.write("{}")
        }
    }

    private static func hex(_ key: String, _ id: Bytes, _ out: inout ByteWriter) {
        guard id.count <= 16 else { return }
        out.write(",\"\(key)\":\"")
        for byte in id {
            let digits = String(byte, radix: 16)
            out.write(digits.count == 1 ? "0" + digits : digits)
        }
        out.write("\"")
    }
}
