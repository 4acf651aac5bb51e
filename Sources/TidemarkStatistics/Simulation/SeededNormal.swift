import TidemarkBase

#if canImport(Glibc)
    import Glibc
#endif

/// Normal deviates (Box and Muller 1958), gamma and exponential ones: the same for the same seed everywhere.
public struct SeededNormal: Sendable {
    private var random: SeededRandom
    private var spare: Double?

    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Uniform in (0, 1).
    public mutating func uniform() -> Double { random.uniform() + 0x1p-54 }

    /// Mean 0, variance 1.
    public mutating func next() -> Double {
        if let known = spare {
            spare = nil
            return known
        }
        let radius = (-2 * log(uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }

    /// Mean 1.
    public mutating func exponential() -> Double { -log(uniform()) }

    /// Scale 1, by Marsaglia and Tsang (2000).
    public mutating func gamma(_ shape: Double) -> Double {
        guard shape >= 1 else { return gamma(shape + 1) * pow(uniform(), 1 / max(shape, 1e-3)) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = next()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// Between 0 and 1, mean a / (a + b).
    public mutating func beta(_ a: Double, _ b: Double) -> Double {
        let (x, y) = (gamma(a), gamma(b))
        return x + y > 0 ? x / (x + y) : 0.5
    }
}
