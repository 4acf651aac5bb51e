import TidemarkBase
import TidemarkEvidence

/// Takes what a gateway's log says. Bytes in a record are valid only during the call.
public protocol GatewaySink {
    mutating func access(_ access: borrowing GatewayAccess) throws
    mutating func event(_ event: borrowing GatewayEvent) throws
    mutating func reject(_ reject: FormatReject) throws
}

/// Where the lines went: `lines` = `recordLines` + `noiseLines` + `rejectedLines`.
public struct GatewayCounts: Sendable, Equatable {
    public var lines = 0
    public var recordLines = 0
    /// Blank lines, headers, the brackets around a list.
    public var noiseLines = 0
    public var rejectedLines = 0
    public var accesses = 0
    public var events = 0
    public var rejects = 0
    /// Requests without any time.
    public var untimed = 0

    public init() {}
}

/// Reads the unwrapped lines of one gateway's log, whatever the dialect: what the last line was is tried first.
///
/// Every line is a request, an event, noise or a reject. Lines behind an event that look like nothing else (tracebacks)
/// belong to it. Call ``finish(into:)`` at the end. Time: linear; memory: one line and one event.
public struct GatewayParser {
    var tally = GatewayCounts()
    /// Whether the input is known to be cut off: then a last line without a line feed is a reject. Otherwise it is taken
    /// for whole, as in text that was pasted.
    public var lastLineIsCut = false
    private var common = CommonLogLine()
    private var time = CommonTime()
    /// A coloured line without its colours.
    private var uncoloured: [UInt8] = []
    private let json = GatewayJSONLine()
    /// For fields and objects inside of a line, which may stand in an object's message.
    private let inner = GatewayJSONLine()
    private var spend: SpendTable?
    private var last: GatewayDialect?
    var event = GatewayEvent()
    var hasEvent = false
    /// Brackets of an object in the text of the event that are not yet closed.
    var openBrackets = 0
    /// An object that is spread over several lines.
    var object: OpenObject?
    /// Whether uvicorn's lines are those of vLLM's router, not of LiteLLM.
    private let isRouter: Bool
    /// Whether prompts and answers stay in the messages of events. By default their lengths replace them.
    private let keepsPrompts: Bool
    /// Blank lines since the event that is open began.
    private var blanks = 0
    private static let longestMessage = 4000

    /// - Parameter head: the beginning of the unwrapped content; a continued file needs the header of its table.
    public init(head: Bytes, keepsPrompts: Bool = false) {
        self.keepsPrompts = keepsPrompts
        let lines = head.headLines(limit: 1)
        isRouter = head.range(of: ":vllm_router.") != nil
        if let first = lines.first { spend = SpendTable(header: first) }
        // Caddy logs a request that failed twice, unless its access log is off.
        let errorsAreEvents = head.range(of: "http.log.access") != nil
        json.errorsAreEvents = errorsAreEvents
        inner.errorsAreEvents = errorsAreEvents
    }

    /// Takes the next line.
    public mutating func parse<Sink: GatewaySink>(
        line: borrowing Line, frame: FrameInfo, into sink: inout Sink
    ) throws {
        tally.lines += frame.lines
        let bytes = line.bytes
        // LiteLLM colours its lines whether a terminal reads them or not; others do when they are told to. A colour stands
        // near the beginning.
        guard bytes.slice(0, min(bytes.count, 64)).firstIndex(of: 27) != nil else {
            return try parse(bytes, line, frame, into: &sink)
        }
        let text = ANSI.stripped(bytes, reusing: &uncoloured)
        let line = copy line
        try text.withUnsafeBytes { try parse($0, line, frame, into: &sink) }
        if text.capacity <= 1 << 16 { uncoloured = text }
    }

