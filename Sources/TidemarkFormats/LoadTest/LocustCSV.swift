import TidemarkBase
import TidemarkEvidence

/// Locust's `PREFIX_stats.csv` (the whole test is one point) and `PREFIX_stats_history.csv` (a point for each stretch of
/// time with the same number of users). Milliseconds; percentiles are rounded by Locust to two digits.
struct LocustCSV: LoadTestLines {
    private var table = CSVTable()
    private var columns: [String: Int] = [:]
    /// Cells of the header; names may stand twice in it.
    private var width = 0
    private var isHistory = false
    private var aggregated: LoadPoint?
    private var plateau: Plateau?

    /// How far back the percentiles of the history look, in seconds.
    private static let windowSeconds = 10.0
    static let note = "a response time ends with the headers unless the script reads the body"

    mutating func take(_ line: borrowing Line, _ emit: (LoadPoint) throws -> Void) throws -> LoadTestLineKind {
        let text = line.bytes.trimmed
        if text.isEmpty || table.separator(text) { return .noise }
        let cells = table.cells(text)
        guard !columns.isEmpty else {
            guard cells.contains("Name") else { return .reject("the header of Locust's CSV is expected") }
            columns = Dictionary(cells.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            width = cells.count
            isHistory = columns["User Count"] != nil
            return .noise
        }
        guard cells.count == width else {
            return .reject("\(width) cells as in the header are expected")
        }
        let row = Row(cells: cells, columns: columns)
        guard row.text("Name") == "Aggregated" else { return .record }
        if isHistory { return try history(row, line, emit) }
        aggregated = Self.total(row)
        aggregated?.line = line.number
        aggregated?.offset = line.offset
        return .record
    }

    mutating func finish(_ emit: (LoadPoint) throws -> Void) throws -> FormatReject? {
        if let point = aggregated ?? plateau?.point { try emit(point) }
        (aggregated, plateau) = (nil, nil)
        return nil
    }

    /// Cells of a line by the names of their columns.
    struct Row {
        let cells: [String]
        let columns: [String: Int]

        func text(_ column: String) -> String? { columns[column].map { cells[$0] } }
        /// nil for `N/A`, which stands where there was no request.
        func number(_ column: String) -> Double? {
            text(column).flatMap { cell in withBytes(of: cell) { Decimal.parse($0) } }.flatMap { $0 >= 0 ? $0 : nil }
        }
        func count(_ column: String) -> Int? { LoadTestFields.count(number(column)) }

        func percentiles(into summary: inout LatencySummary) {
            (summary.p50, summary.p90) = (number("50%"), number("90%"))
            (summary.p95, summary.p99) = (number("95%"), number("99%"))
        }
    }

    private static func total(_ row: Row) -> LoadPoint? {
        guard let requests = row.count("Request Count") else { return nil }
        var point = LoadPoint(tool: "locust")
        point.failed = row.count("Failure Count")
        point.succeeded = point.failed.map { max(0, requests - $0) }
        point.sentRPS = row.number("Requests/s")
        if let rate = point.sentRPS {
            point.achievedRPS = row.number("Failures/s").map { max(0, rate - $0) }
            if rate > 0 { point.durationSeconds = Double(requests) / rate }
        }
        row.percentiles(into: &point.e2e)
        if requests > 0 { point.e2e.mean = row.number("Average Response Time") }
        point.notes = [note]
        // Where the history stands beside it, its plateaus are the points.
        point.isTotal = true
        return point
    }

    // MARK: History

    private mutating func history(
        _ row: Row, _ line: borrowing Line, _ emit: (LoadPoint) throws -> Void
    ) throws -> LoadTestLineKind {
        guard let time = row.number("Timestamp"), time < 1e11, let users = row.number("User Count") else {
            return .reject("a time and a number of users are expected")
        }
        if plateau?.users != users {
            if let point = plateau?.point { try emit(point) }
            plateau = Plateau(users: users, start: time, line: line.number, offset: line.offset)
        }
        plateau?.take(row, at: time)
        return .record
    }

    /// A stretch of time with the same number of users. Memory: some thousand rows, of a longer one every second, every fourth…
    struct Plateau {
        let users: Double
        let start: Double
        let line: Int
        let offset: Int

        /// `work`: sum of the response times; nil where their mean isn't told.
        private var first: (time: Double, requests: Double, failures: Double, work: Double?)?
        private var last: (time: Double, requests: Double, failures: Double, work: Double?)?
        private var rows: [LatencySummary] = []
        private var stride = 1
        private var seen = 0

        init(users: Double, start: Double, line: Int, offset: Int) {
            (self.users, self.start, self.line, self.offset) = (users, start, line, offset)
        }

        mutating func take(_ row: Row, at time: Double) {
            // What was measured while the users were fewer or more is not of this plateau.
            guard time >= start + LocustCSV.windowSeconds else { return }
            guard let requests = row.number("Total Request Count"), let failures = row.number("Total Failure Count")
            else {
                return
            }
            let work = row.number("Total Average Response Time").map { $0 * requests }
            let now = (time, requests, failures, work)
            if first == nil { first = now }
            last = now
            seen += 1
            guard seen % stride == 0 else { return }
            var summary = LatencySummary()
            row.percentiles(into: &summary)
            rows.append(summary)
            guard rows.count >= 4096 else { return }
            rows = rows.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            stride *= 2
        }

        /// nil for a stretch that is too short to say anything.
        var point: LoadPoint? {
            guard users > 0, let first, let last, last.time - first.time >= LocustCSV.windowSeconds,
                last.requests >= first.requests, last.failures >= first.failures
            else { return nil }
            var point = LoadPoint(tool: "locust")
            (point.line, point.offset) = (line, offset)
            point.offered = LoadOffer(.users, users)
            point.startedMs = Int64(first.time * 1000)
            let seconds = last.time - first.time
            let (requests, failures) = (last.requests - first.requests, last.failures - first.failures)
            point.durationSeconds = seconds
            point.sentRPS = requests / seconds
            point.achievedRPS = max(0, requests - failures) / seconds
            point.failed = LoadTestFields.count(failures)
            point.succeeded = LoadTestFields.count(max(0, requests - failures))
            if requests > 0, let before = first.work, let after = last.work, after >= before {
                point.e2e.mean = (after - before) / requests
            }
            func middle(_ part: KeyPath<LatencySummary, Double?>) -> Double? {
                let values = rows.compactMap { $0[keyPath: part] }.sorted()
                return values.isEmpty ? nil : values[values.count / 2]
            }
            (point.e2e.p50, point.e2e.p90) = (middle(\.p50), middle(\.p90))
            (point.e2e.p95, point.e2e.p99) = (middle(\.p95), middle(\.p99))
            point.notes = [LocustCSV.note]
            return point
        }
    }
}
