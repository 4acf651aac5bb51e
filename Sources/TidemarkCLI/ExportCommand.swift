import ArgumentParser
import Glibc
import TidemarkBase
import TidemarkPromQL
import TidemarkReport
import TidemarkSeries
import TidemarkStore

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write for other systems: time series, and tables for notebooks.",
        discussion: """
            Prometheus series as they were read, and those of logs and nvidia-smi captures: server_log_<column>,
            server_log_http_requests_total and nvidia_smi_<column>.

            Example: tidemark export tsdb --db report/tidemark.sqlite --out data/
            """,
        subcommands: [ExportOpenMetrics.self, ExportTSDB.self, ExportNotebooks.self])
}

struct ExportOptions: ParsableArguments {
    @OptionGroup var database: DatabaseOptions

    @Option(name: .customLong("match"), help: "Take the series that this selector matches; may be repeated.")
    var selectors: [String] = []

    @Option(help: "One period of the database; otherwise all.")
    var period: String?

    @Option(help: "First time: RFC 3339 or Unix seconds.")
    var start: String?

    @Option(help: "Last time.")
    var end: String?

    func series() throws -> StoredSeries {
        let store = try Store.open(path: database.path)
        let stored = try StoredSeries(
            store, period: try store.period(given: period), selectors: try selectors.map(Self.matchers),
            startMs: try start.map { try QueryCommand.time($0, "--start") } ?? .min,
            endMs: try end.map { try QueryCommand.time($0, "--end") } ?? .max)
        guard !stored.entries.isEmpty else {
            throw TidemarkError(
                .unusableInput, "no series to export", file: database.path,
                hint: selectors.isEmpty ? "ingest metrics, logs or GPU captures first" : "no series matches --match")
        }
        return stored
    }

    private static func matchers(_ text: String) throws -> [LabelMatcher] {
        do {
            if case .selector(let selector) = try PromQLParser.parse(text).unwrapped.kind { return selector.matchers }
        } catch {
            throw TidemarkError(.usage, "--match '\(text)': \(error)")
        }
        throw TidemarkError(
            .usage, "--match '\(text)': a selector is expected", hint: "such as 'vllm:request_success_total'")
    }
}

extension Store {
    /// Id of the period that a command names; nil when it names none.
    func period(given name: String?) throws -> Int? {
        guard let name else { return nil }
        let known = try periods()
        guard let found = known.first(where: { $0.name == name }) else {
            throw TidemarkError(
                .usage, "no period '\(name)' in the database", file: database.path,
                hint: "it holds: " + known.map(\.name).joined(separator: ", "))
        }
        return found.id
    }
}

struct ExportOpenMetrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openmetrics", abstract: "Write OpenMetrics text with times.",
        discussion: "Example: tidemark export openmetrics --match vllm:num_requests_running --out running.openmetrics")

    @OptionGroup var options: ExportOptions

    @Option(name: .customLong("out"), help: "The file to write; otherwise standard output.", completion: .file())
    var path: String?

    func run() throws {
        let stored = try options.series()
        var summary = OpenMetricsExport.Summary()
        if let path {
            let file = try OutputFile(path)
            summary = try OpenMetricsExport.write(stored) { try file.write($0) }
            try file.finish()
        } else {
            summary = try OpenMetricsExport.write(stored) { Console.write($0) }
        }
        guard !options.database.quiet else { return }
        var line = "\(summary.series) series, \(summary.samples) samples"
        if summary.staleMarkers > 0 { line += "; \(summary.staleMarkers) stale markers have no form in OpenMetrics" }
        if summary.nativeHistograms > 0 {
            line += "; \(summary.nativeHistograms) native histogram samples left out: `export tsdb` keeps them"
        }
        Console.error(line)
    }
}

struct ExportTSDB: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tsdb", abstract: "Write Prometheus blocks.",
        discussion: """
            The folder can be a Prometheus' data directory: start one with --storage.tsdb.path=DIR and
            --storage.tsdb.retention.time=100y, or copy the blocks into a running one's.

            Example: tidemark export tsdb --out data/
            """)

    @OptionGroup var options: ExportOptions

    @Option(name: .customLong("out"), help: "The folder that gets a folder for each block.", completion: .directory)
    var folder = "tsdb-export"

    func run() throws {
        let stored = try options.series()
        try ReportFolder.make(folder)
        var open: [String: OutputFile] = [:]
        var blocks = 0
        try TSDBExport.write(stored) { file, bytes in
            let path = folder + "/" + file
            if open[path] == nil {
                let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                try ReportFolder.make(parent.joined(separator: "/"))
                open[path] = try OutputFile(path)
            }
            try open[path]!.write(bytes)
        } finished: { working, block in
            let source = folder + "/" + working
            for path in open.keys where path.hasPrefix(source + "/") { try open.removeValue(forKey: path)!.finish() }
            let target = folder + "/" + block.ulid
            // The name follows from the content: what stands there already is the same block.
            OutputFile.removeFolder(target)
            guard rename(source, target) == 0 else {
                throw TidemarkError(
                    .cannotWrite, "cannot be written: \(String(cString: strerror(errno)))", file: target)
            }
            blocks += 1
            guard !options.database.quiet else { return }
            Console.error(
                "\(target): \(block.series) series, \(block.samples) samples, \(CivilTime.rfc3339(block.minMs)) to \(CivilTime.rfc3339(block.maxMs))"
            )
        }
        guard blocks > 0 else {
            throw TidemarkError(.unusableInput, "no samples in the range", hint: "check --start and --end")
        }
    }
}
