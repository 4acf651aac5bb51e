import Foundation
import Testing
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

@Suite struct SpanSignalTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    /// A figure and where it came from; nil when there is none.
    private func figure(_ name: String, _ instance: String = SignalSeries.fleet) throws -> Double? {
        let row = try store.database.prepare("SELECT value FROM figure WHERE name = ? AND instance = ?")
        row.bind(1, name)
        row.bind(2, instance)
        return try row.step() ? row.optionalDouble(0) : nil
    }

    private func analyse(_ path: String) throws {
        var options = IngestOptions()
        options.period = "p"
        try Ingestor(store, options: options).ingest([path])
        try Analysis(store: store, period: 1).refresh()
    }

    /// A request: seconds after a whole minute, times of the request in seconds.
    private func span(_ id: Int, at: Double, ttft: Double, e2e: Double, tokens: Int, gateway: Bool = false) -> String {
        let start = 1_795_454_700_000_000_000 + Int64(at * 1e9)
        let latency =
            gateway
            ? ""
            : #"{"key":"gen_ai.latency.time_to_first_token","value":{"doubleValue":\#(ttft)}},"#
                + #"{"key":"gen_ai.latency.e2e","value":{"doubleValue":\#(e2e)}},"#
                + #"{"key":"gen_ai.latency.time_in_queue","value":{"doubleValue":\#(ttft / 2)}},"#
        return #"{"traceId":"00000000000000000000000000000001","spanId":"\#(String(100_000 + id))","name":"r","#
            + #""startTimeUnixNano":"\#(start)","endTimeUnixNano":"\#(start + Int64(e2e * 1e9))","attributes":[\#(latency)"#
            + #"{"key":"gen_ai.usage.prompt_tokens","value":{"intValue":"100"}},"#
            + #"{"key":"gen_ai.usage.completion_tokens","value":{"intValue":"\#(tokens)"}}]}"#
    }

    private func batch(_ instance: String, _ spans: [String]) -> String {
        #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"vllm"}},"#
            + #"{"key":"service.instance.id","value":{"stringValue":"\#(instance)"}}]},"#
            + #""scopeSpans":[{"spans":[\#(spans.joined(separator: ","))]}]}]}"# + "\n"
    }

    @Test("spans alone: quantiles, means and rates of the engine's requests; a gateway's don't count")
    func alone() throws {
        // One request a second for 100 s; the time to first token rises from 0.01 to 1 s.
        let engine = (1...100).map { span($0, at: Double($0), ttft: Double($0) / 100, e2e: 2, tokens: 11) }
        let gateway = (1...100).map { span(200 + $0, at: Double($0), ttft: 9, e2e: 9, tokens: 11, gateway: true) }
        try analyse(try folder.write(batch("replica-a", engine) + batch("edge", gateway), to: "in/t.jsonl"))
        func isNear(_ name: String, _ expected: Double, within: Double = 1e-9) throws -> Bool {
            let value = try figure(name, "replica-a")
            return value.map { abs($0 - expected) <= within * expected } ?? false
        }
        // Between the nearest ranks: 0.01 + 0.99 × q.
        #expect(try isNear("ttft_p50_seconds", 0.505))
        #expect(try isNear("ttft_p95_seconds", 0.9505) && isNear("ttft_mean_seconds", 0.505))
        #expect(try isNear("e2e_p99_seconds", 2) && isNear("queue_time_mean_seconds", 0.2525))
        // (2 − TTFT) / 10 on average.
        #expect(try isNear("itl_mean_seconds", 0.1495) && isNear("prompt_length_mean_tokens", 100))
        // 100 requests, 10,000 prompt tokens and 1,100 completion tokens in about 101 s.
        #expect(try isNear("request_rate_requests_per_second", 1, within: 0.1))
        #expect(try isNear("prompt_tokens_per_second", 100, within: 0.1))
        #expect(try isNear("generation_tokens_per_second", 11, within: 0.1))
        #expect(try store.database.int("SELECT count(DISTINCT instance) FROM figure") == 2)
        // Without a histogram the latency's heat map is made of the requests themselves.
        let cells = try store.database.prepare(
            "SELECT high, sum(count) FROM latency_cell WHERE name = 'ttft_seconds' GROUP BY high ORDER BY high")
        var counts: [[Double]] = []
        while try cells.step() { counts.append([cells.double(0), cells.double(1)]) }
        #expect(counts.suffix(4) == [[0.1, 5], [0.2, 10], [0.5, 30], [1, 50]])
    }

    @Test("replicas are told apart by the names of their processes; the fleet has all requests")
    func replicas() throws {
        let a = (1...50).map { span($0, at: Double($0), ttft: 0.1, e2e: 1, tokens: 5) }
        let b = (51...100).map { span($0, at: Double($0 - 50), ttft: 0.3, e2e: 1, tokens: 5) }
        try analyse(try folder.write(batch("replica-a", a) + batch("replica-b", b), to: "in/t.jsonl"))
        #expect(try figure("ttft_p50_seconds", "replica-a") == 0.1 && figure("ttft_p50_seconds", "replica-b") == 0.3)
        #expect(abs(try #require(try figure("ttft_mean_seconds")) - 0.2) < 1e-12)
        #expect(abs(try #require(try figure("ttft_p99_seconds")) - 0.3) < 1e-12)
    }

    @Test(
        "of a real server, spans and metrics measure the same",
        .enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
    func agrees() throws {
        let run = sharedFolder!.appendingPathComponent("corpora/real/kv-cache-exhaustion")
        try analyse(run.appendingPathComponent("traces.otlp.jsonl.gz").path)
        let other = try SpanSignalTests()
        try other.analyse(run.appendingPathComponent("tsdb-dump.txt.gz").path)
        for name in ["e2e_mean_seconds", "queue_time_mean_seconds", "prefill_time_mean_seconds"] {
            let spans = try #require(try figure(name))
            let metrics = try #require(try other.figure(name))
            #expect(abs(spans - metrics) < 1e-6 * metrics, "\(name): \(spans), \(metrics)")
        }
        #expect(try store.database.int("SELECT count(*) FROM signal") ?? 0 > 0)
    }
}
