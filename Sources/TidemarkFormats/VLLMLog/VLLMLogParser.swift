import TidemarkBase
import TidemarkEvidence

/// Reads a vLLM server log, line by line, into records: all text prefixes of 0.2–0.33 and JSON logging.
///
/// Feed the unframed lines in order, then call ``finish(_:)``. Ordinary lines (access, requests, statistics) are
/// delivered at once and in place; the others wait until the next line shows whether it belongs to them.
/// Time: linear in the input. Memory: a few hundred kilobytes at most.
public struct VLLMLogParser: Sendable {
    /// What to remember for a run that resumes at ``pendingStart``.
    public var resumeState: VLLMLogState { open.first?.stateBefore ?? state }

    /// First line of the records that are not yet delivered; nil when all are. A run that resumes there, with
    /// ``resumeState``, delivers exactly the rest.
    public var pendingStart: (line: Int, offset: Int)? { open.first.map { ($0.line, $0.offset) } }

    /// Whether ``pendingStart`` can be resumed at: false while something that lies behind it was delivered, as happens when
    /// too much would have to wait.
    public var isResumable: Bool { open.first.map { $0.line > deliveredLine } ?? true }

    private var state: VLLMLogState
    /// Counts the changes of ``VLLMLogState/lastStamp``.
    private var stampSerial: Int
    private var headers = RecentHeaders()
    private var accesses = RecentAccesses()
    private var parameters = RecentParameters()
    private var open: [OpenRecord] = []
    /// Last line of the records that waited and were delivered.
    private var deliveredLine = 0
    private var openBytes = 0
    private var scratch: [UInt8] = []

    /// Whether prompts and answers stay in the messages of events. By default their lengths replace them.
    private let keepsPrompts: Bool

    private static let mostOpen = 512
    private static let mostOpenBytes = 1 << 20
    /// A record that has not grown for so many lines is over.
    private static let patience = 256

    public init(resuming state: VLLMLogState = VLLMLogState(), keepsPrompts: Bool = false) {
        self.state = state
        self.keepsPrompts = keepsPrompts
        stampSerial = state.lastStamp == nil ? 0 : 1
    }

    /// Takes one line without its framing.
    public mutating func feed<Sink: VLLMLogSink>(_ line: borrowing Line, frame: FrameInfo, _ sink: inout Sink) {
        // Two lines of three: access lines of uvicorn.
        if open.isEmpty, line.bytes.count > 12, line.bytes.has("INFO:     "),
            let access = accesses.parse(line.bytes, from: 10)
        {
            sink.access(access, ordinary(line.bytes, line.number, line.offset, hasOwnStamp: false), frame)
            return
        }
        take(line, frame, &sink)
    }

    /// Takes any line. Apart from ``feed(_:frame:_:)``, whose frame on the stack would be larger.
    @inline(never)
    private mutating func take<Sink: VLLMLogSink>(_ line: borrowing Line, _ frame: FrameInfo, _ sink: inout Sink) {
        let bytes = line.bytes
        if open.isEmpty, fast(bytes, line.number, line.offset, frame, &sink) { return }
        if !line.terminated, cutOff(bytes, line.number, frame) { return }
        slow(bytes, line.number, line.offset, frame, &sink)
    }

    /// Delivers what still waits.
    public mutating func finish<Sink: VLLMLogSink>(_ sink: inout Sink) {
        for index in open.indices { open[index].isOpen = false }
        flush(&sink)
    }

    // MARK: Ordinary lines

    /// Delivers the line in place when it is one record of another ordinary kind; false otherwise.
    @inline(__always)
    private mutating func fast<Sink: VLLMLogSink>(
        _ bytes: Bytes, _ number: Int, _ offset: Int, _ frame: FrameInfo, _ sink: inout Sink
    ) -> Bool {
        var end = bytes.count
        guard end > 12 else { return false }
        let endsWithCR = bytes[end - 1] == 13
        if endsWithCR { end -= 1 }
        let line = bytes.slice(0, end)
        let index = headers.index(of: line)
        guard index >= 0 else { return uvicorn(line, endsWithCR: endsWithCR, number, offset, frame, &sink) }
        let start = headers.message(index)
        let message = line.slice(start, end)
        if !endsWithCR, let (event, tail) = RequestLine.parseCommon(message, &parameters) {
            if tail < message.count, RecordSearch.firstHeader(in: line, from: start + tail) != nil { return false }
            stamped(headers.stamp(index))
            sink.request(event, ordinary(line, number, offset, hasOwnStamp: true), frame)
            return true
        }
        guard case .payload(let payload, let tail, let singleLine) = Classifier.hot(message) else { return false }
        if !singleLine {
            // The reason of a failure may have several lines, and then this one ends with a CR.
            guard case .request = payload, !endsWithCR else { return false }
        }
        // Details of a request are the user's text.
        if case .event = payload { return false }
        if endsWithCR { state.carriageReturns = .everywhere }
        if let tail, RecordSearch.firstHeader(in: line, from: start + tail) != nil { return false }
        stamped(headers.stamp(index))
        sink.record(ordinary(line, number, offset, hasOwnStamp: true).record(payload, frame))
        return true
    }

