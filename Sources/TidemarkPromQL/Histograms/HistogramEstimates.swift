#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import TidemarkSeries

/// What NaN observations do to an estimate.
enum NaNEffect { case none, result, skew, excluded }

/// Estimates from the buckets of native histograms (`promql/quantile.go`).
extension NativeHistogram {
    /// A zero bucket that only has neighbours on one side ends at zero on the other.
    private func narrowed(_ bucket: NativeBucket) -> NativeBucket {
        guard !hasCustomBounds, bucket.lower < 0, bucket.upper > 0 else { return bucket }
        var bucket = bucket
        if negative.isEmpty, !positive.isEmpty {
            bucket.lower = 0
        } else if positive.isEmpty, !negative.isEmpty {
            bucket.upper = 0
        }
        return bucket
    }

    /// The φ-quantile, interpolated exponentially in exponential buckets and linearly in others.
    /// - Parameter linear: interpolate linearly everywhere, from the lowest bucket up (Prometheus 2.x).
    func quantile(_ q: Double, linear: Bool = false) -> (value: Double, effect: NaNEffect) {
        if q < 0 { return (-.infinity, .none) }
        if q > 1 { return (.infinity, .none) }
        guard count != 0, !q.isNaN else { return (.nan, .none) }
        let upwards = linear || sum.isNaN || q < 0.5
        let buckets = upwards ? allBuckets : allBuckets.reversed()
        var rank = (upwards ? q : 1 - q) * count
        var seen = 0.0
        var found = NativeBucket(lower: 0, upper: 0, lowerInclusive: true, upperInclusive: true, count: 0)
        var next = 0
        while next < buckets.count {
            let bucket = buckets[next]
            next += 1
            if bucket.count == 0 { continue }
            found = bucket
            seen += bucket.count
            if seen >= rank { break }
        }
        found = narrowed(found)
        if hasCustomBounds {
            if found.lower == -.infinity {
                if found.upper <= 0 { return (found.upper, .none) }
                found.lower = 0
            } else if found.upper == .infinity {
                return (found.lower, .none)
            }
        }
        if seen > count { seen = count }
        // NaN observations are counted, but are in no bucket.
        if seen < rank { return sum.isNaN ? (.nan, .result) : (found.upper, .none) }
        rank = upwards ? rank - (seen - found.count) : seen - rank
        var effect = NaNEffect.none
        if sum.isNaN {
            for bucket in buckets[next...] { seen += bucket.count }
            if seen < count { effect = .skew }
        }
        let fraction = rank / found.count
        if linear || hasCustomBounds || found.lower <= 0 && found.upper >= 0 {
            return (found.lower + (found.upper - found.lower) * fraction, effect)
        }
        let (low, high) = (log2(abs(found.lower)), log2(abs(found.upper)))
        if found.lower > 0 { return (exp2(low + (high - low) * fraction), effect) }
        return (-exp2(high + (low - high) * (1 - fraction)), effect)
    }

    /// The share of observations between two bounds.
    func fraction(_ lower: Double, _ upper: Double, linear: Bool = false) -> (value: Double, effect: NaNEffect) {
        guard count != 0, !lower.isNaN, !upper.isNaN else { return (.nan, .none) }
        if lower >= upper { return (0, .none) }
        var rank = 0.0
        var (lowerRank, upperRank): (Double?, Double?) = (nil, nil)
        for bucket in allBuckets {
            let isZero = bucket.lower <= 0 && bucket.upper >= 0
            var bucket = narrowed(bucket)
            if hasCustomBounds, bucket.lower == -.infinity, bucket.upper > 0 { bucket.lower = 0 }
            func interpolated(_ value: Double) -> Double {
                if linear || hasCustomBounds || isZero {
                    return rank + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower)
                }
                let (low, high) = (log2(abs(bucket.lower)), log2(abs(bucket.upper)))
                let place = log2(abs(value))
                let share = value > 0 ? (place - low) / (high - low) : 1 - (place - high) / (low - high)
                return rank + bucket.count * share
            }
            if lowerRank == nil, bucket.lower >= lower { lowerRank = rank }
            if upperRank == nil, bucket.lower >= upper { upperRank = rank }
            if lowerRank != nil, upperRank != nil { break }
            if lowerRank == nil, bucket.lower < lower, bucket.upper > lower { lowerRank = interpolated(lower) }
            if upperRank == nil, bucket.lower < upper, bucket.upper > upper { upperRank = interpolated(upper) }
            if lowerRank != nil, upperRank != nil { break }
            rank += bucket.count
        }
        var total = count
        var effect = NaNEffect.none
        if sum.isNaN {
            let inBuckets = allBuckets.reduce(0) { $0 + $1.count }
            if inBuckets < count { effect = .excluded }
            total = inBuckets
        }
        return ((min(upperRank ?? total, total) - min(lowerRank ?? total, total)) / count, effect)
    }

    /// The population variance, every observation taken to be in the middle of its bucket.
    var variance: Double {
        let mean = sum / count
        var squares = CompensatedSum()
        for bucket in allBuckets where bucket.count != 0 {
            let middle: Double
            if hasCustomBounds {
                middle = (bucket.upper + bucket.lower) / 2
            } else if bucket.lower <= 0, bucket.upper >= 0 {
                middle = 0
            } else {
                let size = (bucket.upper * bucket.lower).squareRoot()
                middle = bucket.upper < 0 ? -size : size
            }
            let distance = middle - mean
            squares.add(bucket.count * distance * distance)
        }
        return (squares.sum + squares.compensation) / count
    }
}
