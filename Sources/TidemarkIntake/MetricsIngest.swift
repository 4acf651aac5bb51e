import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Hands the samples of a metrics source to the store and counts them.
struct StoringSink: MetricSink {
    let writer: SeriesWriter
    let ledger: Ledger
    var source: SourceRow
    /// Series without a metric name are results of expressions, not evidence: their handle is below zero.
    private(set) var namelessSamples = 0
    private(set) var families = 0
    private(set) var exemplars = 0

    /// How many records of each kind the source held, beside those of its format.
    var extraKinds: [String: Int] {
        ["metadata": families, "exemplar": exemplars].filter { $0.value > 0 }
    }

    init(writer: SeriesWriter, ledger: Ledger, source: SourceRow) {
        self.writer = writer
        self.ledger = ledger
        self.source = source
        writer.source = source.id
    }

    mutating func series(_ labels: Labels) throws -> Int { labels.name.isEmpty ? -1 : try writer.series(labels) }

    mutating func append(series: Int, timeMs: Int64, value: Double) throws {
        guard series >= 0 else {
            namelessSamples += 1
            return
        }
        source.cover(timeMs)
        try writer.append(series: series, timeMs: timeMs, value: value)
    }

    mutating func metadata(_ metadata: MetricMetadata) throws {
        families += 1
        try writer.families.announce(
            metadata.name, type: metadata.type?.rawValue, help: metadata.help, unit: metadata.unit)
    }

    mutating func exemplar(series: Int, _ exemplar: MetricExemplar) throws {
        guard series >= 0 else { return }
        exemplars += 1
        try writer.exemplar(
            series: series, timeMs: exemplar.timeMs, value: exemplar.value, labels: exemplar.labels)
    }

    mutating func reject(_ reject: FormatReject) throws {
        source.rejectLines += reject.lineCount
        try withBytes(of: reject.text) {
            try ledger.reject(
                source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
        }
    }
}

/// Reads metrics into the store: dumps, API answers, scrapes. Each file is one transaction: a killed run has it whole
/// or not at all.
struct MetricsIngest {
    /// API answers and scrapes are read at once; a larger one is refused with a word.
    static let documentLimit = 1 << 30

    let store: Store
    let ledger: Ledger
    let period: Int
    let progress: (Int) -> Void

    /// `promtool tsdb dump` text, line by line.
    func dump(_ stream: InputStream, _ source: inout SourceRow) throws {
        try store.database.transaction {
            try begin(&source)
            let writer = try SeriesWriter(store, period: period, form: .dump, source: source.id)
            var sink = StoringSink(writer: writer, ledger: ledger, source: source)
            var parser = PromtoolDumpParser()
            var reader = LineReader()
            try stream.read { bytes in
                try reader.feed(bytes) { try parser.parse(line: $0, into: &sink) }
                progress(stream.consumedFileBytes)
                return true
            }
            try reader.finish { try parser.parse(line: $0, into: &sink) }
            try parser.finish(into: &sink)
            try writer.checkpoint()
            let counts = parser.counts
            finish(
                stream, &sink.source, lines: counts.lines, noise: counts.blankLines,
                rejects: counts.rejectedLines + counts.nativeHistograms, records: counts.samples,
                length: reader.nextOffset)
            try ledger.add(kinds: ["sample": counts.samples, "reject": sink.source.rejectLines], to: source.id)
            try ledger.save(&sink.source)
            source = sink.source
        }
    }

    /// A document that grew is read again as a whole.
    func begin(_ source: inout SourceRow) throws {
        if source.id != 0 { try ledger.forget(&source) }
        try ledger.save(&source)
    }

    /// Answers of the HTTP API.
    func answers(_ stream: InputStream, _ source: inout SourceRow) throws {
        try stream.withAll(limit: Self.documentLimit) { try answers($0, stream, &source) }
    }

