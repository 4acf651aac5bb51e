import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// A replica in the fluid law of continuous batching, as Prometheus would have scraped it, every 15 seconds for 50 minutes unless said otherwise: a step of
/// time T = s (a + b · prompt tokens + k · running), running requests by Little's law. Written as `promtool tsdb dump` does.
struct SyntheticFleet {
    /// What an engine and its traffic are in one scrape interval.
    struct State {
        var arrivals = 2.0
        var prompt = 1000.0
        var answer = 200.0
        var hits = 0.3
        /// The machine against itself: 1.5 takes half as long again for the same work.
        var slowness = 1.0
        /// SM clock, power and utilisation of each GPU over the usual.
        var clocks = [1.0, 1, 1, 1]
        var power = 1.0
    }

    /// Seconds: fixed, per prompt token, per running request.
    var cost = (fixed: 0.02, prompt: 40e-6, request: 0.2e-3)
    var replicas = 1
    var gpus = 4
    var seed: UInt64 = 1
    /// Log of each replica beside the metrics.
    var log: String?
    static let startMs = CivilTime.millis(year: 2026, month: 5, day: 4, hour: 9, minute: 0, second: 0)
    var scrapes = 200
    var intervalMs: Int64 = 15_000

    /// The verdict over what `state` says of each replica and scrape.
    func verdict(_ state: (_ replica: Int, _ scrape: Int) -> State) throws -> Verdict {
        let folder = try TemporaryFolder()
        var paths = [try folder.write(dump(state), to: "tsdb-dump.txt")]
        if let log { paths.append(try folder.write(log, to: "server.log")) }
        let store = try Store.create(path: ":memory:")
        var options = IngestOptions()
        options.year = 2026
        options.offsetMinutes = 0
        options.period = "p"
        try Ingestor(store, options: options).ingest(paths)
        let period = try store.periods()[0]
        try Analysis(store: store, period: period.id).refresh()
        return try Verdict(store, period: period.id, name: period.name)
    }

    private func dump(_ state: (Int, Int) -> State) -> String {
        var lines: [String] = []
        var random = SeededRandom(seed: seed)
        func noise(_ spread: Double) -> Double {
            let sum = (0..<12).reduce(0.0) { total, _ in total + Double.random(in: 0..<1, using: &random) } - 6
            return 1 + spread * sum
        }
        for replica in 0..<replicas {
            var counters: [String: Double] = [:]
            for scrape in 0..<scrapes {
                let now = state(replica, scrape)
                let time = Self.startMs + Int64(scrape) * intervalMs
                let labels = "instance=\"10.0.0.\(replica + 1):8000\", job=\"vllm\", model_name=\"m\""
                func emit(_ name: String, _ value: Double, _ more: String = "") {
                    lines.append("{__name__=\"\(name)\", \(more.isEmpty ? "" : more + ", ")\(labels)} \(value) \(time)")
                }
                func count(_ name: String, _ more: Double, _ label: String = "") {
                    counters[name + label, default: 0] += max(0, more)
                    emit(name, counters[name + label]!, label)
                }
                let arrivals = now.arrivals * noise(0.05)
                let slope =
                    now.slowness * arrivals * (cost.prompt * now.prompt * (1 - now.hits) + cost.request * now.answer)
                let step = now.slowness * cost.fixed / max(0.05, 1 - slope) * noise(0.01)
                let running = arrivals * now.answer * step
                let seconds = Double(intervalMs) / 1000
                let requests = arrivals * seconds
                let ttft = 0.01 + 2 * step + now.prompt * (1 - now.hits) * cost.prompt * now.slowness
                emit("up", 1)
                emit("vllm:num_requests_running", running.rounded())
                emit("vllm:num_requests_waiting", 0)
                emit("vllm:kv_cache_usage_perc", min(0.6, running * (now.prompt + now.answer / 2) / 600_000))
                count("vllm:request_success_total", requests, "finished_reason=\"stop\"")
                count("vllm:prompt_tokens_total", requests * now.prompt)
                count("vllm:generation_tokens_total", requests * now.answer)
                count("vllm:prefix_cache_queries_total", requests * now.prompt)
                count("vllm:prefix_cache_hits_total", requests * now.prompt * now.hits)
                count("vllm:num_preemptions_total", 0)
                for (name, each, many) in [
                    ("time_to_first_token_seconds", ttft * noise(0.03), requests),
                    ("inter_token_latency_seconds", step, requests * now.answer),
                    ("e2e_request_latency_seconds", ttft + step * now.answer, requests),
                    ("request_queue_time_seconds", 0.001, requests),
                    ("request_prefill_time_seconds", ttft - 0.01, requests),
                    ("request_prompt_tokens", now.prompt * noise(0.02), requests),
                    ("request_generation_tokens", now.answer * noise(0.02), requests),
                    (
                        "iteration_tokens_total", arrivals * (now.prompt * (1 - now.hits) + now.answer) * step,
                        seconds / step
                    ),
                ] {
                    count("vllm:\(name)_sum", each * many)
                    count("vllm:\(name)_count", many)
                }
                for gpu in 0..<gpus {
                    let of = "gpu=\"\(gpu)\", Hostname=\"node\", instance=\"node:9400\", job=\"dcgm\""
                    func gauge(_ name: String, _ value: Double) {
                        lines.append("{__name__=\"\(name)\", \(of)} \(value) \(time)")
                    }
                    guard replica == 0 else { continue }
                    gauge("DCGM_FI_DEV_SM_CLOCK", 1800 * now.clocks[gpu] * noise(0.003))
                    gauge("DCGM_FI_DEV_GPU_UTIL", 95)
                    gauge("DCGM_FI_DEV_POWER_USAGE", 500 * now.power * noise(0.02))
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
