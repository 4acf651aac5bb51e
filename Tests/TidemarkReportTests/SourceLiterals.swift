import Foundation
import TidemarkTestSupport

/// The string literals of Swift source as message patterns: each interpolation is `{0}`, `{1}`…; literals inside interpolations
/// are literals of their own.
struct SourceLiterals {
    struct Literal {
        var pattern: String
        var line: Int
        /// The code before it on its line and the one above, for telling what it is.
        var before: String
        /// Whether it stands inside the parentheses of a call of `say`.
        var isSaid: Bool
    }

    private(set) var literals: [Literal] = []
    private let source: [Character]
    private var at = 0
    private var line = 1
    /// Of each open parenthesis whether it belongs to a call of `say`.
    private var calls: [Bool] = []

    init(_ text: String) {
        source = Array(text)
        code(nested: false)
    }

    /// Of all Swift files below a folder or of one file of `Sources/`.
    static func of(_ path: String) throws -> [(file: String, literal: Literal)] {
        let root = repositoryRoot.appendingPathComponent("Sources/" + path)
        if path.hasSuffix(".swift") { return try of(file: root) }
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        return try (files?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .sorted { $0.path < $1.path }.flatMap { try of(file: $0) }
    }

    private static func of(file: URL) throws -> [(String, Literal)] {
        let text = try String(contentsOf: file, encoding: .utf8)
        return SourceLiterals(text).literals.map { (file.lastPathComponent, $0) }
    }

    private func has(_ text: String) -> Bool { source[at...].starts(with: text) }

    private mutating func step(_ count: Int = 1) {
        for _ in 0..<count where at < source.count {
            if source[at] == "\n" { line += 1 }
            at += 1
        }
    }

    /// Code until the end, or until the parenthesis that closes an interpolation.
    private mutating func code(nested: Bool) {
        var depth = 0
        while at < source.count {
            switch source[at] {
            case "/" where has("//"): while at < source.count, source[at] != "\n" { step() }
            case "#" where has("#\""):
                step(2)
                while at < source.count, !has("\"#") { step() }
                step(2)
            case "\"": literal()
            case "(":
                depth += 1
                calls.append(
                    at >= 3 && source[at - 3..<at].elementsEqual("say") && (at < 4 || !source[at - 4].isLetter))
                step()
            case ")" where nested && depth == 0:
                step()
                return
            case ")":
                depth -= 1
                _ = calls.popLast()
                step()
            default: step()
            }
        }
    }

    private mutating func literal() {
        let start = line
        let before = String(source[max(0, at - 80)..<at])
        let isSaid = calls.contains(true)
        let quote = has("\"\"\"") ? "\"\"\"" : "\""
        step(quote.count)
        var pattern = ""
        var count = 0
        while at < source.count, !has(quote) {
            guard source[at] == "\\" else {
                pattern.append(source[at])
                step()
                continue
            }
            if has("\\(") {
                pattern += "{\(count)}"
                count += 1
                step(2)
                code(nested: true)
            } else if has("\\u{") {
                let end = source[at...].firstIndex(of: "}")!
                pattern.unicodeScalars.append(Unicode.Scalar(UInt32(String(source[at + 3..<end]), radix: 16)!)!)
                step(end - at + 1)
            } else {
                step()
                pattern.append(["n": "\n", "t": "\t"][source[at]] ?? source[at])
                step()
            }
        }
        step(quote.count)
        literals.append(Literal(pattern: pattern, line: start, before: before, isSaid: isSaid))
    }
}
