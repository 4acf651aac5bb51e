/// One replica during one episode, compared with its own usual state: what a cause judges.
struct Scene {
    let situation: Situation
    let episode: Episode
    let replica: String
    /// Steps in which nothing was wrong.
    let baseline: [Range<Int>]
    /// What is computed once and asked for by many causes.
    let fitted = Fitted()

    final class Fitted {
        /// nil: not fitted yet.
        var cost: StepCost??
    }

    var range: Range<Int> { episode.range }

    /// A signal in the episode and before it.
    struct Change {
        var before: Double?
        var during: Double
        /// How much was observed: requests behind a mean, steps behind a gauge.
        var weight: Double

        var ratio: Double? { before.flatMap { $0 > 0 ? during / $0 : nil } }
        var difference: Double? { before.map { during - $0 } }
    }

    func track(_ signal: String) throws -> Track? {
        guard let instance = situation.instance(of: signal, for: replica) else { return nil }
        return try situation.track(signal, instance)
    }

    /// nil when the signal has no evidence in the episode.
    func change(_ signal: String) throws -> Change? { try track(signal).flatMap(change) }

    func change(gpu: String, _ signal: String) throws -> Change? { try situation.track(signal, gpu).flatMap(change) }

    func change(_ track: Track) -> Change? {
        track.value(range).map { Change(before: track.value(baseline), during: $0, weight: track.weight(range)) }
    }

    /// The same of a quantity computed from others; nil where one of them is unknown.
    func derived(_ compute: ((String) throws -> Double?) throws -> Double?) throws -> Change? {
        guard let during = try compute({ try self.track($0)?.value(self.range) }) else { return nil }
        return Change(before: try compute { try self.track($0)?.value(self.baseline) }, during: during, weight: 1)
    }

    /// Share of the episode's steps in which a condition on a signal holds.
    func share(_ signal: String, _ condition: (Double) -> Bool) throws -> Double? {
        try track(signal)?.share(range, where: condition)
    }

    /// `max_num_seqs`: configured, or seen: a number of running requests that is never exceeded and is held in most steps in
    /// which requests wait.
    func slots() throws -> (count: Double, isConfigured: Bool)? {
        if let configured = situation.configured("max_num_seqs", replica), configured > 0 { return (configured, true) }
        guard let running = try track("running_requests"), let waiting = try track("waiting_requests") else {
            return nil
        }
        let steps = (0..<running.count).filter { (waiting.value($0..<$0 + 1) ?? 0) >= 1 }
        let most = (0..<running.count).compactMap { running.value($0..<$0 + 1) }.max() ?? 0
        let full = steps.filter { (running.value($0..<$0 + 1) ?? 0) >= most - 0.001 }
        return most >= 2 && full.count >= 8 && full.count * 5 >= steps.count * 3 ? (most, false) : nil
    }

    /// A quantile of a latency over the episode or before it, from the buckets themselves; nil where fewer than three
    /// observations lie beyond it.
    func quantile(_ signal: String, _ stretches: [Range<Int>]) throws -> Double? {
        guard case .quantile(let q, let histogram) = situation.table[signal, replica]?.exact else { return nil }
        let table = try situation.histogram(histogram, replica)
        let counts = stretches.map { table.count($0.lowerBound, $0.upperBound) }
        guard counts.reduce(0, +) * (1 - q) >= 3 else { return nil }
        return table.quantile(q, over: stretches)
    }

    /// Whether the time of steps was measured, not estimated from running requests and throughput of a log.
    var measuresSteps: Bool { situation.table["itl_mean_seconds", replica].map { $0.origin != "log" } ?? false }

    /// Whether the server's own log of this replica is there.
    var hasLog: Bool {
        situation.fleet.replicas.contains { $0.name == replica && $0.logInstance != nil }
            || situation.runs.contains { $0.replica == replica }
    }

    // MARK: Quantities that several causes ask for

    /// Arrivals in the episode over those before: how much more work came.
    func loadFactor() throws -> Change? {
        for signal in [
            "arrival_rate_requests_per_second", "prompt_tokens_per_second", "request_rate_requests_per_second",
        ] {
            if let change = try change(signal), change.ratio != nil { return change }
        }
        return nil
    }

