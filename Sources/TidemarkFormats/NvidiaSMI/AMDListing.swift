import TidemarkBase
import TidemarkEvidence

/// Puts a GPU together from the names that `amd-smi metric` and `monitor` print, as text and as JSON, and `rocm-smi --json`.
///
/// A name is given with the sections that it stands in, in small letters: `usage/gfx_activity`. amd-smi's megabytes are 2^20
/// bytes. Sources: ROCm's `amdsmi_cli` and `rocm_smi.py`.
struct AMDListing: Sendable {
    private(set) var sample = GPUSample()
    private static let roles: [UInt64: AMDColumns.Role] = {
        var found: [UInt64: AMDColumns.Role] = [:]
        for (name, role) in AMDColumns.listing { found[withBytes(of: name) { ByteTable.hash($0) }] = role }
        return found
    }()

    mutating func begin(index: Int?, clock: ClockReading?) {
        sample = GPUSample()
        sample.index = index
        if let clock { (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC) }
    }

    /// Takes a value with its unit, if it has one, behind it.
    mutating func set(_ path: Bytes, _ value: Bytes) {
        if let role = Self.roles[ByteTable.hash(path)] { set(role, value) }
    }

    /// A value of `rocm-smi --json`, whose names are those of its CSV.
    mutating func set(rocm name: Bytes, _ value: Bytes) {
        set(AMDColumns.rocm(name.text(limit: 120).lowercased()), value)
    }

    private mutating func set(_ role: AMDColumns.Role, _ value: Bytes) {
        let value = value.trimmed
        guard !value.isEmpty, !NvidiaSMICell.isMissing(value) else { return }
        switch role {
        case .device: sample.index = Decimal.parseInt(value).flatMap { $0 >= 0 ? $0 : nil }
        case .time:
            if let clock = NvidiaSMICell.wrapperClock(value) { (sample.wallMs, sample.isUTC) = (clock.ms, clock.isUTC) }
        case .uuid: sample.uuid = value.text(limit: 64)
        case .busID: sample.busID = value.text(limit: 32)
        case .name: sample.name = value.has("0x") ? nil : value.text(limit: 128)
        case .field(let field, let factor, let isSecondChoice):
            guard let number = AMDParser.leadingNumber(value), !isSecondChoice || sample.values[field] == nil else {
                return
            }
            sample.values[field] = number * factor
        case .partition, .usedOfTotal, .other: break
        }
    }
}

/// Reads the text of `amd-smi metric`, also of several calls or of `--watch` in one file: `GPU: N`, then sections of
/// `NAME: value unit`, indented. One sample a GPU and call. Memory: one GPU.
struct AMDTextParser: Sendable {
    private(set) var counts = GPUCaptureCounts()
    private var listing = AMDListing()
    private var open: (line: Int, offset: Int, lines: Int)?
    private var cutOff = false
    private var clock: ClockReading?
    /// The sections that the current line is below of: indentation, and where their names end in ``path``.
    private var stack: [(indent: Int, start: Int)] = []
    private var path: [UInt8] = []

    /// Number of the GPU that a line without indent begins.
    static func index(_ line: Bytes) -> Int? {
        guard line.has("GPU: ") else { return nil }
        return Decimal.parseInt(line.slice(5, line.count).trimmed).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Whether a line is the heading of a section that only this tool has.
    static func isSection(_ line: Bytes) -> Bool {
        let text = line.trimmed
        let names: [StaticString] = [
            "USAGE:", "POWER:", "CLOCK:", "TEMPERATURE:", "PCIE:", "ECC:", "MEM_USAGE:", "FAN:",
        ]
        return names.contains { text.equals($0) }
    }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let text = line.bytes.trimmed
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        if !line.terminated { cutOff = true }
        let indent = line.bytes.firstIndex { $0 != 32 && $0 != 9 } ?? 0
        if indent == 0, !text.isEmpty {
            try close(into: &sink)
            if let index = Self.index(text) {
                open = (line.number, line.offset, 1)
                listing.begin(index: index, clock: clock)
                stack.removeAll(keepingCapacity: true)
                path.removeAll(keepingCapacity: true)
                return
            }
            if text.has("TIMESTAMP: ") {
                clock = NvidiaSMICell.wrapperClock(text.slice(11, text.count).trimmed)
            } else if text.count <= 48, let found = ClockLine.reading(text) {
                clock = found
            } else {
                return try counts.reject(line, "neither the number of a GPU nor a time", into: &sink)
            }
            return counts.noiseLines += 1
        }
        guard open != nil else { return counts.noiseLines += 1 }
        open?.lines += 1
        entry(text, indent)
    }

    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard cutOff, let section = open else { return try close(into: &sink) }
        counts.rejectedLines += section.lines
        open = nil
        try sink.reject(
            FormatReject(
                line: section.line, offset: section.offset, reason: "the listing of a GPU is cut off", text: "",
                lineCount: section.lines))
    }

    private mutating func entry(_ text: Bytes, _ indent: Int) {
        guard let colon = text.firstIndex(of: 58), colon < 80 else { return }
        while let last = stack.last, last.indent >= indent {
            path.removeSubrange(last.start...)
            stack.removeLast()
        }
        let start = path.count
        if start > 0 { path.append(47) }
        for byte in text.slice(0, colon) { path.append(byte &- 65 < 26 ? byte | 0x20 : byte) }
        let value = text.slice(colon + 1, text.count).trimmed
        if value.isEmpty {
            if stack.count < 8 { return stack.append((indent, start)) }
        } else {
            path.withUnsafeBytes { listing.set(Bytes(rebasing: $0[...]), value) }
        }
        path.removeSubrange(start...)
    }

    private mutating func close<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let section = open else { return }
        open = nil
        counts.recordLines += section.lines
        counts.samples += 1
        if listing.sample.wallMs == nil { counts.untimed += 1 }
        try sink.gpu(listing.sample, line: section.line)
    }
}
