import TidemarkBase
import TidemarkEvidence

/// HAProxy's HTTP log, with or without what syslog puts in front: `client:port [accept date] frontend backend/server
/// TR/Tw/Tc/Tr/Ta status bytes cc cs state act/fe/be/srv/retries srv_queue/be_queue {…} {…} "request"`.
///
/// The accept date is the start, on the machine's own clock; timers are milliseconds, -1 where the phase was not
/// reached, `+` where a line was written before the end (`option logasap`). Of its fields the order is HAProxy's own.
enum HAProxyLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard let (open, wallMs, close) = acceptDate(line) else { return .other }
        var start = open - 1
        while start > 0, line[start - 1] != 32 { start -= 1 }
        guard open > 1, start < open - 1, line[open - 1] == 32 else { return .other }
        access.dialect = .haproxy
        access.moment = .start
        access.timeMs = wallMs
        access.zoneless = true
        access.client = client(line.slice(start, open - 1))
        var scan = GatewayScanner(line, from: close + 1)
        let frontend = scan.field()
        if let last = frontend.last, last == 58 { return .other }
        let server = scan.field()
        guard let slash = server.firstIndex(of: 47) else { return .damaged("expected backend/server") }
        let timers = scan.field()
        guard let times = numbers(timers), times.count == 5 else {
            // The log of TCP connections has three timers.
            return numbers(timers)?.count == 3 ? .other : .damaged("expected five timers")
        }
        access.upstream = server.slice(slash + 1, server.count)
        if access.upstream.first == 60 { access.upstream = GatewayText.none }
        access.queueMicros = micros(times.1)
        access.connectMicros = micros(times.2)
        access.headersMicros = micros(times.3)
        access.durationMicros = micros(times.4)
        let status = scan.field()
        access.status = GatewayText.status(status)
        let size = unsigned(scan.field())
        access.bytesOut = GatewayText.integer(size)
        guard access.status != nil || status.has("-1") || status.equals("0"), access.bytesOut != nil else {
            return .damaged("expected status and size")
        }
        _ = scan.field()
        _ = scan.field()
        let state = scan.field()
        guard state.count == 4 || state.count == 2 else { return .damaged("expected the termination state") }
        if !state.allSatisfy({ $0 == 45 }) { access.flags = state }
        let counts = scan.field()
        guard let connections = numbers(counts), connections.count == 5 else {
            return .damaged("expected five counts of connections")
        }
        access.retries = connections.4 >= 0 ? connections.4 : nil
        guard let queues = numbers(scan.field()), queues.count == 2 else { return .damaged("expected two queues") }
        // Captured headers in braces may hold anything, so the request is looked for from its quote on.
        guard let quote = requestQuote(line, from: scan.at) else { return .damaged("expected a quoted request") }
        scan.at = quote
        if let request = scan.quoted() {
            GatewayText.request(request, into: &access)
        } else {
            // HAProxy cuts long requests together with their second quote.
            GatewayText.request(line.slice(quote + 1, line.count), into: &access)
        }
        access.end = end(state, access.status, server.slice(slash, server.count))
        return .access
    }

    /// `[22/Aug/2026:05:14:15.123]` anywhere in the first KiB.
    private static func acceptDate(_ line: Bytes) -> (open: Int, wallMs: Int64, close: Int)? {
        var from = 0
        while let open = line.firstIndex(of: 91, from: from), open < 1024 {
            from = open + 1
            guard open + 26 < line.count, line[open + 3] == 47, line[open + 21] == 46,
                let (ms, length) = CommonTime.wall(line.slice(open + 1, min(line.count, open + 34))), length >= 22,
                open + 1 + length < line.count, line[open + 1 + length] == 93
            else { continue }
            return (open, ms, open + 1 + length)
        }
        return nil
    }

    /// The client's address without its port, which is always there: the last colon is the port's.
    private static func client(_ text: Bytes) -> Bytes {
        var at = text.count - 1
        while at > 0, text[at] != 58 { at -= 1 }
        return at > 0 ? text.slice(0, at) : text
    }

    /// The quote that begins the request: behind the braces, else the first.
    private static func requestQuote(_ line: Bytes, from: Int) -> Int? {
        var at = from
        for _ in 0..<2 {
            while at < line.count, line[at] == 32 { at += 1 }
            guard at < line.count, line[at] == 123 else { break }
            guard let close = line.firstIndex(of: 125, from: at) else { break }
            at = close + 1
        }
        return line.firstIndex(of: 34, from: at)
    }

    private static func unsigned(_ text: Bytes) -> Bytes { text.first == 43 ? text.slice(1, text.count) : text }

    private static func micros(_ ms: Int) -> Int64? { ms >= 0 && ms < 1_000_000_000 ? Int64(ms) * 1000 : nil }

    /// Numbers parted by slashes, at most five; nil when a part is none.
    private static func numbers(_ text: Bytes) -> (Int, Int, Int, Int, Int, count: Int)? {
        var found = (0, 0, 0, 0, 0, count: 0)
        var at = 0
        while at <= text.count {
            let slash = text.firstIndex(of: 47, from: at) ?? text.count
            guard found.count < 5, let value = Decimal.parseInt(unsigned(text.slice(at, slash))) else { return nil }
            switch found.count {
            case 0: found.0 = value
            case 1: found.1 = value
            case 2: found.2 = value
            case 3: found.3 = value
            default: found.4 = value
            }
            found.count += 1
            at = slash + 1
        }
        return found
    }

    /// First letter: who ended it, capitals for an abort and small ones for a time-out; second: in which phase.
    static func end(_ state: Bytes, _ status: Int?, _ server: Bytes) -> GatewayEnd? {
        switch (state[0], state[1]) {
        case (67, _), (99, _): return .clientDisconnect
        case (115, 81): return .overload
        case (115, _): return .upstreamTimeout
        case (83, 81): return .overload
        case (83, 67) where server.has("/<NOSRV>"): return .noUpstream
        case (83, _): return .upstreamFailure
        case (68, _): return .noUpstream
        case (82, _): return .overload
        default: return status == 503 && server.has("/<NOSRV>") ? .noUpstream : GatewayText.end(status: status)
        }
    }
}
