import Foundation
import Testing
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
