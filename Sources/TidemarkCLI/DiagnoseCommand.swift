import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct DiagnoseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose", abstract: "Say what broke, why, and how sure that is.",
        discussion: """
            Analyses first when results are missing or older than the evidence.

            Example: tidemark diagnose --db report/tidemark.sqlite --format json
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @Option(help: "End with status 3 when a finding is at least this sure: low, medium or high.")
    var failOn: ConfidenceLevel?

    @OptionGroup var locking: LockOptions

    func run() throws {
        let store = try analysedStore(database.path, locking)
        var verdicts: [Verdict] = []
        for period in try store.periods() {
            verdicts.append(try Verdict(store, period: period.id, name: period.name))
        }
        switch format {
        case .json: Console.print(Verdict.json(verdicts))
        case .csv: Console.write(Array(Verdict.csv(verdicts).utf8))
        case .text: for verdict in verdicts { Console.print(verdict.text) }
        }
        try failOn?.check(verdicts)
    }
}

/// `--fail-on`: how sure a finding must be to make the exit status 3.
enum ConfidenceLevel: String, ExpressibleByArgument, CaseIterable {
    case low, medium, high

    func check(_ verdicts: [Verdict]) throws {
        let limit = self == .high ? 0.8 : self == .medium ? 0.5 : 0
        for finding in verdicts.flatMap(\.findings)
        where self == .high ? finding.confidence >= limit : finding.confidence > limit {
            throw FailOn(
                message: "finding \(finding.cause) (confidence \(ByteWriter.fixed(finding.confidence, decimals: 2)))")
        }
    }
}
