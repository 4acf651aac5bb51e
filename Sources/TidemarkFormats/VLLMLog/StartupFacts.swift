import TidemarkBase
import TidemarkEvidence

/// What a server says about itself while it starts, as named facts. Several facts may stand in one line.
///
/// Names carry the unit; sizes are bytes (vLLM divides by 2³⁰, also where it prints "GB"), durations seconds. The
/// wordings are those of 0.2.0–0.33.0; the version ranges stand beside each.
struct StartupFacts {
    private(set) var facts: [StartupFact] = []
    private let message: Bytes

    static func parse(_ message: Bytes) -> [StartupFact] {
        guard !message.isEmpty else { return [] }
        var parser = StartupFacts(message: message)
        parser.server()
        if parser.facts.isEmpty { parser.settings() }
        if parser.facts.isEmpty { parser.memory() }
        if parser.facts.isEmpty { parser.preparation() }
        return parser.facts
    }

    private init(message: Bytes) { self.message = message }

    private mutating func add(_ name: String, _ value: Bytes) {
        if !value.isEmpty { facts.append(StartupFact(name, value.text(limit: 2048))) }
    }

    private mutating func add(_ name: String, _ value: Int?) {
        if let value { facts.append(StartupFact(name, String(value))) }
    }

    /// A decimal number, without trailing zeros.
    private mutating func add(_ name: String, decimal value: Bytes?) {
        if let value, let number = Decimal.parse(value) { facts.append(StartupFact(name, ByteWriter.shortest(number))) }
    }

    private func scan(after literal: StaticString) -> FieldScanner? {
        guard let found = message.range(of: literal) else { return nil }
        return FieldScanner(message, from: found + literal.utf8CodeUnitCount)
    }

    private func scan(prefix literal: StaticString) -> FieldScanner? {
        message.has(literal) ? FieldScanner(message, from: literal.utf8CodeUnitCount) : nil
    }

    /// Version, model, addresses, processes.
    private mutating func server() {
        if var scan = scan(prefix: "vLLM API server version ") {  // 0.4.2–0.24.0
            add("version", scan.until(32).trimmed)
            facts.append(StartupFact("server_start", "true"))
        } else if var scan = scan(prefix: "vLLM server version ") {  // 0.26.0+, without the logo
            add("version", scan.until(44).trimmed)
            if scan.find("serving model ") { add("model", scan.rest.trimmed) }
            facts.append(StartupFact("server_start", "true"))
        } else if message.range(of: "\u{2588}") != nil,
            var scan = scan(after: "  version ") ?? scan(after: "\u{2588} version ")
        {  // the logo; a page may have made one blank of two
            add("version", scan.until(10).trimmed)
            if scan.find("  model   ") || scan.find("\u{2588} model ") { add("model", scan.until(10).trimmed) }
            facts.append(StartupFact("server_start", "true"))
        } else if message.range(of: "\u{2588}") != nil, var scan = scan(after: "\u{2588} model ") {
            add("model", scan.until(10).trimmed)
        } else if var scan = scan(prefix: "Started server process [") {  // uvicorn
            add("server_pid", scan.integer())
        } else if message.has("Application startup complete.") {
            facts.append(StartupFact("ready", "true"))
        } else if var scan = scan(prefix: "Uvicorn running on ") {
            add("listen", scan.until(32))
        } else if var scan = scan(prefix: "Starting vLLM ") {
            // `API server on URL` 0.7.3–0.9.0, `API server N on URL` 0.9.2–0.16.0, `server on URL` 0.18.0+
            guard message.range(of: "server ") != nil, scan.find(" on ") else { return }
            add("listen", scan.until(32).trimmed)
        } else if var scan = scan(prefix: "Started engine process with PID ") {  // V0 0.6+
            add("engine_pid", scan.integer())
        } else if message.has("Started "), var scan = scan(prefix: "Started "), let count = scan.integer(),
            scan.skip(" API server processes")
        {
            add("api_server_processes", count)
        } else if var scan = scan(prefix: "rank "), let rank = scan.integer(), scan.skip(" in world size "),
            let world = scan.integer()
        {
            add("rank", rank)
            add("world_size", world)
            for (name, words) in Self.ranks where scan.find(words) { add(name, scan.integer()) }
        } else if var scan = scan(prefix: "Automatically detected platform ") {  // 0.6.4+
            add("platform", scan.until(46).trimmed)
        } else if var scan = scan(prefix: "Started DP Coordinator process (PID: ") {
            add("coordinator_pid", scan.integer())
        }
    }