    /// An access line of uvicorn with a process prefix, or with an uncommon path.
    private mutating func uvicorn<Sink: VLLMLogSink>(
        _ line: Bytes, endsWithCR: Bool, _ number: Int, _ offset: Int, _ frame: FrameInfo,
        _ sink: inout Sink
    ) -> Bool {
        let chain = ProcessPrefix.parseChain(line)
        guard let uvicorn = UvicornLine.parse(line, at: chain.end), uvicorn.message < line.count else { return false }
        let message = line.slice(uvicorn.message, line.count)
        guard case .access(let access, _, let clean) = AccessLine.parse(message), clean else { return false }
        if endsWithCR { state.carriageReturns = .everywhere }
        sink.access(access, ordinary(line, number, offset, hasOwnStamp: false), frame)
        return true
    }

    @inline(__always)
    private func ordinary(_ line: Bytes, _ number: Int, _ offset: Int, hasOwnStamp: Bool) -> OrdinaryLine {
        OrdinaryLine(
            bytes: line, offset: offset, number: number, stampSerial: stampSerial, stamp: state.lastStamp,
            hasOwnStamp: hasOwnStamp)
    }

    /// Notes the stamp of a record.
    @inline(__always)
    private mutating func stamped(_ stamp: LogStamp) {
        if state.lastStamp == stamp, stampSerial > 0 { return }
        state.lastStamp = stamp
        stampSerial &+= 1
    }

    // MARK: All other lines

    /// The last line of a log, cut inside the prefix of the record that waits for it: it counts with that record and
    /// has no text yet.
    private mutating func cutOff(_ bytes: Bytes, _ number: Int, _ frame: FrameInfo) -> Bool {
        guard bytes.count < 400,
            let index = open.lastIndex(where: {
                $0.isExpecting(state.carriageReturns) && $0.isSameOrigin(frame) && $0.prefixBegins(with: bytes)
            })
        else { return false }
        append(LineItem(form: .raw, message: bytes.slice(0, 0)), to: index, number, frame.lines)
        return true
    }

    private mutating func slow<Sink: VLLMLogSink>(
        _ bytes: Bytes, _ number: Int, _ offset: Int, _ frame: FrameInfo, _ sink: inout Sink
    ) {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 13 { end -= 1 }
        // A terminal shows a CR as ^M, syslog as #015.
        while end > 1, bytes[end - 1] == 77, bytes[end - 2] == 94 { end -= 2 }
        while end > 3, bytes[end - 1] == 53, bytes.has("#015", at: end - 4) { end -= 4 }
        let endsWithCR = end < bytes.count
        // What a terminal or a table filled up. A single blank may be the server's, before a break within its line.
        if end > 1, bytes[end - 1] == 32, bytes[end - 2] == 32 {
            while end > 0, bytes[end - 1] == 32 { end -= 1 }
        }
        let line = PasteMarks.withoutQuotes(bytes.slice(min(bytes.leadingNULs, end), end))
        let hasEntities = PasteMarks.hasEntities(line)
        guard hasEntities || ANSI.mayOccur(in: line) else {
            return items(line, endsWithCR, number, offset, frame, &sink)
        }
        var stripped = ANSI.stripped(line, reusing: &scratch)
        if hasEntities {
            stripped = stripped.withUnsafeBytes { PasteMarks.decoded($0) }
            stripped.withUnsafeBytes {
                items(PasteMarks.withoutQuotes($0), endsWithCR, number, offset, frame, &sink)
            }
        } else {
            stripped.withUnsafeBytes { items($0, endsWithCR, number, offset, frame, &sink) }
        }
        if stripped.capacity <= 1 << 20 { scratch = stripped }
    }

