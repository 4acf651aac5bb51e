import Foundation
import Testing
import TidemarkBase
import TidemarkSeries
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// All evidence of a store as text: what must not depend on how it was read.
private func evidence(_ store: Store) throws -> [String: [String]] {
    let tables = [
        "engine_stat", "engine_companion_stat", "http_access", "http_error", "http_client", "request", "log_event",
        "engine_run", "engine_fact", "gpu_sample", "reject", "source_kind",
    ]
    var found: [String: [String]] = [:]
    for table in tables {
        let rows = try store.database.prepare("SELECT * FROM \(table)")
        var lines: [String] = []
        while try rows.step() {
            lines.append(
                (0..<rows.columnCount).map { column in
                    rows.storageClass(column) == .blob ? SHA256.hex(rows.bytes(column)) : rows.text(column)
                }.joined(separator: "|"))
        }
        // Row numbers follow the order of commits; the rows themselves must not.
        found[table] = lines.sorted()
    }
    return found
}

private func ingest(_ store: Store, _ path: String) throws -> [IngestOutcome] {
    var options = IngestOptions()
    options.year = 2026
    options.period = "p"
    let ingestor = Ingestor(store, options: options)
    try ingestor.ingest([path])
    return ingestor.outcomes
}

@Suite struct IngestTests {
    private static func log() throws -> String {
        let stream = try InputStream(path: fixture("incident/server.log.gz").path)
        return String(decoding: try stream.readAll(limit: 1 << 24), as: UTF8.self)
    }

