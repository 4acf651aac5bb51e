import TidemarkBase
import TidemarkEvidence

/// One JSON object a line. The keys of Envoy's, Traefik's and Caddy's objects and of LiteLLM's spend logs are theirs;
/// an operator's own (nginx' `escape=json`, Envoy's `json_format`) are taken by what they are usually called, whatever
/// their letter case and punctuation.
///
/// A duration without a unit in its key or value is Traefik's in nanoseconds; Envoy's, APISIX', pino's and Rails' in
/// milliseconds; Caddy's in seconds, and nginx' where it has a decimal point. A stranger's is unknown: loggers write seconds
/// and milliseconds with a point, both below one.
final class GatewayJSONLine {
    enum Result: Equatable {
        case access, event
        case damaged(String)
    }

    private(set) var values = GatewayValues()
    /// Whether Caddy's `http.log.error` is an event beside the request's own line, and no request.
    var errorsAreEvents = false
    /// How many upstreams Kong tried.
    private var tries = 0
    /// Decoded strings of the object; values point into it.
    private var arena = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    private var used = 0
    private var key = UnsafeMutableRawBufferPointer.allocate(byteCount: 96, alignment: 8)
    private var decoded: [UInt8] = []
    private var time = CommonTime()

    deinit {
        arena.deallocate()
        key.deallocate()
    }

    /// Reads the object that `reader` stands before. For an event the values stay in ``values``.
    func parse(_ reader: inout JSONReader, into access: inout GatewayAccess) -> Result {
        values.removeAll()
        used = 0
        tries = 0
        // Decoding never makes a string longer.
        if arena.count < reader.bytes.count {
            arena.deallocate()
            arena = .allocate(byteCount: reader.bytes.count, alignment: 8)
        }
        do {
            try walk(&reader, depth: 0, prefix: 0)
        } catch let error as JSONReader.JSONError {
            return .damaged("expected \(error.expected) at byte \(error.offset) of the JSON object")
        } catch {
            return .damaged("expected a JSON object")
        }
        return fill(&access)
    }

    /// Reads `key=value key="value"` fields instead of an object. Words without a `=` are passed over.
    /// - Parameter isNginx: whether nginx' time stands in front.
    func parse(pairs text: Bytes, into access: inout GatewayAccess, isNginx: Bool = false) -> Result {
        values.removeAll()
        if isNginx { values[.nginxSign] = .init() }
        used = 0
        tries = 0
        var scan = GatewayScanner(text)
        while true {
            scan.skipBlanks()
            guard !scan.atEnd else { break }
            let start = scan.at
            while scan.at < text.count, text[scan.at] != 61, text[scan.at] > 32, text[scan.at] != 34 { scan.at += 1 }
            guard scan.at < text.count, text[scan.at] == 61 else {
                if scan.at < text.count, text[scan.at] == 34 {
                    guard scan.quoted() != nil else { return .damaged("a quoted value is cut off") }
                } else {
                    _ = scan.field()
                }
                continue
            }
            let length = append(text.slice(start, scan.at), 0)
            scan.at += 1
            var value = GatewayText.none
            var isString = false
            if !scan.atEnd, text[scan.at] == 34 {
                guard let inside = scan.quoted() else { return .damaged("a quoted value is cut off") }
                value = inside
                isString = true
            } else if !scan.atEnd, text[scan.at] > 32 {
                value = scan.list()
                if let last = value.last, last == 44 || last == 59 { value = value.slice(0, value.count - 1) }
            }
            if let meaning = GatewayKey.find(Bytes(key).slice(0, length)),
                values[meaning].map({ GatewayText.isAbsent($0.bytes) }) ?? true
            {
                values[meaning] = .init(bytes: value, isString: isString)
            }
        }
        return fill(&access)
    }

    // MARK: Collecting

    private func walk(_ reader: inout JSONReader, depth: Int, prefix: Int) throws {
        try reader.object { name, reader in
            let length = self.append(name.bytes, prefix)
            switch try reader.peek() {
            case .object:
                if depth == 0, GatewayKey.find(Bytes(key).slice(0, length)) == .request {
                    self.values[.nestedRequest] = .init()
                }
                if depth < 3 { try self.walk(&reader, depth: depth + 1, prefix: length) } else { try reader.skip() }
            case .array:
                if depth == 0, name.bytes.equals("tries") { return try self.readTries(&reader) }
                guard let meaning = GatewayKey.find(Bytes(self.key).slice(0, length)) else { return try reader.skip() }
                var isFirst = true
                try reader.array { element in
                    if isFirst, try element.peek() == .string {
                        self.keep(meaning, try element.string())
                    } else {
                        try element.skip()
                    }
                    isFirst = false
                }
            case .string:
                let value = try reader.string()
                guard let meaning = GatewayKey.find(Bytes(self.key).slice(0, length)) else { return }
                self.keep(meaning, value)
                if meaning == .higressLog, depth == 0 { self.walkText(meaning, prefix: length) }
            case .number:
                let value = try reader.numberBytes()
                if let meaning = GatewayKey.find(Bytes(self.key).slice(0, length)), !self.values.has(meaning) {
                    self.values[meaning] = .init(bytes: value, isString: false)
                }
            case .literal: _ = try reader.literal()
            case .end: try reader.skip()
            }
        }
    }

