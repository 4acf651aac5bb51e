import TidemarkStore

/// Signals from the engine's spans, one for each traced request.
///
/// A tracer may have sampled: latencies are those of the traced requests, and rates count no others. So metrics and logs
/// are asked first. The observations of a measure are held in memory once it was asked for: 24 bytes a request.
final class SpanSignals {
    private let store: Store
    private let period: Int
    private let grid: TimeGrid
    private let fleet: Fleet
    /// As the range of `rate` for metrics: a point stands for this long before it.
    private let windowMs: Int64
    private var cache: [SpanMeasure: Observations] = [:]
    private var totals: [SpanCount: [String: [Double?]]] = [:]
    private lazy var isEmpty = fleet.engineResources.isEmpty

    init(store: Store, period: Int, grid: TimeGrid, fleet: Fleet, windowMs: Int64) {
        self.store = store
        self.period = period
        self.grid = grid
        self.fleet = fleet
        self.windowMs = max(windowMs, grid.stepMs)
    }

    /// Observations in the order of their times.
    private struct Observations {
        var timesMs: [Int64] = []
        var values: [Double] = []
        /// Empty: all 1.
        var weights: [Double] = []
        /// Place of the replica in ``Fleet/replicas``; -1 when it isn't known.
        var replicas: [Int32] = []
    }

    // MARK: Latencies

    /// - Parameter quantile: 0…1; nil: the mean.
    func series(_ signal: Signal, _ measure: SpanMeasure, quantile: Double?) throws -> [SignalSeries] {
        guard !isEmpty else { return [] }
        let observations = try observations(measure)
        guard !observations.timesMs.isEmpty else { return [] }
        let present = Set(observations.replicas)
        var result: [SignalSeries] = []
        for (name, replica) in instances where replica.map({ present.contains($0) }) ?? true {
            var values = [Double?](repeating: nil, count: grid.count)
            for index in values.indices {
                let end = grid.time(index)
                values[index] = statistic(observations, replica, end - windowMs, end, quantile)
            }
            let words = quantile.map { "quantile \($0) of " } ?? "mean of "
            result.append(
                SignalSeries(
                    signal: signal, instance: name, origin: "spans", expression: words + "span.\(measure.rawValue)",
                    values: values, exact: .spans(measure, quantile)))
        }
        return result
    }

    /// A figure over the steps `low..<high` from the observations themselves, and their number.
    func exact(_ measure: SpanMeasure, _ quantile: Double?, _ instance: String, _ low: Int, _ high: Int) throws
        -> (value: Double?, count: Int)
    {
        guard let found = instances.first(where: { $0.name == instance }) else { return (nil, 0) }
        let replica = found.replica
        let observations = try observations(measure)
        let from = grid.startMs + Int64(low) * grid.stepMs
        let to = grid.startMs + Int64(high) * grid.stepMs
        let range = Self.range(observations.timesMs, from, to)
        let count = replica.map { one in range.count { observations.replicas[$0] == one } } ?? range.count
        return (statistic(observations, replica, from, to, quantile), count)
    }

    /// The traced requests of all replicas in buckets of a third of a decade, each request as one observation; nil without any.
    func histogram(_ measure: SpanMeasure) throws -> HistogramTable? {
        guard !isEmpty else { return nil }
        let observations = try observations(measure)
        guard !observations.timesMs.isEmpty else { return nil }
        let bounds = [0.001, 0.01, 0.1, 1, 10, 100].flatMap { [$0, 2 * $0, 5 * $0] } + [.infinity]
        var totals = [[Double]](repeating: [Double](repeating: 0, count: grid.count + 1), count: bounds.count)
        for border in stride(from: 1, through: grid.count, by: 1) {
            let end = grid.startMs + Int64(border) * grid.stepMs
            for place in bounds.indices { totals[place][border] = totals[place][border - 1] }
            for index in Self.range(observations.timesMs, end - grid.stepMs, end) {
                let value =
                    observations.values[index] / (observations.weights.isEmpty ? 1 : observations.weights[index])
                guard let first = bounds.firstIndex(where: { value <= $0 }) else { continue }
                for place in first..<bounds.count { totals[place][border] += 1 }
            }
        }
        return HistogramTable(bounds: bounds, totals: totals)
    }

    /// The replicas by their places, and the fleet.
    private var instances: [(name: String, replica: Int32?)] {
        fleet.replicas.indices.map { (fleet.replicas[$0].name, Int32($0)) } + [(SignalSeries.fleet, nil)]
    }

    private func observations(_ measure: SpanMeasure) throws -> Observations {
        if let known = cache[measure] { return known }
        var found = Observations()
        let rows = try store.database.prepare(
            """
            SELECT \(measure.timeSQL) AS time_ms, resource_id, \(measure.valueSQL), \(measure.weightSQL) FROM span
            WHERE period_id = ? AND e2e_seconds IS NOT NULL AND \(measure.conditionSQL)
                AND \(measure.timeSQL) BETWEEN ? AND ? ORDER BY time_ms, trace_id, span_id
            """)
        rows.bind(1, period)
        rows.bind(2, grid.startMs - windowMs)
        rows.bind(3, grid.endMs)
        while try rows.step() {
            found.timesMs.append(rows.int64(0))
            found.replicas.append(place(ofResource: rows.int(1)))
            found.values.append(rows.double(2))
            if measure == .interToken { found.weights.append(rows.double(3)) }
        }
        cache[measure] = found
        return found
    }

