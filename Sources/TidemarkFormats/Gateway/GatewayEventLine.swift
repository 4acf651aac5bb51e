import TidemarkBase
import TidemarkEvidence

/// What gateways and routers log besides requests: level and time of a line of text. Forms: klog (ingress-nginx'
/// controller, llm-d), nginx' error log, Envoy's and Istio's own logs, logfmt (Traefik), LiteLLM's and other Python
/// loggers, uvicorn's messages, HAProxy's state messages.
enum GatewayEventLine {
    /// The head of an event with where its message begins; nil: no form that is known.
    static func parse(_ line: Bytes, into event: inout GatewayEvent) -> Int? {
        guard line.count > 8 else { return nil }
        if line[0] == 91 { return bracketed(line, &event) }
        if line[0] == 60 { return syslog(line, &event) }
        if line[0] &- 48 <= 9 { return dated(line, &event) }
        if line[1] &- 48 <= 9 { return klog(line, &event) }
        return line.has("time=\"") ? logfmt(line, &event) : uvicorn(line, &event)
    }

    /// `I0713 04:02:50.125728       1 file.go:310] message`; the time is local and has no year.
    static func klog(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard line.count > 30, line[5] == 32, line[8] == 58, line[11] == 58, line[14] == 46,
            let month = CommonTime.pair(line, 1), let day = CommonTime.pair(line, 3),
            let hour = CommonTime.pair(line, 6), let minute = CommonTime.pair(line, 9),
            let second = CommonTime.pair(line, 12), let hundredths = CommonTime.pair(line, 15), line[17] &- 48 <= 9,
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61,
            let close = line.range(of: "] "), close < 200
        else { return nil }
        switch line[0] {
        case 73: event.level = .info
        case 87: event.level = .warning
        case 69: event.level = .error
        case 70: event.level = .critical
        default: return nil
        }
        event.stamp = LogStamp(
            month: UInt8(month), day: UInt8(day), hour: UInt8(hour), minute: UInt8(minute), second: UInt8(second),
            milli: UInt16(hundredths * 10) + UInt16(line[17] &- 48))
        return close + 2
    }

    /// `<134>Aug 22 05:14:15 host haproxy[123]: message`; the low three bits of the number are the severity.
    private static func syslog(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let close = line.firstIndex(of: 62), close >= 2, close <= 4,
            let priority = Decimal.parseInt(line.slice(1, close)), priority >= 0, line.count > close + 17,
            let month = ClockLine.month(line.slice(close + 1, close + 4)),
            let hour = CommonTime.pair(line, close + 8), let minute = CommonTime.pair(line, close + 11),
            let second = CommonTime.pair(line, close + 14), hour < 24, minute < 60, second < 61,
            let text = line.range(of: ": ", from: close + 16), text < close + 400
        else { return nil }
        let tens = line[close + 5] == 32 ? 0 : Int(line[close + 5] &- 48)
        let day = tens * 10 + Int(line[close + 6] &- 48)
        guard day >= 1, day <= 31 else { return nil }
        event.stamp = LogStamp(
            month: UInt8(month), day: UInt8(day), hour: UInt8(hour), minute: UInt8(minute), second: UInt8(second))
        switch priority & 7 {
        case 0...2: event.level = .critical
        case 3: event.level = .error
        case 4: event.level = .warning
        case 7: event.level = .debug
        default: event.level = .info
        }
        return text + 2
    }

    /// `[2026-08-22 05:14:15.123][17][info][main] message` (Envoy), `[2026-08-22 05:14:15,123] INFO: message` (Python).
    private static func bracketed(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let time = CivilTime.parseRFC3339(line.slice(1, min(line.count, 60))),
            line.has("]", at: 1 + time.length)
        else { return nil }
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        var at = time.length + 2
        if line.has("[", at: at) {
            // Envoy's default logger prints UTC.
            event.zoneless = false
            while line.has("[", at: at), let close = line.firstIndex(of: 93, from: at) {
                let word = line.slice(at + 1, close)
                if event.level == nil { event.level = level(word) }
                at = close + 1
            }
        } else {
            let start = skipBlanks(line, at)
            var end = start
            while end < line.count, line[end] != 32, line[end] != 58 { end += 1 }
            event.level = level(line.slice(start, end))
            at = event.level == nil ? start : min(line.count, end + 1)
        }
        return skipBlanks(line, at)
    }

