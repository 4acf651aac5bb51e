import Foundation
import Testing
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@Suite struct MergeTests {
    /// What a database holds, without its row numbers.
    private func content(_ store: Store) throws -> [String: [String]] {
        let queries = [
            "source":
                "SELECT path, format, status, lines, record_lines, noise_lines, reject_lines, records, first_ms, last_ms FROM source",
            "kinds": "SELECT path, kind, k.records FROM source_kind k JOIN source USING (source_id)",
            "stat":
                "SELECT name, line, time_ms, running, waiting, kv_cache_usage_ratio FROM engine_stat JOIN instance USING (instance_id)",
            "access":
                "SELECT name, time_ms, client, method, route, status, requests FROM http_access JOIN instance USING (instance_id)",
            "client": "SELECT name, client, connections, hex(ports) FROM http_client JOIN instance USING (instance_id)",
            "request": "SELECT request_id, line, received_ms, added_ms, finished_ms FROM request",
            "event": "SELECT line, kind, message FROM log_event",
            "fact":
                "SELECT path, first_line, f.name, value FROM engine_fact f JOIN engine_run USING (run_id) JOIN source USING (source_id)",
            "span":
                "SELECT trace_id, span_id, start_ns, end_ns, request_id, service, host FROM span JOIN span_resource USING (resource_id)",
            "gpu": "SELECT name, time_ms, power_watts FROM gpu_sample JOIN instance USING (instance_id)",
            "series": "SELECT form, labels, type, shadowed_by FROM series",
            "chunk":
                "SELECT form, labels, start_ms, end_ms, samples, hex(data) FROM chunk JOIN series USING (series_id)",
        ]
        var found: [String: [String]] = [:]
        for (name, query) in queries {
            let rows = try store.database.prepare(query)
            var lines: [String] = []
            while try rows.step() {
                lines.append((0..<rows.columnCount).map { rows.optionalText($0) ?? "–" }.joined(separator: "|"))
            }
            found[name] = lines.sorted()
        }
        return found
    }

    private func ingest(_ paths: [String], _ folder: TemporaryFolder, _ name: String) throws -> Store {
        let store = try Store.create(path: folder.path(name))
        var options = IngestOptions()
        options.period = "incident"
        for path in paths {
            let ingestor = Ingestor(store, options: options)
            try ingestor.ingest([path])
            #expect(!ingestor.outcomes.contains { $0.action == .failed })
        }
        return store
    }

    @Test("spans of two databases: each once, the longer one, with who made it")
    func spans() throws {
        let folder = try TemporaryFolder()
        let names = ["jaeger_vllm.json", "zipkin.json", "otlp_vllm_0.33.jsonl"]
        let paths = names.map { fixture("traces/" + $0).path }
        let whole = try ingest(paths, folder, "whole.sqlite")
        for (first, second) in [(paths[..<1], paths[1...]), (paths[1...], paths[..<1])] {
            let id = UUID().uuidString
            let target = try ingest(Array(first), folder, id + "a.sqlite")
            _ = try ingest(Array(second), folder, id + "b.sqlite")
            _ = try StoreMerge.add(folder.path(id + "b.sqlite"), to: target)
            #expect(try content(target)["span"] == content(whole)["span"])
            #expect(try target.database.int("SELECT count(*) FROM span") == 16)
        }
    }

    @Test("two shards together are what one ingest of both gives; merging again changes nothing")
    func shards() throws {
        let folder = try TemporaryFolder()
        let incident = fixture("incident").path
        let names = try FileManager.default.contentsOfDirectory(atPath: incident).sorted()
        let paths = names.map { incident + "/" + $0 }
        let logs = paths.filter { $0.contains("server") }
        let rest = paths.filter { !$0.contains("server") && !$0.hasSuffix("json") && !$0.hasSuffix("md") }
        #expect(!logs.isEmpty && !rest.isEmpty)
        _ = try ingest(logs, folder, "a.sqlite")
        _ = try ingest(rest, folder, "b.sqlite")
        let whole = try ingest(rest + logs, folder, "whole.sqlite")
        let merged = try Store.create(path: folder.path("m.sqlite"))
        let first = try StoreMerge.add(folder.path("b.sqlite"), to: merged)
        let second = try StoreMerge.add(folder.path("a.sqlite"), to: merged)
        #expect(first.added > 0 && second.added == logs.count && first.replaced == 0)
        let once = try content(merged)
        for (name, lines) in try content(whole) where !["source"].contains(name) {
            #expect(once[name] == lines, "\(name)")
            #expect(!lines.isEmpty || ["request", "client", "span"].contains(name), "\(name) is empty")
        }
        let again = try StoreMerge.add(folder.path("a.sqlite"), to: merged)
        #expect(again.added == 0 && again.replaced == 0 && again.known == logs.count)
        #expect(try content(merged) == once)
    }

    @Test("of two states of a log the longer one stays")
    func grown() throws {
        let folder = try TemporaryFolder()
        let log = try FileManager.default.contentsOfDirectory(atPath: fixture("incident").path)
            .first { $0.contains("server") }
        let bytes = try InputStream(path: fixture("incident").path + "/" + log!).readAll(limit: 1 << 30)
        let half = folder.url.appendingPathComponent("server.log")
        try Data(bytes.prefix(bytes.count / 2)).write(to: half)
        _ = try ingest([half.path], folder, "short.sqlite")
        try Data(bytes).write(to: half)
        let long = try ingest([half.path], folder, "long.sqlite")
        for order in [["short.sqlite", "long.sqlite"], ["long.sqlite", "short.sqlite"]] {
            let merged = try Store.create(path: folder.path("m-\(order[0])"))
            for name in order { _ = try StoreMerge.add(folder.path(name), to: merged) }
            #expect(try content(merged) == content(long))
        }
    }

    @Test("another program's database is refused and nothing is changed")
    func refused() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("m.sqlite"))
        #expect(throws: (any Error).self) { try StoreMerge.add(folder.path("nothing.sqlite"), to: store) }
        try folder.write("not a database at all, but long enough to be looked at", to: "x.sqlite")
        #expect(throws: (any Error).self) { try StoreMerge.add(folder.path("x.sqlite"), to: store) }
        #expect(try store.database.int("SELECT count(*) FROM source") == 0)
    }
}
