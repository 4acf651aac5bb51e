import TidemarkBase
import TidemarkEvidence

/// One record's share of a line, before it is known whether further lines belong to it.
struct LineItem {
    enum Form: UInt8 {
        /// With the prefix of vLLM's logger.
        case record
        case uvicorn
        case json
        /// Written by vLLM or uvicorn, in the format of another logger.
        case logged
        /// No prefix, or only one of the process.
        case raw
    }

    var form: Form
    var process: Bytes
    var pid: Int?
    /// A process id in the text of the line itself, which its further lines don't repeat.
    var namedPid: Int?
    var level: LogLevel?
    var stamp: LogStamp?
    var file: Bytes
    var sourceLine: Int?
    var message: Bytes
    /// A CR stood before the line feed.
    var endsWithCR = false
    /// The prefix of another logger in the message, from behind its time up to the line of a traceback that it was given: such
    /// a logger repeats it on every line.
    var logged: Range<Int>?
    /// The number that a viewer put on a line of its own.
    var isLineNumber = false

    init(form: Form, message: Bytes) {
        self.form = form
        self.message = message
        process = message.slice(0, 0)
        file = message.slice(0, 0)
    }

    init(_ header: RecordHeader, in line: Bytes, end: Int) {
        form = .record
        process = line.slice(header.process.lowerBound, header.process.upperBound)
        pid = header.pid
        level = header.level
        stamp = header.stamp
        file = line.slice(header.file.lowerBound, header.file.upperBound)
        sourceLine = header.sourceLine
        message = line.slice(min(header.message, end), end)
    }

    /// Of a line that is one record of vLLM's logger or of uvicorn.
    init(ordinary line: Bytes) {
        let chain = ProcessPrefix.parseChain(line)
        var header = RecordHeader()
        header.process = chain.name
        header.pid = chain.pid
        if header.parseFromLevel(line, at: chain.end) {
            self.init(header, in: line, end: line.count)
            return
        }
        let uvicorn = UvicornLine.parse(line, at: chain.end)
        self.init(form: .uvicorn, message: line.slice(uvicorn?.message ?? chain.end, line.count))
        level = uvicorn?.level
        process = line.slice(chain.name.lowerBound, chain.name.upperBound)
        pid = chain.pid
    }

    /// Nothing but blanks, or the fence or mark of code in a paste.
    var isBlank: Bool {
        guard form == .raw else { return false }
        if isLineNumber { return true }
        let text = message.trimmed
        return text.isEmpty || text.has("```") && text.count < 24 || text.equals("`")
    }

    func sameBytes(_ a: Bytes, _ b: Bytes) -> Bool { a.count == b.count && a.elementsEqual(b) }
}

/// Cuts one unframed line into its records.
struct LineItems {
    private let line: Bytes
    private var at = 0
    /// The next header and uvicorn line, once searched; `line.count` when there is none.
    private var nextHeader = -1
    private var nextUvicorn = -1

    /// `line`: without colour codes and without its CR.
    init(_ line: Bytes) { self.line = line }

