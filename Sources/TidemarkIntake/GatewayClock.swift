import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// What the beginning of a gateway's log says about its clock.
struct GatewaySurvey: GatewaySink {
    private(set) var zoned = 0
    private(set) var zoneless = 0
    /// The first time with a date, Unix ms: tells the year of stamps without one.
    private(set) var firstMs: Int64?
    /// The first stamp that needs a clock: without a zone, or klog's without a year.
    private(set) var firstStamp: LogStamp?
    private(set) var outer: [(stamp: LogStamp, timeMs: Int64)] = []

    /// - Parameter part: as ``LineIngest/part``.
    init(head: Bytes, framing: LogFraming, part: String? = nil) {
        var parser = GatewayFormat.parser(head: head, framing: framing)
        var unframer = LogUnframer(framing)
        var reader = LineReader()
        reader.feed(head) { line in
            unframer.feed(line) { inner, frame in
                if part == nil || part == frame.source {
                    try? parser.parse(line: inner, frame: frame, into: &self)
                }
            }
        }
        try? parser.finish(into: &self)
    }

    mutating func access(_ access: borrowing GatewayAccess) {
        firstMs = firstMs ?? access.timeMs ?? access.frame.timeMs
        if access.timeMs == nil { return note(nil, access.frame) }
        guard access.zoneless else {
            zoned += 1
            return
        }
        // Lines are written at the end, so that is what the outer time compares with.
        let written = access.moment == .start ? (access.durationMicros ?? 0) / 1000 : 0
        note(access.timeMs.map { LogStamp(wallMs: $0 + written) }, access.frame)
    }

    mutating func event(_ event: borrowing GatewayEvent) {
        firstMs = firstMs ?? event.timeMs ?? event.frame.timeMs
        if let stamp = event.stamp { return note(stamp, event.frame) }
        if event.zoneless { note(event.timeMs.map { LogStamp(wallMs: $0) }, event.frame) }
    }

    mutating func reject(_ reject: FormatReject) {}

    private mutating func note(_ stamp: LogStamp?, _ frame: FrameInfo) {
        guard let stamp = stamp ?? frame.stamp else {
            if frame.timeMs != nil { zoned += 1 }
            return
        }
        zoneless += 1
        if firstStamp == nil { firstStamp = stamp }
        if let timeMs = frame.timeMs, !frame.zoneless, outer.count < 200 { outer.append((stamp, timeMs)) }
    }
}

/// Turns a gateway's times into UTC: most dialects print a zone; HAProxy, nginx' error log and klog print local times.
struct GatewayClock {
    private var log: LogClock
    /// The last time, Unix ms UTC: tells the year of a stamp without one.
    private var lastMs: Int64?
    let method: String
    let confidence: Double

    init(hints: LogClock.Hints, survey: GatewaySurvey) {
        log = LogClock(hints: hints, survey: LogSurvey(first: survey.firstStamp, outer: survey.outer))
        lastMs = survey.firstMs
        if survey.zoneless == 0 {
            (method, confidence) = ("\(ClockMethod.printed) in each line", 1)
        } else if survey.zoned > survey.zoneless {
            (method, confidence) = ("\(ClockMethod.printed) in most lines; the others: \(log.method)", 1)
        } else {
            (method, confidence) = (log.method, log.confidence)
        }
    }

    var offsetMs: Int64 { log.offsetMs }

    /// UTC of the start of a request, Unix ms; of a line without a time of its own the framing's.
    mutating func start(of access: borrowing GatewayAccess) -> Int64? {
        guard let startMs = access.startMs else { return outer(access.frame) }
        lastMs = access.zoneless ? startMs - offsetMs : startMs
        return lastMs
    }

    /// UTC of an event, Unix ms.
    mutating func time(of event: borrowing GatewayEvent) -> Int64? {
        if let timeMs = event.timeMs {
            lastMs = event.zoneless ? timeMs - offsetMs : timeMs
            return lastMs
        }
        return event.stamp.map { time($0) } ?? outer(event.frame)
    }

    private mutating func outer(_ frame: FrameInfo) -> Int64? {
        if let timeMs = frame.timeMs { return frame.zoneless ? timeMs - offsetMs : timeMs }
        return frame.stamp.map { time($0) }
    }

    /// Of a stamp without a year; the one that is nearest to the last time.
    private mutating func time(_ stamp: LogStamp) -> Int64 {
        guard stamp.year == 0, let near = lastMs else { return log.utc(stamp) }
        let base = CivilTime.year(ofMillis: near)
        var best = stamp.wallMs(year: base) - offsetMs
        for year in [base - 1, base + 1] {
            let other = stamp.wallMs(year: year) - offsetMs
            if abs(other - near) < abs(best - near) { best = other }
        }
        return best
    }
}