    /// An object in a string: its values count as if it stood there itself. One that is damaged says nothing.
    private func walkText(_ meaning: GatewayKey, prefix: Int) {
        var reader = JSONReader(values.text(meaning))
        try? walk(&reader, depth: 1, prefix: prefix)
    }

    /// Kong's `[{"ip":"10.0.0.1","port":8000,…}, …]`: the last one is the upstream.
    private func readTries(_ reader: inout JSONReader) throws {
        let start = used
        var length = 0
        try reader.array { element in
            guard try element.peek() == .object else { return try element.skip() }
            var address = GatewayText.none
            var port = GatewayText.none
            try element.object { name, element in
                if name.bytes.equals("ip"), try element.peek() == .string {
                    address = try element.string().bytes
                } else if name.bytes.equals("port"), try element.peek() == .number {
                    port = try element.numberBytes()
                } else {
                    try element.skip()
                }
            }
            self.tries += 1
            guard address.count > 0, start + address.count + 1 + port.count <= self.arena.count else { return }
            length = 0
            for byte in address {
                self.arena[start + length] = byte
                length += 1
            }
            guard port.count > 0 else { return }
            self.arena[start + length] = 58
            length += 1
            for byte in port {
                self.arena[start + length] = byte
                length += 1
            }
        }
        used = start + length
        if length > 0, !values.has(.upstream) {
            values[.upstream] = .init(bytes: Bytes(arena).slice(start, used), isString: true)
        }
    }

    private func keep(_ meaning: GatewayKey, _ string: JSONReader.RawString) {
        guard values[meaning].map({ GatewayText.isAbsent($0.bytes) }) ?? true else { return }
        guard string.escaped else {
            values[meaning] = .init(bytes: string.bytes, isString: true)
            return
        }
        decoded.removeAll(keepingCapacity: decoded.capacity <= 1 << 16)
        string.decode(into: &decoded)
        let count = min(decoded.count, arena.count - used)
        decoded.withUnsafeBytes { source in
            for index in 0..<count { arena[used + index] = source[index] }
        }
        values[meaning] = .init(bytes: Bytes(arena).slice(used, used + count), isString: true)
        used += count
    }

    /// Puts a key behind the names of the objects that it stands in: lower case, letters and digits. Returns its end.
    private func append(_ name: Bytes, _ prefix: Int) -> Int {
        var length = prefix
        for byte in name where length < key.count {
            if byte &- 65 < 26 {
                key[length] = byte | 0x20
            } else if byte &- 97 < 26 || byte &- 48 < 10 {
                key[length] = byte
            } else {
                continue
            }
            length += 1
        }
        return length
    }

    // MARK: Understanding

    private func fill(_ access: inout GatewayAccess) -> Result {
        // Caddy's handlers speak of a request that has a line of its own.
        let logger = values.text(.logger)
        if logger.has("http.handlers.") || errorsAreEvents && logger.has("http.log.error") { return .event }
        // Envoy writes null for what a connection that failed early doesn't have.
        let hasPlace =
            values.has(.path) || values.has(.googleURL) || values.has(.method) || values.has(.request)
            || values.has(.flags) && values.has(.start)
        let isSpend = values.has(.start) && values.has(.end) && values.has(.requestID) && !hasPlace
        let statusText = values.text(values.has(.status) ? .status : .pinoStatus)
        let hasStatus = values.has(.status) || values.has(.pinoStatus)
        guard hasPlace && (hasStatus || values.has(.duration) || values.has(.durationSeconds)) || isSpend
        else {
            if values.has(.message) || values.has(.level) { return .event }
            return .damaged("a JSON object without a request and a status, and without a message")
        }
        access.dialect = .json
        access.status = GatewayText.status(statusText)
        access.upstreamStatus = GatewayText.status(GatewayText.last(values.text(.upstreamStatus)).entry)
        request(&access)
        for key in [GatewayKey.client, .caddyClient, .caddyPeer, .clientFallback] where access.client.isEmpty {
            access.client = GatewayText.host(values.text(key))
        }
        access.bytesIn = GatewayText.integer(values.text(.bytesIn))
        access.bytesOut =
            GatewayText.integer(values.text(.nginxBytesOut)) ?? GatewayText.integer(values.text(.bytesOut))
        access.requestID = values.text(.requestID)
        access.traceID = GatewayText.trace(values.text(.traceID))
        access.flags = values.text(.flags)
        access.model = values.text(.modelGroup).isEmpty ? values.text(.model) : values.text(.modelGroup)
        access.promptTokens = GatewayText.integer(values.text(.promptTokens)).map { Int($0) }
        access.completionTokens = GatewayText.integer(values.text(.completionTokens)).map { Int($0) }
        let upstream = values.text(values.has(.upstream) ? .upstream : .googleServer)
        access.upstream = CommonLogLine.address(GatewayText.last(upstream).entry)
        retries(&access)
        if isSpend, !spend(statusText, &access) { return .damaged("expected a time in startTime") }
        if !isSpend {
            durations(&access)
            upstreamTimes(&access)
            // Envoy's fields are the operator's choice, and some leave the time out.
            let isEnvoy = isEnvoy
            guard times(&access, isStart: isEnvoy || isGoogle) || isEnvoy else {
                return .damaged("a JSON access line without a time that can be read")
            }
        }
        if access.end == nil {
            access.end = EnvoyLine.end(access.flags) ?? GatewayText.end(status: access.status)
        }
        return .access
    }