    mutating func next() -> LineItem? {
        guard at < line.count else { return nil }
        let start = at
        let chain = ProcessPrefix.parseChain(line, at: at)
        var header = RecordHeader()
        header.process = chain.name
        header.pid = chain.pid
        if header.parseFromLevel(line, at: chain.end) { return record(header) }
        if let uvicorn = UvicornLine.parse(line, at: chain.end) ?? UvicornLine.parseCollapsed(line, at: chain.end) {
            return self.uvicorn(uvicorn.level, uvicorn.message, chain.name, chain.pid)
        }
        if let short = ShortHeader.parse(line, at: chain.end) { return self.short(short, chain.name, chain.pid) }
        if chain.end == start, let item = withoutPid() ?? quoted() ?? wrapped() ?? columns() { return item }
        if let end = ForeignLine.barEnd(line, from: chain.end) {
            at = end
            var item = LineItem(form: .raw, message: line.slice(chain.end, at))
            item.process = line.slice(chain.name.lowerBound, chain.name.upperBound)
            item.pid = chain.pid
            return item
        }
        let glued = min(headerIndex(from: chain.end), uvicornIndex(from: chain.end))
        if glued < line.count, glued > start, isLoggingPrefix(line.slice(chain.end, glued)) {
            let prefix = line.slice(chain.end, glued)
            at = glued
            if var item = next() {
                if item.process.isEmpty, !chain.name.isEmpty {
                    item.process = line.slice(chain.name.lowerBound, chain.name.upperBound)
                    item.pid = chain.pid
                } else if item.process.isEmpty, let broken = Self.brokenProcess(prefix) {
                    item.process = broken.name
                    item.pid = broken.pid
                }
                // vLLM-Omni's `[Stage-0] `.
                if item.process.isEmpty, prefix.has("[Stage-"), prefix.count < 16,
                    prefix.firstIndex(of: 93) == prefix.count - 2
                {
                    item.process = prefix.slice(1, prefix.count - 2)
                }
                // `2025-05-14 17:45:12.901 uvicorn.access INFO:     …`: the only time that access line has.
                // `[2026-07-14 22:37:50,765] INFO:     …` too.
                let time = prefix.slice(prefix.first == 91 ? 1 : 0, prefix.count)
                if item.stamp == nil, let dated = ForeignLine.datedStamp(time), !dated.zoned {
                    item.stamp = dated.stamp
                }
                // `INFO … text.` quoted in backticks.
                if prefix.last == 96, item.message.last == 96 {
                    item.message = item.message.slice(0, item.message.count - 1)
                }
                return item
            }
            at = start
        }
        at = glued > start ? glued : line.count
        var item = LineItem(form: .raw, message: line.slice(min(chain.end, at), at))
        item.process = line.slice(chain.name.lowerBound, chain.name.upperBound)
        item.pid = chain.pid
        return item
    }

    /// `(EngineCore) ERROR [core.py:1138] text`.
    private mutating func withoutPid() -> LineItem? {
        guard let prefix = ProcessPrefix.parseWithoutPid(line, at: at) else { return nil }
        var header = RecordHeader()
        header.process = prefix.name
        if header.parseFromLevel(line, at: prefix.end) { return record(header) }
        guard let short = ShortHeader.parse(line, at: prefix.end), short.level != nil else { return nil }
        return self.short(short, prefix.name, nil)
    }

    /// A line in backticks, or one of an indented paste, when what follows begins as no other text does: with a process,
    /// or with a time and a level.
    private mutating func quoted() -> LineItem? {
        let margin = PasteMarks.margin(line)
        guard at == 0, margin > 0 else { return nil }
        let rest = line.slice(margin, line.count)
        if ProcessPrefix.parseChain(rest).pid == nil {
            guard ForeignLine.datedStamp(rest.slice(rest.first == 91 ? 1 : 0, rest.count)) != nil,
                ForeignLine.parse(rest).level != nil
            else { return nil }
        }
        at = margin
        guard var item = next() else { return nil }
        if line[0] == 96, item.message.last == 96 { item.message = item.message.slice(0, item.message.count - 1) }
        return item
    }

    /// `2026-05-08 11:47:02.257 [Error] (Process) text`, as Lemonade passes on what its server prints.
    private mutating func wrapped() -> LineItem? {
        guard at == 0, let dated = ForeignLine.datedStamp(line), !dated.zoned,
            let close = line.range(of: "] (Process) ", from: dated.length), close < dated.length + 12
        else { return nil }
        let levels: [(StaticString, LogLevel)] = [
            (" [Error", .error), (" [Warning", .warning), (" [Info", .info), (" [Debug", .debug), (" [Trace", .trace),
        ]
        guard let level = levels.first(where: { line.slice(dated.length, close).equals($0.0) })?.1,
            close + 12 < line.count
        else { return nil }
        at = close + 12
        guard var item = next() else { return nil }
        item.stamp = item.stamp ?? dated.stamp
        item.level = item.level ?? level
        return item
    }

    /// `2023-12-27 11:25:36 | ERROR | stderr | text` of FastChat, which passes on what is printed as records of a logger;
    /// the time may have been taken off as a framing's.
    private mutating func columns() -> LineItem? {
        guard at == 0 else { return nil }
        var scan = FieldScanner(line)
        let dated = ForeignLine.datedStamp(line)
        if let dated {
            scan.at = dated.length
            guard scan.skip(" | ") else { return nil }
        }
        guard let (level, end) = RecordHeader.level(line, at: scan.at) else { return nil }
        scan.at = end
        guard scan.skip(" | ") else { return nil }
        let name = scan.at
        while !scan.atEnd, line[scan.at] == 95 || (line[scan.at] | 0x20) &- 97 < 26 { scan.at += 1 }
        let writer = line.slice(name, scan.at)
        guard !writer.isEmpty, scan.skip(" | ") || line.count == scan.at + 2 && scan.skip(" |") else { return nil }
        let text = scan.at
        at = text
        let isPrinted = writer.equals("stderr") || writer.equals("stdout")
        // The level is that of the stream, not of what was printed.
        var item =
            (isPrinted ? next() : nil) ?? LineItem(form: .raw, message: line.slice(text, line.count))
        if !isPrinted {
            at = line.count
            item.level = level
            if Classifier.ownText(in: line, from: text) == text { item.form = .logged }
        }
        if item.stamp == nil, let dated, !dated.zoned { item.stamp = dated.stamp }
        return item
    }

