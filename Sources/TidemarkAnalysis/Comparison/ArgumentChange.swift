/// What the servers printed at their start and is not the same on both sides.
public struct ArgumentChange: Sendable, Equatable {
    /// `version`, `model`, an argument's name, or a figure of the start-up such as `kv_cache_tokens`.
    public var name: String
    /// Values of the replicas, several separated by " | "; nil: none printed it.
    public var before: String?
    public var after: String?

    /// Where a server listens is no part of what it does; durations and ids differ each time.
    private static let uninteresting: Set<String> = ["arg.host", "arg.port", "arg.model_tag", "arg.served_model_name"]
    /// Figures of the start-up that a change of the code or the machine shows in.
    private static let figures: Set<String> = [
        "version", "model", "architecture", "engine_generation", "kv_cache_tokens", "gpu_blocks", "attention_backend",
        "max_model_len", "max_num_seqs", "max_num_batched_tokens", "model_memory_bytes", "weight_version",
        "quantization",
        "kv_cache_dtype", "dtype",
    ]

    /// Differences between the runs of both sides; nil when a side printed no start-up within its evidence.
    static func all(_ before: [EngineRun], _ after: [EngineRun]) -> [ArgumentChange]? {
        let old = values(before)
        let new = values(after)
        guard !old.isEmpty, !new.isEmpty else { return nil }
        var found: [ArgumentChange] = []
        for name in Set(old.keys).union(new.keys).sorted() where old[name] != new[name] {
            // What only one side's piece of log holds says nothing, except of the arguments: there absence is a value.
            if old[name] == nil || new[name] == nil, !name.hasPrefix("arg.") { continue }
            // What a start measures differs a little each time.
            if !name.hasPrefix("arg."), let x = old[name].flatMap(Double.init), let y = new[name].flatMap(Double.init),
                abs(y - x) <= 0.03 * abs(x)
            {
                continue
            }
            found.append(
                ArgumentChange(
                    name: name.hasPrefix("arg.") ? String(name.dropFirst(4)) : name, before: old[name],
                    after: new[name]))
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0.name).inserted }.sorted { a, b in
            let order = ["version", "model"]
            return (order.firstIndex(of: a.name) ?? 9, a.name) < (order.firstIndex(of: b.name) ?? 9, b.name)
        }
    }

    private static func values(_ runs: [EngineRun]) -> [String: String] {
        var found: [String: Set<String>] = [:]
        // The last run of each replica: what it ended with.
        var last: [String: EngineRun] = [:]
        for run in runs where run.version != nil || !run.facts.isEmpty { last[run.replica] = run }
        for run in last.values {
            if let version = run.version { found["version", default: []].insert(version) }
            if let model = run.model { found["model", default: []].insert(model) }
            for (name, value) in run.facts
            where !uninteresting.contains(name) && (name.hasPrefix("arg.") || figures.contains(name)) {
                found[name, default: []].insert(value)
            }
        }
        return found.mapValues { $0.sorted().joined(separator: " | ") }
    }
}
