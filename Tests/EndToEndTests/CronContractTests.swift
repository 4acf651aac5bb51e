import Foundation
import Testing
import TidemarkBase
import TidemarkStore
import TidemarkTestSupport

/// What a job without a terminal relies on.
@Suite struct CronContractTests {
    private static let now = ["--now", "2026-11-25T06:00:00Z"]

    private static func configuration(_ folder: TemporaryFolder, _ more: String = "") throws -> String {
        try folder.write(
            """
            name: demo
            inputs:
              - paths: \(fixture("incident").path)
            output:
              folder: out
            slo:
              ttft_p95_s: 0.5
            \(more)
            """, to: "job/tidemark.yaml")
    }

    @Test("init writes an example that is right, and touches nothing that is there")
    func example() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("tidemark.yaml")
        #expect(try runTidemark(["init", path]).status == 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let again = try runTidemark(["init", path])
        #expect(again.status == 73 && again.errors.contains("is there already"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        // Its inputs aren't there; nothing else is wrong with it.
        let run = try runTidemark(["run", "--config", path])
        #expect(run.status == 66 && run.errors.contains("tidemark.yaml:"), "\(run.errors)")
        // What is commented out is right, too.
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2).map { line in
            let marked = line.drop { $0 == " " }
            guard marked.hasPrefix("# ") else { return String(line) }
            return String(line.prefix { $0 == " " } + marked.dropFirst(2))
        }.joined(separator: "\n")
        let full = try folder.write(all, to: "full.yaml")
        let whole = try runTidemark(["run", "--config", full])
        #expect(whole.status == 66, "\(whole.errors)")
        let wrong = try folder.write(text.replacingOccurrences(of: "keep: 90d", with: "kepp: 90d"), to: "wrong.yaml")
        let refused = try runTidemark(["run", "--config", wrong])
        #expect(
            refused.status == 64 && refused.errors.contains("unknown key kepp; did you mean keep?"), "\(refused.errors)"
        )
        #expect(try runTidemark(["run"]).status == 64)
    }

    @Test(
        "a finding is told of once, without a shell; a command that fails or hangs stops nothing; logs and exit statuses"
    )
    func hook() throws {
        let folder = try TemporaryFolder()
        let config = try Self.configuration(folder)
        let script = try folder.write("#!/bin/sh\ncat >> \"$1\"\n", to: "a hook.sh")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let told = folder.path("told $HOME.jsonl")
        let command = "'\(script)' \"\(told)\" '; touch /nowhere'"
        let first = try runTidemark(["run", "--config", config, "--on-finding", command] + Self.now)
        #expect(first.status == 0, "\(first.errors)")
        let lines = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n")
        #expect(!lines.isEmpty)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["cause"] as? String == "kv_cache_limit" && object["fleet"] as? String == "demo")
        #expect(object["week"] as? String == "2026-W48" && object["level"] as? String == "high")
        #expect((object["page"] as? String)?.hasSuffix("out/weeks/2026-W48/index.html") == true)
        #expect(try runTidemark(["run", "--config", config, "--on-finding", command] + Self.now).status == 0)
        // Even when the week is looked at again.
        #expect(try runTidemark(["report", "--week", "2026-W48", "--config", config] + Self.now).status == 0)
        #expect(try runTidemark(["run", "--config", config, "--on-finding", command] + Self.now).status == 0)
        #expect(try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n") == lines)

        for bad in ["/bin/false", "/bin/sleep 100"] {
            // Forgotten, so that they are new again.
            try Store.create(path: folder.path("job/out/tidemark.sqlite")).database.execute("DELETE FROM noted_finding")
            let start = ContinuousClock.now
            let run = try runTidemark(
                ["run", "--config", config, "--on-finding", bad, "--on-finding-limit", "0.5"] + Self.now)
            #expect(run.status == 0 && run.errors.contains("warning:"), "\(run.errors)")
            #expect(ContinuousClock.now - start < .seconds(90))
        }
        #expect(try runTidemark(["run", "--config", config, "--on-finding", "'open"]).status == 64)
        #expect(try runTidemark(["run", "--config", config, "--on-finding", "/no/such/program"]).status == 64)

        // Logs for machines, quiet, exit statuses.
        let run = try runTidemark(["run", "--config", config, "--log-format", "json"] + Self.now)
        #expect(run.status == 0 && run.output.isEmpty)
        let events = try run.errors.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(events.allSatisfy { $0["time"] is String && $0["level"] is String && $0["message"] is String })
        #expect(events.compactMap { $0["event"] as? String }.contains("read"))
        #expect(events.last?["event"] as? String == "done" && events.last?["weeks"] as? Int == 0)
        let quiet = try runTidemark(["run", "--config", config, "--quiet", "--fail-on", "high"] + Self.now)
        #expect(
            quiet.status == 3 && quiet.errors.contains("kv_cache_limit") && quiet.errors.contains(" in 2026-W48"),
            "\(quiet.errors)")
        let page = try String(contentsOfFile: folder.path("job/out/weeks/2026-W48/index.html"), encoding: .utf8)
        for words in ["Headroom", "error budget", "Cost and waste", "Completeness", "2026-11-23 to 2026-11-29"] {
            #expect(page.contains(words), "\(words)")
        }
        #expect(page.contains("still going on"))
        let empty = try folder.write("inputs: [nothing/*.log]\nname: demo\n", to: "empty/tidemark.yaml")
        let failed = try runTidemark(["run", "--config", empty, "--log-format", "json"])
        #expect(failed.status == 66)
        let said = try #require(
            try JSONSerialization.jsonObject(with: Data((failed.errors.split(separator: "\n").last ?? "").utf8))
                as? [String: Any])
        #expect(said["level"] as? String == "error" && said["status"] as? Int == 66 && said["line"] as? Int == 1)
        #expect(try runTidemark(["run", fixture("incident").path, "--now", "2026-01-01T00:00:00Z"]).status == 64)
        #expect(try runTidemark(["run", "--config", config, "--now", "yesterday"]).status == 64)
    }
}
