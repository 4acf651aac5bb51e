import TidemarkBase
import TidemarkEvidence

/// A line of uvicorn's own formatter: the level with its colon padded to ten columns, then the message.
/// All vLLM versions serve through uvicorn; from 0.10.1 to 0.30.0 a process prefix precedes.
enum UvicornLine {
    /// Level and index of the message of the uvicorn line that begins at `at`.
    @inline(__always)
    static func parse(_ line: Bytes, at: Int) -> (level: LogLevel, message: Int)? {
        guard let (level, after) = RecordHeader.level(line, at: at), after < line.count, line[after] == 58 else {
            return nil
        }
        let message = at + 10
        var index = after + 1
        while index < message {
            guard index < line.count, line[index] == 32 else { return nil }
            index += 1
        }
        return (level, message)
    }

    /// The same where a paste made one blank of several: `INFO: 127.0.0.1:1 - "GET / HTTP/1.1" 200 OK`.
    static func parseCollapsed(_ line: Bytes, at: Int) -> (level: LogLevel, message: Int)? {
        guard let (level, after) = RecordHeader.level(line, at: at), line.has(": ", at: after),
            isKnown(line.slice(after + 2, line.count))
        else { return nil }
        return (level, after + 2)
    }

    /// Whether the message is one that uvicorn prints; used where a line might be glued to another.
    static func isKnown(_ message: Bytes) -> Bool {
        if case .notAccess = AccessLine.parse(message) {
            return message.has("Started server process") || message.has("Waiting for application")
                || message.has("Application ") || message.has("Uvicorn running") || message.has("Shutting down")
                || message.has("Finished server process") || message.has("Exception in ASGI")
                || message.has("Invalid HTTP request") || message.has("Started parent process")
                || message.has("Waiting for connections")
        }
        return true
    }
}

/// `CLIENT:PORT - "METHOD PATH[?QUERY] HTTP/x.y" STATUS[ REASON]` of uvicorn's access logger.
enum AccessLine {
    enum Outcome {
        /// `end`: index after the last byte that surely belongs to the line; `clean` when nothing foreign follows.
        case access(HTTPAccess, end: Int, clean: Bool)
        case notAccess
        case broken
    }

    /// The access of a line that lost uvicorn's level.
    static func bare(_ message: Bytes) -> HTTPAccess? {
        guard let first = message.first, first &- 48 <= 9 || first == 91, message.count < 4096,
            case .access(let access, _, true) = parse(message), !access.client.isEmpty
        else { return nil }
        return access
    }

    static func parse(_ message: Bytes) -> Outcome {
        if message.has("('") { return tuple(message) }
        guard let blank = message.firstIndex(of: 32), blank < 256 else { return .notAccess }
        var client = message.slice(0, blank)
        var method = blank + 4
        if !message.has(" - \"", at: blank) {
            // kserve's formatter prints the process id behind the client.
            var scan = FieldScanner(message, from: blank + 1)
            guard scan.integer() != nil, scan.skip(" - \"") else { return .notAccess }
            method = scan.at
        }
        // A web page made a link of the address: `[10.0.0.1:1](http://10.0.0.1:1/)`.
        if client.first == 91, let close = client.range(of: "](http") { client = client.slice(1, close) }
        guard client.isEmpty || hasPort(client, client.count) else { return .notAccess }
        guard let methodEnd = message.firstIndex(of: 32, from: method), methodEnd > method, methodEnd - method < 40
        else { return .broken }
        if message.has("WebSocket", at: method) { return webSocket(message, client, method) }
        guard var pathEnd = message.firstIndex(of: 32, from: methodEnd + 1) else { return .broken }
        // A raw query may hold blanks: then the path ends at the last blank before the protocol.
        if !message.has("HTTP/", at: pathEnd + 1) {
            guard let found = message.range(of: " HTTP/", from: pathEnd) else { return .broken }
            pathEnd = found
        }
        var at = pathEnd + 6
        while at < message.count, message[at] &- 48 <= 9 || message[at] == 46 { at += 1 }
        guard message.has("\" ", at: at), at + 5 <= message.count else { return .broken }
        at += 2
        var status = 0
        for index in at..<at + 3 {
            let digit = message[index] &- 48
            if digit > 9 { return .broken }
            status = status * 10 + Int(digit)
        }
        at += 3
        let end = at
        while at < message.count {
            switch message[at] {
            case 65...90, 97...122, 32, 45, 39, 13: at += 1
            default:
                return .access(
                    HTTPAccess(
                        client: client, method: message.slice(method, methodEnd),
                        path: message.slice(methodEnd + 1, pathEnd), status: status), end: end, clean: false)
            }
        }
        return .access(
            HTTPAccess(
                client: client, method: message.slice(method, methodEnd),
                path: message.slice(methodEnd + 1, pathEnd), status: status), end: at, clean: true)
    }

