import TidemarkBase

/// Advice on names and metadata, after Prometheus' naming practices; the same findings as `promtool check metrics`.
enum TextAdvice {
    static func advice(on family: TextFamily) -> [String] {
        var found: [String] = []
        if !family.hasHelp { found.append("has no help text") }
        if let (unit, base) = unit(in: family.name), unit != base {
            found.append("use the base unit \"\(base)\" instead of \"\(unit)\"")
        }
        found += suffixes(family)
        if let type = typeInName(family) { found.append("its name should not include its type, \"\(type)\"") }
        if family.name.utf8.contains(58) {
            found.append("its name should not contain ':', that is for recording rules")
        }
        if isCamelCase(family.name) { found.append("its name should be written in snake_case") }
        if family.labelNames.contains(where: isCamelCase) {
            found.append("its label names should be written in snake_case")
        }
        if abbreviations.contains(where: { family.name.hasPart($0) }) {
            found.append("its name should not contain an abbreviated unit")
        }
        return found.map { "\(family.name): \($0)" }
    }

    /// Counters end in `_total`; suffixes and labels of other types mislead. Nothing is said of untyped families.
    private static func suffixes(_ family: TextFamily) -> [String] {
        guard let type = family.type, type != .untyped else { return [] }
        var found: [String] = []
        if (type == .counter) != family.name.hasSuffix("_total") {
            found.append("\(type == .counter ? "a counter's" : "only a counter's") name should end in _total")
        }
        if type != .histogram, family.name.hasSuffix("_bucket") {
            found.append("only a histogram's samples should end in _bucket")
        }
        if type != .histogram, type != .summary {
            for suffix in ["_count", "_sum"] where family.name.hasSuffix(suffix) {
                found.append("only samples of a histogram or summary should end in \(suffix)")
            }
        }
        if type != .histogram, family.labelNames.contains("le") {
            found.append("only a histogram should have the label le")
        }
        if type != .summary, family.labelNames.contains("quantile") {
            found.append("only a summary should have the label quantile")
        }
        return found
    }

    private static func typeInName(_ family: TextFamily) -> String? {
        guard let type = family.type, type != .untyped else { return nil }
        return family.name.lowercased().hasPart(type.rawValue) ? type.rawValue : nil
    }

    private static let abbreviations = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]

    private static func isCamelCase(_ name: String) -> Bool {
        zip(name.utf8, name.utf8.dropFirst()).contains { $0 &- 97 < 26 && $1 &- 65 < 26 }
    }

    // MARK: units

    private static let bases: [String: String] = [
        "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
        "kelvin": "kelvin", "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",
        "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "kelvin",
        "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
        "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
    ]

    private static let prefixes = [
        "", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
        "gibi", "tera", "tebi", "peta", "pebi",
    ]

    /// The first part of the name that is a known unit, with its base unit.
    private static func unit(in name: String) -> (unit: String, base: String)? {
        for part in name.split(separator: "_") where part.utf8.count <= 24 {
            for prefix in prefixes where part.hasPrefix(prefix) {
                if let base = bases[String(part.dropFirst(prefix.count))] { return (String(part), base) }
            }
        }
        return nil
    }
}

extension String {
    /// Whether the name has `part` between or behind underscores.
    fileprivate func hasPart(_ part: String) -> Bool { hasSuffix("_" + part) || contains("_" + part + "_") }
}
