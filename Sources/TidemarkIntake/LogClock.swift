import TidemarkBase
import TidemarkEvidence
import TidemarkStore

/// Turns the stamps of a log into UTC: finds the year that the prefix lacks and takes off the zone's offset.
///
/// Year, in order: given by the user; the framing's times; a full date in the same file; the date in the name of a rotated
/// file; the stretch of the other evidence; the time in a gzip header; the file's modification time. 29 February and days
/// of the week rule years out. A stamp that jumps by more than half a year has crossed New Year.
struct LogClock {
    /// What is known before a log is read.
    struct Hints {
        var year: Int?
        /// Zone of the log's clock, given by the user or by `capture.json`.
        var zone: LocalZone?
        var zoneSource = ""
        /// The clock that an earlier run found for the same log.
        var known: (offsetMs: Int64, method: ClockMethod, confidence: Double)?
        /// A stretch of time that other evidence of the period covers, Unix ms.
        var reference: ClosedRange<Int64>?
        /// What ``reference`` is of, and whether its times are surely UTC.
        var referenceName = "the metrics"
        var referenceIsUTC = true
        /// Latest times at which the log may have ended, in order of preference: Unix ms and where they stand.
        var bounds: [(timeMs: Int64, name: String)] = []

        /// Takes up what a file says about its age.
        mutating func date(_ stream: InputStream) {
            if let named = LogName.rotationMs(stream.path) { bounds.append((named, LogClock.nameBound)) }
            if let original = stream.originalMs { bounds.append((original, "the time in gzip's header")) }
            bounds.append((stream.modifiedMs, "the file's modification time"))
        }
    }

    /// What a later run of the same log must know.
    struct Resume: Equatable {
        var year: Int
        var wallMs: Int64
        var offsetMs: Int64
    }

    private(set) var year: Int?
    /// The latest moment at which the log may have ended, for a first stamp that lies behind what was surveyed.
    private let endMs: Int64?
    /// What was taken off the first reading of the wall clock to get UTC, ms.
    private(set) var offsetMs: Int64 = 0
    private(set) var confidence = 0.0
    /// UTC of the first stamp: the time of what stands before it. nil for a log without any.
    private(set) var startMs: Int64?
    /// What the framing's clock, whose zone is not known, is ahead of the log's, ms: a multiple of a quarter of an hour; 0
    /// where the log has no other clock. nil where the two don't agree, or the framing has no such clock.
    private(set) var wrapperAheadMs: Int64?
    /// Whether the framing's clock without zone is the only one.
    private var isOfWrapper: Bool
    /// Whether the framing's times told the zone.
    private let followsOuter: Bool
    private var words: ClockMethod
    private var wall: WallClock
    private var lastWallMs: Int64?
    /// Records that stand before the first time.
    private var early = 0

    /// How it was found, for the ledger; the steps of daylight-saving time so far included.
    var method: String {
        var words = words
        if early > 0 { words.remarks.append("\(early) records before the first time take it") }
        words.remarks += WallClock.words(wall.steps)
        return words.text
    }

    var resume: Resume? { wall.resume.map { Resume(year: year ?? 0, wallMs: $0.wallMs, offsetMs: $0.offsetMs) } }

