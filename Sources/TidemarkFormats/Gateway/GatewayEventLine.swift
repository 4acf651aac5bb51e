import TidemarkBase
import TidemarkEvidence

/// What gateways and routers log besides requests: level and time of a line of text. Forms: klog (ingress-nginx'
/// controller, llm-d), zap's console (llm-d, Caddy), nginx' error log, Envoy's and Istio's own logs, logfmt (Traefik),
/// LiteLLM's and other Python loggers, gunicorn's and uvicorn's messages, HAProxy's state messages, what the entry point of
/// a container says.
enum GatewayEventLine {
    /// The head of an event with where its message begins; nil: no form that is known.
    static func parse(_ line: Bytes, into event: inout GatewayEvent) -> Int? {
        guard line.count > 8 else { return nil }
        if line[0] == 91 { return bracketed(line, &event) }
        if line[0] == 60 { return syslog(line, &event) }
        if line[0] &- 48 <= 9 { return dated(line, &event) ?? container(line, &event) }
        if line[1] &- 48 <= 9 { return klog(line, &event) }
        if line.has("time=") { return logfmt(line, &event) }
        return uvicorn(line, &event) ?? container(line, &event)
    }

    /// `INFO TAB message`, `INF message`: the rest of a line whose time was taken for a framing's.
    static func levelled(_ line: Bytes, time: (ms: Int64, zoneless: Bool), into event: inout GatewayEvent) -> Int? {
        guard let start = word(line, 0, &event) else { return nil }
        (event.timeMs, event.zoneless) = time
        return start
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

    /// `[2026-08-22 05:14:15.123][17][info][main] message` (Envoy), `[2026-08-22 05:14:15,123] INFO: message` (Python),
    /// `[2026-08-22 05:14:15 +0000] [7] [INFO] message` (gunicorn), `[WARNING] message`.
    private static func bracketed(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let time = CivilTime.parseRFC3339(line.slice(1, min(line.count, 60))) else { return tagged(line, &event) }
        var at = 1 + time.length
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        if !time.zoned, line.has(" ", at: at), line.has("]", at: at + 6), let zone = zone(line.slice(at + 1, at + 6)) {
            event.timeMs = time.millis - zone
            event.zoneless = false
            at += 6
        }
        guard line.has("]", at: at) else { return nil }
        at += 1
        if line.has("[", at: at) {
            // Envoy's default logger prints UTC.
            event.zoneless = false
            return brackets(line, at, &event)
        }
        if line.has(" [", at: at) { return brackets(line, at + 1, &event) }
        let start = skipBlanks(line, at)
        var end = start
        while end < line.count, line[end] != 32, line[end] != 58 { end += 1 }
        event.level = level(line.slice(start, end))
        return skipBlanks(line, event.level == nil ? start : min(line.count, end + 1))
    }

    /// Words in brackets, of which one may be the level; where the message behind them begins.
    private static func brackets(_ line: Bytes, _ start: Int, _ event: inout GatewayEvent) -> Int {
        var at = start
        while line.has("[", at: at), let close = line.firstIndex(of: 93, from: at), close - at <= 100 {
            if event.level == nil { event.level = level(line.slice(at + 1, close)) }
            at = close + 1
            if line.has(" [", at: at), event.level == nil { at += 1 }
        }
        return skipBlanks(line, at)
    }

    /// `[INFO] message`, `[GIN-debug] [WARNING] message`, `[SYS] 2026/08/22 - 05:14:15 | message`.
    private static func tagged(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        guard let close = line.firstIndex(of: 93), close <= 12, line.has(" ", at: close + 1) else { return nil }
        let word = line.slice(1, close)
        event.level = level(word)
        guard
            event.level != nil || word.equals("GIN-debug") || word.equals("GIN") || word.equals("SYS")
                || word.equals("llama-swap")
        else { return nil }
        let at = skipBlanks(line, close + 1)
        if let time = SlashTime.parse(line.slice(at, line.count)) {
            event.timeMs = time.ms
            event.zoneless = true
            return skipBlanks(line, at + time.length + (line.has(" |", at: at + time.length) ? 2 : 0))
        }
        return event.level == nil ? brackets(line, at, &event) : at
    }

    /// `+0530` in milliseconds.
    private static func zone(_ text: Bytes) -> Int64? {
        guard text.count == 5, text[0] == 43 || text[0] == 45, let hours = CommonTime.pair(text, 1),
            let minutes = CommonTime.pair(text, 3), hours < 24, minutes < 60
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000
        return text[0] == 45 ? -offset : offset
    }

    /// `time="2026-08-22T05:14:15Z" level=info msg="…"`, `time=2026-08-22T05:14:15Z level=INFO msg=…` (Go's slog).
    private static func logfmt(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        let start = line.has("\"", at: 5) ? 6 : 5
        guard let time = CivilTime.parseRFC3339(line.slice(start, min(line.count, 60))) else { return nil }
        var at = start + time.length
        guard line.has(start == 6 ? "\" " : " ", at: at) else { return nil }
        at += start == 6 ? 2 : 1
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        if line.has("level=", at: at) {
            let end = line.firstIndex(of: 32, from: at) ?? line.count
            event.level = level(line.slice(at + 6, end))
            at = min(line.count, end + 1)
        }
        return at
    }

    /// `2026/08/22 05:14:15 [error] 31#31: *1 …` (nginx, local time), `2026-08-22T05:14:15Z INF …`, the same with tabs,
    /// `05:14:15 - LiteLLM Proxy:ERROR: file.py:10 - …` (no date).
    private static func dated(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        if LiteLLMLine.isOwn(line), let name = line.range(of: " - LiteLLM"),
            let colon = line.firstIndex(of: 58, from: name), let second = line.firstIndex(of: 58, from: colon + 1)
        {
            event.level = level(line.slice(colon + 1, second))
            return event.level == nil ? nil : name + 3
        }
        if let time = SlashTime.parse(line), time.length < line.count, line[time.length] <= 32 {
            event.timeMs = time.ms
            event.zoneless = true
            let at = time.length
            if line.has(" [", at: at), let close = line.range(of: "] ", from: at), close < at + 20 {
                event.level = level(line.slice(at + 2, close))
                return close + 2
            }
            return word(line, at, &event) ?? skipBlanks(line, at)
        }
        guard let time = CivilTime.parseRFC3339(line), time.length < line.count, line[time.length] <= 32,
            let at = word(line, time.length, &event)
        else { return nil }
        event.timeMs = time.millis
        event.zoneless = !time.zoned
        return at
    }

    /// The level between blanks or tabs, and where the message behind it begins; nil: there is none.
    private static func word(_ line: Bytes, _ from: Int, _ event: inout GatewayEvent) -> Int? {
        let start = skipBlanks(line, from)
        var end = start
        while end < line.count, line[end] != 32, line[end] != 9 { end += 1 }
        guard let found = level(line.slice(start, end)) else { return nil }
        event.level = found
        return skipBlanks(line, end)
    }

    /// `/docker-entrypoint.sh: …`, `10-listen-on-ipv6-by-default.sh: info: …`, `nginx: [warn] …`, Gin's `Error #01: …`: what
    /// stands around the log of a container.
    private static func container(_ line: Bytes, _ event: inout GatewayEvent) -> Int? {
        if line.has("nginx: ["), let close = line.range(of: "] ") {
            event.level = level(line.slice(8, close))
            return event.level == nil ? nil : close + 2
        }
        if line.has("Error #"), line[7] &- 48 <= 9 {
            event.level = .error
            return 0
        }
        guard let blank = line.firstIndex(of: 32), blank > 4, blank <= 80, line.has(".sh:", at: blank - 4) else {
            return nil
        }
        return 0
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
        guard word.count >= 3, word.count <= 9 else { return nil }
        if word.count == 9 { return verbosity(word) }
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

    /// `Level(-2)`: what zap writes for the verbosity 2 of Kubernetes' loggers, whose default is 2 and debug 4.
    private static func verbosity(_ word: Bytes) -> LogLevel? {
        guard word.has("Level(-") || word.has("LEVEL(-"), word[8] == 41, word[7] &- 48 <= 9 else { return nil }
        switch word[7] {
        case 48...51: return .info
        case 52: return .debug
        default: return .trace
        }
    }
}

/// `2026/08/22 05:14:15[.123]` (nginx' error log, Caddy, Go) and Gin's `2026/08/22 - 05:14:15`: clocks without a zone.
enum SlashTime {
    /// The reading as if UTC, and how many bytes it is.
    static func parse(_ text: Bytes) -> (ms: Int64, length: Int)? {
        guard text.count >= 19, text[4] == 47, text[7] == 47, text[10] == 32, let century = CommonTime.pair(text, 0),
            let year = CommonTime.pair(text, 2), let month = CommonTime.pair(text, 5),
            let day = CommonTime.pair(text, 8),
            CivilTime.isValid(year: century * 100 + year, month: month, day: day)
        else { return nil }
        let at = text.has("- ", at: 11) ? 13 : 11
        guard text.count >= at + 8, text[at + 2] == 58, text[at + 5] == 58, let hour = CommonTime.pair(text, at),
            let minute = CommonTime.pair(text, at + 3), let second = CommonTime.pair(text, at + 6), hour < 24,
            minute < 60, second < 61
        else { return nil }
        var end = at + 8
        var milli = 0
        if end + 1 < text.count, text[end] == 46, text[end + 1] &- 48 <= 9 {
            end += 1
            var scale = 100
            while end < text.count, text[end] &- 48 <= 9 {
                milli += Int(text[end] &- 48) * scale
                scale /= 10
                end += 1
            }
        }
        let ms = CivilTime.millis(
            year: century * 100 + year, month: month, day: day, hour: hour, minute: minute, second: second,
            milli: milli)
        return (ms, end)
    }
}
