import CSQLite
import TidemarkBase
import TidemarkSampleTable

/// A connection to one SQLite file. Not thread-safe: one owner, one thread at a time.
public final class Database {
    public enum Mode: Sendable { case readOnly, readWrite, create }

    /// For the modules of this package that call SQLite themselves.
    package var handle: OpaquePointer {
        lane.pause()
        return raw
    }
    private let raw: OpaquePointer
    public let path: String
    /// Where batches of rows are inserted while others are being made.
    let lane = WriteLane()
    /// How many batches were made readable.
    var attached = 0
    /// The bulk inserts in use: what they hold belongs to the transaction at hand.
    var inserts: [UnownedInsert] = []

    /// What the library must be told once, before its first use.
    private static let prepared: Void = {
        _ = tidemark_sqlite3_without_memory_statistics()
        SampleTable.registerEverywhere()
    }()

    /// Opens `path`. Waits up to `busyMillis` for another connection's lock.
    /// - Throws: ``TidemarkError``: `missingInput` when a file to be read isn't there, `cannotWrite` when it can't be
    ///   created, `unusableInput` when it isn't a database.
    public init(path: String, mode: Mode, busyMillis: Int32 = 5000) throws {
        let flags: Int32
        switch mode {
        case .readOnly: flags = SQLITE_OPEN_READONLY
        case .readWrite: flags = SQLITE_OPEN_READWRITE
        case .create: flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        _ = Self.prepared
        var opened: OpaquePointer?
        let status = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard status == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw TidemarkError(
                mode == .create ? .cannotWrite : .missingInput, "cannot open the database: \(message)", file: path,
                hint: mode == .create
                    ? "check that the folder exists and can be written"
                    : "make one with `tidemark ingest EVIDENCE --db \(path)`, or name another with --db")
        }
        raw = opened
        self.path = path
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, busyMillis)
    }

    deinit {
        lane.close()
        sqlite3_close_v2(raw)
    }

    /// Runs one or more statements without results.
    public func execute(_ sql: String) throws {
        // Rows may be added there, too. What failed there is undone with the rest.
        if sql.hasPrefix("ROLLBACK") { try? lane.settle() } else { try lane.settle() }
        if sql.hasPrefix("COMMIT") { for insert in inserts { try insert.value.flush() } }
        if sql.hasPrefix("ROLLBACK") { for insert in inserts { insert.value.discard() } }
        try lane.settle()
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw failure(status, sql) }
    }

    /// Waits until all that was given is in the tables.
    /// - Throws: what failed meanwhile.
    public func settle() throws { try lane.settle() }

    /// Runs `save`, commits what was given so far and begins the next transaction, on the lane: behind the rows under way, and
    /// without waiting for the disk. What fails is thrown when the database is used next.
    public func commitOnLane(_ save: @escaping () throws -> Void = {}) throws {
        for insert in inserts where !insert.value.isFilledOnLane { try insert.value.flush() }
        try lane.submit { [unowned self] in
            try save()
            let sql = "COMMIT; BEGIN IMMEDIATE"
            let status = sqlite3_exec(raw, sql, nil, nil, nil)
            guard status == SQLITE_OK else { throw failure(status, sql) }
        }
    }

    public func prepare(_ sql: String) throws -> Statement { try Statement(self, sql) }

    /// Runs `body` inside a transaction that takes the write lock at once; rolls back when it throws.
    public func transaction<R>(_ body: () throws -> R) throws -> R {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            try? lane.settle()
            if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// The first column of the first row as an integer; nil without a row or for NULL.
    public func int(_ sql: String, _ bindings: any SQLValue...) throws -> Int? {
        let statement = try prepare(sql)
        for (index, value) in bindings.enumerated() { value.bind(to: statement, at: index + 1) }
        guard try statement.step() else { return nil }
        return statement.optionalInt(0)
    }

    /// The first column of the first row as text.
    public func text(_ sql: String, _ bindings: any SQLValue...) throws -> String? {
        let statement = try prepare(sql)
        for (index, value) in bindings.enumerated() { value.bind(to: statement, at: index + 1) }
        guard try statement.step() else { return nil }
        return statement.optionalText(0)
    }

    public var lastInsertedRow: Int { Int(sqlite3_last_insert_rowid(handle)) }
    public var changedRows: Int { Int(sqlite3_changes(handle)) }

    func failure(_ status: Int32, _ sql: String) -> TidemarkError {
        // Called on the lane, too, which must not wait for itself.
        let message = String(cString: sqlite3_errmsg(raw))
        switch status & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            return TidemarkError(
                .locked, "another process is writing to the database", file: path, hint: "wait for it, or end it")
        case SQLITE_FULL, SQLITE_IOERR:
            return TidemarkError(
                .inputOutput, "cannot write to the database: \(message)", file: path,
                hint: "free space on the device; what was committed before is kept")
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            return TidemarkError(.cannotWrite, "cannot write to the database: \(message)", file: path)
        case SQLITE_NOTADB, SQLITE_CORRUPT:
            return TidemarkError(
                .unusableInput, "this is not a usable SQLite database: \(message)", file: path,
                hint: "name another file with --db, or move this one away")
        default:
            return TidemarkError(.unusableInput, "\(message), in: \(sql.prefix(400))", file: path)
        }
    }
}
