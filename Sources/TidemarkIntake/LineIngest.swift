import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// What a parser counted: lines by what they were, records by kind.
protocol LineCounts {
    var rejectedLines: Int { get }
    /// Adds what was counted since `before` to the account of a source, but for the rejected lines.
    func add(to source: inout SourceRow, since before: Self)
    /// Records by kind that were counted since `before`.
    func kinds(since before: Self) -> [String: Int]
}

/// Hands records to the store and keeps the source's row in the ledger up to date.
protocol LineStoringSink {
    var source: SourceRow { get set }
    var ledger: Ledger { get }
}

extension LineStoringSink {
    mutating func reject(_ reject: FormatReject) throws {
        source.rejectLines += reject.lineCount
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}

/// Takes the lines of one source, without their framing, and stores what they say.
protocol LineConsumer {
    associatedtype Counts: LineCounts
    associatedtype Sink: LineStoringSink

    var sink: Sink { get set }
    var counts: Counts { get }
    /// What of ``counts`` is in the account.
    var counted: Counts { get set }
    /// First line of a record that further lines may continue. Nothing behind it was counted or stored yet.
    var pendingStart: (line: Int, offset: Int)? { get }
    /// What the parser needs to know to go on behind what was counted.
    var parserState: String? { get }

    mutating func take(_ line: borrowing Line, _ frame: FrameInfo) throws
    /// Ends the record that is open.
    mutating func finish() throws
    /// Writes out what is held back.
    mutating func checkpoint() throws
    /// Says in the ledger what a reader should know: of the clock, of what is missing.
    /// - Parameter damage: what went wrong while reading, or what the framing knows to be missing.
    mutating func conclude(damage: String?) throws
}

extension LineConsumer {
    var pendingStart: (line: Int, offset: Int)? { nil }
    var parserState: String? { nil }
    mutating func finish() throws {}
    mutating func checkpoint() throws {}

    var source: SourceRow {
        get { sink.source }
        set { sink.source = newValue }
    }

    /// Adds what was counted since the last call to the account; gives the records by kind.
    /// - Parameter rejected: the rejected lines of the source at the last call. The sink counts on from there as they come,
    ///   which bounds what is kept of them; a framing may have made several lines of one.
    mutating func takeCounts(_ rejected: inout Int) -> [String: Int] {
        let (counts, before) = (self.counts, counted)
        counts.add(to: &source, since: before)
        rejected += counts.rejectedLines - before.rejectedLines
        source.rejectLines = rejected
        counted = counts
        return counts.kinds(since: before)
    }
}

/// Reads the lines of a source into the store, from where an earlier run stopped: captures of GPUs, kernel logs, logs of
/// gateways.
///
/// What may still change – a record that is open, parts of lines that wait, the last line without a line feed of a file
/// that has been left alone – is stored as the ledger's tail and read again when there is more (``SourceTail``).
struct LineIngest {
    let store: Store
    let ledger: Ledger
    let framing: LogFraming
    var lineLimit: Int?
    /// Whether it is one document: then it is read to its end at once, and from its beginning when it has grown.
    var isDocument = false
    /// Whose lines are read, of a file that holds those of several programs; nil: all.
    var part: String?
    /// Whether the file has been left alone for long: then a last line without a line feed is read.
    let isSettled: Bool
    /// Commits happen at least this far apart; nil: only at the end.
    var commitBytes: Int?
    let progress: (Int) -> Void

    /// Takes out of the tables what is read again, and saves the source; call it before its rows are written.
    func begin(_ source: inout SourceRow) throws {
        let name = SourceRow.framing(framing.rawValue, part: part)
        let isReadAgain = source.id != 0 && (isWhole || source.framing != name)
        source.framing = name
        try store.database.transaction {
            if isReadAgain { try ledger.forget(&source) }
            try ledger.undoTail(&source)
            try ledger.save(&source)
        }
    }

    private var isWhole: Bool { isDocument || framing.isHeld }

