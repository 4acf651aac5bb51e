import TidemarkBase
import TidemarkStore

/// Turns the readings of a local clock into UTC, in the order in which they were written.
///
/// Where the zone's rules are not known, a step of exactly an hour shows daylight-saving time: back in the first hours of
/// a day within five minutes before a full hour, or on a Sunday over an hour that a busy writer would have filled. Times of
/// the framing show it more surely. What is UTC by someone's word has no such steps.
struct WallClock {
    /// A change of the offset.
    struct Step: Equatable {
        var timeMs: Int64
        /// The change of the offset, ms: positive in spring.
        var byMs: Int64
        /// The last reading before it.
        var wallMs: Int64
    }

    private let zone: LocalZone?
    private let mayStep: Bool
    /// What the clock is ahead of UTC now, ms.
    private(set) var offsetMs: Int64
    private(set) var steps: [Step] = []
    private var last: (wallMs: Int64, timeMs: Int64, gapMs: Int64)?
    private static let hour: Int64 = 3_600_000

    /// - Parameter zone: where given, it stands over `offsetMs`.
    init(zone: LocalZone? = nil, offsetMs: Int64 = 0) {
        self.zone = zone
        self.offsetMs = zone?.offsetMs(wallMs: 0) ?? offsetMs
        mayStep = zone != .fixed(minutesEast: 0)
    }

    /// The clock of a source that an earlier run read in part.
    init(goingOn source: SourceRow, zone: LocalZone?) {
        let words = ClockMethod(source.clockMethod ?? "")
        self.init(
            zone: words.isUTCByWord ? .fixed(minutesEast: 0) : words.place == nil ? nil : zone,
            offsetMs: source.clockOffsetMs ?? 0)
        guard let lastMs = source.lastMs else { return }
        let offsetMs = words.place == nil ? offsetMs + Int64(words.hoursStepped) * Self.hour : offsetMs
        resume(wallMs: lastMs + offsetMs, offsetMs: offsetMs)
    }

    /// The last reading and the offset then, for a run that goes on.
    var resume: (wallMs: Int64, offsetMs: Int64)? { last.map { ($0.wallMs, offsetMs) } }

    mutating func resume(wallMs: Int64, offsetMs: Int64) {
        self.offsetMs = offsetMs
        last = (wallMs, wallMs &- offsetMs, 0)
    }

    /// - Parameter outerMs: the framing's time of the same line, UTC, where the zone came from such times.
    mutating func utc(_ wallMs: Int64, outerMs: Int64? = nil) -> Int64 {
        if let last, wallMs == last.wallMs, outerMs == nil { return last.timeMs }
        if case .rules = zone, let zone {
            offsetMs = zone.offsetMs(wallMs: wallMs, previousMs: last?.timeMs)
        } else if mayStep {
            if let straggler = straggler(wallMs) { return straggler }
            if let outerMs {
                follow(outerMs, wallMs)
            } else if let last {
                step(from: last, to: wallMs)
            }
        }
        let timeMs = wallMs - offsetMs
        last = (wallMs, timeMs, last.map { wallMs - $0.wallMs } ?? .max)
        return timeMs
    }

    /// UTC of a reading that is out of the order.
    func reading(_ wallMs: Int64) -> Int64 {
        if case .rules = zone, let zone { return wallMs - zone.offsetMs(wallMs: wallMs, previousMs: last?.timeMs) }
        return wallMs - offsetMs
    }

    private mutating func step(from last: (wallMs: Int64, timeMs: Int64, gapMs: Int64), to wallMs: Int64) {
        let delta = wallMs - last.wallMs
        guard abs(delta) > 3_000_000, abs(delta) < 3_700_000 else { return }
        let day = CivilTime.floorDivide(wallMs, CivilTime.millisPerDay)
        let before = last.wallMs - CivilTime.floorDivide(last.wallMs, CivilTime.millisPerDay) * CivilTime.millisPerDay
        let untilHour = Self.hour - before % Self.hour
        if delta < 0 {
            guard delta >= -Self.hour - 2000, delta <= -3_300_000, untilHour <= 300_000,
                before < 4 * Self.hour || before >= 23 * Self.hour
            else { return }
            change(by: -Self.hour, at: wallMs - offsetMs + Self.hour, last.wallMs)
        } else {
            guard delta >= Self.hour, delta <= Self.hour + 90_000, untilHour <= 90_000, last.gapMs >= 0,
                last.gapMs <= 90_000, before < 4 * Self.hour || before >= 23 * Self.hour,
                CivilTime.weekday(days: Int(day)) == 0
            else { return }
            change(by: Self.hour, at: wallMs - offsetMs - Self.hour, last.wallMs)
        }
    }

    /// Keeps to the framing's times where they show that the clock was put forward or back by an hour.
    private mutating func follow(_ outerMs: Int64, _ wallMs: Int64) {
        let late = outerMs - (wallMs - offsetMs)
        for sign: Int64 in [1, -1] where late - sign * Self.hour >= -2000 && late - sign * Self.hour <= 60_000 {
            change(by: -sign * Self.hour, at: outerMs, last?.wallMs ?? wallMs)
        }
    }

    private mutating func change(by byMs: Int64, at timeMs: Int64, _ wallMs: Int64) {
        // Twice within a day is no daylight-saving time.
        if let step = steps.last, abs(timeMs - step.timeMs) < CivilTime.millisPerDay { return }
        offsetMs += byMs
        steps.append(Step(timeMs: timeMs, byMs: byMs, wallMs: wallMs))
    }

    /// A line of another process that was written just before the clock was put back, but stands behind.
    private func straggler(_ wallMs: Int64) -> Int64? {
        guard let step = steps.last, step.byMs < 0, let last, last.timeMs - step.timeMs < 10_000,
            wallMs - step.wallMs > -10_000,
            wallMs < (CivilTime.floorDivide(step.wallMs, Self.hour) + 1) * Self.hour
        else { return nil }
        return wallMs - (offsetMs - step.byMs)
    }

    /// The steps in words.
    static func words(_ steps: [Step]) -> [String] {
        steps.map {
            "\($0.byMs < 0 ? "back" : "forward") 1 h at \(CivilTime.rfc3339($0.timeMs)) (daylight-saving time)"
        }
    }
}
