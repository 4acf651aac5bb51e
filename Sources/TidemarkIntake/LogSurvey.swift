import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// What the beginning of a log says about its clock.
struct LogSurvey {
    /// The first time of a record's own.
    private(set) var firstStamp: LogStamp?
    /// Records that have a time of their own and one of the framing, in a known zone; at most 200.
    private(set) var outer: [(stamp: LogStamp, timeMs: Int64)] = []

    init(head: Bytes, framing: LogFraming) {
        var unframer = LogUnframer(framing)
        var parser = VLLMLogParser()
        var reader = LineReader(limit: framing.lineLimit)
        var sink = Sink()
        reader.feed(head) { line in
            unframer.feed(line) { inner, frame in parser.feed(inner, frame: frame, &sink) }
        }
        if framing.isHeld {
            reader.finish { line in unframer.feed(line) { inner, frame in parser.feed(inner, frame: frame, &sink) } }
            unframer.finish { inner, frame in parser.feed(inner, frame: frame, &sink) }
        }
        parser.finish(&sink)
        firstStamp = sink.firstStamp
        outer = sink.outer
    }

    private struct Sink: VLLMLogSink {
        var firstStamp: LogStamp?
        var outer: [(stamp: LogStamp, timeMs: Int64)] = []

        mutating func record(_ record: LogRecord) {
            guard let stamp = record.stamp else { return }
            if firstStamp == nil { firstStamp = stamp }
            if let timeMs = record.frame.timeMs, !record.frame.zoneless, outer.count < 200 {
                outer.append((stamp, timeMs))
            }
        }
        mutating func reject(_ reject: LogReject) {}
        mutating func noise(line: Int, offset: Int, lineCount: Int) {}
    }
}
