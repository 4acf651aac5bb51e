import TidemarkSeries

/// Histograms with exponential buckets and such with custom bounds have no sum.
struct IncompatibleHistograms: Error {}

/// A sum of native histograms: resolution, zero bucket and custom bounds are brought to the coarsest of all summands.
/// Every count is summed with compensation.
struct HistogramSum {
    private(set) var schema: Int
    private var zeroThreshold: Double
    private var zeroCount: CompensatedSum
    private var count: CompensatedSum
    private var sum: CompensatedSum
    private var positive: [Int: CompensatedSum]
    private var negative: [Int: CompensatedSum]
    private var customBounds: [Double]
    var resetHint: NativeHistogram.ResetHint

    init(_ histogram: NativeHistogram) {
        schema = histogram.schema
        zeroThreshold = histogram.zeroThreshold
        zeroCount = CompensatedSum(histogram.zeroCount)
        count = CompensatedSum(histogram.count)
        sum = CompensatedSum(histogram.sum)
        func table(_ spans: [NativeHistogram.Span], _ counts: [Double]) -> [Int: CompensatedSum] {
            Dictionary(
                NativeHistogram.entries(spans, counts).map { ($0.index, CompensatedSum($0.count)) },
                uniquingKeysWith: { first, _ in first })
        }
        positive = table(histogram.positiveSpans, histogram.positive)
        negative = table(histogram.negativeSpans, histogram.negative)
        customBounds = histogram.customBounds
        resetHint = histogram.resetHint
    }

    private var hasCustomBounds: Bool { schema == NativeHistogram.customSchema }

    /// Adds a histogram (or takes it away).
    /// - Returns: whether custom bounds differed and were reduced to the common ones; and whether one histogram says
    ///   that a counter was reset and the other that none was.
    @discardableResult
    mutating func add(
        _ histogram: NativeHistogram, subtracting: Bool = false
    ) throws(IncompatibleHistograms) -> (reconciled: Bool, collision: Bool) {
        guard histogram.hasCustomBounds == hasCustomBounds else { throw IncompatibleHistograms() }
        let collision = combineHints(histogram.resetHint)
        var other = HistogramSum(histogram)
        var reconciled = false
        if hasCustomBounds {
            if customBounds != other.customBounds {
                reconciled = true
                let common = Self.intersection(customBounds, other.customBounds)
                reduce(to: common)
                other.reduce(to: common)
            }
        } else {
            while zeroThreshold != other.zeroThreshold, !zeroThreshold.isNaN, !other.zeroThreshold.isNaN {
                if zeroThreshold > other.zeroThreshold { other.widenZero(to: zeroThreshold) }
                if other.zeroThreshold > zeroThreshold { widenZero(to: other.zeroThreshold) }
            }
            if other.schema < schema { reduce(toSchema: other.schema) }
            if other.schema > schema { other.reduce(toSchema: schema) }
        }
        let sign = subtracting ? -1.0 : 1.0
        zeroCount.add(sign * other.zeroCount.total)
        count.add(sign * other.count.total)
        sum.add(sign * other.sum.total)
        for (index, value) in other.positive { positive[index, default: CompensatedSum()].add(sign * value.total) }
        for (index, value) in other.negative { negative[index, default: CompensatedSum()].add(sign * value.total) }
        return (reconciled, collision)
    }

    /// The hint of a sum of two histograms.
    private mutating func combineHints(_ other: NativeHistogram.ResetHint) -> Bool {
        if other == resetHint || resetHint == .gauge { return false }
        if other == .gauge {
            resetHint = .gauge
        } else if resetHint != .unknown {
            let collision = other != .unknown
            resetHint = .unknown
            return collision
        }
        return false
    }

    mutating func scale(by factor: Double) {
        zeroCount.scale(by: factor)
        count.scale(by: factor)
        sum.scale(by: factor)
        for index in positive.keys { positive[index]?.scale(by: factor) }
        for index in negative.keys { negative[index]?.scale(by: factor) }
    }

    /// Whether something grew beyond a double's range.
    var overflows: Bool {
        zeroCount.sum.isInfinite || count.sum.isInfinite || sum.sum.isInfinite
            || positive.values.contains { $0.sum.isInfinite } || negative.values.contains { $0.sum.isInfinite }
    }

    /// The sum, without empty buckets.
    var total: NativeHistogram {
        var result = NativeHistogram()
        result.schema = schema
        result.resetHint = resetHint
        result.zeroThreshold = zeroThreshold
        result.zeroCount = zeroCount.total
        result.count = count.total
        result.sum = sum.total
        func sorted(_ table: [Int: CompensatedSum]) -> [(index: Int, count: Double)] {
            table.map { ($0.key, $0.value.total) }.sorted { $0.0 < $1.0 }
        }
        (result.positiveSpans, result.positive) = NativeHistogram.spans(sorted(positive))
        (result.negativeSpans, result.negative) = NativeHistogram.spans(sorted(negative))
        result.customBounds = customBounds
        return result
    }

