import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

struct ExportNotebooks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notebooks", abstract: "Write CSV tables, a Python module and notebooks to go on with.",
        discussion: """
            FOLDER/csv/ gets the tables (times as RFC 3339 UTC, units in the columns' names), FOLDER/tidemark_data.py reads
            them as typed pandas frames, and four notebooks explore this database. They need jupyter, pandas, matplotlib and
            scikit-learn. Analyses first when results are missing or older than the evidence. A notebook that is there
            already is kept as it is.

            Example: tidemark export notebooks exploration/ --db report/tidemark.sqlite
            """)

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var locking: LockOptions

    func run() throws {
        let store = try currentStore()
        try ReportFolder.make(folder + "/" + NotebookExport.csvFolder)
        var rows: [(String, Int)] = []
        for table in NotebookTable.all {
            let file = try OutputFile("\(folder)/\(NotebookExport.csvFolder)/\(table.name).csv")
            rows.append((table.name, try NotebookExport.writeCSV(table, of: store) { try file.write($0) }))
            try file.finish()
        }
        try write(NotebookExport.module(), to: NotebookExport.moduleName)
        try write(
            NotebookExport.manifest(
                database: Self.absolute(database.path) ?? database.path, program: Self.absolute("/proc/self/exe"),
                version: Analysis.toolVersion, rows: rows),
            to: NotebookExport.manifestName)
        var kept: [String] = []
        for notebook in NotebookSources.all {
            if access("\(folder)/\(notebook.name)", F_OK) == 0 {
                kept.append(notebook.name)
            } else {
                try write(Array(notebook.text.utf8), to: notebook.name)
            }
        }
        guard !database.quiet else { return }
        Console.error(
            "\(folder): \(rows.count) tables, \(rows.reduce(0) { $0 + $1.1 }) rows; `jupyter lab \(folder)` opens the notebooks"
        )
        if !kept.isEmpty {
            Console.error("  kept as they were (delete them to get fresh ones): \(kept.joined(separator: ", "))")
        }
    }

    /// The database with verdict, capacity and forecast up to date.
    private func currentStore() throws -> Store {
        let store = try analysedStore(database.path, locking)
        guard try Outlook(store).isStale() else { return store }
        let lock = try locking.lock(database.path)
        try Outlook(existingStore(database.path)).refresh()
        withExtendedLifetime(lock) {}
        return try Store.open(path: database.path)
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        let file = try OutputFile("\(folder)/\(name)")
        try file.write(bytes)
        try file.finish()
    }

    /// The path with links followed; nil when there is nothing.
    private static func absolute(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
