import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// Wrapped logs through the whole intake.
@Suite struct FramingIngestTests {
    private struct Result: Equatable {
        var statistics: [String] = []
        var accesses = 0
        var events: [String] = []
    }

    private static let names: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: fixture("framing").path)) ?? []
        return all.filter { $0 != "README.md" }.sorted()
    }()

    private func ingest(_ path: String, into store: Store) throws -> [IngestOutcome] {
        var options = IngestOptions()
        options.year = 2026
        options.period = "p"
        let ingestor = Ingestor(store, options: options)
        try ingestor.ingest([path])
        return ingestor.outcomes
    }

    private func rows(_ store: Store, _ sql: String) throws -> [String] {
        let rows = try store.database.prepare(sql)
        var found: [String] = []
        while try rows.step() { found.append((0..<rows.columnCount).map { rows.text($0) }.joined(separator: "|")) }
        return found
    }

    private func result(_ store: Store) throws -> Result {
        Result(
            statistics: try rows(
                store, "SELECT running, waiting, kv_cache_usage_ratio, time_ms / 1000 FROM engine_stat"),
            accesses: try store.database.int("SELECT sum(requests) FROM http_access") ?? 0,
            events: try rows(
                store, "SELECT kind, lines, level, exception_type, message FROM log_event ORDER BY line, event_id")
        )
    }

    @Test("every wrapping gives the same rows, and each physical line is in the account", arguments: names)
    func sameRows(name: String) throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let path = fixture("framing/" + name).path
        #expect(try ingest(path, into: store).map(\.action) == [.read])
        let plain = try Store.create(path: folder.path("plain.sqlite"))
        _ = try ingest(fixture("framing/plain.log").path, into: plain)
        var (found, expected) = (try result(store), try result(plain))
        // A record counts the physical lines that it fills.
        func withoutLines(_ events: [String]) -> [String] {
            events.map { $0.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)[2].description }
                .sorted()
        }
        (found.events, expected.events) = (withoutLines(found.events), withoutLines(expected.events))
        #expect(found == expected)
        #expect(expected.accesses == 2)
        let row = try #require(try Ledger(store).all().first)
        let text = try Data(contentsOf: URL(fileURLWithPath: path))
        let physical = text.count { $0 == 10 } + (text.last == 10 ? 0 : 1)
        #expect(row.lines == physical)
        #expect(row.lines == row.recordLines + row.noiseLines + row.rejectLines)
        #expect(row.rejectLines == 0)
        #expect(try ingest(path, into: store).map(\.action) == [.unchanged])
    }

    @Test(
        "a wrapped log that grows is continued",
        arguments: ["docker_json.log", "cri.log", "syslog.log", "journald_export.log"])
    func growth(name: String) throws {
        let folder = try TemporaryFolder()
        let text = String(decoding: try Data(contentsOf: fixture("framing/" + name)), as: UTF8.self)
        let isExport = name.contains("export")
        let entries = text.components(separatedBy: isExport ? "\n\n" : "\n")
        let cut = entries.prefix(4).joined(separator: isExport ? "\n\n" : "\n") + (isExport ? "\n\n" : "\n")
        let store = try Store.create(path: folder.path("t.sqlite"))
        let path = try folder.write(cut, to: "in/server.log")
        #expect(try ingest(path, into: store).map(\.action) == [.read])
        try folder.write(text, to: "in/server.log")
        #expect(try ingest(path, into: store).map(\.action) == [.continued])
        let whole = try Store.create(path: folder.path("whole.sqlite"))
        _ = try ingest(fixture("framing/" + name).path, into: whole)
        #expect(try result(store) == result(whole))
    }

    @Test("a damaged document: its entries are read, the rest is one reject")
    func damage() throws {
        let folder = try TemporaryFolder()
        let text = try Data(contentsOf: fixture("framing/filter-log-events.json"))
        try text.prefix(text.count * 2 / 3).write(to: folder.url.appendingPathComponent("cut.json"))
        let store = try Store.create(path: folder.path("t.sqlite"))
        let outcome = try #require(try ingest(folder.path("cut.json"), into: store).first)
        #expect(outcome.records > 2)
        #expect(outcome.rejects == 1)
        let row = try #require(try Ledger(store).all().first)
        #expect(row.lines == row.recordLines + row.noiseLines + row.rejectLines)
    }

    @Test("the ledger says that an export is incomplete")
    func pages() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        _ = try ingest(fixture("framing/filter-log-events.json").path, into: store)
        #expect(try Ledger(store).all().first?.message?.contains("incomplete") == true)
    }

    @Test("a journal of the whole host: the server's records, and the kernel's errors between them")
    func mixed() throws {
        let folder = try TemporaryFolder()
        let server = String(decoding: try Data(contentsOf: fixture("framing/journald_short_iso.log")), as: UTF8.self)
        let kernel =
            "2026-11-23T17:39:59+0000 gpu-1 kernel: nvidia-nvlink: Nvlink Core is being initialized\n"
            + "2026-11-23T17:39:59+0000 gpu-1 kernel: NVRM: Xid (PCI:0000:3d:00): 79, pid=77, GPU has fallen off the bus.\n"
        let path = try folder.write(String(repeating: kernel, count: 8) + server, to: "journal.log")
        let store = try Store.create(path: folder.path("t.sqlite"))
        let outcome = try #require(try ingest(path, into: store).first)
        #expect(outcome.format == "vllm-log")
        #expect(try store.database.int("SELECT count(*) FROM log_event WHERE kind = 'xid'") == 8)
        // A burst is one event, as in a kernel log.
        let events = "SELECT line, code, bus_id, count, time_ms FROM gpu_event"
        let event = "2|79|00000000:3D:00.0|8|1795455599000"
        #expect(try rows(store, events) == [event])
        _ = try ingest(path, into: store)
        #expect(try rows(store, events) == [event])
        #expect(try store.database.int("SELECT count(*) FROM engine_stat") == 1)
    }
}

