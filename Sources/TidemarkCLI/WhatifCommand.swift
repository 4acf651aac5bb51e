import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct WhatifCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whatif", abstract: "Say what users would see with other settings, traffic or GPUs.",
        discussion: """
            From the model that `capacity` fits. KEY is one of max_num_seqs, max_num_batched_tokens, kv_tokens, kv_scale,
            kv_cache_dtype (fp8), replicas, gpu (H100, H200, A100-80GB, L4 …), prompt_scale, output_scale, prefix_hit
            (0 to 1), rate (requests/s of the group; the observed mean otherwise).

            Example: tidemark whatif --db fleet.sqlite --set replicas=3 --set kv_cache_dtype=fp8
            """)

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("What changes; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("Objectives.", valueName: "ttft_p95=2s,itl_p95=100ms"))
    var slo: String?

    @Option(help: "text or json.")
    var format = OutputFormat.text

    @OptionGroup var locking: LockOptions

    func run() throws {
        guard format != .csv else { throw TidemarkError(.usage, "whatif has no CSV", hint: "--format json") }
        guard !settings.isEmpty else {
            throw TidemarkError(
                .usage, "nothing to change", hint: "--set KEY=VALUE; KEY: " + Scenario.keys.joined(separator: ", "))
        }
        let scenario = try Scenario(settings)
        let asked = try slo.map(LatencyObjective.list) ?? []
        let store = try analysedStore(database.path, locking)
        var reports: [ScenarioReport] = []
        for period in try store.periods() {
            let capacity = try CapacityReport(store, period: period.id, name: period.name, objectives: asked)
            if let refused = capacity.refused, !database.quiet {
                Console.error("tidemark: \(period.name): no estimate: \(refused)")
            }
            let accelerator = try CapacityReport.accelerator(store, period: period.id)
            for estimate in capacity.estimates {
                if let report = try ScenarioReport(estimate, scenario, accelerator: accelerator) {
                    reports.append(report)
                } else if !database.quiet {
                    Console.error("tidemark: \(estimate.group): no estimate: \(estimate.refused ?? "no data")")
                }
            }
        }
        switch format {
        case .json: Console.print(ScenarioReport.json(reports))
        default: for report in reports { Console.print(Console.visible(report.text)) }
        }
    }
}
