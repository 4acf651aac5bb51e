import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite struct GatewayIngestTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    @discardableResult
    private func ingest(
        _ path: String, offsetMinutes: Int? = nil, settleSeconds: Int = 300
    ) throws -> [IngestOutcome] {
        var options = IngestOptions()
        options.period = "p"
        options.settleSeconds = settleSeconds
        options.offsetMinutes = offsetMinutes
        let ingestor = Ingestor(store, options: options)
        try ingestor.ingest([path])
        return ingestor.outcomes
    }

    private func rows(_ sql: String) throws -> [String] {
        let rows = try store.database.prepare(sql)
        var found: [String] = []
        while try rows.step() {
            found.append((0..<rows.columnCount).map { rows.optionalText($0) ?? "–" }.joined(separator: "|"))
        }
        return found
    }

    private static let all =
        "SELECT gateway, line, start_ms, duration_seconds, status, method, route, client, upstream, end_reason, request_id FROM gateway_access ORDER BY 1, 2"

    private static let logs = try? FileManager.default.contentsOfDirectory(atPath: fixture("gateway").path)
        .filter { $0.hasSuffix(".log") || $0.hasSuffix(".csv") }.sorted()

    /// A folder with all logs; the truncated one is the beginning of another.
    private func copies() throws -> String {
        for name in Self.logs ?? [] where name != "truncated.log" {
            let text = try String(contentsOf: fixture("gateway/" + name), encoding: .utf8)
            try folder.write(text, to: "logs/" + name)
        }
        return folder.path("logs")
    }

    /// `TIDEMARK_RECORD=1 swift test` writes the expected files anew; read the difference before committing it.
    @Test("inspect says of every dialect what a careful reader would", arguments: logs ?? [])
    func golden(name: String) throws {
        var text: [UInt8] = []
        var options = IngestOptions()
        options.year = 2026
        let inspector = Inspector(options: options, keepPrompts: false) { text += $0 }
        let summary = try inspector.inspect(fixture("gateway/" + name).path)
        #expect(summary.format == "gateway-access")
        let expected = fixture("gateway/\(name).expected.jsonl")
        if ProcessInfo.processInfo.environment["TIDEMARK_RECORD"] == "1" { try Data(text).write(to: expected) }
        let lines = String(decoding: try Data(contentsOf: expected), as: UTF8.self).split(separator: "\n")
        let found = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(found.count == lines.count && found.count == summary.records + summary.rejects)
        for (mine, theirs) in zip(found, lines) { #expect(mine == theirs) }
    }

    @Test("requests become rows, events log events; the account holds; a second run changes nothing")
    func stores() throws {
        let logs = try copies()
        #expect(try ingest(logs).count { $0.action == .read } == (Self.logs?.count ?? 0) - 1)
        #expect(
            try rows("SELECT path FROM source WHERE lines != record_lines + noise_lines + reject_lines") == [])
        #expect(
            try rows(
                """
                SELECT a.start_ms, duration_us, headers_us, connect_us, a.retries, a.status, upstream FROM gateway_access a
                JOIN gateway_request g USING (source_id, line) WHERE gateway = 'nginx_timed' AND a.line = 2
                """) == [
                    "1795455107792|3208000|1203000|2000|1|200|10.0.0.2:8000"
                ])
        #expect(
            try rows(
                """
                SELECT level, line, e.lines, e.message LIKE '%Traceback%' FROM log_event e JOIN source USING (source_id)
                WHERE path LIKE '%litellm.log' AND level = 'ERROR'
                """
            ) == ["ERROR|4|4|1"])
        #expect(try rows("SELECT DISTINCT kind FROM instance") == ["gateway"])
        let before = try rows(Self.all)
        #expect(try ingest(logs).allSatisfy { $0.action != .read && $0.action != .continued })
        #expect(try rows(Self.all) == before)
    }

    @Test("no query string, key or prompt gets into the file")
    func secrets() throws {
        try ingest(try copies())
        try store.database.execute("VACUUM")
        let file = String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path("t.sqlite"))), as: UTF8.self)
        for word in ["hush", "sk-secret", "sk-abcdef", "Bearer abc", "88dc28d0f030"] {
            #expect(!file.contains(word), "\(word)")
        }
        #expect(file.contains("203.0.113.7"))
    }

    @Test(
        "a log that grows in steps, is rotated and gzipped gives the same rows as at once",
        arguments: [1, 2, 3] as [UInt64])
    func grows(seed: UInt64) throws {
        var text = ""
        for number in 0..<200 {
            text += "203.0.113.\(number % 7) - - [23/Nov/2026:17:\(10 + number / 60):\(10 + number % 50) +0000] "
            text += "\"POST /v1/completions HTTP/1.1\" 200 \(number) \"-\" \"-\" rt=0.\(100 + number)\n"
        }
        let whole = try GatewayIngestTests()
        try whole.ingest(try whole.folder.write(text, to: "in/edge.log"))
        #expect(try whole.rows(Self.all).count == 200)
        var random = SeededRandom(seed: seed)
        var end = 300
        while end < text.utf8.count {
            try ingest(try folder.write(String(decoding: text.utf8.prefix(end), as: UTF8.self), to: "in/edge.log"))
            end += Int.random(in: 1...5000, using: &random)
        }
        let rotated = try folder.write(text, to: "in/edge.log.1")
        try FileManager.default.removeItem(atPath: folder.path("in/edge.log"))
        try ingest(rotated)
        #expect(try rows(Self.all) == whole.rows(Self.all))
        let zip = Process()
        zip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        zip.arguments = ["gzip", rotated]
        try zip.run()
        zip.waitUntilExit()
        #expect(try ingest(rotated + ".gz").map(\.action) == [.unchanged])
        #expect(try rows(Self.all) == whole.rows(Self.all))
        let counts = "SELECT lines, record_lines, noise_lines, reject_lines, records, progress_bytes FROM source"
        #expect(try rows(counts) == whole.rows(counts))
    }

    @Test(
        "where runs end leaves no trace: in a line, in a traceback, with a last line that is read or not",
        arguments: ["litellm.log", "nginx_timed.log", "docker_haproxy.json.log", "envoy_json.log"], [0, 300])
    func cuts(name: String, settleSeconds: Int) throws {
        let text = try Data(contentsOf: fixture("gateway/" + name))
        let content = [
            Self.all, "SELECT line, lines, time_ms, level, message FROM log_event ORDER BY line",
            "SELECT lines, record_lines, noise_lines, reject_lines, records, first_ms, last_ms, pending_bytes FROM source",
            "SELECT kind, records FROM source_kind ORDER BY kind",
        ]
        let whole = try GatewayIngestTests()
        let path = try whole.folder.write(String(decoding: text, as: UTF8.self), to: "in/edge.log")
        try whole.ingest(path, settleSeconds: settleSeconds)
        let expected = try content.map { try whole.rows($0) }
        var random = SeededRandom(seed: UInt64(text.count))
        for _ in 0..<3 {
            let grown = try GatewayIngestTests()
            var end = text.count / 3
            while end < text.count {
                let part = String(decoding: text.prefix(end), as: UTF8.self)
                try grown.ingest(try grown.folder.write(part, to: "in/edge.log"), settleSeconds: settleSeconds)
                let account = "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines"
                #expect(try grown.rows(account) == ["0"])
                end += Int.random(in: 1...200, using: &random)
            }
            try grown.ingest(
                try grown.folder.write(String(decoding: text, as: UTF8.self), to: "in/edge.log"),
                settleSeconds: settleSeconds)
            #expect(try content.map { try grown.rows($0) } == expected)
        }
    }

    @Test("the last line of a log that has been left alone is read without its line feed, and again with its rest")
    func lastLine() throws {
        let first =
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"POST /v1/completions HTTP/1.1\" 200 1 \"-\" \"-\" rt=1.5"
        try ingest(try folder.write(first + "\n" + first, to: "in/edge.log"))
        #expect(try rows("SELECT count(*), pending_bytes FROM gateway_request, source") == ["1|\(first.utf8.count)"])
        try ingest(folder.path("in/edge.log"), settleSeconds: 0)
        let durations = "SELECT duration_us FROM gateway_request ORDER BY line"
        #expect(try rows(durations) == ["1500000", "1500000"])
        try ingest(try folder.write(first + "\n" + first + "25\n", to: "in/edge.log"))
        #expect(try rows(durations) == ["1500000", "1525000"])
        #expect(try rows("SELECT lines, record_lines, pending_bytes FROM source") == ["2|2|0"])
    }

    @Test("a table of spend rows goes on without its header")
    func spendGrows() throws {
        let text = try String(contentsOf: fixture("gateway/litellm_spend.csv"), encoding: .utf8)
        let lines = text.split(separator: "\n").map { String($0) + "\n" }
        try ingest(try folder.write(lines[0] + lines[1], to: "in/spend.csv"))
        try ingest(try folder.write(lines[0] + lines[1] + lines[2], to: "in/spend.csv"))
        #expect(
            try rows("SELECT line, first_token_seconds, model, prompt_tokens FROM gateway_access") == [
                "2|0.312|acme-8b|400", "3|–|acme-8b|8",
            ])
    }

    @Test("a zone that is given moves no log that prints its own; a later one moves what was taken as UTC")
    func givenZone() throws {
        let sql = "SELECT start_ms FROM gateway_request ORDER BY line"
        let ledger = "SELECT first_ms, last_ms, clock_offset_ms, clock_method FROM source"
        try ingest(fixture("gateway/nginx_timed.log").path)
        let (times, source) = (try rows(sql), try rows(ledger))
        try ingest(fixture("gateway/nginx_timed.log").path, offsetMinutes: 120)
        #expect(try rows(sql) == times)
        #expect(try rows(ledger) == source)

        let (later, given) = (try GatewayIngestTests(), try GatewayIngestTests())
        try later.ingest(fixture("gateway/haproxy.log").path)
        try later.ingest(fixture("gateway/haproxy.log").path, offsetMinutes: 120)
        try given.ingest(fixture("gateway/haproxy.log").path, offsetMinutes: 120)
        #expect(try later.rows(sql) == given.rows(sql))
        #expect(try later.rows(ledger) == given.rows(ledger))
        let events = "SELECT line, time_ms FROM log_event ORDER BY line"
        #expect(try later.rows(events) == given.rows(events))
        #expect(try !given.rows(events).isEmpty)
    }

    @Test("status doesn't ask for the zone of a log that prints it")
    func printedZone() throws {
        try ingest(fixture("gateway/nginx_timed.log").path)
        let text = try runTidemark(["status", "--db", folder.path("t.sqlite"), "--clocks"]).output
        #expect(text.contains("the source shows date and time with their zone (zone printed in each line)"))
        #expect(!text.contains("--timezone"))
    }

    @Test("a log that goes on keeps the zone that was given")
    func keptZone() throws {
        let whole = try String(contentsOf: fixture("gateway/haproxy.log"), encoding: .utf8)
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
        try folder.write(lines.prefix(3).joined(separator: "\n") + "\n", to: "in/haproxy.log")
        try ingest(folder.path("in"), offsetMinutes: 120)
        try folder.write(whole, to: "in/haproxy.log")
        try ingest(folder.path("in"))
        let given = try GatewayIngestTests()
        try given.ingest(fixture("gateway/haproxy.log").path, offsetMinutes: 120)
        let sql = "SELECT line, start_ms FROM gateway_request ORDER BY line"
        #expect(try rows(sql) == given.rows(sql))
    }

    @Test("HAProxy's local clock: from the container's times, from --timezone, else taken as UTC and said so")
    func clocks() throws {
        try ingest(fixture("gateway/docker_haproxy.json.log").path)
        #expect(
            try rows("SELECT framing, clock_offset_ms, clock_method LIKE '%container%' FROM source") == [
                "docker_json|3600000|1"
            ])
        #expect(try rows("SELECT start_ms FROM gateway_request ORDER BY line LIMIT 1") == ["1795451509655"])
        let given = try GatewayIngestTests()
        try given.ingest(fixture("gateway/haproxy.log").path, offsetMinutes: 120)
        #expect(try given.rows("SELECT min(start_ms) FROM gateway_request") == ["1795447909655"])
        let plain = try GatewayIngestTests()
        try plain.ingest(fixture("gateway/haproxy.log").path)
        #expect(
            try plain.rows(
                "SELECT clock_method LIKE '%taken as UTC%', min(start_ms) FROM source JOIN gateway_request USING (source_id)"
            ) == ["1|1795455109655"])
        // The stamp of the state message has no year.
        #expect(try plain.rows("SELECT time_ms FROM log_event") == ["1795455118000"])
    }

    @Test("a request's id joins the engine's, whatever vLLM put around it; a trace joins its span")
    func joins() throws {
        try store.database.transaction {
            let period = try store.period(named: "p")
            let engine = try store.instance(period: period, kind: "engine", name: "r")
            try store.database.execute(
                "INSERT INTO source(source_id, period_id, path, format, status) VALUES (1, \(period), 'x', 'vllm-log', 'read')"
            )
            let insert = try store.database.prepare(
                "INSERT INTO request(instance_id, source_id, line, request_id, received_ms, finished_ms) VALUES (?, 1, ?, ?, 1000, 3500)"
            )
            for (line, id) in [
                "chatcmpl-req-a", "chatcmpl-req-b-0a1b2c3d", "cmpl-req-c-0-89abcdef", "plain-id",
                "chatcmpl-full-00000000",
                "chatcmpl-abc-deadbeef", "chatcmpl-other",
            ].enumerated() {
                try insert.run(engine, line, id)
            }
        }
        var text = ""
        for id in ["req-a", "req-b", "req-c", "plain-id", "chatcmpl-full", "abc-deadbeef", "nobody"] {
            text +=
                "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"POST /v1/completions HTTP/1.1\" 200 1 \"-\" \"-\" rt=1.5 request_id=\(id)\n"
        }
        text +=
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"POST /v1/completions HTTP/1.1\" 200 1 \"-\" \"-\" rt=1.5 traceparent=00-68f1c4936977cea06a931843a1bbdd8f-00f067aa0ba902b7-01\n"
        try ingest(try folder.write(text, to: "in/edge.log"))
        try ingest(fixture("traces/otlp_vllm_0.33.jsonl").path)
        #expect(
            try rows(
                "SELECT line, joined_by, request_id, gateway_seconds, engine_e2e_seconds FROM gateway_join ORDER BY line"
            ) == [
                "1|request_id|chatcmpl-req-a|1.5|2.5", "2|request_id|chatcmpl-req-b-0a1b2c3d|1.5|2.5",
                "3|request_id|cmpl-req-c-0-89abcdef|1.5|2.5", "4|request_id|plain-id|1.5|2.5",
                "5|request_id|chatcmpl-full-00000000|1.5|2.5", "6|request_id|chatcmpl-abc-deadbeef|1.5|2.5",
                "8|trace_id|chatcmpl-lg-000002|1.5|0.992887258529663",
            ])
    }

    @Test("merged databases keep requests with their texts")
    func merge() throws {
        let other = try GatewayIngestTests()
        try other.ingest(fixture("gateway/envoy.log").path)
        try ingest(fixture("gateway/nginx_timed.log").path)
        let both = try GatewayIngestTests()
        try both.ingest(fixture("gateway/nginx_timed.log").path)
        try both.ingest(fixture("gateway/envoy.log").path)
        for _ in 0..<2 { _ = try StoreMerge.add(other.folder.path("t.sqlite"), to: store) }
        #expect(try rows(Self.all) == both.rows(Self.all))
        #expect(try rows("SELECT count(*) FROM gateway_text") == both.rows("SELECT count(*) FROM gateway_text"))
    }

    @Test("damaged gzip: what came before is kept, the cut line is a reject")
    func damagedGzip() throws {
        let path = try folder.write(
            (0..<3000).map {
                "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"GET /\($0 * 7919) HTTP/1.1\" 200 1 \"-\" \"-\" rt=0.\($0)\n"
            }.joined(),
            to: "in/edge.log")
        let zip = Process()
        zip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        zip.arguments = ["gzip", path]
        try zip.run()
        zip.waitUntilExit()
        let data = try Data(contentsOf: URL(fileURLWithPath: path + ".gz"))
        try data.prefix(data.count * 2 / 3).write(to: URL(fileURLWithPath: path + ".gz"))
        try ingest(path + ".gz")
        #expect(
            try rows("SELECT status, reject_lines <= 1, lines > 100, lines = record_lines + reject_lines FROM source")
                == ["partial|1|1|1"])
    }
}
