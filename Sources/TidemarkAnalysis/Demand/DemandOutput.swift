import Glibc
import TidemarkBase
import TidemarkStatistics

extension DemandForecast {
    /// The shape of `forecast --format json`; without a forecast the lists are empty and `notes` says why.
    public var json: String {
        var out = ByteWriter()
        func number(_ value: Double?, _ decimals: Int = 6) -> String {
            value.flatMap { $0.isFinite ? ByteWriter.fixed($0, decimals: decimals) : nil } ?? "null"
        }
        func time(_ value: Int64?) -> String { value.map { "\"\(CivilTime.rfc3339($0))\"" } ?? "null" }
        func list(_ values: [Double]?) -> String {
            "[" + (values ?? []).map { number($0) }.joined(separator: ",") + "]"
        }
        out.write("{\"forecast\":{\"step_s\":\(Self.stepSeconds),\"start\":\(time(startMs))")
        out.write(",\"rps\":\(list(forecast?.values)),\"low\":\(list(forecast?.low)),\"high\":\(list(forecast?.high))")
        out.write(",\"exhausted_at\":\(time(exhaustion?.atMs)),\"interval\":0.9,\"period\":")
        out.writeJSONString(period)
        out.write(",\"zone\":")
        out.writeJSONString(zone)
        if let history {
            out.write(",\"source\":")
            out.writeJSONString(history.source)
            out.write(
                ",\"history\":{\"start\":\(time(history.startMs)),\"hours\":\(history.hours.count),\"known\":\(history.known),\"queued\":\(history.queuedHours)}"
            )
        }
        if let forecast {
            out.write(",\"method\":")
            out.writeJSONString(Self.method(forecast).text)
            let test = forecast.backtest
            out.write(
                ",\"mase_backtest\":\(number(test.scaledError, 3)),\"mase_naive_backtest\":\(number(test.naiveScaledError, 3)),\"coverage_backtest\":\(number(test.coverage, 3)),\"backtest_origins\":\(test.origins)"
            )
            if let trend = forecast.trend {
                out.write(
                    ",\"growth_per_day\":{\"share\":\(number(trend.perDay)),\"low\":\(number(trend.perDayInterval.lowerBound)),\"high\":\(number(trend.perDayInterval.upperBound)),\"p\":\(number(trend.p, 4)),\"kind\":\"\(trend.isExponential ? "exponential" : "linear")\"}"
                )
            }
        }
        out.write(",\"capacity\":")
        if let capacity {
            out.write(
                "{\"rps\":\(number(capacity.rps, 3)),\"low\":\(number(capacity.low, 3)),\"high\":\(number(capacity.high, 3)),\"source\":\"\(capacity.source)\"}"
            )
        } else {
            out.write("null")
        }
        out.write(",\"exhaustion\":")
        if let exhaustion {
            out.write(
                "{\"earliest\":\(time(exhaustion.earliestMs)),\"latest\":\(time(exhaustion.latestMs)),\"horizon\":\(time(exhaustion.horizonMs)),\"supported\":\(exhaustion.isSupported)}"
            )
        } else {
            out.write("null")
        }
        out.write(",\"replicas\":")
        if let replicas {
            out.write(
                "{\"needed\":\(replicas.needed),\"present\":\(replicas.present),\"peak_rps\":\(number(replicas.peak, 3)),\"per_replica_rps\":\(number(replicas.perReplica, 3)),\"headroom\":\(number(replicas.headroom, 3)),\"spares\":\(replicas.spares),\"imbalance\":\(number(replicas.imbalance, 3)),\"survives_loss_of_one\":\(replicas.survivesLoss)}"
            )
        } else {
            out.write("null")
        }
        out.write(",\"cost\":")
        if let money {
            out.write("{\"currency\":")
            out.writeJSONString(money.currency)
            out.write(
                ",\"gpus\":\(money.gpus),\"per_hour\":\(number(money.perHour)),\"needed_per_month\":\(number(money.neededPerMonth, 2)),\"per_request\":\(number(money.perRequest, 8)),\"per_million_output_tokens\":\(number(money.perMillionOutput)),\"split_by_work\":{\"per_million_prompt_tokens\":\(number(money.perMillionPromptTokens)),\"per_million_generated_tokens\":\(number(money.perMillionGeneratedTokens))},\"idle_share\":\(number(money.idleShare, 4)),\"idle_per_hour\":\(number(money.idlePerHour)),\"tenants\":null}"
            )
        } else {
            out.write("null")
        }
        out.write(",\"energy\":")
        if let energy {
            out.write(
                "{\"watt_hours\":\(number(energy.wattHours, 3)),\"mean_watts\":\(number(energy.watts, 1)),\"gpus\":\(energy.gpus),\"measured_gpu_seconds\":\(number(energy.measuredSeconds, 1)),\"gap_gpu_seconds\":\(number(energy.gapSeconds, 1)),\"watt_hours_per_request\":\(number(energy.wattHoursPerRequest)),\"joules_per_output_token\":\(number(energy.joulesPerToken))}"
            )
        } else {
            out.write("null")
        }
        out.write(",\"notes\":")
        out.writeJSON(notes.map(\.text))
        out.write("}}")
        return out.text
    }

