/// How the clock of a source was found, in the words of the ledger: a phrase for the zone, one for the year, remarks.
/// The column `clock_method` holds them with semicolons between.
public struct ClockMethod: Sendable, Equatable {
    /// The zone's phrase of a clock of which nothing told the zone.
    public static let asUTC = "taken as UTC"
    /// Begins the zone's phrase when other evidence told it afterwards.
    public static let alignment = "zone by alignment"

    /// Begins the zone's phrase of a source whose times name their zone.
    public static let printed = "zone printed"

    public var zone: String
    /// Empty where the source's times have a year.
    public var year: String
    public var remarks: [String]

    public init(zone: String, year: String = "", remarks: [String] = []) {
        (self.zone, self.year, self.remarks) = (zone, year, remarks)
    }

    public init(_ text: String) {
        var parts = text.split(separator: ";").map { String($0.drop { $0 == " " }) }
        zone = parts.isEmpty ? "" : parts.removeFirst()
        year = ""
        if let at = parts.firstIndex(where: { $0.hasPrefix("year ") }) { year = parts.remove(at: at) }
        remarks = parts
    }

    public var text: String { ([zone, year] + remarks).filter { !$0.isEmpty }.joined(separator: "; ") }

    /// Whether nothing told the zone.
    public var isGuess: Bool { zone.hasPrefix(Self.asUTC) }
    /// Whether the source's own times name their zone, which then no other word can change.
    public var isPrinted: Bool { zone.hasPrefix(Self.printed) }
    /// Whether it was found by comparing with other evidence.
    public var isAligned: Bool { zone.hasPrefix(Self.alignment) }
    /// Whether the user or `capture.json` told the zone.
    public var isGiven: Bool { zone.hasSuffix("from --timezone") || zone.hasSuffix("from capture.json") }

    /// Whether someone said that the clock shows UTC: it has no daylight-saving time then.
    public var isUTCByWord: Bool { isGiven && zone.hasPrefix("zone UTC ") }

    /// Hours by which remarks say that the clock was put forward, less those by which it was put back.
    public var hoursStepped: Int {
        remarks.count { $0.hasPrefix("forward 1 h at ") } - remarks.count { $0.hasPrefix("back 1 h at ") }
    }

    /// The place whose zone was given, `Europe/Berlin`; nil for offsets.
    public var place: String? {
        let words = zone.split(separator: " ")
        guard words.count == 4, words[0] == "zone", words[2] == "from", let first = words[1].first, first.isLetter,
            words[1] != "UTC"
        else { return nil }
        return String(words[1])
    }
}
