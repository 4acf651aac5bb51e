import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads a vLLM server log into the store, from where an earlier run stopped.
struct LogIngest {
    /// Commits happen at least this far apart in the input: each costs a synchronous write.
    let commitBytes: Int

    let store: Store
    let ledger: Ledger
    let hints: LogClock.Hints
    /// Whether the file has been left alone for long: then a last line without a line feed is read.
    let isSettled: Bool
    let keepAccessRows: Bool
    let keepPrompts: Bool
    let progress: (Int) -> Void

    /// - Parameter source: its row; new, or with the progress of an earlier run.
    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow, instance: Int) throws {
        let framing = LogFraming.detect(head: head)
        let others = OtherPrograms(head: head, framing: framing)
        let survey = try LogSurvey(path: stream.path, head: head, framing: framing, without: others)
        var clock = LogClock(hints: hints, survey: survey, resuming: LogState(json: source.state).clock)
        if source.progressBytes < InputStream.headBytes, let again = clock.judgedAnew(hints, survey) {
            // More of the beginning is there than when the zone was judged.
            clock = again
        }
        // A beginning that was taken for something else when it was shorter is read again.
        let isReadAgain =
            source.id != 0
            && (source.progressBytes == 0 || framing.isHeld || framing.rawValue != source.framing
                || clock.offsetMs != source.clockOffsetMs ?? clock.offsetMs
                || clock.wrapperAheadMs != LogState(json: source.state).wrapperAheadMs
                || others.names != LogState(json: source.state).others
                // Nothing had a time, now something may.
                || hints.known == nil && source.progressBytes < InputStream.headBytes)
        source.framing = framing.rawValue
        source.instance = instance
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        try store.database.transaction {
            if isReadAgain { try ledger.forget(&source) }
            try ledger.undoTail(&source)
            try ledger.save(&source)
        }
        let saved = LogState(json: source.state)
        var unframer = LogUnframer(framing)
        unframer.context = saved.frames

        var parser = VLLMLogParser(resuming: saved.parser, keepsPrompts: keepPrompts)
        var reader = LineReader(
            number: source.progressLines + 1, offset: source.progressBytes, limit: framing.lineLimit)
        let writer = try LogWriter(
            store, source: source.id, instance: instance, keepAccessRows: keepAccessRows, resume: saved.writer)
        var sink = LogSink(writer: writer, ledger: ledger, clock: clock, source: source)
        var committedAt = source.progressBytes
        var tail = TailHash()

        func take(_ line: borrowing Line, _ frame: FrameInfo) {
            // Those of a gateway are another source's.
            if !others.contains(frame.source) { parser.feed(line, frame: frame, &sink) }
        }

        /// Where a later run goes on: at the first line of which something waits.
        func point() -> (line: Int, offset: Int) {
            parser.pendingStart ?? unframer.pendingStart ?? (reader.nextNumber, reader.nextOffset)
        }

        /// Whether nothing behind that point was delivered but blank lines.
        func isResumable() -> Bool { parser.isResumable && point().line > sink.lastLine }

        /// Writes out what was read before the point, and gives how it is accounted for once that is in the tables; the caller
        /// commits.
        func save() throws -> () throws -> SourceRow {
            try writer.checkpoint()
            let kinds = sink.takeKinds()
            let (line, offset) = point()
            var row = sink.source(before: line)
            row.progressBytes = offset
            row.progressLines = line - 1
            row.tailSHA256 = tail.sha256
            row.clockMethod = sink.clock.method
            let state = LogState(
                parser: parser.resumeState, writer: LogWriter.Resume(run: writer.run), clock: sink.clock.resume,
                frames: unframer.context, others: others.names, wrapperAheadMs: sink.clock.wrapperAheadMs)
            return { [row, state, writer, ledger] in
                var (row, state) = (row, state)
                // Only the lane knows it.
                state.writer.lastAccessRow = writer.lastAccessRow
                row.state = state.json
                try ledger.add(kinds: kinds, to: row.id)
                try ledger.save(&row)
                return row
            }
        }

        func saveNow() throws -> SourceRow {
            let account = try save()
            try store.database.settle()
            return try account()
        }

        try store.database.execute("BEGIN IMMEDIATE")
        do {
            try stream.read(from: source.progressBytes, skipped: { tail.update($0, pending: 0) }) { bytes in
                if framing == .plain {
                    let frame = FrameInfo()
                    reader.feed(bytes) { line in parser.feed(line, frame: frame, &sink) }
                } else {
                    reader.feed(bytes) { line in unframer.feed(line, take) }
                }
                tail.update(bytes, pending: reader.nextOffset + reader.pendingBytes - point().offset)
                if let failure = sink.failure { throw failure }
                progress(stream.consumedFileBytes)
                sink.forgetNoise(before: point().line)
                if reader.nextOffset - committedAt >= commitBytes, isResumable() {
                    let account = try save()
                    try store.database.commitOnLane { _ = try account() }
                    committedAt = reader.nextOffset
                }
                return true
            }
            // A document ends without a line feed, and does not grow.
            let readsLastLine =
                (framing.isHeld || stream.readsLastLine(isSettled: isSettled)) && reader.pendingBytes > 0
            let bytes = reader.nextOffset - point().offset + (readsLastLine ? reader.pendingBytes : 0)
            sink.source.pendingBytes = readsLastLine ? 0 : reader.pendingBytes
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.message = stream.damage
            // What may go on is in the tables at once, and read again with its rest when it comes.
            let keepsTail = bytes > 0 && !framing.isHeld && isResumable()
            let before = keepsTail ? try saveNow() : sink.source
            let mark = keepsTail ? try TailMark(store, source: before, run: writer.run) : nil
            let sha256 = keepsTail ? tail.pendingSHA256(bytes) : ""
            if keepsTail {
                // Rows that are there already stay as they are.
                sink.writer = try LogWriter(
                    store, source: source.id, instance: instance, keepAccessRows: keepAccessRows,
                    resume: LogWriter.Resume(run: writer.run))
            }
            if framing.isHeld || readsLastLine && !keepsTail { tail.pendingIsRead() }
            if readsLastLine {
                reader.finish { line in unframer.feed(line, take) }
            }
            unframer.finish(take)
            parser.finish(&sink)
            sink.take(unframer)
            if let failure = sink.failure { throw failure }
            sink.source.message = stream.damage ?? sink.remark ?? unframer.remark ?? others.remark
            if let mark {
                try sink.writer.checkpoint()
                let kinds = sink.takeKinds()
                try ledger.add(kinds: kinds, to: source.id)
                var row = sink.source
                (row.progressBytes, row.progressLines) = (before.progressBytes, before.progressLines)
                (row.tailSHA256, row.state) = (before.tailSHA256, before.state)
                row.clockMethod = sink.clock.method
                row.tail = try mark.tail(row, kinds: kinds, bytes: bytes, sha256: sha256)
                try ledger.save(&row)
                sink.source = row
            } else {
                sink.source = try saveNow()
            }
            try store.database.execute("COMMIT")
        } catch {
            try? store.database.execute("ROLLBACK")
            throw error
        }
        source = sink.source
    }
}

