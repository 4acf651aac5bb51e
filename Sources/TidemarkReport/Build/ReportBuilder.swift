import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// Makes a report's model of one analysed period, from what is stored and nothing else.
public struct ReportBuilder {
    let store: Store
    let period: Int
    let name: String
    /// Title given by the user; nil: made from the period.
    public var title: String?
    /// A redacted database stands beside the report as well.
    public var isExcerptBeside = false

    public init(_ store: Store, period: Int, name: String) {
        self.store = store
        self.period = period
        self.name = name
    }

    /// Folder of the CSV files, relative to the report.
    static let csvFolder = "csv"

    /// - Throws: `unusableInput` when the period was not analysed: there is no evidence with times in it.
    public func model() throws -> ReportModel {
        let verdict = try Verdict(store, period: period, name: name)
        guard let startMs = verdict.startMs, let endMs = verdict.endMs else {
            throw TidemarkError(
                .unusableInput, "the period '\(name)' has no evidence with times, so there is nothing to report",
                hint: "`tidemark status` lists what was read")
        }
        let results = try StoredSignals(store, period: period)
        let runs = try EngineRun.all(store, period: period)
        var model = ReportModel(
            title: title ?? say("What happened to \(name)"),
            window: ReportModel.TimeSpan(startMs: startMs, endMs: endMs), facts: facts(runs, verdict, results),
            dataQuality: try DataQualityJudge(store, period: period).judgement(verdict.quality),
            verdict: VerdictWords(verdict, results).verdict)
        model.csvFolder = Self.csvFolder
        let strips = StripBuilder(results)
        model.sections = strips.sections()
        let words = FindingWords(charts: model.sections.flatMap(\.strips))
        model.findings = verdict.findings.map { words.finding($0, of: verdict) }
        model.verdict.action = model.findings.first?.recommendations.first
        if verdict.findings.isEmpty {
            model.ruledOut = verdict.ruledOut.map { .init(cause: say(Verdict.title($0.cause)), reason: say($0.text)) }
            model.notChecked = verdict.missing.map { .init(what: say(Verdict.title($0.cause)), remedy: say($0.text)) }
        }
        model.incidents = verdict.findings.map {
            .init(span: .init(startMs: $0.startMs, endMs: $0.endMs), label: say($0.title))
        }
        model.events = events(runs, in: startMs...endMs)
        model.overview = strips.overview()
        model.outlook = try ComparisonSection(store: store, period: period, name: name).sections()
        if let capacity = try CapacitySection(store: store, analysis: results.analysis, period: period).section() {
            model.outlook.append(capacity)
        }
        if let demand = try DemandSection(store: store, analysis: results.analysis, period: period).section() {
            model.outlook.append(demand)
        }
        model.keyFigures = results.keyFigureTables()
        model.distributions = try distributions(results.analysis)
        model.heatMaps = try LatencyMaps(store: store, results: results).all()
        let replicas = ReplicaComparison(results: results, runs: runs, window: startMs...endMs)
        model.replicaPanels = replicas.panels()
        model.replicas = replicas.table()
        let evidence = EvidenceTables(store, period: period, window: startMs...endMs)
        model.logEvents = try evidence.logEvents()
        model.topClients = try evidence.clients()
        model.slowestRequests = try evidence.slowestRequests()
        let gateways = GatewayTables(store, period: period, window: startMs...endMs)
        model.gateways = gateways.figures(results)
        if !model.gateways.rows.isEmpty { model.slowestAtGateway = try gateways.slowest() }
        model.engineRuns = runs.map(engineRun)
        model.coverage = try evidence.coverage()
        model.methods = MethodNotes.all(results, hasPanels: !model.replicaPanels.isEmpty)
        model.isRedacted = try store.isRedacted()
        model.downloads = [.init(path: "report.json", label: say("The verdict for programs"))]
        // The database beside a redacted report is the one with the names in it.
        if !model.isRedacted || isExcerptBeside {
            model.downloads.insert(
                .init(path: "tidemark.sqlite", label: say("The database: all evidence and results")), at: 0)
        }
        return model
    }

