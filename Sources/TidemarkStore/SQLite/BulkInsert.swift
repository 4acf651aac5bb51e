import CSQLite
import TidemarkBase

/// Inserts many rows into one table at a third of the cost of a statement a row.
///
/// The rows wait in a ``RowBatch``; a full one is inserted by `INSERT INTO … SELECT` from a virtual table that shows
/// the batch, on the database's ``WriteLane``, while the other one is being filled. Rows get ascending row ids without
/// gaps, in the order in which they were added. A commit takes along what waits, a rollback drops it.
final class BulkInsert {
    private let database: Database
    private let table: BatchTable
    private let statement: Statement
    private let lean: Statement?
    /// Whether rows are added by work on the lane.
    let isFilledOnLane: Bool
    /// Where the next row is added. Call ``endRow()`` here, not on the batch.
    private(set) var batch: RowBatch { didSet { uncounted = .passUnretained(batch) } }
    /// The same without counting a reference, which costs a row two atomic operations.
    @exclusivity(unchecked) private var uncounted: Unmanaged<RowBatch>
    private var pool: BatchPool<RowBatch>
    /// What all batches together may take: room for what is parsed while a commit waits for the disk.
    private static let poolBytes = 6 << 20

    /// - Parameters:
    ///   - target: table with its column list, as after `INSERT INTO`.
    ///   - constants: what all rows have in the first columns; the batch holds the others.
    ///   - columns: how many the batch holds.
    ///   - lean: target and the places of those columns that ``flush(lean:)`` inserts, the others being NULL: a cell that is
    ///     not there costs nothing.
    ///   - capacity: rows that are inserted together.
    ///   - isFilledOnLane: whether rows are added by work on the lane, which also flushes them before a commit there.
    init(
        _ database: Database, into target: String, constants: [Int] = [], columns: Int,
        lean: (target: String, columns: [Int])? = nil, capacity: Int = 1024, isFilledOnLane: Bool = false
    ) throws {
        self.database = database
        self.isFilledOnLane = isFilledOnLane
        table = BatchTable(columns: columns)
        let name = try database.attach(table)
        let values = constants.map { _ in "?, " }.joined()
        func insert(_ target: String, _ columns: String) throws -> Statement {
            let made = try database.prepare("INSERT INTO \(target) SELECT \(values)\(columns) FROM \(name)")
            for (place, constant) in constants.enumerated() { made.bind(place + 1, constant) }
            return made
        }
        statement = try insert(target, "*")
        self.lean = try lean.map { try insert($0.target, $0.columns.map { "c\($0)" }.joined(separator: ", ")) }
        let bytes = columns * capacity * RowBatch.cellBytes + RowBatch.usualTextBytes
        pool = BatchPool(limit: min(32, max(2, Self.poolBytes / bytes))) {
            RowBatch(columns: columns, capacity: capacity)
        }
        batch = try pool.next(database.lane)
        uncounted = .passUnretained(batch)
        database.inserts.append(UnownedInsert(value: self))
    }

    deinit {
        // The owner may go before the commit. What fails is thrown when the database is used next.
        try? flush()
        database.inserts.removeAll { $0.identity == ObjectIdentifier(self) }
    }

    /// Runs `body` on the batch, for those who add thousands of rows a second.
    @inline(__always) func withBatch<R>(_ body: (RowBatch) throws -> R) rethrows -> R {
        try uncounted._withUnsafeGuaranteedRef { try body($0) }
    }

    /// Drops the rows that wait.
    func discard() { pool.reset() }

    @inline(__always) func endRow() throws {
        batch.endRow()
        if batch.isFull { try flush() }
    }

    /// Hands the rows that are there to the lane. What fails there is thrown when the database is used next.
    /// - Parameter lean: whether all but the lean columns are NULL.
    func flush(lean isLean: Bool = false) throws {
        guard !batch.isEmpty else { return }
        let full = batch
        full.isUnderWay = true
        let statement = isLean ? lean ?? statement : statement
        try database.lane.submit { [table] in
            defer {
                full.removeAll()
                full.isUnderWay = false
            }
            table.batch = full
            try statement.runOnLane()
        }
        batch = try pool.next(database.lane)
    }
}

/// A bulk insert in use, which takes itself out when it goes.
struct UnownedInsert {
    unowned(unsafe) let value: BulkInsert
    let identity: ObjectIdentifier

    init(value: BulkInsert) {
        self.value = value
        identity = ObjectIdentifier(value)
    }
}

/// The virtual table through which SQLite reads a ``RowBatch``: columns `c0`, `c1`, …, no constraints, one scan.
final class BatchTable {
    let columns: Int
    var batch: RowBatch?

    init(columns: Int) { self.columns = columns }

    /// SQLite wants its own part first; ours follows it in memory.
    fileprivate struct Table {
        var base = sqlite3_vtab()
        let owner: Unmanaged<BatchTable>
    }

