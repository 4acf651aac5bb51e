import TidemarkBase
import TidemarkEvidence

/// The periodic statistics line, in every wording.
///
/// V0 (`engine/llm_engine.py`, `engine/metrics.py`, 0.2.0–0.10.2): `… Running, Swapped, Pending, GPU KV cache usage, CPU
/// KV cache usage`, with a final dot from 0.4.3. V1 (`v1/metrics/loggers.py`, 0.7.0+): `[Engine NNN: |N Engines
/// Aggregated: ]… Running, Waiting, …` with optional parts. The Rust front end (0.22.1+) says `tput`, `Reqs Running`,
/// `KV cache used` and leaves out units. The line is read by its `key: value` pieces, never by position.
enum StatisticsLine {
    /// The statistics of the pieces from `start` on; nil when a known piece can't be read.
    static func parse(_ message: Bytes, from start: Int) -> EngineStatistics? {
        var statistics = EngineStatistics()
        var end = message.count
        while end > start, message[end - 1] == 32 || message[end - 1] == 46 || message[end - 1] == 13 { end -= 1 }
        var at = start
        var units = true
        while at < end {
            let comma = nextComma(message, from: at, to: end)
            guard piece(message.slice(at, comma), into: &statistics, units: &units) else { return nil }
            guard comma < end else { return statistics }
            at = comma + 2
            // A comma at the end: the line was cut off.
            if at >= end { return nil }
        }
        return nil
    }

    @inline(__always)
    private static func nextComma(_ message: Bytes, from: Int, to end: Int) -> Int {
        var probe = from
        while let comma = message.firstIndex(of: 44, from: probe), comma < end {
            if comma + 1 >= end || message[comma + 1] == 32 { return comma }
            probe = comma + 1
        }
        return end
    }

    private static func piece(_ piece: Bytes, into statistics: inout EngineStatistics, units: inout Bool) -> Bool {
        guard let colon = piece.range(of: ": ") else { return unkeyed(piece, into: &statistics) }
        let key = piece.slice(0, colon)
        var scan = FieldScanner(piece, from: colon + 2)
        switch key.first {
        case 65:
            if key.equals("Avg prompt throughput") { return rate(&scan, &statistics.promptTokensPerSecond) }
            if key.equals("Avg generation throughput") { return rate(&scan, &statistics.generationTokensPerSecond) }
            if key.equals("Avg prompt tput") {
                units = false
                return rate(&scan, &statistics.promptTokensPerSecond)
            }
            if key.equals("Avg generation tput") { return rate(&scan, &statistics.generationTokensPerSecond) }
        case 82:
            if key.equals("Running") { return count(&scan, &statistics.running, units) }
            if key.equals("Reqs Running") {
                units = false
                return count(&scan, &statistics.running, units)
            }
        case 87 where key.equals("Waiting"): return count(&scan, &statistics.waiting, units)
        case 80:
            if key.equals("Pending") { return count(&scan, &statistics.waiting, units) }
            if key.equals("Preemptions") { return count(&scan, &statistics.preemptions, false) }
            if key.equals("Prefix cache hit rate") { return ratio(&scan, &statistics.prefixCacheHitRate) }
        case 83 where key.equals("Swapped"): return count(&scan, &statistics.swapped, units)
        case 68 where key.equals("Deferred"): return count(&scan, &statistics.deferred, units)
        case 67 where key.equals("Corrupted"): return count(&scan, &statistics.corrupted, units)
        case 69 where key.equals("External prefix cache hit rate"):
            return ratio(&scan, &statistics.externalPrefixCacheHitRate)
        case 77 where key.equals("MM cache hit rate"): return ratio(&scan, &statistics.mmCacheHitRate)
        case 75 where key.equals("KV fetch"):
            guard let waiting = scan.integer(), scan.skip(" waiting to start"), scan.atEnd else { return false }
            statistics.kvFetchWaiting = waiting
            return true
        default: break
        }
        if hasSuffix(key, " KV cache usage") || hasSuffix(key, " KV cache used") {
            // V0 prints the GPU's and then the CPU's usage; a V1 build for CPUs prints only "CPU", and that is the cache.
            if key.has("CPU "), statistics.kvCacheUsage != nil { return ratio(&scan, &statistics.cpuKVCacheUsage) }
            return ratio(&scan, &statistics.kvCacheUsage)
        }
        return true
    }

