import TidemarkBase

extension AnomalyReport {
    /// For a terminal. Anomalies below the reporting limit are counted, or listed with `all`.
    public func text(all: Bool = false) -> String {
        guard let startMs, let endMs else { return "\(period)  no evidence with times\n  Nothing to judge." }
        var lines = ["\(period)  \(CivilTime.rfc3339(startMs)) – \(CivilTime.rfc3339(endMs))"]
        let shown = all ? anomalies : reported
        if reported.isEmpty { lines.append("  No anomaly that users felt.") }
        for one in shown {
            let kind = one.kind == .shift ? "changed for the rest of the time" : "unusual"
            lines.append(
                "  \(one.rank). \(CivilTime.rfc3339(one.startMs)) – \(CivilTime.rfc3339(one.endMs)) \(kind)\(one.isReported ? "" : ", hardly felt")"
            )
            var felt =
                "     \(ByteWriter.fixed(one.impactUserSeconds, decimals: 0)) user-seconds beyond the normal (+\(ByteWriter.fixed(100 * one.impactRatio, decimals: 0)) %)"
            if let harm = one.harm { felt += "; users \(harm.words)" }
            if !one.instances.isEmpty { felt += "; \(one.instances.joined(separator: ", "))" }
            lines.append(felt)
            for part in one.parts {
                lines.append(
                    "     · \(part.signal) of \(part.instance): \(Verdict.number(part.value)) \(part.unit.symbol), \(part.direction), normally \(Verdict.number(part.normal)) (\(ByteWriter.fixed(100 * part.share, decimals: 0)) % of the score)"
                )
            }
        }
        let quiet = anomalies.count - reported.count
        if quiet > 0, !all { lines.append("  \(quiet) more were unusual but hardly felt (--all lists them).") }
        return lines.joined(separator: "\n")
    }

    /// `{"anomalies":[…]}`: those above the reporting limit, or all. Several periods follow each other.
    public static func json(_ reports: [AnomalyReport], all: Bool = false) -> String {
        var out = ByteWriter()
        out.write("{\"anomalies\":[")
        var isFirst = true
        for report in reports {
            for one in all ? report.anomalies : report.reported {
                if !isFirst { out.write(",") }
                isFirst = false
                one.write(to: &out, period: report.period)
            }
        }
        out.write("]}")
        return out.text
    }

    /// A row for each signal of each anomaly.
    public static func csv(_ reports: [AnomalyReport], all: Bool = false) -> String {
        var text =
            "period,rank,kind,start,end,reported,score,impact_user_seconds,impact_ratio,harm,instances,signal,instance,share,value,normal,direction\r\n"
        for report in reports {
            for one in all ? report.anomalies : report.reported {
                let head = [
                    report.period, String(one.rank), one.kind.rawValue, CivilTime.rfc3339(one.startMs),
                    CivilTime.rfc3339(one.endMs), one.isReported ? "1" : "0", ByteWriter.fixed(one.score, decimals: 2),
                    ByteWriter.fixed(one.impactUserSeconds, decimals: 1),
                    ByteWriter.fixed(one.impactRatio, decimals: 3), one.harm?.rawValue ?? "",
                    one.instances.joined(separator: " "),
                ]
                let parts = one.parts.map { part in
                    [
                        part.signal, part.instance, ByteWriter.fixed(part.share, decimals: 3),
                        ByteWriter.shortest(part.value), ByteWriter.shortest(part.normal), part.direction,
                    ]
                }
                for part in parts.isEmpty ? [["", "", "", "", "", ""]] : parts {
                    text += (head + part).map(CSVCell.quoted).joined(separator: ",") + "\r\n"
                }
            }
        }
        return text
    }
}

extension Anomaly.Part {
    /// `higher` or `lower` than usual.
    public var direction: String { deviations < 0 ? "lower" : "higher" }
}

extension Anomaly {
    fileprivate func write(to out: inout ByteWriter, period: String) {
        out.write("{\"rank\":\(rank),\"kind\":\"\(kind.rawValue)\",\"period\":")
        out.writeJSONString(period)
        out.write(",\"start\":\"\(CivilTime.rfc3339(startMs))\",\"end\":\"\(CivilTime.rfc3339(endMs))\"")
        out.write(",\"reported\":\(isReported),\"score\":\(Self.number(score))")
        out.write(",\"impact_user_seconds\":\(Self.number(impactUserSeconds))")
        out.write(",\"impact_ratio\":\(Self.number(impactRatio)),\"harm\":")
        out.write(harm.map { "\"\($0.rawValue)\"" } ?? "null")
        out.write(",\"instances\":")
        out.writeJSON(instances)
        out.write(",\"signals\":[")
        for (place, part) in parts.enumerated() {
            if place > 0 { out.write(",") }
            out.write("{\"signal\":")
            out.writeJSONString(part.signal)
            out.write(",\"instance\":")
            out.writeJSONString(part.instance)
            out.write(",\"unit\":\"\(part.unit.rawValue)\",\"share\":\(Self.number(part.share))")
            out.write(",\"value\":\(Self.number(part.value)),\"normal\":\(Self.number(part.normal))")
            out.write(",\"direction\":\"\(part.direction)\",\"deviations\":\(Self.number(part.deviations))}")
        }
        out.write("]}")
    }

    private static func number(_ value: Double) -> String { value.isFinite ? ByteWriter.shortest(value) : "null" }
}
