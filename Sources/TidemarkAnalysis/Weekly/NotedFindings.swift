import TidemarkBase
import TidemarkStore

/// A finding of a week, as it is told to other programs.
public struct WeekFinding: Sendable {
    public var week: String
    public var cause: String
    public var startMs: Int64
    public var endMs: Int64
    public var confidence: Double
    public var impactUserSeconds: Double?
    public var requestsAffected: Double?
    public var instances: [String]
    public var summary: String
    public var recommendations: [String]
    public var cost: Double?
    public var currency: String?
    /// 2 when an earlier call for it was cut off.
    public var attempt = 1

    /// high, medium, low.
    public var level: String { Confidence.word(confidence) }

    /// One JSON object without line feeds.
    public func json(fleet: String, page: String) -> String {
        var out = ByteWriter()
        func text(_ name: String, _ value: String?) {
            out.write("\"\(name)\":")
            if let value { out.writeJSONString(value) } else { out.write("null") }
            out.write(",")
        }
        func number(_ name: String, _ value: Double?) {
            out.write("\"\(name)\":\(value.map(ByteWriter.shortest) ?? "null"),")
        }
        out.write("{")
        text("fleet", fleet)
        text("week", week)
        text("cause", cause)
        text("title", Verdict.title(cause).text)
        text("start", CivilTime.rfc3339(startMs))
        text("end", CivilTime.rfc3339(endMs))
        number("confidence", confidence)
        text("level", level)
        number("impact_user_seconds", impactUserSeconds)
        number("requests_affected", requestsAffected)
        out.write("\"instances\":")
        out.writeJSON(instances)
        out.write(",")
        text("summary", summary)
        out.write("\"recommendations\":")
        out.writeJSON(recommendations)
        out.write(",")
        number("cost", cost)
        text("currency", currency)
        text("page", page)
        out.write("\"attempt\":\(attempt)}")
        return out.text
    }
}

/// The findings of kept weeks.
public enum WeekFindings {
    /// Of the last week that there is evidence of.
    public static func latest(_ store: Store, period: Int) throws -> [WeekFinding] {
        try read(
            store, period: period,
            where: "week_id = (SELECT week_id FROM week WHERE period_id = ?1 ORDER BY start_ms DESC LIMIT 1)")
    }

    /// Of all weeks, in the order of time.
    public static func all(_ store: Store, period: Int) throws -> [WeekFinding] {
        try read(store, period: period, where: "TRUE")
    }

    /// In the order of time.
    /// - Parameter condition: SQL over the columns of `week` and `week_finding`; `?1` is the period.
    static func read(_ store: Store, period: Int, where condition: String) throws -> [WeekFinding] {
        let rows = try store.database.prepare(
            """
            SELECT w.name, cause, f.start_ms, f.end_ms, confidence, impact_user_seconds, requests_affected, instances, summary,
                recommendations, cost, currency
            FROM week_finding f JOIN week w USING (week_id)
            WHERE w.period_id = ?1 AND \(condition) ORDER BY f.start_ms, rank
            """)
        rows.bind(1, period)
        var found: [WeekFinding] = []
        while try rows.step() {
            found.append(
                WeekFinding(
                    week: rows.text(0), cause: rows.text(1), startMs: rows.int64(2), endMs: rows.int64(3),
                    confidence: rows.double(4), impactUserSeconds: rows.optionalDouble(5),
                    requestsAffected: rows.optionalDouble(6), instances: try strings(rows.bytes(7)),
                    summary: rows.text(8), recommendations: try strings(rows.bytes(9)),
                    cost: rows.optionalDouble(10), currency: rows.optionalText(11)))
        }
        return found
    }

    static func strings(_ json: Bytes) throws -> [String] {
        var found: [String] = []
        var reader = JSONReader(json)
        try reader.array { found.append(try $0.string().text) }
        return found
    }
}

