#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import TidemarkSeries

/// The operators `</` and `>/`: a histogram without its observations above or below a value.
extension NativeHistogram {
    /// - Parameter keepsLower: keep what lies below `limit` (`</`), else what lies above (`>/`).
    func trimmed(at limit: Double, keepsLower: Bool) -> NativeHistogram {
        var result = self
        var kept = 0.0
        var removedSum = 0.0
        var (hasPositive, hasNegative) = (false, false)
        func trimAll(_ buckets: [NativeBucket], _ counts: inout [Double], isPositive: Bool) {
            for (index, bucket) in buckets.enumerated() where bucket.count != 0 {
                if !isPositive {
                    hasNegative = true
                } else if !hasCustomBounds {
                    hasPositive = true
                } else if bucket.upper <= 0 {
                    hasNegative = true
                } else {
                    if bucket.lower < 0 { hasNegative = true }
                    hasPositive = true
                }
                let (keptCount, middle) = trim(bucket, limit, keepsLower, isPositive)
                if keepsLower ? bucket.upper <= limit : bucket.lower >= limit {
                    kept += bucket.count
                } else if keepsLower ? bucket.lower < limit : bucket.upper > limit {
                    removedSum += (bucket.count - keptCount) * middle
                    kept += keptCount
                    counts[index] = keptCount
                } else {
                    let place =
                        hasCustomBounds && isPositive ? middle : (bucket.lower * bucket.upper).squareRoot()
                    removedSum += bucket.count * place
                    counts[index] = 0
                }
            }
        }
        trimAll(positiveBuckets, &result.positive, isPositive: true)
        trimAll(negativeBuckets, &result.negative, isPositive: false)
        if zeroCount > 0 {
            let below = Self.below(zeroBucket, limit, isPositive: true, linear: true)
            result.zeroCount = keepsLower ? below : zeroCount - below
            kept += result.zeroCount
        }
        result.sum = 0
        if kept != 0 {
            result.sum = sum - removedSum
            // The removed part is an estimate; it must not turn the sum's sign.
            if !hasNegative, result.sum < 0 { result.sum = 0 }
            if !hasPositive, result.sum > 0 { result.sum = 0 }
        }
        result.count = kept
        return result.compacted
    }

    /// What stays of a bucket's count, and where the removed observations are taken to be.
    private func trim(
        _ bucket: NativeBucket, _ limit: Double, _ keepsLower: Bool, _ isPositive: Bool
    ) -> (kept: Double, middle: Double) {
        if bucket.lower == -.infinity {
            if keepsLower ? limit >= bucket.upper : limit <= bucket.lower { return (bucket.count, 0) }
            // Nothing is known about what lies below zero.
            guard limit >= 0, bucket.upper > limit, bucket.upper < .infinity else { return (0, bucket.upper) }
            let share = limit / bucket.upper
            return keepsLower
                ? (bucket.count * share, (limit + bucket.upper) / 2) : (bucket.count * (1 - share), limit / 2)
        }
        if bucket.upper == .infinity {
            return !keepsLower && limit <= bucket.lower ? (bucket.count, 0) : (0, bucket.lower)
        }
        let below = Self.below(bucket, limit, isPositive: isPositive, linear: hasCustomBounds)
        let middle: Double
        if hasCustomBounds {
            middle = (bucket.lower + bucket.upper) / 2
        } else {
            let size = (abs(keepsLower ? bucket.lower : bucket.upper) * abs(limit)).squareRoot()
            middle = isPositive ? size : -size
        }
        return (keepsLower ? below : bucket.count - below, middle)
    }

    /// The observations of a bucket that are at or below `limit`.
    private static func below(_ bucket: NativeBucket, _ limit: Double, isPositive: Bool, linear: Bool) -> Double {
        if limit <= bucket.lower { return 0 }
        if limit >= bucket.upper { return bucket.count }
        if linear { return bucket.count * (limit - bucket.lower) / (bucket.upper - bucket.lower) }
        let (low, high, place) = (log2(abs(bucket.lower)), log2(abs(bucket.upper)), log2(abs(limit)))
        return bucket.count * (isPositive ? (place - low) / (high - low) : 1 - (place - high) / (low - high))
    }
}