    // MARK: reducing

    mutating func reduce(toSchema target: Int) {
        func merged(_ table: [Int: CompensatedSum]) -> [Int: CompensatedSum] {
            var result: [Int: CompensatedSum] = [:]
            for (index, value) in table {
                result[NativeHistogram.index(index, from: schema, to: target), default: CompensatedSum()].add(
                    value.total)
            }
            return result
        }
        positive = merged(positive)
        negative = merged(negative)
        schema = target
    }

    /// The bounds that both lists (ascending) have.
    static func intersection(_ a: [Double], _ b: [Double]) -> [Double] {
        let other = Set(b)
        return a.filter { other.contains($0) }
    }

    mutating func reduce(to bounds: [Double]) {
        var result: [Int: CompensatedSum] = [:]
        for (index, value) in positive {
            let upper = index < customBounds.count ? customBounds[index] : Double.infinity
            let place = bounds.firstIndex { $0 >= upper } ?? bounds.count
            result[place, default: CompensatedSum()].add(value.total)
        }
        positive = result
        customBounds = bounds
    }

    /// Makes the zero bucket at least as wide as `threshold`: up to the border of a populated bucket that the
    /// threshold would cut.
    mutating func widenZero(to threshold: Double) {
        var threshold = threshold
        while true {
            var added = CompensatedSum()
            var restart = false
            for (index, value) in positive.sorted(by: { $0.key < $1.key }) {
                guard NativeHistogram.bound(index - 1, schema: schema) < threshold else { break }
                added.add(value.total)
                let upper = NativeHistogram.bound(index, schema: schema)
                if upper > threshold, value.total != 0 { threshold = upper }
            }
            for (index, value) in negative.sorted(by: { $0.key < $1.key }) {
                guard NativeHistogram.bound(index - 1, schema: schema) < threshold else { break }
                added.add(value.total)
                let upper = NativeHistogram.bound(index, schema: schema)
                if upper > threshold, value.total != 0 {
                    threshold = upper
                    restart = true
                    break
                }
            }
            if restart { continue }
            zeroCount.add(added.total)
            zeroThreshold = threshold
            positive = positive.filter { NativeHistogram.bound($0.key - 1, schema: schema) >= threshold }
            negative = negative.filter { NativeHistogram.bound($0.key - 1, schema: schema) >= threshold }
            return
        }
    }

    // MARK: comparing

    /// Whether a counter must have been reset between `previous` and `current`.
    static func detectsReset(_ current: NativeHistogram, after previous: NativeHistogram) -> Bool {
        switch current.resetHint {
        case .reset: return true
        case .notReset: return false
        default: break
        }
        if current.count < previous.count { return true }
        guard current.hasCustomBounds == previous.hasCustomBounds else { return true }
        var before = HistogramSum(previous)
        var after = HistogramSum(current)
        if current.hasCustomBounds {
            if current.customBounds != previous.customBounds {
                let common = intersection(current.customBounds, previous.customBounds)
                before.reduce(to: common)
                after.reduce(to: common)
            }
        } else {
            if current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold { return true }
            if previous.zeroThreshold < current.zeroThreshold {
                before.widenZero(to: current.zeroThreshold)
                // The new border cuts a populated bucket of the histogram before.
                if before.zeroThreshold != current.zeroThreshold { return true }
            }
            if current.zeroCount < before.zeroCount.total { return true }
            if previous.schema > current.schema { before.reduce(toSchema: current.schema) }
        }
        func fell(_ old: [Int: CompensatedSum], _ new: [Int: CompensatedSum]) -> Bool {
            old.contains { (new[$0.key]?.total ?? 0) < $0.value.total }
        }
        return fell(before.positive, after.positive) || fell(before.negative, after.negative)
    }
}

extension NativeHistogram {
    /// Equal layout and equal values, empty buckets included; what is known about resets doesn't count.
    func equals(_ other: NativeHistogram) -> Bool {
        func same(_ a: [(index: Int, count: Double)], _ b: [(index: Int, count: Double)]) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { $0.index == $1.index && $0.count == $1.count }
        }
        return schema == other.schema && zeroThreshold == other.zeroThreshold && zeroCount == other.zeroCount
            && count == other.count && (sum == other.sum || sum.isNaN && other.sum.isNaN)
            && (!hasCustomBounds || customBounds == other.customBounds)
            && same(Self.entries(positiveSpans, positive), Self.entries(other.positiveSpans, other.positive))
            && same(Self.entries(negativeSpans, negative), Self.entries(other.negativeSpans, other.negative))
    }

    /// At a lower resolution.
    func reduced(toSchema target: Int) -> NativeHistogram {
        guard target < schema, !hasCustomBounds else { return self }
        var sum = HistogramSum(self)
        sum.reduce(toSchema: target)
        return sum.total
    }
}
