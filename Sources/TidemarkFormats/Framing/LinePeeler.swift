import TidemarkBase
import TidemarkEvidence

/// Takes one layer off the lines of a log and joins the parts of lines that it cut; ``LogUnframer`` stacks them.
///
/// A line that doesn't wear the layer passes unchanged and without its time: a continuation or foreign output, which
/// belongs to the stream of the line before it. Lines come out in the order in which they began.
struct LinePeeler: Sendable {
    /// A line that waits for its other parts, or behind such a line.
    private struct Held {
        var bytes: [UInt8]
        var info: FrameInfo
        let number: Int
        let offset: Int
        var omitted: Int
        var isComplete: Bool
    }

    /// nil: the text is unwrapped already, and only parts and line feeds are seen to.
    let wrapper: LogWrapper?
    private let key: TextKey?
    private var assembler: EntryAssembler?
    private var held: [Held] = []
    private var heldBytes = 0
    private var scratch: [UInt8] = []
    private var sources: [(pod: [UInt8], container: [UInt8], text: String)] = []
    private var lastSource = 0
    /// Of the last line that wore the layer.
    private var stream = ""
    private var source = ""
    private var pid: Int?

    private static let longestLine = 1 << 20
    private static let mostHeldBytes = 4 << 20
    private static let mostHeld = 256

    init(_ wrapper: LogWrapper?, key: TextKey? = nil) {
        self.wrapper = wrapper
        self.key = key
        if let wrapper, wrapper.spansLines { assembler = EntryAssembler(wrapper) }
    }

    /// First physical line that is not yet passed on; nil when all are.
    var pendingStart: (line: Int, offset: Int)? {
        if let first = held.first { return (first.number, first.offset) }
        if let assembler, !assembler.isEmpty { return (assembler.number, assembler.offset) }
        return nil
    }

    /// What a line that continues another takes over from it, for a run that resumes: three fields.
    var context: [String] {
        get { [stream, source, pid.map { String($0) } ?? ""] }
        set {
            guard newValue.count == 3 else { return }
            (stream, source, pid) = (newValue[0], newValue[1], Int(newValue[2]))
        }
    }

    /// Takes a line with what the layers outside of this one said about it.
    mutating func feed(
        _ line: borrowing Line, _ outer: FrameInfo, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard let wrapper else { return try passAll(line.bytes, outer, partial: false, line, body) }
        if assembler != nil { return try assemble(line, outer, body) }
        try peel(line, wrapper, outer, body)
    }

    /// Passes on what still waits for lines or parts that didn't come.
    mutating func finish(_ body: (borrowing Line, FrameInfo) throws -> Void) rethrows {
        if assembler?.isEmpty == false { try endEntry(FrameInfo(), body) }
        for index in held.indices { held[index].isComplete = true }
        try flush(body)
    }

    private mutating func peel(
        _ line: borrowing Line, _ wrapper: LogWrapper, _ outer: FrameInfo,
        _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        var decoded = scratch
        scratch = []
        decoded.removeAll(keepingCapacity: true)
        defer { if decoded.capacity <= 1 << 20 { scratch = decoded } }
        let bytes = line.bytes
        guard var frame = FrameReader.read(bytes, as: wrapper, key: key, into: &decoded) else {
            let nuls = bytes.leadingNULs
            if nuls > 0, nuls < bytes.count {
                let rest = Line(
                    bytes: bytes.slice(nuls, bytes.count), number: line.number, offset: line.offset,
                    terminated: line.terminated, omitted: line.omitted)
                return try peel(rest, wrapper, outer, body)
            }
            return try pass(bytes, continuing(bytes, outer), partial: false, line, body)
        }
        if !frame.source.isEmpty || !frame.container.isEmpty { frame.info.source = source(of: frame, in: bytes) }
        merge(&frame.info, outer)
        (stream, source, pid) = (frame.info.stream, frame.info.source, frame.info.pid)
        if frame.isDecoded {
            let physical = copy line
            try decoded.withUnsafeBytes { text in
                if wrapper.isSyslog, let again = SyslogFrame.repetition(text) {
                    return try repeated(again, frame.info, physical, body)
                }
                try passAll(text, frame.info, partial: frame.partial, physical, body)
            }
        } else {
            let end = frame.textEnd < 0 ? bytes.count : frame.textEnd
            let text = bytes.slice(frame.textStart, end)
            if wrapper.isSyslog, let again = SyslogFrame.repetition(text) {
                try repeated(again, frame.info, line, body)
            } else {
                try pass(text, frame.info, partial: frame.partial, line, body)
            }
        }
        if frame.next > 0 {
            var info = outer
            info.lines = 0
            let rest = Line(
                bytes: bytes.slice(frame.next, bytes.count), number: line.number, offset: line.offset,
                terminated: line.terminated)
            try peel(rest, wrapper, info, body)
        }
    }

    /// One line that stands for several messages: the first counts it.
    private mutating func repeated(
        _ message: (count: Int, text: Bytes), _ info: FrameInfo, _ line: borrowing Line,
        _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        var info = info
        for _ in 0..<message.count {
            try pass(message.text, info, partial: false, line, body)
            info.lines = 0
        }
    }

    // MARK: Entries of several lines

    private mutating func assemble(
        _ line: borrowing Line, _ outer: FrameInfo, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        var step = take(line, outer)
        if step == .endedBefore {
            try endEntry(FrameInfo(), body)
            step = take(line, outer)
        }
        switch step {
        case .incomplete, .endedBefore: break
        case .foreign: try pass(line.bytes, continuing(line.bytes, outer), partial: false, line, body)
        case .complete: try endEntry(outer, body)
        }
    }

