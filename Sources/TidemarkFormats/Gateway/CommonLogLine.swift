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
/// where they name themselves (`rt=0.1`, `request_time: 0.1`), where they stand in ingress-nginx', Traefik's or APISIX'
/// order, and for the usual orders of nginx' variables without names (``NginxVariable/BareTimes``).
struct CommonLogLine {
    private var time = CommonTime()

    mutating func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard let blank = line.firstIndex(of: 32), blank > 0, blank <= 256, line[0] != 91, line[0] != 123,
            let open = line.firstIndex(of: 91, from: blank), open < 1024, line[open - 1] == 32
        else { return .other }
        // The time of a framing is no client.
        if blank >= 20, line[4] == 45, line[10] == 84 { return .other }
        let close: Int
        let isISO: Bool
        if let timeMs = time.parse(line, at: open + 1) {
            access.timeMs = timeMs
            close = open + 1 + CommonTime.length
            isISO = false
        } else {
            // $time_iso8601
            guard open + 20 < line.count, line[open + 5] == 45,
                let stamp = CivilTime.parseRFC3339(line.slice(open + 1, min(line.count, open + 41)))
            else { return .other }
            access.timeMs = stamp.millis
            access.zoneless = !stamp.zoned
            close = open + 1 + stamp.length
            isISO = true
        }
        guard line.has("] ", at: close), close + 2 < line.count else {
            return line.count < close + 3 ? .damaged("an access line is cut off behind its time") : .other
        }
        guard let quote = Self.requestQuote(line, close + 2) else { return .other }
        let hasHost = quote > close + 2
        access.dialect = .nginx
        access.moment = .end
        access.client = Self.client(line, blank, open)
        if line.slice(0, min(open, 100)).range(of: "aiohttp.access") != nil { access.dialect = .aiohttp }
        var scan = GatewayScanner(line, from: quote)
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        GatewayText.request(request, into: &access)
        let status = scan.field()
        access.status = GatewayText.status(status)
        let size = scan.field()
        access.bytesOut = GatewayText.integer(size)
        // Envoy's flags stand where nginx has the size; only Apache writes a dash for it, and another time.
        if isISO, access.bytesOut == nil { return .other }
        guard access.status != nil || status.count == 3 && Decimal.parseInt(status) != nil || status.equals("-"),
            access.bytesOut != nil || size.equals("-")
        else { return .damaged("expected status and size behind the request of an access line") }
        scan.skipBlanks()
        if !scan.atEnd {
            guard hasHost && Self.apisix(scan, &access) || tail(&scan, &access) else {
                return .damaged("a quoted value of an access line is cut off")
            }
        }
        if access.end == nil { access.end = GatewayText.end(status: access.status) }
        return .access
    }

    /// The quote that begins the request: at once, or behind the host (APISIX), which may be in quotes itself.
    private static func requestQuote(_ line: Bytes, _ start: Int) -> Int? {
        if line[start] == 34 {
            var scan = GatewayScanner(line, from: start)
            guard let host = scan.quoted(), host.firstIndex(of: 32) == nil, line.has(" \"", at: scan.at) else {
                return start
            }
            return scan.at + 1
        }
        guard let blank = line.firstIndex(of: 32, from: start), blank - start <= 260, line.has(" \"", at: blank) else {
            return nil
        }
        return blank + 1
    }

    /// `client - user [`; Apache may put the virtual host before it.
    private static func client(_ line: Bytes, _ blank: Int, _ open: Int) -> Bytes {
        let first = line.slice(0, blank)
        // A logger's time and name in front, as aiohttp's: the client is the third word before the bracket.
        if blank >= 10, first[0] &- 48 <= 9, first[4] == 45, first[7] == 45 {
            let words = line.slice(0, open).split(separator: 32)
            if words.count > 3 { return Bytes(rebasing: words[words.count - 3]) }
        }
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
        // Without a router or a server there is a dash, in quotes or not.
        guard look.value() != nil, let server = look.value() else { return false }
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

    /// APISIX: `$request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time`.
    private static func apisix(_ scan: GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        var look = scan
        let duration = look.field()
        guard isSeconds(duration), let whole = GatewayText.micros(duration) else { return false }
        look.skipBlanks()
        guard look.quoted() != nil else { return false }
        look.skipBlanks()
        guard look.quoted() != nil else { return false }
        let address = look.list()
        let status = GatewayText.last(look.list()).entry
        let upstream = look.list()
        guard GatewayText.isAbsent(address) || isAddress(address),
            GatewayText.isAbsent(status) || GatewayText.status(status) != nil, isSeconds(upstream)
        else { return false }
        access.durationMicros = whole
        access.upstream = GatewayText.present(GatewayText.last(address).entry)
        access.upstreamStatus = GatewayText.status(status)
        NginxVariable.setUpstream(GatewayText.seconds(upstream).sum, upstream, &access)
        return true
    }

    /// Fields with names, and times without them. False: a quote doesn't end.
    private func named(_ scan: inout GatewayScanner, _ access: inout GatewayAccess) -> Bool {
        var bare = NginxVariable.BareTimes()
        var hasNames = false
        func take(_ value: Bytes) {
            guard value.count > 0 else { return }
            let isSeconds = value[0] &- 48 <= 9 && Self.isSeconds(value)
            // A dash stands for seconds only among seconds.
            if isSeconds || bare.count > 0 && value.equals("-") {
                bare.append(value)
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
                if Self.pair(value, &access) { hasNames = true } else { take(value) }
                continue
            }
            if first &- 48 <= 9 || first == 45 {
                take(scan.list())
                continue
            }
            let start = scan.at
            var end = start
            while end < scan.bytes.count, scan.bytes[end] != 61, scan.bytes[end] != 58, scan.bytes[end] != 32 {
                end += 1
            }
            if end < scan.bytes.count, end > start, scan.bytes[end] != 32 {
                // `name=value`, `name: value`; a colon may also be a part of the word.
                let isColon = scan.bytes[end] == 58
                var look = scan
                look.at = end + 1
                if isColon { look.skipBlanks() }
                let value = Self.value(&look)
                if value == nil, !isColon { return false }
                if let value, NginxVariable.set(Self.key(scan.bytes.slice(start, end)), value, &access) {
                    hasNames = true
                    scan = look
                    continue
                }
                if !isColon {
                    scan = look
                    continue
                }
            }
            take(scan.field())
        }
        if !hasNames { bare.set(&access) }
        return true
    }

    /// `"upstream_response_time:11.732"`: name and value in the same quotes.
    private static func pair(_ text: Bytes, _ access: inout GatewayAccess) -> Bool {
        guard let sign = text.firstIndex(where: { $0 == 61 || $0 == 58 }), sign > 1, sign <= 32 else { return false }
        return NginxVariable.set(key(text.slice(0, sign)), text.slice(sign + 1, text.count).trimmed, &access)
    }

    /// The value behind a name: in quotes, a list, or nothing. nil: a quote doesn't end.
    private static func value(_ scan: inout GatewayScanner) -> Bytes? {
        guard !scan.atEnd, scan.bytes[scan.at] != 32 else { return GatewayText.none }
        if scan.bytes[scan.at] == 34 {
            guard let inside = scan.quoted() else { return nil }
            _ = scan.skip(44)
            return inside
        }
        var value = scan.list()
        while let last = value.last, last == 44 || last == 59 { value = value.slice(0, value.count - 1) }
        return value
    }

    private static func key(_ word: Bytes) -> Bytes { word[0] == 36 ? word.slice(1, word.count) : word }

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
