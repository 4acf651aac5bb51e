import TidemarkBase

/// Joins databases: the evidence of one is added to another, each stream once.
///
/// Streams are the same when the ledger knows them by the same content, or by path or replica, format and first time (a log
/// that was shorter when one of the two met it). Samples of series are compared one by one. Of two states of a stream the longer one stays, so merging again changes nothing.
/// Results are not copied: they are made anew from all evidence.
public struct StoreMerge {
    /// What became of the sources of the other database.
    public struct Outcome: Sendable, Equatable {
        public var added = 0
        /// Known in a shorter state, which was replaced.
        public var replaced = 0
        public var known = 0
    }

    private let store: Store
    private let database: Database

    /// Adds the evidence of the database at `path`.
    /// - Throws: `missingInput`, `unusableInput` when it isn't a Tidemark database of this schema.
    public static func add(_ path: String, to store: Store) throws -> Outcome {
        // Opening it checks that it is one.
        try Store.open(path: path).refuseExcerpt()
        try store.refuseExcerpt()
        let attach = try store.database.prepare("ATTACH ? AS other")
        attach.bind(1, path)
        try attach.run()
        defer { try? store.database.execute("DETACH other") }
        return try store.database.transaction {
            let outcome = try StoreMerge(store: store, database: store.database).run()
            for period in try store.periods() {
                try Shadowing.update(store, period: period.id)
                try SpanRequests.update(store, period: period.id)
            }
            return outcome
        }
    }

    private func run() throws -> Outcome {
        for map in ["period", "instance", "source", "series", "known", "http_key", "gateway_text"] {
            try database.execute(
                """
                CREATE TEMP TABLE IF NOT EXISTS map_\(map)(old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
                DELETE FROM map_\(map);
                """)
        }
        try mapNames()
        let outcome = try mapSources()
        try mapSeries()
        try mapTexts()
        let tables = try SourceTables.all(database)
        // Where the row ids of the other database begin here.
        var shifts: [String: Int] = [:]
        for table in tables {
            guard let column = try SourceTables.rowColumn(of: table, database) else { continue }
            shifts[table] = try database.int("SELECT coalesce(max(\(column)), 0) FROM main.\(table)") ?? 0
        }
        try database.execute(
            """
            INSERT OR IGNORE INTO main.http_key(client, method, route, status)
                SELECT client, method, route, status FROM other.http_key ORDER BY key_id;
            INSERT INTO map_http_key SELECT o.key_id, k.key_id FROM other.http_key o
                JOIN main.http_key k USING (client, method, route, status);
            """)
        for table in tables where table != "chunk" { try copy(table, shifts) }
        try ChunkCopy(store).run()
        let runs = shifts["engine_run"] ?? 0
        try database.execute(
            """
            INSERT INTO main.engine_fact SELECT run_id + \(runs), f.name, f.value, f.line FROM other.engine_fact f
                JOIN other.engine_run r USING (run_id) JOIN map_source m ON m.old = r.source_id ORDER BY f.rowid;
            UPDATE main.source SET state = json_set(state, '$.access_row', 0, '$.run',
                    CASE WHEN json_extract(state, '$.run') > 0 THEN json_extract(state, '$.run') + \(runs) ELSE 0 END)
                WHERE source_id IN (SELECT new FROM map_source) AND format = 'vllm-log' AND json_valid(state);
            UPDATE main.source SET tail = json_set(tail, '$.run', json_extract(tail, '$.run') + \(runs))
                WHERE source_id IN (SELECT new FROM map_source) AND json_valid(tail) AND json_extract(tail, '$.run') > 0;
            INSERT OR IGNORE INTO main.exemplar SELECT m.new, e.ts_ms, e.value, e.labels FROM other.exemplar e
                JOIN map_series m ON m.old = e.series_id
                WHERE e.ts_ms > coalesce((SELECT max(last_ms) FROM main.rollup r WHERE r.series_id = m.new), e.ts_ms - 1);
            """)
        try mergeClients()
        // The configuration here stands; what only the other has is taken over.
        try database.execute(
            """
            INSERT OR IGNORE INTO main.user_signal SELECT * FROM other.user_signal;
            INSERT OR IGNORE INTO main.objective SELECT * FROM other.objective;
            INSERT OR IGNORE INTO main.plan_setting SELECT * FROM other.plan_setting;
            """)
        return outcome
    }

