import TidemarkBase
import TidemarkPromQL
import TidemarkSeries
import TidemarkStore

/// Computes signals of one period on a grid, from the best origin that has evidence.
struct SignalEvaluator {
    let store: Store
    let period: Int
    let source: StoreSeries
    let fleet: Fleet
    let grid: TimeGrid
    /// Range of `rate` in expressions: four scrapes at least, so that one lost scrape leaves a rate.
    let rateWindowMs: Int64
    /// How old a sample may be: as PromQL has it, and of sparser evidence two samples' distance.
    private let lookbackMs: Int64
    let variables: [String: String]
    private let log: LogSignals
    private let configuration: Configuration
    let spans: SpanSignals
    let gateways: GatewaySignals

    /// - Parameter intervalMs: usual distance of the samples.
    init(
        store: Store, period: Int, source: StoreSeries, fleet: Fleet, grid: TimeGrid, intervalMs: Int64,
        rateWindowMs: Int64
    ) throws {
        self.store = store
        self.period = period
        self.source = source
        self.fleet = fleet
        self.grid = grid
        self.rateWindowMs = rateWindowMs
        lookbackMs = max(PromQLOptions().lookbackMs, 2 * intervalMs)
        configuration = try store.configuration()
        let jobs = try source.values(of: "job") { $0.hasPrefix("vllm:") }
        variables = ["vllm_jobs": jobs.joined(separator: "|")]
        log = LogSignals(store: store, period: period, grid: grid)
        spans = SpanSignals(store: store, period: period, grid: grid, fleet: fleet, windowMs: rateWindowMs)
        gateways = GatewaySignals(store: store, period: period, grid: grid, fleet: fleet, windowMs: rateWindowMs)
    }

    func evaluateAll() throws -> SignalTable {
        var table = SignalTable(grid: grid)
        for signal in SignalCatalogue.all + userSignals {
            for one in try evaluate(signal) { table.add(one) }
        }
        return table
    }

    /// Signals of the user's configuration whose names end in a unit.
    private var userSignals: [Signal] {
        configuration.signals.compactMap { one in
            SignalUnit.of(one.name).map { unit in
                Signal(
                    name: one.name, title: one.title, unit: unit, section: .service,
                    worst: one.isLowWorst ? .low : .high,
                    scope: .replica, fleet: unit == .ratio || unit == .seconds ? .mean : .sum,
                    origins: [.promQL(one.expression)])
            }
        }
    }

    /// The user's expression: by the label `instance`, or the fleet's.
    private func own(_ signal: Signal, _ expression: String) throws -> [SignalSeries] {
        var found: [SignalSeries] = []
        for (labels, values) in try range(expression) where values.contains(where: { $0 != nil }) {
            let name = labels["instance"].map { fleet.replica(scrapeInstance: $0)?.name ?? $0 } ?? SignalSeries.fleet
            guard !found.contains(where: { $0.instance == name }) else { continue }
            found.append(
                SignalSeries(signal: signal, instance: name, origin: "metrics", expression: expression, values: values))
        }
        return found
    }

    /// The signal for each instance that has evidence, and for the fleet.
    func evaluate(_ signal: Signal) throws -> [SignalSeries] {
        var found: [String: SignalSeries] = [:]
        for origin in signal.origins {
            for one in try evaluate(signal, origin) where found[one.instance] == nil && one.hasValues {
                found[one.instance] = one
            }
        }
        var result = found.sorted { $0.key < $1.key }.map(\.value)
        guard !result.isEmpty else { return [] }
        if found[SignalSeries.fleet] == nil { result.append(combine(signal, result)) }
        return result
    }

    /// The fleet's series alone, without the work for the instances where their metrics give it directly.
    func fleetSeries(_ signal: Signal) throws -> SignalSeries? {
        for origin in signal.origins {
            switch origin {
            case .rate, .ratioOfRates, .quantile, .mean:
                if let whole = try whole(signal, origin) { return whole }
            default: return try evaluate(signal).first { $0.instance == SignalSeries.fleet }
            }
        }
        return nil
    }

