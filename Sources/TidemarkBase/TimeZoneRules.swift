/// The offsets of a time zone through history, from a TZif file (RFC 8536, versions 1 to 4) of the system's zone database.
///
/// What lies behind the file's last transition follows the rule in its footer (`CET-1CEST,M3.5.0,M10.5.0/3`).
public struct TimeZoneRules: Sendable, Equatable {
    /// The zone's name, `Europe/Berlin`.
    public let name: String
    /// Instants at which the offset changes, Unix seconds, ascending.
    private var transitions: [Int64] = []
    /// Seconds east of UTC from the transition of the same index on.
    private var offsets: [Int] = []
    /// Before the first transition.
    private var firstOffset = 0
    private var footer: PosixZone?

    /// nil when `bytes` are not a whole TZif file.
    public init?(tzif bytes: Bytes, name: String) {
        self.name = name
        guard let first = Header(bytes, at: 0) else { return nil }
        guard first.version >= 2 else {
            guard read(bytes, first, wide: false) else { return nil }
            return
        }
        guard let second = Header(bytes, at: first.end(wide: false)), read(bytes, second, wide: true) else {
            return nil
        }
        let start = second.end(wide: true)
        guard start < bytes.count, bytes[start] == 10, let end = bytes.firstIndex(of: 10, from: start + 1) else {
            return nil
        }
        let rule = bytes.slice(start + 1, end)
        if !rule.isEmpty {
            guard let zone = PosixZone(rule) else { return nil }
            footer = zone
        }
    }

    private mutating func read(_ bytes: Bytes, _ header: Header, wide: Bool) -> Bool {
        guard header.end(wide: wide) <= bytes.count, header.types > 0 else { return false }
        let width = wide ? 8 : 4
        let indexes = header.start + header.times * width
        let types = indexes + header.times
        func offset(ofType type: Int) -> Int? {
            guard type < header.types else { return nil }
            let seconds = Int(Int32(truncatingIfNeeded: Header.integer(bytes, types + type * 6, 4)))
            return abs(seconds) < 100_000 ? seconds : nil
        }
        guard let zero = offset(ofType: 0) else { return false }
        firstOffset = zero
        for index in 0..<header.times {
            let raw = Header.integer(bytes, header.start + index * width, width)
            let time = wide ? raw : Int64(Int32(truncatingIfNeeded: raw))
            guard time >= transitions.last ?? .min, let offset = offset(ofType: Int(bytes[indexes + index])) else {
                return false
            }
            transitions.append(time)
            offsets.append(offset)
        }
        return true
    }

    /// Seconds east of UTC at an instant.
    public func offset(atSecond second: Int64) -> Int {
        guard let last = transitions.last, second < last else {
            return footer?.offset(at: second) ?? offsets.last ?? firstOffset
        }
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : offsets[low - 1]
    }

    /// The offsets that a local reading may stand for, seconds: one; two, the earlier instant first, in an hour that the
    /// clock shows twice; for a reading that the clock skips the one before.
    public func offsets(atWallSecond wall: Int64) -> [Int] {
        let before = offset(atSecond: wall - 86_400)
        let after = offset(atSecond: wall + 86_400)
        var valid: [Int] = []
        for candidate in before == after ? [before] : [max(before, after), min(before, after)]
        where offset(atSecond: wall - Int64(candidate)) == candidate {
            valid.append(candidate)
        }
        return valid.isEmpty ? [before] : valid
    }

    private struct Header {
        var version: UInt8
        var start: Int
        var (utcMarks, standardMarks, leaps, times, types, characters) = (0, 0, 0, 0, 0, 0)

        init?(_ bytes: Bytes, at: Int) {
            guard bytes.has("TZif", at: at), at + 44 <= bytes.count else { return nil }
            version = bytes[at + 4] == 0 ? 1 : bytes[at + 4] &- 48
            start = at + 44
            let counts = (0..<6).map { Int(Self.integer(bytes, at + 20 + $0 * 4, 4)) }
            guard counts.allSatisfy({ $0 >= 0 && $0 < 100_000 }) else { return nil }
            (utcMarks, standardMarks, leaps) = (counts[0], counts[1], counts[2])
            (times, types, characters) = (counts[3], counts[4], counts[5])
        }

        /// Index behind the data block.
        func end(wide: Bool) -> Int {
            let width = wide ? 8 : 4
            return start + times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standardMarks + utcMarks
        }

        /// A big-endian number; the caller has checked that it is there.
        static func integer(_ bytes: Bytes, _ at: Int, _ width: Int) -> Int64 {
            var value: UInt64 = 0
            for index in 0..<width { value = value << 8 | UInt64(bytes[at + index]) }
            return Int64(truncatingIfNeeded: value)
        }
    }
}

