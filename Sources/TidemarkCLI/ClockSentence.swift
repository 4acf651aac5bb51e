import TidemarkBase
import TidemarkStore

/// What is known about the clock of one source, for `status --clocks`.
struct ClockSentence {
    let source: SourceRow
    let method: ClockMethod

    init?(_ source: SourceRow) {
        guard let method = source.clockMethod else { return nil }
        self.source = source
        self.method = ClockMethod(method)
    }

    /// Times that are in UTC, or count from 1970.
    private var isUTC: Bool { !method.isGuess && !method.zone.hasPrefix("zone ") }
    /// Whether the zone had to be found.
    private var isFound: Bool { !isUTC && !method.isPrinted }

    /// What the source's own clock shows.
    var ownClock: String {
        if isUTC { return "UTC" }
        if method.isPrinted { return "date and time with their zone" }
        if method.remarks.contains(where: { $0.hasPrefix("the day from ") }) {
            return "local time of the day, without date or zone"
        }
        if method.year.isEmpty || method.year == "year printed" { return "local date and time, without zone" }
        return "local month, day and time, without year or zone"
    }

    /// `+02:00`, at the beginning of the source.
    var offset: String { LocalZone.text(offsetMs: source.clockOffsetMs ?? 0) }

    /// What to pass if it's wrong; nil where the source leaves nothing to find.
    var advice: String? {
        guard isFound else { return nil }
        let zone = "--timezone (an offset such as +08:00, or a place such as Europe/Berlin)"
        return method.year.isEmpty || method.year == "year printed" ? zone : zone + " and --year"
    }

    var text: String {
        var text = "\(source.path): the source shows \(ownClock)"
        if isFound {
            text += "; its clock is taken to be \(offset == "UTC" ? "UTC" : "UTC\(offset)")"
        }
        text += " (\(method.zone))"
        if !method.year.isEmpty { text += "; \(method.year)" }
        for remark in method.remarks { text += "; \(remark)" }
        text += "; \(ByteWriter.fixed((source.clockConfidence ?? 0) * 100, decimals: 0)) % sure"
        if let first = source.firstMs, let last = source.lastMs {
            text += "; from \(CivilTime.rfc3339(first)) to \(CivilTime.rfc3339(last))"
        }
        text += "."
        if let advice { text += " If that is wrong, ingest again with \(advice)." }
        return text
    }

    func write(to out: inout ByteWriter, period: String) {
        func member(_ key: String, _ value: String?, last: Bool = false) {
            out.writeJSONString(key)
            out.write(":")
            if let value { out.writeJSONString(value) } else { out.write("null") }
            if !last { out.write(",") }
        }
        out.write("{")
        member("period", period)
        member("path", source.path)
        member("format", source.format)
        member("own_clock", ownClock)
        out.write("\"offset_minutes\":\(ByteWriter.fixed(Double(source.clockOffsetMs ?? 0) / 60_000, decimals: 3)),")
        member("zone_found_by", method.zone.isEmpty ? nil : method.zone)
        member("year_found_by", method.year.isEmpty ? nil : method.year)
        out.write("\"remarks\":[")
        for (index, remark) in method.remarks.enumerated() {
            if index > 0 { out.write(",") }
            out.writeJSONString(remark)
        }
        out.write("],\"confidence\":\(ByteWriter.fixed(source.clockConfidence ?? 0, decimals: 3)),")
        member("first", source.firstMs.map(CivilTime.rfc3339))
        member("last", source.lastMs.map(CivilTime.rfc3339))
        member("if_wrong_pass", advice, last: true)
        out.write("}")
    }
}
