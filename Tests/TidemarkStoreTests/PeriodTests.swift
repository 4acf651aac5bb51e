import Testing
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite("Folders that are periods without a capture.json")
struct PeriodTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    /// A log and a dump of one day.
    private func write(_ name: String, day: Int, metrics: Bool = true) throws {
        let start = 1_795_392_000_000 + day * 86_400_000
        var log = ""
        var dump = ""
        for minute in 0..<10 {
            log +=
                "(APIServer pid=\(day)) INFO 11-\(23 + day) 00:0\(minute):00 [loggers.py:257] Engine 000: Avg prompt "
            log +=
                "throughput: 1.0 tokens/s, Avg generation throughput: 2.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, "
            log += "GPU KV cache usage: 1.0%, Prefix cache hit rate: 0.0%\n"
            dump += "{__name__=\"vllm:num_requests_running\", instance=\"r:8000\"} 1 \(start + minute * 60_000)\n"
        }
        try folder.write(log, to: "in/\(name)/server.log")
        if metrics { try folder.write(dump, to: "in/\(name)/metrics.dump") }
    }

    @discardableResult
    private func ingest() throws -> [IngestOutcome.Action] {
        let ingestor = Ingestor(store, options: IngestOptions())
        try ingestor.ingest([folder.path("in")])
        return ingestor.outcomes.map(\.action)
    }

    private var periods: [String] { get throws { try store.periods().map(\.name) } }

    @Test("logs and metrics of their own at different times make periods; later runs keep them")
    func apart() throws {
        try write("before", day: 0)
        try write("after", day: 1)
        try ingest()
        #expect(try periods == ["before", "after"])
        #expect(try ingest().allSatisfy { $0 == .unchanged })
        try write("later", day: 2)
        try ingest()
        #expect(try periods == ["before", "after", "later"])
        #expect(try store.database.int("SELECT count(*) FROM engine_stat") == 30)
    }

    @Test("replicas at the same time, folders with only a log, evidence beside the folders: one period")
    func together() throws {
        try write("a", day: 0)
        try write("b", day: 0)
        try ingest()
        #expect(try periods == ["in"])

        let second = try PeriodTests()
        try second.write("a", day: 0)
        try second.write("b", day: 1, metrics: false)
        try second.ingest()
        #expect(try second.periods == ["in"])

        let third = try PeriodTests()
        try third.write("a", day: 0)
        try third.write("b", day: 1)
        try third.folder.write("vllm:num_requests_running 1 1795392000000\n", to: "in/1795392000.prom")
        try third.ingest()
        #expect(try third.periods == ["in"])
    }

    @Test("what was read as one stays one when another day comes")
    func sticky() throws {
        try write("monday", day: 0)
        try ingest()
        try write("tuesday", day: 1)
        #expect(try ingest().count { $0 == .unchanged } == 2)
        #expect(try periods == ["in"])
        #expect(try store.database.int("SELECT count(*) FROM engine_stat") == 20)
    }
}
