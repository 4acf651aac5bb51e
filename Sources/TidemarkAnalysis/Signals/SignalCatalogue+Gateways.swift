extension SignalCatalogue {
    /// What clients saw at a gateway in front of the engines.
    static let gateways: [Signal] =
        [
            Signal(
                name: "gateway_request_rate_requests_per_second", title: "Requests at the gateway",
                unit: .requestsPerSecond, section: .service, worst: .high, scope: .gateway, fleet: .sum,
                origins: [.gatewayRate(.requests)])
        ]
        + [(50, 0.5), (95, 0.95), (99, 0.99)].map { percent, q in
            Signal(
                name: "gateway_duration_p\(percent)_seconds", title: "Duration at the gateway, P\(percent)",
                unit: .seconds, section: .service, worst: .high, scope: .gateway, fleet: .max,
                origins: [.gatewayQuantile(q, .duration)])
        } + [
            Signal(
                name: "gateway_time_to_headers_p95_seconds",
                title: "Time to the head of the answer at the gateway, P95", unit: .seconds, section: .service,
                worst: .high, scope: .gateway, fleet: .max, origins: [.gatewayQuantile(0.95, .headers)]),
            Signal(
                name: "gateway_first_token_p95_seconds", title: "Time to first token at the gateway, P95",
                unit: .seconds, section: .service, worst: .high, scope: .gateway, fleet: .max,
                origins: [.gatewayQuantile(0.95, .firstToken)]),
            Signal(
                name: "gateway_queue_p95_seconds", title: "Time in the gateway's queue, P95", unit: .seconds,
                section: .service, worst: .high, scope: .gateway, fleet: .max,
                origins: [.gatewayQuantile(0.95, .queue)]),
            Signal(
                name: "gateway_error_ratio", title: "Share of requests with status 5xx at the gateway", unit: .ratio,
                section: .service, worst: .high, scope: .gateway, fleet: .max, origins: [.gatewayShare(.errors)]),
            Signal(
                name: "gateway_disconnect_requests_per_second", title: "Requests that clients left",
                unit: .requestsPerSecond, section: .service, worst: .high, scope: .gateway, fleet: .sum,
                origins: [.gatewayRate(.disconnects)]),
            Signal(
                name: "gateway_upstream_timeout_requests_per_second",
                title: "Requests whose upstream took too long for the gateway", unit: .requestsPerSecond,
                section: .service, worst: .high, scope: .gateway, fleet: .sum,
                origins: [.gatewayRate(.upstreamTimeouts)]),
        ]
}
