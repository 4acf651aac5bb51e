import Foundation
import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkSeries

/// A sample as a test sees it; the value by its bits, so that NaNs compare.
struct SampleRecord: Equatable {
    var labels: Labels
    var timeMs: Int64
    var bits: UInt64

    init(_ labels: Labels, _ timeMs: Int64, _ value: Double) {
        self.labels = labels
        self.timeMs = timeMs
        bits = value.bitPattern
    }

    var value: Double { Double(bitPattern: bits) }
}

/// Keeps everything that a parser of metrics delivers.
struct RecordingSink: MetricSink {
    var labels: [Labels] = []
    var samples: [SampleRecord] = []
    var families: [MetricMetadata] = []
    var rejects: [FormatReject] = []
    var exemplars: [(labels: Labels, exemplar: MetricExemplar)] = []
    private var handles: [Labels: Int] = [:]
    /// How often a series was announced.
    var announcements = 0

    mutating func series(_ labels: Labels) -> Int {
        announcements += 1
        if let known = handles[labels] { return known }
        handles[labels] = self.labels.count
        self.labels.append(labels)
        return self.labels.count - 1
    }

    mutating func append(series: Int, timeMs: Int64, value: Double) {
        samples.append(SampleRecord(labels[series], timeMs, value))
    }

    mutating func metadata(_ metadata: MetricMetadata) { families.append(metadata) }

    mutating func reject(_ reject: FormatReject) { rejects.append(reject) }

    mutating func exemplar(series: Int, _ exemplar: MetricExemplar) { exemplars.append((labels[series], exemplar)) }

    /// The only value of the series with these labels; nil when there is none or more than one.
    func value(_ series: String) -> Double? {
        let found = samples.filter { $0.labels.description == series }
        return found.count == 1 ? found[0].value : nil
    }
}

/// Counts only: for large inputs.
struct CountingSink: MetricSink {
    var handles: [Labels: Int] = [:]
    var samples = 0
    var stale = 0
    var rejects: [FormatReject] = []

    mutating func series(_ labels: Labels) -> Int {
        if let known = handles[labels] { return known }
        handles[labels] = handles.count
        return handles.count - 1
    }

    mutating func append(series: Int, timeMs: Int64, value: Double) {
        samples += 1
        if StaleMarker.matches(value) { stale += 1 }
    }

    mutating func metadata(_ metadata: MetricMetadata) {}

    mutating func reject(_ reject: FormatReject) { rejects.append(reject) }
}

/// Keeps everything that the parser of GPU captures delivers.
struct RecordingGPUSink: GPUCaptureSink {
    var samples: [GPUSample] = []
    var lines: [Int] = []
    var processes: [GPUProcess] = []
    var events: [GPUCaptureEvent] = []
    var rejects: [FormatReject] = []

    mutating func gpu(_ sample: GPUSample, line: Int) {
        samples.append(sample)
        lines.append(line)
    }

    mutating func process(_ process: GPUProcess, line: Int) { processes.append(process) }

    mutating func event(_ event: GPUCaptureEvent) { events.append(event) }

    mutating func reject(_ reject: FormatReject) { rejects.append(reject) }

    /// Reads a capture as an ingest does; `cut` is the seed of the pieces it comes in.
    static func read(
        _ bytes: [UInt8], columns: [String]? = nil, cut: UInt64? = nil
    ) throws -> (sink: RecordingGPUSink, counts: GPUCaptureCounts) {
        let guess = try #require(bytes.withUnsafeBytes { NvidiaSMIFormat.sniff(head: $0, fileName: "") })
        let framing = bytes.withUnsafeBytes { NvidiaSMIFormat.framing(head: $0) }
        let shape = bytes.withUnsafeBytes { NvidiaSMIFormat.shape(head: $0) }
        var parser = GPUCaptureReader(format: guess.format, columns: columns, shape: shape)
        var sink = RecordingGPUSink()
        var unframer = LogUnframer(framing)
        func take(_ line: borrowing Line, _ frame: FrameInfo) throws {
            try parser.parse(line: line, physicalLines: frame.lines, into: &sink)
        }
        if let cut {
            try MetricFixture.feed(bytes, seed: cut) { try unframer.feed($0, take) }
        } else {
            var reader = LineReader()
            try bytes.withUnsafeBytes { try reader.feed($0) { try unframer.feed($0, take) } }
            try reader.finish { try unframer.feed($0, take) }
        }
        try unframer.finish(take)
        try parser.finish(into: &sink)
        let counts = parser.counts
        #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
        #expect(counts.samples == sink.samples.count && counts.events == sink.events.count)
        return (sink, counts)
    }
}

enum MetricFixture {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The bytes of a file below `fixtures/`.
    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appendingPathComponent("fixtures").appendingPathComponent(path)))
    }

    /// Cuts `bytes` into pieces of random sizes and feeds them through a line reader.
    static func feed(
        _ bytes: [UInt8], seed: UInt64, _ body: (borrowing Line) throws -> Void
    ) rethrows {
        var random = SeededRandom(seed: seed)
        var reader = LineReader()
        try bytes.withUnsafeBytes { all in
            var at = 0
            while at < all.count {
                let size = min(all.count - at, Int.random(in: 1...200, using: &random))
                try reader.feed(all.slice(at, at + size), body)
                at += size
            }
        }
        try reader.finish(body)
    }
}