    init(hints: Hints, survey: LogSurvey, resuming: Resume? = nil) {
        isOfWrapper = survey.isOfWrapper
        endMs = hints.bounds.first?.timeMs
        wrapperAheadMs = survey.isOfWrapper ? 0 : Self.agreement(survey.wrapperAheadMs)
        if let known = hints.known {
            // The clock of a log that goes on is the one that was found.
            let zone = known.method.isUTCByWord ? .fixed(minutesEast: 0) : hints.zone
            wall = WallClock(zone: zone, offsetMs: known.offsetMs)
            (offsetMs, words, confidence) = (known.offsetMs, known.method, known.confidence)
            followsOuter = known.method.zone.contains("the container's times")
            year = Self.year(hints, survey, offsetMs: offsetMs)?.year
            if let resuming {
                wall.resume(wallMs: resuming.wallMs, offsetMs: resuming.offsetMs)
                year = resuming.year > 0 ? resuming.year : year
                lastWallMs = resuming.wallMs
            }
            return
        }
        var remarks: [String] = []
        var zone = ClockMethod.asUTC
        if let given = hints.zone {
            wall = WallClock(zone: given)
            zone = "zone \(given.name) from \(hints.zoneSource)"
            confidence = 1
            followsOuter = false
        } else {
            let outer = OuterOffset(survey.outer)
            wall = WallClock(offsetMs: outer.offsetMs ?? 0)
            followsOuter = outer.offsetMs != nil
            if let offsetMs = outer.offsetMs {
                zone = "zone \(LocalZone.text(offsetMs: offsetMs)) from the container's times"
                confidence = outer.confidence
            }
            remarks += outer.remarks
        }
        offsetMs = wall.offsetMs
        words = ClockMethod(zone: zone, remarks: remarks)
        if let ahead = Self.wrapperAhead(survey.wrapperAheadMs) { words.remarks.append(ahead) }
        guard let first = survey.firstStamp else {
            if words.isGuess { words.zone = "no line has a time of its own" }
            return
        }
        let found = Self.year(hints, survey, offsetMs: offsetMs)
        year = found?.year
        words.year = found.map { "year \($0.words)" } ?? "year printed"
        if let found { confidence = confidence > 0 ? min(confidence, found.confidence) : 0 }
        let wallMs = first.wallMs(year: year ?? 1970)
        if let zone = hints.zone { offsetMs = zone.offsetMs(wallMs: wallMs) }
        startMs = wallMs - offsetMs
        if words.isGuess {
            confidence = 0.5
            if let reference = hints.reference, hints.referenceIsUTC {
                let fits = wallMs >= reference.lowerBound - 3_600_000 && wallMs <= reference.upperBound
                words.zone += ", which \(fits ? "fits" : "does not fit") \(hints.referenceName)"
                confidence = fits ? 0.8 : 0.2
            }
        }
    }

    /// The clock as a first run would find it now, when that is another one: of a log whose zone the framing's times told,
    /// or nothing. nil: it stays.
    func judgedAnew(_ hints: Hints, _ survey: LogSurvey) -> LogClock? {
        guard hints.known != nil, followsOuter || words.isGuess else { return nil }
        var fresh = hints
        (fresh.known, fresh.zone) = (nil, nil)
        let again = LogClock(hints: fresh, survey: survey)
        return again.offsetMs == offsetMs ? nil : again
    }

    /// UTC of a stamp, Unix ms. Call it in the order of the file.
    /// - Parameter outerMs: the framing's time of the same line, where it names its zone.
    mutating func utc(_ stamp: LogStamp, outerMs: Int64? = nil) -> Int64 {
        let outerMs = followsOuter ? outerMs : nil
        let halfYear: Int64 = 180 * CivilTime.millisPerDay
        guard stamp.year == 0 else {
            let wallMs = stamp.wallMs(year: 0)
            // A stray date far away says nothing about its neighbours.
            if lastWallMs.map({ abs(wallMs - $0) < halfYear }) ?? true {
                (year, lastWallMs) = (Int(stamp.year), wallMs)
                return wall.utc(wallMs, outerMs: outerMs)
            }
            var aside = wall
            return aside.utc(wallMs)
        }
        var current = year ?? lastYear(of: stamp)
        var wallMs = stamp.wallMs(year: current)
        if let last = lastWallMs {
            if wallMs < last - halfYear {
                current += 1
                wallMs = stamp.wallMs(year: current)
            } else if wallMs > last + halfYear {
                current -= 1
                wallMs = stamp.wallMs(year: current)
            }
        }
        year = current
        lastWallMs = wallMs
        return wall.utc(wallMs, outerMs: outerMs)
    }

