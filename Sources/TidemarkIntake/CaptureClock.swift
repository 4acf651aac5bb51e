import TidemarkBase
import TidemarkEvidence

/// Turns the times of a capture of GPUs into UTC: its own clock is a local one without a zone, and a container runtime or
/// a journal may have put another around each line.
struct CaptureClock {
    private(set) var own: WallClock
    /// Whether the zone was given or is known from an earlier run: else UTC is taken for it.
    private let isKnown: Bool
    /// Time around the line, and whether it is UTC; nil when there is none.
    var outer: (ms: Int64, isUTC: Bool)?
    /// Takes the time around a line. A stamp without a year is of the last year in which it is not in the future.
    /// - Parameter lastMs: when the capture may have ended at the latest, Unix ms.
    mutating func take(_ frame: FrameInfo, lastMs: Int64) {
        if let timeMs = frame.timeMs {
            outer = (timeMs, !frame.zoneless)
        } else if let stamp = frame.stamp {
            let latest = lastMs + CivilTime.millisPerDay
            let year = CivilTime.year(ofMillis: latest)
            let wallMs = stamp.wallMs(year: year)
            outer = (wallMs <= latest ? wallMs : stamp.wallMs(year: year - 1), false)
        } else {
            outer = nil
        }
    }

    /// Zone of the capture's own clock as the times around the lines tell it.
    private(set) var outerOffsetMs: Int64?

    /// When a capture without any time began, UTC, and the time between its samples, ms; nil: not given.
    var start: (ms: Int64, intervalMs: Int64)?
    private var samples: Int64 = 0
    private var lastIndex: Int?

    /// - Parameter zone: as it was given.
    init(zone: LocalZone?) { self.init(WallClock(zone: zone), isKnown: zone != nil) }

    init(_ own: WallClock, isKnown: Bool) {
        self.own = own
        self.isKnown = isKnown
    }

    /// Time of the next row that has none, told by the start and the interval: a sample ends where the GPUs begin anew.
    mutating func counted(index: Int?) -> Int64? {
        guard let start else { return nil }
        if let last = lastIndex, index ?? 0 <= last { samples += 1 }
        lastIndex = index ?? 0
        let (elapsed, overflow) = samples.multipliedReportingOverflow(by: start.intervalMs)
        return overflow ? nil : start.ms &+ elapsed
    }

    /// ms east of UTC.
    var offsetMs: Int64 { own.offsetMs }

    /// The outer time as UTC.
    var outerMs: Int64? { outer.map { $0.isUTC ? $0.ms : $0.ms - offsetMs } }

    /// - Parameters:
    ///   - wallMs: the record's own time; nil: it has none, and the outer one stands for it.
    ///   - isUTC: its text named a zone.
    mutating func utc(_ wallMs: Int64?, isUTC: Bool = false) -> Int64? {
        guard let wallMs else { return outerMs }
        if isUTC { return wallMs }
        if let outer, outer.isUTC, outerOffsetMs == nil, !isKnown {
            // Zones are whole quarters of an hour; a line is written soon after its time is read.
            let quarter: Int64 = 900_000
            let (apart, overflow) = wallMs.subtractingReportingOverflow(outer.ms)
            let offset = CivilTime.floorDivide(apart &+ quarter / 2, quarter) * quarter
            if !overflow, abs(offset) <= 14 * 3_600_000, abs(apart - offset) < 60_000 {
                outerOffsetMs = offset
                own = WallClock(offsetMs: offset)
            }
        }
        return own.utc(wallMs, outerMs: outerOffsetMs == nil ? nil : outer?.ms)
    }
}
