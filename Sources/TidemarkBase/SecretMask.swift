/// Finds keys, passwords and tokens in text, and replaces them by `***`.
///
/// Two signs give a secret away: the name that stands before it (`api_key=`, `"password": `, `Authorization: Bearer `,
/// `token=` of a query string, the user part of a URL), and its own form (`sk-…`, `hf_…`, `ghp_…`, AWS key ids, JSON web
/// tokens). Everything that is stored or printed of logs goes through here; text without a sign is handed on as it is.
public enum SecretMask {
    /// Runs `body` on `text` with its secrets replaced. Nothing is copied where there is none.
    public static func withMasked<R>(_ text: Bytes, _ body: (Bytes) throws -> R) rethrows -> R {
        guard let first = next(in: text, from: 0) else { return try body(text) }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var copied = 0
        var found: Range<Int>? = first
        while let range = found {
            out.append(contentsOf: text.slice(copied, range.lowerBound))
            out.append(contentsOf: "***".utf8)
            copied = range.upperBound
            found = next(in: text, from: copied)
        }
        out.append(contentsOf: text.slice(copied, text.count))
        return try out.withUnsafeBytes(body)
    }

    /// `text` with its secrets replaced.
    public static func masked(_ text: String) -> String {
        withBytes(of: text) { bytes in next(in: bytes, from: 0) == nil ? text : withMasked(bytes) { $0.text } }
    }

    /// Whether `text` holds a secret.
    public static func mayOccur(in text: Bytes) -> Bool { next(in: text, from: 0) != nil }

    /// The first secret at or after `from`. One pass; most bytes cost a look at a table.
    private static func next(in text: Bytes, from: Int) -> Range<Int>? {
        var at = from
        while at < text.count {
            switch text[at] {
            case 61, 58:  // = :
                if let range = named(text, separator: at) { return range }
            case 45, 95, 74, 73:  // - _ J I
                if let range = token(text, around: at, from: from) { return range }
            case 32, 43, 37:  // blank + %
                if let range = scheme(text, endingAt: at) { return range }
            default: break
            }
            at += 1
        }
        return nil
    }

    // MARK: By name

    /// The value behind `NAME=` or `NAME: ` whose separator stands at `separator`, when the name is one of a secret.
    private static func named(_ text: Bytes, separator: Int) -> Range<Int>? {
        if text.has("://", at: separator) { return userInfo(text, from: separator + 3) }
        var end = separator
        while end > 0, text[end - 1] == 32 { end -= 1 }
        while end > 0, isQuote(text[end - 1]) { end -= 1 }
        var start = end
        while start > 0, end - start < 64, isNameByte(text[start - 1]) { start -= 1 }
        guard end - start >= 3, let kind = kind(of: text.slice(start, end)) else { return nil }
        // `Unexpected token: x` is prose, `"token": "x"` is not.
        if kind == .word, text[separator] == 58, end == separator { return nil }
        var at = separator + 1
        while at < text.count, text[at] == 32 { at += 1 }
        // `[b'…']`, `("…"`: quotes and brackets before the value.
        while at < text.count, isQuote(text[at]) || text[at] == 91 || text[at] == 40 { at += 1 }
        let opening = at > 0 ? text[at - 1] : 0
        var hidden = at
        // `Bearer TOKEN`: of a header the scheme stays.
        let wordEnd = self.wordEnd(text, from: at)
        if wordEnd < text.count, text[wordEnd] == 32, isScheme(text.slice(at, wordEnd)) {
            at = wordEnd
            while at < text.count, text[at] == 32 { at += 1 }
            if kind == .header { hidden = at }
        }
        let valueEnd = self.valueEnd(text, from: at, opening: opening)
        return isWorthHiding(text.slice(at, valueEnd)) ? hidden..<valueEnd : nil
    }

    private enum Kind { case value, header, word }

    /// Names are compared without case; `-` and `_` are the same. What matters is how a name ends: `hf_token`,
    /// `aws_secret_access_key`; `api_key_file` and `max_tokens` hide nothing.
    private static func kind(of name: Bytes) -> Kind? {
        for word in headers where ends(name, with: word) { return .header }
        for word in values where ends(name, with: word) { return .value }
        for word in wholes where name.count == word.utf8CodeUnitCount && ends(name, with: word) { return .word }
        return nil
    }

    private static let headers: [StaticString] = ["authorization", "set_cookie", "cookie"]
    private static let values: [StaticString] = [
        "api_key", "apikey", "api_keys", "password", "passwd", "passphrase", "secret", "secret_key", "access_key",
        "access_key_id", "account_key", "private_key", "auth_token", "access_token", "refresh_token", "id_token",
        "api_token", "hf_token", "session_token", "security_token", "bearer_token", "credential", "credentials",
        "hugging_face_hub_token", "x_amz_signature", "shared_access_signature",
    ]
    private static let wholes: [StaticString] = ["token", "pwd", "sig", "x_auth_token", "hf_hub_token"]

    private static func ends(_ name: Bytes, with word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        let offset = name.count - length
        guard offset >= 0 else { return false }
        for index in 0..<length {
            var byte = name[offset + index]
            if byte == 45 { byte = 95 }
            if byte &- 65 < 26 { byte |= 0x20 }
            if byte != word.utf8Start[index] { return false }
        }
        return true
    }

    private static func isScheme(_ word: Bytes) -> Bool {
        for scheme: StaticString in ["bearer", "basic", "token", "digest", "negotiate"]
        where word.count == scheme.utf8CodeUnitCount && ends(word, with: scheme) { return true }
        return false
    }

