import TidemarkStore

/// Signals from gateways' access logs: what clients saw, beside what the engines measured.
///
/// The observations of a measure are held in memory once it was asked for: 16 bytes a request.
final class GatewaySignals {
    private let store: Store
    private let period: Int
    private let grid: TimeGrid
    private let fleet: Fleet
    /// As the range of `rate` for metrics: a point stands for this long before it.
    private let windowMs: Int64
    private var cache: [GatewayMeasure: [Observation]] = [:]
    private var totals: [Int32: Counts]?

    init(store: Store, period: Int, grid: TimeGrid, fleet: Fleet, windowMs: Int64) {
        self.store = store
        self.period = period
        self.grid = grid
        self.fleet = fleet
        self.windowMs = max(windowMs, grid.stepMs)
    }

    private struct Observation {
        var timeMs: Int64
        var seconds: Float
        /// Place of the gateway in ``Fleet/gateways``.
        var gateway: Int32
    }

    /// Requests by step; known between the first and the last one.
    private struct Counts {
        var firstMs = Int64.max
        var lastMs = Int64.min
        var steps: [GatewayCount: [Double]] = [:]
    }

    /// The gateways by their places, and all together; with one gateway alone that is the same.
    private var instances: [(name: String, gateway: Int32?)] {
        let own = fleet.gateways.indices.map { (name: fleet.gateways[$0].name, gateway: Int32?(Int32($0))) }
        return own + [(SignalSeries.fleet, own.count == 1 ? 0 : nil)]
    }

    // MARK: Latencies

    /// - Parameter quantile: 0…1.
    func series(_ signal: Signal, _ measure: GatewayMeasure, quantile: Double) throws -> [SignalSeries] {
        guard !fleet.gateways.isEmpty else { return [] }
        let observations = try observations(measure)
        guard !observations.isEmpty else { return [] }
        let present = Set(observations.map(\.gateway))
        var result: [SignalSeries] = []
        var known: [Int32?: [Double?]] = [:]
        for (name, gateway) in instances where gateway.map({ present.contains($0) }) ?? true {
            let values =
                known[gateway]
                ?? (0..<grid.count).map { index in
                    let end = grid.time(index)
                    return statistic(observations, gateway, end - windowMs, end, quantile).value
                }
            known[gateway] = values
            result.append(
                SignalSeries(
                    signal: signal, instance: name, origin: "gateway",
                    expression: "quantile \(quantile) of gateway_request.\(measure.rawValue)", values: values,
                    exact: .gateway(measure, quantile)))
        }
        return result
    }

    /// A figure over the steps `low..<high` from the observations themselves, and their number.
    func exact(_ measure: GatewayMeasure, _ quantile: Double, _ instance: String, _ low: Int, _ high: Int) throws
        -> (value: Double?, count: Int)
    {
        guard let gateway = instances.first(where: { $0.name == instance })?.gateway ?? nil else {
            guard instance == SignalSeries.fleet else { return (nil, 0) }
            return statistic(try observations(measure), nil, time(low), time(high), quantile)
        }
        return statistic(try observations(measure), gateway, time(low), time(high), quantile)
    }

    private func time(_ border: Int) -> Int64 { grid.startMs + Int64(border) * grid.stepMs }

    private func observations(_ measure: GatewayMeasure) throws -> [Observation] {
        if let known = cache[measure] { return known }
        var found: [Observation] = []
        let rows = try store.database.prepare(
            """
            SELECT \(GatewayMeasure.endSQL), s.instance_id, g.\(measure.rawValue) FROM gateway_request g
            JOIN source s USING (source_id)
            WHERE s.period_id = ?1 AND g.\(measure.rawValue) IS NOT NULL AND \(GatewayMeasure.endSQL) > ?2
                AND \(GatewayMeasure.endSQL) <= ?3 AND \(GatewayMeasure.inferenceSQL)
            """)
        rows.bind(1, period)
        rows.bind(2, grid.startMs - windowMs)
        rows.bind(3, grid.endMs)
        let places = self.places
        while try rows.step() {
            guard let gateway = places[rows.int(1)] else { continue }
            found.append(
                Observation(timeMs: rows.int64(0), seconds: Float(Double(rows.int64(2)) / 1e6), gateway: gateway))
        }
        // A log is almost in the order of the ends already. The order of equal times doesn't show in a quantile.
        found.sort { $0.timeMs < $1.timeMs }
        cache[measure] = found
        return found
    }

