import ArgumentParser
import Glibc
import TidemarkBase
import TidemarkStore

struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Delete old evidence, keep what it said by the hour.",
        discussion: """
            Rows and samples from before the horizon go into the table rollup, one row for each hour, and are deleted. Their
            files stay known: they are not read again. A killed run goes on when it is run again.

            Example: tidemark prune --db fleet.sqlite --keep 90d
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "What to keep: 90d, 12w, 36h, or everything since a time in RFC 3339.")
    var keep: String

    @Flag(help: "Only say what would be deleted.")
    var dryRun = false

    @Flag(help: "Give the freed space back to the file system; takes as much space meanwhile.")
    var vacuum = false

    @OptionGroup var locking: LockOptions

    func run() throws {
        let horizon = try Self.horizon(keep, nowMs: SystemClock.secondMs)
        // A wrong name makes no database.
        _ = try Store.open(path: database.path)
        let lock = try locking.lock(database.path)
        let store = try Store.create(path: database.path)
        let prune = Prune(store, beforeMs: horizon)
        let outcome = try prune.run(isDry: dryRun)
        if vacuum, !dryRun { try store.database.execute("VACUUM") }
        withExtendedLifetime(lock) {}
        guard !database.quiet else { return }
        let verb = dryRun ? "would be deleted" : "deleted"
        Console.print("Evidence before \(CivilTime.rfc3339(prune.beforeMs)): \(outcome.rows) rows \(verb)")
        for (table, rows) in outcome.deleted { Console.print("  \(table): \(rows)") }
        guard !dryRun, outcome.rows > 0 else { return }
        let freed = outcome.bytesBefore - outcome.bytesAfter
        Console.print(
            "\(freed >> 10) KiB freed, "
                + (vacuum
                    ? "given back to the file system" : "used again by what is read next; --vacuum gives them back"))
    }

    /// Unix ms of the oldest time that is kept.
    static func horizon(_ text: String, nowMs: Int64) throws -> Int64 {
        let hours: [Character: Int64] = ["h": 1, "d": 24, "w": 168]
        if let unit = text.last.flatMap({ hours[$0] }), let count = Int64(text.dropLast()), count >= 0,
            count < 1_000_000
        {
            return nowMs - count * unit * 3_600_000
        }
        if let time = CivilTime.parseRFC3339(text) {
            guard time <= nowMs else {
                throw TidemarkError(
                    .usage, "'\(text)' is in the future: all evidence would go", hint: "give a past time")
            }
            return time
        }
        throw TidemarkError(
            .usage, "'\(text)' is no length or time", hint: "90d, 12w, 36h, or a time such as 2026-08-01T00:00:00Z")
    }
}
