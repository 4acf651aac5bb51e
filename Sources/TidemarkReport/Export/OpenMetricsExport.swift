import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Writes what a database holds as OpenMetrics text with times: the form that `promtool tsdb create-blocks-from
/// openmetrics` reads.
public enum OpenMetricsExport {
    /// What was written and what the format has no words for.
    public struct Summary: Sendable {
        public var series = 0
        public var samples = 0
        /// Stale markers, which OpenMetrics cannot say.
        public var staleMarkers = 0
        /// Samples of native histograms, which OpenMetrics 1.0 cannot say.
        public var nativeHistograms = 0

        public init() {}
    }

    /// Series of one name follow each other, as the format wants it. A family is a counter or a gauge where the evidence
    /// says so and its values agree; the parts of histograms and all else are of unknown type, one family a name.
    public static func write(_ stored: StoredSeries, sink: ([UInt8]) throws -> Void) throws -> Summary {
        var summary = Summary()
        var out = ByteWriter(capacity: 1 << 17)
        let byName = Dictionary(grouping: stored.entries) { $0.labels.name }
        for name in byName.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.isEmpty {
            let entries = byName[name]!
            var isHeaded = false
            for entry in entries {
                var samples = SeriesSamples(labels: entry.labels)
                for chunk in try stored.chunks(entry) {
                    if chunk.isFloats {
                        try chunk.decode(into: &samples)
                    } else {
                        summary.nativeHistograms += chunk.withData { $0.count >= 2 ? Int($0[0]) << 8 | Int($0[1]) : 0 }
                    }
                }
                let sound = samples.values.count { !StaleMarker.matches($0) }
                summary.staleMarkers += samples.count - sound
                guard sound > 0 else { continue }
                if !isHeaded {
                    isHeaded = true
                    write(family: name, type: try type(of: name, entries, stored), &out)
                }
                summary.series += 1
                summary.samples += sound
                let head = head(entry.labels)
                for index in 0..<samples.count where !StaleMarker.matches(samples.values[index]) {
                    out.write(head)
                    out.write(ByteWriter.shortest(samples.values[index]))
                    out.write(" ")
                    out.write(seconds(samples.timesMs[index]))
                    out.write(byte: 10)
                    if out.bytes.count > 1 << 16 {
                        try sink(out.bytes)
                        out.bytes.removeAll(keepingCapacity: true)
                    }
                }
            }
        }
        out.write("# EOF\n")
        try sink(out.bytes)
        return summary
    }

    private static func type(of name: String, _ entries: [StoredSeries.Entry], _ stored: StoredSeries) throws -> String
    {
        switch entries[0].type {
        case "gauge": return "gauge"
        case "counter" where name.hasSuffix("_total"):
            // A counter may be neither negative nor NaN.
            for entry in entries {
                for chunk in try stored.chunks(entry) where chunk.isFloats {
                    var samples = SeriesSamples(labels: Labels())
                    try chunk.decode(into: &samples)
                    if samples.values.contains(where: { !StaleMarker.matches($0) && !($0 >= 0) }) { return "unknown" }
                }
            }
            return "counter"
        default: return "unknown"
        }
    }

    private static func write(family name: String, type: String, _ out: inout ByteWriter) {
        let family = type == "counter" ? String(name.dropLast("_total".count)) : name
        out.write("# TYPE \(isLegacy(family) ? family : "\"" + Labels.escaped(family) + "\"") \(type)\n")
    }

    /// Name and labels of a sample line, with the blank behind.
    private static func head(_ labels: Labels) -> String {
        let name = labels.name
        var parts = labels.pairs.filter { $0.name != Labels.metricName }.map { pair in
            (isLegacy(pair.name) ? pair.name : "\"" + Labels.escaped(pair.name) + "\"")
                + "=\"" + Labels.escaped(pair.value) + "\""
        }
        if isLegacy(name) { return name + (parts.isEmpty ? "" : "{" + parts.joined(separator: ",") + "}") + " " }
        parts.insert("\"" + Labels.escaped(name) + "\"", at: 0)
        return "{" + parts.joined(separator: ",") + "} "
    }

    /// A name that needs no quotes.
    private static func isLegacy(_ name: String) -> Bool {
        for (index, byte) in name.utf8.enumerated() {
            let isLetter = byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte == 95 || byte == 58
            guard isLetter || index > 0 && byte >= 48 && byte <= 57 else { return false }
        }
        return !name.isEmpty
    }

    private static func seconds(_ timeMs: Int64) -> String {
        let magnitude = timeMs.magnitude
        return (timeMs < 0 ? "-" : "") + String(magnitude / 1000) + "." + String(1000 + magnitude % 1000).dropFirst()
    }
}
