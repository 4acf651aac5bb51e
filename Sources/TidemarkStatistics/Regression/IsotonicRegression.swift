/// The rising curve nearest to points: least squares by pooling adjacent violators.
public struct IsotonicRegression: Sendable, Equatable {
    /// Distinct x, ascending.
    public let x: [Double]
    /// The fit at each.
    public let y: [Double]

    /// Points of the same x are first averaged. `sklearn.isotonic.IsotonicRegression`, agreement 1e-12. O(n log n).
    /// - Parameter weights: nil weighs all alike.
    /// - Returns: nil for no points, numbers that aren't finite or weights that aren't positive.
    public init?(x: [Double], y: [Double], weights: [Double]? = nil, falling: Bool = false) {
        let weights = weights ?? [Double](repeating: 1, count: x.count)
        guard !x.isEmpty, x.count == y.count, weights.count == x.count, x.allSatisfy(\.isFinite),
            y.allSatisfy(\.isFinite), weights.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
        let sign: Double = falling ? -1 : 1
        var (places, sums, masses): ([Double], [Double], [Double]) = ([], [], [])
        for index in x.indices.sorted(by: { x[$0] < x[$1] }) {
            if places.last != x[index] {
                places.append(x[index])
                sums.append(0)
                masses.append(0)
            }
            sums[sums.count - 1] += sign * weights[index] * y[index]
            masses[masses.count - 1] += weights[index]
        }
        var pools: [(sum: Double, mass: Double, count: Int)] = []
        for k in places.indices {
            var pool = (sum: sums[k], mass: masses[k], count: 1)
            while let last = pools.last, last.sum / last.mass >= pool.sum / pool.mass {
                pool = (pool.sum + last.sum, pool.mass + last.mass, pool.count + last.count)
                pools.removeLast()
            }
            pools.append(pool)
        }
        self.x = places
        self.y = pools.flatMap { [Double](repeating: sign * $0.sum / $0.mass, count: $0.count) }
    }

    /// The fit at a place, linear between points; nil outside them: the curve says nothing there.
    public func value(at place: Double) -> Double? {
        guard place >= x[0], place <= x[x.count - 1] else { return nil }
        guard let right = x.firstIndex(where: { $0 >= place }), right > 0 else { return y[0] }
        let share = (place - x[right - 1]) / (x[right] - x[right - 1])
        return y[right - 1] + (y[right] - y[right - 1]) * share
    }

    /// The first place at which the fit reaches a limit; nil when it never does.
    public func crossing(_ limit: Double) -> Double? {
        guard let right = y.firstIndex(where: { $0 >= limit }) else { return nil }
        if right == 0 || y[right] == limit { return x[right] }
        let share = (limit - y[right - 1]) / (y[right] - y[right - 1])
        return x[right - 1] + (x[right] - x[right - 1]) * share
    }
}
