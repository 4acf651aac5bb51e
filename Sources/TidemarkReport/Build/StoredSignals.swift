import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The signals and figures of one analysis, read back from their tables.
struct StoredSignals {
    struct Values {
        var timesMs: [Int64] = []
        var values: [Double?] = []
    }

    struct FigureRow {
        var unit: String
        /// Of a histogram's quantile what PromQL says.
        var value: Double?
        var refined: Double?
        var low: Double?
        var high: Double?
        var worst: Double?
        var worstRefined: Double?
        var worstLow: Double?
        var worstHigh: Double?
        var worstStartMs: Int64?
        var count: Double?
        var note: String?

        var isTooFew: Bool { note == Figure.tooFew }
        /// As it is read: what a handful of observations says of a tail is not said.
        var reading: ReportModel.Reading {
            isTooFew ? .tooFew(count ?? 0) : .init(refined ?? value, low: low, high: high)
        }
        var worstReading: ReportModel.Reading {
            isTooFew ? .known(nil) : .init(worstRefined ?? worst, low: worstLow, high: worstHigh)
        }
    }

    let analysis: Int
    let stepMs: Int64
    let startMs: Int64
    let endMs: Int64
    private var signals: [String: [String: Values]] = [:]
    /// Where steps are longer than the evidence is fine: the lowest and the highest point of each.
    private var extremes: [String: [String: Values]] = [:]
    private var weekBefore: [String: [String: Values]] = [:]
    private var figures: [String: [String: FigureRow]] = [:]
    private var origins: [String: String] = [:]
    /// Names of the replicas, sorted.
    let replicas: [String]

    init(_ store: Store, period: Int) throws {
        let database = store.database
        let row = try database.prepare(
            "SELECT analysis_id, step_ms, start_ms, end_ms FROM analysis WHERE period_id = ?")
        row.bind(1, period)
        guard try row.step() else {
            throw TidemarkError(.unusableInput, "the period was not analysed")
        }
        analysis = row.int(0)
        stepMs = row.int64(1)
        startMs = row.int64(2)
        endMs = row.int64(3)
        let names = try database.prepare(
            "SELECT name FROM instance WHERE period_id = ? AND kind = 'engine' ORDER BY name")
        names.bind(1, period)
        var found: [String] = []
        while try names.step() { found.append(names.text(0)) }
        replicas = found

        signals = try Self.lines(
            database, "SELECT name, instance, time_ms, value FROM signal WHERE analysis_id = \(analysis)", gapMs: stepMs
        )
        func chart(_ series: String) -> String {
            "SELECT name, instance, time_ms, value FROM chart_point WHERE analysis_id = \(analysis) AND series = '\(series)'"
        }
        // Two points of neighbouring steps may lie almost two steps apart.
        extremes = try Self.lines(database, chart("extremes"), gapMs: 2 * stepMs)
        weekBefore = try Self.lines(database, chart("week_before"), gapMs: stepMs)

        let rows = try database.prepare(
            """
            SELECT name, instance, unit, value, low, high, worst, worst_start_ms, count, note, refined, worst_refined,
                worst_low, worst_high
            FROM figure WHERE analysis_id = ?
            """
        )
        rows.bind(1, analysis)
        while try rows.step() {
            figures[rows.text(0), default: [:]][rows.text(1)] = FigureRow(
                unit: rows.text(2), value: rows.optionalDouble(3), refined: rows.optionalDouble(10),
                low: rows.optionalDouble(4), high: rows.optionalDouble(5), worst: rows.optionalDouble(6),
                worstRefined: rows.optionalDouble(11), worstLow: rows.optionalDouble(12),
                worstHigh: rows.optionalDouble(13), worstStartMs: rows.optionalInt64(7),
                count: rows.optionalDouble(8), note: rows.optionalText(9))
        }
        let made = try database.prepare(
            "SELECT name, origin FROM signal_origin WHERE analysis_id = ? ORDER BY instance")
        made.bind(1, analysis)
        while try made.step() { origins[made.text(0)] = made.text(1) }
    }

