import TidemarkSeries

// Range and instant selectors that are `anchored` (begin with the last sample before the window) or `smoothed`
// (interpolated at both ends).
extension Evaluator {
    /// The selector inside, when a range is anchored or smoothed.
    func edged(_ range: Expr) -> (selector: VectorSelector, range: RangeDuration)? {
        guard case .range(let selector, let duration) = range.unwrapped.kind, selector.edges != .plain else {
            return nil
        }
        return (selector, duration)
    }

    private static let anchoredFunctions = ["changes", "delta", "increase", "rate", "resets"]
    private static let smoothedFunctions = ["delta", "increase", "rate"]

    func edgedCall(
        _ name: String, _ selector: VectorSelector, _ duration: RangeDuration, _ expr: Expr, _ range: Expr
    ) throws -> [Column] {
        let smoothed = selector.edges == .smoothed
        let allowed = smoothed ? Self.smoothedFunctions : Self.anchoredFunctions
        guard allowed.contains(name) else {
            let word = smoothed ? "smoothed" : "anchored"
            throw PromQLError.execution(
                "\(word) modifier can only be used with: \(allowed.joined(separator: ", ")) - not with \(name)")
        }
        var columns: [Column] = []
        try forEachEdged(selector, duration) { view, labels, windows in
            var column = try absentColumn(labels)
            for step in 0..<grid.count {
                let window = windows(step)
                guard !window.isEmpty else { continue }
                switch name {
                case "resets", "changes":
                    guard let anchored = Self.anchored(window) else { continue }
                    column.set(count(anchored, resets: name == "resets"), at: step)
                default:
                    column.set(
                        edgedChange(
                            window, labels, smoothed: smoothed, isCounter: name != "delta", perSecond: name == "rate",
                            range), at: step)
                }
            }
            if !column.isEmpty { columns.append(named(column, false)) }
        }
        if name == "rate" || name == "increase" { noteNonCounters(columns, range) }
        try checkDistinct(columns, false)
        return columns
    }

    /// Calls `body` for each series of an edged selector; the windows hold also what lies within the lookback before
    /// them and, when smoothed, behind them.
    private func forEachEdged(
        _ selector: VectorSelector, _ duration: RangeDuration,
        _ body: (SampleView, Labels, (Int) -> MixedWindow) throws -> Void
    ) throws {
        let (anchor, fixed) = try reference(selector.modifiers)
        let rangeMs = try milliseconds(duration, positive: true)
        let lookback = context.options.lookbackMs
        let after = selector.edges == .smoothed ? lookback : 0
        let last = anchor + (fixed ? 0 : grid.endMs - grid.startMs)
        try context.source.select(selector.matchers, startMs: anchor - rangeMs - lookback, endMs: last + after) {
            series in
            try context.charge(grid.count)
            let live = series.withoutStaleMarkers
            try SampleView.with(live) { view in
                try body(view, live.labels) { step in
                    let end = anchor + (fixed ? 0 : Int64(step) * grid.stepMs)
                    return MixedWindow(
                        view, from: end - rangeMs - lookback + 1, to: end + after, startMs: end - rangeMs, endMs: end)
                }
            }
        }
    }

    /// The window from the last sample at or before its start on; nil when nothing follows that start.
    private static func anchored(_ window: MixedWindow) -> MixedWindow? {
        let view = window.view
        let float = window.floats.last { view.times[$0] <= window.startMs }
        let other = window.histograms.last { view.histogramTimes[$0] <= window.startMs }
        var result = window
        if let float { result.floats = (float + 1)..<window.floats.upperBound }
        if let other { result.histograms = (other + 1)..<window.histograms.upperBound }
        guard !result.isEmpty else { return nil }
        if let float, other.map({ view.times[float] >= view.histogramTimes[$0] }) ?? true {
            result.floats = float..<window.floats.upperBound
        } else if let other {
            result.histograms = other..<window.histograms.upperBound
        }
        return result
    }

    /// The change between the values at both ends of a window.
    private func edgedChange(
        _ window: MixedWindow, _ labels: Labels, smoothed: Bool, isCounter: Bool, perSecond: Bool, _ expr: Expr
    ) -> WindowValue {
        guard !window.isMixed else {
            noteMixed(labels, expr)
            return .none
        }
        let isFloat = !window.floats.isEmpty
        let view = window.view
        let indexes = isFloat ? window.floats : window.histograms
        func time(_ index: Int) -> Int64 { isFloat ? view.times[index] : view.histogramTimes[index] }
        let (first, last) = Self.ends(indexes, time, window, smoothed: smoothed)
        guard time(last) > window.startMs, !smoothed || time(first) <= window.endMs else { return .none }
        let seconds = perSecond ? Double(window.rangeMs) / 1000 : 1
        guard isFloat else {
            return histogramChange(window, first, last, labels, smoothed: smoothed, isCounter: isCounter, expr)
                .map { .histogram(perSecond ? $0.divided(by: seconds) : $0) } ?? .none
        }
        let left = leftValue(window, first, smoothed: smoothed, isCounter: isCounter)
        let right = rightValue(window, first, last, smoothed: smoothed, isCounter: isCounter)
        var change = right - left
        if isCounter {
            var before = left
            for index in first...last where time(index) > window.startMs && time(index) < window.endMs {
                if view.values[index] < before { change += before }
                before = view.values[index]
            }
            if right < before { change += before }
        }
        return .float(change / seconds)
    }

