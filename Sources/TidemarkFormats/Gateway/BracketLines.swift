import TidemarkBase
import TidemarkEvidence

/// Gin's own access lines, which many Go programs have (one-api, new-api, Ollama): `[GIN] 2026/08/22 - 05:14:15 | 200 |
/// 2.417276311s | 10.0.0.1 | POST "/v1/chat/completions"`. new-api puts the request's id before the status.
///
/// The time is the end, on a local clock; the duration is of the whole request, with its unit.
enum GinLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.has("[GIN] "), let time = SlashTime.parse(line.slice(6, line.count)) else { return .other }
        var at = 6 + time.length
        func next() -> Bytes? {
            guard line.has(" |", at: at) else { return nil }
            let start = at + 2
            at = line.range(of: " |", from: start) ?? line.count
            return line.slice(start, at).trimmed
        }
        guard var status = next() else { return .other }
        access.dialect = .gin
        access.moment = .end
        access.timeMs = time.ms
        access.zoneless = true
        if status.count != 3 {
            access.requestID = GatewayText.present(status)
            status = next() ?? GatewayText.none
        }
        access.status = GatewayText.status(status)
        guard access.status != nil, let duration = next(), let micros = GatewayText.duration(duration),
            let client = next(), let request = next()
        else { return .damaged("expected status, duration, client and request behind Gin's time") }
        access.durationMicros = micros
        access.client = client
        var scan = GatewayScanner(request)
        access.method = scan.field()
        scan.skipBlanks()
        guard let target = !scan.atEnd && request[scan.at] == 34 ? scan.quoted() : scan.field() else {
            return .damaged("the path of an access line is cut off")
        }
        guard access.method.count > 0, target.count > 0 else { return .damaged("expected method and path") }
        access.route = GatewayText.route(target)
        access.end = GatewayText.end(status: access.status)
        return .access
    }
}

/// llama-swap's: `[INFO] Request 10.0.0.1 "POST /v1/chat/completions HTTP/1.1" 200 781 "agent" 17.092465058s`, of old
/// `[llama-swap] 10.0.0.1 [2026-08-22 05:14:15] "POST …" 200 2927 "agent" 520.77ms`. The time is the end.
enum LlamaSwapLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.has("[INFO] Request ") || line.has("[llama-swap] ") else { return .other }
        var scan = GatewayScanner(line, from: line[1] == 73 ? 15 : 13)
        let client = scan.field()
        scan.skipBlanks()
        if line.has("[", at: scan.at) {
            guard let time = CivilTime.parseRFC3339(line.slice(scan.at + 1, line.count)),
                line.has("]", at: scan.at + 1 + time.length)
            else { return .other }
            access.timeMs = time.millis
            access.zoneless = !time.zoned
            scan.at += time.length + 2
            scan.skipBlanks()
        } else {
            access.timeMs = access.frame.timeMs
            access.zoneless = access.frame.zoneless
        }
        guard line.has("\"", at: scan.at) else { return .other }
        access.dialect = .llamaSwap
        access.moment = .end
        access.client = client
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        GatewayText.request(request, into: &access)
        access.status = GatewayText.status(scan.field())
        access.bytesOut = GatewayText.integer(scan.field())
        scan.skipBlanks()
        guard access.status != nil, scan.quoted() != nil, let micros = GatewayText.duration(scan.field()) else {
            return .damaged("expected status, size, agent and duration behind the request")
        }
        access.durationMicros = micros
        access.end = GatewayText.end(status: access.status)
        return .access
    }
}

/// TorchServe's: `2026-08-22 05:14:15,359 [INFO ] epollEventLoopGroup-3-1 ACCESS_LOG - /10.0.0.1:4321 "POST /predictions/m
/// HTTP/1.1" 200 4123`, milliseconds at the end. The time is the end, on a local clock.
enum TorchServeLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.count > 40, line[0] &- 48 <= 9, let mark = line.range(of: " ACCESS_LOG - /"), mark < 160,
            let time = CivilTime.parseRFC3339(line)
        else { return .other }
        var scan = GatewayScanner(line, from: mark + 15)
        access.dialect = .torchServe
        access.moment = .end
        (access.timeMs, access.zoneless) = (time.millis, !time.zoned)
        access.client = GatewayText.host(scan.field())
        scan.skipBlanks()
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        GatewayText.request(request, into: &access)
        access.status = GatewayText.status(scan.field())
        access.durationMicros = GatewayText.micros(scan.field(), microsPerUnit: 1000)
        guard access.status != nil, access.durationMicros != nil else {
            return .damaged("expected status and milliseconds behind the request")
        }
        access.end = GatewayText.end(status: access.status)
        return .access
    }
}

/// Nginx Proxy Manager's: `[22/Aug/2026:05:14:15 +0000] - 200 200 - POST https host "/v1/chat/completions" [Client
/// 10.0.0.1] [Length 5120] [Gzip -] [Sent-to vllm] "agent" "referer"`; without cache and upstream status where nothing is
/// passed on. The time is the end; there is no duration.
enum ProxyManagerLine {
    static func parse(_ line: Bytes, into access: inout GatewayAccess, _ time: inout CommonTime) -> GatewayLineResult {
        guard line.count > 40, line[0] == 91, line[3] == 47, let timeMs = time.parse(line, at: 1),
            line.has("] ", at: 1 + CommonTime.length), let quote = line.firstIndex(of: 34, from: 28)
        else { return .other }
        var words: [Bytes] = []
        var scan = GatewayScanner(line, from: 2 + CommonTime.length)
        while words.count < 12 {
            let word = scan.field()
            guard word.count > 0, scan.at < quote else { break }
            words.append(word)
        }
        // … status, a dash, method, scheme, host.
        let count = words.count
        guard count >= 5, words[count - 4].equals("-"), let status = GatewayText.status(words[count - 5]) else {
            return .other
        }
        scan.at = quote
        access.dialect = .nginx
        access.moment = .end
        access.timeMs = timeMs
        access.status = status
        access.method = words[count - 3]
        if count >= 7 { access.upstreamStatus = GatewayText.status(words[count - 6]) }
        guard let target = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        access.route = GatewayText.route(target)
        while line.has(" [", at: scan.at), let close = line.firstIndex(of: 93, from: scan.at) {
            let field = line.slice(scan.at + 2, close)
            if field.has("Client ") {
                access.client = field.slice(7, field.count)
            } else if field.has("Length ") {
                access.bytesOut = GatewayText.integer(field.slice(7, field.count))
            } else if field.has("Sent-to ") {
                access.upstream = GatewayText.present(field.slice(8, field.count))
            }
            scan.at = close + 1
        }
        guard access.client.count > 0 else { return .damaged("expected the client in brackets behind the request") }
        access.end = GatewayText.end(status: status)
        return .access
    }
}
