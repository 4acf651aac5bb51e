#if canImport(Glibc)
    import Glibc
#endif

/// Quantiles of classic histograms: upper bounds of buckets, ascending and ending in +Inf, with cumulative counts.
public enum HistogramQuantile {
    /// What a histogram tells about a quantile.
    public struct Estimate: Sendable, Equatable {
        /// What `histogram_quantile` of PromQL says: linear within the bucket, the last finite bound beyond it.
        public var promQL: Double
        /// A better guess: monotone cubic interpolation of ln(bound) against the cumulative share, within the bucket. nil where
        /// the bucket has no lower bound above zero or no finite upper one, so that nothing is known but the bounds.
        public var refined: Double?
        /// The true quantile lies above this…
        public var low: Double
        /// …and at or below this; +Inf beyond the last finite bound.
        public var high: Double
        /// Observations in all buckets.
        public var count: Double
    }

    /// Relative differences of counts below this are rounding errors (Prometheus' value).
    private static let tolerance = 1e-12

    /// PromQL's answer with its edge rules (`promql/quantile.go`): NaN without observations, for fewer than two buckets, a
    /// last bound that isn't +Inf, or p = NaN; −∞ below 0 and +∞ above 1.
    public static func promQL(_ p: Double, bounds: [Double], cumulative: [Double]) -> Double {
        if p.isNaN { return .nan }
        if p < 0 || p > 1 { return p < 0 ? -.infinity : .infinity }
        guard let histogram = Buckets(bounds, cumulative) else { return .nan }
        return histogram.linear(p)
    }

    /// The quantile with its bucket's bounds; nil where PromQL has no finite answer. O(buckets).
    public static func estimate(_ p: Double, bounds: [Double], cumulative: [Double]) -> Estimate? {
        guard p >= 0, p <= 1, let histogram = Buckets(bounds, cumulative) else { return nil }
        let value = histogram.linear(p)
        guard value.isFinite else { return nil }
        let found = histogram.bucket(p)
        let (low, high) = (histogram.lower(found), histogram.bounds[found])
        var refined: Double?
        if low > 0, high.isFinite, let guess = histogram.smooth(p, in: found) {
            refined = min(max(guess, low), high)
        }
        return Estimate(promQL: value, refined: refined, low: low, high: high, count: histogram.total)
    }

    /// Sound buckets: ascending, distinct bounds, counts that never fall.
    private struct Buckets {
        var bounds: [Double] = []
        var counts: [Double] = []
        var total: Double { counts[counts.count - 1] }

        init?(_ rawBounds: [Double], _ rawCounts: [Double]) {
            guard rawBounds.count == rawCounts.count, rawBounds.count >= 2 else { return nil }
            for index in rawBounds.indices where rawBounds[index].isNaN || rawCounts[index].isNaN { return nil }
            for index in rawBounds.indices.sorted(by: { rawBounds[$0] < rawBounds[$1] }) {
                if rawBounds[index] == bounds.last {
                    counts[counts.count - 1] += rawCounts[index]
                } else {
                    bounds.append(rawBounds[index])
                    counts.append(rawCounts[index])
                }
            }
            guard bounds.count >= 2, bounds.last == .infinity else { return nil }
            for index in 1..<counts.count {
                let (before, now) = (counts[index - 1], counts[index])
                // A count that fell, or rose by a rounding error, is the one before.
                if now < before || now - before < HistogramQuantile.tolerance * min(abs(now), abs(before)) {
                    counts[index] = before
                }
            }
            guard total > 0, total.isFinite else { return nil }
        }

        /// The first bucket whose count reaches the rank; the last one is that of +Inf.
        func bucket(_ p: Double) -> Int { counts.firstIndex { $0 >= p * total } ?? counts.count - 1 }

        func lower(_ index: Int) -> Double {
            if index > 0 { return bounds[index - 1] }
            return bounds[0] > 0 ? 0 : -.infinity
        }

        func linear(_ p: Double) -> Double {
            let found = bucket(p)
            if found == counts.count - 1 { return bounds[found - 1] }
            if found == 0, bounds[0] <= 0 { return bounds[0] }
            let below = found == 0 ? 0 : counts[found - 1]
            let start = lower(found)
            return start + (bounds[found] - start) * ((p * total - below) / (counts[found] - below))
        }

        /// exp of the monotone cubic through (share, ln bound). Empty buckets break the curve: within one piece every bucket
        /// has observations.
        func smooth(_ p: Double, in found: Int) -> Double? {
            var first = found
            while first > 1, counts[first - 1] > counts[first - 2], bounds[first - 2] > 0 { first -= 1 }
            var last = found
            while last + 2 < counts.count, counts[last + 1] > counts[last] { last += 1 }
            let shares = (first - 1...last).map { counts[$0] / total }
            let logs = (first - 1...last).map { log(bounds[$0]) }
            return MonotoneCubic(shares, logs)?.value(at: p).map(exp)
        }
    }
}

/// The monotone piecewise cubic of Fritsch and Butland (1984), with one-sided three-point slopes at the ends kept monotone.
/// `scipy.interpolate.PchipInterpolator`, agreement 1e-12.
public struct MonotoneCubic: Sendable {
    private let x: [Double]
    private let y: [Double]
    private let slopes: [Double]

    /// nil unless there are two or more points, all finite, whose x rise strictly.
    public init?(_ x: [Double], _ y: [Double]) {
        guard x.count == y.count, x.count >= 2 else { return nil }
        for index in x.indices {
            guard x[index].isFinite, y[index].isFinite, index == 0 || x[index] > x[index - 1] else { return nil }
        }
        var (steps, rises): ([Double], [Double]) = ([], [])
        for index in 1..<x.count {
            steps.append(x[index] - x[index - 1])
            rises.append((y[index] - y[index - 1]) / steps[index - 1])
        }
        var slopes = [Double](repeating: rises[0], count: x.count)
        if x.count > 2 {
            for index in 1..<x.count - 1 {
                let (before, after) = (rises[index - 1], rises[index])
                guard before * after > 0 else {
                    slopes[index] = 0
                    continue
                }
                let (near, far) = (2 * steps[index] + steps[index - 1], steps[index] + 2 * steps[index - 1])
                slopes[index] = (near + far) / (near / before + far / after)
            }
            let last = rises.count - 1
            slopes[0] = Self.end(steps[0], steps[1], rises[0], rises[1])
            slopes[last + 1] = Self.end(steps[last], steps[last - 1], rises[last], rises[last - 1])
        }
        (self.x, self.y, self.slopes) = (x, y, slopes)
    }

    private static func end(_ near: Double, _ far: Double, _ rise: Double, _ next: Double) -> Double {
        let slope = ((2 * near + far) * rise - near * next) / (near + far)
        if slope * rise <= 0 { return 0 }
        if rise * next <= 0, abs(slope) > 3 * abs(rise) { return 3 * rise }
        return slope
    }

    /// nil outside the points.
    public func value(at place: Double) -> Double? {
        guard place >= x[0], place <= x[x.count - 1] else { return nil }
        let right = max(1, x.firstIndex { $0 >= place } ?? 1)
        let left = right - 1
        let step = x[right] - x[left]
        let t = (place - x[left]) / step
        let (t2, t3) = (t * t, t * t * t)
        return y[left] * (2 * t3 - 3 * t2 + 1) + step * slopes[left] * (t3 - 2 * t2 + t)
            + y[right] * (3 * t2 - 2 * t3) + step * slopes[right] * (t3 - t2)
    }
}
