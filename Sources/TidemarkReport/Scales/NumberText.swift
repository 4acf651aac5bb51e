import TidemarkBase

#if canImport(Glibc)
    import Glibc
#endif

/// Numbers as a reader wants them: three significant figures, a prefix, `–` for missing.
public enum NumberText {
    /// Stands for a missing value.
    public static let missing = "–"
    static let noBreakSpace = "\u{A0}"

    /// `41.2 s`, `1.28 k tokens/s`, `98.2 %`; the blanks don't break.
    public static func text(_ value: Double?, _ unit: DisplayUnit) -> String {
        let parts = parts(value, unit)
        // Chinese counts things with a measure word between number and noun.
        if unit == .requests, parts.unit == say("requests") { return say("\(parts.number)\u{A0}requests") }
        return joined(parts.number, parts.unit)
    }

    /// A number with its unit behind it.
    static func joined(_ number: String, _ unit: String) -> String {
        if unit.isEmpty { return number }
        return unit == "%" ? say("\(number)\u{A0}%") : number + noBreakSpace + unit
    }

    /// The number and its unit (prefix included) apart. A missing value has no unit.
    public static func parts(_ value: Double?, _ unit: DisplayUnit) -> (number: String, unit: String) {
        guard let value, !value.isNaN else { return (missing, "") }
        guard value.isFinite else { return (value < 0 ? "−∞" : "∞", say(fixed: unit.symbol)) }
        let scaled = UnitScale.fitting(value, unit, forText: true)
        return (scaled.number(value), scaled.unit)
    }

    /// A duration in milliseconds in its largest natural unit: `17 min`, `1.5 h`.
    public static func duration(milliseconds: Int64) -> String { text(Double(milliseconds) / 1000, .seconds) }

    /// A count with its thousands apart, in English by thin blanks: `12 480`.
    public static func integer(_ value: Int) -> String {
        let digits = Array(String(value.magnitude).utf8)
        var bytes: [UInt8] = value < 0 ? Array("−".utf8) : []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 {
                bytes.append(contentsOf: Array(Language.current.thousands.utf8))
            }
            bytes.append(digit)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Three significant figures without a trailing fraction of zeros: `41.2`, `0.132`, `1280`.
    static func significant(_ value: Double, figures: Int = 3) -> String {
        guard value.isFinite else { return value.isNaN ? missing : value < 0 ? "−∞" : "∞" }
        guard value != 0 else { return "0" }
        var decimals = figures - 1 - Int(floor(log10(abs(value))))
        // Rounding may carry into the next decade: 9.996 is 10.0, not 10.00.
        let step = pow(10, Double(-decimals))
        let rounded = (abs(value) / step).rounded(.toNearestOrAwayFromZero) * step
        if rounded >= pow(10, Double(figures - decimals)) * (1 - 1e-12) { decimals -= 1 }
        guard decimals > 0 else {
            let whole = (value / step).rounded(.toNearestOrAwayFromZero) * step
            return minus(ByteWriter.fixed(whole, decimals: 0))
        }
        var text = Array(ByteWriter.fixed(value, decimals: min(decimals, 12)).utf8)
        while text.last == 48 { text.removeLast() }
        if text.last == 46 { text.removeLast() }
        return minus(String(decoding: text, as: UTF8.self))
    }

    /// With the true minus sign.
    private static func minus(_ text: String) -> String { text.hasPrefix("-") ? "−" + text.dropFirst() : text }
}

/// One prefix for all numbers of an axis, so that they can be compared by eye.
struct UnitScale: Sendable, Equatable {
    /// What one shown unit is worth in the unit of the data.
    var factor: Double
    /// As shown, prefix included.
    var unit: String
    /// The part of `unit` that fits beside a tick: symbols whole, of words only the prefix.
    var tickUnit: String
    /// Per cent: at most one decimal.
    var isPercent = false

    init(factor: Double, symbol: String, isPercent: Bool = false) {
        self.init(factor: factor, unit: symbol, tickUnit: symbol)
        self.isPercent = isPercent
    }

    init(factor: Double, unit: String, tickUnit: String) {
        self.factor = factor
        self.unit = unit
        self.tickUnit = tickUnit
    }

    /// As ``number(_:)``; `–` for a missing value.
    func text(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return NumberText.missing }
        return number(value)
    }

    /// `value` (in the unit of the data) as shown, without the unit.
    func number(_ value: Double) -> String {
        let shown = value / factor
        if isPercent, abs(shown) >= 0.1 {
            let text = ByteWriter.fixed((shown * 10).rounded(.toNearestOrAwayFromZero) / 10, decimals: 1)
            let whole = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
            return whole.hasPrefix("-") ? "−" + whole.dropFirst() : whole
        }
        return NumberText.significant(shown, figures: isPercent ? 2 : 3)
    }

    /// The prefix that suits `value`. An axis (`forText` false) stays in seconds longer and avoids fractions of units.
    static func fitting(_ value: Double, _ unit: DisplayUnit, forText: Bool = false) -> UnitScale {
        let size = abs(value)
        switch unit.style {
        case .plain: return UnitScale(factor: 1, symbol: unit.symbol)
        case .ratio: return UnitScale(factor: 0.01, symbol: "%", isPercent: true)
        case .seconds: return seconds(size, forText: forText)
        case .bytes: return prefixed(size, base: 1024, prefixes: ["", "Ki", "Mi", "Gi", "Ti", "Pi"], unit)
        case .symbol:
            if size > 0, size < 1 { return small(size, unit.symbol) }
            return prefixed(size, base: 1000, prefixes: ["", "k", "M", "G", "T", "P"], unit)
        case .count: return prefixed(size, base: 1000, prefixes: ["", "k", "M", "G", "T", "P"], unit)
        }
    }

    private static func prefixed(
        _ size: Double, base: Double, prefixes: [String], _ unit: DisplayUnit
    ) -> UnitScale {
        var factor = 1.0
        var index = 0
        // 999.6 is shown as 1 k, not as 1000.
        while index + 1 < prefixes.count, size >= factor * base * 0.9995 {
            factor *= base
            index += 1
        }
        let prefix = prefixes[index]
        guard unit.style == .count else { return UnitScale(factor: factor, symbol: prefix + unit.symbol) }
        let blank = prefix.isEmpty || unit.symbol.isEmpty ? "" : NumberText.noBreakSpace
        return UnitScale(factor: factor, unit: prefix + blank + say(fixed: unit.symbol), tickUnit: prefix)
    }

    private static func small(_ size: Double, _ symbol: String) -> UnitScale {
        if size < 1e-6 { return UnitScale(factor: 1e-9, symbol: "n" + symbol) }
        if size < 1e-3 { return UnitScale(factor: 1e-6, symbol: "µ" + symbol) }
        return UnitScale(factor: 1e-3, symbol: "m" + symbol)
    }

    private static func seconds(_ size: Double, forText: Bool) -> UnitScale {
        func scale(_ factor: Double, _ symbol: Message) -> UnitScale { UnitScale(factor: factor, symbol: say(symbol)) }
        if size == 0 { return scale(1, "s") }
        if size < 1e-3 { return scale(1e-6, "µs") }
        if size < 0.1 || (!forText && size < 1) { return scale(1e-3, "ms") }
        if size < 120 || (!forText && size < 600) { return scale(1, "s") }
        if size < (forText ? 3600 : 7200) { return scale(60, "min") }
        if size < 172_800 { return scale(3600, "h") }
        return scale(86_400, "d")
    }
}
