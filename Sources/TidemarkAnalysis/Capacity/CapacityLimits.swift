import TidemarkStatistics

/// The rate that each limit alone would allow: what comes next once the binding one is lifted.
///
/// Latencies by simulation without the other limits; slots, cache, token budget and API server by the fluid law
/// λ(N) = N / (out · S(N)) with the largest N that the limit leaves (`docs/methods.md`, Capacity).
struct CapacityLimits {
    /// Requests a second of one engine by limit, lowest first; what is not known, or never binds, is left out.
    let rates: [(name: String, rate: Double)]

    init(_ model: ServingModel, _ objectives: [LatencyObjective], binding: String, rate: Double, most: Int) {
        var found: [(name: String, rate: Double)] = []
        func simulated(_ name: String, _ measures: [LatencyObjective]) {
            guard !measures.isEmpty, name != binding else { return }
            var free = model
            free.limits.sequences = 100_000
            free.limits.kvTokens = 1e12
            var search = CapacitySearch(free, measures)
            search.most = most
            if let rate = search.solve(from: rate)?.rate { found.append((name, rate)) }
        }
        simulated("itl", objectives.filter { $0.measure == .itl })
        simulated("ttft_prefill", objectives.filter { $0.measure != .itl })
        let out = max(1, model.mix.generationMean / model.mix.tokensPerDecode)
        func fluid(_ name: String, sequences: Double) {
            guard name != binding, sequences >= 1, sequences < 1e6 else { return }
            let step = model.stepSeconds(sequences: sequences)
            guard step > 0 else { return }
            found.append((name, sequences / (out * step)))
        }
        fluid("max_num_seqs", sequences: Double(model.limits.sequences))
        fluid(
            "kv_cache",
            sequences: 0.95 * model.limits.kvTokens
                / max(1, (model.mix.promptMean + model.mix.generationMean / 2) * model.kvShare))
        // In a step of N sequences N / out requests enter: their prompts and the N tokens fill the budget.
        let computed = model.mix.promptMean * (1 - model.mix.hitShare)
        fluid("token_budget", sequences: model.limits.tokens / (model.mix.tokensPerDecode + computed / out))
        if let processor = model.processorSecondsPerRequest, processor > 0, !model.limits.prefillFirst,
            binding != "api_server"
        {
            found.append(("api_server", CapacityEstimate.busyProcessor / processor))
        }
        // The laws are cruder than the estimate: none of them binds before what binds.
        found = found.map { ($0.name, max($0.rate, rate)) } + [(binding, rate)]
        rates = found.sorted { ($0.rate, $0.name == binding ? 0 : 1) < ($1.rate, $1.name == binding ? 0 : 1) }
    }
}
