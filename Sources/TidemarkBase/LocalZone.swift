/// The zone of a clock that shows local time.
public enum LocalZone: Sendable, Equatable {
    /// Always so many minutes east of UTC.
    case fixed(minutesEast: Int)
    /// A place with its daylight-saving time.
    case rules(TimeZoneRules)

    /// `UTC`, `Z`, `GMT`, or an offset: `+08:00`, `-0330`, `+9`; nil for anything else.
    public init?(offset text: String) {
        if ["UTC", "Z", "utc", "GMT"].contains(text) {
            self = .fixed(minutesEast: 0)
            return
        }
        guard let sign = text.first, sign == "+" || sign == "-" || sign == "−" else { return nil }
        var parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1, parts[0].count > 2 { parts = [String(parts[0].dropLast(2)), String(parts[0].suffix(2))] }
        guard parts.count <= 2, parts.allSatisfy({ $0.utf8.count <= 2 && $0.utf8.allSatisfy { $0 &- 48 <= 9 } }),
            let hours = Int(parts[0]), hours <= 14, let minutes = parts.count == 2 ? Int(parts[1]) : 0, minutes < 60
        else { return nil }
        self = .fixed(minutesEast: (sign == "+" ? 1 : -1) * (hours * 60 + minutes))
    }

    /// `UTC`, `+08:00`, `Europe/Berlin`.
    public var name: String {
        switch self {
        case .fixed(let minutes): return Self.text(offsetMs: Int64(minutes) * 60_000)
        case .rules(let rules): return rules.name
        }
    }

    /// What the clock is ahead of UTC when it shows `wallMs`, ms. In the hour that a clock shows twice, the first time,
    /// unless that would lie more than half an hour before `previousMs`, the instant of what was written before.
    public func offsetMs(wallMs: Int64, previousMs: Int64? = nil) -> Int64 {
        switch self {
        case .fixed(let minutes): return Int64(minutes) * 60_000
        case .rules(let rules):
            let offsets = rules.offsets(atWallSecond: CivilTime.floorDivide(wallMs, 1000)).map { Int64($0) * 1000 }
            guard let first = offsets.first, let last = offsets.last, let previousMs else { return offsets.first ?? 0 }
            return wallMs - first < previousMs - 1_800_000 ? last : first
        }
    }

    /// An offset in words: `UTC`, `+08:00`, `+01:02:03`.
    public static func text(offsetMs: Int64) -> String {
        guard offsetMs != 0 else { return "UTC" }
        let clock = CivilTime.clock(abs(offsetMs), seconds: offsetMs % 60_000 != 0)
        return (offsetMs < 0 ? "-" : "+") + clock
    }
}
