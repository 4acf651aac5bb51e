import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkSeries

/// Recognises and parses one file without storing anything; each record becomes one JSON object.
public struct Inspector {
    /// What the file was taken for.
    public struct Summary: Sendable {
        public var format = "unknown"
        public var detail = ""
        public var records = 0
        public var rejects = 0
        public var damage: String?
    }

    private let options: IngestOptions
    private let keepPrompts: Bool
    /// Gets whole lines of JSON.
    private let emit: ([UInt8]) -> Void

    public init(options: IngestOptions, keepPrompts: Bool, emit: @escaping ([UInt8]) -> Void) {
        self.options = options
        self.keepPrompts = keepPrompts
        self.emit = emit
    }

    /// - Throws: `missingInput` when the file can't be opened.
    public func inspect(_ path: String) throws -> Summary {
        if TSDBFolder.isTSDB(path) { return try tsdb(path) }
        let stream = try InputStream(path: path)
        let head = stream.head()
        var summary = Summary()
        let guess = head.withUnsafeBytes {
            FormatRegistry.detect(head: $0, fileName: LogName.base(path), columns: options.columns)
        }
        guard let guess, guess.isReadable else {
            summary.format = guess?.format ?? "unknown"
            summary.detail = guess?.detail ?? head.withUnsafeBytes { FormatRegistry.reasonUnknown(head: $0) }
            return summary
        }
        summary.format = guess.format
        summary.detail = guess.detail
        switch guess.format {
        case VLLMLogFormat.identifier: try log(stream, head, &summary)
        case let format where TraceFormat.identifiers.contains(format):
            try InspectTraceSink.inspect(stream, format: guess.format, keepPrompts: keepPrompts, emit: emit, &summary)
        case let format where LoadTestFormat.identifiers.contains(format):
            try InspectLoadTestSink.inspect(stream, format: format, zone: options.zone, emit: emit, &summary)
        case _ where NvidiaSMIFormat.identifiers.contains(guess.format): try gpu(stream, head, guess.format, &summary)
        case KernelLogFormat.identifier: try kernelLog(stream, head, &summary)
        case GatewayFormat.identifier:
            try InspectGatewaySink.inspect(
                stream, head: head, hints: hints(stream), keepPrompts: keepPrompts, emit: emit, &summary)
        default: try metrics(stream, guess.format, path: path, &summary)
        }
        summary.damage = stream.damage
        return summary
    }

    /// A Prometheus database: each sample is a record, series by series.
    private func tsdb(_ path: String) throws -> Summary {
        let directory = try TSDBFolder.open(path: path)
        var sink = InspectMetricSink(emit: emit)
        try directory.select([], startMs: .min, endMs: .max) { samples in
            let series = try sink.series(samples.labels)
            for index in 0..<samples.count {
                try sink.append(series: series, timeMs: samples.timesMs[index], value: samples.values[index])
            }
            for (timeMs, histogram) in zip(samples.histogramTimesMs, samples.histograms) {
                sink.append(series: series, timeMs: timeMs, histogram: histogram)
            }
        }
        sink.lines.flush()
        var summary = Summary()
        summary.format = TSDBIngest.format
        summary.detail = "\(directory.seriesCount) series in " + directory.parts.map(\.name).joined(separator: ", ")
        summary.records = sink.records
        summary.rejects = directory.problems.count
        summary.damage = directory.problems.first.map { "\($0)" }
        return summary
    }

    private func log(_ stream: InputStream, _ head: [UInt8], _ summary: inout Summary) throws {
        let framing = head.withUnsafeBytes { LogFraming.detect(head: $0) }
        let others = head.withUnsafeBytes { OtherPrograms(head: $0, framing: framing) }
        let survey = try head.withUnsafeBytes {
            try LogSurvey(path: stream.path, head: $0, framing: framing, without: others)
        }
        var sink = InspectLogSink(
            clock: LogClock(hints: hints(stream), survey: survey),
            json: LogRecordJSON(keepPrompts: keepPrompts), emit: emit)
        var unframer = LogUnframer(framing)
        var parser = VLLMLogParser(keepsPrompts: keepPrompts)
        func take(_ line: borrowing Line, _ frame: FrameInfo) {
            if !others.contains(frame.source) { parser.feed(line, frame: frame, &sink) }
        }
        try stream.readLines(limit: framing.lineLimit) { line in unframer.feed(line, take) }
        unframer.finish(take)
        parser.finish(&sink)
        for found in unframer.rejects {
            sink.rejects += 1
            sink.lines.reject(line: found.line, offset: found.offset, reason: found.reason, text: found.text)
        }
        if let remark = unframer.remark { summary.detail += "; " + remark }
        sink.flush()
        summary.records = sink.records
        summary.rejects = sink.rejects
        for name in others.names {
            var part = Summary()
            try InspectGatewaySink.inspect(
                try InputStream(path: stream.path), head: head, hints: hints(stream), part: name,
                keepPrompts: keepPrompts, emit: emit, &part)
            summary.records += part.records
            summary.rejects += part.rejects
        }
    }