    /// `is assigned as DP rank a, PP rank b[, PCP rank c], TP rank d[, EP rank e]`, in the order of the line.
    private static let ranks: [(String, StaticString)] = [
        ("dp_rank", "DP rank "), ("pp_rank", "PP rank "), ("tp_rank", "TP rank "), ("ep_rank", "EP rank "),
    ]

    /// Arguments and engine configuration.
    private mutating func settings() {
        if let found = scan(prefix: "args: Namespace(") {  // 0.2–0.8.5
            raw("args", from: 6)
            collect(from: found.at, separator: 61)
        } else if let found = scan(prefix: "non-default args: {") {  // 0.9.0+
            raw("args", from: 18)
            collect(from: found.at, separator: 58)
        } else if message.has("Initializing a"), var scan = scan(after: "LLM engine ") {
            if message.has("Initializing a V1") { facts.append(StartupFact("engine_generation", "V1")) }
            if message.has("Initializing a V0") { facts.append(StartupFact("engine_generation", "V0")) }
            if scan.skip("(v") {
                add("version", scan.until(41))
                _ = scan.skip(") ")
            }
            guard scan.skip("with config: ") else { return }
            raw("engine_config", from: scan.at)
            collect(from: scan.at, separator: 61)
        }
    }

    private mutating func raw(_ name: String, from start: Int) {
        var masked: [UInt8] = []
        PythonLiterals.maskSecrets(message.slice(start, message.count), into: &masked)
        masked.withUnsafeBytes { facts.append(StartupFact(name, $0.text(limit: 32 << 10))) }
    }

    private mutating func collect(from start: Int, separator: UInt8) {
        var found: [StartupFact] = []
        _ = PythonLiterals.settings(message, from: start, separator: separator) { setting in
            var masked: [UInt8] = []
            PythonLiterals.maskSecrets(setting.value, into: &masked)
            guard let value = masked.withUnsafeBytes({ PythonLiterals.normalized($0) }) else { return }
            let secret = PythonLiterals.isSecret(setting.key) && PythonLiterals.isSecretValue(setting.value)
            found.append(StartupFact("arg." + setting.key.text(limit: 128), secret ? "***" : value))
        }
        facts += found
        // The settings that analyses ask for also stand under their own names.
        for (name, keys) in Self.canonical {
            guard let key = keys.first(where: { key in found.contains { $0.name == key } }),
                let fact = found.first(where: { $0.name == key })
            else { continue }
            facts.append(StartupFact(name, fact.value))
        }
    }

    private static let canonical: [(String, [String])] = [
        ("model", ["arg.model", "arg.model_tag"]),
        ("max_model_len", ["arg.max_model_len", "arg.max_seq_len"]),
        ("max_num_seqs", ["arg.max_num_seqs"]),
        ("max_num_batched_tokens", ["arg.max_num_batched_tokens"]),
        ("gpu_memory_utilization", ["arg.gpu_memory_utilization"]),
        ("tensor_parallel_size", ["arg.tensor_parallel_size"]),
        ("pipeline_parallel_size", ["arg.pipeline_parallel_size"]),
        ("data_parallel_size", ["arg.data_parallel_size"]),
    ]

