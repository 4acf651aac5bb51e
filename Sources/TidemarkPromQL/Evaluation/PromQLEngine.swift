import TidemarkSeries

/// Evaluates PromQL over a source of series.
///
/// A range query is evaluated once per node, not once per step: every selector reads its samples once, in order.
public struct PromQLEngine {
    public let source: any SeriesSource
    public var options: PromQLOptions

    public init(source: any SeriesSource, options: PromQLOptions = PromQLOptions()) {
        self.source = source
        self.options = options
    }

    /// Evaluates `query` at one time (Unix milliseconds).
    /// - Throws: ``PromQLError``, or what the source throws.
    public func instant(_ query: String, timeMs: Int64) throws -> PromQLAnswer {
        try instant(PromQLParser.parse(query, experimental: options.experimental), text: query, timeMs: timeMs)
    }

    /// As ``instant(_:timeMs:)`` for a query that is already parsed; `text` is for messages.
    public func instant(_ expr: Expr, text: String, timeMs: Int64) throws -> PromQLAnswer {
        try Self.check(timeMs)
        let context = QueryContext(
            source: source, options: options, text: text, startMs: timeMs, endMs: timeMs, stepMs: 0)
        let evaluator = Evaluator(context: context, grid: Grid(startMs: timeMs, stepMs: 1, count: 1))
        let value: PromQLValue
        switch expr.type {
        case .string: value = .string(timeMs: timeMs, try evaluator.string(expr))
        case .scalar: value = .scalar(Sample(timeMs: timeMs, value: try evaluator.scalar(expr)[0]))
        case .instantVector:
            let columns = try evaluator.finished(evaluator.vector(expr))
            value = .vector(
                columns.map {
                    VectorSample(labels: $0.labels, timeMs: timeMs, value: $0.values[0], histogram: $0.histogram(0))
                })
        case .rangeVector: value = .matrix(try evaluator.matrix(expr))
        }
        return answer(value, context)
    }

    /// Evaluates `query` at `startMs`, `startMs + stepMs`, … up to and including `endMs` (Unix milliseconds).
    /// - Throws: ``PromQLError``, or what the source throws.
    public func range(_ query: String, startMs: Int64, endMs: Int64, stepMs: Int64) throws -> PromQLAnswer {
        try range(
            PromQLParser.parse(query, experimental: options.experimental), text: query, startMs: startMs, endMs: endMs,
            stepMs: stepMs)
    }

    /// As ``range(_:startMs:endMs:stepMs:)`` for a query that is already parsed; `text` is for messages.
    public func range(
        _ expr: Expr, text: String, startMs: Int64, endMs: Int64, stepMs: Int64
    ) throws -> PromQLAnswer {
        try Self.check(startMs)
        try Self.check(endMs)
        guard stepMs > 0 else {
            throw PromQLError(
                .badData, "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        guard endMs >= startMs else { throw PromQLError(.badData, "end timestamp must not be before start time") }
        guard (endMs - startMs) / stepMs < options.maxPoints else {
            throw PromQLError(
                .badData,
                "exceeded maximum resolution of \(options.maxPoints) points per timeseries; try decreasing the query resolution (step)"
            )
        }
        guard expr.type == .scalar || expr.type == .instantVector else {
            throw PromQLError(
                .badData,
                "invalid expression type \"\(expr.type.rawValue)\" for range query, must be Scalar or instant Vector")
        }
        let grid = Grid(startMs: startMs, stepMs: stepMs, count: Int((endMs - startMs) / stepMs) + 1)
        let context = QueryContext(
            source: source, options: options, text: text, startMs: startMs, endMs: endMs, stepMs: stepMs)
        let evaluator = Evaluator(context: context, grid: grid)
        if expr.type == .scalar {
            let values = try evaluator.scalar(expr)
            let series = SeriesSamples(labels: Labels(), timesMs: (0..<grid.count).map(grid.time), values: values)
            return answer(.matrix([series]), context)
        }
        let columns = try evaluator.finished(evaluator.vector(expr))
        let series = columns.compactMap { column in
            let samples = evaluator.samples(of: column)
            return samples.isEmpty ? nil : samples
        }
        return answer(.matrix(series.sorted { $0.labels < $1.labels }), context)
    }

    private func answer(_ value: PromQLValue, _ context: QueryContext) -> PromQLAnswer {
        PromQLAnswer(value: value, warnings: context.warnings.sorted(), infos: context.infos.sorted())
    }

    /// Times so far away that calculations with them could overflow are refused.
    private static func check(_ timeMs: Int64) throws(PromQLError) {
        guard abs(timeMs / 2) < Int64.max / 8 else { throw PromQLError(.badData, "timestamp out of range") }
    }
}
