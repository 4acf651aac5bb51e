import TidemarkBase
import TidemarkEvidence

/// A record that is kept until it is sure which lines belong to it.
///
/// vLLM repeats the prefix on every line of a record; raw tracebacks have none. Several processes write into one file,
/// so several records can be open at once; they are delivered in the order of their first lines.
struct OpenRecord {
    /// `stack`: in the frames that `faulthandler` prints, the innermost first, without an exception behind them.
    enum Trace: UInt8 { case none, inside, afterException, stack }

    let form: LineItem.Form
    let pid: Int?
    private let namedPid: Int?
    let level: LogLevel?
    let stamp: LogStamp?
    let sourceLine: Int?
    let carried: LogStamp?
    let frame: FrameInfo
    let line: Int
    let offset: Int
    /// The parser's state before the record, for a run that resumes at it.
    let stateBefore: VLLMLogState
    /// Process, file and message, one after the other.
    private(set) var buffer: [UInt8]
    private let processEnd: Int
    private let messageStart: Int
    /// What a logger puts behind its time on every line of the traceback that it was given; empty for other records.
    private let logger: [UInt8]
    private let logged: Range<Int>?
    private var headEnd: Int
    private(set) var lineCount: Int
    private(set) var lastLine: Int
    private(set) var endsWithCR: Bool
    private(set) var trace = Trace.none
    /// Lines since the exception of a traceback.
    private var linesAfterException = 0
    var isOpen: Bool

    /// Longest text kept of one record; further lines are counted only.
    static let textLimit = 256 << 10

    init(
        _ item: LineItem, frame: FrameInfo, line: Int, offset: Int, lineCount: Int, isOpen: Bool, carried: LogStamp?,
        stateBefore: VLLMLogState
    ) {
        form = item.form
        pid = item.pid
        namedPid = item.namedPid
        level = item.level
        stamp = item.stamp
        sourceLine = item.sourceLine
        self.carried = carried
        self.frame = frame
        self.line = line
        self.offset = offset
        self.lineCount = lineCount
        self.stateBefore = stateBefore
        lastLine = line
        buffer = []
        buffer.reserveCapacity(item.process.count + item.file.count + item.message.count)
        buffer.append(contentsOf: item.process)
        processEnd = buffer.count
        buffer.append(contentsOf: item.file)
        messageStart = buffer.count
        var text = item.message
        if let logged = item.logged, TracebackText.begins(text.slice(logged.upperBound, text.count)) {
            logger = Array(text.slice(logged.lowerBound, logged.upperBound))
            text = text.slice(logged.upperBound, text.count)
            self.logged = nil
        } else {
            logger = []
            logged = item.logged
        }
        buffer.append(contentsOf: text.slice(0, min(text.count, Self.textLimit)))
        headEnd = buffer.count
        endsWithCR = item.endsWithCR
        self.isOpen = isOpen
        follow(text)
    }

    /// The item as it began, pointing into `bytes`, which must be this record's ``buffer``.
    func item(in bytes: Bytes) -> LineItem {
        var item = LineItem(form: form, message: bytes.slice(messageStart, bytes.count))
        item.process = bytes.slice(0, processEnd)
        item.file = bytes.slice(processEnd, messageStart)
        item.pid = pid
        item.namedPid = namedPid
        item.level = level
        item.stamp = stamp
        item.sourceLine = sourceLine
        item.logged = logged
        return item
    }

    /// Whether more lines must come, so that lines of other writers in between don't end the record.
    func isExpecting(_ meaning: VLLMLogState.CarriageReturns) -> Bool {
        isOpen
            && (trace == .inside || endsWithCR && meaning != .everywhere && form == .record
                || pid != nil && (isStack || awaitsWarning))
    }

    func isSameProcess(_ item: LineItem, _ frame: FrameInfo) -> Bool {
        pid == item.pid && isSameOrigin(frame) && buffer.prefix(processEnd).elementsEqual(item.process)
    }

