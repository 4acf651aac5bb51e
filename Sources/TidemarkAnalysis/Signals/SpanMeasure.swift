/// What the engine's spans say about each request. Only spans with `gen_ai.latency.e2e` count: a gateway's times have
/// the network in them.
public enum SpanMeasure: String, Sendable, CaseIterable {
    case timeToFirstToken = "ttft_seconds"
    case endToEnd = "e2e_seconds"
    case queue = "queue_seconds"
    case prefill = "prefill_seconds"
    case decode = "decode_seconds"
    /// Time between tokens: what is left after the first token over the tokens after it.
    case interToken = "(e2e_seconds - ttft_seconds) / (completion_tokens - 1)"
    /// What the span above the engine's, a gateway's or a client's, took beyond the engine.
    case beyondEngine = """
        ((SELECT (p.end_ns - p.start_ns) / 1e9 FROM span p WHERE p.period_id = span.period_id
            AND p.trace_id = span.trace_id AND p.span_id = span.parent_span_id) - e2e_seconds)
        """
    case promptTokens = "prompt_tokens"
    case completionTokens = "completion_tokens"

    /// When the observation was made, in SQL, Unix ms: as vLLM's own histograms do, the first token's when it came, all
    /// else when the request was over.
    var timeSQL: String {
        self == .timeToFirstToken
            ? "(start_ns + CAST(ttft_seconds * 1e9 AS INTEGER)) / 1000000" : SpanMeasure.endSQL
    }

    static let endSQL = "coalesce(end_ns, start_ns + CAST(e2e_seconds * 1e9 AS INTEGER)) / 1000000"

    /// Value and weight in SQL: a mean is Σ value / Σ weight.
    var valueSQL: String { self == .interToken ? "e2e_seconds - ttft_seconds" : rawValue }
    var weightSQL: String { self == .interToken ? "completion_tokens - 1" : "1" }
    /// What a span must have for it.
    var conditionSQL: String {
        self == .interToken ? "completion_tokens > 1 AND ttft_seconds IS NOT NULL" : "\(rawValue) IS NOT NULL"
    }
}

/// What is counted per second.
public enum SpanCount: String, Sendable {
    case requests = "requests that ended"
    case promptTokens = "prompt_tokens at the first token"
    case completionTokens = "completion_tokens from the first token to the end"
}