    @Test("reading twice changes nothing; a rename or gzip is recognised")
    func twice() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let path = try folder.write(try Self.log(), to: "in/server.log")
        #expect(try ingest(store, path).map(\.action) == [.read])
        let before = try evidence(store)
        #expect(try ingest(store, path).map(\.action) == [.unchanged])
        let renamed = folder.path("in/server.log.1")
        try FileManager.default.moveItem(atPath: path, toPath: renamed)
        #expect(try ingest(store, renamed).map(\.action) == [.unchanged])
        #expect(try ingest(store, fixture("incident/server.log.gz").path).map(\.action) == [.unchanged])
        #expect(try evidence(store) == before)
    }

    @Test("a log that grows in steps gives the same tables as at once", arguments: [1, 2, 3, 4])
    func grows(_ seed: UInt64) throws {
        let text = try Self.log()
        let bytes = Array(text.utf8)
        let folder = try TemporaryFolder()
        let whole = try Store.create(path: folder.path("whole.sqlite"))
        let path = try folder.write(text, to: "in/server.log")
        _ = try ingest(whole, path)
        let steps = try Store.create(path: folder.path("steps.sqlite"))
        var random = SeededRandom(seed: seed)
        var end = 0
        while end < bytes.count {
            end = min(bytes.count, end + Int.random(in: 5_000...60_000, using: &random))
            let part = String(decoding: bytes[..<end], as: UTF8.self)
            _ = try ingest(steps, try folder.write(part, to: "in/server.log"))
        }
        let a = try evidence(whole)
        let b = try evidence(steps)
        for (table, rows) in a { #expect(b[table] == rows, "\(table)") }
    }

    @Test("a partial last line waits for its rest")
    func partialLine() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let head = "INFO 11-23 17:30:04 [api_server.py:1] vLLM API server version 0.11.2\n"
        let access = "INFO:     127.0.0.1:1 - \"GET /health HTTP/1.1\" 200 OK\n"
        _ = try ingest(store, try folder.write(head + String(access.dropLast(8)), to: "server.log"))
        #expect(try store.database.int("SELECT sum(requests) FROM http_access") == nil)
        #expect(try store.database.int("SELECT pending_bytes FROM source")! > 0)
        _ = try ingest(store, try folder.write(head + access, to: "server.log"))
        #expect(try store.database.int("SELECT sum(requests) FROM http_access WHERE status = 200") == 1)
        #expect(try store.database.int("SELECT lines FROM source") == 2)
    }

    @Test("every line of every source is accounted for")
    func account() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        _ = try ingest(store, fixture("incident").path)
        #expect(
            try store.database.int(
                "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines") == 0)
        #expect(try store.database.int("SELECT count(*) FROM source WHERE status = 'read'") == 19)
        let log = try Self.log()
        #expect(
            try store.database.int("SELECT lines FROM source WHERE format = 'vllm-log'")
                == log.utf8.reduce(0) { $0 + ($1 == 10 ? 1 : 0) })
    }

    @Test("exports of other stores and of dashboards become sampled series, every line accounted for")
    func exports() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let found = try ingest(store, fixture("victoriametrics").path) + ingest(store, fixture("grafana").path)
        // One is the beginning of another.
        #expect(found.count { $0.action == .read } == 14 && found.count { $0.action == .duplicate } == 1)
        #expect(
            try store.database.int(
                "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines") == 0)
        #expect(try store.database.int("SELECT count(*) FROM series WHERE form != 'api'") == 0)
        #expect(
            try store.database.int(
                "SELECT sum(samples) FROM chunk JOIN series USING (series_id) WHERE name = 'demo_odd'")! > 4)
        // A panel's times without a zone are taken as UTC, and that is said.
        #expect(
            try store.database.text("SELECT clock_method FROM source WHERE path LIKE '%joined_excel%'")
                == "taken as UTC")
        #expect(
            try store.database.text("SELECT clock_method FROM source WHERE path LIKE '%requests_running.csv'")
                == "UTC in the data")
        let zoned = try Store.create(path: folder.path("zoned.sqlite"))
        var options = IngestOptions()
        options.offsetMinutes = 60
        try Ingestor(zoned, options: options).ingest([fixture("grafana/joined_excel_quoted.csv").path])
        #expect(try zoned.database.int("SELECT min(start_ms) FROM chunk") == 1_795_455_073_000 - 3_600_000)
    }

    @Test("a run of scrape files: stale markers, types, help, units, exemplars, UTF-8 names")
    func scrapeRun() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let exemplar = " # {trace_id=\"abc\"} 0.5 1795455073.250"
        func scrape(_ second: Int, gone: Bool) throws {
            let text = """
                # HELP vllm:h_seconds Latency.
                # TYPE vllm:h_seconds histogram
                # UNIT vllm:h_seconds seconds
                vllm:h_seconds_bucket{le="1"} \(second)\(exemplar)
                vllm:h_seconds_bucket{le="+Inf"} \(second)
                # TYPE vllm:tokens counter
                vllm:tokens_total \(second)
                # TYPE vllm:g gauge
                \(gone ? "" : "vllm:g 5\n"){"my.metric","my label"="é"} 1
                # EOF

                """
            try folder.write(text, to: "in/metrics-\(1_795_455_073 + second).txt")
        }
        for second in 0..<4 { try scrape(second, gone: second >= 2) }
        _ = try ingest(store, folder.path("in"))
        let database = store.database
        func samples(_ name: String) throws -> [(Int64, Double)] {
            let row = try database.prepare(
                "SELECT data FROM chunk JOIN series USING (series_id) WHERE name = '\(name)'")
            var times: [Int64] = []
            var values: [Double] = []
            while try row.step() { try XORChunk.decode(row.bytes(0), timesMs: &times, values: &values) }
            return Array(zip(times, values))
        }
        let gauge = try samples("vllm:g")
        #expect(gauge.map(\.0) == [0, 1000, 2000].map { 1_795_455_073_000 + $0 })
        #expect(gauge.prefix(2).allSatisfy { $0.1 == 5 } && StaleMarker.matches(gauge[2].1))
        #expect(try samples("my.metric").count == 4)
        #expect(try database.text("SELECT type FROM series WHERE name = 'vllm:h_seconds_bucket'") == "histogram")
        #expect(try database.text("SELECT type FROM series WHERE name = 'vllm:tokens_total'") == "counter")
        #expect(try database.text("SELECT type FROM series WHERE name = 'vllm:g'") == "gauge")
        #expect(try database.int("SELECT count(*) FROM series WHERE type IS NULL") == 1)
        #expect(
            try database.text("SELECT help || unit || type FROM metric_family WHERE name = 'vllm:h_seconds'")
                == "Latency.secondshistogram")
        // Four scrapes repeat one exemplar.
        #expect(try database.int("SELECT count(*) FROM exemplar") == 1)
        #expect(
            try database.text(
                "SELECT e.ts_ms || ' ' || e.value || ' ' || e.labels || ' ' || name FROM exemplar e JOIN series USING (series_id)"
            ) == "1795455073250 0.5 {\"trace_id\":\"abc\"} vllm:h_seconds_bucket")
    }

    @Test("a dump in OpenMetrics is a dump; API metadata gives types to the series of other sources")
    func dumpAndMetadata() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        _ = try ingest(store, fixture("openmetrics-dump/vllm.openmetrics.txt").path)
        #expect(try store.database.int("SELECT count(*) FROM series WHERE form = 'dump'") == 20)
        let metadata =
            #"{"status":"success","data":{"vllm:num_requests_waiting":[{"type":"gauge","help":"h","unit":""}]}}"#
        _ = try ingest(store, try folder.write(metadata, to: "metadata.json"))
        #expect(
            try store.database.int(
                "SELECT count(*) FROM series WHERE name = 'vllm:num_requests_waiting' AND type = 'gauge'") == 2)
        #expect(try store.database.int("SELECT records FROM source_kind WHERE kind = 'metadata'") == 1)
    }

    @Test("a truncated gzip keeps what was before the cut and says so")
    func truncatedGzip() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let data = try Data(contentsOf: fixture("incident/server.log.gz"))
        try data.prefix(data.count / 2).write(to: folder.url.appendingPathComponent("server.log.gz"))
        _ = try ingest(store, folder.path("server.log.gz"))
        #expect(try store.database.text("SELECT status FROM source") == "partial")
        #expect(try store.database.text("SELECT message FROM source")?.contains("truncated") == true)
        #expect(try store.database.int("SELECT records FROM source")! > 100)
    }

    @Test("rubbish, ground truth and empty files are listed as unknown")
    func unknown() throws {
        let folder = try TemporaryFolder()
        var random = SeededRandom(seed: 2)
        let rubbish = Data((0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) })
        try rubbish.write(to: folder.url.appendingPathComponent("a.bin"))
        try folder.write("", to: "empty.log")
        try folder.write("{\"cause\": \"kv_cache_limit\"}", to: "truth.json")
        try folder.write(
            "{\"up\":{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}}",
            to: "query_range.json")
        let store = try Store.create(path: ":memory:")
        #expect(try ingest(store, folder.url.path).map(\.action) == [.unknown, .unknown, .unknown, .unknown])
    }
}
