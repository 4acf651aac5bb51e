import CSQLite
import TidemarkBase

extension Store {
    /// A private copy in a temporary file that nobody else sees and that goes away with the value: of everything, or of one period;
    /// redacted where a redactor is given. What is in the file at `path` is only read.
    /// - Parameter skipsEvidence: only results and names are copied.
    public static func copy(
        of path: String, period: Int? = nil, redactor: Redactor? = nil, skipsEvidence: Bool = false
    ) throws -> Store {
        // Opening it checks that it is one of this schema.
        let original = try Store.open(path: path)
        let copy = try Store.create(path: "")
        try StoreCopy(original: original, database: copy.database, redactor: redactor, skipsEvidence: skipsEvidence)
            .run(period)
        return copy
    }

    /// The key under which this database's names are hashed when the user gives none: kept in the database, and in nothing that is
    /// made from it; nil in such a copy.
    public func redactionKey() throws -> [UInt8]? {
        let rows = try database.prepare("SELECT key FROM hash_key")
        guard try rows.step() else { return nil }
        return Array("tidemark redaction".utf8) + [UInt8](rows.bytes(0))
    }

    /// Whether names in this database were replaced by tokens when it was made.
    public func isRedacted() throws -> Bool { try excerptValue("redacted") == "1" }

    /// Whether this database is a part of another one, with the results of the whole.
    public func isExcerpt() throws -> Bool {
        try database.int("SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'excerpt'") != nil
    }

    /// - Throws: `usage` for a part of another database: new evidence would belong to results that are never worked out again.
    public func refuseExcerpt() throws {
        guard try isExcerpt() else { return }
        throw TidemarkError(
            .usage, "this is a part of a database, out of a bundle: nothing can be added to it, nor it to another one",
            file: database.path, hint: "ingest into the whole database, or into a new file")
    }

    func excerptValue(_ name: String) throws -> String? {
        guard try isExcerpt() else { return nil }
        return try database.text("SELECT value FROM main.excerpt WHERE name = ?", name)
    }
}

/// Fills an empty store from another one, table by table.
struct StoreCopy {
    let original: Store
    let database: Database
    let redactor: Redactor?
    let skipsEvidence: Bool

    func run(_ period: Int?) throws {
        let attach = try database.prepare("ATTACH ? AS evidence")
        attach.bind(1, original.database.path)
        try attach.run()
        if let redactor {
            try database.register(redactor)
            try learn(redactor)
        }
        try database.execute("PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        // Not IMMEDIATE, which would lock the other file for writing as well.
        try database.execute("BEGIN")
        do {
            let tables = try SourceTables.everything(database)
            let evidence = Set(try SourceTables.all(database) + ["series", "series_label", "signal"])
            for table in tables where !skipsEvidence || !evidence.contains(table) { try copy(table) }
            if let period { try keep(period, tables) }
            try mark()
        }
        try database.execute("COMMIT")
        try database.execute("DETACH evidence")
    }

    private func copy(_ table: String) throws {
        // The schema puts rows into some of them.
        try database.execute("DELETE FROM main.\(table)")
        // The key of its hashes stays where it was made.
        if table == "hash_key" || redactor != nil && RedactionPlan.emptied.contains(table) { return }
        let rows = try database.prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?, 'main') ORDER BY cid")
        rows.bind(1, table)
        var columns: [String] = []
        var values: [String] = []
        while try rows.step() {
            let column = rows.text(0)
            columns.append(column)
            let treatment = RedactionPlan.treatment(table, column)
            guard redactor != nil, rows.text(1) == "TEXT", treatment != .kept else {
                values.append(column)
                continue
            }
            values.append(
                treatment == .dropped
                    ? (rows.int(2) == 1 ? "''" : "NULL")
                    : "redact(\(treatment.rawValue), \(column), \(RedactionPlan.subject(table, column)))")
        }
        let hasRowID = try SourceTables.hasRowID(table, database)
        let isNamed = try !hasRowID || SourceTables.rowColumn(of: table, database) != nil
        let (into, from) = isNamed ? ("", "") : ("rowid, ", "rowid, ")
        let order = hasRowID ? " ORDER BY rowid" : ""
        try database.execute(
            """
            INSERT OR IGNORE INTO main.\(table)(\(into)\(columns.joined(separator: ", ")))
                SELECT \(from)\(values.joined(separator: ", ")) FROM evidence.\(table)\(order)
            """)
    }

    /// What belongs to other periods goes, and all that hangs on it.
    private func keep(_ period: Int, _ tables: [String]) throws {
        try database.execute("DELETE FROM main.period WHERE period_id <> \(period)")
        try Self.dropOrphans(database, tables)
        try database.execute(
            """
            DELETE FROM main.http_key WHERE key_id NOT IN (SELECT key_id FROM main.http_rollup);
            DELETE FROM main.gateway_text WHERE text_id NOT IN (
                SELECT method_id FROM main.gateway_request WHERE method_id IS NOT NULL
                UNION SELECT route_id FROM main.gateway_request WHERE route_id IS NOT NULL
                UNION SELECT client_id FROM main.gateway_request WHERE client_id IS NOT NULL
                UNION SELECT upstream_id FROM main.gateway_request WHERE upstream_id IS NOT NULL
                UNION SELECT model_id FROM main.gateway_request WHERE model_id IS NOT NULL);
            """)
    }

