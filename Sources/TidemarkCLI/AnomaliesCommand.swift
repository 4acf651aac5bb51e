import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct AnomaliesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anomalies", abstract: "Say when the signals together were unusual, and what users felt of it.",
        discussion: """
            Multivariate anomalies over all signals, grouped into episodes, ranked by the time that users lost, each with
            the signals that make it: their direction and their normal value. Analyses first when results are missing or
            older than the evidence.

            Example: tidemark anomalies --db report/tidemark.sqlite --from 2026-11-23T10:00:00Z
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Only anomalies that last beyond this time: RFC 3339 or Unix seconds.")
    var from: String?

    @Option(help: "Only anomalies that begin before this time.")
    var to: String?

    @Flag(help: "Also those that users hardly felt.")
    var all = false

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @OptionGroup var locking: LockOptions

    func run() throws {
        let first = try from.map { try QueryCommand.time($0, "--from") } ?? .min
        let last = try to.map { try QueryCommand.time($0, "--to") } ?? .max
        guard first <= last else { throw TidemarkError(.usage, "--from is behind --to") }
        let store = try analysedStore(database.path, locking)
        let reports = try store.periods().map {
            try AnomalyReport(store, period: $0.id, name: $0.name, range: first...last)
        }
        switch format {
        case .json: Console.print(AnomalyReport.json(reports, all: all))
        case .csv: Console.write(Array(AnomalyReport.csv(reports, all: all).utf8))
        case .text: for report in reports { Console.print(report.text(all: all)) }
        }
    }
}
