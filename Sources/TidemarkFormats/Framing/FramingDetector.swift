import TidemarkBase
import TidemarkEvidence

extension LogFraming {
    /// The framing of a file that begins with `head` (64 KiB suffice): layer by layer what enough of its first 200 lines
    /// wear; else the document or the table that it is.
    public static func detect(head: Bytes) -> LogFraming {
        var framing = outermost(head)
        while framing != .plain, framing.wrappers.count < mostLayers {
            let inner = framing.unframe(head: head)
            let survey = inner.withUnsafeBytes { LineSurvey($0, isInner: true) }
            guard let layer = survey.wrapper, !layer.spansLines else { break }
            if layer == .json {
                // One key is kept.
                if framing.key != nil { break }
                framing.key = survey.key
            }
            // `[time] text` inside of another layer is the line's own: Envoy's access log begins so.
            if layer == .timestamps, inner.first(where: { $0 > 32 }) == 91 { break }
            framing.wrappers.append(layer)
        }
        return framing
    }

    private static func outermost(_ head: Bytes) -> LogFraming {
        let start = head.has("\u{FEFF}") ? 3 : 0
        let head = head.slice(start, head.count)
        if let entries = journalEntries(head) { return LogFraming([entries]) }
        let survey = LineSurvey(head)
        if let wrapper = survey.wrapper {
            var framing = LogFraming([wrapper], in: survey.isNewestFirst ? .newestFirst : .lines)
            framing.key = survey.key
            return framing
        }
        let text = head.trimmedLines
        if text.first == 123 || text.first == 91 {
            let document = LogDocument.read(head)
            if let shape = document.shape {
                var framing = LogFraming([], in: .document(shape))
                framing.key = document.key
                return framing
            }
        }
        if CloudYAML.isLog(text) { return LogFraming([], in: .yaml) }
        if let columns = LogColumns(header: LogColumns.header(head)) { return LogFraming([], in: .table(columns)) }
        if let columns = LogColumns(rows: head) { return LogFraming([], in: .table(columns)) }
        return .plain
    }

    /// Forms of the journal whose entries fill several lines.
    private static func journalEntries(_ head: Bytes) -> LogWrapper? {
        if head.has("__CURSOR="), head.range(of: "\n__REALTIME_TIMESTAMP=") != nil { return .journaldExport }
        if let cursor = head.range(of: " [s="), head.range(of: "\n    MESSAGE=", from: cursor) != nil {
            let start = (head.slice(0, cursor).lastIndex(of: 10) ?? -1) + 1
            let end = head.firstIndex(of: 10, from: cursor) ?? head.count
            if JournalVerbose.isHead(head.slice(start, end)) { return .journaldVerbose }
        }
        let text = head.trimmedLines
        guard text.has("{\n"), let end = text.range(of: "\n}"), let key = text.range(of: "\"__REALTIME_TIMESTAMP\""),
            key < end
        else { return nil }
        return .journaldPretty
    }
}

extension Bytes {
    /// Length of the run of NUL bytes at the beginning: what a crash of the host or a log's truncation under the writer's
    /// hands leaves in front of the next line.
    var leadingNULs: Int {
        var at = 0
        while at < count, self[at] == 0 { at += 1 }
        return at
    }

    /// Without blank lines and blanks at the start.
    fileprivate var trimmedLines: Bytes {
        var at = 0
        while at < count, self[at] == 10 || self[at] == 32 || self[at] == 13 || self[at] == 9 { at += 1 }
        return slice(at, count)
    }
}

/// What the first lines of a text wear.
private struct LineSurvey {
    private(set) var wrapper: LogWrapper?
    private(set) var isNewestFirst = false
    /// Of ``LogWrapper/json``.
    private(set) var key: TextKey?