    /// Takes out rows that refer to one that isn't there any more; tables stand behind those that they refer to, but for a few.
    static func dropOrphans(_ database: Database, _ tables: [String]) throws {
        var changed = true
        while changed {
            changed = false
            for table in tables {
                for reference in try SourceTables.references(of: table, database) {
                    guard let key = try SourceTables.rowColumn(of: reference.table, database) else { continue }
                    let before = try database.int("SELECT total_changes()") ?? 0
                    try database.execute(
                        """
                        DELETE FROM main.\(table) WHERE \(reference.column) IS NOT NULL
                            AND \(reference.column) NOT IN (SELECT \(key) FROM main.\(reference.table))
                        """)
                    if try database.int("SELECT total_changes()") ?? 0 > before { changed = true }
                }
            }
        }
    }

    private func mark() throws {
        let was = try original.isRedacted()
        try database.execute(
            """
            CREATE TABLE main.excerpt(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO main.excerpt VALUES ('redacted', '\(redactor != nil || was ? 1 : 0)');
            """)
    }

    // MARK: Names

    /// Meets all names that stand by themselves before any text is looked at, always in the same order.
    private func learn(_ redactor: Redactor) throws {
        func each(_ sql: String, _ body: (String, String) -> Void) throws {
            let rows = try database.prepare(sql)
            while try rows.step() {
                if !rows.isNull(0) { body(rows.text(0), rows.columnCount > 1 ? rows.text(1) : "") }
            }
        }
        let hosts = [
            "SELECT name FROM evidence.instance ORDER BY instance_id",
            "SELECT scrape_instance FROM evidence.instance ORDER BY instance_id",
            "SELECT host FROM evidence.span_resource ORDER BY resource_id",
            "SELECT service_instance FROM evidence.span_resource ORDER BY resource_id",
            "SELECT service FROM evidence.span_resource ORDER BY resource_id",
        ]
        for sql in hosts { try each(sql) { name, _ in _ = redactor.name(name, .host) } }
        try each("SELECT DISTINCT value, name FROM evidence.series_label ORDER BY name, value") { value, key in
            _ = redactor.label(key, value)
        }
        try each("SELECT name FROM evidence.period ORDER BY period_id") { name, _ in
            _ = redactor.redacted(name, .period, of: "")
        }
        let clients = [
            "SELECT client FROM evidence.http_key ORDER BY key_id",
            "SELECT DISTINCT client FROM evidence.http_client ORDER BY 1",
            "SELECT text FROM evidence.gateway_text WHERE text_id IN (SELECT client_id FROM evidence.gateway_request) ORDER BY text_id",
        ]
        for sql in clients { try each(sql) { name, _ in _ = redactor.name(name, .client) } }
        try each(
            "SELECT text FROM evidence.gateway_text WHERE text_id IN (SELECT upstream_id FROM evidence.gateway_request) ORDER BY text_id"
        ) { name, _ in _ = redactor.name(name, .host) }
        let routes = [
            "SELECT route FROM evidence.http_key ORDER BY key_id",
            "SELECT DISTINCT path FROM evidence.http_error ORDER BY path",
            "SELECT text FROM evidence.gateway_text WHERE text_id IN (SELECT route_id FROM evidence.gateway_request) ORDER BY text_id",
        ]
        for sql in routes { try each(sql) { route, _ in _ = redactor.route(route) } }
        try each("SELECT value, name FROM evidence.engine_fact ORDER BY rowid") { value, key in
            _ = redactor.fact(key, value)
        }
        try each("SELECT path FROM evidence.source ORDER BY source_id") { path, _ in
            let short = redactor.file(path)
            if short != path, path.contains("/") { redactor.book.note(path, short) }
        }
        try each(
            """
            SELECT text, message FROM evidence.sentence UNION SELECT text, message FROM evidence.week_sentence ORDER BY 1, 2
            """
        ) { text, json in
            guard let message = withBytes(of: json, { try? Message(json: $0) }), message.text == text else { return }
            redactor.sentences[text] = redactor.message(message).text
        }
    }
}

extension Database {
    /// Makes `redact(treatment, value, subject)` known to SQL; other values than texts go through.
    fileprivate func register(_ redactor: Redactor) throws {
        let status = sqlite3_create_function_v2(
            handle, "redact", 3, SQLITE_UTF8, Unmanaged.passRetained(redactor).toOpaque(),
            { context, _, values in
                guard let values, sqlite3_value_type(values[1]) == SQLITE_TEXT else {
                    sqlite3_result_value(context, values![1])
                    return
                }
                let redactor = Unmanaged<Redactor>.fromOpaque(sqlite3_user_data(context)).takeUnretainedValue()
                func text(_ value: OpaquePointer?) -> String {
                    let start = sqlite3_value_blob(value)
                    return Bytes(start: start, count: Int(sqlite3_value_bytes(value))).text
                }
                let treatment = RedactionPlan.Treatment(rawValue: Int(sqlite3_value_int(values[0]))) ?? .text
                let out = redactor.redacted(text(values[1]), treatment, of: text(values[2]))
                // An empty text has no address, which would say NULL.
                if out.isEmpty {
                    return sqlite3_result_text(context, "", 0, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
                }
                withBytes(of: out) { bytes in
                    sqlite3_result_text(
                        context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? nil, Int32(bytes.count),
                        unsafeBitCast(-1, to: sqlite3_destructor_type.self))
                }
            }, nil, nil, { Unmanaged<Redactor>.fromOpaque($0!).release() })
        guard status == SQLITE_OK else { throw failure(status, "redact") }
    }
}