    /// Points by signal and instance.
    private static func lines(
        _ database: Database, _ select: String, gapMs: Int64
    ) throws -> [String: [String: Values]] {
        let points = try database.prepare(
            """
            \(select)
            ORDER BY name, instance, time_ms
            """)
        var found: [String: [String: Values]] = [:]
        var current = (name: "", instance: "")
        var open = Values()
        func close() {
            if !open.timesMs.isEmpty { found[current.name, default: [:]][current.instance] = open }
            open = Values()
        }
        while try points.step() {
            let next = (points.text(0), points.text(1))
            if next != current {
                close()
                current = next
            }
            // A step without a row is a gap: say so with a point that has no value.
            if let last = open.timesMs.last, points.int64(2) - last > gapMs {
                open.timesMs.append(last + gapMs)
                open.values.append(nil)
            }
            open.timesMs.append(points.int64(2))
            open.values.append(points.double(3))
        }
        close()
        return found
    }

    /// What a chart shows of a signal: no spike is lost.
    func values(_ name: String, _ instance: String = SignalSeries.fleet) -> Values? {
        extremes[name]?[instance] ?? signals[name]?[instance]
    }

    /// A signal's value in each step.
    func steps(_ name: String, _ instance: String = SignalSeries.fleet) -> Values? { signals[name]?[instance] }

    /// The fleet's values seven days earlier, at this period's times.
    func weekBefore(_ name: String) -> Values? { weekBefore[name]?[SignalSeries.fleet] }

    var hasExtremes: Bool { !extremes.isEmpty }
    var hasWeekBefore: Bool { !weekBefore.isEmpty }

    func figure(_ name: String, _ instance: String = SignalSeries.fleet) -> FigureRow? { figures[name]?[instance] }

    /// Where a signal comes from: `metrics`, `log`, `nvidia-smi`.
    func origin(_ name: String) -> String { origins[name] ?? "" }

    /// Instances of a signal without the fleet: GPU 2 before GPU 10.
    func instances(_ name: String) -> [String] {
        (signals[name] ?? [:]).keys.filter { $0 != SignalSeries.fleet }
            .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }

    // MARK: Tables

    func keyFigureTables() -> [ReportModel.KeyFigureTable] {
        var tables = [table(SignalSeries.fleet, scope: "fleet", title: say("Fleet"))]
        if replicas.count > 1 { tables += replicas.map { table($0, scope: $0, title: $0) } }
        let gpus = instances("gpu_utilization_ratio")
        if gpus.count > 1 { tables += gpus.map { table($0, scope: $0, title: $0) } }
        return tables.filter { !$0.rows.isEmpty }
    }

    /// - Parameter scope: in the name of the CSV file.
    private func table(_ instance: String, scope: String, title: String) -> ReportModel.KeyFigureTable {
        let rows = SignalCatalogue.all.compactMap { signal -> ReportModel.KeyFigure? in
            guard !signal.isMoment, let figure = figure(signal.name, instance) else { return nil }
            return .init(
                signal: say(fixed: signal.title), unit: signal.unit.display, wholeWindow: figure.reading,
                worst: figure.worstReading, worstStartMs: figure.worstStartMs, bucketLow: figure.low,
                bucketHigh: figure.high, promQL: figure.low == nil ? nil : figure.value, count: figure.count)
        }
        let file = "\(ReportBuilder.csvFolder)/figures_\(Slug.snake(scope)).csv"
        return .init(scope: title, rows: rows, csv: .init(path: file, label: say("Key figures of \(title)")))
    }
}

extension SignalUnit {
    /// How the report writes numbers of this unit.
    var display: DisplayUnit {
        switch self {
        case .seconds: .seconds
        case .ratio: .ratio
        case .bytes: .bytes
        case .hertz: .hertz
        case .watts: .watts
        case .celsius: .celsius
        case .tokens: .tokens
        case .requests: .requests
        case .cores: .count("cores")
        case .requestsPerSecond: .requestsPerSecond
        case .tokensPerSecond: .tokensPerSecond
        case .preemptionsPerSecond: .perSecond("preemptions")
        case .stepsPerSecond: .perSecond("steps")
        case .bytesPerSecond: .bytesPerSecond
        case .segmentsPerSecond: .perSecond("segments")
        }
    }
}
