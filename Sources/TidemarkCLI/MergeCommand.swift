import ArgumentParser
import TidemarkBase
import TidemarkIntake
import TidemarkStore

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Join databases: what each read becomes one fleet's evidence.",
        discussion: """
            Each stream counts once, by its content; merging again changes nothing. The databases that are given are not
            changed.

            Example: tidemark merge node-a.sqlite node-b.sqlite --db fleet.sqlite
            """)

    @Argument(help: "Databases to add.", completion: .file(extensions: ["sqlite"]))
    var databases: [String]

    @OptionGroup var database: DatabaseOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        // What is wrong with one of them is said before anything is written.
        for path in databases { _ = try Store.open(path: path) }
        let lock = try locking.lock(database.path)
        let store = try Store.create(path: database.path)
        for path in databases {
            let outcome = try StoreMerge.add(path, to: store)
            guard !database.quiet else { continue }
            Console.error(
                "\(path): \(outcome.added) sources added, \(outcome.replaced) replaced by a longer state, \(outcome.known) known"
            )
        }
        for period in try store.periods() { try Ingestor.conclude(store, period: period.id) }
        withExtendedLifetime(lock) {}
    }
}
