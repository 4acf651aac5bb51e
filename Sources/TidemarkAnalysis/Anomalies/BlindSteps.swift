/// Steps at which metrics say nothing although values are there. Missing is not zero: while nothing is scraped gauges
/// outlive their last scrape by five minutes and rates are zero, and while an exporter gives the same answer again and
/// again everything stands still. A hung engine looks alike but for one thing: the work of the time in between does not
/// turn up afterwards.
struct BlindSteps {
    /// Of all instances.
    private let all: [Bool]
    /// Of single replicas.
    private let frozen: [String: [Bool]]

    /// Share of the usual work that shows, with what turns up behind, that a replica had gone on working.
    private static let leastWork = 0.7
    /// So many times the usual rate is more than an engine does to catch up.
    private static let leastPeak = 1.5

    init(all: [Bool] = [], frozen: [String: [Bool]] = [:]) {
        self.all = all
        self.frozen = frozen
    }

    /// - Parameter isScraped: whether there was a scrape in or just before each step; empty: no metrics.
    /// - Parameter tail: steps behind a gap whose rates still span it.
    init(_ table: SignalTable, isScraped: [Bool], tail: Int) {
        all = isScraped.indices.map { index in
            isScraped[max(0, index - tail)...min(isScraped.count - 1, index + 1)].contains(false)
        }
        var frozen: [String: [Bool]] = [:]
        for replica in table.instances(of: "generation_tokens_per_second") {
            guard let series = table["generation_tokens_per_second", replica], series.origin == "metrics",
                let running = table.values("running_requests", replica)
            else { continue }
            let steps = Self.frozen(rates: series.values, running: running, tail: tail)
            if steps.contains(true) { frozen[replica] = steps }
        }
        self.frozen = frozen
    }

    /// By step; nil when an instance is never blind.
    func steps(_ instance: String) -> [Bool]? {
        let own = instance == SignalSeries.fleet ? frozen.values.reduce(nil, Self.either) : frozen[instance]
        return Self.either(all.isEmpty ? nil : all, own ?? [])
    }

    private static func either(_ a: [Bool]?, _ b: [Bool]) -> [Bool]? {
        guard let a else { return b.isEmpty ? nil : b }
        return b.count == a.count ? zip(a, b).map { $0 || $1 } : a
    }

    private static func frozen(rates: [Double?], running: [Double?], tail: Int) -> [Bool] {
        var blind = [Bool](repeating: false, count: rates.count)
        guard let usual = AnomalyWindows.median(rates.compactMap { $0 }.filter { $0 > 0 }) else { return blind }
        var start = 0
        while start < rates.count {
            guard rates[start] == 0, let held = running[start], held > 0 else {
                start += 1
                continue
            }
            var end = start
            while end < rates.count, rates[end] == 0, running[end] == held { end += 1 }
            let behind = end..<min(rates.count, end + tail + 1)
            let work = rates[behind].reduce(0) { $0 + ($1 ?? 0) }
            let peak = rates[behind].reduce(0) { max($0, $1 ?? 0) }
            if work >= leastWork * usual * Double(behind.upperBound - start), peak >= leastPeak * usual {
                // The rates that fall to zero reach back over the last scrapes before.
                for step in max(0, start - tail)..<behind.upperBound { blind[step] = true }
            }
            start = max(end, start + 1)
        }
        return blind
    }
}

extension SignalEvaluator {
    /// What the metrics of a table can't tell.
    func blindSteps(_ table: SignalTable) throws -> BlindSteps {
        var isScraped: [Bool] = []
        for name in ["up", "vllm:num_requests_running", "vllm_num_requests_running"] {
            let counts = try range("sum(count_over_time(\(name)[\(2 * grid.stepMs)ms]))")
            guard let values = counts.first?.values, values.contains(where: { $0 != nil }) else { continue }
            isScraped = values.map { $0 != nil }
            break
        }
        let tail = Int((rateWindowMs + grid.stepMs - 1) / grid.stepMs)
        return BlindSteps(table, isScraped: isScraped, tail: tail)
    }
}