    private mutating func parse<Sink: GatewaySink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws {
        var bytes = bytes
        if line.offset == 0, bytes.has("\u{FEFF}") { bytes = bytes.slice(3, bytes.count) }
        if let end = bytes.last, end == 13 { bytes = bytes.slice(0, bytes.count - 1) }
        guard bytes.count > 0 else {
            tally.noiseLines += frame.lines
            if hasEvent { blanks += frame.lines }
            return
        }
        // Left by a crash of the host, or by a truncation of the log.
        if bytes[0] == 0 {
            bytes = bytes.slice(bytes.leadingNULs, bytes.count)
            guard bytes.count > 0 else {
                tally.noiseLines += frame.lines
                if hasEvent { blanks += frame.lines }
                return
            }
        }
        if try takeSpread(bytes, line, frame, into: &sink) { return }
        var access = GatewayAccess()
        access.line = line.number
        access.lineCount = frame.lines
        access.offset = line.offset
        access.frame = frame
        let first = bytes[0]
        if first == 123 || first == 91 && (bytes.count < 3 || bytes[1] == 123 || bytes[1] == 93) || bytes.equals("]") {
            return try parseJSON(bytes, &access, line, into: &sink)
        }
        if let spend {
            if SpendTable.isHeader(bytes) {
                tally.noiseLines += frame.lines
                return
            }
            return try take(spend.parse(bytes, into: &access), &access, line, into: &sink)
        }
        let result = parseText(bytes, &access)
        if result != .other { return try take(result, &access, line, into: &sink) }
        try takeText(bytes, line, frame, into: &sink)
    }

    /// Passes on the event that waits for further lines.
    public mutating func finish<Sink: GatewaySink>(into sink: inout Sink) throws {
        try dropObject("an object that is cut off", into: &sink)
        guard hasEvent else { return }
        hasEvent = false
        openBrackets = 0
        blanks = 0
        tally.events += 1
        // LiteLLM logs requests and answers at DEBUG.
        if !keepsPrompts { Self.maskPrompts(&event.message) }
        try sink.event(event)
    }

    private static func maskPrompts(_ message: inout [UInt8]) {
        var masked: [UInt8] = []
        let isMasked = message.withUnsafeBytes {
            let text = Bytes(rebasing: $0[...])
            return UserText.mayOccur(in: text) && UserText.mask(text, into: &masked)
        }
        if isMasked { message = masked }
    }

    /// What was passed on, and what isn't a record.
    public var counts: GatewayCounts {
        var counts = tally
        if let object { counts.lines -= object.lineCount }
        guard hasEvent else { return counts }
        counts.lines -= event.lineCount + blanks
        counts.recordLines -= event.lineCount
        counts.noiseLines -= blanks
        return counts
    }

    /// First line of the event that waits for further lines: a later run can go on there. ``counts`` leaves it and what
    /// stands behind it out.
    public var pendingStart: (line: Int, offset: Int)? {
        hasEvent ? (event.line, event.offset) : object.map { ($0.line, $0.offset) }
    }

    // MARK: Text

    /// Those of text; Traefik's is told from nginx' by what stands at its end, messages that are requests are looked for last.
    private static let dialects: [GatewayDialect] = [
        .nginx, .envoy, .haproxy, .alb, .elb, .litellm, .gin, .llamaSwap, .torchServe, .keyValue,
    ]

    private mutating func parseText(_ bytes: Bytes, _ access: inout GatewayAccess) -> GatewayLineResult {
        let hint = last ?? .nginx
        var result = parse(bytes, as: hint, &access)
        if result != .other { return result }
        for dialect in Self.dialects where dialect != hint {
            result = parse(bytes, as: dialect, &access)
            if result != .other { return result }
        }
        return .other
    }

    @inline(__always)
    private mutating func parse(
        _ bytes: Bytes, as dialect: GatewayDialect, _ access: inout GatewayAccess
    ) -> GatewayLineResult {
        switch dialect {
        case .nginx, .traefik, .aiohttp: parseCommon(bytes, &access)
        case .envoy: EnvoyLine.parse(bytes, into: &access)
        case .haproxy: HAProxyLine.parse(bytes, into: &access)
        case .alb: ALBLine.parse(bytes, into: &access)
        case .elb: ELBLine.parse(bytes, into: &access)
        case .litellm, .uvicorn: LiteLLMLine.access(bytes, isRouter: isRouter, into: &access)
        case .gin: GinLine.parse(bytes, into: &access)
        case .llamaSwap: LlamaSwapLine.parse(bytes, into: &access)
        case .torchServe: TorchServeLine.parse(bytes, into: &access)
        case .keyValue: PairLine.parse(bytes, with: inner, into: &access, &time)
        case .json, .spendCSV, .agentgateway, .router: .other
        }
    }