    private mutating func record(_ header: RecordHeader) -> LineItem {
        let message = line.slice(header.message, line.count)
        var search: Int? = 0
        switch RequestLine.parse(message) {
        case .request(_, let tail): search = tail
        case .details: search = nil
        case .broken, .notRequest: if message.has("Dumping ") { search = nil }
        }
        at = search.map { gluedIndex(from: header.message + $0) } ?? line.count
        return LineItem(header, in: line, end: at)
    }

    private mutating func short(_ header: ShortHeader, _ name: Range<Int>, _ pid: Int?) -> LineItem {
        at = gluedIndex(from: header.message)
        var item = LineItem(form: .record, message: line.slice(min(header.message, at), at))
        item.level = header.level
        item.stamp = header.stamp
        item.file = line.slice(header.file.lowerBound, header.file.upperBound)
        item.sourceLine = header.sourceLine
        item.process = line.slice(name.lowerBound, name.upperBound)
        item.pid = pid
        return item
    }

    /// `NAME pid=N) `: a process prefix whose parenthesis a paste lost.
    private static func brokenProcess(_ text: Bytes) -> (name: Bytes, pid: Int)? {
        guard let mark = text.range(of: " pid="), mark > 0 else { return nil }
        var scan = FieldScanner(text, from: mark + 5)
        guard let pid = scan.integer(), scan.rest.trimmed.equals(")") else { return nil }
        return (text.slice(0, mark).trimmed, pid)
    }

    private mutating func uvicorn(_ level: LogLevel, _ start: Int, _ name: Range<Int>, _ pid: Int?) -> LineItem {
        let message = line.slice(min(start, line.count), line.count)
        var search = start
        if case .access(_, let end, let clean) = AccessLine.parse(message) { search = clean ? line.count : start + end }
        at = gluedIndex(from: search)
        var item = LineItem(form: .uvicorn, message: line.slice(min(start, at), at))
        item.level = level
        item.process = line.slice(name.lowerBound, name.upperBound)
        item.pid = pid
        return item
    }

    /// Where the next record begins that is glued to the one at hand.
    private mutating func gluedIndex(from: Int) -> Int {
        let header = headerIndex(from: from)
        return min(header, uvicornIndex(from: from))
    }

    private mutating func headerIndex(from: Int) -> Int {
        if nextHeader < from { nextHeader = RecordSearch.firstHeader(in: line, from: from) ?? line.count }
        return nextHeader
    }

    private mutating func uvicornIndex(from: Int) -> Int {
        if nextUvicorn < from { nextUvicorn = RecordSearch.firstUvicorn(in: line, from: from) ?? line.count }
        return nextUvicorn
    }

    /// Whether the text before a header is a prefix of the operator or a collector rather than a line of its own:
    /// short, ended by a blank or a mark, and no progress bar.
    private func isLoggingPrefix(_ text: Bytes) -> Bool {
        guard text.count <= 128, let last = text.last, !ForeignLine.isProgress(text), text.firstIndex(of: 13) == nil
        else { return text.isEmpty }
        // A collector may print the level ahead of its time; otherwise a level begins a record.
        if let (_, after) = RecordHeader.level(text, at: 0) { guard text.has(" 20", at: after) else { return false } }
        switch last {
        case 32, 9, 58, 124, 62, 45, 96, 128...: return true
        // `[INFO 08-16 11:53:40 metrics.py:418] text` has its bracket before the level.
        case 91: return text.count == 1
        // What a lost colour code leaves: `1;36m`.
        case 109: return text.count <= 6 && text.dropLast().allSatisfy { $0 &- 48 <= 9 || $0 == 59 || $0 == 91 }
        default: return false
        }
    }
}
