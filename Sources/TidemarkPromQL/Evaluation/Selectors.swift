import TidemarkSeries

extension Evaluator {
    /// The newest sample of each series at each step, if it is not stale and not older than the lookback.
    /// - Parameter facet: what of a sample is wanted.
    func instantVector(_ selector: VectorSelector, _ facet: SampleFacet = .value) throws -> [Column] {
        if selector.edges == .smoothed { return try smoothedVector(selector) }
        let timestamps = facet == .time
        let (anchor, fixed) = try reference(selector.modifiers)
        let lookback = context.options.lookbackMs - (isV2 ? 0 : 1)
        let steps = fixed ? 1 : grid.count
        let last = anchor + (fixed ? 0 : grid.endMs - grid.startMs)
        var columns: [Column] = []
        try context.source.select(selector.matchers, startMs: anchor - lookback, endMs: last) { series in
            try context.charge(grid.count)
            if !series.histograms.isEmpty || facet == .start {
                var column = Column(
                    labels: series.labels, values: [Double](repeating: Absent.value, count: grid.count))
                fill(&column, series, steps, anchor, lookback, facet)
                if fixed { for step in 1..<max(grid.count, 1) { column.copy(column, from: 0, to: step) } }
                if !column.isEmpty { columns.append(column) }
                return
            }
            var values = [Double](repeating: Absent.value, count: grid.count)
            var any = false
            values.withUnsafeMutableBufferPointer { out in
                series.timesMs.withUnsafeBufferPointer { times in
                    series.values.withUnsafeBufferPointer { samples in
                        var next = 0
                        for step in 0..<steps {
                            let time = anchor &+ Int64(step) &* grid.stepMs
                            while next < times.count, times[next] <= time { next &+= 1 }
                            guard next > 0, times[next - 1] >= time - lookback else { continue }
                            guard !StaleMarker.matches(samples[next - 1]) else { continue }
                            any = true
                            out[step] = timestamps ? Double(times[next - 1]) / 1000 : samples[next - 1]
                        }
                    }
                }
                if fixed, any { for step in 1..<max(grid.count, 1) { out[step] = out[0] } }
            }
            if any { columns.append(Column(labels: series.labels, values: values)) }
        }
        return columns
    }

    /// What `timestamp()` and `start_timestamp()` want of a sample instead of its value, in seconds.
    enum SampleFacet { case value, time, start }

    /// ``instantVector(_:_:)`` for a series that has histograms or start times.
    private func fill(
        _ column: inout Column, _ series: borrowing SeriesSamples, _ steps: Int, _ anchor: Int64, _ lookback: Int64,
        _ facet: SampleFacet
    ) {
        for step in 0..<steps {
            let time = anchor &+ Int64(step) &* grid.stepMs
            let float = series.timesMs.lastIndex { $0 <= time }
            let other = series.histogramTimesMs.lastIndex { $0 <= time }
            let floatTime = float.map { series.timesMs[$0] } ?? .min
            let otherTime = other.map { series.histogramTimesMs[$0] } ?? .min
            guard max(floatTime, otherTime) >= time - lookback else { continue }
            if let other, otherTime >= floatTime {
                guard !series.histograms[other].isStale else { continue }
                switch facet {
                case .value: column.set(series.histograms[other], at: step)
                case .time: column.values[step] = Double(otherTime) / 1000
                case .start:
                    guard !series.histogramStartTimesMs.isEmpty else { continue }
                    column.values[step] = Double(series.histogramStartTimesMs[other]) / 1000
                }
            } else if let float {
                guard !StaleMarker.matches(series.values[float]) else { continue }
                switch facet {
                case .value: column.values[step] = series.values[float]
                case .time: column.values[step] = Double(floatTime) / 1000
                case .start:
                    guard !series.startTimesMs.isEmpty else { continue }
                    column.values[step] = Double(series.startTimesMs[float]) / 1000
                }
            }
        }
    }

    /// The windows of a range selector or subquery on this grid.
    struct Windows {
        /// End of the first window (Unix milliseconds, included).
        let anchorMs: Int64
        let stepMs: Int64
        /// Whether all windows are the first one.
        let fixed: Bool
        let rangeMs: Int64
        /// Whether the lower bound belongs to a window.
        let closed: Bool
        let count: Int

        @inline(__always)
        func end(_ step: Int) -> Int64 { fixed ? anchorMs : anchorMs &+ Int64(step) &* stepMs }

        @inline(__always)
        func start(_ step: Int) -> Int64 { end(step) &- rangeMs }
    }

