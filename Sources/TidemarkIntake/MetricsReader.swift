import TidemarkBase
import TidemarkFormats
import TidemarkSeries

/// Reads a file of metrics in any of its formats, without a store.
enum MetricsReader {
    /// - Parameters:
    ///   - zone: of times that have none; nil: UTC.
    ///   - at: called with the number of each line before it is parsed; documents have the number 1.
    static func read<Sink: MetricSink>(
        _ stream: InputStream, _ format: String, path: String, zone: LocalZone?, into sink: inout Sink,
        at: (inout Sink, Int) -> Void = { _, _ in }
    ) throws {
        switch format {
        case PromtoolDumpFormat.identifier:
            var parser = PromtoolDumpParser()
            try stream.readLines { line in
                at(&sink, line.number)
                try parser.parse(line: line, into: &sink)
            }
            try parser.finish(into: &sink)
        case PrometheusTextFormat.identifier:
            var parser = PrometheusTextParser()
            parser.beginScrape(timeMs: ScrapeTime.fromFileName(LogName.base(path))?.timeMs ?? stream.modifiedMs)
            try stream.readLines { line in
                at(&sink, line.number)
                try parser.parse(line: line, into: &sink)
            }
            try parser.finishScrape(into: &sink)
        case OpenMetricsDumpFormat.identifier:
            var parser = PrometheusTextParser(options: OpenMetricsDumpFormat.parserOptions)
            var resolving = NaNResolvingSink(sink)
            parser.beginScrape(timeMs: nil)
            try stream.readLines { line in
                at(&resolving.base, line.number)
                try parser.parse(line: line, into: &resolving)
            }
            try parser.finishScrape(into: &resolving)
            try resolving.finish()
            sink = resolving.base
        case VictoriaMetricsFormat.identifier:
            var parser = VictoriaMetricsParser()
            try stream.readLines(limit: VictoriaMetricsParser.lineLimit) { line in
                at(&sink, line.number)
                try parser.parse(line: line, into: &sink)
            }
        case GrafanaFormat.csvIdentifier:
            var parser = GrafanaCSVParser(
                zone: zone ?? .fixed(minutesEast: 0), missingName: MetricsIngest.metricName(ofFile: path))
            try stream.readLines { line in
                at(&sink, line.number)
                try parser.parse(line: line, into: &sink)
            }
        default:
            at(&sink, 1)
            let document = try stream.readAll(limit: MetricsIngest.documentLimit)
            let name = MetricsIngest.metricName(ofFile: path)
            try document.withUnsafeBytes { bytes in
                if format == GrafanaFormat.jsonIdentifier {
                    _ = try GrafanaPanelReader.read(bytes, missingName: name, into: &sink)
                } else {
                    _ = try PrometheusJSONReader.read(bytes, missingName: name, into: &sink)
                }
            }
        }
    }

    /// The time from the first to the last sample of a file; nil when it holds none.
    static func range(_ stream: InputStream, _ format: String, path: String, zone: LocalZone?) throws
        -> ClosedRange<Int64>?
    {
        var sink = RangeSink()
        try read(stream, format, path: path, zone: zone, into: &sink)
        return sink.range
    }

    private struct RangeSink: MetricSink {
        var range: ClosedRange<Int64>?

        mutating func series(_ labels: Labels) -> Int { 0 }
        mutating func append(series: Int, timeMs: Int64, value: Double) {
            range = min(range?.lowerBound ?? timeMs, timeMs)...max(range?.upperBound ?? timeMs, timeMs)
        }
        mutating func metadata(_ metadata: MetricMetadata) {}
        mutating func reject(_ reject: FormatReject) {}
    }
}

extension InputStream {
    /// Reads the content line by line, the last one also when no line feed ends it.
    func readLines(limit: Int = 1 << 20, _ body: (borrowing Line) throws -> Void) throws {
        var reader = LineReader(limit: limit)
        try read { bytes in
            try reader.feed(bytes, body)
            return true
        }
        try reader.finish(body)
    }
}
