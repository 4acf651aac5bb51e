import TidemarkBase
import TidemarkEvidence

/// `profile_export_aiperf.csv` and GenAI-Perf's: a table of distributions, one of single values, one of GPUs. Units stand
/// in the metrics' names, `Request Latency (ms)`; GenAI-Perf writes `"1,234.56"`. The load is not in it: the JSON beside it
/// has more.
struct AIPerfCSV: LoadTestLines {
    private var table = CSVTable()
    private var columns: [String] = []
    private var fields = LoadTestFields()
    private var isForeign = false
    private var place: (line: Int, offset: Int)?

    private static let names = [
        "Request Latency": "request_latency", "Time to First Token": "time_to_first_token",
        "Time To First Token": "time_to_first_token", "Inter Token Latency": "inter_token_latency",
        "Request Throughput": "request_throughput", "Request Count": "request_count",
        "Output Token Throughput": "output_token_throughput", "Total Token Throughput": "total_token_throughput",
        "Output Sequence Length": "output_sequence_length", "Input Sequence Length": "input_sequence_length",
        "Benchmark Duration": "benchmark_duration", "Error Request Count": "error_request_count",
    ]

    mutating func take(_ line: borrowing Line, _ emit: (LoadPoint) throws -> Void) throws -> LoadTestLineKind {
        let text = line.bytes.trimmed
        if text.isEmpty {
            columns = []
            return .noise
        }
        let cells = table.cells(text)
        if columns.isEmpty {
            columns = cells
            isForeign = cells.first != "Metric"
            if place == nil, !isForeign { place = (line.number, line.offset) }
            return .noise
        }
        if isForeign { return .noise }
        guard cells.count == columns.count else {
            return .reject("\(columns.count) cells as in the header are expected")
        }
        let (name, unit) = Self.split(cells[0])
        guard let metric = Self.names[name] else { return .record }
        if let unit { fields.set(metric + "/unit", .text(unit)) }
        for (column, cell) in zip(columns, cells).dropFirst() {
            let plain = cell.filter { $0 != "," }
            guard let number = withBytes(of: plain, { Decimal.parse($0) }) else { continue }
            fields.set(metric + "/" + (column == "Value" ? "avg" : column), .number(number))
        }
        return .record
    }

    mutating func finish(_ emit: (LoadPoint) throws -> Void) throws -> FormatReject? {
        guard var point = AIPerf.point(fields) else { return nil }
        (point.line, point.offset) = place ?? (1, 0)
        // Which of the two wrote it can't be told from the table.
        point.tool = LoadTestTool.aiperf.rawValue
        try emit(point)
        return nil
    }

    /// `HTTP Duration (excl. conn) (ms)`: the last parentheses are the unit.
    static func split(_ name: String) -> (name: String, unit: String?) {
        guard name.hasSuffix(")"), let open = name.lastIndex(of: "(") else { return (name, nil) }
        let unit = name[name.index(after: open)...].dropLast()
        var rest = name[..<open]
        while rest.last == " " { rest.removeLast() }
        return (String(rest), String(unit))
    }
}
