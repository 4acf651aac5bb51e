/// The id of a trace: 16 bytes. An id of 8 bytes has only its low half.
public struct TraceID: Sendable, Hashable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64 = 0, low: UInt64 = 0) {
        self.high = high
        self.low = low
    }

    /// All zeros means "no id" in every trace format.
    public var isZero: Bool { high == 0 && low == 0 }
}

/// The side of a call that a span describes.
public enum SpanKind: String, Sendable, CaseIterable {
    /// In the order of OTLP's numbers, from 1.
    case `internal`, server, client, producer, consumer
}

public enum SpanStatus: String, Sendable { case ok, error }

/// One span of a trace, whatever format it came in.
///
/// Texts are UTF-8 as the producer wrote it, and may hold anything. A parser fills one record again and again, so that
/// a span costs no allocation; a sink copies what it keeps.
public struct SpanRecord: Sendable, Equatable {
    /// Where the span's object begins: 1-based line, and offset (decompressed).
    public var line = 0
    public var offset = 0
    /// Number of the resource that it belongs to, see ``TraceResource``.
    public var resource = 0
    public var traceID = TraceID()
    public var spanID: UInt64 = 0
    /// 0: a root.
    public var parentID: UInt64 = 0
    /// Zipkin: the server's side of a call whose client's side has the same id.
    public var isShared = false
    public var name: [UInt8] = []
    /// Instrumentation scope: the library that made the span.
    public var scope: [UInt8] = []
    public var kind: SpanKind?
    /// Unix nanoseconds UTC.
    public var startNs: Int64 = 0
    /// As exported, so perhaps before the start; nil: unfinished at the export.
    public var endNs: Int64?
    /// nil: unset.
    public var status: SpanStatus?
    public var statusMessage: [UInt8] = []

    /// The engine's id of the request, else the id of its answer.
    public var requestID: [UInt8] = []
    public var model: [UInt8] = []
    public var promptTokens: Int?
    public var completionTokens: Int?
    public var maxTokens: Int?
    public var latency = SpanLatency()
    public var httpMethod: [UInt8] = []
    /// Path or route, without query.
    public var httpRoute: [UInt8] = []
    public var httpStatus: Int?

    /// JSON object of the attributes that have no field of their own.
    public var attributes: [UInt8] = []
    /// JSON array of `{"time_ns", "name", "attributes"}`; empty without events.
    public var events: [UInt8] = []
    /// JSON array of `{"trace_id", "span_id"}`; empty without links.
    public var links: [UInt8] = []

    public init() {}

    /// Makes the record ready for the next span; the memory of its texts is kept.
    public mutating func reset() {
        func clear(_ text: inout [UInt8]) { text.removeAll(keepingCapacity: text.capacity <= 1 << 16) }
        (line, offset, resource, spanID, parentID) = (0, 0, 0, 0, 0)
        (traceID, isShared, kind, startNs, endNs, status) = (TraceID(), false, nil, 0, nil, nil)
        (promptTokens, completionTokens, maxTokens, httpStatus) = (nil, nil, nil, nil)
        latency = SpanLatency()
        clear(&name)
        clear(&scope)
        clear(&statusMessage)
        clear(&requestID)
        clear(&model)
        clear(&httpMethod)
        clear(&httpRoute)
        clear(&attributes)
        clear(&events)
        clear(&links)
    }
}

/// What a span says about the times of a request, in seconds. vLLM's names: `gen_ai.latency.*`.
public struct SpanLatency: Sendable, Equatable {
    /// `time_in_queue`: from arrival to the first schedule.
    public var queue: Double?
    /// `time_to_first_token`, from arrival.
    public var timeToFirstToken: Double?
    /// `e2e`: from arrival to the last token.
    public var endToEnd: Double?
    /// `time_in_model_prefill`, `_decode`, `_inference`: the V1 engine from 0.10.2.
    public var prefill: Double?
    public var decode: Double?
    public var inference: Double?
    /// `time_in_scheduler`, `time_in_model_forward`, `time_in_model_execute`: the V0 engine with detailed traces.
    public var scheduler: Double?
    public var modelForward: Double?
    public var modelExecute: Double?
    /// `gen_ai.response.time_to_first_chunk`: measured by a client or gateway, the way there and back included.
    public var firstChunk: Double?

    public init() {}
}

/// Who made spans: a process of a service.
public struct TraceResource: Sendable, Hashable {
    /// `service.name`
    public var service: String?
    /// `service.instance.id`: by default a random one of each process.
    public var instance: String?
    /// `host.name`, else the name of the pod.
    public var host: String?
    /// JSON object of the other attributes.
    public var attributes = "{}"

    public init() {}
}
