/// Gunther's Universal Scalability Law: throughput at concurrency N is γN / (1 + σ(N − 1) + κN(N − 1)).
public struct ScalabilityLaw: Sendable, Equatable {
    /// Throughput of one.
    public var gamma: Double
    /// Contention: the share that is serial.
    public var sigma: Double
    /// Crosstalk; zero unless a fall of throughput was seen.
    public var kappa: Double

    public init(gamma: Double, sigma: Double, kappa: Double) {
        (self.gamma, self.sigma, self.kappa) = (gamma, sigma, kappa)
    }

    public func throughput(_ n: Double) -> Double { gamma * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)) }

    /// The concurrency of the highest throughput, √((1 − σ) / κ); nil when it never falls.
    public var peak: Double? { kappa > 0 && sigma < 1 ? ((1 - sigma) / kappa).squareRoot() : nil }

    /// Least squares of throughput with γ > 0, 0 ≤ σ ≤ 1, κ ≥ 0, by Levenberg and Marquardt's method from a fit that is
    /// linear in N / X. `scipy.optimize.curve_fit` with the same bounds, agreement 1e-6.
    /// - Returns: nil for fewer than six distinct loads, loads within less than a factor of 4, or numbers that aren't positive.
    public static func fit(loads: [Double], throughputs: [Double], hasFall: Bool) -> ScalabilityLaw? {
        guard loads.count == throughputs.count, Set(loads).count >= 6,
            loads.allSatisfy({ $0 > 0 && $0.isFinite }), throughputs.allSatisfy({ $0 > 0 && $0.isFinite }),
            let low = loads.min(), let high = loads.max(), high >= 4 * low
        else { return nil }
        // N / X = (1 − σ + (σ − κ) N + κ N²) / γ, a polynomial with weights X² / N that keep the errors those of X.
        var (rows, goals): ([[Double]], [Double]) = ([], [])
        for (n, x) in zip(loads, throughputs) {
            let weight = x * x / n
            rows.append((hasFall ? [1, n - 1, n * (n - 1)] : [1, n - 1]).map { $0 * weight })
            goals.append(weight * n / x)
        }
        guard let design = Matrix(rows), let start = NonNegativeLeastSquares(design, goals),
            start.coefficients[0] > 0
        else { return nil }
        let c = start.coefficients
        var law = ScalabilityLaw(
            gamma: 1 / c[0], sigma: min(1, c[1] / c[0]), kappa: hasFall ? c[2] / c[0] : 0)
        func loss(_ law: ScalabilityLaw) -> Double {
            zip(loads, throughputs).reduce(0) { $0 + ($1.1 - law.throughput($1.0)) * ($1.1 - law.throughput($1.0)) }
        }
        var (damping, best) = (1e-3, loss(law))
        for _ in 0..<200 {
            guard let next = step(law, loads, throughputs, hasFall, damping) else { break }
            let value = loss(next)
            if value < best {
                let isStill = best - value <= 1e-15 * best
                (law, best, damping) = (next, value, max(damping / 5, 1e-12))
                if isStill { break }
            } else {
                damping *= 5
                if damping > 1e12 { break }
            }
        }
        return law
    }

    /// One damped Gauss–Newton step; a parameter at its bound that would leave it stays.
    private static func step(
        _ law: ScalabilityLaw, _ loads: [Double], _ throughputs: [Double], _ hasFall: Bool, _ damping: Double
    ) -> ScalabilityLaw? {
        var free = hasFall ? [0, 1, 2] : [0, 1]
        for _ in 0..<3 {
            var (rows, goals): ([[Double]], [Double]) = ([], [])
            for (n, x) in zip(loads, throughputs) {
                let below = 1 + law.sigma * (n - 1) + law.kappa * n * (n - 1)
                let value = law.throughput(n)
                let slopes = [n / below, -value * (n - 1) / below, -value * n * (n - 1) / below]
                rows.append(free.map { slopes[$0] })
                goals.append(x - value)
            }
            let count = rows.count
            for (k, _) in free.enumerated() {
                let size = (0..<count).reduce(0) { $0 + rows[$1][k] * rows[$1][k] }
                var row = [Double](repeating: 0, count: free.count)
                row[k] = (damping * size).squareRoot()
                rows.append(row)
                goals.append(0)
            }
            guard let design = Matrix(rows), let change = Triangle(design, goals)?.solution() else { return nil }
            var next = [law.gamma, law.sigma, law.kappa]
            for (k, parameter) in free.enumerated() { next[parameter] += change[k] }
            let stuck = free.filter {
                $0 == 1 && (law.sigma <= 0 && next[1] < 0 || law.sigma >= 1 && next[1] > 1)
                    || $0 == 2 && law.kappa <= 0 && next[2] < 0
            }
            if stuck.isEmpty {
                guard next[0] > 0 else { return nil }
                return ScalabilityLaw(gamma: next[0], sigma: min(max(next[1], 0), 1), kappa: max(next[2], 0))
            }
            free.removeAll { stuck.contains($0) }
        }
        return nil
    }
}
