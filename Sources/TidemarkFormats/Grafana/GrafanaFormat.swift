import TidemarkBase

/// Recognises what Grafana's panels export: Inspect > Data > Download CSV, and Inspect > JSON.
public enum GrafanaFormat {
    public static let csvIdentifier = "grafana-csv"
    public static let jsonIdentifier = "grafana-json"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? { json(head) ?? csv(head) }

    /// A header that begins with `Time`, and a row that begins with one.
    private static func csv(_ head: Bytes) -> FormatGuess? {
        var table = CSVTable()
        var columns = 0
        for line in head.headLines(limit: 5) {
            if table.separator(line) { continue }
            let cells = table.cells(line)
            guard columns > 0 else {
                guard cells.count > 1, GrafanaCSVParser.isTimeHeader(cells[0]) else { return nil }
                // Explore's download of log lines.
                if cells.contains("Line") { return nil }
                columns = cells.count
                continue
            }
            guard let time = withBytes(of: cells[0], { GrafanaTime($0) }) else { return nil }
            return FormatGuess(
                format: csvIdentifier, score: 0.92,
                detail: "Grafana panel CSV: \(columns - 1) columns beside the time, \(time.zoned ? "UTC" : "no zone")")
        }
        return nil
    }

    private static func json(_ head: Bytes) -> FormatGuess? {
        let start = PrometheusJSONFormat.compact(head, limit: 8192)
        return start.withUnsafeBytes { bytes in
            guard bytes.has("[{") || bytes.has("{"), bytes.range(of: "\"fields\":[{") != nil else { return nil }
            let frames =
                bytes.has("[{\"schema\":{") || bytes.has("{\"schema\":{")
                || bytes.has("{\"results\":{") && bytes.range(of: "\"frames\":[") != nil
                || bytes.has("{\"state\":") && bytes.range(of: "\"series\":[{") != nil
                || bytes.has("[{\"refId\":") || bytes.has("[{\"fields\":[{")
            guard frames else { return nil }
            return FormatGuess(format: jsonIdentifier, score: 0.93, detail: "Grafana panel JSON: data frames")
        }
    }
}

/// The time of a row.
struct GrafanaTime {
    /// Unix ms; when ``zoned`` is false, the reading of a clock of unknown zone as if UTC.
    var millis: Int64
    var zoned: Bool

    /// `2026-11-23 17:31:13[.500]`, RFC 3339, or Unix milliseconds (below 10¹¹: seconds).
    init?(_ bytes: Bytes) {
        guard bytes.count > 0 else { return nil }
        if let number = Decimal.parse(bytes) {
            // Nothing before 2000 nor after 2199: other numbers are no times.
            let scaled = abs(number) < 100_000_000_000 ? number * 1000 : number
            guard scaled >= 946_684_800_000, scaled < 7_258_118_400_000 else { return nil }
            millis = Int64(scaled.rounded())
            zoned = true
            return
        }
        guard bytes.count <= 40 else { return nil }
        var text = [UInt8](bytes)
        if text.count > 10, text[10] == 32 { text[10] = 84 }
        let found = text.withUnsafeBytes { copy -> (Int64, Bool)? in
            guard let parsed = CivilTime.parseRFC3339(copy), parsed.length == copy.count else { return nil }
            return (parsed.millis, parsed.zoned)
        }
        guard let found else { return nil }
        (millis, zoned) = found
    }
}
