/// Many tests at once.
public enum FalseDiscovery {
    /// Benjamini and Hochberg's (1995) adjusted p-values in the order given: reject where the result is at most q, and at most
    /// a share q of the rejected are false. nil when a p lies outside 0…1. `scipy.stats.false_discovery_control`, exact.
    public static func benjaminiHochberg(_ p: [Double]) -> [Double]? {
        for value in p where !(value >= 0 && value <= 1) { return nil }
        var adjusted = p
        var least = 1.0
        let count = Double(p.count)
        for (rank, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated().reversed() {
            least = min(least, p[index] * count / Double(rank + 1))
            adjusted[index] = least
        }
        return adjusted
    }

    /// Benjamini and Yekutieli's (2001), which holds however the tests depend on each other: the former times Σ 1/i.
    /// `scipy.stats.false_discovery_control(method="by")`, 1e-14.
    public static func benjaminiYekutieli(_ p: [Double]) -> [Double]? {
        let harmonic = (1...max(1, p.count)).reduce(0.0) { $0 + 1 / Double($1) }
        return benjaminiHochberg(p)?.map { min(1, $0 * harmonic) }
    }
}