    func run<Consumer: LineConsumer>(_ stream: InputStream, into consumer: inout Consumer) throws {
        let resumed = LineState(consumer.source.state)
        let start = consumer.source.progressBytes
        var unframer = LogUnframer(framing)
        unframer.context = resumed.frames
        var reader = LineReader(
            number: consumer.source.progressLines + 1, offset: start, limit: lineLimit ?? framing.lineLimit)
        var tail = TailHash()
        var committedAt = start
        var rejected = consumer.source.rejectLines
        try store.database.execute("BEGIN IMMEDIATE")
        do {
            try stream.read(from: start, skipped: { tail.update($0, pending: 0) }) { bytes in
                try reader.feed(bytes) { line in try unframer.feed(line) { try take($0, $1, &consumer) } }
                let point = Self.point(consumer, unframer, reader)
                tail.update(bytes, pending: reader.nextOffset + reader.pendingBytes - point.offset)
                progress(stream.consumedFileBytes)
                if let commitBytes, reader.nextOffset - committedAt >= commitBytes, !isWhole {
                    try save(&consumer, at: point, tail, unframer, &rejected)
                    try store.database.commitOnLane()
                    committedAt = reader.nextOffset
                }
                return true
            }
            // A document ends without a line feed.
            let readsLastLine = isWhole || stream.readsLastLine(isSettled: isSettled)
            let point = Self.point(consumer, unframer, reader)
            let bytes = reader.nextOffset - point.offset + (readsLastLine ? reader.pendingBytes : 0)
            var mark: TailMark?
            if !isWhole {
                try save(&consumer, at: point, tail, unframer, &rejected)
                mark = bytes > 0 ? try TailMark(store, source: consumer.source) : nil
            }
            let sha256 = mark == nil ? "" : tail.pendingSHA256(bytes)
            consumer.source.pendingBytes = readsLastLine ? 0 : reader.pendingBytes
            if readsLastLine {
                try reader.finish { line in try unframer.feed(line) { try take($0, $1, &consumer) } }
            }
            try unframer.finish { try take($0, $1, &consumer) }
            try consumer.finish()
            try consumer.checkpoint()
            if let mark {
                let kinds = consumer.takeCounts(&rejected)
                try ledger.add(kinds: kinds, to: consumer.source.id)
                consumer.source.tail = try mark.tail(consumer.source, kinds: kinds, bytes: bytes, sha256: sha256)
            } else if isWhole {
                tail.pendingIsRead()
                try save(&consumer, at: (reader.nextNumber, reader.nextOffset), tail, unframer, &rejected)
                // What belongs to no entry is in the account of the file's main source.
                if part == nil { try account(unframer, &consumer) }
            }
            consumer.source.status = stream.damage == nil ? "read" : "partial"
            try consumer.conclude(damage: stream.damage ?? unframer.remark)
            try ledger.save(&consumer.source)
            try store.database.execute("COMMIT")
        } catch {
            try? store.database.execute("ROLLBACK")
            throw error
        }
    }

    private func account<Consumer: LineConsumer>(_ unframer: LogUnframer, _ consumer: inout Consumer) throws {
        for found in unframer.rejects {
            consumer.source.lines += found.lineCount
            try consumer.sink.reject(found)
        }
        consumer.source.lines += unframer.noiseLines
        consumer.source.noiseLines += unframer.noiseLines
    }

    private func take<Consumer: LineConsumer>(
        _ line: borrowing Line, _ frame: FrameInfo, _ consumer: inout Consumer
    ) throws {
        if part == nil || part == frame.source { try consumer.take(line, frame) }
    }

    /// Where a later run goes on: at the first line of which something waits.
    private static func point<Consumer: LineConsumer>(
        _ consumer: borrowing Consumer, _ unframer: borrowing LogUnframer, _ reader: borrowing LineReader
    ) -> (line: Int, offset: Int) {
        consumer.pendingStart ?? unframer.pendingStart ?? (reader.nextNumber, reader.nextOffset)
    }

    /// Saves what was read before a point; the caller commits.
    private func save<Consumer: LineConsumer>(
        _ consumer: inout Consumer, at point: (line: Int, offset: Int), _ tail: TailHash, _ unframer: LogUnframer,
        _ rejected: inout Int
    ) throws {
        try consumer.checkpoint()
        try ledger.add(kinds: consumer.takeCounts(&rejected), to: consumer.source.id)
        consumer.source.progressBytes = point.offset
        consumer.source.progressLines = point.line - 1
        consumer.source.tailSHA256 = tail.sha256
        consumer.source.state = LineState(parser: consumer.parserState, frames: unframer.context).text
        try ledger.save(&consumer.source)
    }
}

/// What must be remembered of a source between two runs: what its parser says, and what its framing said last
/// (``LogUnframer/context``). Where the framing says nothing it is the parser's own text.
struct LineState {
    var parser: String?
    var frames: [String] = []

    init(parser: String?, frames: [String]) {
        self.parser = parser
        self.frames = frames
    }

    init(_ text: String?) {
        guard let text else { return }
        guard text.hasPrefix("{\"frames\":") else {
            parser = text
            return
        }
        withBytes(of: text) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                if key.equals("frames") {
                    try reader.array { frames.append(try $0.string().text) }
                } else {
                    parser = try reader.string().text
                }
            }
        }
    }

    var text: String? {
        guard !frames.isEmpty else { return parser }
        var text = ByteWriter()
        text.write("{\"frames\":")
        text.writeJSON(frames)
        if let parser {
            text.write(",\"parser\":")
            text.writeJSONString(parser)
        }
        text.write("}")
        return text.text
    }
}
