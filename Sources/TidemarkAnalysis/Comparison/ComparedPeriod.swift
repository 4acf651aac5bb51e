import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// One side of a comparison: a period of a database, or a part of it.
public struct ComparedPeriod {
    public let store: Store
    public let period: Int
    /// As the reader knows it: the period's name, a folder, a range.
    public let name: String
    /// Unix ms; nil: all of the period.
    public let range: ClosedRange<Int64>?

    public init(store: Store, period: Int, name: String, range: ClosedRange<Int64>? = nil) {
        self.store = store
        self.period = period
        self.name = name
        self.range = range
    }
}

/// Signals, runs and models of one side, computed when they are asked for.
final class PeriodEvidence {
    let side: ComparedPeriod
    let grid: TimeGrid
    let fleet: Fleet
    let builder: FigureBuilder
    let runs: [EngineRun]
    private let signals: SignalSource
    private var tracks: [String: Track?] = [:]
    private let models: [String: String]

    /// At most so many steps: weeks of scrapes every few seconds are looked at by the minute.
    private static let mostSteps = 12_000

    /// nil when the side has no evidence with times.
    init?(_ side: ComparedPeriod) throws {
        self.side = side
        let analysis = Analysis(store: side.store, period: side.period)
        guard let all = try analysis.window() else { return nil }
        if let range = side.range, !range.overlaps(all) { return nil }
        let window = side.range.map { $0.clamped(to: all) } ?? all
        guard window.upperBound > window.lowerBound else { return nil }
        let interval = max(1000, try analysis.sampleIntervalMs())
        let length = window.upperBound - window.lowerBound
        let step = interval * max(1, (length / interval + Int64(Self.mostSteps)) / Int64(Self.mostSteps))
        grid = TimeGrid(
            startMs: window.lowerBound, endMs: window.lowerBound + max(1, length / step) * step, stepMs: step)
        let source = try StoreSeries(side.store, period: side.period)
        fleet = try Fleet(side.store, period: side.period, series: source)
        let evaluator = try SignalEvaluator(
            store: side.store, period: side.period, source: source, fleet: fleet, grid: grid,
            intervalMs: interval, rateWindowMs: max(4 * interval, step))
        signals = SignalSource(evaluator, nil)
        builder = try FigureBuilder(evaluator)
        runs = try EngineRun.all(side.store, period: side.period)
        models = try Self.models(side, fleet, runs)
    }

    var seconds: Double { Double(grid.stepMs) / 1000 }
    var replicas: [String] { fleet.replicas.map(\.name) }
    var modelNames: [String] { Set(replicas.map(model)).sorted() }

    /// Served model of a replica; empty when nothing says it.
    func model(_ replica: String) -> String { models[replica] ?? "" }

    /// Why a signal could not be computed.
    var failure: (any Error)? { signals.failure }

    func series(_ signal: String, _ instance: String) -> SignalSeries? { signals[signal, instance] }

    func track(_ signal: String, _ instance: String) throws -> Track? {
        let key = signal + "|" + instance
        if let known = tracks[key] { return known }
        let made = try signals[signal, instance].map(builder.track)
        tracks[key] = made
        return made
    }

    /// Runs that lived in the compared time. The end of many is not known: a run ends at the latest where the next one starts.
    func runs(of replica: String) -> [EngineRun] {
        let own = runs.filter { $0.replica == replica }
        return own.indices.filter { index in
            let next = index + 1 < own.count ? own[index + 1].startMs : nil
            let end = own[index].endMs ?? next ?? .max
            return (own[index].startMs ?? .min) <= grid.endMs && end >= grid.startMs
        }.map { own[$0] }
    }

    /// Tokens that the KV cache of a replica holds; nil when no start-up says so.
    func cacheTokens(_ replica: String) -> Double? {
        for run in runs(of: replica).reversed() {
            if let tokens = run.facts["kv_cache_tokens"].flatMap(Double.init), tokens > 0 { return tokens }
        }
        return nil
    }

    /// By the label `model_name` of the scraped series, else by the start-up lines.
    private static func models(_ side: ComparedPeriod, _ fleet: Fleet, _ runs: [EngineRun]) throws -> [String: String] {
        let rows = try side.store.database.prepare(
            """
            SELECT DISTINCT i.value, m.value FROM series s JOIN series_label i USING (series_id)
            JOIN series_label m USING (series_id)
            WHERE s.period_id = ? AND s.shadowed_by IS NULL AND s.name LIKE 'vllm:num_requests_running'
                AND i.name = 'instance' AND m.name = 'model_name' ORDER BY 1, 2
            """)
        rows.bind(1, side.period)
        var byTarget: [String: String] = [:]
        while try rows.step() { byTarget[rows.text(0)] = rows.text(1) }
        var printed: [String: String] = [:]
        for run in runs { if let model = run.model { printed[run.replica] = model } }
        var found: [String: String] = [:]
        // What a log prints (a path) is the same model as the served name of a replica that has both.
        var served: [String: String] = [:]
        for replica in fleet.replicas {
            guard let label = replica.scrapeInstance.flatMap({ byTarget[$0] }) else { continue }
            found[replica.name] = label
            if let model = printed[replica.name] { served[model] = label }
        }
        let labels = Set(found.values)
        for replica in fleet.replicas where found[replica.name] == nil {
            let model = printed[replica.name]
            found[replica.name] = model.flatMap { served[$0] } ?? model ?? (labels.count == 1 ? labels.first : nil)
        }
        return found
    }
}