    /// A piece without a key: the further parts of `KV fetch`. Anything else is a line cut short.
    private static func unkeyed(_ piece: Bytes, into statistics: inout EngineStatistics) -> Bool {
        var scan = FieldScanner(piece)
        // `Avg time/tok:149.4 ms` of a fork.
        if let colon = piece.firstIndex(of: 58), colon > 0, colon + 1 < piece.count { return true }
        guard statistics.kvFetchWaiting != nil, let value = scan.integer() else { return false }
        if scan.skip(" in progress"), scan.atEnd {
            statistics.kvFetchInProgress = value
            return true
        }
        if scan.skip(" completed waiting"), scan.atEnd {
            statistics.kvFetchCompleted = value
            return true
        }
        return false
    }

    private static func rate(_ scan: inout FieldScanner, _ field: inout Double?) -> Bool {
        if scan.rest.has("nan ") { return true }
        guard let value = scan.number(), scan.skip(" tokens/s") || scan.skip(" toks/s"), scan.atEnd else {
            return false
        }
        field = value
        return true
    }

    private static func count(_ scan: inout FieldScanner, _ field: inout Int?, _ units: Bool) -> Bool {
        guard let value = scan.integer() else { return false }
        guard scan.skip(" reqs") || !units, scan.atEnd else { return false }
        field = value
        return true
    }

    private static func ratio(_ scan: inout FieldScanner, _ field: inout Double?) -> Bool {
        if scan.rest.equals("nan%") { return true }
        guard let value = scan.percent(), scan.atEnd else { return false }
        field = value
        return true
    }

    /// `RUNNING: 306 | WAITING: 628` of the first V1 engines (0.6.5–0.7.0).
    static func counts(_ message: Bytes) -> EngineStatistics? {
        var scan = FieldScanner(message)
        var statistics = EngineStatistics()
        guard scan.skip("RUNNING: "), let running = scan.integer(), scan.skip(" | WAITING: "),
            let waiting = scan.integer(), scan.rest.trimmed.isEmpty
        else { return nil }
        (statistics.running, statistics.waiting) = (running, waiting)
        return statistics
    }

    static func hasSuffix(_ bytes: Bytes, _ literal: StaticString) -> Bool {
        bytes.has(literal, at: bytes.count - literal.utf8CodeUnitCount)
    }
}

/// One line per engine step (`--enable-logging-iteration-details`): `v1/engine/core.py` 0.14.0–0.24.0,
/// `v1/metrics/loggers.py` 0.26.0+ (there with `Engine NNN: ` in front and the KV usage behind).
enum IterationLine {
    static func parse(_ message: Bytes, from start: Int, engine: Int?) -> IterationDetails? {
        var details = IterationDetails()
        details.engine = engine
        var scan = FieldScanner(message, from: start)
        guard scan.skip("Iteration("), let iteration = scan.integer(), scan.skip("): "),
            let contextRequests = scan.integer(), scan.skip(" context requests, "),
            let contextTokens = scan.integer(), scan.skip(" context tokens, "),
            let generationRequests = scan.integer(), scan.skip(" generation requests, "),
            let generationTokens = scan.integer(), scan.skip(" generation tokens, iteration elapsed time: "),
            let elapsed = scan.number(), scan.skip(" ms")
        else { return nil }
        details.iteration = iteration
        details.contextRequests = contextRequests
        details.contextTokens = contextTokens
        details.generationRequests = generationRequests
        details.generationTokens = generationTokens
        details.elapsedMs = elapsed
        let rest = scan.rest
        if let usage = rest.range(of: " KV cache usage: ") {
            var inner = FieldScanner(rest, from: usage + 17)
            guard let value = inner.percent() else { return nil }
            details.kvCacheUsage = value
        } else if rest.has(", ") {
            return rest.has(", encoder") ? details : nil
        }
        details.dummy = rest.range(of: "(dummy)") != nil
        return details
    }
}
