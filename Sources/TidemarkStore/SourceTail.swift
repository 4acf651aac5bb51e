import TidemarkBase

/// The end of a stream that may still change: a record that further lines may continue, a last line without a line feed.
///
/// It lies behind ``SourceRow/progressBytes`` and is in the tables all the same, so that nothing stays unseen. When the
/// stream has grown its rows are taken out and it is read again with what follows: where runs end leaves no trace.
public struct SourceTail: Sendable, Equatable {
    /// Its length.
    public var bytes = 0
    /// Of these bytes; empty when they were too many to keep.
    public var sha256 = ""
    /// What it added to the account of the source.
    var lines = 0
    var recordLines = 0
    var noiseLines = 0
    var rejectLines = 0
    var records = 0
    var kinds: [String: Int] = [:]
    /// How many of the source's last rows in each table are its own.
    var rows: [String: Int] = [:]
    /// Times of the source before it, with what was taken off its clock put back: the clock may be found meanwhile.
    var firstWallMs: Int?
    var lastWallMs: Int?
    /// The process life that was there before, and which of its columns the tail filled.
    var run = 0
    var filled: [String] = []

    public init() {}
}

/// The state of the tables before a tail is written.
public struct TailMark {
    private let database: Database
    private let before: SourceRow
    private let run: Int
    private let empty: [String]
    private var last: [String: Int] = [:]
    private static let runColumns = ["start_ms", "ready_ms", "end_ms", "end_reason", "pid", "version", "model"]
    /// Tables whose rows grow only.
    private static func tables(_ database: Database) throws -> [String] {
        // Facts are found by their process life, so they come first.
        try ["engine_fact"] + SourceTables.all(database).filter { try SourceTables.hasRowID($0, database) }
    }

    /// - Parameters:
    ///   - source: its row as it is saved for the bytes before the tail.
    ///   - run: the process life that the log is in; 0 before the first.
    public init(_ store: Store, source: SourceRow, run: Int = 0) throws {
        database = store.database
        before = source
        self.run = run
        empty = try Self.empty(run, store.database)
        for table in try Self.tables(database) {
            last[table] = try database.int("SELECT max(rowid) FROM \(table)") ?? 0
        }
    }

    private static func empty(_ run: Int, _ database: Database) throws -> [String] {
        guard run > 0 else { return [] }
        let row = try database.prepare(
            "SELECT \(runColumns.joined(separator: ", ")) FROM engine_run WHERE run_id = ?")
        row.bind(1, run)
        guard try row.step() else { return [] }
        return runColumns.indices.filter { row.isNull($0) }.map { runColumns[$0] }
    }

    /// What was written since.
    /// - Parameters:
    ///   - source: its row with what the tail added to the account.
    ///   - kinds: records of the tail by kind.
    public func tail(_ source: SourceRow, kinds: [String: Int], bytes: Int, sha256: String) throws -> SourceTail {
        var tail = SourceTail()
        tail.bytes = bytes
        tail.sha256 = sha256
        tail.lines = source.lines - before.lines
        tail.recordLines = source.recordLines - before.recordLines
        tail.noiseLines = source.noiseLines - before.noiseLines
        tail.rejectLines = source.rejectLines - before.rejectLines
        tail.records = source.records - before.records
        let offsetMs = before.clockOffsetMs ?? 0
        tail.firstWallMs = before.firstMs.map { Int($0 &+ offsetMs) }
        tail.lastWallMs = before.lastMs.map { Int($0 &+ offsetMs) }
        tail.kinds = kinds.filter { $0.value > 0 }
        for (table, row) in last {
            let own = table == "engine_fact" ? "" : "AND source_id = \(source.id)"
            let count = try database.int("SELECT count(*) FROM \(table) WHERE rowid > ? \(own)", row) ?? 0
            if count > 0 { tail.rows[table] = count }
        }
        let now = try Self.empty(run, database)
        tail.filled = empty.filter { !now.contains($0) }
        if !tail.filled.isEmpty { tail.run = run }
        return tail
    }

