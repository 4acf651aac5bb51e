import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkStore

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json, csv }

struct DatabaseOptions: ParsableArguments {
    @Option(name: .customLong("db"), help: "The database.", completion: .file(extensions: ["sqlite"]))
    var path = "tidemark.sqlite"

    @Flag(help: "Print errors only.")
    var quiet = false
}

/// How long to wait for another run: `--wait` alone is for ever.
struct LockOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait for another run instead of ending with status 75.",
            discussion: "--wait waits as long as it takes, --wait SECONDS at most that long.", valueName: "seconds"))
    var wait: LockPatience?

    func lock(_ path: String) throws -> RunLock { try RunLock(databasePath: path, wait: wait?.patience ?? .none) }

    /// The arguments with the value that `--wait` means when it stands alone.
    static func waitCompleted(_ arguments: [String]) -> [String] {
        arguments.indices.map { index in
            guard arguments[index] == "--wait" else { return arguments[index] }
            let next = index + 1 < arguments.count ? arguments[index + 1] : ""
            return LockPatience(argument: next) == nil ? "--wait=forever" : "--wait"
        }
    }
}

struct LockPatience: ExpressibleByArgument {
    let patience: RunLock.Patience

    init?(argument: String) {
        if argument == "forever" {
            patience = .forever
        } else if let seconds = Double(argument), seconds >= 0, seconds.isFinite {
            patience = .seconds(seconds)
        } else {
            return nil
        }
    }
}

struct EvidenceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Year of log lines whose prefix has none.",
            discussion: "Otherwise it is inferred from container times, the metrics, or the file's modification time."))
    var year: Int?

    @Option(
        help: ArgumentHelp(
            "Zone of logs and GPU captures without one.", discussion: "UTC, or an offset such as +08:00.",
            valueName: "offset"))
    var timezone: String?

    @Flag(
        help: ArgumentHelp(
            "Keep prompts and answers of users.",
            discussion: "Of spans' attributes only their sizes are kept otherwise. Secrets are never kept."))
    var keepPrompts = false

    @Flag(help: "Keep each access line as a row of its own, beside the counts by second.")
    var keepAccessRows = false

    @Option(
        help: ArgumentHelp(
            "Columns of GPU captures without a header.",
            discussion: "As behind --query-gpu=, or dmon's names: Date,Time,gpu,pwr,…", valueName: "names"))
    var columns: String?

    func options() throws -> IngestOptions {
        var options = IngestOptions()
        options.columns = columns.map { list in
            list.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
        options.year = year
        options.keepPrompts = keepPrompts
        // For tests that end a run between two commits.
        if let bytes = getenv("TIDEMARK_COMMIT_BYTES").flatMap({ Int(String(cString: $0)) }) {
            options.commitBytes = max(1, bytes)
        }
        options.keepAccessRows = keepAccessRows
        if let timezone { options.offsetMinutes = try Self.minutes(timezone) }
        return options
    }

    static func minutes(_ text: String) throws -> Int {
        if ["UTC", "Z", "utc", "GMT"].contains(text) { return 0 }
        let digits = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-" || sign == "−", digits.count <= 2,
            let hours = Int(digits[0]), hours <= 14, let minutes = digits.count == 2 ? Int(digits[1]) : 0, minutes < 60
        else {
            throw TidemarkError(
                .usage, "'\(text)' is not a zone: UTC or an offset such as +08:00 is expected",
                hint: "a place's name would need its daylight-saving rules; give the offset that was in force")
        }
        return (sign == "+" ? 1 : -1) * (hours * 60 + minutes)
    }
}

/// Opens a store for reading, with results that are up to date where it can be written.
func analysedStore(_ path: String, _ options: LockOptions) throws -> Store {
    var store = try Store.open(path: path)
    let periods = try store.periods()
    guard try periods.contains(where: { try !Analysis(store: store, period: $0.id).isCurrent() }) else { return store }
    let lock = try options.lock(path)
    store = try Store.create(path: path)
    for period in periods { try Analysis(store: store, period: period.id).refresh() }
    withExtendedLifetime(lock) {}
    return try Store.open(path: path)
}

/// Says what an ingest did, and fails when nothing of it was usable.
func conclude(_ ingestor: Ingestor, paths: [String], quiet: Bool) throws {
    let outcomes = ingestor.outcomes
    if !quiet {
        let read = outcomes.filter { $0.action == .read || $0.action == .continued }
        let records = read.reduce(0) { $0 + $1.records }
        let rejects = read.reduce(0) { $0 + $1.rejects }
        let unchanged = outcomes.count { $0.action == .unchanged }
        var line = "\(read.count) sources read, \(records) records, \(rejects) rejects"
        if unchanged > 0 { line += ", \(unchanged) unchanged" }
        let copies = outcomes.count { $0.action == .duplicate }
        if copies > 0 { line += ", \(copies) copies" }
        Console.error(line)
        for outcome in outcomes where [.unknown, .announced, .failed].contains(outcome.action) {
            Console.error("  \(outcome.action.rawValue): \(outcome.path): \(outcome.message ?? "")")
        }
    }
    guard ingestor.hasEvidence else {
        let isEmpty = !outcomes.isEmpty && outcomes.allSatisfy { $0.message == FormatRegistry.emptyFile }
        throw TidemarkError(
            isEmpty ? .missingInput : .unusableInput, "nothing in it is evidence that can be read",
            file: paths.joined(separator: ", "),
            hint:
                "give vLLM server logs, Prometheus scrapes or dumps, traces, or nvidia-smi captures; `tidemark inspect FILE` says what a file is taken for"
        )
    }
}
