import TidemarkBase

/// What changed just before an episode.
struct Trigger {
    /// `arrivals rose to 1.7 times the usual`
    var text: Message
    var timeMs: Int64
}

extension Scene {
    /// The change nearest to the episode's beginning: a start of the server with what it changed, a jump of arrivals or of the
    /// requests' lengths, a fall of the clocks, of draft acceptance or of cache hits. From five minutes before to one after.
    func trigger() throws -> Trigger? {
        let span = situation.span(range)
        let before = span.startMs - 300_000
        let after = span.startMs + 60_000
        var found: [Trigger] = []
        let runs = situation.runs.filter { $0.replica == replica }
        for (index, run) in runs.enumerated() {
            guard let start = run.startMs, start >= before, start <= after, start > situation.grid.startMs else {
                continue
            }
            let changes = index > 0 ? EngineRun.differences(runs[index - 1], run) : []
            let words: Message = changes.isEmpty ? "" : " with \(Message.list(Array(changes.prefix(3))))"
            found.append(Trigger(text: "\(replica) was started anew\(words)", timeMs: start))
        }
        for (signal, least, words) in [
            ("arrival_rate_requests_per_second", 1.2, "arrivals went to"),
            ("prompt_length_mean_tokens", 1.25, "prompts went to"),
            ("generation_length_mean_tokens", 1.25, "answers went to"),
            ("prefix_cache_hit_ratio", 0.75, "prefix-cache hits went to"),
            ("spec_decode_acceptance_ratio", 0.75, "accepted draft tokens went to"),
            ("abort_requests_per_second", 3, "requests given up went to"),
            ("host_cpu_pressure_ratio", 3, "waiting for a CPU went to"),
        ] as [(String, Double, Message)] {
            guard let change = try change(signal), let ratio = change.ratio,
                least > 1 ? ratio >= least : ratio <= least, let track = try track(signal),
                let onset = onset(of: track, change)
            else { continue }
            let timeMs = situation.span(onset..<onset + 1).startMs
            guard timeMs >= before, timeMs <= after else { continue }
            found.append(Trigger(text: "\(words) \(Self.round3(ratio)) times the usual", timeMs: timeMs))
        }
        if let clocks = try clocks(), let worst = clocks.all.max(by: { $0.loss < $1.loss }), worst.loss >= 0.08,
            let track = try situation.track("gpu_sm_clock_hertz", worst.gpu),
            let onset = onset(of: track, Change(before: worst.before, during: worst.during, weight: 1))
        {
            let timeMs = situation.span(onset..<onset + 1).startMs
            if timeMs >= before, timeMs <= after {
                found.append(
                    Trigger(text: "the SM clock of \(worst.gpu) fell by \(percent(worst.loss))", timeMs: timeMs))
            }
        }
        return found.min { abs($0.timeMs - span.startMs) < abs($1.timeMs - span.startMs) }
    }

    /// The step in which a signal left its usual value for that of the episode: the first of three in a row beyond the middle,
    /// from five minutes before the episode on.
    private func onset(of track: Track, _ change: Change) -> Int? {
        guard let usual = change.before else { return nil }
        let middle = (usual + change.during) / 2
        let isRise = change.during > usual
        var count = 0
        for step in max(0, range.lowerBound - situation.steps(300))..<range.upperBound {
            guard let value = track.value(step..<step + 1) else { continue }
            count = (isRise ? value > middle : value < middle) ? count + 1 : 0
            if count == 3 { return max(0, step - 2) }
        }
        return nil
    }

    /// Seconds from an instant until users clearly felt it: the first symptom's beginning.
    func delay(since timeMs: Int64) -> Double? {
        let felt = episode.symptoms.filter { $0.replica == replica }.map { situation.span($0.range).startMs }.min()
        return felt.map { max(0, Double($0 - timeMs) / 1000) }
    }
}
