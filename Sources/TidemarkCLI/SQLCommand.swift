import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

struct SQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql", abstract: "Ask the database in SQL.",
        discussion: """
            Read-only. The tables are described in docs/schema.md; the virtual table sample(series_id, ts_ms, value) shows
            every sample of every series.

            Example: tidemark sql "SELECT name, count(*) FROM series JOIN sample USING (series_id) GROUP BY name"
            """)

    @Argument(help: "One SQL statement; without it, standard input is read.")
    var statement: String?

    @OptionGroup var database: DatabaseOptions

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    func run() throws {
        let store = try Store.open(path: database.path)
        var text = statement ?? ""
        if statement == nil { while let line = readLine(strippingNewline: false) { text += line } }
        guard text.utf8.contains(where: { $0 > 32 }) else {
            throw TidemarkError(.usage, "no SQL was given", hint: "tidemark sql 'SELECT * FROM source'")
        }
        let query = try store.database.prepare(text)
        let columns = (0..<query.columnCount).map(query.columnName)
        switch format {
        case .text: try printText(query, columns)
        case .csv: try printCSV(query, columns)
        case .json: try printJSON(query, columns)
        }
    }

    private func cell(_ query: Statement, _ column: Int) -> String {
        switch query.storageClass(column) {
        case .null: ""
        case .integer: String(query.int(column))
        case .real: ByteWriter.shortest(query.double(column))
        case .text: query.text(column)
        case .blob: "(\(query.bytes(column).count) bytes)"
        }
    }

    private func printText(_ query: Statement, _ columns: [String]) throws {
        guard !columns.isEmpty else {
            try query.step()
            return
        }
        var rows: [[String]] = []
        var right = Set(columns.indices)
        while try query.step() {
            rows.append(
                columns.indices.map { column in
                    if [.text, .blob].contains(query.storageClass(column)) { right.remove(column) }
                    return cell(query, column).split(separator: "\n", omittingEmptySubsequences: false)
                        .joined(separator: "␤")
                })
        }
        Console.print(Console.table(columns, rows, right: right))
    }

    private func printCSV(_ query: Statement, _ columns: [String]) throws {
        var out = ByteWriter(capacity: 1 << 16)
        out.write(columns.map(CSVCell.quoted).joined(separator: ",") + "\r\n")
        while try query.step() {
            out.write(columns.indices.map { CSVCell.quoted(cell(query, $0)) }.joined(separator: ",") + "\r\n")
            if out.bytes.count > 1 << 16 {
                Console.write(out.bytes)
                out.bytes.removeAll(keepingCapacity: true)
            }
        }
        Console.write(out.bytes)
    }

    private func printJSON(_ query: Statement, _ columns: [String]) throws {
        var out = ByteWriter(capacity: 1 << 16)
        out.write("[")
        var first = true
        while try query.step() {
            out.write(first ? "\n" : ",\n")
            first = false
            out.write("{")
            for (column, name) in columns.enumerated() {
                if column > 0 { out.write(",") }
                out.writeJSONString(name)
                out.write(":")
                switch query.storageClass(column) {
                case .null: out.write("null")
                case .integer: out.write(query.int(column))
                case .real:
                    let value = query.double(column)
                    out.write(value.isFinite ? ByteWriter.shortest(value) : "null")
                case .text: out.writeJSONString(query.text(column))
                case .blob: out.writeJSONString("(\(query.bytes(column).count) bytes)")
                }
            }
            out.write("}")
            if out.bytes.count > 1 << 16 {
                Console.write(out.bytes)
                out.bytes.removeAll(keepingCapacity: true)
            }
        }
        out.write("\n]\n")
        Console.write(out.bytes)
    }
}

/// For the project's own use: prints the pages of `docs/` that are made from the code.
struct DocumentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document", abstract: "Print the schema, the signals or the causes as documentation.",
        shouldDisplay: false)

    enum Page: String, ExpressibleByArgument, CaseIterable {
        case schema, signals, causes
        case notebookModule = "notebook-module"
    }

    @Argument(help: "schema, signals, causes or notebook-module.")
    var page: Page

    func run() throws {
        let text: String
        switch page {
        case .schema: text = try Schema.document()
        case .signals: text = SignalCatalogue.document()
        case .causes: text = CauseDocument.markdown()
        case .notebookModule: text = String(decoding: NotebookExport.module(), as: UTF8.self)
        }
        Console.print(String(text.dropLast()))
    }
}