    @inline(__always)
    private mutating func parseCommon(_ bytes: Bytes, _ access: inout GatewayAccess) -> GatewayLineResult {
        let result = common.parse(bytes, into: &access)
        return result == .other ? ProxyManagerLine.parse(bytes, into: &access, &time) : result
    }

    @inline(__always)
    private mutating func take<Sink: GatewaySink>(
        _ result: GatewayLineResult, _ access: inout GatewayAccess, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        try finish(into: &sink)
        var isWhole = line.omitted == 0
        if !line.terminated, lastLineIsCut { isWhole = false }
        guard result == .access, isWhole else {
            tally.rejectedLines += access.lineCount
            tally.rejects += 1
            var reason = isWhole ? "not an access line" : "the line is cut off"
            if case .damaged(let expected) = result { reason = expected }
            var reject = FormatReject(line, reason)
            reject.lineCount = access.lineCount
            return try sink.reject(reject)
        }
        last = access.dialect
        tally.recordLines += access.lineCount
        tally.accesses += 1
        if access.timeMs == nil, access.frame.timeMs == nil, access.frame.stamp == nil { tally.untimed += 1 }
        try sink.access(access)
    }

    /// A line that is no access line: an event, more of one, or a reject.
    private mutating func takeText<Sink: GatewaySink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws {
        var next = GatewayEvent()
        var head = GatewayEventLine.parse(bytes, into: &next)
        if head == nil, let timeMs = frame.timeMs {
            head = GatewayEventLine.levelled(bytes, time: (timeMs, frame.zoneless), into: &next)
        }
        if let start = head {
            var access = GatewayAccess()
            access.line = line.number
            access.lineCount = frame.lines
            access.offset = line.offset
            access.frame = frame
            if PairLine.message(bytes.slice(start, bytes.count), of: next, with: inner, into: &access) {
                return try take(.access, &access, line, into: &sink)
            }
            try finish(into: &sink)
            open(&next, bytes.slice(start, bytes.count), line, frame)
            return
        }
        if hasEvent, event.frame.stream == frame.stream, event.frame.source == frame.source,
            !beginsEntry(bytes, frame)
        {
            if Self.isFence(bytes) {
                tally.noiseLines += frame.lines
                blanks += frame.lines
                return
            }
            return addToEvent(bytes, frame)
        }
        // What stands around lines in a paste: fences of code, tail's names of files, the command.
        if Self.isFence(bytes) {
            tally.noiseLines += frame.lines
            return
        }
        if bytes.has("$ ") {
            try finish(into: &sink)
            return open(&next, bytes, line, frame)
        }
        // A container's or service's output holds banners and the like besides its log.
        if frame.timeMs != nil || frame.stamp != nil || !frame.source.isEmpty {
            try finish(into: &sink)
            return open(&next, bytes, line, frame)
        }
        tally.rejectedLines += frame.lines
        tally.rejects += 1
        var reject = FormatReject(line, "neither an access line nor a message of a form that is known")
        reject.lineCount = frame.lines
        try sink.reject(reject)
    }

    /// A further line of the event that is open.
    mutating func addToEvent(_ bytes: Bytes, _ frame: FrameInfo) {
        tally.recordLines += frame.lines
        event.lineCount += frame.lines
        if event.message.count < Self.longestMessage {
            event.message.append(10)
            Self.append(bytes, to: &event.message)
        }
    }

    /// A code fence, or `==> /var/log/nginx/access.log <==` of tail.
    private static func isFence(_ bytes: Bytes) -> Bool {
        guard bytes[0] == 96 || bytes[0] == 61 else { return false }
        let text = bytes.trimmed
        if text.has("```") { return text.count < 24 }
        return text.has("==> ") && text.count > 8 && text.has(" <==", at: text.count - 4)
    }

    /// Whether an entry of the journal or of syslog is a message of its own: it names its process. Tracebacks come as an
    /// entry a line there.
    private func beginsEntry(_ bytes: Bytes, _ frame: FrameInfo) -> Bool {
        guard frame.pid != nil, bytes[0] > 32 else { return false }
        return event.message.withUnsafeBytes {
            let open = Bytes(rebasing: $0[...])
            return open.range(of: "Traceback (most") == nil && open.range(of: "goroutine ") == nil
        }
    }

