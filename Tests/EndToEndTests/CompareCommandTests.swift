import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

/// `tidemark compare` as a user types it.
@Suite struct CompareCommandTests {
    @Test(
        "the bundled evidence is as fast as itself; ranges, formats, and what is refused with a list of what there is")
    func command() throws {
        let folder = try TemporaryFolder()
        let evidence = fixture("incident").path
        let json = try runTidemark(["compare", evidence, evidence, "--format", "json", "--fail-on", "slower"])
        #expect(json.status == 0)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let comparison = try #require(object?["comparison"] as? [String: Any])
        #expect(comparison["verdict"] as? String == "same")
        let slowdown = try #require(comparison["slowdown_pct"] as? Double)
        let low = try #require(comparison["low"] as? Double)
        let high = try #require(comparison["high"] as? Double)
        #expect(abs(slowdown) < 1e-6 && low < 0 && high > 0)
        #expect((comparison["arguments"] as? [Any])?.isEmpty == true)
        let parts = try #require((comparison["decomposition"] as? [String: Any])?["parts"] as? [[String: Any]])
        #expect(parts.allSatisfy { abs($0["pct"] as? Double ?? 9) < 1e-6 })
        let metrics = try #require(comparison["metrics"] as? [[String: Any]])
        #expect(metrics.contains { $0["metric"] as? String == "ttft_mean_seconds" })
        #expect(metrics.allSatisfy { $0["before"] as? Double == $0["after"] as? Double })

        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["ingest", evidence, "--db", path, "--quiet"]).status == 0)
        // Half of it against the other half, kept in the database.
        let halves = ["2026-11-23T17:30:00Z..2026-11-23T17:32:25Z", "2026-11-23T17:32:25Z..2026-11-23T17:34:50Z"]
        let text = try runTidemark(["compare", "--db", path] + halves)
        #expect(
            text.status == 0
                && (text.output.contains("at equal load and mix") || text.output.contains("Not comparable")))
        #expect(text.output.contains("metric") && text.output.contains("before"))
        let stored = try runTidemark([
            "sql", "--db", path, "SELECT baseline, verdict FROM comparison", "--format", "csv",
        ])
        #expect(stored.output.contains(halves[0]))
        let csv = try runTidemark(["compare", "--db", path, "--format", "csv"] + halves)
        #expect(csv.output.hasPrefix("baseline,candidate,kind,model,name,before,after"))

        let unknown = try runTidemark(["compare", "--db", path, "incident", "monday"])
        #expect(unknown.status == 64 && unknown.errors.contains("incident  2026-11-23T17:30"))
        let alone = try runTidemark(["compare", evidence])
        #expect(alone.status == 64 && alone.errors.contains("1 period where two are expected"))
        #expect(try runTidemark(["compare", "--db", path, "--weeks"]).status == 64)
        #expect(try runTidemark(["compare", "--db", path, "--before-after", "restart"]).status == 64)
        #expect(try runTidemark(["compare", evidence, folder.path("none")]).status == 66)
        #expect(try runTidemark(["compare", "a", "b", "c"]).status == 64)
        #expect(try runTidemark(["compare", "--help"]).output.contains("Example:"))
    }

    @Test("weeks: each against the one before, and the levels that changed with what happened then")
    func weeks() throws {
        let folder = try TemporaryFolder()
        // Sixteen days from 2026-11-02, a sample every ten minutes; steps take 30 % longer from the 13th, 06:00, on.
        let start: Int64 = 1_793_577_600_000
        let change = start + 11 * 86_400_000 + 6 * 3_600_000
        var random = SeededRandom(seed: 6)
        var lines: [String] = []
        var (requests, tokens, seconds) = (0.0, 0.0, 0.0)
        for step in 0..<(16 * 144) {
            let time = start + Int64(step) * 600_000
            let day = Double(step % 144) / 144
            let rate = 2 + sin(2 * .pi * day) + 0.1 * random.uniform()
            let gap = (time >= change ? 0.026 : 0.02) + 0.002 * rate
            requests += (rate * 600).rounded()
            tokens += (rate * 600).rounded() * 100
            seconds += (rate * 600).rounded() * 100 * gap * (1 + 0.02 * random.uniform())
            for (name, value) in [
                ("vllm:num_requests_running", rate * 100 * gap), ("vllm:num_requests_waiting", 0),
                ("vllm:time_to_first_token_seconds_count", requests), ("vllm:prompt_tokens_total", requests * 200),
                ("vllm:time_to_first_token_seconds_sum", requests * 0.1), ("vllm:generation_tokens_total", tokens),
                ("vllm:inter_token_latency_seconds_count", tokens - requests),
                ("vllm:inter_token_latency_seconds_sum", seconds),
            ] {
                lines.append(
                    #"{__name__="\#(name)",instance="a:8000",job="vllm",model_name="m",engine="0"} \#(value) \#(time)"#)
            }
        }
        let evidence = folder.path("evidence")
        try FileManager.default.createDirectory(atPath: evidence, withIntermediateDirectories: true)
        try lines.joined(separator: "\n").write(toFile: evidence + "/metrics.dump", atomically: true, encoding: .utf8)
        func log(_ version: String, _ date: String) -> String {
            """
            (APIServer pid=1) INFO \(date):00 [api_server.py:1839] vLLM API server version \(version)
            (APIServer pid=1) INFO \(date):01 [utils.py:233] non-default args: {'model': 'm'}
            (APIServer pid=1) INFO:     Application startup complete.

            """
        }
        try (log("0.10.2", "11-02 00:00") + log("0.11.0", "11-13 06:00")).write(
            toFile: evidence + "/server.log", atomically: true, encoding: .utf8)
        try #"{"replicas":[{"name":"r0","instance":"a:8000","log":"server.log"}],"log_utc_offset_minutes":0}"#.write(
            toFile: evidence + "/capture.json", atomically: true, encoding: .utf8)
        let path = folder.path("w.sqlite")
        #expect(try runTidemark(["ingest", evidence, "--db", path, "--quiet", "--year", "2026"]).status == 0)
        // A database as --db or as the side, and the evidence itself.
        for arguments in [["--db", path], [path], [evidence, "--year", "2026"]] {
            let run = try runTidemark(["compare", "--weeks", "--format", "json"] + arguments)
            let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            #expect((object?["comparisons"] as? [Any])?.count == 2, "\(run.errors)")
            let changes = try #require(object?["change_points"] as? [[String: Any]], "\(run.errors)")
            let gap = try #require(changes.first { $0["signal"] as? String == "itl_mean_seconds" })
            #expect((gap["time"] as? String)?.hasPrefix("2026-11-13T0") == true)
            #expect((gap["event"] as? String)?.hasPrefix("r0 was started anew with version 0.10.2 → 0.11.0") == true)
            #expect(gap["event_time"] as? String == "2026-11-13T06:00:00Z")
            let before = try #require(gap["before"] as? Double)
            let after = try #require(gap["after"] as? Double)
            #expect(abs(after - before - 0.006) < 0.001)
        }
        let text = try runTidemark(["compare", "--weeks", "--db", path])
        #expect(text.output.contains("Levels that changed for good:\n") && text.output.contains("r0 was started anew"))
    }

    @Test(
        "two runs of a real server, the second 15 % slower a step: folders, and their parent's two periods",
        .enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
    func regression() throws {
        let corpora = try #require(sharedFolder).appendingPathComponent("corpora")
        let runs = ["regression-v1", "regression-v2"].map { corpora.appendingPathComponent("real/" + $0).path }
        let slower = try runTidemark(["compare"] + runs + ["--format", "json", "--fail-on", "slower"])
        #expect(slower.status == 3)
        let object = try JSONSerialization.jsonObject(with: Data(slower.output.utf8)) as? [String: Any]
        let comparison = try #require(object?["comparison"] as? [String: Any])
        #expect(comparison["verdict"] as? String == "slower")
        // 15 % a step is more at the same load: between 15 and 15 / (1 − the share that grows with the load).
        let low = try #require(comparison["low"] as? Double)
        let high = try #require(comparison["high"] as? Double)
        #expect(low < 19 && high > 15 && low > 10 && high < 30)
        let faster = try runTidemark(["compare"] + runs.reversed() + ["--fail-on", "slower"])
        #expect(faster.status == 0 && faster.output.contains("faster than regression-v2"))
        // Files alone are evidence, too: the logs.
        let logs = try runTidemark(["compare"] + runs.map { $0 + "/server.log" })
        #expect(logs.status == 0 && logs.output.hasPrefix("Not comparable: ") && logs.output.contains("8 are needed"))
    }

    @Test(
        "labelled pairs: nothing is called slower that is not, what is slower is found",
        .enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
    func labelled() throws {
        let incidents = try #require(sharedFolder).appendingPathComponent("corpora/incidents")
        for name in ["inc-066", "inc-070"] {
            let truth =
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: incidents.appendingPathComponent(name + "/truth.json"))) as? [String: Any]
            let expected = try #require(truth?["comparison"] as? [String: Any])
            let answer = try runTidemark(["compare", incidents.appendingPathComponent(name).path, "--format", "json"])
            let object = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
            let found = try #require(object?["comparison"] as? [String: Any])
            #expect(found["verdict"] as? String == expected["verdict"] as? String)
            let effect = try #require(found["slowdown_pct"] as? Double)
            #expect(abs(effect - (expected["slowdown_pct"] as? Double ?? 99)) < 1.5)
        }
    }
}
