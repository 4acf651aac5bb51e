import TidemarkBase
import TidemarkEvidence

/// Requests that are logged as `key=value` fields.
///
/// agentgateway and the routers in Rust write them as a message behind time and level; operators' own formats begin with the
/// time in quotes or with a key. The keys mean what they mean in JSON (``GatewayKey``).
enum PairLine {
    /// `"22/Aug/2026:05:14:15 +0000" client=10.0.0.1 request="POST /v1 HTTP/1.1" status=200 request_time=2.4`, or keys only.
    static func parse(
        _ line: Bytes, with json: GatewayJSONLine, into access: inout GatewayAccess, _ time: inout CommonTime
    ) -> GatewayLineResult {
        guard line.count > 40 else { return .other }
        var start = 0
        if line[0] == 34, line[3] == 47, let timeMs = time.parse(line, at: 1),
            line.has("\" ", at: 1 + CommonTime.length)
        {
            access.timeMs = timeMs
            start = 3 + CommonTime.length
        } else {
            // A key that is known, and none that only events have.
            guard (line[0] | 0x20) &- 97 < 26, let sign = line.slice(0, 40).firstIndex(of: 61), sign <= 32,
                !line.has("level="), !line.has("msg="), line.slice(0, sign).firstIndex(of: 32) == nil
            else { return .other }
        }
        access.moment = .end
        let result = json.parse(pairs: line.slice(start, line.count), into: &access, isNginx: start > 0)
        access.dialect = .keyValue
        switch result {
        case .access: return .access
        case .event: return .other
        case .damaged(let reason): return start > 0 ? .damaged(reason) : .other
        }
    }

    /// A message that is a request, behind the time and level of `event`; false: it is none.
    static func message(
        _ text: Bytes, of event: GatewayEvent, with json: GatewayJSONLine, into access: inout GatewayAccess
    ) -> Bool {
        access.timeMs = event.timeMs
        access.zoneless = event.zoneless
        access.moment = .end
        if text.has("request gateway=") {
            // `request gateway=default/llm endpoint=10.0.0.1:8000 http.method=POST http.status=200 duration=1687ms`
            guard json.parse(pairs: text.slice(8, text.count), into: &access) == .access else { return false }
            access.dialect = .agentgateway
            if let found = text.range(of: " endpoint=") {
                var scan = GatewayScanner(text, from: found + 10)
                access.upstream = GatewayText.present(scan.field())
            }
            return true
        }
        if text.has("http_request{"), let close = text.range(of: "}: ") {
            // `http_request{method=POST uri=/v1 request_id="a" status_code=200 latency=1523}: smg::response: finished …`
            let said = text.slice(close, text.count)
            guard said.range(of: "finished processing request") != nil || said.range(of: "request failed with") != nil
            else { return false }
            guard json.parse(pairs: text.slice(13, close), into: &access) == .access else { return false }
            access.dialect = .router
            // The line is written when the answer's head is known, which of a stream is long before its end.
            let latency = json.values.text(.duration)
            access.durationMicros = nil
            access.headersMicros = GatewayText.duration(latency) ?? GatewayText.integer(latency)
            access.moment = .start
            if let timeMs = access.timeMs, let head = access.headersMicros {
                access.timeMs = timeMs - (head + 500) / 1000
            }
            return access.status != nil
        }
        // Caddy's console: `handled request TAB {"request": {…}, …}`.
        if text.last == 125, !text.has("http.handlers."), !(json.errorsAreEvents && text.has("http.log.error")),
            let object = text.range(of: "\t{"),
            text.range(of: "\"request\":", from: object) != nil
        {
            var reader = JSONReader(text, from: object + 1)
            return json.parse(&reader, into: &access) == .access
        }
        return false
    }
}
