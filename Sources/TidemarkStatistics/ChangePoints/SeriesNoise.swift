#if canImport(Glibc)
    import Glibc
#endif

/// How a series varies about its levels: the strength and the memory of its noise.
struct SeriesNoise: Equatable {
    /// Autocorrelation of first order, 0…0.97.
    var correlation = 0.0
    /// n times the variance of the mean of n values: what telling two levels apart has to overcome.
    var longRunVariance = 0.0
    /// The same over the variance of one value: how many values are worth one independent one.
    var memory = 1.0

    static let largestCorrelation = 0.97

    /// Variance of the innovations, enlarged where the noise remembers more than AR(1) does.
    var innovations: Double { longRunVariance * (1 - correlation) * (1 - correlation) }

    /// Values of a block that keeps the memory: 2 / (1 − φ) for AR(1).
    var block: Int { memory < 1000 ? Int((1 + max(1, memory)).rounded(.up)) : 1000 }

    /// Independent noise.
    init(white variance: Double) { longRunVariance = variance }

    /// A first, careful guess that no change of level disturbs much: half the squared median difference of values h apart rises
    /// from what a step shows to the whole variance, and how fast tells the memory. Slow noise under fast noise is seen,
    /// which the differences of neighbours alone hide.
    init(differencesOf values: [Double]) {
        let n = values.count
        let most = max(2, min(30, n / 6))
        guard n > most + 4 else { return }
        // Two thousand pairs tell as much as all.
        let stride = max(1, n / 2000)
        var semivariances: [Double] = []
        for lag in 1...most {
            let sizes = Swift.stride(from: 0, to: n - lag, by: stride).map { abs(values[$0 + lag] - values[$0]) }
            let spread = 1.4826 * (Quantiles.median(sizes) ?? 0)
            // Of mostly equal values, as of rare errors, the median knows nothing.
            let square = spread > 0 ? spread * spread : sizes.reduce(0) { $0 + $1 * $1 } / Double(sizes.count)
            semivariances.append(square / 2)
        }
        let tail = semivariances[(2 * most / 3)...]
        let whole = tail.reduce(0, +) / Double(tail.count)
        guard whole > 0 else { return }
        for semivariance in semivariances {
            let alike = 1 - semivariance / whole
            if alike < 0.05 { break }
            memory += 2 * alike
        }
        correlation = min(max(1 - semivariances[0] / whole, 0), Self.largestCorrelation)
        longRunVariance = whole * memory
    }

    /// The efficient estimate once levels are taken off: an autoregression of the order that the AIC chooses, whose long-run
    /// variance is σ² / (1 − Σφ)² (Berk 1974). Taking off a mean lowers every autocovariance by the long-run variance over the
    /// length of the level, which is made good; changes that were looked for take more than that.
    /// - Parameters:
    ///   - starts: where the levels after the first begin.
    ///   - changeLoss: long-run variances that each of them takes from the sum of squares.
    init(residuals: [Double], starts: [Int], order: Int = 6, changeLoss: Double = 2) {
        let borders = [0] + starts + [residuals.count]
        let order = max(1, min(order, residuals.count / 20))
        let count = Double(residuals.count)
        var raw = [Double](repeating: 0, count: order + 1)
        for k in 1..<borders.count {
            for lag in 0...order {
                for t in min(borders[k], borders[k - 1] + lag)..<borders[k] {
                    raw[lag] += residuals[t] * residuals[t - lag] / count
                }
            }
        }
        guard raw[0] > 0 else { return }
        let lost = min(0.5, (1 + changeLoss * Double(starts.count)) / count)
        for _ in 0..<4 {
            let covariances = raw.map { $0 + lost * longRunVariance }
            correlation = min(max(covariances[1] / covariances[0], 0), Self.largestCorrelation)
            longRunVariance = Self.longRunVariance(covariances, count: count)
            memory = max(1, longRunVariance / covariances[0])
        }
    }

    /// By the recursion of Levinson and Durbin.
    private static func longRunVariance(_ covariances: [Double], count: Double) -> Double {
        var phi: [Double] = []
        var power = covariances[0]
        var best = (criterion: count * log(power), variance: power)
        for lag in 1..<covariances.count {
            var reflection = covariances[lag]
            for (k, value) in phi.enumerated() { reflection -= value * covariances[lag - 1 - k] }
            reflection /= power
            phi = phi.indices.map { phi[$0] - reflection * phi[phi.count - 1 - $0] } + [reflection]
            power *= 1 - reflection * reflection
            guard power > 0 else { break }
            let criterion = count * log(power) + 2 * Double(lag)
            if criterion < best.criterion {
                let rest = max(1 - largestCorrelation, 1 - phi.reduce(0, +))
                best = (criterion, power / (rest * rest))
            }
        }
        return best.variance
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
