import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// What limits an engine, as it printed it about itself or its metrics say. What nothing says is a default, with a note.
public struct ServingConfiguration: Sendable, Equatable {
    public var maxSequences: Int
    public var maxTokens: Int
    /// Tokens that the KV cache of one engine holds; nil: not known.
    public var kvTokens: Double?
    public var maxLength: Int?
    /// V0 engine: steps of prompts alone before decoding.
    public var mayPrefillFirst: Bool
    /// Share of experts that a token leaves alone; nil for a dense model.
    public var expertMiss: Double?
    public var version: String?
    public var tensorParallel: Int
    /// What was assumed.
    public var assumptions: [Message] = []

    /// The last run of the replica that printed its arguments.
    /// - Parameter seenSlots: most requests that ran while others waited for a slot; nil when none did.
    init(
        _ runs: [EngineRun], cacheLabels: (blocks: Double?, size: Double?)?, isV0ByMetrics: Bool, seenSlots: Int? = nil
    ) {
        let facts = runs.last { $0.facts["max_num_seqs"] != nil }?.facts ?? runs.last?.facts ?? [:]
        func number(_ names: String...) -> Double? {
            for name in names {
                if let value = Self.sound(facts[name].flatMap { Double($0) }) { return value }
            }
            return nil
        }
        version = runs.last { $0.version != nil }?.version ?? facts["version"]
        let isV0 = Self.isV0(version: version, generation: facts["engine_generation"]) ?? isV0ByMetrics
        mayPrefillFirst = isV0
        var assumed: [Message] = []
        if let value = number("max_num_seqs", "arg.max_num_seqs") {
            maxSequences = Int(value)
        } else if let seenSlots, seenSlots > 0 {
            maxSequences = seenSlots
            assumed.append("max_num_seqs \(seenSlots) (not in the log; as many ran while others waited for a slot)")
        } else {
            maxSequences = 256
            assumed.append("max_num_seqs 256 (not in the log)")
        }
        if let value = number("max_num_batched_tokens", "arg.max_num_batched_tokens") {
            maxTokens = Int(value)
        } else {
            maxTokens = isV0 ? 2048 : 8192
            assumed.append("max_num_batched_tokens \(maxTokens) (not in the log)")
        }
        maxLength = number("max_model_len", "arg.max_model_len").map { Int($0) }
        let size = number("arg.block_size") ?? Self.sound(cacheLabels?.size) ?? 16
        kvTokens =
            number("kv_cache_tokens") ?? (number("gpu_blocks") ?? Self.sound(cacheLabels?.blocks)).map { $0 * size }
        if kvTokens == nil { assumed.append("a KV cache without limit (its size is not in the evidence)") }
        tensorParallel = number("tensor_parallel_size", "arg.tensor_parallel_size").map { Int($0) } ?? 1
        expertMiss = Self.expertMiss([facts["architecture"], facts["model"], runs.last?.model].compactMap { $0 })
        assumptions = assumed
    }

    /// A number that can be a size; nil for others.
    private static func sound(_ value: Double?) -> Double? { value.flatMap { $0 > 0 && $0 < 1e15 ? $0 : nil } }

    private static func isV0(version: String?, generation: String?) -> Bool? {
        if let generation { return generation == "V0" }
        guard let version else { return nil }
        let parts = version.split(separator: ".").prefix(2).map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        return major == 0 && minor < 8
    }

    /// Experts of well-known models that a token uses, of how many (their configuration files).
    static func expertMiss(_ names: [String]) -> Double? {
        let text = names.joined(separator: " ").lowercased()
        let known: [(String, Double)] = [
            ("mixtral", 2.0 / 8), ("qwen3moe", 8.0 / 128), ("qwen3-30b-a3b", 8.0 / 128), ("qwen3-235b", 8.0 / 128),
            ("deepseekv3", 8.0 / 256), ("deepseek-v3", 8.0 / 256), ("deepseek-r1", 8.0 / 256), ("gptoss", 4.0 / 128),
            ("gpt-oss-20b", 4.0 / 32), ("gpt-oss", 4.0 / 128), ("deepseekv2", 6.0 / 160), ("qwen2moe", 4.0 / 60),
            ("moe", 8.0 / 64),
        ]
        return known.first { text.contains($0.0) }.map { 1 - $0.1 }
    }

    var limits: BatchingSimulation.Limits {
        .init(sequences: maxSequences, tokens: Double(maxTokens), kvTokens: kvTokens ?? 1e12)
    }
}
