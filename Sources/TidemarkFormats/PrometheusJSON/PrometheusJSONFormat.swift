import TidemarkBase

/// Recognises answers of the Prometheus HTTP API.
public enum PrometheusJSONFormat {
    public static let identifier = "prometheus-api-json"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    ///
    /// A JSON object that maps something else to answers, queries for example, is not one: nil.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        let start = compact(head, limit: 4096)
        return start.withUnsafeBytes { bytes in
            guard let (score, detail) = envelope(bytes) ?? part(bytes) else { return nil }
            return FormatGuess(format: identifier, score: score, detail: detail)
        }
    }

    /// The metric that a file is named after: its name up to the first point, when that is a legal metric name
    /// (`vllm_num_requests_running.json.gz`). File names cannot hold a colon everywhere: whether an underscore stands for
    /// one is up to the caller.
    public static func metricName(fromFileName fileName: String) -> String? {
        let last = fileName.split(separator: "/").last ?? ""
        let name = last.prefix { $0 != "." }
        let legal = withBytes(of: String(name)) { bytes in
            bytes.count > 0 && SeriesText.isNameStart(bytes[0]) && bytes.allSatisfy { SeriesText.isName($0) }
        }
        return legal ? String(name) : nil
    }

    /// `{"status":"success","data":…}` in any order of the two.
    private static func envelope(_ bytes: Bytes) -> (Double, String)? {
        if bytes.has("{\"status\":\"error\"") || bytes.has("{\"errorType\":") {
            let known = bytes.range(of: "\"errorType\":") != nil
            return known ? (0.95, "an error answer") : nil
        }
        if bytes.has("{\"status\":\"success\"") {
            if let at = bytes.range(of: "\"data\":") {
                // Loki's answers with log lines have the same envelope.
                if bytes.has("{\"resultType\":\"streams\"", at: at + 7) { return nil }
                if bytes.range(of: "\"bytesProcessedPerSecond\":") != nil { return nil }
                return (0.95, dataDetail(bytes.slice(at + 7, bytes.count)) ?? "an answer without samples")
            }
            return (0.5, "an answer without data")
        }
        if bytes.has("{\"data\":") {
            guard let detail = dataDetail(bytes.slice(8, bytes.count)) else { return nil }
            return (0.9, detail)
        }
        return nil
    }

    /// What the value of `data` is; nil when it is none that is known.
    private static func dataDetail(_ data: Bytes) -> String? {
        if let detail = queryDetail(data) { return detail }
        if data.has("[{\"__name__\":") { return "a list of series" }
        if data.has("{\"activeTargets\":") || data.has("{\"droppedTargets\":") { return "targets" }
        if data.has("{\"groups\":") { return "rules" }
        if data.has("{\"alerts\":") { return "alerts" }
        if data.has("[{\"seriesLabels\":") { return "exemplars" }
        return nil
    }

    private static func queryDetail(_ data: Bytes) -> String? {
        if data.has("{\"resultType\":\"matrix\"") { return "a matrix" }
        if data.has("{\"resultType\":\"vector\"") { return "a vector" }
        if data.has("{\"resultType\":\"scalar\"") { return "a scalar" }
        if data.has("{\"resultType\":\"string\"") { return "a string" }
        if data.has("{\"result\":[{\"metric\":") || data.has("{\"result\":[]") { return "results" }
        return nil
    }

    /// Only `data`, only the result array, or result objects one after the other.
    private static func part(_ bytes: Bytes) -> (Double, String)? {
        if let detail = queryDetail(bytes) { return (0.9, detail) }
        if bytes.has("[{\"metric\":{") { return (0.9, "an array of results") }
        guard bytes.has("{\"metric\":{") else { return nil }
        guard let values = bytes.range(of: "\"values\":[") else {
            return bytes.range(of: "\"value\":[") == nil ? nil : (0.85, "results line by line")
        }
        // Values as plain numbers are VictoriaMetrics' export.
        let next = values + 10
        return next < bytes.count && bytes[next] == 91 ? (0.85, "results line by line") : nil
    }

    /// The beginning of a text without the white space outside strings.
    static func compact(_ head: Bytes, limit: Int) -> [UInt8] {
        var out: [UInt8] = []
        var quoted = false
        var at = head.has("\u{FEFF}") ? 3 : 0
        while at < head.count, out.count < limit {
            let byte = head[at]
            at += 1
            if byte == 34 { quoted.toggle() }
            if quoted || byte > 32 { out.append(byte) }
            if quoted, byte == 92, at < head.count {
                out.append(head[at])
                at += 1
            }
        }
        return out
    }
}
