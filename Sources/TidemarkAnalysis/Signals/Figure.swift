import Glibc
import TidemarkSeries

/// A signal as one number over a stretch of time: the whole window and the worst five minutes.
public struct Figure: Sendable {
    public var signal: String
    public var instance: String
    public var unit: SignalUnit
    /// Over the whole window; of a histogram's quantile what PromQL says.
    public var value: Double?
    /// A better guess of a histogram's quantile; nil where its bucket is open to one side.
    public var refined: Double?
    /// Bounds of the histogram bucket that holds a quantile; `high` is +Inf beyond the last bound.
    public var low: Double?
    public var high: Double?
    /// Observations behind a quantile or mean.
    public var count: Double?
    public var worst: Double?
    public var worstRefined: Double?
    public var worstLow: Double?
    public var worstHigh: Double?
    public var worstStartMs: Int64?
    /// What a reader must know: a window shorter than five minutes, too few observations.
    public var note: String?

    public static let tooFew = "n too small"
    public static let shortWindow = "the window is no longer than five minutes"

    /// Observations below which a quantile has no upper bound of 95 % confidence: 59 for P95, 299 for P99.
    static func leastCount(_ q: Double) -> Double { q > 0 && q < 1 ? log(0.05) / log(q) : 0 }
}

/// Makes figures out of signals: exactly, from the increases of counters, where the origin has them.
struct FigureBuilder {
    let evaluator: SignalEvaluator
    private let grid: TimeGrid
    /// First scrape of each target, Unix ms.
    private let targetStarts: [String: Int64]
    /// Borders of the grid that make up five minutes.
    private let fiveMinutes: Int

    init(_ evaluator: SignalEvaluator) throws {
        self.evaluator = evaluator
        grid = evaluator.grid
        fiveMinutes = max(1, Int(300_000 / grid.stepMs))
        targetStarts = try CounterTable.targetStarts(evaluator.store, period: evaluator.period)
    }

    /// Exact increases of a selector over the grid.
    /// - Parameter instance: that one's series alone; nil: all.
    func counters(
        _ selector: String, suffix: String = "", of instance: LabelMatcher? = nil, isSmooth: Bool = false
    ) throws -> CounterTable {
        let one = try evaluator.selector(selector)
        let matchers = try Selector(one.suffixed(suffix)).matchers + (instance.map { [$0] } ?? [])
        return try CounterTable(
            evaluator.source, matchers: matchers, grid: grid, targetStarts: targetStarts, isSmooth: isSmooth)
    }

    /// A signal of an instance as amounts and weights: from the increases of counters where the origin has them, else
    /// its values.
    func track(_ series: SignalSeries) throws -> Track {
        func own(_ selector: String, _ suffix: String = "") throws -> CounterTable {
            try counters(selector, suffix: suffix, of: matcher(series.instance, series.signal.scope), isSmooth: true)
        }
        func steps(_ table: CounterTable) -> [Double] { (0..<grid.count).map { table.increase($0, $0 + 1) } }
        switch series.exact {
        case .increase(let selector):
            // A step counts where the rate is known: a counter that is not there has no rate of zero, nor has one behind its
            // last sample, which a rate over a range outlives.
            let table = try own(selector)
            let endMs = table.rows.compactMap(\.lastMs).max() ?? grid.startMs
            let seconds = Double(grid.stepMs) / 1000
            let weights = series.values.indices.map { step in
                series.values[step] == nil || grid.startMs + Int64(step) * grid.stepMs >= endMs ? 0 : seconds
            }
            return Track(amounts: zip(steps(table), weights).map { $1 > 0 ? $0 : 0 }, weights: weights)
        case .ratio(let top, let bottom): return Track(amounts: steps(try own(top)), weights: steps(try own(bottom)))
        case .mean(let histogram):
            return Track(amounts: steps(try own(histogram, "_sum")), weights: steps(try own(histogram, "_count")))
        default: return Track(series.values)
        }
    }