    fileprivate struct Cursor {
        var base = sqlite3_vtab_cursor()
        let owner: Unmanaged<BatchTable>
        var cell = 0
        var end = 0
        var columns = 0
        var values: UnsafeMutablePointer<Int64>?
        var kinds: UnsafeMutablePointer<Int32>?
        var texts: UnsafeRawPointer?
    }

    /// The module must stay at one address: SQLite keeps the pointer.
    nonisolated(unsafe) fileprivate static let module = {
        let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
        module.initialize(to: makeModule())
        return module
    }()

    private static func cursor(_ raw: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> UnsafeMutablePointer<Cursor> {
        UnsafeMutableRawPointer(raw!).assumingMemoryBound(to: Cursor.self)
    }

    private static func makeModule() -> sqlite3_module {
        var module = sqlite3_module()
        module.iVersion = 1
        // No xCreate: the table is eponymous, it exists without CREATE VIRTUAL TABLE.
        module.xConnect = { database, client, _, _, out, _ in
            let owner = Unmanaged<BatchTable>.fromOpaque(client!)
            let columns = (0..<owner.takeUnretainedValue().columns).map { "c\($0)" }.joined(separator: ", ")
            let status = sqlite3_declare_vtab(database, "CREATE TABLE batch(\(columns))")
            guard status == SQLITE_OK else { return status }
            let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
            table.initialize(to: Table(owner: owner))
            out!.pointee = UnsafeMutableRawPointer(table).assumingMemoryBound(to: sqlite3_vtab.self)
            return SQLITE_OK
        }
        module.xDisconnect = { table in
            UnsafeMutableRawPointer(table!).assumingMemoryBound(to: Table.self).deallocate()
            return SQLITE_OK
        }
        module.xBestIndex = { _, info in
            info!.pointee.estimatedCost = 1000
            return SQLITE_OK
        }
        module.xOpen = { table, out in
            let owner = UnsafeMutableRawPointer(table!).assumingMemoryBound(to: Table.self).pointee.owner
            let cursor = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
            cursor.initialize(to: Cursor(owner: owner))
            out!.pointee = UnsafeMutableRawPointer(cursor).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
            return SQLITE_OK
        }
        module.xClose = { cursor in
            BatchTable.cursor(cursor).deallocate()
            return SQLITE_OK
        }
        module.xFilter = { raw, _, _, _, _ in
            let cursor = BatchTable.cursor(raw)
            let owner = cursor.pointee.owner.takeUnretainedValue()
            cursor.pointee.columns = owner.columns
            cursor.pointee.cell = 0
            guard let batch = owner.batch else {
                cursor.pointee.end = 0
                return SQLITE_OK
            }
            cursor.pointee.end = batch.rows * owner.columns
            cursor.pointee.values = batch.values
            cursor.pointee.kinds = batch.kinds
            cursor.pointee.texts = batch.texts
            return SQLITE_OK
        }
        module.xNext = { raw in
            let cursor = BatchTable.cursor(raw)
            cursor.pointee.cell &+= cursor.pointee.columns
            return SQLITE_OK
        }
        module.xEof = { raw in
            let cursor = BatchTable.cursor(raw)
            return cursor.pointee.cell >= cursor.pointee.end ? 1 : 0
        }
        module.xColumn = { raw, context, column in
            let cursor = BatchTable.cursor(raw)
            let cell = cursor.pointee.cell &+ Int(column)
            let value = cursor.pointee.values.unsafelyUnwrapped[cell]
            switch cursor.pointee.kinds.unsafelyUnwrapped[cell] {
            case RowBatch.Kind.null: sqlite3_result_null(context)
            case RowBatch.Kind.integer: sqlite3_result_int64(context, value)
            case RowBatch.Kind.real: sqlite3_result_double(context, Double(bitPattern: UInt64(bitPattern: value)))
            case let kind where kind <= RowBatch.Kind.blob:
                // The bytes outlive the statement: SQLite need not copy them.
                sqlite3_result_blob(
                    context, cursor.pointee.texts.unsafelyUnwrapped + Int(value), RowBatch.Kind.blob - kind, nil)
            case let length:
                sqlite3_result_text(
                    context, (cursor.pointee.texts.unsafelyUnwrapped + Int(value)).assumingMemoryBound(to: CChar.self),
                    length, nil)
            }
            return SQLITE_OK
        }
        module.xRowid = { raw, out in
            let cursor = BatchTable.cursor(raw)
            out!.pointee = Int64(cursor.pointee.cell / max(1, cursor.pointee.columns))
            return SQLITE_OK
        }
        return module
    }
}

extension Database {
    /// Makes a batch readable on this connection; gives the name of its virtual table. SQLite holds the table until
    /// the connection closes.
    fileprivate func attach(_ table: BatchTable) throws -> String {
        try lane.settle()
        attached += 1
        let name = "tidemark_batch_\(attached)"
        let status = sqlite3_create_module_v2(
            handle, name, BatchTable.module, Unmanaged.passRetained(table).toOpaque(),
            { Unmanaged<BatchTable>.fromOpaque($0!).release() })
        guard status == SQLITE_OK else { throw failure(status, name) }
        return name
    }
}
