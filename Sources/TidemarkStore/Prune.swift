import TidemarkBase
import TidemarkSeries

/// Deletes evidence that is older than a horizon and keeps what it said by the hour, in the table `rollup`.
///
/// Each table is one transaction: a row is either there or in its roll-up, wherever a run is killed, and running again goes
/// on. Sources stay in the ledger, so that their files are not read again; so do process lives, their facts and the names of
/// series. A chunk goes when all of its samples are older.
public struct Prune {
    public struct Outcome: Sendable {
        /// Rows that were deleted, or would be, by table.
        public var deleted: [(table: String, rows: Int)] = []
        /// Size of the database before and after, in bytes, without its free pages.
        public var bytesBefore = 0
        public var bytesAfter = 0
        public var rows: Int { deleted.reduce(0) { $0 + $1.rows } }
    }

    private let store: Store
    private let database: Database
    private let horizonMs: Int64

    /// - Parameter beforeMs: the horizon, Unix ms; it is moved back to the beginning of its hour.
    public init(_ store: Store, beforeMs: Int64) {
        self.store = store
        database = store.database
        horizonMs = CivilTime.floorDivide(beforeMs, RollupRules.hourMs) * RollupRules.hourMs
    }

    /// The horizon in use, Unix ms.
    public var beforeMs: Int64 { horizonMs }

    /// - Parameter isDry: only counts.
    public func run(isDry: Bool = false) throws -> Outcome {
        var outcome = Outcome()
        outcome.bytesBefore = try usedBytes()
        if !isDry { try database.transaction { try closeTails() } }
        for table in try SourceTables.all(database) {
            let rows: Int
            switch table {
            case "chunk": rows = isDry ? try countChunks() : try database.transaction { try pruneChunks() }
            case "reject": rows = try prune("reject", where: Self.oldSource, isDry)
            case "rollup", "source_kind", "engine_run", "load_point", "span_resource": continue
            default:
                guard let rules = try RollupRules(table, database) else { continue }
                rows = isDry ? try count(rules) : try database.transaction { try prune(rules) }
            }
            if rows > 0 { outcome.deleted.append((table, rows)) }
        }
        let resources = try prune(
            "span_resource",
            where: "\(Self.oldSource) AND resource_id NOT IN (SELECT resource_id FROM span)", isDry)
        if resources > 0 { outcome.deleted.append(("span_resource", resources)) }
        let exemplars = try prune("exemplar", where: "ts_ms < ?1", isDry)
        if exemplars > 0 { outcome.deleted.append(("exemplar", exemplars)) }
        if !isDry, outcome.rows > 0 { try database.transaction { try sayIt() } }
        outcome.bytesAfter = try usedBytes()
        return outcome
    }

    private static let oldSource = "source_id IN (SELECT source_id FROM source WHERE last_ms < ?1)"

    private func usedBytes() throws -> Int {
        let pages = try database.int("PRAGMA page_count") ?? 0
        let free = try database.int("PRAGMA freelist_count") ?? 0
        return (pages - free) * (try database.int("PRAGMA page_size") ?? 0)
    }

    private func prune(_ table: String, where condition: String, _ isDry: Bool) throws -> Int {
        guard isDry else {
            return try database.transaction {
                try database.prepare("DELETE FROM \(table) WHERE \(condition)").run(horizonMs)
                return database.changedRows
            }
        }
        return try database.int("SELECT count(*) FROM \(table) WHERE \(condition)", horizonMs) ?? 0
    }

    /// A stream that is older as a whole has no end that may still change.
    private func closeTails() throws {
        let ledger = Ledger(store)
        for source in try ledger.all() {
            guard let tail = source.tail, let last = source.lastMs, last < horizonMs else { continue }
            var source = source
            source.progressBytes += tail.bytes
            source.progressLines += tail.lines
            source.tailSHA256 = ""
            source.tail = nil
            try ledger.save(&source)
        }
    }

    // MARK: Rows

    /// Which rows of a table go: those with a time before the horizon, and those of an older source that have none. The end
    /// of a stream that may still change stays, for it is read again.
    private func old(_ rules: RollupRules) throws -> String {
        var condition = """
            coalesce(\(rules.time), (SELECT last_ms FROM source s WHERE s.source_id = t.source_id)) < \(horizonMs)
            """
        for source in try Ledger(store).all() {
            guard let rows = source.tail?.rows[rules.table], rows > 0,
                let first = try database.int(
                    """
                    SELECT min(rowid) FROM
                        (SELECT rowid FROM \(rules.table) WHERE source_id = ? ORDER BY rowid DESC LIMIT \(rows))
                    """, source.id)
            else { continue }
            condition += " AND NOT (t.source_id = \(source.id) AND t.rowid >= \(first))"
        }
        return condition
    }

    private func count(_ rules: RollupRules) throws -> Int {
        try database.int("SELECT count(*) FROM \(rules.table) t WHERE \(try old(rules))") ?? 0
    }

    private func prune(_ rules: RollupRules) throws -> Int {
        let old = try old(rules)
        guard try database.int("SELECT 1 FROM \(rules.table) t WHERE \(old) LIMIT 1") != nil else { return 0 }
        for statement in rules.rollUps(where: old) { try database.execute(statement) }
        try database.execute("DELETE FROM \(rules.table) AS t WHERE \(old)")
        return database.changedRows
    }

    // MARK: Samples

    private func countChunks() throws -> Int {
        try database.int("SELECT count(*) FROM chunk WHERE end_ms < ?", horizonMs) ?? 0
    }

    private func pruneChunks() throws -> Int {
        let rows = try database.prepare(
            """
            SELECT series_id, source_id, start_ms, end_ms, encoding, data FROM chunk WHERE end_ms < ?
            ORDER BY series_id, start_ms, rowid
            """)
        rows.bind(1, horizonMs)
        let writer = try SeriesRollup(database)
        var series = -1
        var chunks: [SeriesChunk] = []
        while try rows.step() {
            if rows.int(0) != series {
                try writer.write(series, chunks)
                (series, chunks) = (rows.int(0), [])
            }
            chunks.append(
                SeriesChunk(
                    startMs: rows.int64(2), endMs: rows.int64(3), encoding: UInt8(truncatingIfNeeded: rows.int(4)),
                    part: rows.int(1), owned: [UInt8](rows.bytes(5))))
        }
        try writer.write(series, chunks)
        try database.prepare("DELETE FROM chunk WHERE end_ms < ?").run(horizonMs)
        return database.changedRows
    }

    // MARK: What is said of it

    private static let words = "evidence is rolled up by the hour before "

    /// Every source of which something was pruned says so.
    private func sayIt() throws {
        let now = Self.words + CivilTime.rfc3339(horizonMs)
        try database.prepare(
            """
            UPDATE source SET message = CASE
                WHEN message IS NULL OR message LIKE ?1 || '%' THEN ?2
                WHEN instr(message, '; ' || ?1) > 0 THEN substr(message, 1, instr(message, '; ' || ?1) - 1) || '; ' || ?2
                ELSE message || '; ' || ?2 END
            WHERE source_id IN (SELECT source_id FROM rollup) AND first_ms < ?3
            """
        ).run(Self.words, now, horizonMs)
    }
}
