import TidemarkBase
import TidemarkEvidence

/// The lines that come with the statistics: named quantities, read into a list.
///
/// Sources: `spec_decode/metrics.py` (V0), `v1/spec_decode/metrics.py`, `v1/metrics/loggers.py`, `distributed/
/// kv_transfer/…/metrics.py`, `v1/metrics/perf.py`, `compilation/cuda_graph.py`.
enum CompanionLine {
    /// The family of a companion line and where its quantities begin; nil for any other line.
    static func family(_ message: Bytes, from start: Int) -> (name: String, values: Int)? {
        guard start < message.count else { return nil }
        switch message[start] {
        case 83:
            if message.has("SpecDecoding metrics: ", at: start) { return ("spec_decode", start + 22) }
            if message.has("Speculative metrics: ", at: start) { return ("spec_decode", start + 21) }
        case 68 where message.has("DiffusionDecoding metrics: ", at: start): return ("diffusion", start + 27)
        case 75 where message.has("KV Transfer metrics: ", at: start): return ("kv_transfer", start + 21)
        case 69 where message.has("EC Transfer metrics: ", at: start): return ("ec_transfer", start + 21)
        case 80 where message.has("Prefix cache hit rate: GPU: ", at: start): return ("prefix_cache", start + 23)
        case 77 where message.has("MFU: ", at: start): return ("mfu", start + 5)
        case 42 where message.has("**CUDAGraph ", at: start): return ("cudagraph", start)
        default: break
        }
        return nil
    }

    static func parse(_ message: Bytes, family: (name: String, values: Int), engine: Int?) -> CompanionStatistics? {
        var end = message.count
        while end > family.values, message[end - 1] == 32 || message[end - 1] == 46 || message[end - 1] == 13 {
            end -= 1
        }
        // Between 0.8.2 and 0.8.5 the line ended with a comma.
        if message.has("Speculative"), end > family.values, message[end - 1] == 44 { end -= 1 }
        let rest = message.slice(family.values, max(family.values, end))
        var result = CompanionStatistics(family: family.name, engine: engine, values: [])
        switch family.name {
        case "mfu": result.values = mfu(rest)
        case "cudagraph":
            result.values = cudaGraphs(message)
            return result
        case "prefix_cache":
            var scan = FieldScanner(rest)
            guard scan.skip("GPU: "), let gpu = scan.percent(), scan.skip(", CPU: "), let cpu = scan.percent(),
                scan.atEnd
            else { return nil }
            result.values = [("prefix_cache_hit_rate", gpu), ("cpu_prefix_cache_hit_rate", cpu)]
        case "kv_transfer", "ec_transfer":
            guard let values = assignments(rest) else { return nil }
            result.values = values
        default:
            guard let values = quantities(rest) else { return nil }
            result.values = values
        }
        return result.values.isEmpty ? nil : result
    }

    /// `Key: value unit, Key: value unit`; a value may itself be a list with commas.
    private static func quantities(_ text: Bytes) -> [(name: String, value: Double)]? {
        var values: [(name: String, value: Double)] = []
        var at = 0
        while at < text.count, values.count < 256 {
            guard let colon = text.range(of: ": ", from: at) else { return nil }
            let key = text.slice(at, colon)
            var scan = FieldScanner(text, from: colon + 2)
            if key.equals("Per-position acceptance rate") {
                var position = 0
                while let value = scan.number() {
                    values.append(("position_\(position)_acceptance_rate", value))
                    position += 1
                    let comma = scan.at
                    guard scan.skip(", "), !scan.atEnd, text[scan.at] &- 48 <= 9 else {
                        scan.at = comma
                        break
                    }
                }
            } else if let ratio = scan.percent() {
                values.append((name(key, unit: nil), ratio))
            } else if let value = scan.number() {
                let unit = scan.until(44).trimmed
                values.append((name(key, unit: unit), value))
            } else {
                guard scan.skip("nan") else { return nil }
                _ = scan.until(44)
            }
            guard scan.at < text.count else { break }
            guard scan.skip(", ") else { return nil }
            if scan.atEnd { return nil }
            at = scan.at
        }
        return values
    }

