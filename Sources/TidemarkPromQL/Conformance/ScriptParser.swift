import TidemarkBase
import TidemarkSeries

/// What an `expect` line wants of an error or a remark.
struct ScriptExpectation {
    enum Kind: String { case ordered, fail, warn, no_warn, info, no_info }

    let kind: Kind
    /// The whole message, or a pattern that must be found in it; nil for any.
    var message: String?
    var pattern: LabelPattern?

    func matches(_ text: String) -> Bool {
        // Scripts cannot say blanks at the end.
        message.map { $0 == ScriptParser.trimmed(text) } ?? pattern?.matches(text) ?? true
    }
}

/// One evaluation of a script with what it must give.
struct ScriptCase {
    var line: Int
    var query: String
    var isRange: Bool
    /// Unix milliseconds; the time of an instant query.
    var startMs: Int64
    var endMs: Int64 = 0
    var stepMs: Int64 = 0
    var expectations: [ScriptExpectation] = []
    var scalar: Double?
    var string: String?
    var isMatrix = false
    var series: [Labels: (place: Int, values: [ScriptValue])] = [:]
    /// Why the case itself cannot be read.
    var mistake: String?

    func has(_ kind: ScriptExpectation.Kind) -> Bool { expectations.contains { $0.kind == kind } }
}

enum ScriptCommand {
    case clear
    case load(lines: [ScriptStorage.Line], stepMs: Int64, classicToo: Bool)
    case evaluate(ScriptCase)
}

