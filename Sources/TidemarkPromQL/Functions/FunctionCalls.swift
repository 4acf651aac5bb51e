#if canImport(Glibc)
    import Glibc
#endif
import TidemarkSeries

extension Evaluator {
    /// The value of a function that gives an instant vector.
    func call(_ function: FunctionSignature, _ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        if let body = Self.mathematics[function.name] { return try unnamed(mapped(try vector(arguments[0]), body)) }
        if function.arguments.first == .rangeVector || function.name == "quantile_over_time" {
            return try rangeCall(function.name, arguments, expr)
        }
        if let part = DatePart(rawValue: function.name) { return try datePart(part, arguments) }
        switch function.name {
        case "absent": return try absent(arguments[0])
        case "vector":
            return [Column(labels: Labels(), values: try scalar(arguments[0]))]
        case "timestamp": return try timestamp(arguments[0])
        case "start_timestamp":
            guard case .selector(let selector) = arguments[0].unwrapped.kind, selector.edges == .plain else {
                return []
            }
            return try unnamed(try instantVector(selector, .start))
        case "round":
            let unit = arguments.count > 1 ? try scalar(arguments[1]) : nil
            return try unnamed(
                mappedSteps(try vector(arguments[0])) { value, step in
                    // Multiplying by the inverse rounds the way Prometheus does.
                    let inverse = 1 / (unit?[step] ?? 1)
                    return (value * inverse + 0.5).rounded(.down) / inverse
                })
        case "clamp", "clamp_min", "clamp_max": return try clamp(function.name, arguments)
        case "sort", "sort_desc":
            noteRangeSort(expr)
            return sorted(try vector(arguments[0]), descending: function.name == "sort_desc")
        case "sort_by_label", "sort_by_label_desc":
            noteRangeSort(expr)
            return sorted(
                try vector(arguments[0]), byLabels: try arguments.dropFirst().map(string),
                descending: function.name == "sort_by_label_desc")
        case "label_replace": return try labelReplace(arguments)
        case "label_join": return try labelJoin(arguments)
        case "histogram_quantile": return try histogramQuantile(arguments, expr)
        case "histogram_quantiles": return try histogramQuantiles(arguments, expr)
        case "histogram_fraction": return try histogramFraction(arguments, expr)
        case "histogram_count", "histogram_sum", "histogram_avg", "histogram_stddev", "histogram_stdvar":
            return try histogramFigure(function.name, arguments[0])
        case "info": return try info(arguments, expr)
        default: throw PromQLError.execution("function \"\(function.name)\" is not supported")
        }
    }

    /// The value of a function that gives a scalar.
    func scalarCall(_ function: FunctionSignature, _ arguments: [Expr]) throws -> [Double] {
        try context.charge(grid.count)
        switch function.name {
        case "time": return (0..<grid.count).map { Double(grid.time($0)) / 1000 }
        case "min_of", "max_of":
            let second = try scalar(arguments[1])
            return zip(try scalar(arguments[0]), second).map { a, b in
                if a.isNaN || b.isNaN { return .nan }
                return function.name == "min_of" ? min(a, b) : max(a, b)
            }
        case "scalar":
            let columns = try vector(arguments[0])
            return (0..<grid.count).map { step in
                var found: Double?
                for column in columns where !Absent.matches(column.values[step]) {
                    guard found == nil else { return .nan }
                    found = column.values[step]
                }
                return found ?? .nan
            }
        default:
            let value =
                switch function.name {
                case "pi": Double.pi
                case "start": Double(context.startMs) / 1000
                case "end": Double(context.endMs) / 1000
                case "step": Double(context.stepMs) / 1000
                default: Double(context.endMs - context.startMs) / 1000
                }
            return [Double](repeating: value, count: grid.count)
        }
    }

    private static let mathematics: [String: @Sendable (Double) -> Double] = [
        "abs": { abs($0) }, "ceil": { $0.rounded(.up) }, "floor": { $0.rounded(.down) }, "exp": { exp($0) },
        "sqrt": { $0.squareRoot() }, "ln": { log($0) }, "log2": { log2($0) }, "log10": { log10($0) },
        "sgn": { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }, "deg": { $0 * 180 / .pi }, "rad": { $0 * .pi / 180 },
        "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) }, "asin": { asin($0) }, "acos": { acos($0) },
        "atan": { atan($0) }, "sinh": { sinh($0) }, "cosh": { cosh($0) }, "tanh": { tanh($0) },
        "asinh": { asinh($0) }, "acosh": { acosh($0) }, "atanh": { atanh($0) },
    ]

