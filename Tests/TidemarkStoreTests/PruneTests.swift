import Foundation
import Testing
import TidemarkBase
import TidemarkSeries
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite struct PruneTests {
    private static let hour: Int64 = 3_600_000
    /// 2026-11-23T00:00:00Z
    private static let start: Int64 = 1_795_392_000_000

    /// A day of a server: each minute a statistics line, two accesses and a request, a sample of a counter and of a gauge.
    private static func write(_ folder: TemporaryFolder, hours: Range<Int>, name: String = "") throws {
        var log = ""
        var dump = ""
        var gpu = "timestamp, index, power.draw [W]\n"
        for minute in hours.lowerBound * 60..<hours.upperBound * 60 {
            let time = start + Int64(minute) * 60_000
            let clock =
                "\(CivilTime.rfc3339(time).prefix(10).suffix(5)) \(CivilTime.rfc3339(time).prefix(19).suffix(8))"
            log +=
                "INFO \(clock) [logger.py:1] Received request r-\(minute): params: SamplingParams(max_tokens=7)\n"
            log +=
                "INFO \(clock) [loggers.py:123] Engine 000: Avg prompt throughput: 10.0 tokens/s, Avg generation throughput: 20.0 tokens/s, Running: \(minute % 7) reqs, Waiting: 0 reqs, GPU KV cache usage: 1.0%, Prefix cache hit rate: 0.0%\n"
            log += "INFO:     10.0.0.1:\(1000 + minute % 50) - \"POST /v1/completions HTTP/1.1\" 200 OK\n"
            log += "INFO:     10.0.0.1:\(1000 + minute % 50) - \"POST /v1/completions HTTP/1.1\" 400 Bad Request\n"
            dump += "{__name__=\"vllm:tokens_total\"} \(minute % 100) \(time)\n"
            dump += "{__name__=\"vllm:num_requests_running\"} \(minute % 7) \(time)\n"
            let day = CivilTime.rfc3339(time).prefix(10).replacingOccurrences(of: "-", with: "/")
            gpu += "\(day) \(clock.suffix(8)).000, 0, \(100 + minute % 7).00 W\n"
        }
        try folder.write(log, to: "in/server\(name).log")
        try folder.write(dump, to: "in/dump\(name).txt")
        try folder.write(gpu, to: "in/gpu\(name).csv")
    }

    private func ingest(_ store: Store, _ folder: TemporaryFolder) throws {
        var options = IngestOptions()
        options.year = 2026
        options.offsetMinutes = 0
        options.period = "p"
        try Ingestor(store, options: options).ingest([folder.path("in")])
    }

    @Test("what is older goes and its hours stay; what is younger is untouched; running again changes nothing")
    func hours() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder, hours: 0..<24)
        let store = try Store.create(path: folder.path("t.sqlite"))
        try ingest(store, folder)
        let database = store.database
        let horizon = Self.start + 10 * Self.hour
        func young(_ table: String, _ time: String = "time_ms") throws -> String? {
            let columns = try SourceTables.columns(of: table, database).map { "quote(\($0))" }.joined(separator: " || ")
            return try database.text(
                "SELECT group_concat(\(columns), ';') FROM (SELECT * FROM \(table) WHERE \(time) >= \(horizon) ORDER BY rowid)"
            )
        }
        let tables = ["engine_stat", "http_rollup", "http_error", "gpu_sample"]
        var before: [String?] = try tables.map { try young($0) }
        before += [try young("request", "received_ms"), try young("chunk", "end_ms")]
        let running = try database.text(
            "SELECT total(running) || ' ' || count(*) || ' ' || max(running) FROM engine_stat WHERE time_ms < \(horizon)"
        )
        let expected = Prune(store, beforeMs: horizon + 1)
        let dry = try expected.run(isDry: true)
        #expect(try database.int("SELECT count(*) FROM rollup") == 0)
        let outcome = try expected.run()
        #expect(outcome.rows == dry.rows && outcome.deleted.map(\.rows) == dry.deleted.map(\.rows))
        #expect(outcome.bytesAfter < outcome.bytesBefore)
        var after: [String?] = try tables.map { try young($0) }
        after += [try young("request", "received_ms"), try young("chunk", "end_ms")]
        #expect(after == before)
        for table in tables {
            #expect(try database.int("SELECT count(*) FROM \(table) WHERE time_ms < \(horizon)") == 0)
        }
        #expect(try database.int("SELECT count(*) FROM chunk WHERE end_ms < \(horizon)") == 0)
        // Ten hours of sixty minutes.
        #expect(
            try database.text(
                "SELECT total(sum) || ' ' || sum(samples) || ' ' || CAST(max(max) AS INTEGER) FROM rollup WHERE name = 'engine_stat.running'"
            )
                == running)
        func rows(_ name: String) throws -> [String] {
            let rows = try database.prepare(
                "SELECT hour_ms, samples, sum, labels FROM rollup WHERE name = '\(name)' ORDER BY hour_ms, labels")
            var found: [String] = []
            while try rows.step() {
                found.append(
                    "\((rows.int64(0) - Self.start) / Self.hour) \(rows.int(1)) \(rows.optionalDouble(2).map { Int($0) } ?? -1) \(rows.text(3))"
                )
            }
            return found
        }
        let access = try rows("http_rollup.requests")
        #expect(access.count == 20)
        #expect(access[0] == #"0 60 60 {"method":"POST","route":"/v1/completions","status":200}"#)
        #expect(access[1].hasPrefix("0 60 60") && access[1].contains("400"))
        #expect(try rows("request") == (0..<10).map { "\($0) 60 -1 {}" })
        #expect(try rows("request.max_tokens").first == "0 60 420 {}")
        #expect(
            try rows("gpu_sample.power_watts").map { $0.split(separator: " ")[1] } == Array(repeating: "60", count: 10))
        // The counter rises by one a minute and begins anew every hundred minutes.
        let kept = try database.int(
            "SELECT min(start_ms) FROM chunk JOIN series USING (series_id) WHERE name = 'vllm:tokens_total'")!
        let minutes = (kept - Int(Self.start)) / 60_000
        let resets = (minutes - 1) / 100
        #expect(
            try database.int(
                "SELECT CAST(sum(increase) AS INTEGER) FROM rollup JOIN series s USING (series_id) WHERE s.name = 'vllm:tokens_total'"
            )
                == minutes - 1 - resets)
        #expect(
            try database.int(
                "SELECT sum(samples) FROM rollup JOIN series s USING (series_id) WHERE s.name = 'vllm:tokens_total'")
                == minutes)
        #expect(
            try database.text("SELECT message FROM source WHERE format = 'vllm-log'")?.contains("rolled up by the hour")
                == true)

        let state = try everything(in: store)
        #expect(try expected.run().rows == 0)
        #expect(difference(state, try everything(in: store)) == nil)
        // The files are known.
        try ingest(store, folder)
        #expect(difference(state, try everything(in: store)) == nil)
    }

    @Test("in two steps it is the same as in one; evidence that comes later joins its hours")
    func steps() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder, hours: 0..<24)
        let horizon = Self.start + 20 * Self.hour
        let once = try Store.create(path: folder.path("once.sqlite"))
        try ingest(once, folder)
        _ = try Prune(once, beforeMs: horizon).run()
        let twice = try Store.create(path: folder.path("twice.sqlite"))
        try ingest(twice, folder)
        for hours in [3, 7, 20] { _ = try Prune(twice, beforeMs: Self.start + Int64(hours) * Self.hour).run() }
        #expect(difference(try everything(in: once), try everything(in: twice)) == nil)
        // A vacuum changes nothing, and a log that grows goes on.
        try twice.database.execute("VACUUM")
        try Self.write(folder, hours: 0..<26)
        try ingest(once, folder)
        try ingest(twice, folder)
        #expect(difference(try everything(in: once), try everything(in: twice)) == nil)
        #expect(try once.database.int("SELECT count(*) FROM chunk WHERE end_ms < \(horizon)") == 0)
        // A late log of an old day is read, and rolled up by the next run.
        try Self.write(folder, hours: 4..<5, name: "-late")
        try FileManager.default.removeItem(atPath: folder.path("in/dump-late.txt"))
        try ingest(once, folder)
        #expect(try once.database.int("SELECT count(*) FROM engine_stat WHERE time_ms < \(horizon)") == 60)
        _ = try Prune(once, beforeMs: horizon).run()
        #expect(try once.database.int("SELECT count(*) FROM engine_stat WHERE time_ms < \(horizon)") == 0)
        #expect(
            try once.database.int(
                "SELECT sum(samples) FROM rollup WHERE name = 'engine_stat' AND hour_ms = \(Self.start + 4 * Self.hour)"
            )
                == 120)
    }

    @Test("merging brings nothing back that was pruned")
    func merge() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder, hours: 0..<12)
        let full = try Store.create(path: folder.path("full.sqlite"))
        try ingest(full, folder)
        let pruned = try Store.create(path: folder.path("pruned.sqlite"))
        try ingest(pruned, folder)
        _ = try Prune(pruned, beforeMs: Self.start + 6 * Self.hour).run()
        let state = try everything(in: pruned)
        _ = try StoreMerge.add(folder.path("full.sqlite"), to: pruned)
        #expect(difference(state, try everything(in: pruned)) == nil)
        // Into an empty one with its roll-ups, once.
        let copy = try Store.create(path: folder.path("copy.sqlite"))
        for _ in 0..<2 {
            _ = try StoreMerge.add(folder.path("pruned.sqlite"), to: copy)
            #expect(difference(state, try everything(in: copy)) == nil)
        }
    }

    @Test("the command: lengths, times, what it refuses")
    func command() throws {
        let folder = try TemporaryFolder()
        try Self.write(folder, hours: 0..<2)
        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["prune", "--db", path, "--keep", "1d"]).status == 66)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try runTidemark(["ingest", folder.path("in"), "--db", path, "--year", "2020", "--quiet"]).status == 0)
        for wrong in ["90", "-3d", "soon", "9999999999999d", "2999-01-01T00:00:00Z"] {
            #expect(try runTidemark(["prune", "--db", path, "--keep=" + wrong]).status == 64, "\(wrong)")
        }
        let dry = try runTidemark(["prune", "--db", path, "--keep", "52w", "--dry-run"])
        #expect(dry.status == 0 && dry.output.contains("engine_stat: 120") && dry.output.contains("would be deleted"))
        let done = try runTidemark(["prune", "--db", path, "--keep", "9000h", "--vacuum"])
        #expect(done.status == 0 && done.output.contains("engine_stat: 120") && done.output.contains("given back"))
        #expect(try runTidemark(["prune", "--db", path, "--keep", "9000h"]).output.contains(": 0 rows deleted"))
        #expect(try runTidemark(["status", "--db", path]).output.contains("rolled up by the hour"))
        #expect(try runTidemark(["report", "--db", path, "--out", folder.path("report")]).status == 0)
    }

    @Test("requests at gateways go and their hours stay")
    func gateways() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        var options = IngestOptions()
        options.period = "p"
        try Ingestor(store, options: options).ingest([fixture("gateway/nginx_timed.log").path])
        let requests = try #require(try store.database.int("SELECT count(*) FROM gateway_request WHERE start_ms > 0"))
        let micros = try store.database.text("SELECT total(duration_us) FROM gateway_request")
        #expect(requests > 0)
        let end = try #require(try store.database.int("SELECT max(last_ms) FROM source"))
        let outcome = try Prune(store, beforeMs: Int64(end) + 2 * Self.hour).run()
        #expect(outcome.deleted.contains { $0.table == "gateway_request" && $0.rows >= requests })
        #expect(try store.database.int("SELECT count(*) FROM gateway_request") == 0)
        #expect(
            try store.database.int("SELECT sum(samples) FROM rollup WHERE name = 'gateway_request'") ?? 0 >= requests)
        #expect(
            try store.database.text("SELECT total(sum) FROM rollup WHERE name = 'gateway_request.duration_us'")
                == micros
        )
    }

    @Test("no evidence stays for ever unnoticed: each table is pruned, or kept on purpose")
    func everyTable() throws {
        let store = try Store.create(path: ":memory:")
        let kept = ["chunk", "reject", "rollup", "source_kind", "engine_run", "load_point", "span_resource"]
        for table in try SourceTables.all(store.database) where !kept.contains(table) {
            #expect(try RollupRules(table, store.database) != nil, "\(table)")
        }
    }
}