    private var places: [Int: Int32] {
        Dictionary(
            fleet.gateways.indices.map { (fleet.gateways[$0].id, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Over the observations in `(from, to]`.
    private func statistic(
        _ observations: [Observation], _ gateway: Int32?, _ from: Int64, _ to: Int64, _ quantile: Double
    ) -> (value: Double?, count: Int) {
        func firstAbove(_ time: Int64) -> Int {
            var (low, high) = (0, observations.count)
            while low < high {
                let middle = (low + high) / 2
                if observations[middle].timeMs <= time { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let first = firstAbove(from)
        let last = firstAbove(to)
        guard first < last else { return (nil, 0) }
        var values: [Float] = []
        values.reserveCapacity(last - first)
        for index in first..<last where gateway.map({ observations[index].gateway == $0 }) ?? true {
            values.append(observations[index].seconds)
        }
        guard !values.isEmpty else { return (nil, 0) }
        values.sort()
        // Linear between the two nearest ranks, as NumPy does.
        let rank = quantile * Double(values.count - 1)
        let low = Int(rank)
        let (a, b) = (Double(values[low]), Double(values[min(low + 1, values.count - 1)]))
        return (Self.rounded(a + (b - a) * (rank - Double(low))), values.count)
    }

    /// Without the noise that single precision leaves behind seven digits.
    private static func rounded(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }

    // MARK: Rates

    /// Counted requests per second, averaged over the window.
    func series(_ signal: Signal, _ count: GatewayCount) throws -> [SignalSeries] {
        try series(signal, "gateway_request where \(count.rawValue)", exact: nil) { counts, low, high in
            let seconds = Double(Int64(high - low) * grid.stepMs) / 1000
            return sum(counts, count, low..<high) / seconds
        }
    }

    /// Share of counted requests among all, 0…1.
    func share(_ signal: Signal, _ count: GatewayCount) throws -> [SignalSeries] {
        try series(signal, "share of gateway_request where \(count.rawValue)", exact: .gatewayShare(count)) {
            counts, low, high in
            let all = sum(counts, .requests, low..<high)
            return all > 0 ? sum(counts, count, low..<high) / all : nil
        }
    }

    /// The share over the steps `low..<high`, and the number of requests.
    func exactShare(_ count: GatewayCount, _ instance: String, _ low: Int, _ high: Int) throws
        -> (value: Double?, count: Int)
    {
        guard let found = instances.first(where: { $0.name == instance }) else { return (nil, 0) }
        let counts = try counts(found.gateway)
        let all = sum(counts, .requests, low..<high)
        return (all > 0 ? sum(counts, count, low..<high) / all : nil, Int(all))
    }

    private func series(
        _ signal: Signal, _ expression: String, exact: SignalSeries.ExactWay?,
        _ value: (Counts, Int, Int) -> Double?
    ) throws -> [SignalSeries] {
        guard !fleet.gateways.isEmpty else { return [] }
        let steps = max(1, Int(windowMs / grid.stepMs))
        return try instances.compactMap { name, gateway in
            let counts = try counts(gateway)
            guard counts.firstMs <= counts.lastMs else { return nil }
            var values = [Double?](repeating: nil, count: grid.count)
            let known = grid.range(counts.firstMs, counts.lastMs)
            // What came before the log is not known to be nothing.
            for index in known { values[index] = value(counts, max(known.lowerBound, index + 1 - steps), index + 1) }
            return SignalSeries(
                signal: signal, instance: name, origin: "gateway", expression: expression, values: values, exact: exact)
        }
    }

    private func sum(_ counts: Counts, _ count: GatewayCount, _ range: Range<Int>) -> Double {
        guard let steps = counts.steps[count] else { return 0 }
        return steps[range.clamped(to: 0..<steps.count)].reduce(0, +)
    }

    /// Of one gateway, or of all.
    private func counts(_ gateway: Int32?) throws -> Counts {
        let all = try totals ?? load()
        totals = all
        guard gateway == nil else { return all[gateway ?? 0] ?? Counts() }
        var together = Counts()
        for one in all.values {
            together.firstMs = min(together.firstMs, one.firstMs)
            together.lastMs = max(together.lastMs, one.lastMs)
            for (count, steps) in one.steps {
                let known = together.steps[count] ?? Array(repeating: 0, count: grid.count)
                together.steps[count] = zip(known, steps).map { $0 + $1 }
            }
        }
        return together
    }

    private func load() throws -> [Int32: Counts] {
        let sums = GatewayCount.allCases.map { "total(\($0.conditionSQL))" }.joined(separator: ", ")
        let rows = try store.database.prepare(
            """
            SELECT s.instance_id, (\(GatewayMeasure.endSQL) - ?2 - 1) / ?4 AS step, min(\(GatewayMeasure.endSQL)),
                max(\(GatewayMeasure.endSQL)), \(sums)
            FROM gateway_request g JOIN source s USING (source_id)
            WHERE s.period_id = ?1 AND \(GatewayMeasure.endSQL) > ?2 AND \(GatewayMeasure.endSQL) <= ?3
                AND \(GatewayMeasure.inferenceSQL)
            GROUP BY 1, 2 ORDER BY 1, 2
            """)
        rows.bind(1, period)
        rows.bind(2, grid.startMs)
        rows.bind(3, grid.endMs)
        rows.bind(4, grid.stepMs)
        let places = self.places
        var found: [Int32: Counts] = [:]
        while try rows.step() {
            let step = rows.int(1)
            guard let gateway = places[rows.int(0)], step >= 0, step < grid.count else { continue }
            var counts = found[gateway] ?? Counts()
            counts.firstMs = min(counts.firstMs, rows.int64(2))
            counts.lastMs = max(counts.lastMs, rows.int64(3))
            for (index, count) in GatewayCount.allCases.enumerated() {
                counts.steps[count, default: Array(repeating: 0, count: grid.count)][step] += rows.double(4 + index)
            }
            found[gateway] = counts
        }
        return found
    }
}
