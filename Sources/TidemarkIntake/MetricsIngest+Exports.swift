import TidemarkBase
import TidemarkFormats
import TidemarkStore

/// Exports of other stores and of dashboards.
extension MetricsIngest {
    /// The formats whose files are documents of many series, in the order in which they are read.
    static let documentFormats = [
        PromtoolDumpFormat.identifier, OpenMetricsDumpFormat.identifier, PrometheusJSONFormat.identifier,
        VictoriaMetricsFormat.identifier,
        GrafanaFormat.csvIdentifier, GrafanaFormat.jsonIdentifier,
    ]

    /// Reads a document of one of the ``documentFormats``.
    /// - Parameter zone: of times that have none; nil when unknown.
    func document(_ stream: InputStream, _ source: inout SourceRow, zone: LocalZone?) throws {
        switch source.format {
        case PromtoolDumpFormat.identifier: try dump(stream, &source)
        case OpenMetricsDumpFormat.identifier: try openMetricsDump(stream, &source)
        case VictoriaMetricsFormat.identifier: try export(stream, &source)
        case GrafanaFormat.csvIdentifier: try panelTable(stream, &source, zone: zone)
        case GrafanaFormat.jsonIdentifier: try panelFrames(stream, &source)
        default: try answers(stream, &source)
        }
    }

    /// `promtool tsdb dump-openmetrics`: OpenMetrics text that is a history, not a scrape.
    private func openMetricsDump(_ stream: InputStream, _ source: inout SourceRow) throws {
        try stored(&source, form: .dump) { sink in
            var parser = PrometheusTextParser(options: OpenMetricsDumpFormat.parserOptions)
            var reader = LineReader()
            var resolving = NaNResolvingSink(sink)
            parser.beginScrape(timeMs: nil)
            try stream.read { bytes in
                try reader.feed(bytes) { try parser.parse(line: $0, into: &resolving) }
                progress(stream.consumedFileBytes)
                return true
            }
            try reader.finish { try parser.parse(line: $0, into: &resolving) }
            try parser.finishScrape(into: &resolving)
            try resolving.finish()
            sink = resolving.base
            let counts = parser.counts
            finish(
                stream, &sink.source, lines: counts.lines,
                noise: counts.commentLines + counts.blankLines + counts.metadataLines, rejects: counts.rejectedLines,
                records: counts.samples, length: reader.nextOffset)
            return counts.samples
        }
    }

    /// JSON lines of VictoriaMetrics; one line is held at a time.
    private func export(_ stream: InputStream, _ source: inout SourceRow) throws {
        try stored(&source) { sink in
            var parser = VictoriaMetricsParser()
            var reader = LineReader(limit: VictoriaMetricsParser.lineLimit)
            try stream.read { bytes in
                try reader.feed(bytes) { try parser.parse(line: $0, into: &sink) }
                progress(stream.consumedFileBytes)
                return true
            }
            try reader.finish { try parser.parse(line: $0, into: &sink) }
            let counts = parser.counts
            finish(
                stream, &sink.source, lines: counts.lines, noise: counts.blankLines, rejects: counts.rejectedLines,
                records: counts.samples, length: reader.nextOffset)
            return counts.samples
        }
    }

    /// A panel's CSV, line by line.
    private func panelTable(_ stream: InputStream, _ source: inout SourceRow, zone: LocalZone?) throws {
        let name = Self.metricName(ofFile: source.path)
        try stored(&source) { sink in
            var parser = GrafanaCSVParser(zone: zone ?? .fixed(minutesEast: 0), missingName: name)
            var reader = LineReader()
            try stream.read { bytes in
                try reader.feed(bytes) { try parser.parse(line: $0, into: &sink) }
                progress(stream.consumedFileBytes)
                return true
            }
            try reader.finish { try parser.parse(line: $0, into: &sink) }
            let counts = parser.counts
            if counts.zonelessRows > 0 {
                sink.source.clockOffsetMs = zone?.offsetMs(wallMs: sink.source.firstMs ?? 0) ?? 0
                sink.source.clockMethod = zone.map { "zone \($0.name) from --timezone" } ?? ClockMethod.asUTC
                sink.source.clockConfidence = zone == nil ? 0.5 : 1
            }
            finish(
                stream, &sink.source, lines: counts.lines, noise: counts.headerLines + counts.blankLines,
                rejects: counts.rejectedLines, records: counts.samples, length: reader.nextOffset)
            if counts.percentCells > 0 {
                sink.source.message = "\(counts.percentCells) values in percent were taken as ratios"
            }
            return counts.samples
        }
    }

    /// A panel's data frames, read at once.
    private func panelFrames(_ stream: InputStream, _ source: inout SourceRow) throws {
        let name = Self.metricName(ofFile: source.path)
        let document = try stream.readAll(limit: Self.documentLimit)
        try stored(&source) { sink in
            let summary = try document.withUnsafeBytes {
                try GrafanaPanelReader.read($0, missingName: name, into: &sink)
            }
            let lines = document.reduce(0) { $0 + ($1 == 10 ? 1 : 0) } + (document.last.map { $0 == 10 ? 0 : 1 } ?? 0)
            finish(
                stream, &sink.source, lines: lines, noise: 0, rejects: summary.rejects, records: summary.samples,
                length: document.count)
            return summary.samples
        }
    }

    /// Runs `body` in a transaction with a sink, and writes the ledger.
    /// - Parameter body: reads, fills in the source and returns the number of samples.
    private func stored(
        _ source: inout SourceRow, form: SeriesWriter.Form = .api, _ body: (inout StoringSink) throws -> Int
    ) throws {
        try store.database.transaction {
            try begin(&source)
            let writer = try SeriesWriter(store, period: period, form: form, source: source.id)
            var sink = StoringSink(writer: writer, ledger: ledger, source: source)
            let samples = try body(&sink)
            try writer.checkpoint()
            if sink.namelessSamples > 0 {
                sink.source.message =
                    "\(sink.namelessSamples) values without a metric name (results of expressions) are not used"
            }
            try ledger.add(
                kinds: [
                    "sample": samples - sink.namelessSamples, "expression_value": sink.namelessSamples,
                    "reject": sink.source.rejectLines,
                ], to: source.id)
            try ledger.save(&sink.source)
            source = sink.source
        }
    }
}
