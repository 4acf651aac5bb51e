import TidemarkBase
import TidemarkStore

/// The weeks of one period: what was found in each is kept, and worked out anew only where evidence came.
///
/// The facts of a week follow from its evidence alone (``Store/slice(path:period:range:)``) and, for the comparison, from that of the
/// week before. What needs a longer history (``WeekOutlook``) is made from kept facts. So the result does not depend on when and
/// in which pieces the evidence was read.
public struct Weeks {
    /// How far back a week looks.
    public struct Windows: Sendable, Equatable {
        /// Weeks of demand that a forecast rests on.
        public var history = 13
        /// Weeks that share one error budget.
        public var budget = 4

        public init(history: Int = 13, budget: Int = 4) { (self.history, self.budget) = (history, budget) }

        /// Those that a period's weeks were last made with; nil when there are none.
        public static func read(_ store: Store, period: Int) throws -> Windows? {
            let row = try store.database.prepare(
                "SELECT history_weeks, budget_weeks FROM week_window WHERE period_id = ?")
            row.bind(1, period)
            return try row.step() ? Windows(history: row.int(0), budget: row.int(1)) : nil
        }

        func write(_ store: Store, period: Int) throws {
            try store.database.prepare("INSERT OR REPLACE INTO week_window VALUES (?, ?, ?)")
                .run(period, history, budget)
        }
    }

    /// Scope of the text `exhaustion` that says that the capacity lasts as far ahead as the history tells.
    public static let exhaustionFarOff = "far_off"

    let store: Store
    let path: String
    let period: Int
    let zone: LocalZone
    let windows: Windows
    let ledger: WeekLedger

    /// - Parameter path: of the store's file, which is opened a second time to read slices.
    public init(_ store: Store, path: String, period: Int, zone: LocalZone, windows: Windows = Windows()) throws {
        (self.store, self.path, self.period, self.zone, self.windows) = (store, path, period, zone, windows)
        let key = try store.configurationKey() + Analysis.toolVersion + "\(windows.history) \(windows.budget)"
        ledger = WeekLedger(
            store: store, period: period, zone: zone, configuration: withBytes(of: key) { SHA256.hex($0) })
    }

    /// Brings every week up to date. Each week is a transaction of its own: a killed run goes on when it is run again. The caller
    /// holds the lock.
    /// - Parameters:
    ///   - nowMs: weeks that end behind it are still going on.
    ///   - progress: called with the name of each week that is worked out.
    /// - Returns: the names of those weeks.
    @discardableResult
    public func refresh(nowMs: Int64, progress: (String) -> Void = { _ in }) throws -> [String] {
        try windows.write(store, period: period)
        try ledger.mark(nowMs: nowMs)
        var made: [String] = []
        for row in try ledger.rows("stale = 1") {
            progress(row.week.name)
            try refresh(row, nowMs: nowMs)
            made.append(row.week.name)
        }
        for row in try ledger.rows("rendered IS NULL") { try look(ahead: row) }
        return made
    }

    /// Works one week out anew, as far as its evidence is still there.
    public func rebuild(_ week: ISOWeek, nowMs: Int64) throws {
        try ledger.markStale(week)
        // All that is stale with it: a week is compared with the one before, and its page shows others.
        try refresh(nowMs: nowMs)
        for row in try ledger.rows("name = '\(week.name)'") { try look(ahead: row) }
    }

    private func refresh(_ row: WeekLedger.Row, nowMs: Int64) throws {
        let isOver = row.endMs <= nowMs
        guard let seen = try ledger.seenMs(row), seen > row.startMs else { return try discard(row) }
        let range = row.startMs...(isOver ? row.endMs - 1 : seen)
        let slice = try Store.slice(path: path, period: period, range: range)
        var facts = try WeekFacts(slice, period: period, name: row.week.name, keySource: store)
        guard facts.hasEvidence else { return try discard(row) }
        if let before = try previous(row) {
            let baseline = ComparedPeriod(store: before, period: period, name: row.week.previous.name)
            let candidate = ComparedPeriod(store: slice, period: period, name: row.week.name)
            facts.add(try Comparison(baseline, candidate))
        }
        try store.database.transaction {
            try WeekWriter(store: store, week: row.id).write(facts)
            try store.database.prepare(
                "UPDATE week SET stale = 0, seen_ms = ?, tool_version = ?, configuration = ? WHERE week_id = ?"
            ).run(seen, Analysis.toolVersion, ledger.configuration, row.id)
            try unrender(from: row)
        }
    }

    /// A week of which there is nothing leaves a gap.
    private func discard(_ row: WeekLedger.Row) throws {
        try store.database.transaction {
            try WeekWriter(store: store, week: row.id).clear()
            try store.database.prepare("DELETE FROM week WHERE week_id = ?").run(row.id)
            try unrender(from: row)
        }
    }

    /// Pages that show something of a week: its own, the one before (which leads to it), and all behind it: an error is new only
    /// where no earlier week has it.
    private func unrender(from row: WeekLedger.Row) throws {
        let before = try store.database.int(
            "SELECT max(start_ms) FROM week WHERE period_id = ? AND start_ms < ?", period, row.startMs)
        try store.database.prepare("UPDATE week SET rendered = NULL WHERE period_id = ? AND start_ms >= ?")
            .run(period, before.map(Int64.init) ?? row.startMs)
    }

    /// The evidence of the week before, if there is all of it.
    private func previous(_ row: WeekLedger.Row) throws -> Store? {
        let pruned = try ledger.prunedMs()
        guard
            let before = try ledger.rows(
                "name = '\(row.week.previous.name)' AND stale = 0 AND start_ms > \(pruned)"
            ).first
        else { return nil }
        return try Store.slice(path: path, period: period, range: before.startMs...before.endMs - 1)
    }

    private func look(ahead row: WeekLedger.Row) throws {
        let outlook = try WeekOutlook(store, row, period: period, zone: zone, windows: windows)
        try store.database.transaction { try outlook.write(store, week: row.id) }
    }
}
