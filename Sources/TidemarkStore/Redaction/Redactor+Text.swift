import TidemarkBase

extension Redactor {
    /// A sentence of the results, a name, or any other text.
    func sentence(_ text: String) -> String { sentences[text] ?? book.known(text) ?? self.text(text) }

    /// A text that others wrote: what users asked and got is taken out of it as well.
    func log(_ text: String) -> String {
        guard let userText else { return self.text(text) }
        var masked: [UInt8] = []
        let found = withBytes(of: text) { userText($0, &masked) }
        return self.text(found ? String(decoding: masked, as: UTF8.self) : text)
    }

    /// Prose with names, addresses, e-mails, hosts, paths of people and secrets replaced.
    func text(_ text: String) -> String {
        let text = SecretMask.masked(text)
        return withBytes(of: text) { bytes in
            var scan = TextScan(bytes, self)
            return scan.run() ? String(decoding: scan.out, as: UTF8.self) : text
        }
    }

    /// The parts of a sentence: what was filled in is replaced, the pattern stays, so that it can still be translated.
    func message(_ message: Message) -> Message {
        Message(
            pattern: message.arguments.isEmpty ? text(message.pattern) : message.pattern,
            arguments: message.arguments.map {
                switch $0 {
                case .verbatim(let text): .verbatim(sentence(text))
                case .message(let part): .message(self.message(part))
                }
            })
    }

    // MARK: JSON

    /// JSON text, or an expression with strings in it: each string by itself, by the key before it where that says whose it is.
    func json(_ text: String) -> String {
        var out = ByteWriter()
        let bytes = Array(text.utf8)
        var at = 0
        var key: String?
        while at < bytes.count {
            guard bytes[at] == 34 else {
                if let known = key, TextPattern.isDigit(bytes[at]), let kind = TextPattern.kind(ofKey: known) {
                    // "user_id": 123456
                    var end = at
                    while end < bytes.count, TextPattern.isDigit(bytes[end]) { end += 1 }
                    let number = String(decoding: bytes[at..<end], as: UTF8.self)
                    let token = name(number, kind)
                    if token == number { out.write(number) } else { out.writeJSONString(token) }
                    at = end
                    continue
                }
                if bytes[at] == 44 || bytes[at] == 123 || bytes[at] == 125 { key = nil }
                out.write(byte: bytes[at])
                at += 1
                continue
            }
            var end = at + 1
            while end < bytes.count, bytes[end] != 34 { end += bytes[end] == 92 ? 2 : 1 }
            end = min(end, bytes.count)
            let literal = bytes[at..<min(end + 1, bytes.count)]
            let value = Self.decoded(literal)
            at = end + 1
            var next = at
            while next < bytes.count, bytes[next] <= 32 { next += 1 }
            if next < bytes.count, bytes[next] == 58 {
                key = value
                out.writeJSONString(book.known(value) ?? self.text(value))
            } else if let known = key, let kind = TextPattern.kind(ofKey: known) {
                out.writeJSONString(name(value, kind))
            } else {
                out.writeJSONString(sentence(value))
            }
        }
        return out.text
    }

    /// The labels of a series.
    func labels(_ json: String) -> String {
        guard let pairs = Self.pairs(json) else { return "{}" }
        var out = ByteWriter()
        out.writeJSON(pairs.map { ($0.key, label($0.key, $0.value)) })
        return out.text
    }

    /// Only the numbers of an object, and of the objects in it.
    func numbers(_ json: String) -> String {
        var out = ByteWriter()
        let isRead = withBytes(of: json) { bytes -> Bool in
            var reader = JSONReader(bytes)
            return (try? Self.numbers(&reader, &out)) != nil
        }
        return isRead ? out.text : "{}"
    }

    private static func numbers(_ reader: inout JSONReader, _ out: inout ByteWriter) throws {
        out.write("{")
        var isFirst = true
        try reader.object { key, reader in
            switch try reader.peek() {
            case .number:
                let digits = try reader.numberBytes()
                if !isFirst { out.write(",") }
                out.writeJSONString(key.text)
                out.write(":")
                out.write(digits)
                isFirst = false
            case .object:
                if !isFirst { out.write(",") }
                out.writeJSONString(key.text)
                out.write(":")
                try numbers(&reader, &out)
                isFirst = false
            default: try reader.skip()
            }
        }
        out.write("}")
    }