    /// `CLIENT:PORT - "WebSocket PATH" 403`: refused. An accepted one has no status (`[accepted]`).
    private static func webSocket(_ message: Bytes, _ client: Bytes, _ method: Int) -> Outcome {
        guard let blank = message.firstIndex(of: 32, from: method), let quote = message.firstIndex(of: 34, from: blank)
        else { return .notAccess }
        var scan = FieldScanner(message, from: quote)
        guard scan.skip("\" "), let status = scan.integer(), status >= 100, status < 600 else { return .notAccess }
        return .access(
            HTTPAccess(
                client: client, method: message.slice(method, blank), path: message.slice(blank + 1, quote),
                status: status), end: scan.at, clean: scan.atEnd)
    }

    /// `('127.0.0.1', 52376) - "WebSocket /v1/responses" 403`: the address as Python prints it.
    private static func tuple(_ message: Bytes) -> Outcome {
        guard let close = message.range(of: ") - \"WebSocket "), close < 100,
            let end = message.slice(0, close).firstIndex(of: 39, from: 2)
        else { return .notAccess }
        return webSocket(message, message.slice(2, end), close + 5)
    }

    /// The access line that begins at `start` and fills `line`, when it has the common form: no blanks in the path,
    /// letters only behind the status. nil leaves the line to ``parse(_:)``. Two lines of three of a log come here, so
    /// it reads plain bytes and calls nothing.
    @inline(__always)
    static func parseCommon(_ line: Bytes, from start: Int) -> HTTPAccess? {
        guard let base = line.baseAddress else { return nil }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        // The shortest tail: ` - "GET / HTTP/1.1" 200`.
        let end = line.count
        var at = start
        while at < end, bytes[at] != 32 { at &+= 1 }
        let clientEnd = at
        guard clientEnd &+ 23 <= end, clientEnd > start, bytes[clientEnd &- 1] &- 48 <= 9,
            base.loadUnaligned(fromByteOffset: clientEnd, as: UInt32.self) == 0x2220_2d20
        else { return nil }
        at = clientEnd &+ 4
        while at < end, bytes[at] != 32 { at &+= 1 }
        let methodEnd = at
        at &+= 1
        while at < end, bytes[at] != 32 { at &+= 1 }
        let pathEnd = at
        // ` HTTP/1.1" 200`
        guard pathEnd &+ 14 <= end, pathEnd > methodEnd &+ 1,
            base.loadUnaligned(fromByteOffset: pathEnd &+ 1, as: UInt32.self) == 0x5054_5448, bytes[pathEnd &+ 5] == 47,
            bytes[pathEnd &+ 7] == 46, bytes[pathEnd &+ 9] == 34, bytes[pathEnd &+ 10] == 32
        else { return nil }
        let hundreds = bytes[pathEnd &+ 11] &- 48
        let tens = bytes[pathEnd &+ 12] &- 48
        let ones = bytes[pathEnd &+ 13] &- 48
        guard hundreds <= 9, tens <= 9, ones <= 9 else { return nil }
        at = pathEnd &+ 14
        while at < end {
            let byte = bytes[at]
            guard (byte | 0x20) &- 97 < 26 || byte == 32 || byte == 45 || byte == 39 else { return nil }
            at &+= 1
        }
        return HTTPAccess(
            client: Bytes(start: base + start, count: clientEnd - start),
            method: Bytes(start: base + (clientEnd + 4), count: methodEnd - clientEnd - 4),
            path: Bytes(start: base + (methodEnd + 1), count: pathEnd - methodEnd - 1),
            status: Int(hundreds) * 100 + Int(tens) * 10 + Int(ones))
    }

    /// Whether the client ends in `:PORT`.
    @inline(__always)
    private static func hasPort(_ message: Bytes, _ end: Int) -> Bool {
        var at = end - 1
        while at > 0, message[at] &- 48 <= 9 { at -= 1 }
        return at < end - 1 && message[at] == 58
    }
}
