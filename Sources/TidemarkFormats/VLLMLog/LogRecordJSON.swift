import TidemarkBase
import TidemarkEvidence

/// Writes log records as JSON objects with full field names, one line each, for `inspect --json`.
public struct LogRecordJSON {
    /// Where the time of a record comes from.
    public enum TimeSource: String, Sendable { case own, carried, outer }

    /// Print prompts and outputs of users too. By default their lengths stand for them. Secrets are never printed.
    public var keepPrompts: Bool

    public init(keepPrompts: Bool = false) { self.keepPrompts = keepPrompts }

    /// Appends the object (without a line feed). `timeMs`: Unix ms UTC, as the caller worked it out.
    public func write(
        _ record: LogRecord, timeMs: Int64?, timeSource: TimeSource?, to out: inout ByteWriter
    ) {
        var object = JSONObjectWriter(out)
        object.field("line", record.line)
        object.field("kind", record.kind)
        if let timeMs {
            object.field("time", CivilTime.rfc3339(timeMs))
            if let timeSource { object.field("time_source", timeSource.rawValue) }
        } else {
            object.null("time")
        }
        if let level = record.level { object.field("level", level.rawValue) }
        object.field("process", record.process)
        object.field("pid", record.pid)
        object.field("source_file", record.sourceFile)
        object.field("source_line", record.sourceLine)
        payload(record.payload, &object)
        var masked: [UInt8] = []
        if !keepPrompts, UserText.mayOccur(in: record.message), UserText.mask(record.message, into: &masked) {
            masked.withUnsafeBytes { object.free("message", $0, emptyToo: true) }
        } else {
            object.free("message", record.message, emptyToo: true)
        }
        object.end()
        out = object.out
    }

    private func payload(_ payload: LogPayload, _ object: inout JSONObjectWriter) {
        switch payload {
        case .stats(let statistics): Self.statistics(statistics, &object)
        case .companion(let companion):
            object.field("engine", companion.engine)
            object.field("family", companion.family)
            var seen: Set<String> = []
            for (name, value) in companion.values where seen.insert(name).inserted { object.field(name, value) }
        case .iteration(let details):
            object.field("engine", details.engine)
            object.field("iteration", details.iteration)
            object.field("context_requests", details.contextRequests)
            object.field("context_tokens", details.contextTokens)
            object.field("generation_requests", details.generationRequests)
            object.field("generation_tokens", details.generationTokens)
            object.field("elapsed_ms", details.elapsedMs)
            object.field("kv_cache_usage", details.kvCacheUsage)
            if details.dummy { object.field("dummy", true) }
        case .access(let access):
            object.field("client", access.client)
            object.field("method", access.method)
            object.free("path", access.path)
            object.field("status", access.status)
        case .request(let event):
            object.field("phase", event.phase.rawValue)
            object.field("request_id", event.requestID)
            object.field("max_tokens", event.maxTokens)
            object.field("prompt_tokens", event.promptTokens)
            object.free("reason", event.reason)
        case .startup(let facts):
            object.begin("facts")
            var seen: Set<String> = []
            for fact in facts where seen.insert(fact.name).inserted { object.fact(fact) }
            object.endNested()
        case .preemption(let warning):
            object.field("mode", warning.mode)
            object.field("cumulative_preemptions", warning.cumulative)
        case .event(let kind, let exception):
            if kind != .other { object.field("event", kind.rawValue) }
            guard let exception else { return }
            object.field("exception_type", exception.type)
            object.free("exception_message", exception.text)
            if !exception.frame.isEmpty { object.field("innermost_frame", exception.frame) }
            object.field("root_exception_type", exception.rootType)
            object.free("root_exception_message", exception.rootText)
        }
    }

