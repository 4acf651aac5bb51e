import TidemarkBase
import TidemarkStore

/// Cuts a period into the two parts of a comparison.
public enum PeriodSplit {
    public struct Parts: Sendable {
        public var before: ClosedRange<Int64>
        public var after: ClosedRange<Int64>
        /// What lies between them, in words.
        public var event: String
    }

    /// Restarts of several replicas so close together are one roll-out.
    private static let rolloutMs: Int64 = 30 * 60_000

    /// Around the last restart after which a version or an argument was another one; without such a one around the last restart.
    /// Starts come from the logs, else from `process_start_time_seconds`. nil: no server was restarted within the evidence.
    public static func restart(_ store: Store, period: Int) throws -> Parts? {
        guard let evidence = try PeriodEvidence(ComparedPeriod(store: store, period: period, name: "")) else {
            return nil
        }
        let grid = evidence.grid
        var starts: [(startMs: Int64, readyMs: Int64, changes: [String])] = []
        for replica in evidence.replicas {
            let runs = evidence.runs.filter { $0.replica == replica && $0.startMs != nil }
            for (place, run) in runs.enumerated() {
                // The first start of the evidence has nothing before it.
                guard let start = run.startMs, start > grid.startMs + 60_000, start < grid.endMs else { continue }
                let changes = place > 0 ? EngineRun.differences(runs[place - 1], run).map(\.text) : []
                starts.append((start, max(start, run.readyMs ?? start), changes))
            }
            guard runs.isEmpty, let track = try evidence.track("process_start_unix_seconds", replica) else { continue }
            var last: Double?
            for step in 0..<grid.count {
                guard let now = track.value(step..<step + 1) else { continue }
                if let last, now > last + 1, now < 9e12 {
                    let start = Int64(now * 1000)
                    starts.append((start, max(start, grid.time(step)), []))
                }
                last = now
            }
        }
        starts.sort { $0.startMs < $1.startMs }
        guard let last = starts.last(where: { !$0.changes.isEmpty }) ?? starts.last else { return nil }
        var (first, ready) = (last.startMs, last.readyMs)
        for one in starts.reversed() where one.startMs <= first && first - one.startMs <= rolloutMs {
            first = one.startMs
        }
        for one in starts where one.startMs >= last.startMs && one.startMs - ready <= rolloutMs {
            ready = max(ready, one.readyMs)
        }
        guard first > grid.startMs, ready < grid.endMs else { return nil }
        let restarted = starts.count { $0.startMs >= first && $0.startMs <= ready }
        var event = "restart at \(CivilTime.rfc3339(first))"
        if restarted > 1 { event += " (\(restarted) servers until \(CivilTime.rfc3339(ready)))" }
        if !last.changes.isEmpty { event += ": " + last.changes.prefix(4).joined(separator: ", ") }
        return Parts(before: grid.startMs...first, after: ready...grid.endMs, event: event)
    }

    /// Seven days each, counted back from the end of the evidence, the oldest first; a first week of less than a day is left out.
    public static func weeks(_ store: Store, period: Int) throws -> [ClosedRange<Int64>] {
        guard let window = try Analysis(store: store, period: period).window() else { return [] }
        let week: Int64 = 7 * 86_400_000
        var found: [ClosedRange<Int64>] = []
        var end = window.upperBound
        while end - window.lowerBound >= 86_400_000 {
            let start = max(window.lowerBound, end - week)
            found.append(start...end)
            end = start
        }
        return found.reversed()
    }

    /// The time of a period's evidence, Unix ms.
    public static func window(_ store: Store, period: Int) throws -> ClosedRange<Int64>? {
        try Analysis(store: store, period: period).window()
    }
}
