import TidemarkBase
import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// What the fleet did in the hours that were observed, and with how many GPUs.
struct FleetUse {
    /// Hours with known demand.
    var hours = 0
    var requests = 0.0
    /// Tokens in those hours; nil where they weren't counted.
    var promptTokens: Double?
    var generationTokens: Double?
    /// GPUs by name; "" where the name isn't known. Empty: not even the number is known.
    var gpus: [(name: String, count: Int)] = []
    /// Prompt tokens that no cache spared the engines; nil where they weren't counted.
    var computedTokens: Double?
    /// nil when no cost model could be fitted.
    var tokenCost: TokenCost?
    /// What a request of each hour of the history costs the engines, in seconds of a replica; nil where not known.
    var work: [Double?] = []

    /// The history as requests of the last week's cost, and by how much that differs from the first week's; nil unless both weeks are
    /// known and differ by a tenth: then a request is a request.
    func weighted(_ history: DemandHistory) -> (hours: [Double?], change: Double)? {
        guard work.count >= 336,
            let early = Quantiles.median(work.prefix(168).compactMap { $0 }),
            let late = Quantiles.median(work.suffix(168).compactMap { $0 }), early > 0, late > 0,
            abs(late / early - 1) >= 0.1
        else { return nil }
        let hours = history.hours.indices.map { index in
            history.hours[index].flatMap { rate in work[index].map { rate * $0 / late } }
        }
        return (hours, late / early - 1)
    }

    var gpuCount: Int { gpus.reduce(0) { $0 + $1.count } }

    init(_ store: Store, period: Int, history: DemandHistory) throws {
        let first = history.startMs / HourlyCounters.hourMs
        for rate in history.hours {
            guard let rate else { continue }
            hours += 1
            requests += rate * 3600
        }
        let series = try StoreSeries(store, period: period)
        func rates(_ name: String) throws -> [Double?]? {
            let table = try HourlyCounters(
                series, store, period: period, matchers: [LabelMatcher(Labels.metricName, equals: name)])
            guard !table.hours.isEmpty else { return nil }
            return history.hours.indices.map { history.hours[$0] == nil ? nil : table.rate(first + Int64($0)) }
        }
        let prompt = try rates("vllm:prompt_tokens_total")
        let generated = try rates("vllm:generation_tokens_total")
        let hits = try rates("vllm:prefix_cache_hits_total")
        let computed = prompt.map { prompt in
            prompt.indices.map { index in prompt[index].map { max(0, $0 - (hits?[index] ?? 0)) } }
        }
        // Hours in which requests but no tokens were observed would make tokens look dearer than they are.
        func total(_ rates: [Double?]?) -> Double? {
            guard let rates, rates.count(where: { $0 != nil }) == hours else { return nil }
            return rates.reduce(0) { $0 + ($1 ?? 0) * 3600 }
        }
        promptTokens = total(prompt)
        generationTokens = total(generated)
        computedTokens = total(computed)
        tokenCost = try TokenCost(store, period: period)
        if let tokenCost, let computed, let generated {
            work = history.hours.indices.map { index in
                guard let rate = history.hours[index], rate * 3600 >= 30, let p = computed[index],
                    let g = generated[index]
                else { return nil }
                return (tokenCost.prompt * p + tokenCost.generated * g) / rate
            }
        }
        gpus = try Self.gpus(store, series, period: period)
    }

    /// From the GPUs that were observed; else from the engines' parallelism; else from `capture.json`.
    static func gpus(_ store: Store, _ series: StoreSeries, period: Int) throws -> [(name: String, count: Int)] {
        let rows = try store.database.prepare(
            """
            SELECT coalesce(json_extract(labels, '$.model'), ''), count(*) FROM instance
            WHERE period_id = ? AND kind = 'gpu' GROUP BY 1 ORDER BY 1
            """)
        rows.bind(1, period)
        var found: [(name: String, count: Int)] = []
        while try rows.step() { found.append((rows.text(0), rows.int(1))) }
        let fleet = try Fleet(store, period: period, series: series)
        let replicas = fleet.replicas.count
        var perReplica: Int?
        let runs = try EngineRun.all(store, period: period)
        func fact(_ name: String) -> Int? {
            runs.lazy.compactMap { $0.facts[name] ?? $0.facts["arg." + name] }.first.flatMap { Int($0) }
        }
        if let tensor = fact("tensor_parallel_size"), (1...4096).contains(tensor) {
            let pipeline = fact("pipeline_parallel_size").flatMap { (1...4096).contains($0) ? $0 : nil } ?? 1
            let data = fact("data_parallel_size").flatMap { (1...4096).contains($0) ? $0 : nil } ?? 1
            perReplica = tensor * pipeline * data
        } else if let capture = try store.database.text("SELECT capture FROM period WHERE period_id = ?", period) {
            perReplica = captured(capture)
        }
        let counted = found.reduce(0) { $0 + $1.count }
        guard let perReplica, replicas > 0 else { return found }
        // A capture of one node's GPUs says nothing about those of the other replicas.
        if found.count <= 1, perReplica * replicas > counted {
            return [(found.first?.name ?? "", perReplica * replicas)]
        }
        return found
    }

    private static func captured(_ capture: String) -> Int? {
        var found: Int?
        withBytes(of: capture) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                guard key.equals("gpus_per_replica") else { return try reader.skip() }
                found = (try? reader.number()).flatMap { Int(exactly: $0) }
            }
        }
        return found.flatMap { (1...4096).contains($0) ? $0 : nil }
    }
}