    static func pairs(_ json: String) -> [(key: String, value: String)]? {
        var found: [(key: String, value: String)] = []
        let isRead = withBytes(of: json) { bytes -> Bool in
            var reader = JSONReader(bytes)
            return
                (try? reader.object { key, reader in
                    let name = key.text
                    if let value = try reader.scalarText() { found.append((name, value)) }
                }) != nil
        }
        return isRead ? found : nil
    }

    private static func decoded(_ literal: ArraySlice<UInt8>) -> String {
        Array(literal).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            return (try? reader.string().text) ?? String(decoding: bytes.dropFirst(), as: UTF8.self)
        }
    }
}

/// One pass over a text.
private struct TextScan {
    private let text: Bytes
    private let redactor: Redactor
    private(set) var out: [UInt8] = []
    private var copied = 0

    init(_ text: Bytes, _ redactor: Redactor) { (self.text, self.redactor) = (text, redactor) }

    /// Whether anything was replaced; then ``out`` is the text.
    mutating func run() -> Bool {
        var at = 0
        while at < text.count {
            let before: UInt8 = at > 0 ? text[at - 1] : 32
            guard TextPattern.isEdge(before, text[at]), let end = replace(at, before) else {
                at += 1
                continue
            }
            at = max(end, at + 1)
        }
        guard copied > 0 else { return false }
        out.append(contentsOf: text.slice(copied, text.count))
        return true
    }

    /// Replaces what begins at `at`; where to go on, nil when nothing begins there.
    private mutating func replace(_ at: Int, _ before: UInt8) -> Int? {
        if let (end, token) = known(at) { return put(token, at..<end) }
        let byte = text[at]
        if byte == 47 || byte == 126 || TextPattern.isAlphanumeric(byte) {
            if !TextPattern.isAlphanumeric(before) || byte == 47, let end = TextPattern.path(text, at: at) {
                return put(path(string(at..<end)), at..<end)
            }
        }
        if byte == 63, let end = query(at) { return put("?" + redactor.book.token(string(at..<end), .route), at..<end) }
        guard TextPattern.isAlphanumeric(byte) || byte == 58, before != 46 else { return nil }
        if let end = TextPattern.address(text, at: at) {
            let address = string(at..<end)
            return TextPattern.saysNothing(address) ? end : put(redactor.book.token(address, .address), at..<end)
        }
        guard byte != 58 else { return nil }
        if let end = TextPattern.email(text, at: at) {
            return put(redactor.book.token(string(at..<end), .user), at..<end)
        }
        if let end = requestID(at) { return put(redactor.requestID(string(at..<end)), at..<end) }
        if let value = value(at) {
            let kept = string(value.range)
            let token = redactor.name(kept, value.kind)
            return token == kept ? value.range.upperBound : put(token, value.range)
        }
        if text.has("http", at: at), let authority = authority(at) {
            let host = string(authority)
            if TextPattern.publicHosts.contains(host) { return end(ofWord: authority.upperBound) }
            return put(redactor.name(host, .host), authority)
        }
        if let end = TextPattern.host(text, at: at) {
            let host = string(at..<end)
            return TextPattern.publicHosts.contains(host) ? end : put(redactor.name(host, .host), at..<end)
        }
        return nil
    }

    private mutating func put(_ token: String, _ range: Range<Int>) -> Int {
        out.append(contentsOf: text.slice(copied, range.lowerBound))
        out.append(contentsOf: token.utf8)
        copied = range.upperBound
        return copied
    }

    private func string(_ range: Range<Int>) -> String { text.slice(range.lowerBound, range.upperBound).text }

    private func known(_ at: Int) -> (Int, String)? {
        guard at + 2 < text.count else { return nil }
        let lower = TextPattern.lower
        guard
            let names = redactor.book.inText[NameBook.place(lower(text[at]), lower(text[at + 1]), lower(text[at + 2]))]
        else { return nil }
        candidates: for (name, token) in names where at + name.count <= text.count {
            for index in 3..<max(3, name.count) where lower(text[at + index]) != name[index] { continue candidates }
            let end = at + name.count
            if end == text.count || TextPattern.isEdge(text[end - 1], text[end]) { return (end, token) }
        }
        return nil
    }

