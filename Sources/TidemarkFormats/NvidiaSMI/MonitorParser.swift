import TidemarkBase
import TidemarkEvidence

/// Reads `nvidia-smi dmon` and `pmon`, as text and as CSV, line by line.
///
/// The two header lines come again and again, in the middle of a sample too, and may change the columns. Cells are split on
/// blanks (the widths differ between drivers) or on commas where the header or the row has them. `-` is a missing value.
/// A capture with `-o T` has no date: its times count from midnight of its first day; one without `-o` has no time at all.
/// Format: drivers 470 to 550. Time: linear; memory: one row.
struct MonitorParser: ClockedParser, Sendable {
    private(set) var columns: MonitorColumns?
    private(set) var counts = GPUCaptureCounts()
    private var sample = GPUSample()
    private var starts: [Int] = []
    private var ends: [Int] = []
    /// Days since the first row, and the last row's time of the day: a capture without dates may pass midnight.
    private var day: Int64 = 0
    private var lastInDayMs: Int64 = 0
    private var lastWallMs: Int64?
    /// The last time that a wrapper wrote, on a line of its own or in front of one.
    var lineClock: ClockReading?

    private static let halfDayMs = CivilTime.millisPerDay / 2

    /// - Parameter columns: names for a capture that has no header.
    init(columns: [String]? = nil) { self.columns = columns.map { MonitorColumns($0) } }

    /// What a continued capture needs: columns and the clock. The form is private to ``init(resuming:)``.
    var state: String? {
        // A name may hold anything but the end of a line.
        columns.map { "\(day) \(lastInDayMs) " + $0.names.map { $0 + "\n" }.joined() }
    }

