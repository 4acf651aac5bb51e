import TidemarkBase
import TidemarkEvidence

/// Reads the box that plain `amd-smi` prints from ROCm 7 on, also several of them in one file: two lines a GPU, and the
/// processes below.
///
/// ```
/// | 0000:03:00.0     AMD Radeon RX 6800 | 1 %      50 °C   0            44/227 W |
/// |   0       0     N/A             N/A | 0 %     25.49           14592/16368 MB |
/// ```
///
/// Line one: address and name, memory activity, temperature, uncorrectable errors, power of its limit. Line two: number, HIP
/// and OAM id and partition, activity, fan in percent, memory of all (MB of 2^20 bytes). `N/A` may stand for any of them. The
/// box has no time of its own: a wrapper's counts. Source: ROCm's `amdsmi_cli`, published captures.
struct AMDTableParser: ClockedParser, Sendable {
    private(set) var counts = GPUCaptureCounts()
    /// The last time that a wrapper wrote.
    var lineClock: ClockReading?
    private var inProcesses = false
    /// The GPU of which the first line was read.
    private var open: (sample: GPUSample, line: Int, offset: Int)?

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard let first = bytes.first else { return counts.noiseLines += 1 }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        // A rule, or a line that the end of the file cuts.
        let isWhole = line.terminated
        if first == 43 || bytes.has("|--") || bytes.has("|==") || !isWhole && bytes.last != 124 {
            return counts.noiseLines += 1
        }
        guard first == 124, bytes.last == 124, bytes.count > 2 else {
            if let clock = ClockLine.watch(bytes) ?? (bytes.count <= 48 ? ClockLine.reading(bytes) : nil) {
                lineClock = clock
                return counts.noiseLines += 1
            }
            return try counts.reject(line, "no line of amd-smi's table", into: &sink)
        }
        let bars = bytes.indices.filter { bytes[$0] == 124 }
        let cells = zip(bars, bars.dropFirst()).map { bytes.slice($0 + 1, $1).trimmed }
        if cells.count == 1 { return try single(cells[0], line, into: &sink) }
        guard cells.count == 2 else { return try counts.reject(line, "a row of \(cells.count) cells", into: &sink) }
        if cells[0].has("BDF") || cells[0].has("GPU ") { return counts.noiseLines += 1 }
        let words = Self.words(cells[0])
        let values = Self.values(cells[1])
        if let word = words.first, let busID = PCIBusID.normalised(word.text(limit: 32)), values.count == 4 {
            try finish(into: &sink)
            var sample = GPUSample()
            sample.busID = busID
            let name = words.dropFirst().map { $0.text(limit: 64) }.joined(separator: " ")
            // A long name loses its beginning.
            if !name.isEmpty, !name.hasPrefix("..."), name != "N/A" { sample.name = name }
            sample[.memoryUtilization] = Decimal.parse(values[0])
            sample[.temperature] = Decimal.parse(values[1])
            sample[.eccUncorrectedAggregate] = Decimal.parse(values[2])
            (sample[.power], sample[.powerLimit]) = Self.pair(values[3])
            open = (sample, line.number, line.offset)
            return
        }
        guard var sample = open?.sample, let begun = open?.line,
            let index = words.first.flatMap({ Decimal.parseInt($0) }), index >= 0, values.count == 3
        else { return try counts.reject(line, "neither the first nor the second line of a GPU", into: &sink) }
        open = nil
        sample.index = index
        sample[.utilization] = Decimal.parse(values[0])
        sample[.fanSpeed] = Decimal.parse(values[1])
        (sample[.memoryUsed], sample[.memoryTotal]) = Self.pair(values[2])
        if let lineClock {
            (sample.wallMs, sample.isUTC) = (lineClock.ms, lineClock.isUTC)
        } else {
            counts.untimed += 1
        }
        counts.recordLines += 2
        counts.samples += 1
        try sink.gpu(sample, line: begun)
    }

    /// A GPU whose second line didn't come counts as a reject.
    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let left = open else { return }
        open = nil
        try counts.reject(half: left.line, offset: left.offset, into: &sink)
    }

    /// Versions, headings and processes.
    private mutating func single<Sink: GPUCaptureSink>(
        _ cell: Bytes, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        if cell.has("AMD-SMI ") { inProcesses = false }
        if cell.has("Processes:") { inProcesses = true }
        guard inProcesses, let first = cell.first, first &- 48 <= 9 else { return counts.noiseLines += 1 }
        guard var process = Self.process(Self.words(cell)) else {
            return try counts.reject(line, "a process whose columns can't be told", into: &sink)
        }
        if let lineClock {
            (process.wallMs, process.isUTC) = (lineClock.ms, lineClock.isUTC)
        } else {
            counts.untimed += 1
        }
        counts.recordLines += 1
        counts.processes += 1
        try sink.process(process, line: line.number)
    }

    /// `0  12345  python3  2.0 MB  14.2 GB  14.3 GB  N/A`: GPU, pid, name, GTT, VRAM, all memory, compute units.
    private static func process(_ words: [Bytes]) -> GPUProcess? {
        guard words.count >= 6, let index = Decimal.parseInt(words[0]), let pid = Decimal.parseInt(words[1]) else {
            return nil
        }
        var rest = words[2...]
        if rest.last?.equals("%") == true { rest.removeLast() }
        guard rest.popLast() != nil else { return nil }
        var sizes: [Double?] = []
        while sizes.count < 3 {
            guard let word = rest.popLast() else { return nil }
            if word.equals("N/A") {
                sizes.append(nil)
            } else if let factor = factor(word), let number = rest.popLast().flatMap({ Decimal.parse($0) }) {
                sizes.append(number * factor)
            } else {
                return nil
            }
        }
        var process = GPUProcess()
        (process.index, process.pid, process.usedMemory) = (index, pid, sizes[1])
        let name = rest.map { $0.text(limit: 256) }.joined(separator: " ")
        process.name = name.isEmpty || name == "N/A" ? nil : name
        return process
    }

    /// MiB of a unit.
    private static func factor(_ unit: Bytes) -> Double? {
        if unit.equals("B") { return 1 / 1_048_576 }
        if unit.equals("KB") { return 1 / 1024 }
        if unit.equals("MB") { return 1 }
        return unit.equals("GB") ? 1024 : nil
    }

    /// `44/227`, `N/A/1400`
    private static func pair(_ text: Bytes) -> (Double?, Double?) {
        let isMissing = text.has("N/A/")
        guard let slash = isMissing ? 3 : text.firstIndex(of: 47) else { return (nil, nil) }
        return (Decimal.parse(text.slice(0, slash)), Decimal.parse(text.slice(slash + 1, text.count)))
    }

    /// The words of a cell without units.
    private static func values(_ cell: Bytes) -> [Bytes] {
        let units: [StaticString] = ["%", "\u{B0}C", "C", "W", "MB", "GB"]
        return words(cell).filter { word in !units.contains { word.equals($0) } }
    }

    private static func words(_ cell: Bytes) -> [Bytes] {
        cell.split(separator: 32, maxSplits: 64, omittingEmptySubsequences: true).map { Bytes(rebasing: $0) }
    }
}