/// Which findings other programs were told of. A finding is the same when its cause is, when it touches the time of the noted one (an
/// hour around it included), and when they share a replica: a week that is looked at again moves its ends a little, and an incident
/// at midnight between two weeks is found in both.
public struct NotedFindings {
    private let store: Store
    private let period: Int

    private static let slackMs: Int64 = 3_600_000
    /// Older findings are history when a command is given for the first time.
    private static let newestDays: Int64 = 28

    private struct Note {
        var id: Int
        var cause: String
        var startMs: Int64
        var endMs: Int64
        var instances: Set<String>
        var isCutOff: Bool

        func covers(_ finding: WeekFinding) -> Bool {
            cause == finding.cause && finding.startMs <= endMs + slackMs && finding.endMs >= startMs - slackMs
                && (instances.isEmpty || finding.instances.isEmpty || !instances.isDisjoint(with: finding.instances))
        }
    }

    public init(_ store: Store, period: Int) { (self.store, self.period) = (store, period) }

    /// Findings that no command was called for, in the order of time. Notes grow with findings that go on.
    public func new(nowMs: Int64) throws -> [WeekFinding] {
        let rows = try store.database.prepare(
            "SELECT noted_id, cause, start_ms, end_ms, instances, state FROM noted_finding WHERE period_id = ?")
        rows.bind(1, period)
        var notes: [Note] = []
        while try rows.step() {
            notes.append(
                Note(
                    id: rows.int(0), cause: rows.text(1), startMs: rows.int64(2), endMs: rows.int64(3),
                    instances: Set(try WeekFindings.strings(rows.bytes(4))), isCutOff: rows.text(5) == "calling"))
        }
        let from = nowMs - Self.newestDays * CivilTime.millisPerDay
        var found: [WeekFinding] = []
        let grow = try store.database.prepare("UPDATE noted_finding SET start_ms = ?, end_ms = ? WHERE noted_id = ?")
        try store.database.transaction {
            for var finding in try WeekFindings.read(store, period: period, where: "f.end_ms >= \(from)") {
                if let place = notes.firstIndex(where: { $0.covers(finding) }) {
                    notes[place].startMs = min(notes[place].startMs, finding.startMs)
                    notes[place].endMs = max(notes[place].endMs, finding.endMs)
                    try grow.run(notes[place].startMs, notes[place].endMs, notes[place].id)
                    guard notes[place].isCutOff else { continue }
                    notes[place].isCutOff = false
                    finding.attempt = 2
                    found.append(finding)
                } else if !found.contains(where: { Self.isSame($0, finding) }) {
                    found.append(finding)
                }
            }
        }
        return found
    }

    private static func isSame(_ a: WeekFinding, _ b: WeekFinding) -> Bool {
        Note(id: 0, cause: a.cause, startMs: a.startMs, endMs: a.endMs, instances: Set(a.instances), isCutOff: false)
            .covers(b)
    }

    /// Writes down that the command is about to be called.
    public func begin(_ finding: WeekFinding) throws -> Int {
        try store.database.transaction {
            if finding.attempt > 1,
                let id = try store.database.int(
                    """
                    SELECT noted_id FROM noted_finding WHERE period_id = ? AND state = 'calling' AND cause = ? AND start_ms <= ?
                        AND end_ms >= ?
                    """, period, finding.cause, finding.endMs, finding.startMs)
            {
                return id
            }
            try store.database.prepare(
                "INSERT INTO noted_finding(period_id, cause, start_ms, end_ms, instances, state) VALUES (?, ?, ?, ?, ?, 'calling')"
            ).run(period, finding.cause, finding.startMs, finding.endMs, ByteWriter.json(finding.instances))
            return store.database.lastInsertedRow
        }
    }

    public func end(_ id: Int, failure: String?) throws {
        try store.database.prepare("UPDATE noted_finding SET state = ?, message = ? WHERE noted_id = ?")
            .run(failure == nil ? "done" : "failed", failure, id)
    }
}
