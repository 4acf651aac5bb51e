import TidemarkBase
import TidemarkFormats
import TidemarkSeries

/// Text forms of metrics.
enum TextFuzz {
    /// Checks what every parser owes its sink, and remembers the stream as one number.
    private struct Sink: MetricSink {
        var labels: [Labels: Int] = [:]
        var samples = 0
        var rejects = 0
        var digest: UInt64 = 0

        mutating func series(_ labels: Labels) -> Int {
            let next = self.labels.count
            let handle = self.labels[labels, default: next]
            self.labels[labels] = handle
            return handle
        }

        mutating func append(series: Int, timeMs: Int64, value: Double) {
            if series < 0 || series >= labels.count { broken("a handle that was given") }
            samples += 1
            digest = digest &* 31 &+ UInt64(bitPattern: timeMs) &+ value.bitPattern &+ UInt64(series)
        }

        mutating func metadata(_ metadata: MetricMetadata) { digest = digest &* 33 &+ 1 }

        mutating func reject(_ reject: FormatReject) {
            if reject.line < 1 || reject.lineCount < 1 || reject.offset < 0 { broken("the place of a reject") }
            rejects += 1
        }
    }

    /// Cuts the text into buffers whose sizes its own bytes decide.
    static func pieces(_ bytes: Bytes, _ body: (Bytes) -> Void) {
        var at = 0
        while at < bytes.count {
            let size = min(1 + Int(bytes[at] % 37), bytes.count - at)
            body(bytes.slice(at, at + size))
            at += size
        }
    }

    static func exposition(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        _ = PrometheusTextFormat.sniff(head: text, fileName: "")
        var options = PrometheusTextParser.Options()
        options.dialect = [.automatic, .text, .openMetrics][Int(bytes[0] % 3)]
        options.honorLabels = bytes[0] & 4 == 0
        options.extraLabels = bytes[0] & 8 == 0 ? Labels() : Labels(["job": "j", "instance": "i"])
        let timeMs: Int64? = bytes[0] & 16 == 0 ? 1_000 : nil
        var whole = Sink()
        var parser = PrometheusTextParser(options: options)
        guard let counts = try? parser.parse(scrape: text, timeMs: timeMs, into: &whole) else { return }
        if counts.lines
            != counts.sampleLines + counts.metadataLines + counts.commentLines + counts.blankLines
            + counts.rejectedLines
        {
            broken("every line counted once")
        }
        if counts.samples != whole.samples || counts.sampleLines < counts.samples { broken("every sample counted") }
        var cut = Sink()
        var again = PrometheusTextParser(options: options)
        var reader = LineReader()
        again.beginScrape(timeMs: timeMs)
        pieces(text) { piece in reader.feed(piece) { try? again.parse(line: $0, into: &cut) } }
        reader.finish { try? again.parse(line: $0, into: &cut) }
        try? again.finishScrape(into: &cut)
        if cut.digest != whole.digest || cut.rejects != whole.rejects { broken("buffers don't show") }
        // A second scrape by a parser that knows the texts.
        var sequence = ScrapeSequence(options: options)
        var sink = Sink()
        let half = text.firstIndex(of: 10, from: text.count / 2).map { $0 + 1 } ?? text.count
        for (index, part) in [text, text.slice(0, half), text].enumerated() {
            _ = try? sequence.scrape(part, timeMs: Int64(index) * 1_000, into: &sink)
        }
    }

    static func dump(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let text = bytes.slice(1, bytes.count)
        _ = PromtoolDumpFormat.sniff(head: text, fileName: "")
        var whole = Sink()
        var parser = PromtoolDumpParser(nanMeaning: [.automatic, .stale, .notANumber][Int(bytes[0] % 3)])
        guard let counts = try? parser.parse(dump: text, into: &whole) else { return }
        if counts.lines != counts.samples + counts.nativeHistograms + counts.blankLines + counts.rejectedLines {
            broken("every line counted once")
        }
        if counts.samples != whole.samples || parser.seriesCount > whole.labels.count { broken("samples counted") }
        var cut = Sink()
        var again = PromtoolDumpParser(nanMeaning: [.automatic, .stale, .notANumber][Int(bytes[0] % 3)])
        var reader = LineReader()
        pieces(text) { piece in reader.feed(piece) { try? again.parse(line: $0, into: &cut) } }
        reader.finish { try? again.parse(line: $0, into: &cut) }
        try? again.finish(into: &cut)
        if cut.digest != whole.digest || cut.rejects != whole.rejects { broken("buffers don't show") }
    }

    static func answers(_ bytes: Bytes) {
        _ = PrometheusJSONFormat.sniff(head: bytes, fileName: "")
        var sink = Sink()
        guard let summary = try? PrometheusJSONReader.read(bytes, into: &sink) else { return }
        if summary.samples != sink.samples || summary.rejects != sink.rejects { broken("samples counted") }
    }

    static func export(_ bytes: Bytes) {
        _ = VictoriaMetricsFormat.sniff(head: bytes, fileName: "")
        var whole = Sink()
        var parser = VictoriaMetricsParser()
        guard let counts = try? parser.parse(export: bytes, into: &whole) else { return }
        if counts.lines != counts.seriesLines + counts.blankLines + counts.rejectedLines {
            broken("every line counted once")
        }
        if counts.samples != whole.samples || counts.rejectedLines != whole.rejects { broken("samples counted") }
        var cut = Sink()
        var again = VictoriaMetricsParser()
        var reader = LineReader(limit: VictoriaMetricsParser.lineLimit)
        pieces(bytes) { piece in reader.feed(piece) { try? again.parse(line: $0, into: &cut) } }
        reader.finish { try? again.parse(line: $0, into: &cut) }
        if cut.digest != whole.digest || cut.rejects != whole.rejects { broken("buffers don't show") }
    }

    static func panels(_ bytes: Bytes) {
        _ = GrafanaFormat.sniff(head: bytes, fileName: "")
        var sink = Sink()
        if let summary = try? GrafanaPanelReader.read(bytes, missingName: "m", into: &sink),
            summary.samples != sink.samples || summary.rejects != sink.rejects
        {
            broken("samples of frames counted")
        }
        var whole = Sink()
        var parser = GrafanaCSVParser(offsetMs: 3_600_000, missingName: "m")
        guard let counts = try? parser.parse(csv: bytes, into: &whole) else { return }
        if counts.lines != counts.rows + counts.headerLines + counts.blankLines + counts.rejectedLines {
            broken("every line counted once")
        }
        var cut = Sink()
        var again = GrafanaCSVParser(offsetMs: 3_600_000, missingName: "m")
        var reader = LineReader()
        pieces(bytes) { piece in reader.feed(piece) { try? again.parse(line: $0, into: &cut) } }
        reader.finish { try? again.parse(line: $0, into: &cut) }
        if cut.digest != whole.digest || cut.rejects != whole.rejects { broken("buffers don't show") }
    }
}
