import Testing
import TidemarkStatistics

/// Continuous batching against what must hold exactly, and against queues with known answers.
@Suite struct SimulationTests {
    private let law = StepCostLaw(
        fixed: 0.01, perPromptToken: 1e-4, perSequence: 1e-3, perKVToken: 1e-7, attention: 0)

    private func arrivals(_ count: Int, rate: Double, seed: UInt64 = 5) -> [Double] {
        var random = SeededNormal(seed: seed)
        var time = 0.0
        return (0..<count).map { _ in
            time += random.exponential() / rate
            return time
        }
    }

    @Test func oneRequestTakesItsSteps() {
        // 5,000 prompt tokens at 2,048 a step are three steps, then nine decoding steps of one sequence.
        var simulation = BatchingSimulation(
            law: StepCostLaw(fixed: 0.01, perPromptToken: 1e-4, perSequence: 1e-3, perKVToken: 0, attention: 0),
            limits: .init(sequences: 8, tokens: 2048, kvTokens: 1e6))
        simulation.jitter = 0
        let out = simulation.run(arrivals: [1], work: [.init(prompt: 5000, computed: 5000, decodes: 9)])
        #expect(out.steps == 12)
        #expect(abs(out.prefill.seconds - (0.03 + 0.5)) < 1e-12)
        #expect(abs(out.busySeconds - (0.53 + 9 * 0.011)) < 1e-9)
        #expect(abs((out.firstToken.mean ?? 0) - 0.53) < 1e-9)
        #expect(abs((out.endToEnd.mean ?? 0) - 0.629) < 1e-9)
        #expect(out.decodes == 9 && out.completed == 1)
    }

    @Test func queueWithConstantServiceIsPollaczekKhinchines() {
        // One request a step, steps of constant length: M/D/1, mean wait ρD / 2(1 − ρ).
        var simulation = BatchingSimulation(
            law: StepCostLaw(fixed: 0.1, perPromptToken: 0, perSequence: 0, perKVToken: 0),
            limits: .init(sequences: 1, tokens: 1, kvTokens: 10))
        simulation.jitter = 0
        let work = [BatchingSimulation.Work](repeating: .init(prompt: 1, computed: 1, decodes: 0), count: 60_000)
        for load in [0.5, 0.8] {
            let out = simulation.run(arrivals: arrivals(60_000, rate: load / 0.1), work: work, warmUp: 20)
            let expected = 0.1 + load * 0.1 / (2 * (1 - load))
            #expect(abs((out.endToEnd.mean ?? 0) / expected - 1) < 0.04, "at \(load)")
            #expect(abs(out.busySeconds / out.seconds - load) < 0.02)
        }
    }

    @Test func nothingIsLostAndLittleHolds() {
        var simulation = BatchingSimulation(law: law, limits: .init(sequences: 32, tokens: 512, kvTokens: 1e6))
        simulation.jitter = 0.05
        var random = SeededNormal(seed: 8)
        let work = (0..<3000).map { _ in
            BatchingSimulation.Work(
                prompt: 300 * random.exponential(), computed: 100 + 200 * random.uniform(),
                decodes: Int(40 * random.exponential()))
        }
        let times = arrivals(3000, rate: 6)
        let out = simulation.run(arrivals: times, work: work)
        #expect(out.completed == 3000)
        #expect(out.preemptions == 0)
        #expect(out.decodes == Double(work.reduce(0) { $0 + $1.decodes }))
        #expect(abs(out.promptTokens - work.reduce(0) { $0 + $1.computed }) < 1e-6)
        #expect(out.interToken.total == out.decodes)
        // Time in the system, requests by requests and moment by moment. A request that comes within a step is seen at
        // its end, half a step later in the mean.
        let inside = out.runningSeconds + out.waitingSeconds
        let lag = 3000 * out.busySeconds / out.steps
        #expect(abs(inside - out.endToEnd.sum) < lag)
        // The same seed gives the same run.
        let again = simulation.run(arrivals: times, work: work)
        #expect(again.endToEnd.counts == out.endToEnd.counts)
    }

    @Test func fullCachePreemptsAndStillFinishes() {
        var simulation = BatchingSimulation(law: law, limits: .init(sequences: 64, tokens: 512, kvTokens: 2000))
        simulation.jitter = 0
        let work = [BatchingSimulation.Work](repeating: .init(prompt: 200, computed: 200, decodes: 200), count: 200)
        let out = simulation.run(arrivals: arrivals(200, rate: 20), work: work)
        #expect(out.completed == 200)
        #expect(out.preemptions > 0)
        #expect(out.promptTokens > 200 * 200)
        #expect(out.kvBoundSeconds > 0.5 * out.busySeconds)
        #expect(out.kvTokenSeconds / out.seconds <= 2000)
        // A request larger than the cache runs alone.
        let large = simulation.run(
            arrivals: [0, 0],
            work: [
                .init(prompt: 3000, computed: 3000, decodes: 5), .init(prompt: 10, computed: 10, decodes: 5),
            ])
        #expect(large.completed == 2)
    }