    /// The last sample at or before the window's start (or the first one), and the last sample or, when smoothed, the
    /// first at or behind the window's end.
    private static func ends(
        _ indexes: Range<Int>, _ time: (Int) -> Int64, _ window: MixedWindow, smoothed: Bool
    ) -> (first: Int, last: Int) {
        let last = indexes.upperBound - 1
        let after = indexes.dropLast().first { time($0) > window.startMs } ?? last
        let first = max(indexes.lowerBound, after - 1)
        guard smoothed else { return (first, last) }
        return (first, indexes.dropLast().first { time($0) >= window.endMs } ?? last)
    }

    private func leftValue(_ window: MixedWindow, _ first: Int, smoothed: Bool, isCounter: Bool) -> Double {
        let view = window.view
        guard smoothed, view.times[first] < window.startMs, first + 1 < window.floats.upperBound else {
            return view.values[first]
        }
        return Self.interpolated(view, first, window.startMs, isCounter)
    }

    private func rightValue(
        _ window: MixedWindow, _ first: Int, _ last: Int, smoothed: Bool, isCounter: Bool
    ) -> Double {
        let view = window.view
        guard smoothed, last > window.floats.lowerBound, view.times[last] > window.endMs else {
            return view.values[last]
        }
        return Self.interpolated(view, last - 1, window.endMs, isCounter)
    }

    /// The value at a time between a sample and its successor; a counter that fell counts from zero.
    private static func interpolated(_ view: SampleView, _ index: Int, _ time: Int64, _ isCounter: Bool) -> Double {
        let next = view.values[index + 1]
        let value = isCounter && next < view.values[index] ? 0 : view.values[index]
        let share = Double(time - view.times[index]) / Double(view.times[index + 1] - view.times[index])
        return value + (next - value) * share
    }

    // MARK: instant vectors and matrices

    /// Each series' value at each step, interpolated between its neighbours within the lookback.
    func smoothedVector(_ selector: VectorSelector) throws -> [Column] {
        let (anchor, fixed) = try reference(selector.modifiers)
        let lookback = context.options.lookbackMs
        let last = anchor + (fixed ? 0 : grid.endMs - grid.startMs)
        var columns: [Column] = []
        try context.source.select(selector.matchers, startMs: anchor - lookback, endMs: last + lookback) { series in
            var column = try absentColumn(series.labels)
            let live = series.withoutStaleMarkers
            SampleView.with(live) { view in
                for step in 0..<grid.count {
                    let time = anchor + (fixed ? 0 : Int64(step) * grid.stepMs)
                    let window = MixedWindow(
                        view, from: time - lookback + 1, to: time + lookback, startMs: time, endMs: time)
                    guard window.histograms.isEmpty else {
                        smooth(&column, window, time, step, series.labels)
                        continue
                    }
                    guard let before = window.floats.last(where: { view.times[$0] <= time }) else { continue }
                    if view.times[before] == time || before + 1 >= window.floats.upperBound {
                        column.values[step] = view.values[before]
                    } else {
                        column.values[step] = Self.interpolated(view, before, time, false)
                    }
                }
            }
            if !column.isEmpty { columns.append(column) }
        }
        return columns
    }

    private func smooth(_ column: inout Column, _ window: MixedWindow, _ time: Int64, _ step: Int, _ labels: Labels) {
        let view = window.view
        guard window.floats.isEmpty,
            let before = window.histograms.last(where: { view.histogramTimes[$0] <= time })
        else { return }
        if view.histogramTimes[before] == time || before + 1 >= window.histograms.upperBound {
            column.set(view.histograms[before], at: step)
        } else {
            column.set(Self.interpolatedHistogram(view, before, time, isCounter: false), at: step)
        }
    }

    /// The samples of a window with its two ends, each at the value that holds there.
    func edgedMatrix(_ selector: VectorSelector, _ duration: RangeDuration) throws -> [MatrixSeries] {
        let smoothed = selector.edges == .smoothed
        var found: [MatrixSeries] = []
        try forEachEdged(selector, duration) { view, labels, windows in
            let window = windows(0)
            guard !window.isEmpty else { return }
            guard window.histograms.isEmpty else {
                throw PromQLError.execution("anchored modifier is not supported with histograms")
            }
            let (first, last) = Self.ends(window.floats, { view.times[$0] }, window, smoothed: smoothed)
            guard view.times[last] > window.startMs else { return }
            var series = SeriesSamples(labels: labels)
            func add(_ time: Int64, _ value: Double) {
                series.timesMs.append(time)
                series.values.append(value)
            }
            add(window.startMs, leftValue(window, first, smoothed: smoothed, isCounter: false))
            for index in first...last where view.times[index] > window.startMs && view.times[index] < window.endMs {
                add(view.times[index], view.values[index])
            }
            add(window.endMs, rightValue(window, first, last, smoothed: smoothed, isCounter: false))
            found.append(series)
        }
        return found
    }
}
