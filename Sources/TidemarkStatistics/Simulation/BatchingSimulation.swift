#if canImport(Glibc)
    import Glibc
#endif

/// A server with continuous batching, step by step: each step lasts as long as its cost law says.
///
/// As vLLM schedules: every running sequence gets its next token, then prompts in progress get chunks, then waiting requests
/// enter in the order of arrival while the token budget, the batch slots and the KV cache allow. Without room in the cache for
/// the next tokens the sequence that entered last is preempted and computed again. The V0 engine runs steps of prompts alone
/// before it decodes (``Limits/prefillFirst``). Time per step is O(sequences that change), not of the whole batch.
public struct BatchingSimulation: Sendable {
    public struct Limits: Sendable, Equatable {
        public var sequences: Int
        /// Tokens of a step.
        public var tokens: Double
        /// Tokens that the KV cache holds.
        public var kvTokens: Double
        /// Prompts in steps of their own, before any decoding.
        public var prefillFirst: Bool

        public init(sequences: Int, tokens: Double, kvTokens: Double, prefillFirst: Bool = false) {
            self.sequences = max(1, sequences)
            self.tokens = max(1, tokens)
            self.kvTokens = max(1, kvTokens)
            self.prefillFirst = prefillFirst
        }
    }

    /// What a request asks for.
    public struct Work: Sendable, Equatable {
        /// Tokens of the prompt, all of which occupy the cache…
        public var prompt: Double
        /// …and those of them that are computed, at least one.
        public var computed: Double
        /// Decoding steps: output tokens but the first, over the tokens that a step yields.
        public var decodes: Int

        public init(prompt: Double, computed: Double, decodes: Int) {
            self.computed = max(1, computed)
            self.prompt = max(prompt, self.computed)
            self.decodes = max(0, decodes)
        }
    }

    /// Sums over what happened after the warm-up. `weighted` ones are over tokens: what users feel.
    public struct Outcome: Sendable {
        public var steps = 0.0
        public var seconds = 0.0
        public var busySeconds = 0.0
        /// Prompt tokens computed, and the same weighted by attention.
        public var promptTokens = 0.0
        public var weightedPromptTokens = 0.0
        /// Decoded tokens (sequences × steps).
        public var decodes = 0.0
        public var preemptions = 0.0
        public var runningSeconds = 0.0
        public var waitingSeconds = 0.0
        public var kvTokenSeconds = 0.0
        /// Shares of experts read, summed over steps.
        public var experts = 0.0
        /// Of the gaps between tokens: seconds, and the work in them, summed over the tokens.
        public var gap = Sums()
        /// The same over the steps of each request's prefill, and the requests.
        public var prefill = Sums()
        public var interToken = LogHistogram()
        public var firstToken = LogHistogram()
        public var endToEnd = LogHistogram()
        /// Steps by their tokens: place k counts up to 2ᵏ.
        public var stepTokens = [Double](repeating: 0, count: 24)
        /// The queue grew beyond the bound: what came later was not simulated.
        public var overloaded = false
        /// Seconds in which a full batch, or a full cache, kept somebody waiting.
        public var slotBoundSeconds = 0.0
        public var kvBoundSeconds = 0.0
        /// Seconds of steps that used up the token budget.
        public var budgetBoundSeconds = 0.0
        public var completed = 0.0
    }

    /// Sums of seconds and work over tokens or requests.
    public struct Sums: Sendable {
        public var count = 0.0
        public var seconds = 0.0
        public var steps = 0.0
        public var promptTokens = 0.0
        public var sequences = 0.0
        public var kvTokens = 0.0
        public var experts = 0.0

        @inline(__always)
        mutating func add(_ part: Sums, times: Double) {
            count += times
            seconds += times * part.seconds
            steps += times * part.steps
            promptTokens += times * part.promptTokens
            sequences += times * part.sequences
            kvTokens += times * part.kvTokens
            experts += times * part.experts
        }
    }

    public var law: StepCostLaw
    public var limits: Limits
    /// Tokens that a decoding step yields: 1, more with speculative decoding.
    public var tokensPerDecode = 1.0
    /// Time that a request spends before the engine sees it, seconds.
    public var frontendSeconds = 0.0
    /// Standard deviation of the logarithm of a step's time.
    public var jitter = 0.03
    /// More requests than these in the queue end the simulation.
    public var longestQueue = Int.max

    public init(law: StepCostLaw, limits: Limits) { (self.law, self.limits) = (law, limits) }

    /// - Parameters:
    ///   - arrivals: ascending, seconds.
    ///   - work: as many as arrivals.
    ///   - warmUp: outcomes count from here on, seconds.
    public func run(arrivals: [Double], work: [Work], warmUp: Double = 0, seed: UInt64 = 1) -> Outcome {
        guard !arrivals.isEmpty, arrivals.count == work.count else { return Outcome() }
        var engine = Engine(self, arrivals, work, warmUp, seed)
        engine.run()
        return engine.out
    }
}

