import TidemarkBase
import TidemarkEvidence

/// Reads captures of `nvidia-smi --query-gpu=… --format=csv` and `--query-compute-apps=…`, in all forms of header, unit and
/// null, line by line.
///
/// The tool quotes nothing, so a row with too many cells is only read when the surplus fits into the free-text column
/// `name`. A header may come again at any line and change the columns. A line is a row only when its cells fit the columns
/// and every typed cell can be read; anything else is a reject, except for the known failure texts, which are events, and
/// times that a wrapper printed on lines of their own, which count for the rows behind them that have none. A wrapper's
/// clock in front of a row is understood, too. Format: drivers 470 to 595. Time: linear; memory: the distinct names.
public struct NvidiaSMIParser: ~Copyable, Sendable {
    /// The columns of the current header; nil before the first one.
    public private(set) var columns: NvidiaSMIColumns?
    public private(set) var counts = NvidiaSMICounts()
    /// A header of a query of memory pages or rows was met: its rows are events.
    private var pages: PageColumns?
    private var sample = GPUSample()
    private var process = GPUProcess()
    private var lastWallMs: Int64?
    /// The last time that stood on a line of its own.
    var lineClock: ClockReading?
    private var cells = CellBorders()
    private var uuids = TextCache()
    private var names = TextCache()
    private var busIDs = TextCache()
    private var versions = TextCache()
    private var pstates = TextCache()
    private var processes = TextCache()

    /// - Parameter columns: names of the columns, for a capture with `noheader`; any alias will do. A header that is there
    ///   all the same wins.
    public init(columns: [String]? = nil) { self.columns = columns.map { NvidiaSMIColumns($0) } }

    /// Goes on with the ``NvidiaSMIColumns/names`` of an earlier run.
    init(resuming names: [String]) { columns = NvidiaSMIColumns(plain: names) }

    /// Names the columns of a capture without a header.
    mutating func use(columns names: [String]) { columns = NvidiaSMIColumns(names) }

    /// Reads all of a capture that is in memory. UTF-16 must have been converted, see ``UTF16Converter``.
    @discardableResult
    public mutating func parse<Sink: GPUCaptureSink>(
        capture bytes: Bytes, into sink: inout Sink
    ) throws -> NvidiaSMICounts {
        var reader = LineReader()
        try reader.feed(bytes) { line in try parse(line: line, into: &sink) }
        try reader.finish { line in try parse(line: line, into: &sink) }
        return counts
    }

