import TidemarkBase

/// Which tables hold evidence, and how their rows hang together: asked of the schema itself, so that a table that is added
/// to it can't be forgotten where sources are merged, read again or pruned.
enum SourceTables {
    /// A column that refers to a row of another table.
    struct Reference {
        var column: String
        var table: String
    }

    /// Tables of which each row names its source, in the order of their creation; `source` itself is not among them.
    static func all(_ database: Database) throws -> [String] {
        let rows = try database.prepare(
            """
            SELECT m.name FROM main.sqlite_master m JOIN pragma_table_info(m.name, 'main') c
            WHERE m.type = 'table' AND c.name = 'source_id' AND m.name != 'source' ORDER BY m.rowid
            """)
        var names: [String] = []
        while try rows.step() { names.append(rows.text(0)) }
        return names
    }

    /// Every table of the schema, in the order of their creation.
    static func everything(_ database: Database) throws -> [String] {
        let rows = try database.prepare(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
        var names: [String] = []
        while try rows.step() { names.append(rows.text(0)) }
        return names
    }

    static func columns(of table: String, _ database: Database) throws -> [String] {
        let rows = try database.prepare("SELECT name FROM pragma_table_info(?, 'main') ORDER BY cid")
        rows.bind(1, table)
        var names: [String] = []
        while try rows.step() { names.append(rows.text(0)) }
        return names
    }

    static func references(of table: String, _ database: Database) throws -> [Reference] {
        let rows = try database.prepare(
            "SELECT \"from\", \"table\" FROM pragma_foreign_key_list(?, 'main') ORDER BY id")
        rows.bind(1, table)
        var found: [Reference] = []
        while try rows.step() { found.append(Reference(column: rows.text(0), table: rows.text(1))) }
        return found
    }

    /// The column that stands for the row id; nil when none does.
    static func rowColumn(of table: String, _ database: Database) throws -> String? {
        let rows = try database.prepare(
            "SELECT name, type FROM pragma_table_info(?, 'main') WHERE pk > 0 ORDER BY pk")
        rows.bind(1, table)
        guard try rows.step(), rows.text(1) == "INTEGER" else { return nil }
        let name = rows.text(0)
        return try rows.step() ? nil : name
    }

    static func hasRowID(_ table: String, _ database: Database) throws -> Bool {
        try database.text("SELECT sql FROM main.sqlite_master WHERE name = ?", table)?.contains("WITHOUT ROWID")
            == false
    }

    /// Takes out all rows of a source but its own.
    /// - Parameter keepsSeries: whether the roll-ups of its series stay: samples that they hold are not stored again.
    static func forget(source: Int, keepsSeries: Bool = false, _ database: Database) throws {
        try database.prepare(
            "DELETE FROM main.engine_fact WHERE run_id IN (SELECT run_id FROM main.engine_run WHERE source_id = ?)"
        ).run(source)
        for table in try all(database) {
            let condition = table == "rollup" && keepsSeries ? "AND series_id IS NULL" : ""
            try database.prepare("DELETE FROM main.\(table) WHERE source_id = ? \(condition)").run(source)
        }
    }
}