    /// `time="2026-08-22T05:14:15Z" level=info msg="…"`.
    private static func logfmt(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let time = CivilTime.parseRFC3339(line.slice(6, min(line.count, 60))),
            line.has("\" ", at: 6 + time.length)
        else { return nil }
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        var at = time.length + 8
        if line.has("level=", at: at) {
            let end = line.firstIndex(of: 32, from: at) ?? line.count
            event.level = level(line.slice(at + 6, end))
            at = min(line.count, end + 1)
        }
        return at
    }

    /// `2026/08/22 05:14:15 [error] 31#31: *1 …` (nginx, local time), `2026-08-22T05:14:15Z INF …`,
    /// `05:14:15 - LiteLLM Proxy:ERROR: file.py:10 - …` (no date).
    private static func dated(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        if LiteLLMLine.isOwn(line), let name = line.range(of: " - LiteLLM"),
            let colon = line.firstIndex(of: 58, from: name), let second = line.firstIndex(of: 58, from: colon + 1)
        {
            event.level = level(line.slice(colon + 1, second))
            return event.level == nil ? nil : name + 3
        }
        if line.count > 22, line[4] == 47, line[7] == 47, line[10] == 32, line[13] == 58, line[16] == 58,
            let close = line.range(of: "] "), line[19] == 32, line[20] == 91, close < 40,
            let century = CommonTime.pair(line, 0), let year = CommonTime.pair(line, 2),
            let month = CommonTime.pair(line, 5), let day = CommonTime.pair(line, 8),
            let hour = CommonTime.pair(line, 11), let minute = CommonTime.pair(line, 14),
            let second = CommonTime.pair(line, 17),
            CivilTime.isValid(year: century * 100 + year, month: month, day: day), hour < 24, minute < 60, second < 61
        {
            event.timeMs = CivilTime.millis(
                year: century * 100 + year, month: month, day: day, hour: hour, minute: minute, second: second)
            event.zoneless = true
            event.level = level(line.slice(21, close))
            return close + 2
        }
        guard let time = CivilTime.parseRFC3339(line), time.length < line.count, line[time.length] <= 32 else {
            return nil
        }
        let start = skipBlanks(line, time.length)
        var end = start
        while end < line.count, line[end] != 32, line[end] != 9 { end += 1 }
        guard let found = level(line.slice(start, end)) else { return nil }
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        event.level = found
        return skipBlanks(line, end)
    }

    /// `INFO:     Started server process [1]`.
    private static func uvicorn(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let colon = line.firstIndex(of: 58), colon <= 8, line.has("  ", at: colon + 1),
            let found = level(line.slice(0, colon)), line[0] &- 65 < 26
        else { return nil }
        event.level = found
        return skipBlanks(line, colon + 1)
    }

    private static func skipBlanks(_ line: Bytes, _ at: Int) -> Int {
        var at = min(at, line.count)
        while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
        return at
    }

    /// The words for levels of all these programs.
    static func level(_ word: Bytes) -> LogLevel? {
        guard word.count >= 3, word.count <= 8 else { return nil }
        func means(_ literal: StaticString) -> Bool {
            guard word.count == literal.utf8CodeUnitCount else { return false }
            for at in 0..<word.count where word[at] | 0x20 != literal.utf8Start[at] { return false }
            return true
        }
        if means("info") || means("inf") || means("notice") { return .info }
        if means("warning") || means("warn") || means("wrn") { return .warning }
        if means("error") || means("err") { return .error }
        if means("debug") || means("dbg") { return .debug }
        if means("trace") || means("trc") { return .trace }
        if means("critical") || means("crit") || means("fatal") || means("alert") || means("emerg") || means("ftl") {
            return .critical
        }
        return nil
    }
}
