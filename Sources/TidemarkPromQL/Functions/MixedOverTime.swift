import TidemarkSeries

// The *_over_time functions that know native histograms.
extension Evaluator {
    /// `sum_over_time` or `avg_over_time` of a window.
    func total(_ window: MixedWindow, _ labels: Labels, average: Bool, _ expr: Expr) -> WindowValue {
        guard !window.isMixed else {
            noteMixed(labels, expr)
            return .none
        }
        guard window.floats.isEmpty else {
            if average {
                var mean = CompensatedMean()
                for index in window.floats { mean.add(window.view.values[index]) }
                return .float(mean.mean)
            }
            var sum = CompensatedSum()
            for index in window.floats { sum.add(window.view.values[index]) }
            return .float(sum.total)
        }
        let histograms = Array(window.view.histograms[window.histograms])
        do {
            let (result, reconciled, collision) = try Self.total(of: histograms, average: average)
            if reconciled { noteReconciled("aggregation", expr) }
            if collision { noteCollision("aggregation", expr) }
            return .histogram(result)
        } catch {
            noteMixedSchemas(labels, expr)
            return .none
        }
    }

    /// The sum or mean of histograms; and whether custom bounds were reconciled, and hints about resets contradict.
    static func total(
        of histograms: [NativeHistogram], average: Bool
    ) throws(IncompatibleHistograms) -> (result: NativeHistogram, reconciled: Bool, collision: Bool) {
        var sum = HistogramSum(histograms[0])
        var reconciled = false
        for histogram in histograms.dropFirst() {
            if try sum.add(histogram).reconciled { reconciled = true }
        }
        if average {
            let count = Double(histograms.count)
            if sum.overflows, !histograms.contains(where: { HistogramSum($0).overflows }) {
                sum = HistogramSum(histograms[0].divided(by: count))
                for histogram in histograms.dropFirst() { _ = try sum.add(histogram.divided(by: count)) }
            } else {
                sum.scale(by: 1 / count)
            }
        }
        let hints = Set(histograms.map(\.resetHint))
        return (sum.total, reconciled, hints.contains(.reset) && hints.contains(.notReset))
    }

    /// The first or last sample of a window.
    static func edge(_ window: MixedWindow, last: Bool) -> WindowValue {
        let float = last ? window.floats.last : window.floats.first
        let other = last ? window.histograms.last : window.histograms.first
        guard let float else { return other.map { .histogram(window.view.histograms[$0]) } ?? .none }
        guard let other else { return .float(window.view.values[float]) }
        let (time, otherTime) = (window.view.times[float], window.view.histogramTimes[other])
        return (last ? time > otherTime : time < otherTime)
            ? .float(window.view.values[float]) : .histogram(window.view.histograms[other])
    }

    /// The time of the first or last sample of a window, in seconds.
    static func timeOfEdge(_ window: MixedWindow, last: Bool) -> WindowValue {
        let times = [
            (last ? window.floats.last : window.floats.first).map { window.view.times[$0] },
            (last ? window.histograms.last : window.histograms.first).map { window.view.histogramTimes[$0] },
        ].compactMap { $0 }
        guard let time = last ? times.max() : times.min() else { return .none }
        return .float(Double(time) / 1000)
    }
}
