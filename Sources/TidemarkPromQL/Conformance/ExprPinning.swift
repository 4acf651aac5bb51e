import TidemarkSeries

extension Expr {
    /// Functions whose value depends on the time of evaluation even when all their selectors are pinned.
    private static let timely: Set<String> = [
        "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year",
        "predict_linear", "time", "timestamp", "start_timestamp", "info", "start", "end", "range", "step",
    ]

    /// The expression with every selector and subquery that has no time of its own pinned to one by `@`; selectors
    /// inside subqueries stay. nil when the value would still depend on the time of evaluation.
    func pinned(atMs time: Int64) -> Expr? {
        func pinned(_ modifiers: TimeModifiers) -> TimeModifiers {
            var modifiers = modifiers
            if case .time = modifiers.at { return modifiers }
            modifiers.at = .time(time)
            return modifiers
        }
        let kind: Kind
        switch self.kind {
        case .number, .string: return self
        case .selector(var selector):
            selector.modifiers = pinned(selector.modifiers)
            kind = .selector(selector)
        case .range(var selector, let duration):
            selector.modifiers = pinned(selector.modifiers)
            kind = .range(selector, duration)
        case .subquery(var subquery):
            guard !subquery.inner.isTimely else { return nil }
            subquery.modifiers = pinned(subquery.modifiers)
            kind = .subquery(subquery)
        case .call(let function, let arguments):
            guard !Self.timely.contains(function.name) else { return nil }
            let inner = arguments.compactMap { $0.pinned(atMs: time) }
            guard inner.count == arguments.count else { return nil }
            kind = .call(function, inner)
        case .aggregation(var aggregation):
            guard let inner = aggregation.inner.pinned(atMs: time) else { return nil }
            aggregation.inner = inner
            if let parameter = aggregation.parameter {
                guard let pinned = parameter.pinned(atMs: time) else { return nil }
                aggregation.parameter = pinned
            }
            kind = .aggregation(aggregation)
        case .binary(var binary):
            guard let left = binary.left.pinned(atMs: time), let right = binary.right.pinned(atMs: time) else {
                return nil
            }
            (binary.left, binary.right) = (left, right)
            kind = .binary(binary)
        case .negation(let inner):
            guard let pinned = inner.pinned(atMs: time) else { return nil }
            kind = .negation(pinned)
        case .parentheses(let inner):
            guard let pinned = inner.pinned(atMs: time) else { return nil }
            kind = .parentheses(pinned)
        }
        return Expr(kind: kind, start: start, end: end, height: height)
    }

    /// Whether such a function stands anywhere inside.
    private var isTimely: Bool {
        switch kind {
        case .number, .string, .selector, .range: false
        case .subquery(let subquery): subquery.inner.isTimely
        case .call(let function, let arguments):
            Self.timely.contains(function.name) || arguments.contains { $0.isTimely }
        case .aggregation(let aggregation): aggregation.inner.isTimely || aggregation.parameter?.isTimely ?? false
        case .binary(let binary): binary.left.isTimely || binary.right.isTimely
        case .negation(let inner), .parentheses(let inner): inner.isTimely
        }
    }
}
