import TidemarkBase

extension Verdict {
    /// The shape of `diagnose --format json`: `{"findings":[…]}`, empty when all is healthy. Several periods follow each
    /// other; each finding names its period.
    public static func json(_ verdicts: [Verdict]) -> String {
        var out = ByteWriter()
        out.write("{\"findings\":[")
        var first = true
        for verdict in verdicts {
            for finding in verdict.findings {
                if !first { out.write(",") }
                first = false
                finding.write(to: &out, of: verdict)
            }
        }
        out.write("]}")
        return out.text
    }

    public static func csv(_ verdicts: [Verdict]) -> String {
        var text = "period,rank,cause,start,end,confidence,impact_user_seconds,requests_affected,instances\r\n"
        for verdict in verdicts {
            for finding in verdict.findings {
                let cells = [
                    verdict.period, String(finding.rank), finding.cause, CivilTime.rfc3339(finding.startMs),
                    CivilTime.rfc3339(finding.endMs), ByteWriter.fixed(finding.confidence, decimals: 2),
                    finding.impactUserSeconds.map { ByteWriter.fixed($0, decimals: 1) } ?? "",
                    finding.requestsAffected.map { ByteWriter.fixed($0, decimals: 0) } ?? "",
                    finding.instances.joined(separator: " "),
                ]
                text += cells.map(CSVCell.quoted).joined(separator: ",") + "\r\n"
            }
        }
        return text
    }

    /// For a terminal.
    public var text: String {
        var lines: [String] = []
        let window = startMs.flatMap { start in endMs.map { "\(CivilTime.rfc3339(start)) – \(CivilTime.rfc3339($0))" } }
        lines.append("\(period)  \(window ?? "no evidence with times")")
        if findings.isEmpty {
            lines.append(
                window == nil ? "  Nothing to judge." : "  Healthy: none of the causes that were looked for is there.")
        }
        for finding in findings {
            lines.append(
                "  \(finding.rank). \(finding.title) (\(finding.cause)), confidence \(Confidence.word(finding.confidence)) (\(ByteWriter.fixed(finding.confidence, decimals: 2)))"
            )
            lines.append(
                "     \(CivilTime.rfc3339(finding.startMs)) – \(CivilTime.rfc3339(finding.endMs)), \(finding.instances.joined(separator: ", "))"
            )
            lines.append("     \(finding.summary).")
            if let trigger = finding.trigger, let timeMs = finding.triggerMs {
                let delay =
                    finding.delaySeconds.map { $0 >= 1 ? ", felt after \(durationText(Int64($0 * 1000)))" : "" } ?? ""
                lines.append("     Just before: \(trigger) at \(CivilTime.rfc3339(timeMs))\(delay).")
            }
            if !finding.shares.isEmpty {
                let parts = finding.shares.filter { abs($0.share) >= 0.1 }.map {
                    "\(percent($0.share)) \($0.text)" as Message
                }
                lines.append("     Of the longer steps: \(Message.joined(parts, by: "; ")).")
            }
            if let cost = finding.costText { lines.append("     \(cost).") }
            for one in finding.budgets { lines.append("     Error budget, \(one.text).") }
            for one in finding.evidence {
                var line = "     · \(one.text): \(one.value.map(Self.number) ?? "–")"
                if let baseline = one.baseline { line += " (normally \(Self.number(baseline)))" }
                line += " \(one.unit)"
                if let source = one.source { line += "  \(source)\(one.line.map { ":\($0)" } ?? "")" }
                lines.append(line)
            }
            for advice in finding.recommendations { lines.append("     → \(advice.text)") }
        }
        let doubts = quality.filter { !$0.isGood }
        if !quality.isEmpty {
            lines.append(
                doubts.isEmpty
                    ? "  Evidence: good (\(quality.count) checks)."
                    : "  Evidence in doubt: \(Message.joined(doubts.map(\.text), by: "; ")).")
        }
        if !ruledOut.isEmpty { lines.append("  Ruled out:") }
        for (cause, text) in ruledOut { lines.append("     \(cause): \(text)") }
        if !missing.isEmpty { lines.append("  Could not be checked:") }
        for (cause, text) in missing { lines.append("     \(cause): \(text)") }
        return lines.joined(separator: "\n")
    }

