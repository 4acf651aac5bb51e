import Testing
import TidemarkBase
import TidemarkStatistics
import TidemarkStore

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
        #expect(seen.maxSequences == 9 && seen.assumptions.contains { $0.hasPrefix("max_num_seqs 9 (") })
        let blind = ServingConfiguration([], cacheLabels: nil, isV0ByMetrics: false)
        #expect(blind.maxSequences == 256 && blind.assumptions.contains { $0.hasPrefix("max_num_seqs 256 (") })
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

    @Test("without prefill times the first tokens tell what a prompt costs")
    func prefillCostFromFirstTokens() throws {
        var record = Self.record(0.3, 2)
        for place in record.windows.indices {
            record.windows[place].prefills = 0
            record.windows[place].queues = 0
        }
        let found = Self.estimate(record, [LatencyObjective(.itl, 0.95, 0.1)])
        let law = try #require(found.value, "\(found.refused ?? "")").model.law
        #expect(abs(law.perPromptToken / Self.truth.perPromptToken - 1) < 0.12, "\(law.perPromptToken)")
    }

    @Test("what each limit alone would allow: the binding one first, and lifting it leads to the next")
    func limitsThatDoNotBind() throws {
        let objectives = [LatencyObjective(.ttft, 0.95, 1), LatencyObjective(.itl, 0.95, 0.1)]
        let value = try #require(Self.estimate(Self.record(0.3, 2), objectives).value)
        #expect(value.limits.first?.name == value.binding && value.limits.first?.rate == value.maxRate)
        #expect(Set(value.limits.map(\.name)) == ["itl", "ttft_prefill", "max_num_seqs", "kv_cache", "token_budget"])
        #expect(zip(value.limits, value.limits.dropFirst()).allSatisfy { $0.rate <= $1.rate })
        // Without the objective on the gaps the time to the first token binds, about where it was said to.
        let first = try #require(value.limits.first { $0.name == "ttft_prefill" }).rate
        let lifted = try CapacityEstimate.value(value.model, [objectives[0]], engines: 1, most: 700)
        #expect(lifted.maxRate <= first * 1.05)
    }

    @Test("bursts are seen in the counts of windows, rising load and chance are none, and they cost capacity")
    func bursts() throws {
        var random = SeededNormal(seed: 8)
        func windows(_ count: (Int) -> Double) -> [CapacityWindow] {
            (0..<300).map { index in
                var window = CapacityWindow(startMs: Int64(index) * 30_000, seconds: 30)
                window.arrivals = count(index)
                return window
            }
        }
        /// Arrivals of half a minute with gamma-distributed gaps.
        func arrivals(_ mean: Double, _ dispersion: Double) -> Double {
            var (time, count) = (0.0, 0.0)
            while true {
                time += random.gamma(1 / dispersion) * dispersion / mean
                if time > 1 { return count }
                count += 1
            }
        }
        let bursty = windows { _ in arrivals(40, 5) }
        let found = TrafficMix.dispersion([bursty])
        #expect(found > 3 && found < 6.5, "\(found)")
        #expect(TrafficMix.dispersion([windows { arrivals(20 + Double($0) / 3, 1) }]) == 1)
        #expect(TrafficMix.dispersion([windows { _ in 40 }]) == 1)
        // Of windows of an hour nothing is said, nor of gaps between windows.
        #expect(
            TrafficMix.dispersion([
                bursty.map {
                    var one = $0; one.seconds = 3600; return one
                }
            ]) == 1)
        #expect(TrafficMix.dispersion([bursty.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)]) == 1)

        var model = try #require(Self.estimate(Self.record(0.3, 2), LatencyObjective.usual).value).model
        let calm = model.mix.arrivals(20_000, seed: 1)
        model.mix.dispersion = 5
        let wild = model.mix.arrivals(20_000, seed: 1)
        #expect(abs(calm.last! / 20_000 - 1) < 0.03 && abs(wild.last! / 20_000 - 1) < 0.06)
        let objectives = [LatencyObjective(.ttft, 0.95, 1)]
        let bursting = try CapacityEstimate.value(model, objectives, engines: 1, most: 700).maxRate
        model.mix.dispersion = 1
        #expect(try bursting < 0.95 * CapacityEstimate.value(model, objectives, engines: 1, most: 700).maxRate)
    }

    @Test("by model: groups add up, one without an estimate leaves the model without")
    func byModel() throws {
        let objectives = [LatencyObjective(.itl, 0.95, 0.1)]
        var one = Self.estimate(Self.record(0.3, 2), objectives)
        one.group = "m · max_num_seqs 64"
        var other = one
        other.group = "m · max_num_seqs 128"
        other.replicas = ["r1"]
        var report = try CapacityReport(Store.create(path: ":memory:"), period: 1, name: "p")
        report.estimates = [one, other]
        let sum = try #require(report.byModel.estimates.first)
        #expect(report.byModel.estimates.count == 1 && sum.group == "m" && sum.replicas == ["r0", "r1"])
        #expect(sum.value?.maxRate == 2 * one.value!.maxRate && sum.value?.low == 2 * one.value!.low)
        #expect(sum.conditions.contains { $0.hasPrefix("the sum of 2 groups") })
        report.estimates[1].value = nil
        report.estimates[1].refused = "why not"
        let refused = try #require(report.byModel.estimates.first)
        #expect(refused.value == nil && refused.refused == "m · max_num_seqs 128: why not")
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
        #expect(Self.estimate(empty, LatencyObjective.usual).refused?.contains("no counters") == true)
        empty.windows = [CapacityWindow(startMs: 0, seconds: 60)]
        #expect(Self.estimate(empty, LatencyObjective.usual).refused?.contains("12 are needed") == true)
        // An objective that a lone request can't keep.
        let never = Self.estimate(Self.record(0.3, 2), [LatencyObjective(.itl, 0.95, 0.001)])
        #expect(never.value == nil)
        #expect(never.refused?.contains("no rate holds") == true)
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

    @Test("prompts without a histogram may have any spread, at the same mean")
    func assumedSpread() throws {
        let mix = try #require(
            TrafficMix(
                prompts: SummedHistogram(), promptMean: 500, generations: SummedHistogram(), generationMean: 100,
                pairs: [], hitShare: 0, tokensPerDecode: 1, maxLength: nil))
        #expect(mix.hasAssumedPrompts && mix.isAssumed)
        func variation(_ mix: TrafficMix) -> Double {
            let prompts = mix.requests(4000, seed: 1).map(\.prompt)
            let mean = prompts.reduce(0, +) / 4000
            #expect(abs(mean / 500 - 1) < 0.02)
            return (prompts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000).squareRoot() / mean
        }
        for wanted in [0.35, 0.7, 1.4] {
            #expect(abs(variation(mix.withPrompts(variation: wanted)) / wanted - 1) < 0.1)
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
