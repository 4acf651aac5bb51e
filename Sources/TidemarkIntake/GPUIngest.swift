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
    /// Who told it.
    let zoneSource: String
    /// Columns of a capture without a header.
    let columns: [String]?
    /// When captures without any time began, UTC, and the time between their samples, ms.
    let start: (ms: Int64, intervalMs: Int64)?
    let reference: ClosedRange<Int64>?
    /// Whether the file has been left alone for long: then a last line without a line feed is read.
    let isSettled: Bool
    let progress: (Int) -> Void

    func run(_ stream: InputStream, head: Bytes, _ source: inout SourceRow) throws {
        let framing = NvidiaSMIFormat.framing(head: head)
        // A count of samples begins with the first one.
        let isDocument = GPUCaptureReader.isSnapshot(source.format) || start != nil
        let goesOn = source.id != 0 && !isDocument && source.lastMs != nil
        let clock =
            goesOn
            ? CaptureClock(WallClock(goingOn: source, zone: zone), isKnown: true) : CaptureClock(zone: zone)
        if !goesOn {
            source.clockOffsetMs = clock.offsetMs
            source.clockMethod = zone.map { "zone \($0.name) from \(zoneSource)" } ?? ClockMethod.asUTC
            source.clockConfidence = zone == nil ? 0.5 : 1
        }
        let lines = LineIngest(
            store: store, ledger: ledger, framing: framing, isDocument: isDocument, isSettled: isSettled,
            progress: progress)
        try lines.begin(&source)
        let writer = try GPUWriter(store, source: source.id, period: period)
        var consumer = GPUConsumer(
            parser: GPUCaptureReader(
                format: source.format, columns: columns, state: LineState(source.state).parser,
                shape: NvidiaSMIFormat.shape(head: head)),
            sink: GPUSink(writer: writer, ledger: ledger, source: source, clock: clock), reference: reference,
            isNew: !goesOn)
        consumer.sink.clock.start = start
        consumer.sink.lastMs = reference?.upperBound ?? stream.modifiedMs
        try lines.run(stream, into: &consumer)
        source = consumer.source
    }
}

/// A class, because its parser can't be copied.
private final class GPUConsumer: LineConsumer {
    var parser: GPUCaptureReader
    var sink: GPUSink
    private let reference: ClosedRange<Int64>?
    private let isNew: Bool
    var counted = GPUCaptureCounts()

    init(parser: consuming GPUCaptureReader, sink: GPUSink, reference: ClosedRange<Int64>?, isNew: Bool) {
        self.parser = parser
        self.sink = sink
        self.reference = reference
        self.isNew = isNew
    }

    var counts: GPUCaptureCounts { parser.counts }
    var parserState: String? { parser.state }

    @inline(__always)
    func take(_ line: borrowing Line, _ frame: FrameInfo) throws {
        sink.clock.take(frame, lastMs: sink.lastMs)
        try parser.parse(line: line, physicalLines: frame.lines, into: &sink)
    }

    /// Only documents have records of several lines.
    func finish() throws { try parser.finish(into: &sink) }
    func checkpoint() throws { try sink.writer.checkpoint() }

    func conclude(damage: String?) throws {
        try sink.writer.finish()
        let counts = parser.counts
        sink.source.message =
            damage
            ?? Self.remark(counts, parser.guessedColumns, leftOut: parser.leftOutColumns, steps: sink.backwardSteps)
        sink.describeClock(reference, isNew: isNew)
        if sink.clock.start != nil, counts.untimed > 0 {
            sink.source.clockMethod = "start and interval given"
            sink.source.message = damage
        }
    }

    /// What a reader of the ledger should know.
    private static func remark(
        _ counts: GPUCaptureCounts, _ guessed: [String]?, leftOut: [String], steps: Int
    ) -> String? {
        if counts.untimed > 0 {
            return
                "\(counts.untimed) of \(counts.samples + counts.processes) rows have no time and are not placed: give --gpu-start"
        }
        if steps > 0 {
            return
                "the clock steps back \(steps) times: the end of daylight-saving time, or captures behind one another"
        }
        guard let guessed else {
            guard !leftOut.isEmpty else { return nil }
            let names = leftOut.prefix(12).joined(separator: ", ") + (leftOut.count > 12 ? ", …" : "")
            return "columns left out, their meaning or unit is not certain: \(names)"
        }
        let known = guessed.filter { $0 != "unknown" }
        return
            "no header: \(known.joined(separator: ", ")) told by their values, \(guessed.count - known.count) columns left out"
    }
}

