import TidemarkBase
import TidemarkSeries

/// Recognises the text of `promtool tsdb dump-openmetrics`: OpenMetrics without metadata, every sample with a time in
/// seconds of three decimals. It is a history, not a scrape.
public enum OpenMetricsDumpFormat {
    public static let identifier = "promtool-dump-openmetrics"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        var samples = 0
        var foreign = 0
        let lines = head.headLines(limit: 50)
        for line in lines {
            if line[0] == 35 {
                // Metadata belongs to scrapes.
                guard line.equals("# EOF") else { return nil }
            } else if case .at(let end) = SeriesText.end(line, from: 0),
                let tail = try? SampleTail(line, from: end, dialect: .openMetrics)
            {
                guard tail.timeMs != nil, hasDumpTime(line) else { return nil }
                samples += 1
            } else {
                foreign += 1
            }
        }
        guard samples > 0, foreign * 3 <= samples else { return nil }
        return FormatGuess(
            format: identifier, score: 0.97, detail: "promtool tsdb dump-openmetrics: \(samples) samples looked at")
    }

    /// How ``PrometheusTextParser`` reads such a dump, into a ``NaNResolvingSink``, as one scrape without a time. Names that
    /// are not legal in the text format are printed bare by promtool: such lines are rejects.
    public static var parserOptions: PrometheusTextParser.Options {
        var options = PrometheusTextParser.Options()
        options.dialect = .openMetrics
        return options
    }

    /// Whether a line ends in ` digits.ddd`.
    private static func hasDumpTime(_ line: Bytes) -> Bool {
        guard line.count > 6, line[line.count - 4] == 46 else { return false }
        var at = line.count - 1
        while at > 0, line[at] &- 48 <= 9 || line[at] == 46 && at == line.count - 4 { at -= 1 }
        return line[at] == 32 && line.count - at > 5
    }
}
