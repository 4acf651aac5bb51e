import TidemarkSeries

// Descriptions of series outside of queries.
extension PromQLParser {
    /// Parses a series as test scripts and alert tests write it, `name{label="value"}`, at the start of `text`.
    /// - Returns: the labels, and the number of bytes read.
    static func series(_ text: String) throws(PromQLError) -> (labels: Labels, length: Int) {
        // The values behind the labels follow other rules: only the labels are read.
        let head = String(decoding: Array(text.utf8).prefix(seriesLength(text)), as: UTF8.self)
        var parser = PromQLParser(head, experimental: true)
        parser.allowsEmptyMatchers = true
        let selector = try parser.selector()
        guard case .end = parser.token.kind else { throw parser.unexpected("series description") }
        var labels: [Labels.Label] = []
        for matcher in selector.matchers {
            guard matcher.operation == .equal else {
                throw parser.failure("unexpected \(matcher.operation.rawValue) in a series description", at: 0)
            }
            labels.append(.init(matcher.name, matcher.value))
        }
        return (Labels(labels), parser.previousEnd)
    }

    /// The bytes of a name and of labels in braces at the start of `text`; two braces begin a histogram.
    private static func seriesLength(_ text: String) -> Int {
        let bytes = Array(text.utf8)
        var at = bytes.firstIndex { $0 == 32 || $0 == 9 || $0 == 123 } ?? bytes.count
        var brace = at
        while brace < bytes.count, bytes[brace] == 32 || bytes[brace] == 9 { brace += 1 }
        guard brace < bytes.count, bytes[brace] == 123 else { return at }
        if brace + 1 < bytes.count, bytes[brace + 1] == 123 { return at }
        at = brace + 1
        var quote: UInt8?
        while at < bytes.count {
            if let open = quote {
                if bytes[at] == 92, open != 96 { at += 1 } else if bytes[at] == open { quote = nil }
            } else if bytes[at] == 34 || bytes[at] == 39 || bytes[at] == 96 {
                quote = bytes[at]
            } else if bytes[at] == 125 {
                return at + 1
            }
            at += 1
        }
        return bytes.count
    }
}
