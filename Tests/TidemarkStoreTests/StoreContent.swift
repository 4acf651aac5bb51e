import Foundation
import TidemarkBase
import TidemarkSeries

@testable import TidemarkIntake
@testable import TidemarkStore

/// All that a store holds as evidence, as text without row ids: what must not depend on how it came in. The tables and what
/// their columns refer to are asked of the schema, so that a new table is compared, too.
func everything(in store: Store, without left: Set<String> = []) throws -> [String: [String]] {
    let database = store.database
    var found: [String: [String]] = [:]
    for table in try SourceTables.all(database) + ["http_client", "engine_fact"]
    where !left.contains(table) && table != "chunk" {
        let own = try SourceTables.rowColumn(of: table, database)
        var joins = ""
        var values: [String] = []
        let references = try SourceTables.references(of: table, database)
        for column in try SourceTables.columns(of: table, database) where column != own {
            let reference = references.first { $0.column == column }?.table
            switch reference {
            case "instance":
                joins += " LEFT JOIN instance i USING (instance_id)"
                values.append("i.name")
            case "series":
                joins += " LEFT JOIN series e USING (series_id)"
                values.append("e.form || e.labels")
            case "period":
                joins += " JOIN period p USING (period_id)"
                values.append("p.name")
            case nil: values.append("hex(CAST(t.\(column) AS BLOB))")
            default: break
            }
        }
        found[table] = try lines(store, "SELECT \(values.joined(separator: ", ")) FROM \(table) t\(joins)")
    }
    if !left.contains("chunk") { found["sample"] = try samples(store) }
    found["series"] = try lines(store, "SELECT form, labels, type, shadowed_by FROM series")
    if !left.contains("instance") {
        found["instance"] = try lines(store, "SELECT kind, name, scrape_instance, joined_by, labels FROM instance")
    }
    found["exemplar"] = try lines(
        store, "SELECT s.labels, e.ts_ms, e.value, e.labels FROM exemplar e JOIN series s USING (series_id)")
    if !left.contains("source") {
        found["source"] = try lines(
            store,
            """
            SELECT format, framing, status, lines, record_lines, noise_lines, reject_lines, records, first_ms, last_ms,
                progress_bytes, progress_lines, tail_sha256, prefix_sha256, pending_bytes, json_extract(tail, '$.bytes')
            FROM source WHERE prefix_bytes > 0
            """)
    }
    return found
}

private func lines(_ store: Store, _ query: String) throws -> [String] {
    let rows = try store.database.prepare(query)
    var lines: [String] = []
    while try rows.step() {
        lines.append((0..<rows.columnCount).map { rows.optionalText($0) ?? "–" }.joined(separator: "|"))
    }
    return lines.sorted()
}

/// Every sample of every series, whatever the chunks; a sample that is stored twice stands twice.
private func samples(_ store: Store) throws -> [String] {
    let rows = try store.database.prepare(
        "SELECT form || labels, start_ms, end_ms, encoding, data FROM chunk JOIN series USING (series_id)")
    var lines: [String] = []
    while try rows.step() {
        let chunk = SeriesChunk(
            startMs: rows.int64(1), endMs: rows.int64(2), encoding: UInt8(truncatingIfNeeded: rows.int(3)), part: 0,
            data: rows.bytes(4))
        var samples = SeriesSamples(labels: Labels())
        try chunk.decode(into: &samples)
        for index in samples.timesMs.indices {
            lines.append("\(rows.text(0)) \(samples.timesMs[index]) \(samples.values[index].bitPattern)")
        }
        for time in samples.histogramTimesMs { lines.append("\(rows.text(0)) \(time) histogram") }
    }
    return lines.sorted()
}

/// The first difference of two contents, in words; nil when they are equal.
func difference(_ a: [String: [String]], _ b: [String: [String]]) -> String? {
    for table in Set(a.keys).union(b.keys).sorted() {
        let (mine, other) = (a[table] ?? [], b[table] ?? [])
        guard mine != other else { continue }
        let only = mine.filter { !other.contains($0) }.prefix(3)
        let extra = other.filter { !mine.contains($0) }.prefix(3)
        return
            "\(table): \(mine.count) and \(other.count) rows; only in the first: \(only); only in the second: \(extra)"
    }
    return nil
}