    /// `Key=value, Key=value`, the form of the KV connectors; values that aren't numbers are left out.
    private static func assignments(_ text: Bytes) -> [(name: String, value: Double)]? {
        var values: [(name: String, value: Double)] = []
        var at = 0
        while at < text.count, values.count < 256 {
            guard let equals = text.firstIndex(of: 61, from: at) else { return nil }
            let key = text.slice(at, equals)
            if text.has("{", at: equals + 1) {
                // Of several connectors each prints a dict.
                guard let close = text.firstIndex(of: 125, from: equals) else { return nil }
                values += dictionary(text.slice(equals + 2, close)).map { (slug(key) + "_" + $0.name, $0.value) }
                at = close + 3
                continue
            }
            var scan = FieldScanner(text, from: equals + 1)
            let end = text.range(of: ", ", from: equals) ?? text.count
            if let ratio = scan.percent(), scan.at == end {
                values.append((slug(key), ratio))
            } else {
                scan.at = equals + 1
                if let value = scan.number(), scan.at == end { values.append((slug(key), value)) }
            }
            at = end + 2
        }
        return values
    }

    /// The numbers of `'Num successful transfers': 1, 'Avg xfer time (ms)': 3.056`.
    private static func dictionary(_ text: Bytes) -> [(name: String, value: Double)] {
        var values: [(name: String, value: Double)] = []
        var at = 0
        while let colon = text.range(of: ": ", from: at), values.count < 256 {
            let end = text.range(of: ", ", from: colon) ?? text.count
            var scan = FieldScanner(text, from: colon + 2)
            if let value = scan.number(), scan.at == end { values.append((slug(text.slice(at, colon)), value)) }
            at = min(end + 2, text.count)
        }
        return values
    }

    private static func mfu(_ text: Bytes) -> [(name: String, value: Double)] {
        var values: [(name: String, value: Double)] = []
        var scan = FieldScanner(text)
        if let flops = scan.number(), scan.skip(" TF/s/") {
            values.append(("teraflops_per_second_per_device", flops))
            _ = scan.until(32)
            scan.skipBlanks()
            if let bytes = scan.number(), scan.skip(" GB/s/") {
                values.append(("gigabytes_per_second_per_device", bytes))
            }
        }
        return values
    }

    /// The CUDA-graph table (0.13.0+): how many steps ran, and how many tokens of them were padding.
    private static func cudaGraphs(_ message: Bytes) -> [(name: String, value: Double)] {
        var rows = 0.0
        var steps = 0.0
        var paddings = 0.0
        var at = 0
        while at < message.count {
            let end = message.firstIndex(of: 10, from: at) ?? message.count
            let line = message.slice(at, end).trimmed
            at = end + 1
            guard line.first == 124 else { continue }
            var scan = FieldScanner(line, from: 1)
            var numbers: [Int] = []
            while !scan.atEnd {
                scan.skipBlanks()
                if let value = scan.integer() { numbers.append(value) }
                _ = scan.until(124)
                scan.at += 1
            }
            guard numbers.count >= 4 else { continue }
            rows += 1
            steps += Double(numbers[numbers.count - 1])
            paddings += Double(numbers[2]) * Double(numbers[numbers.count - 1])
        }
        return [("batch_shapes", rows), ("steps", steps), ("padded_tokens", paddings)]
    }

    /// The name of a quantity, with the unit that the line prints.
    private static func name(_ key: Bytes, unit: Bytes?) -> String {
        if key.equals("Avg Draft acceptance rate") { return "draft_acceptance_rate" }
        if key.equals("Accepted") { return "accepted_tokens" }
        if key.equals("Drafted") { return "drafted_tokens" }
        if key.equals("Accepted throughput") { return "accepted_tokens_per_second" }
        if key.equals("Drafted throughput") { return "drafted_tokens_per_second" }
        if key.equals("Committed token throughput") { return "committed_tokens_per_second" }
        if key.equals("Committed") { return "committed_tokens" }
        // V0's counts are cumulative; 0.5.x doubles the word "tokens".
        if key.has("Number of draft tokens") { return "draft_tokens_total" }
        if key.has("Number of emitted tokens") { return "emitted_tokens_total" }
        if key.has("Number of accepted tokens") { return "accepted_tokens_total" }
        if key.has("Number of speculative tokens") { return "speculative_tokens" }
        return slug(key)
    }

    /// `Avg xfer time (ms)` → `avg_xfer_time_ms`, `Throughput (MB/s)` → `throughput_mb_per_s`.
    static func slug(_ key: Bytes) -> String {
        var out: [UInt8] = []
        for byte in key {
            switch byte {
            case 65...90: out.append(byte | 0x20)
            case 97...122, 48...57: out.append(byte)
            case 47: out.append(contentsOf: "_per_".utf8)
            default: if let last = out.last, last != 95 { out.append(95) }
            }
        }
        while out.last == 95 { out.removeLast() }
        return String(decoding: out, as: UTF8.self)
    }
}
