import Foundation
import Testing
import TidemarkTestSupport

@Suite struct ReportFormatTests {
    @Test("each format is what it says, and combinations without sense are refused")
    func formats() throws {
        let folder = try TemporaryFolder()
        let database = try analysedIncident(folder)
        func report(_ arguments: [String]) throws -> ProgramResult {
            try runTidemark(["report", "--db", database] + arguments)
        }

        let document = try report(["--format", "markdown", "--out", "-", "--title", "Incident *4711*"])
        #expect(
            document.output.hasPrefix("# Incident \\*4711\\*\n"), "\(document.output.prefix(100))\(document.errors)")
        #expect(document.output.contains("kv_cache_limit") && document.output.contains("| Signal |"))
        let chinese = try report(["--format", "markdown", "--out", "-", "--lang", "zh-Hant"])
        #expect(chinese.output.contains("## 事故"), "\(chinese.errors)")

        let json = try report(["--format", "json", "--out", "-"])
        let all = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let model = try #require((all["reports"] as? [[String: Any]])?.first)
        #expect(model["format"] as? String == "tidemark-report/1" && model["redacted"] as? Bool == false)
        let finding = try #require((model["findings"] as? [[String: Any]])?.first)
        #expect(
            finding["cause"] as? String == "kv_cache_limit" && finding["start"] as? String == "2026-11-23T17:31:52Z")
        let chart = try #require((model["overview"] as? [[String: Any]])?.first)
        let series = try #require((chart["series"] as? [[String: Any]])?.first)
        #expect((series["times_ms"] as? [Any])?.count == (series["values"] as? [Any])?.count && chart["unit"] is String)
        #expect(try report(["--format", "json", "--out", "-"]).output == json.output)

        let tables = try report(["--format", "csv", "--out", folder.path("tables")])
        #expect(tables.status == 0, "\(tables.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.path("tables/csv/findings.csv")))
        #expect(!FileManager.default.fileExists(atPath: folder.path("tables/index.html")))
        #expect(!FileManager.default.fileExists(atPath: folder.path("tables/report.json")))

        for arguments in [
            ["--out", "-"], ["--format", "csv", "--out", "-"], ["--format", "json", "--lang", "zh-Hant"],
            ["--format", "markdown", "--logo", database], ["--logo-alt", "x"], ["--format", "pdf"],
            ["--week", "2026-W47", "--format", "json"],
        ] {
            let refused = try report(arguments)
            #expect(refused.status == 64, "\(arguments): \(refused.status) \(refused.errors)")
        }
    }

    @Test("a logo is a picture in the page and nothing else, whatever it holds")
    func logo() throws {
        let folder = try TemporaryFolder()
        let database = try analysedIncident(folder)
        let hostile = try folder.write(
            """
            <?xml version="1.0"?><!-- "><script>alert(0)</script> -->
            <svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script>
            <image href="https://example.org/spy.png"/></svg>
            """, to: "hostile.png")
        let made = try runTidemark([
            "report", "--db", database, "--out", folder.path("out"), "--logo", hostile, "--logo-alt",
            "A \"quoted\" <logo>",
        ])
        #expect(made.status == 0, "\(made.errors)")
        let page = try String(contentsOfFile: folder.path("out/index.html"), encoding: .utf8)
        #expect(page.contains("<img class=\"logo\" src=\"data:image/svg+xml;base64,"))
        #expect(page.contains("alt=\"A &quot;quoted&quot; &lt;logo&gt;\">"))
        #expect(!page.contains("alert(") && !page.contains("example.org"))
        #expect(page.contains("form-action &#39;none&#39;; img-src data:\""))
        let plain = try String(contentsOfFile: folder.path("plain/index.html"), encoding: .utf8)
        #expect(!plain.contains("img-src") && !plain.contains("<img"))

        let large = try folder.write("<svg>" + String(repeating: " ", count: 300_000) + "</svg>", to: "large.svg")
        let page2 = try folder.write("<html><body>no picture</body></html>", to: "page.svg")
        for (path, word) in [
            (large, "262144"), (page2, "PNG, JPEG, WebP and SVG"), (folder.path("none.png"), "cannot be read"),
        ] {
            let refused = try runTidemark(["report", "--db", database, "--out", folder.path("no"), "--logo", path])
            #expect(refused.status != 0 && refused.errors.contains(word), "\(refused.errors)")
        }
    }
}
