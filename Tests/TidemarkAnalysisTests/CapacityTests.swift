import Testing
import TidemarkBase
import TidemarkStatistics

@testable import TidemarkAnalysis

/// Capacity from made windows of an engine with known costs: what is fitted, what it says, and when nothing is said.
@Suite struct CapacityTests {
    private static let truth = StepCostLaw(
        fixed: 0.02, perPromptToken: 1e-4, perSequence: 4e-4, perKVToken: 0)
    private static let prompts: [Double] = [100, 200, 500, 1000]
    private static let answers: [Double] = [20, 50, 100]

    private static func work(_ count: Int, _ random: inout SeededNormal) -> [BatchingSimulation.Work] {
        (0..<count).map { _ in
            let prompt = prompts[min(3, Int(4 * random.uniform()))]
            return .init(prompt: prompt, computed: prompt, decodes: Int(answers[min(2, Int(3 * random.uniform()))]) - 1)
        }
    }

    private static func configuration(_ facts: [String: String]) -> ServingConfiguration {
        let run = EngineRun(
            id: 1, replica: "r0", startMs: 0, readyMs: nil, endMs: nil, endReason: nil, version: "0.11.2", model: "m",
            pid: nil, firstLine: 1, path: "log", facts: facts)
        return ServingConfiguration([run], cacheLabels: nil, isV0ByMetrics: false)
    }

    private static let usual = configuration([
        "max_num_seqs": "64", "max_num_batched_tokens": "2048", "kv_cache_tokens": "100000",
        "engine_generation": "V1",
    ])

    /// Windows of a minute at rates between `low` and `high`, each simulated by itself.
    private static func record(_ low: Double, _ high: Double) -> EngineRecord {
        var random = SeededNormal(seed: 4)
        var record = EngineRecord(replica: "r0", instance: "a:8000", engine: "0")
        for index in 0..<60 {
            let rate = low + (high - low) * Double(index % 20) / 20
            let count = Int(rate * 60)
            var time = 0.0
            let arrivals = (0..<count).map { _ in
                time += random.exponential() / rate
                return time
            }
            var simulation = BatchingSimulation(law: truth, limits: usual.limits)
            simulation.frontendSeconds = 0.004
            let out = simulation.run(
                arrivals: arrivals, work: work(count, &random), seed: UInt64(index))
            var window = CapacityWindow(startMs: Int64(index) * 120_000, seconds: out.seconds)
            window.arrivals = Double(count)
            window.firstTokenSeconds = out.firstToken.sum
            window.gaps = out.gap.count
            window.gapSeconds = out.gap.seconds
            window.steps = out.steps
            window.promptTokens = out.promptTokens
            window.computedTokens = out.promptTokens
            window.generated = out.decodes + Double(count)
            window.running = out.runningSeconds / out.seconds
            window.kvRatio = out.kvTokenSeconds / out.seconds / 100_000
            window.prefills = Double(count)
            window.prefillSeconds = out.prefill.seconds
            window.queues = Double(count)
            window.queueSeconds = max(0, out.firstToken.sum - out.prefill.seconds - 0.004 * Double(count))
            record.windows.append(window)
            record.lengths += work(20, &random).map { ($0.prompt, Double($0.decodes + 1)) }
            record.promptSum = 0
        }
        return record
    }

    private static func estimate(_ record: EngineRecord, _ objectives: [LatencyObjective]) -> CapacityEstimate {
        var one = CapacityEstimate(
            group: "m", model: "m", replicas: ["r0"], engines: 1, objectives: objectives,
            objectivesFrom: "--slo", configuration: usual)
        one.solve([record], most: 700)
        return one
    }

    @Test("slots that nobody printed are as many as ran while others waited for one; else the default, and it is said")
    func slots() {
        let seen = ServingConfiguration([], cacheLabels: nil, isV0ByMetrics: false, seenSlots: 9)
        #expect(seen.maxSequences == 9 && seen.assumptions.contains { $0.text.hasPrefix("max_num_seqs 9 (") })
        let blind = ServingConfiguration([], cacheLabels: nil, isV0ByMetrics: false)
        #expect(blind.maxSequences == 256 && blind.assumptions.contains { $0.text.hasPrefix("max_num_seqs 256 (") })
    }

    @Test func knownCostsAndCapacityComeBack() throws {
        let objectives = [LatencyObjective(.ttft, 0.95, 1), LatencyObjective(.itl, 0.95, 0.1)]
        let found = Self.estimate(Self.record(0.3, 2), objectives)
        let value = try #require(found.value, "\(found.refused ?? "")")
        #expect(abs(value.model.law.fixed / Self.truth.fixed - 1) < 0.05)
        #expect(abs(value.model.law.perPromptToken / Self.truth.perPromptToken - 1) < 0.08)
        // The truth, by the same search on the true law.
        var true_ = value.model
        true_.law = Self.truth
        true_.kvShare = 1
        var search = CapacitySearch(true_, objectives, seed: 99)
        search.most = 1500
        let best = try #require(search.solve(from: 3))
        #expect(abs(value.maxRate / best.rate - 1) < 0.08, "\(value.maxRate) for \(best.rate)")
        #expect(value.low95 <= value.low && value.low < value.maxRate)
        #expect(value.maxRate < value.high && value.high <= value.high95)
        #expect(value.low < best.rate && best.rate < value.high)
        #expect(value.binding == "itl")
    }

