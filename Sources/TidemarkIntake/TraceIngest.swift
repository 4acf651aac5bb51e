import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads an export of traces into the store; one whose documents are lines from where an earlier run stopped. Each run
/// is one transaction: a killed one leaves nothing.
struct TraceIngest {
    let store: Store
    let ledger: Ledger
    let keepPrompts: Bool
    let progress: (Int) -> Void

    /// What `source.state` says of a source whose documents are lines.
    private static let lines = "lines"

    func run(_ stream: InputStream, _ source: inout SourceRow) throws {
        let resumes = source.id != 0 && source.state == Self.lines
        let isReadAgain = source.id != 0 && !resumes
        source.clockOffsetMs = 0
        source.clockMethod = "UTC in the data"
        source.clockConfidence = 1
        try store.database.transaction {
            // A document that grew is read again as a whole.
            if isReadAgain { try ledger.forget(&source) }
            try ledger.save(&source)
            let writer = try SpanWriter(store, source: source.id, period: source.period)
            var parser = TraceParser(
                sink: TraceStoringSink(writer: writer, ledger: ledger, source: source), keepPrompts: keepPrompts,
                line: source.progressLines + 1, offset: source.progressBytes, isLines: resumes)
            var frames = source.format == TraceFormat.otlpFrames ? Optional(OTLPFrames()) : nil
            var tail = TailHash()
            var length = source.progressBytes
            try stream.read(from: source.progressBytes, skipped: { tail.update($0, pending: 0) }) { bytes in
                if frames != nil {
                    try frames?.feed(bytes) {
                        try parser.feed($0)
                    } reject: {
                        try parser.sink.reject($0)
                    }
                } else {
                    try parser.feed(bytes)
                }
                length += bytes.count
                let open = frames == nil ? parser.unfinishedLine : nil
                tail.update(bytes, pending: open.map { length - $0.offset } ?? 0)
                if parser.unfinishedLine?.spans ?? 0 == 0 { try writer.checkpointWhenFull() }
                progress(stream.consumedFileBytes)
                return true
            }
            var spans = parser.counts.spans
            // The last line of a file that is still written waits for its rest; a gzip file is not written any more.
            try frames?.finish {
                try parser.feed($0)
            } reject: {
                try parser.sink.reject($0)
            }
            let open = stream.isComplete || frames != nil ? nil : parser.unfinishedLine
            if let open {
                spans -= open.spans
                try writer.discard(fromLine: open.line)
            } else {
                tail.pendingIsRead()
                try parser.finish()
            }
            try writer.checkpoint()
            try writer.forgetOrphans()
            let counts = parser.counts
            var row = parser.sink.source
            row.progressBytes = open?.offset ?? length
            row.progressLines += counts.lines
            row.pendingBytes = length - row.progressBytes
            row.tailSHA256 = tail.sha256
            row.state = frames == nil && parser.isLines ? Self.lines : nil
            row.lines += counts.lines
            row.recordLines += counts.recordLines
            // A message that can't be read came as an empty line.
            let damaged = frames?.damaged ?? 0
            row.noiseLines += counts.blankLines + counts.emptyLines - damaged
            row.rejectLines = source.rejectLines + counts.rejectedLines + damaged
            row.records += spans
            row.status = stream.damage == nil ? "read" : "partial"
            row.message = stream.damage ?? Self.remark(counts)
            if row.message == nil, row.records == 0, row.rejectLines == 0 {
                row.message = "no span was found in it"
            }
            try ledger.add(
                kinds: [
                    "span": writer.stored, "duplicate_span": spans - writer.stored, "reject": counts.rejects + damaged,
                    "other_signal": counts.otherSignals,
                ], to: row.id)
            try ledger.save(&row)
            source = row
        }
    }

    private static func remark(_ counts: TraceCounts) -> String? {
        if counts.searchResults > 0 { return "results of a search list traces without their spans" }
        if counts.partialAnswers > 0 { return "the answer says that spans are missing from it" }
        if counts.otherSignals > 0 { return "OpenTelemetry metrics and logs between the traces are not read" }
        return nil
    }
}

/// Hands spans to the store.
private struct TraceStoringSink: TraceSink {
    let writer: SpanWriter
    let ledger: Ledger
    var source: SourceRow

    mutating func resource(_ resource: TraceResource, number: Int) throws {
        try writer.write(resource, number: number)
    }

    mutating func span(_ span: borrowing SpanRecord) throws {
        source.cover(CivilTime.floorDivide(span.startNs, 1_000_000))
        if let end = span.endNs, end > span.startNs { source.cover(CivilTime.floorDivide(end, 1_000_000)) }
        try writer.write(span)
    }

    mutating func reject(_ reject: FormatReject) throws {
        source.rejectLines += 1
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
