import TidemarkBase
import TidemarkSeries

/// Where the lines of a panel's CSV went. `lines` = rows + header lines + blank + rejected lines.
public struct GrafanaCounts: Sendable, Equatable {
    public var lines = 0
    public var rows = 0
    /// Headers, and the line `sep=,`.
    public var headerLines = 0
    public var blankLines = 0
    public var rejectedLines = 0
    public var samples = 0
    /// Rows whose time has no zone: their times are as certain as the zone that was assumed.
    public var zonelessRows = 0
    /// Samples written in percent, delivered as ratios.
    public var percentCells = 0

    public init() {}
}

/// Reads the CSV that Grafana's panel inspector downloads.
///
/// "Series joined by time" has a column a series, named by its legend; the long form has columns of labels and one of
/// values. A file of several tables has several headers. Cells with units are brought to base units (``UnitValue``); a
/// percent sign makes a ratio. Times without a zone are the browser's, of the `zone` that is given.
/// Time: linear; memory: the columns, in the long form also the distinct label sets.
public struct GrafanaCSVParser: Sendable {
    private enum Column {
        case time
        /// Index in the row of values; the sink's handle once the series was announced.
        case value(handle: Int?)
        case label(String)
    }

    private let zone: LocalZone
    private let legend: GrafanaLegend
    private var table = CSVTable()
    private var header: [String] = []
    /// Empty until the first row below a header has been seen.
    private var columns: [Column] = []
    /// Whether a cell of the current line holds `""`.
    private var hasEscapes = false
    /// Handles of the long form, by the texts of the label cells and the value column.
    private var handles: [[String]: Int] = [:]
    public private(set) var counts = GrafanaCounts()

    /// - Parameters:
    ///   - zone: of times without one.
    ///   - missingName: the metric of series whose legend names none.
    public init(zone: LocalZone = .fixed(minutesEast: 0), missingName: String = "") {
        self.zone = zone
        legend = GrafanaLegend(missingName: missingName)
    }

    static func isTimeHeader(_ cell: String) -> Bool { cell == "Time" || cell == "time" }

    /// Reads all of a file that is in memory.
    @discardableResult
    public mutating func parse<Sink: MetricSink>(csv bytes: Bytes, into sink: inout Sink) throws -> GrafanaCounts {
        var reader = LineReader()
        try reader.feed(bytes) { try parse(line: $0, into: &sink) }
        try reader.finish { try parse(line: $0, into: &sink) }
        return counts
    }

    /// Reads the next line.
    public mutating func parse<Sink: MetricSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        var bytes = line.bytes
        if line.number == 1, bytes.has("\u{FEFF}") { bytes = bytes.slice(3, bytes.count) }
        bytes = bytes.trimmed
        guard !bytes.isEmpty else {
            counts.blankLines += 1
            return
        }
        guard line.omitted == 0 else { return try reject(line, "the line is too long", into: &sink) }
        if header.isEmpty, table.separator(bytes) {
            counts.headerLines += 1
            return
        }
        var cells: [Bytes] = []
        hasEscapes = false
        table.forEachCell(bytes) { cell, escaped in
            cells.append(cell)
            hasEscapes = hasEscapes || escaped
        }
        if cells[0].equals("Time") || cells[0].equals("time") {
            header = table.cells(bytes)
            columns = []
            counts.headerLines += 1
            return
        }
        guard !header.isEmpty else { return try reject(line, "a header that begins with Time", into: &sink) }
        guard cells.count == header.count else {
            let cut = line.terminated ? "" : ": the last line may be cut off"
            return try reject(line, "\(header.count) cells are expected, as in the header\(cut)", into: &sink)
        }
        guard let time = GrafanaTime(cells[0]) else { return try reject(line, "the time is not one", into: &sink) }
        if !time.zoned { counts.zonelessRows += 1 }
        try row(cells, time.zoned ? time.millis : time.millis - zone.offsetMs(wallMs: time.millis), line, into: &sink)
    }

    private mutating func row<Sink: MetricSink>(
        _ cells: [Bytes], _ timeMs: Int64, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        if columns.isEmpty { classify(cells) }
        var unreadable: Int?
        for index in columns.indices {
            guard case .value(let known) = columns[index] else { continue }
            let value: Double
            switch UnitValue.cell(cells[index]) {
            case .number(let number): value = number
            case .percent(let ratio):
                counts.percentCells += 1
                value = ratio
            case .missing: continue
            case .text:
                unreadable = unreadable ?? index
                continue
            }
            counts.samples += 1
            try sink.append(
                series: try known ?? handle(index, cells, into: &sink), timeMs: timeMs, value: value)
        }
        guard let unreadable else {
            counts.rows += 1
            return
        }
        try reject(line, "the cell of column \(unreadable + 1) is not a number", into: &sink)
    }

    /// Tells labels from values by the header and the first row.
    private mutating func classify(_ cells: [Bytes]) {
        // A column `Value` between others is the long form: the others are labels, even those with numbers.
        let isLong = header.count > 2 && header.contains { withBytes(of: $0) { GrafanaLegend.isValueWord($0) } }
        for (index, name) in header.enumerated() {
            let isValue =
                isLong ? withBytes(of: name) { GrafanaLegend.isValueWord($0) } : UnitValue.cell(cells[index]) != .text
            columns.append(index == 0 ? .time : isValue ? .value(handle: nil) : .label(name))
        }
    }

    /// The series of a value cell. Without label columns it is the column's and remembered there.
    private mutating func handle<Sink: MetricSink>(
        _ column: Int, _ cells: [Bytes], into sink: inout Sink
    ) throws -> Int {
        var key = [header[column]]
        for index in columns.indices {
            if case .label = columns[index] { key.append(cells[index].text) }
        }
        guard key.count > 1 else {
            let handle = try sink.series(legend.labels(header[column]))
            columns[column] = .value(handle: handle)
            return handle
        }
        if let known = handles[key] { return known }
        var labels = legend.labels(header[column])
        for index in columns.indices {
            guard case .label(let name) = columns[index], !cells[index].isEmpty else { continue }
            let text = CSVTable.text(cells[index], hasEscapes)
            if ["Metric", "metric", "Series", "series", "Legend"].contains(name) {
                for label in legend.labels(text).pairs { labels = labels.with(label.name, label.value) }
            } else {
                labels = labels.with(name, text)
            }
        }
        let handle = try sink.series(labels)
        handles[key] = handle
        return handle
    }

    private mutating func reject<Sink: MetricSink>(
        _ line: borrowing Line, _ reason: String, into sink: inout Sink
    ) throws {
        counts.rejectedLines += 1
        try sink.reject(FormatReject(line, reason))
    }
}
