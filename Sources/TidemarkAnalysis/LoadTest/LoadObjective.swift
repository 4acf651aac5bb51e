import TidemarkBase

/// A latency objective, as a load test can check it.
struct LoadObjective {
    /// `ttft_p95`
    var name: String
    var seconds: Double
    /// Which stored latency stands for it.
    var measured: String

    /// Whether it is of the time between tokens, which no queue lengthens.
    var isBetweenTokens: Bool { name.hasPrefix("itl_") || name.hasPrefix("tpot_") }

    /// `TTFT p95 ≤ 2 s`
    var text: String {
        let parts = name.split(separator: "_").map(String.init)
        let metric = parts.first.map { $0.uppercased() } ?? name
        return "\(metric) \(parts.dropFirst().joined(separator: " ")) ≤ \(LoadText.seconds(seconds))"
    }

    private static let quantiles = ["p50", "p90", "p95", "p99"]

    /// The objectives that the levels of a curve can check, and words about those that they can't.
    ///
    /// A quantile that a tool didn't print is judged by the next higher one, which is never smaller.
    static func of(
        _ objectives: [(signal: String, seconds: Double)], _ levels: [LoadLevel]
    ) -> (usable: [LoadObjective], remarks: [Message]) {
        var usable: [LoadObjective] = []
        var remarks: [Message] = []
        for (signal, seconds) in objectives.sorted(by: { $0.signal < $1.signal }) {
            guard signal.hasSuffix("_seconds"), seconds > 0 else { continue }
            let name = String(signal.dropLast("_seconds".count))
            let parts = name.split(separator: "_").map(String.init)
            guard parts.count == 2, ["ttft", "itl", "tpot", "e2e"].contains(parts[0]) else { continue }
            let placed = levels.filter { $0.offered != nil }
            func isMeasured(_ name: String) -> Bool {
                !placed.isEmpty && placed.allSatisfy { $0.latencySeconds[name] != nil }
            }
            var stand: String?
            if isMeasured(name) {
                stand = name
            } else if let place = quantiles.firstIndex(of: parts[1]) {
                stand = quantiles[(place + 1)...].map { "\(parts[0])_\($0)" }.first(where: isMeasured)
            }
            guard let stand else {
                remarks.append("\(name) was not measured at every load: that objective is not checked")
                continue
            }
            if stand != name { remarks.append("\(name) was not printed: \(stand) stands for it") }
            usable.append(LoadObjective(name: name, seconds: seconds, measured: stand))
        }
        return (usable, remarks)
    }
}

/// Numbers as sentences show them.
enum LoadText {
    /// Three significant digits.
    static func number(_ value: Double) -> String {
        let size = abs(value)
        if size >= 100 { return fixed(value, 0) }
        if size >= 10 { return fixed(value, 1) }
        return fixed(value, size >= 1 ? 2 : 3)
    }

    /// `433 ms`, `2.92 s`
    static func seconds(_ value: Double) -> Message {
        value < 1 ? "\(number(value * 1000)) ms" : "\(number(value)) s"
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        let text = decimals == 0 && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
