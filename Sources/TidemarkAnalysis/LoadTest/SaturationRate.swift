import TidemarkBase
import TidemarkStatistics

/// The throughput at which a curve levels off, as its saturated points tell it.
struct SaturationRate {
    /// A point's share in it: what it measured, with what is not known about it.
    private struct Part {
        /// Without and with the time of ramp-up and drain; equal where the middle of the run was measured by itself.
        var low: Double
        var high: Double
        /// Relative standard error.
        var error: Double
        var weight: Double
    }

    private let parts: [Part]

    /// - Parameter levels: the saturated ones; nil without any.
    init?(_ levels: [LoadLevel], baseWait: Double?) {
        var parts: [Part] = []
        for level in levels {
            let error = 1 / level.count.squareRoot()
            if let steady = level.steadyRPS {
                parts.append(Part(low: steady, high: steady, error: error, weight: level.count))
                continue
            }
            let bounds = level.throughput
            parts.append(Part(low: bounds.low, high: bounds.high, error: error / 2, weight: level.count))
            if let fluid = level.fluidRate(baseWait: baseWait), fluid >= bounds.low, fluid <= bounds.high {
                parts.append(Part(low: fluid, high: fluid, error: error, weight: level.count))
            }
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    /// One draw: where between its two readings each point lies is the same unknown for all, its noise is its own.
    func draw(_ random: inout SeededRandom) -> Double {
        let place = random.uniform()
        var (sum, weights) = (0.0, 0.0)
        for part in parts {
            let value = part.low + (part.high - part.low) * place
            sum += part.weight * value * max(0.2, 1 + part.error * random.normal())
            weights += part.weight
        }
        return sum / weights
    }
}

extension SeededRandom {
    /// Standard normal.
    mutating func normal() -> Double { Normal.quantile(min(max(uniform(), 1e-12), 1 - 1e-12)) ?? 0 }
}