    private mutating func items<Sink: VLLMLogSink>(
        _ line: Bytes, _ endsWithCR: Bool, _ number: Int, _ offset: Int, _ frame: FrameInfo, _ sink: inout Sink
    ) {
        var count = frame.lines
        let brace = ProcessPrefix.parseChain(line).end
        if brace < line.count, line[brace] == 123, let json = JSONLogLine.parse(line.slice(brace, line.count)) {
            var frame = frame
            if frame.timeMs == nil { frame.timeMs = json.timeMs }
            json.text.withUnsafeBytes { place(item(json, $0), number, offset, count, frame, &sink) }
            return
        }
        var reader = LineItems(line)
        var delivered = false
        while var item = reader.next() {
            item.endsWithCR = endsWithCR
            // An object that is glued to a progress bar.
            if delivered, item.form == .raw, item.message.first == 123, let json = JSONLogLine.parse(item.message) {
                var frame = frame
                if frame.timeMs == nil { frame.timeMs = json.timeMs }
                json.text.withUnsafeBytes { place(self.item(json, $0), number, offset, count, frame, &sink) }
                continue
            }
            if item.form == .raw, let timeMs = completeRaw(&item), frame.timeMs == nil {
                var frame = frame
                frame.timeMs = timeMs
                place(item, number, offset, count, frame, &sink)
            } else {
                place(item, number, offset, count, frame, &sink)
            }
            count = 0
            delivered = true
        }
        if !delivered {
            var blank = LineItem(form: .raw, message: line)
            blank.pid = frame.pid
            place(blank, number, offset, count, frame, &sink)
        }
    }

    /// The item of a JSON line. Its message may itself be a line of vLLM's text formatter.
    private func item(_ json: JSONLogLine, _ text: Bytes) -> LineItem {
        var item = LineItem(form: .json, message: text)
        if let header = RecordHeader.parse(text) {
            item = LineItem(header, in: text, end: text.count)
            item.form = .json
        }
        if item.process.isEmpty { item.process = json.process }
        item.pid = item.pid ?? json.pid
        item.level = item.level ?? json.level
        item.stamp = json.stamp ?? item.stamp
        if item.file.isEmpty {
            item.file = json.file
            item.sourceLine = json.sourceLine
        }
        return item
    }

    /// Reads what a line of another writer says about its level, time and source.
    /// - Returns: its time where it prints a zone, Unix ms.
    private func completeRaw(_ item: inout LineItem) -> Int64? {
        let (foreign, bar) = ForeignLine.parseBehindBar(item.message)
        if bar > 0 { item.message = item.message.slice(bar, item.message.count) }
        item.level = foreign.level ?? item.level
        item.stamp = foreign.stamp ?? item.stamp
        item.namedPid = foreign.pid
        item.file = item.message.slice(foreign.file.lowerBound, foreign.file.upperBound)
        item.sourceLine = foreign.sourceLine
        if let end = foreign.end { item.message = item.message.slice(0, end) }
        // A bar is redrawn with CRs: only its last state counts.
        if foreign.kind == .progress || item.message.firstIndex(of: 13) != nil {
            item.file = item.message.slice(0, 0)
            item.message = ForeignLine.lastSegment(item.message)
        } else if let text = foreign.text, let own = Classifier.ownText(in: item.message, from: text) {
            item.message = item.message.slice(own, item.message.count)
            item.form = .logged
        } else if foreign.message > 0 {
            item.message = item.message.slice(foreign.message, item.message.count)
        } else if let text = foreign.text, foreign.end == nil, foreign.stamp != nil || foreign.timeMs != nil,
            let part = TracebackText.behindLogger(item.message, from: text)
        {
            let start = item.message.first == 91 ? 1 : 0
            let time = ForeignLine.datedStamp(item.message.slice(start, item.message.count))?.length
            item.logged = time.flatMap { start + $0 <= part ? start + $0..<part : nil }
        }
        return foreign.timeMs
    }

