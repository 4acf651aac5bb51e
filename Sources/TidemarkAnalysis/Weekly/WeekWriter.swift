import TidemarkBase
import TidemarkStore

#if canImport(Glibc)
    import Glibc
#endif

/// Replaces the stored facts of a week. The caller holds the transaction.
struct WeekWriter {
    let store: Store
    let week: Int

    private static let tables = [
        "week_value", "week_text", "week_hour", "week_objective", "week_finding", "week_error", "week_usage",
        "week_bucket", "week_user", "week_sentence",
    ]

    func clear() throws {
        for table in Self.tables {
            try store.database.prepare("DELETE FROM \(table) WHERE week_id = ?").run(week)
        }
    }

    func write(_ facts: WeekFacts) throws {
        try clear()
        let database = store.database
        let value = try database.prepare("INSERT OR REPLACE INTO week_value VALUES (?, ?, ?, ?, ?, ?)")
        for one in facts.values + facts.usage.values {
            try value.run(
                week, one.scope, one.name, Self.rounded(one.value), one.low.map(Self.rounded),
                one.high.map(Self.rounded))
        }
        try write(facts.texts + facts.usage.texts)
        let hour = try database.prepare("INSERT OR REPLACE INTO week_hour VALUES (?, ?, ?)")
        for one in facts.hours { try hour.run(week, one.timeMs, Self.rounded(one.rps)) }
        let objective = try database.prepare(
            "INSERT OR REPLACE INTO week_objective VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for one in facts.objectives {
            try objective.run(
                week, one.scope, one.signal, one.seconds, Self.rounded(one.allowed), Self.rounded(one.observations),
                Self.rounded(one.bad), Self.rounded(one.badLow), Self.rounded(one.badHigh),
                one.burn1h.map(Self.rounded), one.burn6h.map(Self.rounded), one.burn3d.map(Self.rounded), one.pages)
        }
        let sentence = try Sentences.Writer(store, week: week)
        let finding = try database.prepare(
            "INSERT INTO week_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for one in facts.findings {
            try finding.run(
                week, one.rank, one.cause, one.startMs, one.endMs, Self.rounded(one.confidence),
                one.impactUserSeconds.map(Self.rounded), one.requestsAffected.map(Self.rounded),
                ByteWriter.json(one.instances), sentence(one.summary),
                ByteWriter.json(one.recommendations.map { try sentence($0.text) }),
                one.cost.map(Self.rounded), one.currency)
        }
        let error = try database.prepare("INSERT OR REPLACE INTO week_error VALUES (?, ?, ?, ?, ?, ?, ?)")
        for one in facts.errors {
            try error.run(week, one.id, one.level, one.kind, one.text, one.events, one.firstMs)
        }
        let usage = try database.prepare("INSERT OR REPLACE INTO week_usage VALUES (?, ?, ?, ?, ?, ?, ?)")
        for one in facts.usage.rows {
            try usage.run(
                week, one.kind, one.name, one.requests.map(Self.rounded), one.promptTokens.map(Self.rounded),
                one.generatedTokens.map(Self.rounded), one.cost.map(Self.rounded))
        }
        let bucket = try database.prepare("INSERT INTO week_bucket VALUES (?, ?, ?, ?, ?, ?)")
        for (name, own) in Dictionary(grouping: facts.usage.buckets, by: \.name).sorted(by: { $0.key < $1.key }) {
            for (place, one) in own.enumerated() {
                try bucket.run(week, name, place, one.low, one.high, Self.rounded(one.count))
            }
        }
        let user = try database.prepare("INSERT OR REPLACE INTO week_user VALUES (?, ?, ?, ?)")
        for one in facts.usage.users { try user.run(week, one.hash, one.requests, one.sessions) }
    }

    /// Adds texts behind those that are there.
    func write(_ texts: [(topic: String, scope: String, text: Message)]) throws {
        let sentence = try Sentences.Writer(store, week: week)
        let insert = try store.database.prepare("INSERT OR REPLACE INTO week_text VALUES (?, ?, ?, ?, ?)")
        var places: [String: Int] = [:]
        for one in texts {
            try insert.run(week, one.topic, places[one.topic, default: 0], one.scope, sentence(one.text))
            places[one.topic, default: 0] += 1
        }
    }

    /// Nine significant digits: in the order in which evidence happened to be stored sums differ in their last bits, and a week must
    /// not.
    static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value.isFinite ? 0 : value }
        let digits = 8 - Int(floor(log10(abs(value))))
        guard (-300...300).contains(digits) else { return value }
        let scale = pow(10, Double(abs(digits)))
        return digits >= 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
    }
}