    /// Reads the next line.
    public mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        var bytes = line.bytes
        if line.number == 1, bytes.has("\u{FEFF}") { bytes = bytes.slice(3, bytes.count) }
        bytes = bytes.trimmed
        guard let first = bytes.first else {
            counts.blankLines += 1
            return
        }
        guard line.omitted == 0 else { return try reject(line, "the line is too long", into: &sink) }
        guard line.terminated || Self.failure(bytes) != nil else {
            counts.truncatedLines += 1
            return
        }
        // An interrupted program leaves `^C` in front of what follows.
        if first == 94, bytes.has("^C"), bytes.count > 2 { bytes = bytes.slice(2, bytes.count).trimmed }
        if (bytes[0] | 0x20) &- 97 < 26, let header = NvidiaSMIColumns.header(bytes) {
            return try take(header: header, line, into: &sink)
        }
        if let kind = Self.failure(bytes) {
            counts.eventLines += 1
            return try sink.event(
                GPUCaptureEvent(
                    kind: kind, line: line.number, offset: line.offset, text: bytes.text(limit: FormatReject.textLimit),
                    afterWallMs: lastWallMs))
        }
        if let clock = ClockLine.watch(bytes) {
            counts.headerLines += 1
            lineClock = clock
            return
        }
        if Self.isRemark(bytes) || bytes.equals("^C") {
            counts.headerLines += 1
            return
        }
        if first == 61, bytes.has("===") { return takeBanner(bytes) }
        if bytes.count <= 48, bytes.firstIndex(of: 44) == nil, let clock = ClockLine.reading(bytes) {
            counts.headerLines += 1
            lineClock = clock
            return
        }
        if let pages { return try pageRow(pages, bytes, line, into: &sink) }
        guard columns != nil else {
            if try isClockedHeader(bytes, line, into: &sink) { return }
            return try reject(line, "a row before any header: the columns must be given (--columns)", into: &sink)
        }
        do {
            try anyRow(bytes)
        } catch {
            if try isClockedHeader(bytes, line, into: &sink) { return }
            return try reject(line, error.reason, into: &sink)
        }
        counts.rows += 1
        if columns?.ofProcesses == true {
            if process.wallMs == nil, let lineClock {
                (process.wallMs, process.isUTC) = (lineClock.ms, lineClock.isUTC)
            }
            if let wallMs = process.wallMs { lastWallMs = wallMs } else { counts.untimedRows += 1 }
            counts.processRows += 1
            return try sink.process(process, line: line.number)
        }
        if sample.wallMs == nil, let lineClock { (sample.wallMs, sample.isUTC) = (lineClock.ms, lineClock.isUTC) }
        if let wallMs = sample.wallMs { lastWallMs = wallMs } else { counts.untimedRows += 1 }
        try sink.gpu(sample, line: line.number)
    }

    private mutating func take<Sink: GPUCaptureSink>(
        header: [String], _ line: borrowing Line, into sink: inout Sink
    ) throws {
        counts.headerLines += 1
        pages = PageColumns(header)
        guard pages == nil else { return }
        let next = NvidiaSMIColumns(header)
        guard next != columns else { return }
        columns = next
        sample = GPUSample()
    }

    /// Takes a header behind the clock of a wrapper that puts one in front of every line.
    private mutating func isClockedHeader<Sink: GPUCaptureSink>(
        _ bytes: Bytes, _ line: borrowing Line, into sink: inout Sink
    ) throws -> Bool {
        guard let (_, start) = ClockLine.leading(bytes),
            let header = NvidiaSMIColumns.header(bytes.slice(start, bytes.count))
        else { return false }
        try take(header: header, line, into: &sink)
        return true
    }

    /// `=====`, `=== monitor 2026-03-04 09:08:08 UTC ===`: a wrapper's line between calls, whose time may serve the rows.
    private mutating func takeBanner(_ bytes: Bytes) {
        counts.headerLines += 1
        for at in 1..<bytes.count where bytes[at] &- 48 < 10 && bytes[at - 1] == 32 && at + 19 <= bytes.count {
            guard let clock = ClockLine.reading(bytes.slice(at, at + 19)) else { continue }
            lineClock = ClockReading(ms: clock.ms, isUTC: clock.isUTC || bytes.has(" UTC", at: at + 19))
            return
        }
    }

    private mutating func reject<Sink: GPUCaptureSink>(
        _ line: borrowing Line, _ reason: String, into sink: inout Sink
    ) throws {
        if ShellLine.matches(line.bytes) {
            counts.headerLines += 1
            return
        }
        counts.rejectedLines += 1
        try sink.reject(FormatReject(line, reason))
    }

    /// What the tool says besides its table: second lines of failures.
    static func isRemark(_ bytes: Bytes) -> Bool {
        bytes[0] &- 48 > 9
            && (bytes.has("NVML library version:") || bytes.has("Make sure that the latest NVIDIA driver")
                || bytes.has("Reboot the system to recover") || bytes.has("Failed to process command line"))
    }

    private mutating func pageRow<Sink: GPUCaptureSink>(
        _ pages: PageColumns, _ bytes: Bytes, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        guard let count = cells.cut(bytes), count == pages.roles.count else {
            return try reject(line, "a row of memory pages whose cells don't fit the header", into: &sink)
        }
        guard var event = pages.event(cells, bytes) else {
            counts.blankLines += 1
            return
        }
        (event.line, event.offset) = (line.number, line.offset)
        counts.eventLines += 1
        try sink.event(event)
    }

    static func failure(_ bytes: Bytes) -> GPUCaptureEvent.Kind? {
        switch bytes[0] {
        case 78:
            if bytes.has("NVIDIA-SMI has failed") { return .driverUnreachable }
            if bytes.has("NVIDIA-SMI couldn't find") { return .initialisationFailed }
            // Of dmon and pmon.
            if bytes.equals("Not supported on the device(s)") { return .badArguments }
            return bytes.has("No devices were found") ? .noDevices : nil
        case 69: return bytes.has("Error setting watches. Result: ") ? .initialisationFailed : nil
        case 85: return bytes.has("Unable to determine the device handle") ? .deviceUnreachable : nil
        case 70:
            if bytes.has("Failed to initialize NVML") { return .initialisationFailed }
            if bytes.has("Field \""), bytes.range(of: "is not a valid field") != nil { return .badArguments }
            return bytes.has("Format modifier") ? .badArguments : nil
        // A shell's words: `bash: nvidia-smi: command not found`, `sh: 1: nvidia-smi: not found`.
        case 47, 97...122:
            guard bytes.count < 200, let tool = bytes.range(of: "nvidia-smi: ") else { return nil }
            return bytes.has("command not found", at: tool + 12) || bytes.has("not found", at: tool + 12)
                ? .toolMissing : nil
        default: return nil
        }
    }

    /// Why a line is no row.
    private struct NoRow: Error { let reason: String }

    /// Reads a row; when it is none, or has no time, a clock that a wrapper wrote in front of it may be the reason.
    private mutating func anyRow(_ bytes: Bytes) throws(NoRow) {
        if columns?.hasTimestamp == true {
            do {
                return try plainRow(bytes)
            } catch {
                guard let (_, start) = ClockLine.leading(bytes) else { throw error }
                return try plainRow(bytes.slice(start, bytes.count))
            }
        }
        guard let (clock, start) = ClockLine.leading(bytes) else { return try plainRow(bytes) }
        do {
            try plainRow(bytes.slice(start, bytes.count))
        } catch {
            // What looks like a clock may be a first column.
            return try plainRow(bytes)
        }
        if columns?.ofProcesses == true {
            (process.wallMs, process.isUTC) = (clock.ms, clock.isUTC)
        } else {
            (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC)
        }
        // `echo "$(date): $(nvidia-smi …)"`: the rows of the other GPUs follow without it.
        lineClock = clock
    }

    private mutating func plainRow(_ bytes: Bytes) throws(NoRow) {
        if columns?.ofProcesses == true { try processRow(bytes) } else { try row(bytes) }
    }

    /// Reads the cells of a row into ``sample``.
    private mutating func row(_ bytes: Bytes) throws(NoRow) {
        guard let columns else { throw NoRow(reason: "no columns are known") }
        let expected = columns.roles.count
        guard let found = cells.cut(bytes) else { throw NoRow(reason: "more than \(CellBorders.most) cells") }
        (sample.wallMs, sample.isUTC) = (nil, false)
        var surplus = found - expected
        // `date --iso-8601=ns` prints a decimal comma.
        var splitTime: ClockReading?
        if surplus > 0, columns.roles.first == .timestamp {
            splitTime = NvidiaSMICell.commaClock(cells.cells(0, through: 1, bytes))
            if splitTime != nil { surplus -= 1 }
        }
        guard surplus == 0 || (surplus > 0 && columns.freeText != nil) else {
            throw NoRow(reason: "\(found) cells, but the header has \(expected)")
        }
        if !sample.errors.isEmpty { sample.errors.removeAll() }
        var mask: UInt64?
        var reasons: UInt64?
        var at = 0
        for index in 0..<expected {
            var cell = cells.cell(at, bytes)
            at += 1
            if index == 0, let splitTime {
                (sample.wallMs, sample.isUTC) = (splitTime.ms, splitTime.isUTC)
                at += 1
                continue
            }
            if surplus > 0, index == columns.freeText {
                cell = cells.cells(at - 1, through: at - 1 + surplus, bytes)
                at += surplus
            }
            switch columns.roles[index] {
            case .field(let field):
                switch NvidiaSMICell.number(cell) {
                case .value(let value): sample.values[field] = value
                case .missing: sample.values[field] = nil
                case .error:
                    sample.values[field] = nil
                    note(cell, columns.names[index])
                case .foreign: throw NoRow(reason: "\(columns.names[index]) is not a number")
                }
            case .timestamp:
                if let wallMs = NvidiaSMICell.wallMs(cell) {
                    sample.wallMs = wallMs
                } else if let clock = NvidiaSMICell.wrapperClock(cell) {
                    (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC)
                } else if try isAbsent(cell, columns.names[index]) {
                    sample.wallMs = nil
                }
            case .index:
                sample.index = Decimal.parseInt(cell)
                if sample.index == nil { _ = try isAbsent(cell, columns.names[index]) }
            case .uuid: sample.uuid = isText(cell, columns.names[index]) ? uuids.text(cell) : nil
            case .name: sample.name = isText(cell, columns.names[index]) ? names.text(cell) : nil
            case .busID: sample.busID = isText(cell, columns.names[index]) ? busIDs.text(cell) : nil
            case .driverVersion: sample.driverVersion = isText(cell, columns.names[index]) ? versions.text(cell) : nil
            case .pstate: sample.pstate = isText(cell, columns.names[index]) ? pstates.text(cell) : nil
            case .reasons:
                mask = NvidiaSMICell.mask(cell)
                if mask == nil { _ = try isAbsent(cell, columns.names[index]) }
            case .reason(let bit):
                if cell.equals("Active") {
                    reasons = (reasons ?? 0) | bit
                } else if cell.equals("Not Active") {
                    reasons = reasons ?? 0
                } else {
                    _ = try isAbsent(cell, columns.names[index])
                }
            case .other, .pid, .processName, .usedMemory:
                if NvidiaSMICell.isError(cell) { note(cell, columns.names[index]) }
            }
        }
        sample.throttleReasons = mask ?? reasons
    }

    /// Reads the cells of a row of a query of processes into ``process``.
    private mutating func processRow(_ bytes: Bytes) throws(NoRow) {
        guard let columns else { throw NoRow(reason: "no columns are known") }
        let expected = columns.roles.count
        guard let found = cells.cut(bytes) else { throw NoRow(reason: "more than \(CellBorders.most) cells") }
        guard found == expected || (found > expected && columns.freeText != nil) else {
            throw NoRow(reason: "\(found) cells, but the header has \(expected)")
        }
        process = GPUProcess()
        var at = 0
        for index in 0..<expected {
            var cell = cells.cell(at, bytes)
            if index == columns.freeText, found > expected {
                cell = cells.cells(at, through: at + found - expected, bytes)
                at += found - expected
            }
            at += 1
            if NvidiaSMICell.isMissing(cell) || NvidiaSMICell.isError(cell) { continue }
            switch columns.roles[index] {
            case .timestamp:
                guard let clock = NvidiaSMICell.wrapperClock(cell) else {
                    throw NoRow(reason: "timestamp cannot be read")
                }
                (process.wallMs, process.isUTC) = (clock.ms, clock.isUTC)
            case .pid:
                process.pid = Decimal.parseInt(cell)
                if process.pid == nil { throw NoRow(reason: "pid is not a number") }
            case .usedMemory:
                guard case .value(let value) = NvidiaSMICell.number(cell) else {
                    throw NoRow(reason: "\(columns.names[index]) is not a number")
                }
                process.usedMemory = value
            case .processName: process.name = processes.text(cell)
            case .uuid: process.uuid = uuids.text(cell)
            case .busID: process.busID = busIDs.text(cell)
            case .index: process.index = Decimal.parseInt(cell)
            default: break
            }
        }
    }

    /// Whether a cell that could not be read says that there is no value; a foreign text spoils the row.
    private mutating func isAbsent(_ cell: Bytes, _ column: String) throws(NoRow) -> Bool {
        if NvidiaSMICell.isMissing(cell) { return true }
        guard NvidiaSMICell.isError(cell) else { throw NoRow(reason: "\(column) cannot be read") }
        note(cell, column)
        return true
    }

    /// Whether a cell of a text column has a text.
    private mutating func isText(_ cell: Bytes, _ column: String) -> Bool {
        if NvidiaSMICell.isMissing(cell) { return false }
        if NvidiaSMICell.isError(cell) {
            note(cell, column)
            return false
        }
        return true
    }

    /// Adds an error text with its column: `power.draw: Unknown Error`.
    private mutating func note(_ cell: Bytes, _ column: String) {
        sample.errors.append("\(column): \(cell.slice(1, cell.count - 1).text(limit: 120))")
    }
}