    /// The fleet's series from added buckets, sums and rates; nil without values.
    private func whole(_ signal: Signal, _ origin: Signal.Origin) throws -> SignalSeries? {
        for (place, expression) in try expressions(origin, by: "").enumerated() {
            guard let (_, values) = try range(expression).first, values.contains(where: { $0 != nil }) else { continue }
            return SignalSeries(
                signal: signal, instance: SignalSeries.fleet, origin: "metrics", expression: expression,
                values: values, exact: exactWay(origin, place))
        }
        return nil
    }

    // MARK: Metrics

    /// PromQL for an instance-level signal, grouped by `by` (empty: all together).
    func expressions(_ origin: Signal.Origin, by group: String) throws -> [String] {
        let window = "[\(rateWindowMs)ms]"
        func grouped(_ operation: String, _ inner: String) -> String {
            group.isEmpty ? "\(operation)(\(inner))" : "\(operation) by (\(group)) (\(inner))"
        }
        switch origin {
        case .gauge(let selectors, let aggregation, let scale):
            let factor = scale == 1 ? "" : " * \(ByteWriter.shortest(scale))"
            return try selectors.map { grouped(aggregation.rawValue, try selector($0).text) + factor }
        case .percentOrRatio(let text):
            let selector = try selector(text).text
            let isPercent = try range("max(\(selector))").contains { $0.values.contains { $0 ?? 0 > 1 } }
            return [grouped("avg", selector) + (isPercent ? " * 0.01" : "")]
        case .gaugeBits(let selectors, let mask):
            let bits = (0..<UInt64.bitWidth).filter { mask >> UInt64($0) & 1 == 1 }
            return try selectors.map {
                let value = grouped("max", try selector($0).text)
                let terms = bits.map { "floor(\(value) / \(UInt64(1) << UInt64($0))) % 2" }
                return "(\(terms.joined(separator: " + "))) > bool 0"
            }
        case .nanosecondsRate(let text):
            return ["clamp_max(" + grouped("max", "rate(\(try selector(text).text)\(window))") + " / 1e9, 1)"]
        case .rate(let selectors):
            return try selectors.map { grouped("sum", "rate(\(try selector($0).text)\(window))") }
        case .ratioOfRates(let pairs):
            return try pairs.map { top, bottom in
                grouped("sum", "rate(\(try selector(top).text)\(window))") + " / "
                    + grouped("sum", "rate(\(try selector(bottom).text)\(window))")
            }
        case .quantile(let q, let histograms):
            return try histograms.map {
                let inner = "rate(\(try selector($0).suffixed("_bucket"))\(window))"
                let groups = group.isEmpty ? "le" : "le, \(group)"
                return "histogram_quantile(\(q), sum by (\(groups)) (\(inner)))"
            }
        case .mean(let histograms):
            return try histograms.map {
                let one = try selector($0)
                return grouped("sum", "rate(\(one.suffixed("_sum"))\(window))") + " / "
                    + grouped("sum", "rate(\(one.suffixed("_count"))\(window))")
            }
        case .oneMinusShare(let part, let whole):
            return [
                "1 - " + grouped("sum", "rate(\(part)\(window))") + " / " + grouped("sum", "rate(\(whole)\(window))")
            ]
        case .promQL, .statistics, .statisticsRatio, .companion, .access, .requestLog, .requestShare, .gpu,
            .gpuThrottle,
            .spanQuantile, .spanMean, .spanRate,
            .gatewayQuantile,
            .gatewayRate, .gatewayShare:
            return []
        }
    }

    func selector(_ text: String) throws -> Selector { try Selector(text, variables: variables) }

    private func evaluate(_ signal: Signal, _ origin: Signal.Origin) throws -> [SignalSeries] {
        switch origin {
        case .promQL(let expression): return try own(signal, expression)
        case .statistics(let column, let aggregation):
            return try log.statistics(signal, column, table: "engine_stat", aggregation, fleet)
        case .statisticsRatio(let top, let bottom):
            return try log.statistics(
                signal, "CASE WHEN \(bottom) > 0 THEN \(top) * 1.0 / \(bottom) END", table: "engine_stat", .mean, fleet)
        case .companion(let family, let name):
            return try log.statistics(
                signal, "CASE WHEN family = '\(family)' AND name = '\(name)' THEN value END",
                table: "engine_companion_stat", .mean, fleet)
        case .access(let condition): return try log.access(signal, condition: condition, fleet)
        case .requestLog(let column): return try log.requests(signal, column: column, fleet)
        case .requestShare(let condition): return try log.requestShare(signal, condition, fleet)
        case .gpu(let column, let factor): return try log.gpu(signal, value: "\(column) * \(factor)", column, fleet)
        case .gpuThrottle(let mask):
            return try log.gpu(
                signal, value: "(throttle_reasons & \(mask)) != 0", "throttle_reasons & \(mask)", fleet)
        case .spanQuantile(let q, let measure): return try spans.series(signal, measure, quantile: q)
        case .spanMean(let measure): return try spans.series(signal, measure, quantile: nil)
        case .spanRate(let count): return try spans.series(signal, count)
        case .gatewayQuantile(let q, let measure): return try gateways.series(signal, measure, quantile: q)
        case .gatewayRate(let count): return try gateways.series(signal, count)
        case .gatewayShare(let count): return try gateways.share(signal, count)
        default: return try metrics(signal, origin)
        }
    }

