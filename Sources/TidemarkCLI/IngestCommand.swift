import ArgumentParser
import TidemarkIntake
import TidemarkStore

struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Read evidence into the database.",
        discussion: """
            What was read before is not read again: a log that grew or was rotated is continued where it was.

            Example: tidemark ingest /var/log/vllm/ captures/ --db fleet.sqlite
            """)

    @Argument(help: "Files and folders.", completion: .file())
    var evidence: [String]

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: EvidenceOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        let lock = try locking.lock(database.path)
        let store = try Store.create(path: database.path)
        let progress = Progress(quiet: database.quiet)
        let ingestor = Ingestor(store, options: try options.options(), progress: progress.show)
        try ingestor.ingest(evidence)
        progress.clear()
        try conclude(ingestor, paths: evidence, quiet: database.quiet)
        withExtendedLifetime(lock) {}
    }
}
