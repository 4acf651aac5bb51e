import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads a capture of nvidia-smi into the store, from where an earlier run stopped; a listing that grew as a whole.
struct GPUIngest {
    let store: Store
    let ledger: Ledger
    let period: Int
    /// Zone of the capture's clock, minutes east of UTC; nil: taken as UTC.
    let offsetMinutes: Int?
    /// Columns of a capture without a header.
    let columns: [String]?
    let reference: ClosedRange<Int64>?
    /// Whether the file has been left alone for long: then a last line without a line feed is read.
    let isSettled: Bool
    let progress: (Int) -> Void

    func run(_ stream: InputStream, _ source: inout SourceRow) throws {
        source.clockOffsetMs = Int64(offsetMinutes ?? 0) * 60_000
        source.clockMethod = offsetMinutes == nil ? "taken as UTC" : "zone given"
        source.clockConfidence = offsetMinutes == nil ? 0.5 : 1
        let isSnapshot = GPUCaptureReader.isSnapshot(source.format)
        try store.database.transaction {
            if isSnapshot, source.id != 0 { try ledger.forget(&source) }
            try ledger.undoTail(&source)
            try ledger.save(&source)
        }
        let writer = try GPUWriter(store, source: source.id, period: period)
        var sink = GPUSink(writer: writer, ledger: ledger, source: source)
        sink.lastMs = reference?.upperBound ?? stream.modifiedMs
        var parser = GPUCaptureReader(format: source.format, columns: columns, state: source.state)
        var reader = LineReader(number: source.progressLines + 1, offset: source.progressBytes)
        var tail = TailHash()
        try store.database.transaction {
            var skip = source.progressBytes
            try stream.read { bytes in
                var bytes = bytes
                if skip > 0 {
                    let cut = min(skip, bytes.count)
                    tail.update(bytes.slice(0, cut), pending: 0)
                    skip -= cut
                    bytes = bytes.slice(cut, bytes.count)
                }
                try reader.feed(bytes) { try parser.parse(line: $0, into: &sink) }
                tail.update(bytes, pending: reader.pendingBytes)
                progress(stream.consumedFileBytes)
                return true
            }
            if isSnapshot {
                tail.pendingIsRead()
                try reader.finish { try parser.parse(line: $0, into: &sink) }
                try parser.finish(into: &sink)
            }
            sink.source.progressBytes = reader.nextOffset
            sink.source.progressLines = reader.nextNumber - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.pendingBytes = reader.pendingBytes
            let readsLastLine = stream.readsLastLine(isSettled: isSettled)
            sink.source.state = parser.state
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.add(parser.counts)
            var counts = parser.counts
            try ledger.add(kinds: counts.kinds, to: sink.source.id)
            if readsLastLine, reader.pendingBytes > 0 {
                // It may be the beginning of one that is still being written after all: the next run reads it again.
                let mark = try TailMark(store, source: sink.source)
                let (bytes, sha256) = (reader.pendingBytes, tail.pendingSHA256())
                try reader.finish { try parser.parse(line: $0, into: &sink) }
                sink.source.add(parser.counts, since: counts)
                let kinds = parser.counts.kinds(since: counts)
                try ledger.add(kinds: kinds, to: sink.source.id)
                sink.source.tail = try mark.tail(sink.source, kinds: kinds, bytes: bytes, sha256: sha256)
                sink.source.pendingBytes = 0
                counts = parser.counts
            }
            sink.source.message = stream.damage ?? Self.remark(counts, parser.guessedColumns)
            if sink.isDated { sink.source.clockMethod = "the day from the metrics or the file's modification time" }
            if let reference, let first = sink.source.firstMs, let last = sink.source.lastMs, offsetMinutes == nil {
                let fits = first <= reference.upperBound && last >= reference.lowerBound
                sink.source.clockMethod = "taken as UTC, which \(fits ? "fits" : "does not fit") the metrics"
                sink.source.clockConfidence = fits ? 0.8 : 0.2
            }
            try ledger.save(&sink.source)
        }
        source = sink.source
    }

