import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkStore

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json, csv }

struct DatabaseOptions: ParsableArguments {
    static let defaultPath = "tidemark.sqlite"

    @Option(name: .customLong("db"), help: "The database.", completion: .file(extensions: ["sqlite"]))
    var path = defaultPath

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
            "Zone of logs and GPU captures without one.",
            discussion: "UTC, an offset such as +08:00, or a place such as Europe/Berlin.",
            valueName: "zone"))
    var timezone: String?

    @Flag(
        help: ArgumentHelp(
            "Keep prompts and answers of users.",
            discussion:
                "In logs and in attributes of spans only their sizes are kept otherwise. Secrets are never kept."))
    var keepPrompts = false

    @Flag(help: "Keep each access line as a row of its own, beside the counts by second.")
    var keepAccessRows = false

    @Option(
        help: ArgumentHelp(
            "Columns of GPU captures without a header.",
            discussion: "As behind --query-gpu=, or dmon's names: Date,Time,gpu,pwr,…", valueName: "names"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "When GPU captures without any time began.",
            discussion: "RFC 3339, such as 2026-11-23T17:33:00+01:00: for dmon without -o T, dcgmi, rocm-smi.",
            valueName: "time"))
    var gpuStart: String?

    @Option(
        help: ArgumentHelp("Seconds between the samples of such captures (-d of dmon).", valueName: "seconds"))
    var gpuInterval = 1.0

    func options() throws -> IngestOptions {
        var options = IngestOptions()
        options.columns = columns.map { list in
            list.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
        if let gpuStart {
            guard let startMs = CivilTime.parseRFC3339(gpuStart) else {
                throw TidemarkError(.usage, "'\(gpuStart)' is not a time of RFC 3339: 2026-11-23T17:33:00Z is one")
            }
            guard gpuInterval >= 0.001, gpuInterval <= 86_400 else {
                throw TidemarkError(.usage, "--gpu-interval is 0.001 to 86400 seconds")
            }
            options.captureStart = (startMs, Int64((gpuInterval * 1000).rounded()))
        }
        options.year = year
        options.keepPrompts = keepPrompts
        // For tests that end a run between two commits.
        if let bytes = getenv("TIDEMARK_COMMIT_BYTES").flatMap({ Int(String(cString: $0)) }) {
            options.commitBytes = max(1, bytes)
        }
        options.keepAccessRows = keepAccessRows
        if let timezone { options.zone = try ZoneDatabase.zone(named: timezone) }
        return options
    }
}

/// Opens a store for writing that must be there: a mistyped path makes no new one.
func existingStore(_ path: String) throws -> Store {
    _ = try Store.open(path: path)
    return try Store.create(path: path)
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
