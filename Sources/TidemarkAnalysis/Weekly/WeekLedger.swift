import TidemarkBase
import TidemarkStore

/// Which weeks there are, and of which the stored results no longer say what the evidence does.
struct WeekLedger {
    let store: Store
    let period: Int
    let zone: LocalZone
    /// Changes whenever the same evidence would give other results.
    let configuration: String

    /// Times further back are taken for mistakes of a clock.
    private static let mostWeeks = 1040
    /// Streams that only grow at their end; everything else may bring any time when it is read again.
    private static let growing =
        "('vllm-log', 'gateway-access', 'kernel-log', 'nvidia-smi-query', 'nvidia-smi-dmon', 'nvidia-smi-pmon')"
    /// What tells how far a source was read; before the bar what moves all of its times.
    private static let progress =
        "coalesce(s.clock_offset_ms, 0) || '|' || s.progress_bytes || ':' || s.records || ':' || coalesce(s.tail, '')"

    /// A stored week.
    struct Row {
        var id: Int
        var week: ISOWeek
        var startMs: Int64
        var endMs: Int64
    }

    /// Takes note of the evidence that came since the last call: weeks that it touches become stale, and so do those after them,
    /// which are compared with them. All or nothing.
    func mark(nowMs: Int64) throws {
        try store.database.transaction {
            try followZone()
            let ranges = try newEvidence()
            let earliest = nowMs - Int64(Self.mostWeeks) * 7 * CivilTime.millisPerDay
            for range in ranges where range.upperBound >= earliest && range.lowerBound <= nowMs + CivilTime.millisPerDay
            {
                let first = ISOWeek(at: max(range.lowerBound, earliest), zone: zone)
                let last = ISOWeek(at: min(range.upperBound, nowMs + CivilTime.millisPerDay), zone: zone)
                var week = first
                while week <= last {
                    try markStale(week)
                    week = week.next
                }
                try store.database.prepare(
                    "UPDATE week SET stale = 1 WHERE period_id = ? AND name = ? AND start_ms > ?"
                )
                .run(period, last.next.name, try prunedMs())
            }
            // What was looked at while it went on is looked at once more when it is over.
            try store.database.prepare(
                """
                UPDATE week SET stale = iif(start_ms > ?3, 1, stale), rendered = NULL
                WHERE period_id = ?1 AND substr(rendered, 1, 6) = 'so_far' AND end_ms <= ?2
                """
            ).run(period, nowMs, try prunedMs())
        }
    }

    /// Weeks begin elsewhere in another zone, and mean something else with another configuration, as far as there still is evidence.
    private func followZone() throws {
        let pruned = try prunedMs()
        for row in try rows("zone <> '\(zone.name.filter { $0 != "'" })' AND start_ms > \(pruned)") {
            try store.database.prepare(
                "UPDATE week SET zone = ?, start_ms = ?, end_ms = ?, stale = 1 WHERE week_id = ?"
            )
            .run(zone.name, row.week.startMs(zone), row.week.endMs(zone), row.id)
        }
        try store.database.prepare(
            "UPDATE week SET stale = 1 WHERE period_id = ? AND start_ms > ? AND configuration IS NOT NULL AND configuration <> ?"
        ).run(period, pruned, configuration)
    }

    /// A week with evidence that is not pruned is worked out anew; one that isn't known begins.
    func markStale(_ week: ISOWeek) throws {
        let start = week.startMs(zone)
        try store.database.prepare(
            "INSERT OR IGNORE INTO week(period_id, name, zone, start_ms, end_ms) VALUES (?, ?, ?, ?, ?)"
        ).run(period, week.name, zone.name, start, week.endMs(zone))
        // What remains of a pruned week must not take the place of what was found in all of it.
        try store.database.prepare("UPDATE week SET stale = 1 WHERE period_id = ? AND name = ? AND start_ms > ?")
            .run(period, week.name, try prunedMs())
    }

    /// Start of the last hour of which evidence was deleted, Unix ms.
    func prunedMs() throws -> Int64 {
        Int64(
            try store.database.int(
                "SELECT max(hour_ms) FROM rollup JOIN source USING (source_id) WHERE period_id = ?", period)
                ?? Int(Int32.min))
    }

    /// Stretches of time that sources were read of since the last call.
    private func newEvidence() throws -> [ClosedRange<Int64>] {
        let rows = try store.database.prepare(
            """
            SELECT s.source_id, s.first_ms, s.last_ms, \(Self.progress), s.format IN \(Self.growing), w.progress, w.first_ms,
                w.last_ms
            FROM source s LEFT JOIN week_stream w ON w.stream_id = s.source_id
            WHERE s.period_id = ? AND s.first_ms IS NOT NULL AND s.last_ms >= s.first_ms
                AND (w.stream_id IS NULL OR w.progress <> \(Self.progress))
            ORDER BY s.source_id
            """)
        rows.bind(1, period)
        struct Source {
            var id: Int
            var progress: String
            var range: ClosedRange<Int64>
        }
        var sources: [Source] = []
        var ranges: [ClosedRange<Int64>] = []
        while try rows.step() {
            let range = rows.int64(1)...rows.int64(2)
            sources.append(Source(id: rows.int(0), progress: rows.text(3), range: range))
            let offset = rows.text(3).prefix { $0 != "|" }
            if rows.int(4) == 1, let before = rows.optionalText(5), before.prefix(while: { $0 != "|" }) == offset,
                rows.int64(6) == range.lowerBound
            {
                // The last lines may have been read anew, and lines without a stamp carry an older one.
                let from = min(rows.int64(7), range.upperBound) - HourlyCounters.hourMs
                ranges.append(max(range.lowerBound, from)...range.upperBound)
            } else {
                ranges.append(range)
                // Where its times were before, they are no longer.
                if rows.optionalText(5) != nil { ranges.append(rows.int64(6)...max(rows.int64(6), rows.int64(7))) }
            }
        }
        let keep = try store.database.prepare("INSERT OR REPLACE INTO week_stream VALUES (?, ?, ?, ?)")
        for one in sources { try keep.run(one.id, one.progress, one.range.lowerBound, one.range.upperBound) }
        return Self.merged(ranges)
    }

    /// Overlapping ranges, and those less than an hour apart, as one.
    static func merged(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var found: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = found.last, range.lowerBound <= last.upperBound.advanced(by: Int(HourlyCounters.hourMs)) {
                found[found.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                found.append(range)
            }
        }
        return found
    }

    /// Weeks by the order of time.
    /// - Parameter condition: SQL over the columns of `week`.
    func rows(_ condition: String) throws -> [Row] {
        let rows = try store.database.prepare(
            "SELECT week_id, name, start_ms, end_ms FROM week WHERE period_id = ? AND \(condition) ORDER BY start_ms, name"
        )
        rows.bind(1, period)
        var found: [Row] = []
        while try rows.step() {
            guard let week = ISOWeek(name: rows.text(1)) else { continue }
            found.append(Row(id: rows.int(0), week: week, startMs: rows.int64(2), endMs: rows.int64(3)))
        }
        return found
    }

    /// Latest time of evidence of the period before the end of a week, Unix ms; nil without any.
    func seenMs(_ row: Row) throws -> Int64? {
        let found = try store.database.int(
            "SELECT max(min(last_ms, ?3)) FROM source WHERE period_id = ?1 AND last_ms >= ?2 AND first_ms <= ?3",
            period,
            row.startMs, row.endMs - 1)
        return found.map(Int64.init)
    }
}
