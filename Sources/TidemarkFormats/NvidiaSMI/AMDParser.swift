import TidemarkBase
import TidemarkEvidence

/// Reads `rocm-smi … --csv` and `amd-smi monitor`, its CSV and its table, line by line.
///
/// A header may come again, with other columns. rocm-smi has no time: a wrapper's clock in front of a row, or on a line of
/// its own, counts. Time: linear; memory: one row.
struct AMDParser: Sendable {
    private(set) var counts = GPUCaptureCounts()
    private var columns: AMDColumns?
    /// The last time that a wrapper wrote on a line of its own.
    var lineClock: ClockReading?

    init(state: String? = nil) {
        guard let state, let kind = state.first else { return }
        let names = state.dropFirst().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        columns = AMDColumns(names, isROCm: kind == "r" || kind == "c", isTable: kind == "t" || kind == "c")
    }

    /// What a continued capture needs: the columns. The form is private to ``init(state:)``.
    var state: String? {
        columns.map { columns in
            let kind = columns.isConcise ? "c" : columns.isROCm ? "r" : columns.isTable ? "t" : "m"
            return kind + columns.names.joined(separator: ",")
        }
    }

    private struct NoRow: Error { let reason: String }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        var bytes = line.bytes.trimmed
        guard bytes.first != nil else { return counts.noiseLines += 1 }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        guard line.terminated else { return counts.noiseLines += 1 }
        if let found = AMDColumns.header(bytes) {
            columns = found
            return counts.noiseLines += 1
        }
        // rocm-smi's words about low-power states and banners, amd-smi's version.
        // A launcher's name of the node may stand before them.
        if bytes.has("WARNING:") || bytes.range(of: "=====") != nil || bytes.has("AMDSMI Tool:") {
            return counts.noiseLines += 1
        }
        // The second line of rocm-smi's headings, and of a GPU.
        // Its colours may be written out.
        if columns?.isConcise == true,
            line.bytes.has("  ") && !Self.beginsWithIndex(bytes) || bytes[0] == 27 || bytes.has("^[[")
                || bytes.has("^[3m")
        {
            return counts.noiseLines += 1
        }
        if let clock = ClockLine.watch(bytes) ?? (bytes.count <= 48 ? ClockLine.reading(bytes) : nil) {
            lineClock = clock
            return counts.noiseLines += 1
        }
        guard let columns else { return try counts.reject(line, "a row before any header", into: &sink) }
        var clock = lineClock
        if !columns.roles.contains(.time), let (found, start) = ClockLine.leading(bytes) {
            clock = found
            bytes = bytes.slice(start, bytes.count)
        }
        do {
            guard var sample = try row(columns, bytes) else { return counts.noiseLines += 1 }
            if sample.wallMs == nil, let clock { (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC) }
            counts.recordLines += 1
            counts.samples += 1
            if sample.wallMs == nil { counts.untimed += 1 }
            try sink.gpu(sample, line: line.number)
        } catch let foreign as NoRow {
            try counts.reject(line, foreign.reason, into: &sink)
        }
    }

    /// Whether a line begins with the number of a GPU; the second line of a name may begin with a model's.
    private static func beginsWithIndex(_ line: Bytes) -> Bool {
        Decimal.parseInt(line.slice(0, line.firstIndex(of: 32) ?? line.count)).map { (0..<1024).contains($0) } == true
    }

    /// nil: a part of a GPU, whose row has nothing of its own.
    private func row(_ columns: AMDColumns, _ line: Bytes) throws -> GPUSample? {
        let cells = columns.isTable ? Self.words(line, columns) : Self.cells(line)
        guard cells.count == columns.roles.count else {
            throw NoRow(reason: "\(cells.count) cells, but the header has \(columns.roles.count)")
        }
        var sample = GPUSample()
        for (role, cell) in zip(columns.roles, cells) {
            switch role {
            case .device:
                let digits = cell.has("card") ? cell.slice(4, cell.count) : cell
                guard let index = Decimal.parseInt(digits), index >= 0 else {
                    throw NoRow(reason: "the device is not a number")
                }
                sample.index = index
            case .partition: if let part = Decimal.parseInt(cell), part > 0 { return nil }
            case .time:
                if NvidiaSMICell.isMissing(cell) { continue }
                guard let clock = NvidiaSMICell.wrapperClock(cell) else {
                    throw NoRow(reason: "the time cannot be read")
                }
                (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC)
            case .uuid: sample.uuid = NvidiaSMICell.isMissing(cell) ? nil : cell.text(limit: 64)
            case .busID: sample.busID = NvidiaSMICell.isMissing(cell) ? nil : cell.text(limit: 32)
            case .name: sample.name = NvidiaSMICell.isMissing(cell) || cell.has("0x") ? nil : cell.text(limit: 128)
            case .field(let field, let factor, let isSecondChoice):
                guard let value = try Self.number(cell) else { continue }
                if !isSecondChoice || sample.values[field] == nil { sample.values[field] = value * factor }
            case .usedOfTotal:
                // `23.6/24.0GB`, the unit being 2^30 bytes, or 2^20.
                let parts = cell.text(limit: 40).split(separator: "/")
                guard parts.count == 2 else { continue }
                let factor = parts[1].hasSuffix("GB") ? 1024.0 : 1
                let total = parts[1].drop { $0 == " " }.prefix { $0.isNumber || $0 == "." }
                sample[.memoryUsed] = withBytes(of: String(parts[0])) { Decimal.parse($0) }.map { $0 * factor }
                sample[.memoryTotal] = withBytes(of: String(total)) { Decimal.parse($0) }.map { $0 * factor }
            case .other: continue
            }
        }
        return sample
    }

    /// A number with a unit behind it, or in parentheses (`(500Mhz)`); nil when there is none.
    private static func number(_ cell: Bytes) throws -> Double? {
        // With a unit, too: `N/A %`.
        if NvidiaSMICell.isMissing(cell) || cell.has("N/A ") || cell.equals("None") || cell.equals("Unsupported") {
            return nil
        }
        guard let value = leadingNumber(cell) else {
            throw NoRow(reason: "\(cell.text(limit: 40)) is not a number")
        }
        return value
    }

    /// The number that a text begins with.
    static func leadingNumber(_ cell: Bytes) -> Double? {
        var text = cell
        if text.first == 40, text.last == 41 { text = text.slice(1, text.count - 1).trimmed }
        var end = 0
        while end < text.count, text[end] &- 48 < 10 || text[end] == 46 || text[end] == 45 && end == 0 { end += 1 }
        return end > 0 ? Decimal.parse(text.slice(0, end)) : nil
    }

    private static func cells(_ line: Bytes) -> [Bytes] {
        var found: [Bytes] = []
        var at = 0
        while at <= line.count, found.count < 256 {
            var end = at
            // A list in quotes or brackets has commas of its own.
            var depth = 0
            var isQuoted = false
            while end < line.count {
                let byte = line[end]
                if byte == 34 { isQuoted.toggle() }
                if byte == 91 || byte == 123 { depth += 1 }
                if byte == 93 || byte == 125 { depth -= 1 }
                if byte == 44, depth <= 0, !isQuoted { break }
                end += 1
            }
            var cell = line.slice(at, end).trimmed
            if cell.count >= 2, cell.first == 34, cell.last == 34 { cell = cell.slice(1, cell.count - 1) }
            found.append(cell)
            at = end + 1
        }
        return found
    }

    /// Cells of the table: a number or `N/A`, and the unit behind it that begins with no digit.
    private static func words(_ line: Bytes, _ columns: AMDColumns) -> [Bytes] {
        var tokens: [(start: Int, end: Int)] = []
        var at = 0
        while at < line.count, tokens.count < 256 {
            while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
            let start = at
            while at < line.count, line[at] != 32, line[at] != 9 { at += 1 }
            if at > start { tokens.append((start, at)) }
        }
        var found: [Bytes] = []
        var index = 0
        while index < tokens.count {
            let start = tokens[index].start
            var end = tokens[index].end
            index += 1
            // `0x74a1,   28851`, `NPS1, SPX, 0`, `[0x0c34 : 0x00]`; a model that is cut lacks its bracket.
            while columns.isConcise, index < tokens.count,
                line[end - 1] == 44
                    || line[start] == 91 && line[end - 1] != 93 && tokens[index].start - end < 2
            {
                end = tokens[index].end
                index += 1
            }
            // `23.6/ 24.0 GB`
            if line[end - 1] == 47, index < tokens.count {
                end = tokens[index].end
                index += 1
            }
            let isNumber = line[start] &- 48 < 10
            let isMissing = line.slice(start, end).equals("N/A")
            if !columns.isConcise, isNumber || isMissing, index < tokens.count, line[tokens[index].start] &- 48 > 9,
                isUnit(line.slice(tokens[index].start, tokens[index].end), certain: isMissing)
            {
                end = tokens[index].end
                index += 1
            }
            found.append(line.slice(start, end))
        }
        return found
    }

    /// Whether a word behind a number is its unit; behind `N/A` only where it is one for `certain`.
    private static func isUnit(_ word: Bytes, certain: Bool) -> Bool {
        let units: [StaticString] = ["W", "%", "C", "°C", "MHz", "MB", "GB", "Mb/s", "MB/s", "V"]
        return certain ? units.contains { word.equals($0) } : !word.equals("N/A")
    }
}