    /// Periods and instances are the same when their names are.
    private func mapNames() throws {
        try database.execute(
            """
            INSERT OR IGNORE INTO main.period(name, capture) SELECT name, capture FROM other.period ORDER BY period_id;
            INSERT INTO map_period SELECT o.period_id, p.period_id FROM other.period o JOIN main.period p USING (name);
            INSERT INTO main.instance(period_id, kind, name, scrape_instance, joined_by, labels)
                SELECT m.new, kind, name, scrape_instance, joined_by, labels FROM other.instance o
                JOIN map_period m ON m.old = o.period_id WHERE true ORDER BY instance_id
                ON CONFLICT(period_id, kind, name) DO UPDATE SET
                    scrape_instance = coalesce(scrape_instance, excluded.scrape_instance),
                    joined_by = coalesce(joined_by, excluded.joined_by),
                    labels = iif(labels = '{}', excluded.labels, json_patch(excluded.labels, labels));
            INSERT INTO map_instance SELECT o.instance_id, i.instance_id FROM other.instance o
                JOIN map_period m ON m.old = o.period_id
                JOIN main.instance i ON i.period_id = m.new AND i.kind = o.kind AND i.name = o.name;
            """)
    }

    /// Decides for each source of the other database; those to be copied get their new row.
    private func mapSources() throws -> Outcome {
        var outcome = Outcome()
        let columns = try self.columns("source").filter { !["source_id", "period_id", "instance_id"].contains($0) }
        let names = columns.joined(separator: ", ")
        let insert = try database.prepare(
            """
            INSERT INTO main.source(period_id, instance_id, \(names))
            SELECT p.new, i.new, \(columns.map { "o.\($0)" }.joined(separator: ", ")) FROM other.source o
            JOIN map_period p ON p.old = o.period_id LEFT JOIN map_instance i ON i.old = o.instance_id
            WHERE o.source_id = ?
            """)
        let same = try database.prepare(
            """
            SELECT s.source_id, \(Self.length("s")), s.records, \(Self.length("o")), o.records FROM other.source o
            JOIN map_period p ON p.old = o.period_id LEFT JOIN map_instance i ON i.old = o.instance_id
            JOIN main.source s ON s.period_id = p.new AND s.format = o.format
                AND (s.framing = o.framing OR instr(s.framing || o.framing, ' of ') = 0)
                AND (s.prefix_bytes = o.prefix_bytes AND s.prefix_sha256 = o.prefix_sha256 AND s.prefix_bytes > 0
                        AND (s.format != 'prometheus-text' OR s.state IS o.state)
                    OR s.path = o.path AND s.first_ms IS o.first_ms
                    OR s.instance_id = i.new AND s.first_ms = o.first_ms AND s.prefix_bytes != o.prefix_bytes
                        AND min(s.prefix_bytes, o.prefix_bytes) < \(Ledger.identityBytes))
            WHERE o.source_id = ? ORDER BY s.source_id LIMIT 1
            """)
        let map = try database.prepare("INSERT INTO map_source VALUES (?, ?)")
        let known = try database.prepare("INSERT INTO map_known VALUES (?, ?)")
        let rows = try database.prepare("SELECT source_id FROM other.source ORDER BY source_id")
        var sources: [Int] = []
        while try rows.step() { sources.append(rows.int(0)) }
        for source in sources {
            same.bind(1, source)
            if try same.step() {
                let mine = same.int(0)
                // Of the same length the one with more: of the other, older evidence may have been pruned.
                let isLonger = same.int(3) > same.int(1) || same.int(3) == same.int(1) && same.int(4) > same.int(2)
                same.reset()
                guard isLonger else {
                    outcome.known += 1
                    try known.run(source, mine)
                    continue
                }
                try remove(mine)
                outcome.replaced += 1
            } else {
                same.reset()
                outcome.added += 1
            }
            insert.bind(1, source)
            try insert.run()
            try map.run(source, database.lastInsertedRow)
        }
        return outcome
    }

    /// SQL of how much of a source is in the tables.
    private static func length(_ row: String) -> String {
        "\(row).progress_bytes + iif(json_valid(\(row).tail), json_extract(\(row).tail, '$.bytes'), 0)"
    }

    /// Takes a source out with all its rows.
    private func remove(_ source: Int) throws {
        try SourceTables.forget(source: source, database)
        try database.execute("DELETE FROM main.source WHERE source_id = \(source)")
    }

