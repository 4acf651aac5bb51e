import TidemarkBase

extension Comparison {
    /// The verdict in a sentence or two.
    public var sentence: String {
        let one = overall
        func percent(_ value: Double) -> String { ByteWriter.fixed(value, decimals: 1) }
        guard one.verdict != .notComparable, let slowdown = one.slowdown, let low = one.low, let high = one.high else {
            return "Not comparable: \(one.reason ?? "no common evidence")."
        }
        let interval = "95 % interval \(percent(low)) to \(percent(high)) %"
        switch one.verdict {
        case .slower:
            return
                "\(candidate.name) is \(percent(slowdown)) % slower than \(baseline.name) at equal load and mix (\(interval))."
        case .faster:
            return
                "\(candidate.name) is \(percent(-slowdown)) % faster than \(baseline.name) at equal load and mix (95 % interval \(percent(-high)) to \(percent(-low)) %)."
        default:
            if one.isEquivalent {
                return
                    "\(candidate.name) is as fast as \(baseline.name) at equal load and mix: the change of \(percent(slowdown)) % is surely within ± \(percent(Self.margin)) % (\(interval))."
            }
            let detectable = one.smallestDetectable.map { ", and less than \(percent($0)) % could hide" } ?? ""
            return
                "No evidence that \(candidate.name) is slower than \(baseline.name) at equal load and mix: \(percent(slowdown)) % (\(interval))\(detectable)."
        }
    }

    /// For a terminal: the verdict, the decomposition, the table, the arguments.
    public var text: String {
        var lines = [sentence]
        for side in [baseline, candidate] {
            var line = "  \(side.name): "
            if let start = side.startMs, let end = side.endMs {
                line += "\(CivilTime.rfc3339(start)) – \(CivilTime.rfc3339(end)), "
            }
            line += "\(side.replicas) replica\(side.replicas == 1 ? "" : "s")"
            if let requests = side.requests {
                line += ", \(ByteWriter.fixed(requests, decimals: 0)) requests finished"
                let lost = [side.errors.map { ($0, "errors") }, side.aborts.map { ($0, "aborts") }].compactMap { $0 }
                for (count, what) in lost where count >= 0.5 {
                    line += ", \(ByteWriter.fixed(count, decimals: 0)) \(what)"
                }
            }
            lines.append(line)
        }
        for model in models { lines += Self.lines(model, isOnly: models.count == 1) }
        let shown = metrics.filter { $0.verdict != .same || Self.always.contains($0.name) }
        if !shown.isEmpty {
            lines.append("")
            lines += Self.table(shown, hasModels: models.count > 1)
            let quiet = metrics.count - shown.count
            if quiet > 0 { lines.append("  \(quiet) more without a change beyond chance (--format csv lists all).") }
        }
        if let arguments {
            lines.append("")
            lines.append(
                arguments.isEmpty ? "Engine arguments and versions are the same." : "Engine arguments and versions:")
            for one in arguments {
                lines.append("  \(one.name): \(Self.short(one.before)) → \(Self.short(one.after))")
            }
        } else {
            lines.append("")
            lines.append("Engine arguments and versions can't be compared: a side's log has no start-up lines.")
        }
        return lines.joined(separator: "\n")
    }

    private static let always: Set<String> = [
        "itl_mean_seconds", "ttft_mean_seconds", "e2e_mean_seconds", "arrival_rate_requests_per_second",
    ]

    private static func short(_ value: String?) -> String {
        guard let value else { return "–" }
        return value.count > 80 ? String(value.prefix(79)) + "…" : value
    }

