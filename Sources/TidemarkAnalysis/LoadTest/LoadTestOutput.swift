import TidemarkBase

extension LoadTestCapacity {
    /// The limit in the words of `capacity --format json`; nil: none was met.
    var limitName: String? {
        guard let bindingLimit else { return nil }
        if bindingLimit.hasPrefix("ttft") { return "ttft_prefill" }
        return bindingLimit.hasPrefix("itl") || bindingLimit.hasPrefix("tpot") ? "itl" : bindingLimit
    }

    func write(period: String, to out: inout ByteWriter) {
        func number(_ value: Double?) -> String {
            value.flatMap { $0.isFinite ? ByteWriter.shortest(CapacityEstimate.rounded($0)) : nil } ?? "null"
        }
        func text(_ name: String, _ value: String?) {
            out.write(",\"\(name)\":")
            if let value { out.writeJSONString(value) } else { out.write("null") }
        }
        out.write("{\"replica_group\":")
        out.writeJSONString(model ?? name)
        out.write(",\"max_rps\":\(number(maxRPS)),\"low\":\(number(low)),\"high\":\(number(high))")
        out.write(",\"low95\":\(number(low95)),\"high95\":\(number(high95))")
        text("binding_limit", limitName)
        text("grade", grade)
        text("period", period)
        text("source", "load_test")
        text("name", name)
        text("tool", tool)
        text("loop", loop.rawValue)
        out.write(
            ",\"lower_bound\":\(isLowerBound),\"last_met\":\(number(lastMet)),\"first_missed\":\(number(firstMissed))")
        out.write(",\"saturation_rps\":\(number(saturationRPS)),\"knee\":\(number(knee))")
        // X(N) = γN / (1 + σ(N − 1) + κN(N − 1)): a description of the curve, no capacity.
        out.write(",\"scalability\":")
        if let law = scalability {
            out.write("{\"gamma\":\(number(law.gamma)),\"sigma\":\(number(law.sigma)),\"kappa\":\(number(law.kappa))}")
        } else {
            out.write("null")
        }
        text("sentence", sentence.text)
        out.write("}")
    }
}
