import TidemarkBase
import TidemarkStore

/// A level that changed for good, and what happened nearest to it. Results of the analysis, which must be there.
public struct LevelChange: Sendable {
    public var signal: String
    /// Replica, or `fleet`.
    public var instance: String
    public var timeMs: Int64
    /// Medians of the levels, in the signal's unit.
    public var before: Double
    public var after: Double
    /// Share of noise that does as much, after false-discovery control.
    public var p: Double?
    /// What happened nearest, within an hour or a hundredth of the period; nil when nothing did.
    public var event: (timeMs: Int64, text: String)?

    /// Those of a period in the order of time. A replica's change is left out where the fleet's same signal changed with it.
    public static func all(_ store: Store, period: Int) throws -> [LevelChange] {
        let rows = try store.database.prepare(
            """
            SELECT signal, instance, c.time_ms, before, after, p_value, end_ms - start_ms, step_ms
            FROM change_point c JOIN analysis USING (analysis_id) WHERE period_id = ? AND before IS NOT NULL
                AND after IS NOT NULL
            ORDER BY c.time_ms, signal, instance
            """)
        rows.bind(1, period)
        var found: [LevelChange] = []
        var reach: Int64 = 3_600_000
        while try rows.step() {
            reach = max(3_600_000, rows.optionalInt64(6).map { $0 / 100 } ?? 0, 2 * rows.int64(7))
            found.append(
                LevelChange(
                    signal: rows.text(0), instance: rows.text(1), timeMs: rows.int64(2), before: rows.double(3),
                    after: rows.double(4), p: rows.optionalDouble(5)))
        }
        let fleet = found.filter { $0.instance == SignalSeries.fleet }
        found.removeAll { one in
            one.instance != SignalSeries.fleet
                && fleet.contains { $0.signal == one.signal && abs($0.timeMs - one.timeMs) <= reach }
        }
        guard !found.isEmpty else { return [] }
        // What was done to the fleet says more than what was found of it.
        let kinds = [try Self.happenings(store, period: period), try Self.findings(store, period: period)]
        for place in found.indices {
            let time = found[place].timeMs
            found[place].event =
                kinds.lazy.compactMap { events in
                    events.min { abs($0.timeMs - time) < abs($1.timeMs - time) }.flatMap {
                        abs($0.timeMs - time) <= reach ? $0 : nil
                    }
                }.first
        }
        return found
    }

    /// Starts and ends of servers, errors of GPUs.
    private static func happenings(_ store: Store, period: Int) throws -> [(timeMs: Int64, text: String)] {
        var events: [(timeMs: Int64, text: String)] = []
        var last: EngineRun?
        for run in try EngineRun.all(store, period: period) {
            let before = last?.replica == run.replica ? last : nil
            last = run
            if let start = run.startMs, let before {
                let changes = EngineRun.differences(before, run)
                let words = changes.isEmpty ? "" : " with " + changes.prefix(3).joined(separator: ", ")
                events.append((start, "\(run.replica) was started anew\(words)"))
            }
            if let end = run.endMs, let reason = run.endReason {
                events.append((end, "\(run.replica) ended: \(reason)"))
            }
        }
        let gpu = try store.database.prepare(
            """
            SELECT e.time_ms, i.name, e.kind, e.code FROM gpu_event e JOIN instance i USING (instance_id)
            WHERE i.period_id = ? AND e.time_ms IS NOT NULL ORDER BY e.time_ms LIMIT 10000
            """)
        gpu.bind(1, period)
        while try gpu.step() {
            let code = gpu.optionalInt(3).map { " \($0)" } ?? ""
            events.append((gpu.int64(0), "\(gpu.text(1)): \(gpu.text(2))\(code)"))
        }
        return events
    }

    private static func findings(_ store: Store, period: Int) throws -> [(timeMs: Int64, text: String)] {
        var events: [(timeMs: Int64, text: String)] = []
        let findings = try store.database.prepare(
            """
            SELECT f.start_ms, f.end_ms, cause FROM finding f JOIN analysis USING (analysis_id)
            WHERE period_id = ? AND confidence > 0.5 ORDER BY f.start_ms
            """)
        findings.bind(1, period)
        while try findings.step() {
            events.append((findings.int64(0), "\(findings.text(2)) began"))
            events.append((findings.int64(1), "\(findings.text(2)) ended"))
        }
        return events
    }

    /// `2026-04-21T10:00:00Z itl_mean_seconds of replica-0: 0.0281 → 0.033 (+17 %); replica-0 was started anew …`
    public var text: String {
        func number(_ value: Double) -> String { ByteWriter.shortest(CapacityEstimate.rounded(value, digits: 3)) }
        var text = "\(CivilTime.rfc3339(timeMs)) \(signal)"
        if instance != SignalSeries.fleet { text += " of \(instance)" }
        text += ": \(number(before)) → \(number(after))"
        if before > 0, after > 0 {
            text += " (\(after > before ? "+" : "")\(ByteWriter.fixed(100 * (after / before - 1), decimals: 0)) %)"
        }
        return text + "; " + (event.map { "\($0.text), \(CivilTime.rfc3339($0.timeMs))" } ?? "no event near it")
    }

    /// `"change_points":[…]`, a member of `compare --format json`.
    public static func json(_ changes: [LevelChange]) -> String {
        var out = ByteWriter()
        out.write("\"change_points\":[")
        for (place, one) in changes.enumerated() {
            out.write(place > 0 ? ",{\"signal\":" : "{\"signal\":")
            out.writeJSONString(one.signal)
            out.write(",\"instance\":")
            out.writeJSONString(one.instance)
            out.write(",\"time\":\"\(CivilTime.rfc3339(one.timeMs))\",\"before\":\(ByteWriter.shortest(one.before))")
            out.write(",\"after\":\(ByteWriter.shortest(one.after))")
            out.write(",\"p\":" + (one.p.map(ByteWriter.shortest) ?? "null"))
            out.write(",\"event\":")
            if let event = one.event {
                out.writeJSONString(event.text)
                out.write(",\"event_time\":\"\(CivilTime.rfc3339(event.timeMs))\"}")
            } else {
                out.write("null}")
            }
        }
        out.write("]")
        return out.text
    }
}
