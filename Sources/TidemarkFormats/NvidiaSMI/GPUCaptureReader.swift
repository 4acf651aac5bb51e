import TidemarkBase
import TidemarkEvidence

/// Reads a capture of nvidia-smi, dcgmi, rocm-smi or amd-smi in any of its forms: feed it lines, then ``finish(into:)``.
///
/// Captures of rows can be continued where an earlier run stopped, by ``state``. Listings and tables
/// (``isSnapshot(_:)``) have records of many lines: one that grew is read from its beginning.
public struct GPUCaptureReader: ~Copyable, Sendable {
    private enum Kind {
        case query, monitor, listing, xml, table, amd, amdText, amdJSON, amdTable, rocmText, dcgm, gpustat
    }

    private let kind: Kind
    private var query: NvidiaSMIParser
    private var monitor: MonitorParser
    private var listing = ListingTextParser()
    private var xml = ListingXMLParser()
    private var table = SMITableParser()
    /// A query's capture holds the table, too.
    private var hasTable = false
    private var amd: AMDParser
    private var amdText = AMDTextParser()
    private var amdJSON = AMDJSONParser()
    private var amdTable = AMDTableParser()
    private var rocmText = ROCmTextParser()
    private var gpustat = GPUStatParser()
    private var dcgm: DCGMMonitorParser
    /// The columns that the values of a query's first rows tell, until a header or a row comes.
    private var shape: [String]?
    /// The columns that were guessed from the values; nil when a header or the caller gave them.
    public private(set) var guessedColumns: [String]?

    public static func isSnapshot(_ format: String) -> Bool {
        [
            NvidiaSMIFormat.listingIdentifier, NvidiaSMIFormat.xmlIdentifier, NvidiaSMIFormat.tableIdentifier,
            NvidiaSMIFormat.amdListingIdentifier, NvidiaSMIFormat.amdJSONIdentifier,
            NvidiaSMIFormat.amdTableIdentifier, NvidiaSMIFormat.rocmListingIdentifier,
            NvidiaSMIFormat.gpustatIdentifier,
        ].contains(format)
    }

