import TidemarkBase

extension Store {
    /// A store in which nothing but the evidence of one stretch of time of one period exists, so that whatever is worked out in it
    /// depends on that evidence alone: on nothing later, and not on when it was read.
    ///
    /// The file is only read. Tables of evidence are hidden behind temporary views of the same names, tables of results behind
    /// empty temporary tables: what an analysis writes goes away with the value. Nothing is copied but names (series, instances).
    ///
    /// - Parameter range: Unix ms, both ends included.
    public static func slice(path: String, period: Int, range: ClosedRange<Int64>) throws -> Store {
        let store = try Store.open(path: path)
        store.limits = range
        try StoreSlice(database: store.database, period: period, range: range).make()
        return store
    }
}

/// Makes the temporary tables and views of a slice. Names that are not qualified lead to `temp` first.
struct StoreSlice {
    fileprivate let database: Database
    fileprivate let period: Int
    fileprivate let range: ClosedRange<Int64>

    /// Evidence by time: the expression that dates a row, in ms.
    static let timed: [(table: String, time: String)] = [
        ("engine_stat", "time_ms"), ("engine_companion_stat", "time_ms"), ("engine_iteration", "time_ms"),
        ("http_rollup", "time_ms"), ("http_error", "time_ms"), ("http_access_row", "time_ms"), ("log_event", "time_ms"),
        ("gpu_sample", "time_ms"), ("gpu_event", "time_ms"), ("gpu_process", "time_ms"),
        ("gateway_request", "start_ms"), ("exemplar", "ts_ms"), ("rollup", "hour_ms"),
        ("request", "coalesce(received_ms, added_ms, finished_ms, aborted_ms, failed_ms)"),
    ]
    /// Columns that only tables of results have.
    private static let resultColumns: Set<String> = [
        "analysis_id", "finding_id", "comparison_id", "anomaly_id", "week_id",
    ]
    private static let results: Set<String> = ["outlook", "load_test_estimate", "load_point", "sentence"]

    private var condition: String { "BETWEEN \(range.lowerBound) AND \(range.upperBound)" }

    fileprivate func make() throws {
        let rows = try database.prepare(
            """
            SELECT name, type, sql FROM main.sqlite_master
            WHERE type IN ('table', 'view') AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid
            """)
        var views: [String] = []
        while try rows.step() {
            let (name, sql) = (rows.text(0), rows.text(2))
            if rows.text(1) == "view" {
                // A view of the file would look past what hides its tables.
                views.append("CREATE TEMP VIEW" + sql.dropFirst("CREATE VIEW".count))
                continue
            }
            try hide(name, sql)
        }
        for view in views { try database.execute(view) }
    }

    private func hide(_ name: String, _ sql: String) throws {
        let columns = try SourceTables.columns(of: name, database)
        if let time = Self.timed.first(where: { $0.table == name })?.time {
            try view(name, columns, where: "\(time) \(condition)")
        } else if Self.results.contains(name) || columns.contains(where: Self.resultColumns.contains) {
            try own(name, sql)
        } else if name == "span" {
            let (low, high) = (range.lowerBound, range.upperBound)
            // Nanoseconds would overflow for times that are none.
            try view(name, columns, where: "start_ns / 1000000 BETWEEN \(low) AND \(high)")
        } else if name == "chunk" {
            try view(name, columns, where: "end_ms >= \(range.lowerBound) AND start_ms <= \(range.upperBound)")
        } else if name == "engine_run" {
            try runs(columns)
        } else if name == "source" {
            try sources(columns)
        } else if name == "series" {
            try own(name, sql)
            try database.execute(
                """
                INSERT INTO temp.series SELECT * FROM main.series s WHERE period_id = \(period) AND EXISTS (
                    SELECT 1 FROM main.chunk c WHERE c.series_id = s.series_id AND c.end_ms >= \(range.lowerBound)
                        AND c.start_ms <= \(range.upperBound));
                CREATE INDEX temp.slice_series_by_name ON series(name);
                """)
        } else if name == "series_label" {
            try view(name, columns, where: "series_id IN (SELECT series_id FROM temp.series)")
        } else if name == "instance" {
            try own(name, sql)
            try database.execute(
                """
                INSERT INTO temp.instance SELECT * FROM main.instance i WHERE period_id = \(period) AND (
                    kind NOT IN ('engine', 'gpu', 'gateway')
                    OR kind = 'gpu' AND instance_id IN (
                        SELECT DISTINCT instance_id FROM main.gpu_sample WHERE time_ms \(condition))
                    OR kind <> 'gpu' AND EXISTS (SELECT 1 FROM main.source s WHERE s.instance_id = i.instance_id
                        AND s.last_ms >= \(range.lowerBound) AND s.first_ms <= \(range.upperBound)))
                """)
        }
    }

    /// An empty table in the place of one of the file.
    private func own(_ name: String, _ sql: String) throws {
        try database.execute("CREATE TEMP TABLE" + sql.dropFirst("CREATE TABLE".count))
    }

    private func view(_ name: String, _ columns: [String], where condition: String) throws {
        // Views have no row ids; some queries sort by them.
        let hasRowID = try SourceTables.hasRowID(name, database)
        let list = (hasRowID ? ["rowid AS rowid"] : []) + columns
        try database.execute(
            "CREATE TEMP VIEW \(name) AS SELECT \(list.joined(separator: ", ")) FROM main.\(name) WHERE \(condition)")
    }

    /// The runs that began in the stretch and the last one before it; an end that lies behind it has not come yet.
    private func runs(_ columns: [String]) throws {
        let list = columns.map {
            $0 == "end_ms" || $0 == "end_reason" ? "iif(end_ms <= \(range.upperBound), \($0), NULL) AS \($0)" : $0
        }
        try database.execute(
            """
            CREATE TEMP VIEW engine_run AS SELECT rowid AS rowid, \(list.joined(separator: ", ")) FROM main.engine_run r
            WHERE coalesce(start_ms, 0) <= \(range.upperBound) AND coalesce(end_ms, \(Int64.max)) >= \(range.lowerBound)
                AND NOT EXISTS (SELECT 1 FROM main.engine_run n WHERE n.instance_id = r.instance_id
                    AND n.start_ms > coalesce(r.start_ms, 0) AND n.start_ms <= \(range.lowerBound))
            """)
    }

    /// The sources that reach into the stretch. What is counted over a whole source says nothing about a part of it.
    private func sources(_ columns: [String]) throws {
        let list = columns.map { column in
            switch column {
            case "first_ms": "max(first_ms, \(range.lowerBound)) AS first_ms"
            case "last_ms": "min(last_ms, \(range.upperBound)) AS last_ms"
            case "lines", "record_lines", "noise_lines", "reject_lines", "records", "pending_bytes": "0 AS \(column)"
            default: column
            }
        }
        try database.execute(
            """
            CREATE TEMP VIEW source AS SELECT rowid AS rowid, \(list.joined(separator: ", ")) FROM main.source
            WHERE period_id = \(period) AND last_ms >= \(range.lowerBound) AND first_ms <= \(range.upperBound)
            """)
    }
}