    /// What a reader of the ledger should know.
    private static func remark(_ counts: GPUCaptureCounts, _ guessed: [String]?) -> String? {
        if counts.untimed > 0 {
            return "\(counts.untimed) of \(counts.samples + counts.processes) rows have no time and are not placed"
        }
        guard let guessed else { return nil }
        let known = guessed.filter { $0 != "unknown" }
        return
            "no header: \(known.joined(separator: ", ")) told by their values, \(guessed.count - known.count) columns left out"
    }
}

extension SourceRow {
    /// Adds what was read since the parser had counted `before`.
    mutating func add(_ counts: GPUCaptureCounts, since before: GPUCaptureCounts = GPUCaptureCounts()) {
        lines += counts.lines - before.lines
        recordLines += counts.recordLines - before.recordLines
        noiseLines += counts.noiseLines - before.noiseLines
        rejectLines += counts.rejectedLines - before.rejectedLines
        records += counts.records - before.records
    }
}

extension GPUCaptureCounts {
    var kinds: [String: Int] { kinds(since: GPUCaptureCounts()) }

    func kinds(since before: GPUCaptureCounts) -> [String: Int] {
        [
            "gpu_sample": samples - before.samples, "gpu_process": processes - before.processes,
            "gpu_event": events - before.events, "reject": rejectedLines - before.rejectedLines,
        ].filter { $0.value > 0 }
    }
}

struct GPUSink: GPUCaptureSink {
    let writer: GPUWriter
    let ledger: Ledger
    var source: SourceRow
    /// When the capture may have ended at the latest: dates a capture that has times only.
    var lastMs: Int64 = 0
    /// Midnight of the first day of such a capture, local; nil before its first row.
    private var midnightMs: Int64?
    var isDated: Bool { midnightMs != nil }

    init(writer: GPUWriter, ledger: Ledger, source: SourceRow) {
        self.writer = writer
        self.ledger = ledger
        self.source = source
    }

    private mutating func utc(_ wallMs: Int64?, isTimeOfDay: Bool) -> Int64? {
        guard let wallMs else { return nil }
        let offsetMs = source.clockOffsetMs ?? 0
        guard isTimeOfDay else { return wallMs - offsetMs }
        if midnightMs == nil {
            // The last day on which the first row is not in the future. A continued capture counts on from its first row.
            let first = source.firstMs.map { $0 + offsetMs } ?? lastMs + offsetMs
            let day = CivilTime.floorDivide(first, CivilTime.millisPerDay) * CivilTime.millisPerDay
            midnightMs = source.firstMs != nil || day + wallMs <= first ? day : day - CivilTime.millisPerDay
        }
        return (midnightMs ?? 0) + wallMs - offsetMs
    }

    mutating func gpu(_ sample: GPUSample, line: Int) throws {
        let instance = try writer.instance(of: sample)
        let timeMs = utc(sample.wallMs, isTimeOfDay: sample.isTimeOfDay)
        for text in sample.errors {
            try writer.writeEvent(instance: instance, line: line, timeMs: timeMs, kind: "error_value", text: text)
        }
        // A row without a time cannot be placed; its values stay out, the row counts as read.
        guard let timeMs else { return }
        source.cover(timeMs)
        try writer.write(sample, instance: instance, timeMs: timeMs)
    }

    mutating func process(_ process: GPUProcess, line: Int) throws {
        let instance = try writer.instance(of: process)
        guard let timeMs = utc(process.wallMs, isTimeOfDay: process.isTimeOfDay) else { return }
        source.cover(timeMs)
        try writer.write(process, instance: instance, timeMs: timeMs)
    }

    mutating func event(_ event: GPUCaptureEvent) throws {
        try writer.writeEvent(
            instance: nil, line: event.line, timeMs: event.afterWallMs.map { $0 - (source.clockOffsetMs ?? 0) },
            kind: event.kind.rawValue, text: event.text)
    }

    mutating func reject(_ reject: FormatReject) throws {
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
