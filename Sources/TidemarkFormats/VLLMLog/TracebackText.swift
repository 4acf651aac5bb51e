import TidemarkBase
import TidemarkEvidence

/// Reads what a Python traceback says out of the joined lines of a record.
enum TracebackText {
    /// Whether a line opens a traceback (also of an exception group, whose lines have a `|` margin).
    static func opens(_ line: Bytes) -> Bool {
        guard let at = line.range(of: "raceback (most recent call last)") else { return false }
        return at < 160
    }

    /// `Current thread 0x7f (most recent call first):` of `faulthandler`, `Stack (most recent call first):`.
    static func opensStack(_ line: Bytes) -> Bool {
        guard line.has("Stack (") || line.has("Thread 0x") || line.has("Current thread 0x"),
            let at = line.range(of: "(most recent call first)")
        else { return false }
        return at < 160
    }

    /// The head of torch's handler of signals, whose frames look like Python's and stand the other way round.
    static func isSegfault(_ line: Bytes) -> Bool { line.has("!!!!!!! Segfault encountered") }

    /// What multiprocessing, threading, asyncio and the interpreter print above a traceback.
    static func isHead(_ line: Bytes) -> Bool {
        if line.has("Process ") || line.has("Exception in thread ") {
            let text = line.trimmed
            return text.last == 58 && text.count < 200
        }
        let start = line.has("ERROR:asyncio:") ? 14 : 0
        return line.has("Exception in callback ", at: start) || line.has("Exception ignored in")
            || line.has("Task exception was never retrieved", at: start)
    }

    /// Whether a message is one that vLLM logs with a traceback below it.
    static func isLoggedHead(_ message: Bytes) -> Bool {
        guard message.count < 200 else { return false }
        return message.has("Error in ") || message.has("EngineCore ") || message.has("WorkerProc hit")
            || message.has("AsyncLLM output_handler failed") || message.has("Engine background task failed")
            || message.has("Invocation of ") || StatisticsLine.hasSuffix(message, "stream generator.")
    }

    /// Source code of a frame in front of its exception: `    raise RuntimeError(`, `    ^^^^^`.
    static func isSource(_ line: Bytes) -> Bool {
        guard line.has("    ") else { return false }
        let text = line.trimmed
        if text.has("raise ") { return true }
        return !text.isEmpty && text.allSatisfy { $0 == 94 || $0 == 126 || $0 == 32 }
    }

    enum FrameOrder { case innermostLast, innermostFirst }

    /// `  File "path", line N, in function`: a paste may begin in the middle of a traceback. `faulthandler`, which prints
    /// the innermost frame first, has no comma behind the number.
    static func frameOrder(_ line: Bytes) -> FrameOrder? { readFrame(withoutMargin(line).0)?.order }

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

    /// `pkg.SomeError: text`, without the traceback above it.
    static func lone(_ message: Bytes) -> ExceptionInfo? {
        let head = message.slice(0, message.firstIndex(of: 10) ?? message.count)
        guard let colon = typeEnd(head), head.has(": ", at: colon) else { return nil }
        let type = head.slice(0, colon)
        guard StatisticsLine.hasSuffix(type, "Error") || StatisticsLine.hasSuffix(type, "Exception") else { return nil }
        var info = ExceptionInfo(type: type, text: message.slice(colon + 2, message.count).trimmed, frame: "")
        info.isAlone = true
        return info
    }

    /// Where the line of a traceback begins behind the prefix of a logger, at or behind `start`: `time - name - INFO -   File
    /// "x.py", line 7, in f`. nil: something else is logged.
    static func behindLogger(_ line: Bytes, from start: Int) -> Int? {
        let limit = min(line.count, start + 120)
        var at = start
        while at < limit {
            var part: Int?
            if line.has(" - ", at: at) {
                part = at + 3
            } else if at <= start + 1, line.has(": ", at: at) {
                part = at + 2
            } else if at == start, line[at] == 32 {
                part = at + 1
            }
            if let part, isPart(line.slice(part, line.count)) { return part }
            at += 1
        }
        return nil
    }

    /// Whether a traceback begins with this line, or the part of one that a log shows.
    static func begins(_ text: Bytes) -> Bool {
        text.has("Traceback (most recent call last)") || text.has("  File \"") && frameOrder(text) == .innermostLast
    }

    /// Whether a text can only be a line of a traceback, or its exception.
    private static func isPart(_ text: Bytes) -> Bool {
        if text.isEmpty { return true }
        // loguru pads its level in front of a bar.
        if text.has("    ") { return text.trimmed.first ?? 124 != 124 }
        return text.has("Traceback (most recent call last)") || text.has("  File \"") && frameOrder(text) != nil
            || isChain(text) || lone(text) != nil
    }

    private typealias Frame = (file: Bytes, line: Bytes, function: Bytes, order: FrameOrder)

    private struct Found {
        var type: Bytes
        var textStart: Int
        var textEnd: Int
        var frame: Frame?
    }

