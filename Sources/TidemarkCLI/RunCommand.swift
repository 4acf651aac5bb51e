import ArgumentParser
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

            Example: tidemark run evidence/ --out report/
            """)

    @Argument(help: "Files and folders of evidence.", completion: .file())
    var evidence: [String]

    @Option(help: "Folder of the report.", completion: .directory)
    var out = "report"

    @Option(name: .customLong("db"), help: "The database; by default OUT/tidemark.sqlite.", completion: .file())
    var databasePath: String?

    @OptionGroup var options: EvidenceOptions

    @OptionGroup var configuration: ConfigurationOptions

    @Option(help: "Title of the report.")
    var title: String?

    @OptionGroup var language: LanguageOption

    @Option(help: "End with status 3 when a finding is at least this sure: low, medium or high.")
    var failOn: ConfidenceLevel?

    @OptionGroup var locking: LockOptions

    @Flag(help: "Print errors only.")
    var quiet = false

    func run() throws {
        let folder = out.count > 1 && out.hasSuffix("/") ? String(out.dropLast()) : out
        // Look before anything is made: a wrong path leaves no empty report behind.
        _ = try Discovery.walk(evidence)
        try ReportFolder.make(folder)
        let path = databasePath ?? folder + "/tidemark.sqlite"
        let lock = try locking.lock(path)
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
            try ReportFolder(path: folder, title: title).writeAnswers(CapacityReport.json(tests))
            for report in tests { Console.print(Console.visible(report.text)) }
            if !quiet { Console.print("Load tests alone, no server's evidence: \(folder)/report.json") }
            return
        }
        let page = try ReportFolder(path: folder, title: title, language: language.language).write(store)
        if !quiet {
            for verdict in verdicts { Console.print(verdict.text) }
            Console.print("Report: \(page)")
        }
        withExtendedLifetime(lock) {}
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

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write the report of an ingested database.",
        discussion: "Example: tidemark report --db fleet.sqlite --out report/")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Folder of the report.", completion: .directory)
    var out = "report"

    @Option(help: "Title of the report.")
    var title: String?

    @OptionGroup var language: LanguageOption

    @OptionGroup var locking: LockOptions

    func run() throws {
        let folder = out.count > 1 && out.hasSuffix("/") ? String(out.dropLast()) : out
        let store = try analysedStore(database.path, locking)
        try ReportFolder.make(folder)
        let page = try ReportFolder(path: folder, title: title, language: language.language).write(store)
        if !database.quiet { Console.print("Report: \(page)") }
    }
}