    /// Three significant figures.
    static func number(_ value: Double) -> String {
        let size = abs(value)
        return ByteWriter.fixed(value, decimals: size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }
}

extension Verdict.Finding {
    fileprivate func write(to out: inout ByteWriter, of verdict: Verdict) {
        func number(_ value: Double?) -> String {
            value.flatMap { $0.isFinite ? ByteWriter.shortest($0) : nil } ?? "null"
        }
        out.write("{\"rank\":\(rank),\"cause\":")
        out.writeJSONString(cause)
        out.write(",\"period\":")
        out.writeJSONString(verdict.period)
        out.write(",\"start\":\"\(CivilTime.rfc3339(startMs))\",\"end\":\"\(CivilTime.rfc3339(endMs))\"")
        out.write(",\"confidence\":\(ByteWriter.fixed(confidence, decimals: 3))")
        out.write(
            ",\"impact_user_seconds\":\(number(impactUserSeconds)),\"requests_affected\":\(number(requestsAffected))")
        out.write(",\"impact_cost\":\(number(cost)),\"currency\":")
        if let currency { out.writeJSONString(currency) } else { out.write("null") }
        out.write(",\"summary\":")
        out.writeJSONString(summary.text)
        out.write(",\"trigger\":")
        if let trigger, let triggerMs {
            out.write("{\"text\":")
            out.writeJSONString(trigger.text)
            out.write(",\"time\":\"\(CivilTime.rfc3339(triggerMs))\",\"delay_seconds\":\(number(delaySeconds))}")
        } else {
            out.write("null")
        }
        Self.write(shares, as: "shares", to: &out) { one, out in
            out.write("{\"factor\":\"\(one.factor)\",\"share\":\(number(one.share)),\"text\":")
            out.writeJSONString(one.text.text)
            out.write("}")
        }
        Self.write(budgets, as: "error_budget", to: &out) { one, out in
            out.write("{\"signal\":")
            out.writeJSONString(one.signal)
            out.write(
                ",\"objective_seconds\":\(number(one.objectiveSeconds)),\"observations\":\(number(one.observations))")
            out.write(
                ",\"bad\":\(number(one.bad)),\"bad_low\":\(number(one.badLow)),\"bad_high\":\(number(one.badHigh))")
            out.write(",\"burn_rate\":\(number(one.burnRate)),\"share_of_30_days\":\(number(one.shareOfMonth))}")
        }
        Self.write(instances, as: "instances", to: &out) { text, out in out.writeJSONString(text) }
        Self.write(evidence, as: "evidence", to: &out) { one, out in
            out.write("{\"signal\":")
            out.writeJSONString(one.signal)
            out.write(",\"value\":\(number(one.value)),\"baseline\":\(number(one.baseline)),\"unit\":")
            out.writeJSONString(one.unit)
            out.write(",\"source\":")
            if let source = one.source { out.writeJSONString(source) } else { out.write("null") }
            out.write(",\"line\":\(one.line.map(String.init) ?? "null"),\"text\":")
            out.writeJSONString(one.text.text)
            out.write("}")
        }
        Self.write(verdict.ruledOut, as: "ruled_out", to: &out) { one, out in
            out.write("{\"cause\":")
            out.writeJSONString(one.cause)
            out.write(",\"reason\":")
            out.writeJSONString(one.text.text)
            out.write("}")
        }
        let all = missing.map { (cause: cause, text: $0) } + verdict.missing
        Self.write(all, as: "missing_evidence", to: &out) { one, out in
            out.write("{\"cause\":")
            out.writeJSONString(one.cause)
            out.write(",\"text\":")
            out.writeJSONString(one.text.text)
            out.write("}")
        }
        Self.write(recommendations, as: "recommendations", to: &out) { one, out in
            out.write("{\"flag\":")
            if let flag = one.flag { out.writeJSONString(flag) } else { out.write("null") }
            out.write(",\"text\":")
            out.writeJSONString(one.text.text)
            out.write("}")
        }
        out.write("}")
    }

    private static func write<Element>(
        _ list: [Element], as key: String, to out: inout ByteWriter, _ body: (Element, inout ByteWriter) -> Void
    ) {
        out.write(",\"\(key)\":[")
        for (index, element) in list.enumerated() {
            if index > 0 { out.write(",") }
            body(element, &out)
        }
        out.write("]")
    }
}
