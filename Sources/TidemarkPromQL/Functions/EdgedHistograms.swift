import TidemarkSeries

// Native histograms in anchored and smoothed windows.
extension Evaluator {
    /// The histogram at a time between a sample and its successor; nil when the two have no difference.
    static func interpolatedHistogram(
        _ view: SampleView, _ index: Int, _ time: Int64, isCounter: Bool
    ) -> NativeHistogram? {
        let (before, after) = (view.histograms[index], view.histograms[index + 1])
        let (start, end) = (view.histogramTimes[index], view.histogramTimes[index + 1])
        if time == start { return before }
        if time == end { return after }
        let share = Double(time - start) / Double(end - start)
        if isCounter, HistogramSum.detectsReset(after, after: before) { return after.multiplied(by: share) }
        var sum = HistogramSum(after)
        guard (try? sum.add(before, subtracting: true)) != nil else { return nil }
        sum.scale(by: share)
        guard (try? sum.add(before)) != nil else { return nil }
        var result = sum.total
        result.resetHint = after.resetHint
        return result
    }

    /// The change of a native histogram from the window's start to its end.
    func histogramChange(
        _ window: MixedWindow, _ first: Int, _ last: Int, _ labels: Labels, smoothed: Bool, isCounter: Bool,
        _ expr: Expr
    ) -> NativeHistogram? {
        let view = window.view
        let points = view.histograms[first...last]
        guard points.allSatisfy({ $0.hasCustomBounds == view.histograms[first].hasCustomBounds }) else {
            noteMixedSchemas(labels, expr)
            return nil
        }
        if isCounter, points.contains(where: { $0.resetHint == .gauge }) { noteNotCounter(labels, expr) }
        let cutsLeft = smoothed && view.histogramTimes[first] < window.startMs
        let cutsRight = smoothed && last > window.histograms.lowerBound && view.histogramTimes[last] > window.endMs
        let left =
            cutsLeft
            ? Self.interpolatedHistogram(view, first, window.startMs, isCounter: isCounter) : view.histograms[first]
        let right =
            cutsRight
            ? Self.interpolatedHistogram(view, last - 1, window.endMs, isCounter: isCounter) : view.histograms[last]
        guard let left, let right else {
            noteMixedSchemas(labels, expr)
            return nil
        }
        if !isCounter, left.resetHint != .gauge || right.resetHint != .gauge { noteNotGauge(labels, expr) }
        guard var change = added(right, left, subtracting: true, labels, expr) else { return nil }
        if isCounter {
            var before = left
            var next = first + 1
            if cutsLeft, next <= last, HistogramSum.detectsReset(view.histograms[next], after: view.histograms[first]) {
                // The value at the start already counts from that reset.
                before = view.histograms[next]
                next += 1
            }
            if next <= last {
                var ends = Array(view.histograms[next..<max(next, last)])
                ends.append(right)
                for histogram in ends {
                    if HistogramSum.detectsReset(histogram, after: before) {
                        guard let sum = added(change, before, labels, expr) else { return nil }
                        change = sum
                    }
                    before = histogram
                }
            }
        }
        change.resetHint = .gauge
        return change
    }
}