    private static let mostLines = 200
    /// JSON is read by shape; the others line by line, the more special forms first: every CRI line is also a line with
    /// a time in front.
    private static let textual = LogWrapper.allCases.filter {
        !$0.isShipper && !$0.spansLines && $0 != .dockerJSON && $0 != .journaldJSON && $0 != .json
    }

    init(_ text: Bytes, isInner: Bool = false) {
        var matches: [LogWrapper: Int] = [:]
        var proofs: [LogWrapper: Int] = [:]
        var lines = 0
        var scratch: [UInt8] = []
        forEachLine(text) { line in
            lines += 1
            scratch.removeAll(keepingCapacity: true)
            if line[0] == 123 || line[0] == 30 || line.has("data: {") {
                if FrameReader.read(line, as: .dockerJSON, into: &scratch) != nil {
                    matches[.dockerJSON, default: 0] += 1
                } else if JournalEntry.json(line, &scratch) != nil {
                    matches[.journaldJSON, default: 0] += 1
                } else if let shape = ShipperJSON.shape(line) {
                    matches[shape, default: 0] += 1
                } else if key == nil {
                    key = ShipperJSON.key(line)
                }
                return
            }
            for wrapper in Self.textual where isInner || wrapper != .blank {
                scratch.removeAll(keepingCapacity: true)
                guard let frame = FrameReader.read(line, as: wrapper, into: &scratch) else { continue }
                matches[wrapper, default: 0] += 1
                guard wrapper.needsProof else { continue }
                let end = frame.textEnd < 0 ? line.count : frame.textEnd
                let isProof =
                    frame.isDecoded
                    ? scratch.withUnsafeBytes { ServerText.follows(in: $0) }
                    : ServerText.follows(in: line.slice(frame.textStart, end))
                if isProof { proofs[wrapper, default: 0] += 1 }
            }
        }
        guard lines > 0 else { return }
        if let key {
            forEachLine(text) { line in
                scratch.removeAll(keepingCapacity: true)
                if ShipperJSON.learned(line, key, &scratch) != nil { matches[.json, default: 0] += 1 }
            }
        }
        wrapper = LogWrapper.allCases.first { candidate in
            let count = matches[candidate] ?? 0
            if candidate.needsProof, proofs[candidate, default: 0] * 20 < max(1, count) { return false }
            return count > 0 && Double(count) > candidate.neededShare * Double(lines)
        }
        if wrapper != .json { key = nil }
        guard let wrapper, Self.mayBeReversed(wrapper) else { return }
        var steps = (forwards: 0, backwards: 0)
        var last: Int64?
        forEachLine(text) { line in
            scratch.removeAll(keepingCapacity: true)
            guard let frame = FrameReader.read(line, as: wrapper, key: key, into: &scratch),
                let time = frame.info.timeMs ?? frame.info.stamp?.wallMs(year: 2000)
            else { return }
            if let last, time != last {
                if time > last { steps.forwards += 1 } else { steps.backwards += 1 }
            }
            last = time
        }
        isNewestFirst = steps.backwards >= 2 && steps.backwards > 2 * steps.forwards
    }

    /// Runtimes and collectors only append; what a query printed may begin with the newest.
    private static func mayBeReversed(_ wrapper: LogWrapper) -> Bool {
        switch wrapper {
        case .dockerJSON, .cri, .compose, .kubectlPrefix, .podPrefix, .nerdctl, .names, .grep, .rank: return false
        default: return true
        }
    }

    private func forEachLine(_ text: Bytes, _ body: (Bytes) -> Void) {
        var lines = 0
        var at = 0
        while at < text.count, lines < Self.mostLines {
            let end = text.firstIndex(of: 10, from: at) ?? text.count
            // A last line that the head cuts off can't be judged, unless it is the only one.
            if end == text.count, lines > 0 { return }
            var line = text.slice(at, end)
            at = end + 1
            line = line.slice(line.leadingNULs, line.count)
            guard !line.trimmed.isEmpty else { continue }
            lines += 1
            body(line)
        }
    }
}