    /// Whether a line comes from where this record comes from: stream, pod or host, and the process that the framing names.
    func isSameOrigin(_ other: FrameInfo) -> Bool {
        frame.pid == other.pid && frame.stream == other.stream && frame.source == other.source
    }

    /// Whether `item` is a further line of this record.
    func continues(_ item: LineItem, _ frame: FrameInfo, _ meaning: VLLMLogState.CarriageReturns) -> Bool {
        guard isOpen else { return false }
        if item.form == .raw, isSameOrigin(frame), isCompleted(by: item) { return true }
        if form == .record, item.form == .raw { return false }
        guard isSameProcess(item, frame) else { return false }
        if !logger.isEmpty {
            guard item.form == .raw else { return false }
            if let text = text(loggedIn: item) { return continuesLogged(text) }
            // What the logger's program printed by itself.
            return item.stamp == nil && item.level == nil && continuesRaw(item.message)
        }
        switch (form, item.form) {
        case (.record, .record):
            guard item.sourceLine == sourceLine, item.stamp == stamp, item.level == level,
                buffer[processEnd..<messageStart].elementsEqual(item.file)
            else { return false }
            if meaning != .everywhere {
                if endsWithCR { return true }
                if meaning == .insideRecords { return false }
            }
            return continuesByContent(item.message)
        case (.raw, .raw), (.logged, .raw), (.uvicorn, .raw): return continuesRaw(item.message)
        default: return false
        }
    }

    /// The line of a traceback in `item`, when the logger of this record has it with the same prefix.
    private func text(loggedIn item: LineItem) -> Bytes? {
        guard let logged = item.logged, item.message.slice(logged.lowerBound, logged.upperBound).elementsEqual(logger)
        else { return nil }
        return item.message.slice(logged.upperBound, item.message.count)
    }

    private func continuesLogged(_ text: Bytes) -> Bool {
        trace == .inside || trace == .afterException && (text.isEmpty || TracebackText.isChain(text))
    }

    /// Whether `item` is what the logger of this record was given next, and no more of the traceback.
    func isEndedByLogger(_ item: LineItem, _ frame: FrameInfo) -> Bool {
        !logger.isEmpty && item.form == .raw && item.stamp != nil && isSameProcess(item, frame)
    }

    /// Whether the terminal broke this line, and `item` is its other half: the two together are what neither is alone.
    private func isCompleted(by item: LineItem) -> Bool {
        guard lineCount == 1, item.pid == nil, form == .record || form == .uvicorn,
            buffer.count + item.message.count < 4096
        else { return false }
        return buffer.withUnsafeBytes { buffer in
            let text = buffer.slice(messageStart, buffer.count)
            let whole = Array(text) + Array(item.message)
            return whole.withUnsafeBytes { whole in
                if form == .uvicorn {
                    guard case .broken = AccessLine.parse(text), case .access(_, _, true) = AccessLine.parse(whole)
                    else {
                        return false
                    }
                    return true
                }
                guard case .reject = Classifier.hot(text), case .payload = Classifier.hot(whole) else { return false }
                return true
            }
        }
    }

    /// For logs whose CRs were lost: equal prefixes alone don't make one record (forty `Route: …` lines have them too).
    private func continuesByContent(_ message: Bytes) -> Bool {
        if trace == .inside || headEnds("chat template:") { return true }
        // What a model said, of which the next call logs the next piece.
        if !message.has("delta_text:"), withHead({ $0.has("delta_text:") }) { return true }
        guard let first = message.first else { return true }
        if first == 32 || first == 9 || first == 124 { return true }
        if trace == .afterException {
            // The same place may log one failure after the other.
            if TracebackText.opens(message) { return quotesTraceback(message) }
            return !isHead(message) && !TracebackText.isLoggedHead(message)
        }
        if TracebackText.opens(message) || TracebackText.isChain(message) { return true }
        if message.equals("NoneType: None") || TracebackText.continuesText(message) { return true }
        return message.has("the current vLLM instance") || message.has("model weights take ")
            || message.has("**CUDAGraph ") || message.has("- Mode: ") || message.has("- Capture sizes: ")
    }

