import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what was read, and what an incident would miss.",
        discussion: """
            For every source: lines = lines in records + noise + rejects. Then what could not be told if an incident came
            now, which causes that concerns, and the flag or capture that mends it.

            Example: tidemark status --db report/tidemark.sqlite
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @Flag(help: "Also say of each source how its clock was found; with --format json only that.")
    var clocks = false

    @Flag(help: "Only say what an incident would miss.")
    var gaps = false

    @Flag(help: "Also list the rejects.")
    var rejects = false

    func run() throws {
        let store = try Store.open(path: database.path)
        switch format {
        case .text where gaps: try printGaps(store)
        case .text: try printText(store)
        case .json where gaps: try printGapsAsJSON(store)
        case .json where clocks: try printClocks(store)
        case .csv where gaps:
            throw TidemarkError(.usage, "--gaps has no CSV form", hint: "--format json or text")
        case .json, .csv:
            var sql = SQLCommand()
            sql.database = database
            sql.format = format
            sql.statement = """
                SELECT p.name AS period, path, format, framing, compression, status, message, lines, record_lines,
                    noise_lines, reject_lines, records, pending_bytes,
                    iif(json_valid(tail), json_extract(tail, '$.bytes'), 0) AS tail_bytes, first_ms, last_ms, clock_offset_ms, clock_method,
                    clock_confidence FROM source JOIN period p USING (period_id) ORDER BY source_id
                """
            try sql.run()
        }
    }

    private func printText(_ store: Store) throws {
        let ledger = Ledger(store)
        for period in try store.periods() {
            Console.print("Period \(Console.visible(period.name))")
            let sources = try ledger.all(period: period.id)
            var rows: [[String]] = []
            for source in sources {
                let sum = source.recordLines + source.noiseLines + source.rejectLines
                rows.append([
                    source.path, source.format, source.status, String(source.lines), String(source.recordLines),
                    String(source.noiseLines), String(source.rejectLines), sum == source.lines ? "=" : "≠",
                    source.firstMs.map(CivilTime.rfc3339) ?? "–", source.lastMs.map(CivilTime.rfc3339) ?? "–",
                ])
            }
            Console.print(
                Console.table(
                    ["source", "format", "status", "lines", "in records", "noise", "rejects", "sum", "first", "last"],
                    rows, right: [3, 4, 5, 6]))
            for source in sources {
                if source.pendingBytes > 0 {
                    Console.print(
                        "  \(Console.visible(source.path)): \(source.pendingBytes) bytes of an unfinished last line wait for their rest"
                    )
                }
                if let message = source.message {
                    Console.print("  \(Console.visible(source.path)): \(Console.visible(message))")
                }
            }
            if clocks {
                for sentence in sources.compactMap(ClockSentence.init) {
                    Console.print("  \(Console.visible(sentence.text))")
                }
            }
            try printShadowed(store, period.id)
            try printRolledUp(store, period.id)
            if rejects { try printRejects(store, period.id) }
            if let readiness = try readiness(store, period.id) {
                Console.print("")
                Console.print(Console.visible(readiness.text()))
            }
        }
    }

    /// nil: of a folder around the folders that hold the evidence.
    private func readiness(_ store: Store, _ period: Int) throws -> IncidentReadiness? {
        let readiness = try IncidentReadiness(store, period: period)
        return try readiness.window == nil && store.periods().count > 1 ? nil : readiness
    }

    private func printGaps(_ store: Store) throws {
        let periods = try store.periods()
        for period in periods {
            guard let readiness = try readiness(store, period.id) else { continue }
            if periods.count > 1 { Console.print("Period \(Console.visible(period.name))") }
            Console.print(Console.visible(readiness.text()))
        }
    }

    /// `{"incident_gaps":[…]}`, an object for each period.
    private func printGapsAsJSON(_ store: Store) throws {
        var out = ByteWriter()
        out.write("{\"incident_gaps\":[")
        var isFirst = true
        for period in try store.periods() {
            guard let readiness = try readiness(store, period.id) else { continue }
            if !isFirst { out.write(",") }
            isFirst = false
            readiness.write(to: &out, period: period.name)
        }
        out.write("]}")
        Console.print(out.text)
    }

    /// `{"clocks":[…]}`, an object for each source.
    private func printClocks(_ store: Store) throws {
        let ledger = Ledger(store)
        var out = ByteWriter()
        out.write("{\"clocks\":[")
        var isFirst = true
        for period in try store.periods() {
            for sentence in try ledger.all(period: period.id).compactMap(ClockSentence.init) {
                if !isFirst { out.write(",") }
                isFirst = false
                sentence.write(to: &out, period: period.name)
            }
        }
        out.write("]}")
        Console.print(out.text)
    }

    private func printRolledUp(_ store: Store, _ period: Int) throws {
        let row = try store.database.prepare(
            "SELECT count(*), min(hour_ms), max(hour_ms) FROM rollup JOIN source USING (source_id) WHERE period_id = ?")
        row.bind(1, period)
        guard try row.step(), row.int(0) > 0 else { return }
        Console.print(
            "  from \(CivilTime.rfc3339(row.int64(1))) to \(CivilTime.rfc3339(row.int64(2) + 3_600_000)) evidence is rolled up by the hour: \(row.int(0)) rows in the table rollup"
        )
    }

    private func printShadowed(_ store: Store, _ period: Int) throws {
        let rows = try store.database.prepare(
            "SELECT form, shadowed_by, count(*) FROM series WHERE period_id = ? AND shadowed_by IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )
        rows.bind(1, period)
        while try rows.step() {
            Console.print(
                "  \(rows.int(2)) series in the form '\(rows.text(0))' are not counted: '\(rows.text(1))' holds them too"
            )
        }
    }

    private func printRejects(_ store: Store, _ period: Int) throws {
        let rows = try store.database.prepare(
            """
            SELECT path, line, offset_bytes, reason, text FROM reject JOIN source USING (source_id)
            WHERE period_id = ? ORDER BY source_id, line
            """)
        rows.bind(1, period)
        while try rows.step() {
            Console.print(
                "  \(Console.visible(rows.text(0))):\(rows.int(1)) (byte \(rows.int(2))): \(rows.text(3)): \(Console.visible(String(rows.text(4).prefix(120))))"
            )
        }
    }
}
