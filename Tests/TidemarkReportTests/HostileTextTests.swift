import Testing

@testable import TidemarkReport

@Suite struct HostileTextTests {
    static let hostile =
        "</script><img src=x onerror=alert(1)>\"'&\u{1B}[31m\u{0}\u{7F}\u{9B}\u{202E}\u{200B}\n\t\r&lt;"

    func written(_ text: String, _ place: SafeText.Place = .content) -> String {
        var out = Markup().out
        SafeText.write(text, to: &out, place: place)
        return out.text
    }

    @Test func specialCharactersBecomeEntities() {
        #expect(written("a<b>&\"'") == "a&lt;b&gt;&amp;\"'")
        #expect(written("a<b>&\"'", .attribute) == "a&lt;b&gt;&amp;&quot;&#39;")
        #expect(written("&lt;") == "&amp;lt;")
    }

    @Test func controlCharactersBecomeVisible() {
        #expect(written("\u{1B}[31m") == "␛[31m")
        #expect(written("a\u{0}b\u{7F}") == "a␀b␡")
        #expect(written("a\nb\tc\r") == "a␊b c␍")
        #expect(written("\u{9B}31m") == "⟨U+009B⟩31m")
    }

    @Test func invisibleAndReorderingCharactersBecomeVisible() {
        #expect(written("ab\u{202E}cd") == "ab⟨U+202E⟩cd")
        #expect(written("\u{FEFF}x\u{200B}y\u{E0041}") == "⟨U+FEFF⟩x⟨U+200B⟩y⟨U+E0041⟩")
        #expect(written("x\u{FFFF}") == "x⟨U+FFFF⟩")
    }

    @Test func otherTextIsKept() {
        #expect(written("Größe 延遲 – 41 s · 😀 e\u{301}") == "Größe 延遲 – 41 s · 😀 e\u{301}")
    }

    @Test func hostileTextEverywhereLeavesThePageWhole() {
        let bad = Self.hostile
        let span = ReportModel.TimeSpan(startMs: 0, endMs: 60_000)
        let link = ReportModel.FileLink(path: "javascript:alert(1)", label: bad)
        let unit = DisplayUnit(symbol: bad, style: .count, columnSuffix: bad)
        let strip = ReportModel.Strip(
            id: bad, title: bad, subtitle: bad, unit: unit,
            series: [.init(name: bad, timesMs: [0, 1], values: [1, 2])], limits: [.init(value: 1, label: bad)],
            csv: link)
        let finding = ReportModel.Finding(
            rank: 1, cause: bad, title: bad, summary: bad, span: span, confidence: 0.9, confidenceWord: .high,
            impactShare: 0.6, impact: bad, replicas: [bad],
            evidence: [.init(signal: bad, value: 1, unit: unit, needed: bad, source: bad, line: 1)],
            ruledOut: [.init(cause: bad, reason: bad)], notChecked: [.init(what: bad, remedy: bad)],
            recommendations: [.init(bad, effect: bad)])
        let model = ReportModel(
            title: bad, subtitle: bad, window: span, facts: [.init(bad, bad)],
            dataQuality: .init(level: .poor, reasons: [bad]),
            verdict: .init(
                severity: .unknown, sentences: [bad, bad],
                keyNumbers: [.init(label: bad, value: bad, unit: bad, comparison: bad)]),
            findings: [finding, finding], incidents: [.init(span: span, label: bad)],
            events: [.init(timeMs: 1, kind: .crash, label: bad)], overview: [strip, strip],
            sections: [.init(title: bad, introduction: bad, strips: [strip])],
            keyFigures: [.init(scope: bad, rows: [.init(signal: bad, unit: unit, wholeWindow: .known(1))], csv: link)],
            distributions: [
                .init(id: bad, title: bad, kind: .ordered, bars: [.init(label: bad, count: 1)], csv: link),
                .init(id: bad, title: bad, kind: .categorical, bars: [.init(label: bad, count: .nan)]),
            ],
            replicas: .init(columns: [.init(bad, unit)], rows: [.init(name: bad, values: [], note: bad)]),
            logEvents: [.init(timeMs: 0, level: bad, count: 1, text: bad, source: bad)],
            topClients: [.init(name: bad, requests: 1, share: .nan, errors: 0, note: bad)],
            slowestRequests: [.init(startMs: .max, requestID: bad, traceID: bad, endToEnd: .nan, queue: .infinity)],
            engineRuns: [
                .init(replica: bad, startMs: 0, version: bad, model: bad, arguments: [.init(bad, bad)])
            ],
            coverage: .init(
                sources: [
                    .init(
                        file: bad, format: bad, kind: bad, firstMs: 0, lastMs: 1, records: 1, clockMethod: bad,
                        clockConfidence: bad)
                ], unknownFiles: [bad], shadowed: [.init(what: bad, by: bad)]),
            methods: [.init(heading: bad, paragraphs: [bad])], downloads: [link], csvFolder: "../..")
        let page = HTMLReport.render(model)
        let checker = MarkupChecker(page)
        #expect(checker.problems == [])
        #expect(!checker.elements.contains { $0.name == "img" || $0.attributes.keys.contains { $0.hasPrefix("on") } })
        #expect(checker.elements.count { $0.name == "script" } == 1)
        #expect(!page.contains { $0 < 32 && $0 != 10 })
        #expect(ReportTables.files(model).isEmpty)
        for element in checker.elements where element.name == "a" {
            #expect(element.attributes["href"]?.hasPrefix("#") == true)
        }
    }

    @Test func onlyPlainRelativePathsAreLinked() {
        #expect(Attribute.file("csv/ttft p95.csv")?.value == "csv/ttft%20p95.csv")
        #expect(Attribute.file("延遲.csv")?.value == "%E5%BB%B6%E9%81%B2.csv")
        for path in ["", "/etc/passwd", "../x", "a/../b", "javascript:x", "http://x", "a\\b", "a\nb", "//host/x"] {
            #expect(Attribute.file(path) == nil, "\(path)")
        }
        #expect(Attribute.file("a..b/c...csv") != nil)
    }

    @Test func policyNamesTheScriptAndStyleOfThePage() {
        // echo -n abc | openssl dgst -sha256 -binary | base64
        #expect(ContentPolicy.hash("abc") == "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(ContentPolicy.base64(Array("ab".utf8)) == "YWI=")
        #expect(ContentPolicy.base64(Array("a".utf8)) == "YQ==")
        #expect(ContentPolicy.base64([]) == "")
    }
}
