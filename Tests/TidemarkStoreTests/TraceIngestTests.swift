import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite struct TraceIngestTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    @discardableResult
    private func ingest(_ path: String, keepPrompts: Bool = false) throws -> [IngestOutcome] {
        var options = IngestOptions()
        options.period = "p"
        options.keepPrompts = keepPrompts
        let ingestor = Ingestor(store, options: options)
        try ingestor.ingest([path])
        return ingestor.outcomes
    }

    private func count(_ condition: String = "true") throws -> Int {
        try store.database.int("SELECT count(*) FROM span WHERE \(condition)") ?? 0
    }

    private func rows(_ sql: String) throws -> [String] {
        let rows = try store.database.prepare(sql)
        var found: [String] = []
        while try rows.step() { found.append((0..<rows.columnCount).map { rows.text($0) }.joined(separator: "|")) }
        return found
    }

    /// The stored spans, but for where they came from.
    private func spans() throws -> [String] {
        try rows(
            """
            SELECT s.*, r.service, r.service_instance, NULL AS source FROM span s JOIN span_resource r USING (resource_id)
            ORDER BY trace_id, span_id
            """
        ).map { $0.split(separator: "|", omittingEmptySubsequences: false).dropFirst(4).joined(separator: "|") }
    }

    /// A span of the engine: ms behind a start, and the id of the request.
    private func request(_ id: String?, at ms: Int, maxTokens: Int = 16) -> String {
        let start = 1_795_455_180_000 + ms
        let request = id.map { #"{"key":"gen_ai.request.id","value":{"stringValue":"\#($0)"}},"# } ?? ""
        return #"{"traceId":"\#(String(start))0001","spanId":"\#(String(start))","name":"llm_request","#
            + #""startTimeUnixNano":"\#(start)000000","endTimeUnixNano":"\#(start + 500)000000","attributes":[\#(request)"#
            + #"{"key":"gen_ai.latency.e2e","value":{"doubleValue":0.5}},"#
            + #"{"key":"gen_ai.request.temperature","value":{"doubleValue":0.7}},"#
            + #"{"key":"gen_ai.request.max_tokens","value":{"intValue":"\#(maxTokens)"}}]}"#
    }

    @Test("calls between processes: clocks that are apart, a callee that goes on; spans without their parent")
    func calls() throws {
        func span(_ id: String, _ parent: String, _ start: Int, _ end: Int) -> String {
            #"{"traceId":"000000000000000000000000000000aa","spanId":"00000000000000\#(id)","parentSpanId":"\#(parent)","#
                + #""name":"s\#(id)","startTimeUnixNano":"\#(1_000_000 * start)","endTimeUnixNano":"\#(1_000_000 * end)"}"#
        }
        func batch(_ service: String, _ spans: [String]) -> String {
            #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\#(service)"}}]},"#
                + #""scopeSpans":[{"spans":[\#(spans.joined(separator: ","))]}]}]}"# + "\n"
        }
        let parents = (1...3).map { span("0\($0)", "", 1000, 1100) }
        let children = [
            span("11", "0000000000000001", 1010, 1090), span("12", "0000000000000002", 990, 1070),
            span("13", "0000000000000003", 1010, 1200), span("14", "00000000000000ff", 1010, 1200),
        ]
        try ingest(try folder.write(batch("edge", parents) + batch("vllm", children), to: "t.jsonl"))
        #expect(
            try rows(
                "SELECT caller_service, service, name, start_after_ms, end_before_ms, clock_behind_ms FROM span_call ORDER BY name"
            )
                == ["edge|vllm|s11|10.0|10.0|0.0", "edge|vllm|s12|-10.0|30.0|20.0", "edge|vllm|s13|10.0|-100.0|"])
        #expect(try rows("SELECT name FROM span_orphan") == ["s14"])
    }

    @Test("spans of requests meet the rows of the log: by id with what the engine adds, else by time; and the engine")
    func join() throws {
        let spans = [
            request("chatcmpl-aa11", at: 0), request("chatcmpl-bb22", at: 1000),
            request("chatcmpl-cc33-01234567", at: 2000), request(nil, at: 3010), request(nil, at: 60_000),
        ]
        try folder.write(
            #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"vllm"}}]},"#
                + #""scopeSpans":[{"spans":[\#(spans.joined(separator: ","))]}]}]}"# + "\n", to: "in/t.jsonl")
        let ids = ["chatcmpl-aa11", "chatcmpl-bb22-89abcdef", "chatcmpl-cc33", "cmpl-dd44-0"]
        let log = ids.enumerated().map { second, id in
            "INFO 11-23 17:33:0\(second) [logger.py:42] Received request \(id): params: SamplingParams(n=1, max_tokens=16), lora_request: None.\n"
        }
        try folder.write(log.joined(), to: "in/server.log")
        var options = IngestOptions()
        (options.period, options.year, options.offsetMinutes) = ("p", 2026, 0)
        for _ in 0..<2 {
            try Ingestor(store, options: options).ingest([folder.path("in")])
            #expect(
                try rows(
                    """
                    SELECT t.request_id, joined_by, log_line, log_ahead_ms, round(temperature, 2), instance IS NOT NULL,
                        e2e_seconds, end_ms - start_ms, max_tokens, service
                    FROM traced_request t ORDER BY start_ms
                    """) == [
                        "chatcmpl-aa11|id|1|0|0.7|1|0.5|500|16|vllm", "chatcmpl-bb22|id|2|0|0.7|1|0.5|500|16|vllm",
                        "chatcmpl-cc33-01234567|id|3|0|0.7|1|0.5|500|16|vllm", "|time|4|-10|0.7|1|0.5|500|16|vllm",
                        "|resource|||0.7|1|0.5|500|16|vllm",
                    ])
        }
    }

    @Test("spans become rows; the ledger counts their lines; a second run changes nothing")
    func stores() throws {
        let path = fixture("traces/otlp_vllm_0.33.jsonl").path
        #expect(try ingest(path).map(\.action) == [.read])
        #expect(try count() == 13 && count("e2e_seconds IS NOT NULL") == 8)
        #expect(
            try rows(
                """
                SELECT trace_id, span_id, parent_span_id IS NULL, kind, start_ns, end_ns, prompt_tokens, ttft_seconds, line
                FROM span WHERE request_id = 'chatcmpl-lg-000002'
                """) == [
                    "68f1c4936977cea06a931843a1bbdd8f|6b1f2eda0ced557c|1|server|1795454745030159104|1795454746023668370"
                        + "|400|0.173931360244751|3"
                ])
        #expect(
            try rows("SELECT lines, record_lines, noise_lines, reject_lines, records, first_ms FROM source") == [
                "4|4|0|0|13|1795454701104"
            ])
        let before = try spans()
        #expect(try ingest(path).map(\.action) == [.unchanged])
        #expect(try spans() == before)
    }

    @Test("the same spans in other formats and files count once; the longer one stays")
    func duplicates() throws {
        for name in ["jaeger_vllm.json", "tempo_batches.json", "otlp_vllm_0.33.jsonl", "otlp_truncated.jsonl"] {
            try ingest(fixture("traces/" + name).path)
        }
        #expect(try count() == 13)
        // Jaeger's microseconds are shorter.
        #expect(try count("start_ns % 1000 != 0") > 0)
        #expect(
            try rows("SELECT kind, sum(records) FROM source_kind GROUP BY 1") == ["duplicate_span|31", "span|13"])
    }

    @Test("a file that grows in steps gives the same rows as at once", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func grows(seed: UInt64) throws {
        let text = try String(contentsOf: fixture("traces/otlp_vllm_0.33.jsonl"), encoding: .utf8)
        let whole = try TraceIngestTests()
        try whole.ingest(try whole.folder.write(text, to: "in/t.jsonl"))
        var random = SeededRandom(seed: seed)
        var end = 0
        while end < text.utf8.count {
            end = min(text.utf8.count, end + Int.random(in: 1...4000, using: &random))
            // Nothing is evidence before there is a span.
            if end < 300 { continue }
            try ingest(try folder.write(String(decoding: text.utf8.prefix(end), as: UTF8.self), to: "in/t.jsonl"))
        }
        #expect(try spans() == whole.spans())
        #expect(try rows("SELECT * FROM source_kind") == whole.rows("SELECT * FROM source_kind"))
        let counts = "SELECT lines, record_lines, noise_lines, reject_lines, records, progress_bytes FROM source"
        #expect(try rows(counts) == whole.rows(counts))
    }

    @Test("rejects keep their place; lines = records + noise + rejects")
    func rejects() throws {
        try ingest(fixture("traces/otlp_corrupt.jsonl").path)
        #expect(try rows("SELECT line FROM reject ORDER BY line") == ["2", "3", "5"])
        #expect(
            try rows("SELECT lines, record_lines, noise_lines, reject_lines, records FROM source") == ["7|2|2|3|9"])
    }

    @Test("neither prompts nor secrets get into the file, prompts only when asked for")
    func secrets() throws {
        let path = fixture("traces/otlp_gateway_snake.json").path
        try ingest(path)
        try ingest(fixture("traces/zipkin.json").path)
        try store.database.execute("VACUUM")
        let file = String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path("t.sqlite"))), as: UTF8.self)
        for word in ["hush", "a user's words", "capital of France", "sk-aaaa"] {
            #expect(!file.contains(word), "\(word)")
        }
        let other = try TraceIngestTests()
        try other.ingest(path, keepPrompts: true)
        #expect(try other.count("attributes LIKE '%a user''s words%'") == 1)
        #expect(try other.count("attributes LIKE '%hush%'") == 0)
    }

    @Test("both sides of Zipkin's shared span stay; a late process names its spans")
    func shared() throws {
        try ingest(fixture("traces/zipkin.json").path)
        #expect(
            try rows(
                "SELECT shared, service FROM span JOIN span_resource USING (resource_id) WHERE parent_span_id IS NULL ORDER BY 1"
            ) == ["0|gateway", "1|vllm"])
        try ingest(fixture("traces/jaeger_vllm.json").path)
        #expect(try rows("SELECT DISTINCT service FROM span_resource ORDER BY 1") == ["gateway", "vllm", "vllm-acme"])
    }

    @Test("inspect prints one object a span, in the order of the file")
    func inspect() throws {
        for (name, spans) in [("jaeger_vllm.json", 13), ("otlp_corrupt.jsonl", 9), ("zipkin.json", 3)] {
            var text: [UInt8] = []
            let inspector = Inspector(options: IngestOptions(), keepPrompts: false) { text += $0 }
            let summary = try inspector.inspect(fixture("traces/" + name).path)
            var lines: [Int] = []
            for line in text.split(separator: 10) {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
                guard object["kind"] as? String == "span" else { continue }
                lines.append(try #require(object["line"] as? Int))
                #expect(object["service"] is String && (object["trace_id"] as? String)?.count == 32)
            }
            #expect(lines.count == spans && summary.records == spans && lines == lines.sorted())
        }
    }
}