    /// Appends text without its secrets, as far as there is room.
    private static func append(_ text: Bytes, to message: inout [UInt8]) {
        SecretMask.withMasked(text.slice(0, min(text.count, longestMessage))) {
            message.append(contentsOf: $0.slice(0, min($0.count, max(0, longestMessage - message.count))))
        }
    }

    private mutating func open(
        _ next: inout GatewayEvent, _ message: Bytes, _ line: borrowing Line, _ frame: FrameInfo
    ) {
        next.line = line.number
        next.lineCount = frame.lines
        next.offset = line.offset
        next.frame = frame
        Self.append(message, to: &next.message)
        tally.recordLines += frame.lines
        event = next
        hasEvent = true
    }

    // MARK: JSON

    /// Behind the bracket of a list that is the first member of an object: LiteLLM's page of spend logs, Azure's records for
    /// an event hub. What stands behind the list counts pages.
    private static func listStart(_ bytes: Bytes) -> Int {
        for key in ["\"data\"", "\"records\""] as [StaticString] {
            var at = 1
            func skipBlanks() { while at < bytes.count, bytes[at] <= 32 { at += 1 } }
            skipBlanks()
            guard bytes.has(key, at: at) else { continue }
            at += key.utf8CodeUnitCount
            skipBlanks()
            guard bytes.has(":", at: at) else { continue }
            at += 1
            skipBlanks()
            if bytes.has("[", at: at) { return at + 1 }
        }
        return 0
    }

    /// An access line inside of a collector's object that no framing knows, with a level and a time of the collector's.
    private mutating func takeMessage<Sink: GatewaySink>(
        _ access: inout GatewayAccess, _ line: borrowing Line, into sink: inout Sink
    ) throws -> Bool {
        let message = json.values.text(.message)
        guard message.count > 40, message.count < 1 << 16, message.firstIndex(of: 34) != nil else { return false }
        let time = json.moment(.time)
        guard parseText(message, &access) == .access || LiteLLMLine.logged(message, into: &access) else {
            return false
        }
        if access.timeMs == nil, let time { (access.timeMs, access.zoneless) = (time.ms, time.zoneless) }
        try take(.access, &access, line, into: &sink)
        return true
    }

    /// An object, a list of objects, or a line of a list that has an object a line.
    mutating func parseJSON<Sink: GatewaySink>(
        _ bytes: Bytes, _ access: inout GatewayAccess, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        try finish(into: &sink)
        var at = bytes[0] == 91 ? 1 : Self.listStart(bytes)
        var count = 0
        let blank = access
        while true {
            while at < bytes.count, bytes[at] <= 32 || bytes[at] == 44 { at += 1 }
            guard at < bytes.count, bytes[at] != 93 else { break }
            access = blank
            // The line counts with its first object.
            if count > 0 { access.lineCount = 0 }
            var reader = JSONReader(bytes, from: at)
            switch bytes[at] == 123 ? json.parse(&reader, into: &access) : .damaged("expected a JSON object") {
            case .access: try take(.access, &access, line, into: &sink)
            case .event:
                if try takeMessage(&access, line, into: &sink) { break }
                var next = GatewayEvent()
                if let time = json.moment(.time) { (next.timeMs, next.zoneless) = (time.ms, time.zoneless) }
                next.level = GatewayEventLine.level(json.values.text(.level))
                open(&next, json.values.text(.message), line, access.frame)
                // llm-d's messages only mean something with the request that they are about.
                let id = json.values.text(.requestID)
                if id.count > 0, id.count <= 200 {
                    event.message += Array(" request_id=".utf8)
                    Self.append(id, to: &event.message)
                }
                if count > 0 {
                    tally.recordLines -= event.lineCount
                    event.lineCount = 0
                }
                try finish(into: &sink)
            case .damaged(let reason):
                tally.rejectedLines += access.lineCount
                tally.rejects += 1
                var reject = FormatReject(line, reason)
                reject.lineCount = access.lineCount
                return try sink.reject(reject)
            }
            count += 1
            at = reader.offset
        }
        if count == 0 { tally.noiseLines += access.lineCount }
    }
}
