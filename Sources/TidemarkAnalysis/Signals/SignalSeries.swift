/// A signal's values for one instance on a grid. A step without evidence is nil.
public struct SignalSeries: Sendable {
    public let signal: Signal
    /// Replica, GPU or host; ``fleet`` for all together.
    public let instance: String
    /// `metrics`, `log`, `spans`, `gateway` or `nvidia-smi`.
    public let origin: String
    /// PromQL, or table and column.
    public let expression: String
    public var values: [Double?]
    /// Which counters the exact figures are made of; nil: the values themselves are averaged.
    var exact: ExactWay?

    public static let fleet = "fleet"

    init(
        signal: Signal, instance: String, origin: String, expression: String, values: [Double?], exact: ExactWay? = nil
    ) {
        self.signal = signal
        self.instance = instance
        self.origin = origin
        self.expression = expression
        self.values = values
        self.exact = exact
    }

    /// How a figure over a stretch of time is computed without extrapolation.
    enum ExactWay: Sendable {
        case increase(String)
        case ratio(String, String)
        case quantile(Double, String)
        case mean(String)
        /// From the spans themselves; without a quantile the mean.
        case spans(SpanMeasure, Double?)
        /// From a gateway's requests: a quantile, a share of them.
        case gateway(GatewayMeasure, Double)
        case gatewayShare(GatewayCount)
    }

    public var hasValues: Bool { values.contains { $0 != nil } }
}

/// All signals of one analysis, by name and instance.
public struct SignalTable: Sendable {
    public let grid: TimeGrid
    public private(set) var series: [SignalSeries] = []
    private var places: [String: [String: Int]] = [:]

    public init(grid: TimeGrid) { self.grid = grid }

    public mutating func add(_ one: SignalSeries) {
        guard one.hasValues else { return }
        places[one.signal.name, default: [:]][one.instance] = series.count
        series.append(one)
    }

    public subscript(name: String, instance: String) -> SignalSeries? {
        places[name]?[instance].map { series[$0] }
    }

    /// Values of a signal of an instance; nil when the signal has no evidence there.
    public func values(_ name: String, _ instance: String = SignalSeries.fleet) -> [Double?]? {
        self[name, instance]?.values
    }

    /// Instances (without the fleet) for which a signal has evidence, sorted.
    public func instances(of name: String) -> [String] {
        (places[name] ?? [:]).keys.filter { $0 != SignalSeries.fleet }.sorted()
    }
}