    private func mapSeries() throws {
        try database.execute(
            """
            INSERT OR IGNORE INTO main.series(period_id, form, name, labels, type)
                SELECT m.new, form, name, labels, type FROM other.series o JOIN map_period m ON m.old = o.period_id
                ORDER BY series_id;
            INSERT INTO map_series SELECT o.series_id, s.series_id FROM other.series o
                JOIN map_period m ON m.old = o.period_id
                JOIN main.series s ON s.period_id = m.new AND s.form = o.form AND s.labels = o.labels;
            INSERT OR IGNORE INTO main.series_label SELECT m.new, l.name, l.value FROM other.series_label l
                JOIN map_series m ON m.old = l.series_id;
            INSERT OR IGNORE INTO main.metric_family SELECT m.new, \(try columns("metric_family").dropFirst().map { "f.\($0)" }
                .joined(separator: ", ")) FROM other.metric_family f JOIN map_period m ON m.old = f.period_id;
            """)
    }

    /// The texts of gateways' requests.
    private func mapTexts() throws {
        try database.execute(
            """
            INSERT OR IGNORE INTO main.gateway_text(text) SELECT text FROM other.gateway_text ORDER BY text_id;
            INSERT INTO map_gateway_text SELECT o.text_id, t.text_id FROM other.gateway_text o
                JOIN main.gateway_text t USING (text);
            """)
    }

    private func columns(_ table: String) throws -> [String] { try SourceTables.columns(of: table, database) }

    /// Copies the rows of the sources that are merged, with their references mapped.
    private func copy(_ table: String, _ shifts: [String: Int]) throws {
        let columns = try self.columns(table)
        let own = try SourceTables.rowColumn(of: table, database)
        var values = Dictionary(uniqueKeysWithValues: columns.map { ($0, "t.\($0)") })
        if let own, let shift = shifts[table] { values[own] = "t.\(own) + \(shift)" }
        var joins = ""
        for (index, reference) in try SourceTables.references(of: table, database).enumerated() {
            let column = reference.column
            if ["source", "instance", "series", "period", "http_key", "gateway_text"].contains(reference.table) {
                let isSource = reference.table == "source"
                joins +=
                    " \(isSource ? "" : "LEFT ")JOIN map_\(reference.table) m\(index) ON m\(index).old = t.\(column)"
                values[column] = "m\(index).new"
            } else if let shift = shifts[reference.table] {
                values[column] = "t.\(column) + \(shift)"
            } else {
                // What belongs to no source is made anew.
                values[column] = "NULL"
            }
        }
        let order = try SourceTables.hasRowID(table, database) ? "ORDER BY t.rowid" : ""
        try database.execute(
            """
            INSERT OR IGNORE INTO main.\(table)(\(columns.joined(separator: ", ")))
            SELECT \(columns.map { values[$0] ?? "NULL" }.joined(separator: ", ")) FROM other.\(table) t\(joins) WHERE true
            \(order) \(table == "span" ? SpanWriter.keepLonger : "")
            """)
    }

    /// Ports of a client that both saw are put together.
    private func mergeClients() throws {
        let rows = try database.prepare(
            """
            SELECT i.new, c.client, c.ports, m.ports FROM other.http_client c JOIN map_instance i ON i.old = c.instance_id
            LEFT JOIN main.http_client m ON m.instance_id = i.new AND m.client = c.client
            """)
        var merged: [(instance: Int, client: String, ports: [UInt8])] = []
        while try rows.step() {
            var ports = [UInt8](rows.bytes(2))
            let mine = rows.bytes(3)
            for index in 0..<min(mine.count, ports.count) { ports[index] |= mine[index] }
            if mine.count > ports.count { ports += mine.slice(ports.count, mine.count) }
            merged.append((rows.int(0), rows.text(1), ports))
        }
        let upsert = try database.prepare(
            """
            INSERT INTO main.http_client(instance_id, client, connections, ports) VALUES (?, ?, ?, ?)
            ON CONFLICT(instance_id, client) DO UPDATE SET connections = excluded.connections, ports = excluded.ports
            """)
        for row in merged {
            upsert.bind(1, row.instance)
            upsert.bind(2, row.client)
            upsert.bind(3, row.ports.reduce(0) { $0 + $1.nonzeroBitCount })
            row.ports.withUnsafeBytes { upsert.bindBlob(4, $0) }
            try upsert.run()
        }
    }
}
