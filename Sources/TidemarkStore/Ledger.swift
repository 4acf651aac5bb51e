import TidemarkBase

/// One row of the ledger: a stream of evidence and how far it was read.
public struct SourceRow: Sendable {
    public var id = 0
    public var period = 0
    public var path = ""
    public var format = ""
    public var framing = "plain"
    public var compression = "none"
    public var status = "read"
    public var message: String?
    public var instance: Int?
    public var prefixBytes = 0
    public var prefixSHA256 = ""
    public var progressBytes = 0
    public var progressLines = 0
    public var tailSHA256 = ""
    public var state: String?
    public var pendingBytes = 0
    public var lines = 0
    public var recordLines = 0
    public var noiseLines = 0
    public var rejectLines = 0
    public var records = 0
    public var firstMs: Int64?
    public var lastMs: Int64?
    public var clockOffsetMs: Int64?
    public var clockMethod: String?
    public var clockConfidence: Double?
    /// What is in the tables from behind `progressBytes`; nil when nothing is.
    public var tail: SourceTail?

    public init(period: Int, path: String, format: String) {
        self.period = period
        self.path = path
        self.format = format
    }

    /// The container or service whose lines it is of, in a file that holds those of several programs; nil: of the whole
    /// file, but for such parts.
    public var part: String? {
        let words = framing.split(separator: " ", maxSplits: 2)
        return words.count == 3 && words[1] == "of" ? String(words[2]) : nil
    }

    /// `compose of nginx-1`: a framing and the part of the file.
    public static func framing(_ name: String, part: String?) -> String { part.map { "\(name) of \($0)" } ?? name }

    /// Forgets how far it was read.
    mutating func restart() {
        (progressBytes, progressLines, tailSHA256, state, pendingBytes, tail) = (0, 0, "", nil, 0, nil)
        (lines, recordLines, noiseLines, rejectLines, records, firstMs, lastMs) = (0, 0, 0, 0, 0, nil, nil)
    }

    /// Widens `firstMs…lastMs` by one time.
    public mutating func cover(_ timeMs: Int64) {
        firstMs = min(firstMs ?? timeMs, timeMs)
        lastMs = max(lastMs ?? timeMs, timeMs)
    }
}

/// The ledger of sources: what was read, how far, and by which content it is recognised again.
public struct Ledger {
    private let database: Database
    private let statements: Statements
    /// How much of a stream's beginning identifies it. A shorter stream is identified by all of it, and again by more
    /// as it grows.
    public static let identityBytes = 64 << 10
    /// How much before the progress must still be the same for a stream to be continued.
    public static let tailBytes = 4 << 10

    public init(_ store: Store) {
        database = store.database
        statements = Statements(store.database)
    }

    /// Statements that are used for every source: thousands of small files are common.
    private final class Statements {
        private let database: Database
        private var prepared: [String: Statement] = [:]

        init(_ database: Database) { self.database = database }

        func callAsFunction(_ sql: String) throws -> Statement {
            // A commit on the lane uses them, too.
            database.lane.pause()
            if let known = prepared[sql] { return known }
            let new = try database.prepare(sql)
            prepared[sql] = new
            return new
        }
    }

    private static let columns = """
        source_id, period_id, path, format, framing, compression, status, message, instance_id, prefix_bytes,
        prefix_sha256, progress_bytes, progress_lines, tail_sha256, state, pending_bytes, lines, record_lines,
        noise_lines, reject_lines, records, first_ms, last_ms, clock_offset_ms, clock_method, clock_confidence,
        tail
        """

    private static let withPrefix =
        "SELECT \(columns) FROM source WHERE prefix_bytes = ? AND prefix_sha256 = ? ORDER BY source_id"
    private static let saved = columns.split(whereSeparator: { $0 == "," || $0 == "\n" || $0 == " " }).dropFirst()
    private static let insert =
        "INSERT INTO source(\(saved.joined(separator: ", "))) VALUES (\(saved.map { _ in "?" }.joined(separator: ", ")))"
    private static let update =
        "UPDATE source SET \(saved.map { "\($0) = ?" }.joined(separator: ", ")) WHERE source_id = ?"