    /// Adds an item to an open record, or makes it a record of its own.
    private mutating func place<Sink: VLLMLogSink>(
        _ item: LineItem, _ number: Int, _ offset: Int, _ count: Int, _ frame: FrameInfo, _ sink: inout Sink
    ) {
        let before = state
        var item = item
        if item.form == .raw, PasteMarks.isNumber(item.message) {
            // Only a traceback shows for sure that the number isn't the server's.
            item.isLineNumber = open.contains { $0.isOpen && $0.form == .record && $0.trace != .none }
        }
        if item.form == .record, item.endsWithCR, state.carriageReturns == .unknown {
            state.carriageReturns = .insideRecords
        }
        if !open.isEmpty, extend(item, number, count, frame) {
            return flush(&sink)
        }
        if item.isBlank {
            flush(&sink)
            if count > 0 { sink.noise(line: number, offset: offset, lineCount: count) }
            return
        }
        let carried = item.stamp == nil ? state.lastStamp : nil
        if let stamp = item.stamp { stamped(stamp) }
        let mayContinue = mayContinue(item)
        if open.isEmpty, !mayContinue, count > 0 || frame.isHeld {
            return close(item, number, offset, count, frame, carried, &sink)
        }
        open.append(
            OpenRecord(
                item, frame: frame, line: number, offset: offset, lineCount: count, isOpen: mayContinue,
                carried: carried, stateBefore: before))
        openBytes += open[open.count - 1].buffer.count
        flush(&sink)
    }

    /// Appends the item to the open record that it continues; otherwise closes the records that it ends.
    private mutating func extend(_ item: LineItem, _ number: Int, _ count: Int, _ frame: FrameInfo) -> Bool {
        for index in open.indices.reversed()
        where open[index].continues(item, frame, state.carriageReturns) {
            append(item, to: index, number, count)
            return true
        }
        for index in open.indices where open[index].isOpen {
            if !open[index].isExpecting(state.carriageReturns) {
                if !item.isBlank { open[index].isOpen = false }
            } else if open[index].isEndedByLogger(item, frame) {
                open[index].isOpen = false
            } else if item.form == .record && open[index].form == .record || open[index].isStack && !item.isBlank,
                open[index].isSameProcess(item, frame)
            {
                // The process went on to another record.
                open[index].isOpen = false
            } else if number - open[index].lastLine > Self.patience {
                open[index].isOpen = false
            }
        }
        return false
    }

    private mutating func append(_ item: LineItem, to index: Int, _ number: Int, _ count: Int) {
        openBytes -= open[index].buffer.count
        open[index].append(item, line: number, lineCount: count)
        openBytes += open[index].buffer.count
    }

    /// Whether further lines may belong to the item.
    private func mayContinue(_ item: LineItem) -> Bool {
        switch item.form {
        case .json: return false
        case .uvicorn:
            if case .broken = AccessLine.parse(item.message) { return true }
            return item.message.has("Exception in ASGI") || item.message.has("Invalid HTTP request")
        case .raw: return !ForeignLine.isProgress(item.message) && AccessLine.bare(item.message) == nil
        case .record, .logged:
            guard case .payload(let payload, _, let singleLine) = Classifier.hot(item.message), singleLine else {
                return true
            }
            if case .event = payload { return item.endsWithCR && state.carriageReturns != .everywhere }
            return false
        }
    }

    // MARK: Delivery

    /// Delivers the records at the front that are complete.
    private mutating func flush<Sink: VLLMLogSink>(_ sink: inout Sink) {
        guard !open.isEmpty else { return }
        let isFull = open.count > Self.mostOpen || openBytes > Self.mostOpenBytes
        if isFull { open[0].isOpen = false }
        var done = 0
        while done < open.count, !open[done].isOpen, isFull || !isEntangled(done) { done += 1 }
        guard done > 0 else { return }
        for index in 0..<done {
            let record = open[index]
            openBytes -= record.buffer.count
            deliveredLine = max(deliveredLine, record.lastLine)
            record.buffer.withUnsafeBytes { bytes in
                close(
                    record.item(in: bytes), record.line, record.offset, record.lineCount, record.frame, record.carried,
                    &sink)
            }
        }
        open.removeFirst(done)
    }

    /// Whether a record has a line behind the beginning of a later one that is open. A run that resumes at the latter reads
    /// all lines from there, so the two are delivered together.
    private func isEntangled(_ index: Int) -> Bool {
        if open[index].frame.isHeld { return false }
        let last = open[index].lastLine
        var next = index + 1
        while next < open.count, open[next].line <= last {
            if open[next].isOpen { return true }
            next += 1
        }
        return false
    }