    /// `user:password` of a URL.
    private static func userInfo(_ text: Bytes, from start: Int) -> Range<Int>? {
        var at = start
        var hasColon = false
        while at < text.count, at - start < 256 {
            switch text[at] {
            case 64: return at > start && hasColon ? start..<at : nil
            case 58: hasColon = true
            case 47, 63, 35, 32, 34, 39, 44: return nil
            default: break
            }
            at += 1
        }
        return nil
    }

    /// `Bearer TOKEN` and `Basic TOKEN` outside a header; the blank, `+` or `%20` behind the word stands at `end`.
    private static func scheme(_ text: Bytes, endingAt end: Int) -> Range<Int>? {
        guard end >= 6, text[end - 1] | 0x20 == 114, end < 7 || !isNameByte(text[end - 7]),
            ends(text.slice(end - 6, end), with: "bearer")
        else { return nil }
        let start = text.has("%20", at: end) ? end + 3 : end + 1
        guard start < text.count else { return nil }
        let valueEnd = self.valueEnd(text, from: start, opening: 0)
        let value = text.slice(start, valueEnd)
        // A word of prose is no token.
        guard value.count >= 8, value.contains(where: { $0 &- 48 <= 9 || $0 &- 65 < 26 || $0 == 45 || $0 == 46 }) else {
            return nil
        }
        return isWorthHiding(value) ? start..<valueEnd : nil
    }

    // MARK: By form

    private struct Form {
        let prefix: StaticString
        /// Where in the prefix the byte stands by which it is noticed.
        let noticed: Int
        let least: Int
        let most: Int
        let allowsMarks: Bool

        init(_ prefix: StaticString, noticed: Int, least: Int, most: Int = 4096, allowsMarks: Bool = false) {
            self.prefix = prefix
            self.noticed = noticed
            self.least = least
            self.most = most
            self.allowsMarks = allowsMarks
        }
    }

    /// OpenAI and others, Hugging Face, GitHub, GitLab, Slack, NVIDIA, Groq, Replicate, AWS, Google, JSON web tokens.
    private static let forms: [Form] = [
        Form("sk-", noticed: 2, least: 16, allowsMarks: true), Form("hf_", noticed: 2, least: 16),
        Form("ghp_", noticed: 3, least: 20), Form("gho_", noticed: 3, least: 20), Form("ghs_", noticed: 3, least: 20),
        Form("ghu_", noticed: 3, least: 20), Form("github_pat_", noticed: 10, least: 20, allowsMarks: true),
        Form("glpat-", noticed: 5, least: 16, allowsMarks: true),
        Form("xoxb-", noticed: 4, least: 16, allowsMarks: true),
        Form("xoxp-", noticed: 4, least: 16, allowsMarks: true),
        Form("xapp-", noticed: 4, least: 16, allowsMarks: true),
        Form("nvapi-", noticed: 5, least: 20, allowsMarks: true), Form("gsk_", noticed: 3, least: 20),
        Form("r8_", noticed: 2, least: 20), Form("AKIA", noticed: 2, least: 16, most: 16),
        Form("ASIA", noticed: 2, least: 16, most: 16), Form("AIza", noticed: 1, least: 30, allowsMarks: true),
        Form("eyJ", noticed: 2, least: 20, allowsMarks: true),
    ]

    private static func token(_ text: Bytes, around at: Int, from: Int) -> Range<Int>? {
        for form in forms {
            let start = at - form.noticed
            guard start >= from, text.has(form.prefix, at: start), start == 0 || !isNameByte(text[start - 1]) else {
                continue
            }
            let body = start + form.prefix.utf8CodeUnitCount
            var end = body
            while end < text.count, isAlphanumeric(text[end]) || form.allowsMarks && isTokenMark(text[end]) { end += 1 }
            // A full stop belongs to the sentence.
            while end > body, text[end - 1] == 46 { end -= 1 }
            let value = text.slice(body, end)
            guard value.count >= form.least, value.count <= form.most, value.contains(where: { $0 &- 48 <= 9 }) else {
                continue
            }
            // A JSON web token has parts; a base64 text that begins alike has none.
            if form.prefix.utf8CodeUnitCount == 3, text[start] == 101, value.firstIndex(of: 46) == nil { continue }
            return start..<end
        }
        return nil
    }

    // MARK: Values

    /// None, truth values and what is masked already give nothing away; neither do single characters.
    private static func isWorthHiding(_ value: Bytes) -> Bool {
        guard value.count >= 3, value[0] != 42, value[0] != 60 else { return false }
        for word: StaticString in ["None", "none", "null", "nil", "True", "true", "False", "false", "EMPTY"]
        where value.equals(word) { return false }
        return true
    }

    private static func wordEnd(_ text: Bytes, from: Int) -> Int {
        var at = from
        while at < text.count, isAlphanumeric(text[at]) { at += 1 }
        return at
    }

    /// End of the value at `from`: its closing quote, or the first byte that no token holds.
    private static func valueEnd(_ text: Bytes, from: Int, opening: UInt8) -> Int {
        var at = from
        if isQuote(opening) {
            while at < text.count, text[at] != opening, text[at] != 10 { at += text[at] == 92 ? 2 : 1 }
            return min(at, text.count)
        }
        while at < text.count {
            switch text[at] {
            case 0...32, 34, 38, 39, 41, 44, 59, 60, 62, 93, 96, 125: return at
            default: at += 1
            }
        }
        return at
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 34 || byte == 39 || byte == 92 }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 }

    private static func isTokenMark(_ byte: UInt8) -> Bool { byte == 45 || byte == 95 || byte == 46 }

    private static func isNameByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 95 || byte == 45 }
}