extension GPUCaptureCounts: LineCounts {
    func add(to source: inout SourceRow, since before: GPUCaptureCounts) {
        source.lines += lines - before.lines
        source.recordLines += recordLines - before.recordLines
        source.noiseLines += noiseLines - before.noiseLines
        source.records += records - before.records
    }

    func kinds(since before: GPUCaptureCounts) -> [String: Int] {
        [
            "gpu_sample": samples - before.samples, "gpu_process": processes - before.processes,
            "gpu_event": events - before.events, "reject": rejectedLines - before.rejectedLines,
        ].filter { $0.value > 0 }
    }
}

struct GPUSink: GPUCaptureSink, LineStoringSink {
    let writer: GPUWriter
    let ledger: Ledger
    var source: SourceRow
    /// When the capture may have ended at the latest: dates a capture that has times only.
    var lastMs: Int64 = 0
    /// The capture's clock and those around its lines.
    var clock: CaptureClock
    /// Every time so far was in UTC.
    private(set) var isUTC = false
    private var hasLocal = false
    /// How often a row was more than a minute earlier than the one before it.
    private(set) var backwardSteps = 0
    private var latestMs: Int64?
    /// Rows of one moment that name no GPU come in the order of the GPUs.
    private var place = 0
    private var placeMs: Int64?
    /// Midnight of the first day of such a capture, local; nil before its first row.
    private var midnightMs: Int64?
    private var firstOffsetMs: Int64?

    init(writer: GPUWriter, ledger: Ledger, source: SourceRow, clock: CaptureClock) {
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
            if let offset = clock.outerOffsetMs, words.isGuess {
                words.zone = "zone from the times around the lines"
                source.clockOffsetMs = offset
                source.clockConfidence = 0.95
            } else if isUTC, words.isGuess {
                words.zone = "UTC in the data"
                source.clockConfidence = 1
            } else if let reference, let first = source.firstMs, let last = source.lastMs, words.isGuess {
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
        words.remarks += WallClock.words(clock.own.steps)
        source.clockMethod = words.text
    }

    private mutating func utc(_ wallMs: Int64?, isTimeOfDay: Bool, isUTC: Bool) -> Int64? {
        guard let wallMs, !isTimeOfDay || clock.outer == nil else { return clock.outerMs }
        if isUTC {
            self.isUTC = !hasLocal
            return wallMs
        }
        (hasLocal, self.isUTC) = (true, false)
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
        var timeMs = utc(sample.wallMs, isTimeOfDay: sample.isTimeOfDay, isUTC: sample.isUTC)
        if timeMs == nil { timeMs = clock.counted(index: sample.index) }
        if let timeMs {
            if let latest = latestMs, timeMs < latest - 60_000 { backwardSteps += 1 }
            latestMs = timeMs
        }
        var instance: Int?
        if sample.index != nil || sample.uuid != nil || sample.busID != nil {
            instance = try writer.instance(of: sample)
        } else if !sample.hidesIdentity {
            place = timeMs != nil && timeMs == placeMs ? place + 1 : 0
            placeMs = timeMs
            instance = try writer.instance(ofRow: place, sample)
        }
        for text in sample.errors { try writer.note(error: text, instance: instance, line: line, timeMs: timeMs) }
        guard let instance else { return }
        // A row without a time cannot be placed; its values stay out, the row counts as read.
        guard let timeMs else { return }
        source.cover(timeMs)
        try writer.write(sample, instance: instance, timeMs: timeMs)
    }

    mutating func process(_ process: GPUProcess, line: Int) throws {
        let instance = try writer.instance(of: process)
        var time = utc(process.wallMs, isTimeOfDay: process.isTimeOfDay, isUTC: process.isUTC)
        if time == nil { time = clock.counted(index: process.index) }
        guard let timeMs = time else { return }
        source.cover(timeMs)
        try writer.write(process, instance: instance, timeMs: timeMs)
    }

    mutating func event(_ event: GPUCaptureEvent) throws {
        let local = event.wallMs ?? event.afterWallMs
        let timeMs = event.timeMs ?? clock.outerMs ?? local.map { $0 - clock.offsetMs }
        try writer.write(
            GPUEventRow(
                instance: writer.knownInstance(busID: event.busID, uuid: event.uuid), line: event.line, timeMs: timeMs,
                kind: event.kind.rawValue, code: event.code, text: event.text, busID: event.busID,
                action: event.action))
    }
}

extension GPUSample {
    /// The capture says who a GPU is, but not in this row: the GPU is lost.
    var hidesIdentity: Bool {
        errors.contains { $0.hasPrefix("index:") || $0.hasPrefix("uuid:") || $0.hasPrefix("pci.bus_id:") }
    }
}