    @Test func promptsFirstHoldDecodingUp() {
        let work = [
            BatchingSimulation.Work(prompt: 10, computed: 10, decodes: 50),
            BatchingSimulation.Work(prompt: 1000, computed: 1000, decodes: 1),
        ]
        func longest(_ first: Bool) -> Double {
            var simulation = BatchingSimulation(
                law: StepCostLaw(fixed: 0.01, perPromptToken: 1e-4, perSequence: 0, perKVToken: 0, attention: 0),
                limits: .init(sequences: 8, tokens: 500, kvTokens: 1e6, prefillFirst: first))
            simulation.jitter = 0
            return simulation.run(arrivals: [0, 0.1], work: work).interToken.quantile(1) ?? 0
        }
        // Mixed: one step with a chunk of 499. First: three steps of prompts (500, 500 and what is left) and one of decoding.
        #expect(abs(longest(false) / 0.0599 - 1) < 0.02)
        #expect(abs(longest(true) / 0.13 - 1) < 0.02)
    }

    @Test func overloadEnds() {
        var simulation = BatchingSimulation(law: law, limits: .init(sequences: 4, tokens: 512, kvTokens: 1e5))
        simulation.longestQueue = 50
        let work = [BatchingSimulation.Work](repeating: .init(prompt: 100, computed: 100, decodes: 100), count: 5000)
        let out = simulation.run(arrivals: arrivals(5000, rate: 50), work: work)
        #expect(out.overloaded)
        #expect(out.completed < 500)
    }

    @Test func logHistogramKeepsQuantiles() {
        var histogram = LogHistogram()
        for value in 1...1000 { histogram.add(Double(value) / 100) }
        #expect(abs((histogram.quantile(0.95) ?? 0) / 9.5 - 1) < 0.015)
        #expect(abs(histogram.share(above: 5) - 0.5) < 0.01)
        #expect(abs((histogram.mean ?? 0) - 5.005) < 1e-9)
        histogram.add(.nan)
        histogram.add(-1)
        #expect(histogram.total == 1000)
        #expect(LogHistogram().quantile(0.5) == nil)
    }
}

@Suite struct StepCostRegressionTests {
    private func rows(_ law: StepCostLaw, noise: Double, count: Int = 400) -> [StepCostRegression.Row] {
        var random = SeededNormal(seed: 3)
        return (0..<count).map { index in
            let sequences = 1 + 60 * random.uniform()
            let prompt = 400 * random.uniform()
            let kv = sequences * (300 + 600 * random.uniform())
            let time = law.seconds(promptTokens: prompt, sequences: sequences, kvTokens: kv)
            return .init(
                seconds: time * (1 + noise * random.next()), promptTokens: prompt, sequences: sequences, kvTokens: kv,
                experts: law.expertShare(sequences + prompt), block: index / 20)
        }
    }

    @Test func recoversKnownCosts() throws {
        let law = StepCostLaw(fixed: 0.012, perPromptToken: 3e-5, perSequence: 8e-5, perKVToken: 4e-8)
        let exact = try #require(StepCostRegression(rows(law, noise: 0)))
        for (a, b) in zip(exact.law.coefficients, law.coefficients) { #expect(abs(a - b) <= 1e-6 * max(b, 1e-9)) }
        #expect(exact.residualCV < 1e-9)
        let noisy = try #require(StepCostRegression(rows(law, noise: 0.03)))
        #expect(abs(noisy.law.fixed / law.fixed - 1) < 0.02)
        #expect(abs(noisy.law.perPromptToken / law.perPromptToken - 1) < 0.03)
        #expect(abs(noisy.residualCV / 0.03 - 1) < 0.2)
        #expect(noisy.spread > 2)
        // A thousand draws of blocks surround the truth.
        let draws = noisy.resampled(1000, seed: 1)
        #expect(draws.count == 1000)
        let fixed = draws.map(\.fixed).sorted()
        #expect(fixed[10] < law.fixed && law.fixed < fixed[989])
        #expect((fixed[975] - fixed[25]) / law.fixed < 0.05)
    }

    @Test func bentCostOfExperts() throws {
        let law = StepCostLaw(
            fixed: 0.03, perPromptToken: 9e-5, perSequence: 1e-4, perKVToken: 2e-8, experts: 0.012, expertMiss: 0.75)
        let fit = try #require(StepCostRegression(rows(law, noise: 0), expertMiss: 0.75))
        #expect(abs(fit.law.experts / law.experts - 1) < 1e-4)
        #expect(abs(law.expertShare(1) - 0.25) < 1e-12)
    }

    @Test func normalEquationsGiveTheSame() throws {
        // Reference: scipy.optimize.nnls.
        let rows = [[1, 100, 10], [1, 800, 12], [1, 50, 40], [1, 0, 64], [1, 2000, 5.0]]
        let targets = [9.0, 24.5, 8.6, 8.3, 51.0]
        var gram = Matrix(rows: 3, columns: 3)
        var right = [Double](repeating: 0, count: 3)
        for (row, target) in zip(rows, targets) {
            for i in 0..<3 {
                right[i] += row[i] * target
                for j in 0..<3 { gram[i, j] += row[i] * row[j] }
            }
        }
        let fit = try #require(NonNegativeLeastSquares(gram: gram, right))
        for (a, b) in zip(fit.coefficients, [6.43797989, 0.02220258, 0.02833972]) { #expect(abs(a / b - 1) < 1e-5) }
        #expect(NonNegativeLeastSquares(gram: Matrix(rows: 2, columns: 3), [1, 2]) == nil)
    }

    @Test func refusesTooLittle() {
        #expect(StepCostRegression([]) == nil)
        let bad = [StepCostRegression.Row](
            repeating: .init(seconds: .nan, promptTokens: 1, sequences: 1, kvTokens: 1), count: 20)
        #expect(StepCostRegression(bad) == nil)
    }
}