    /// The last exception of `message` (the one that ended things), with the first one of its chain as root cause.
    static func exception(in message: Bytes) -> ExceptionInfo? {
        let opening = message.range(of: "raceback (most recent call last)")
        guard opening != nil || message.range(of: "\", line ") != nil || isSourceFirst(message) else { return nil }
        if opening == nil, let stack = stack(in: message) { return stack }
        var found: [Found] = []
        // Ray's wrapper, behind whose frames the cause stands that it names.
        var wrapper: Found?
        var frame: Frame?
        var inside = opening.map { beginsInside(message.slice(0, $0)) } ?? true
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
            guard let colon = typeEnd(line) else {
                if line.has("ray.exceptions.RayTaskError("), let close = line.range(of: "): ") {
                    wrapper = Found(
                        type: line.slice(0, close + 1), textStart: lineStart + margin + close + 3, textEnd: end,
                        frame: frame)
                }
                continue
            }
            var textStart = lineStart + margin + colon
            if message.has(": ", at: textStart) { textStart += 2 }
            found.append(
                Found(type: line.slice(0, colon), textStart: min(textStart, end), textEnd: end, frame: frame))
            inside = false
            if found.count > 64 { break }
        }
        if found.isEmpty, var wrapper {
            wrapper.frame = frame
            found = [wrapper]
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

    /// Whether a log began within the first traceback of a chain: `text` stands before the next one.
    private static func beginsInside(_ text: Bytes) -> Bool {
        var at = 0
        while at < text.count {
            let end = text.firstIndex(of: 10, from: at) ?? text.count
            let line = text.slice(at, end)
            if frameOrder(line) != nil || isChain(line) { return true }
            at = end + 1
        }
        return false
    }

    /// Whether a log began with the source code of the last frame.
    private static func isSourceFirst(_ message: Bytes) -> Bool {
        var at = 0
        while message.has("    ", at: at) {
            let end = message.firstIndex(of: 10, from: at) ?? message.count
            if isSource(message.slice(at, end)) { return true }
            at = end + 1
        }
        return false
    }

    /// What `faulthandler` prints: the innermost frame of the thread that failed stands first.
    private static func stack(in message: Bytes) -> ExceptionInfo? {
        var frame: Frame?
        var isCurrent = false
        var at = 0
        let isSegfault = isSegfault(message)
        while at < message.count {
            let end = message.firstIndex(of: 10, from: at) ?? message.count
            let line = message.slice(at, end)
            at = end + 1
            if opensStack(line) {
                if line.has("Current thread ") { isCurrent = true }
            } else if let read = readFrame(line) {
                guard read.order == .innermostFirst || isSegfault else { return nil }
                if frame == nil || isCurrent { frame = read }
                if isCurrent { break }
            }
        }
        let none = message.slice(0, 0)
        return frame.map { ExceptionInfo(type: none, text: none, frame: describe($0)) }
    }

    /// A traceback whose line feeds became blanks: its last frame, and the last word behind it that names an exception.
    private static func flattened(_ message: Bytes, from opening: Int) -> ExceptionInfo? {
        var at = opening
        var frame: Frame?
        var search = opening + 32
        while let start = message.range(of: "File \"", from: at) {
            at = start + 6
            let end = message.firstIndex(of: 10, from: start) ?? message.count
            guard let read = readFrame(message.slice(start, end)) else { continue }
            let word = read.function.firstIndex(of: 32) ?? read.function.count
            frame = (read.file, read.line, read.function.slice(0, word), read.order)
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

    private static func describe(_ frame: Frame) -> String {
        var start = frame.file.count
        while start > 0, frame.file[start - 1] != 47, frame.file[start - 1] != 92 { start -= 1 }
        let name = frame.file.slice(start, frame.file.count)
        let place = "\(name.text(limit: 200)):\(frame.line.text(limit: 12))"
        return frame.function.isEmpty ? place : "\(place) in \(frame.function.text(limit: 200))"
    }

    /// `File "path", line N, in function`, and `path.py", line N, in function` where a log begins within the path.
    private static func readFrame(_ line: Bytes) -> Frame? {
        let text = line.trimmed
        var start = 0
        if text.has("File \"") {
            start = 6
        } else if line.first == 32 {
            return nil
        }
        guard let close = text.firstIndex(of: 34, from: start), close > 3, text.has("\", line ", at: close) else {
            return nil
        }
        // The tail of a line that a terminal broke begins anywhere; a log that someone cut, mostly with a name of the path.
        if start == 0 {
            guard text[0] == 47, text.has(".py", at: close - 3), !text.slice(0, close).contains(32) else { return nil }
        }
        var scan = FieldScanner(text, from: close + 8)
        let digits = scan.at
        guard scan.integer() != nil else { return nil }
        let number = text.slice(digits, scan.at)
        let order: FrameOrder = scan.skip(" in ") ? .innermostFirst : .innermostLast
        let function = order == .innermostFirst || scan.skip(", in ") ? scan.rest : text.slice(0, 0)
        return (text.slice(start, close), number, function, order)
    }

    /// Length of the exception type at the start of `line`: dotted words up to a colon or the end.
    private static func typeEnd(_ line: Bytes) -> Int? {
        guard let first = line.first, first &- 48 > 9 else { return nil }
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