    /// A request's id as vLLM writes it.
    private func requestID(_ at: Int) -> Int? {
        switch text[at] {
        case 99, 101, 112, 114, 115: break  // c e p r s
        default: return nil
        }
        let word = text.slice(at, min(at + 12, text.count)).text
        guard let prefix = Redactor.requestPrefixes.first(where: word.hasPrefix) else { return nil }
        var end = at + prefix.utf8.count
        while end < text.count, TextPattern.isAlphanumeric(text[end]) || text[end] == 45 || text[end] == 95 { end += 1 }
        // `score-based` is a word.
        let body = text.slice(at + prefix.utf8.count, end)
        return body.contains(where: TextPattern.isDigit) ? end : nil
    }

    /// What stands behind a package's folder is everybody's.
    private func path(_ path: String) -> String {
        for folder in ["/site-packages/", "/dist-packages/"] {
            let parts = path.split(separator: folder, maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { return "…" + folder + parts[1] }
        }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let dot = name.lastIndex(of: ".")
        let ending = dot.map { name[$0...] } ?? ""
        return redactor.book.token(path, .file) + (ending.count <= 6 ? ending : "")
    }

    /// `?user=bob&…` behind a path, to its end.
    private func query(_ at: Int) -> Int? {
        guard at > 0, at + 1 < text.count, TextPattern.isAlphanumeric(text[at + 1]) else { return nil }
        let end = end(ofWord: at)
        return (at..<end).contains(where: { text[$0] == 61 }) ? end : nil
    }

    private func end(ofWord start: Int) -> Int {
        var at = start
        while at < text.count, !TextPattern.isDelimiter(text[at]) { at += 1 }
        return at
    }

    /// The host of a URL, with its port.
    private func authority(_ at: Int) -> Range<Int>? {
        let start = text.has("http://", at: at) ? at + 7 : text.has("https://", at: at) ? at + 8 : text.count
        var end = start
        while end < text.count, !TextPattern.isDelimiter(text[end]), ![47, 63, 35].contains(text[end]) { end += 1 }
        let first = (start..<end).last { text[$0] == 64 }.map { $0 + 1 } ?? start
        while end > first, text[end - 1] == 46 || text[end - 1] == 58 { end -= 1 }
        return end > first ? first..<end : nil
    }

    /// The value of `key=value`, `"key": "value"` or `key: 'value'` when the key says whose it is.
    private func value(_ start: Int) -> (range: Range<Int>, kind: NameBook.Kind)? {
        // Not the end of another key.
        if start > 0, [45, 46, 95].contains(text[start - 1]) { return nil }
        var at = start
        while at < text.count, at - start < 48, TextPattern.isAlphanumeric(text[at]) || [45, 46, 95].contains(text[at])
        { at += 1 }
        let key = start..<at
        let isQuoted = at < text.count && isQuote(text[at])
        if isQuoted { at += 1 }
        while at < text.count, text[at] == 32 { at += 1 }
        guard at < text.count, text[at] == 61 || text[at] == 58, let kind = TextPattern.kind(ofKey: string(key)) else {
            return nil
        }
        let isColon = text[at] == 58
        at += 1
        if at < text.count, text[at] == 126 { at += 1 }
        while at < text.count, text[at] == 32 { at += 1 }
        while at < text.count, text[at] == 92 { at += 1 }
        let quote = at < text.count && isQuote(text[at]) ? text[at] : 0
        guard !isColon || isQuoted || quote != 0 else { return nil }
        if quote != 0 { at += 1 }
        var end = at
        while end < text.count,
            quote != 0 ? text[end] != quote && text[end] != 92 : !TextPattern.isDelimiter(text[end]) && text[end] != 38
        {
            end += 1
        }
        return end > at && end - at <= 256 ? (at..<end, kind) : nil
    }

    private func isQuote(_ byte: UInt8) -> Bool { byte == 34 || byte == 39 }
}