/// Hash of the last bytes of what was read, by which a stream is recognised when it is continued.
struct TailHash {
    private var kept: [UInt8] = []
    private var pending = 0
    /// A longer unfinished line leaves the hash empty, which matches anything.
    private static let mostPending = 2 << 20

    /// Takes the next buffer of the stream, of which the last `pending` bytes belong to an unfinished line.
    mutating func update(_ bytes: Bytes, pending: Int) {
        self.pending = pending
        let room = Ledger.tailBytes + min(pending, Self.mostPending)
        if bytes.count >= room {
            kept = Array(bytes.slice(bytes.count - room, bytes.count))
        } else {
            kept.append(contentsOf: bytes)
            if kept.count > room { kept.removeFirst(kept.count - room) }
        }
    }

    /// The unfinished line was read after all.
    mutating func pendingIsRead() { pending = 0 }

    /// Of what comes behind, or of its first `bytes`; empty when that was too much to keep.
    func pendingSHA256(_ bytes: Int? = nil) -> String {
        guard pending <= Self.mostPending, pending <= kept.count else { return "" }
        return kept.suffix(pending).prefix(bytes ?? pending).withUnsafeBytes { SHA256.hex(Bytes(rebasing: $0[...])) }
    }

    /// Of the last 4 KiB before the unfinished line.
    var sha256: String {
        guard pending <= Self.mostPending, pending <= kept.count else { return "" }
        return kept.dropLast(pending).suffix(Ledger.tailBytes).withUnsafeBytes { SHA256.hex(Bytes(rebasing: $0[...])) }
    }
}

/// What a log ingest must remember between two runs, as JSON in the ledger.
struct LogState {
    var parser = VLLMLogState()
    var writer = LogWriter.Resume()
    var clock: LogClock.Resume?

    /// As ``LogUnframer/context``.
    var frames: [String] = []
    /// As ``OtherPrograms/names``.
    var others: [String] = []
    /// As ``LogClock/wrapperAheadMs``.
    var wrapperAheadMs: Int64?

