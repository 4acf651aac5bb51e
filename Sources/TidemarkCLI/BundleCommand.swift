import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

struct BundleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Pack what one attaches to a ticket: report, tables and a part of the database.",
        discussion: """
            One ZIP file with the page, the same as Markdown, the CSV tables, report.json, a database that holds the results and
            the evidence around the incident, and a manifest with the SHA-256 of each file. It opens again with
            `tidemark report --db tidemark.sqlite`.

            Names are replaced by tokens unless --no-redact is given. docs/report.md says what is replaced and what isn't: read it
            before you send the bundle to strangers.

            Example: tidemark bundle --db fleet.sqlite --out incident-4711.zip
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The period; needed where the database has several.")
    var period: String?

    @Option(help: "The file to write.", completion: .file(extensions: ["zip"]))
    var out = "tidemark-bundle.zip"

    @Flag(help: "Replace a file that is there.")
    var force = false

    @Flag(
        inversion: .prefixedNo,
        help: "Replace names by tokens. --no-redact keeps hosts, addresses, users, log texts as they are.")
    var redact = true

    @OptionGroup var key: RedactionKeyOption

    @Option(help: ArgumentHelp("Most room that the part of the database takes.", valueName: "size"))
    var maxSize = "64MB"

    @Option(help: "Title of the report.")
    var title: String?

    @OptionGroup var logo: LogoOptions

    @OptionGroup var language: LanguageOption

    @OptionGroup var locking: LockOptions

    func run() throws {
        let most = try CaptureCommand.bytes(maxSize, "--max-size", least: 1_000_000)
        guard force || access(out, F_OK) != 0 else {
            throw TidemarkError(
                .cannotWrite, "is there already", file: out,
                hint: "name another file with --out, or replace it with --force")
        }
        let picture = try logo.picture(language.language)
        let store = try analysedStore(database.path, locking)
        let redactor = try redact && !store.isRedacted() ? key.redactor(store) : nil
        if !redact { try key.refuse() }
        let copy = try Store.copy(of: database.path, period: try chosen(store), redactor: redactor)
        let bundle = TicketBundle(
            files: ReportFiles(
                title: title, language: language.language, logo: picture, formats: [.html, .markdown, .json],
                hasExcerpt: true), mostBytes: most, hasGivenKey: key.saltFile != nil)
        let count = try bundle.write(copy, to: out)
        guard !database.quiet else { return }
        Console.print("Bundle: \(out), \(count) files")
        Console.print(
            try copy.isRedacted()
                ? "Names are replaced by tokens; model names, arguments and times are not (docs/report.md)."
                : "NOT REDACTED: names of hosts, addresses, users, log texts and prompts are in it as they are.")
    }

    private func chosen(_ store: Store) throws -> Int {
        if let given = try store.period(given: period) { return given }
        let periods = try store.periods()
        guard periods.count < 2 else {
            throw TidemarkError(
                .usage, "the database has \(periods.count) periods, a bundle holds one", file: database.path,
                hint: "--period NAME: " + periods.prefix(8).map(\.name).joined(separator: ", "))
        }
        guard let only = periods.first else {
            throw TidemarkError(
                .unusableInput, "nothing was read into the database", file: database.path,
                hint: "tidemark ingest EVIDENCE --db \(database.path)")
        }
        return only.id
    }
}
