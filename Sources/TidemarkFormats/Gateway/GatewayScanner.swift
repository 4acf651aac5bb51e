import TidemarkBase
import TidemarkEvidence

/// A cursor over an access line: fields between blanks, quotes and brackets.
struct GatewayScanner {
    let bytes: Bytes
    var at: Int

    init(_ bytes: Bytes, from at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    var atEnd: Bool { at >= bytes.count }

    @inline(__always) mutating func skipBlanks() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
    }

    /// Steps over `byte` when it stands here.
    @inline(__always) mutating func skip(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// The next field up to a blank; empty at the end.
    @inline(__always) mutating func field() -> Bytes {
        skipBlanks()
        let end = bytes.firstIndex(of: 32, from: at) ?? bytes.count
        defer { at = end }
        return bytes.slice(at, end)
    }

    /// The inside of `"…"`, which must stand here; a backslash saves the quote behind it. nil: no quote, or no second one.
    @inline(__always) mutating func quoted() -> Bytes? {
        guard at < bytes.count, bytes[at] == 34 else { return nil }
        var end = at + 1
        while true {
            guard let quote = bytes.firstIndex(of: 34, from: end) else { return nil }
            var slashes = 0
            while quote - slashes > at + 1, bytes[quote - slashes - 1] == 92 { slashes += 1 }
            end = quote + 1
            if slashes & 1 == 0 { break }
        }
        defer { at = end }
        return bytes.slice(at + 1, end - 1)
    }

    /// The next field, in quotes or not. nil: quotes that don't end, or the end of the line.
    @inline(__always) mutating func value() -> Bytes? {
        skipBlanks()
        guard at < bytes.count else { return nil }
        return bytes[at] == 34 ? quoted() : field()
    }

    /// A field that may be a list of upstreams: `0.004, 1.203`, `0.004 : 1.203`.
    mutating func list() -> Bytes {
        skipBlanks()
        let start = at
        _ = field()
        while at > start, at < bytes.count {
            let last = bytes[at - 1]
            let next = bytes.has(" : ", at: at)
            guard last == 44 || next, at + 1 < bytes.count else { break }
            let behind = min(at + (next ? 3 : 1), bytes.count - 1)
            let follower = bytes[behind]
            // A comma may also part `key=value` fields.
            guard follower == 45 || follower &- 48 <= 9 || follower == 91 || bytes.has("unix:", at: behind) else {
                break
            }
            if next { at += 3 }
            _ = field()
        }
        return bytes.slice(start, at)
    }
}

/// Values of access lines.
enum GatewayText {
    static var none: Bytes { Bytes(start: nil, count: 0) }

    /// `-` and nothing mean that there is no value.
    @inline(__always) static func isAbsent(_ text: Bytes) -> Bool {
        text.count == 0 || text.count == 1 && text[0] == 45
    }

    /// The text, or an empty one for `-`.
    @inline(__always) static func present(_ text: Bytes) -> Bytes { isAbsent(text) ? none : text }

    /// `0.123` in units of which one is `microsPerUnit` microseconds. nil: no such number, one below zero, or one above
    /// thirty years.
    static func micros(_ text: Bytes, microsPerUnit: Int64 = 1_000_000) -> Int64? {
        var whole: Int64 = 0
        var at = 0
        while at < text.count, text[at] &- 48 <= 9 {
            guard at < 19 else { return nil }
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            whole = product &+ Int64(text[at] &- 48)
            if whole < 0 { return nil }
            at += 1
        }
        let digits = at
        var fraction: Int64 = 0
        var scale = microsPerUnit
        if at < text.count, text[at] == 46 {
            at += 1
            while at < text.count, text[at] &- 48 <= 9 {
                scale /= 10
                fraction &+= Int64(text[at] &- 48) &* scale
                at += 1
            }
            if at == digits + 1 { return nil }
        }
        guard at == text.count, at > 0 else {
            guard at < text.count, text[at] | 0x20 == 101, let value = Decimal.parse(text) else { return nil }
            let scaled = (value * Double(microsPerUnit)).rounded()
            return scaled >= 0 && scaled < 1e15 ? Int64(scaled) : nil
        }
        let (product, overflow) = whole.multipliedReportingOverflow(by: microsPerUnit)
        guard !overflow, product < 1_000_000_000_000_000 else { return nil }
        return product + fraction
    }

