#if canImport(Glibc)
    import Glibc
#endif

/// The standard normal distribution (`scipy.stats.norm`, agreement 1e-14 relative).
public enum Normal {
    /// Φ(z); NaN gives NaN.
    public static func cdf(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// 1 − Φ(z), exact in the tail.
    public static func upperTail(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

    /// P(|Z| ≥ |z|).
    public static func twoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

    /// φ(z), the density.
    public static func density(_ z: Double) -> Double { exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() }

    /// Φ⁻¹(p): ∓∞ at 0 and 1, nil outside 0…1.
    ///
    /// Starts from Abramowitz & Stegun 26.2.23 and is polished by Halley's method on Φ.
    public static func quantile(_ p: Double) -> Double? {
        guard p >= 0, p <= 1 else { return nil }
        if p == 0 || p == 1 { return p == 0 ? -.infinity : .infinity }
        if p == 0.5 { return 0 }
        let tail = min(p, 1 - p)
        let t = (-2 * log(tail)).squareRoot()
        var z =
            -t + (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
        for _ in 0..<4 {
            let density = density(z)
            guard density > 0 else { break }
            let error = (cdf(z) - tail) / density
            let step = error / (1 + z * error / 2)
            z -= step
            if abs(step) < 1e-16 * abs(z) { break }
        }
        return p < 0.5 ? z : -z
    }
}
