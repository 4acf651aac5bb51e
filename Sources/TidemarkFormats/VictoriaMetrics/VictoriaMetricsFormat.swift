import TidemarkBase

/// Recognises the JSON lines of VictoriaMetrics' `/api/v1/export`.
public enum VictoriaMetricsFormat {
    public static let identifier = "victoriametrics-export"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        // A line may be longer than the head: its beginning has to do.
        guard let line = head.headLines(limit: 1).first, line[0] == 123 else { return nil }
        var reader = JSONReader(line)
        var labels = false
        var plainValues = false
        var times = false
        var foreign = false
        do {
            try reader.object { key, reader in
                let kind = try reader.peek()
                if key.equals("metric"), kind == .object {
                    labels = true
                } else if key.equals("values"), kind == .array {
                    // Prometheus' results hold pairs there.
                    let first = firstByte(line, in: reader.offset)
                    plainValues = first != nil && first != 91
                    if first == 91 { foreign = true }
                } else if key.equals("timestamps"), kind == .array {
                    times = true
                } else {
                    foreign = true
                }
                try reader.skip()
            }
        } catch {
            // Cut off by the end of the head, or damaged: what was seen before counts.
        }
        guard !foreign, times && (labels || plainValues) || labels && plainValues else { return nil }
        return FormatGuess(
            format: identifier, score: times ? 0.95 : 0.85, detail: "VictoriaMetrics export: a series a line")
    }

    /// The first byte inside an array; nil when the head ends before it.
    private static func firstByte(_ bytes: Bytes, in array: Int) -> UInt8? {
        var at = array + 1
        while at < bytes.count, bytes[at] <= 32 { at += 1 }
        return at < bytes.count ? bytes[at] : nil
    }
}