    /// - Parameters:
    ///   - format: one of ``NvidiaSMIFormat/identifiers``.
    ///   - columns: names of the columns, for a capture without a header; a header that is there all the same wins.
    ///   - state: what ``state`` said when the capture's beginning was read.
    ///   - shape: what ``NvidiaSMIFormat/shape(head:)`` said: the columns of a query that has no header.
    public init(format: String, columns: [String]? = nil, state: String? = nil, shape: [String]? = nil) {
        switch format {
        case NvidiaSMIFormat.dmonIdentifier, NvidiaSMIFormat.pmonIdentifier: kind = .monitor
        case NvidiaSMIFormat.listingIdentifier: kind = .listing
        case NvidiaSMIFormat.xmlIdentifier: kind = .xml
        case NvidiaSMIFormat.tableIdentifier: kind = .table
        case NvidiaSMIFormat.rocmIdentifier, NvidiaSMIFormat.amdIdentifier: kind = .amd
        case NvidiaSMIFormat.amdListingIdentifier: kind = .amdText
        case NvidiaSMIFormat.amdJSONIdentifier: kind = .amdJSON
        case NvidiaSMIFormat.amdTableIdentifier: kind = .amdTable
        case NvidiaSMIFormat.rocmListingIdentifier: kind = .rocmText
        case NvidiaSMIFormat.gpustatIdentifier: kind = .gpustat
        case NvidiaSMIFormat.dcgmIdentifier: kind = .dcgm
        default: kind = .query
        }
        let (clock, state) = Self.split(state)
        let known =
            kind == .query ? state?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) : nil
        query = known.map(NvidiaSMIParser.init(resuming:)) ?? NvidiaSMIParser(columns: columns)
        if kind == .query, known == nil, columns == nil { self.shape = shape }
        amd = AMDParser(state: kind == .amd ? state : nil)
        dcgm = DCGMMonitorParser(state: kind == .dcgm ? state : nil)
        if kind == .monitor, let state {
            monitor = MonitorParser(resuming: state)
        } else {
            monitor = MonitorParser(columns: columns)
        }
        if let clock {
            (query.lineClock, monitor.lineClock) = (clock, clock)
            (amd.lineClock, dcgm.lineClock) = (clock, clock)
        }
    }

    /// What a later run needs to go on behind the last line; nil when there is nothing to remember. The time that a wrapper
    /// wrote last stands in front, as `@MILLISECONDS|` where it names its zone, else `@MILLISECONDS local|`.
    public var state: String? {
        guard let clock = lineClock else { return parserState?.first == "@" ? "@|" + (parserState ?? "") : parserState }
        return "@\(clock.ms)\(clock.isUTC ? "" : " local")|" + (parserState ?? "")
    }

    private static func split(_ state: String?) -> (clock: ClockReading?, parser: String?) {
        guard let state, state.first == "@", let bar = state.firstIndex(of: "|") else { return (nil, state) }
        let words = state[state.index(after: state.startIndex)..<bar].split(separator: " ")
        let clock = words.first.flatMap { Int64($0) }.map { ClockReading(ms: $0, isUTC: words.count == 1) }
        let rest = state[state.index(after: bar)...]
        return (clock, rest.isEmpty ? nil : String(rest))
    }

    private var lineClock: ClockReading? {
        switch kind {
        case .query: query.lineClock
        case .monitor: monitor.lineClock
        case .amd: amd.lineClock
        case .dcgm: dcgm.lineClock
        default: nil
        }
    }

    private var parserState: String? {
        switch kind {
        case .query: query.columns.map { $0.names.joined(separator: ",") }
        case .monitor: monitor.state
        case .amd: amd.state
        case .dcgm: dcgm.state
        default: nil
        }
    }

    /// What physical lines add to the lines that the parsers counted: a runtime may cut one line into several, or put
    /// several into one.
    private var surplus = (lines: 0, record: 0, rejected: 0, noise: 0)

    /// Takes the next line.
    /// - Parameter physicalLines: how many lines of the input it stands for; 0: it shares one with the line before it.
    public mutating func parse<Sink: GPUCaptureSink>(
        line: borrowing Line, physicalLines: Int, into sink: inout Sink
    ) throws {
        guard physicalLines != 1 else { return try parse(line: line, into: &sink) }
        let before = counts
        let more = physicalLines - 1
        var counting = PhysicalLines(sink: sink, more: more)
        defer { sink = counting.sink }
        try parse(line: line, into: &counting)
        let after = counts
        surplus.lines += more
        if after.rejectedLines > before.rejectedLines {
            surplus.rejected += more
        } else if after.noiseLines > before.noiseLines {
            surplus.noise += more
        } else {
            surplus.record += more
        }
    }

    /// Takes the next line.
    public mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        switch kind {
        case .query:
            // The table that a script prints behind its query.
            let text = line.bytes.trimmed
            if text.has("| NVIDIA-SMI ") { hasTable = true }
            if text.has("+--") || hasTable && text.first == 124 {
                table.lineClock = query.lineClock
                return try table.parse(line: line, into: &sink)
            }
            if shape != nil { guess(line) }
            try query.parse(line: line, into: &sink)
        case .monitor: try monitor.parse(clocked: line, into: &sink)
        case .listing: try listing.parse(line: line, into: &sink)
        case .xml: try xml.parse(line: line, into: &sink)
        case .table:
            // gpustat was called, too.
            let text = line.bytes.trimmed
            if GPUStatParser.row(text) != nil || GPUStatParser.head(text) != nil {
                return try gpustat.parse(line: line, into: &sink)
            }
            try table.parse(clocked: line, into: &sink)
        case .amd: try amd.parse(line: line, into: &sink)
        case .amdText: try amdText.parse(line: line, into: &sink)
        case .amdJSON: try amdJSON.parse(line: line, into: &sink)
        case .amdTable: try amdTable.parse(clocked: line, into: &sink)
        case .rocmText: try rocmText.parse(line: line, into: &sink)
        case .gpustat: try gpustat.parse(line: line, into: &sink)
        case .dcgm: try dcgm.parse(clocked: line, into: &sink)
        }
    }

    /// Columns of the query's last header that nothing is known of, and that are left out.
    public var leftOutColumns: [String] { query.columns?.leftOut ?? [] }

    /// Ends the capture: what is still open is delivered, or rejected when it is cut off.
    public mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        switch kind {
        case .query, .table: try table.finish(into: &sink)
        case .monitor, .amd, .dcgm, .gpustat: break
        case .listing: try listing.finish(into: &sink)
        case .xml: try xml.finish(into: &sink)
        case .amdTable: try amdTable.finish(into: &sink)
        case .rocmText: try rocmText.finish(into: &sink)
        case .amdText: try amdText.finish(into: &sink)
        case .amdJSON: try amdJSON.finish(into: &sink)
        }
    }

    /// Where the lines went so far.
    public var counts: GPUCaptureCounts {
        var counts = parserCounts
        counts.lines += surplus.lines
        counts.recordLines += surplus.record
        counts.rejectedLines += surplus.rejected
        counts.noiseLines += surplus.noise
        return counts
    }

    private var parserCounts: GPUCaptureCounts {
        switch kind {
        case .query:
            var counts = GPUCaptureCounts()
            counts.lines = query.counts.lines
            counts.recordLines = query.counts.rows + query.counts.eventLines
            counts.noiseLines = query.counts.headerLines + query.counts.blankLines + query.counts.truncatedLines
            counts.rejectedLines = query.counts.rejectedLines
            counts.samples = query.counts.rows - query.counts.processRows
            counts.processes = query.counts.processRows
            counts.events = query.counts.eventLines
            counts.untimed = query.counts.untimedRows
            return counts + table.counts
        case .monitor: return monitor.counts
        case .listing: return listing.counts
        case .xml: return xml.counts
        case .table: return table.counts + gpustat.counts
        case .amdTable: return amdTable.counts
        case .rocmText: return rocmText.counts
        case .gpustat: return gpustat.counts
        case .amd: return amd.counts
        case .amdText: return amdText.counts
        case .amdJSON: return amdJSON.counts
        case .dcgm: return dcgm.counts
        }
    }

    /// Takes the columns that the values told, at the first row with the tool's own time when no header came before it.
    private mutating func guess(_ line: borrowing Line) {
        guard query.columns == nil else {
            shape = nil
            return
        }
        let bytes = line.bytes.trimmed
        guard line.terminated, let names = shape, let comma = bytes.firstIndex(of: 44),
            NvidiaSMICell.wallMs(bytes.slice(0, comma)) != nil
        else { return }
        shape = nil
        guessedColumns = names
        query.use(columns: names)
    }
}

