import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

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

    @Test("overlapping shards: every table as if one had read all, in either order and again; scrapes sample by sample")
    func overlap() throws {
        let folder = try TemporaryFolder()
        let scrapes = try FileManager.default.contentsOfDirectory(atPath: fixture("incident/metrics-scrapes").path)
            .sorted()
            .map { fixture("incident/metrics-scrapes/" + $0).path }
        let other = [
            "incident/server.log.gz", "incident/nvidia-smi.csv", "traces/otlp_vllm_0.33.jsonl",
            "nvidia-smi/pmon_550.txt",
            "kernel-log/journal_short.txt", "promtool-dump/vllm.dump.txt",
        ].map { fixture($0).path }
        func store(_ name: String, _ paths: [String]) throws -> Store {
            let place = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for path in paths {
                let file = URL(fileURLWithPath: path)
                try FileManager.default.copyItem(at: file, to: place.appendingPathComponent(file.lastPathComponent))
            }
            let store = try Store.create(path: folder.path(name + ".sqlite"))
            var options = IngestOptions()
            (options.period, options.year) = ("p", 2026)
            try Ingestor(store, options: options).ingest([place.path])
            return store
        }
        // Which target a log was laid over, and which scrape announced the metrics first, depends on what was there then.
        let whole = try everything(in: try store("whole", scrapes + other), without: ["instance", "source_kind"])
        _ = try store("a", Array(scrapes.prefix(9)) + other.prefix(3))
        _ = try store("b", Array(scrapes.suffix(10)) + other.suffix(4))
        for order in [["a", "b"], ["b", "a"], ["b", "a", "b", "a"]] {
            let merged = try Store.create(path: folder.path("m-\(order.joined()).sqlite"))
            for name in order { _ = try StoreMerge.add(folder.path(name + ".sqlite"), to: merged) }
            for period in try merged.periods() { try Ingestor.conclude(merged, period: period.id) }
            let different = difference(try everything(in: merged, without: ["instance", "source_kind"]), whole)
            #expect(different == nil, "\(order)")
            #expect(
                try merged.database.int("SELECT count(*) FROM instance WHERE kind = 'gpu' AND labels LIKE '%A10G%'")
                    == 1)
        }
    }

    @Test("a merged database goes on reading where the shards stopped")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        var options = IngestOptions()
        (options.period, options.year) = ("p", 2026)
        let text = try Data(contentsOf: fixture("vllm-log/0.33.0/server.log"))
        let place = folder.url.appendingPathComponent("server.log")
        func ingest(_ store: Store, _ length: Int) throws {
            try text.prefix(length).write(to: place)
            try Ingestor(store, options: options).ingest([place.path])
        }
        let whole = try Store.create(path: folder.path("whole.sqlite"))
        try ingest(whole, text.count)
        // Another log is in the way: ids differ.
        let merged = try Store.create(path: folder.path("m.sqlite"))
        try Ingestor(merged, options: options).ingest([fixture("vllm-log/0.6.6/server.log").path])
        let other = try Store.create(path: folder.path("o.sqlite"))
        try Ingestor(other, options: options).ingest([fixture("vllm-log/0.6.6/server.log").path])
        for cut in stride(from: 3_001, to: text.count, by: 9_007) {
            let shard = try Store.create(path: folder.path("s-\(cut).sqlite"))
            try ingest(shard, cut)
            _ = try StoreMerge.add(folder.path("s-\(cut).sqlite"), to: merged)
        }
        try ingest(merged, text.count)
        try ingest(other, text.count)
        #expect(difference(try everything(in: merged), try everything(in: other)) == nil)
    }

    @Test("the configuration here stands; what only the other has comes over")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func made(_ name: String, _ objectives: [(signal: String, seconds: Double)]) throws -> Store {
            let store = try Store.create(path: folder.path(name))
            var configuration = Configuration()
            configuration.objectives = objectives
            configuration.plan.headroom = name == "a.sqlite" ? 0.3 : 0.4
            configuration.plan.prices.gpuHour = name == "a.sqlite" ? nil : 2
            try store.configure(configuration)
            return store
        }
        let here = try made("a.sqlite", [("ttft_p95_seconds", 2)])
        _ = try made("b.sqlite", [("itl_p95_seconds", 0.1), ("ttft_p95_seconds", 9)])
        _ = try StoreMerge.add(folder.path("b.sqlite"), to: here)
        let all = try here.configuration().objectives.sorted { $0.signal < $1.signal }
        #expect(all.map(\.signal) == ["itl_p95_seconds", "ttft_p95_seconds"] && all.map(\.seconds) == [0.1, 2])
        let plan = try here.configuration().plan
        #expect(plan.headroom == 0.3 && plan.prices.gpuHour == 2)
    }

    @Test("no table of evidence is left out: what has no source is known here and merged by name")
    func tables() throws {
        let store = try Store.create(path: ":memory:")
        let rows = try store.database.prepare(
            """
            SELECT name FROM sqlite_master m WHERE type = 'table' AND NOT EXISTS
                (SELECT 1 FROM pragma_table_info(m.name) WHERE name IN ('source_id', 'analysis_id')) ORDER BY 1
            """)
        var names: [String] = []
        while try rows.step() { names.append(rows.text(0)) }
        #expect(
            names == [
                "anomaly_signal", "cause_share", "comparison", "comparison_argument", "comparison_metric",
                "comparison_model", "comparison_part", "engine_fact", "exemplar", "finding_budget", "finding_evidence",
                "gateway_text", "hash_key", "http_client", "http_key", "instance", "load_test_estimate",
                "metric_family", "noted_finding", "objective", "outlook", "period", "plan_setting", "recommendation",
                "sentence", "series", "series_label", "span_request", "user_signal",
                // Weeks are made anew from the evidence (docs/operations.md).
                "week", "week_bucket", "week_error", "week_finding", "week_hour", "week_objective", "week_sentence",
                "week_stream", "week_text", "week_usage", "week_user", "week_value", "week_window",
            ])
        // Every reference leads to a row that merging maps.
        for table in try SourceTables.all(store.database) {
            for reference in try SourceTables.references(of: table, store.database) {
                let isMapped =
                    try ["source", "instance", "series", "period", "http_key", "gateway_text"]
                    .contains(reference.table)
                    || SourceTables.rowColumn(of: reference.table, store.database) == reference.column
                #expect(isMapped, "\(table).\(reference.column)")
            }
        }
    }
}