/// The state of one run.
private struct Engine {
    enum State: UInt8 { case waiting, prefill, decode, done }

    let model: BatchingSimulation
    let arrivals: [Double]
    let work: [BatchingSimulation.Work]
    let warmUp: Double
    var random: SeededNormal
    var out = BatchingSimulation.Outcome()

    var time = 0.0
    var step = 0
    var next = 0
    var decoding = 0
    var kv = 0.0
    var finished = 0

    var state: [State]
    /// Prompt tokens still to compute, tokens held, decodes done before the last admission.
    var left: [Double]
    var held: [Double]
    var done: [Int]
    var started: [Int]
    var hadFirst: [Bool]
    /// Requests by the decoding step in which they finish: a ring of lists.
    var ring: [Int32]
    var after: [Int32]
    var before: [Int32]
    var prefills: [Int32] = []
    /// Admitted, in order; those that left are skipped when met.
    var admitted: [Int32] = []
    /// Waiting: preempted ones in front (last first), then arrivals in order.
    var returned: [Int32] = []
    var queueHead = 0
    var gap = BatchingSimulation.Sums()

    init(
        _ model: BatchingSimulation, _ arrivals: [Double], _ work: [BatchingSimulation.Work], _ warmUp: Double,
        _ seed: UInt64
    ) {
        (self.model, self.arrivals, self.work, self.warmUp) = (model, arrivals, work, warmUp)
        random = SeededNormal(seed: seed)
        let count = arrivals.count
        state = Array(repeating: .waiting, count: count)
        left = work.map(\.computed)
        held = Array(repeating: 0, count: count)
        done = Array(repeating: 0, count: count)
        started = done
        hadFirst = Array(repeating: false, count: count)
        let longest = work.reduce(0) { max($0, $1.decodes) }
        var size = 64
        while size < longest + 2 { size *= 2 }
        ring = Array(repeating: -1, count: size)
        after = Array(repeating: -1, count: count)
        before = after
    }

    var waiting: Int { next - queueHead + returned.count }

    mutating func run() {
        let count = arrivals.count
        while finished < count {
            if decoding == 0, prefills.isEmpty, waiting == 0 {
                guard next < count else { break }
                time = max(time, arrivals[next])
            }
            while next < count, arrivals[next] <= time { next += 1 }
            if waiting > model.longestQueue {
                out.overloaded = true
                break
            }
            advance()
        }
        out.seconds = max(0, time - warmUp)
    }

    mutating func advance() {
        let law = model.law
        let cache = model.limits.kvTokens
        let preempted = makeRoom()
        let need = Double(decoding) * model.tokensPerDecode
        var tokens = max(0, model.limits.tokens - (model.limits.prefillFirst ? 0 : need))
        let budget = tokens
        var prompt = 0.0
        var attention = 0.0
        func weighted(_ part: Double, _ held: Double) -> Double { part * max(0, held - part / 2) }
        for index in prefills.indices {
            guard tokens > 0 else { break }
            let one = Int(prefills[index])
            var part = min(left[one], tokens)
            if index > 0 || decoding > 0 { part = min(part, max(0, cache - kv - need)) }
            guard part > 0 else { break }
            kv += part
            held[one] += part
            left[one] -= part
            tokens -= part
            prompt += part
            attention += weighted(part, held[one])
        }
        var slotBound = false
        var kvBound = preempted
        if !preempted {
            // What the prompts in progress still need is theirs: otherwise prompts that hold parts of the cache starve each other.
            var promised = need
            for one in prefills { promised += left[Int(one)] }
            while waiting > 0, tokens > 0 {
                guard decoding + prefills.count < model.limits.sequences else {
                    slotBound = true
                    break
                }
                let one = returned.last.map(Int.init) ?? queueHead
                let cached = work[one].prompt - work[one].computed
                let part = min(left[one], tokens)
                if kv + promised + cached + left[one] > cache, decoding + prefills.count > 0 {
                    kvBound = true
                    break
                }
                if returned.isEmpty { queueHead += 1 } else { returned.removeLast() }
                state[one] = .prefill
                kv += cached + part
                held[one] = cached + part
                left[one] -= part
                promised += left[one]
                tokens -= part
                prompt += part
                attention += weighted(part, held[one])
                prefills.append(Int32(one))
                admitted.append(Int32(one))
            }
        }
        let runs = model.limits.prefillFirst && prompt > 0 ? 0 : decoding
        let weightedPrompt = prompt + law.attention * attention
        let reads = law.experts > 0 ? law.expertShare(prompt + Double(runs)) : 0
        let held = runs > 0 || !model.limits.prefillFirst ? kv : 0
        var duration =
            law.fixed + law.perPromptToken * weightedPrompt + law.perSequence * Double(runs) + law.perKVToken * held
            + law.experts * reads
        if model.jitter > 0 { duration *= exp(model.jitter * random.next()) }
        duration = max(duration, 1e-7)
        let counted = time >= warmUp
        time += duration
        let own = BatchingSimulation.Sums(
            count: 1, seconds: duration, steps: 1, promptTokens: weightedPrompt, sequences: Double(runs),
            kvTokens: held, experts: reads)
        gap.add(own, times: 1)
        let decodes = runs > 0 || decoding == 0
        if counted {
            count(own, prompt: prompt, runs: runs)
            if slotBound { out.slotBoundSeconds += duration }
            if kvBound { out.kvBoundSeconds += duration }
            if tokens <= 0, budget > 0, waiting > 0 || !prefills.isEmpty { out.budgetBoundSeconds += duration }
        }
        kv += Double(runs) * model.tokensPerDecode
        if decodes {
            gap = .init()
            step += 1
            finishDecodes()
        }
        finishPrefills()
    }

