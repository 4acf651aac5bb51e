import TidemarkBase
import TidemarkEvidence

/// Which columns of a table (RFC 4180) hold a log: exports of Kibana, Logs Insights, Datadog, Splunk, Log Analytics,
/// Cloud Logging and Grafana.
public struct LogColumns: Sendable, Hashable {
    var time: Int
    var message: Int
    var source: Int?
    var container: Int?
    /// Times without a zone are UTC.
    var isUTC: Bool

    /// The columns that a header names; nil when they are not those of a log.
    init?(header: Bytes) {
        var time: (column: Int, rank: Int, isUTC: Bool)?
        var message: (column: Int, rank: Int)?
        var source: (column: Int, rank: Int)?
        var container: Int?
        var column = 0
        var rows = TableRows(header)
        let isRead = rows.next { text, _ in
            let cell = text.trimmed
            func offer(_ best: inout (column: Int, rank: Int)?, _ rank: Int) {
                if rank > best?.rank ?? 0 { best = (column, rank) }
            }
            switch true {
            case cell.equals("@timestamp"): if time?.rank ?? 0 < 2 { time = (column, 2, false) }
            case cell.equals("_time"), cell.equals("timestamp"), cell.equals("Date"), cell.equals("Time"),
                cell.equals("date"):
                if time?.rank ?? 0 < 2 { time = (column, 2, false) }
            case cell.equals("tsNs"): time = (column, 3, false)
            case cell.equals("TimeGenerated"), cell.equals("TimeGenerated [UTC]"): time = (column, 3, true)
            case cell.equals("receiveTimestamp"): if time == nil { time = (column, 1, false) }
            case cell.equals("@message"), cell.equals("_raw"), cell.equals("textPayload"), cell.equals("LogMessage"),
                cell.equals("LogEntry"), cell.equals("Log_s"), cell.equals("Log"):
                offer(&message, 4)
            case cell.equals("message"), cell.equals("Message"), cell.equals("Content"), cell.equals("Line"),
                cell.equals("jsonPayload.message"), cell.equals("log"):
                offer(&message, 3)
            case cell.equals("@logStream"), cell.equals("kubernetes.pod.name"), cell.equals("kubernetes.pod_name"),
                cell.equals("PodName"), cell.equals("resource.labels.pod_name"), cell.equals("pod"):
                offer(&source, 3)
            case cell.equals("ContainerName"), cell.equals("ContainerName_s"), cell.equals("kubernetes.container.name"):
                container = column
            case cell.equals("Host"), cell.equals("host"), cell.equals("host.name"), cell.equals("Service"):
                offer(&source, 1)
            default: break
            }
            column += 1
        }
        guard isRead, let time, let message, column > 1 else { return nil }
        self.time = time.column
        self.message = message.column
        self.source = source?.column
        self.container = container
        isUTC = time.isUTC || header.range(of: "@message") != nil
    }

    /// Of rows without a header, as exports of CloudWatch lose it: milliseconds since 1970 and the line, and nothing else.
    init?(rows text: Bytes) {
        var rows = TableRows(text)
        var count = 0
        while count < 20, rows.at < text.count {
            var cells: [Bool] = []
            _ = rows.next { cell, _ in
                // A second number is a metric's.
                cells.append(
                    cells.isEmpty
                        ? cell.count == 13 && cell.first == 49 && Decimal.parseInt(cell) != nil
                        : Decimal.parse(cell.trimmed) != nil)
            }
            // The head ends within the last row.
            if rows.at >= text.count, count > 0 { break }
            guard cells == [true, false] else { return nil }
            count += 1
        }
        guard count > 0 else { return nil }
        (time, message, source, container, isUTC) = (0, 1, nil, nil, true)
    }

    /// The header of a table is its first row.
    static func header(_ head: Bytes) -> Bytes {
        let start = head.has("\u{FEFF}") ? 3 : 0
        return head.slice(start, head.firstIndex(of: 10, from: start) ?? head.count)
    }
}

/// The rows of a table; a quoted cell may hold line feeds.
struct TableRows {
    private let bytes: Bytes
    private(set) var at: Int
    /// Whether the last row ended inside of a quoted cell.
    private(set) var isCut = false

    init(_ bytes: Bytes, from at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    /// Calls `body` with each cell of the next row; `escaped`: it holds `""`.
    /// - Returns: false at the end.
    mutating func next(_ body: (_ cell: Bytes, _ escaped: Bool) -> Void) -> Bool {
        guard at < bytes.count else { return false }
        while true {
            if at < bytes.count, bytes[at] == 34 {
                let start = at + 1
                var escaped = false
                at = start
                while true {
                    guard let quote = bytes.firstIndex(of: 34, from: at) else {
                        isCut = true
                        body(bytes.slice(start, bytes.count), escaped)
                        at = bytes.count
                        return true
                    }
                    at = quote
                    guard bytes.has("\"", at: quote + 1) else { break }
                    escaped = true
                    at = quote + 2
                }
                body(bytes.slice(start, at), escaped)
                at += 1
                while at < bytes.count, bytes[at] != 44, bytes[at] != 10 { at += 1 }
            } else {
                let start = at
                while at < bytes.count, bytes[at] != 44, bytes[at] != 10 { at += 1 }
                let isRowEnd = at == bytes.count || bytes[at] == 10
                body(bytes.slice(start, isRowEnd && at > start && bytes[at - 1] == 13 ? at - 1 : at), false)
            }
            guard at < bytes.count else { return true }
            at += 1
            if bytes[at - 1] == 10 { return true }
        }
    }
}

/// Reads the rows of a table that holds a log.
enum LogTable {
    static func read(_ bytes: Bytes, _ columns: LogColumns, firstLine: Int = 1, firstOffset: Int = 0) -> HeldEntries {
        var found = HeldEntries(bytes, firstLine: firstLine, firstOffset: firstOffset)
        var rows = TableRows(bytes, from: bytes.has("\u{FEFF}") ? 3 : 0)
        while true {
            let start = rows.at
            var entry = HeldEntry()
            var time: Bytes?
            var source: Bytes?
            var container: Bytes?
            var hasText = false
            var column = 0
            let isRow = rows.next { cell, escaped in
                if column == columns.time { time = cell }
                if column == columns.message, let from = cell.baseAddress, let base = bytes.baseAddress {
                    entry.text = from - base..<from - base + cell.count
                    entry.coding = escaped ? .quoted : .plain
                    hasText = true
                }
                if column == columns.source { source = cell }
                if column == columns.container { container = cell }
                column += 1
            }
            guard isRow else { return found }
            if rows.isCut {
                found.reject(from: start, to: rows.at, "expected the end of a quoted cell")
            } else if let parsed = time.flatMap({ FrameTime(text: $0.trimmed) }), hasText {
                entry.timeMs = parsed.millis
                entry.zoneless = parsed.zoneless && !columns.isUTC
                entry.source = found.name(source, container)
                found.add(entry, from: start, to: rows.at)
            } else if !bytes.slice(start, rows.at).allSatisfy({ $0 <= 32 }),
                LogColumns(header: bytes.slice(start, rows.at)) == nil
            {
                found.reject(from: start, to: rows.at, "expected a row with a time and a message")
            }
        }
    }
}
