import TidemarkBase
import TidemarkStore

/// Latency objectives of a period: those of the configuration, else of its capture.
enum Objectives {
    /// `slo` of its `capture.json`, keys as `ttft_p95_s`, as pairs of a signal and seconds; unknown keys are left out.
    static func read(_ store: Store, period: Int) throws -> [(signal: String, seconds: Double)] {
        let configured = try store.configuration().objectives
        guard let capture = try store.database.text("SELECT capture FROM period WHERE period_id = ?", period) else {
            return configured
        }
        var found: [(signal: String, seconds: Double)] = []
        withBytes(of: capture) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                guard key.equals("slo"), try reader.peek() == .object else { return try reader.skip() }
                try reader.object { key, reader in
                    let name = key.text
                    guard try reader.peek() == .number, name.hasSuffix("_s") else { return try reader.skip() }
                    let seconds = try reader.number()
                    let signal = name.dropLast(2) + "_seconds"
                    if SignalCatalogue.signal(String(signal)) != nil { found.append((String(signal), seconds)) }
                }
            }
        }
        // The configuration stands over what the capture says.
        return configured + found.filter { one in !configured.contains { $0.signal == one.signal } }
    }
}
