import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

/// Chromium, axe-core and the Nu HTML checker, as `scripts/browser.sh` installs them.
private let python = repositoryRoot.appendingPathComponent(".build/browser/bin/python")
// The list is written when everything is installed.
private let hasBrowser = [
    repositoryRoot.appendingPathComponent(".build/browser/installed.txt").path, "/usr/bin/chromium",
    "/usr/bin/chromedriver", "/usr/bin/java",
].allSatisfy { FileManager.default.fileExists(atPath: $0) }

/// The pages as a reader meets them; `scripts/browser.py` says what is checked.
@Suite("Pages in a browser", .serialized, .enabled(if: hasBrowser, "needs what scripts/browser.sh installs"))
struct BrowserTests {
    private func check(_ arguments: [String]) throws -> ProgramResult {
        let script = repositoryRoot.appendingPathComponent("scripts/browser.py").path
        return try runProgram(python, [script] + arguments)
    }

    /// Reports of an incident and of usual traffic with the list of both, in English and in Chinese.
    private func periods(_ folder: TemporaryFolder) throws {
        for (name, files) in [
            "incident": ["incident/metrics-scrapes", "incident/server.log.gz", "incident/nvidia-smi.csv"],
            "usual": ["notebooks/before/server.log.gz", "notebooks/before/tsdb-dump.txt.gz"],
        ] {
            try folder.write("{}", to: "evidence/\(name)/capture.json")
            for file in files.map(fixture) {
                let target = folder.url.appendingPathComponent("evidence/\(name)/\(file.lastPathComponent)")
                try FileManager.default.copyItem(at: file, to: target)
            }
        }
        for arguments in [
            ["run", "evidence", "--out", "en", "--quiet"],
            ["report", "--db", "en/tidemark.sqlite", "--lang", "zh-Hant", "--out", "zh", "--quiet"],
        ] {
            let done = try runTidemark(arguments, in: folder.url)
            #expect(done.status == 0, "\(done.errors)")
        }
    }

    private func weeks(_ folder: TemporaryFolder) throws {
        var year = SyntheticYear(folder, silent: [], seed: 4)
        for week in 0..<3 {
            let log = try #require(try year.write(week, to: "in"))
            try folder.write(log, to: "in/server.log.\(3 - week)")
        }
        let config = try folder.write(
            """
            name: acme
            inputs:
              - paths: in/metrics/*.dump
              - paths: in/server.log*
                instance: server
            output: {folder: weekly}
            slo: {ttft_p95_s: 1}
            prices: {gpu_hour: 2}
            """, to: "tidemark.yaml")
        let now = CivilTime.rfc3339(SyntheticYear.monday(3) + 6 * 3_600_000)
        let done = try runTidemark(["run", "--config", config, "--quiet", "--now", now], in: folder.url)
        #expect(done.status == 0, "\(done.errors)")
    }

    @Test("are valid, accessible, quiet and complete without JavaScript; strips answer pointer, keys, finger and links")
    func pages() throws {
        let folder = try TemporaryFolder()
        try periods(folder)
        try weeks(folder)
        let instruments = ["en/incident/index.html", "zh/incident/index.html"]
        let others = [
            "en/usual/index.html", "en/index.html", "weekly/index.html", "weekly/weeks/2026-W04/index.html",
        ]
        let done = try check(instruments.flatMap { ["--axis", folder.path($0)] } + others.map(folder.path))
        for line in done.output.split(separator: "\n").filter({ $0.hasPrefix("  ") }) { Issue.record("\(line)") }
        #expect(done.status == 0, "\(done.errors)")
        for page in instruments + others { #expect(done.output.contains("\(page): 0 faults"), "\(done.output)") }
    }

    @Test("of which a bad one has its faults named")
    func faults() throws {
        let folder = try TemporaryFolder()
        let bad = try folder.write(
            """
            <!doctype html><html lang="en"><head><title>Bad</title></head><body><main><h1>Bad</h1><img src="x.png">
            <p style="width:900px;color:#ddd">Pale and wide</p><p hidden>Unseen</p><div><li>Stray</div>
            <script>document.body.append("x"); nothing()</script></main></body></html>
            """, to: "bad.html")
        let done = try check([bad])
        #expect(done.status == 1, "\(done.errors)")
        for fault in [
            "scrolls sideways", "console: ", "requests: ", "image-alt", "color-contrast", "HTML, line 2: ",
            "no JavaScript: 1 of 2 <p>",
        ] {
            #expect(done.output.contains(fault), "\(fault) in \(done.output)")
        }
    }
}
