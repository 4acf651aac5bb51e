import TidemarkBase

/// A part of a database's evidence with the results of the whole. Only for what ``Store/copy(of:period:redactor:)`` made.
extension Store {
    /// Takes out the evidence outside of a stretch of time (Unix ms, both ends included; nil: all of it). Results stay, and what
    /// is known of sources, replicas and process lives.
    public func cutEvidence(to range: ClosedRange<Int64>?) throws {
        let tables = try SourceTables.everything(database)
        try database.execute("BEGIN")
        for (table, time) in StoreSlice.timed {
            guard let range else {
                try database.execute("DELETE FROM main.\(table)")
                continue
            }
            // Rows that sum up an hour are dated by its start.
            let start = range.lowerBound - (table == "http_rollup" || table == "rollup" ? 3_600_000 : 0)
            try database.execute("DELETE FROM main.\(table) WHERE \(time) NOT BETWEEN \(start) AND \(range.upperBound)")
        }
        if let range {
            try database.execute(
                """
                DELETE FROM main.chunk WHERE end_ms < \(range.lowerBound) OR start_ms > \(range.upperBound);
                DELETE FROM main.span WHERE start_ns / 1000000 NOT BETWEEN \(range.lowerBound) AND \(range.upperBound);
                """)
        } else {
            try database.execute("DELETE FROM main.chunk; DELETE FROM main.span; DELETE FROM main.reject;")
        }
        try database.execute(
            """
            DELETE FROM main.span_request WHERE NOT EXISTS (SELECT 1 FROM main.span s
                WHERE s.trace_id = span_request.trace_id AND s.span_id = span_request.span_id);
            DELETE FROM main.series WHERE series_id NOT IN (SELECT series_id FROM main.chunk)
                AND series_id NOT IN (SELECT series_id FROM main.rollup WHERE series_id IS NOT NULL);
            """)
        try StoreCopy.dropOrphans(database, tables)
        try database.execute(
            """
            DELETE FROM main.series_label WHERE series_id NOT IN (SELECT series_id FROM main.series);
            DELETE FROM main.excerpt WHERE name IN ('evidence_from', 'evidence_to');
            """)
        if let range {
            try database.execute(
                """
                INSERT INTO main.excerpt VALUES ('evidence_from', '\(CivilTime.rfc3339(range.lowerBound))'),
                    ('evidence_to', '\(CivilTime.rfc3339(range.upperBound))')
                """)
        }
        try database.execute("COMMIT")
    }

    /// Its size, without pages that nothing is in.
    public func usedBytes() throws -> Int {
        let pages = try database.int("PRAGMA main.page_count") ?? 0
        let free = try database.int("PRAGMA main.freelist_count") ?? 0
        return (pages - free) * (try database.int("PRAGMA main.page_size") ?? 0)
    }

    /// Writes it into a new file: page by page anew, so that nothing that was deleted is in it.
    /// - Throws: `unusableInput` when SQLite finds the new file damaged.
    public func vacuum(into path: String) throws {
        let statement = try database.prepare("VACUUM main INTO ?")
        statement.bind(1, path)
        try statement.run()
        let written = try Store.open(path: path)
        let answer = try written.database.text("PRAGMA integrity_check") ?? ""
        guard answer == "ok" else {
            throw TidemarkError(
                .unusableInput, "the part of the database is damaged: \(answer.prefix(200))", file: path)
        }
    }
}
