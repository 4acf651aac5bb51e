import TidemarkBase

#if canImport(Glibc)
    import Glibc
#endif

extension CapacityReport {
    /// The JSON of `capacity --format json`.
    public static func json(_ reports: [CapacityReport]) -> String {
        var out = ByteWriter()
        out.write("{\"capacity\":[")
        var first = true
        for report in reports {
            for one in report.estimates {
                guard let value = one.value else { continue }
                out.write(first ? "\n" : ",\n")
                first = false
                one.write(value, period: report.period, to: &out)
            }
            // Where ordinary traffic says nothing, load tests answer.
            guard report.estimates.allSatisfy({ $0.value == nil }) else { continue }
            for test in report.loadTests where test.maxRPS != nil {
                out.write(first ? "\n" : ",\n")
                first = false
                test.write(period: report.period, to: &out)
            }
        }
        out.write("],\"load_tests\":[")
        first = true
        for report in reports {
            for test in report.loadTests {
                out.write(first ? "\n" : ",\n")
                first = false
                test.write(period: report.period, to: &out)
            }
        }
        out.write("],\"refused\":[")
        first = true
        for report in reports {
            let all =
                report.refused.map { [(String?.none, $0)] }
                ?? report.estimates.compactMap { one in one.refused.map { (one.group, $0) } }
            for (group, reason) in all {
                out.write(first ? "\n" : ",\n")
                first = false
                out.write("{\"period\":")
                out.writeJSONString(report.period)
                out.write(",\"replica_group\":")
                if let group { out.writeJSONString(group) } else { out.write("null") }
                out.write(",\"reason\":")
                out.writeJSONString(reason)
                out.write("}")
            }
        }
        out.write("]}")
        return out.text
    }

    public static func csv(_ reports: [CapacityReport]) -> String {
        var text =
            "period,replica_group,replicas,max_rps,low,high,low95,high95,binding_limit,grade,observed_max_rps,"
            + "extrapolation,refused\r\n"
        for report in reports {
            for test in report.loadTests {
                var cells = [report.period, test.name + " (load test)", ""]
                cells += [test.maxRPS, test.low, test.high, test.low95, test.high95].map { $0.map(Self.number) ?? "" }
                cells += [test.limitName ?? "", test.grade, "", "", ""]
                text += cells.map(CSVCell.quoted).joined(separator: ",") + "\r\n"
            }
            if let refused = report.refused {
                let cells = [report.period, ""] + Array(repeating: "", count: 10) + [refused]
                text += cells.map(CSVCell.quoted).joined(separator: ",") + "\r\n"
            }
            for one in report.estimates {
                var cells = [report.period, one.group, "\(one.replicas.count)"]
                if let value = one.value {
                    cells += [value.maxRate, value.low, value.high, value.low95, value.high95].map(Self.number)
                    cells += [value.binding, value.grade]
                    cells += [one.observedHigh, value.extrapolation].map { $0.map(Self.number) ?? "" } + [""]
                } else {
                    cells += Array(repeating: "", count: 7)
                    cells += [one.observedHigh.map(Self.number) ?? "", "", one.refused ?? ""]
                }
                text += cells.map(CSVCell.quoted).joined(separator: ",") + "\r\n"
            }
        }
        return text
    }

    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        let size = abs(value)
        return ByteWriter.fixed(value, decimals: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }

    /// For people: one block a group.
    public var text: String {
        var text = ""
        if let refused, loadTests.isEmpty { text += "\(period): no estimate: \(refused)\n" }
        for one in estimates { text += one.text }
        for one in loadTests {
            text += "load test \(one.name.isEmpty ? "" : one.name + " ")(\(one.tool))\n  \(one.sentence)\n"
            for remark in one.remarks { text += "  · \(remark)\n" }
        }
        return text
    }
}

