import TidemarkBase
import Yams

/// The first document of a YAML file as nodes with lines, within limits that no input can exceed.
struct YAMLDocument {
    /// Largest file that is read, in bytes.
    static let largest = 64 << 20

    /// nil: an empty document.
    let root: Node?
    /// The file's lines, for places inside of scalars.
    let source: YAMLSource
    /// Whether another document follows; Prometheus ignores it.
    let hasMore: Bool

    struct Failure: Error {
        let line: Int
        let reason: String
    }

    init(_ bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Self.largest else {
            throw Failure(line: 1, reason: "the file is larger than \(Self.largest >> 20) MiB")
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(line: Self.firstInvalidLine(bytes), reason: "the text is not valid UTF-8")
        }
        if let nul = bytes.firstIndex(of: 0) {
            throw Failure(line: Self.line(of: nul, in: bytes), reason: "YAML: a NUL byte")
        }
        source = YAMLSource(bytes)
        if let line = AliasKeys.firstLine(in: source) {
            throw Failure(line: line, reason: "YAML: an alias inside of a key cannot be read")
        }
        // The library keeps a pointer into the text, which must not be one of Swift's short inline strings.
        text += String(repeating: "\n", count: 16)
        do {
            let parser = try Parser(yaml: text)
            root = try parser.nextRoot()
            hasMore = (try? parser.nextRoot()) != nil
        } catch {
            throw Self.failure(error, lines: source.count)
        }
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        bytes[..<offset].reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
    }

    private static func firstInvalidLine(_ bytes: [UInt8]) -> Int {
        for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        where String(validating: line, as: UTF8.self) == nil {
            return index + 1
        }
        return 1
    }

    private static func failure(_ error: any Error, lines: Int) -> Failure {
        func at(_ mark: Mark, _ problem: String, _ context: YamlError.Context?) -> Failure {
            let before = context.map { " \($0.text.trimmedBlanks) of line \($0.mark.line)" } ?? ""
            return Failure(line: min(max(1, mark.line), max(1, lines)), reason: "YAML: \(problem)\(before)")
        }
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return at(mark, problem, context)
        case .duplicatedKeysInMapping(let names, let context):
            return at(context.mark, "key \(names.joined(separator: ", ")) stands twice in one mapping", nil)
        case .reader(let problem, _, _, _): return Failure(line: 1, reason: "YAML: \(problem)")
        default: return Failure(line: 1, reason: "YAML: the document cannot be read")
        }
    }
}

extension String {
    fileprivate var trimmedBlanks: Substring {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " || text.last == "\n" { text.removeLast() }
        return text
    }
}

/// Looks for aliases inside of mapping keys. The library compares keys by their whole content, and nested aliases may
/// stand for more content than any machine holds; a rule file has no use for them.
private enum AliasKeys {
    static func firstLine(in source: YAMLSource) -> Int? {
        guard source.bytes.contains(UInt8(ascii: "&")), source.bytes.contains(UInt8(ascii: "*")) else { return nil }
        var anchors: Set<ArraySlice<UInt8>> = []
        for number in 1..<(source.count + 1) { names(UInt8(ascii: "&"), source.line(number)) { anchors.insert($0) } }
        guard !anchors.isEmpty else { return nil }
        for number in 1..<(source.count + 1) where isSuspect(source.line(number), anchors) { return number }
        return nil
    }

    /// Whether a colon that ends a key follows an alias, or a key begins that may go on over further lines (`? key`).
    private static func isSuspect(_ line: ArraySlice<UInt8>, _ anchors: Set<ArraySlice<UInt8>>) -> Bool {
        let content = line.drop { $0 == 32 || $0 == UInt8(ascii: "-") }
        if content.first == UInt8(ascii: "?"), content.count == 1 || content[content.startIndex + 1] == 32 {
            return true
        }
        var alias: Int?
        names(UInt8(ascii: "*"), line) { if alias == nil, anchors.contains($0) { alias = $0.endIndex } }
        guard let alias else { return false }
        return line.indices[alias...].contains {
            line[$0] == UInt8(ascii: ":") && ($0 + 1 == line.endIndex || [32, 9, 13, 44].contains(line[$0 + 1]))
        }
    }

    /// Calls `body` with every name behind `sign` where an anchor or alias may stand.
    private static func names(_ sign: UInt8, _ line: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
        var at = line.startIndex
        while let found = line[at...].firstIndex(of: sign) {
            let previous = found > line.startIndex ? line[found - 1] : 32
            at = found + 1
            guard [32, 9, 44, 58, 63, 91, 123].contains(previous) else { continue }
            let start = at
            while at < line.endIndex, isWord(line[at]) { at += 1 }
            if at > start { body(line[start..<at]) }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == 95 || byte == 45 || byte &- 48 < 10 || (byte | 0x20) &- 97 < 26
    }
}
