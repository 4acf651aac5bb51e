#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import TidemarkSeries

/// One bucket of a native histogram.
struct NativeBucket {
    var lower: Double
    var upper: Double
    var lowerInclusive: Bool
    var upperInclusive: Bool
    var count: Double
}

extension NativeHistogram {
    var hasCustomBounds: Bool { schema == Self.customSchema }

    /// The buckets that spans name, with their indexes.
    static func entries(_ spans: [Span], _ counts: [Double]) -> [(index: Int, count: Double)] {
        var entries: [(index: Int, count: Double)] = []
        entries.reserveCapacity(counts.count)
        var index = 0
        for span in spans {
            index += Int(span.offset)
            for _ in 0..<span.length where entries.count < counts.count {
                entries.append((index, counts[entries.count]))
                index += 1
            }
        }
        return entries
    }

    /// Spans and counts for buckets in ascending order of index; empty buckets are left out.
    static func spans(_ entries: [(index: Int, count: Double)]) -> (spans: [Span], counts: [Double]) {
        var spans: [Span] = []
        var counts: [Double] = []
        var next = 0
        for entry in entries where entry.count != 0 {
            if !spans.isEmpty, entry.index == next {
                spans[spans.count - 1].length += 1
            } else {
                spans.append(Span(offset: Int32(truncatingIfNeeded: entry.index - next), length: 1))
            }
            counts.append(entry.count)
            next = entry.index + 1
        }
        return (spans, counts)
    }

    /// The upper bound of the positive bucket `index`: 2^(index · 2^-schema), as far as a double reaches.
    static func bound(_ index: Int, schema: Int) -> Double {
        let perDoubling = schema > 0 ? 1 << schema : 1
        let exponent: Int
        var part = 0
        if schema <= 0 {
            exponent = index << -schema
        } else {
            exponent = index >> schema
            part = index & (perDoubling - 1)
        }
        // The bound 2^1024 is no double; the bucket behind it ends at infinity.
        if exponent == 1024, part == 0 { return .greatestFiniteMagnitude }
        if exponent >= 1024 { return .infinity }
        return scalbn(exp2(Double(part) / Double(perDoubling)), Int32(clamping: exponent))
    }

    /// The index of the bucket that holds bucket `index` when the resolution falls to `schema`.
    static func index(_ index: Int, from: Int, to schema: Int) -> Int { ((index - 1) >> (from - schema)) + 1 }

    func bucket(_ index: Int, _ count: Double, negative: Bool = false) -> NativeBucket {
        if hasCustomBounds {
            return NativeBucket(
                lower: index > 0 && index <= customBounds.count ? customBounds[index - 1] : -.infinity,
                upper: index < customBounds.count ? customBounds[index] : .infinity, lowerInclusive: index == 0,
                upperInclusive: true, count: count)
        }
        let (low, high) = (Self.bound(index - 1, schema: schema), Self.bound(index, schema: schema))
        return NativeBucket(
            lower: negative ? -high : low, upper: negative ? -low : high, lowerInclusive: negative,
            upperInclusive: !negative, count: count)
    }

    var positiveBuckets: [NativeBucket] {
        Self.entries(positiveSpans, positive).map { bucket($0.index, $0.count) }
    }

    /// From the one next to zero downwards.
    var negativeBuckets: [NativeBucket] {
        Self.entries(negativeSpans, negative).map { bucket($0.index, $0.count, negative: true) }
    }

    var zeroBucket: NativeBucket {
        NativeBucket(
            lower: -zeroThreshold, upper: zeroThreshold, lowerInclusive: true, upperInclusive: true, count: zeroCount)
    }

    /// All buckets in ascending order; those that reach into the zero bucket begin at its border.
    var allBuckets: [NativeBucket] {
        var buckets: [NativeBucket] = []
        for var bucket in negativeBuckets.reversed() {
            if bucket.upper < 0, bucket.upper > -zeroThreshold { bucket.upper = -zeroThreshold }
            buckets.append(bucket)
        }
        if zeroCount > 0 { buckets.append(zeroBucket) }
        for var bucket in positiveBuckets {
            if bucket.lower > 0, bucket.lower < zeroThreshold { bucket.lower = zeroThreshold }
            buckets.append(bucket)
        }
        return buckets
    }

    /// The buckets that hold something, as the HTTP API lists them: which bounds belong to the bucket (0 the upper,
    /// 1 the lower, 2 none, 3 both), the bounds, the count.
    public var answerBuckets: [(rule: Int, lower: Double, upper: Double, count: Double)] {
        allBuckets.filter { $0.count != 0 }.map { bucket in
            let rule = bucket.lowerInclusive ? bucket.upperInclusive ? 3 : 1 : bucket.upperInclusive ? 0 : 2
            return (rule, bucket.lower, bucket.upper, bucket.count)
        }
    }

    // MARK: scaling

    /// All counts and the sum through `body`; a sign turned round makes a gauge.
    private func mapped(_ body: (Double) -> Double) -> NativeHistogram {
        var result = self
        result.zeroCount = body(zeroCount)
        result.count = body(count)
        result.sum = body(sum)
        result.positive = positive.map(body)
        result.negative = negative.map(body)
        return result
    }

    func multiplied(by factor: Double) -> NativeHistogram {
        var result = mapped { $0 * factor }
        if factor < 0 { result.resetHint = .gauge }
        return result
    }

    /// Division by zero leaves no buckets.
    func divided(by divisor: Double) -> NativeHistogram {
        var result = mapped { $0 / divisor }
        if divisor < 0 { result.resetHint = .gauge }
        if divisor == 0 {
            (result.positiveSpans, result.positive, result.negativeSpans, result.negative) = ([], [], [], [])
        }
        return result
    }

    /// Without empty buckets, and neighbouring spans joined.
    var compacted: NativeHistogram {
        var result = self
        (result.positiveSpans, result.positive) = Self.spans(Self.entries(positiveSpans, positive))
        (result.negativeSpans, result.negative) = Self.spans(Self.entries(negativeSpans, negative))
        return result
    }

    /// As `count_values` names it: `{count:3, sum:4.5, (1,2]:3}`.
    var text: String {
        var parts = ["count:\(goText(count))", "sum:\(goText(sum))"]
        var buckets = Array(negativeBuckets.reversed())
        if zeroCount != 0 { buckets.append(zeroBucket) }
        buckets += positiveBuckets
        for bucket in buckets where bucket.count != 0 {
            parts.append(
                (bucket.lowerInclusive ? "[" : "(") + goText(bucket.lower) + "," + goText(bucket.upper)
                    + (bucket.upperInclusive ? "]" : ")") + ":" + goText(bucket.count))
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}