    /// The last year in which a stamp without one may lie.
    private func lastYear(of stamp: LogStamp) -> Int {
        guard let endMs else { return 1970 }
        let year = CivilTime.year(ofMillis: endMs)
        return stamp.wallMs(year: year) - offsetMs > endMs + CivilTime.millisPerDay ? year - 1 : year
    }

    /// UTC of a line that has no time of its own, by the framing's clock without zone; nil when it is not known what that
    /// clock shows. Call it in the order of the file.
    mutating func utc(wrapper stamp: LogStamp) -> Int64? {
        guard let ahead = wrapperAheadMs else { return nil }
        if isOfWrapper { return utc(stamp) }
        let near = year ?? (stamp.year == 0 ? lastYear(of: stamp) : Int(stamp.year))
        var wallMs = stamp.wallMs(year: near) - ahead
        if stamp.year == 0, let last = lastWallMs {
            let halfYear: Int64 = 180 * CivilTime.millisPerDay
            let turn = wallMs < last - halfYear ? 1 : wallMs > last + halfYear ? -1 : 0
            if turn != 0 { wallMs = stamp.wallMs(year: near + turn) - ahead }
        }
        return wall.reading(wallMs)
    }

    /// The time of a record that stands before every stamp: that of the first one; nil in a log without any.
    mutating func timeBeforeFirst() -> Int64? {
        if startMs != nil { early += 1 }
        return startMs
    }

    /// UTC of a reading with a year.
    mutating func utc(wallMs: Int64) -> Int64 { wall.utc(wallMs) }

    // MARK: The year

    /// The year of the first stamp without one, and in words where it is from; nil when every stamp has its own.
    private static func year(
        _ hints: Hints, _ survey: LogSurvey, offsetMs: Int64
    ) -> (year: Int, words: String, confidence: Double)? {
        guard let first = survey.firstShort else { return nil }
        if let given = hints.year { return (given, "given", 1) }
        if let (stamp, timeMs) = survey.outer.first(where: { $0.stamp.year == 0 }) {
            let near = nearest(stamp, to: timeMs + offsetMs)
            return (near - (stamp.month < first.month ? 1 : 0), "from the container's times", 1)
        }
        if let dated = survey.dated { return (nearest(first, to: dated), "from a full date in the log", 0.98) }
        let last = survey.lastShort ?? first
        func end(_ year: Int) -> Int64 {
            last.wallMs(year: (last.month, last.day) < (first.month, first.day) ? year + 1 : year)
        }
        func latest(_ bound: Int64) -> Int {
            let base = CivilTime.year(ofMillis: bound)
            let possible = (base - 12...base + 1).reversed().filter {
                end($0) - offsetMs <= bound + CivilTime.millisPerDay
            }
            return possible.first { survey.allows(year: $0) } ?? possible.first ?? base
        }
        if let named = hints.bounds.first(where: { $0.name == nameBound }) {
            return (latest(named.timeMs), "from \(named.name)", 0.95)
        }
        if let reference = hints.reference {
            let slack: Int64 = 14 * 3_600_000
            let base = CivilTime.year(ofMillis: reference.lowerBound)
            let years = (base - 12...base + 1).filter { survey.allows(year: $0) }
            func overlap(_ year: Int) -> Int64 {
                min(end(year), reference.upperBound + slack)
                    - max(first.wallMs(year: year), reference.lowerBound - slack)
            }
            // Where none overlaps, the negative overlap is the distance: the nearest.
            if let best = (years.isEmpty ? [base] : years).max(by: { overlap($0) < overlap($1) }) {
                return (best, "from \(hints.referenceName)", overlap(best) >= 0 ? 0.95 : 0.7)
            }
        }
        guard let bound = hints.bounds.first else { return nil }
        return (latest(bound.timeMs), "from \(bound.name)", 0.8)
    }

