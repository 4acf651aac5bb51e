import CSQLite
import TidemarkBase

/// A prepared statement. Bind with 1-based indexes, read columns with 0-based ones, as SQLite does.
public final class Statement {
    private let raw: OpaquePointer
    let database: Database
    /// The statement, when nothing else uses the connection.
    @inline(__always) var handle: OpaquePointer {
        database.lane.pause()
        return raw
    }
    private let sql: String

    /// Tells SQLite to copy what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ database: Database, _ sql: String) throws {
        try database.lane.settle()
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v3(
            database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard status == SQLITE_OK, let prepared else { throw database.failure(status, sql) }
        raw = prepared
        self.database = database
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Binding

    @inline(__always) public func bind(_ index: Int, _ value: Int) {
        sqlite3_bind_int64(handle, Int32(index), Int64(value))
    }
    @inline(__always) public func bind(_ index: Int, _ value: Int64) { sqlite3_bind_int64(handle, Int32(index), value) }
    @inline(__always) public func bind(_ index: Int, _ value: Double) {
        // SQLite would store a NaN as NULL; so do we, knowingly.
        sqlite3_bind_double(handle, Int32(index), value)
    }
    public func bind(_ index: Int, _ value: Int?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }
    public func bind(_ index: Int, _ value: Int64?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }
    public func bind(_ index: Int, _ value: Double?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }
    public func bind(_ index: Int, _ value: String) {
        var value = value
        value.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(handle, Int32(index), $0.baseAddress, Int32($0.count), Self.transient)
            }
            if bytes.isEmpty { sqlite3_bind_text(handle, Int32(index), "", 0, Self.transient) }
        }
    }
    public func bind(_ index: Int, _ value: String?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }
    /// Binds bytes as text; they should be valid UTF-8 (``cleanText(_:limit:)`` makes them so).
    public func bindText(_ index: Int, _ bytes: Bytes) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return bind(index, "") }
        sqlite3_bind_text(
            handle, Int32(index), base.assumingMemoryBound(to: CChar.self), Int32(bytes.count), Self.transient)
    }
    /// Binds untrusted bytes as text, at most `limit` of them; what isn't plain ASCII goes through ``cleanText(_:limit:)``.
    /// The bytes are not copied: they must stay valid until the statement has run.
    public func bindClean(_ index: Int, _ bytes: Bytes, limit: Int) {
        guard bytes.count <= limit, bytes.isPlainASCII, let base = bytes.baseAddress else {
            return bind(index, cleanText(bytes, limit: limit))
        }
        sqlite3_bind_text(handle, Int32(index), base.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
    }
    public func bindBlob(_ index: Int, _ bytes: Bytes) {
        sqlite3_bind_blob(handle, Int32(index), bytes.baseAddress, Int32(bytes.count), Self.transient)
    }
    public func bindNull(_ index: Int) { sqlite3_bind_null(handle, Int32(index)) }

    // MARK: Running

    /// Steps once. True when a row is there to be read.
    @discardableResult
    public func step() throws -> Bool {
        try database.lane.settle()
        let status = sqlite3_step(handle)
        switch status {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw database.failure(status, sql)
        }
    }

    /// Runs a statement that yields no rows, and makes it ready for the next.
    @inline(__always) public func run() throws {
        try database.lane.settle()
        try runOnLane()
    }

    /// Runs without waiting for the lane: for the lane's own work.
    @inline(__always) func runOnLane() throws {
        let status = sqlite3_step(raw)
        sqlite3_reset(raw)
        if status != SQLITE_DONE && status != SQLITE_ROW { throw database.failure(status, sql) }
    }

    public func run(_ values: any SQLValue...) throws {
        for (index, value) in values.enumerated() { value.bind(to: self, at: index + 1) }
        try run()
    }

    public func reset() { sqlite3_reset(handle) }

    // MARK: Reading

    public var columnCount: Int { Int(sqlite3_column_count(handle)) }
    public func columnName(_ column: Int) -> String { String(cString: sqlite3_column_name(handle, Int32(column))) }
    public func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }
    public func int(_ column: Int) -> Int { Int(sqlite3_column_int64(handle, Int32(column))) }
    public func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
    public func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }
    public func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    public func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    public func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
    public func text(_ column: Int) -> String { bytes(column).text }
    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    /// Valid until the next step or reset.
    public func bytes(_ column: Int) -> Bytes {
        let pointer = sqlite3_column_blob(handle, Int32(column))
        return Bytes(start: pointer, count: Int(sqlite3_column_bytes(handle, Int32(column))))
    }
    /// The storage class of a value, for printing.
    public enum StorageClass { case null, integer, real, text, blob }
    public func storageClass(_ column: Int) -> StorageClass {
        switch sqlite3_column_type(handle, Int32(column)) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }
}

/// What can be bound to a statement's parameter.
public protocol SQLValue {
    func bind(to statement: Statement, at index: Int)
}

extension Int: SQLValue {
    public func bind(to statement: Statement, at index: Int) { statement.bind(index, self) }
}
extension Int64: SQLValue {
    public func bind(to statement: Statement, at index: Int) { statement.bind(index, self) }
}
extension Double: SQLValue {
    public func bind(to statement: Statement, at index: Int) { statement.bind(index, self) }
}
extension String: SQLValue {
    public func bind(to statement: Statement, at index: Int) { statement.bind(index, self) }
}
extension Optional: SQLValue where Wrapped: SQLValue {
    public func bind(to statement: Statement, at index: Int) {
        if let self { self.bind(to: statement, at: index) } else { statement.bindNull(index) }
    }
}