    private func hints(_ stream: InputStream) -> LogClock.Hints {
        var hints = LogClock.Hints()
        hints.year = options.year
        hints.date(stream)
        if let zone = options.zone { (hints.zone, hints.zoneSource) = (zone, "--timezone") }
        return hints
    }

    private func gpu(_ stream: InputStream, _ head: [UInt8], _ format: String, _ summary: inout Summary) throws {
        var sink = InspectGPUSink(zone: options.zone, start: options.captureStart, emit: emit)
        var parser = GPUCaptureReader(
            format: format, columns: options.columns, shape: head.withUnsafeBytes { NvidiaSMIFormat.shape(head: $0) })
        var unframer = LogUnframer(head.withUnsafeBytes { NvidiaSMIFormat.framing(head: $0) })
        func take(_ inner: borrowing Line, _ frame: FrameInfo) throws {
            sink.clock.take(frame, lastMs: stream.modifiedMs)
            try parser.parse(line: inner, physicalLines: frame.lines, into: &sink)
        }
        try stream.readLines { try unframer.feed($0, take) }
        try unframer.finish(take)
        try parser.finish(into: &sink)
        sink.flush()
        summary.records = parser.counts.records
        summary.rejects = parser.counts.rejectedLines
    }

    private func kernelLog(_ stream: InputStream, _ head: [UInt8], _ summary: inout Summary) throws {
        var sink = InspectGPUSink(zone: options.zone, emit: emit)
        var parser = KernelLogParser()
        let framing = head.withUnsafeBytes { KernelLogIngest.framing(head: $0) }
        let hints = hints(stream)
        let firstStamp = head.withUnsafeBytes { KernelLogIngest.firstStamp($0, framing) }
        sink.stampClock = firstStamp.map { LogClock(hints: hints, survey: LogSurvey(first: $0)) }
        var unframer = LogUnframer(framing)
        try stream.readLines(limit: framing.lineLimit) { line in
            try unframer.feed(line) { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
        }
        try unframer.finish { inner, frame in try parser.parse(line: inner, frame: frame, into: &sink) }
        for found in unframer.rejects { try sink.reject(found) }
        sink.flush()
        summary.records = parser.counts.records
        summary.rejects = parser.counts.rejectedLines
    }

    private func metrics(_ stream: InputStream, _ format: String, path: String, _ summary: inout Summary) throws {
        var sink = InspectMetricSink(emit: emit)
        try MetricsReader.read(stream, format, path: path, zone: options.zone, into: &sink) { $0.line = $1 }
        sink.flush()
        summary.records = sink.records
        summary.rejects = sink.rejects
    }
}

/// Collects JSON lines and passes them on in pieces.
struct JSONLines {
    var out = ByteWriter(capacity: 1 << 16)
    let emit: ([UInt8]) -> Void

    mutating func end() {
        out.write(byte: 10)
        if out.bytes.count > 1 << 15 { flush() }
    }

    mutating func flush() {
        if !out.bytes.isEmpty { emit(out.bytes) }
        out.bytes.removeAll(keepingCapacity: true)
    }

    mutating func reject(line: Int, offset: Int, reason: String, text: String) {
        out.write("{\"line\":\(line),\"kind\":\"reject\",\"offset\":\(offset),\"time\":null,\"reason\":")
        out.writeJSONString(reason)
        out.write(",\"message\":")
        out.writeJSONString(text)
        out.write("}")
        end()
    }
}

private struct InspectLogSink: VLLMLogSink {
    var clock: LogClock
    let json: LogRecordJSON
    var lines: JSONLines
    var records = 0
    var rejects = 0

    init(clock: LogClock, json: LogRecordJSON, emit: @escaping ([UInt8]) -> Void) {
        self.clock = clock
        self.json = json
        lines = JSONLines(emit: emit)
    }