    init(resuming state: String) {
        let parts = state.split(separator: " ", maxSplits: 2)
        guard parts.count == 3 else { return }
        day = Int64(parts[0]) ?? 0
        lastInDayMs = Int64(parts[1]) ?? 0
        // Earlier versions put commas between the names.
        let names =
            parts[2].last == "\n"
            ? parts[2].dropLast().split(separator: "\n", omittingEmptySubsequences: false)
            : parts[2].split(separator: ",")
        columns = MonitorColumns(names.map(String.init))
    }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard let first = bytes.first else {
            counts.noiseLines += 1
            return
        }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        guard line.terminated || NvidiaSMIParser.failure(bytes) != nil else {
            counts.noiseLines += 1
            return
        }
        if first == 35 {
            counts.noiseLines += 1
            take(MonitorColumns.header(bytes))
            return
        }
        if let kind = NvidiaSMIParser.failure(bytes) {
            return try counts.event(kind, line, bytes, after: lastWallMs, into: &sink)
        }
        if let clock = ClockLine.watch(bytes) ?? (bytes.count <= 48 ? ClockLine.reading(bytes) : nil) {
            lineClock = clock
            counts.noiseLines += 1
            return
        }
        guard let columns else {
            return try counts.reject(
                line, "a row before any header: the columns must be given (--columns)", into: &sink)
        }
        split(bytes)
        let count = columns.roles.count
        // An idle GPU of pmon may have no command at all.
        if columns.ofProcesses, columns.roles.last == .command, starts.count == count - 1,
            (1..<starts.count).allSatisfy({ cell($0, bytes).equals("-") })
        {
            counts.noiseLines += 1
            return
        }
        // A command may hold blanks and commas: it takes the rest.
        let isOpen = columns.roles.last == .command && starts.count > count
        guard starts.count == count || isOpen else {
            return try counts.reject(line, "\(starts.count) cells, but the header has \(count)", into: &sink)
        }
        if isOpen { ends[count - 1] = ends[starts.count - 1] }
        do {
            if columns.ofProcesses {
                try process(columns, bytes, line.number, into: &sink)
            } else {
                try device(columns, bytes)
                counts.recordLines += 1
                counts.samples += 1
                if sample.wallMs == nil { counts.untimed += 1 }
                try sink.gpu(sample, line: line.number)
            }
        } catch let foreign as NoRow {
            try counts.reject(line, foreign.reason, into: &sink)
        }
    }

    private mutating func take(_ header: MonitorColumns.Header?) {
        switch header {
        case .names(let names)?:
            guard names != columns?.names else { return }
            columns = MonitorColumns(names)
            sample = GPUSample()
        case .units(let units)?:
            // With names before it the line of units says nothing new.
            guard units.count != columns?.names.count, let names = MonitorColumns.names(ofUnits: units) else { return }
            columns = MonitorColumns(names)
            sample = GPUSample()
        case nil: break
        }
    }

    private mutating func split(_ line: Bytes) {
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var at = 0
        if line.firstIndex(of: 44) != nil, columns?.ofProcesses != true || line[0] &- 48 > 9 || hasCommaFirst(line) {
            while at <= line.count {
                let end = line.firstIndex(of: 44, from: at) ?? line.count
                var low = at
                var high = end
                while low < high, line[low] == 32 || line[low] == 9 { low += 1 }
                while high > low, line[high - 1] == 32 || line[high - 1] == 9 { high -= 1 }
                starts.append(low)
                ends.append(high)
                at = end + 1
            }
            return
        }
        while at < line.count {
            while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
            let start = at
            while at < line.count, line[at] != 32, line[at] != 9 { at += 1 }
            if at > start {
                starts.append(start)
                ends.append(at)
            }
        }
    }

    /// Whether a comma ends the first cell: a comma further behind may belong to a command.
    private func hasCommaFirst(_ line: Bytes) -> Bool {
        for byte in line {
            if byte == 44 { return true }
            if byte == 32 || byte == 9 { return false }
        }
        return false
    }

    private struct NoRow: Error { let reason: String }

    private func cell(_ index: Int, _ line: Bytes) -> Bytes { line.slice(starts[index], ends[index]) }

    private func number(_ index: Int, _ line: Bytes, _ columns: MonitorColumns) throws -> Double? {
        switch NvidiaSMICell.number(cell(index, line)) {
        case .value(let value): return value
        case .missing, .error: return nil
        case .foreign: throw NoRow(reason: "\(columns.names[index]) is not a number")
        }
    }

    private mutating func device(_ columns: MonitorColumns, _ line: Bytes) throws {
        (sample.wallMs, sample.isTimeOfDay) = try time(columns, line)
        sample.isUTC = false
        if sample.wallMs == nil, let lineClock {
            (sample.wallMs, sample.isUTC) = (lineClock.ms, lineClock.isUTC)
            lastWallMs = lineClock.ms
        }
        sample.index = nil
        for index in 0..<columns.roles.count {
            switch columns.roles[index] {
            case .gpu:
                guard let gpu = Decimal.parseInt(cell(index, line)), gpu >= 0 else {
                    throw NoRow(reason: "gpu is not a number")
                }
                sample.index = gpu
            case .field(let field): sample.values[field] = try number(index, line, columns)
            case .percent(let field): sample.values[field] = try number(index, line, columns).map { $0 / 100 }
            default: break
            }
        }
    }

    private mutating func process<Sink: GPUCaptureSink>(
        _ columns: MonitorColumns, _ line: Bytes, _ number: Int, into sink: inout Sink
    ) throws {
        var process = GPUProcess()
        (process.wallMs, process.isTimeOfDay) = try time(columns, line)
        if process.wallMs == nil, let lineClock { (process.wallMs, process.isUTC) = (lineClock.ms, lineClock.isUTC) }
        for index in 0..<columns.roles.count {
            let cell = self.cell(index, line)
            switch columns.roles[index] {
            case .gpu:
                guard let gpu = Decimal.parseInt(cell), gpu >= 0 else { throw NoRow(reason: "gpu is not a number") }
                process.index = gpu
            case .pid:
                if NvidiaSMICell.isMissing(cell) { break }
                guard let pid = Decimal.parseInt(cell) else { throw NoRow(reason: "pid is not a number") }
                process.pid = pid
            case .type: process.type = NvidiaSMICell.isMissing(cell) ? nil : cell.text(limit: 16)
            case .command: process.name = NvidiaSMICell.isMissing(cell) ? nil : cell.text(limit: 256)
            case .usedMemory: process.usedMemory = try self.number(index, line, columns)
            case .processUtilization: process.utilization = try self.number(index, line, columns)
            case .processMemoryUtilization: process.memoryUtilization = try self.number(index, line, columns)
            case .processEncoder: process.encoderUtilization = try self.number(index, line, columns)
            case .processDecoder: process.decoderUtilization = try self.number(index, line, columns)
            default: break
            }
        }
        // An idle GPU prints a row of `-`.
        guard process.pid != nil || process.name != nil else {
            counts.noiseLines += 1
            return
        }
        counts.recordLines += 1
        counts.processes += 1
        if process.wallMs == nil { counts.untimed += 1 }
        try sink.process(process, line: number)
    }

    /// The row's time: of date and time, or of the time alone. A date alone places nothing.
    private mutating func time(_ columns: MonitorColumns, _ line: Bytes) throws -> (wallMs: Int64?, isTimeOfDay: Bool) {
        var date: Int64?
        var inDay: Int64?
        for index in 0..<min(2, columns.roles.count) {
            let cell = self.cell(index, line)
            if columns.roles[index] == .date {
                guard cell.count == 8, let number = Decimal.parseInt(cell), number > 0,
                    CivilTime.isValid(year: number / 10_000, month: number / 100 % 100, day: number % 100)
                else { throw NoRow(reason: "Date is not YYYYMMDD") }
                date = CivilTime.millis(year: number / 10_000, month: number / 100 % 100, day: number % 100)
            } else if columns.roles[index] == .time {
                guard cell.count == 8, cell[2] == 58, cell[5] == 58, let hour = Decimal.parseInt(cell.slice(0, 2)),
                    let minute = Decimal.parseInt(cell.slice(3, 5)), let second = Decimal.parseInt(cell.slice(6, 8)),
                    (0..<24).contains(hour), (0..<60).contains(minute), (0..<61).contains(second)
                else { throw NoRow(reason: "Time is not HH:MM:SS") }
                inDay = Int64(hour * 3600 + minute * 60 + second) * 1000
            }
        }
        guard let inDay else { return (nil, false) }
        if let date {
            lastWallMs = date + inDay
            return (date + inDay, false)
        }
        if inDay < lastInDayMs - Self.halfDayMs { day += 1 }
        lastInDayMs = inDay
        return (day * CivilTime.millisPerDay + inDay, true)
    }
}
