import TidemarkBase
import TidemarkSeries
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
    /// Seconds of GPU time that a prompt token and a generated one cost; nil when no cost model could be fitted.
    var tokenCost: (prompt: Double, generated: Double)?

    var gpuCount: Int { gpus.reduce(0) { $0 + $1.count } }

    init(_ store: Store, period: Int, history: DemandHistory) throws {
        let first = history.startMs / HourlyCounters.hourMs
        for rate in history.hours {
            guard let rate else { continue }
            hours += 1
            requests += rate * 3600
        }
        let series = try StoreSeries(store, period: period)
        func tokens(_ name: String) throws -> Double? {
            let table = try HourlyCounters(
                series, store, period: period, matchers: [LabelMatcher(Labels.metricName, equals: name)])
            guard !table.hours.isEmpty else { return nil }
            var sum = 0.0
            for index in history.hours.indices where history.hours[index] != nil {
                // An hour in which requests but no tokens were observed would make tokens look dearer than they are.
                guard let rate = table.rate(first + Int64(index)) else { return nil }
                sum += rate * 3600
            }
            return sum
        }
        promptTokens = try tokens("vllm:prompt_tokens_total")
        generationTokens = try tokens("vllm:generation_tokens_total")
        gpus = try Self.gpus(store, series, period: period)
    }

    /// From the GPUs that were observed; else from the engines' parallelism; else from `capture.json`.
    private static func gpus(_ store: Store, _ series: StoreSeries, period: Int) throws -> [(name: String, count: Int)]
    {
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