    /// The name of the bound that stands in a rotated file's name.
    static let nameBound = "the date in the file's name"

    private static func nearest(_ stamp: LogStamp, to timeMs: Int64) -> Int {
        let base = CivilTime.year(ofMillis: timeMs)
        return [base - 1, base, base + 1].min { a, b in
            abs(stamp.wallMs(year: a) - timeMs) < abs(stamp.wallMs(year: b) - timeMs)
        } ?? base
    }

    /// What nearly all of the differences are, to a quarter of an hour.
    private static func agreement(_ ahead: [Int64]) -> Int64? {
        guard !ahead.isEmpty else { return nil }
        let bins = ahead.map { CivilTime.floorDivide($0 + 450_000, 900_000) }
        let middle = bins.sorted()[bins.count / 2]
        return bins.count { $0 == middle } * 100 >= bins.count * 95 ? middle * 900_000 : nil
    }

    /// What a framing's clock without zone differs by, in words: only the difference is known.
    private static func wrapperAhead(_ ahead: [Int64]) -> String? {
        let sorted = ahead.sorted()
        guard !sorted.isEmpty else { return nil }
        let quarters = CivilTime.floorDivide(sorted[sorted.count / 2] + 450_000, 900_000)
        guard quarters != 0 else { return nil }
        let text = LocalZone.text(offsetMs: abs(quarters) * 900_000).dropFirst()
        return
            "the framing's clock is \(text) h \(quarters > 0 ? "ahead of" : "behind") the log's, and its zone is not known either"
    }
}

/// The zone of a log's clock as the difference between its own times and those of a framing.
struct OuterOffset {
    /// What the log's clock is ahead of UTC: the median to a quarter of an hour; nil without agreement.
    private(set) var offsetMs: Int64?
    private(set) var confidence = 0.0
    private(set) var remarks: [String] = []

    /// So many lines are as sure as it gets.
    private static let enough = 20
    private static let quarterMs: Int64 = 900_000

    init(_ outer: [(stamp: LogStamp, timeMs: Int64)]) {
        guard !outer.isEmpty else { return }
        let aheads = outer.map { stamp, timeMs -> Int64 in
            guard stamp.year == 0 else { return stamp.wallMs(year: 0) - timeMs }
            let base = CivilTime.year(ofMillis: timeMs)
            return [base - 1, base, base + 1].map { stamp.wallMs(year: $0) - timeMs }.min { abs($0) < abs($1) } ?? 0
        }
        let bins = aheads.map { CivilTime.floorDivide($0 + Self.quarterMs / 2, Self.quarterMs) }
        let middle = bins.sorted()[bins.count / 2]
        var share = Double(bins.count { $0 == middle }) / Double(bins.count)
        var offset = middle
        // Put forward or back by an hour once: the zone of the beginning.
        if share < 0.95, let other = bins.first(where: { $0 != middle }), abs(other - middle) == 4,
            zip(bins, bins.dropFirst()).count(where: { $0 != $1 }) == 1
        {
            (share, offset) = (0.95, bins[0])
        }
        guard share >= 0.95 || bins.count < Self.enough && share == 1, abs(offset) <= 60 else {
            let percent = Int(share * 100)
            remarks.append(
                "the container's times do not tell the zone: \(percent) % of \(bins.count) lines agree (several zones, or times of arrival)"
            )
            return
        }
        offsetMs = offset * Self.quarterMs
        confidence = bins.count >= Self.enough ? share : 0.6 + 0.4 * Double(bins.count) / Double(Self.enough + 5)
        let late = aheads.map { offset * Self.quarterMs - $0 }.sorted()[aheads.count / 2]
        // A stamp of whole seconds is up to a second early.
        if late < -1500 {
            remarks.append("the log's clock is \(-late / 1000) s ahead of the container's")
        } else if late > 5000 {
            remarks.append("the container's times are \(late / 1000) s late")
        }
    }
}
