import TidemarkBase

/// Replaces names of people, machines and places by short tokens: the same name by the same one, wherever it stands.
///
/// A token is a letter for what the name is of and digits of an HMAC-SHA-256 under a key that leaves the database with nothing
/// that is redacted. Names that stand by themselves (`instance.name`, a label) are replaced as a whole; in texts the names that
/// are known from there are found again, and what looks like an address, an e-mail, a host or somebody's path.
public final class Redactor {
    /// Appends a message with what users wrote taken out of it; false, and nothing appended, when it holds none.
    public typealias UserTextMask = (_ message: Bytes, _ out: inout [UInt8]) -> Bool

    var book: NameBook
    /// Sentences of the results, to what they become.
    var sentences: [String: String] = [:]
    let userText: UserTextMask?

    public init(key: [UInt8], userText: UserTextMask? = nil) {
        book = NameBook(key: key)
        self.userText = userText
    }

    // MARK: Whole values

    /// A name that stands by itself.
    func name(_ value: String, _ kind: NameBook.Kind) -> String {
        if let known = book.known(value) { return known }
        if Self.saysNothing(value) { return value }
        if kind == .client, value.contains(",") {
            return value.split(separator: ",").map { name(String($0.drop { $0 == " " }), kind) }.joined(separator: ", ")
        }
        if let scheme = value.firstRange(of: "://") {
            let rest = value[scheme.upperBound...]
            let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
            let host = rest[..<end].split(separator: "@").last.map(String.init) ?? ""
            return value[..<scheme.upperBound] + name(host, kind) + route(String(rest[end...]))
        }
        if let port = Self.port(of: value) {
            let host = value[..<port]
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
            return name(bare, kind) + value[port...]
        }
        if let gpu = value.firstRange(of: " GPU ") {
            return name(String(value[..<gpu.lowerBound]), kind) + value[gpu.lowerBound...]
        }
        return book.token(value, kind)
    }