    /// `2.417012s`, `12.3ms`, `417µs`, `1m2.5s`, `0.005 s`: numbers with units, in microseconds. nil: a number without a unit, or
    /// something else.
    static func duration(_ text: Bytes) -> Int64? {
        guard let last = text.last, last == 115 || last == 109 || last == 104, text.count <= 40 else { return nil }
        var total: Int64 = 0
        var at = 0
        while at < text.count {
            let start = at
            while at < text.count, text[at] &- 48 <= 9 || text[at] == 46 { at += 1 }
            let number = text.slice(start, at)
            if at > start, at < text.count, text[at] == 32 { at += 1 }
            let unitStart = at
            while at < text.count, text[at] &- 48 > 9, text[at] != 46 { at += 1 }
            let unit = text.slice(unitStart, at)
            let part: Int64?
            if unit.equals("s") {
                part = micros(number)
            } else if unit.equals("ms") {
                part = micros(number, microsPerUnit: 1000)
            } else if unit.equals("us") || unit.equals("\u{B5}s") || unit.equals("\u{3BC}s") {
                part = micros(number, microsPerUnit: 1)
            } else if unit.equals("ns") {
                part = micros(number, microsPerUnit: 1).map { ($0 + 500) / 1000 }
            } else if unit.equals("m") {
                part = micros(number, microsPerUnit: 60_000_000)
            } else if unit.equals("h") {
                part = micros(number, microsPerUnit: 3_600_000_000)
            } else {
                part = nil
            }
            guard let part else { return nil }
            // Each part is below thirty years, and there are few of them.
            total += part
        }
        return total < 1_000_000_000_000_000 ? total : nil
    }

    /// Nanoseconds as microseconds, rounded.
    static func nanos(_ text: Bytes) -> Int64? {
        guard let value = Decimal.parseInt(text), value >= 0, value < 1_000_000_000_000_000_000 else { return nil }
        return Int64((value + 500) / 1000)
    }

    static func integer(_ text: Bytes) -> Int64? {
        guard text.count <= 18, let value = Decimal.parseInt(text), value >= 0 else { return nil }
        return Int64(value)
    }

    /// `200`: an HTTP status; nil for `-`, 0 (no answer was sent) and anything else.
    @inline(__always) static func status(_ text: Bytes) -> Int? {
        guard text.count == 3, text[0] &- 49 <= 8, text[1] &- 48 <= 9, text[2] &- 48 <= 9 else { return nil }
        return Int(text[0] &- 48) * 100 + Int(text[1] &- 48) * 10 + Int(text[2] &- 48)
    }

    /// Calls `body` with each entry of a list of upstreams.
    static func forEach(_ list: Bytes, _ body: (Bytes) -> Void) {
        var at = 0
        while at < list.count {
            while at < list.count, list[at] == 32 || list[at] == 44 { at += 1 }
            var end = at
            while end < list.count, list[end] != 32, list[end] != 44 { end += 1 }
            if end > at, !(end == at + 1 && list[at] == 58) { body(list.slice(at, end)) }
            at = end
        }
    }

    /// Sum and last entry of a list of seconds; entries without a number don't count. A unit behind a number holds.
    static func seconds(_ list: Bytes) -> (sum: Int64?, last: Int64?) {
        if list.firstIndex(of: 32) == nil, list.firstIndex(of: 44) == nil {
            let one = micros(list) ?? duration(list)
            return (one, one)
        }
        var sum: Int64?
        var last: Int64?
        forEach(list) { entry in
            guard let value = micros(entry) ?? duration(entry) else { return }
            sum = min((sum ?? 0) + value, 1_000_000_000_000_000)
            last = value
        }
        return (sum, last)
    }

    /// The last entry of a list and how many there are.
    static func last(_ list: Bytes) -> (entry: Bytes, count: Int) {
        var found = (entry: none, count: 0)
        forEach(list) { found = ($0, found.count + 1) }
        return found
    }

    /// `METHOD target HTTP/x.y` into method and route. What isn't a request (`-`, bytes of a TLS handshake) gives neither.
    @inline(__always) static func request(_ request: Bytes, into access: inout GatewayAccess) {
        guard let blank = request.firstIndex(of: 32), blank > 0, blank <= 20, (request[0] | 0x20) &- 97 < 26
        else { return }
        for byte in request.slice(0, blank) where (byte | 0x20) &- 97 >= 26 && byte != 45 && byte != 95 { return }
        access.method = request.slice(0, blank)
        let rest = request.slice(blank + 1, request.count)
        access.route = route(rest.slice(0, rest.firstIndex(of: 32) ?? rest.count))
    }