extension CapacityEstimate {
    func write(_ value: Value, period: String, to out: inout ByteWriter) {
        func field(_ name: String, _ number: Double?) {
            out.write(",\"\(name)\":")
            if let number, number.isFinite {
                out.write(ByteWriter.shortest(Self.rounded(number)))
            } else {
                out.write("null")
            }
        }
        func field(_ name: String, _ text: String) {
            out.write(",\"\(name)\":")
            out.writeJSONString(text)
        }
        out.write("{\"replica_group\":")
        out.writeJSONString(group)
        field("max_rps", value.maxRate)
        field("low", value.low)
        field("high", value.high)
        field("binding_limit", value.binding)
        field("grade", value.grade)
        field("low95", value.low95)
        field("high95", value.high95)
        field("period", period)
        field("model", model)
        out.write(",\"replicas\":\(replicas.count),\"engines\":\(engines)")
        field("observed_rps", observedRate)
        field("observed_max_rps", observedHigh)
        field("extrapolation", value.extrapolation)
        field("fluid_rps", value.fluidRate)
        out.write(",\"limits\":[")
        for (place, one) in value.limits.enumerated() {
            out.write(place > 0 ? ",{\"limit\":" : "{\"limit\":")
            out.writeJSONString(one.name)
            field("rps", one.rate)
            out.write("}")
        }
        out.write("]")
        out.write(",\"slo\":{")
        for (place, one) in objectives.enumerated() {
            if place > 0 { out.write(",") }
            out.writeJSONString(one.name + "_s")
            out.write(":" + ByteWriter.shortest(one.seconds))
        }
        out.write("}")
        field("slo_from", objectivesFrom)
        let law = value.model.law
        out.write(",\"step_cost\":{\"fixed_s\":" + ByteWriter.shortest(Self.rounded(law.fixed)))
        field("per_prompt_token_s", law.perPromptToken)
        field("per_sequence_s", law.perSequence)
        field("per_kv_token_s", law.perKVToken)
        field("experts_s", law.experts)
        field("condition_number", value.model.regression.conditionNumber)
        out.write("}")
        field("residual_cv", value.model.regression.residualCV)
        out.write(",\"windows\":\(value.model.windows)")
        field("tail_error", value.model.tailError)
        out.write(",\"conditions\":")
        out.writeJSON(allConditions)
        out.write("}")
    }

    /// Six digits are more than any estimate has.
    static func rounded(_ value: Double, digits: Int = 6) -> Double {
        guard value != 0, value.isFinite else { return value }
        let scale = pow(10, Double(digits - 1) - floor(log10(abs(value))))
        return scale.isFinite && scale > 0 ? (value * scale).rounded() / scale : value
    }

    /// ``conditions`` and what was assumed.
    var allConditions: [String] { conditions + configuration.assumptions.map { "assumed: " + $0 } }

    /// `ttft_p95 ≤ 2 s, itl_p95 ≤ 100 ms (capture.json)`.
    var objectivesText: String {
        objectives.map { "\($0.name) ≤ \(Self.duration($0.seconds))" }.joined(separator: ", ")
            + " (\(objectivesFrom))"
    }

    public var text: String {
        let number = CapacityReport.number
        var text = "\(group) · \(replicas.count) replica\(replicas.count == 1 ? "" : "s")"
        if engines != replicas.count { text += ", \(engines) engines" }
        text += "\n"
        guard let value else {
            return text + "  no estimate: \(refused ?? "")\n  within: \(objectivesText)\n"
        }
        let bound = value.grade == "C" ? "at least " + number(value.low) + ", perhaps " : ""
        text += "  \(bound)\(number(value.maxRate)) requests/s (80 %: \(number(value.low))…\(number(value.high)), "
        text += "95 %: \(number(value.low95))…\(number(value.high95)))\n"
        text += "  limited by \(value.binding)  within \(objectivesText)\n"
        if value.limits.count > 1 {
            let others = value.limits.dropFirst().map { "\($0.name) \(number($0.rate))" }
            text += "  next: \(others.joined(separator: ", ")) requests/s, each alone\n"
        }
        text += "  grade \(value.grade): "
        switch value.grade {
        case "A": text += "the load has come close"
        case "B": text += "the load has come half way"
        default: text += "far from any load that was seen: take the lower bound"
        }
        text +=
            "; observed mean \(observedRate.map(number) ?? "–"), highest \(observedHigh.map(number) ?? "–") requests/s, "
        text += "the estimate is \(number(value.extrapolation)) times that\n"
        let law = value.model.law
        text += "  a step takes \(Self.duration(law.fixed + law.experts))"
        text += " + \(number(law.perPromptToken * 1e6)) µs a prompt token"
        text += " + \(number(law.perSequence * 1e6)) µs a sequence"
        text += " + \(number(law.perKVToken * 1e9)) µs a thousand tokens in the cache"
        text += " (residuals \(number(value.model.regression.residualCV * 100)) %, \(value.model.windows) windows)\n"
        for one in allConditions { text += "  · \(one)\n" }
        return text
    }

    static func duration(_ seconds: Double) -> String {
        seconds < 1 ? CapacityReport.number(seconds * 1000) + " ms" : CapacityReport.number(seconds) + " s"
    }
}