    @Test func limitsBind() throws {
        let found = Self.estimate(Self.record(0.3, 2), [LatencyObjective(.ttft, 0.95, 2)])
        let model = try #require(found.value).model
        func binding(_ change: (inout ServingModel) -> Void) throws -> String {
            var changed = model
            change(&changed)
            return try CapacityEstimate.value(
                changed, [LatencyObjective(.ttft, 0.95, 2)], engines: 1, most: 500
            )
            .binding
        }
        #expect(try binding { $0.limits.sequences = 4 } == "max_num_seqs")
        #expect(try binding { $0.limits.kvTokens = 3000 } == "kv_cache")
        #expect(try binding { $0.processorSecondsPerRequest = 1 } == "api_server")
    }

    @Test func refusalsAreExplained() {
        var empty = EngineRecord(replica: "r0", instance: nil, engine: nil)
        #expect(Self.estimate(empty, LatencyObjective.usual).refused?.text.contains("no counters") == true)
        empty.windows = [CapacityWindow(startMs: 0, seconds: 60)]
        #expect(Self.estimate(empty, LatencyObjective.usual).refused?.text.contains("12 are needed") == true)
        // An objective that a lone request can't keep.
        let never = Self.estimate(Self.record(0.3, 2), [LatencyObjective(.itl, 0.95, 0.001)])
        #expect(never.value == nil)
        #expect(never.refused?.text.contains("no rate holds") == true)
    }

    @Test func scenariosChangeWhatTheyShould() throws {
        let objectives = [LatencyObjective(.ttft, 0.95, 1), LatencyObjective(.itl, 0.95, 0.1)]
        let found = Self.estimate(Self.record(0.3, 2), objectives)
        func changed(_ settings: String...) throws -> ScenarioReport {
            try #require(try ScenarioReport(found, Scenario(settings), accelerator: .named("NVIDIA L4"), most: 500))
        }
        let twice = try changed("replicas=2")
        #expect(abs((twice.changed.capacity?.maxRate ?? 0) / (found.value?.maxRate ?? 1) - 2) < 0.1)
        let (now, then) = (twice.present.prediction.itlMean, twice.changed.prediction.itlMean)
        #expect(try #require(then) < #require(now))
        // Heads stand where they belong, whatever the numbers; one sequence at a time is too few for any to come in time.
        #expect(try changed("rate=0.2").text.split(separator: "\n")[1].hasSuffix("then"))
        #expect(throws: TidemarkError.self) { try Scenario(["replicas=1.5"]) }
        #expect(throws: TidemarkError.self) { try Scenario(["kv_cache_dtype=auto"]) }
        #expect(throws: TidemarkError.self) { try LatencyObjective.list(",") }
        let long = try changed("output_scale=2")
        #expect((long.changed.capacity?.maxRate ?? 0) < (found.value?.maxRate ?? 0))
        let fast = try changed("gpu=H100")
        #expect((fast.changed.capacity?.maxRate ?? 0) > 2 * (found.value?.maxRate ?? 0))
        #expect(fast.notes.contains { $0.contains("published peaks") })
        let cache = try Scenario(["kv_cache_dtype=fp8"]).applied(to: try #require(found.value).model, present: nil)
        #expect(cache.model.limits.kvTokens == 200_000)
        #expect(throws: TidemarkError.self) { try Scenario(["colour=blue"]) }
        #expect(throws: TidemarkError.self) { try Scenario(["replicas=0"]) }
        #expect(throws: TidemarkError.self) { try Scenario(["gpu=abacus"]) }
    }

    @Test func objectivesAreRead() throws {
        let list = try LatencyObjective.list("ttft_p95=2s,itl_p99=80ms,e2e_p50=30")
        #expect(list == [.init(.ttft, 0.95, 2), .init(.itl, 0.99, 0.08), .init(.e2e, 0.5, 30)])
        #expect(list.map(\.name) == ["ttft_p95", "itl_p99", "e2e_p50"])
        for bad in ["ttft_p95", "ttft_p95=x", "foo_p95=1s", "itl_p95=-1s", "itl_p200=1"] {
            #expect(throws: TidemarkError.self) { try LatencyObjective.list(bad) }
        }
    }

    @Test func mixHasItsMeans() throws {
        var prompts = SummedHistogram()
        prompts.bounds = [100, 200, 500, 1000, .infinity]
        prompts.cumulative = [10, 40, 80, 100, 100]
        let mix = try #require(
            TrafficMix(
                prompts: prompts, promptMean: 330, generations: SummedHistogram(), generationMean: 120, pairs: [],
                hitShare: 0.5, tokensPerDecode: 2, maxLength: 4096))
        #expect(mix.isAssumed)
        for shape in [0.5, Double.infinity] {
            var mix = mix
            mix.hitShape = shape
            let all = mix.requests(4000, seed: 1)
            let prompt = all.reduce(0) { $0 + $1.prompt } / 4000
            #expect(abs(prompt / 330 - 1) < 0.02)
            #expect(abs(all.reduce(0) { $0 + $1.computed } / 4000 / prompt - 0.5) < 0.02)
            #expect(abs(all.reduce(0) { $0 + Double($1.decodes) } / 4000 / 59.5 - 1) < 0.05)
            #expect(all.allSatisfy { $0.prompt <= 1300 && $0.computed <= $0.prompt })
        }
    }
}
