/// How a series varies about its levels: the strength and the memory of its noise, told without knowing where levels change.
struct SeriesNoise: Equatable {
    /// Autocorrelation of first order, 0…0.97.
    var correlation: Double
    /// Variance of a value about its level.
    var variance: Double

    /// n times the variance of the mean of n values: what telling two levels apart has to overcome.
    var longRunVariance: Double { variance * (1 + correlation) / (1 - correlation) }

    static let largestCorrelation = 0.97

    /// From first differences, in which a change of level is one value among many: corr(dₜ, dₜ₊₁) = −(1 − φ)/2 and
    /// var d = 2σ²(1 − φ) for AR(1) noise. Differences beyond three robust standard deviations are brought there.
    init(differencesOf values: [Double]) {
        var differences = zip(values.dropFirst(), values).map { $0 - $1 }
        if let middle = Quantiles.medianAbsoluteDeviation(differences), middle > 0 {
            let limit = 3 * 1.4826 * middle
            differences = differences.map { min(max($0, -limit), limit) }
        }
        let count = Double(max(1, differences.count))
        let mean = differences.reduce(0, +) / count
        var (square, product) = (0.0, 0.0)
        for (index, value) in differences.enumerated() {
            square += (value - mean) * (value - mean)
            if index > 0 { product += (value - mean) * (differences[index - 1] - mean) }
        }
        guard square > 0 else {
            (correlation, variance) = (0, 0)
            return
        }
        correlation = min(max(1 + 2 * product / square, 0), Self.largestCorrelation)
        variance = square / count / (2 * (1 - correlation))
    }

    init(correlation: Double, variance: Double) { (self.correlation, self.variance) = (correlation, variance) }

    /// From what is left when the levels are taken off: sees slower memory than differences do, which white noise on top of
    /// a wandering mean deceives. The loss by the estimated levels is made good to first order.
    init(residuals: [Double], levels: Int) {
        let count = Double(residuals.count)
        var (square, product) = (0.0, 0.0)
        for (index, value) in residuals.enumerated() {
            square += value * value
            if index > 0 { product += value * residuals[index - 1] }
        }
        guard square > 0, count > Double(levels) + 3 else {
            (correlation, variance) = (0, 0)
            return
        }
        let raw = product / square
        correlation = min(max(raw + (1 + 3 * max(0, raw)) * Double(levels) / count, 0), Self.largestCorrelation)
        let memory = (1 + correlation) / (1 - correlation)
        variance = square / max(count - Double(levels) * memory, count / 2)
    }
}

/// Values too far from their neighbours to be part of a level.
enum Winsorising {
    /// Values further from the running median of `window` than `limit` robust standard deviations brought to that distance.
    /// A level of more than half a window is kept with its edges.
    static func runningMedian(_ values: [Double], window: Int = 11, limit: Double = 3) -> [Double] {
        let half = window / 2
        guard values.count > 2 else { return values }
        var middles: [Double] = []
        middles.reserveCapacity(values.count)
        var around: [Double] = []
        for index in values.indices {
            around.removeAll(keepingCapacity: true)
            around.append(contentsOf: values[max(0, index - half)...min(values.count - 1, index + half)])
            // Insertion is the fastest way to sort eleven numbers.
            for k in 1..<around.count {
                let value = around[k]
                var place = k
                while place > 0, around[place - 1] > value {
                    around[place] = around[place - 1]
                    place -= 1
                }
                around[place] = value
            }
            let middle = around.count / 2
            middles.append(around.count % 2 == 1 ? around[middle] : (around[middle - 1] + around[middle]) / 2)
        }
        let distances = zip(values, middles).map { abs($0 - $1) }
        var spread = 1.4826 * (Quantiles.median(distances) ?? 0)
        // More than half of the values equal their neighbours.
        if spread == 0 { spread = 1.2533 * distances.reduce(0, +) / Double(distances.count) }
        let reach = limit * spread
        return zip(values, middles).map { min(max($0, $1 - reach), $1 + reach) }
    }
}
