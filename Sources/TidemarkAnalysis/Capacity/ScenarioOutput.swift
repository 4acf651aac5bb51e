import TidemarkBase

extension ScenarioReport {
    /// For people: the present beside the change.
    public var text: String {
        let number = CapacityReport.number
        func time(_ seconds: Double?) -> String { seconds.map { CapacityEstimate.duration($0).text } ?? "–" }
        func high(_ value: Double?, _ band: ClosedRange<Double>?) -> String {
            time(value) + (band.map { " (\(time($0.lowerBound))…\(time($0.upperBound)))" } ?? "")
        }
        func line(_ name: String, _ left: String, _ right: String) -> String {
            func padded(_ text: String, _ width: Int) -> String {
                text + String(repeating: " ", count: max(1, width - text.count))
            }
            return "  " + padded(name, 28) + padded(left, 34) + right + "\n"
        }
        func row(_ name: String, _ value: (Side) -> String) -> String { line(name, value(present), value(changed)) }
        var text = "\(group) at \(number(rate)) requests/s\n"
        text += line("", "now", "then")
        text += row("replicas") { "\($0.replicas)" }
        text += row("TTFT p50 / p95") {
            "\(time($0.prediction.ttftMedian)) / \(high($0.prediction.ttftHigh, $0.prediction.ttftBand))"
        }
        text += row("ITL mean / p95") {
            "\(time($0.prediction.itlMean)) / \(high($0.prediction.itlHigh, $0.prediction.itlBand))"
        }
        text += row("tokens/s generated") { number($0.prediction.tokensPerSecond) }
        text += row("KV cache in use") { $0.prediction.kvRatio.map { number($0 * 100) + " %" } ?? "–" }
        text += row("queue") { $0.prediction.isOverloaded ? "grows without end" : "holds" }
        text += row("most requests/s (80 %)") { side in
            side.capacity.map { "\(number($0.maxRate)) (\(number($0.low))…\(number($0.high)))" } ?? "–"
        }
        text += row("limited by") { $0.capacity?.binding ?? "–" }
        if let refused = changed.refused { text += "  · \(refused)\n" }
        for note in notes { text += "  · \(note)\n" }
        return text
    }

    public static func json(_ reports: [ScenarioReport]) -> String {
        var out = ByteWriter()
        out.write("{\"whatif\":[")
        for (place, one) in reports.enumerated() {
            out.write(place == 0 ? "\n{\"replica_group\":" : ",\n{\"replica_group\":")
            out.writeJSONString(one.group)
            out.write(",\"rate\":" + ByteWriter.shortest(CapacityEstimate.rounded(one.rate)))
            for (name, side) in [("present", one.present), ("changed", one.changed)] {
                out.write(",\"\(name)\":{\"replicas\":\(side.replicas)")
                func field(_ name: String, _ number: Double?) {
                    out.write(",\"\(name)\":")
                    if let number, number.isFinite {
                        out.write(ByteWriter.shortest(CapacityEstimate.rounded(number)))
                    } else {
                        out.write("null")
                    }
                }
                let p = side.prediction
                field("ttft_p50_s", p.ttftMedian)
                field("ttft_p95_s", p.ttftHigh)
                field("ttft_p95_low_s", p.ttftBand?.lowerBound)
                field("ttft_p95_high_s", p.ttftBand?.upperBound)
                field("itl_mean_s", p.itlMean)
                field("itl_p95_s", p.itlHigh)
                field("itl_p95_low_s", p.itlBand?.lowerBound)
                field("itl_p95_high_s", p.itlBand?.upperBound)
                field("generated_tokens_per_second", p.tokensPerSecond)
                field("kv_cache_usage_ratio", p.kvRatio)
                out.write(",\"overloaded\":\(p.isOverloaded)")
                field("max_rps", side.capacity?.maxRate)
                field("low", side.capacity?.low)
                field("high", side.capacity?.high)
                out.write(",\"binding_limit\":")
                if let binding = side.capacity?.binding { out.writeJSONString(binding) } else { out.write("null") }
                out.write("}")
            }
            out.write(",\"notes\":")
            out.writeJSON(one.notes)
            out.write("}")
        }
        out.write("]}")
        return out.text
    }
}
