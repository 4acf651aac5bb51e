import Glibc
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// What the beginning of a log, and the end of a plain file, say about its clock.
struct LogSurvey {
    /// The first time of a record's own.
    private(set) var firstStamp: LogStamp?
    /// The first time without a year.
    private(set) var firstShort: LogStamp?
    /// The last time without a year.
    private(set) var lastShort: LogStamp?
    /// Records that have a time of their own and one of the framing, in a known zone; at most 200.
    private(set) var outer: [(stamp: LogStamp, timeMs: Int64)] = []
    /// Records whose framing has a time of another local clock: what that clock is ahead of the log's own, ms.
    private(set) var wrapperAheadMs: [Int64] = []
    /// No record has a time of its own, but the framing has one without zone: that stands for it.
    private(set) var isOfWrapper = false
    /// Readings with a year, as if UTC: a logger's, or a start script's `date`.
    private(set) var dated: Int64?
    /// Dates without a year that name their day of the week.
    private(set) var weekdays: [DateBanner] = []
    /// The last time with a zone that another program's line printed, and a record of the log's behind it.
    private var neighbour: (timeMs: Int64, stamp: LogStamp?)?
    /// Whether 29 February occurs without a year.
    private(set) var hasLeapDay = false

    /// A log whose beginning has no time of its own is read on, as far as this.
    private static let longestSearch = 4 << 20
    private static let tailBytes = 64 << 10

    init(head: Bytes, framing: LogFraming, without others: OtherPrograms = OtherPrograms()) {
        self = Self.read(framing, others) { _ = $0(head) }
    }

    /// Of a file of which only the first time is known, and times of the framing beside the file's own.
    init(first: LogStamp?, outer: [(stamp: LogStamp, timeMs: Int64)] = []) {
        firstStamp = first
        self.outer = outer
        if first?.year == 0 { firstShort = first }
    }

    /// The survey of a file, of which `head` was read already.
    /// - Parameter others: whose lines in the file are not the log's.
    init(path: String, head: Bytes, framing: LogFraming, without others: OtherPrograms = OtherPrograms()) throws {
        self.init(head: head, framing: framing, without: others)
        if firstStamp == nil, head.count >= InputStream.headBytes {
            self = try Self.read(framing, others) { take in
                var count = 0
                try InputStream(path: path).read { bytes in
                    count += bytes.count
                    return take(bytes) && count < Self.longestSearch
                }
            }
        }
        guard head.count >= InputStream.headBytes, let tail = Self.tail(of: path) else { return }
        tail.withUnsafeBytes { bytes in
            let end = Self(head: bytes, framing: framing, without: others)
            lastShort = end.lastShort ?? lastShort
            hasLeapDay = hasLeapDay || end.hasLeapDay
        }
    }

