import TidemarkBase

/// Who wrote an access line in front of the engines.
public enum GatewayDialect: String, Sendable, CaseIterable {
    /// The common and the combined form with what operators add (also Apache's and APISIX'), the defaults of ingress-nginx
    /// and of Nginx Proxy Manager.
    case nginx
    /// Envoy's default text and Istio's.
    case envoy
    case haproxy
    /// Traefik's common log format.
    case traefik
    /// Application Load Balancer of AWS.
    case alb
    /// AWS' Classic Load Balancer.
    case elb
    /// One JSON object a line: Envoy, Traefik, Caddy, nginx with `escape=json`, other keys of an operator's choice.
    case json
    /// The lines of the LiteLLM proxy.
    case litellm
    /// uvicorn's lines in the log of vLLM's router, or as messages of a JSON logger.
    case uvicorn
    /// aiohttp's access logger.
    case aiohttp
    /// TorchServe's `ACCESS_LOG`.
    case torchServe = "torchserve"
    /// Go's Gin: one-api, new-api, Ollama and many others.
    case gin
    case llamaSwap = "llama_swap"
    case agentgateway
    /// Routers in Rust: vLLM's and SGLang's.
    case router
    /// `key=value` fields of an operator's choice.
    case keyValue = "key_value"
    /// Rows of LiteLLM's table of spend logs, as CSV.
    case spendCSV = "litellm_csv"
}

/// Why a request ended otherwise than with the upstream's whole answer.
public enum GatewayEnd: String, Sendable, CaseIterable {
    /// nginx' 499, Envoy's DC, HAProxy's C… and c…, ALB's 460.
    case clientDisconnect = "client_disconnect"
    /// 504; Envoy's UT, SI, DT; HAProxy's sC, sH, sD.
    case upstreamTimeout = "upstream_timeout"
    /// 502; Envoy's UF, UC, UR, LR, UPE; HAProxy's S….
    case upstreamFailure = "upstream_failure"
    /// No healthy upstream, no route: Envoy's UH, NR, NC; HAProxy's `<NOSRV>` with 503.
    case noUpstream = "no_upstream"
    /// Turned away: Envoy's UO, RL, OM; HAProxy's sQ and R….
    case overload
    /// A failure without a reason, as LiteLLM's spend logs have it.
    case failure
}

/// One request as a gateway saw it. A value that the line doesn't have is nil; an absent text is empty.
///
/// Durations are microseconds, and of the whole request: of a stream with all its tokens. `Bytes` members point into the
/// parser's buffers and are valid only during the call that delivers the record.
public struct GatewayAccess {
    /// Which moment the line's own time is.
    public enum Moment: Sendable { case start, end }

    /// 1-based number of the line, how many physical lines it is, and the offset of its first byte (decompressed).
    public var line = 0
    public var lineCount = 1
    public var offset = 0
    public var frame = FrameInfo()
    public var dialect = GatewayDialect.nginx

    /// The line's own time, Unix ms; nil: it has none (uvicorn's lines).
    public var timeMs: Int64?
    /// The own time has no zone: ``timeMs`` is the clock's reading as if UTC.
    public var zoneless = false
    public var moment = Moment.end

    public var durationMicros: Int64?
    /// From the gateway's sending to the head of the upstream's answer (the last try's). Servers of streams send it
    /// before the first token, so it is no time to first token.
    public var headersMicros: Int64?
    /// Spent with upstreams, all tries together.
    public var upstreamMicros: Int64?
    public var connectMicros: Int64?
    /// Waited for a free connection to an upstream.
    public var queueMicros: Int64?
    /// Measured by the gateway itself (LiteLLM).
    public var firstTokenMicros: Int64?

    public var status: Int?
    /// The last try's.
    public var upstreamStatus: Int?
    /// Further tries after the first.
    public var retries: Int?
    public var bytesIn: Int64?
    public var bytesOut: Int64?
    public var promptTokens: Int?
    public var completionTokens: Int?
    public var end: GatewayEnd?

    public var method = Bytes(start: nil, count: 0)
    /// Path without its query: queries may hold keys.
    public var route = Bytes(start: nil, count: 0)
    /// Address, without port.
    public var client = Bytes(start: nil, count: 0)
    /// Address of the last upstream, or the server's name.
    public var upstream = Bytes(start: nil, count: 0)
    /// Response flags (Envoy), termination state (HAProxy).
    public var flags = Bytes(start: nil, count: 0)
    public var requestID = Bytes(start: nil, count: 0)
    /// 32 hexadecimal digits of a W3C trace, or what else the gateway calls a trace id.
    public var traceID = Bytes(start: nil, count: 0)
    public var model = Bytes(start: nil, count: 0)

    public init() {}

    /// The start of the request, Unix ms, on the line's own clock.
    public var startMs: Int64? {
        guard let timeMs else { return nil }
        guard moment == .end, let durationMicros else { return timeMs }
        return timeMs - (durationMicros + 500) / 1000
    }
}

/// What else a gateway says in its log: errors, warnings, decisions of a router.
public struct GatewayEvent {
    public var line = 0
    public var lineCount = 1
    public var offset = 0
    public var frame = FrameInfo()
    public var level: LogLevel?
    /// The own time, Unix ms; ``zoneless`` as in ``GatewayAccess``.
    public var timeMs: Int64?
    public var zoneless = false
    /// The own time where it has no year (klog).
    public var stamp: LogStamp?
    /// All lines of the message, at most 4,000 bytes, secrets masked.
    public var message: [UInt8] = []

    public init() {}
}
