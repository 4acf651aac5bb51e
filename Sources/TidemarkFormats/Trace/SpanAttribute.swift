import TidemarkBase

/// Attributes that have a field of their own in a span.
enum SpanAttribute: UInt8, Sendable {
    case other
    case requestID, responseID, responseModel, requestModel
    case promptTokens, completionTokens, maxTokens
    case queue, timeToFirstToken, endToEnd, prefill, decode, inference, scheduler, modelForward, modelExecute
    case firstChunk
    case httpMethod, httpStatus, httpRoute, httpPath
    // How Jaeger and Zipkin write what OTLP has fields for.
    case spanKind, error, statusCode, statusDescription, scopeName
    // Of resources.
    case serviceName, serviceInstance, hostName, podName

    /// vLLM's names (`vllm/tracing`) through its versions, those of OpenTelemetry's conventions before and after
    /// they were renamed, OpenLLMetry's and OpenInference's.
    static let names: [String: SpanAttribute] = [
        "gen_ai.request.id": .requestID, "gen_ai.response.id": .responseID,
        "gen_ai.response.model": .responseModel, "gen_ai.request.model": .requestModel,
        "llm.model_name": .requestModel,
        "gen_ai.usage.prompt_tokens": .promptTokens, "gen_ai.usage.input_tokens": .promptTokens,
        "llm.usage.prompt_tokens": .promptTokens, "llm.token_count.prompt": .promptTokens,
        "gen_ai.usage.completion_tokens": .completionTokens, "gen_ai.usage.output_tokens": .completionTokens,
        "llm.usage.completion_tokens": .completionTokens, "llm.token_count.completion": .completionTokens,
        "gen_ai.request.max_tokens": .maxTokens, "llm.request.max_tokens": .maxTokens,
        "gen_ai.latency.time_in_queue": .queue, "gen_ai.latency.time_to_first_token": .timeToFirstToken,
        "gen_ai.latency.e2e": .endToEnd, "gen_ai.latency.time_in_model_prefill": .prefill,
        "gen_ai.latency.time_in_model_decode": .decode, "gen_ai.latency.time_in_model_inference": .inference,
        "gen_ai.latency.time_in_scheduler": .scheduler, "gen_ai.latency.time_in_model_forward": .modelForward,
        "gen_ai.latency.time_in_model_execute": .modelExecute,
        "gen_ai.response.time_to_first_chunk": .firstChunk,
        "http.request.method": .httpMethod, "http.method": .httpMethod,
        "http.response.status_code": .httpStatus, "http.status_code": .httpStatus,
        "http.route": .httpRoute, "url.path": .httpPath, "http.target": .httpPath,
        "span.kind": .spanKind, "error": .error, "otel.status_code": .statusCode,
        "otel.status_description": .statusDescription, "otel.scope.name": .scopeName,
        "otel.library.name": .scopeName,
        "service.name": .serviceName, "service.instance.id": .serviceInstance, "host.name": .hostName,
        "k8s.pod.name": .podName,
    ]
}

/// Remembers what is known about each attribute's name: a trace repeats a few dozen of them.
struct AttributeNames: Sendable {
    private var interner = ByteInterner(limit: 4096)
    private var known: [(SpanAttribute, AttributeClass)] = []

    mutating func look(up name: Bytes) -> (attribute: SpanAttribute, judged: AttributeClass) {
        guard let id = interner.intern(name) else { return Self.judge(name) }
        if id == known.count { known.append(Self.judge(name)) }
        return known[id]
    }

    private static func judge(_ name: Bytes) -> (SpanAttribute, AttributeClass) {
        guard let found = SpanAttribute.names[name.text] else { return (.other, AttributePolicy.judge(name)) }
        return (found, found == .httpPath ? .url : .plain)
    }
}

/// The value of an attribute, not yet converted.
enum AttributeValue {
    case null
    case string(JSONReader.RawString)
    case number(Bytes)
    case bool(Bool)
    /// An array or object at an offset of the document. `isTyped`: of OTLP's values, `{"stringValue": …}`.
    case nested(offset: Int, isTyped: Bool)

    /// A plain JSON value.
    static func plain(_ reader: inout JSONReader) throws -> AttributeValue {
        switch try reader.peek() {
        case .string: return .string(try reader.string())
        case .number: return .number(try reader.numberBytes())
        case .literal: return try reader.literal().map { .bool($0) } ?? .null
        default:
            let offset = reader.offset
            try reader.skip()
            return .nested(offset: offset, isTyped: false)
        }
    }

    /// A value of OTLP: an object with one of `stringValue`, `intValue`, … in camel or snake case, or, as Go writes
    /// the message itself, `{"Value": {"StringValue": …}}`. `{}` is null.
    static func typed(_ reader: inout JSONReader) throws -> AttributeValue {
        guard try reader.peek() == .object else { return try plain(&reader) }
        var found = AttributeValue.null
        try reader.object { key, reader in
            // The letters behind the first: StringValue, stringValue and string_value are one.
            let name = key.bytes
            let initial = name.count > 0 ? name[0] | 0x20 : 0
            switch (initial, try reader.peek()) {
            // Go's stdouttrace names the type beside the value.
            case (116, _) where key.equals("Type"): try reader.skip()
            case (118, .object) where name.count == 5: found = try typed(&reader)
            case (97, .object), (107, .object):
                let offset = reader.offset
                try reader.skip()
                found = .nested(offset: offset, isTyped: true)
            case (105, .string), (100, .string):
                // 64-bit integers are strings, and so are NaN and Infinity.
                let text = try reader.string()
                found = Decimal.parse(text.bytes) == nil ? .string(text) : .number(text.bytes)
            default: found = try plain(&reader)
            }
        }
        return found
    }

    /// The value as a number, also when it is written as text; not NaN, not infinite.
    var double: Double? {
        switch self {
        case .number(let bytes): Decimal.parse(bytes)
        case .string(let text): text.escaped ? nil : Decimal.parse(text.bytes)
        default: nil
        }
    }

    /// Seconds, not below zero.
    var seconds: Double? { double.flatMap { $0 >= 0 && $0.isFinite ? $0 : nil } }

    /// A whole number, not below zero.
    var count: Int? {
        guard let double, double >= 0, double < 9e15, double == double.rounded() else { return nil }
        return Int(double)
    }

    /// Appends the text of a string or number, at most `limit` bytes.
    func text(into out: inout [UInt8], limit: Int) {
        out.removeAll(keepingCapacity: true)
        switch self {
        case .string(let raw): raw.decode(into: &out)
        case .number(let bytes): out.append(contentsOf: bytes)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        default: break
        }
        guard out.count > limit else { return }
        var end = limit
        while end > 0, out[end] & 0xC0 == 0x80 { end -= 1 }
        out.removeSubrange(end...)
    }
}
