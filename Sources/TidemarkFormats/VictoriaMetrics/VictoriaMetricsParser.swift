import TidemarkBase
import TidemarkSeries

/// Where the lines of an export went. `lines` = series lines + blank + rejected lines.
public struct VictoriaMetricsCounts: Sendable, Equatable {
    public var lines = 0
    public var seriesLines = 0
    public var blankLines = 0
    public var rejectedLines = 0
    /// Samples delivered; of a rejected line those before the fault.
    public var samples = 0
    /// Values that were `null` or a word for it, delivered as NaN.
    public var nullValues = 0

    public init() {}
}

/// Reads the JSON lines of VictoriaMetrics' `/api/v1/export`: one series a line, its values and its times (Unix ms) in two
/// lists; a series may have several lines. Members may come in any order, and there may be others.
///
/// The two lists are walked side by side, so a line needs no memory beyond itself. Time: linear. Values are numbers,
/// `null`, or the words that VictoriaMetrics' own importer takes: `"Infinity"`, `"-Infinity"`, `"inf"`, `"NaN"`, `"null"`.
public struct VictoriaMetricsParser: Sendable {
    /// The longest line that is read: exports put a whole series on one.
    public static let lineLimit = 1 << 30

    public private(set) var counts = VictoriaMetricsCounts()

    public init() {}

    /// Reads all of an export that is in memory.
    @discardableResult
    public mutating func parse<Sink: MetricSink>(export bytes: Bytes, into sink: inout Sink) throws
        -> VictoriaMetricsCounts
    {
        var reader = LineReader(limit: Self.lineLimit)
        try reader.feed(bytes) { try parse(line: $0, into: &sink) }
        try reader.finish { try parse(line: $0, into: &sink) }
        return counts
    }

    /// Reads the next line. A last line without a line feed counts when it is complete JSON.
    public mutating func parse<Sink: MetricSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        var bytes = line.bytes
        if line.number == 1, bytes.has("\u{FEFF}") { bytes = bytes.slice(3, bytes.count) }
        guard !bytes.trimmed.isEmpty else {
            counts.blankLines += 1
            return
        }
        guard line.omitted == 0 else { return try reject(line, "the line is too long", into: &sink) }
        let members: Members
        do {
            members = try Members(bytes)
        } catch let error as JSONReader.JSONError {
            let cut = line.terminated ? "" : ": the last line may be cut off"
            return try reject(line, "\(error.expected) is expected at byte \(error.offset)\(cut)", into: &sink)
        }
        guard let valuesAt = members.valuesAt, let timestampsAt = members.timestampsAt else {
            return try reject(line, "the lists \"values\" and \"timestamps\" are expected", into: &sink)
        }
        let series = try sink.series(Labels(members.labels))
        var walk = ValueListWalk(bytes, valuesAt: valuesAt, timestampsAt: timestampsAt)
        while let sample = walk.next() {
            counts.samples += 1
            try sink.append(series: series, timeMs: sample.timeMs, value: sample.value)
        }
        counts.nullValues += walk.nullValues
        if let fault = walk.fault {
            return try reject(line, "\(fault.expected) is expected at byte \(fault.offset)", into: &sink)
        }
        counts.seriesLines += 1
    }

    private mutating func reject<Sink: MetricSink>(
        _ line: borrowing Line, _ reason: String, into sink: inout Sink
    ) throws {
        counts.rejectedLines += 1
        try sink.reject(FormatReject(line, reason))
    }

    /// The members of a line's object.
    private struct Members {
        var labels: [Labels.Label] = []
        /// Where the two lists begin.
        var valuesAt: Int?
        var timestampsAt: Int?

        init(_ bytes: Bytes) throws {
            var reader = JSONReader(bytes)
            var pairs: [Labels.Label] = []
            try reader.object { key, reader in
                let kind = try reader.peek()
                if key.equals("metric"), kind == .object {
                    try reader.object { name, reader in
                        if let value = try reader.scalarText() { pairs.append(.init(name.text, value)) }
                    }
                    return
                }
                if key.equals("values"), kind == .array { valuesAt = reader.offset }
                if key.equals("timestamps"), kind == .array { timestampsAt = reader.offset }
                try reader.skipFlatList()
            }
            labels = pairs
            guard try reader.peek() == .end else {
                throw JSONReader.JSONError(offset: reader.offset, expected: "the end of the line")
            }
        }
    }
}

extension JSONReader {
    /// Steps over a value; a list without strings and lists inside, the usual case, by one search for its end.
    mutating func skipFlatList() throws {
        guard try peek() == .array, let end = bytes.firstIndex(of: 93, from: offset) else { return try skip() }
        let inside = bytes.slice(offset + 1, end)
        guard inside.firstIndex(of: 34) == nil, inside.firstIndex(of: 91) == nil, inside.firstIndex(of: 123) == nil
        else { return try skip() }
        move(to: end + 1)
    }
}