    /// The last whole lines of a plain file; nil for a compressed one.
    private static func tail(of path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var magic: [UInt8] = [0, 0]
        let size = Int(lseek(file, 0, SEEK_END))
        guard size > tailBytes, pread(file, &magic, 2, 0) == 2, magic != [0x1F, 0x8B], magic != [0xFF, 0xFE] else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: tailBytes)
        let count = pread(file, &bytes, tailBytes, off_t(size - tailBytes))
        guard count > 0, let start = bytes[..<count].firstIndex(of: 10) else { return nil }
        return Array(bytes[(start + 1)..<count])
    }

    /// - Parameter source: hands the buffers to the closure, as long as it says that no time was found.
    private static func read(
        _ framing: LogFraming, _ others: OtherPrograms, _ source: ((Bytes) -> Bool) throws -> Void
    ) rethrows -> LogSurvey {
        var unframer = LogUnframer(framing)
        var parser = VLLMLogParser()
        var reader = LineReader(limit: framing.lineLimit)
        var sink = Sink()
        func take(_ line: borrowing Line, _ frame: FrameInfo) {
            if !others.contains(frame.source) { parser.feed(line, frame: frame, &sink) }
        }
        try source { bytes in
            reader.feed(bytes) { line in
                unframer.feed(line) { take($0, $1) }
            }
            return sink.survey.firstStamp == nil
        }
        if framing.isHeld {
            reader.finish { line in unframer.feed(line) { take($0, $1) } }
            unframer.finish { take($0, $1) }
        }
        parser.finish(&sink)
        if sink.survey.firstStamp == nil, let wrapper = sink.wrapper {
            sink.survey.isOfWrapper = true
            sink.survey.take(wrapper.first)
            sink.survey.take(wrapper.last)
        }
        return sink.survey
    }

    private struct Sink: VLLMLogSink {
        var survey = LogSurvey(first: nil)
        var wrapper: (first: LogStamp, last: LogStamp)?

        mutating func record(_ record: LogRecord) {
            survey.take(record)
            if let stamp = record.frame.wrapperStamp { wrapper = (wrapper?.first ?? stamp, stamp) }
        }
        mutating func reject(_ reject: LogReject) {
            // The lines behind it carry its time.
            if let stamp = reject.stamp { survey.take(stamp) }
        }
        mutating func noise(line: Int, offset: Int, lineCount: Int) {}
    }

    private mutating func take(_ record: LogRecord) {
        // A date with its year, of a clock without zone or of another program's line, tells the year of the others.
        if dated == nil, let timeMs = record.frame.timeMs, record.frame.zoneless || record.stamp == nil {
            dated = timeMs
        }
        note(neighbour: record)
        guard let stamp = record.stamp else {
            if case .event = record.payload, let banner = DateBanner.parse(record.message) {
                if let wallMs = banner.wallMs {
                    dated = dated ?? wallMs
                } else if banner.weekday != nil, weekdays.count < 8 {
                    weekdays.append(banner)
                }
            }
            return
        }
        if stamp.year == 0, dated == nil, case .event = record.payload { dated = VLLMLog.date(in: record.message) }
        take(stamp)
        if let timeMs = record.frame.timeMs {
            if !record.frame.zoneless {
                if outer.count < 200 { outer.append((stamp, timeMs)) }
            } else if wrapperAheadMs.count < 200 {
                let year = CivilTime.year(ofMillis: timeMs)
                wrapperAheadMs.append(timeMs - stamp.wallMs(year: year))
            }
        } else if let wrapper = record.frame.stamp, wrapperAheadMs.count < 200 {
            // Any leap year: both readings are of the same moment.
            let year = stamp.year == 0 ? 2000 : Int(stamp.year)
            wrapperAheadMs.append(wrapper.wallMs(year: year) - stamp.wallMs(year: year))
        }
    }

    /// A record between two lines of another program that print their zone and are a few seconds apart was written then.
    private mutating func note(neighbour record: LogRecord) {
        if record.stamp == nil, let timeMs = record.frame.timeMs, !record.frame.zoneless {
            if let before = neighbour, let stamp = before.stamp, timeMs >= before.timeMs,
                timeMs - before.timeMs < 10_000, outer.count < 200
            {
                outer.append((stamp, timeMs))
            }
            neighbour = (timeMs, nil)
        } else if let stamp = record.stamp {
            if record.frame.timeMs == nil, neighbour?.stamp == nil { neighbour?.stamp = stamp }
        }
    }

    private mutating func take(_ stamp: LogStamp) {
        firstStamp = firstStamp ?? stamp
        if stamp.year == 0 {
            firstShort = firstShort ?? stamp
            lastShort = stamp
            if stamp.month == 2, stamp.day == 29 { hasLeapDay = true }
        } else {
            dated = dated ?? stamp.wallMs(year: 0)
        }
    }

    /// Whether a year is possible by its leap day and by the days of the week that the log names.
    func allows(year: Int) -> Bool {
        if hasLeapDay, CivilTime.daysInMonth(year: year, month: 2) != 29 { return false }
        return weekdays.allSatisfy {
            $0.weekday == CivilTime.weekday(days: CivilTime.days(year: year, month: $0.month, day: $0.day))
        }
    }
}
