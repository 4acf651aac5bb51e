#if canImport(Glibc)
    import Glibc
#endif

/// Counts in bins of equal ratio, from 0.1 ms to 10,000 s: quantiles of positive numbers to 1.5 %.
public struct LogHistogram: Sendable {
    public private(set) var counts = [Double](repeating: 0, count: bins)
    public private(set) var total = 0.0
    /// Sum of the values, exactly.
    public private(set) var sum = 0.0
    /// nil without values.
    public var mean: Double? { total > 0 ? sum / total : nil }

    private static let bins = 1200
    private static let low = log(1e-4)
    private static let scale = Double(bins) / (log(1e4) - low)

    public init() {}

    public mutating func add(_ value: Double, _ count: Double = 1) {
        guard value > 0, value.isFinite else { return }
        let place = Int((log(value) - Self.low) * Self.scale)
        counts[min(max(place, 0), Self.bins - 1)] += count
        total += count
        sum += value * count
    }

    public mutating func add(_ other: LogHistogram, weight: Double = 1) {
        for index in counts.indices { counts[index] += weight * other.counts[index] }
        total += weight * other.total
        sum += weight * other.sum
    }

    /// nil without values.
    public func quantile(_ p: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = p * total
        var below = 0.0
        for (place, count) in counts.enumerated() where count > 0 {
            if below + count >= rank { return Self.value(Double(place) + (rank - below) / count) }
            below += count
        }
        return Self.value(Double(Self.bins))
    }

    /// Share of the values above a limit.
    public func share(above limit: Double) -> Double {
        guard total > 0, limit > 0 else { return total > 0 ? 1 : 0 }
        let place = (log(limit) - Self.low) * Self.scale
        guard place > 0 else { return 1 }
        guard place < Double(Self.bins) else { return 0 }
        let whole = Int(place)
        var above = counts[whole] * (1 - (place - Double(whole)))
        for index in whole + 1..<max(whole + 1, Self.bins) { above += counts[index] }
        return above / total
    }

    private static func value(_ place: Double) -> Double { exp(low + place / scale) }
}