    private func metrics(_ signal: Signal, _ origin: Signal.Origin) throws -> [SignalSeries] {
        let label = signal.scope == .gpu ? "gpu" : "instance"
        var found: [String: SignalSeries] = [:]
        for (place, expression) in try expressions(origin, by: label).enumerated() {
            for (labels, values) in try range(expression) {
                guard let value = labels[label], let name = instanceName(value, signal.scope), found[name] == nil else {
                    continue
                }
                found[name] = SignalSeries(
                    signal: signal, instance: name, origin: "metrics", expression: expression, values: values,
                    exact: exactWay(origin, place))
            }
        }
        guard !found.isEmpty else { return [] }
        var result = found.sorted { $0.key < $1.key }.map(\.value)
        // Quantiles and means of the fleet come from added buckets and sums, never from averaged quantiles.
        switch origin {
        case .gauge, .percentOrRatio, .gaugeBits, .nanosecondsRate: return result
        default: break
        }
        if let whole = try whole(signal, origin) { result.append(whole) }
        return result
    }

    private func exactWay(_ origin: Signal.Origin, _ place: Int) -> SignalSeries.ExactWay? {
        switch origin {
        case .rate(let selectors): .increase(selectors[place])
        case .ratioOfRates(let pairs): .ratio(pairs[place].0, pairs[place].1)
        case .quantile(let q, let histograms): .quantile(q, histograms[place])
        case .mean(let histograms): .mean(histograms[place])
        default: nil
        }
    }

    private func instanceName(_ label: String, _ scope: Signal.Scope) -> String? {
        switch scope {
        case .replica: fleet.replica(scrapeInstance: label)?.name
        case .gpu: "GPU \(label)"
        case .host, .gateway: label
        }
    }

    /// The values of a PromQL expression at the points of the grid; NaN and absence are nil.
    func range(_ expression: String) throws -> [(labels: Labels, values: [Double?])] {
        // The limit on points guards a server; here the grid does.
        var options = PromQLOptions()
        options.maxPoints = max(options.maxPoints, grid.count + 1)
        options.lookbackMs = lookbackMs
        let engine = PromQLEngine(source: source, options: options)
        let answer = try engine.range(
            expression, startMs: grid.time(0), endMs: grid.time(grid.count - 1), stepMs: grid.stepMs)
        guard case .matrix(let matrix) = answer.value else { return [] }
        return matrix.map { series in
            var values = [Double?](repeating: nil, count: grid.count)
            for index in series.timesMs.indices {
                let place = Int((series.timesMs[index] - grid.time(0)) / grid.stepMs)
                if series.values[index].isFinite { values[place] = series.values[index] }
            }
            return (series.labels, values)
        }
    }

    // MARK: Fleet

    private func combine(_ signal: Signal, _ parts: [SignalSeries]) -> SignalSeries {
        var values = [Double?](repeating: nil, count: grid.count)
        for index in values.indices {
            let known = parts.compactMap { $0.values[index] }
            guard !known.isEmpty else { continue }
            switch signal.fleet {
            case .sum: values[index] = known.reduce(0, +)
            case .max: values[index] = known.max()
            case .mean: values[index] = known.reduce(0, +) / Double(known.count)
            }
        }
        return SignalSeries(
            signal: signal, instance: SignalSeries.fleet, origin: parts[0].origin,
            expression: "\(signal.fleet.rawValue) over \(parts.count) instances of \(parts[0].expression)",
            values: values)
    }
}
