#if canImport(Glibc)
    import Glibc
#endif

/// A vertical axis: where a value stands, and which ticks are worth a line.
struct ValueAxis: Sendable, Equatable {
    struct Tick: Sendable, Equatable {
        /// In the unit of the data.
        var value: Double
        /// The top one with the unit, the others without.
        var label: String
    }

    let isLog: Bool
    /// In the unit of the data.
    let low: Double
    let high: Double
    let scale: UnitScale
    let ticks: [Tick]

    /// - Parameters:
    ///   - range: smallest and largest value to show, in the unit of the data; for a log axis of those above zero.
    ///   - maximum: where the axis ends if no value lies above.
    init(
        _ kind: ReportModel.Strip.YScale, range: ClosedRange<Double>?, maximum: Double? = nil, unit: DisplayUnit,
        tickLimit: Int = 4
    ) {
        isLog = kind == .log
        if isLog {
            let (low, high) = Self.logDomain(range)
            self.low = low
            self.high = high
            scale = UnitScale.fitting(high, unit)
            ticks = Self.logTicks(low, high, scale, tickLimit)
        } else {
            let (low, high) = Self.linearDomain(range, maximum)
            self.low = low
            self.high = high
            scale = UnitScale.fitting(max(abs(low), abs(high)), unit)
            ticks = Self.linearTicks(low, high, scale, tickLimit)
        }
    }

    /// 0 at the foot of the axis, 1 at its top; values beyond stand at the border.
    func position(_ value: Double) -> Double {
        let share: Double
        if isLog {
            guard value > low else { return 0 }
            share = (log10(value) - log10(low)) / (log10(high) - log10(low))
        } else {
            share = (value - low) / (high - low)
        }
        return min(max(share, 0), 1)
    }

    /// `value` in the axis' own unit, with that unit.
    func text(_ value: Double) -> String {
        let number = scale.number(value)
        return NumberText.joined(number, scale.unit)
    }

    // MARK: - Linear

    private static func linearDomain(_ range: ClosedRange<Double>?, _ maximum: Double?) -> (Double, Double) {
        let low = min(0, range?.lowerBound ?? 0)
        let largest = max(0, range?.upperBound ?? 0)
        if let maximum, maximum > 1e-290, maximum < 1e290, low == 0, largest <= maximum * 1.001 {
            return (low, maximum)
        }
        guard largest - low > 1e-290, largest - low < 1e290 else { return (0, 1) }
        return (low < 0 ? low - (largest - low) * 0.04 : 0, largest + (largest - low) * 0.06)
    }

    /// 1, 2 or 5 times a power of ten, at least `rough`.
    static func niceStep(_ rough: Double) -> Double {
        let power = pow(10, floor(log10(rough)))
        for factor in [1.0, 2, 5] where rough <= factor * power * (1 + 1e-9) { return factor * power }
        return 10 * power
    }

    private static func linearTicks(_ low: Double, _ high: Double, _ scale: UnitScale, _ limit: Int) -> [Tick] {
        let from = low / scale.factor
        let to = high / scale.factor
        var step = niceStep((to - from) / Double(max(limit, 1) + 1))
        while floor(to / step) - ceil(from / step) + 1 > Double(limit) + 1 { step = niceStep(step * 1.5) }
        var values: [Double] = []
        var index = ceil(from / step - 1e-9)
        while index * step <= to * (1 + 1e-12) + step * 1e-9 {
            values.append(index * step * scale.factor)
            index += 1
        }
        return labelled(values, scale)
    }

    // MARK: - Logarithmic

    private static func logDomain(_ range: ClosedRange<Double>?) -> (Double, Double) {
        guard let range, range.upperBound > 1e-290, range.upperBound < 1e290 else { return (0.1, 10) }
        let low = floor125(max(range.lowerBound, range.upperBound * 1e-9))
        let high = ceil125(range.upperBound)
        return high > low * 1.5 ? (low, high) : (low / 2, high * 2)
    }

    static func floor125(_ value: Double) -> Double {
        let power = pow(10, floor(log10(value) + 1e-12))
        for factor in [5.0, 2] where value >= factor * power * (1 - 1e-9) { return factor * power }
        return power
    }

    static func ceil125(_ value: Double) -> Double {
        let power = pow(10, floor(log10(value) + 1e-12))
        for factor in [1.0, 2, 5] where value <= factor * power * (1 + 1e-9) { return factor * power }
        return 10 * power
    }

    private static func logTicks(_ low: Double, _ high: Double, _ scale: UnitScale, _ limit: Int) -> [Tick] {
        let first = Int(floor(log10(low / scale.factor) + 1e-9))
        let last = Int(ceil(log10(high / scale.factor) - 1e-9))
        func values(_ factors: [Double], every: Int) -> [Double] {
            var found: [Double] = []
            for exponent in first...max(first, last) where (exponent - last) % every == 0 {
                for factor in factors {
                    let value = factor * pow(10, Double(exponent)) * scale.factor
                    if value >= low * (1 - 1e-9), value <= high * (1 + 1e-9) { found.append(value) }
                }
            }
            return found
        }
        for candidate in [values([1, 2, 5], every: 1), values([1], every: 1)] where candidate.count <= limit + 1 {
            if candidate.count > 1 { return labelled(candidate, scale) }
        }
        var every = 2
        while values([1], every: every).count > limit + 1 { every += 1 }
        let thinned = values([1], every: every)
        return labelled(thinned.count > 1 ? thinned : [low, high], scale)
    }

    private static func labelled(_ values: [Double], _ scale: UnitScale) -> [Tick] {
        values.enumerated().map { index, value in
            let number = scale.number(value)
            let isTop = index == values.count - 1
            let label = isTop && !scale.tickUnit.isEmpty ? NumberText.joined(number, scale.tickUnit) : number
            return Tick(value: value, label: label)
        }
    }
}