/// Files with the lines of a whole stack.
@Suite struct OtherProgramTests {
    private static let stack = """
        nginx-1    | 10.0.0.9 - - [23/Nov/2026:17:40:00 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "x" rt=2.1
        vllm-1     | (APIServer pid=31) INFO 11-23 17:40:00 [api_server.py:1991] vLLM API server version 0.33.0
        litellm-1  | INFO:     172.18.0.1:33824 - "POST /v1/chat/completions HTTP/1.1" 200 OK
        vllm-1     | (APIServer pid=31) INFO:     10.0.0.1:50298 - "POST /v1/chat/completions HTTP/1.1" 200 OK
        nginx-1    | 10.0.0.9 - - [23/Nov/2026:17:40:01 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "x" rt=2.1
        nginx-1    | 10.0.0.9 - - [23/Nov/2026:17:40:02 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "x" rt=2.1

        """

    /// Each source as `format|framing|lines|records`, and the sum of their lines.
    private func account(_ store: Store) throws -> (rows: [String], lines: Int) {
        let sources = try Ledger(store).all()
        for row in sources { #expect(row.lines == row.recordLines + row.noiseLines + row.rejectLines) }
        return (
            sources.map { "\($0.format)|\($0.framing)|\($0.lines)|\($0.records)" }.sorted(),
            sources.map(\.lines).reduce(0, +)
        )
    }

    private func requests(_ store: Store) throws -> [String] {
        let rows = try store.database.prepare(
            "SELECT gateway, line, status, duration_seconds FROM gateway_access ORDER BY line")
        var found: [String] = []
        while try rows.step() { found.append((0..<4).map { rows.text($0) }.joined(separator: "|")) }
        return found
    }

    @Test("each program's lines are read as what they are: a source each, every line in one account")
    func stack() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let path = try folder.write(Self.stack, to: "in/compose.log")
        let ingestor = Ingestor(store, options: IngestOptions())
        try ingestor.ingest([path])
        #expect(ingestor.outcomes.map(\.format).sorted() == ["gateway-access", "gateway-access", "vllm-log"])
        #expect(ingestor.outcomes.contains { $0.message?.contains("litellm-1, nginx-1") == true })
        #expect(try store.database.int("SELECT sum(requests) FROM http_access") == 1)
        #expect(try store.database.int("SELECT count(*) FROM log_event") == 0)
        #expect(
            try requests(store) == ["nginx-1|1|200|2.1", "litellm-1|3|200|", "nginx-1|5|200|2.1", "nginx-1|6|200|2.1"])
        let (rows, lines) = try account(store)
        #expect(lines == 6)
        #expect(
            rows == [
                "gateway-access|compose of litellm-1|1|1", "gateway-access|compose of nginx-1|3|3",
                "vllm-log|compose|2|2",
            ])
        let again = Ingestor(store, options: IngestOptions())
        try again.ingest([path])
        #expect(again.outcomes.map(\.action) == [.unchanged, .unchanged, .unchanged])
        try folder.write(Self.stack + Self.stack, to: "in/compose.log")
        try Ingestor(store, options: IngestOptions()).ingest([path])
        #expect(try store.database.int("SELECT sum(requests) FROM http_access") == 2)
        #expect(try requests(store).count == 8)
        #expect(try account(store).lines == 12)
        // Another name, the same content.
        try folder.write(Self.stack + Self.stack, to: "in/compose.log.1")
        try FileManager.default.removeItem(atPath: path)
        let renamed = Ingestor(store, options: IngestOptions())
        try renamed.ingest([folder.path("in/compose.log.1")])
        #expect(renamed.outcomes.map(\.action) == [.unchanged, .unchanged, .unchanged])
        #expect(try requests(store).count == 8)
    }

    @Test("a document with the streams of two programs: a source each, and every line in one account")
    func document() throws {
        func stream(_ name: String, _ lines: [String]) -> String {
            let values = lines.enumerated().map { index, line in
                "[\"179545560\(index)000000000\",\n\"\(line.replacing("\"", with: "\\\""))\"]"
            }
            return "{\"stream\":{\"pod\":\"\(name)\"},\"values\":[\n" + values.joined(separator: ",\n") + "]}"
        }
        let lines = Self.stack.split(separator: "\n").map { $0.split(separator: "|", maxSplits: 1) }
        func of(_ name: String) -> [String] {
            lines.filter { $0[0].hasPrefix(name) }.map { String($0[1].dropFirst()) }
        }
        let text =
            "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[\n"
            + stream("nginx-0", of("nginx")) + ",\n" + stream("vllm-0", of("vllm")) + "\n]}}\n"
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let path = try folder.write(text, to: "in/loki.json")
        try Ingestor(store, options: IngestOptions()).ingest([path])
        #expect(try requests(store).count == 3)
        #expect(try store.database.int("SELECT sum(requests) FROM http_access") == 1)
        #expect(try account(store).lines == text.count { $0 == "\n" })
        let again = Ingestor(store, options: IngestOptions())
        try again.ingest([path])
        #expect(again.outcomes.map(\.action) == [.unchanged, .unchanged])
    }

    @Test("wherever runs end, the tables are the same; a merge knows the parts apart")
    func growth() throws {
        let folder = try TemporaryFolder()
        let whole = try Store.create(path: folder.path("whole.sqlite"))
        let text =
            Self.stack + "nginx-1    | 2026/11/23 17:40:03 [error] 7#7: *1 connect() failed\n"
            + "vllm-1     | Traceback (most recent call last):\nnginx-1    |  more\n" + Self.stack
        try Ingestor(whole, options: IngestOptions()).ingest([try folder.write(text, to: "whole/compose.log")])
        func rows(_ store: Store) throws -> [String] {
            try requests(store) + account(store).rows
                + [
                    try store.database.text(
                        "SELECT group_concat(line || kind || lines || message) FROM (SELECT * FROM log_event ORDER BY line)"
                    ) ?? ""
                ]
        }
        let expected = try rows(whole)
        #expect(try account(whole).lines == 15)
        for cut in stride(from: 40, to: text.utf8.count, by: 97) {
            let store = try Store.create(path: folder.path("t\(cut).sqlite"))
            for length in [cut, text.utf8.count] {
                let path = try folder.write(
                    String(decoding: text.utf8.prefix(length), as: UTF8.self), to: "in\(cut)/compose.log")
                try Ingestor(store, options: IngestOptions()).ingest([path])
            }
            #expect(try rows(store) == expected, "cut at \(cut)")
        }
        let merged = try Store.create(path: folder.path("merged.sqlite"))
        for _ in 0..<2 { _ = try StoreMerge.add(folder.path("whole.sqlite"), to: merged) }
        #expect(try rows(merged) == expected)
    }

    @Test(
        "words of routers in the names of pods don't make a router", arguments: ["vllm-decode-0", "vllm-deployment-1"])
    func podNames(name: String) throws {
        let log = try String(contentsOf: fixture("vllm-log/0.11.2/server.log"), encoding: .utf8)
        let wrapped = log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map { "[pod/\(name)/vllm] \($0)\n" }.joined()
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        let ingestor = Ingestor(store, options: IngestOptions())
        try ingestor.ingest([try folder.write(wrapped, to: "in/server.log")])
        #expect(ingestor.outcomes.map(\.format) == ["vllm-log"])
    }
}