    /// Takes the tail of a source out of the tables and of its account. Call it in the transaction that reads on.
    static func undo(_ source: inout SourceRow, _ database: Database) throws {
        guard let tail = source.tail else { return }
        for table in try tables(database) {
            guard let count = tail.rows[table], count > 0 else { continue }
            let rows =
                table == "engine_fact"
                ? "engine_fact t JOIN engine_run r USING (run_id) WHERE r.source_id" : "\(table) t WHERE t.source_id"
            try database.prepare(
                """
                DELETE FROM \(table) WHERE rowid IN
                    (SELECT t.rowid FROM \(rows) = ? ORDER BY t.rowid DESC LIMIT ?)
                """
            ).run(source.id, count)
        }
        for column in tail.filled where runColumns.contains(column) {
            try database.prepare("UPDATE engine_run SET \(column) = NULL WHERE run_id = ? AND source_id = ?").run(
                tail.run, source.id)
        }
        for (kind, count) in tail.kinds {
            try database.prepare(
                "UPDATE source_kind SET records = records - ? WHERE source_id = ? AND kind = ?"
            ).run(count, source.id, kind)
        }
        try database.prepare("DELETE FROM source_kind WHERE source_id = ? AND records <= 0").run(source.id)
        source.lines &-= tail.lines
        source.recordLines &-= tail.recordLines
        source.noiseLines &-= tail.noiseLines
        source.rejectLines &-= tail.rejectLines
        source.records &-= tail.records
        let offsetMs = source.clockOffsetMs ?? 0
        source.firstMs = tail.firstWallMs.map { Int64($0) &- offsetMs }
        source.lastMs = tail.lastWallMs.map { Int64($0) &- offsetMs }
        source.tail = nil
    }
}

extension SourceTail {
    /// As the ledger keeps it.
    var json: String {
        var text = ByteWriter()
        func map(_ name: String, _ values: [String: Int]) {
            text.write(",\"\(name)\":{")
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text.write(",") }
                text.writeJSONString(key)
                text.write(":\(value)")
            }
            text.write("}")
        }
        text.write("{\"bytes\":\(bytes),\"sha256\":\"\(sha256)\",\"lines\":\(lines),\"record_lines\":\(recordLines)")
        text.write(",\"noise_lines\":\(noiseLines),\"reject_lines\":\(rejectLines),\"records\":\(records)")
        if let firstWallMs { text.write(",\"first_wall_ms\":\(firstWallMs)") }
        if let lastWallMs { text.write(",\"last_wall_ms\":\(lastWallMs)") }
        map("kinds", kinds)
        map("rows", rows)
        text.write(",\"run\":\(run)")
        map("filled", Dictionary(uniqueKeysWithValues: Set(filled).map { ($0, 1) }))
        text.write("}")
        return text.text
    }

    /// What isn't a number of this tail is left out: the text comes from a file.
    init?(json: String) {
        var tail = SourceTail()
        let isRead: Bool = withBytes(of: json) { bytes in
            var reader = JSONReader(bytes)
            do {
                try reader.object { key, reader in
                    switch key.text {
                    case "bytes": tail.bytes = try Self.count(&reader)
                    case "sha256": tail.sha256 = try reader.string().text
                    case "lines": tail.lines = try Self.count(&reader)
                    case "record_lines": tail.recordLines = try Self.count(&reader)
                    case "noise_lines": tail.noiseLines = try Self.count(&reader)
                    case "reject_lines": tail.rejectLines = try Self.count(&reader)
                    case "records": tail.records = try Self.count(&reader)
                    case "first_wall_ms": tail.firstWallMs = Decimal.parseInt(try reader.numberBytes())
                    case "last_wall_ms": tail.lastWallMs = Decimal.parseInt(try reader.numberBytes())
                    case "run": tail.run = try Self.count(&reader)
                    case "kinds": tail.kinds = try Self.counts(&reader)
                    case "rows": tail.rows = try Self.counts(&reader)
                    case "filled": tail.filled = try Self.counts(&reader).keys.sorted()
                    default: try reader.skip()
                    }
                }
            } catch { return false }
            return true
        }
        guard isRead else { return nil }
        self = tail
    }

    private static func count(_ reader: inout JSONReader) throws -> Int {
        max(0, min(Decimal.parseInt(try reader.numberBytes()) ?? 0, 1 << 50))
    }

    private static func counts(_ reader: inout JSONReader) throws -> [String: Int] {
        var found: [String: Int] = [:]
        try reader.object { key, reader in found[key.text] = try count(&reader) }
        return found
    }
}