    /// Where the `:8000` of a host begins.
    private static func port(of value: String) -> String.Index? {
        guard let colon = value.lastIndex(of: ":"), colon > value.startIndex else { return nil }
        let digits = value[value.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let host = value[..<colon]
        return !host.contains(":") || host.hasPrefix("[") ? colon : nil
    }

    /// Names that many have: numbers of up to four digits, GPUs by their index, the machine itself.
    private static func saysNothing(_ value: String) -> Bool {
        if TextPattern.saysNothing(value) { return true }
        let digits = value.hasPrefix("GPU ") ? value.dropFirst(4) : value[...]
        if digits.count <= 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }) { return true }
        return [
            "fleet", "vllm", "GPU", "-", "None", "none", "null", "unknown", "true", "false", "True", "False", "all",
        ]
        .contains(value)
    }

    /// A path of a request: the segments that inference servers have stay.
    func route(_ path: String) -> String {
        guard !path.isEmpty else { return path }
        if path.contains("://") { return name(path, .host) }
        let end = path.firstIndex { $0 == "?" || $0 == "#" } ?? path.endIndex
        var out = path[..<end].split(separator: "/", omittingEmptySubsequences: false).map { part in
            let part = String(part)
            return Self.segments.contains(part) || part.hasPrefix("{") && part.hasSuffix("}") || Self.isVersion(part)
                || Self.saysNothing(part) ? part : book.known(part) ?? book.token(part, .route)
        }.joined(separator: "/")
        if end < path.endIndex { out += "?" + book.token(String(path[end...]), .route) }
        return out
    }

    private static func isVersion(_ part: String) -> Bool {
        part.count <= 3 && part.hasPrefix("v") && part.dropFirst().allSatisfy(\.isNumber)
    }

    private static let segments: Set<String> = [
        "", "*", "chat", "complete", "completions", "embeddings", "embed", "models", "health", "healthz", "ready",
        "readyz", "live",
        "metrics", "tokenize", "detokenize", "score", "rerank", "ping", "version", "invocations", "api", "generate",
        "generate_stream", "openai", "responses", "audio", "transcriptions", "translations", "speech", "images",
        "pooling",
        "classify", "docs", "openapi.json", "load", "server_info", "sleep", "wake_up", "is_sleeping",
        "reset_prefix_cache",
        "start_profile", "stop_profile", "load_lora_adapter", "unload_lora_adapter", "messages", "none", "other",
        "favicon.ico",
        "robots.txt", "http:", "https:", "GET", "POST", "llm_request", "traces", "batches", "files", "realtime",
        "status",
    ]

    /// The name of a file of evidence; words that everybody's have stay, and what says its form.
    func file(_ path: String) -> String {
        guard !path.isEmpty else { return path }
        if let known = book.known(path) { return known }
        var path = path
        var line = ""
        if let colon = path.lastIndex(of: ":"), path[path.index(after: colon)...].allSatisfy(\.isNumber),
            colon > path.startIndex
        {
            line = String(path[colon...])
            path = String(path[..<colon])
        }
        return path.split(separator: "/", omittingEmptySubsequences: false).map { part($0) }.joined(separator: "/")
            + line
    }

    private func part(_ part: Substring) -> String {
        if let known = book.known(String(part)) { return known }
        var stem = part
        while let dot = stem.lastIndex(of: "."), dot > stem.startIndex {
            let ending = stem[stem.index(after: dot)...]
            guard Self.endings.contains(String(ending)) || ending.count <= 4 && ending.allSatisfy(\.isNumber) else {
                break
            }
            stem = stem[..<dot]
        }
        let ending = part[stem.endIndex...]
        if let known = book.known(String(stem)) { return known + ending }
        let words = stem.lowercased().split(whereSeparator: { "-_.".contains($0) })
        let isPlain = words.allSatisfy { Self.stems.contains(String($0)) || $0.count <= 8 && $0.allSatisfy(\.isNumber) }
        if isPlain || Self.stems.contains(stem.lowercased()) || Self.isNumbered(stem) { return String(part) }
        let token = book.token(String(stem), .file) + ending
        if !ending.isEmpty { book.note(String(part), token) }
        return token
    }

    /// Dates, numbers, names of Prometheus' blocks.
    private static func isNumbered(_ stem: Substring) -> Bool {
        stem.utf8.allSatisfy { TextPattern.isDigit($0) || [45, 95, 84, 90, 46].contains($0) }
            || stem.utf8.count == 26 && stem.hasPrefix("01")
                && stem.utf8.allSatisfy { TextPattern.isDigit($0) || $0 &- 65 < 26 }
    }

    private static let endings: Set<String> = [
        "gz", "zst", "bz2", "xz", "log", "json", "jsonl", "ndjson", "csv", "tsv", "txt", "prom", "om", "openmetrics",
        "out", "err",
        "dump", "xml", "yaml", "yml", "sqlite", "html", "pb", "py", "jinja", "pem", "bin", "safetensors",
    ]
    private static let stems: Set<String> = [
        "", ".", "..", "server", "vllm", "metrics", "metric", "gpu", "gpus", "nvidia", "smi", "dmon", "otlp", "bench",
        "access",
        "error", "log", "logs", "stdout", "stderr", "scrape", "scrapes", "prometheus", "data", "capture", "kernel",
        "dmesg",
        "trace", "traces", "tsdb", "chunks", "index", "meta", "wal", "tombstones", "evidence", "gateway", "engine",
        "syslog",
        "range", "dcgm", "node", "dump", "baseline", "alerts", "query", "incident", "requests", "spans", "benchmark",
        "loadtest",
    ]

    /// The value of a Prometheus label.
    func label(_ key: String, _ value: String) -> String {
        if value.isEmpty || key == "__name__" { return value }
        if let kind = TextPattern.kind(ofKey: key) { return kind == .other ? text(value) : name(value, kind) }
        let lower = key.lowercased()
        if Self.routeLabels.contains(lower) { return route(value) }
        if Self.labels.contains(lower) { return text(value) }
        let isNumber = value.utf8.allSatisfy { TextPattern.isDigit($0) || [43, 45, 46, 101].contains($0) }
        if isNumber && value.utf8.count < 10 || Self.saysNothing(value) || value == "auto" || value == "+Inf" {
            return value
        }
        return name(value, .other)
    }

    private static let routeLabels: Set<String> = [
        "handler", "path", "route", "endpoint", "uri", "url", "http_route", "http_target",
    ]
    /// Labels of vLLM and of the usual exporters that name nobody.
    private static let labels: Set<String> = [
        "alertname", "alertstate", "severity", "le", "quantile", "model_name", "model", "engine", "engine_index",
        "finished_reason",
        "finish_reason", "method",
        "status", "status_code", "code", "gpu", "modelname", "gpu_type", "pci_bus_id", "device", "position", "source",
        "type",
        "phase", "mode", "cpu", "reason", "state", "stage", "err_code", "dcgm_fi_driver_version", "driver_version",
        "version",
        "implementation", "major", "minor", "patchlevel", "generation", "cache_dtype", "kv_cache_dtype", "block_size",
        "prefix_caching_hash_algo", "sleep_state", "fstype", "operstate", "sysname", "release", "cause", "api_provider",
        "requested_model", "litellm_model_name", "spec_decode", "kind", "op", "operation", "action", "result", "level",
        "name",
        "unit", "prompt_type", "grpc_code", "protocol", "request_type", "is_streaming", "quantization", "dtype",
    ]

    /// An argument or another fact of an engine.
    func fact(_ key: String, _ value: String) -> String {
        let key = key.hasPrefix("arg.") ? String(key.dropFirst(4)) : key
        if Self.saysNothing(value) || value.isEmpty { return value }
        if SecretMask.masked(key + "=" + value) != key + "=" + value { return "***" }
        if let kind = TextPattern.kind(ofKey: key) { return name(value, kind) }
        for ending in ["_address", "_addr", "_endpoint", "_url", "_ip", "_origins", "_headers"]
        where key.hasSuffix(ending) {
            return name(value, .host)
        }
        let endings = [
            "file", "_path", "_dir", "_certs", "template", "log_config", "_plugin", "middleware", "uds", "directory",
        ]
        if endings.contains(where: key.hasSuffix) { return file(value) }
        if key.hasPrefix("lora_modules") { learnAdapters(value) }
        return text(value)
    }

    /// `name=path`, or JSON objects with a `name`.
    private func learnAdapters(_ value: String) {
        var previous = ""
        for word in value.split(whereSeparator: { " '\"[]{},:".contains($0) }) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, !parts[0].isEmpty { _ = name(String(parts[0]), .adapter) }
            if previous == "name" { _ = name(String(word), .adapter) }
            previous = String(word)
        }
    }

    /// Who used something, by what it is: `week_usage`.
    func usage(_ kind: String, _ value: String) -> String {
        switch kind {
        case "route": route(value)
        case "adapter": value.isEmpty ? value : name(value, .adapter)
        case "model": text(value)
        case "tenant": value  // hashed when it was stored
        default: sentence(value)
        }
    }

    /// A request's id without what clients put into it; what engines put around it stays, for requests are joined by it.
    func requestID(_ id: String) -> String {
        var core = id[...]
        var prefix = ""
        if let found = Self.requestPrefixes.first(where: core.hasPrefix) {
            prefix = found
            core = core.dropFirst(found.count)
        }
        var suffix = ""
        if let dash = core.lastIndex(of: "-"), dash > core.startIndex {
            let end = core[core.index(after: dash)...]
            if end.utf8.count == 8, end.utf8.allSatisfy({ TextPattern.isDigit($0) || $0 &- 97 < 6 }) {
                suffix = String(core[dash...])
                core = core[..<dash]
            }
        }
        if core.hasSuffix("-0"), core.count > 2 {
            suffix = "-0" + suffix
            core = core.dropLast(2)
        }
        return core.isEmpty ? id : prefix + "r" + book.digits(String(core), count: 12) + suffix
    }

    static let requestPrefixes = ["chatcmpl-", "cmpl-", "embd-", "score-", "rerank-", "classify-", "pool-", "resp_"]

    /// Trace and span ids: as many hexadecimal digits as before.
    func hexadecimal(_ id: String) -> String {
        id.isEmpty ? id : book.digits(id, count: min(64, max(8, id.utf8.count)))
    }
}
