import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads a vLLM server log into the store, from where an earlier run stopped.
struct LogIngest {
    /// Commits happen at least this far apart in the input: each costs a synchronous write.
    static let commitBytes = 64 << 20

    let store: Store
    let ledger: Ledger
    let hints: LogClock.Hints
    let progress: (Int) -> Void

    /// - Parameter source: its row; new, or with the progress of an earlier run.
    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow, instance: Int) throws {
        let framing = LogFraming.detect(head: head)
        source.framing = framing.rawValue
        source.instance = instance
        var unframer = LogUnframer(framing)
        let saved = LogState(json: source.state)
        let survey = LogSurvey(head: head, framing: framing)
        let clock = LogClock(hints: hints, firstStamp: survey.firstStamp, outer: survey.outer)
        source.clockOffsetMs = clock.offsetMs
        source.clockMethod = clock.method
        source.clockConfidence = clock.confidence
        try store.database.transaction { try ledger.save(&source) }

        var parser = VLLMLogParser(resuming: saved.parser)
        var reader = LineReader(
            number: source.progressLines + 1, offset: source.progressBytes, limit: framing.lineLimit)
        let writer = try LogWriter(store, source: source.id, instance: instance, resume: saved.writer)
        var sink = LogSink(writer: writer, ledger: ledger, clock: clock, source: source)
        var committedAt = source.progressBytes
        var tail = TailHash()

        func commit() throws {
            try writer.checkpoint()
            try ledger.add(kinds: sink.takeKinds(), to: sink.source.id)
            sink.source.progressBytes = reader.nextOffset
            sink.source.progressLines = reader.nextNumber - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.state = LogState(parser: parser.resumeState, writer: writer.resume).json
            try ledger.save(&sink.source)
            try store.database.execute("COMMIT; BEGIN IMMEDIATE")
            committedAt = reader.nextOffset
        }

        try store.database.execute("BEGIN IMMEDIATE")
        do {
            var skip = source.progressBytes
            try stream.read { bytes in
                var bytes = bytes
                if skip > 0 {
                    let cut = min(skip, bytes.count)
                    tail.update(bytes.slice(0, cut), pending: 0)
                    skip -= cut
                    bytes = bytes.slice(cut, bytes.count)
                }
                reader.feed(bytes) { line in
                    unframer.feed(line) { inner, frame in parser.feed(inner, frame: frame, &sink) }
                }
                tail.update(bytes, pending: reader.pendingBytes)
                if let failure = sink.failure { throw failure }
                progress(stream.consumedFileBytes)
                // Only where no record is open does a commit leave nothing behind.
                if reader.nextOffset - committedAt >= Self.commitBytes,
                    unframer.pendingStart == nil, parser.pendingStart.map({ $0.line > sink.lastLine }) ?? true
                {
                    parser.finish(&sink)
                    try commit()
                }
                return true
            }
            // A document ends without a line feed; it does not grow.
            let readsLastLine = stream.isGzip || framing.isHeld
            if readsLastLine {
                tail.pendingIsRead()
                reader.finish { line in
                    unframer.feed(line) { inner, frame in parser.feed(inner, frame: frame, &sink) }
                }
            }
            unframer.finish { inner, frame in parser.feed(inner, frame: frame, &sink) }
            parser.finish(&sink)
            sink.take(unframer)
            if let failure = sink.failure { throw failure }
            sink.source.pendingBytes = readsLastLine ? 0 : reader.pendingBytes
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.message = stream.damage ?? unframer.remark
            try commit()
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

    init(parser: VLLMLogState, writer: LogWriter.Resume) {
        self.parser = parser
        self.writer = writer
    }

    init(json: String?) {
        guard let json else { return }
        var numbers: [String: Int] = [:]
        withBytes(of: json) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in numbers[key.text] = Int(try reader.number()) }
        }
        writer = LogWriter.Resume(run: numbers["run"] ?? 0, lastAccessRow: numbers["access_row"] ?? 0)
        parser.carriageReturns = VLLMLogState.CarriageReturns(rawValue: UInt8(numbers["cr"] ?? 0)) ?? .unknown
        if let month = numbers["month"], let day = numbers["day"] {
            parser.lastStamp = LogStamp(
                year: Int32(numbers["year"] ?? 0), month: UInt8(month), day: UInt8(day),
                hour: UInt8(numbers["hour"] ?? 0), minute: UInt8(numbers["minute"] ?? 0),
                second: UInt8(numbers["second"] ?? 0), milli: UInt16(numbers["milli"] ?? 0))
        }
    }

    var json: String {
        var text =
            "{\"run\":\(writer.run),\"access_row\":\(writer.lastAccessRow),\"cr\":\(parser.carriageReturns.rawValue)"
        if let stamp = parser.lastStamp {
            text += ",\"year\":\(stamp.year),\"month\":\(stamp.month),\"day\":\(stamp.day),\"hour\":\(stamp.hour)"
            text += ",\"minute\":\(stamp.minute),\"second\":\(stamp.second),\"milli\":\(stamp.milli)"
        }
        return text + "}"
    }
}

/// Times the records, counts them and hands them to the store.
struct LogSink: VLLMLogSink {
    let writer: LogWriter
    let ledger: Ledger
    var clock: LogClock
    var source: SourceRow
    private var kinds: [String: Int] = [:]
    private var accesses = 0
    private var requests = 0
    /// Last line of which something was delivered.
    var lastLine = 0
    var failure: (any Error)?
    private var lastStamp: LogStamp?
    private var lastStampMs: Int64 = 0

    init(writer: LogWriter, ledger: Ledger, clock: LogClock, source: SourceRow) {
        self.writer = writer
        self.ledger = ledger
        self.clock = clock
        self.source = source
    }

    mutating func record(_ record: LogRecord) {
        guard failure == nil else { return }
        lastLine = max(lastLine, record.line + max(0, record.lineCount - 1))
        source.records += 1
        source.recordLines += record.lineCount
        source.lines += record.lineCount
        // The common kinds are counted without a key.
        switch record.payload {
        case .access: accesses += 1
        case .request: requests += 1
        default: kinds[record.kind, default: 0] += 1
        }
        let timeMs = time(of: record)
        if let timeMs { source.cover(timeMs) }
        do { try writer.write(record, timeMs: timeMs) } catch { failure = error }
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
        if record.stamp == nil, let outer = record.frame.timeMs, !record.frame.zoneless { return outer }
        guard let stamp = record.stamp ?? record.carried else { return nil }
        // Thousands of lines share a second.
        if stamp == lastStamp { return lastStampMs }
        lastStamp = stamp
        lastStampMs = clock.utc(stamp)
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
        lastLine = max(lastLine, line + max(0, lineCount - 1))
        source.lines += lineCount
        source.noiseLines += lineCount
    }
}