    private func answers(_ document: Bytes, _ stream: InputStream, _ source: inout SourceRow) throws {
        let name = Self.metricName(ofFile: source.path)
        try store.database.transaction {
            try begin(&source)
            let writer = try SeriesWriter(store, period: period, form: .api, source: source.id)
            var sink = StoringSink(writer: writer, ledger: ledger, source: source)
            let summary = try PrometheusJSONReader.read(document, missingName: name, into: &sink)
            try writer.checkpoint()
            var breaks = 0
            var at = 0
            while let found = document.firstIndex(of: 10, from: at) { (breaks, at) = (breaks + 1, found + 1) }
            let lines = breaks + (document.last.map { $0 == 10 ? 0 : 1 } ?? 0)
            let rejects = min(summary.rejects, lines)
            finish(
                stream, &sink.source, lines: lines, noise: 0, rejects: rejects, records: summary.samples,
                length: document.count)
            if let error = summary.errors.first {
                sink.source.status = "partial"
                sink.source.message = "an error answer: \(error.errorType): \(error.message)"
            } else if sink.namelessSamples > 0 {
                sink.source.message =
                    "\(sink.namelessSamples) values without a metric name (results of expressions) are not used"
            }
            try ledger.add(
                kinds: [
                    "sample": summary.samples - sink.namelessSamples, "expression_value": sink.namelessSamples,
                    "reject": rejects,
                ], to: source.id)
            try ledger.add(kinds: sink.extraKinds, to: source.id)
            try ledger.save(&sink.source)
            source = sink.source
        }
    }

    /// `sum by (le) (x_bucket)` saved as x_bucket.json: only the file's name tells the metric. Empty when it doesn't.
    static func metricName(ofFile path: String) -> String {
        let stem = PrometheusJSONFormat.metricName(fromFileName: LogName.base(path)) ?? ""
        return ["vllm_", "node_", "DCGM_", "http_", "process_"].contains { stem.hasPrefix($0) } ? stem : ""
    }

    /// Scrapes of one target, in the order of their times.
    final class Target {
        let writer: SeriesWriter
        var sequence: ScrapeSequence

        init(_ store: Store, period: Int, labels: Labels) throws {
            writer = try SeriesWriter(store, period: period, form: .scrape, source: 0)
            var options = PrometheusTextParser.Options()
            options.extraLabels = labels
            sequence = ScrapeSequence(options: options)
        }
    }

    /// One scrape; the caller commits.
    func scrape(_ stream: InputStream, timeMs: Int64, target: Target, _ source: inout SourceRow) throws {
        let document = try stream.readAll(limit: Self.documentLimit)
        try ledger.save(&source)
        var sink = StoringSink(writer: target.writer, ledger: ledger, source: source)
        let counts = try document.withUnsafeBytes { bytes in
            try target.sequence.scrape(bytes, timeMs: timeMs, into: &sink)
        }
        finish(
            stream, &sink.source, lines: counts.lines,
            noise: counts.commentLines + counts.blankLines + counts.metadataLines, rejects: counts.rejectedLines,
            records: counts.samples, length: document.count)
        sink.source.recordLines = counts.sampleLines
        // Federation prints each sample's own time: then the file's says nothing.
        if sink.source.firstMs == nil { sink.source.cover(timeMs) }
        try ledger.add(kinds: ["sample": counts.samples, "reject": counts.rejectedLines], to: source.id)
        try ledger.add(kinds: sink.extraKinds, to: source.id)
        try ledger.save(&sink.source)
        source = sink.source
        progress(stream.consumedFileBytes)
    }

    func finish(
        _ stream: InputStream, _ source: inout SourceRow, lines: Int, noise: Int, rejects: Int, records: Int,
        length: Int
    ) {
        source.lines = lines
        source.noiseLines = noise
        source.rejectLines = rejects
        source.recordLines = lines - noise - rejects
        source.records = records
        source.progressBytes = length
        source.progressLines = lines
        source.status = stream.damage == nil ? "read" : "partial"
        source.message = stream.damage
        if source.clockMethod == nil {
            source.clockMethod = "UTC in the data"
            source.clockConfidence = 1
            source.clockOffsetMs = 0
        }
    }
}