    mutating func record(_ record: LogRecord) {
        records += 1
        let timeMs: Int64?
        let source: LogRecordJSON.TimeSource?
        let outer = record.frame.zoneless ? nil : record.frame.timeMs
        if let stamp = record.stamp {
            (timeMs, source) = (clock.utc(stamp, outerMs: outer), .own)
        } else if let outer {
            (timeMs, source) = (outer, .outer)
        } else if let wrapper = record.frame.wrapperStamp, let outer = clock.utc(wrapper: wrapper) {
            (timeMs, source) = (outer, .outer)
        } else if let carried = record.carried {
            (timeMs, source) = (clock.utc(carried), .carried)
        } else if let first = clock.timeBeforeFirst() {
            (timeMs, source) = (first, .carried)
        } else {
            (timeMs, source) = (nil, nil)
        }
        json.write(record, timeMs: timeMs, timeSource: source, to: &lines.out)
        lines.end()
    }

    mutating func reject(_ reject: LogReject) {
        rejects += 1
        lines.reject(
            line: reject.line, offset: reject.offset, reason: reject.reason,
            text: SecretMask.withMasked(reject.text) { $0.text(limit: 500) })
    }

    mutating func noise(line: Int, offset: Int, lineCount: Int) {}
    mutating func flush() { lines.flush() }
}

private struct InspectMetricSink: MetricSink {
    var line = 1
    var lines: JSONLines
    var records = 0
    var rejects = 0
    private var handles: [Labels: Int] = [:]
    private var texts: [String] = []

    init(emit: @escaping ([UInt8]) -> Void) { lines = JSONLines(emit: emit) }

    mutating func series(_ labels: Labels) throws -> Int {
        if let known = handles[labels] { return known }
        var text = ByteWriter()
        text.write("\"metric\":")
        text.writeJSONString(labels.name)
        text.write(",\"labels\":{")
        for (index, label) in labels.without(Labels.metricName).pairs.enumerated() {
            if index > 0 { text.write(",") }
            text.writeJSONString(label.name)
            text.write(":")
            text.writeJSONString(label.value)
        }
        text.write("}")
        texts.append(text.text)
        handles[labels] = texts.count - 1
        return texts.count - 1
    }

    mutating func append(series: Int, timeMs: Int64, value: Double) throws {
        records += 1
        lines.out.write("{\"line\":\(line),\"kind\":\"sample\",\"time\":\"\(CivilTime.rfc3339(timeMs))\",")
        lines.out.write(texts[series])
        lines.out.write(",\"value\":")
        if StaleMarker.matches(value) {
            lines.out.write("null,\"stale\":true}")
        } else if value.isFinite {
            lines.out.write(ByteWriter.shortest(value) + "}")
        } else {
            lines.out.writeJSONString(ByteWriter.shortest(value))
            lines.out.write("}")
        }
        lines.end()
    }

    /// A native histogram, by its count and sum.
    mutating func append(series: Int, timeMs: Int64, histogram: NativeHistogram) {
        records += 1
        lines.out.write("{\"line\":\(line),\"kind\":\"histogram\",\"time\":\"\(CivilTime.rfc3339(timeMs))\",")
        lines.out.write(texts[series])
        for (key, value) in [("count", histogram.count), ("sum", histogram.sum)] {
            lines.out.write(",\"\(key)\":" + (value.isFinite ? ByteWriter.shortest(value) : "null"))
        }
        lines.out.write(histogram.isStale ? ",\"stale\":true}" : "}")
        lines.end()
    }

    mutating func metadata(_ metadata: MetricMetadata) throws {}

    mutating func exemplar(series: Int, _ exemplar: MetricExemplar) throws {
        lines.out.write("{\"line\":\(line),\"kind\":\"exemplar\",\"time\":\"\(CivilTime.rfc3339(exemplar.timeMs))\",")
        lines.out.write(texts[series])
        lines.out.write(",\"exemplar\":{")
        for (index, label) in exemplar.labels.pairs.enumerated() {
            if index > 0 { lines.out.write(",") }
            lines.out.writeJSONString(label.name)
            lines.out.write(":")
            lines.out.writeJSONString(label.value)
        }
        lines.out.write("},\"value\":")
        if exemplar.value.isFinite {
            lines.out.write(ByteWriter.shortest(exemplar.value) + "}")
        } else {
            lines.out.writeJSONString(ByteWriter.shortest(exemplar.value))
            lines.out.write("}")
        }
        lines.end()
    }

    mutating func reject(_ reject: FormatReject) throws {
        rejects += 1
        lines.reject(line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
    }

    mutating func flush() { lines.flush() }
}
