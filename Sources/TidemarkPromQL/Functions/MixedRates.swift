import TidemarkSeries

// rate, increase, delta, irate, idelta, resets and changes of series with native histograms or start times.

/// Whether a sample's start time says that its counter began anew after the sample before. Start times are Unix
/// milliseconds, 0 when unknown.
func startTimeTellsReset(_ previousStart: Int64, _ previousTime: Int64, _ start: Int64, _ time: Int64) -> Bool {
    guard start != 0, start < time, start >= previousTime else { return false }
    if start > previousTime { return true }
    // It began at the sample before: so do deltas, but so do also counters whose first sample stands for their start.
    if previousStart > previousTime { return false }
    return previousStart != 0 && previousStart != previousTime
}

extension Evaluator {
    /// `rate`, `increase` or `delta` of a window.
    func change(_ window: MixedWindow, _ labels: Labels, _ kind: ExtrapolatedChange, _ expr: Expr) -> WindowValue {
        guard !window.isMixed else {
            noteMixed(labels, expr)
            return .none
        }
        let isFloat = !window.floats.isEmpty
        let indexes = isFloat ? window.floats : window.histograms
        let view = window.view
        func time(_ index: Int) -> Int64 { isFloat ? view.times[index] : view.histogramTimes[index] }
        func startTime(_ index: Int) -> Int64 { isFloat ? window.startTime(index) : window.histogramStartTime(index) }
        let (first, last) = (indexes.lowerBound, indexes.upperBound - 1)
        var float = 0.0
        var histogram: NativeHistogram?
        if isFloat {
            float = view.values[last] - view.values[first]
            if kind.isCounter {
                noteOverlap(indexes, time, startTime, labels, expr)
                for index in indexes.dropFirst()
                where view.values[index] < view.values[index - 1]
                    || startTimeTellsReset(startTime(index - 1), time(index - 1), startTime(index), time(index))
                {
                    float += view.values[index - 1]
                }
            }
        } else if indexes.count > 1 {
            guard let change = histogramChange(window, labels, kind.isCounter, expr) else { return .none }
            histogram = change
        }
        var toStart = Double(time(first) - window.startMs) / 1000
        var toEnd = Double(window.endMs - time(last)) / 1000
        var interval = Double(time(last) - time(first)) / 1000
        let average = indexes.count > 1 ? interval / Double(indexes.count - 1) : 0
        let threshold = average * 1.1
        let began = startTime(first)
        if kind.isCounter, began != 0, began > window.startMs, began < time(first) {
            // The counter began within the window: at zero, so there is nothing to extrapolate to the left.
            toStart = 0
            interval = Double(time(last) - began) / 1000
            if isFloat {
                float += view.values[first]
            } else if let change = histogram {
                guard let sum = added(change, view.histograms[first], labels, expr) else { return .none }
                histogram = sum
            } else {
                histogram = view.histograms[first]
            }
        } else if indexes.count < 2 {
            return .none
        } else {
            var toZero = Double.infinity
            if kind.isCounter, isFloat, float > 0, view.values[first] >= 0 {
                toZero = interval * (view.values[first] / float)
            } else if kind.isCounter, !kind.older, let change = histogram, change.count > 0,
                view.histograms[first].count >= 0
            {
                toZero = interval * (view.histograms[first].count / change.count)
            }
            if kind.older {
                if toZero < toStart { toStart = toZero }
                if toStart >= threshold { toStart = average / 2 }
            } else {
                if toStart >= threshold { toStart = average / 2 }
                if toZero < toStart { toStart = toZero }
            }
        }
        if toEnd >= threshold { toEnd = average / 2 }
        var factor = interval != 0 ? (interval + toStart + toEnd) / interval : 1
        if kind.perSecond { factor /= Double(window.rangeMs) / 1000 }
        if let histogram { return .histogram(histogram.multiplied(by: factor)) }
        return .float(float * factor)
    }

    /// The difference between the last and first histogram of a window, with what resets took away added again.
    private func histogramChange(
        _ window: MixedWindow, _ labels: Labels, _ isCounter: Bool, _ expr: Expr
    ) -> NativeHistogram? {
        let points = Array(window.view.histograms[window.histograms])
        func isReset(_ index: Int, after previous: NativeHistogram) -> Bool {
            let at = window.histograms.lowerBound + index
            return startTimeTellsReset(
                window.histogramStartTime(at - 1), window.view.histogramTimes[at - 1], window.histogramStartTime(at),
                window.view.histogramTimes[at]) || HistogramSum.detectsReset(points[index], after: previous)
        }
        var previous = points[0]
        let last = points[points.count - 1]
        if isCounter, points.contains(where: { $0.resetHint == .gauge }) { noteNotCounter(labels, expr) }
        if isCounter, isReset(1, after: previous) {
            // The layout of a histogram before a reset doesn't matter.
            var empty = NativeHistogram()
            empty.schema = points[1].schema
            empty.customBounds = points[1].customBounds
            previous = empty
        }
        let custom = previous.hasCustomBounds
        guard last.hasCustomBounds == custom,
            !isCounter || points.dropFirst().allSatisfy({ $0.hasCustomBounds == custom })
        else {
            noteMixedSchemas(labels, expr)
            return nil
        }
        if isCounter {
            noteOverlap(
                window.histograms, { window.view.histogramTimes[$0] }, window.histogramStartTime, labels, expr)
        } else if points[0].resetHint != .gauge || last.resetHint != .gauge {
            noteNotGauge(labels, expr)
        }
        do {
            let schema = isCounter ? points.dropFirst().map(\.schema).min() ?? last.schema : last.schema
            var sum = HistogramSum(last.reduced(toSchema: min(schema, previous.schema)))
            if try sum.add(previous, subtracting: true).reconciled { noteReconciled("subtraction", expr) }
            if isCounter {
                for index in 1..<points.count {
                    if isReset(index, after: previous), try sum.add(previous).reconciled {
                        noteReconciled("addition", expr)
                    }
                    previous = points[index]
                }
            }
            var result = sum.total
            result.resetHint = .gauge
            return result
        } catch {
            noteMixedSchemas(labels, expr)
            return nil
        }
    }

