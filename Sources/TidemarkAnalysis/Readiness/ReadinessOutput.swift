import TidemarkBase

extension IncidentReadiness {
    /// For a terminal.
    public func text() -> String {
        var lines: [String] = []
        if let window {
            lines.append(
                "What an incident would miss (by the evidence from \(CivilTime.rfc3339(window.lowerBound)) to \(CivilTime.rfc3339(window.upperBound)))"
            )
        } else {
            lines.append("What an incident would miss")
        }
        if isComplete {
            lines.append(
                "  Nothing that decides a cause: metrics, GPU capture and server log with its start-up lines are complete."
            )
        }
        if let remark { lines.append("  \(remark)") }
        for gap in gaps {
            lines.append("  \(gap.isOptional ? "Optional: " : "")\(gap.text)")
            for (cause, needs) in gap.undecided { lines.append("     can't decide \(cause): \(needs)") }
            let weakened = gap.weakened.map(\.cause)
            if !weakened.isEmpty { lines.append("     less sure: \(weakened.joined(separator: ", "))") }
            lines.append("     → \(gap.remedy)")
        }
        return lines.joined(separator: "\n")
    }

    /// One object of `status --gaps --format json`.
    public func write(to out: inout ByteWriter, period: String) {
        out.write("{\"period\":")
        out.writeJSONString(period)
        for (key, value) in [("from", window?.lowerBound), ("to", window?.upperBound)] {
            out.write(",\"\(key)\":")
            if let value { out.writeJSONString(CivilTime.rfc3339(value)) } else { out.write("null") }
        }
        out.write(",\"complete\":\(isComplete),\"remark\":")
        if let remark { out.writeJSONString(remark) } else { out.write("null") }
        out.write(",\"gaps\":[")
        for (place, gap) in gaps.enumerated() {
            if place > 0 { out.write(",") }
            out.write("{\"kind\":")
            out.writeJSONString(gap.kind)
            out.write(",\"optional\":\(gap.isOptional),\"text\":")
            out.writeJSONString(gap.text)
            out.write(",\"replicas\":")
            out.writeJSON(gap.replicas)
            for (key, needs) in [("undecided", gap.undecided), ("less_sure", gap.weakened)] {
                out.write(",\"\(key)\":[")
                for (place, need) in needs.enumerated() {
                    out.write(place > 0 ? ",{\"cause\":" : "{\"cause\":")
                    out.writeJSONString(need.cause)
                    out.write(",\"needs\":")
                    out.writeJSONString(need.needs)
                    out.write("}")
                }
                out.write("]")
            }
            out.write(",\"remedy\":")
            out.writeJSONString(gap.remedy)
            out.write("}")
        }
        out.write("]}")
    }
}