    private mutating func take(_ line: borrowing Line, _ outer: FrameInfo) -> EntryAssembler.Step {
        guard var assembler else { return .foreign }
        self.assembler = nil
        defer { self.assembler = assembler }
        return assembler.take(line, count: outer.lines)
    }

    private mutating func endEntry(
        _ outer: FrameInfo, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard let wrapper, var entry = assembler else { return }
        assembler = nil
        var info = outer
        info.lines = entry.lines
        try entry.bytes.withUnsafeBytes { bytes in
            // An entry that is none, or was cut off, passes as one line of many.
            let text = bytes.slice(0, bytes.last == 10 ? bytes.count - 1 : bytes.count)
            let line = Line(bytes: text, number: entry.number, offset: entry.offset, omitted: entry.omitted)
            try peel(line, wrapper, info, body)
        }
        entry.reset()
        assembler = entry
    }

    // MARK: What is known of a line

    private func merge(_ info: inout FrameInfo, _ outer: FrameInfo) {
        info.lines = outer.lines
        info.isHeld = outer.isHeld
        // The layer inside is nearer to the application, but a zone is worth more than that.
        if let timeMs = outer.timeMs, info.timeMs == nil || info.zoneless && !outer.zoneless {
            (info.timeMs, info.zoneless) = (timeMs, outer.zoneless)
            if !outer.zoneless { info.stamp = nil }
        } else if info.timeMs == nil, info.stamp == nil, let stamp = outer.stamp {
            (info.stamp, info.zoneless) = (stamp, true)
        }
        if info.stream.isEmpty { info.stream = outer.stream }
        if !outer.source.isEmpty { info.source = outer.source }
        if info.pid == nil { info.pid = outer.pid }
    }

    private func continuing(_ text: Bytes, _ outer: FrameInfo) -> FrameInfo {
        var info = outer
        // journalctl's own words: `-- Boot … --`.
        if text.has("-- ") { return info }
        if info.stream.isEmpty { info.stream = stream }
        if info.source.isEmpty { info.source = source }
        if info.pid == nil { info.pid = pid }
        return info
    }

    /// The name as a string; each is built once.
    private mutating func source(of frame: FramedLine, in line: Bytes) -> String {
        let pod = line.slice(frame.source.lowerBound, frame.source.upperBound)
        let container = line.slice(frame.container.lowerBound, frame.container.upperBound)
        func matches(_ index: Int) -> Bool {
            sources[index].pod.count == pod.count && sources[index].container.count == container.count
                && sources[index].pod.elementsEqual(pod) && sources[index].container.elementsEqual(container)
        }
        if lastSource < sources.count, matches(lastSource) { return sources[lastSource].text }
        if let known = sources.indices.first(where: matches) {
            lastSource = known
            return sources[known].text
        }
        var text = pod.text(limit: 256)
        if !container.isEmpty { text += (text.isEmpty ? "" : "/") + container.text(limit: 100) }
        if sources.count < 256 {
            lastSource = sources.count
            sources.append((Array(pod), Array(container), text))
        }
        return text
    }

    // MARK: Passing on

    /// One entry that may hold several lines: the first counts the physical line.
    mutating func passAll(
        _ text: Bytes, _ info: FrameInfo, partial: Bool, _ line: borrowing Line,
        _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard !partial, text.firstIndex(of: 10) != nil else {
            return try pass(text, info, partial: partial, line, body)
        }
        var info = info
        var at = 0
        while at <= text.count {
            let end = text.firstIndex(of: 10, from: at) ?? text.count
            if at < text.count || at == 0 { try pass(text.slice(at, end), info, partial: false, line, body) }
            info.lines = 0
            at = end + 1
        }
    }

    private mutating func pass(
        _ text: Bytes, _ info: FrameInfo, partial: Bool, _ line: borrowing Line,
        _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        if held.isEmpty, !partial {
            return try body(
                Line(
                    bytes: text, number: line.number, offset: line.offset, terminated: line.terminated,
                    omitted: line.omitted), info)
        }
        if let index = held.firstIndex(where: {
            !$0.isComplete && $0.info.stream == info.stream && $0.info.source == info.source
        }) {
            let room = max(0, Self.longestLine - held[index].bytes.count)
            held[index].bytes.append(contentsOf: text.slice(0, min(room, text.count)))
            held[index].omitted += max(0, text.count - room) + line.omitted
            held[index].info.lines += info.lines
            held[index].isComplete = !partial
            heldBytes += min(room, text.count)
        } else {
            held.append(
                Held(
                    bytes: Array(text), info: info, number: line.number, offset: line.offset, omitted: line.omitted,
                    isComplete: !partial))
            heldBytes += text.count
        }
        if held.count > Self.mostHeld || heldBytes > Self.mostHeldBytes { held[0].isComplete = true }
        try flush(body)
    }

    private mutating func flush(_ body: (borrowing Line, FrameInfo) throws -> Void) rethrows {
        var done = 0
        while done < held.count, held[done].isComplete, !sharesLineWithIncomplete(done) {
            let entry = held[done]
            try entry.bytes.withUnsafeBytes {
                try body(
                    Line(bytes: $0, number: entry.number, offset: entry.offset, omitted: entry.omitted), entry.info)
            }
            heldBytes -= entry.bytes.count
            done += 1
        }
        if done > 0 { held.removeFirst(done) }
    }

    private func sharesLineWithIncomplete(_ index: Int) -> Bool {
        index + 1 < held.count && held[index + 1].number == held[index].number && !held[index + 1].isComplete
            && !held[index].info.isHeld
    }
}