    /// The path of a target: without query and fragment, without scheme and host.
    @inline(__always) static func route(_ target: Bytes) -> Bytes {
        var end = target.firstIndex(of: 63) ?? target.count
        if let fragment = target.slice(0, end).firstIndex(of: 35) { end = fragment }
        let path = target.slice(0, end)
        guard path.count > 8, path[0] | 0x20 == 104, let scheme = path.range(of: "://"), scheme <= 5 else {
            return path
        }
        guard let slash = path.firstIndex(of: 47, from: scheme + 3) else { return none }
        return path.slice(slash, path.count)
    }

    /// `10.0.0.1:1234`, `[::1]:1234` without the port.
    static func host(_ address: Bytes) -> Bytes {
        var address = present(address)
        // Of a list (`X-Forwarded-For`) the first is the client.
        if let comma = address.firstIndex(of: 44) { address = address.slice(0, comma) }
        if address.first == 91, let close = address.firstIndex(of: 93) { return address.slice(1, close) }
        guard let colon = address.firstIndex(of: 58), address.firstIndex(of: 58, from: colon + 1) == nil else {
            return address
        }
        return address.slice(0, colon)
    }

    /// The trace id of `00-<32 hex>-<16 hex>-01`; other texts as they are.
    static func trace(_ text: Bytes) -> Bytes {
        let text = present(text)
        guard text.count >= 52, text[2] == 45, text[35] == 45 else { return text.count <= 200 ? text : none }
        return text.slice(3, 35)
    }

    @inline(__always) static func isHex(_ text: Bytes) -> Bool {
        text.allSatisfy { $0 &- 48 <= 9 || ($0 | 0x20) &- 97 < 6 }
    }

    /// What a status alone says about the end.
    @inline(__always) static func end(status: Int?) -> GatewayEnd? {
        switch status {
        case 499, 460: .clientDisconnect
        case 504: .upstreamTimeout
        case 502: .upstreamFailure
        default: nil
        }
    }
}

/// Reads `22/Aug/2026:05:14:15 +0000` and remembers the last one: many lines share a second.
struct CommonTime {
    static let length = 26
    private var words: (UInt64, UInt64, UInt64, UInt16) = (0, 0, 0, 0)
    private var value: Int64 = 0

    /// Unix ms of the 26 bytes at `at`.
    @inline(__always) mutating func parse(_ bytes: Bytes, at: Int) -> Int64? {
        guard at + Self.length <= bytes.count else { return nil }
        let now = (
            bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: at + 16, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: at + 24, as: UInt16.self)
        )
        if now == words { return value }
        guard let (wallMs, length) = Self.wall(bytes.slice(at, at + Self.length)), length == 20,
            bytes[at + 20] == 32, bytes[at + 21] == 43 || bytes[at + 21] == 45,
            let hours = Self.pair(bytes, at + 22), let minutes = Self.pair(bytes, at + 24), hours < 24, minutes < 60
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000
        value = bytes[at + 21] == 45 ? wallMs + offset : wallMs - offset
        words = now
        return value
    }

    /// `22/Aug/2026:05:14:15[.123]` as if UTC, with its length.
    static func wall(_ bytes: Bytes) -> (ms: Int64, length: Int)? {
        guard bytes.count >= 20, bytes[2] == 47, bytes[6] == 47, bytes[11] == 58, bytes[14] == 58, bytes[17] == 58,
            let day = pair(bytes, 0), let month = ClockLine.month(bytes.slice(3, 6)), let century = pair(bytes, 7),
            let year = pair(bytes, 9), let hour = pair(bytes, 12), let minute = pair(bytes, 15),
            let second = pair(bytes, 18), CivilTime.isValid(year: century * 100 + year, month: month, day: day),
            hour < 24, minute < 60, second < 61
        else { return nil }
        var milli = 0
        var length = 20
        if length < bytes.count, bytes[length] == 46 {
            var digits = 0
            length += 1
            while length < bytes.count, bytes[length] &- 48 <= 9 {
                if digits < 3 { milli = milli * 10 + Int(bytes[length] &- 48) }
                digits += 1
                length += 1
            }
            if digits == 0 { return nil }
            while digits < 3 {
                milli *= 10
                digits += 1
            }
        }
        let ms = CivilTime.millis(
            year: century * 100 + year, month: month, day: day, hour: hour, minute: minute, second: second,
            milli: milli)
        return (ms, length)
    }

    @inline(__always) static func pair(_ bytes: Bytes, _ at: Int) -> Int? {
        let tens = bytes[at] &- 48
        let ones = bytes[at + 1] &- 48
        return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
    }
}