    /// All sources, in the order in which they were met.
    public func all(period: Int? = nil) throws -> [SourceRow] {
        let statement = try database.prepare(
            "SELECT \(Self.columns) FROM source \(period == nil ? "" : "WHERE period_id = ?") ORDER BY source_id")
        if let period { statement.bind(1, period) }
        var rows: [SourceRow] = []
        while try statement.step() { rows.append(read(statement)) }
        return rows
    }

    /// Sources whose beginning, as far as it was known, is the beginning of `head` (decompressed); those of which most was
    /// known first.
    public func candidates(head: Bytes, period: Int) throws -> [SourceRow] {
        let lengths = try statements(
            """
            SELECT DISTINCT prefix_bytes FROM source WHERE period_id = ? AND prefix_bytes > 0 AND prefix_bytes <= ?
                AND format != 'prometheus-text'
            ORDER BY 1
            """)
        defer { lengths.reset() }
        lengths.bind(1, period)
        lengths.bind(2, head.count)
        var known: [Int] = []
        while try lengths.step() { known.append(lengths.int(0)) }
        var hash = SHA256()
        var at = 0
        var found: [SourceRow] = []
        for length in known {
            hash.update(head.slice(at, length))
            at = length
            var whole = hash
            found += try with(prefixBytes: length, sha256: whole.finish()).filter { $0.period == period }
        }
        return found.reversed()
    }

    /// Takes the tail of a source out of the tables, so that it is read again with what follows it. Call it in the
    /// transaction that saves the source.
    public func undoTail(_ source: inout SourceRow) throws { try TailMark.undo(&source, database) }

    /// Takes out all that was stored of a source, so that it is read from its beginning. Call it in the transaction that
    /// saves the source.
    public func forget(_ source: inout SourceRow) throws {
        if source.id != 0 { try SourceTables.forget(source: source.id, keepsSeries: true, database) }
        source.restart()
    }

    /// Takes out a source with all that was stored of it.
    public func remove(_ source: SourceRow) throws {
        try SourceTables.forget(source: source.id, database)
        try statements("DELETE FROM source WHERE source_id = ?").run(source.id)
    }

    /// Sources that are parts of a file (``SourceRow/part``).
    public func parts(period: Int) throws -> [SourceRow] {
        let statement = try statements(
            "SELECT \(Self.columns) FROM source WHERE period_id = ? AND instr(framing, ' of ') > 0 ORDER BY source_id")
        defer { statement.reset() }
        statement.bind(1, period)
        var rows: [SourceRow] = []
        while try statement.step() { rows.append(read(statement)) }
        return rows
    }

    /// Takes out what is said of a path whose file was not read, when it is read now.
    public func forgetUnread(path: String, period: Int) throws {
        let statement = try statements("DELETE FROM source WHERE period_id = ? AND path = ? AND prefix_bytes = 0")
        try statement.run(period, path)
    }

    /// Says of a file why it isn't read.
    public func note(path: String, period: Int, format: String, status: String, message: String) throws {
        let find = try statements("SELECT source_id FROM source WHERE period_id = ? AND path = ? AND prefix_bytes = 0")
        defer { find.reset() }
        find.bind(1, period)
        find.bind(2, path)
        var row = SourceRow(period: period, path: path, format: format)
        if try find.step() { row.id = find.int(0) }
        find.reset()
        row.status = status
        row.message = message
        try save(&row)
    }

    /// Sources whose beginning has this length and hash.
    public func with(prefixBytes: Int, sha256: String) throws -> [SourceRow] {
        let statement = try statements(Self.withPrefix)
        defer { statement.reset() }
        statement.bind(1, prefixBytes)
        statement.bind(2, sha256)
        var rows: [SourceRow] = []
        while try statement.step() { rows.append(read(statement)) }
        return rows
    }

