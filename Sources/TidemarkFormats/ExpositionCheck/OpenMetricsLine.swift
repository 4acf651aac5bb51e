import TidemarkBase
import TidemarkSeries

/// One line of OpenMetrics 1.0, by the letter of the grammar: single spaces, nothing around them.
///
/// Source: the specification's ABNF; two places follow the reference parser (Python's client) instead: HELP may hold a
/// bare quote, and a backslash before any other character stands for itself.
enum OpenMetricsLine {
    case end
    case metadata(keyword: Keyword, name: String, text: String)
    case sample(ExpositionSample)

    enum Keyword: String { case help = "HELP", type = "TYPE", unit = "UNIT" }

    init(_ bytes: Bytes) throws(ExpositionFault) {
        guard !bytes.isEmpty else { throw ExpositionFault("blank line: OpenMetrics allows none") }
        guard ExpositionText.isUTF8(bytes) else { throw ExpositionFault("the line is not valid UTF-8") }
        // A help text may hold any character but the line feed.
        guard bytes.last != 13 || bytes.has("# HELP ") else {
            throw ExpositionFault("carriage return at the end of the line: lines end in a line feed alone")
        }
        if bytes[0] != 35 {
            self = .sample(try Self.sample(bytes))
        } else if bytes.equals("# EOF") {
            self = .end
        } else {
            self = try Self.metadata(bytes)
        }
    }

    // MARK: metadata

    private static func metadata(_ bytes: Bytes) throws(ExpositionFault) -> OpenMetricsLine {
        guard bytes.has("# "), bytes.count >= 7, bytes[6] == 32, let keyword = Keyword(rawValue: bytes.slice(2, 6).text)
        else {
            throw ExpositionFault(
                bytes.has("# EOF")
                    ? "'# EOF' stands alone on its line"
                    : "'# HELP name text', '# TYPE name type', '# UNIT name unit' or '# EOF' is expected: OpenMetrics has no other comments"
            )
        }
        guard let space = bytes.firstIndex(of: 32, from: 7) else {
            throw ExpositionFault("a metric name, one space and a text are expected behind '# \(keyword.rawValue) '")
        }
        let name = bytes.slice(7, space)
        guard ExpositionText.isName(name) else {
            throw ExpositionFault("\(ExpositionText.quoted(name)) is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*")
        }
        let rest = bytes.slice(space + 1, bytes.count)
        switch keyword {
        case .help: break
        case .type:
            guard rest.count <= 16, MetricFamilyType(rawValue: rest.text) != nil else {
                throw ExpositionFault(
                    "\(ExpositionText.quoted(rest)) is not a type: \(MetricFamilyType.words) are")
            }
        case .unit:
            guard rest.allSatisfy({ SeriesText.isName($0) }) else {
                throw ExpositionFault("\(ExpositionText.quoted(rest)) is not a unit: [a-zA-Z0-9_:]*")
            }
        }
        return .metadata(keyword: keyword, name: name.text, text: rest.text)
    }

    // MARK: samples

    private static func sample(_ bytes: Bytes) throws(ExpositionFault) -> ExpositionSample {
        var at = 0
        while at < bytes.count, SeriesText.isName(bytes[at]) { at += 1 }
        guard at > 0, SeriesText.isNameStart(bytes[0]) else {
            throw ExpositionFault("a metric name is expected: [a-zA-Z_:][a-zA-Z0-9_:]*")
        }
        var sample = ExpositionSample(name: bytes.slice(0, at).text)
        if at < bytes.count, bytes[at] == 123 { sample.labels = try labels(bytes, &at) }
        try space(bytes, &at, "a value")
        let value = token(bytes, &at)
        guard let number = Decimal.parseAny(value) else {
            throw ExpositionFault("\(ExpositionText.quoted(value)) is not a number")
        }
        sample.value = number
        guard at < bytes.count else { return sample }
        try space(bytes, &at, "a timestamp or an exemplar")
        if at < bytes.count, bytes[at] != 35 {
            sample.time = try time(token(bytes, &at))
            guard at < bytes.count else { return sample }
            try space(bytes, &at, "an exemplar")
        }
        try exemplar(bytes, &at)
        sample.hasExemplar = true
        return sample
    }

