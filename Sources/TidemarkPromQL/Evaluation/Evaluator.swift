import TidemarkSeries

/// Evaluates expressions at all steps of a grid. The methods for selectors, operators, aggregations and functions are
/// in extensions, a file each.
struct Evaluator {
    let context: QueryContext
    let grid: Grid

    var isV2: Bool { context.options.compat == .v2 }
    var delaysNames: Bool { context.options.delayedNameRemoval }

    func vector(_ expr: Expr) throws -> [Column] {
        switch expr.kind {
        case .selector(let selector): return try instantVector(selector)
        case .call(let function, let arguments): return try call(function, arguments, expr)
        case .aggregation(let aggregation): return try aggregate(aggregation, expr)
        case .binary(let binary): return try binaryVector(binary, expr)
        case .negation(let inner):
            let columns = try vector(inner)
            var results = mapped(columns) { -$0 }
            for index in columns.indices where !columns[index].histograms.isEmpty {
                results[index].histograms = columns[index].histograms.map { $0?.multiplied(by: -1) }
            }
            return try unnamed(results)
        case .parentheses(let inner): return try vector(inner)
        case .number, .string, .range, .subquery:
            throw PromQLError.execution("expected an instant vector, got \(expr.type.rawValue)")
        }
    }

    /// One value a step.
    func scalar(_ expr: Expr) throws -> [Double] {
        switch expr.kind {
        case .number(let value):
            try context.charge(grid.count)
            return [Double](repeating: value, count: grid.count)
        case .parentheses(let inner): return try scalar(inner)
        case .negation(let inner): return try scalar(inner).map { -$0 }
        case .binary(let binary):
            var left = try scalar(binary.left)
            let right = try scalar(binary.right)
            for index in left.indices {
                left[index] =
                    binary.operation.isComparison
                    ? binary.operation.compare(left[index], right[index]) ? 1 : 0
                    : binary.operation.arithmetic(left[index], right[index])
            }
            return left
        case .call(let function, let arguments): return try scalarCall(function, arguments)
        default: throw PromQLError.execution("expected a scalar, got \(expr.type.rawValue)")
        }
    }

    func string(_ expr: Expr) throws -> String {
        guard case .string(let text) = expr.unwrapped.kind else {
            throw PromQLError.execution("expected a string, got \(expr.type.rawValue)")
        }
        return text
    }

    /// An expression as it stands in the query.
    func sourceText(_ expr: Expr) -> String {
        String(decoding: Array(context.text.utf8)[expr.start..<max(expr.start, expr.end)], as: UTF8.self)
    }

    // MARK: names and duplicates

    /// The columns without their metric names, or marked so when names are dropped late.
    func unnamed(_ columns: [Column]) throws -> [Column] {
        var columns = columns
        for index in columns.indices {
            if delaysNames {
                columns[index].dropsName = true
            } else {
                columns[index].labels = columns[index].labels.withoutMetadata
            }
        }
        return delaysNames ? columns : try merged(columns)
    }

    /// Columns with equal labels put together.
    /// - Throws: when two have a value at the same step.
    func merged(_ columns: [Column]) throws -> [Column] {
        guard columns.count > 1 else { return columns }
        var places: [Labels: Int] = [:]
        places.reserveCapacity(columns.count)
        var kept: [Column] = []
        kept.reserveCapacity(columns.count)
        for column in columns {
            guard let place = places[column.labels] else {
                places[column.labels] = kept.count
                kept.append(column)
                continue
            }
            for step in 0..<grid.count where column.isPresent(step) {
                guard !kept[place].isPresent(step) else {
                    throw PromQLError.execution("vector cannot contain metrics with the same labelset")
                }
                kept[place].copy(column, step)
            }
        }
        return kept
    }

    /// What a query delivers: late names dropped, equal series merged, empty ones gone.
    func finished(_ columns: [Column]) throws -> [Column] {
        var columns = columns
        if delaysNames {
            for index in columns.indices where columns[index].dropsName {
                columns[index].labels = columns[index].labels.withoutMetadata
                columns[index].dropsName = false
            }
        }
        return try merged(columns).filter { !$0.isEmpty }
    }

    // MARK: helpers

    /// Every float put through `body`, which may also give ``Absent``; histograms are left out.
    @inline(__always)
    func mapped(_ columns: [Column], _ body: (Double) -> Double) -> [Column] {
        var columns = columns
        for index in columns.indices {
            columns[index].histograms = []
            columns[index].values.withUnsafeMutableBufferPointer { values in
                for step in values.indices where !Absent.matches(values[step]) { values[step] = body(values[step]) }
            }
        }
        return columns
    }

    /// As ``mapped(_:_:)`` with the number of the step.
    @inline(__always)
    func mappedSteps(_ columns: [Column], _ body: (Double, Int) -> Double) -> [Column] {
        var columns = columns
        for index in columns.indices {
            columns[index].histograms = []
            columns[index].values.withUnsafeMutableBufferPointer { values in
                for step in values.indices where !Absent.matches(values[step]) {
                    values[step] = body(values[step], step)
                }
            }
        }
        return columns
    }

    func absentColumn(_ labels: Labels) throws -> Column {
        try context.charge(grid.count)
        return Column(labels: labels, values: [Double](repeating: Absent.value, count: grid.count))
    }

    /// The present values of a column as samples.
    func samples(of column: Column) -> SeriesSamples {
        var samples = SeriesSamples(labels: column.labels)
        for step in 0..<grid.count where !Absent.matches(column.values[step]) {
            samples.timesMs.append(grid.time(step))
            samples.values.append(column.values[step])
        }
        for (step, histogram) in column.histograms.enumerated() {
            guard let histogram else { continue }
            samples.histogramTimesMs.append(grid.time(step))
            samples.histograms.append(histogram)
        }
        return samples
    }

    /// A length of time in milliseconds.
    func milliseconds(_ duration: RangeDuration, positive: Bool) throws -> Int64 {
        let seconds = duration.seconds(
            step: Double(context.stepMs) / 1000, range: Double(context.endMs - context.startMs) / 1000)
        guard let seconds else { throw PromQLError.execution("division by zero in a duration") }
        guard seconds.isFinite, abs(seconds) < 9_223_372_036 else {
            throw PromQLError.execution("duration out of range")
        }
        guard !positive || seconds > 0 else { throw PromQLError.execution("duration must be greater than 0") }
        // Towards zero, as Go converts; a rounding error of the product doesn't count.
        return Int64((seconds * 1000 + (seconds < 0 ? -1e-6 : 1e-6)).rounded(.towardZero))
    }

    /// The time that a selector with these modifiers refers to at a step is `anchor + (fixed ? 0 : step * stepMs)`.
    func reference(_ modifiers: TimeModifiers) throws -> (anchorMs: Int64, fixed: Bool) {
        let offset = try modifiers.offset.map { try milliseconds($0, positive: false) } ?? 0
        let base: Int64
        switch modifiers.at {
        case nil: base = grid.startMs
        case .time(let time): base = time
        case .start: base = context.startMs
        case .end: base = context.endMs
        }
        let (anchor, overflow) = base.subtractingReportingOverflow(offset)
        guard !overflow, abs(anchor / 2) < Int64.max / 4 else { throw PromQLError.execution("time out of range") }
        return (anchor, modifiers.at != nil)
    }
}
