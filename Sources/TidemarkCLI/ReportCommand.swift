import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write the report of an ingested database.",
        discussion: """
            html is a folder with a page, its CSV tables and report.json; markdown a document for a ticket or a chat; json
            all that the page shows, for programs; csv the tables alone. docs/report.md describes them.

            With --week the page of one past week is made anew, from its evidence where that is still there, else from what was
            kept of it.

            Example: tidemark report --db fleet.sqlite --out report/
                     tidemark report --db fleet.sqlite --format markdown --redact --out -
                     tidemark report --db fleet.sqlite --title 'Incident 4711' --logo logo.svg
                     tidemark report --week 2026-W47 --config tidemark.yaml
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp(
            "Folder of the report; by default report, or that of the configuration.",
            discussion: "- is standard output, for markdown and json."),
        completion: .directory)
    var out: String?

    @Option(help: "html, markdown, json or csv.")
    var format = ReportFormat.html

    @Option(help: "Title of the report.")
    var title: String?

    @OptionGroup var logo: LogoOptions

    @OptionGroup var redaction: RedactionOptions

    @OptionGroup var language: LanguageOption

    @Option(help: ArgumentHelp("A week of a database that `run --config` made: 2026-W47.", valueName: "week"))
    var week: String?

    @Option(help: ArgumentHelp("With --week: the present, in RFC 3339.", valueName: "time"))
    var now: String?

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        if let week {
            guard format == .html, out != "-" else {
                throw TidemarkError(
                    .usage, "the page of a week is written as html, into a folder",
                    hint: "tidemark report --week \(week) --out report/")
            }
            return try run(week: week)
        }
        guard configuration.path == nil, now == nil else {
            throw TidemarkError(
                .usage, "--config and --now go with --week",
                hint: "tidemark report --week 2026-W47 --config tidemark.yaml")
        }
        try refuseNonsense()
        let folder = RunCommand.withoutSlash(out ?? "report")
        let files = ReportFiles(
            title: title, language: language.language, logo: try logo.picture(language.language), formats: [format])
        if redaction.redact, out != "-" { try RedactionOptions.refuseNames(in: folder, database: database.path) }
        let store = try redaction.shown(try analysedStore(database.path, locking))
        if out == "-" {
            _ = try files.each(store) { _, bytes in Console.write(bytes) }
            return
        }
        try ReportFolder.make(folder)
        let page = try ReportFolder(path: folder).write(files, store)
        if !database.quiet { Console.print(page.map { "Report: \($0)" } ?? "Tables: \(folder)") }
    }

    private func refuseNonsense() throws {
        if out == "-", format == .html || format == .csv {
            throw TidemarkError(
                .usage, "\(format.rawValue) is several files and can't go to standard output",
                hint: "--out FOLDER, or --format markdown or json")
        }
        if logo.logo != nil || logo.logoAlt != nil, format != .html {
            throw TidemarkError(.usage, "--logo goes with html pages, not with \(format.rawValue)")
        }
        if language.language.tag != Language.english.tag, format == .json || format == .csv {
            throw TidemarkError(
                .usage, "\(format.rawValue) is for programs and always English", hint: "leave --lang out")
        }
    }
}
