import TidemarkBase
import TidemarkEvidence

/// Turns the stamps of a log into UTC: finds the year that the prefix lacks and takes off the zone's offset.
///
/// Year, in order: given by the user; the framing's times; the metrics of the same evidence; the file's modification
/// time. A stamp that jumps by more than half a year has crossed New Year.
struct LogClock {
    /// What is known before a log is read.
    struct Hints {
        var year: Int?
        /// Zone of the log's clock, minutes east of UTC, given by the user or by `capture.json`.
        var offsetMinutes: Int?
        var offsetSource = ""
        /// The offset that an earlier run found by ``ClockAlignment``, with its words and confidence.
        var alignedMs: Int64?
        var alignedBy = (method: "", confidence: 0.0)
        /// A stretch of time that other evidence of the period covers, Unix ms.
        var reference: ClosedRange<Int64>?
        var modifiedMs: Int64 = 0
    }

    private(set) var year: Int?
    /// Milliseconds that are taken off the wall clock to get UTC.
    private(set) var offsetMs: Int64 = 0
    private(set) var method = ""
    private(set) var confidence = 0.0
    private var lastWallMs: Int64?

    init(hints: Hints, firstStamp: LogStamp?, outer: [(stamp: LogStamp, timeMs: Int64)]) {
        var parts: [String] = []
        if let aligned = hints.alignedMs {
            offsetMs = aligned
            confidence = hints.alignedBy.confidence
            parts.append("zone by alignment")
        } else if let minutes = hints.offsetMinutes {
            offsetMs = Int64(minutes) * 60_000
            parts.append("zone from \(hints.offsetSource)")
            confidence = 1
        } else if let found = Self.offset(outer: outer) {
            offsetMs = found.offsetMs
            parts.append("zone from the container's times")
            confidence = found.share
        }
        let zoneKnown = !parts.isEmpty
        guard let first = firstStamp else {
            method = parts.joined(separator: ", ")
            return
        }
        if first.year != 0 {
            parts.append("year printed")
        } else if let given = hints.year {
            year = given
            parts.append("year given")
        } else if let (stamp, timeMs) = outer.first {
            year = Self.nearestYear(stamp, to: timeMs + offsetMs)
            parts.append("year from the container's times")
        } else if let reference = hints.reference {
            year = Self.nearestYear(first, to: reference.lowerBound + (reference.upperBound - reference.lowerBound) / 2)
            parts.append("year from the metrics")
        } else {
            let modified = CivilTime.year(ofMillis: hints.modifiedMs)
            let late = first.wallMs(year: modified) - offsetMs > hints.modifiedMs + CivilTime.millisPerDay
            year = late ? modified - 1 : modified
            parts.append("year from the file's modification time")
        }
        if !zoneKnown {
            let time = first.wallMs(year: year ?? 1970)
            if let reference = hints.reference {
                let near = time >= reference.lowerBound - 3_600_000 && time <= reference.upperBound
                parts.append(
                    near ? "taken as UTC, which fits the metrics" : "taken as UTC, which does not fit the metrics")
                confidence = near ? 0.8 : 0.2
            } else {
                parts.append("taken as UTC")
                confidence = 0.5
            }
        }
        method = hints.alignedMs == nil ? parts.joined(separator: ", ") : hints.alignedBy.method
    }

    /// Goes on where an earlier run of the same log stopped: in that year, behind that stamp.
    mutating func resume(year: Int?, after stamp: LogStamp?) {
        guard let year, let stamp, stamp.year == 0, self.year != nil else { return }
        self.year = year
        lastWallMs = stamp.wallMs(year: year)
    }

    /// UTC of a stamp, Unix ms.
    mutating func utc(_ stamp: LogStamp) -> Int64 {
        guard stamp.year == 0 else { return stamp.wallMs(year: 0) - offsetMs }
        let halfYear: Int64 = 180 * CivilTime.millisPerDay
        var current = year ?? 1970
        var wall = stamp.wallMs(year: current)
        if let last = lastWallMs {
            if wall < last - halfYear {
                current += 1
                wall = stamp.wallMs(year: current)
            } else if wall > last + halfYear {
                current -= 1
                wall = stamp.wallMs(year: current)
            }
        }
        year = current
        lastWallMs = wall
        return wall - offsetMs
    }

    private static func nearestYear(_ stamp: LogStamp, to timeMs: Int64) -> Int {
        let base = CivilTime.year(ofMillis: timeMs)
        return [base - 1, base, base + 1].min { a, b in
            abs(stamp.wallMs(year: a) - timeMs) < abs(stamp.wallMs(year: b) - timeMs)
        }!
    }

    /// The zone as the difference between inner and outer times: the median, to a quarter of an hour, when 95 % agree.
    private static func offset(outer: [(stamp: LogStamp, timeMs: Int64)]) -> (offsetMs: Int64, share: Double)? {
        guard !outer.isEmpty else { return nil }
        let quarter: Int64 = 900_000
        let bins = outer.map { stamp, timeMs -> Int64 in
            let wall = stamp.wallMs(year: stamp.year == 0 ? nearestYear(stamp, to: timeMs) : Int(stamp.year))
            return CivilTime.floorDivide(wall - timeMs + quarter / 2, quarter)
        }.sorted()
        let middle = bins[bins.count / 2]
        let share = Double(bins.count { $0 == middle }) / Double(bins.count)
        return share >= 0.95 ? (middle * quarter, share) : nil
    }
}