    /// Calls `body` for each series of a range vector, stale samples removed, in the order of labels.
    func forEachRange(
        _ expr: Expr, _ body: (_ labels: Labels, _ dropsName: Bool, SampleView, Windows) throws -> Void
    ) throws {
        switch expr.kind {
        case .parentheses(let inner): try forEachRange(inner, body)
        case .range(let selector, let duration):
            let windows = try windows(selector.modifiers, duration)
            let last = windows.end(grid.count - 1)
            let first = windows.anchorMs - windows.rangeMs + (windows.closed ? 0 : 1)
            try context.source.select(selector.matchers, startMs: first, endMs: last) { series in
                try context.charge(grid.count)
                if series.values.contains(where: StaleMarker.matches) || series.histograms.contains(where: \.isStale) {
                    let live = series.withoutStaleMarkers
                    try SampleView.with(live) { try body(live.labels, false, $0, windows) }
                } else {
                    let labels = series.labels
                    try SampleView.with(series) { try body(labels, false, $0, windows) }
                }
            }
        case .subquery(let subquery):
            let windows = try windows(subquery.modifiers, subquery.range)
            let step =
                try subquery.step.map { try milliseconds($0, positive: true) } ?? context.options.defaultSubqueryStepMs
            guard step > 0 else { throw PromQLError.execution("subquery step must be at least a millisecond") }
            let lower = windows.anchorMs - windows.rangeMs
            // The steps are multiples of the step since the epoch; division truncates towards zero, as Go's does.
            var first = step * (lower / step)
            if windows.closed ? first < lower : first <= lower { first += step }
            let last = windows.end(grid.count - 1)
            guard last >= first else { return }
            let count = (last - first) / step + 1
            guard count <= Int64(context.options.maxSamples) else {
                throw PromQLError.execution(
                    "query processing would load too many samples into memory in query execution")
            }
            let inner = Evaluator(context: context, grid: Grid(startMs: first, stepMs: step, count: Int(count)))
            try inner.context.charge(Int(count))
            let columns = try inner.vector(subquery.inner)
            for column in delaysNames ? columns : try inner.merged(columns) {
                try context.charge(grid.count)
                var samples = inner.samples(of: column)
                guard !samples.isEmpty else { continue }
                // Samples between those of the subquery are not seen, so their hints about resets cannot be trusted.
                for index in samples.histograms.indices where samples.histograms[index].resetHint != .gauge {
                    samples.histograms[index].resetHint = .unknown
                }
                try SampleView.with(samples) { try body(column.labels, column.dropsName, $0, windows) }
            }
        default: throw PromQLError.execution("expected a range vector, got \(expr.type.rawValue)")
        }
    }

    private func windows(_ modifiers: TimeModifiers, _ duration: RangeDuration) throws -> Windows {
        let (anchor, fixed) = try reference(modifiers)
        return Windows(
            anchorMs: anchor, stepMs: grid.stepMs, fixed: fixed, rangeMs: try milliseconds(duration, positive: true),
            closed: isV2, count: grid.count)
    }

    /// The samples of a range vector at the grid's first step, for an instant query of that type.
    func matrix(_ expr: Expr) throws -> [MatrixSeries] {
        if case .range(let selector, let duration) = expr.unwrapped.kind, selector.edges != .plain {
            return try edgedMatrix(selector, duration)
        }
        var found: [MatrixSeries] = []
        try forEachRange(expr) { labels, dropsName, view, windows in
            var cursor = WindowCursor()
            cursor.advance(view, windows, 0)
            var series = SeriesSamples(
                labels: dropsName ? labels.withoutMetadata : labels,
                timesMs: Array(view.times[cursor.low..<cursor.high]),
                values: Array(view.values[cursor.low..<cursor.high]))
            if view.hasMore {
                let window = MixedWindow(view, windows, 0)
                series.histogramTimesMs = Array(view.histogramTimes[window.histograms])
                series.histograms = Array(view.histograms[window.histograms])
            }
            if !series.isEmpty { found.append(series) }
        }
        return found
    }
}

/// Borrowed columns of one series.
struct SampleView {
    let times: UnsafeBufferPointer<Int64>
    let values: UnsafeBufferPointer<Double>
    /// When the counters began; empty when no sample tells.
    var startTimes: [Int64] = []
    var histogramTimes: [Int64] = []
    var histograms: [NativeHistogram] = []
    var histogramStartTimes: [Int64] = []

    /// Whether there is more than times and values.
    @inline(__always)
    var hasMore: Bool { !histograms.isEmpty || !startTimes.isEmpty }

    @inline(__always)
    var count: Int { times.count }

    static func with<R>(_ series: borrowing SeriesSamples, _ body: (SampleView) throws -> R) rethrows -> R {
        try series.timesMs.withUnsafeBufferPointer { times in
            try series.values.withUnsafeBufferPointer { values in
                var view = SampleView(times: times, values: values)
                if !series.startTimesMs.isEmpty { view.startTimes = series.startTimesMs }
                if !series.histograms.isEmpty {
                    view.histogramTimes = series.histogramTimesMs
                    view.histograms = series.histograms
                    view.histogramStartTimes = series.histogramStartTimesMs
                }
                return try body(view)
            }
        }
    }
}

/// The samples `low..<high` of a view that lie in a window. Moves forward only, so a range query reads each sample once.
struct WindowCursor {
    private(set) var low = 0
    private(set) var high = 0

    @inline(__always)
    mutating func advance(_ view: SampleView, _ windows: Evaluator.Windows, _ step: Int) {
        let end = windows.end(step)
        let start = windows.closed ? end &- windows.rangeMs : end &- windows.rangeMs &+ 1
        while high < view.count, view.times[high] <= end { high &+= 1 }
        while low < high, view.times[low] < start { low &+= 1 }
    }
}
