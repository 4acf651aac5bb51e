#if canImport(Glibc)
    import Glibc
#endif

/// The regularised incomplete gamma and beta functions, from which the distributions are made. Relative error about 1e-13
/// (1e-10 where the result is below 1e-100); compared with `scipy.special.gammainc`, `gammaincc` and `betainc`.
public enum SpecialFunctions {
    /// Iterations grow with the root of the largest parameter; this many do for parameters up to ``largest``.
    private static let mostIterations = 200_000
    /// Larger parameters give nil.
    static let largest = 1e9
    private static let tiny = 1e-300

    /// P(a, x), the lower regularised incomplete gamma function; nil unless 0 < a ≤ 1e9 and x ≥ 0.
    public static func gammaLower(_ a: Double, _ x: Double) -> Double? {
        guard a > 0, a <= largest, x >= 0 else { return nil }
        return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
    }

    /// Q(a, x) = 1 − P(a, x), exact in its tail; nil unless 0 < a ≤ 1e9 and x ≥ 0.
    public static func gammaUpper(_ a: Double, _ x: Double) -> Double? {
        guard a > 0, a <= largest, x >= 0 else { return nil }
        return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
    }

    /// I_x(a, b), the regularised incomplete beta function; nil unless 0 < a, b ≤ 1e9 and 0 ≤ x ≤ 1.
    public static func beta(_ x: Double, _ a: Double, _ b: Double) -> Double? { beta(x, 1 - x, a, b) }

    /// I_x(a, b) with y = 1 − x given apart, for an x so near to 1 that the difference would be lost.
    static func beta(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double? {
        guard a > 0, a <= largest, b > 0, b <= largest, x >= 0, y >= 0, x <= 1 else { return nil }
        if x == 0 || y == 0 { return x == 0 ? 0 : 1 }
        // x^a y^b / B(a, b), through the binomial density, which keeps its digits for large parameters.
        let front = a * b / (a + b) * binomialDensity(a, a + b, x, y)
        if x < (a + 1) / (a + b + 2) { return front * betaFraction(x, a, b) / a }
        return 1 - front * betaFraction(y, b, a) / b
    }

    private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
        if x == 0 { return 0 }
        var (term, sum, n) = (1.0, 1.0, a)
        for _ in 0..<mostIterations {
            n += 1
            term *= x / n
            sum += term
            if term < sum * 1e-17 { break }
        }
        // x^a e^-x / Γ(a + 1) is the Poisson density.
        return min(1, poissonDensity(a, x) * sum)
    }

    private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
        if x == .infinity { return 0 }
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var h = d
        for i in 1..<mostIterations {
            let an = -Double(i) * (Double(i) - a)
            b += 2
            d = an * d + b
            if abs(d) < tiny { d = tiny }
            c = b + an / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            h *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return min(1, poissonDensity(a, x) * a * h)
    }

    /// Lentz's evaluation of the continued fraction (DLMF 8.17.22).
    private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var h = d
        for i in 1..<mostIterations {
            let m = Double(i)
            for step in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + step * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + step / c
                if abs(c) < tiny { c = tiny }
                h *= d * c
            }
            if abs(d * c - 1) < 1e-16 { break }
        }
        return h
    }

    /// ln Γ(x + 1) minus Stirling's formula.
    private static func stirlingError(_ n: Double) -> Double {
        if n < 16 { return lgamma(n + 1).0 - (n + 0.5) * log(n) + n - 0.918_938_533_204_672_74 }
        let s = n * n
        return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / s) / s) / s) / s) / n
    }

    /// x ln(x / m) + m − x without cancellation (Loader 2000).
    private static func deviance(_ x: Double, _ m: Double) -> Double {
        guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
        let v = (x - m) / (x + m)
        var sum = (x - m) * v
        var term = 2 * x * v
        for j in 1..<1000 {
            term *= v * v
            let next = sum + term / Double(2 * j + 1)
            if next == sum { break }
            sum = next
        }
        return sum
    }

    /// m^x e^-m / Γ(x + 1) for a real x (Loader 2000).
    static func poissonDensity(_ x: Double, _ m: Double) -> Double {
        if m == 0 { return x == 0 ? 1 : 0 }
        if x == 0 { return exp(-m) }
        return exp(-stirlingError(x) - deviance(x, m)) / (2 * Double.pi * x).squareRoot()
    }

    /// Γ(n+1)/(Γ(x+1)Γ(n−x+1)) p^x q^(n−x) for real 0 < x < n (Loader 2000).
    private static func binomialDensity(_ x: Double, _ n: Double, _ p: Double, _ q: Double) -> Double {
        let rest = n - x
        let exponent =
            stirlingError(n) - stirlingError(x) - stirlingError(rest) - deviance(x, n * p) - deviance(rest, n * q)
        return exp(exponent) * (n / (2 * Double.pi * x * rest)).squareRoot()
    }
}
