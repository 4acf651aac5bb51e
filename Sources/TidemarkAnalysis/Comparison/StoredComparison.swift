import TidemarkStore

extension Comparison {
    /// Writes the comparison into its tables, in the place of an older one of the same two sides. The caller holds the lock.
    public func store(in store: Store) throws {
        try store.database.transaction {
            let database = store.database
            let old = "(SELECT comparison_id FROM comparison WHERE baseline = ?1 AND candidate = ?2)"
            for table in [
                "comparison_model", "comparison_part", "comparison_metric", "comparison_argument", "comparison",
            ] {
                try database.prepare("DELETE FROM \(table) WHERE comparison_id IN \(old)")
                    .run(baseline.name, candidate.name)
            }
            try database.prepare(
                """
                INSERT INTO comparison(baseline, baseline_start_ms, baseline_end_ms, candidate, candidate_start_ms,
                    candidate_end_ms, slowdown_percent, low, high, verdict, summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ).run(
                baseline.name, baseline.startMs, baseline.endMs, candidate.name, candidate.startMs, candidate.endMs,
                overall.slowdown, overall.low, overall.high, overall.verdict.rawValue, sentence.text)
            let id = database.lastInsertedRow
            for side in [baseline.name, candidate.name] {
                guard let period = try database.int("SELECT period_id FROM period WHERE name = ?", side) else {
                    continue
                }
                _ = try Sentences.Writer(store, period: period)(sentence)
            }
            let row = try database.prepare(
                "INSERT INTO comparison_model VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            let part = try database.prepare("INSERT INTO comparison_part VALUES (?, ?, ?, ?, ?)")
            for one in models {
                try row.run(
                    id, one.name, one.slowdown, one.low, one.high, one.verdict.rawValue, one.reason?.text,
                    one.isEquivalent ? 1 : 0, one.smallestDetectable, one.matched, one.raw, one.support, one.residual,
                    one.decomposition?.before, one.decomposition?.after)
                for (place, piece) in (one.decomposition?.parts ?? []).enumerated() {
                    try part.run(id, one.name, place, piece.factor.rawValue, piece.seconds)
                }
            }
            let metric = try database.prepare(
                "INSERT INTO comparison_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for one in metrics {
                try metric.run(
                    id, one.model, one.name, one.unit.rawValue, one.before, one.after, one.change, one.adjusted,
                    one.low,
                    one.high, one.q, one.verdict.rawValue)
            }
            let argument = try database.prepare("INSERT INTO comparison_argument VALUES (?, ?, ?, ?)")
            for one in arguments ?? [] { try argument.run(id, one.name, one.before, one.after) }
        }
    }
}
