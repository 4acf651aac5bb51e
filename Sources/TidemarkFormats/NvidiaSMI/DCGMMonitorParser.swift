import TidemarkBase
import TidemarkEvidence

/// Reads the text of `dcgmi dmon -e …`: a header of short field names behind `#Entity`, a line `ID`, rows `GPU 0  0.973 …`.
/// The text has no time of its own: a wrapper's, on a line of its own or in front of a row, counts. Short names: NVIDIA/DCGM `dcgmi` and `dcgm_fields`. Time: linear.
struct DCGMMonitorParser: ClockedParser, Sendable {
    private(set) var counts = GPUCaptureCounts()
    private var columns: [Column?]?
    private var words: [String] = []
    /// The last time that a wrapper wrote.
    var lineClock: ClockReading?

    /// A column that is stored: field and factor to its unit.
    struct Column: Sendable {
        let field: Int
        let factor: Double
        let isRatio: Bool

        init(_ field: GPUField, _ factor: Double = 1, isRatio: Bool = false) {
            (self.field, self.factor, self.isRatio) = (field.rawValue, factor, isRatio)
        }
    }

    private static let known: [String: Column] = [
        "GRACT": Column(.graphicsActive, isRatio: true), "SMACT": Column(.smActive, isRatio: true),
        "SMOCC": Column(.smOccupancy, isRatio: true), "TENSO": Column(.tensorActive, isRatio: true),
        "DRAMA": Column(.dramActive, isRatio: true),
        // Bytes a second.
        "PCITX": Column(.pcieTransmit, 1e-6), "PCIRX": Column(.pcieReceive, 1e-6),
        "GPUTL": Column(.utilization), "MCUTL": Column(.memoryUtilization), "POWER": Column(.power),
        "TMPTR": Column(.temperature), "MMTMP": Column(.memoryTemperature), "SMCLK": Column(.smClock),
        "MMCLK": Column(.memoryClock), "FBTTL": Column(.memoryTotal), "FBFRE": Column(.memoryFree),
        "FBUSD": Column(.memoryUsed), "FBRSV": Column(.memoryReserved),
    ]

    init(state: String? = nil) { if let state { take(state.split(separator: " ").map(String.init)) } }

    /// Names of the columns.
    var state: String? { columns == nil ? nil : words.joined(separator: " ") }

    /// The columns of a header line; nil when it is none.
    static func header(_ line: Bytes) -> [Column?]? {
        let line = line.trimmed
        guard line.first == 35 else { return nil }
        let words = line.slice(1, min(line.count, 2000)).text.split { $0 == " " || $0 == "\t" }
        guard words.first?.lowercased() == "entity", words.count > 1 else { return nil }
        return words.dropFirst().map { known[String($0)] }
    }

    private mutating func take(_ names: [String]) {
        words = names
        columns = names.map { Self.known[$0] }
    }

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard let first = bytes.first else { return counts.noiseLines += 1 }
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        guard line.terminated else { return counts.noiseLines += 1 }
        if first == 35 {
            counts.noiseLines += 1
            if Self.header(bytes) != nil {
                take(bytes.slice(1, bytes.count).text.split { $0 == " " || $0 == "\t" }.dropFirst().map(String.init))
            }
            return
        }
        if bytes.count <= 48, let clock = ClockLine.reading(bytes) {
            lineClock = clock
            return counts.noiseLines += 1
        }
        if bytes.equals("ID") || bytes.has("ID ") || bytes.equals("Id") || bytes.has("dmon was stopped") {
            return counts.noiseLines += 1
        }
        if let kind = NvidiaSMIParser.failure(bytes) {
            return try counts.event(kind, line, bytes, after: lineClock?.ms, into: &sink)
        }
        guard let columns else { return try counts.reject(line, "a row before any header", into: &sink) }
        var cells = bytes.text(limit: 4000).split { $0 == " " || $0 == "\t" }
        // `GPU 0`, of old a bare number; parts of a GPU (`GPU-I 3`) are not stored.
        if cells.first == "GPU" {
            cells.removeFirst()
        } else if cells.first?.hasPrefix("GPU-") == true {
            return counts.noiseLines += 1
        }
        guard let index = cells.first.flatMap({ Int($0) }), index >= 0, cells.count == columns.count + 1 else {
            return try counts.reject(line, "a row whose cells don't fit the header", into: &sink)
        }
        var sample = GPUSample()
        sample.index = index
        for (column, cell) in zip(columns, cells.dropFirst()) {
            // `N/W`: not watched.
            guard let column, cell != "N/A", cell != "N/W" else { continue }
            let value = withBytes(of: String(cell)) { Decimal.parse($0) }
            guard let value else { return try counts.reject(line, "\(cell) is not a number", into: &sink) }
            // A counter that laps its clock may print a little more than 1.
            if column.isRatio, value < 0 || value > 1.05 {
                return try counts.reject(line, "expected a ratio between 0 and 1, found \(cell)", into: &sink)
            }
            sample.values[column.field] = value * column.factor
        }
        counts.recordLines += 1
        counts.samples += 1
        if let lineClock {
            (sample.wallMs, sample.isUTC) = (lineClock.ms, lineClock.isUTC)
        } else {
            counts.untimed += 1
        }
        try sink.gpu(sample, line: line.number)
    }
}