    /// Whether a signal went beyond what it reaches otherwise, for evidence of a day or more, in which nights and days differ:
    /// above a tenth more than the ninth decile of its ten-minute values outside the episode. Less evidence has no habits.
    func exceedsHabit(_ signal: String) throws -> Bool {
        guard situation.grid.seconds >= 86_400, let track = try track(signal), let during = track.value(range) else {
            return true
        }
        let width = situation.steps(600)
        var others: [Double] = []
        var low = 0
        while low + width <= track.count {
            let bin = low..<low + width
            if !bin.overlaps(range), let value = track.value(bin) { others.append(value) }
            low += width
        }
        others.sort()
        return others.count < 10 || during >= 1.1 * others[others.count * 9 / 10]
    }

    /// Load over the whole fleet: a router may have moved it here.
    func fleetLoadFactor() throws -> Double? {
        for signal in ["arrival_rate_requests_per_second", "request_rate_requests_per_second"] {
            if let track = try situation.track(signal, SignalSeries.fleet), let ratio = change(track)?.ratio {
                return ratio
            }
        }
        return nil
    }

    /// Requests that wait for a slot or for memory, not for their admission.
    func waitingForCapacity() throws -> Change? {
        guard let waiting = try change("waiting_requests") else { return nil }
        guard let deferred = try change("deferred_requests") else { return waiting }
        return Change(
            before: waiting.before.map { max(0, $0 - (deferred.before ?? 0)) },
            during: max(0, waiting.during - deferred.during), weight: waiting.weight)
    }

    /// Seconds between the arrival and the queue, and between the last step and the answer: mean TTFT without queue and prefill.
    func frontend() throws -> Change? {
        try derived { value in
            guard let ttft = try value("ttft_mean_seconds"), let queue = try value("queue_time_mean_seconds"),
                let prefill = try value("prefill_time_mean_seconds")
            else { return nil }
            return ttft - queue - prefill
        }
    }

    /// How much the throughput of tokens would grow if twice as many requests ran: X(2N) / X(N) of the fluid law
    /// X(N) = N / (a + kN), with a and k from the two states. 1: the machine is saturated, a larger batch only slows all.
    func gainOfDoubling() throws -> Double? {
        guard let step = try change("itl_mean_seconds"), let running = try change("running_requests"),
            let slow = step.before, let few = running.before, running.during > few * 1.15, slow > 0
        else { return nil }
        // Two states of different requests lie on different lines.
        for length in ["prompt_length_mean_tokens", "generation_length_mean_tokens"] {
            if let ratio = try change(length)?.ratio, !(0.75...1.35).contains(ratio) { return nil }
        }
        let slope = max(0, (step.during - slow) / (running.during - few))
        let fixed = max(0, step.during - slope * running.during)
        return 2 * step.during / (fixed + 2 * slope * running.during)
    }

    /// Whether waiting in the queue is a good part of what users lost, not only longer steps. nil: can't be told.
    func queueShare() throws -> Double? {
        guard let excess = try excessPerRequest(), excess.queue + excess.decode > 0 else { return nil }
        return excess.queue / (excess.queue + excess.decode)
    }

    /// Excess seconds per request: in the queue, and while its tokens were made.
    func excessPerRequest() throws -> (queue: Double, decode: Double)? {
        guard let arrivals = try change("arrival_rate_requests_per_second"), arrivals.during > 0 else { return nil }
        let waiting = try change("waiting_requests")
        let queue = max(0, (waiting?.difference ?? 0)) / arrivals.during
        guard let itl = try change("itl_mean_seconds")?.difference,
            let length = try change("generation_length_mean_tokens")?.during
        else { return nil }
        return (queue, max(0, itl) * length)
    }

    /// Excess seconds of all users in the episode: longer waits for the first token, longer gaps between tokens; by Little's
    /// law at least the integral of the requests that wait more than usual.
    func excessUserSeconds() throws -> Double? {
        var total: Double?
        for signal in ["ttft_mean_seconds", "itl_mean_seconds"] {
            guard let change = try change(signal), let difference = change.difference, change.weight > 0,
                situation.table[signal, replica]?.exact != nil
            else { continue }
            total = (total ?? 0) + max(0, difference) * change.weight
        }
        if let outside = try change("beyond_engine_mean_seconds"), let difference = outside.difference,
            let arrivals = try change("arrival_rate_requests_per_second")
        {
            total = (total ?? 0) + max(0, difference) * arrivals.during * situation.seconds(range)
        }
        if let waiting = try change("waiting_requests"), let difference = waiting.difference {
            total = max(total ?? 0, max(0, difference) * situation.seconds(range))
        }
        return total
    }
}