    init(
        parser: VLLMLogState, writer: LogWriter.Resume, clock: LogClock.Resume?, frames: [String],
        others: [String] = [], wrapperAheadMs: Int64? = nil
    ) {
        self.others = others
        self.wrapperAheadMs = wrapperAheadMs
        self.parser = parser
        self.writer = writer
        self.clock = clock
        self.frames = frames
    }

    init(json: String?) {
        guard let json else { return }
        var numbers: [String: Int] = [:]
        withBytes(of: json) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                if key.equals("frames") {
                    try reader.array { frames.append(try $0.string().text) }
                } else if key.equals("others") {
                    try reader.array { others.append(try $0.string().text) }
                } else {
                    numbers[key.text] = Decimal.parseInt(try reader.numberBytes())
                }
            }
        }
        wrapperAheadMs = numbers["wrapper_ahead"].map(Int64.init)
        writer = LogWriter.Resume(run: numbers["run"] ?? 0, lastAccessRow: numbers["access_row"] ?? 0)
        if let year = numbers["clock_year"], let wall = numbers["clock_wall"], let offset = numbers["clock_offset"] {
            clock = LogClock.Resume(year: year, wallMs: Int64(wall), offsetMs: Int64(offset))
        }
        func small<T: FixedWidthInteger>(_ name: String) -> T { T(clamping: numbers[name] ?? 0) }
        parser.carriageReturns = VLLMLogState.CarriageReturns(rawValue: small("cr")) ?? .unknown
        if numbers["month"] != nil, numbers["day"] != nil {
            parser.lastStamp = LogStamp(
                year: small("year"), month: small("month"), day: small("day"), hour: small("hour"),
                minute: small("minute"), second: small("second"), milli: small("milli"))
        }
    }

    var json: String {
        var text =
            "{\"run\":\(writer.run),\"access_row\":\(writer.lastAccessRow),\"cr\":\(parser.carriageReturns.rawValue)"
        if let stamp = parser.lastStamp {
            text += ",\"year\":\(stamp.year),\"month\":\(stamp.month),\"day\":\(stamp.day),\"hour\":\(stamp.hour)"
            text += ",\"minute\":\(stamp.minute),\"second\":\(stamp.second),\"milli\":\(stamp.milli)"
        }
        if let clock {
            text += ",\"clock_year\":\(clock.year),\"clock_wall\":\(clock.wallMs),\"clock_offset\":\(clock.offsetMs)"
        }
        if let wrapperAheadMs { text += ",\"wrapper_ahead\":\(wrapperAheadMs)" }
        for (name, texts) in [("frames", frames), ("others", others)] where !texts.isEmpty {
            var list = ByteWriter()
            list.writeJSON(texts)
            text += ",\"\(name)\":" + list.text
        }
        return text + "}"
    }
}

/// Times the records, counts them and hands them to the store.
struct LogSink: VLLMLogSink {
    var writer: LogWriter
    let ledger: Ledger
    var clock: LogClock
    var source: SourceRow
    private var kinds: [String: Int] = [:]
    private var accesses = 0
    private var requests = 0
    /// Last line of which a record or reject was delivered.
    private(set) var lastLine = 0
    /// Blank lines that may lie behind a record that is still open: first line and number.
    private var noise: [(line: Int, count: Int)] = []
    var failure: (any Error)?
    private var lastStamp: LogStamp?
    private var lastStampMs: Int64 = 0
    private var lastSerial = -1
    private var lastSerialMs: Int64 = 0
    private var untimed = 0

    /// What a reader of the ledger should know.
    var remark: String? {
        untimed == 0
            ? nil : "\(untimed) records have no time, and no line of the log has one: they are counted, not placed"
    }

    init(writer: LogWriter, ledger: Ledger, clock: LogClock, source: SourceRow) {
        self.writer = writer
        self.ledger = ledger
        self.clock = clock
        self.source = source
    }

    mutating func record(_ record: LogRecord) {
        guard failure == nil else { return }
        count(line: record.line, lines: record.lineCount)
        // The common kinds are counted without a key.
        switch record.payload {
        case .access: accesses += 1
        case .request: requests += 1
        default: kinds[record.kind, default: 0] += 1
        }
        let timeMs = time(of: record)
        if let timeMs { source.cover(timeMs) } else { untimed += 1 }
        do { try writer.write(record, timeMs: timeMs) } catch { failure = error }
    }

