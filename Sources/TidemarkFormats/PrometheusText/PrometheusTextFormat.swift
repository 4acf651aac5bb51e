import TidemarkBase

/// Recognises exposition text and OpenMetrics.
public enum PrometheusTextFormat {
    public static let identifier = "prometheus-text"

    /// - Parameters:
    ///   - head: the first bytes (64 KiB are plenty) of the decompressed content.
    ///   - fileName: the file's name, only a tie-breaker.
    /// - Returns: nil when nothing speaks for this format.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        let lines = head.headLines(limit: 24)
        var metadata = 0
        var samples = 0
        var labelled = 0
        var foreign = 0
        for line in lines {
            if line[0] == 35 {
                if line.has("# HELP ") || line.has("# TYPE ") || line.has("# UNIT ") { metadata += 1 }
            } else if let hasLabels = sample(line) {
                samples += 1
                if hasLabels { labelled += 1 }
            } else {
                foreign += 1
            }
        }
        guard samples + metadata > 0, foreign * 4 <= samples + metadata else { return nil }
        // A bare `word number` a line is weak evidence; `# TYPE` lines or labels are strong.
        let share = Double(samples + metadata) / Double(samples + metadata + foreign)
        let strength = metadata > 0 ? 0.95 : labelled > 0 ? 0.85 : 0.3
        let dialect = isOpenMetrics(head.slice(0, min(head.count, 8192))) ? "OpenMetrics" : "text exposition"
        let score = strength * share + (fileNameFits(fileName) ? 0.03 : 0)
        return FormatGuess(
            format: identifier, score: score,
            detail: "\(dialect): \(samples) samples and \(metadata) metadata lines of the first \(lines.count)")
    }

    /// Whether the content says that it is OpenMetrics: `# EOF`, `# UNIT`, or an exemplar. The absence proves nothing.
    public static func isOpenMetrics(_ head: Bytes) -> Bool {
        head.has("# UNIT ") || head.has("# EOF") || head.range(of: "\n# UNIT ") != nil
            || head.range(of: "\n# EOF") != nil || head.range(of: " # {") != nil
    }

    /// Whether a line reads as a sample; if so, whether it has labels.
    private static func sample(_ line: Bytes) -> Bool? {
        guard SeriesText.isNameStart(line[0]) || line[0] == 123, case .at(let end) = SeriesText.end(line, from: 0),
            (try? SampleTail(line, from: end, dialect: .automatic)) != nil,
            let labels = try? SeriesText.labels(line.slice(0, end)), labels.contains(where: { $0.name == "__name__" })
        else { return nil }
        // promtool's dump is another format: it names the metric by a label.
        return line[0] == 123 && line.range(of: "__name__=") != nil ? nil : labels.count > 1
    }

    private static func fileNameFits(_ name: String) -> Bool {
        ["metrics", "scrape", ".prom", "openmetrics", "federate"].contains { name.contains($0) }
    }
}