extension Line {
    /// The line without a wrapper's clock: what stands at `start` of its trimmed bytes.
    fileprivate func behind(_ start: Int) -> Line {
        let text = bytes.trimmed
        return Line(
            bytes: text.slice(start, text.count), number: number, offset: offset, terminated: terminated,
            omitted: omitted)
    }
}

/// Passes on what a line gives that stands for several lines of the input: a reject of it is one of all of them.
private struct PhysicalLines<Sink: GPUCaptureSink>: GPUCaptureSink {
    var sink: Sink
    let more: Int

    mutating func gpu(_ sample: GPUSample, line: Int) throws { try sink.gpu(sample, line: line) }
    mutating func process(_ process: GPUProcess, line: Int) throws { try sink.process(process, line: line) }
    mutating func event(_ event: GPUCaptureEvent) throws { try sink.event(event) }

    mutating func reject(_ reject: FormatReject) throws {
        var reject = reject
        reject.lineCount += more
        try sink.reject(reject)
    }
}

/// Reads the lines of a form in front of which a wrapper may put its clock.
protocol ClockedParser {
    /// The last time that a wrapper wrote.
    var lineClock: ClockReading? { get set }
    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws
}

extension ClockedParser {
    mutating func parse<Sink: GPUCaptureSink>(clocked line: borrowing Line, into sink: inout Sink) throws {
        guard let (clock, start) = ClockLine.leading(line.bytes.trimmed) else {
            return try parse(line: line, into: &sink)
        }
        lineClock = clock
        try parse(line: line.behind(start), into: &sink)
    }
}
