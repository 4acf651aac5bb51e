import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// The capacity of every replica group of a period.
public struct CapacityReport: Sendable {
    public var period: String
    public var estimates: [CapacityEstimate] = []
    /// What the period's load tests say, beside it.
    public var loadTests: [LoadTestCapacity] = []
    /// Why there is nothing at all.
    public var refused: String?

    /// The analysis of the period must be there: its findings say which windows to leave out.
    /// - Parameter objectives: of the command line; empty: those of the configuration, else of the capture.
    public init(_ store: Store, period: Int, name: String, objectives asked: [LatencyObjective] = []) throws {
        self.period = name
        loadTests = try LoadTestCapacity.estimates(
            store, period: period, objectives: asked.isEmpty ? nil : asked.map { ($0.name + "_seconds", $0.seconds) })
        let bounds = try store.database.prepare("SELECT start_ms, end_ms FROM analysis WHERE period_id = ?")
        bounds.bind(1, period)
        guard try bounds.step(), let start = bounds.optionalInt64(0), let end = bounds.optionalInt64(1), end > start
        else {
            refused = "nothing to analyse"
            return
        }
        let source = try StoreSeries(store, period: period)
        let fleet = try Fleet(store, period: period, series: source)
        let runs = try EngineRun.all(store, period: period)
        let interval = try Analysis(store: store, period: period).sampleIntervalMs()
        // Windows of half a minute, shorter where the evidence is, and never of less than two scrapes.
        let wanted = min(30_000, max(5000, (end - start) / 60))
        let step = min(600_000, (max(wanted, 2 * interval) + 999) / 1000 * 1000)
        let fine = TimeGrid(startMs: start / 1000 * 1000, endMs: end, stepMs: step)
        let grid = fine.count > 24_000 ? fine.refined(fine.stepMs, most: 24_000) : fine
        guard grid.count > 0 else {
            refused = "the evidence is shorter than \(fine.stepMs / 1000) seconds"
            return
        }
        var conditions: [String] = []
        let usable = try Self.usable(grid, store, period: period, runs: runs, &conditions)
        let (objectives, from) = try Self.objectives(asked, store, period: period, &conditions)
        let reader = CapacityReader(
            store: store, period: period, source: source, fleet: fleet, grid: grid,
            targetStarts: try CounterTable.targetStarts(store, period: period), usable: usable)
        var records = try reader.records()
        if !records.contains(where: { $0.windows.contains { $0.gaps > 0 } }) {
            records = try LogCapacityReader(store: store, period: period, grid: grid, usable: usable).records()
            if !records.isEmpty { conditions.append("from the server logs alone: steps are not counted there") }
        }
        guard !records.isEmpty else {
            refused = "no engine's running requests and tokens are in the evidence"
            return
        }
        let slots = try Self.seenSlots(store, period: period)
        // A group: one model and one configuration.
        struct Group {
            var model: String
            var configuration: ServingConfiguration
            var records: [EngineRecord]
            /// What tells groups of a model apart.
            var limits: [(name: String, value: Int)] {
                [
                    ("max_num_seqs", configuration.maxSequences),
                    ("max_num_batched_tokens", configuration.maxTokens),
                    ("tensor_parallel_size", configuration.tensorParallel),
                ]
            }
        }
        var groups: [Group] = []
        for record in records {
            let own = runs.filter { $0.replica == record.replica && ($0.startMs ?? 0) <= end }
            let configuration = ServingConfiguration(
                own, cacheLabels: record.cache, isV0ByMetrics: record.hasV0Metrics, seenSlots: slots)
            let group = Group(
                model: record.model ?? own.last?.model.map(Self.plain) ?? "unknown model",
                configuration: configuration, records: [record])
            let place = groups.firstIndex { known in
                known.model == group.model && zip(known.limits, group.limits).allSatisfy { $0.value == $1.value }
            }
            if let place { groups[place].records.append(record) } else { groups.append(group) }
        }
        for group in groups {
            let siblings = groups.filter { $0.model == group.model }
            let telling = group.limits.indices.filter { place in
                siblings.contains { $0.limits[place].value != group.limits[place].value }
            }
            let name = [group.model] + telling.map { "\(group.limits[$0].name) \(group.limits[$0].value)" }
            var names: [String] = []
            for record in group.records where !names.contains(record.replica) { names.append(record.replica) }
            var estimate = CapacityEstimate(
                group: name.joined(separator: " · "), model: group.model, replicas: names, engines: group.records.count,
                objectives: objectives, objectivesFrom: from, configuration: group.configuration)
            estimate.conditions = conditions
            estimate.solve(group.records)
            estimates.append(estimate)
        }
        estimates.sort { $0.group < $1.group }
    }