    private func facts(_ runs: [EngineRun], _ verdict: Verdict, _ results: StoredSignals) -> [ReportModel.Fact] {
        var facts = [ReportModel.Fact(say("Period"), name)]
        let models = Set(runs.compactMap(\.model)).sorted()
        if !models.isEmpty { facts.append(.init(say("Model"), say(.list(models)))) }
        let versions = Set(runs.compactMap(\.version)).sorted()
        if !versions.isEmpty { facts.append(.init("vLLM", say(.list(versions)))) }
        let replicas = results.replicas
        facts.append(.init(say(replicas.count == 1 ? "Replica" : "Replicas"), say(.list(replicas))))
        return facts
    }

    private func events(_ runs: [EngineRun], in window: ClosedRange<Int64>) -> [ReportModel.EventMark] {
        var marks: [ReportModel.EventMark] = []
        for run in runs {
            if let end = run.endMs, window.contains(end) {
                let crash = run.endReason == "crash"
                marks.append(
                    .init(
                        timeMs: end, kind: crash ? .crash : .note,
                        label: say(crash ? "\(run.replica) crashed" : "\(run.replica) was shut down")))
            }
            if let ready = run.readyMs, window.contains(ready) {
                marks.append(.init(timeMs: ready, kind: .restart, label: say("\(run.replica) ready")))
            }
        }
        return marks.sorted { ($0.timeMs, $0.label) < ($1.timeMs, $1.label) }
    }

    private func distributions(_ analysis: Int) throws -> [ReportModel.Distribution] {
        let rows = try store.database.prepare(
            "SELECT name, bucket, count FROM distribution WHERE analysis_id = ? AND instance = 'fleet' ORDER BY name, position"
        )
        rows.bind(1, analysis)
        var bars: [String: [ReportModel.Distribution.Bar]] = [:]
        while try rows.step() {
            let name = rows.text(0)
            let bucket = rows.text(1)
            let bad =
                name == "http_status" && (bucket.hasPrefix("4") || bucket.hasPrefix("5"))
                || name == "finish_reason" && ["abort", "error"].contains(bucket)
            bars[name, default: []].append(.init(label: bucket, count: rows.double(2), isBad: bad))
        }
        let known: [(name: String, title: Message, subtitle: Message, kind: ReportModel.Distribution.Kind)] = [
            ("prompt_tokens", "Prompt length", "Requests by tokens in the prompt, at most", .ordered),
            ("generation_tokens", "Generation length", "Requests by generated tokens, at most", .ordered),
            ("finish_reason", "Finish reasons", "Finished requests", .categorical),
            ("http_status", "HTTP status", "Answers of the inference routes", .categorical),
        ]
        return known.compactMap { one in
            guard let found = bars[one.name] else { return nil }
            return .init(
                id: one.name, title: say(one.title), subtitle: say(one.subtitle), kind: one.kind, bars: found,
                csv: .init(path: "\(Self.csvFolder)/distribution_\(one.name).csv", label: say(one.title)))
        }
    }

    /// Facts of a run that say how much it can take; the rest of the configuration is in the arguments.
    private static let capacityFacts: [(name: String, label: Message)] = [
        ("kv_cache_tokens", "KV cache, tokens"), ("max_concurrency", "Maximum concurrency"),
        ("gpu_blocks", "GPU blocks"), ("max_model_len", "max_model_len"), ("max_num_seqs", "max_num_seqs"),
        ("max_num_batched_tokens", "max_num_batched_tokens"), ("kv_cache_memory_bytes", "KV cache, bytes"),
        ("model_memory_bytes", "Model weights, bytes"), ("attention_backend", "Attention backend"),
        ("init_seconds", "Engine start, seconds"),
    ]

    private func engineRun(_ run: EngineRun) -> ReportModel.EngineRun {
        let arguments = run.facts.filter { $0.key.hasPrefix("arg.") }.sorted { $0.key < $1.key }
            .map { ReportModel.Fact(String($0.key.dropFirst(4)), String($0.value.prefix(200))) }
        let capacity = Self.capacityFacts.compactMap { one in
            run.facts[one.name].map { ReportModel.Fact(say(one.label), String($0.prefix(200))) }
        }
        let ending: Message = run.endReason == "crash" ? "crashed" : run.endReason == "shutdown" ? "shut down" : ""
        return .init(
            replica: run.replica, startMs: run.startMs, endMs: run.endMs, ending: say(ending),
            version: run.version ?? "", model: run.model ?? "", arguments: arguments, capacity: capacity)
    }
}
