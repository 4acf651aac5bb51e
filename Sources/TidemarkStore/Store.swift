import Glibc
import TidemarkBase

/// A Tidemark database: one SQLite file with evidence and results (`docs/schema.md`).
public final class Store {
    public let database: Database
    /// Outside of it nothing is seen, Unix ms; nil: everything is (``slice(path:period:range:)``).
    public internal(set) var limits: ClosedRange<Int64>?

    /// Opens a store for reading.
    public static func open(path: String) throws -> Store {
        // A killed writer left a transaction to be rolled back, which a reader may not do. While one is at work it waits.
        if access(path + "-journal", F_OK) == 0, let database = try? Database(path: path, mode: .readWrite) {
            _ = try? database.int("SELECT count(*) FROM sqlite_master")
        }
        return try Store(path: path, mode: .readOnly)
    }

    /// Opens or creates a store for writing. Hold a ``RunLock`` meanwhile.
    public static func create(path: String) throws -> Store {
        try Store(path: path, mode: .create)
    }

    private init(path: String, mode: Database.Mode) throws {
        database = try Database(path: path, mode: mode)
        let mayWrite = mode != .readOnly
        if mayWrite {
            // The page cache is the largest buffer of an ingest: 16 MiB keeps the peak memory flat.
            try database.execute(
                "PRAGMA page_size = 16384; PRAGMA cache_size = -16384; PRAGMA synchronous = NORMAL; PRAGMA temp_store = FILE"
            )
        }
        try Schema.prepare(database, mayWrite: mayWrite)
    }

    /// Id of a period, made when it is new. Its `capture.json` is kept when given.
    public func period(named name: String, capture: String? = nil) throws -> Int {
        if let id = try database.int("SELECT period_id FROM period WHERE name = ?", name) {
            if let capture {
                try database.prepare("UPDATE period SET capture = ? WHERE period_id = ?").run(capture, id)
            }
            return id
        }
        try database.prepare("INSERT INTO period(name, capture) VALUES (?, ?)").run(name, capture)
        return database.lastInsertedRow
    }

    /// Id of an instance, made when it is new; what is given replaces what was not known.
    public func instance(
        period: Int, kind: String, name: String, scrapeInstance: String? = nil, joinedBy: String? = nil
    ) throws -> Int {
        let sql = """
            INSERT INTO instance(period_id, kind, name, scrape_instance, joined_by) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT(period_id, kind, name) DO UPDATE SET
                scrape_instance = coalesce(excluded.scrape_instance, scrape_instance),
                joined_by = coalesce(excluded.joined_by, joined_by)
            """
        try database.prepare(sql).run(period, kind, name, scrapeInstance, joinedBy)
        return try database.int(
            "SELECT instance_id FROM instance WHERE period_id = ? AND kind = ? AND name = ?", period, kind, name)!
    }

    /// A text that changes whenever evidence is added: results made from another one are stale.
    public func evidenceKey(period: Int) throws -> String {
        let sources =
            try database.text(
                """
                SELECT group_concat(source_id || ':' || progress_bytes || ':' || records || ':' || coalesce(clock_offset_ms, 0) || coalesce(tail, ''), ' ')
                FROM (SELECT * FROM source WHERE period_id = ? ORDER BY source_id)
                """, period) ?? ""
        let pruned =
            try database.text(
                "SELECT count(*) || ' ' || total(samples) FROM rollup JOIN source USING (source_id) WHERE period_id = ?",
                period) ?? ""
        // Results made with another configuration are stale as well.
        return withBytes(of: sources + pruned + (try configurationKey())) { SHA256.hex($0) }
    }

    /// A text that changes with the configuration.
    public func configurationKey() throws -> String {
        try database.text(
            """
            SELECT (SELECT coalesce(group_concat(name || title || expression || low_is_worst, ' '), '') FROM user_signal)
                || (SELECT coalesce(group_concat(signal || seconds, ' '), '') FROM objective)
                || (SELECT coalesce(group_concat(name || value, ' '), '') FROM plan_setting)
            """) ?? ""
    }
}

extension Store {
    /// All periods, by the time of their evidence.
    public func periods() throws -> [(id: Int, name: String)] {
        let rows = try database.prepare(
            """
            SELECT period_id, name FROM period p
            ORDER BY (SELECT min(first_ms) FROM source s WHERE s.period_id = p.period_id), period_id
            """)
        var found: [(id: Int, name: String)] = []
        while try rows.step() { found.append((rows.int(0), rows.text(1))) }
        return found
    }
}