    private func rangeCall(_ name: String, _ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        let range = arguments[0]
        if let selector = edged(range) { return try edgedCall(name, selector.selector, selector.range, expr, range) }
        switch name {
        case "rate", "increase", "delta":
            let change = ExtrapolatedChange(isCounter: name != "delta", perSecond: name == "rate", older: isV2)
            let columns = try overRange(range, change) { self.change($0, $1, change, range) }
            if name != "delta" { noteNonCounters(columns, range) }
            return columns
        case "irate", "idelta":
            return try overRange(range, LastChange(isRate: name == "irate")) {
                lastChange($0, $1, isRate: name == "irate", expr)
            }
        case "resets": return try overRange(range, ValuesFunction.resets) { window, _ in count(window, resets: true) }
        case "changes":
            return try overRange(range, ValuesFunction.changes) { window, _ in count(window, resets: false) }
        case "sum_over_time":
            return try overRange(range, ValuesFunction.sum(compensated: true)) {
                total($0, $1, average: false, range)
            }
        case "avg_over_time":
            return try overRange(range, ValuesFunction.average) { total($0, $1, average: true, range) }
        case "min_over_time": return try overRange(range, ValuesFunction.minimum)
        case "max_over_time": return try overRange(range, ValuesFunction.maximum)
        case "count_over_time":
            return try overRange(range, ValuesFunction.count) { window, _ in
                .float(Double(window.floats.count + window.histograms.count))
            }
        case "present_over_time": return try overRange(range, ValuesFunction.present) { _, _ in .float(1) }
        case "first_over_time":
            return try overRange(range, keepsName: true, ValuesFunction.first) { window, _ in
                Self.edge(window, last: false)
            }
        case "last_over_time":
            return try overRange(range, keepsName: true, ValuesFunction.last) { window, _ in
                Self.edge(window, last: true)
            }
        case "stddev_over_time": return try overRange(range, ValuesFunction.deviation)
        case "stdvar_over_time": return try overRange(range, ValuesFunction.variance)
        case "mad_over_time": return try overRange(range, ValuesFunction.medianDeviation)
        case "ts_of_first_over_time":
            return try overRange(range, TimeOfSample(which: .first)) { window, _ in
                Self.timeOfEdge(window, last: false)
            }
        case "ts_of_last_over_time":
            return try overRange(range, TimeOfSample(which: .last)) { window, _ in
                Self.timeOfEdge(window, last: true)
            }
        case "ts_of_min_over_time": return try overRange(range, TimeOfSample(which: .least))
        case "ts_of_max_over_time": return try overRange(range, TimeOfSample(which: .most))
        case "deriv": return try overRange(range, LinearRegression(horizon: nil, grid: grid))
        case "predict_linear":
            return try overRange(range, LinearRegression(horizon: try scalar(arguments[1]), grid: grid))
        case "quantile_over_time":
            let quantiles = try scalar(arguments[0])
            let columns = try overRange(arguments[1], QuantileOverTime(quantiles))
            if !columns.isEmpty { noteQuantiles(quantiles, arguments[0]) }
            return columns
        case "double_exponential_smoothing", "holt_winters":
            let (level, trend) = (try scalar(arguments[1]), try scalar(arguments[2]))
            for (factors, word) in [(level, "smoothing"), (trend, "trend")] {
                if let bad = factors.first(where: { !($0 > 0 && $0 < 1) }) {
                    throw PromQLError.execution(
                        "invalid \(word) factor. Expected: 0 < \(word == "trend" ? "tf" : "sf") < 1, got: \(fixedText(bad))"
                    )
                }
            }
            return try overRange(range, ExponentialSmoothing(level: level, trend: trend))
        case "absent_over_time":
            var present = [Bool](repeating: false, count: grid.count)
            _ = try overRange(range, keepsName: true, PresenceMarker()) { _, _ in .float(1) }.map { column in
                for step in 0..<grid.count where !Absent.matches(column.values[step]) { present[step] = true }
            }
            return [absentColumn(range, present)]
        default: throw PromQLError.execution("function \"\(name)\" is not supported")
        }
    }

