import TidemarkBase
import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// A week's observations against one latency objective, and how fast they spent its error budget (Site Reliability Workbook, chapter
/// 5): the burn rate is the share of bad observations over the share that may be bad.
struct WeekObjective {
    var scope: String
    var signal: String
    var seconds: Double
    /// Share that may be slower.
    var allowed: Double
    var observations = 0.0
    var bad = 0.0
    var badLow = 0.0
    var badHigh = 0.0
    /// Highest burn rate over an hour, six hours, three days; nil with too few observations.
    var burn1h: Double?
    var burn6h: Double?
    var burn3d: Double?
    /// Hours in which an alert on the burn rate would have been on.
    var pages = 0

    /// Below so many observations a burn rate is chance: one slow request in twenty is a burn of 50 at 99.9 %.
    private static let fewest = 50.0
    private static let hourMs = HourlyCounters.hourMs

    /// Objectives on quantiles of histograms, for the fleet and, where there are several, for each model. Others have no budget.
    static func all(_ slice: Store, period: Int, _ limits: ClosedRange<Int64>) throws -> [WeekObjective] {
        let wanted = try Objectives.read(slice, period: period)
        guard !wanted.isEmpty else { return [] }
        let source = try StoreSeries(slice, period: period)
        let fleet = try Fleet(slice, period: period, series: source)
        let start = CivilTime.floorDivide(limits.lowerBound, hourMs) * hourMs
        let end = (limits.upperBound / hourMs + 1) * hourMs
        let grid = TimeGrid(startMs: start, endMs: end, stepMs: hourMs)
        let builder = try FigureBuilder(
            try SignalEvaluator(
                store: slice, period: period, source: source, fleet: fleet, grid: grid,
                intervalMs: try Analysis(store: slice, period: period).sampleIntervalMs(), rateWindowMs: hourMs))
        let models = try source.values(of: "model_name") { $0.hasPrefix("vllm:") }
        var found: [WeekObjective] = []
        for (name, seconds) in wanted.sorted(by: { $0.signal < $1.signal }) {
            guard let signal = SignalCatalogue.signal(name) else { continue }
            for case .quantile(let q, let metrics) in signal.origins {
                guard
                    let counters = try metrics.lazy.map({ try builder.counters($0, suffix: "_bucket", isSmooth: true) })
                        .first(where: { !$0.rows.isEmpty })
                else { continue }
                let scopes = [WeekFacts.fleet] + (models.count > 1 ? models : [])
                for scope in scopes {
                    let own = scope == WeekFacts.fleet ? counters : counters.filtered { $0["model_name"] == scope }
                    var one = WeekObjective(scope: scope, signal: name, seconds: seconds, allowed: 1 - q)
                    if one.count(HistogramTable(own), grid.count) { found.append(one) }
                }
                break
            }
        }
        return found
    }

    /// - Returns: false where nothing was observed, or nothing tells which observations are above the bound.
    private mutating func count(_ table: HistogramTable, _ hours: Int) -> Bool {
        guard table.isUsable, hours > 0, allowed > 0, let whole = table.above(seconds, 0, hours) else { return false }
        observations = table.count(0, hours)
        guard observations > 0 else { return false }
        (badLow, bad, badHigh) = (whole.low, whole.middle, whole.high)
        func burn(_ low: Int, _ high: Int) -> (rate: Double, sure: Double)? {
            let all = table.count(low, high)
            guard all >= Self.fewest, let above = table.above(seconds, low, high) else { return nil }
            let least = Proportion.wilson(min(all, above.middle), of: all)?.lowerBound ?? 0
            return (above.middle / all / allowed, least / allowed)
        }
        for hour in 1...hours {
            let one = burn(hour - 1, hour)
            let six = burn(max(0, hour - 6), hour)
            burn1h = [burn1h, one?.rate].compactMap { $0 }.max()
            burn6h = [burn6h, six?.rate].compactMap { $0 }.max()
            burn3d = [burn3d, hour >= 72 ? burn(hour - 72, hour)?.rate : nil].compactMap { $0 }.max()
            // 2 % of a month's budget in an hour, 5 % in six; the last hour still burns.
            let pages = (one?.sure ?? 0) > 14.4 || (six?.sure ?? 0) > 6 && (one?.sure ?? 0) > 6
            if pages { self.pages += 1 }
        }
        return true
    }
}
