import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// The analysis of one period: signals, figures, distributions and findings, written to the result tables.
public struct Analysis {
    public static let toolVersion = "0.2.0"

    public let store: Store
    public let period: Int

    public init(store: Store, period: Int) {
        self.store = store
        self.period = period
    }

    /// Whether the stored results were made by this version from the evidence that is there now.
    public func isCurrent() throws -> Bool {
        // An excerpt has the results of more evidence than it holds: no analysis of it could be better.
        if try store.isExcerpt() { return true }
        return try store.database.int(
            "SELECT 1 FROM analysis WHERE period_id = ? AND evidence_key = ? AND tool_version = ?", period,
            try Self.evidenceKey(store, period: period), Self.toolVersion) != nil
    }

    /// A text that changes with the evidence that results of a period are made from: its own, and that of a week earlier.
    static func evidenceKey(_ store: Store, period: Int) throws -> String {
        try store.evidenceKey(period: period) + WeekBefore.key(store, period: period)
    }

    /// Analyses unless the results are current. Replaces older results of the period.
    /// - Returns: whether there is anything to analyse.
    @discardableResult
    public func refresh() throws -> Bool {
        if try isCurrent() { return true }
        guard let window = try window() else { return false }
        let results = try Results(self, window)
        try store.database.transaction { try results.write(store, period: period) }
        return true
    }

    /// The verdict over a part of the period, seen finely, with as much again before and after it (half an hour at least) to
    /// compare with; findings that touch the part. Nothing is stored.
    public func verdict(over part: ClosedRange<Int64>, name: String) throws -> Verdict {
        guard let window = try window(), window.overlaps(part) else {
            return try Verdict(store, period: -1, name: name)
        }
        let margin = max(part.upperBound - part.lowerBound, 1_800_000)
        let wide = (part.lowerBound - margin...part.upperBound + margin).clamped(to: window)
        let results = try Results(self, wide)
        struct Undo: Error { let verdict: Verdict }
        do {
            try store.database.transaction {
                try results.write(store, period: period)
                throw Undo(verdict: try Verdict(store, period: period, name: name))
            }
        } catch let undo as Undo {
            var verdict = undo.verdict
            verdict.findings.removeAll { $0.endMs < part.lowerBound || $0.startMs > part.upperBound }
            for index in verdict.findings.indices { verdict.findings[index].rank = index + 1 }
            return verdict
        }
        return try Verdict(store, period: -1, name: name)
    }

    /// What an analysis found, before it is written.
    private struct Results {
        let grid: TimeGrid
        let table: SignalTable
        let figures: [Figure]
        let distributions: [Distribution]
        let templates: LogTemplates
        let diagnosis: Diagnosis
        let changes: SignalChanges
        let anomalies: AnomalyDetection
        let fleet: Fleet
        let extremes: ChartExtremes
        let weekBefore: WeekBefore
        let latencies: [LatencyMap]

        init(_ analysis: Analysis, _ window: ClosedRange<Int64>) throws {
            let (store, period) = (analysis.store, analysis.period)
            let source = try StoreSeries(store, period: period)
            fleet = try Fleet(store, period: period, series: source)
            let interval = try analysis.sampleIntervalMs()
            grid = TimeGrid.fitting(
                startMs: window.lowerBound, endMs: window.upperBound, sampleIntervalMs: interval)
            let rateWindowMs = max(4 * interval, grid.stepMs, 30_000)
            let evaluator = try SignalEvaluator(
                store: store, period: period, source: source, fleet: fleet, grid: grid,
                intervalMs: interval, rateWindowMs: rateWindowMs)
            table = try evaluator.evaluateAll()
            let builder = try FigureBuilder(evaluator)
            // An incident of ten minutes is lost in the steps of a week's charts: causes look at minutes, where the evidence does.
            let minutes = max(60_000, interval)
            let fine = grid.stepMs > minutes ? grid.refined(minutes, most: 12_000) : grid
            let close =
                fine == grid
                ? evaluator
                : try SignalEvaluator(
                    store: store, period: period, source: source, fleet: fleet, grid: fine,
                    intervalMs: interval, rateWindowMs: max(4 * interval, fine.stepMs))
            templates = try LogTemplates(mining: store, period: period, grid: fine)
            let situation = Situation(
                table: SignalSource(close, fine == grid ? table : nil), fleet: fleet,
                builder: fine == grid ? builder : try FigureBuilder(close), store: store, period: period,
                runs: try EngineRun.all(store, period: period),
                objectives: try Objectives.read(store, period: period), templates: templates)
            figures = try builder.figures(table)
            distributions = try Distribution.all(builder)
            diagnosis = try Diagnosis(situation)
            changes = try SignalChanges(situation)
            if let failure = situation.table.failure { throw failure }
            // Of a slice no report is drawn.
            let isDrawn = store.limits == nil
            latencies = isDrawn ? try LatencyMap.all(situation, diagnosis) : []
            let finest = grid.refined(interval, most: 45_000)
            extremes = try ChartExtremes(
                isDrawn ? table : SignalTable(grid: grid), fine: situation.table,
                finest: finest.stepMs >= fine.stepMs
                    ? nil
                    : try SignalEvaluator(
                        store: store, period: period, source: source, fleet: fleet, grid: finest,
                        intervalMs: interval, rateWindowMs: max(4 * interval, finest.stepMs)))
            weekBefore = try WeekBefore(
                store, period: period, source: source, fleet: fleet, grid: grid, intervalMs: interval,
                rateWindowMs: rateWindowMs)
            anomalies = AnomalyDetection(table, blind: try evaluator.blindSteps(table))
        }

