import TidemarkBase
import TidemarkEvidence

/// Reads the table that plain `nvidia-smi` prints, also several of them in one file: of each GPU the utilisation, memory,
/// power, temperature and what else two lines hold, and the processes below.
///
/// The only time is the line above a table; a table without one can't be placed. Widths differ between drivers (450 to 595):
/// cells are cut at the bars and split on blanks.
struct SMITableParser: ClockedParser, Sendable {
    private(set) var counts = GPUCaptureCounts()
    /// The last time that was printed.
    var lineClock: ClockReading?
    private var driverVersion: String?
    private var inProcesses = false
    /// The GPU of which the first line was read, with the line's number.
    private var open: (sample: GPUSample, line: Int, offset: Int)?

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        guard let first = bytes.first else {
            counts.noiseLines += 1
            return
        }
        // A rule: `+----+`, `|====+===|`, `|----+---+`.
        if first == 43 || bytes.count > 2 && (bytes[1] == 45 || bytes[1] == 61) && bytes[2] == bytes[1] {
            counts.noiseLines += 1
            return
        }
        guard first == 124 else {
            if let clock = ClockLine.reading(bytes) {
                lineClock = clock
                counts.noiseLines += 1
                return
            }
            if Self.isRemark(bytes) || NvidiaSMIParser.isRemark(bytes) {
                if let clock = ClockLine.watch(bytes) { lineClock = clock }
                counts.noiseLines += 1
                return
            }
            if let kind = NvidiaSMIParser.failure(bytes) {
                return try counts.event(kind, line, bytes, after: lineClock?.ms, into: &sink)
            }
            if !line.terminated {
                counts.noiseLines += 1
                return
            }
            return try counts.reject(line, "no line of nvidia-smi's table", into: &sink)
        }
        guard bytes.last == 124, bytes.count > 2 else {
            // Cut off at the end of a file; elsewhere something else.
            if line.terminated { return try counts.reject(line, "a line of the table without its end", into: &sink) }
            counts.noiseLines += 1
            return
        }
        try row(bytes, line, into: &sink)
    }

    /// `Every 1.0s: nvidia-smi …` of watch(1), a prompt `user@host:~$ nvidia-smi`.
    private static func isRemark(_ bytes: Bytes) -> Bool {
        guard bytes.count < 400, let tool = bytes.range(of: "nvidia-smi") else { return false }
        if bytes.has("Every ") { return bytes.range(of: "s: ") != nil }
        return tool >= 2 && bytes[tool - 1] == 32 && (bytes[tool - 2] == 36 || bytes[tool - 2] == 35)
    }

    /// A GPU whose second line didn't come counts as a reject.
    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let left = open else { return }
        open = nil
        try counts.reject(half: left.line, offset: left.offset, into: &sink)
    }

    private mutating func row<Sink: GPUCaptureSink>(
        _ bytes: Bytes, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        let bars = bytes.indices.filter { bytes[$0] == 124 }
        let cells = zip(bars, bars.dropFirst()).map { bytes.slice($0 + 1, $1).trimmed }
        // From driver 610 on it is the KMD's version.
        if let version = bytes.range(of: "Driver Version: ").map({ $0 + 16 })
            ?? bytes.range(of: "KMD Version: ").map({ $0 + 13 })
        {
            let text = bytes.slice(version, bytes.count)
            driverVersion = text.slice(0, text.firstIndex(of: 32) ?? text.count).text(limit: 32)
            inProcesses = false
            counts.noiseLines += 1
            return
        }
        if cells.count == 1 {
            if cells[0].has("Processes") { inProcesses = true }
            if inProcesses, let process = process(cells[0]) {
                counts.recordLines += 1
                counts.processes += 1
                if lineClock == nil { counts.untimed += 1 }
                return try sink.process(process, line: line.number)
            }
            counts.noiseLines += 1
            return
        }
        if cells.count == 3, let sample = firstLine(cells) {
            try finish(into: &sink)
            open = (sample, line.number, line.offset)
            return
        }
        guard cells.count == 3, let begun = open, var sample = Optional(begun.sample), secondLine(cells, &sample) else {
            counts.noiseLines += 1
            return
        }
        open = nil
        counts.recordLines += 2
        counts.samples += 1
        if lineClock == nil { counts.untimed += 1 }
        try sink.gpu(sample, line: begun.line)
    }

    /// `   0  NVIDIA H100 80GB HBM3          On ` | ` 00000000:19:00.0 Off ` | `                    0 `
    private func firstLine(_ cells: [Bytes]) -> GPUSample? {
        var words = Self.words(cells[0])
        guard words.count >= 2, let index = Decimal.parseInt(words[0]), index >= 0, words[0][0] &- 48 <= 9,
            let address = Self.words(cells[1]).first, address.count >= 12,
            let busID = PCIBusID.normalised(address.text(limit: 32))
        else { return nil }
        // Persistence, or the driver's model on Windows.
        let modes: [StaticString] = ["On", "Off", "N/A", "WDDM", "TCC", "MCDM"]
        if let last = words.last, modes.contains(where: { last.equals($0) }) { words.removeLast() }
        var sample = GPUSample()
        sample.index = index
        sample.busID = busID
        sample.wallMs = lineClock?.ms
        sample.isUTC = lineClock?.isUTC == true
        sample.driverVersion = driverVersion
        // Older drivers cut the name: then it isn't one.
        let name = words.dropFirst().map { $0.text(limit: 64) }.joined(separator: " ")
        if name == "ERR!" {
            sample.errors.append("name: ERR!")
        } else if !name.isEmpty, !name.hasSuffix("...") {
            sample.name = name
        }
        let ecc = GPUField.eccUncorrectedVolatile
        sample[ecc] = Decimal.parse(cells[2])
        if cells[2].equals("ERR!") { sample.errors.append("\(ecc.queryName ?? ecc.column): ERR!") }
        return sample
    }

    /// `N/A   61C    P0             412W / 700W ` | `  71934MiB /  81559MiB ` | `     97%      Default `
    private func secondLine(_ cells: [Bytes], _ sample: inout GPUSample) -> Bool {
        let words = Self.words(cells[0])
        let memory = Self.words(cells[1])
        let load = Self.words(cells[2])
        // A GPU without memory of its own prints `Not Supported` for it.
        let hasMemory = memory.count == 3 && memory[1].equals("/")
        guard words.count >= 5, words.contains(where: { $0.equals("/") }), !load.isEmpty,
            hasMemory || memory.first.map({ $0.equals("Not") || $0.equals("N/A") || $0.equals("ERR!") }) == true
        else { return false }
        func set(_ field: GPUField, _ word: Bytes, _ unit: StaticString) {
            let length = unit.utf8CodeUnitCount
            if word.has("ERR!") { sample.errors.append("\(field.queryName ?? field.column): ERR!") }
            guard word.count > length, word.has(unit, at: word.count - length) else { return }
            sample[field] = Decimal.parse(word.slice(0, word.count - length))
        }
        set(.fanSpeed, words[0], "%")
        set(.temperature, words[1], "C")
        if words[2].count <= 3, words[2].first == 80 { sample.pstate = words[2].text }
        set(.power, words[3], "W")
        if words.count >= 6 { set(.powerLimit, words[5], "W") }
        if hasMemory {
            // Drivers up to 325 called it MB.
            let isOld = memory[2].count > 2 && memory[2].has("MB", at: memory[2].count - 2)
            set(.memoryUsed, memory[0], isOld ? "MB" : "MiB")
            set(.memoryTotal, memory[2], isOld ? "MB" : "MiB")
        }
        set(.utilization, load[0], "%")
        return true
    }

    /// `    0   N/A  N/A      1234      C   /usr/bin/python3                  71924MiB `; before 450 without the ids of MIG.
    private func process(_ cell: Bytes) -> GPUProcess? {
        let words = Self.words(cell)
        guard words.count >= 4, let index = Decimal.parseInt(words[0]), words[0][0] &- 48 <= 9 else { return nil }
        let types: [StaticString] = ["C", "G", "C+G", "M+C"]
        let typed = words.indices.dropFirst(2).prefix(3).first { at in types.contains { words[at].equals($0) } }
        guard let type = typed, type + 1 < words.count else { return nil }
        var process = GPUProcess()
        process.wallMs = lineClock?.ms
        process.isUTC = lineClock?.isUTC == true
        process.index = index
        process.pid = Decimal.parseInt(words[type - 1])
        process.type = words[type].text
        var names = words[(type + 1)...]
        if let last = names.last, last.count > 3, last.has("MiB", at: last.count - 3) {
            process.usedMemory = Decimal.parse(last.slice(0, last.count - 3))
            names.removeLast()
        } else if let last = names.last, last.equals("N/A") {
            names.removeLast()
        }
        let name = names.map { $0.text(limit: 256) }.joined(separator: " ")
        process.name = name.isEmpty ? nil : name
        return process
    }

    private static func words(_ cell: Bytes) -> [Bytes] {
        var found: [Bytes] = []
        var at = 0
        while at < cell.count, found.count < 32 {
            while at < cell.count, cell[at] == 32 { at += 1 }
            let start = at
            while at < cell.count, cell[at] != 32 { at += 1 }
            if at > start { found.append(cell.slice(start, at)) }
        }
        return found
    }
}
