import TidemarkBase
import TidemarkEvidence

/// llm-d's report in YAML: the scalars of its block mappings and lists by their paths. That is as much of YAML as the
/// report's writer makes; flow collections, anchors and texts of several lines are passed over.
struct BlockYAML: LoadTestLines {
    private struct Frame {
        var indent: Int
        var name: String
        var isElement: Bool
        var next = 0
        /// Nothing in it is needed.
        var isSkipped: Bool
    }

    private let tool = LoadTestTool.llmdReport
    private var fields = LoadTestFields()
    private var frames: [Frame] = []
    /// Lines that are indented more belong to a text of several lines.
    private var textIndent: Int?
    private var lines = 0

    mutating func take(_ line: borrowing Line, _ emit: (LoadPoint) throws -> Void) throws -> LoadTestLineKind {
        lines = line.number
        let bytes = line.bytes
        var indent = 0
        while indent < bytes.count, bytes[indent] == 32 { indent += 1 }
        let content = bytes.slice(indent, bytes.count).trimmed
        if content.isEmpty || content[0] == 35 || content.has("---") { return .noise }
        if let text = textIndent {
            if indent > text { return .record }
            textIndent = nil
        }
        entry(content, indent)
        return .record
    }

    mutating func finish(_ emit: (LoadPoint) throws -> Void) throws -> FormatReject? {
        guard let point = LLMDReport.point(fields) else {
            return FormatReject(
                line: max(1, lines), offset: 0, reason: "a complete benchmark report, with its version, is expected",
                text: "")
        }
        try emit(point)
        return nil
    }

    private mutating func entry(_ content: Bytes, _ indent: Int) {
        if content.equals("-") || content.has("- ") {
            while let last = frames.last, last.indent > indent || last.indent == indent && last.isElement {
                frames.removeLast()
            }
            guard !frames.isEmpty, frames.count < 64 else { return }
            let number = frames[frames.count - 1].next
            frames[frames.count - 1].next += 1
            frames.append(
                Frame(
                    indent: indent, name: String(number), isElement: true,
                    isSkipped: frames[frames.count - 1].isSkipped || number >= 64))
            var start = 1
            while start < content.count, content[start] == 32 { start += 1 }
            let rest = content.slice(start, content.count)
            if rest.count > 0 { entry(rest, indent + start) }
            return
        }
        while let last = frames.last, last.indent >= indent { frames.removeLast() }
        guard let colon = Self.colon(content) else {
            // A plain element of a list.
            if frames.last?.isElement == true { set(content) }
            return
        }
        let name = Self.unquoted(content.slice(0, colon).trimmed).text(limit: 120)
        let value = content.slice(colon + 1, content.count).trimmed
        guard frames.count < 64 else { return }
        let isSkipped = (frames.last?.isSkipped ?? false) || !tool.descends(into: name, frames.last?.name)
        frames.append(Frame(indent: indent, name: name, isElement: false, isSkipped: isSkipped))
        if value.isEmpty { return }
        if value[0] == 124 || value[0] == 62 { textIndent = indent } else { set(value) }
        frames.removeLast()
    }

    /// Sets the value of where the frames are.
    private mutating func set(_ value: Bytes) {
        guard let last = frames.last, !last.isSkipped, let scalar = Self.scalar(value) else { return }
        fields.set(frames.map(\.name).joined(separator: "/"), scalar)
    }

    /// The colon behind a key: one that a blank or the end follows.
    private static func colon(_ content: Bytes) -> Int? {
        var at = 0
        if content[0] == 34 || content[0] == 39 { at = (content.firstIndex(of: content[0], from: 1) ?? 0) + 1 }
        while let colon = content.firstIndex(of: 58, from: at) {
            if colon + 1 == content.count || content[colon + 1] == 32 { return colon }
            at = colon + 1
        }
        return nil
    }

    private static func unquoted(_ text: Bytes) -> Bytes {
        guard text.count >= 2, text[0] == 34 || text[0] == 39, text[text.count - 1] == text[0] else { return text }
        return text.slice(1, text.count - 1)
    }

    /// nil for null and for what is no scalar.
    private static func scalar(_ value: Bytes) -> LoadTestFields.Value? {
        if value[0] == 34 || value[0] == 39 {
            guard let end = value.firstIndex(of: value[0], from: 1) else { return nil }
            return .text(value.slice(1, end).text(limit: LoadTestFields.longestText))
        }
        var plain = value
        if let comment = value.range(of: " #") { plain = value.slice(0, comment).trimmed }
        guard plain.count > 0 else { return nil }
        switch plain[0] {
        case 91, 123, 38, 42, 33: return nil
        default: break
        }
        if plain.equals("null") || plain.equals("~") { return nil }
        if plain.equals("true") || plain.equals("false") { return .flag(plain[0] == 116) }
        if plain.equals(".inf") || plain.equals(".nan") || plain.equals("-.inf") { return nil }
        if let number = Decimal.parse(plain) { return .number(number) }
        return .text(plain.text(limit: LoadTestFields.longestText))
    }
}
