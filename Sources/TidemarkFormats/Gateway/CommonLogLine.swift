import TidemarkBase
import TidemarkEvidence

/// What became of a line that was tried as one dialect's.
enum GatewayLineResult: Equatable {
    case access
    /// Another dialect's, or none.
    case other
    /// This dialect's, but cut or damaged; what was expected.
    case damaged(String)
}

/// The common and combined log formats with what operators and other programs append: nginx, ingress-nginx, Apache,
/// Traefik's text.
///
/// nginx logs at the end of a request, so its time is the end's; Traefik prints the start. Appended values are read
/// where they name themselves (`rt=0.1`), where they stand in ingress-nginx' or Traefik's order, and for the usual
/// orders of nginx' variables without names: `$request_time [$upstream_response_time]`, or all four of request,
/// connect, header and response time.
struct CommonLogLine {
    private var time = CommonTime()

    mutating func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard let blank = line.firstIndex(of: 32), blank > 0, blank <= 256, line[0] != 91, line[0] != 123,
            let open = line.firstIndex(of: 91, from: blank), open < 1024, line[open - 1] == 32
        else { return .other }
        // The time of a framing is no client.
        if blank >= 20, line[4] == 45, line[10] == 84 { return .other }
        let close: Int
        if let timeMs = time.parse(line, at: open + 1) {
            access.timeMs = timeMs
            close = open + 1 + CommonTime.length
        } else {
            // $time_iso8601
            guard open + 20 < line.count, line[open + 5] == 45,
                let stamp = CivilTime.parseRFC3339(line.slice(open + 1, min(line.count, open + 41)))
            else { return .other }
            access.timeMs = stamp.millis
            access.zoneless = !stamp.zoned
            close = open + 1 + stamp.length
        }
        guard line.has("] \"", at: close) else {
            return line.count < close + 3 ? .damaged("an access line is cut off behind its time") : .other
        }
        access.dialect = .nginx
        access.moment = .end
        access.client = Self.client(line, blank, open)
        var scan = GatewayScanner(line, from: close + 2)
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        GatewayText.request(request, into: &access)
        let status = scan.field()
        access.status = GatewayText.status(status)
        let size = scan.field()
        access.bytesOut = GatewayText.integer(size)
        guard access.status != nil || status.count == 3 && Decimal.parseInt(status) != nil || status.equals("-"),
            access.bytesOut != nil || size.equals("-")
        else { return .damaged("expected status and size behind the request of an access line") }
        scan.skipBlanks()
        if !scan.atEnd {
            guard tail(&scan, &access) else { return .damaged("a quoted value of an access line is cut off") }
        }
        if access.end == nil { access.end = GatewayText.end(status: access.status) }
        return .access
    }

    /// `client - user [`; Apache may put the virtual host before it.
    private static func client(_ line: Bytes, _ blank: Int, _ open: Int) -> Bytes {
        let first = line.slice(0, blank)
        if blank + 1 < open, line[blank + 1] != 45, line[blank - 1] != 44 {
            var scan = GatewayScanner(line, from: blank)
            let second = scan.field()
            if scan.at < open, scan.field().equals("-"), scan.at + 1 < open,
                second.firstIndex(of: 46) != nil || second.firstIndex(of: 58) != nil
            {
                return GatewayText.host(second)
            }
        }
        // An IPv6 address has colons of its own.
        return first[blank - 1] == 44 ? first.slice(0, blank - 1) : first
    }

    // MARK: Behind the size

    /// Reads referer, user agent and what follows. False: a quote doesn't end.
    private func tail(_ scan: inout GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        if scan.bytes[scan.at] == 34 {
            guard scan.quoted() != nil else { return false }
            scan.skipBlanks()
            if !scan.atEnd, scan.bytes[scan.at] == 34, scan.quoted() == nil { return false }
            scan.skipBlanks()
        }
        if scan.atEnd { return true }
        if Self.ingress(&scan, &access) || Self.traefik(scan, &access) { return true }
        return named(&scan, &access)
    }

    /// `$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr
    /// $upstream_response_length $upstream_response_time $upstream_status $req_id`.
    private static func ingress(_ scan: inout GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        var look = scan
        let length = look.field()
        guard length[0] &- 48 <= 9, let bytesIn = GatewayText.integer(length) else { return false }
        guard let duration = GatewayText.micros(look.field()) else { return false }
        look.skipBlanks()
        guard look.skip(91), let close = scan.bytes.firstIndex(of: 93, from: look.at) else { return false }
        look.at = close + 1
        look.skipBlanks()
        if look.skip(91), let second = scan.bytes.firstIndex(of: 93, from: look.at) { look.at = second + 1 }
        access.bytesIn = bytesIn
        access.durationMicros = duration
        let servers = GatewayText.last(look.list())
        access.upstream = GatewayText.present(servers.entry)
        if servers.count > 1 { access.retries = servers.count - 1 }
        _ = look.list()
        access.upstreamMicros = GatewayText.seconds(look.list()).sum
        access.upstreamStatus = GatewayText.status(GatewayText.last(look.list()).entry)
        access.requestID = GatewayText.present(look.field())
        scan = look
        return true
    }

    /// `42 "router@docker" "http://10.0.0.5:8000" 123ms`. The time of such a line is the start.
    private static func traefik(_ scan: GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        guard scan.bytes.has("ms", at: scan.bytes.count - 2) else { return false }
        var look = scan
        guard GatewayText.integer(look.field()) != nil else { return false }
        look.skipBlanks()
        guard look.quoted() != nil else { return false }
        look.skipBlanks()
        guard let server = look.quoted() else { return false }
        let duration = look.field()
        guard duration.count > 2, look.atEnd,
            let micros = GatewayText.micros(duration.slice(0, duration.count - 2), microsPerUnit: 1000)
        else { return false }
        access.dialect = .traefik
        access.moment = .start
        access.durationMicros = micros
        access.upstream = address(server)
        return true
    }

    /// `http://10.0.0.5:8000` without the scheme.
    static func address(_ server: Bytes) -> Bytes {
        guard let scheme = server.range(of: "://"), scheme <= 5 else { return GatewayText.present(server) }
        let rest = server.slice(scheme + 3, server.count)
        return rest.slice(0, rest.firstIndex(of: 47) ?? rest.count)
    }

    private func named(_ scan: inout GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        // Seconds without a name, in order; more than four are of no known order.
        var bare: (Bytes, Bytes, Bytes, Bytes) = (
            GatewayText.none, GatewayText.none, GatewayText.none, GatewayText.none
        )
        var bareCount = 0
        var hasNames = false
        func take(_ value: Bytes) {
            guard value.count > 0 else { return }
            let isSeconds = value[0] &- 48 <= 9 && Self.isSeconds(value)
            // A dash stands for seconds only among seconds.
            if isSeconds || bareCount > 0 && value.equals("-") {
                switch bareCount {
                case 0: bare.0 = value
                case 1: bare.1 = value
                case 2: bare.2 = value
                case 3: bare.3 = value
                default: break
                }
                bareCount += 1
            } else if value.count == 32 || value.count == 36 {
                if access.requestID.isEmpty, value.allSatisfy({ $0 == 45 }) == false, Self.isID(value) {
                    access.requestID = value
                }
            } else if access.upstream.isEmpty, Self.isAddress(value) {
                access.upstream = GatewayText.last(value).entry
            }
        }
        while true {
            scan.skipBlanks()
            guard !scan.atEnd else { break }
            let first = scan.bytes[scan.at]
            if first == 34 {
                guard let value = scan.quoted() else { return false }
                take(value)
                continue
            }
            if first &- 48 <= 9 || first == 45 {
                take(scan.list())
                continue
            }
            let start = scan.at
            while scan.at < scan.bytes.count, scan.bytes[scan.at] != 61, scan.bytes[scan.at] != 32 { scan.at += 1 }
            guard scan.at < scan.bytes.count, scan.bytes[scan.at] == 61 else {
                take(scan.bytes.slice(start, scan.at))
                continue
            }
            var key = scan.bytes.slice(start, scan.at)
            if key[0] == 36 { key = key.slice(1, key.count) }
            scan.at += 1
            var value = GatewayText.none
            if !scan.atEnd, scan.bytes[scan.at] == 34 {
                guard let inside = scan.quoted() else { return false }
                value = inside
                _ = scan.skip(44)
            } else if !scan.atEnd, scan.bytes[scan.at] != 32 {
                value = scan.list()
                while let last = value.last, last == 44 || last == 59 { value = value.slice(0, value.count - 1) }
            }
            if NginxVariable.set(key, value, &access) { hasNames = true }
        }
        if !hasNames {
            if bareCount >= 1, bareCount <= 4 { access.durationMicros = GatewayText.micros(bare.0) }
            if bareCount == 2 {
                NginxVariable.setUpstream(GatewayText.seconds(bare.1).sum, bare.1, &access)
            } else if bareCount == 4 {
                access.connectMicros = GatewayText.seconds(bare.1).last
                access.headersMicros = GatewayText.seconds(bare.2).last
                NginxVariable.setUpstream(GatewayText.seconds(bare.3).sum, bare.3, &access)
            }
        }
        return true
    }

    /// Every entry of the list is a number with a point, or a dash.
    private static func isSeconds(_ list: Bytes) -> Bool {
        var points = 0
        var entries = 0
        GatewayText.forEach(list) { entry in
            entries += 1
            if entry.firstIndex(of: 46) != nil, GatewayText.micros(entry) != nil || entry.equals("-") { points += 1 }
            if entry.equals("-") { points += 1 }
        }
        return entries > 0 && points == entries
    }

    private static func isID(_ value: Bytes) -> Bool {
        value.allSatisfy { $0 &- 48 <= 9 || ($0 | 0x20) &- 97 < 6 || $0 == 45 }
    }

    /// `10.0.0.1:8000`: with a port, which a client's address in a header doesn't have.
    static func isAddress(_ value: Bytes) -> Bool {
        let last = GatewayText.last(value).entry
        guard last.count >= 5, last.count <= 260, let colon = last.firstIndex(of: 58), colon > 1 else { return false }
        let port = last.slice(colon + 1, last.count)
        return port.count >= 2 && port.count <= 5 && Decimal.parseInt(port) != nil
    }
}

/// The short and long names under which operators log nginx' variables, in text and JSON.
enum NginxVariable {
    /// Whether the key is one of them.
    static func set(_ key: Bytes, _ value: Bytes, _ access: inout GatewayAccess) -> Bool {
        switch key.count {
        case 2:
            if key.equals("rt") {
                access.durationMicros = GatewayText.micros(value)
            } else if key.equals("us") {
                access.upstreamStatus = GatewayText.status(GatewayText.last(value).entry)
            } else if key.equals("ua"), CommonLogLine.isAddress(value) {
                // Else it is the user agent.
                access.upstream = GatewayText.last(value).entry
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
            access.durationMicros = GatewayText.micros(value)
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
            || key.equals("x_request_id") || key.equals("x-request-id")
        {
            access.requestID = GatewayText.present(value)
        } else if key.equals("trace_id") || key.equals("traceid") || key.equals("traceparent") {
            access.traceID = GatewayText.trace(value)
        } else {
            return false
        }
        return true
    }
}
