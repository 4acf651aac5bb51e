import TidemarkBase
import TidemarkEvidence

/// nginx' variables in the text of access lines: the short and long names under which operators log them, and their times
/// without names.
enum NginxVariable {
    /// Whether the key is one of them.
    static func set(_ key: Bytes, _ value: Bytes, _ access: inout GatewayAccess) -> Bool {
        switch key.count {
        case 2:
            if key.equals("rt") {
                access.durationMicros = GatewayText.seconds(value).sum
            } else if key.equals("us") {
                access.upstreamStatus = GatewayText.status(GatewayText.last(value).entry)
            } else if key.equals("ua"), CommonLogLine.isAddress(value) {
                // Else it is the user agent.
                access.upstream = GatewayText.last(value).entry
            } else if key.equals("ut") {
                setUpstream(GatewayText.seconds(value).sum, value, &access)
            } else {
                return false
            }
        case 3:
            if key.equals("uct") {
                access.connectMicros = GatewayText.seconds(value).last
            } else if key.equals("uht") {
                access.headersMicros = GatewayText.seconds(value).last
            } else if key.equals("urt") {
                setUpstream(GatewayText.seconds(value).sum, value, &access)
            } else if key.equals("rid") {
                access.requestID = GatewayText.present(value)
            } else {
                return false
            }
        default: return setLong(key, value, &access)
        }
        return true
    }

    /// Upstream time; a list of several has that many tries.
    static func setUpstream(_ micros: Int64?, _ list: Bytes, _ access: inout GatewayAccess) {
        access.upstreamMicros = micros
        guard list.firstIndex(of: 32) != nil || list.firstIndex(of: 44) != nil else { return }
        let tries = GatewayText.last(list).count
        if tries > 1 { access.retries = tries - 1 }
    }

    private static func setLong(_ key: Bytes, _ value: Bytes, _ access: inout GatewayAccess) -> Bool {
        if key.equals("request_time") || key.equals("req_time") {
            access.durationMicros = GatewayText.seconds(value).sum
        } else if key.equals("upstream_connect_time") {
            access.connectMicros = GatewayText.seconds(value).last
        } else if key.equals("upstream_header_time") {
            access.headersMicros = GatewayText.seconds(value).last
        } else if key.equals("upstream_response_time") || key.equals("upstream_time") {
            setUpstream(GatewayText.seconds(value).sum, value, &access)
        } else if key.equals("upstream_status") || key.equals("ustatus") {
            access.upstreamStatus = GatewayText.status(GatewayText.last(value).entry)
        } else if key.equals("upstream_addr") || key.equals("upstream") || key.equals("uaddr") {
            access.upstream = GatewayText.present(GatewayText.last(value).entry)
        } else if key.equals("request_length") {
            access.bytesIn = GatewayText.integer(value)
        } else if key.equals("request_id") || key.equals("req_id") || key.equals("reqid")
            || key.equals("x_request_id") || key.equals("x-request-id") || key.equals("kong_request_id")
        {
            access.requestID = GatewayText.present(value)
        } else if key.equals("trace_id") || key.equals("traceid") || key.equals("traceparent") {
            access.traceID = GatewayText.trace(value)
        } else {
            return false
        }
        return true
    }

    /// Seconds without names, in the order of the line.
    struct BareTimes {
        private var times: (Bytes, Bytes, Bytes, Bytes) = (
            GatewayText.none, GatewayText.none, GatewayText.none, GatewayText.none
        )
        private(set) var count = 0

        mutating func append(_ time: Bytes) {
            switch count {
            case 0: times.0 = time
            case 1: times.1 = time
            case 2: times.2 = time
            case 3: times.3 = time
            default: break
            }
            count += 1
        }

        /// One is the request's, two are the request's and the upstream's, four are these with those to connect and to the
        /// head, in one of two orders. What must hold decides: request ≥ response ≥ head ≥ connect; times for which it
        /// doesn't are of no known order, and more than four aren't either.
        func set(_ access: inout GatewayAccess) {
            guard count >= 1, count <= 4, let whole = GatewayText.micros(times.0) else { return }
            for time in [times.1, times.2, times.3] {
                // nginx' two clocks may be a millisecond apart.
                if let micros = GatewayText.seconds(time).sum, micros > whole + 1000 { return }
            }
            access.durationMicros = whole
            if count == 2 {
                NginxVariable.setUpstream(GatewayText.seconds(times.1).sum, times.1, &access)
            } else if count == 4 {
                if Self.holds(connect: times.1, head: times.2, response: times.3) {
                    set(connect: times.1, head: times.2, response: times.3, &access)
                } else if Self.holds(connect: times.2, head: times.3, response: times.1) {
                    set(connect: times.2, head: times.3, response: times.1, &access)
                }
            }
        }

        private static func holds(connect: Bytes, head: Bytes, response: Bytes) -> Bool {
            let connected = GatewayText.seconds(connect).last
            let answered = GatewayText.seconds(head).last
            guard let ended = GatewayText.seconds(response).last else { return connected == nil && answered == nil }
            return answered ?? 0 <= ended && connected ?? 0 <= answered ?? ended
        }

        private func set(connect: Bytes, head: Bytes, response: Bytes, _ access: inout GatewayAccess) {
            access.connectMicros = GatewayText.seconds(connect).last
            access.headersMicros = GatewayText.seconds(head).last
            NginxVariable.setUpstream(GatewayText.seconds(response).sum, response, &access)
        }
    }
}
