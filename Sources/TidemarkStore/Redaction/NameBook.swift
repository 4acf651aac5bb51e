import TidemarkBase

/// Which token stands for which name: the same one wherever the name occurs, and never two names with one.
struct NameBook {
    /// What a name is of: the letter before its token.
    enum Kind: String {
        case host = "h", client = "c", user = "u", period = "p", file = "f", route = "s", adapter = "l"
        case address = "a", other = "x"
    }

    private let hash: HMAC
    private var tokens: [String: String] = [:]
    private var taken: Set<String> = []
    /// Names as they may stand in the middle of a text, by their first three bytes in lower case; the longest first.
    private(set) var inText: [UInt32: [(name: [UInt8], token: String)]] = [:]

    init(key: [UInt8]) { hash = HMAC(key: key) }

    /// The token of a name that was met before.
    func known(_ name: String) -> String? { tokens[name] }

    /// The token of a whole name: of an address or e-mail by what it is, of all else by where it stands.
    mutating func token(_ name: String, _ kind: Kind) -> String {
        if let known = tokens[name] { return known }
        let kind: Kind = withBytes(of: name) { bytes in
            if TextPattern.address(bytes, at: 0) == bytes.count { return .address }
            return name.contains("@") && kind != .file ? .user : kind
        }
        // Upper case and lower case are one host.
        let digits = hash.hex(kind == .host || kind == .address ? name.lowercased() : name)
        var length = 8
        var token = "\(kind.rawValue)-\(digits.prefix(length))"
        while !taken.insert(token).inserted, length < 64 {
            length += 4
            token = "\(kind.rawValue)-\(digits.prefix(length))"
        }
        tokens[name] = token
        if isNamely(name, kind) { note(name, token) }
        return token
    }

    /// Whether a name is looked for in texts. Files, routes and labels nobody knows are often called by words of the trade.
    private func isNamely(_ name: String, _ kind: Kind) -> Bool {
        switch kind {
        case .address: return false
        case .file: if name.utf8.allSatisfy({ $0 &- 97 < 26 }) { return false }
        case .other, .route: if name.utf8.count < 8 { return false }
        default: break
        }
        return !Self.words.contains(name.lowercased())
    }

    /// A long name's digits in the form of another identifier.
    func digits(_ name: String, count: Int) -> String { String(hash.hex(name).prefix(count)) }

    /// Puts `token` in the place of `name` wherever it stands in a text.
    mutating func note(_ name: String, _ token: String) {
        let lower = name.utf8.map { TextPattern.lower($0) }
        // Shorter ones, and numbers, would be found in every other sentence.
        guard lower.count >= 3, lower.count >= 6 || !lower.allSatisfy({ $0 &- 48 <= 9 }) else { return }
        var forms = [lower]
        var json = ByteWriter()
        json.writeJSONString(name)
        let escaped = json.bytes.dropFirst().dropLast().map { TextPattern.lower($0) }
        if escaped != lower { forms.append(escaped) }
        for form in forms {
            let place = NameBook.place(form[0], form[1], form[2])
            guard inText[place]?.contains(where: { $0.name == form }) != true else { continue }
            inText[place, default: []].append((form, token))
            inText[place]!.sort { $0.name.count > $1.name.count }
        }
    }

    static func place(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> UInt32 { UInt32(a) << 16 | UInt32(b) << 8 | UInt32(c) }

    /// Names that are words of every log and of the report itself: in their own columns they are replaced, in the middle of a
    /// sentence they say nothing.
    private static let words: Set<String> = [
        "server", "servers", "engine", "engines", "replica", "replicas", "gateway", "client", "clients", "host",
        "hosts",
        "node", "pod", "user", "users", "default", "vllm", "model", "models", "fleet", "bench", "http", "https", "api",
        "request", "requests", "metrics", "metric", "log", "logs", "gpu", "cpu", "cache", "main", "none", "null",
        "true",
        "false", "error", "warning", "info", "debug", "critical", "test", "prod", "production", "staging", "anonymous",
        "unknown", "localhost", "prefill", "decode", "worker", "router", "proxy", "nginx", "envoy", "litellm",
        "traefik",
        "prometheus", "incident", "evidence", "the", "and", "for", "not", "was", "all", "one", "two", "new", "old",
        "token", "tokens", "time", "data", "first", "last", "usually", "longer", "step", "steps", "load", "inference",
    ]
}