    private func read(_ row: Statement) -> SourceRow {
        var source = SourceRow(period: row.int(1), path: row.text(2), format: row.text(3))
        source.id = row.int(0)
        source.framing = row.text(4)
        source.compression = row.text(5)
        source.status = row.text(6)
        source.message = row.optionalText(7)
        source.instance = row.optionalInt(8)
        source.prefixBytes = row.int(9)
        source.prefixSHA256 = row.text(10)
        source.progressBytes = row.int(11)
        source.progressLines = row.int(12)
        source.tailSHA256 = row.text(13)
        source.state = row.optionalText(14)
        source.pendingBytes = row.int(15)
        source.lines = row.int(16)
        source.recordLines = row.int(17)
        source.noiseLines = row.int(18)
        source.rejectLines = row.int(19)
        source.records = row.int(20)
        source.firstMs = row.optionalInt64(21)
        source.lastMs = row.optionalInt64(22)
        source.clockOffsetMs = row.optionalInt64(23)
        source.clockMethod = row.optionalText(24)
        source.clockConfidence = row.optionalDouble(25)
        source.tail = row.optionalText(26).flatMap(SourceTail.init(json:))
        return source
    }

    /// Inserts a new source (id 0) or updates it; the row's id is set.
    public func save(_ source: inout SourceRow) throws {
        let isNew = source.id == 0
        let statement = try statements(isNew ? Self.insert : Self.update)
        let values: [any SQLValue] = [
            source.period, source.path, source.format, source.framing, source.compression, source.status,
            source.message, source.instance, source.prefixBytes, source.prefixSHA256, source.progressBytes,
            source.progressLines, source.tailSHA256, source.state, source.pendingBytes, source.lines,
            source.recordLines, source.noiseLines, source.rejectLines, source.records, source.firstMs, source.lastMs,
            source.clockOffsetMs, source.clockMethod, source.clockConfidence, source.tail?.json,
        ]
        for (index, value) in values.enumerated() { value.bind(to: statement, at: index + 1) }
        if !isNew { statement.bind(values.count + 1, source.id) }
        try statement.run()
        if isNew { source.id = database.lastInsertedRow }
    }

    /// Adds to the counts of records by kind.
    public func add(kinds: [String: Int], to source: Int) throws {
        let statement = try statements(
            """
            INSERT INTO source_kind(source_id, kind, records) VALUES (?, ?, ?)
            ON CONFLICT(source_id, kind) DO UPDATE SET records = records + excluded.records
            """)
        for (kind, count) in kinds.sorted(by: { $0.key < $1.key }) where count > 0 {
            try statement.run(source, kind, count)
        }
    }

    /// At most this many rejects are kept with their text; the count in `source` is complete.
    public static let keptRejects = 1000

    public func reject(source: SourceRow, line: Int, offset: Int, reason: String, text: Bytes) throws {
        guard source.rejectLines <= Self.keptRejects else { return }
        let statement = try statements(
            "INSERT INTO reject(source_id, line, offset_bytes, reason, text) VALUES (?, ?, ?, ?, ?)")
        try statement.run(source.id, line, offset, reason, maskedText(text, limit: 500))
    }
}

/// Untrusted bytes as text for a column, its secrets replaced (``SecretMask``); for all that is free text.
public func maskedText(_ bytes: Bytes, limit: Int) -> String {
    // A secret that the limit cuts must still be known as one.
    SecretMask.withMasked(bytes.slice(0, min(bytes.count, limit + 4096))) { cleanText($0, limit: limit) }
}

/// Untrusted bytes as text for a column: valid UTF-8, no NUL (SQLite's text functions would stop there), bounded.
public func cleanText(_ bytes: Bytes, limit: Int) -> String {
    let text = bytes.text(limit: limit)
    guard text.utf8.contains(0) else { return text }
    return String(text.unicodeScalars.map { $0 == "\0" ? "\u{2400}" : Character($0) })
}
