import TidemarkBase
import TidemarkEvidence

/// Envoy's default text and Istio's: `[start] "METHOD path protocol" status flags [details …] received sent duration
/// service "x-forwarded-for" "user agent" "request id" "authority" "upstream" …`.
///
/// The time is the start, in UTC; both durations are milliseconds. The second one, of the header
/// `x-envoy-upstream-service-time`, runs until the head of the upstream's answer. Istio puts details between flags and
/// sizes, and cluster and addresses at the end. A word may stand in front.
enum EnvoyLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.count > 24 else { return .other }
        if line[0] == 34, access.frame.timeMs == nil || access.frame.zoneless {
            // A paste or a format without the time: nothing but all the rest proves it.
            var tried = access
            guard rest(line, from: 0, into: &tried) == .access else { return .other }
            access = tried
            return .access
        }
        var scan = GatewayScanner(line)
        if line[0] == 34, let timeMs = access.frame.timeMs, !access.frame.zoneless {
            // A framing that may print a time in brackets took Envoy's own for it.
            access.timeMs = timeMs
        } else if let open = bracket(line), line[open + 1] &- 48 <= 9, line[open + 11] == 84,
            let time = CivilTime.parseRFC3339(line.slice(open + 1, min(line.count, open + 50))),
            line.has("] \"", at: open + 1 + time.length)
        {
            access.timeMs = time.millis
            access.zoneless = !time.zoned
            scan.at = open + time.length + 3
        } else {
            return .other
        }
        return rest(line, from: scan.at, into: &access)
    }

    /// Behind the time.
    private static func rest(_ line: Bytes, from start: Int, into access: inout GatewayAccess) -> GatewayLineResult {
        var scan = GatewayScanner(line, from: start)
        access.dialect = .envoy
        access.moment = .start
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        GatewayText.request(request, into: &access)
        let status = scan.field()
        guard status.count > 0, let code = Decimal.parseInt(status), code >= 0, code < 1000 else {
            return .damaged("expected a status behind the request")
        }
        access.status = GatewayText.status(status)
        let flags = scan.field()
        // A size: nginx with a time in ISO form.
        if GatewayText.integer(flags) != nil { return .other }
        access.flags = GatewayText.present(flags)
        access.end = end(access.flags) ?? GatewayText.end(status: access.status)
        // Details, of one version or another, are words or quoted texts; the first number is the size received.
        var received: Int64?
        for _ in 0..<8 {
            guard let value = scan.value() else { break }
            received = GatewayText.integer(value)
            if received != nil { break }
        }
        guard received != nil, let sent = GatewayText.integer(scan.field()) else {
            return .damaged("expected bytes received and sent")
        }
        access.bytesIn = received
        access.bytesOut = sent
        let duration = scan.field()
        access.durationMicros = GatewayText.micros(duration, microsPerUnit: 1000)
        guard access.durationMicros != nil || duration.equals("-") else { return .damaged("expected a duration") }
        access.headersMicros = GatewayText.micros(scan.field(), microsPerUnit: 1000)
        guard let forwarded = scan.value(), scan.value() != nil, let id = scan.value(), scan.value() != nil,
            let upstream = scan.value()
        else { return .damaged("expected five quoted values behind the durations") }
        access.client = GatewayText.host(forwarded)
        access.requestID = GatewayText.present(id)
        access.upstream = GatewayText.present(upstream)
        if access.client.isEmpty, !scan.atEnd {
            // Istio: cluster, local address to the upstream, local and remote address of the client's connection.
            _ = scan.field()
            _ = scan.field()
            _ = scan.field()
            access.client = GatewayText.host(scan.field())
        }
        return .access
    }

    /// The bracket of the time: at the beginning, or behind a word or two (Emissary's `ACCESS`).
    private static func bracket(_ line: Bytes) -> Int? {
        if line[0] == 91 { return 0 }
        guard let open = line.slice(0, min(line.count, 128)).firstIndex(of: 91), line[open - 1] == 32,
            open + 24 < line.count
        else { return nil }
        return open
    }

    /// What the response flags say; several are parted by commas.
    static func end(_ flags: Bytes) -> GatewayEnd? {
        var found: GatewayEnd?
        var at = 0
        while at < flags.count {
            let comma = flags.firstIndex(of: 44, from: at) ?? flags.count
            let flag = flags.slice(at, comma)
            at = comma + 1
            let one: GatewayEnd?
            if flag.equals("DC") || flag.equals("DownstreamConnectionTermination") {
                one = .clientDisconnect
            } else if flag.equals("UT") || flag.equals("SI") || flag.equals("DT") || flag.equals("UMSDR")
                || flag.equals("UpstreamRequestTimeout") || flag.equals("StreamIdleTimeout")
                || flag.equals("DurationTimeout")
            {
                one = .upstreamTimeout
            } else if flag.equals("UF") || flag.equals("UC") || flag.equals("UR") || flag.equals("LR")
                || flag.equals("UPE") || flag.equals("UpstreamConnectionFailure")
                || flag.equals("UpstreamConnectionTermination") || flag.equals("UpstreamRemoteReset")
            {
                one = .upstreamFailure
            } else if flag.equals("UH") || flag.equals("NR") || flag.equals("NC") || flag.equals("NoHealthyUpstream")
                || flag.equals("NoRouteFound") || flag.equals("NoClusterFound")
            {
                one = .noUpstream
            } else if flag.equals("UO") || flag.equals("RL") || flag.equals("OM") || flag.equals("UpstreamOverflow")
                || flag.equals("RateLimited") || flag.equals("OverloadManagerTerminated")
            {
                one = .overload
            } else {
                one = nil
            }
            found = found ?? one
        }
        return found
    }
}
