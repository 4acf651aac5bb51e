import TidemarkStatistics

#if canImport(Glibc)
    import Glibc
#endif

/// The highest rate of one engine that keeps the objectives.
struct CapacitySearch {
    let model: ServingModel
    let objectives: [LatencyObjective]
    let seed: UInt64
    /// Requests of a simulation, at most.
    var most = 4000

    init(_ model: ServingModel, _ objectives: [LatencyObjective], seed: UInt64 = 7) {
        (self.model, self.objectives, self.seed) = (model, objectives, seed)
    }

    /// One simulated rate.
    struct Point {
        var rate: Double
        var holds: Bool
        var broken: [LatencyObjective]
        var outcome: BatchingSimulation.Outcome
    }

    func at(_ rate: Double, slower: Double = 1) -> Point {
        let count = ServingModel.count(rate: rate, step: model.law.fixed, most: most)
        // A queue that no request of the objective could come out of in time.
        let patience = objectives.filter { $0.measure != .itl }.map(\.seconds).max() ?? 60
        let outcome = model.outcome(
            rate: rate, count: count, seed: seed, slower: slower, longestQueue: Int(min(1e6, 5 * rate * patience + 50)))
        var broken = objectives.filter { $0.value(outcome) > $0.seconds }
        if outcome.overloaded, !broken.contains(where: { $0.measure != .itl }) {
            broken.append(objectives.first { $0.measure == .ttft } ?? LatencyObjective(.ttft, 0.95, patience))
        }
        return Point(rate: rate, holds: broken.isEmpty, broken: broken, outcome: outcome)
    }

    /// The rate between the last that holds and the first that doesn't, to 1.5 %, and that first one; nil when even a
    /// thousandth of a request a second doesn't hold, or a million does.
    func solve(slower: Double = 1, from start: Double) -> (rate: Double, beyond: Point)? {
        var low: Double?
        var high: Point?
        var rate = max(start, 1e-3)
        var step = 1.5
        while low == nil || high == nil {
            let point = at(rate, slower: slower)
            if point.holds {
                low = rate
                if high == nil { rate *= step }
            } else {
                high = point
                if low == nil { rate /= step }
            }
            step = min(step * 1.2, 3)
            guard rate > 2e-4, rate < 1e6 else { return nil }
        }
        guard var low, var high else { return nil }
        while high.rate / low > 1.015 {
            let point = at((low * high.rate).squareRoot(), slower: slower)
            if point.holds { low = point.rate } else { high = point }
        }
        return ((low * high.rate).squareRoot(), high)
    }

    /// What binds at a rate that doesn't hold.
    static func binding(_ point: Point) -> String {
        let waits = point.broken.contains { $0.measure != .itl }
        let out = point.outcome
        if !waits, !out.overloaded { return "itl" }
        let busy = max(out.busySeconds, 1e-9)
        let (slots, cache) = (out.slotBoundSeconds / busy, out.kvBoundSeconds / busy)
        let budget = out.budgetBoundSeconds / busy
        if max(slots, cache) > 0.05 { return slots >= cache ? "max_num_seqs" : "kv_cache" }
        if point.broken.contains(where: { $0.measure == .itl }) { return "itl" }
        // A full chunk in most steps, with prompts waiting for the next.
        return budget > 0.5 ? "token_budget" : "ttft_prefill"
    }
}
