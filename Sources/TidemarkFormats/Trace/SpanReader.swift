import TidemarkBase
import TidemarkEvidence

/// Reads one span's object in any of the dialects: OTLP in camel or snake case, Jaeger, Zipkin v2, and what SDKs'
/// console exporters print. The dialects' keys don't contradict each other, so they are told apart key by key.
struct SpanReader {
    /// The span that was read last.
    var record = SpanRecord()
    /// Jaeger: which process of its trace the span belongs to; empty elsewhere.
    private(set) var processID: [UInt8] = []
    /// Where a resource stands in the span itself: Zipkin's endpoint, Jaeger's process, a console exporter's resource.
    private(set) var inlineResource: Range<Int>?

    private var attributes: AttributeWriter
    var events: AttributeWriter
    var links: AttributeWriter
    var names = AttributeNames()
    private var scratch: [UInt8] = []
    var linkCount = 0
    var eventCount = 0

    // What is put together when the object is over.
    private var durationNs: Int64?
    private var hasStart = false
    var hasTraceID = false
    private var hasSpanID = false
    var parent: (isChild: Bool, id: UInt64)?
    private var fault: String?
    /// How good the texts are that were taken so far; 0: none.
    private var ranks = Ranks()

    private struct Ranks {
        var id = 0
        var model = 0
        var route = 0
        var method = 0
        var message = 0
        var scope = 0
    }

    static let keptEvents = 32
    private static let textLimit = 300

    init(keepsContent: Bool) {
        attributes = AttributeWriter(keepsContent: keepsContent)
        events = AttributeWriter(keepsContent: keepsContent)
        links = AttributeWriter(keepsContent: keepsContent)
    }

    /// What a value was.
    enum Result {
        case span
        /// An object without an id or a name: no span, and no damaged one either.
        case nothing
        case fault(String)
    }

    /// Reads all of `bytes`, an object.
    mutating func read(_ bytes: Bytes) -> Result {
        record.reset()
        processID.removeAll(keepingCapacity: true)
        attributes.removeAll()
        events.removeAll()
        links.removeAll()
        (inlineResource, durationNs, parent, fault) = (nil, nil, nil, nil)
        (hasStart, hasTraceID, hasSpanID, linkCount, eventCount) = (false, false, false, 0, 0)
        ranks = Ranks()
        attributes.begin()
        do {
            var reader = JSONReader(bytes)
            try reader.object { key, reader in try member(key, &reader) }
            guard try reader.peek() == .end else { return .fault("the end of the span is expected") }
        } catch let error as JSONReader.JSONError {
            return .fault("\(error.expected) is expected at byte \(error.offset) of the span")
        } catch {
            return .fault("\(error)")
        }
        attributes.end()
        if let fault { return .fault(fault) }
        if !hasTraceID, !hasSpanID, !hasStart { return .nothing }
        guard hasTraceID, !record.traceID.isZero else { return .fault("a trace id is expected") }
        guard hasSpanID, record.spanID != 0 else { return .fault("a span id is expected") }
        guard hasStart, record.startNs > 0 else { return .fault("a start time is expected") }
        if record.endNs == nil, let durationNs {
            let (end, overflow) = record.startNs.addingReportingOverflow(durationNs)
            if overflow { return .fault("a duration in microseconds is expected") }
            record.endNs = end
        }
        if record.endNs == 0 { record.endNs = nil }
        if record.parentID == 0, let parent { record.parentID = parent.id }
        if eventCount > 0 { events.append("]") }
        if linkCount > 0 { links.append("]") }
        // Copied into memory that the record keeps from span to span.
        record.attributes.append(contentsOf: attributes.out)
        record.events.append(contentsOf: events.out)
        record.links.append(contentsOf: links.out)
        return .span
    }

    // MARK: Members

