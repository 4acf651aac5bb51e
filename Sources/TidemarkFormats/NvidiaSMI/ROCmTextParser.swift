import TidemarkBase
import TidemarkEvidence

/// Reads what `rocm-smi -a`, `--showmeminfo vram`, `--showpower` and others print as text, `GPU[0] : VRAM Total Memory (B):
/// 206141652992`: the lines of all GPUs section by section, put together to one sample a GPU and call.
///
/// A call ends where a heading of the tool's, a time, or a value that the GPU has already comes next. The names are those of
/// the tool's CSV; ROCm before 2 had others, with the clock in parentheses. Sections of other things are noise. Sources: ROCm's
/// `rocm_smi.py`, published captures. Memory: the GPUs of one call.
struct ROCmTextParser: Sendable {
    private(set) var counts = GPUCaptureCounts()
    /// The last time that a wrapper wrote.
    var lineClock: ClockReading?
    private var gpus: [Int: (listing: AMDListing, names: Set<String>, line: Int)] = [:]

    /// `GPU[12]		: name: value`: the GPU, the name in small letters and the value; nil for any other line.
    static func entry(_ line: Bytes) -> (gpu: Int, name: String, value: Bytes)? {
        guard line.has("GPU["), let close = line.firstIndex(of: 93, from: 4), close <= 8,
            let gpu = Decimal.parseInt(line.slice(4, close)), gpu >= 0
        else { return nil }
        let rest = line.slice(close + 1, line.count).trimmed
        guard rest.has(": "), case let text = rest.slice(2, rest.count).trimmed, let colon = text.range(of: ":") else {
            return nil
        }
        var value = text.slice(colon + 1, text.count).trimmed
        var name = text.slice(0, colon).text(limit: 120).lowercased()
        // `sclk clock level: 2 (2100Mhz)`, `Fan Level: 124 (48.63)%`: the number of a step or of the motor's duty is no value.
        if let known = levels[name] {
            guard let open = value.firstIndex(of: 40), let end = value.firstIndex(of: 41, from: open) else {
                return (gpu, "", value)
            }
            value = value.slice(open + 1, end)
            name = known
        } else if name == "temperature" {
            name = "temperature (sensor edge) (c)"
        } else if name == "average graphics package power" {
            name += " (w)"
        }
        return (gpu, name, value)
    }

    private static let levels = [
        "sclk clock level": "sclk clock speed", "mclk clock level": "mclk clock speed",
        "gpu clock level": "sclk clock speed", "gpu memory clock level": "mclk clock speed",
        "fan level": "fan speed (%)",
    ]

    /// Whether a line has a value that is stored.
    static func isValue(_ line: Bytes) -> Bool { entry(line).map { AMDColumns.rocm($0.name) != .other } == true }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard let first = bytes.first else { return counts.noiseLines += 1 }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        guard line.terminated else { return counts.noiseLines += 1 }
        if let entry = Self.entry(bytes) {
            let role = AMDColumns.rocm(entry.name)
            guard entry.gpu < 1024 else { return try counts.reject(line, "the number of a GPU", into: &sink) }
            guard role != .other else { return counts.noiseLines += 1 }
            if gpus[entry.gpu]?.names.contains(entry.name) == true { try deliver(into: &sink) }
            let number = line.number
            var gpu = gpus[entry.gpu] ?? (AMDListing(), [], number)
            if gpu.names.isEmpty { gpu.listing.begin(index: entry.gpu, clock: lineClock) }
            gpu.names.insert(entry.name)
            withBytes(of: entry.name) { gpu.listing.set(rocm: $0, entry.value) }
            gpus[entry.gpu] = gpu
            return counts.recordLines += 1
        }
        if let clock = ClockLine.watch(bytes) ?? (bytes.count <= 48 ? ClockLine.reading(bytes) : nil) {
            try deliver(into: &sink)
            lineClock = clock
            return counts.noiseLines += 1
        }
        if bytes.range(of: "ROCm System Management Interface") != nil { try deliver(into: &sink) }
        // Headings, what the driver is, processes, warnings.
        let isKnown =
            first == 61 || first == 46 || bytes.firstIndex(of: 58) != nil || bytes.range(of: "====") != nil
            || bytes.has("PID") || bytes.has("No ") || bytes.has("GPU[")
        guard isKnown else { return try counts.reject(line, "no line of rocm-smi's", into: &sink) }
        counts.noiseLines += 1
    }

    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws { try deliver(into: &sink) }

    private mutating func deliver<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        for (_, gpu) in gpus.sorted(by: { $0.key < $1.key }) {
            counts.samples += 1
            if gpu.listing.sample.wallMs == nil { counts.untimed += 1 }
            try sink.gpu(gpu.listing.sample, line: gpu.line)
        }
        gpus.removeAll(keepingCapacity: true)
    }
}
