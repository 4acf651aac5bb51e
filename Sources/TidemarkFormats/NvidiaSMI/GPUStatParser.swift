import TidemarkBase
import TidemarkEvidence

/// Reads the text of gpustat: a line with host, time and driver, then a line a GPU:
/// `[0] Tesla P100-PCIE-16GB | 27'C,   0 %,   30 / 250 W |   103 / 16384 MB | user(93M)`.
///
/// Its MB are 2^20 bytes. Users and their processes are left out: their pids are rarely shown. Source: wookayin/gpustat
/// `core.py`. Memory: one row.
struct GPUStatParser: Sendable {
    private(set) var counts = GPUCaptureCounts()
    /// The last time that was printed.
    var lineClock: ClockReading?
    private var driverVersion: String?

    /// A GPU's row; nil for any other line.
    static func row(_ line: Bytes) -> GPUSample? {
        guard line.first == 91, let close = line.firstIndex(of: 93), close <= 5,
            let index = Decimal.parseInt(line.slice(1, close)), index >= 0
        else { return nil }
        let cells = line.slice(close + 1, line.count).split(
            separator: 124, maxSplits: 3, omittingEmptySubsequences: false
        )
        .map { Bytes(rebasing: $0).trimmed }
        guard cells.count >= 3, !cells[0].isEmpty else { return nil }
        var sample = GPUSample()
        sample.index = index
        sample.name = cells[0].text(limit: 128)
        var hasTemperature = false
        var percentages: [Double?] = []
        for part in cells[1].split(separator: 44).map({ Bytes(rebasing: $0).trimmed }) {
            if part.last == 67, part.firstIndex(of: 39) != nil || part.range(of: "\u{B0}") != nil {
                sample[.temperature] = AMDParser.leadingNumber(part)
                hasTemperature = true
            } else if part.last == 37 {
                percentages.append(AMDParser.leadingNumber(part))
            } else if part.last == 87 {
                (sample[.power], sample[.powerLimit]) = pair(part)
            }
        }
        // The fan's, where it is shown, stands before the GPU's.
        sample[.utilization] = percentages.last ?? nil
        if percentages.count == 2 { sample[.fanSpeed] = percentages[0] }
        guard hasTemperature, cells[2].range(of: " / ") != nil, cells[2].range(of: " MB") != nil else { return nil }
        (sample[.memoryUsed], sample[.memoryTotal]) = pair(cells[2])
        return sample
    }

    /// `103 / 16384 MB`
    private static func pair(_ text: Bytes) -> (Double?, Double?) {
        guard let slash = text.firstIndex(of: 47) else { return (AMDParser.leadingNumber(text), nil) }
        return (
            AMDParser.leadingNumber(text.slice(0, slash).trimmed),
            AMDParser.leadingNumber(text.slice(slash + 1, text.count).trimmed)
        )
    }

    /// `gpu-a-11   Mon Aug 22 15:23:57 2022  515.65.01`: the time and what stands behind it.
    static func head(_ line: Bytes) -> (clock: ClockReading, driver: Bytes)? {
        guard line.count >= 26, line.count < 200, line[0] != 124 else { return nil }
        for at in 1...(line.count - 24) where line[at - 1] == 32 && line[at + 3] == 32 && line[at + 13] == 58 {
            guard let wallMs = ClockLine.named(line.slice(at, at + 24)) else { continue }
            // The host alone: watch's line has its command, too.
            guard line.slice(0, at).trimmed.firstIndex(of: 32) == nil else { return nil }
            let driver = line.slice(at + 24, line.count).trimmed
            guard driver.allSatisfy({ $0 &- 48 <= 9 || $0 == 46 }) else { return nil }
            return (ClockReading(ms: wallMs, isUTC: false), driver)
        }
        return nil
    }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard !bytes.isEmpty, line.terminated else { return counts.noiseLines += 1 }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        if var sample = Self.row(bytes) {
            sample.driverVersion = driverVersion
            if let lineClock {
                (sample.wallMs, sample.isUTC) = (lineClock.ms, lineClock.isUTC)
            } else {
                counts.untimed += 1
            }
            counts.recordLines += 1
            counts.samples += 1
            return try sink.gpu(sample, line: line.number)
        }
        if let head = Self.head(bytes) {
            lineClock = head.clock
            driverVersion = head.driver.isEmpty ? nil : head.driver.text(limit: 32)
            return counts.noiseLines += 1
        }
        if let clock = ClockLine.watch(bytes) ?? (bytes.count <= 48 ? ClockLine.reading(bytes) : nil) {
            lineClock = clock
            return counts.noiseLines += 1
        }
        try counts.reject(line, "no line of gpustat", into: &sink)
    }
}
