import TidemarkBase
import TidemarkStore

/// What follows from the evidence beyond the incident: how much the fleet can take, what will be asked of it, how each period
/// compares with the one before it. Each answer is stored in its tables and, as its command prints it, in `outlook`.
public struct Outlook {
    private let store: Store

    public init(_ store: Store) { self.store = store }

    /// Answers anew for all periods, in the order of time. The caller holds the lock; the periods are analysed.
    public func refresh() throws {
        let periods = try self.periods()
        for period in periods {
            let capacity = try CapacityReport(store, period: period.id, name: period.name)
            try capacity.write(store, period: period.id)
            try keep("capacity", CapacityReport.json([capacity]), of: period.id)
            let forecast = try DemandForecast(store, period: period.id, name: period.name)
            try forecast.write(store, period: period.id)
            try keep("forecast", forecast.json, of: period.id)
        }
        for (before, after) in zip(periods, periods.dropFirst()) {
            let comparison = try Comparison(
                ComparedPeriod(store: store, period: before.id, name: before.name),
                ComparedPeriod(store: store, period: after.id, name: after.name))
            try comparison.store(in: store)
            try keep("comparison", Comparison.json([comparison]), of: after.id)
        }
    }

    /// Whether a period was analysed since the last answers.
    public func isStale() throws -> Bool {
        try store.database.int(
            """
            SELECT 1 FROM analysis a WHERE NOT EXISTS
                (SELECT 1 FROM outlook o WHERE o.period_id = a.period_id AND kind = 'forecast')
            """) != nil
    }

    /// Those with an analysis, the one that began first at first.
    private func periods() throws -> [(id: Int, name: String)] {
        let rows = try store.database.prepare(
            "SELECT period_id, name FROM period JOIN analysis USING (period_id) ORDER BY start_ms, period_id")
        var found: [(Int, String)] = []
        while try rows.step() { found.append((rows.int(0), rows.text(1))) }
        return found
    }

    private func keep(_ kind: String, _ json: String, of period: Int) throws {
        try store.database.prepare("INSERT OR REPLACE INTO outlook VALUES (?, ?, ?)").run(period, kind, json)
    }

    /// The findings of all periods and the last answer of each kind as one object: `report.json`.
    public static func json(_ verdicts: [Verdict], _ store: Store) throws -> String {
        var members = [Verdict.json(verdicts)]
        let rows = try store.database.prepare(
            """
            SELECT json, max(start_ms) FROM outlook JOIN analysis USING (period_id) GROUP BY kind ORDER BY kind
            """)
        while try rows.step() { members.append(rows.text(0)) }
        // Each is an object with keys of its own.
        return "{" + members.map { String($0.dropFirst().dropLast()) }.joined(separator: ",") + "}"
    }
}
