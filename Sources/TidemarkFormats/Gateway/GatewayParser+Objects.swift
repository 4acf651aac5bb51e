import TidemarkBase
import TidemarkEvidence

/// Objects that are spread over several lines: `gcloud logging read --format=json`, `jq`, an operator's pretty printer, and
/// what LiteLLM prints below a message at DEBUG.
extension GatewayParser {
    /// What was read of an object of which further lines must come.
    struct OpenObject {
        var text: [UInt8]
        var brackets: Int
        var line: Int
        var offset: Int
        var lineCount: Int
        var frame: FrameInfo
    }

    private static let mostBytes = 1 << 20
    private static let mostLines = 10_000
    /// Lines of an object in the text of an event, of which no more than the beginning is kept.
    private static let mostEventLines = 2000

    /// Takes a line of such an object; false: it is none.
    mutating func takeSpread<Sink: GatewaySink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws -> Bool {
        if object != nil { return try continueObject(bytes, line, frame, into: &sink) }
        if openBrackets > 0 {
            if hasEvent, isSameOrigin(frame), Self.mayContinue(bytes), event.lineCount < Self.mostEventLines {
                openBrackets += Self.balance(bytes)
                addToEvent(bytes, frame)
                return true
            }
            openBrackets = 0
        }
        guard let first = bytes.first(where: { $0 > 32 }), first == 123 || first == 91 else { return false }
        let text = bytes.trimmed
        if hasEvent, isSameOrigin(frame), isAnnounced {
            let balance = Self.balance(text)
            guard balance > 0 else { return false }
            openBrackets = balance
            addToEvent(bytes, frame)
            return true
        }
        // One that begins in the first column with more than its bracket is a line that was cut off.
        let opens = text.count == 1 && first == 123 || text.equals("[{") || bytes[0] <= 32 && first == 123
        guard opens, Self.balance(text) > 0 else { return false }
        try finish(into: &sink)
        begin(first == 91 ? text.slice(1, text.count) : text, line, frame)
        return true
    }

    /// Whether the event that is open announces an object.
    private var isAnnounced: Bool {
        event.message.withUnsafeBytes {
            let text = Bytes(rebasing: $0[...])
            return text.trimmed.last == 58 || text.has("LiteLLM")
        }
    }

    private func isSameOrigin(_ frame: FrameInfo) -> Bool {
        event.frame.stream == frame.stream && event.frame.source == frame.source
    }

    private mutating func begin(_ text: Bytes, _ line: borrowing Line, _ frame: FrameInfo) {
        object = OpenObject(
            text: Array(text), brackets: Self.balance(text), line: line.number, offset: line.offset,
            lineCount: frame.lines, frame: frame)
    }

    private mutating func continueObject<Sink: GatewaySink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws -> Bool {
        guard var open = object else { return false }
        guard open.frame.stream == frame.stream, open.frame.source == frame.source, Self.mayContinue(bytes) else {
            try dropObject("an object that does not end", into: &sink)
            return false
        }
        guard open.text.count + bytes.count < Self.mostBytes, open.lineCount < Self.mostLines else {
            try dropObject("an object of more than \(Self.mostLines) lines or \(Self.mostBytes >> 20) MiB", into: &sink)
            return false
        }
        object = nil
        open.lineCount += frame.lines
        open.text.append(10)
        open.text.append(contentsOf: bytes)
        // `}, {` goes on: all of them are read together.
        open.brackets += Self.balance(bytes)
        if open.brackets > 0 {
            object = open
            return true
        }
        try open.text.withUnsafeBytes { text in
            var access = GatewayAccess()
            (access.line, access.lineCount, access.offset) = (open.line, open.lineCount, open.offset)
            access.frame = open.frame
            access.frame.lines = open.lineCount
            try parseJSON(text, &access, Line(bytes: text, number: open.line, offset: open.offset), into: &sink)
        }
        return true
    }

    /// The object that is open is none, or is not whole.
    mutating func dropObject<Sink: GatewaySink>(_ reason: String, into sink: inout Sink) throws {
        guard let open = object else { return }
        object = nil
        tally.rejectedLines += open.lineCount
        tally.rejects += 1
        // Of its text only the bracket: prompts may stand in it.
        try sink.reject(
            FormatReject(line: open.line, offset: open.offset, reason: reason, text: "{", lineCount: open.lineCount))
    }

    /// A further line of an object that a printer spread begins with a blank, a bracket or a quote.
    private static func mayContinue(_ bytes: Bytes) -> Bool {
        switch bytes[0] {
        case 9, 32, 34, 44, 91, 93, 123, 125: return true
        default: return false
        }
    }

    /// Brackets that a line opens more than it closes. Strings don't go on over the end of a line.
    private static func balance(_ text: Bytes) -> Int {
        var brackets = 0
        var isQuoted = false
        var at = 0
        while at < text.count {
            switch text[at] {
            case 92 where isQuoted: at += 1
            case 34: isQuoted.toggle()
            case 123 where !isQuoted, 91 where !isQuoted: brackets += 1
            case 125 where !isQuoted, 93 where !isQuoted: brackets -= 1
            default: break
            }
            at += 1
        }
        return brackets
    }
}