    /// A row an hour: what was, then what is expected.
    public var csv: String {
        var text = "time,kind,rps,low,high\r\n"
        func cell(_ value: Double) -> String { ByteWriter.fixed(value, decimals: 6) }
        guard let history else { return text }
        for (index, rate) in history.hours.enumerated() {
            let time = CivilTime.rfc3339(history.startMs + Int64(index) * HourlyCounters.hourMs)
            text += "\(time),observed,\(rate.map(cell) ?? ""),,\r\n"
        }
        guard let forecast else { return text }
        for index in forecast.values.indices {
            let time = CivilTime.rfc3339(history.endMs + Int64(index) * HourlyCounters.hourMs)
            text +=
                "\(time),forecast,\(cell(forecast.values[index])),\(cell(forecast.low[index])),\(cell(forecast.high[index]))\r\n"
        }
        return text
    }

    /// For a terminal: the peak, when it runs out, replicas, money; then how far to trust it.
    public var text: String {
        var lines = ["\(period)  \(historyWords)"]
        if let forecast, let history,
            let peak = forecast.values.indices.max(by: { forecast.values[$0] < forecast.values[$1] })
        {
            let time = history.endMs + Int64(peak) * HourlyCounters.hourMs
            let mean = forecast.values.reduce(0, +) / Double(forecast.values.count)
            lines.append(
                "  Next week     peak \(rate(forecast.values[peak])) requests/s (90 %: \(rate(forecast.low[peak])) to \(rate(forecast.high[peak]))) on \(day(time)) at \(CivilTime.clock(time, seconds: false)) UTC; mean \(rate(mean))\(growth(forecast))"
            )
            lines.append("  Runs out      \(runsOut)")
            if let replicas { lines.append("  Replicas      \(words(replicas))") }
        } else {
            lines.append("  No forecast.")
        }
        if let money { lines += words(money).map { "  " + $0 } }
        if let energy { lines.append("  Energy        \(words(energy))") }
        if let forecast {
            lines.append(
                "  Trust         \(Self.seasons(forecast)); from \(forecast.backtest.origins) earlier moments the error was \(forecast.backtest.scaledError.map { Verdict.number($0) } ?? "–") of the seasonal naive one (MASE), the interval held \(forecast.backtest.coverage.map(percent) ?? "–")"
            )
        }
        lines += notes.map { "  · \($0)" }
        return lines.joined(separator: "\n")
    }

    private var historyWords: String {
        guard let history else { return "no requests counted" }
        return
            "\(day(history.startMs)) – \(day(history.endMs)), \(history.known) hours known, counted from \(history.source); days in \(zone)"
    }