    /// Weights, KV cache, blocks.
    private mutating func memory() {
        if var scan = scan(prefix: "Loading model weights took ") {  // 0.4.2–0.8.2
            add("model_memory_bytes", scan.sizeBytes())
        } else if var scan = scan(prefix: "Loading weights took ") {  // 0.8.0+
            add("weights_load_seconds", decimal: scan.numberBytes())
        } else if var scan = scan(prefix: "Model loading took ") {  // 0.8.0+
            add("model_memory_bytes", scan.sizeBytes())
            if scan.find("and ") { add("model_load_seconds", decimal: scan.numberBytes()) }
        } else if var scan = scan(after: "Available KV cache memory: ") {  // 0.9.2+
            add("kv_cache_memory_bytes", scan.sizeBytes())
        } else if var scan = scan(prefix: "Memory profiling takes ") ?? profilingPart() {  // 0.6.6–0.10.2, three lines
            add("memory_profiling_seconds", decimal: scan.numberBytes())
            if scan.find("total_gpu_memory (") { add("gpu_memory_bytes", scan.sizeBytes()) }
            if scan.find("gpu_memory_utilization (") { add("gpu_memory_utilization", decimal: scan.numberBytes()) }
            if scan.find(") = ") { add("usable_memory_bytes", scan.sizeBytes()) }
            if scan.find("model weights take ") { add("model_memory_bytes", scan.sizeBytes()) }
            if scan.find("non_torch_memory takes ") { add("non_torch_memory_bytes", scan.sizeBytes()) }
            if scan.find("activation peak memory takes ") { add("activation_memory_bytes", scan.sizeBytes()) }
            if scan.find("reserved for KV Cache is ") { add("kv_cache_memory_bytes", scan.sizeBytes()) }
        } else if var scan = scan(prefix: "Memory profiling results: ") {  // 0.6.4
            if scan.find("total_gpu_memory=") { add("gpu_memory_bytes", scan.sizeBytes()) }
            if scan.find("non_torch_memory=") { add("non_torch_memory_bytes", scan.sizeBytes()) }
            if scan.find("kv_cache_size=") { add("kv_cache_memory_bytes", scan.sizeBytes()) }
            if scan.find("gpu_memory_utilization=") { add("gpu_memory_utilization", decimal: scan.numberBytes()) }
        } else if message.has("# "), var scan = scan(after: " blocks: ") {  // 0.2–0.11.0; the device word varies
            add("gpu_blocks", scan.integer())
            if scan.find("# CPU blocks: ") { add("cpu_blocks", scan.integer()) }
        } else if var scan = scan(after: "num_gpu_blocks is: ") {  // 0.9.0–0.11.0, DEBUG later
            add("gpu_blocks", scan.integer())
        } else if var scan = scan(prefix: "Available memory: "), let free = scan.integer(),
            scan.skip(", total memory: ")
        {  // Ascend, bytes
            add("kv_cache_memory_bytes", free)
            add("device_memory_bytes", scan.integer())
        } else if var scan = scan(prefix: "Auto set (") ?? scan(prefix: "Explicitly set ("),
            message.range(of: " GiB for KV cache") != nil, let gigabytes = scan.number(), gigabytes < 1e9
        {  // CPU
            add("kv_cache_memory_bytes", Int((gigabytes * 1_073_741_824).rounded()))
        }
        if var scan = scan(after: " KV cache size: ") {  // 0.8.0+; with the concurrency on one line from 0.28.0
            add("kv_cache_tokens", scan.integer())
        }
        if var scan = scan(after: "Maximum concurrency for "), let length = scan.integer() {  // 0.6.3+
            add("max_model_len", length)
            if scan.find("request: ") { add("max_concurrency", decimal: scan.numberBytes()) }
        }
    }

    /// The second or third line of the profile, where the first is missing.
    private func profilingPart() -> FieldScanner? {
        guard message.has("the current vLLM instance can use ") || message.has("model weights take ") else {
            return nil
        }
        return FieldScanner(message)
    }

