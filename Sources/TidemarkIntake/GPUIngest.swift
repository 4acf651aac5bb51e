import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads a capture of nvidia-smi into the store, from where an earlier run stopped; a listing that grew as a whole.
struct GPUIngest {
    let store: Store
    let ledger: Ledger
    let period: Int
    /// Zone of the capture's clock; nil: taken as UTC, until it is aligned.
    let zone: LocalZone?
    /// Columns of a capture without a header.
    let columns: [String]?
    let reference: ClosedRange<Int64>?
    let progress: (Int) -> Void

    func run(_ stream: InputStream, _ source: inout SourceRow) throws {
        let isSnapshot = GPUCaptureReader.isSnapshot(source.format)
        let goesOn = source.id != 0 && !isSnapshot && source.lastMs != nil
        let clock = goesOn ? WallClock(goingOn: source, zone: zone) : WallClock(zone: zone)
        if !goesOn {
            source.clockOffsetMs = clock.offsetMs
            source.clockMethod = zone.map { "zone \($0.name) from --timezone" } ?? ClockMethod.asUTC
            source.clockConfidence = zone == nil ? 0.5 : 1
        }
        try store.database.transaction {
            if isSnapshot, source.id != 0 {
                try GPUWriter.forget(source: source.id, in: store)
                source.restart()
            }
            try ledger.save(&source)
        }
        let writer = try GPUWriter(store, source: source.id, period: period)
        var sink = GPUSink(writer: writer, ledger: ledger, source: source, clock: clock)
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
            // An unfinished line of a growing capture waits for its rest.
            if isSnapshot || stream.isGzip {
                tail.pendingIsRead()
                try reader.finish { try parser.parse(line: $0, into: &sink) }
            }
            try parser.finish(into: &sink)
            sink.source.progressBytes = reader.nextOffset
            sink.source.progressLines = reader.nextNumber - 1
            sink.source.tailSHA256 = tail.sha256
            sink.source.pendingBytes = reader.pendingBytes
            sink.source.state = parser.state
            sink.source.status = stream.damage == nil ? "read" : "partial"
            sink.source.message = stream.damage ?? Self.remark(parser.counts, parser.guessedColumns)
            sink.source.add(parser.counts)
            sink.describeClock(reference, isNew: !goesOn)
            try ledger.add(kinds: parser.counts.kinds, to: sink.source.id)
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
    /// Forgets how far it was read.
    mutating func restart() {
        (progressBytes, progressLines, tailSHA256, state, pendingBytes) = (0, 0, "", nil, 0)
        (lines, recordLines, noiseLines, rejectLines, records, firstMs, lastMs) = (0, 0, 0, 0, 0, nil, nil)
    }

    mutating func add(_ counts: GPUCaptureCounts) {
        lines += counts.lines
        recordLines += counts.recordLines
        noiseLines += counts.noiseLines
        rejectLines += counts.rejectedLines
        records += counts.records
    }
}

extension GPUCaptureCounts {
    var kinds: [String: Int] {
        ["gpu_sample": samples, "gpu_process": processes, "gpu_event": events, "reject": rejectedLines].filter {
            $0.value > 0
        }
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
    private var clock: WallClock
    private var firstOffsetMs: Int64?

    init(writer: GPUWriter, ledger: Ledger, source: SourceRow, clock: WallClock) {
        self.writer = writer
        self.ledger = ledger
        self.source = source
        self.clock = clock
    }

    /// Writes into the ledger what was learnt about the clock.
    mutating func describeClock(_ reference: ClosedRange<Int64>?, isNew: Bool) {
        var words = ClockMethod(source.clockMethod ?? "")
        if isNew {
            if let firstOffsetMs { source.clockOffsetMs = firstOffsetMs }
            if let reference, let first = source.firstMs, let last = source.lastMs, words.isGuess {
                let fits = first <= reference.upperBound && last >= reference.lowerBound
                words.zone = "\(ClockMethod.asUTC), which \(fits ? "fits" : "does not fit") the metrics"
                source.clockConfidence = fits ? 0.8 : 0.2
            }
            if midnightMs != nil {
                words.remarks.append(
                    "the day from \(reference == nil ? "the file's modification time" : "the metrics")")
                source.clockConfidence = min(source.clockConfidence ?? 0.5, 0.7)
            }
        }
        words.remarks += WallClock.words(clock.steps)
        source.clockMethod = words.text
    }

    private mutating func utc(_ wallMs: Int64?, isTimeOfDay: Bool) -> Int64? {
        guard let wallMs else { return nil }
        guard isTimeOfDay else {
            let timeMs = clock.utc(wallMs)
            firstOffsetMs = firstOffsetMs ?? clock.offsetMs
            return timeMs
        }
        let offsetMs = clock.offsetMs
        if midnightMs == nil {
            // The last day on which the first row is not in the future. A continued capture counts on from its first row.
            let first = source.firstMs.map { $0 + offsetMs } ?? lastMs + offsetMs
            let day = CivilTime.floorDivide(first, CivilTime.millisPerDay) * CivilTime.millisPerDay
            midnightMs = source.firstMs != nil || day + wallMs <= first ? day : day - CivilTime.millisPerDay
        }
        let timeMs = clock.utc((midnightMs ?? 0) + wallMs)
        firstOffsetMs = firstOffsetMs ?? clock.offsetMs
        return timeMs
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
            instance: nil, line: event.line, timeMs: event.afterWallMs.map { $0 - clock.offsetMs },
            kind: event.kind.rawValue, text: event.text)
    }

    mutating func reject(_ reject: FormatReject) throws {
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}
