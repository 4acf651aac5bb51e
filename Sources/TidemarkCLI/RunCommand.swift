import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkStore

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "From a folder of evidence to a report: ingest, analyse, report.",
        discussion: """
            Writes OUT/index.html, OUT/csv/, OUT/report.json and the database OUT/tidemark.sqlite. A second run reads only
            what is new.

            Without evidence the configuration says where it lies (`inputs:`), and a page for each week is written, with an
            index over all of them: OUT/index.html, OUT/weeks/2026-W47/index.html. Made for cron: docs/operations.md.

            Example: tidemark run evidence/ --out report/
                     tidemark run evidence/ --redact --db names.sqlite --out to-send/
                     tidemark run --config tidemark.yaml --quiet --on-finding '/usr/local/bin/notify --team serving'
            """)

    @Argument(help: "Files and folders of evidence; none: the inputs of --config.", completion: .file())
    var evidence: [String] = []

    @Option(help: "Folder of the report; by default report, or that of the configuration.", completion: .directory)
    var out: String?

    @Option(name: .customLong("db"), help: "The database; by default OUT/tidemark.sqlite.", completion: .file())
    var databasePath: String?

    @OptionGroup var options: EvidenceOptions

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var weekly: WeeklyOptions

    @Option(help: "Title of the report.")
    var title: String?

    @OptionGroup var logo: LogoOptions

    @OptionGroup var redaction: RedactionOptions

    @OptionGroup var language: LanguageOption

    @Option(
        help:
            "End with status 3 when a finding is at least this sure: low, medium or high. Of weeks the last one counts."
    )
    var failOn: ConfidenceLevel?

    @OptionGroup var locking: LockOptions

    @Flag(help: "Print errors only.")
    var quiet = false

    func run() throws {
        guard evidence.isEmpty else { return try runOnce() }
        let log = RunLog(format: weekly.logFormat, isQuiet: quiet)
        do {
            try runWeekly(log)
        } catch let error as TidemarkError {
            log.error(error)
            throw SilentExit(status: error.kind.rawValue)
        }
    }

    private func runWeekly(_ log: RunLog) throws {
        guard let loaded = try configuration.load() else {
            throw TidemarkError(
                .usage, "neither evidence nor a configuration is given",
                hint:
                    "tidemark run evidence/ --out report/, or tidemark run --config tidemark.yaml (`tidemark init` writes one)"
            )
        }
        let plan = WeeklyPlan(
            loaded: loaded, folder: out.map(Self.withoutSlash), database: databasePath, title: title,
            language: language.chosen, logo: logo, redaction: redaction)
        var run = WeeklyRun(loaded: loaded, plan: plan, log: log, nowMs: try weekly.nowMs(), patience: locking)
        run.options = try options.options()
        run.hook = try weekly.hook()
        run.failOn = failOn
        try run.run()
    }

    static func withoutSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func runOnce() throws {
        try weekly.refuse()
        let folder = Self.withoutSlash(out ?? "report")
        // Look before anything is made: a wrong path leaves no empty report behind.
        _ = try Discovery.walk(evidence)
        let path = databasePath ?? folder + "/tidemark.sqlite"
        if redaction.redact { try RedactionOptions.refuseNames(in: folder, database: path) }
        let files = ReportFiles(
            title: title, language: language.language, logo: try logo.picture(language.language))
        try ReportFolder.make(folder)
        let lock = try locking.lock(path)
        defer { withExtendedLifetime(lock) {} }
        let store = try Store.create(path: path)
        try configuration.apply(to: store)
        let progress = Progress(quiet: quiet)
        let ingestor = Ingestor(store, options: try options.options(), progress: progress.show)
        try ingestor.ingest(evidence)
        progress.clear()
        try conclude(ingestor, paths: evidence, quiet: quiet)
        var verdicts: [Verdict] = []
        for period in try store.periods() {
            try Analysis(store: store, period: period.id).refresh()
            verdicts.append(try Verdict(store, period: period.id, name: period.name))
        }
        let outlook = Outlook(store)
        if try outlook.isStale() { try outlook.refresh() }
        if verdicts.allSatisfy({ $0.startMs == nil }), let tests = try loadTests(of: store) {
            try ReportFolder(path: folder).writeAnswers(CapacityReport.json(tests))
            if !quiet {
                for report in tests { Console.print(Console.visible(report.text)) }
                Console.print("Load tests alone, no server's evidence: \(folder)/report.json")
            }
            return
        }
        let page = try ReportFolder(path: folder).write(files, try redaction.shown(store)) ?? folder
        if !quiet {
            for verdict in verdicts { Console.print(verdict.text) }
            Console.print("Report: \(page)")
        }
        try failOn?.check(verdicts)
    }

    /// What load tests say where there is nothing else; nil without.
    private func loadTests(of store: Store) throws -> [CapacityReport]? {
        let periods = try store.periods()
        let reports = try periods.map { try CapacityReport(store, period: $0.id, name: $0.name) }
        for (period, report) in zip(periods, reports) { try report.write(store, period: period.id) }
        let telling = reports.filter { !$0.loadTests.isEmpty }
        return telling.isEmpty ? nil : telling
    }
}

/// What only a run over weeks knows.
struct WeeklyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "With --config: call a command for each new finding, once.",
            discussion:
                "The finding is one JSON object on its standard input. No shell: words by blanks, '…' and \"…\" keep blanks, \\ keeps the next character.",
            valueName: "command"))
    var onFinding: String?

    @Option(help: ArgumentHelp("Seconds after which such a command is ended.", valueName: "seconds"))
    var onFindingLimit = 30.0

    @Option(help: "With --config: what is said on standard error, as text or json (an object a line).")
    var logFormat = LogFormat.text

    @Option(help: ArgumentHelp("With --config: the present, in RFC 3339.", valueName: "time"))
    var now: String?

    /// Times that may be the present, Unix ms: 1970 to 2100.
    private static let plausibleMs: ClosedRange<Int64> = 0...4_102_444_800_000

    /// The present, Unix ms.
    func nowMs() throws -> Int64 {
        guard let now else { return SystemClock.secondMs }
        guard let found = CivilTime.parseRFC3339(now), Self.plausibleMs.contains(found) else {
            throw TidemarkError(
                .usage, "--now: '\(now)' is not a time of RFC 3339", hint: "2026-11-23T06:00:00Z is one")
        }
        return found
    }

    func hook() throws -> Hook? {
        guard onFindingLimit > 0, onFindingLimit <= 3600 else {
            throw TidemarkError(.usage, "--on-finding-limit is more than 0 and at most 3600 seconds")
        }
        return try onFinding.map { try Hook($0, limitSeconds: onFindingLimit) }
    }

    /// For runs that have no weeks.
    func refuse() throws {
        for (name, isGiven) in [
            ("--on-finding", onFinding != nil), ("--log-format", logFormat != .text), ("--now", now != nil),
        ]
        where isGiven {
            throw TidemarkError(
                .usage, "\(name) goes with the inputs of --config, not with evidence arguments",
                hint: "name the evidence under `inputs:` in the configuration")
        }
    }
}
