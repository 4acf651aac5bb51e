import TidemarkBase
import TidemarkSeries

/// One line of the text format 0.0.4: blanks are free between tokens, everything else is by the letter.
///
/// A line is refused when either of its readers refuses it: the server's lexer (`model/textparse/promlex.l`) or the
/// decoder behind `promtool check metrics` (`expfmt/text_parse.go`).
enum TextExpositionLine {
    case blank
    case comment
    case help(name: String)
    /// `# HELP name` or `# TYPE name` without anything behind it: allowed, and without meaning.
    case incomplete(name: String)
    case type(name: String, type: TextFamilyType)
    case sample(ExpositionSample)

    init(_ bytes: Bytes) throws(ExpositionFault) {
        let start = SeriesText.skipBlanks(bytes, 0)
        guard start < bytes.count else {
            self = .blank
            return
        }
        if bytes[start] == 35 {
            self = try Self.comment(bytes, SeriesText.skipBlanks(bytes, start + 1))
        } else {
            guard ExpositionText.isUTF8(bytes) else { throw ExpositionFault("the line is not valid UTF-8") }
            self = .sample(try Self.sample(bytes, start))
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// The word at `at`; `at` moves behind it.
    private static func token(_ bytes: Bytes, _ at: inout Int) -> Bytes {
        let start = at
        while at < bytes.count, !isBlank(bytes[at]) { at += 1 }
        return bytes.slice(start, at)
    }

    private static func comment(_ bytes: Bytes, _ start: Int) throws(ExpositionFault) -> TextExpositionLine {
        var at = start
        let keyword = token(bytes, &at)
        let isHelp = keyword.equals("HELP")
        guard isHelp || keyword.equals("TYPE") else { return .comment }
        at = SeriesText.skipBlanks(bytes, at)
        guard at < bytes.count else { return .comment }
        let word = token(bytes, &at)
        guard ExpositionText.isName(word) else {
            throw ExpositionFault("\(ExpositionText.quoted(word)) is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*")
        }
        at = SeriesText.skipBlanks(bytes, at)
        let rest = bytes.slice(at, bytes.count)
        guard !rest.isEmpty else { return .incomplete(name: word.text) }
        if isHelp {
            guard ExpositionText.isUTF8(rest) else { throw ExpositionFault("the help text is not valid UTF-8") }
            try checkEscapes(rest, quotes: false, "the help text")
            return .help(name: word.text)
        }
        guard let type = TextFamilyType(rawValue: rest.text(limit: 16)) else {
            throw ExpositionFault(
                "\(ExpositionText.quoted(rest)) is not a type: counter, gauge, histogram, summary, untyped are")
        }
        return .type(name: word.text, type: type)
    }

    private static func checkEscapes(_ bytes: Bytes, quotes: Bool, _ what: String) throws(ExpositionFault) {
        var at = 0
        while let slash = bytes.firstIndex(of: 92, from: at) {
            let next = slash + 1 < bytes.count ? bytes[slash + 1] : 0
            guard next == 92 || next == 110 || quotes && next == 34 else {
                throw ExpositionFault(
                    "\(what) has a backslash that escapes nothing: \\\\ and \\n\(quotes ? " and \\\"" : "") are known")
            }
            at = slash + 2
        }
    }

    // MARK: samples

    private static func sample(_ bytes: Bytes, _ start: Int) throws(ExpositionFault) -> ExpositionSample {
        var at = start
        while at < bytes.count, SeriesText.isName(bytes[at]) { at += 1 }
        guard at > start, SeriesText.isNameStart(bytes[start]) else {
            throw ExpositionFault("a metric name is expected: [a-zA-Z_:][a-zA-Z0-9_:]*")
        }
        var sample = ExpositionSample(name: bytes.slice(start, at).text)
        let nameEnd = at
        at = SeriesText.skipBlanks(bytes, at)
        if at < bytes.count, bytes[at] == 123 {
            sample.labels = try labels(bytes, &at)
            at = SeriesText.skipBlanks(bytes, at)
        } else if at == nameEnd, at < bytes.count {
            throw ExpositionFault("\(ExpositionText.quoted(bytes.slice(at, at + 1))) cannot stand in a metric name")
        }
        let value = token(bytes, &at)
        guard let number = Decimal.parseAny(value) else {
            throw ExpositionFault(
                value.isEmpty ? "the value is missing" : "\(ExpositionText.quoted(value)) is not a number")
        }
        sample.value = number
        at = SeriesText.skipBlanks(bytes, at)
        guard at < bytes.count else { return sample }
        let time = token(bytes, &at)
        guard time.allSatisfy({ $0 &- 48 < 10 }), Decimal.parseInt(time) != nil else {
            throw ExpositionFault(
                time.first == 35
                    ? "the text format has no exemplars"
                    : "\(ExpositionText.quoted(time)) is not a timestamp: whole milliseconds since 1970 are")
        }
        guard at == bytes.count else { throw ExpositionFault("nothing may follow a timestamp, not even a space") }
        sample.time = DecimalText(time)
        return sample
    }

    private static func labels(_ bytes: Bytes, _ at: inout Int) throws(ExpositionFault) -> [Labels.Label] {
        var labels: [Labels.Label] = []
        var names: Set<String> = []
        at += 1
        while true {
            at = SeriesText.skipBlanks(bytes, at)
            guard at < bytes.count else { throw ExpositionFault("the '}' of the labels is missing") }
            if bytes[at] == 125 { break }
            let start = at
            while at < bytes.count, SeriesText.isName(bytes[at]), bytes[at] != 58 { at += 1 }
            guard at > start, SeriesText.isNameStart(bytes[start]) else {
                throw ExpositionFault("a label name is expected at column \(start + 1): [a-zA-Z_][a-zA-Z0-9_]*")
            }
            let name = bytes.slice(start, at).text
            guard name != Labels.metricName else {
                throw ExpositionFault("label __name__ is reserved for the name in front of the braces")
            }
            at = SeriesText.skipBlanks(bytes, at)
            guard at < bytes.count, bytes[at] == 61 else {
                throw ExpositionFault("'=' is expected behind label name \(name)")
            }
            guard names.insert(name).inserted else { throw ExpositionFault("label \(name) stands twice") }
            at = SeriesText.skipBlanks(bytes, at + 1)
            guard at < bytes.count, bytes[at] == 34 else {
                throw ExpositionFault("the value of label \(name) is not quoted")
            }
            guard let end = ExpositionText.closingQuote(bytes, from: at + 1) else {
                throw ExpositionFault("the closing quote of label \(name) is missing on its line")
            }
            let raw = bytes.slice(at + 1, end)
            try checkEscapes(raw, quotes: true, "the value of label \(name)")
            labels.append(.init(name, String(decoding: SeriesText.unescaped(raw, quotes: true), as: UTF8.self)))
            at = SeriesText.skipBlanks(bytes, end + 1)
            guard at < bytes.count, bytes[at] == 44 || bytes[at] == 125 else {
                throw ExpositionFault("',' or '}' is expected behind label \(name)")
            }
            if bytes[at] == 44 { at += 1 }
        }
        at += 1
        return labels
    }
}

/// The types of the text format.
enum TextFamilyType: String {
    case counter, gauge, histogram, summary, untyped
}
