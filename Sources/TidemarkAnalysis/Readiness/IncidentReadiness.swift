import TidemarkBase
import TidemarkStore

/// What the evidence would not tell if an incident came now: judged before one comes.
///
/// Every cause of the catalogue is asked about an ordinary stretch of the newest evidence, six hours of it at most. A sign
/// that it can't see there it won't see in an incident either: so the list is the causes' own and follows them.
public struct IncidentReadiness: Sendable {
    /// What was looked at, Unix ms; nil: no evidence has a time.
    public private(set) var window: ClosedRange<Int64>?
    public private(set) var gaps: [EvidenceGap] = []
    /// What limits the judgement itself: no traffic to look at.
    public private(set) var remark: String?

    /// Whether nothing that decides a cause is missing.
    public var isComplete: Bool { window != nil && !gaps.contains { !$0.isOptional } }

    private static let longestMs: Int64 = 6 * 3_600_000

    public init(_ store: Store, period: Int) throws {
        let analysis = Analysis(store: store, period: period)
        guard let whole = try analysis.window() else {
            gaps = [
                EvidenceGap(
                    kind: "metrics", text: "No evidence with times is there.", remedy: EvidenceKind.metrics.remedy)
            ]
            return
        }
        let newest = max(whole.lowerBound, whole.upperBound - Self.longestMs)...whole.upperBound
        let probe = try EvidenceProbe(analysis, newest)
        window = newest
        remark = probe.remark
        gaps = try probe.gaps()
        gaps += try EvidenceFacts(store: store, period: period, window: newest, probe: probe).gaps(beside: gaps)
        let order = ["metrics", "server_log", "startup_lines", "gpu_capture"]
        func rank(_ gap: EvidenceGap) -> Int {
            (gap.isOptional ? 100 : 0) + (order.firstIndex(of: gap.kind) ?? order.count)
        }
        gaps = gaps.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }
}

/// Asks the causes.
struct EvidenceProbe {
    let situation: Situation
    let intervalMs: Int64
    private(set) var remark: String?
    private var scenes: [Scene] = []

    init(_ analysis: Analysis, _ window: ClosedRange<Int64>) throws {
        let (store, period) = (analysis.store, analysis.period)
        let source = try StoreSeries(store, period: period)
        intervalMs = try analysis.sampleIntervalMs()
        let grid = TimeGrid.fitting(
            startMs: window.lowerBound, endMs: window.upperBound, sampleIntervalMs: intervalMs)
        let evaluator = try SignalEvaluator(
            store: store, period: period, source: source,
            fleet: try Fleet(store, period: period, series: source), grid: grid,
            intervalMs: intervalMs, rateWindowMs: max(4 * intervalMs, grid.stepMs, 30_000))
        situation = Situation(
            table: SignalSource(evaluator, nil), fleet: evaluator.fleet, builder: try FigureBuilder(evaluator),
            store: store, period: period, runs: try EngineRun.all(store, period: period),
            objectives: try Objectives.read(store, period: period),
            templates: LogTemplates(
                templates: [], cells: [], stepMs: grid.stepMs, anchorMs: grid.startMs, coverage: [:]))
        // Evidence of nobody's is evidence without a server: it has no replica to ask about.
        for replica in situation.replicas.isEmpty ? [""] : situation.replicas {
            scenes.append(try Self.ordinary(situation, replica))
        }
        let idle = scenes.filter { $0.baseline.isEmpty }.map(\.replica)
        if !idle.isEmpty, !situation.replicas.isEmpty {
            remark = "\(idle.joined(separator: ", ")) had no requests: what metrics show of requests can't be judged"
        }
    }

    /// The longest stretch with requests, its second half against its first; without requests everything, and no baseline.
    private static func ordinary(_ situation: Situation, _ replica: String) throws -> Scene {
        let all = 0..<max(1, situation.grid.count)
        let knows = try ["running_requests", "generation_tokens_per_second", "request_rate_requests_per_second"]
            .contains { try situation.track($0, replica) != nil }
        let longest = try situation.active(replica).max { $0.count < $1.count }
        guard let stretch = knows ? longest : all, stretch.count >= 2 else {
            return Scene(
                situation: situation, episode: Episode(range: all, symptoms: []), replica: replica, baseline: [])
        }
        let middle = stretch.lowerBound + stretch.count / 2
        return Scene(
            situation: situation, episode: Episode(range: middle..<stretch.upperBound, symptoms: []), replica: replica,
            baseline: [stretch.lowerBound..<middle])
    }

    /// Replicas without a server log.
    var withoutLog: [String] { scenes.filter { !$0.hasLog }.map(\.replica).filter { !$0.isEmpty } }
    /// Replicas without metrics.
    var withoutMetrics: [String] { situation.fleet.replicas.filter { $0.scrapeInstance == nil }.map(\.name) }

