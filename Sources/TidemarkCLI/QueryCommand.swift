import ArgumentParser
import TidemarkBase
import TidemarkIntake
import TidemarkPromQL
import TidemarkReport
import TidemarkSeries
import TidemarkStore

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Ask in PromQL, as one would ask Prometheus.",
        discussion: """
            Asks the database, or with --tsdb a Prometheus data directory, snapshot or block as it lies on disk. Without
            a time the answer is for the end of the data; with --start, --end or --step it is a range. Several queries
            are answered one after the other.

            Log statistics and nvidia-smi captures in the database can be asked for by their names, server_log_… and
            nvidia_smi_… (`tidemark export openmetrics` lists them).

            Example: tidemark query 'histogram_quantile(0.95, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket[5m])))' \
            --tsdb snapshots/20261123T171215Z-0056d2ef1b38203d --start 2026-11-23T17:00:00Z --step 60s --format svg
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, csv, svg }

    @Argument(help: "PromQL expressions.")
    var expressions: [String]

    @OptionGroup var database: DatabaseOptions

    @Option(help: "A Prometheus data directory, snapshot or block, instead of the database.", completion: .directory)
    var tsdb: String?

    @Option(help: "Ask one period of the database; otherwise all are one history.")
    var period: String?

    @Option(help: "The time of an instant query: RFC 3339 or Unix seconds.")
    var time: String?

    @Option(help: "First time of a range query.")
    var start: String?

    @Option(help: "Last time of a range query.")
    var end: String?

    @Option(help: "Step of a range query: a duration (30s, 5m) or seconds.")
    var step: String?

    @Option(help: "text, json (the envelope of Prometheus' HTTP API), csv or svg (a chart).")
    var format = Format.text

    @Option(
        name: .customLong("promql-compat"),
        help: "Whose rules: 3 (Prometheus 3.x) or 2 (before 2.51: closed ranges, older extrapolation of rates).")
    var compatibility = 3

    @Option(help: "How old a sample may be to count as present.")
    var lookback = "5m"

    @Option(help: "Step of subqueries that name none.")
    var subqueryStep = "1m"

    @Flag(help: "Accept experimental functions and modifiers.")
    var experimental = false

    /// Expressions that begin with a minus (`-1 ^ 2`) look like options: a blank before them says that they are none.
    static func expressionsMarked(_ arguments: [String]) -> [String] {
        guard arguments.first == configuration.commandName, !arguments.contains("--") else { return arguments }
        var marked: [String] = []
        for argument in arguments {
            let isValue =
                marked.last.map { $0.hasPrefix("--") && !["--quiet", "--experimental"].contains($0) } ?? false
            // The only option with one dash is -h.
            let isExpression = argument.hasPrefix("-") && !argument.hasPrefix("--") && argument != "-h"
            marked.append(isExpression && !isValue ? " " + argument : argument)
        }
        return marked
    }

    /// A range query's times, Unix ms; nil for an instant query.
    private struct Range {
        var startMs: Int64
        var endMs: Int64
        var stepMs: Int64
    }

    func run() throws {
        let (source, range, problems) = try open()
        var options = PromQLOptions()
        switch compatibility {
        case 3: options.compat = .v3
        case 2: options.compat = .v2
        default:
            throw TidemarkError(.usage, "--promql-compat \(compatibility): 2 or 3 is expected")
        }
        options.lookbackMs = try Self.duration(lookback, "--lookback")
        options.defaultSubqueryStepMs = try Self.duration(subqueryStep, "--subquery-step")
        options.experimental = experimental
        let engine = PromQLEngine(source: source, options: options)
        let asked = try times(range)
        var failure: TidemarkError?
        for expression in expressions.map({ $0.hasPrefix(" -") ? String($0.dropFirst()) : $0 }) {
            do {
                let answer =
                    try asked.range.map {
                        try engine.range(expression, startMs: $0.startMs, endMs: $0.endMs, stepMs: $0.stepMs)
                    } ?? engine.instant(expression, timeMs: asked.timeMs)
                try print(answer, expression)
            } catch let error as PromQLError {
                if format == .json { Console.write(QueryOutput.json(error)) }
                failure = TidemarkError(
                    error.kind == .badData ? .usage : .unusableInput, "\(error)",
                    hint: error.kind == .badData ? "the place is line:column of the query" : nil)
                if format != .json, expressions.count > 1 { Console.error("tidemark: \(expression): \(error)") }
            }
        }
        if !database.quiet { for problem in problems() { Console.error("tidemark: \(problem)") } }
        if let failure {
            // The envelope has said it on standard output already.
            guard format != .json else { throw ExitCode(failure.kind.rawValue) }
            throw failure
        }
    }

    /// The source with the range of its samples, and what could not be read of it.
    private func open() throws -> (any SeriesSource, ClosedRange<Int64>?, problems: () -> [String]) {
        if let tsdb {
            let directory = try TSDBFolder.open(path: tsdb)
            guard directory.seriesCount > 0 else {
                throw TidemarkError(
                    .unusableInput, directory.problems.first.map { "\($0)" } ?? "no series in it", file: tsdb,
                    hint: "give a Prometheus data directory, a snapshot, or a block")
            }
            return (
                directory, directory.rangeMs,
                {
                    let problems = directory.problems
                    let more = problems.count > 5 ? ["… and \(problems.count - 5) more damaged places in \(tsdb)"] : []
                    return problems.prefix(5).map { "\(tsdb)/\($0)" } + more
                }
            )
        }
        let store = try Store.open(path: database.path)
        let wanted = try store.period(given: period)
        let series = try StoreSeries(store, period: wanted, spelling: .asStored)
        return (StoredEvidence(series, EvidenceSeries(store, period: wanted)), try series.rangeMs(), { [] })
    }

    // MARK: Times

    private func times(_ data: ClosedRange<Int64>?) throws -> (timeMs: Int64, range: Range?) {
        let isRange = start != nil || end != nil || step != nil || format == .svg
        if time != nil, start != nil || end != nil || step != nil {
            throw TidemarkError(.usage, "--time asks for one instant, --start, --end and --step for a range: not both")
        }
        if !isRange || time != nil {
            return (try time.map { try Self.time($0, "--time") } ?? data?.upperBound ?? 0, nil)
        }
        let from = try start.map { try Self.time($0, "--start") } ?? data?.lowerBound ?? 0
        let to = try end.map { try Self.time($0, "--end") } ?? data?.upperBound ?? from
        // About 250 points, on whole seconds, unless a step is given.
        let stepMs = try step.map { try Self.duration($0, "--step") } ?? max(1000, (to - from) / 250 / 1000 * 1000)
        return (to, Range(startMs: from, endMs: to, stepMs: stepMs))
    }

    /// RFC 3339 or Unix seconds, as the HTTP API takes them.
    static func time(_ text: String, _ option: String) throws -> Int64 {
        if let seconds = Double(text), abs(seconds) < 9e14 { return Int64((seconds * 1000).rounded()) }
        let parsed = withBytes(of: text) { bytes in
            CivilTime.parseRFC3339(bytes).flatMap { $0.zoned && $0.length == bytes.count ? $0.millis : nil }
        }
        guard let time = parsed else {
            throw TidemarkError(
                .usage, "\(option) '\(text)': a time is expected",
                hint: "RFC 3339 with a zone (2026-11-23T17:00:00Z) or Unix seconds (1795453200)")
        }
        return time
    }

    /// A duration of PromQL, or seconds.
    static func duration(_ text: String, _ option: String) throws -> Int64 {
        guard let seconds = Double(text) ?? NumberLiteral.duration(text), seconds > 0, seconds < 9e14 else {
            throw TidemarkError(
                .usage, "\(option) '\(text)': a positive duration is expected",
                hint: "such as 30s, 5m, 1h30m, or a number of seconds")
        }
        return Int64((seconds * 1000).rounded())
    }

    // MARK: Output

    private func print(_ answer: PromQLAnswer, _ expression: String) throws {
        switch format {
        case .json: Console.write(QueryOutput.json(answer))
        case .text: Console.write(QueryOutput.text(answer))
        case .csv: Console.write(QueryOutput.csv(answer))
        case .svg:
            guard case .matrix(let series) = answer.value else {
                throw TidemarkError(.usage, "a chart needs a range query")
            }
            Console.write(QueryChart.svg(title: expression, series: series))
        }
        guard format != .json else { return }
        for warning in answer.warnings { Console.error("warning: \(warning)") }
        for info in answer.infos { Console.error("info: \(info)") }
    }
}