    private static func lines(_ model: Model, isOnly: Bool) -> [String] {
        func percent(_ value: Double) -> String { (value > 0 ? "+" : "") + ByteWriter.fixed(value, decimals: 1) + " %" }
        func milliseconds(_ seconds: Double) -> String { ByteWriter.fixed(seconds * 1000, decimals: 2) + " ms" }
        var lines: [String] = [""]
        if !isOnly {
            var head = "\(model.name.isEmpty ? "(model unknown)" : model.name): "
            if let slowdown = model.slowdown, let low = model.low, let high = model.high {
                head += "\(percent(slowdown)) (\(percent(low)) to \(percent(high))), "
            }
            lines.append(head + model.verdict.rawValue + (model.reason.map { ": " + $0 } ?? ""))
        }
        if let change = model.decomposition {
            lines.append(
                "Inter-token latency, mean: \(milliseconds(change.before)) → \(milliseconds(change.after)) (\(percent(100 * (change.after / change.before - 1)))), of which"
            )
            for (factor, seconds) in change.parts {
                let value = percent(100 * seconds / change.before)
                lines.append(
                    "  \(String(repeating: " ", count: max(0, 8 - value.count)))\(value)  \(factor.title)")
            }
        }
        guard model.slowdown != nil else { return lines.count > 1 ? lines : [] }
        var checks: [String] = []
        if let matched = model.matched { checks.append("matched moments of equal work say \(percent(matched))") }
        if let support = model.support {
            checks.append("\(ByteWriter.fixed(100 * support, decimals: 0)) % of the work is common to both")
        }
        if let residual = model.residual {
            checks.append("a moment scatters by \(ByteWriter.fixed(100 * residual, decimals: 1)) % around the line")
        }
        if let before = model.disturbedBefore, let after = model.disturbedAfter, max(before, after) >= 0.02,
            let all = model.withDisturbed
        {
            checks.append(
                "\(ByteWriter.fixed(100 * before, decimals: 0)) % and \(ByteWriter.fixed(100 * after, decimals: 0)) % of the time was disturbed and set aside (\(percent(all)) with it)"
            )
        }
        if let measure = model.measure, measure == GapMeasure.running.rawValue {
            checks.append("measured as \(measure)")
        }
        lines.append("  Checks: " + checks.joined(separator: "; ") + ".")
        return lines
    }

