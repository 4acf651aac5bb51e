import TidemarkBase
import TidemarkEvidence
import TidemarkSeries
import TidemarkStore

/// What the causes look at: signals on a grid, the runs and their configuration, the log's events.
final class Situation {
    let table: SignalSource
    let fleet: Fleet
    let builder: FigureBuilder
    let store: Store
    let period: Int
    let runs: [EngineRun]
    /// Latency objectives by signal, in seconds.
    let objectives: [(signal: String, seconds: Double)]
    private let templates: LogTemplates
    private var tracks: [String: Track?] = [:]
    private var histograms: [String: HistogramTable] = [:]

    init(
        table: SignalSource, fleet: Fleet, builder: FigureBuilder, store: Store, period: Int, runs: [EngineRun],
        objectives: [(signal: String, seconds: Double)], templates: LogTemplates
    ) {
        self.templates = templates
        self.objectives = objectives
        self.table = table
        self.fleet = fleet
        self.builder = builder
        self.store = store
        self.period = period
        self.runs = runs
    }

    var grid: TimeGrid { table.grid }
    var replicas: [String] { fleet.replicas.map(\.name) }

    /// A signal of an instance, made for sums over stretches of time; nil without evidence.
    func track(_ signal: String, _ instance: String) throws -> Track? {
        let key = signal + "|" + instance
        if let known = tracks[key] { return known }
        let made = try table[signal, instance].map(builder.track)
        tracks[key] = made
        return made
    }

    /// The buckets of a replica's histogram.
    func histogram(_ metric: String, _ replica: String) throws -> HistogramTable {
        let key = metric + "|" + replica
        if let known = histograms[key] { return known }
        let target = fleet.replicas.first { $0.name == replica }?.scrapeInstance
        let made = HistogramTable(
            try builder.counters(metric, suffix: "_bucket", of: LabelMatcher("instance", equals: target ?? "")))
        histograms[key] = made
        return made
    }

    /// A configured number of a replica, from the run that was alive last: `max_num_seqs`.
    func configured(_ name: String, _ replica: String) -> Double? {
        for run in runs.reversed() where run.replica == replica {
            if let text = run.facts["arg." + name] ?? run.facts[name], let value = Double(text) { return value }
        }
        return nil
    }

    /// vLLM's version at a replica, as printed; nil when no start-up was seen.
    func version(_ replica: String) -> String? {
        runs.last { $0.replica == replica && $0.version != nil }?.version
    }

    /// Hosts whose quantities may be those of a replica: the one of equal address, else the only one.
    func host(of replica: String) -> String? {
        let hosts = Set(["host_cpu_busy_ratio", "host_cpu_pressure_ratio"].flatMap { table.instances(of: $0) }).sorted()
        if hosts.count == 1 { return hosts[0] }
        func address(_ text: String) -> Substring { text.prefix { $0 != ":" } }
        guard let target = fleet.replicas.first(where: { $0.name == replica })?.scrapeInstance else { return nil }
        return hosts.first { address($0) == address(target) }
    }

    /// The instance that holds a signal of a replica: itself, its host, or (gateways) the fleet.
    func instance(of signal: String, for replica: String) -> String? {
        switch SignalCatalogue.signal(signal)?.scope {
        case .replica: replica
        case .host: host(of: replica)
        default: SignalSeries.fleet
        }
    }

    /// GPUs of a replica; when nobody says which are whose, all of them.
    func gpus(of replica: String) -> [String] {
        let own = fleet.replicas.first { $0.name == replica }?.gpus ?? []
        let all = Set(
            ["gpu_sm_clock_hertz", "gpu_utilization_ratio", "gpu_power_watts"].flatMap { table.instances(of: $0) })
        return own.isEmpty ? all.sorted { ($0.count, $0) < ($1.count, $1) } : own.filter(all.contains)
    }

    /// Stretches in which a replica had requests, half a minute around them included; everything where that isn't known.
    func active(_ replica: String) throws -> [Range<Int>] {
        let signals = ["running_requests", "generation_tokens_per_second", "request_rate_requests_per_second"]
        let known = try signals.compactMap { try track($0, replica) }
        guard !known.isEmpty else { return [0..<grid.count] }
        let margin = steps(min(30, grid.seconds / 60))
        var found: [Range<Int>] = []
        for step in 0..<grid.count where known.contains(where: { ($0.value(step..<step + 1) ?? 0) > 0 }) {
            let here = max(0, step - margin)..<min(grid.count, step + margin + 1)
            if let last = found.last, last.upperBound >= here.lowerBound {
                found[found.count - 1] = last.lowerBound..<here.upperBound
            } else {
                found.append(here)
            }
        }
        return found
    }

