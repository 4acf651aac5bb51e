/// What a gateway's log says about each request, in seconds. Probes, scrapes and lists of models don't count.
public enum GatewayMeasure: String, Sendable, CaseIterable {
    case duration = "duration_us"
    case headers = "headers_us"
    case queue = "queue_us"
    case firstToken = "first_token_us"

    /// When a request ended, in SQL, Unix ms: as engines do, a gateway's requests count when they are over.
    static let endSQL = "(g.start_ms + coalesce(g.duration_us, 0) / 1000)"

    /// Requests for inference, as a condition on `gateway_request g`. A row without a path (spend logs) has an id; noise on
    /// the port has neither.
    public static let inferenceSQL = """
        (CASE WHEN g.route_id IS NULL THEN g.request_id IS NOT NULL ELSE g.route_id NOT IN (SELECT text_id FROM gateway_text
            WHERE text IN ('/', '/health', '/healthz', '/health/liveliness', '/health/readiness', '/live', '/livez',
                '/ready', '/readyz', '/ping', '/metrics', '/version', '/load', '/docs', '/openapi.json', '/favicon.ico',
                '/robots.txt') OR text LIKE '%/v1/models%') END)
        """
}

/// Requests that are counted.
public enum GatewayCount: String, Sendable, CaseIterable {
    case requests = "every request"
    case errors = "status >= 500 OR end_reason = 'failure'"
    case disconnects = "end_reason = 'client_disconnect'"
    case upstreamTimeouts = "end_reason = 'upstream_timeout'"

    /// As a condition on `gateway_request g`.
    var conditionSQL: String {
        switch self {
        case .requests: "true"
        case .errors: "g.status >= 500 OR g.end_reason = 'failure'"
        case .disconnects: "g.end_reason = 'client_disconnect'"
        case .upstreamTimeouts: "g.end_reason = 'upstream_timeout'"
        }
    }
}