    /// The report with one estimate a model: its groups added up. The group that comes first to its limit names what binds; the
    /// intervals are added as if the errors went the same way. A model of which one group has no estimate has none.
    public var byModel: CapacityReport {
        var report = self
        report.estimates = []
        for model in estimates.map(\.model).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
            let groups = estimates.filter { $0.model == model }
            guard var sum = groups.first, groups.count > 1 else {
                report.estimates += groups
                continue
            }
            sum.group = model
            sum.replicas = groups.flatMap(\.replicas)
            sum.engines = groups.reduce(0) { $0 + $1.engines }
            func total(_ path: KeyPath<CapacityEstimate, Double?>) -> Double? {
                let known = groups.compactMap { $0[keyPath: path] }
                return known.count == groups.count ? known.reduce(0, +) : nil
            }
            sum.observedRate = total(\.observedRate)
            sum.observedHigh = total(\.observedHigh)
            let values = groups.compactMap(\.value)
            if let refused = groups.first(where: { $0.value == nil }) {
                sum.value = nil
                sum.refused = "\(refused.group): \(refused.refused ?? "no estimate")"
            } else if let near = values.min(by: { $0.extrapolation < $1.extrapolation }) {
                var value = near
                for path in [\CapacityEstimate.Value.maxRate, \.low, \.high, \.low95, \.high95] {
                    value[keyPath: path] = values.reduce(0) { $0 + $1[keyPath: path] }
                }
                value.fluidRate = nil
                value.limits = []
                value.grade = values.map(\.grade).max() ?? near.grade
                value.extrapolation = sum.observedHigh.map { value.maxRate / max($0, 1e-9) } ?? near.extrapolation
                sum.value = value
                sum.conditions = groups.flatMap { group in group.conditions.map { "\(group.group): \($0)" } }
                sum.conditions.append(
                    "the sum of \(groups.count) groups: holds when each gets the load that it can take; costs are those of "
                        + (groups.first { $0.value?.maxRate == near.maxRate }?.group ?? model))
            }
            report.estimates.append(sum)
        }
        return report
    }

    /// Most requests that ran in one engine, where the diagnosis found that requests waited for a slot; nil where it didn't.
    private static func seenSlots(_ store: Store, period: Int) throws -> Int? {
        let row = try store.database.prepare(
            """
            SELECT coalesce(
                (SELECT max(c.max) FROM chunk c JOIN series s USING (series_id)
                    WHERE s.period_id = ?1 AND s.shadowed_by IS NULL AND s.name = 'vllm:num_requests_running'),
                (SELECT max(running) FROM engine_stat JOIN instance i USING (instance_id) WHERE i.period_id = ?1))
            WHERE EXISTS (SELECT 1 FROM finding f JOIN analysis a USING (analysis_id)
                WHERE a.period_id = ?1 AND f.cause = 'batch_slot_limit' AND f.confidence > 0.5)
            """)
        row.bind(1, period)
        guard try row.step(), let most = row.optionalDouble(0) else { return nil }
        return Int(exactly: most.rounded())
    }

    /// `['llama-8b']` as the log prints it → `llama-8b`.
    private static func plain(_ text: String) -> String {
        String(text.filter { !"[]'\"".contains($0) }.split(separator: ",").first ?? "unknown model")
    }

    /// Outside of what the diagnosis found (a throttled GPU is not the capacity), and after the last change of arguments.
    private static func usable(
        _ grid: TimeGrid, _ store: Store, period: Int, runs: [EngineRun], _ conditions: inout [String]
    ) throws -> [Bool] {
        var usable = [Bool](repeating: true, count: grid.count)
        let rows = try store.database.prepare(
            """
            SELECT cause, f.start_ms, f.end_ms FROM finding f JOIN analysis USING (analysis_id)
            WHERE period_id = ? AND confidence > 0.5 ORDER BY f.start_ms
            """)
        rows.bind(1, period)
        var causes: [String] = []
        while try rows.step() {
            // What was queued meanwhile is worked off in the next minutes.
            for step in grid.range(rows.int64(1) - 60_000, rows.int64(2) + 300_000) { usable[step] = false }
            if !causes.contains(rows.text(0)) { causes.append(rows.text(0)) }
        }
        let kept = usable.filter { $0 }.count
        if !causes.isEmpty {
            let text = causes.joined(separator: ", ")
            if kept >= 20, Double(kept) * Double(grid.stepMs) / 1000 >= min(600, grid.seconds / 4) {
                conditions.append("without the time of \(text)")
            } else {
                usable = [Bool](repeating: true, count: grid.count)
                conditions.append("too little time is left outside of \(text): the estimate is for that state")
            }
        }
        var changed: Int64?
        for replica in Set(runs.map(\.replica)) {
            let own = runs.filter { $0.replica == replica && $0.facts["max_num_seqs"] != nil && $0.startMs != nil }
            guard own.count > 1 else { continue }
            for (before, after) in zip(own, own.dropFirst()) where Self.signature(before) != Self.signature(after) {
                changed = max(changed ?? 0, after.readyMs ?? after.startMs ?? 0)
            }
        }
        if let changed, changed > grid.startMs, changed < grid.endMs {
            for step in usable.indices where grid.time(step) - grid.stepMs < changed { usable[step] = false }
            conditions.append("since the restart with other arguments at \(CivilTime.rfc3339(changed))")
        }
        return usable
    }

    private static func signature(_ run: EngineRun) -> [String?] {
        [
            "max_num_seqs", "max_num_batched_tokens", "tensor_parallel_size", "kv_cache_tokens", "gpu_blocks",
            "arg.kv_cache_dtype", "arg.quantization", "arg.speculative_config", "arg.enable_prefix_caching",
        ].map { run.facts[$0] } + [run.version]
    }

    private static func objectives(
        _ asked: [LatencyObjective], _ store: Store, period: Int, _ conditions: inout [String]
    ) throws -> ([LatencyObjective], String) {
        if !asked.isEmpty { return (asked, "--slo") }
        let configured = Set(try store.configuration().objectives.map(\.signal))
        var known: [LatencyObjective] = []
        var isConfigured = false
        for one in try Objectives.read(store, period: period) {
            guard let objective = LatencyObjective(name: one.signal, seconds: one.seconds) else {
                conditions.append("the objective on \(one.signal) is not checked: the simulation has no such latency")
                continue
            }
            known.append(objective)
            isConfigured = isConfigured || configured.contains(one.signal)
        }
        if known.isEmpty { return (LatencyObjective.usual, "default, none is configured") }
        return (known, isConfigured ? "configuration" : "capture.json")
    }

    /// Peaks of the first GPU that the evidence names and that is known; nil when there is none.
    public static func accelerator(_ store: Store, period: Int) throws -> AcceleratorPeak? {
        let rows = try store.database.prepare(
            "SELECT json_extract(labels, '$.model') FROM instance WHERE period_id = ? AND kind = 'gpu' ORDER BY name")
        rows.bind(1, period)
        while try rows.step() {
            if let peak = rows.optionalText(0).flatMap(AcceleratorPeak.named) { return peak }
        }
        return nil
    }

    /// What the fit rests on: windows, thinned to at most 400, and the law at the present mix with an 80 % band.
    private func write(_ model: ServingModel, _ group: String, _ store: Store, _ analysis: Int) throws {
        let point = try store.database.prepare("INSERT INTO capacity_window VALUES (?, ?, ?, ?)")
        let stride = max(1, (model.seen.count + 399) / 400)
        for place in model.seen.indices where place % stride == 0 {
            try point.run(analysis, group, model.seen[place].sequences, model.seen[place].gapSeconds)
        }
        let line = try store.database.prepare("INSERT INTO capacity_line VALUES (?, ?, ?, ?, ?, ?)")
        let last = max(model.highSequences * 1.5, 2)
        let spread = 1.2816 * model.regression.residualCV
        for place in 0...20 {
            let sequences = last * Double(place) / 20
            let seconds = model.stepSeconds(sequences: sequences)
            try line.run(
                analysis, group, sequences, seconds, seconds * max(0, 1 - spread), seconds * (1 + spread))
        }
    }

    /// Replaces the stored estimates of the period. The caller holds the lock.
    public func write(_ store: Store, period: Int) throws {
        try store.database.transaction {
            try store.database.prepare("DELETE FROM load_test_estimate WHERE period_id = ?").run(period)
            let test = try store.database.prepare(
                "INSERT INTO load_test_estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for one in loadTests {
                try test.run(
                    period, one.name, one.tool, one.model, one.configuration, one.loop.rawValue, one.maxRPS, one.low,
                    one.high, one.isLowerBound ? 1 : 0, one.bindingLimit, one.grade, one.sentence,
                    ByteWriter.json(one.remarks))
            }
            guard let analysis = try store.database.int("SELECT analysis_id FROM analysis WHERE period_id = ?", period)
            else { return }
            for table in ["capacity_estimate", "capacity_window", "capacity_line", "capacity_limit"] {
                try store.database.prepare("DELETE FROM \(table) WHERE analysis_id = ?").run(analysis)
            }
            let insert = try store.database.prepare(
                "INSERT INTO capacity_estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for one in estimates {
                let value = one.value
                try insert.run(
                    analysis, one.group, value?.maxRate, value?.low, value?.high, value?.low95, value?.high95,
                    value?.binding, value?.grade, one.replicas.count, one.observedRate, one.observedHigh,
                    value?.extrapolation, value?.model.regression.residualCV, one.objectivesText,
                    ByteWriter.json(one.allConditions), one.refused)
                for limit in value?.limits ?? [] {
                    try store.database.prepare("INSERT INTO capacity_limit VALUES (?, ?, ?, ?)").run(
                        analysis, one.group, limit.name, limit.rate)
                }
                if let model = value?.model { try write(model, one.group, store, analysis) }
            }
        }
    }
}