    /// ` # {labels} value [timestamp]`, from the `#` to the end of the line.
    private static func exemplar(_ bytes: Bytes, _ at: inout Int) throws(ExpositionFault) {
        guard bytes.has("# {", at: at) else {
            throw ExpositionFault("one timestamp, or an exemplar '# {…} value', is expected behind the value")
        }
        at += 2
        let labels = try labels(bytes, &at)
        let length = labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        guard length <= 128 else {
            throw ExpositionFault("the exemplar's label names and values have \(length) characters: at most 128 may be")
        }
        try space(bytes, &at, "the exemplar's value")
        let value = token(bytes, &at)
        guard Decimal.parseAny(value) != nil else {
            throw ExpositionFault("the exemplar's value \(ExpositionText.quoted(value)) is not a number")
        }
        guard at < bytes.count else { return }
        try space(bytes, &at, "the exemplar's timestamp")
        _ = try time(token(bytes, &at))
        guard at == bytes.count else { throw ExpositionFault("nothing may follow an exemplar's timestamp") }
    }

    /// The labels at `at`, which is the opening brace; `at` moves behind the closing one.
    private static func labels(_ bytes: Bytes, _ at: inout Int) throws(ExpositionFault) -> [Labels.Label] {
        var labels: [Labels.Label] = []
        var names: Set<String> = []
        at += 1
        if at < bytes.count, bytes[at] == 125 {
            at += 1
            return []
        }
        while true {
            let start = at
            while at < bytes.count, SeriesText.isName(bytes[at]), bytes[at] != 58 { at += 1 }
            guard at > start, SeriesText.isNameStart(bytes[start]) else {
                throw ExpositionFault("a label name is expected at column \(start + 1): [a-zA-Z_][a-zA-Z0-9_]*")
            }
            let name = bytes.slice(start, at).text
            guard bytes.has("=\"", at: at) else { throw ExpositionFault("'=\"' is expected behind label name \(name)") }
            guard let end = ExpositionText.closingQuote(bytes, from: at + 2) else {
                throw ExpositionFault("the closing quote of label \(name) is missing")
            }
            let raw = bytes.slice(at + 2, end)
            at = end + 1
            guard names.insert(name).inserted else { throw ExpositionFault("label \(name) stands twice") }
            guard !name.hasPrefix("__") else {
                throw ExpositionFault("label \(name): names that begin with two underscores are reserved")
            }
            labels.append(.init(name, String(decoding: SeriesText.unescaped(raw, quotes: true), as: UTF8.self)))
            guard at < bytes.count, bytes[at] == 44 || bytes[at] == 125 else {
                throw ExpositionFault("',' or '}' is expected behind label \(name)")
            }
            at += 1
            if bytes[at - 1] == 125 { return labels }
        }
    }

    private static func space(_ bytes: Bytes, _ at: inout Int, _ next: String) throws(ExpositionFault) {
        guard at < bytes.count, bytes[at] == 32 else {
            throw ExpositionFault("one space and \(next) are expected at column \(at + 1)")
        }
        at += 1
        guard at < bytes.count, bytes[at] != 32 else {
            throw ExpositionFault(
                at < bytes.count ? "two spaces where one is expected" : "space at the end of the line")
        }
    }

    private static func token(_ bytes: Bytes, _ at: inout Int) -> Bytes {
        let start = at
        at = bytes.firstIndex(of: 32, from: at) ?? bytes.count
        return bytes.slice(start, at)
    }

    private static func time(_ bytes: Bytes) throws(ExpositionFault) -> DecimalText {
        guard let value = Decimal.parse(bytes), value.isFinite else {
            throw ExpositionFault("\(ExpositionText.quoted(bytes)) is not a timestamp: seconds as a decimal number are")
        }
        return DecimalText(bytes)
    }
}
