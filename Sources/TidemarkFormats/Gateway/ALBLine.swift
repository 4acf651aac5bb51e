import TidemarkBase
import TidemarkEvidence

/// Access logs of AWS' Application Load Balancers: fields parted by blanks, the time of the answer's end in UTC,
/// processing times in seconds (-1: not reached), behind the certificate the time of the request's creation.
enum ALBLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.count > 60, let blank = line.firstIndex(of: 32), blank >= 2, blank <= 5,
            isType(line.slice(0, blank)),
            let time = CivilTime.parseRFC3339(line.slice(blank + 1, min(line.count, blank + 50))), time.zoned,
            line.has(" ", at: blank + 1 + time.length)
        else { return .other }
        access.dialect = .alb
        access.moment = .end
        access.timeMs = time.millis
        var scan = GatewayScanner(line, from: blank + 1 + time.length)
        _ = scan.field()
        access.client = GatewayText.host(scan.field())
        access.upstream = GatewayText.present(scan.field())
        let before = scan.field()
        let target = scan.field()
        let after = scan.field()
        for text in [before, target, after] where GatewayText.micros(text) == nil && !text.has("-1") {
            return .damaged("expected three processing times")
        }
        access.status = GatewayText.status(scan.field())
        access.upstreamStatus = GatewayText.status(scan.field())
        access.bytesIn = GatewayText.integer(scan.field())
        access.bytesOut = GatewayText.integer(scan.field())
        scan.skipBlanks()
        guard let request = scan.quoted() else { return .damaged("expected a quoted request") }
        GatewayText.request(request, into: &access)
        access.headersMicros = GatewayText.micros(target)
        if let first = GatewayText.micros(before), let second = access.headersMicros,
            let third = GatewayText.micros(after)
        {
            access.durationMicros = first + second + third
        }
        access.end = access.status == 503 ? .noUpstream : GatewayText.end(status: access.status)
        guard scan.value() != nil else { return .damaged("the line is cut off behind the request") }
        // ssl_cipher, ssl_protocol, target_group_arn.
        for _ in 0..<3 { _ = scan.value() }
        if let trace = scan.value(), trace.has("Root=") {
            access.traceID = trace.slice(5, trace.firstIndex(of: 59) ?? trace.count)
        }
        // domain_name, chosen_cert_arn, matched_rule_priority.
        for _ in 0..<3 { _ = scan.value() }
        if let created = scan.value(), let start = CivilTime.parseRFC3339(created), start.length == created.count,
            start.millis <= time.millis, time.millis - start.millis < 86_400_000
        {
            // The three processing times end where a stream begins.
            access.durationMicros = (time.millis - start.millis) * 1000
        }
        return .access
    }

    private static func isType(_ text: Bytes) -> Bool {
        text.equals("http") || text.equals("https") || text.equals("h2") || text.equals("grpcs") || text.equals("ws")
            || text.equals("wss")
    }
}

/// Access logs of AWS' Classic Load Balancers: the time at which the request came, in UTC, the balancer's name, client and
/// backend, three processing times in seconds (-1: not reached), two statuses, sizes, request, user agent.
enum ELBLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.count > 80, line[0] &- 48 <= 9,
            let time = CivilTime.parseRFC3339(line.slice(0, min(line.count, 50))),
            time.zoned, line.has(" ", at: time.length)
        else { return .other }
        var scan = GatewayScanner(line, from: time.length)
        let name = scan.field()
        let client = scan.field()
        let backend = scan.field()
        let times = [scan.field(), scan.field(), scan.field()]
        guard name.count <= 32, name.firstIndex(of: 47) == nil, client.firstIndex(of: 58) != nil,
            backend.equals("-") || backend.firstIndex(of: 58) != nil,
            times.allSatisfy({ $0.equals("-1") || $0.firstIndex(of: 46) != nil && GatewayText.micros($0) != nil })
        else { return .other }
        access.dialect = .elb
        (access.timeMs, access.moment) = (time.millis, .start)
        access.client = GatewayText.host(client)
        access.upstream = GatewayText.present(backend)
        access.status = GatewayText.status(scan.field())
        access.upstreamStatus = GatewayText.status(scan.field())
        access.bytesIn = GatewayText.integer(scan.field())
        access.bytesOut = GatewayText.integer(scan.field())
        scan.skipBlanks()
        guard let request = scan.quoted() else { return .damaged("expected a quoted request") }
        GatewayText.request(request, into: &access)
        // Of a TCP listener it is the time until the connection stood.
        let backendMicros = GatewayText.micros(times[1])
        if access.status == nil { access.connectMicros = backendMicros } else { access.headersMicros = backendMicros }
        if let first = GatewayText.micros(times[0]), let second = backendMicros,
            let third = GatewayText.micros(times[2])
        {
            access.durationMicros = first + second + third
        }
        access.end = access.status == 503 ? .noUpstream : GatewayText.end(status: access.status)
        return .access
    }
}
