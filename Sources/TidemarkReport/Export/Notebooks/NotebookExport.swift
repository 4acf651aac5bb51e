import TidemarkBase
import TidemarkStore

/// What a data scientist needs to go on from a database: CSV tables and a Python module that reads them with their types.
public enum NotebookExport {
    /// Names of files in the exported folder.
    public static let moduleName = "tidemark_data.py"
    public static let csvFolder = "csv"
    /// Says which database and which program the folder was made with.
    public static let manifestName = "tidemark-export.json"

    /// Writes a table as RFC 4180 text, a piece at a time: memory stays flat whatever the table's size.
    ///
    /// A missing value is an empty cell. A text that is empty, or begins with what a spreadsheet takes for a formula
    /// (`=`, `+`, `-`, `@`, a tab, a carriage return) or with an apostrophe, has an apostrophe before it, which the
    /// module takes off again. Times outside of the years 0001 to 9999 have no form in RFC 3339 and are left empty.
    /// - Returns: number of rows.
    public static func writeCSV(_ table: NotebookTable, of store: Store, sink: ([UInt8]) throws -> Void) throws -> Int {
        var out = ByteWriter(capacity: 1 << 17)
        out.write(table.columns.map(\.name).joined(separator: ",") + "\r\n")
        let query = try store.database.prepare(table.query)
        var rows = 0
        while try query.step() {
            rows += 1
            for (index, column) in table.columns.enumerated() {
                if index > 0 { out.write(byte: 44) }
                guard !query.isNull(index) else { continue }
                switch column.kind {
                case .text: out.write(CSVCell.quoted(guarded(query.text(index))))
                case .integer, .flag: out.write(String(query.int64(index)))
                case .number: out.write(ByteWriter.shortest(query.double(index)))
                case .time: out.write(time(query.int64(index)))
                }
            }
            out.write("\r\n")
            if out.bytes.count > 1 << 16 {
                try sink(out.bytes)
                out.bytes.removeAll(keepingCapacity: true)
            }
        }
        try sink(out.bytes)
        return rows
    }

    private static func guarded(_ text: String) -> String {
        guard let first = text.utf8.first else { return "'" }
        return [61, 43, 45, 64, 9, 13, 39].contains(first) ? "'" + text : text
    }

    private static let representable =
        CivilTime.millis(year: 1, month: 1, day: 1)..<CivilTime.millis(year: 10_000, month: 1, day: 1)

    private static func time(_ timeMs: Int64) -> String {
        representable.contains(timeMs) ? CivilTime.rfc3339(timeMs) : ""
    }

    /// The Python module: the table list as data, a function for each table, and what is the same for all.
    public static func module() -> [UInt8] {
        var out = ByteWriter(capacity: 1 << 16)
        out.write(NotebookModule.beginning)
        out.write("\n\nTABLES: dict[str, Table] = {\n")
        for table in NotebookTable.all {
            out.write("    ")
            out.writeJSONString(table.name)
            out.write(": Table(\n        ")
            for text in [table.name, table.about, table.query] {
                out.writeJSONString(text)
                out.write(",\n        ")
            }
            out.write("(\n")
            for column in table.columns {
                out.write("            Column(")
                out.writeJSONString(column.name)
                out.write(", ")
                out.writeJSONString(column.kind.rawValue)
                out.write(", ")
                out.writeJSONString(column.about)
                out.write("),\n")
            }
            out.write("        ),\n    ),\n")
        }
        out.write("}\n")
        out.write(NotebookModule.middle)
        for table in NotebookTable.all {
            out.write("\n\ndef \(table.name)(where: Where = None) -> pd.DataFrame:\n    \"\"\"\(table.about)\n\n")
            for column in table.columns {
                out.write("    \(column.name) (\(column.kind.rawValue)): \(column.about)\n")
            }
            out.write("    \"\"\"\n    return load(\"\(table.name)\", where)\n")
        }
        return out.bytes
    }

    /// What the module reads to find the database and the program again.
    /// - Parameters:
    ///   - database: absolute path.
    ///   - program: absolute path of the running `tidemark`; nil when unknown.
    ///   - rows: of each table.
    public static func manifest(database: String, program: String?, version: String, rows: [(String, Int)]) -> [UInt8] {
        var out = ByteWriter()
        out.write("{\n \"database\": ")
        out.writeJSONString(database)
        out.write(",\n \"program\": ")
        if let program { out.writeJSONString(program) } else { out.write("null") }
        out.write(",\n \"version\": ")
        out.writeJSONString(version)
        out.write(",\n \"rows\": {")
        for (index, (name, count)) in rows.enumerated() {
            out.write(index == 0 ? "\n  " : ",\n  ")
            out.writeJSONString(name)
            out.write(": \(count)")
        }
        out.write("\n }\n}\n")
        return out.bytes
    }
}
