import TidemarkBase
import TidemarkEvidence

/// Reads what a Python traceback says out of the joined lines of a record.
enum TracebackText {
    /// Whether a line opens a traceback (also of an exception group, whose lines have a `|` margin).
    static func opens(_ line: Bytes) -> Bool {
        guard let at = line.range(of: "raceback (most recent call last)") else { return false }
        return at < 160
    }

    /// `  File "path", line N, in function`: a paste may begin in the middle of a traceback.
    static func isFrame(_ line: Bytes) -> Bool { readFrame(withoutMargin(line).0) != nil }

    /// The sentences between the tracebacks of a chain.
    static func isChain(_ line: Bytes) -> Bool {
        let text = line.trimmed
        return text.has("The above exception was the direct cause")
            || text.has("During handling of the above exception")
    }

    /// Lines that torch and CUDA print below an exception, as part of its text.
    static func continuesText(_ line: Bytes) -> Bool {
        line.has("CUDA kernel errors might be") || line.has("For debugging consider passing")
            || line.has("Compile with `TORCH_USE_CUDA_DSA`") || line.has("Device-side assertion")
            || line.has("Exception raised from ") || line.has("frame #") || line.has("Last error:")
            || line.has("Search for `cuda") || line.has("Failed core proc") || line.has("HIP kernel errors might be")
            || line.has("Compile with `TORCH_USE_HIP_DSA`") || line.has("terminate called ")
    }

    private struct Found {
        var type: Bytes
        var textStart: Int
        var textEnd: Int
        var frame: (file: Bytes, line: Bytes, function: Bytes)?
    }

    /// The last exception of `message` (the one that ended things), with the first one of its chain as root cause.
    static func exception(in message: Bytes) -> ExceptionInfo? {
        let opening = message.range(of: "raceback (most recent call last)")
        guard opening != nil || message.range(of: "File \"") != nil && message.range(of: "\", line ") != nil else {
            return nil
        }
        var found: [Found] = []
        var frame: (file: Bytes, line: Bytes, function: Bytes)?
        var inside = opening == nil
        var at = 0
        while at < message.count {
            let end = message.firstIndex(of: 10, from: at) ?? message.count
            let lineStart = at
            let (line, margin) = withoutMargin(message.slice(at, end))
            at = end + 1
            if opens(line) {
                inside = true
                frame = nil
                continue
            }
            guard inside else {
                // Further lines of the text of the exception.
                if let last = found.indices.last, !line.isEmpty, !isChain(line), !isRule(line),
                    found[last].textEnd + 1 == lineStart
                {
                    found[last].textEnd = end
                }
                continue
            }
            if let read = readFrame(line) {
                frame = read
                continue
            }
            guard let first = line.first, first != 32, first != 9, first != 94, first != 126, !line.has("...<"),
                !isRule(line)
            else { continue }
            guard let colon = typeEnd(line) else { continue }
            var textStart = lineStart + margin + colon
            if message.has(": ", at: textStart) { textStart += 2 }
            found.append(
                Found(type: line.slice(0, colon), textStart: min(textStart, end), textEnd: end, frame: frame))
            inside = false
            if found.count > 64 { break }
        }
        guard let last = found.last else {
            if let opening, let flat = flattened(message, from: opening) { return flat }
            guard let frame else { return nil }
            let none = message.slice(0, 0)
            return ExceptionInfo(type: none, text: none, frame: describe(frame))
        }
        var info = ExceptionInfo(
            type: last.type, text: message.slice(last.textStart, last.textEnd).trimmed,
            frame: last.frame.map(describe) ?? "")
        if found.count > 1 {
            info.rootType = found[0].type
            info.rootText = message.slice(found[0].textStart, found[0].textEnd).trimmed
        }
        return info
    }

    /// A traceback whose line feeds became blanks: its last frame, and the last word behind it that names an exception.
    private static func flattened(_ message: Bytes, from opening: Int) -> ExceptionInfo? {
        var at = opening
        var frame: (file: Bytes, line: Bytes, function: Bytes)?
        var search = opening + 32
        while let start = message.range(of: "File \"", from: at) {
            at = start + 6
            let end = message.firstIndex(of: 10, from: start) ?? message.count
            guard let read = readFrame(message.slice(start, end)) else { continue }
            let word = read.function.firstIndex(of: 32) ?? read.function.count
            frame = (read.file, read.line, read.function.slice(0, word))
            search = at
        }
        guard search < message.count else { return nil }
        var type: Range<Int>?
        var text = message.count
        while let colon = message.range(of: ": ", from: search) {
            search = colon + 2
            var start = colon
            while start > 0, isTypeByte(message[start - 1]) { start -= 1 }
            let name = message.slice(start, colon)
            guard StatisticsLine.hasSuffix(name, "Error") || StatisticsLine.hasSuffix(name, "Exception") else {
                continue
            }
            type = start..<colon
            text = colon + 2
            break
        }
        guard type != nil || frame != nil else { return nil }
        let name = type.map { message.slice($0.lowerBound, $0.upperBound) } ?? message.slice(0, 0)
        return ExceptionInfo(
            type: name, text: message.slice(text, message.count).trimmed, frame: frame.map(describe) ?? "")
    }

    private static func isTypeByte(_ byte: UInt8) -> Bool {
        byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == 95 || byte == 46
    }

    private static func describe(_ frame: (file: Bytes, line: Bytes, function: Bytes)) -> String {
        var start = frame.file.count
        while start > 0, frame.file[start - 1] != 47, frame.file[start - 1] != 92 { start -= 1 }
        let name = frame.file.slice(start, frame.file.count)
        let place = "\(name.text(limit: 200)):\(frame.line.text(limit: 12))"
        return frame.function.isEmpty ? place : "\(place) in \(frame.function.text(limit: 200))"
    }

    /// `File "path", line N, in function`.
    private static func readFrame(_ line: Bytes) -> (file: Bytes, line: Bytes, function: Bytes)? {
        let text = line.trimmed
        guard text.has("File \""), let close = text.range(of: "\", line ", from: 6) else { return nil }
        var scan = FieldScanner(text, from: close + 8)
        let start = scan.at
        guard scan.integer() != nil else { return nil }
        let number = text.slice(start, scan.at)
        let function = scan.skip(", in ") ? scan.rest : text.slice(0, 0)
        return (text.slice(6, close), number, function)
    }

    /// Length of the exception type at the start of `line`: dotted words up to a colon or the end.
    private static func typeEnd(_ line: Bytes) -> Int? {
        var at = 0
        while at < line.count {
            let byte = line[at]
            if byte == 58 || byte == 13 { break }
            guard byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == 95 || byte == 46 else { return nil }
            at += 1
        }
        // `crate::module` is no type.
        if at + 1 < line.count, line[at + 1] == 58 { return nil }
        return at > 0 && at < 200 ? at : nil
    }

    /// The line without the `  | ` margin of exception groups, and how many bytes the margin has.
    private static func withoutMargin(_ line: Bytes) -> (Bytes, Int) {
        var at = 0
        while at < line.count, line[at] == 32 { at += 1 }
        guard at < line.count, line[at] == 124 || line[at] == 43 else { return (line, 0) }
        at += 1
        if at < line.count, line[at] == 32 { at += 1 }
        return (line.slice(at, line.count), at)
    }

    private static func isRule(_ line: Bytes) -> Bool { line.has("---") || line.has("-+--") || line.has("+--") }
}
