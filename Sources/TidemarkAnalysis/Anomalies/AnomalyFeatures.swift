import Glibc
import TidemarkStatistics

/// Signals as standardised deviations from what is normal, a column for each signal of each instance.
struct AnomalyFeatures {
    struct Feature {
        var signal: Signal
        var instance: String
        /// In the signal's unit; NaN where missing.
        var values: [Double]
        /// Robust deviations: (value − median) / scale, clipped at ±20; nothing where the value is missing.
        var deviations: [Double?]
    }

    let features: [Feature]
    let count: Int

    /// Windows of a signal that must be known.
    private static let least = 30
    private static let clip = 20.0

    /// Left out are constants, the fleet where its parts are known, and two of each four quantiles, which say the same
    /// thing again.
    init(_ windows: AnomalyWindows) {
        count = windows.count
        features = windows.series.compactMap { signal, instance, values in
            if signal.name.contains("_p90_") || signal.name.contains("_p99_") { return nil }
            if instance == SignalSeries.fleet, windows.hasInstances(signal.name) { return nil }
            let known = values.filter(\.isFinite)
            guard known.count >= min(Self.least, max(1, windows.count / 2)), let low = known.min(),
                let high = known.max(),
                high - low > 1e-9 * max(abs(low), abs(high))
            else { return nil }
            let evened = Self.evened(signal, values)
            let normal = windows.normal(evened)
            let residual = zip(evened, normal).map { $0 - $1 }
            guard let scale = Self.scale(residual.filter(\.isFinite)) else { return nil }
            return Feature(
                signal: signal, instance: instance, values: values,
                deviations: residual.map { $0.isFinite ? max(-Self.clip, min(Self.clip, $0 / scale)) : nil })
        }
    }

    /// Latencies, rates and counts on a logarithmic scale, on which doubling is a step everywhere; ratios, clocks and
    /// temperatures as they are.
    private static func evened(_ signal: Signal, _ values: [Double]) -> [Double] {
        switch signal.unit {
        case .ratio, .celsius, .hertz: return values
        default: break
        }
        let known = values.filter(\.isFinite)
        guard known.allSatisfy({ $0 >= 0 }) else { return values }
        let small = Quantiles.linear(0.1, of: known.filter { $0 > 0 }) ?? 1
        return values.map { log($0 + 0.5 * small) }
    }

    /// The larger of the two robust scales, MAD and quartile distance; of what is nearly always the same the mean absolute
    /// deviation. nil when all are zero.
    private static func scale(_ residual: [Double]) -> Double? {
        guard let deviation = Quantiles.medianAbsoluteDeviation(residual),
            let low = Quantiles.linear(0.25, of: residual),
            let high = Quantiles.linear(0.75, of: residual)
        else { return nil }
        let robust = max(1.4826 * deviation, (high - low) / 1.349)
        if robust > 0 { return robust }
        guard let middle = Quantiles.median(residual) else { return nil }
        let mean = residual.reduce(0) { $0 + abs($1 - middle) } / Double(residual.count)
        return mean > 0 ? 1.2533 * mean : nil
    }
}