    /// Whether it is said, or cannot be otherwise, which GPUs are a replica's.
    func knowsGPUs(of replica: String) -> Bool {
        replicas.count == 1 || !(fleet.replicas.first { $0.name == replica }?.gpus ?? []).isEmpty
    }

    func span(_ range: Range<Int>) -> (startMs: Int64, endMs: Int64) {
        (grid.startMs + Int64(range.lowerBound) * grid.stepMs, grid.startMs + Int64(range.upperBound) * grid.stepMs)
    }

    func seconds(_ range: Range<Int>) -> Double { Double(range.count) * Double(grid.stepMs) / 1000 }

    /// Whole days of the evidence, when the steps divide a day; else 0.
    var dayCount: Int { 86_400_000 % grid.stepMs == 0 ? Int((grid.endMs - grid.startMs) / 86_400_000) : 0 }

    /// Steps in a stretch of time, at least one.
    func steps(_ seconds: Double) -> Int { max(1, Int(seconds * 1000 / Double(grid.stepMs))) }

    /// Warnings and errors that the logs have in a window and not before, two at most.
    func newTemplates(_ span: (startMs: Int64, endMs: Int64)) -> [EvidenceDraft] {
        guard span.startMs < span.endMs else { return [] }
        let bursts = TemplateBursts(templates, window: span.startMs...span.endMs)
        return bursts.found.filter {
            $0.isSignificant && LogLevel.severity($0.template.level) >= LogLevel.severity("WARNING")
        }
        .prefix(2).map { burst in
            EvidenceDraft(
                "log_template", value: Double(burst.events), baseline: Double(burst.restEvents), unit: "events",
                source: burst.template.source, line: burst.template.line,
                burst.isFirstSeen
                    ? "first seen: \(burst.template.text.prefix(140))"
                    : "more often: \(burst.template.text.prefix(140))")
        }
    }

    /// Events of a replica's log of some kinds in a range of time, the first of each kind first.
    func events(_ kinds: [String], _ replica: String, _ startMs: Int64, _ endMs: Int64, limit: Int = 3) throws
        -> [EvidenceDraft]
    {
        let list = kinds.map { "'\($0)'" }.joined(separator: ", ")
        let rows = try store.database.prepare(
            """
            SELECT e.kind, coalesce(e.exception_type || ': ' || e.exception_message, e.message), s.path, min(e.line), count(*)
            FROM log_event e JOIN instance i USING (instance_id) JOIN source s USING (source_id)
            WHERE i.period_id = ? AND i.name = ? AND e.time_ms BETWEEN ? AND ? AND e.kind IN (\(list))
            GROUP BY e.kind, 2 ORDER BY 4 LIMIT ?
            """)
        rows.bind(1, period)
        rows.bind(2, replica)
        rows.bind(3, startMs)
        rows.bind(4, endMs)
        rows.bind(5, limit)
        var found: [EvidenceDraft] = []
        while try rows.step() {
            let text = rows.text(1).split(separator: "\n").first.map { String($0.prefix(160)) } ?? rows.text(0)
            found.append(
                EvidenceDraft(
                    rows.text(0), value: rows.double(4), unit: "events", source: rows.text(2), line: rows.int(3),
                    Message(verbatim: text)))
        }
        return found.sorted { a, b in
            (kinds.firstIndex(of: a.signal) ?? 0) < (kinds.firstIndex(of: b.signal) ?? 0)
        }
    }

    /// Servers' processes that the kernel killed because memory ran out, of the period's kernel logs: they know no replica.
    /// Whose victim is another program says nothing of a server.
    func kills(_ startMs: Int64, _ endMs: Int64) throws -> [EvidenceDraft] {
        let rows = try store.database.prepare(
            """
            SELECT e.text, s.path, e.line, e.count FROM gpu_event e JOIN source s USING (source_id)
            WHERE s.period_id = ? AND e.kind = 'out_of_host_memory' AND e.time_ms BETWEEN ? AND ?
                AND (e.text LIKE '%python%' OR e.text LIKE '%vllm%' OR e.text LIKE '%ray::%' OR e.text LIKE '%pt_main%')
            ORDER BY e.time_ms, e.source_id, e.line LIMIT 3
            """)
        rows.bind(1, period)
        rows.bind(2, startMs)
        rows.bind(3, endMs)
        var found: [EvidenceDraft] = []
        while try rows.step() {
            found.append(
                EvidenceDraft(
                    "out_of_host_memory", value: rows.double(3), unit: "events", source: rows.text(1),
                    line: rows.int(2),
                    Message(verbatim: String(rows.text(0).prefix(160)))))
        }
        return found
    }
}