    mutating func access(_ access: HTTPAccess, _ line: OrdinaryLine, _ frame: FrameInfo) {
        guard failure == nil else { return }
        count(line: line.number, lines: frame.lines)
        accesses += 1
        let timeMs = time(of: line, frame)
        do {
            try withWriter { try $0.write(access, line: line.number, timeMs: timeMs) }
        } catch { failure = error }
    }

    mutating func request(_ event: RequestEvent, _ line: OrdinaryLine, _ frame: FrameInfo) {
        guard failure == nil else { return }
        count(line: line.number, lines: frame.lines)
        requests += 1
        let timeMs = time(of: line, frame)
        do {
            try withWriter { try $0.write(event, line: line.number, timeMs: timeMs) }
        } catch { failure = error }
    }

    /// Runs `body` on the writer without counting a reference, which costs a line two atomic operations.
    @inline(__always)
    private func withWriter(_ body: (LogWriter) throws -> Void) rethrows {
        try Unmanaged.passUnretained(writer)._withUnsafeGuaranteedRef { try body($0) }
    }

    @inline(__always)
    private mutating func count(line: Int, lines: Int) {
        lastLine = max(lastLine, line + max(0, lines - 1))
        source.records += 1
        source.recordLines += lines
        source.lines += lines
    }

    /// Records by kind since the last time.
    mutating func takeKinds() -> [String: Int] {
        var taken = kinds
        taken["access", default: 0] += accesses
        taken["request", default: 0] += requests
        (kinds, accesses, requests) = ([:], 0, 0)
        return taken
    }

    /// Own stamp first; the framing's time for a line without one; else the last stamp before it.
    private mutating func time(of record: LogRecord) -> Int64? {
        let outer = record.frame.zoneless ? nil : record.frame.timeMs
        if record.stamp == nil {
            if let outer { return outer }
            if let wrapper = record.frame.wrapperStamp, let timeMs = clock.utc(wrapper: wrapper) { return timeMs }
        }
        guard let stamp = record.stamp ?? record.carried else { return clock.timeBeforeFirst() }
        return utc(stamp, outer)
    }

    /// The same for an ordinary line. Thousands of them share a stamp.
    @inline(__always)
    private mutating func time(of line: OrdinaryLine, _ frame: FrameInfo) -> Int64? {
        if !line.hasOwnStamp {
            let outer = frame.zoneless ? frame.wrapperStamp.flatMap { clock.utc(wrapper: $0) } : frame.timeMs
            if let outer {
                source.cover(outer)
                return outer
            }
        }
        if line.stampSerial == lastSerial { return lastSerialMs }
        guard let stamp = line.stamp else {
            guard let start = clock.timeBeforeFirst() else {
                untimed += 1
                return nil
            }
            source.cover(start)
            return start
        }
        lastSerial = line.stampSerial
        lastSerialMs = utc(stamp, frame.zoneless ? nil : frame.timeMs)
        source.cover(lastSerialMs)
        return lastSerialMs
    }

    private mutating func utc(_ stamp: LogStamp, _ outer: Int64?) -> Int64 {
        if stamp == lastStamp { return lastStampMs }
        lastStamp = stamp
        lastStampMs = clock.utc(stamp, outerMs: outer)
        return lastStampMs
    }

    mutating func reject(_ reject: LogReject) {
        guard failure == nil else { return }
        lastLine = max(lastLine, reject.line + max(0, reject.lineCount - 1))
        source.lines += reject.lineCount
        source.rejectLines += reject.lineCount
        kinds["reject", default: 0] += 1
        do {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
        } catch { failure = error }
    }

    /// Takes what a held file says beside its entries.
    mutating func take(_ unframer: borrowing LogUnframer) {
        for found in unframer.rejects {
            withBytes(of: found.text) {
                reject(
                    LogReject(
                        line: found.line, offset: found.offset, lineCount: found.lineCount, reason: found.reason,
                        text: $0))
            }
        }
        source.lines += unframer.noiseLines
        source.noiseLines += unframer.noiseLines
    }

    mutating func noise(line: Int, offset: Int, lineCount: Int) {
        source.lines += lineCount
        source.noiseLines += lineCount
        if let last = noise.last, last.line + last.count == line {
            noise[noise.count - 1].count += lineCount
        } else {
            noise.append((line, lineCount))
        }
    }

    /// Blank lines before `line` are counted for good.
    mutating func forgetNoise(before line: Int) {
        noise.removeAll { $0.line + $0.count <= line }
    }

    /// The account of what was delivered before `line`.
    func source(before line: Int) -> SourceRow {
        var row = source
        for run in noise {
            let behind = min(run.count, max(0, run.line + run.count - line))
            row.lines -= behind
            row.noiseLines -= behind
        }
        return row
    }
}
