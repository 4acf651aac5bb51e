extension Scene {
    /// How a server of this replica stopped in the episode or shortly before.
    struct Stop {
        var startMs: Int64
        /// `crash`, `shutdown`; nil: unknown.
        var reason: String?
        /// When the next server was ready; nil: not within the evidence.
        var readyMs: Int64?
    }

    /// The stop that began or ended the episode; from the log, else from a server that answered no scrapes.
    var stop: Stop? {
        let span = situation.span(range)
        for (index, run) in situation.runs.enumerated() where run.replica == replica {
            guard run.endReason != nil, let end = run.endMs, end >= span.startMs - 90_000, end <= span.endMs else {
                continue
            }
            let next = situation.runs[(index + 1)...].first { $0.replica == replica }
            return Stop(startMs: end, reason: run.endReason, readyMs: next?.readyMs ?? next?.startMs)
        }
        guard let down = episode.symptoms.first(where: { $0.kind == .down && $0.replica == replica }) else {
            return nil
        }
        let times = situation.span(down.range)
        return Stop(
            startMs: times.startMs, reason: nil,
            readyMs: down.range.upperBound < situation.grid.count ? times.endMs : nil)
    }

    /// A start of the server in the episode or shortly before, after it had served: from the log, or from a process that is
    /// another one. The first start of the evidence took nothing from anyone.
    func startInside() throws -> (readyMs: Int64, path: String?, line: Int?)? {
        let span = situation.span(range)
        for run in situation.runs where run.replica == replica {
            guard let start = run.startMs, start >= span.startMs - 180_000, start <= span.endMs,
                start > situation.grid.startMs, try served(before: start)
            else { continue }
            return (run.readyMs ?? start, run.path, run.firstLine)
        }
        guard let started = try track("process_start_unix_seconds"),
            let before = started.value(max(0, range.lowerBound - situation.steps(180))..<max(1, range.lowerBound)),
            let after = started.value(max(range.lowerBound, range.upperBound - 1)..<range.upperBound),
            after > before + 1
        else { return nil }
        return (Int64(after * 1000), nil, nil)
    }

    /// Whether the replica had requests in the evidence before an instant.
    private func served(before timeMs: Int64) throws -> Bool {
        let steps = situation.grid.range(situation.grid.startMs, timeMs)
        for signal in ["generation_tokens_per_second", "running_requests", "arrival_rate_requests_per_second"] {
            if let value = try track(signal)?.value(steps), value > 0 { return true }
        }
        return false
    }
}