    /// Remarks on a rate of something whose name doesn't look like a counter's.
    func noteNonCounters(_ columns: [Column], _ range: Expr) {
        if !delaysNames {
            // The names are gone from the result; the selector tells them, if it does.
            guard case .range(let selector, _) = range.unwrapped.kind, columns.contains(where: \.hasFloats),
                let name = selector.matchers.first(where: { $0.name == Labels.metricName && $0.operation == .equal })
            else { return }
            noteNonCounter(name.value, range)
            return
        }
        var seen: Set<String> = []
        for column in columns where seen.insert(column.labels.name).inserted && column.hasFloats {
            noteNonCounter(column.labels.name, range)
        }
    }

    private func noteNonCounter(_ name: String, _ range: Expr) {
        guard !name.isEmpty, !["_total", "_sum", "_count", "_bucket"].contains(where: { name.hasSuffix($0) }) else {
            return
        }
        context.inform(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"\(name)\"", range)
    }

    private func noteRangeSort(_ expr: Expr) {
        guard context.endMs > context.startMs else { return }
        context.warn("sort is ineffective for range queries since results are always ordered by labels", expr)
    }

    func noteQuantiles(_ quantiles: [Double], _ expr: Expr) {
        for q in Set(quantiles.map(\.bitPattern)).map(Double.init(bitPattern:)) where !(q >= 0 && q <= 1) {
            context.warn("quantile value should be between 0 and 1, got \(goText(q))", expr)
        }
    }

    private func clamp(_ name: String, _ arguments: [Expr]) throws -> [Column] {
        let columns = try vector(arguments[0])
        let first = try scalar(arguments[1])
        let second = name == "clamp" ? try scalar(arguments[2]) : first
        // NaN in either operand spreads, as in Go's math.Min and math.Max.
        func least(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : min(a, b) }
        func most(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }
        return try unnamed(
            mappedSteps(columns) { value, step in
                switch name {
                case "clamp_min": return most(first[step], value)
                case "clamp_max": return least(first[step], value)
                default:
                    if second[step] < first[step] { return Absent.value }
                    return most(first[step], least(second[step], value))
                }
            })
    }

    private func timestamp(_ argument: Expr) throws -> [Column] {
        // Directly on a selector it is the sample's own time, else the time of evaluation.
        if case .selector(let selector) = argument.unwrapped.kind, selector.edges == .plain {
            return try unnamed(try instantVector(selector, .time))
        }
        var columns = try vector(argument)
        for index in columns.indices {
            for step in 0..<grid.count where columns[index].isPresent(step) {
                columns[index].values[step] = Double(grid.time(step)) / 1000
            }
            columns[index].histograms = []
        }
        return try unnamed(columns)
    }

    // MARK: absent

    private func absent(_ argument: Expr) throws -> [Column] {
        var present = [Bool](repeating: false, count: grid.count)
        for column in try vector(argument) {
            for step in 0..<grid.count where column.isPresent(step) { present[step] = true }
        }
        return [absentColumn(argument, present)]
    }

    private func absentColumn(_ argument: Expr, _ present: [Bool]) -> Column {
        Column(labels: Self.labelsOfAbsent(argument), values: present.map { $0 ? Absent.value : 1 })
    }

    /// The labels that the missing series would have: those that the selector fixes with exactly one `=`.
    private static func labelsOfAbsent(_ argument: Expr) -> Labels {
        let matchers: [LabelMatcher]
        switch argument.unwrapped.kind {
        case .selector(let selector), .range(let selector, _): matchers = selector.matchers
        default: return Labels()
        }
        var values: [String: String] = [:]
        var fixed: Set<String> = []
        for matcher in matchers where matcher.name != Labels.metricName {
            let first = matcher.operation == .equal && fixed.insert(matcher.name).inserted
            values[matcher.name] = first ? matcher.value : nil
        }
        return Labels(values.map { Labels.Label($0.key, $0.value) })
    }
}

/// Marks windows that hold a sample; unlike a real value it can never be ``Absent``.
private struct PresenceMarker: RangeFunction {
    func value(
        _ view: SampleView, _ low: Int, _ high: Int, _ step: Int, _ windows: Evaluator.Windows
    ) -> Double { 1 }
}
