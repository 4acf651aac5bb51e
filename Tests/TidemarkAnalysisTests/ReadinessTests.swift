import Foundation
import Testing
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// What an incident would miss, before one comes.
@Suite struct ReadinessTests {
    /// All evidence of the bundled incident, changed by `change` before it is read.
    func readiness(_ change: (TemporaryFolder) throws -> Void) throws -> IncidentReadiness {
        let folder = try TemporaryFolder()
        let evidence = folder.path("evidence")
        try FileManager.default.copyItem(atPath: fixture("incident").path, toPath: evidence)
        try change(folder)
        let store = try Store.create(path: folder.path("x.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([evidence])
        return try IncidentReadiness(store, period: try #require(store.periods().first).id)
    }

    private func gunzipped(_ folder: TemporaryFolder, _ name: String) throws -> String {
        let path = folder.path("evidence/" + name)
        let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", path])
        try FileManager.default.removeItem(atPath: path)
        return result.output
    }

    /// Leaves metrics, log and GPUs alone.
    private func remove(_ folder: TemporaryFolder, _ names: String...) throws {
        for name in names { try FileManager.default.removeItem(atPath: folder.path("evidence/" + name)) }
    }

    @Test("each sentence with which a cause asks for evidence names a kind of it")
    func sentences() throws {
        var sentences = CauseCatalogue.all.compactMap { $0.telltale?.capture.text }
        let folder = repositoryRoot.appendingPathComponent("Sources/TidemarkAnalysis/Diagnosis")
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for mark in [
                "unseen(\"", "unseen(\n                        \"", "capture: \"", "capture:\n                \"",
            ] {
                for part in text.components(separatedBy: mark).dropFirst() {
                    let sentence = part.prefix { $0 != "\"" }
                    if !sentence.isEmpty { sentences.append(String(sentence)) }
                }
            }
        }
        #expect(sentences.count > 30)
        for sentence in sentences { #expect(EvidenceKind.of(sentence) != nil, "no kind: \(sentence)") }
    }

    @Test("complete evidence is called so")
    func complete() throws {
        let readiness = try readiness { _ in }
        #expect(readiness.isComplete, "\(readiness.text())")
        #expect(!readiness.gaps.contains { !$0.isOptional })
        #expect(readiness.text().contains("Nothing that decides a cause"))
    }

    @Test("no GPU capture: throttling can't be decided, and how to mend it")
    func noGPU() throws {
        let readiness = try readiness { try remove($0, "nvidia-smi.csv") }
        let gap = try #require(readiness.gaps.first { $0.kind == "gpu_capture" })
        #expect(!readiness.isComplete && !gap.isOptional)
        #expect(
            gap.undecided.contains { $0.cause == "gpu_throttling" && $0.needs == GPUThrottling.telltale?.capture.text })
        #expect(gap.remedy.contains("tidemark capture --gpu"))
        #expect(gap.text == "No GPU capture.")
    }

    @Test("a GPU capture without clocks and reasons lacks just these")
    func poorGPU() throws {
        let readiness = try readiness { folder in
            let path = folder.path("evidence/nvidia-smi.csv")
            let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
                line.components(separatedBy: ", ").enumerated().filter { ![10, 11, 14, 15, 16].contains($0.offset) }
                    .map(\.element).joined(separator: ", ")
            }
            try (rows.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        }
        let gap = try #require(readiness.gaps.first { $0.kind == "gpu_capture" })
        #expect(gap.text.hasPrefix("The GPU capture lacks: SM clock; Share of samples with a thermal"))
        #expect(!gap.text.contains("temperature") && !gap.text.contains("power draw"))
        #expect(gap.undecided.map(\.cause).contains("gpu_throttling"))
    }

    @Test("no server log: a crash's own words are missing")
    func noLog() throws {
        let readiness = try readiness { try remove($0, "server.log.gz") }
        let gap = try #require(readiness.gaps.first { $0.kind == "server_log" })
        #expect(gap.undecided.contains { $0.cause == "engine_crash" })
        #expect(!readiness.gaps.contains { $0.kind == "startup_lines" }, "one gap, not two for one file")
    }

    @Test("a log that doesn't reach back to a start has no arguments")
    func noStartUp() throws {
        let readiness = try readiness { folder in
            let lines = try gunzipped(folder, "server.log.gz").split(separator: "\n", omittingEmptySubsequences: false)
            try folder.write(lines.suffix(300).joined(separator: "\n"), to: "evidence/server.log")
        }
        let gap = try #require(readiness.gaps.first { $0.kind == "startup_lines" })
        #expect(gap.text.contains("does not reach back to a start"))
        #expect(!readiness.gaps.contains { $0.kind == "server_log" })
    }

    @Test("no metrics, and metrics without buckets")
    func metrics() throws {
        let none = try readiness { try remove($0, "metrics-scrapes", "tsdb-dump.txt.gz") }
        let gap = try #require(none.gaps.first { $0.kind == "metrics" })
        #expect(gap.text.contains("No metrics"))
        #expect(
            gap.undecided.contains {
                $0.cause == "preemption_thrash" && $0.needs == PreemptionThrash.telltale?.capture.text
            }
        )
        let poor = try readiness { folder in
            try remove(folder, "metrics-scrapes")
            let kept = try gunzipped(folder, "tsdb-dump.txt.gz").split(separator: "\n").filter {
                !$0.contains("_bucket\"") && !$0.contains("vllm:num_preemptions")
                    && !$0.contains("vllm:iteration_tokens")
            }
            try folder.write(kept.joined(separator: "\n") + "\n", to: "evidence/dump.txt")
        }
        let less = try #require(poor.gaps.first { $0.kind == "metrics" })
        #expect(less.text.contains("Time to first token, P95") && less.text.contains("Preemptions"), "\(less.text)")
        #expect(!less.text.contains("KV cache"))
        #expect(less.undecided.contains { $0.cause == "preemption_thrash" })
    }

    @Test("coarse scrapes, a hole and a capture that ended are told with their numbers")
    func facts() throws {
        let folder = try TemporaryFolder()
        var dump = ""
        let start = 1_795_000_000
        for minute in stride(from: 0, to: 300, by: 2) where !(100..<160).contains(minute) {
            let time = (start + minute * 60) * 1000
            for (name, value) in [("num_requests_running", 3), ("num_requests_waiting", 0)] {
                dump += "{__name__=\"vllm:\(name)\", instance=\"a:8000\", job=\"vllm\"} \(value) \(time)\n"
            }
            dump +=
                "{__name__=\"vllm:generation_tokens_total\", instance=\"a:8000\", job=\"vllm\"} \(minute * 1000) \(time)\n"
        }
        try folder.write(dump, to: "evidence/dump.txt")
        var smi = "timestamp, index, utilization.gpu [%], clocks.current.sm [MHz]\n"
        for second in stride(from: 0, to: 3600, by: 60) {
            let day = Date(timeIntervalSince1970: Double(start + second))
            let format = DateFormatter()
            format.timeZone = TimeZone(secondsFromGMT: 0)
            format.locale = Locale(identifier: "en_US_POSIX")
            format.dateFormat = "yyyy/MM/dd HH:mm:ss.SSS"
            smi += "\(format.string(from: day)), 0, 97 %, 1980 MHz\n"
        }
        try folder.write(smi, to: "evidence/nvidia-smi.csv")
        let store = try Store.create(path: folder.path("x.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([folder.path("evidence")])
        let readiness = try IncidentReadiness(store, period: try #require(store.periods().first).id)
        let kinds = readiness.gaps.map(\.kind)
        #expect(
            kinds.contains("scrape_interval") && kinds.contains("gaps") && kinds.contains("ended"),
            "\(readiness.text())")
        #expect(readiness.text().contains("what is shorter than"))
        #expect(!readiness.isComplete)
    }

    @Test("an empty database has everything to miss")
    func empty() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("x.sqlite"))
        let period = try store.database.transaction { try store.period(named: "p", capture: nil) }
        let readiness = try IncidentReadiness(store, period: period)
        #expect(!readiness.isComplete && readiness.window == nil && readiness.gaps.count == 1)
    }
}