    private func place(ofResource resource: Int) -> Int32 {
        guard let place = fleet.engineResources[resource] else { return -1 }
        return place.map { Int32($0) } ?? -1
    }

    /// Indexes of the times in `(from, to]`.
    private static func range(_ times: [Int64], _ from: Int64, _ to: Int64) -> Range<Int> {
        func firstAbove(_ time: Int64) -> Int {
            var (low, high) = (0, times.count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] <= time { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let low = firstAbove(from)
        return low..<max(low, firstAbove(to))
    }

    private func statistic(
        _ observations: Observations, _ replica: Int32?, _ from: Int64, _ to: Int64, _ quantile: Double?
    ) -> Double? {
        let range = Self.range(observations.timesMs, from, to)
        var values: [Double] = []
        var sum = 0.0
        var weight = 0.0
        for index in range where replica.map({ observations.replicas[index] == $0 }) ?? true {
            let value = observations.values[index]
            let share = observations.weights.isEmpty ? 1 : observations.weights[index]
            sum += value
            weight += share
            if quantile != nil { values.append(value / share) }
        }
        guard weight > 0 else { return nil }
        guard let quantile else { return sum / weight }
        values.sort()
        // Linear between the two nearest ranks, as NumPy does.
        let rank = quantile * Double(values.count - 1)
        let low = Int(rank)
        let high = min(low + 1, values.count - 1)
        return values[low] + (values[high] - values[low]) * (rank - Double(low))
    }

    // MARK: Rates

    func series(_ signal: Signal, _ count: SpanCount) throws -> [SignalSeries] {
        guard !isEmpty else { return [] }
        let found = try perSecond(count)
        return instances.compactMap { name, _ in
            found[name].map {
                SignalSeries(
                    signal: signal, instance: name, origin: "spans",
                    expression: "span: \(count.rawValue), of the traced requests", values: $0)
            }
        }
    }

    /// Per second, averaged over the window. Zero counts only between the first and the last span.
    private func perSecond(_ count: SpanCount) throws -> [String: [Double?]] {
        if let known = totals[count] { return known }
        var sums: [String: [Double]] = [:]
        var covered: [String: (first: Int64, last: Int64)] = [:]
        let rows = try store.database.prepare(
            """
            SELECT start_ns / 1000000, (start_ns + CAST(coalesce(ttft_seconds, 0) * 1e9 AS INTEGER)) / 1000000,
                \(SpanMeasure.endSQL), resource_id, prompt_tokens, completion_tokens FROM span
            WHERE period_id = ?1 AND e2e_seconds IS NOT NULL AND \(SpanMeasure.endSQL) > ?2 AND start_ns / 1000000 <= ?3
            ORDER BY trace_id, span_id
            """)
        rows.bind(1, period)
        rows.bind(2, grid.startMs)
        rows.bind(3, grid.endMs)
        while try rows.step() {
            let (start, first, end) = (rows.int64(0), rows.int64(1), rows.int64(2))
            let place = place(ofResource: rows.int(3))
            let names = (place >= 0 ? [fleet.replicas[Int(place)].name] : []) + [SignalSeries.fleet]
            for name in names {
                let known = covered[name] ?? (start, end)
                covered[name] = (min(known.first, start), max(known.last, end))
                switch count {
                case .requests: add(1, end, end, &sums[name, default: Array(repeating: 0, count: grid.count)])
                case .promptTokens:
                    let tokens = rows.double(4)
                    add(tokens, first, first, &sums[name, default: Array(repeating: 0, count: grid.count)])
                case .completionTokens:
                    let tokens = rows.double(5)
                    add(tokens, min(first, end), end, &sums[name, default: Array(repeating: 0, count: grid.count)])
                }
            }
        }
        var result: [String: [Double?]] = [:]
        let steps = max(1, Int(windowMs / grid.stepMs))
        for (name, counted) in sums {
            guard let range = covered[name] else { continue }
            var values = [Double?](repeating: nil, count: grid.count)
            let known = grid.range(range.first, range.last)
            for index in known {
                // The window begins where the spans do: what came before is not known to be nothing.
                let low = max(known.lowerBound, index + 1 - steps)
                let seconds = Double(Int64(index + 1 - low) * grid.stepMs) / 1000
                values[index] = counted[low...index].reduce(0, +) / seconds
            }
            result[name] = values
        }
        totals[count] = result
        return result
    }

    /// Spreads an amount evenly over the steps from `first` to `last`, Unix ms.
    private func add(_ amount: Double, _ first: Int64, _ last: Int64, _ sums: inout [Double]) {
        guard last > first else {
            if let index = grid.index(of: max(last, grid.startMs + 1)), last > grid.startMs { sums[index] += amount }
            return
        }
        let perMs = amount / Double(last - first)
        for index in grid.range(first, last) {
            let end = grid.time(index)
            let overlap = min(last, end) - max(first, end - grid.stepMs)
            if overlap > 0 { sums[index] += perMs * Double(overlap) }
        }
    }
}