/// Reads test scripts of Prometheus (`.test`). What it cannot read becomes a failing case or a mistake of a load line;
/// the rest goes on.
struct ScriptParser {
    private let lines: [String]
    private var at = 0
    private(set) var commands: [ScriptCommand] = []
    /// Lines outside of evaluations that could not be read.
    private(set) var mistakes: [(line: Int, reason: String)] = []

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let trimmed = Self.trimmed(line)
            return trimmed.hasPrefix("#") ? "" : trimmed
        }
        while at < lines.count {
            if !lines[at].isEmpty { command() }
            at += 1
        }
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        let front = text.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(front[...last])
    }

    /// The first word of a text, and the rest without blanks in front.
    private static func word(_ text: String) -> (word: String, rest: String) {
        let word = text.prefix { $0 != " " && $0 != "\t" }
        return (String(word), trimmed(text[word.endIndex...]))
    }

    private mutating func command() {
        let (word, rest) = Self.word(lines[at])
        switch word.lowercased() {
        case "clear": commands.append(.clear)
        case "load": load(rest, classicToo: false)
        case "load_with_nhcb": load(rest, classicToo: true)
        case let name where name.hasPrefix("eval"): evaluation(name, rest)
        default: mistakes.append((at + 1, "unknown command \"\(word)\""))
        }
    }

    /// The lines up to the next empty one; leaves the parser on the last of them.
    private mutating func block(_ body: (inout ScriptParser, String, Int) -> Bool) {
        while at + 1 < lines.count, !lines[at + 1].isEmpty {
            at += 1
            if !body(&self, lines[at], at + 1) { return }
        }
    }

    // MARK: load

    private mutating func load(_ step: String, classicToo: Bool) {
        var loaded: [ScriptStorage.Line] = []
        var pending: (labels: Labels, starts: [Int64?])?
        var common: [Int64?] = []
        guard let stepMs = Self.duration(step) else {
            mistakes.append((at + 1, "invalid step \"\(step)\""))
            return
        }
        block { parser, line, number in
            do {
                let (first, rest) = Self.word(line)
                if first.hasSuffix("@st") {
                    let starts = try StartTimeNotation.offsets(rest)
                    if first == "@st" {
                        common = starts
                    } else {
                        pending = (try Self.series(String(first.dropLast(3))).labels, starts)
                    }
                    return true
                }
                let (labels, values) = try Self.series(line)
                let own = pending.flatMap { $0.labels == labels ? $0.starts : nil }
                pending = nil
                loaded.append(ScriptStorage.Line(labels: labels, values: values, starts: own ?? common))
            } catch {
                parser.mistakes.append((number, "\(error)"))
            }
            return true
        }
        commands.append(.load(lines: loaded, stepMs: stepMs, classicToo: classicToo))
    }

    private static func series(_ line: String) throws -> (labels: Labels, values: [ScriptValue]) {
        let (labels, length) = try PromQLParser.series(line)
        let rest = line.utf8.dropFirst(length)
        return (labels, try ScriptValueReader.values(Substring(rest)))
    }

    /// Milliseconds of `5m`, `1h30m`, `0`; a sign and plain seconds are understood too.
    static func duration(_ text: String) -> Int64? {
        let negative = text.hasPrefix("-")
        let rest = negative ? String(text.dropFirst()) : text
        guard let seconds = NumberLiteral.duration(rest) ?? NumberLiteral.number(rest), seconds.isFinite else {
            return nil
        }
        return Int64((seconds * 1000).rounded()) * (negative ? -1 : 1)
    }

    // MARK: eval

    private mutating func evaluation(_ name: String, _ text: String) {
        var one = ScriptCase(line: at + 1, query: text, isRange: false, startMs: 0)
        do {
            try readHead(&one, text)
        } catch {
            one.mistake = "\(error)"
        }
        let suffix = name.dropFirst("eval_".count)
        if let kind = ScriptExpectation.Kind(rawValue: String(suffix)) { one.expectations.append(.init(kind: kind)) }
        var place = 0
        block { _, line, _ in
            do {
                return try Self.readExpectation(line, &one, &place)
            } catch {
                one.mistake = one.mistake ?? "\(line): \(error)"
                return true
            }
        }
        commands.append(.evaluate(one))
    }

    private func readHead(_ one: inout ScriptCase, _ text: String) throws {
        var (word, rest) = Self.word(text)
        func take(_ name: String) throws -> Int64 {
            guard Self.word(rest).word == name else { throw ScriptError("\"\(name)\" expected") }
            let (value, after) = Self.word(Self.word(rest).rest)
            rest = after
            guard let time = Self.duration(value) else { throw ScriptError("invalid time \"\(value)\"") }
            return time
        }
        switch word {
        case "instant":
            if Self.word(rest).word == "at" { one.startMs = try take("at") }
        case "range":
            one.isRange = true
            one.startMs = try take("from")
            one.endMs = try take("to")
            one.stepMs = try take("step")
        default: throw ScriptError("\"instant\" or \"range\" expected")
        }
        one.query = rest
    }

    /// One line below an evaluation; false when no more may follow.
    private static func readExpectation(_ line: String, _ one: inout ScriptCase, _ place: inout Int) throws -> Bool {
        let (word, rest) = word(line)
        switch word {
        case "expected_fail_message", "expected_fail_regexp":
            let index = one.expectations.firstIndex { $0.kind == .fail } ?? one.expectations.count
            if index == one.expectations.count { one.expectations.append(.init(kind: .fail)) }
            if word == "expected_fail_message" {
                one.expectations[index].message = rest
            } else {
                one.expectations[index].pattern = try found(rest)
            }
            return false
        case "expect":
            if rest.hasPrefix("string") {
                one.string = try string(trimmed(rest.dropFirst("string".count)))
            } else if rest.hasPrefix("range vector") {
                try readMatrix(trimmed(rest.dropFirst("range vector".count)), &one)
            } else {
                one.expectations.append(try expectation(rest))
            }
            return true
        default: break
        }
        let unsigned = line.hasPrefix("-") || line.hasPrefix("+") ? String(line.dropFirst()) : line
        if let number = NumberLiteral.number(unsigned) {
            one.scalar = line.hasPrefix("-") ? -number : number
            return false
        }
        place += 1
        let (labels, values) = try series(line)
        one.series[labels] = (place, values)
        return true
    }

    private static func readMatrix(_ text: String, _ one: inout ScriptCase) throws {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0] == "from", words[2] == "to", words[4] == "step",
            let start = duration(String(words[1])), let end = duration(String(words[3])),
            let step = duration(String(words[5]))
        else { throw ScriptError("invalid range vector definition") }
        // The times of the expected samples; the query is evaluated at the last one.
        (one.startMs, one.endMs, one.stepMs, one.isMatrix) = (start, end, step, true)
    }

    private static func expectation(_ text: String) throws -> ScriptExpectation {
        let (name, rest) = word(text)
        guard let kind = ScriptExpectation.Kind(rawValue: name) else {
            throw ScriptError("unknown expectation \"\(name)\"")
        }
        if rest.isEmpty { return ScriptExpectation(kind: kind) }
        guard let colon = rest.firstIndex(of: ":") else { throw ScriptError("\"msg:\" or \"regex:\" expected") }
        let content = trimmed(rest[rest.index(after: colon)...])
        switch rest[..<colon] {
        case "msg": return ScriptExpectation(kind: kind, message: content)
        case "regex": return ScriptExpectation(kind: kind, pattern: try found(content))
        default: throw ScriptError("\"msg:\" or \"regex:\" expected")
        }
    }

    /// A pattern that is searched for anywhere in a text.
    private static func found(_ source: String) throws -> LabelPattern { try LabelPattern(".*(?:\(source)).*") }

    private static func string(_ text: String) throws -> String {
        guard let quote = text.utf8.first, text.utf8.count >= 2, text.utf8.last == quote,
            quote == 34 || quote == 39 || quote == 96
        else { throw ScriptError("a quoted string expected") }
        let raw = Array(text.utf8.dropFirst().dropLast())
        if quote == 96 { return String(decoding: raw, as: UTF8.self) }
        guard let value = StringLiteral.unescape(raw, quote: quote) else { throw ScriptError("invalid string") }
        return value
    }
}

