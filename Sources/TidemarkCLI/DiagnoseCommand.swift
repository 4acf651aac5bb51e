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
                     tidemark diagnose --db fleet.sqlite --from 2026-11-23T17:00:00Z --to 2026-11-23T18:00:00Z
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @Option(help: "End with status 3 when a finding is at least this sure: low, medium or high.")
    var failOn: ConfidenceLevel?

    @Option(
        help: "Only what touches the time from here on: RFC 3339 or Unix seconds. Looked at finely, nothing is stored.")
    var from: String?

    @Option(help: "Only what touches the time until here.")
    var to: String?

    @OptionGroup var redaction: RedactionOptions

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        let part = try range()
        guard part == nil || !redaction.redact else {
            throw TidemarkError(.usage, "--redact goes with whole periods, not with --from and --to")
        }
        if configuration.path != nil {
            let lock = try locking.lock(database.path)
            try configuration.apply(to: try existingStore(database.path))
            withExtendedLifetime(lock) {}
        }
        var verdicts: [Verdict] = []
        if let part {
            let lock = try locking.lock(database.path)
            let store = try existingStore(database.path)
            for period in try store.periods() {
                verdicts.append(
                    try Analysis(store: store, period: period.id).verdict(over: part, name: period.name))
            }
            withExtendedLifetime(lock) {}
        } else {
            let store = try redaction.shown(try analysedStore(database.path, locking))
            for period in try store.periods() {
                verdicts.append(try Verdict(store, period: period.id, name: period.name))
            }
        }
        switch format {
        case .json: Console.print(Verdict.json(verdicts))
        case .csv: Console.write(Array(Verdict.csv(verdicts).utf8))
        case .text: for verdict in verdicts { Console.print(verdict.text) }
        }
        try failOn?.check(verdicts)
    }

    /// nil: the whole period.
    private func range() throws -> ClosedRange<Int64>? {
        guard from != nil || to != nil else { return nil }
        let start = try from.map { try QueryCommand.time($0, "--from") } ?? 0
        let end = try to.map { try QueryCommand.time($0, "--to") } ?? 4_102_444_800_000
        guard start < end else {
            throw TidemarkError(.usage, "--from must be before --to", hint: "times are UTC: 2026-11-23T17:00:00Z")
        }
        return start...end
    }
}

/// `--fail-on`: how sure a finding must be to make the exit status 3.
enum ConfidenceLevel: String, ExpressibleByArgument, CaseIterable {
    case low, medium, high

    func check(_ verdicts: [Verdict]) throws {
        for finding in verdicts.flatMap(\.findings) { try check(finding.cause, finding.confidence) }
    }

    func check(_ findings: [WeekFinding]) throws {
        for finding in findings { try check("\(finding.cause) in \(finding.week)", finding.confidence) }
    }

    private func check(_ name: String, _ confidence: Double) throws {
        let limit = self == .high ? 0.8 : self == .medium ? 0.5 : 0
        guard self == .high ? confidence >= limit : confidence > limit else { return }
        throw FailOn(message: "finding \(name) (confidence \(ByteWriter.fixed(confidence, decimals: 2)))")
    }
}