    /// The sum of two histograms; nil, with a remark, when they have none.
    func added(
        _ a: NativeHistogram, _ b: NativeHistogram, subtracting: Bool = false, _ labels: Labels, _ expr: Expr
    ) -> NativeHistogram? {
        var sum = HistogramSum(a)
        do {
            if try sum.add(b, subtracting: subtracting).reconciled {
                noteReconciled(subtracting ? "subtraction" : "addition", expr)
            }
            return sum.total
        } catch {
            noteMixedSchemas(labels, expr)
            return nil
        }
    }

    /// `irate` or `idelta` of a window.
    func lastChange(_ window: MixedWindow, _ labels: Labels, isRate: Bool, _ expr: Expr) -> WindowValue {
        let view = window.view
        var points = window.floats.suffix(2).map {
            (
                time: view.times[$0], start: window.startTime($0), float: view.values[$0],
                histogram: NativeHistogram?.none
            )
        }
        points += window.histograms.suffix(2).map {
            (view.histogramTimes[$0], window.histogramStartTime($0), 0, view.histograms[$0])
        }
        points.sort { $0.time < $1.time }
        guard points.count >= 2 else { return .none }
        let (before, last) = (points[points.count - 2], points[points.count - 1])
        let interval = Double(last.time - before.time) / 1000
        guard interval != 0 else { return .none }
        let byStart = startTimeTellsReset(before.start, before.time, last.start, last.time)
        switch (before.histogram, last.histogram) {
        case (nil, nil):
            let change = isRate && (last.float < before.float || byStart) ? last.float : last.float - before.float
            return .float(isRate ? change / interval : change)
        case (let a?, let b?):
            if isRate, a.resetHint == .gauge || b.resetHint == .gauge { noteNotCounter(labels, expr) }
            if !isRate, a.resetHint != .gauge || b.resetHint != .gauge { noteNotGauge(labels, expr) }
            var change = b.compacted
            if !isRate || !byStart && !HistogramSum.detectsReset(b, after: a) {
                guard let difference = added(b, a, subtracting: true, labels, expr) else { return .none }
                change = difference
            }
            change.resetHint = .gauge
            return .histogram(isRate ? change.divided(by: interval) : change)
        default:
            noteMixed(labels, expr)
            return .none
        }
    }

    /// `resets` or `changes` of a window, which may begin with an anchor before it.
    func count(_ window: MixedWindow, resets: Bool) -> WindowValue {
        // Prometheus 2.x only looked at floats.
        if isV2, window.floats.isEmpty { return .float(0) }
        let view = window.view
        let order =
            (window.floats.map { (time: view.times[$0], index: $0, isFloat: true) }
            + window.histograms.map { (view.histogramTimes[$0], $0, false) }).sorted { $0.time < $1.time }
        var count = 0
        for (before, now) in zip(order, order.dropFirst()) {
            switch (before.isFloat, now.isFloat) {
            case (true, true):
                let (x, y) = (view.values[before.index], view.values[now.index])
                if resets {
                    let byStart = startTimeTellsReset(
                        window.startTime(before.index), before.time, window.startTime(now.index), now.time)
                    if y < x || byStart { count += 1 }
                } else if x != y, !(x.isNaN && y.isNaN) {
                    count += 1
                }
            case (false, false):
                let (x, y) = (view.histograms[before.index], view.histograms[now.index])
                if resets {
                    let byStart = startTimeTellsReset(
                        window.histogramStartTime(before.index), before.time, window.histogramStartTime(now.index),
                        now.time)
                    if byStart || HistogramSum.detectsReset(y, after: x) { count += 1 }
                } else if !x.equals(y) {
                    count += 1
                }
            default: count += 1
            }
        }
        return .float(Double(count))
    }

    // MARK: remarks

    func noteMixed(_ labels: Labels, _ expr: Expr) {
        context.warn("encountered a mix of histograms and floats for metric name \"\(labels.name)\"", expr)
    }

    func noteMixedSchemas(_ labels: Labels, _ expr: Expr) {
        context.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name \"\(labels.name)\"",
            expr)
    }

    func noteNotCounter(_ labels: Labels, _ expr: Expr) {
        context.warn("this native histogram metric is not a counter: \"\(labels.name)\"", expr)
    }

    func noteNotGauge(_ labels: Labels, _ expr: Expr) {
        context.warn("this native histogram metric is not a gauge: \"\(labels.name)\"", expr)
    }

    func noteReconciled(_ operation: String, _ expr: Expr) {
        context.inform("mismatched custom buckets were reconciled during \(operation)", expr)
    }

    func noteCollision(_ operation: String, _ expr: Expr) {
        context.warn("conflicting counter resets during histogram \(operation)", expr)
    }

    /// Start times that lie before the sample before are a sign of bad data.
    private func noteOverlap(
        _ indexes: Range<Int>, _ time: (Int) -> Int64, _ start: (Int) -> Int64, _ labels: Labels, _ expr: Expr
    ) {
        for index in indexes.dropFirst()
        where start(index) != 0 && start(index) < time(index - 1) && start(index) != start(index - 1) {
            context.warn("start time overlap detected for metric name \"\(labels.name)\"", expr)
            return
        }
    }
}