/// The start times of a load line: `-1m _x3 0s+1mx5 *x2`, relative to the samples.
enum StartTimeNotation {
    /// Milliseconds by sample; nil for none.
    static func offsets(_ text: String) throws -> [Int64?] {
        var offsets: [Int64?] = []
        for item in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            if item.first == "_" || item.first == "*" {
                let repeated = item.first == "*" ? offsets.last { $0 != nil } ?? 0 : nil
                let count = item.count == 1 ? 1 : try times(item.dropFirst()) + (item.first == "*" ? 1 : 0)
                offsets += [Int64?](repeating: repeated, count: count)
                continue
            }
            var rest = item
            let base = try duration(&rest)
            if rest.isEmpty {
                offsets.append(base)
            } else if rest.first == "x" {
                offsets += [Int64?](repeating: base, count: try times(rest) + 1)
            } else {
                let step = try duration(&rest)
                for index in 0...(try times(rest)) { offsets.append(base + Int64(index) * step) }
            }
        }
        return offsets
    }

    private static func times(_ text: Substring) throws -> Int {
        guard text.first == "x", let count = Int(text.dropFirst()), count >= 0, count < 100_000 else {
            throw ScriptError("invalid repeat count in an @st line")
        }
        return count
    }

    /// Reads a duration with an optional sign from the front.
    private static func duration(_ text: inout Substring) throws -> Int64 {
        let negative = text.first == "-"
        if text.first == "-" || text.first == "+" { text = text.dropFirst() }
        let digits = text.prefix { $0.isNumber }
        let unit = text[digits.endIndex...].prefix { $0.isLetter && $0 != "x" }
        guard let seconds = NumberLiteral.duration(String(digits + unit)) ?? (unit.isEmpty ? Double(digits) : nil)
        else {
            throw ScriptError("invalid duration in an @st line")
        }
        text = text[unit.endIndex...]
        return Int64((seconds * 1000).rounded()) * (negative ? -1 : 1)
    }
}
