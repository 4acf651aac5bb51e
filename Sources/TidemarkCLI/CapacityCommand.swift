import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct CapacityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity", abstract: "Say how many requests a second the replicas can take.",
        discussion: """
            From ordinary data, which need not have come near the limit: what a step costs is fitted to it, and the engine
            simulated at rising load. A replica group is all replicas of one model and configuration.

            Load tests among the evidence (vllm bench, GuideLLM, AIPerf, inference-perf, llm-d, k6, Locust) stand beside it.

            Objectives: --slo, else those of tidemark.yaml, else of capture.json.

            --by model adds up the groups of a model: what it holds when the load is spread as the groups can take it.

            Example: tidemark capacity --db fleet.sqlite --slo ttft_p95=2s,itl_p95=100ms
                     tidemark capacity --db fleet.sqlite --by model --format json
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("Objectives.", valueName: "ttft_p95=2s,itl_p95=100ms,e2e_p95=30s"))
    var slo: String?

    @Option(
        help: ArgumentHelp("One answer for each: group, model, or model,group (as group).", valueName: "model,group"))
    var by = CapacityGrouping.group

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        let asked = try slo.map(LatencyObjective.list) ?? []
        if configuration.path != nil {
            let lock = try locking.lock(database.path)
            try configuration.apply(to: try existingStore(database.path))
            withExtendedLifetime(lock) {}
        }
        let store = try analysedStore(database.path, locking)
        var reports: [CapacityReport] = []
        let periods = try store.periods()
        for period in periods {
            reports.append(try CapacityReport(store, period: period.id, name: period.name, objectives: asked))
        }
        // A database that can't be written is still answered from.
        if asked.isEmpty, access(database.path, W_OK) == 0 {
            let lock = try locking.lock(database.path)
            let writable = try existingStore(database.path)
            for (period, report) in zip(periods, reports) { try report.write(writable, period: period.id) }
            withExtendedLifetime(lock) {}
        }
        if by == .model { reports = reports.map(\.byModel) }
        switch format {
        case .json: Console.print(CapacityReport.json(reports))
        case .csv: Console.write(Array(CapacityReport.csv(reports).utf8))
        case .text: for report in reports { Console.print(Console.visible(report.text)) }
        }
    }
}

/// What `--by` takes.
enum CapacityGrouping: String, ExpressibleByArgument, CaseIterable {
    case group
    case model
    case modelAndGroup = "model,group"
}