    /// A gap for each kind of evidence that a cause asks for in vain.
    func gaps() throws -> [EvidenceGap] {
        var asked: [EvidenceKind: [String: Need]] = [:]
        for scene in scenes {
            for cause in CauseCatalogue.all where cause.isPossible(situation) {
                guard let judgement = try cause.judge(scene) else { continue }
                let isIdle = scene.baseline.isEmpty && !scene.replica.isEmpty && !withoutMetrics.contains(scene.replica)
                for (signs, decides) in [(judgement.required, true), (judgement.supporting, false)] {
                    for sign in signs where sign.state == .unseen && !sign.text.isEmpty {
                        guard let named = EvidenceKind.of(sign.text.text), !(isIdle && named == .metrics) else {
                            continue
                        }
                        let kind = named == .startup && !scene.hasLog ? .log : named
                        // In an ordinary stretch some signs have nothing to show: that is no lack of evidence.
                        let isField = kind == .gpu || kind == .metrics && !decides
                        if isField, lacking(kind, scene.replica).isEmpty { continue }
                        asked[kind, default: [:]][cause.id, default: Need()].add(sign.text.text, scene.replica, decides)
                    }
                }
            }
        }
        return EvidenceKind.allCases.compactMap { kind in asked[kind].map { gap(kind, $0) } }
    }

    /// What a cause lacks.
    private struct Need {
        var text = ""
        var replicas: Set<String> = []
        var decides = false

        mutating func add(_ text: String, _ replica: String, _ required: Bool) {
            // What decides stands before what only strengthens.
            if self.text.isEmpty || required && !decides { self.text = text }
            replicas.insert(replica)
            decides = decides || required
        }
    }

    private func gap(_ kind: EvidenceKind, _ needs: [String: Need]) -> EvidenceGap {
        let replicas = Set(needs.values.flatMap(\.replicas)).filter { !$0.isEmpty }.sorted()
        let isAll = replicas.count == situation.replicas.count
        var gap = EvidenceGap(
            kind: kind.rawValue, text: text(kind, isAll ? [] : replicas), replicas: isAll ? [] : replicas,
            remedy: kind.remedy, isOptional: kind.isOptional)
        for cause in CauseCatalogue.all {
            guard let need = needs[cause.id] else { continue }
            if need.decides {
                gap.undecided.append((cause.id, need.text))
            } else {
                gap.weakened.append((cause.id, need.text))
            }
        }
        // What only strengthens a verdict is no hole in it.
        if gap.undecided.isEmpty, kind != .gpu { gap.isOptional = true }
        return gap
    }

    private func text(_ kind: EvidenceKind, _ replicas: [String]) -> String {
        let of = replicas.isEmpty ? "" : " of \(replicas.joined(separator: ", "))"
        switch kind {
        case .metrics:
            let none = withoutMetrics
            return none.isEmpty
                ? "The metrics\(of) lack: \(lackingWords(kind))."
                : "No metrics\(none.count == situation.replicas.count ? "" : " of " + none.joined(separator: ", ")); the log's statistics lines tell some of it, every ten seconds."
        case .gpu: return hasGPUs ? "The GPU capture lacks: \(lackingWords(kind))." : "No GPU capture."
        case .log: return "No server log\(of): neither errors nor arguments."
        case .startup: return "The server log\(of) does not reach back to a start: arguments and version are unknown."
        case .requests: return "Requests are not logged\(of): fine for most incidents."
        case .host: return "No metrics of the server's machine\(of) (CPU, network)."
        case .gateway: return "Nothing tells what clients saw\(of)."
        case .objectives: return "No latency objectives\(of)."
        }
    }

    private var hasGPUs: Bool { scenes.contains { !situation.gpus(of: $0.replica).isEmpty } }

    /// Signals that most causes of a kind's field look at; the percentiles stand for their histograms' buckets.
    private static let core: [EvidenceKind: [String]] = [
        .gpu: [
            "gpu_sm_clock_hertz", "gpu_throttled_ratio", "gpu_utilization_ratio", "gpu_power_watts",
            "gpu_temperature_celsius",
        ],
        .metrics: [
            "running_requests", "waiting_requests", "kv_cache_usage_ratio", "prompt_tokens_per_second",
            "generation_tokens_per_second", "arrival_rate_requests_per_second", "request_rate_requests_per_second",
            "ttft_mean_seconds", "ttft_p95_seconds", "itl_mean_seconds", "itl_p95_seconds", "queue_time_mean_seconds",
            "prefill_time_mean_seconds", "engine_steps_per_second", "step_tokens_mean_tokens", "preemptions_per_second",
            "prefix_cache_hit_ratio", "prompt_length_mean_tokens", "generation_length_mean_tokens", "process_cpu_cores",
        ],
    ]

    /// Those of them that a replica has no evidence for.
    private func lacking(_ kind: EvidenceKind, _ replica: String) -> [String] {
        let gpus = kind == .gpu ? situation.gpus(of: replica) : []
        return (Self.core[kind] ?? []).filter { name in
            kind == .gpu
                ? !gpus.contains { situation.table[name, $0] != nil } : situation.table[name, replica] == nil
        }
    }

    /// In words, for all replicas together: `SM clock; GPU power draw`.
    private func lackingWords(_ kind: EvidenceKind) -> String {
        let lacking = Set(scenes.flatMap { self.lacking(kind, $0.replica) })
        let titles = (Self.core[kind] ?? []).filter(lacking.contains).compactMap { SignalCatalogue.signal($0)?.title }
        return titles.isEmpty ? "what some causes look at" : titles.joined(separator: "; ")
    }
}