    private static func statistics(_ statistics: EngineStatistics, _ object: inout JSONObjectWriter) {
        object.field("engine", statistics.engine)
        object.field("aggregated_engines", statistics.aggregatedEngines)
        object.field("prompt_tokens_per_second", statistics.promptTokensPerSecond)
        object.field("generation_tokens_per_second", statistics.generationTokensPerSecond)
        object.field("running", statistics.running)
        object.field("waiting", statistics.waiting)
        object.field("swapped", statistics.swapped)
        object.field("deferred", statistics.deferred)
        object.field("preemptions", statistics.preemptions)
        object.field("kv_cache_usage", statistics.kvCacheUsage)
        object.field("cpu_kv_cache_usage", statistics.cpuKVCacheUsage)
        object.field("prefix_cache_hit_rate", statistics.prefixCacheHitRate)
        object.field("cpu_prefix_cache_hit_rate", statistics.cpuPrefixCacheHitRate)
        object.field("external_prefix_cache_hit_rate", statistics.externalPrefixCacheHitRate)
        object.field("mm_cache_hit_rate", statistics.mmCacheHitRate)
        object.field("corrupted", statistics.corrupted)
        object.field("kv_fetch_waiting", statistics.kvFetchWaiting)
        object.field("kv_fetch_in_progress", statistics.kvFetchInProgress)
        object.field("kv_fetch_completed", statistics.kvFetchCompleted)
    }
}

/// One JSON object; fields with unknown values are left out.
private struct JSONObjectWriter {
    var out: ByteWriter
    private var isFirst = true

    init(_ out: ByteWriter) {
        self.out = out
        self.out.write(byte: 123)
    }

    private mutating func key(_ name: String) {
        if !isFirst { out.write(byte: 44) }
        isFirst = false
        out.writeJSONString(name)
        out.write(byte: 58)
    }

    mutating func null(_ name: String) {
        key(name)
        out.write("null")
    }

    mutating func field(_ name: String, _ value: Int?) {
        guard let value else { return }
        key(name)
        out.write(value)
    }

    mutating func field(_ name: String, _ value: Double?) {
        guard let value, value.isFinite else { return }
        key(name)
        out.write(ByteWriter.shortest(value))
    }

    mutating func field(_ name: String, _ value: Bool) {
        key(name)
        out.write(value ? "true" : "false")
    }

    mutating func field(_ name: String, _ value: String) {
        key(name)
        out.writeJSONString(value)
    }

    mutating func field(_ name: String, _ value: Bytes) {
        if !value.isEmpty { field(name, value.text) }
    }

    /// Free text, without the secrets in it.
    mutating func free(_ name: String, _ value: Bytes, emptyToo: Bool = false) {
        guard emptyToo || !value.isEmpty else { return }
        field(name, SecretMask.withMasked(value) { $0.text })
    }

    mutating func begin(_ name: String) {
        key(name)
        out.write(byte: 123)
        isFirst = true
    }

    mutating func endNested() {
        out.write(byte: 125)
        isFirst = false
    }

    mutating func end() { out.write(byte: 125) }

    /// Numbers and truth values as such; names and versions stay text.
    mutating func fact(_ fact: StartupFact) {
        let isText = ["version", "model", "arg.model", "arg.model_tag", "arg.served_model_name"].contains(fact.name)
        key(fact.name)
        if !isText, fact.value == "true" || fact.value == "false" || Self.isNumber(fact.value) {
            out.write(fact.value)
        } else {
            out.writeJSONString(SecretMask.masked(fact.value))
        }
    }

    /// A number in JSON's grammar, without an exponent.
    private static func isNumber(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var at = bytes.first == 45 ? 1 : 0
        let whole = at
        while at < bytes.count, bytes[at] &- 48 <= 9 { at += 1 }
        guard at > whole, bytes[whole] != 48 || at == whole + 1 else { return false }
        guard at < bytes.count else { return at < 20 }
        guard bytes[at] == 46 else { return false }
        let fraction = at + 1
        at = fraction
        while at < bytes.count, bytes[at] &- 48 <= 9 { at += 1 }
        return at == bytes.count && at > fraction
    }
}