    /// Whether `message` equals the first line of this record: the same call logged again.
    private func isHead(_ message: Bytes) -> Bool {
        buffer[messageStart..<headEnd].elementsEqual(message)
    }

    /// Whether the first line of this record ends with `literal`.
    private func headEnds(_ literal: StaticString) -> Bool {
        buffer.withUnsafeBytes { StatisticsLine.hasSuffix($0.slice(messageStart, headEnd), literal) }
    }

    /// `x.py:7: UserWarning: ` with its text on the next lines, up to the source line.
    private var awaitsWarning: Bool {
        guard form == .raw, level == .warning, trace == .none, lineCount < 20 else { return false }
        return (headEnds("Warning:") || headEnds("Warning: "))
            && !buffer.withUnsafeBytes { $0.range(of: "warnings.warn(", from: headEnd) != nil }
    }

    /// In the frames of `faulthandler`, or behind the line that announces them. Other lines of the process end them.
    var isStack: Bool {
        trace == .stack || trace == .none && form == .raw && withHead { $0.has("Fatal Python error: ") }
    }

    private func withHead<Result>(_ body: (Bytes) -> Result) -> Result {
        buffer.withUnsafeBytes { body($0.slice(messageStart, headEnd)) }
    }

    /// Whether a traceback that opens below an exception is quoted by its text; else it is that of another failure. Behind
    /// the sentence of a chain it belongs to it in any case.
    private func quotesTraceback(_ message: Bytes) -> Bool {
        if message.has("Original Traceback") { return true }
        return buffer.withUnsafeBytes { buffer in
            let text = buffer.slice(messageStart, buffer.count).trimmed
            return text.last == 58 || StatisticsLine.hasSuffix(text, "\"\"\"") || StatisticsLine.hasSuffix(text, "'''")
        }
    }

    /// Whether this is an error of torch's C++ part, or what C++ says when it gives up: sentences and frames stand below.
    private var isNative: Bool {
        guard form == .raw else { return false }
        if sourceLine != nil, level == .error || level == .critical {
            return buffer[processEnd..<messageStart].suffix(3) != [46, 112, 121]
        }
        return withHead { $0.has("terminate called ") }
    }

    private func continuesRaw(_ message: Bytes) -> Bool {
        // The stack of another failure, innermost frame first.
        if TracebackText.isSegfault(message) { return false }
        // Another thread's, without uvicorn's level.
        if AccessLine.bare(message) != nil { return false }
        let indented = message.first.map { $0 == 32 || $0 == 9 } ?? false
        switch trace {
        case .inside: return true
        case .afterException:
            if !indented, TracebackText.opens(message) { return quotesTraceback(message) }
            return indented || message.trimmed.isEmpty || TracebackText.isChain(message)
                || TracebackText.continuesText(message) || continuesException(message)
        case .stack:
            return indented || message.trimmed.isEmpty || TracebackText.opensStack(message)
                || message.has("Extension modules: ")
        case .none:
            if form == .uvicorn { return TracebackText.opens(message) }
            if withHead({ TracebackText.isHead($0) }) {
                return TracebackText.opens(message)
                    || lineCount == 1 && (message.has("handle: <") || message.has("future: <"))
            }
            if isNative, TracebackText.continuesText(message) { return !message.has("terminate called ") }
            if isStack {
                return TracebackText.opensStack(message) || message.has("Python runtime state: ")
            }
            // `logger.exception` prints it below its message.
            if level == .error || level == .critical, lineCount == 1, TracebackText.opens(message) { return true }
            if awaitsWarning { return !ForeignLine.isProgress(message) }
            return indented && lineCount < 200 && !ForeignLine.isProgress(message)
        }
    }