    /// Limits, compilation, graphs, back ends.
    private mutating func preparation() {
        if var scan = scan(prefix: "Using max model len ") {  // 0.9.2+
            add("max_model_len", scan.integer())
        } else if var scan = scan(prefix: "Resolved architecture: ") {  // 0.10.1+
            add("architecture", scan.until(32).trimmed)
        } else if var scan = scan(prefix: "Chunked prefill is enabled") {  // 0.5.3–0.18.0
            facts.append(StartupFact("chunked_prefill", "true"))
            if scan.find("max_num_batched_tokens=") { add("max_num_batched_tokens", scan.integer()) }
        } else if var scan = scan(prefix: "Defaulting max_num_batched_tokens to ") {
            add("max_num_batched_tokens", scan.integer())
        } else if var scan = scan(prefix: "Defaulting max_num_seqs to ") ?? scan(prefix: "Setting max_num_seqs to ") {
            add("max_num_seqs", scan.integer())
        } else if var scan = scan(prefix: "Setting max_num_batched_tokens to ") {
            add("max_num_batched_tokens", scan.integer())
        } else if var scan = scan(prefix: "Initial profiling/warmup run took ") {
            add("warmup_seconds", decimal: scan.numberBytes())
        } else if message.has("Warmup finished in "), var scan = scan(prefix: "Warmup finished in ") {  // Gaudi
            add("warmup_seconds", decimal: scan.numberBytes())
        } else if var scan = scan(prefix: "Asynchronous scheduling is ") {  // 0.14.0–0.26.0
            facts.append(StartupFact("async_scheduling", scan.skip("enabled") ? "true" : "false"))
        } else if var scan = scan(after: "Dynamo bytecode transform time: ") {
            add("dynamo_seconds", decimal: scan.numberBytes())
        } else if message.range(of: "Compiling a graph for ") != nil, var scan = scan(after: " takes ") {
            add("graph_compile_seconds", decimal: scan.numberBytes())
        } else if var scan = scan(after: "torch.compile takes ") ?? scan(after: "torch.compile took ") {
            add("compile_seconds", decimal: scan.numberBytes())
        } else if var scan = scan(after: "Graph capturing finished in ") {
            add("graph_capture_seconds", decimal: scan.numberBytes())
            if scan.find("took ") { add("graph_memory_bytes", scan.sizeBytes()) }
        } else if var scan = scan(after: "Estimated CUDA graph memory: ") {  // 0.18.0+
            add("graph_memory_estimate_bytes", scan.sizeBytes())
        } else if message.has("init engine ("), var scan = scan(after: ") took ") {
            add("init_seconds", decimal: scan.numberBytes())
            if scan.find("(compilation: ") { add("init_compile_seconds", decimal: scan.numberBytes()) }
        } else {
            attentionBackend()
        }
    }

    /// `Using FlashAttention-2 backend.`, `Using Flash Attention backend on V1 engine.` (0.7.0–0.11.0),
    /// `Using X attention backend out of potential backends: […]` (0.12.0+), `Using AttentionBackendEnum.X backend.`
    private mutating func attentionBackend() {
        guard message.has("Using "), let end = message.range(of: " backend"), end > 6, end < 60 else { return }
        var name = message.slice(6, end)
        if name.has("AttentionBackendEnum.") {
            name = name.slice(21, name.count)
        } else if StatisticsLine.hasSuffix(name, " attention") {
            name = name.slice(0, name.count - 10)
        } else {
            let known: [StaticString] = [
                "Attention", "attention", "ATTN", "Attn", "attn", "XFormers", "FlashInfer", "FLASHINFER", "MLA", "SDPA",
                "Triton", "TRITON",
            ]
            guard known.contains(where: { name.range(of: $0) != nil }) else { return }
        }
        add("attention_backend", name.trimmed)
    }
}
