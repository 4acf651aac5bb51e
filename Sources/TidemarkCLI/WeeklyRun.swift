import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkReport
import TidemarkRules
import TidemarkStore

/// `tidemark run --config`: reads what is new, brings the weeks up to date, writes their pages, tells of new findings, deletes what is
/// older than is kept. Killed at any moment and run again, it ends as one run without that.
struct WeeklyRun {
    let loaded: ConfigurationOptions.Loaded
    let plan: WeeklyPlan
    let log: RunLog
    var options = IngestOptions()
    var nowMs: Int64
    var hook: Hook?
    var failOn: ConfidenceLevel?
    var patience: LockOptions

    private var settings: RunSettings { loaded.file.run }
    private var name: String { plan.name }
    private var outputFolder: String { plan.outputFolder }
    private var database: String { plan.databasePath }
    private var windows: Weeks.Windows { plan.windows ?? Weeks.Windows() }

    func run() throws {
        let zone = try loaded.zone()
        let inputs = try loaded.inputs()
        // Before anything is read: a wrong length of time must not be found after an hour.
        let horizon = try settings.keep.map { try PruneCommand.horizon($0, nowMs: nowMs) }
        try plan.check()
        try ReportFolder.make(outputFolder)
        if let slash = database.lastIndex(of: "/"), slash != database.startIndex {
            try ReportFolder.make(String(database[..<slash]))
        }
        let lock = try patience.lock(database)
        let store = try Store.create(path: database)
        try loaded.apply(to: store)
        try ingest(store, inputs)
        let period = try store.period(named: name)
        let weeks = try Weeks(store, path: database, period: period, zone: zone, windows: windows)
        let made = try weeks.refresh(nowMs: nowMs) { log.info("week", "week \($0)", [("week", .text($0))]) }
        let pages = try plan.pages(of: name, store).write(store, period: period, windows: windows, nowMs: nowMs)
        try tell(store, period)
        if let horizon { try prune(store, horizon) }
        log.info(
            "done", "\(made.count) weeks worked out, \(pages) pages written: \(outputFolder)/index.html",
            [("weeks", .count(made.count)), ("pages", .count(pages)), ("index", .text(outputFolder + "/index.html"))])
        withExtendedLifetime(lock) {}
        try failOn?.check(try WeekFindings.latest(store, period: period))
    }

    private func ingest(_ store: Store, _ inputs: [EvidenceInput]) throws {
        var options = options
        options.period = name
        let progress = Progress(quiet: log.isQuiet || log.format == .json)
        let ingestor = Ingestor(store, options: options, progress: progress.show)
        let empty = try ingestor.ingest(inputs)
        progress.clear()
        for pattern in empty {
            log.warning("input", "nothing matches \(pattern)", [("paths", .text(pattern))])
        }
        for one in ingestor.outcomes where [.unknown, .announced, .failed].contains(one.action) {
            log.warning(
                "input", "\(one.action.rawValue): \(one.path): \(one.message ?? "")",
                [("path", .text(one.path)), ("action", .text(one.action.rawValue)), ("why", .text(one.message ?? ""))])
        }
        let read = ingestor.outcomes.filter { $0.action == .read || $0.action == .continued }
        let records = read.reduce(0) { $0 + $1.records }
        let unchanged = ingestor.outcomes.count { $0.action == .unchanged }
        log.info(
            "read", "\(read.count) sources read, \(records) records, \(unchanged) unchanged",
            [("sources", .count(read.count)), ("records", .count(records)), ("unchanged", .count(unchanged))])
        // A day without evidence is no mistake; a database that never had any is one.
        guard !ingestor.hasEvidence else { return }
        let known = try store.database.int("SELECT 1 FROM source WHERE status IN ('read', 'partial') LIMIT 1") != nil
        if !known {
            throw TidemarkError(
                ingestor.outcomes.isEmpty ? .missingInput : .unusableInput,
                ingestor.outcomes.isEmpty
                    ? "no input matches a file" : "nothing in the inputs is evidence that can be read",
                file: loaded.path, line: settings.inputsLine,
                hint:
                    "paths are relative to the configuration's folder; `tidemark inspect FILE` says what a file is taken for"
            )
        }
    }

    /// Calls the command for each finding that it was not called for before.
    private func tell(_ store: Store, _ period: Int) throws {
        guard let hook else { return }
        let noted = NotedFindings(store, period: period)
        for finding in try noted.new(nowMs: nowMs) {
            let id = try noted.begin(finding)
            let json = finding.json(fleet: name, page: outputFolder + "/" + WeekFolder.page(finding.week))
            let failure = hook.run(Array((json + "\n").utf8))
            try noted.end(id, failure: failure)
            let fields: [(String, RunLog.Field)] = [("cause", .text(finding.cause)), ("week", .text(finding.week))]
            if let failure {
                log.warning(
                    "finding", "\(hook.words[0]) for \(finding.cause) in \(finding.week): \(failure)",
                    fields + [("why", .text(failure))])
            } else {
                log.info("finding", "\(hook.words[0]) called for \(finding.cause) in \(finding.week)", fields)
            }
        }
    }

    private func prune(_ store: Store, _ horizon: Int64) throws {
        let outcome = try Prune(store, beforeMs: horizon).run()
        guard outcome.rows > 0 else { return }
        log.info(
            "prune", "\(outcome.rows) rows before \(CivilTime.rfc3339(horizon)) are roll-ups now",
            [("rows", .count(outcome.rows)), ("before", .text(CivilTime.rfc3339(horizon)))])
    }
}
