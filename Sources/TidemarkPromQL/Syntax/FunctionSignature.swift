/// What a function takes and gives (`promql/parser/functions.go`).
public struct FunctionSignature: Sendable {
    public let name: String
    /// Types of the arguments; the last one also stands for all optional ones.
    public let arguments: [PromQLType]
    /// 0: exactly these arguments. n: the last is optional and may occur up to n times. -1: any number of times.
    public let variadic: Int
    public let returns: PromQLType
    /// Whether Prometheus 3.x wants its experimental parser option for it.
    public let isExperimental: Bool

    private init(
        _ name: String, _ arguments: [PromQLType], variadic: Int = 0, returns: PromQLType = .instantVector,
        experimental: Bool = false
    ) {
        self.name = name
        self.arguments = arguments
        self.variadic = variadic
        self.returns = returns
        isExperimental = experimental
    }

    /// All functions by name.
    public static let all: [String: FunctionSignature] = {
        var table: [String: FunctionSignature] = [:]
        func add(_ signature: FunctionSignature) { table[signature.name] = signature }
        for name in [
            "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp",
            "floor", "histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum", "ln",
            "log10", "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan", "tanh", "timestamp",
        ] { add(.init(name, [.instantVector])) }
        for name in [
            "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "first_over_time",
            "idelta", "increase", "irate", "last_over_time", "max_over_time", "min_over_time", "present_over_time",
            "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time",
        ] { add(.init(name, [.rangeVector])) }
        for name in [
            "mad_over_time", "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time",
            "ts_of_min_over_time",
        ] { add(.init(name, [.rangeVector], experimental: true)) }
        for name in [
            "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
        ] { add(.init(name, [.instantVector], variadic: 1)) }
        for name in ["start", "end", "range", "step"] { add(.init(name, [], returns: .scalar, experimental: true)) }
        for name in ["sort_by_label", "sort_by_label_desc"] {
            add(.init(name, [.instantVector, .string], variadic: -1, experimental: true))
        }
        add(.init("clamp", [.instantVector, .scalar, .scalar]))
        add(.init("clamp_max", [.instantVector, .scalar]))
        add(.init("clamp_min", [.instantVector, .scalar]))
        add(.init("double_exponential_smoothing", [.rangeVector, .scalar, .scalar], experimental: true))
        add(.init("histogram_fraction", [.scalar, .scalar, .instantVector]))
        add(.init("histogram_quantile", [.scalar, .instantVector]))
        add(
            .init("histogram_quantiles", [.instantVector, .string, .scalar, .scalar], variadic: 9, experimental: true))
        add(.init("holt_winters", [.rangeVector, .scalar, .scalar]))
        add(.init("info", [.instantVector, .instantVector], variadic: 1, experimental: true))
        add(.init("label_join", [.instantVector, .string, .string, .string], variadic: -1))
        add(.init("label_replace", [.instantVector, .string, .string, .string, .string]))
        for name in ["min_of", "max_of"] {
            add(.init(name, [.scalar, .scalar], returns: .scalar, experimental: true))
        }
        add(.init("pi", [], returns: .scalar))
        add(.init("predict_linear", [.rangeVector, .scalar]))
        add(.init("quantile_over_time", [.scalar, .rangeVector]))
        add(.init("round", [.instantVector, .scalar], variadic: 1))
        add(.init("scalar", [.instantVector], returns: .scalar))
        add(.init("start_timestamp", [.instantVector], experimental: true))
        add(.init("time", [], returns: .scalar))
        add(.init("vector", [.scalar]))
        return table
    }()
}