        /// The caller holds the transaction.
        func write(_ store: Store, period: Int) throws {
            let results = ResultWriter(store: store, period: period)
            let analysis = try results.begin(grid: grid)
            try results.write(table, analysis: analysis)
            try results.write(figures, analysis: analysis)
            try results.write(distributions, analysis: analysis)
            try templates.write(store, analysis: analysis)
            try results.write(diagnosis, analysis: analysis)
            try results.write(changes, analysis: analysis)
            try results.write(extremes, weekBefore, grid: grid, analysis: analysis)
            try results.write(latencies, analysis: analysis)
            try anomalies.write(store, analysis: analysis)
            try results.write(fleet)
        }
    }

    /// The stretch of time to analyse: that of vLLM's metrics, else of the server logs, else of the GPU captures.
    /// Rotated pieces of a log that end long before the metrics begin stay outside.
    /// Of a slice of a store what lies in it.
    func window() throws -> ClosedRange<Int64>? {
        guard let evidence = try evidenceWindow() else { return nil }
        guard let limits = store.limits else { return evidence }
        // A slice of time with evidence in a part of it is analysed there: what was never seen is not an outage.
        return limits.overlaps(evidence) ? evidence.clamped(to: limits) : nil
    }

    private func evidenceWindow() throws -> ClosedRange<Int64>? {
        func range(_ sql: String) throws -> ClosedRange<Int64>? {
            let row = try store.database.prepare(sql)
            row.bind(1, period)
            guard try row.step(), let first = row.optionalInt64(0), let last = row.optionalInt64(1) else { return nil }
            return first...last
        }
        let metrics = try range(
            """
            SELECT min(start_ms), max(end_ms) FROM chunk JOIN series USING (series_id)
            WHERE period_id = ? AND shadowed_by IS NULL AND name LIKE 'vllm:%'
            """)
        let logs = try range(
            """
            SELECT min(first_ms), max(last_ms) FROM source
            WHERE period_id = ? AND first_ms IS NOT NULL
                AND instance_id IN (SELECT instance_id FROM instance WHERE kind = 'engine')
            """)
        if let metrics {
            // The log of the same minutes may begin a little earlier and end a little later.
            guard let logs, logs.overlaps(metrics) else { return metrics }
            let slack = (metrics.upperBound - metrics.lowerBound) / 4
            return max(
                logs.lowerBound, metrics.lowerBound - slack)...max(
                    metrics.upperBound, min(logs.upperBound, metrics.upperBound + slack))
        }
        if let logs { return logs }
        return try range(
            "SELECT min(first_ms), max(last_ms) FROM source WHERE period_id = ? AND first_ms IS NOT NULL")
    }

    /// Usual distance of the samples of vLLM's metrics; 10 s (the statistics line) without metrics.
    func sampleIntervalMs() throws -> Int64 {
        let intervals = try (store.limits.map(sampledIntervals) ?? chunkedIntervals()).sorted()
        return intervals.isEmpty ? 10_000 : max(100, intervals[intervals.count / 2])
    }

    /// Mean distance of the samples of each series, ms.
    private func chunkedIntervals() throws -> [Int64] {
        let rows = try store.database.prepare(
            """
            SELECT (max(end_ms) - min(start_ms)) / (sum(samples) - 1) FROM chunk JOIN series USING (series_id)
            WHERE period_id = ? AND shadowed_by IS NULL AND name LIKE 'vllm:num_requests_%'
            GROUP BY series_id HAVING sum(samples) > 1
            """)
        rows.bind(1, period)
        var intervals: [Int64] = []
        while try rows.step() { intervals.append(rows.int64(0)) }
        return intervals
    }

    /// Median distances within a slice, ms, from its samples alone: where chunks begin and end depends on when they were read.
    private func sampledIntervals(_ limits: ClosedRange<Int64>) throws -> [Int64] {
        let source = try StoreSeries(store, period: period)
        var intervals: [Int64] = []
        for name in ["vllm:num_requests_running", "vllm:num_requests_waiting"] where intervals.isEmpty {
            try source.select(
                [LabelMatcher(Labels.metricName, equals: name)], startMs: limits.lowerBound, endMs: limits.upperBound
            ) { samples in
                guard samples.count > 1 else { return }
                let steps = (1..<samples.count).map { samples.timesMs[$0] - samples.timesMs[$0 - 1] }.sorted()
                intervals.append(steps[steps.count / 2])
            }
        }
        return intervals
    }
}
