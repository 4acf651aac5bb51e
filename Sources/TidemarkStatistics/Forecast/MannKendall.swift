#if canImport(Glibc)
    import Glibc
#endif

/// Mann and Kendall's test of a monotonic trend: how often noise alone orders the values as much.
public struct MannKendall: Sendable, Equatable {
    /// Pairs that rise less pairs that fall.
    public var score: Int
    /// Kendall's τ of values and time: −1…1; τ-b where values tie.
    public var tau: Double
    /// Two-sided, normal with continuity and ties corrected.
    public var p: Double

    /// nil with fewer than three values or one that isn't finite. O(n²).
    public init?(_ values: [Double]) {
        let n = values.count
        guard n >= 3, values.allSatisfy(\.isFinite) else { return nil }
        var score = 0
        for late in 1..<n {
            for early in 0..<late { score += values[late] > values[early] ? 1 : values[late] < values[early] ? -1 : 0 }
        }
        var (ties, tied, run) = (0.0, 0.0, 1.0)
        let sorted = values.sorted()
        for index in 1...n {
            if index < n, sorted[index] == sorted[index - 1] {
                run += 1
            } else {
                ties += run * (run - 1) * (2 * run + 5)
                tied += run * (run - 1) / 2
                run = 1
            }
        }
        let count = Double(n)
        let pairs = count * (count - 1) / 2
        let variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
        self.score = score
        tau = pairs > tied ? Double(score) / (pairs * (pairs - tied)).squareRoot() : 0
        guard variance > 0, score != 0 else {
            p = 1
            return
        }
        let z = (Double(abs(score)) - 1) / variance.squareRoot()
        p = min(1, 2 * Normal.upperTail(z))
    }
}