    private static func table(_ metrics: [ComparedMetric], hasModels: Bool) -> [String] {
        func percent(_ value: Double?) -> String {
            value.map { ($0 > 0 ? "+" : "") + ByteWriter.fixed($0, decimals: 1) + " %" } ?? "–"
        }
        let header = ["metric", "before", "after", "change", "at equal load", "q", ""]
        let rows = metrics.map { one in
            [
                (hasModels ? one.model + " " : "") + one.name, Verdict.number(one.before), Verdict.number(one.after),
                percent(one.change), percent(one.adjusted),
                one.q.map { $0 < 0.001 ? "<0.001" : ByteWriter.fixed($0, decimals: 3) } ?? "–",
                one.verdict.rawValue,
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            var line = " "
            for (column, cell) in row.enumerated() {
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                line += " " + (column == 0 ? cell + fill : column == header.count - 1 ? " " + cell : " " + fill + cell)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    // MARK: JSON, CSV

    /// `{"comparison":{…}}`; of several (weeks) the last one is `comparison` and all are `comparisons`.
    /// - Parameter changes: levels that changed over the weeks compared; nil where no weeks were.
    public static func json(_ comparisons: [Comparison], changes: [LevelChange]? = nil) -> String {
        var out = ByteWriter()
        out.write("{\"comparison\":")
        if let last = comparisons.last { last.write(to: &out) } else { out.write("null") }
        if comparisons.count > 1 {
            out.write(",\"comparisons\":[")
            for (place, one) in comparisons.enumerated() {
                if place > 0 { out.write(",") }
                one.write(to: &out)
            }
            out.write("]")
        }
        if let changes { out.write("," + LevelChange.json(changes)) }
        out.write("}")
        return out.text
    }

    private func write(to out: inout ByteWriter) {
        out.write("{")
        Self.write(overall, to: &out)
        for (key, side) in [("baseline", baseline), ("candidate", candidate)] {
            out.write(",\"\(key)\":{\"name\":")
            out.writeJSONString(side.name)
            out.write(",\"start\":")
            out.write(side.startMs.map { "\"\(CivilTime.rfc3339($0))\"" } ?? "null")
            out.write(",\"end\":")
            out.write(side.endMs.map { "\"\(CivilTime.rfc3339($0))\"" } ?? "null")
            out.write(",\"replicas\":\(side.replicas),\"requests\":\(Self.number(side.requests))")
            out.write(",\"errors\":\(Self.number(side.errors)),\"aborts\":\(Self.number(side.aborts))}")
        }
        out.write(",\"margin_pct\":\(Self.number(Self.margin))")
        out.write(
            ",\"prompt_length_psi\":\(Self.number(promptShift)),\"generation_length_psi\":\(Self.number(answerShift))")
        out.write(",\"models\":[")
        for (place, model) in models.enumerated() {
            if place > 0 { out.write(",") }
            out.write("{\"model\":")
            out.writeJSONString(model.name)
            out.write(",")
            Self.write(model, to: &out)
            out.write("}")
        }
        out.write("],\"metrics\":[")
        for (place, one) in metrics.enumerated() {
            if place > 0 { out.write(",") }
            out.write("{\"model\":")
            out.writeJSONString(one.model)
            out.write(",\"metric\":\"\(one.name)\",\"unit\":\"\(one.unit.rawValue)\"")
            out.write(",\"before\":\(Self.number(one.before)),\"after\":\(Self.number(one.after))")
            out.write(",\"change_pct\":\(Self.number(one.change)),\"adjusted_pct\":\(Self.number(one.adjusted))")
            out.write(",\"low\":\(Self.number(one.low)),\"high\":\(Self.number(one.high))")
            out.write(
                ",\"p\":\(Self.number(one.p)),\"q\":\(Self.number(one.q)),\"verdict\":\"\(one.verdict.rawValue)\"}")
        }
        out.write("],\"arguments\":")
        if let arguments {
            out.write("[")
            for (place, one) in arguments.enumerated() {
                if place > 0 { out.write(",") }
                out.write("{\"name\":")
                out.writeJSONString(one.name)
                for (key, value) in [("before", one.before), ("after", one.after)] {
                    out.write(",\"\(key)\":")
                    if let value { out.writeJSONString(value) } else { out.write("null") }
                }
                out.write("}")
            }
            out.write("]")
        } else {
            out.write("null")
        }
        out.write("}")
    }

    private static func write(_ model: Model, to out: inout ByteWriter) {
        out.write(
            "\"slowdown_pct\":\(number(model.slowdown)),\"low\":\(number(model.low)),\"high\":\(number(model.high))")
        out.write(",\"verdict\":\"\(model.verdict.rawValue)\",\"reason\":")
        if let reason = model.reason { out.writeJSONString(reason) } else { out.write("null") }
        out.write(
            ",\"equivalent\":\(model.isEquivalent),\"smallest_detectable_pct\":\(number(model.smallestDetectable))")
        out.write(",\"observed_pct\":\(number(model.raw)),\"matched_pct\":\(number(model.matched))")
        out.write(",\"with_disturbed_pct\":\(number(model.withDisturbed)),\"support\":\(number(model.support))")
        out.write(",\"disturbed_baseline\":\(number(model.disturbedBefore))")
        out.write(",\"disturbed_candidate\":\(number(model.disturbedAfter)),\"residual\":\(number(model.residual))")
        out.write(",\"windows_baseline\":\(model.windowsBefore),\"windows_candidate\":\(model.windowsAfter)")
        out.write(",\"measure\":")
        out.write(model.measure.map { "\"\($0)\"" } ?? "null")
        out.write(",\"decomposition\":")
        guard let change = model.decomposition else { return out.write("null") }
        out.write("{\"before_s\":\(number(change.before)),\"after_s\":\(number(change.after)),\"parts\":[")
        for (place, part) in change.parts.enumerated() {
            if place > 0 { out.write(",") }
            out.write(
                "{\"factor\":\"\(part.factor.rawValue)\",\"seconds\":\(number(part.seconds)),\"pct\":\(number(100 * part.seconds / change.before))}"
            )
        }
        out.write("]}")
    }

    private static func number(_ value: Double?) -> String {
        value.flatMap { $0.isFinite ? ByteWriter.shortest($0) : nil } ?? "null"
    }

    /// A row for each model's verdict, part of its decomposition, metric and argument.
    public static func csv(_ comparisons: [Comparison]) -> String {
        var text = "baseline,candidate,kind,model,name,before,after,change_pct,low,high,q,verdict\r\n"
        func cell(_ value: Double?) -> String { value.flatMap { $0.isFinite ? ByteWriter.shortest($0) : nil } ?? "" }
        for one in comparisons {
            let head = [one.baseline.name, one.candidate.name]
            func row(_ cells: [String]) { text += (head + cells).map(CSVCell.quoted).joined(separator: ",") + "\r\n" }
            for model in one.models {
                let change = model.decomposition
                row([
                    "verdict", model.name, "itl_mean_seconds", cell(change?.before), cell(change?.after),
                    cell(model.slowdown), cell(model.low), cell(model.high), "", model.verdict.rawValue,
                ])
                for part in change?.parts ?? [] {
                    row([
                        "part", model.name, part.factor.rawValue, "", cell(part.seconds),
                        cell(change.map { 100 * part.seconds / $0.before }), "", "", "", "",
                    ])
                }
            }
            for metric in one.metrics {
                row([
                    "metric", metric.model, metric.name, cell(metric.before), cell(metric.after),
                    cell(metric.adjusted ?? metric.change), cell(metric.low), cell(metric.high), cell(metric.q),
                    metric.verdict.rawValue,
                ])
            }
            for argument in one.arguments ?? [] {
                row(["argument", "", argument.name, argument.before ?? "", argument.after ?? "", "", "", "", "", ""])
            }
        }
        return text
    }
}
