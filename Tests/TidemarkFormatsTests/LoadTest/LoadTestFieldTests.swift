import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// What the readers make of each tool's files. The numbers of the fixtures are round, so that a wrong unit shows.
@Suite("Load tests: fields")
struct LoadTestFieldTests {
    private func isNear(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) <= 1e-9 * max(1, abs(b)) } ?? false }

    private func expect(
        _ latency: LatencySummary, mean: Double, p50: Double? = nil, p90: Double? = nil, p95: Double? = nil,
        p99: Double? = nil, _ place: SourceLocation = #_sourceLocation
    ) {
        let pairs = [
            (latency.mean, mean), (latency.p50, p50), (latency.p90, p90), (latency.p95, p95), (latency.p99, p99),
        ]
        for (found, wanted) in pairs {
            if let wanted {
                #expect(isNear(found, wanted), "\(found ?? -1) is not \(wanted)", sourceLocation: place)
            } else {
                #expect(found == nil, sourceLocation: place)
            }
        }
    }

    @Test("benchmark_serving.py of 0.6.6: all at once with a limit is a closed loop; what is missing stays missing")
    func oldVLLM() throws {
        let point = try LoadTestFixture.point("vllm_0.6.6.json")
        #expect(point.tool == "vllm-bench" && point.model == "acme/acme-8b")
        #expect(point.offered == LoadOffer(.concurrency, 4) && point.concurrencyLimit == nil)
        #expect(point.succeeded == 7 && point.failed == 1)
        #expect(point.goodputRPS == nil && point.steadyRPS == nil && point.sendSeconds == nil)
        #expect(isNear(point.achievedRPS, 7 / 6.5) && point.promptTokensMean == 300 && point.outputTokensMean == 100)
        expect(point.ttft, mean: 210.5, p50: 200, p99: 240.25)
        expect(point.e2e, mean: 2735, p50: 2700, p99: 2900)
        // The date is of the end.
        #expect(
            point.startedMs
                == CivilTime.millis(year: 2025, month: 1, day: 15, hour: 10, minute: 15, second: 23, milli: 500))
        #expect(!point.isZoned)
        #expect(point.configuration.map { "\($0.key)=\($0.value)" } == ["backend=vllm", "gpu=L4"])
    }

    @Test("0.33 with the times of its requests: how long it sent, and how fast it answered in between")
    func newVLLM() throws {
        let point = try LoadTestFixture.point("vllm_0.33.json")
        #expect(point.offered == LoadOffer(.rate, 2) && point.name == "night" && point.goodputRPS == 1.5)
        #expect(point.sendSeconds == 11.5 && point.steadyRPS == 2)
        expect(point.ttft, mean: 100, p50: 100, p90: 125, p95: 150, p99: 200)
        expect(point.tpot, mean: 20, p50: 20, p90: 25, p95: 30, p99: 40)
        #expect(point.configuration.contains { $0 == ("tensor_parallel_size", "2") })
    }

    @Test("appended runs are points of their own; one without a success has no latencies")
    func appended() throws {
        let found = try LoadTestFixture.read("vllm_append.jsonl")
        #expect(found.points.map(\.line) == [1, 2] && found.rejects.isEmpty)
        #expect(found.points[0].offered == LoadOffer(.rate, 4) && found.points[0].concurrencyLimit == 32)
        let none = found.points[1]
        #expect(none.succeeded == 0 && none.failed == 100 && none.ttft.isEmpty && none.promptTokensMean == nil)
    }

    @Test("a sweep's summary: what was swept tells configurations apart")
    func sweep() throws {
        let found = try LoadTestFixture.read("vllm_sweep_summary.json")
        #expect(found.points.compactMap(\.offered?.value) == [8, 16])
        #expect(found.points[0].configuration.contains { $0 == ("max_num_seqs", "64") })
        #expect(found.points[0].configuration.elementsEqual(found.points[1].configuration, by: ==))
        let whole = try LoadTestFixture.point("vllm_throughput.json")
        #expect(whole.offered == LoadOffer(.max) && whole.achievedRPS == 50 && whole.succeeded == 1000)
    }

    @Test("GuideLLM: seconds and milliseconds, requests that succeeded, p01 is not the median's neighbour")
    func guideLLM() throws {
        let points = try LoadTestFixture.read("guidellm_0.7.json").points
        #expect(
            points.map(\.offered) == [
                LoadOffer(.concurrency, 1), LoadOffer(.max), LoadOffer(.rate, 4), LoadOffer(.concurrency, 4),
            ])
        #expect(points.allSatisfy { $0.toolVersion == "0.7.3" && $0.model == "acme/acme-8b" })
        let constant = points[2]
        #expect(constant.succeeded == 40 && constant.failed == 1 && constant.incomplete == 2)
        #expect(constant.achievedRPS == 3.9 && constant.meanConcurrency == 9.5)
        #expect(constant.durationSeconds == 20 && constant.startedMs == 1_795_454_901_500 && constant.isZoned)
        expect(constant.e2e, mean: 2400, p50: 2160, p90: 3600, p95: 4800, p99: 6000)
        expect(constant.ttft, mean: 150, p50: 135, p90: 225, p95: 300, p99: 375)
        let old = try LoadTestFixture.point("guidellm_0.3.json")
        #expect(old.offered == LoadOffer(.rate, 2.5) && old.model == "acme/acme-8b" && old.toolVersion == nil)
        #expect(old.startedMs == 1_735_689_600_250 && old.durationSeconds == 30 && old.failed == 1)
        expect(old.e2e, mean: 2200, p50: 1980, p90: 3300, p95: 4400, p99: 5500)
    }

    @Test("AIPerf: the unit of each metric is read; an unknown one leaves it out; the warm-up's load is not the load")
    func aiperf() throws {
        let new = try LoadTestFixture.point("aiperf_0.10.json")
        #expect(new.tool == "aiperf" && new.toolVersion == "0.10.0" && new.model == "acme-35b")
        #expect(new.offered == LoadOffer(.concurrency, 16) && new.succeeded == 96 && new.failed == 4)
        expect(new.ttft, mean: 230, p50: 207, p90: 345, p95: 460, p99: 575)
        #expect(new.itl == new.tpot && !new.isZoned)
        let old = try LoadTestFixture.point("aiperf_2025.json")
        #expect(old.offered == LoadOffer(.rate, 20) && old.concurrencyLimit == 100 && old.failed == nil)
        expect(old.e2e, mean: 6500, p50: 5850, p90: 9750, p95: 13000, p99: 16250)
        expect(old.ttft, mean: 1500, p50: 1350, p90: 2250, p95: 3000, p99: 3750)
        #expect(old.itl.isEmpty && old.notes.count == 2)
        let genai = try LoadTestFixture.point("genai_perf_0.0.16.json")
        #expect(
            genai.tool == "genai-perf" && genai.offered == LoadOffer(.concurrency, 2) && genai.durationSeconds == 30)
    }

    @Test("AIPerf's CSV, and GenAI-Perf's with separators of thousands")
    func aiperfTable() throws {
        let point = try LoadTestFixture.point("aiperf.csv")
        #expect(point.succeeded == 96 && point.achievedRPS == 2.16 && point.durationSeconds == 44.52)
        expect(point.e2e, mean: 6726.66, p50: 6478.63, p90: 12053.18, p95: 15873.07, p99: 18625.45)
        #expect(point.offered == nil)
        let genai = try LoadTestFixture.point("genai_perf.csv")
        expect(genai.e2e, mean: 1234.56, p50: 1200, p90: 1700, p95: 1800, p99: 1900)
        #expect(genai.outputTokensPerSecond == 1150.25 && genai.succeeded == 210)
    }

    @Test("inference-perf: seconds, the median, what was sent apart from what came back; its summary is no point")
    func inferencePerf() throws {
        let stage = try LoadTestFixture.point("inference_perf_stage_2.json")
        #expect(stage.offered == LoadOffer(.rate, 92.19) && stage.sentRPS == 92.22 && stage.achievedRPS == 90.8)
        #expect(stage.succeeded == 5500 && stage.failed == 31 && stage.sendSeconds == 59.97)
        expect(stage.e2e, mean: 1000, p50: 900, p90: 1500, p95: 2000, p99: 2500)
        expect(stage.ttft, mean: 50, p50: 45, p90: 75, p95: 100, p99: 125)
        #expect(!stage.isTotal)
        let closed = try LoadTestFixture.point("inference_perf_concurrency.json")
        #expect(closed.offered == LoadOffer(.concurrency, 16) && closed.goodputRPS == 10.3)
        let summary = try LoadTestFixture.point("inference_perf_summary.json")
        #expect(summary.isTotal && summary.offered == nil)
    }

    @Test("llm-d's report: units of each statistic, the stage's own rate; YAML and JSON say the same")
    func llmd() throws {
        let first = try LoadTestFixture.point("llmd_0.1.json")
        #expect(first.offered == LoadOffer(.concurrency, 8) && first.succeeded == 96 && first.failed == 4)
        expect(first.ttft, mean: 50, p50: 45, p90: 75, p95: 100, p99: 125)
        expect(first.itl, mean: 19, p50: 17.1, p90: 28.5, p95: 38, p99: 47.5)
        expect(first.e2e, mean: 2000, p50: 1800, p90: 3000, p95: 4000, p99: 5000)
        let json = try LoadTestFixture.point("llmd_0.2.1.json")
        #expect(json.offered == LoadOffer(.rate, 5) && json.name == "stage 1" && json.durationSeconds == 109.5)
        #expect(json.toolVersion == "0.2.1" && json.itl.isEmpty && json.notes.count == 1)
        expect(json.tpot, mean: 20, p50: 18, p90: 30, p95: 40, p99: 50)
        #expect(json.startedMs == CivilTime.millis(year: 2025, month: 11, day: 5, hour: 18, minute: 0, second: 42))
        var yaml = try LoadTestFixture.point("llmd_0.2.1.yaml")
        (yaml.line, yaml.offset) = (json.line, json.offset)
        #expect(yaml == json)
    }

    @Test("k6 in both shapes: of http_req_failed the passes are failures; a Trend counts when its unit is told")
    func k6() throws {
        let export = try LoadTestFixture.point("k6_export.json")
        #expect(export.offered == LoadOffer(.users, 20) && export.failed == 4 && export.succeeded == 196)
        #expect(isNear(export.achievedRPS, 9.8) && export.durationSeconds == 20)
        expect(export.e2e, mean: 2100, p50: 1890, p90: 3150, p95: 4200, p99: 5250)
        expect(export.ttft, mean: 120, p50: 108, p90: 180, p95: 240, p99: 300)
        let summary = try LoadTestFixture.point("k6_summary.json")
        #expect(summary.durationSeconds == 20.1005 && summary.itl.isEmpty)
        expect(summary.e2e, mean: 2000, p50: 1800, p90: 3000, p95: 4000, p99: 5000)
        expect(summary.ttft, mean: 120, p50: 108, p90: 180, p95: 240, p99: 300)
        #expect(summary.notes == ["latencies are of failed requests, too"])
    }

    @Test("Locust's history: a point a plateau of users, the first ten seconds left out; its statistics are a total")
    func locust() throws {
        let plateaus = try LoadTestFixture.read("locust_stats_history.csv").points
        #expect(plateaus.map(\.offered) == [10, 20, 40].map { LoadOffer(.users, $0) })
        #expect(plateaus.map(\.line) == [2, 32, 62])
        // Rows 10…29 of each plateau: 19 seconds.
        #expect(plateaus[0].achievedRPS == 5 && plateaus[0].succeeded == 95 && plateaus[0].durationSeconds == 19)
        #expect(plateaus[2].failed == 6 && isNear(plateaus[2].achievedRPS, 184 / 19))
        expect(plateaus[1].e2e, mean: 2200, p50: 2200, p90: 3300, p95: 4400, p99: 5500)
        let total = try LoadTestFixture.point("locust_stats.csv")
        #expect(total.isTotal && total.succeeded == 588 && total.failed == 12)
        expect(total.e2e, mean: 1900.5, p50: 1800, p90: 2700, p95: 3100, p99: 4200)
    }

    @Test(
        "what is no result of a whole test is recognised and not read",
        arguments: [
            ("vllm_latency.json", "vllm-bench-latency"),
            ("inference_perf_prometheus.json", "inference-perf-prometheus"),
        ])
    func unread(name: String, format: String) {
        let guess = LoadTestFixture.bytes(name).withUnsafeBytes { LoadTestFormat.sniff(head: $0, fileName: "") }
        #expect(guess?.format == format && guess?.isReadable == false)
    }

    @Test("nothing else is taken for a load test")
    func others() {
        for text in [
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
            "{\"metrics\":{\"a\":1}}", "Metric,Value\nx,1\n", "Time,a\n2026-01-01 00:00:00,1\n",
            "{\"completed\":3,\"requests\":[]}", "results:\n  - a\n", "Type,Name\na,b\n",
        ] {
            #expect(LoadTestFixture.format(Array(text.utf8)) == nil, "\(text)")
        }
    }
}