/// A zone in the notation of POSIX's TZ variable: `EST5EDT,M3.2.0,M11.1.0`, `<+0330>-3:30`.
struct PosixZone: Sendable, Equatable {
    /// Seconds east of UTC.
    private var standard = 0
    private var daylight: (offset: Int, start: Rule, end: Rule)?

    static func == (a: PosixZone, b: PosixZone) -> Bool {
        a.standard == b.standard && a.daylight?.offset == b.daylight?.offset && a.daylight?.start == b.daylight?.start
            && a.daylight?.end == b.daylight?.end
    }

    struct Rule: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// Week 1…5 (5: the last) of a month, day of the week 0 (Sunday)…6.
            case weekday(month: Int, week: Int, day: Int)
            /// 1…365, 29 February never counted.
            case julian(Int)
            /// 0…365.
            case ordinal(Int)
        }
        var day: Day
        /// Local seconds after midnight; may lie beyond the day.
        var time = 7200

        /// Local reading of the change in a year, seconds as if UTC.
        func wallSecond(year: Int) -> Int64 {
            let first = CivilTime.days(year: year, month: 1, day: 1)
            let days: Int
            switch day {
            case .julian(let number):
                let leap = CivilTime.daysInMonth(year: year, month: 2) == 29
                days = first + number - 1 + (leap && number >= 60 ? 1 : 0)
            case .ordinal(let number): days = first + number
            case .weekday(let month, let week, let weekday):
                let start = CivilTime.days(year: year, month: month, day: 1)
                let length = CivilTime.daysInMonth(year: year, month: month)
                var offset = (weekday - CivilTime.weekday(days: start) + 7) % 7 + (week - 1) * 7
                if offset >= length { offset -= 7 }
                days = start + offset
            }
            return Int64(days) * 86_400 + Int64(time)
        }
    }

    init?(_ text: Bytes) {
        var scan = Scan(text: text)
        guard scan.name(), let west = scan.time() else { return nil }
        standard = -west
        guard !scan.atEnd else { return }
        guard scan.name() else { return nil }
        var offset = standard + 3600
        if !scan.atEnd, text[scan.at] != 44 {
            guard let west = scan.time() else { return nil }
            offset = -west
        }
        guard scan.skip(44), let start = scan.rule(), scan.skip(44), let end = scan.rule(), scan.atEnd else {
            return nil
        }
        daylight = (offset, start, end)
    }

    func offset(at second: Int64) -> Int {
        guard let daylight, second > -(1 << 40), second < 1 << 40 else { return standard }
        let year = CivilTime.year(ofMillis: (second + Int64(standard)) * 1000)
        let start = daylight.start.wallSecond(year: year) - Int64(standard)
        let end = daylight.end.wallSecond(year: year) - Int64(daylight.offset)
        // South of the equator the summer goes over New Year.
        let isDaylight = start < end ? second >= start && second < end : second >= start || second < end
        return isDaylight ? daylight.offset : standard
    }

    private struct Scan {
        let text: Bytes
        var at = 0
        var atEnd: Bool { at >= text.count }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard !atEnd, text[at] == byte else { return false }
            at += 1
            return true
        }

        mutating func name() -> Bool {
            let start = at
            if skip(60) {
                while !atEnd, text[at] != 62 { at += 1 }
                return skip(62)
            }
            while !atEnd, (text[at] | 0x20) &- 97 < 26 { at += 1 }
            return at - start >= 3
        }

        mutating func number() -> Int? {
            let start = at
            while !atEnd, text[at] &- 48 <= 9, at - start < 4 { at += 1 }
            return Decimal.parseInt(text.slice(start, at))
        }

        /// `[+-]h[:mm[:ss]]` in seconds.
        mutating func time() -> Int? {
            var sign = 1
            if skip(45) { sign = -1 } else { _ = skip(43) }
            guard let hours = number() else { return nil }
            var seconds = hours * 3600
            for unit in [60, 1] where skip(58) {
                guard let part = number() else { return nil }
                seconds += part * unit
            }
            return sign * seconds
        }

        mutating func rule() -> Rule? {
            var rule: Rule
            if skip(77) {
                guard let month = number(), (1...12).contains(month), skip(46), let week = number(),
                    (1...5).contains(week), skip(46), let day = number(), (0...6).contains(day)
                else { return nil }
                rule = Rule(day: .weekday(month: month, week: week, day: day))
            } else if skip(74) {
                guard let day = number(), (1...365).contains(day) else { return nil }
                rule = Rule(day: .julian(day))
            } else {
                guard let day = number(), (0...365).contains(day) else { return nil }
                rule = Rule(day: .ordinal(day))
            }
            if skip(47) {
                guard let time = time() else { return nil }
                rule.time = time
            }
            return rule
        }
    }
}
