import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// Causes on small made logs: named when their signs are there, silent when a required one is missing.
@Suite struct CauseTests {
    /// A server's log of twenty minutes: a statistics line every ten seconds, four requests between two of them.
    private func log(
        slots: Int? = 64, status: (Int) -> Int = { _ in 200 }, extra: [Int: String] = [:],
        stats: (Int) -> (running: Int, waiting: Int, kv: Double)
    ) -> String {
        var text = "INFO 01-10 10:00:00 [api_server.py:1] vLLM API server version 0.11.2\n"
        text += "INFO 01-10 10:00:00 [utils.py:1] non-default args: {'model': 'acme/acme-8b'"
        text += slots.map { ", 'max_num_seqs': \($0)}\n" } ?? "}\n"
        text += "INFO:     Started server process [7]\nINFO:     Application startup complete.\n"
        for index in 0..<120 {
            let seconds = 10 + index * 10
            let clock = CivilTime.clock(Int64(36_000 + seconds) * 1000)
            let now = stats(index)
            text += "INFO 01-10 \(clock) [loggers.py:1] Engine 000: Avg prompt throughput: 100.0 tokens/s, "
            // A step of 25 ms whatever runs: each request makes forty tokens a second.
            text += "Avg generation throughput: \(now.running * 40).0 tokens/s, "
            text += "Running: \(now.running) reqs, Waiting: \(now.waiting) reqs, "
            text += "GPU KV cache usage: \(ByteWriter.fixed(now.kv, decimals: 1))%, Prefix cache hit rate: 10.0%\n"
            text += extra[index].map { "ERROR 01-10 \(clock) [core.py:1] \($0)\n" } ?? ""
            for _ in 0..<4 {
                text += "INFO:     10.0.0.9:\(1000 + index) - \"POST /v1/completions HTTP/1.1\" \(status(index)) X\n"
            }
        }
        return text
    }

