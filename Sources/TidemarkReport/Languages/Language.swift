import TidemarkBase

/// A language of reports: how each English pattern is said in it.
///
/// Sentences are written in English where they belong (``Message``). A language is a table of those patterns; what it lacks
/// stays English, and a test says so.
public struct Language: Sendable {
    /// The language in which a report is being made: of the task, so that reports in several can be made at once.
    @TaskLocal public static var current = english

    public static let english = Language(tag: "en", patterns: [:], thousands: "\u{202F}")
    public static let all = [english, traditionalChinese]

    /// BCP 47 tag: of the page, and the word for `--lang`.
    public let tag: String
    /// English pattern to its translation, each with the same `{0}`, `{1}`….
    public let patterns: [String: String]
    /// Between groups of three digits.
    let thousands: String
    /// Whether it is written in Han characters, which have no blanks between them.
    private let isHan: Bool

    init(tag: String, patterns: [String: String], thousands: String, isHan: Bool = false) {
        self.tag = tag
        self.patterns = patterns
        self.thousands = thousands
        self.isHan = isHan
    }

    public func text(_ message: Message) -> String {
        let pattern = patterns[message.pattern] ?? message.pattern
        if message.arguments.isEmpty { return pattern }
        let values = message.arguments.map {
            switch $0 {
            case .verbatim(let text): text
            case .message(let part): self.text(part)
            }
        }
        return isHan ? HanSpacing.fill(pattern, values) : Message.fill(pattern, values)
    }
}

/// `message` in the language of the report that is being made.
func say(_ message: Message) -> String { Language.current.text(message) }

/// A word or sentence that is known only at run time: a unit, the title of a signal.
func say(fixed text: String) -> String { text.isEmpty ? "" : Language.current.text(Message(pattern: text)) }

/// Blanks where Han characters meet what was filled in.
enum HanSpacing {
    /// Stands for a pattern's blank while it isn't known what it lies between; a private character of Unicode.
    private static let blank: Unicode.Scalar = "\u{E000}"

    /// As `Message.fill`, without those of the pattern's blanks that lie between two Han characters or beside full-width
    /// punctuation. What is filled in keeps its own.
    static func fill(_ pattern: String, _ values: [String]) -> String {
        var marked = String.UnicodeScalarView()
        for scalar in pattern.unicodeScalars { marked.append(scalar == " " ? blank : scalar) }
        let scalars = Array(Message.fill(String(marked), values).unicodeScalars)
        var out = String.UnicodeScalarView()
        for (place, scalar) in scalars.enumerated() {
            guard scalar == blank else {
                out.append(scalar)
                continue
            }
            if let before = out.last, place + 1 < scalars.count {
                let after = scalars[place + 1]
                if isFullWidth(before) || isFullWidth(after) || isHan(before) && isHan(after) { continue }
            }
            out.append(" ")
        }
        return String(out)
    }

    static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        (0x4E00...0x9FFF).contains(scalar.value) || (0x3400...0x4DBF).contains(scalar.value)
    }

    /// `，。：；（）「」` and their like.
    private static func isFullWidth(_ scalar: Unicode.Scalar) -> Bool {
        (0x3001...0x301F).contains(scalar.value) || (0xFF01...0xFF60).contains(scalar.value)
    }
}

/// Tables of translations as text: a line each, `English pattern ⇒ translation`.
enum TranslationTable {
    static func pairs(_ text: String) -> [(pattern: String, translation: String)] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ⇒ ", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }
}