    func figures(_ table: SignalTable) throws -> [Figure] {
        var result: [Figure] = []
        var cache: [String: CounterTable] = [:]
        func cached(_ selector: String, _ suffix: String = "") throws -> CounterTable {
            if let known = cache[selector + "|" + suffix] { return known }
            let made = try counters(selector, suffix: suffix)
            cache[selector + "|" + suffix] = made
            return made
        }
        for series in table.series {
            func own(_ table: CounterTable) -> CounterTable {
                guard series.instance != SignalSeries.fleet else { return table }
                return table.filtered { labels in name(labels, series.signal.scope) == series.instance }
            }
            var figure = Figure(signal: series.signal.name, instance: series.instance, unit: series.signal.unit)
            switch series.exact {
            case .increase(let selector):
                let table = own(try cached(selector))
                fill(&figure, series) { low, high in
                    Measured(table.increase(low, high) / (Double(high - low) * Double(grid.stepMs) / 1000))
                }
            case .ratio(let top, let bottom):
                let tops = own(try cached(top))
                let bottoms = own(try cached(bottom))
                fill(&figure, series) { low, high in
                    let whole = bottoms.increase(low, high)
                    return Measured(whole > 0 ? tops.increase(low, high) / whole : nil)
                }
                figure.count = bottoms.increase(0, grid.count)
            case .mean(let histogram):
                let sums = own(try cached(histogram, "_sum"))
                let counts = own(try cached(histogram, "_count"))
                fill(&figure, series) { low, high in
                    let count = counts.increase(low, high)
                    return Measured(count > 0 ? sums.increase(low, high) / count : nil)
                }
                figure.count = counts.increase(0, grid.count)
            case .quantile(let q, let histogram):
                let table = HistogramTable(own(try cached(histogram, "_bucket")))
                fill(&figure, series) { low, high in
                    Measured(table.quantile(q, low, high), least: Figure.leastCount(q))
                }
                figure.count = table.count(0, grid.count)
                mark(&figure, q)
            case .spans(let measure, let quantile):
                let spans = evaluator.spans
                try fill(&figure, series) { low, high in
                    let (value, count) = try spans.exact(measure, quantile, series.instance, low, high)
                    return Measured(value, isEnough: Double(count) >= quantile.map(Figure.leastCount) ?? 1)
                }
                let count = Double(try spans.exact(measure, quantile, series.instance, 0, grid.count).count)
                figure.count = count
                if let quantile { mark(&figure, quantile) }
            case .gateway(let measure, let quantile):
                let gateways = evaluator.gateways
                try fill(&figure, series) { low, high in
                    let (value, count) = try gateways.exact(measure, quantile, series.instance, low, high)
                    return Measured(value, isEnough: Double(count) >= Figure.leastCount(quantile))
                }
                let count = Double(try gateways.exact(measure, quantile, series.instance, 0, grid.count).count)
                figure.count = count
                mark(&figure, quantile)
            case .gatewayShare(let share):
                let gateways = evaluator.gateways
                try fill(&figure, series) { low, high in
                    Measured(try gateways.exactShare(share, series.instance, low, high).value)
                }
                figure.count = Double(try gateways.exactShare(share, series.instance, 0, grid.count).count)
            case nil:
                fill(&figure, series) { low, high in
                    let known = series.values[low..<high].compactMap { $0 }
                    return Measured(known.isEmpty ? nil : known.reduce(0, +) / Double(known.count))
                }
            }
            result.append(figure)
        }
        return result
    }

    /// What selects the series of an instance; nil for the fleet's, which are all.
    private func matcher(_ instance: String, _ scope: Signal.Scope) -> LabelMatcher? {
        guard instance != SignalSeries.fleet else { return nil }
        switch scope {
        case .replica:
            let target = evaluator.fleet.replicas.first { $0.name == instance }?.scrapeInstance
            return LabelMatcher("instance", equals: target ?? "")
        case .gpu: return LabelMatcher("gpu", equals: String(instance.dropFirst("GPU ".count)))
        case .host, .gateway: return LabelMatcher("instance", equals: instance)
        }
    }

    private func name(_ labels: Labels, _ scope: Signal.Scope) -> String? {
        switch scope {
        case .replica: evaluator.fleet.replica(scrapeInstance: labels["instance"] ?? "")?.name
        case .gpu: labels["gpu"].map { "GPU \($0)" }
        case .host, .gateway: labels["instance"]
        }
    }

    /// A value between two borders of the grid.
    private struct Measured {
        var value: Double?
        var refined: Double?
        var low: Double?
        var high: Double?
        /// Whether there are observations enough to call it the worst.
        var isEnough = true

        init(_ value: Double?, isEnough: Bool = true) {
            self.value = value
            self.isEnough = isEnough
        }

        init(_ quantile: HistogramTable.Quantile?, least: Double) {
            (value, refined, low, high) = (quantile?.value, quantile?.refined, quantile?.low, quantile?.high)
            isEnough = (quantile?.count ?? 0) >= least
        }
    }

    private func mark(_ figure: inout Figure, _ q: Double) {
        if let count = figure.count, count < Figure.leastCount(q) { figure.note = Figure.tooFew }
    }

    /// `measure` gives the value between two borders of the grid.
    private func fill(
        _ figure: inout Figure, _ series: SignalSeries, _ measure: (Int, Int) throws -> Measured
    ) rethrows {
        let whole = try measure(0, grid.count)
        (figure.value, figure.refined, figure.low, figure.high) = (whole.value, whole.refined, whole.low, whole.high)
        guard grid.count > fiveMinutes else {
            (figure.worst, figure.worstRefined) = (figure.value, figure.refined)
            (figure.worstLow, figure.worstHigh) = (figure.low, figure.high)
            figure.worstStartMs = grid.startMs
            figure.note = Figure.shortWindow
            return
        }
        // Steps of a minute, or of the grid where that is longer: the worst five minutes to a minute.
        let stride = max(1, Int(60_000 / grid.stepMs))
        var low = 0
        while low + fiveMinutes <= grid.count {
            let high = low + fiveMinutes
            // Five minutes that are half empty say nothing about the worst.
            let known = series.values[low..<high].reduce(0) { $0 + ($1 == nil ? 0 : 1) }
            if known * 2 >= fiveMinutes {
                let found = try measure(low, high)
                if found.isEnough, let value = found.value,
                    figure.worst.map({ isWorse(value, $0, series.signal) }) ?? true
                {
                    (figure.worst, figure.worstRefined) = (found.value, found.refined)
                    (figure.worstLow, figure.worstHigh) = (found.low, found.high)
                    figure.worstStartMs = grid.startMs + Int64(low) * grid.stepMs
                }
            }
            low += stride
        }
    }

    private func isWorse(_ a: Double, _ b: Double, _ signal: Signal) -> Bool {
        switch signal.worst {
        case .high: a > b
        case .low: a < b
        }
    }
}