    private func verdict(_ log: String, kernel: String? = nil) throws -> Verdict {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: ":memory:")
        var options = IngestOptions()
        options.year = 2026
        options.offsetMinutes = 0
        options.period = "p"
        var paths = [try folder.write(log, to: "server.log")]
        if let kernel { paths.append(try folder.write(kernel, to: "kern.log")) }
        try Ingestor(store, options: options).ingest(paths)
        let period = try store.periods()[0]
        try Analysis(store: store, period: period.id).refresh()
        return try Verdict(store, period: period.id, name: period.name)
    }

    private func causes(_ log: String) throws -> [String] { try verdict(log).findings.map(\.cause) }

    @Test("a quiet server has no findings, and says what it ruled out and could not check")
    func healthy() throws {
        let verdict = try verdict(log { _ in (4, 0, 20) })
        #expect(verdict.findings.isEmpty)
        #expect(verdict.ruledOut.map(\.cause).contains("kv_cache_limit"))
        #expect(verdict.missing.map(\.cause).contains("gpu_throttling"))
        // What the fleet doesn't have is neither ruled out nor missing.
        #expect(!(verdict.missing + verdict.ruledOut).map(\.cause).contains("spec_decode_decay"))
    }

    @Test("KV cache: waiting while it is full and slots are free")
    func kvCache() throws {
        let verdict = try verdict(log { (40..<70).contains($0) ? (12, 9, 98) : (4, 0, 20) })
        #expect(verdict.findings.map(\.cause) == ["kv_cache_limit"])
        let finding = verdict.findings[0]
        let start = CivilTime.millis(year: 2026, month: 1, day: 10, hour: 10, minute: 6, second: 50)
        #expect(abs(finding.startMs - start) <= 20_000)
        #expect(abs(finding.endMs - start - 300_000) <= 40_000)
        #expect((finding.impactUserSeconds ?? 0) > 2000)
        // A queue beside free slots and a free cache: from a log alone nobody can tell why.
        let queue = try self.verdict(log { (40..<70).contains($0) ? (12, 9, 60) : (4, 0, 20) })
        #expect(queue.findings.first?.cause == "unknown")
        #expect(queue.findings[0].confidence <= 0.5)
        #expect(try causes(log { (40..<70).contains($0) ? (12, 0, 98) : (4, 0, 20) }).isEmpty)
    }

    @Test("batch slots: waiting while all are taken and the cache has room; a limit that isn't known is seen")
    func batchSlots() throws {
        let busy: (Int) -> (running: Int, waiting: Int, kv: Double) = {
            (40..<70).contains($0) ? (64, 20, 50) : (10, 0, 20)
        }
        #expect(try causes(log(stats: busy)) == ["batch_slot_limit"])
        #expect(try !causes(log(slots: 128, stats: busy)).contains("batch_slot_limit"))
        let seen = try self.verdict(log(slots: nil, stats: busy))
        #expect(seen.findings.map(\.cause) == ["batch_slot_limit"])
        #expect(seen.findings[0].evidence.contains { $0.text.text.contains("seen, not configured") })
    }

    @Test("a crash is one; the same words after an orderly shutdown are none")
    func crash() throws {
        let fatal = "EngineCore encountered a fatal error."
        let dead = [60: fatal]
        let verdict = try verdict(log(extra: dead) { _ in (4, 0, 20) })
        #expect(verdict.findings.map(\.cause) == ["engine_crash"])
        let death = CivilTime.millis(year: 2026, month: 1, day: 10, hour: 10, minute: 10, second: 10)
        #expect(verdict.findings[0].startMs == death)
        var orderly = log { _ in (4, 0, 20) }
        orderly += "INFO:     Shutting down\nERROR 01-10 10:25:00 [core.py:1] \(fatal)\n"
        #expect(try causes(orderly).isEmpty)
    }

    @Test("a server's process that the kernel killed just before is the crash's root; another program's is not")
    func killed() throws {
        let dead = log(extra: [60: "EngineCore encountered a fatal error."]) { _ in (4, 0, 20) }
        func kill(_ name: String) -> String {
            "2026-01-10T10:10:05+0000 n1 kernel: Out of memory: Killed process 31 (\(name)) total-vm:9kB, anon-rss:9kB\n"
        }
        let finding = try #require(try verdict(dead, kernel: kill("VLLM::EngineCor")).findings.first)
        #expect(finding.cause == "engine_crash" && finding.summary.text.contains("Killed process 31"))
        #expect(finding.evidence.contains { $0.text.text.contains("Killed process 31") && $0.line == 1 })
        let other = try #require(try verdict(dead, kernel: kill("chrome")).findings.first)
        #expect(!other.evidence.contains { $0.text.text.contains("Killed process 31") })
    }

    @Test("client errors: a share far above the usual, named with its client")
    func clientErrors() throws {
        let verdict = try verdict(log(status: { (40..<70).contains($0) ? 400 : 200 }) { _ in (4, 0, 20) })
        #expect(verdict.findings.map(\.cause) == ["client_errors"])
        #expect(verdict.findings[0].evidence.contains { $0.text.text.contains("10.0.0.9") && $0.line != nil })
        #expect(try causes(log(status: { $0 == 40 ? 400 : 200 }) { _ in (4, 0, 20) }).isEmpty)
    }

    @Test("results are reused until evidence is added")
    func stale() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: ":memory:")
        var options = IngestOptions()
        options.year = 2026
        options.period = "p"
        let path = try folder.write(log { _ in (4, 0, 20) }, to: "server.log")
        try Ingestor(store, options: options).ingest([path])
        let analysis = Analysis(store: store, period: try store.periods()[0].id)
        #expect(try !analysis.isCurrent())
        try analysis.refresh()
        #expect(try analysis.isCurrent())
        try folder.write(log { _ in (4, 0, 20) } + "INFO 01-10 10:30:00 [a.py:1] more\n", to: "server.log")
        try Ingestor(store, options: options).ingest([path])
        #expect(try !analysis.isCurrent())
    }
}
