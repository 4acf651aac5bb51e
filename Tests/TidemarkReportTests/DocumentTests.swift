import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkReport

@Suite struct DocumentTests {
    @Test func markdownOfHostileTextStaysText() {
        #expect(
            MarkdownText.escaped("a|b `c` *d* _e_ [f](g) <h> & # !")
                == "a\\|b \\`c\\` \\*d\\* \\_e\\_ \\[f\\](g) &lt;h&gt; &amp; \\# \\!")
        #expect(MarkdownText.escaped("x\n\n# y\u{1B}[31m\u{202E}") == "x  \\# y␛\\[31m⟨U+202E⟩")
        #expect(
            MarkdownText.escaped("https://a.example www.b.example @team")
                == "https\\://a.example www\\.b.example &#64;team")
        #expect(MarkdownText.escaped("- x") == "\\- x" && MarkdownText.escaped("12. x") == "12\\. x")
        #expect(MarkdownText.escaped("1.8 h (2.92 min)") == "1.8 h (2.92 min)")
        #expect(MarkdownText.code("a`b``c|d") == "```a`b``c\\|d```")
        #expect(MarkdownText.code("`") == "`` ` ``" && MarkdownText.code("").isEmpty)
    }

    @Test func markdownKeepsItsShape() throws {
        var model = ExampleReport.model
        let bad = HostileTextTests.hostile + " | x |\n| y | `z` ``` <b>\n# head\n- item"
        model.title = bad
        model.verdict.sentences = [bad, bad]
        model.facts = [.init(bad, bad)]
        model.logEvents = [.init(timeMs: 0, level: bad, count: 1, text: bad, source: bad, line: 3)]
        model.topClients = [.init(name: bad, requests: 1, share: 1, errors: 0)]
        let text = String(decoding: MarkdownReport.render(model), as: UTF8.self)
        let outside = text.split(separator: "\n").map { Self.withoutCode(String($0)) }.joined(separator: "\n")
        #expect(!outside.contains("<") && outside.contains("&lt;"))
        #expect(text.contains("onerror") && !outside.contains(" ``` <b>"))
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 || $0.value == 0x202E })
        #expect(!text.contains("\n# head") && !text.contains("\n- item"))
        // Rows of a table have as many cells as its head.
        var columns: Int?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let cells = line.replacingOccurrences(of: "\\|", with: "").filter { $0 == "|" }.count
            #expect(columns == nil || columns == cells, "\(line)")
            columns = cells
        }
    }

    /// A line without its code spans, as CommonMark finds them: from a run of backticks to the next of the same length.
    private static func withoutCode(_ line: String) -> String {
        let signs = Array(line.unicodeScalars)
        func run(_ at: Int) -> Int { signs[at...].prefix { $0 == "`" }.count }
        var out = String.UnicodeScalarView()
        var at = 0
        outer: while at < signs.count {
            if signs[at] == "\\", at + 1 < signs.count {
                out.append(contentsOf: signs[at...at + 1])
                at += 2
                continue
            }
            guard signs[at] == "`" else {
                out.append(signs[at])
                at += 1
                continue
            }
            let length = run(at)
            var end = at + length
            while end < signs.count {
                let other = run(end)
                if other == length {
                    at = end + length
                    continue outer
                }
                end += max(other, 1)
            }
            out.append(contentsOf: signs[at..<at + length])
            at += length
        }
        return String(out)
    }

    @Test func jsonHasEverythingOnce() throws {
        let text = ReportJSON.render(ExampleReport.model)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["format"] as? String == "tidemark-report/1")
        #expect((object["findings"] as? [Any])?.count == ExampleReport.model.findings.count)
        #expect((object["overview"] as? [Any])?.count == ExampleReport.model.overview.count)
        #expect(text == ReportJSON.render(ExampleReport.model) && !text.contains("nan") && !text.contains("inf,"))
    }

    @Test(arguments: [0xFFFF_FFFF, 100])
    func zipFilesOpenElsewhere(limit: Int) throws {
        let folder = try TemporaryFolder()
        var bytes: [UInt8] = []
        var archive = ZipArchive(limit: limit) { bytes += $0 }
        try archive.add("a/empty.txt", [])
        try archive.add("a/größe.txt", Array(String(repeating: "tide ", count: 100_000).utf8))
        try archive.add("b.bin", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
        try archive.finish()
        let file = folder.path("x.zip")
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let script = """
            import zipfile, sys
            z = zipfile.ZipFile(sys.argv[1])
            assert z.testzip() is None
            assert z.namelist() == ['a/empty.txt', 'a/größe.txt', 'b.bin'], z.namelist()
            assert z.read('a/größe.txt') == b'tide ' * 100000 and len(z.read('b.bin')) == 5000
            print('fine')
            """
        let result = try? runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, file])
        // 127: no Python here.
        if let result, result.status != 127 { #expect(result.output == "fine\n", "\(result.errors)") }
    }

    @Test func logosAreToldByContent() throws {
        typealias Logo = ReportModel.Logo
        func type(_ bytes: [UInt8]) -> String? { try? Logo(bytes, text: "", file: "x").mediaType }
        #expect(type([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1]) == "image/png")
        #expect(type([0xFF, 0xD8, 0xFF, 0xE0]) == "image/jpeg")
        #expect(type(Array("RIFF1234WEBPVP8 ".utf8)) == "image/webp")
        #expect(type(Array("\u{FEFF} <?xml?>\n<!-- <x> -->\n<!DOCTYPE svg><svg >".utf8)) == "image/svg+xml")
        for bad in ["", "<svgx>", "<html><svg>", "<!-- <svg>", "GIF89a", "RIFF1234WAVE", "<svg"] {
            #expect(type(Array(bad.utf8)) == nil, "\(bad)")
        }
    }
}