    private mutating func member(_ key: JSONReader.RawString, _ reader: inout JSONReader) throws {
        switch SpanKey.find(key.bytes) {
        case .traceID:
            try text(&reader) { bytes, reader in
                guard let id = SpanText.traceID(bytes) else { return reader.blame("a trace id of 16 bytes") }
                (reader.record.traceID, reader.hasTraceID) = (id, true)
            }
        case .spanID:
            try text(&reader) { bytes, reader in
                guard let id = SpanText.spanID(bytes) else { return reader.blame("a span id of 8 bytes") }
                (reader.record.spanID, reader.hasSpanID) = (id, true)
            }
        case .parentID:
            try text(&reader) { bytes, reader in
                guard !bytes.isEmpty else { return }
                guard let id = SpanText.spanID(bytes) else { return reader.blame("a parent's id of 8 bytes") }
                reader.record.parentID = id
            }
        case .parent:
            guard try isKind(.object, &reader) else { return }
            try reader.object { key, reader in
                guard SpanKey.find(key.bytes) == .spanID, try reader.peek() == .string else { return try reader.skip() }
                let id = SpanText.spanID(try reader.string().bytes)
                if let id { record.parentID = id } else { blame("a parent's id of 8 bytes") }
            }
        case .context: if try isKind(.object, &reader) { try reader.object { try member($0, &$1) } }
        case .name: try Self.keep(&record.name, &reader)
        case .kind: try text(&reader) { bytes, reader in reader.record.kind = SpanText.kind(bytes) }
        case .startNanos:
            try time(&reader, unit: 1) { ($0.record.startNs, $0.hasStart) = ($1, true) }
        case .startMicros:
            try time(&reader, unit: 1000) { ($0.record.startNs, $0.hasStart) = ($1, true) }
        case .endNanos: try time(&reader, unit: 1) { $0.record.endNs = $1 }
        case .duration: try time(&reader, unit: 1000) { $0.durationNs = $1 }
        case .shared: if case .bool(true) = try AttributeValue.plain(&reader) { record.isShared = true }
        case .attributes: try self.attributes(&reader, isJaeger: false)
        case .tags: try self.attributes(&reader, isJaeger: true)
        case .status: try status(&reader)
        case .events, .logs: try self.events(&reader)
        case .links, .references: try self.links(&reader)
        case .processID: try AttributeValue.plain(&reader).text(into: &processID, limit: 256)
        case .inlineResource:
            let start = reader.offset
            let kind = try reader.peek()
            try reader.skip()
            if kind == .object || kind == .array, inlineResource == nil { inlineResource = start..<reader.offset }
        case .scope:
            guard try isKind(.object, &reader) else { return }
            try reader.object { key, reader in
                if key.equals("Name") { try Self.keep(&record.scope, &reader) } else { try reader.skip() }
            }
        case .other: try reader.skip()
        }
    }

    private mutating func blame(_ what: String) { fault = fault ?? "\(what) is expected" }

    func isKind(_ kind: JSONReader.Kind, _ reader: inout JSONReader) throws -> Bool {
        if try reader.peek() == kind { return true }
        try reader.skip()
        return false
    }

    /// The bytes of a string or number; nothing for null and what has other forms.
    private mutating func text(_ reader: inout JSONReader, _ body: (Bytes, inout SpanReader) -> Void) throws {
        switch try AttributeValue.plain(&reader) {
        case .string(let raw): body(raw.bytes, &self)
        case .number(let bytes): body(bytes, &self)
        default: break
        }
    }

    private static func keep(_ field: inout [UInt8], _ reader: inout JSONReader) throws {
        try AttributeValue.plain(&reader).text(into: &field, limit: textLimit)
    }

    /// A number of units, as number or text, or a time of RFC 3339.
    mutating func time(
        _ reader: inout JSONReader, unit: Int64, _ set: (inout SpanReader, Int64) -> Void
    ) throws {
        try text(&reader) { bytes, reader in
            if let value = SpanText.nanoseconds(bytes, unit: unit) ?? SpanText.timestamp(bytes) {
                set(&reader, value)
            } else if !bytes.isEmpty {
                reader.blame(unit == 1 ? "a time in nanoseconds" : "a time in microseconds")
            }
        }
    }

    private mutating func status(_ reader: inout JSONReader) throws {
        guard try isKind(.object, &reader) else { return }
        try reader.object { key, reader in
            if key.equals("code") || key.equals("status_code") || key.equals("Code") {
                try text(&reader) { bytes, reader in reader.record.status = SpanText.status(bytes) }
            } else if key.equals("message") || key.equals("description") || key.equals("Description") {
                try Self.keep(&record.statusMessage, &reader)
            } else {
                try reader.skip()
            }
        }
    }

    // MARK: Attributes

    /// A list of `{key, value}` (OTLP), of `{key, type, value}` (Jaeger), or a map (Zipkin, Elasticsearch, consoles).
    private mutating func attributes(_ reader: inout JSONReader, isJaeger: Bool) throws {
        switch try reader.peek() {
        case .array:
            try reader.array { reader in
                guard try isKind(.object, &reader) else { return }
                if let (key, value) = try pair(&reader) { try take(key, value, isTag: isJaeger, in: reader.bytes) }
            }
        case .object:
            try reader.object { key, reader in
                let value = try AttributeValue.plain(&reader)
                guard key.bytes.firstIndex(of: 64) != nil else {
                    return try take(key, value, isTag: isJaeger, in: reader.bytes)
                }
                // Elasticsearch would take points for levels: Jaeger writes @ for them.
                let name = key.bytes.map { $0 == 64 ? 46 : $0 }
                try name.withUnsafeBytes {
                    try take(.init(bytes: $0, escaped: key.escaped), value, isTag: isJaeger, in: reader.bytes)
                }
            }
        default: try reader.skip()
        }
    }