    private func request(_ access: inout GatewayAccess) {
        let line = values.text(.request)
        if !line.isEmpty { GatewayText.request(line, into: &access) }
        if values.has(.method) { access.method = values.text(.method) }
        if values.has(.path) {
            access.route = GatewayText.route(values.text(.path))
        } else if values.has(.googleURL) {
            access.route = GatewayText.route(values.text(.googleURL))
            // ingress-nginx is told to put the host in front: `llm.example/v1`.
            if let slash = access.route.firstIndex(of: 47), slash > 0 {
                access.route = access.route.slice(slash, access.route.count)
            }
        }
    }

    private func retries(_ access: inout GatewayAccess) {
        if let retries = GatewayText.integer(values.text(.retries)) {
            access.retries = Int(retries)
        } else if let attempts = GatewayText.integer(values.text(.attempts)), attempts > 0 {
            access.retries = Int(attempts) - 1
        } else if case let tries = max(tries, GatewayText.last(values.text(.upstreamStatus)).count), tries > 1 {
            access.retries = tries - 1
        }
    }

    private func spend(_ status: Bytes, _ access: inout GatewayAccess) -> Bool {
        let times = SpendTimes(
            start: SpendTimes.read(values.text(.start)), end: SpendTimes.read(values.text(.end)),
            firstToken: SpendTimes.read(values.text(.firstToken)))
        access.dialect = .litellm
        if status.equals("failure") { access.end = .failure }
        return times.apply(&access)
    }

    /// The start where the object has it (in Envoy's and Google's, `timestamp` is the start too), else the end.
    private func times(_ access: inout GatewayAccess, isStart: Bool) -> Bool {
        for key in [GatewayKey.startUTC, .start] {
            if let found = moment(key) {
                (access.timeMs, access.zoneless, access.moment) = (found.ms, found.zoneless, .start)
                return true
            }
        }
        guard let found = moment(.time) ?? moment(.nginxTime) ?? moment(.end) ?? moment(.letterTime) else {
            // A time in front of the object or of the fields: they were written at the end.
            if access.timeMs == nil, let timeMs = access.frame.timeMs {
                (access.timeMs, access.zoneless, access.moment) = (timeMs, access.frame.zoneless, .end)
            }
            return access.timeMs != nil
        }
        (access.timeMs, access.zoneless, access.moment) = (found.ms, found.zoneless, isStart ? .start : .end)
        return true
    }

    /// RFC 3339, the common log's form, Caddy's `2026/08/22 05:14:15.123`, or a number since 1970 in seconds, milliseconds,
    /// micro- or nanoseconds.
    func moment(_ key: GatewayKey) -> (ms: Int64, zoneless: Bool)? {
        let text = values.text(key)
        guard let first = text.first, first &- 48 <= 9 else { return nil }
        if text.count >= 19, text[4] == 45 {
            return CivilTime.parseRFC3339(text).map { ($0.millis, !$0.zoned) }
        }
        if text.count >= 19, text[4] == 47 { return SlashTime.parse(text).map { ($0.ms, true) } }
        if text.count == CommonTime.length, text[2] == 47 { return time.parse(text, at: 0).map { ($0, false) } }
        let point = text.firstIndex(of: 46) ?? text.count
        switch point {
        case 9...11: return SecondsText.millis(text).map { ($0, false) }
        case 12...14: return GatewayText.integer(text.slice(0, point)).map { ($0, false) }
        case 15...17: return GatewayText.integer(text.slice(0, point)).map { ($0 / 1000, false) }
        case 18, 19: return Decimal.parseInt(text.slice(0, point)).map { (Int64($0 / 1_000_000), false) }
        default: return nil
        }
    }
}
