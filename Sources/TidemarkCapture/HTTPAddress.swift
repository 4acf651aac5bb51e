import TidemarkBase

/// Where to scrape: `http://host:8000/metrics`.
public struct HTTPAddress: Sendable, Equatable {
    public var isTLS: Bool
    /// Name or address, an IPv6 one without its brackets.
    public var host: String
    public var port: Int
    /// With its query; begins with `/`.
    public var target: String

    /// `host:port`, as Prometheus labels an instance.
    public var instance: String { (host.utf8.contains(58) ? "[\(host)]" : host) + ":\(port)" }

    /// Without the query, which may hold what nobody else should read.
    public var printable: String {
        "\(isTLS ? "https" : "http")://\(instance)\(target.prefix { $0 != "?" })"
    }

    /// - Parameter text: a URL; without a scheme `http`, without a port that of the scheme, without a path `/metrics`.
    /// - Throws: `usage` with what was expected.
    public init(_ text: String) throws {
        func wrong(_ why: String, _ hint: String = "http://HOST:8000/metrics is one") -> TidemarkError {
            TidemarkError(.usage, "--metrics: \(why)", hint: hint)
        }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw wrong("a URL has no blanks or control characters")
        }
        var rest = Substring(text)
        isTLS = false
        if let scheme = rest.firstRange(of: "://") {
            switch rest[..<scheme.lowerBound].lowercased() {
            case "http": break
            case "https": isTLS = true
            case let other: throw wrong("'\(other)' is no scheme that can be scraped")
            }
            rest = rest[scheme.upperBound...]
        }
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<end]
        let path = rest[end...].prefix { $0 != "#" }
        target = path.isEmpty || path == "/" ? "/metrics" : path.first == "?" ? "/metrics" + path : String(path)
        guard !authority.contains("@") else {
            throw wrong("a URL with a password would stand in the list of processes", "use --bearer-token-file FILE")
        }
        var port: Substring = ""
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { throw wrong("'[' without ']'") }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            authority = authority[authority.index(after: close)...]
            guard authority.isEmpty || authority.first == ":" else { throw wrong("':PORT' is expected behind ']'") }
            port = authority.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = String(authority[..<colon])
            port = authority[authority.index(after: colon)...]
        } else {
            host = String(authority)
        }
        guard !host.isEmpty, host.utf8.count <= 255 else {
            throw wrong("a host is missing in '\(text.prefix { $0 != "?" }.prefix(80))'")
        }
        let number = port.isEmpty ? (isTLS ? 443 : 80) : Int(port)
        guard let number, (1...65_535).contains(number) else { throw wrong("'\(port.prefix(20))' is no port") }
        self.port = number
    }

    /// The same server at another path.
    func sibling(_ target: String) -> HTTPAddress {
        var other = self
        other.target = target
        return other
    }
}
