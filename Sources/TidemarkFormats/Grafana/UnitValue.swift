import TidemarkBase

/// A number as Grafana shows it: `1.23 ms`, `45%`, `12.3 GiB`, `1.2K`, `3.4 Mil`.
enum UnitValue {
    enum Cell: Equatable {
        case number(Double)
        /// A share written in percent, as a ratio: `45%` is 0.45.
        case percent(Double)
        /// Empty, `null`, `undefined`, `N/A`…: no sample.
        case missing
        case text
    }

    /// The value in base units: seconds, bytes, bits, ratios; a rate stays one.
    static func cell(_ bytes: Bytes) -> Cell {
        if let value = Decimal.parse(bytes) { return .number(value) }
        if bytes.count == 0 { return .missing }
        if let value = Decimal.parseAny(bytes) { return .number(value) }
        let text = bytes.trimmed
        if text.count <= 12, missingWords.contains(text.text.lowercased()) { return .missing }
        let end = numberEnd(text)
        guard end > 0, let number = number(text.slice(0, end)) else { return .text }
        let unit = text.slice(end, text.count).trimmed
        guard unit.count > 0 else { return .number(number) }
        guard unit.count <= 16 else { return .text }
        if unit.equals("%") { return .percent(number / 100) }
        guard let factor = factor(of: unit.text) else { return .text }
        return .number(number * factor)
    }

    private static let missingWords: Set<String> = [
        "null", "undefined", "n/a", "na", "no data", "-", "none", "no value",
    ]

    /// Index behind a number with perhaps thousands separators and an exponent.
    private static func numberEnd(_ text: Bytes) -> Int {
        var at = text[0] == 45 || text[0] == 43 ? 1 : 0
        guard at < text.count, text[at] &- 48 <= 9 || text[at] == 46 else { return 0 }
        while at < text.count, text[at] &- 48 <= 9 || text[at] == 46 || text[at] == 44 { at += 1 }
        var power = at + 1
        if power < text.count, text[at] | 0x20 == 101 {
            if text[power] == 43 || text[power] == 45 { power += 1 }
            let digits = power
            while power < text.count, text[power] &- 48 <= 9 { power += 1 }
            if power > digits { at = power }
        }
        return at
    }

    private static func number(_ text: Bytes) -> Double? {
        guard text.firstIndex(of: 44) != nil else { return Decimal.parse(text) }
        // `1,234.5`: groups of three in front of the point, nowhere else.
        let whole = text.slice(0, text.firstIndex(of: 46) ?? text.count)
        let groups = whole.split(separator: 44, omittingEmptySubsequences: false)
        guard text.slice(whole.count, text.count).firstIndex(of: 44) == nil, groups[0].count <= 4,
            groups[0].count > 0, groups.dropFirst().allSatisfy({ $0.count == 3 })
        else { return nil }
        let plain = text.filter { $0 != 44 }
        return plain.withUnsafeBytes { Decimal.parse($0) }
    }

    /// What one of the unit is in base units; nil when the text is no unit that Grafana shows.
    static func factor(of unit: String) -> Double? {
        if let factor = whole[unit] { return factor }
        // `K req/s`: a scale, then what is counted.
        if let blank = unit.firstIndex(of: " "), let scale = scales[String(unit[..<blank])] {
            return counted.contains(String(unit[unit.index(after: blank)...])) ? scale : nil
        }
        if counted.contains(unit) { return 1 }
        // `kreq/s`, `MHz`: an SI prefix before it.
        guard let first = unit.first, let scale = prefixes[String(first)], counted.contains(String(unit.dropFirst()))
        else { return nil }
        return scale
    }

    private static let whole: [String: Double] = {
        var table: [String: Double] = [
            "ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "min": 60, "mins": 60,
            "hour": 3600, "hours": 3600, "h": 3600, "day": 86_400, "days": 86_400, "d": 86_400, "week": 604_800,
            "weeks": 604_800, "year": 31_536_000, "years": 31_536_000,
        ]
        for (name, scale) in scales { table[name] = scale }
        for rate in ["", "/s"] {
            table["B" + rate] = 1
            table["b" + rate] = 1
            for (index, letter) in ["K", "M", "G", "T", "P", "E"].enumerated() {
                var binary = 1.0
                var decimal = 1.0
                for _ in 0...index { (binary, decimal) = (binary * 1024, decimal * 1000) }
                for base in ["B", "b"] {
                    table[letter + "i" + base + rate] = binary
                    table[letter + base + rate] = decimal
                    table[letter.lowercased() + base + rate] = decimal
                }
            }
        }
        return table
    }()

    private static let scales: [String: Double] = [
        "K": 1e3, "k": 1e3, "M": 1e6, "Mil": 1e6, "G": 1e9, "Bil": 1e9, "Bn": 1e9, "T": 1e12, "Tri": 1e12,
        "Quadr": 1e15, "P": 1e15, "m": 1e-3, "µ": 1e-6, "μ": 1e-6, "n": 1e-9,
    ]

    private static let prefixes: [String: Double] = [
        "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "m": 1e-3, "µ": 1e-6,
    ]

    private static let counted: Set<String> = [
        "req/s", "reqps", "reqs/s", "rps", "ops/s", "ops", "cps", "c/s", "p/s", "pps", "evt/s", "msg/s", "io/s", "iops",
        "tok/s", "tokens/s", "tokens", "req", "rows/s", "rd/s", "wr/s", "r/s", "w/s", "bps", "Bps", "W", "Hz", "J", "V",
        "A", "°C", "°F", "rpm", "req/m", "ops/m", "bits", "bytes",
    ]
}