    private mutating func count(_ own: BatchingSimulation.Sums, prompt: Double, runs: Int) {
        out.steps += 1
        out.busySeconds += own.seconds
        out.promptTokens += prompt
        out.weightedPromptTokens += own.promptTokens
        out.decodes += Double(runs)
        out.experts += own.experts
        out.runningSeconds += own.seconds * Double(decoding + prefills.count)
        out.waitingSeconds += own.seconds * Double(waiting)
        out.kvTokenSeconds += own.seconds * kv
        if runs > 0 {
            out.interToken.add(gap.seconds, Double(runs))
            out.gap.add(gap, times: Double(runs))
        }
        if !prefills.isEmpty {
            out.prefill.add(own, times: Double(prefills.count))
        }
        var tokens = prompt + Double(runs) * model.tokensPerDecode
        var place = 0
        while tokens > 1, place < out.stepTokens.count - 1 {
            tokens /= 2
            place += 1
        }
        out.stepTokens[place] += 1
    }

    /// Preempts until the next tokens of all decoding sequences fit.
    private mutating func makeRoom() -> Bool {
        var any = false
        while kv + Double(decoding) * model.tokensPerDecode > model.limits.kvTokens, decoding + prefills.count > 1 {
            guard let last = admitted.popLast() else { break }
            let one = Int(last)
            switch state[one] {
            case .decode:
                unlink(one)
                done[one] += step - started[one]
                kv -= work[one].prompt + Double(done[one]) * model.tokensPerDecode
                decoding -= 1
            case .prefill:
                kv -= held[one]
                prefills.removeAll { $0 == last }
            case .waiting, .done: continue
            }
            held[one] = 0
            left[one] = work[one].computed + Double(done[one]) * model.tokensPerDecode
            state[one] = .waiting
            returned.append(last)
            if time >= warmUp { out.preemptions += 1 }
            any = true
        }
        return any
    }

    private mutating func link(_ one: Int, at place: Int) {
        let head = ring[place]
        after[one] = head
        before[one] = -1
        if head >= 0 { before[Int(head)] = Int32(one) }
        ring[place] = Int32(one)
    }

    private mutating func unlink(_ one: Int) {
        let (left, right) = (before[one], after[one])
        if left >= 0 {
            after[Int(left)] = right
        } else {
            ring[(started[one] + work[one].decodes - done[one]) & (ring.count - 1)] = right
        }
        if right >= 0 { before[Int(right)] = left }
    }

    private mutating func finishDecodes() {
        let place = step & (ring.count - 1)
        var one = ring[place]
        ring[place] = -1
        while one >= 0 {
            let index = Int(one)
            one = after[index]
            kv -= work[index].prompt + Double(work[index].decodes) * model.tokensPerDecode
            decoding -= 1
            leave(index)
        }
    }

    private mutating func finishPrefills() {
        guard !prefills.isEmpty else { return }
        var rest = 0
        for place in prefills.indices {
            let one = Int(prefills[place])
            guard left[one] <= 0 else {
                prefills[rest] = prefills[place]
                rest += 1
                continue
            }
            if !hadFirst[one] {
                hadFirst[one] = true
                if arrivals[one] >= warmUp { out.firstToken.add(time - arrivals[one] + model.frontendSeconds) }
            }
            if work[one].decodes - done[one] <= 0 {
                kv -= held[one]
                leave(one)
            } else {
                state[one] = .decode
                started[one] = step
                kv += work[one].prompt + Double(done[one]) * model.tokensPerDecode - held[one]
                link(one, at: (step + work[one].decodes - done[one]) & (ring.count - 1))
                decoding += 1
            }
        }
        prefills.removeLast(prefills.count - rest)
        if admitted.count > 4 * (decoding + prefills.count) + 64 {
            let states = state
            admitted.removeAll { states[Int($0)] == .done }
        }
    }

    private mutating func leave(_ one: Int) {
        state[one] = .done
        finished += 1
        guard arrivals[one] >= warmUp else { return }
        out.completed += 1
        out.endToEnd.add(time - arrivals[one] + model.frontendSeconds)
    }
}