    /// Whether a line without an indent belongs to the text of the exception before it: what the same process prints, or a
    /// sentence, such as Hugging Face's advice.
    private func continuesException(_ message: Bytes) -> Bool {
        guard linesAfterException < 8, let first = message.first, !ForeignLine.isProgress(message),
            !TracebackText.isHead(message),
            // The service manager speaks of a unit.
            message.slice(0, min(message.count, 100)).range(of: ".service: ") == nil
        else { return false }
        let foreign = ForeignLine.parse(message)
        guard foreign.stamp == nil, foreign.timeMs == nil, foreign.kind == nil, foreign.text == nil else {
            return false
        }
        if pid != nil { return true }
        guard foreign.level == nil else { return false }
        let blanks = message.reduce(0) { $0 + ($1 == 32 ? 1 : 0) }
        // `user@host:~$ ` is a shell's.
        return ((first | 0x20) &- 97 < 26 || first &- 48 <= 9) && blanks >= 3 && !message.prefix(40).contains(64)
    }

    /// Whether `text` is a beginning of the prefix that the lines of this record have.
    func prefixBegins(with text: Bytes) -> Bool {
        var plain: [UInt8] = []
        // A colour code that was itself cut off.
        let escape = text.lastIndex(of: 27) ?? text.count
        let isWhole = ANSI.codeLength(text, escape) != nil
        ANSI.strip(isWhole ? text : text.slice(0, escape), into: &plain)
        return plain.withUnsafeBytes { plain in
            var rest = plain.slice(ProcessPrefix.parseChain(plain).end, plain.count)
            if rest.isEmpty { return true }
            var process = ByteWriter()
            process.write(byte: 40)
            process.bytes.append(contentsOf: buffer[0..<processEnd])
            process.write(" pid=\(pid ?? 0)) ")
            if process.bytes.starts(with: rest) { return true }
            guard let level, let stamp else { return false }
            func pair(_ value: UInt8) -> String { (value < 10 ? "0" : "") + String(value) }
            let time =
                "\(level.rawValue) \(pair(stamp.month))-\(pair(stamp.day)) "
                + "\(pair(stamp.hour)):\(pair(stamp.minute)):\(pair(stamp.second)) "
            if time.utf8.starts(with: rest) { return true }
            guard rest.starts(with: time.utf8) else { return false }
            rest = rest.slice(time.utf8.count, rest.count)
            if rest.first == 91 { rest = rest.slice(1, rest.count) }
            var source = Array(buffer[processEnd..<messageStart])
            source.append(contentsOf: ":\(sourceLine ?? 0)]".utf8)
            return source.starts(with: rest)
        }
    }

    mutating func append(_ item: LineItem, line: Int, lineCount: Int) {
        let text = logger.isEmpty ? item.message : text(loggedIn: item) ?? item.message
        if buffer.count + text.count < Self.textLimit {
            // The halves of a broken line have nothing between them.
            if item.form != .raw || !isCompleted(by: item) { buffer.append(10) }
            buffer.append(contentsOf: text)
        }
        self.lineCount += lineCount
        lastLine = line
        endsWithCR = item.endsWithCR
        follow(text)
    }

    /// Follows the shape of a traceback.
    private mutating func follow(_ line: Bytes) {
        let order = TracebackText.frameOrder(line)
        if order == .innermostFirst || TracebackText.opensStack(line)
            || order != nil && withHead(TracebackText.isSegfault)
        {
            trace = .stack
            return
        }
        if order != nil || TracebackText.opens(line) {
            trace = .inside
            return
        }
        switch trace {
        case .stack: break
        case .none:
            // The end of a traceback whose frames a paste left out.
            if form == .record, level == .error || level == .critical, TracebackText.isSource(line) { trace = .inside }
        case .afterException:
            linesAfterException += 1
            if TracebackText.isChain(line) { trace = .inside }
        case .inside:
            guard let first = line.first, first != 32, first != 9, first != 94, first != 13, !line.has("..."),
                !TracebackText.isChain(line), !PasteMarks.isNumber(line)
            else { return }
            trace = .afterException
            linesAfterException = 0
        }
    }
}
