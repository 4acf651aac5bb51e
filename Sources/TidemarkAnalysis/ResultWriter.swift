import TidemarkBase
import TidemarkStore

/// Writes the results of an analysis into their tables. The caller holds the transaction.
struct ResultWriter {
    let store: Store
    let period: Int

    /// Removes the period's older results and opens a new analysis.
    func begin(grid: TimeGrid) throws -> Int {
        let database = store.database
        let old = "(SELECT analysis_id FROM analysis WHERE period_id = \(period))"
        let findings = "(SELECT finding_id FROM finding WHERE analysis_id IN \(old))"
        for table in ["finding_evidence", "recommendation", "cause_share", "finding_budget"] {
            try database.execute("DELETE FROM \(table) WHERE finding_id IN \(findings)")
        }
        try database.execute(
            "DELETE FROM anomaly_signal WHERE anomaly_id IN (SELECT anomaly_id FROM anomaly WHERE analysis_id IN \(old))"
        )
        for table in [
            "ruled_out", "missing_evidence", "finding", "signal", "signal_origin", "figure", "distribution",
            "data_quality", "change_point", "log_template", "log_template_step", "anomaly", "demand_hour",
            "forecast", "forecast_summary", "capacity_estimate", "capacity_window", "capacity_line",
            "capacity_limit", "chart_point", "latency_cell", "latency_part",
        ] {
            try database.execute("DELETE FROM \(table) WHERE analysis_id IN \(old)")
        }
        for table in ["outlook", "sentence"] {
            try database.execute("DELETE FROM \(table) WHERE period_id = \(period)")
        }
        try database.execute("DELETE FROM analysis WHERE period_id = \(period)")
        try database.prepare(
            "INSERT INTO analysis(period_id, evidence_key, tool_version, start_ms, end_ms, step_ms) VALUES (?, ?, ?, ?, ?, ?)"
        ).run(
            period, try Analysis.evidenceKey(store, period: period), Analysis.toolVersion, grid.startMs, grid.endMs,
            grid.stepMs)
        return database.lastInsertedRow
    }

    func write(_ table: SignalTable, analysis: Int) throws {
        let insert = try store.database.prepare("INSERT INTO signal VALUES (?, ?, ?, ?, ?)")
        let origin = try store.database.prepare("INSERT INTO signal_origin VALUES (?, ?, ?, ?, ?)")
        for series in table.series.sorted(by: { ($0.signal.name, $0.instance) < ($1.signal.name, $1.instance) }) {
            try origin.run(analysis, series.signal.name, series.instance, series.origin, series.expression)
            insert.bind(1, analysis)
            insert.bind(2, series.signal.name)
            insert.bind(3, series.instance)
            for (index, value) in series.values.enumerated() {
                guard let value else { continue }
                insert.bind(4, table.grid.time(index))
                insert.bind(5, value)
                try insert.run()
            }
        }
    }

    func write(_ figures: [Figure], analysis: Int) throws {
        let insert = try store.database.prepare(
            "INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for figure in figures {
            try insert.run(
                analysis, figure.signal, figure.instance, figure.unit.rawValue, figure.value, figure.low, figure.high,
                figure.count, figure.worst, figure.worstLow, figure.worstHigh, figure.worstStartMs, figure.note,
                figure.refined, figure.worstRefined)
        }
    }

    func write(_ changes: SignalChanges, analysis: Int) throws {
        let insert = try store.database.prepare("INSERT INTO change_point VALUES (?, ?, ?, ?, ?, ?, ?)")
        for one in changes.changes {
            try insert.run(analysis, one.signal, one.instance, one.timeMs, one.before, one.after, one.p)
        }
    }

    func write(_ distributions: [Distribution], analysis: Int) throws {
        let insert = try store.database.prepare("INSERT INTO distribution VALUES (?, ?, ?, ?, ?, ?)")
        for one in distributions {
            for (position, bucket) in one.buckets.enumerated() {
                try insert.run(analysis, one.name, one.instance, position, bucket.label, bucket.count)
            }
        }
    }

    func write(_ diagnosis: Diagnosis, analysis: Int) throws {
        let database = store.database
        let sentence = try Sentences.Writer(store, period: period)
        let finding = try database.prepare(
            """
            INSERT INTO finding(analysis_id, rank, cause, start_ms, end_ms, confidence, impact_user_seconds,
                requests_affected, instances, summary, trigger_text, trigger_ms, delay_seconds, cost, currency)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        let share = try database.prepare("INSERT INTO cause_share VALUES (?, ?, ?, ?, ?, ?, ?)")
        let budget = try database.prepare("INSERT INTO finding_budget VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let quality = try database.prepare("INSERT INTO data_quality VALUES (?, ?, ?, ?, ?)")
        for (place, check) in diagnosis.quality.checks.enumerated() {
            try quality.run(analysis, place, check.name, check.isGood ? "good" : "doubt", sentence(check.text))
        }
        let evidence = try database.prepare("INSERT INTO finding_evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let advice = try database.prepare("INSERT INTO recommendation VALUES (?, ?, ?, ?)")
        let missing = try database.prepare("INSERT INTO missing_evidence VALUES (?, ?, ?, ?)")
        for (index, draft) in diagnosis.findings.enumerated() {
            try finding.run(
                analysis, index + 1, draft.cause, draft.startMs, draft.endMs, draft.confidence,
                draft.impactUserSeconds, draft.requestsAffected, ByteWriter.json(draft.instances),
                sentence(draft.summary),
                draft.trigger.map { try sentence($0.text) }, draft.trigger?.timeMs, draft.delaySeconds,
                draft.cost?.amount, draft.cost?.currency)
            let id = database.lastInsertedRow
            for (place, part) in draft.shares.enumerated() {
                try share.run(id, place, part.factor, part.share, part.before, part.during, sentence(part.text))
            }
            for one in draft.budgets {
                try budget.run(
                    id, one.signal, one.objectiveSeconds, one.observations, one.bad, one.badLow, one.badHigh,
                    one.burnRate, one.shareOfMonth)
            }
            for (place, one) in draft.evidence.enumerated() {
                try evidence.run(
                    id, place, one.signal, one.value, one.baseline, one.unit, one.source, one.line, sentence(one.text))
            }
            for (place, one) in draft.recommendations.enumerated() {
                try advice.run(id, place, one.flag, sentence(one.text))
            }
            for text in draft.missing { try missing.run(analysis, id, draft.cause, sentence(text)) }
        }
        let ruledOut = try database.prepare("INSERT INTO ruled_out VALUES (?, ?, ?, ?)")
        for (cause, text) in diagnosis.ruledOut { try ruledOut.run(analysis, Int?.none, cause, sentence(text)) }
        for (cause, text) in diagnosis.missing { try missing.run(analysis, Int?.none, cause, sentence(text)) }
    }

    /// What was found out about who belongs together.
    func write(_ fleet: Fleet) throws {
        for replica in fleet.replicas {
            _ = try store.instance(
                period: period, kind: "engine", name: replica.name, scrapeInstance: replica.scrapeInstance,
                joinedBy: replica.joinedBy)
        }
    }
}