    /// Classifies a complete item and delivers it.
    private mutating func close<Sink: VLLMLogSink>(
        _ item: LineItem, _ number: Int, _ offset: Int, _ count: Int, _ frame: FrameInfo, _ carried: LogStamp?,
        _ sink: inout Sink
    ) {
        let outcome = Classifier.classify(item, whole: item.message)
        if !keepsPrompts, Self.mayTellOfUsers(outcome, item.message) {
            var masked: [UInt8] = []
            if UserText.mask(item.message, into: &masked) {
                return masked.withUnsafeBytes {
                    var item = item
                    item.message = $0
                    var again = Classifier.classify(item, whole: $0)
                    if case .reject = outcome { again = outcome }
                    deliver(item, again, number, offset, count, frame, carried, &sink)
                }
            }
            if case .payload(.event(.requestDetails, _)) = outcome {
                var item = item
                item.message = Self.withoutDetails(item.message)
                return deliver(item, outcome, number, offset, count, frame, carried, &sink)
            }
        }
        deliver(item, outcome, number, offset, count, frame, carried, &sink)
    }

    /// Whether the text of what was found is kept as it stands: events and rejects. Requests keep their fields only.
    private static func mayTellOfUsers(_ outcome: Classifier.Outcome, _ message: Bytes) -> Bool {
        switch outcome {
        case .payload(.event(.requestDetails, _)): return true
        case .payload(.event), .reject: return UserText.mayOccur(in: message)
        default: return false
        }
    }

    /// Details of a request in no form that is known: all of it is the user's.
    private static func withoutDetails(_ message: Bytes) -> Bytes {
        var end = message.count
        for marker in ["details: ", "body: "] as [StaticString] {
            if let found = message.range(of: marker) { end = min(end, found + marker.utf8CodeUnitCount) }
        }
        return message.slice(0, end).trimmed
    }

    private mutating func deliver<Sink: VLLMLogSink>(
        _ item: LineItem, _ outcome: Classifier.Outcome, _ number: Int, _ offset: Int, _ count: Int,
        _ frame: FrameInfo, _ carried: LogStamp?, _ sink: inout Sink
    ) {
        switch outcome {
        case .payload(.event(.other, nil)) where item.form == .raw:
            let kind = ForeignLine.parse(item.message).kind ?? .other
            deliver(item, .event(kind, nil), number, offset, count, frame, carried, &sink)
        case .payload(.startup(let facts)) where facts.contains { $0.name == "args" || $0.name == "engine_config" }:
            // The text names the same secrets as the facts.
            var masked: [UInt8] = []
            PythonLiterals.maskSecrets(item.message, into: &masked)
            masked.withUnsafeBytes {
                var item = item
                item.message = $0
                deliver(item, .startup(facts), number, offset, count, frame, carried, &sink)
            }
        case .payload(let payload): deliver(item, payload, number, offset, count, frame, carried, &sink)
        case .reject(let reason):
            sink.reject(
                LogReject(
                    line: number, offset: offset, lineCount: count, reason: "expected " + reason.description,
                    text: item.message, stamp: item.stamp))
        }
    }

    private func deliver<Sink: VLLMLogSink>(
        _ item: LineItem, _ payload: LogPayload, _ number: Int, _ offset: Int, _ count: Int, _ frame: FrameInfo,
        _ carried: LogStamp?, _ sink: inout Sink
    ) {
        sink.record(Self.record(item, payload, number, offset, count, frame, carried: carried))
    }

    static func record(
        _ item: LineItem, _ payload: LogPayload, _ number: Int, _ offset: Int, _ count: Int, _ frame: FrameInfo,
        carried: LogStamp?
    ) -> LogRecord {
        let limit = LogRecord.messageLimit
        var message = item.message.count > limit ? item.message.slice(0, limit) : item.message
        // What a terminal filled up.
        if message.count > 1, message[message.count - 1] == 32, message[message.count - 2] == 32 {
            while message.last == 32 { message = message.slice(0, message.count - 1) }
        }
        // `[rank2]:[E1123 …` of torch, whose further lines don't repeat it.
        var process = item.process
        if item.form == .raw, process.isEmpty, message.has("[rank"), let close = message.range(of: "]:"), close < 12 {
            process = message.slice(1, close)
        }
        return LogRecord(
            line: number, lineCount: count, offset: offset, frame: frame, level: item.level, process: process,
            pid: item.pid ?? item.namedPid ?? frame.pid, sourceFile: item.file, sourceLine: item.sourceLine,
            stamp: item.stamp,
            carried: item.stamp == nil ? carried : nil, message: message, payload: payload)
    }
}
