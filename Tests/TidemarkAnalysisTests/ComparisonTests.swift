import Testing
import TidemarkStatistics

@testable import TidemarkAnalysis

/// The load-adjusted change against simulated engines of known speed.
@Suite struct ComparisonTests {
    typealias Simulation = EngineSimulation

    static func judged(_ windows: [StepWindow], replicas: (old: Int, new: Int) = (1, 1)) -> Comparison.Model {
        Comparison.judge("m", windows, .histogram, sides: ("old", "new"), replicas: replicas)
    }

    /// Verdicts of several pairs; the candidate is `change` of the baseline.
    static func models(
        _ engine: Simulation, seeds: ClosedRange<UInt64>, _ change: (inout Simulation) -> Void
    ) -> [Comparison.Model] {
        seeds.map { seed in
            var old = engine
            old.seed = seed
            var new = old
            change(&new)
            return judged(old.side(isCandidate: false) + new.side(isCandidate: true))
        }
    }

    @Test("a busier or a quieter time is not a slower one", arguments: [1.4, 0.7])
    func load(factor: Double) {
        for engine in [Simulation(), .small] {
            for model in Self.models(engine, seeds: 1...2, { $0.rate *= factor }) {
                #expect(model.verdict == .same)
                #expect(abs(model.slowdown ?? 99) < 1.5)
                // What a look at the dashboard says.
                #expect((model.raw ?? 0) * (factor - 1) > 0)
            }
        }
    }

    @Test("a step 5 % slower is found at any load, within a point and a half", arguments: [1, 1.4, 0.7])
    func slowdown(factor: Double) throws {
        // What twenty days at the baseline's load say of the mean gap between tokens at 1.05 times the step.
        for (engine, truth) in [(Simulation(), 5.6), (.small, 6.6)] {
            for model in Self.models(engine, seeds: 1...2, { ($0.rate, $0.slowness) = ($0.rate * factor, 1.05) }) {
                #expect(model.verdict == .slower)
                #expect(abs(try #require(model.slowdown) - truth) < 1.5)
            }
        }
    }

    @Test("other lengths and lost cache hits are not a slowdown")
    func mix() throws {
        for engine in [Simulation(), .small] {
            let mixes = Self.models(engine, seeds: 1...2) {
                ($0.prompt.median, $0.answer.median) = ($0.prompt.median * 1.4, $0.answer.median * 0.7)
            }
            for model in mixes { #expect(model.verdict == .same) }
        }
        for model in Self.models(.busy, seeds: 1...2, { $0.hits = 0.5 }) {
            #expect(model.verdict != .slower)
            let parts = try #require(model.decomposition).parts
            let hits = parts.first { $0.factor == .cacheHits }?.seconds ?? 0
            #expect(parts.allSatisfy { $0.factor == .cacheHits || abs($0.seconds) < abs(hits) })
        }
    }

    @Test("intervals cover, also when the machine wanders")
    func coverage() {
        var covered = 0
        var all = 0
        for wander in [0.0, 0.01] {
            for engine in [Simulation(), .small] {
                var own = engine
                own.wander = wander
                for model in Self.models(own, seeds: 1...3, { $0.rate *= 1.4 }) {
                    all += 1
                    if (model.low ?? 1) <= 0, (model.high ?? -1) >= 0 { covered += 1 }
                }
            }
        }
        #expect(all - covered <= 1)
    }

    @Test("the parts add up to what was observed; load is the load's")
    func decomposition() throws {
        for model in Self.models(.small, seeds: 1...2, { ($0.rate, $0.slowness) = ($0.rate * 1.4, 1.05) }) {
            let change = try #require(model.decomposition)
            let sum = change.parts.reduce(0) { $0 + $1.seconds }
            #expect(abs(sum - (change.after - change.before)) < 1e-12)
            func part(_ factor: LatencyChange.Factor) -> Double {
                100 * (change.parts.first { $0.factor == factor }?.seconds ?? 0) / change.before
            }
            #expect(part(.load) > 4 && part(.unexplained) > 4)
            #expect(abs(part(.mix)) < 4)
            #expect(abs(part(.remainder)) < 1.5)
            #expect(part(.configuration) == 0)
        }
    }

    @Test("a disturbance inside a period is set aside, and told")
    func disturbance() throws {
        for model in Self.models(Simulation(), seeds: 1...2, { $0.disturbed = 0.15 }) {
            #expect(model.verdict == .same)
            #expect(try #require(model.disturbedAfter) > 0.1)
            #expect(try #require(model.withDisturbed) > 5)
        }
    }

    @Test("a replica that is missing on one side shifts nothing")
    func missingReplica() {
        for seed in 1...3 as ClosedRange<UInt64> {
            var engine = Simulation()
            engine.seed = seed
            var slow = engine
            slow.slowness = 1.3
            // The slow machine is seen in the baseline alone.
            let old = engine.side(isCandidate: false) + slow.windows(replica: 1, isCandidate: false)
            let model = Self.judged(old + engine.side(isCandidate: true), replicas: (2, 1))
            #expect(model.verdict == .same)
        }
    }

    @Test("without common work nothing is said, nor with too few moments")
    func notComparable() {
        let idle = Simulation(rate: 0.2, wander: 0.03)
        var full = Simulation.busy
        full.cost = idle.cost
        let apart = Self.judged(idle.side(isCandidate: false) + full.side(isCandidate: true))
        #expect(apart.verdict == .notComparable)
        #expect(apart.reason?.text.contains("% of the moments") == true)
        let short = Self.judged(Array(idle.side(isCandidate: false).prefix(5)) + full.side(isCandidate: true))
        #expect(short.verdict == .notComparable && short.slowdown == nil)
        #expect(short.reason?.text == "old holds 5 moments with tokens, 8 are needed")
        #expect(Self.judged([]).verdict == .notComparable)
    }

    @Test("equal is said only when the interval says it")
    func equivalence() throws {
        let long = try #require(Self.models(Simulation(), seeds: 1...1) { $0.rate *= 1.2 }.first)
        #expect(long.isEquivalent)
        var short = Simulation()
        (short.seconds, short.wander) = (600, 0.05)
        for vague in Self.models(short, seeds: 1...2, { $0.rate *= 1.2 }) {
            #expect(!vague.isEquivalent)
            #expect(try #require(vague.smallestDetectable) > 2)
        }
    }

    @Test("arguments that differ, and those that say nothing")
    func arguments() throws {
        func run(_ version: String, _ facts: [String: String]) -> EngineRun {
            EngineRun(
                id: 1, replica: "r", startMs: 0, readyMs: nil, endMs: nil, endReason: nil, version: version, model: "m",
                pid: nil, firstLine: 1, path: "a", facts: facts)
        }
        let old = run(
            "0.32.0",
            ["arg.max_num_seqs": "256", "arg.port": "8000", "kv_cache_tokens": "355744", "init_seconds": "80"])
        let new = run(
            "0.33.0",
            [
                "arg.max_num_seqs": "128", "arg.port": "8001", "kv_cache_tokens": "356000", "init_seconds": "90",
                "arg.enforce_eager": "true",
            ])
        let changes = try #require(ArgumentChange.all([old], [new]))
        #expect(changes.map(\.name) == ["version", "enforce_eager", "max_num_seqs"])
        #expect(changes[1].before == nil && changes[1].after == "true")
        #expect(ArgumentChange.all([], [new]) == nil)
    }
}
