import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Say whether the same work takes longer than before.",
        discussion: """
            BASELINE CANDIDATE are folders or files of evidence, or databases; with --db names of periods or ranges START..END
            (RFC 3339). One folder or database with two periods compares these, the older one first. The change is that of
            the mean inter-token latency at the baseline's load and mix: a busier week is not a slower one.

            Example: tidemark compare evidence-v1/ evidence-v2/ --fail-on slower
                     tidemark compare --db fleet.sqlite monday tuesday --format json
                     tidemark compare --db fleet.sqlite 2026-11-23T08:00:00Z..2026-11-23T12:00:00Z 2026-11-24T08:00:00Z..2026-11-24T12:00:00Z
                     tidemark compare --db fleet.sqlite --before-after restart
            """)

    enum Event: String, ExpressibleByArgument, CaseIterable { case restart }
    enum Limit: String, ExpressibleByArgument, CaseIterable { case slower }

    @Argument(help: "BASELINE CANDIDATE, or one with two periods.", completion: .file())
    var sides: [String] = []

    @Option(
        name: .customLong("db"), help: "The database whose periods are compared.",
        completion: .file(extensions: ["sqlite"]))
    var database: String?

    @Option(help: "Compare before and after the last restart: restart.")
    var beforeAfter: Event?

    @Flag(
        help:
            "Compare each seven days with the seven before, counted from the end; list the levels that changed and what happened then."
    )
    var weeks = false

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @Option(help: "End with status 3 when the candidate is slower: slower.")
    var failOn: Limit?

    @OptionGroup var options: EvidenceOptions

    @OptionGroup var locking: LockOptions

    @Flag(help: "Print errors only.")
    var quiet = false

    func validate() throws {
        guard sides.count <= 2 else {
            throw ValidationError("two sides are compared, \(sides.count) were given: \(sides.joined(separator: " "))")
        }
        if weeks, beforeAfter != nil { throw ValidationError("--weeks and --before-after exclude each other") }
        if weeks || beforeAfter != nil, sides.count > 1 {
            throw ValidationError("--weeks and --before-after cut one side: give one")
        }
    }

    func run() throws {
        var input = ComparedInput(options: try options.options(), quiet: quiet)
        defer { input.removeTemporary() }
        // Without any argument the usual database is meant.
        let path = database ?? (sides.isEmpty ? "tidemark.sqlite" : nil)
        let pairs: [(ComparedPeriod, ComparedPeriod)]
        var event: String?
        var changes: [LevelChange]?
        if let path {
            let store = weeks ? try analysedStore(path, locking) : try Store.open(path: path)
            let named = try sides.map { try ComparedInput.named($0, store, path) }
            if weeks || beforeAfter != nil {
                (pairs, event) = try split(named.first ?? ComparedInput.only(store, path), path)
            } else if named.count == 1 {
                throw TidemarkError(
                    .usage, "'\(sides[0])' alone can't be compared", file: path,
                    hint: "name a second one of:\n\(try ComparedInput.list(store))")
            } else {
                pairs = [named.count == 2 ? (named[0], named[1]) : try ComparedInput.both(store, path)]
            }
        } else if weeks || beforeAfter != nil {
            let isDatabase = weeks && ComparedInput.isDatabase(sides[0])
            let store = isDatabase ? try analysedStore(sides[0], locking) : try input.store(sides[0])
            (pairs, event) = try split(ComparedInput.only(store, sides[0]), sides[0])
        } else if sides.count == 1 {
            pairs = [try input.both(sides[0])]
        } else {
            var baseline = try ComparedInput.only(try input.store(sides[0]), sides[0])
            var candidate = try ComparedInput.only(try input.store(sides[1]), sides[1])
            if baseline.name == candidate.name {
                baseline = ComparedPeriod(store: baseline.store, period: baseline.period, name: sides[0])
                candidate = ComparedPeriod(store: candidate.store, period: candidate.period, name: sides[1])
            }
            pairs = [(baseline, candidate)]
        }
        let comparisons = try pairs.map { try Comparison($0.0, $0.1) }
        if weeks, let side = pairs.first?.0 {
            // Evidence in a temporary database is analysed for this.
            if !input.folders.isEmpty { try Analysis(store: side.store, period: side.period).refresh() }
            changes = try LevelChange.all(side.store, period: side.period)
        }
        if let path { try keep(comparisons, path) }
        switch format {
        case .json: Console.print(Comparison.json(comparisons, changes: changes))
        case .csv: Console.write(Array(Comparison.csv(comparisons).utf8))
        case .text:
            if let event { Console.print(Console.visible(event) + "\n") }
            Console.print(comparisons.map { Console.visible($0.text) }.joined(separator: "\n\n"))
            if let changes {
                Console.print(changes.isEmpty ? "\nNo level changed for good." : "\nLevels that changed for good:")
                for one in changes { Console.print("  " + Console.visible(one.text)) }
            }
        }
        if failOn == .slower, let one = comparisons.last(where: { $0.overall.verdict == .slower }) {
            throw FailOn(message: one.sentence)
        }
    }

    /// The parts of one side.
    private func split(_ side: ComparedPeriod, _ path: String) throws -> (
        [(ComparedPeriod, ComparedPeriod)], String?
    ) {
        if weeks {
            let found = try PeriodSplit.weeks(side.store, period: side.period)
            guard found.count > 1 else {
                throw TidemarkError(
                    .usage, "less than eight days of evidence hold no two weeks", file: path,
                    hint: "it holds:\n\(try ComparedInput.list(side.store))")
            }
            let parts = found.map { range in
                ComparedPeriod(store: side.store, period: side.period, name: Self.text(range), range: range)
            }
            return (Array(zip(parts, parts.dropFirst())), nil)
        }
        guard let parts = try PeriodSplit.restart(side.store, period: side.period) else {
            throw TidemarkError(
                .usage, "no server was restarted within the evidence", file: path,
                hint:
                    "it holds:\n\(try ComparedInput.list(side.store))\n    compare two ranges: tidemark compare --db DATABASE START..END START..END"
            )
        }
        let before = ComparedPeriod(
            store: side.store, period: side.period, name: "before the restart", range: parts.before)
        let after = ComparedPeriod(
            store: side.store, period: side.period, name: "after the restart", range: parts.after)
        return ([(before, after)], "Split at the " + parts.event)
    }

    private static func text(_ range: ClosedRange<Int64>) -> String {
        "\(CivilTime.rfc3339(range.lowerBound))..\(CivilTime.rfc3339(range.upperBound))"
    }

    /// The results into the database that was compared, where it can be written.
    private func keep(_ comparisons: [Comparison], _ path: String) throws {
        guard access(path, W_OK) == 0 else { return }
        let lock = try locking.lock(path)
        let store = try Store.create(path: path)
        for one in comparisons { try one.store(in: store) }
        withExtendedLifetime(lock) {}
    }
}
