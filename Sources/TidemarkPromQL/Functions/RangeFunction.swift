import TidemarkSeries

/// A function of the samples in a window.
protocol RangeFunction {
    /// Whether the value depends on the time of evaluation and not only on the samples.
    var dependsOnTime: Bool { get }
    /// Prepares for the windows of one series, which come in ascending order.
    mutating func begin(_ view: SampleView)
    /// The value for the samples `low..<high` (at least one), or ``Absent``.
    mutating func value(
        _ view: SampleView, _ low: Int, _ high: Int, _ step: Int, _ windows: Evaluator.Windows
    ) -> Double
}

extension RangeFunction {
    var dependsOnTime: Bool { false }
    mutating func begin(_ view: SampleView) {}
}

/// A range function that needs nothing but the values.
struct ValuesFunction: RangeFunction {
    let body: (UnsafeBufferPointer<Double>) -> Double

    init(_ body: @escaping (UnsafeBufferPointer<Double>) -> Double) { self.body = body }

    func value(
        _ view: SampleView, _ low: Int, _ high: Int, _ step: Int, _ windows: Evaluator.Windows
    ) -> Double {
        body(UnsafeBufferPointer(rebasing: view.values[low..<high]))
    }
}

/// The value of a window.
enum WindowValue {
    case none
    case float(Double)
    case histogram(NativeHistogram)
}

/// A range function of samples of both kinds; the labels are for remarks.
typealias MixedFunction = (MixedWindow, Labels) -> WindowValue

extension Column {
    mutating func set(_ value: WindowValue, at step: Int) {
        switch value {
        case .none: break
        case .float(let value): values[step] = value
        case .histogram(let histogram): set(histogram, at: step)
        }
    }
}

extension Evaluator {
    /// Applies a range function to each series of a range vector.
    /// - Parameter mixed: what to do for series with histograms or start times; without it, the function sees the
    ///   floats only, and a remark is made where there were histograms among them.
    func overRange<F: RangeFunction>(
        _ expr: Expr, keepsName: Bool = false, _ function: F, mixed: MixedFunction? = nil
    ) throws -> [Column] {
        var function = function
        var columns: [Column] = []
        try forEachRange(expr) { labels, dropsName, view, windows in
            if view.hasMore {
                var column = Column(
                    labels: labels, values: [Double](repeating: Absent.value, count: grid.count), dropsName: dropsName)
                function.begin(view)
                for step in 0..<grid.count {
                    let window = MixedWindow(view, windows, step)
                    guard !window.isEmpty else { continue }
                    if let mixed {
                        column.set(mixed(window, labels), at: step)
                    } else if !window.floats.isEmpty {
                        if window.isMixed { noteIgnoredHistograms(labels, expr) }
                        column.values[step] = function.value(
                            view, window.floats.lowerBound, window.floats.upperBound, step, windows)
                    }
                }
                if !column.isEmpty { columns.append(named(column, keepsName)) }
                return
            }
            var values = [Double](repeating: Absent.value, count: grid.count)
            var any = false
            function.begin(view)
            let once = windows.fixed && !function.dependsOnTime
            values.withUnsafeMutableBufferPointer { out in
                var cursor = WindowCursor()
                for step in 0..<(once ? 1 : grid.count) {
                    cursor.advance(view, windows, step)
                    guard cursor.high > cursor.low else { continue }
                    let value = function.value(view, cursor.low, cursor.high, step, windows)
                    out[step] = value
                    if !Absent.matches(value) { any = true }
                }
                if once { for step in 1..<max(grid.count, 1) { out[step] = out[0] } }
            }
            guard any else { return }
            columns.append(named(Column(labels: labels, values: values, dropsName: dropsName), keepsName))
        }
        try checkDistinct(columns, keepsName)
        return columns
    }

    /// The result of a range function without the metric's name, unless the function keeps it.
    func named(_ column: Column, _ keepsName: Bool) -> Column {
        guard !keepsName else { return column }
        var column = column
        if delaysNames { column.dropsName = true } else { column.labels = column.labels.withoutMetadata }
        return column
    }

    /// Prometheus refuses equal label sets of range functions even when they have no step in common.
    func checkDistinct(_ columns: [Column], _ keepsName: Bool) throws {
        guard !keepsName, !delaysNames, columns.count > 1 else { return }
        var seen: Set<Labels> = []
        for column in columns where !seen.insert(column.labels).inserted {
            throw PromQLError.execution("vector cannot contain metrics with the same labelset")
        }
    }

    func noteIgnoredHistograms(_ labels: Labels, _ expr: Expr) {
        context.inform(
            "ignored histograms in a range containing both floats and histograms for metric name \"\(labels.name)\"",
            expr)
    }
}