    private func growth(_ forecast: HourlyForecast) -> String {
        guard let trend = forecast.trend else { return "" }
        guard trend.isSignificant else { return "; no growth beyond the noise" }
        let week = trend.isExponential ? expm1(trend.perDay * 7) : trend.perDay * 7
        return "; \(week >= 0 ? "growing" : "falling") by \(percent(abs(week))) a week"
    }

    private var runsOut: String {
        guard let exhaustion, let capacity, let startMs else { return "not known: no capacity" }
        let limit =
            "capacity \(rate(capacity.rps)) requests/s\(capacity.low < capacity.high ? " (80 %: \(rate(capacity.low)) to \(rate(capacity.high)))" : "")"
        func date(_ time: Int64?) -> String { time.map { day($0) } ?? "beyond \(day(exhaustion.endMs))" }
        let range =
            exhaustion.earliestMs == nil && exhaustion.latestMs == nil
            ? "" : "; from \(date(exhaustion.earliestMs)) to \(date(exhaustion.latestMs))"
        guard let at = exhaustion.atMs else {
            return "not before \(day(exhaustion.horizonMs)), as far as the history tells\(range); \(limit)"
        }
        let days = (at - startMs) / 86_400_000
        let doubt = exhaustion.isSupported ? "" : ", further ahead than the history is long: a guess"
        return "\(day(at)), in \(days) days\(doubt)\(range); \(limit)"
    }

    private func words(_ plan: ReplicaPlan) -> String {
        let spare = plan.spares == 0 ? "no spare" : "\(plan.spares) spare"
        let loss =
            plan.survivesLoss
            ? "the present fleet takes the peak with one replica lost"
            : "the present fleet does not take the peak with one replica lost"
        return
            "\(plan.needed) for that peak (upper end \(rate(plan.peak)), \(percent(plan.headroom)) headroom, \(spare)); \(plan.present) now; \(loss)"
    }

    private func words(_ money: CostReport) -> [String] {
        func amount(_ value: Double) -> String {
            let size = abs(value)
            let decimals = size >= 100 ? 0 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6
            return "\(ByteWriter.fixed(value, decimals: decimals)) \(money.currency)"
        }
        var parts = ["\(amount(money.perHour)) an hour for \(money.gpus) GPUs"]
        if let month = money.neededPerMonth { parts.append("\(amount(month)) a month with the replicas needed") }
        var lines = ["Money         " + parts.joined(separator: "; ")]
        var unit: [String] = []
        if let one = money.perRequest { unit.append("\(amount(one)) a request") }
        if let million = money.perMillionOutput {
            unit.append("\(amount(million)) a million output tokens, all costs on them")
        }
        if let prompt = money.perMillionPromptTokens, let generated = money.perMillionGeneratedTokens {
            unit.append(
                "split by work \(amount(prompt)) a million prompt tokens and \(amount(generated)) generated ones")
        }
        if let share = money.idleShare, let idle = money.idlePerHour {
            unit.append("of it idle \(percent(share)) (\(amount(idle)) an hour)")
        }
        if !unit.isEmpty { lines.append("              " + unit.joined(separator: "; ")) }
        return lines
    }

    private func words(_ energy: EnergyReport) -> String {
        var parts = ["\(ByteWriter.fixed(energy.watts, decimals: 0)) W of \(energy.gpus) GPUs while measured"]
        if let one = energy.wattHoursPerRequest { parts.append("\(Verdict.number(one)) Wh a request") }
        if let token = energy.joulesPerToken { parts.append("\(Verdict.number(token)) J an output token") }
        let all = energy.measuredSeconds + energy.gapSeconds
        if energy.gapSeconds > 0 { parts.append("gaps of \(percent(energy.gapSeconds / all)) left out") }
        return parts.joined(separator: "; ") + " (nvidia-smi's power is good to 5 % at best)"
    }

    private func day(_ timeMs: Int64) -> String { CivilTime.day(timeMs) }
    private func rate(_ value: Double) -> String { Verdict.number(value) }
}