    func pair(_ reader: inout JSONReader) throws -> (JSONReader.RawString, AttributeValue)? {
        var name: JSONReader.RawString?
        var value = AttributeValue.null
        var isText = true
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("key") || key.equals("Key"), kind == .string {
                name = try reader.string()
            } else if key.equals("value") || key.equals("Value") {
                value = try AttributeValue.typed(&reader)
            } else if key.equals("type"), kind == .string {
                let type = try reader.string()
                isText = type.equals("string") || type.equals("binary")
            } else {
                try reader.skip()
            }
        }
        // Jaeger's numbers and flags may come as text.
        if !isText, case .string(let text) = value {
            if Decimal.parse(text.bytes) != nil { value = .number(text.bytes) }
            if text.equals("true") || text.equals("false") { value = .bool(text.equals("true")) }
        }
        return name.map { ($0, value) }
    }

    private mutating func take(
        _ key: JSONReader.RawString, _ value: AttributeValue, isTag: Bool, in document: Bytes
    ) throws {
        let (attribute, judged) = names.look(up: key.bytes)
        if attribute == .other || !promote(attribute, value, isTag: isTag) {
            try attributes.member(key, value, judged, in: document)
        }
    }

    /// - Returns: whether the value has its own field now, so that it need not be kept among the others.
    private mutating func promote(_ attribute: SpanAttribute, _ value: AttributeValue, isTag: Bool) -> Bool {
        func take<V>(_ value: V?, _ field: inout V?) -> Bool {
            guard let value, field == nil else { return false }
            field = value
            return true
        }
        switch attribute {
        case .promptTokens: return take(value.count, &record.promptTokens)
        case .completionTokens: return take(value.count, &record.completionTokens)
        case .maxTokens: return take(value.count, &record.maxTokens)
        case .httpStatus: return take(value.count, &record.httpStatus)
        case .queue: return take(value.seconds, &record.latency.queue)
        case .timeToFirstToken: return take(value.seconds, &record.latency.timeToFirstToken)
        case .endToEnd: return take(value.seconds, &record.latency.endToEnd)
        case .prefill: return take(value.seconds, &record.latency.prefill)
        case .decode: return take(value.seconds, &record.latency.decode)
        case .inference: return take(value.seconds, &record.latency.inference)
        case .scheduler: return take(value.seconds, &record.latency.scheduler)
        case .modelForward: return take(value.seconds, &record.latency.modelForward)
        case .modelExecute: return take(value.seconds, &record.latency.modelExecute)
        case .firstChunk: return take(value.seconds, &record.latency.firstChunk)
        case .requestID: return Self.better(value, 2, &ranks.id, &record.requestID)
        // An engine's id is the better one: this stays among the attributes.
        case .responseID:
            _ = Self.better(value, 1, &ranks.id, &record.requestID)
            return false
        case .responseModel: return Self.better(value, 2, &ranks.model, &record.model)
        case .requestModel:
            _ = Self.better(value, 1, &ranks.model, &record.model)
            return false
        case .httpMethod: return Self.better(value, 1, &ranks.method, &record.httpMethod)
        case .httpRoute: return Self.better(value, 2, &ranks.route, &record.httpRoute)
        case .httpPath:
            if Self.better(value, 1, &ranks.route, &record.httpRoute), let query = record.httpRoute.firstIndex(of: 63) {
                record.httpRoute.removeSubrange(query...)
            }
            return false
        default: return isTag && promoteTag(attribute, value)
        }
    }

    /// What OTLP has fields for and the others write as tags.
    private mutating func promoteTag(_ attribute: SpanAttribute, _ value: AttributeValue) -> Bool {
        value.text(into: &scratch, limit: Self.textLimit)
        let text = scratch
        switch attribute {
        case .spanKind:
            record.kind = record.kind ?? text.withUnsafeBytes { SpanText.kind($0) }
            return true
        case .error:
            // Zipkin: its presence is the error, its value a word about it.
            if text != Array("false".utf8) { record.status = .error }
            return text == Array("true".utf8) || text == Array("false".utf8)
        case .statusCode:
            if record.status == nil { record.status = text.withUnsafeBytes { SpanText.status($0) } }
            return true
        case .statusDescription: return Self.better(value, 1, &ranks.message, &record.statusMessage)
        case .scopeName: return Self.better(value, 1, &ranks.scope, &record.scope)
        default: return false
        }
    }

    /// Takes a text unless one as good is there.
    private static func better(
        _ value: AttributeValue, _ rank: Int, _ best: inout Int, _ field: inout [UInt8]
    ) -> Bool {
        guard rank > best else { return false }
        switch value {
        case .string, .number: break
        default: return false
        }
        best = rank
        value.text(into: &field, limit: textLimit)
        return true
    }
}
