import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite("Load tests in the store")
struct LoadTestIngestTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    @discardableResult
    private func ingest(_ path: String, zone: LocalZone? = nil) throws -> [IngestOutcome] {
        var options = IngestOptions()
        options.zone = zone
        let ingestor = Ingestor(store, options: options)
        try ingestor.ingest([path])
        return ingestor.outcomes
    }

    private func value(_ sql: String) throws -> String? { try store.database.text(sql) }

    @Test("every fixture is in the account: what is read, what is only recognised, what is damaged")
    func account() throws {
        let outcomes = try ingest(fixture("load-test").path)
        let unread = outcomes.filter { $0.action == .unknown }.map(\.path).sorted()
        #expect(unread == ["README.md", "inference_perf_prometheus.json", "vllm_latency.json"])
        let read = outcomes.filter { $0.action == .read }
        #expect(read.allSatisfy { $0.records > 0 })
        #expect(try store.database.int("SELECT count(*) FROM load_point") == read.reduce(0) { $0 + $1.records })
        #expect(
            try store.database.int(
                "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines")
                == 0)
        // What is cut off is the beginning of what isn't: a copy.
        let copies = outcomes.filter { $0.action == .duplicate }.map(\.path).sorted()
        #expect(copies == ["guidellm_truncated.json", "locust_truncated.csv"])
        #expect(try store.database.int("SELECT count(*) FROM reject") == 1)
        // Again: nothing is read twice.
        #expect(
            try ingest(fixture("load-test").path).allSatisfy { [.unchanged, .unknown, .duplicate].contains($0.action) })
    }

    @Test("what isn't told is NULL; a clock without a zone is dated by the one that is given")
    func columns() throws {
        try ingest(fixture("load-test/vllm_0.6.6.json").path, zone: .fixed(minutesEast: 60))
        #expect(
            try value("SELECT ttft_p95_ms IS NULL AND ttft_p99_ms = 240.25 AND steady_rps IS NULL FROM load_point")
                == "1")
        let ended = CivilTime.millis(year: 2025, month: 1, day: 15, hour: 9, minute: 15, second: 30)
        #expect(try store.database.int("SELECT started_at_ms FROM load_point") == Int(ended) - 6500)
        #expect(try value("SELECT clock_method FROM source") == "zone +01:00 from --timezone")
        #expect(try value("SELECT configuration FROM load_point") == "{\"backend\":\"vllm\",\"gpu\":\"L4\"}")
    }

    @Test("a file that is appended to is read again as a whole")
    func grown() throws {
        let whole = String(decoding: try Data(contentsOf: fixture("load-test/vllm_append.jsonl")), as: UTF8.self)
        let lines = whole.split(separator: "\n").map { $0 + "\n" }
        try folder.write(String(lines[0]), to: "in/a.jsonl")
        try ingest(folder.path("in"))
        try folder.write(lines.joined(), to: "in/a.jsonl")
        #expect(try ingest(folder.path("in")).map(\.action) == [.continued])
        #expect(try store.database.int("SELECT count(*) FROM load_point") == 2)
        #expect(try store.database.int("SELECT records FROM source") == 2)
    }

    @Test("secrets in metadata are masked")
    func secrets() throws {
        let text = """
            {"date":"20260101-000000","model_id":"m","tokenizer_id":"t","num_prompts":1,"api_key":"sk-abcdefghijklmnopqrstuvwx",
            "request_rate":1.0,"duration":1.0,"completed":1,"request_throughput":1.0}
            """
        try folder.write(text, to: "in/a.json")
        try ingest(folder.path("in"))
        #expect(try value("SELECT configuration FROM load_point")?.contains("abcdefgh") == false)
    }
}
