import Foundation
import Testing
import TidemarkAnalysis
import TidemarkIntake
import TidemarkReport
import TidemarkStore
import TidemarkTestSupport

/// The first incidents of two causes; TIDEMARK_ALL_INCIDENTS takes all there are.
private let corpus: [String] = {
    guard let shared = sharedFolder else { return [] }
    let folder = shared.path + "/corpora/incidents"
    let isAll = ProcessInfo.processInfo.environment["TIDEMARK_ALL_INCIDENTS"] != nil
    var causes: Set<String> = []
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter { name in
        guard let truth = FileManager.default.contents(atPath: "\(folder)/\(name)/truth.json"),
            let answers = try? JSONSerialization.jsonObject(with: truth) as? [String: Any]
        else { return false }
        return isAll || causes.count < 2 && causes.insert("\(answers["cause"] ?? "")").inserted
    }
}()

@Suite("Reports in Traditional Chinese")
struct LanguageReportTests {
    @Test("no English words but those of the evidence are on the page", arguments: ["incident", "gateway", "traces"])
    func fixtures(_ name: String) throws { try check(fixture(name)) }

    @Test(
        "no English words but those of the evidence are on the pages of the corpus",
        .enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)), arguments: corpus)
    func corpora(_ name: String) throws { try check(sharedFolder!.appendingPathComponent("corpora/incidents/\(name)")) }

    private func check(_ evidence: URL) throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("a.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([evidence.path])
        for period in try store.periods() {
            try Analysis(store: store, period: period.id).refresh()
        }
        try Outlook(store).refresh()
        for period in try store.periods() {
            guard try Verdict(store, period: period.id, name: period.name).startMs != nil else { continue }
            let page = try Language.$current.withValue(.traditionalChinese) {
                HTMLReport.render(try ReportBuilder(store, period: period.id, name: period.name).model())
            }
            let own = try EvidenceWords(store)
            let texts = VisibleTexts(String(decoding: page, as: UTF8.self)).texts
            #expect(texts.contains { $0.contains("判定") })
            let foreign = texts.flatMap { text in EnglishWords.of(text).filter { !own.contains($0) }.map { ($0, text) }
            }
            for (words, text) in foreign.prefix(20) { Issue.record("\"\(words)\" in \"\(text.prefix(200))\"") }
        }
    }

    @Test(
        "pages of weeks in Chinese hold no English words but those of the evidence; their CSV is that of the English ones"
    )
    func weeks() throws {
        let folder = try TemporaryFolder()
        func configuration(_ language: String) -> String {
            """
            name: acme
            inputs:
              - paths: \(fixture("notebooks/before").path)/
                instance: server
              - paths: ["\(fixture("gateway").path)/*.log", "\(fixture("incident").path)/*"]
            output: {folder: \(language), database: fleet.sqlite, language: \(language)}
            slo: {ttft_p95_s: 1}
            prices: {gpu_hour: 2}
            """
        }
        var tables: [[String: String]] = []
        for language in ["en", "zh-Hant"] {
            let config = try folder.write(configuration(language), to: "\(language).yaml")
            let done = try runTidemark(["run", "--config", config, "--now", "2026-12-02T00:00:00Z"])
            #expect(done.status == 0, "\(done.errors)")
            // The language is no reason to work a week out anew.
            #expect(
                done.errors.contains(language == "en" ? "1 weeks worked out" : "0 weeks worked out, 1 pages written"))
            let root = folder.path(language)
            var found: [String: String] = [:]
            for path in try FileManager.default.subpathsOfDirectory(atPath: root) where path.hasSuffix(".csv") {
                found[path] = try String(contentsOfFile: root + "/" + path, encoding: .utf8)
            }
            tables.append(found)
        }
        #expect(tables[0] == tables[1] && tables[0].count > 10)
        let own = try EvidenceWords(try Store.open(path: folder.path("fleet.sqlite")))
        for page in ["index.html", "weeks/2026-W48/index.html"] {
            let text = try String(contentsOfFile: folder.path("zh-Hant/" + page), encoding: .utf8)
            #expect(text.contains("<html lang=\"zh-Hant\">") && text.contains("餘裕"))
            for text in VisibleTexts(text).texts {
                for words in EnglishWords.of(text) where !own.contains(words) {
                    Issue.record("\(page): \"\(words)\" in \"\(text.prefix(200))\"")
                }
            }
        }
        let wrong = try folder.write(configuration("zh-Hans"), to: "wrong.yaml")
        let refused = try runTidemark(["run", "--config", wrong])
        #expect(refused.status == 64 && refused.errors.contains("wrong.yaml:6") && refused.errors.contains("zh-Hant"))
    }

    @Test("report --lang says an analysed database anew; CSV and JSON are those of the English report")
    func command() throws {
        let folder = try TemporaryFolder()
        func tidemark(_ arguments: String...) throws -> ProgramResult {
            try runProgram(tidemarkBinary, arguments, in: folder.url)
        }
        #expect(try tidemark("run", fixture("incident").path, "--out", "en", "--quiet").status == 0)
        let before = try Data(contentsOf: folder.url.appendingPathComponent("en/tidemark.sqlite"))
        let chinese = try tidemark(
            "report", "--db", "en/tidemark.sqlite", "--out", "zh", "--lang", "zh-Hant", "--quiet")
        #expect(chinese.status == 0, "\(chinese.errors)")
        #expect(try Data(contentsOf: folder.url.appendingPathComponent("en/tidemark.sqlite")) == before)
        func files(_ name: String) throws -> [String: Data] {
            let root = folder.url.appendingPathComponent(name)
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter {
                $0.hasSuffix(".csv") || $0.hasSuffix(".json") || $0.hasSuffix(".html")
            }
            return try Dictionary(
                uniqueKeysWithValues: paths.map { ($0, try Data(contentsOf: root.appendingPathComponent($0))) })
        }
        var (english, translated) = (try files("en"), try files("zh"))
        let page = String(decoding: try #require(translated["index.html"]), as: UTF8.self)
        translated["index.html"] = nil
        english["index.html"] = nil
        #expect(english == translated)
        #expect(page.contains("<html lang=\"zh-Hant\">"))
        let wrong = try tidemark("report", "--db", "en/tidemark.sqlite", "--lang", "fr")
        #expect(wrong.status == 64 && wrong.errors.contains("zh-Hant"))
        #expect(
            try tidemark("run", fixture("incident").path, "--out", "run", "--lang", "zh_hant", "--quiet").status == 0)
        #expect(try String(contentsOfFile: folder.path("run/index.html"), encoding: .utf8) == page)
    }
}

/// Runs of words of Latin letters.
private enum EnglishWords {
    /// Names and abbreviations that no language of the field translates.
    private static let names: Set<String> = [
        "token", "vLLM", "GPU", "KV", "CPU", "API", "SM", "CSV", "UTC", "PromQL", "Prometheus", "HTTP", "P", "k", "M",
        "G",
        "Tidemark", "SLO", "NCCL", "Xid", "LoRA", "TCP", "NVLink", "PCIe", "DCGM", "node", "exporter", "span",
        "connector",
        "worker", "manager", "traceback", "schema", "CUDA", "graph", "activation", "Tensor", "warp", "kernel",
        "Attention",
        "attention",
        "stdout", "stderr", "fp", "policy", "Site", "Reliability", "Workbook", "Wilson", "static", "CLI", "GET", "POST",
        "MASE", "USD", "EUR", "TWD",
    ]

    /// Runs of at least two such words that are no names, flags, paths or identifiers.
    static func of(_ text: String) -> [String] {
        var found: [String] = []
        var run: [Substring] = []
        func end() {
            if run.count >= 2, !run.allSatisfy({ names.contains(String($0)) }) {
                found.append(run.joined(separator: " "))
            }
            run = []
        }
        for word in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == " " || $0 == "\u{A0}" }) {
            let core = word.trimmingPrefix { "(‘\"".contains($0) }
            let letters = core.prefix { $0.isASCII && ($0.isLetter || $0 == "'" || $0 == "-") }
            let rest = core.dropFirst(letters.count)
            if letters.first?.isLetter == true, rest.allSatisfy({ ".,:;)’\"".contains($0) }) {
                run.append(letters)
                if !rest.isEmpty { end() }
            } else {
                end()
            }
        }
        end()
        return found
    }
}

/// Everything that the evidence itself says: logs, arguments, names.
private struct EvidenceWords {
    private var text = ""

    init(_ store: Store) throws {
        for query in [
            "SELECT message || ' ' || coalesce(exception_type, '') || ': ' || coalesce(exception_message, '') FROM log_event",
            "SELECT text FROM log_template", "SELECT path || ' ' || coalesce(message, '') FROM source",
            "SELECT name || ' ' || coalesce(value, '') FROM engine_fact", "SELECT coalesce(text, '') FROM gpu_event",
            "SELECT name FROM instance", "SELECT name FROM period", "SELECT text FROM week_error",
        ] {
            let rows = try store.database.prepare(query)
            while try rows.step() { text += rows.text(0).filter { !"()".contains($0) } + "\n" }
        }
    }

    func contains(_ words: String) -> Bool { text.contains(words) }
}

/// What a reader of a page sees or hears, piece by piece: texts and the attributes that are read out.
private struct VisibleTexts {
    private(set) var texts: [String] = []

    init(_ page: String) {
        var open: [Substring] = []
        for piece in page.split(separator: "<") {
            guard let close = piece.firstIndex(of: ">") else { continue }
            let tag = piece[..<close]
            let name = tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" }
            if name.hasPrefix("/") {
                if let at = open.lastIndex(of: name.dropFirst()) { open.removeSubrange(at...) }
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
            for attribute in ["aria-label", "data-name", "data-unit", "title"] {
                let parts = tag.split(separator: " \(attribute)=\"", maxSplits: 1)
                if parts.count == 2 { texts.append(Self.decoded(parts[1].prefix { $0 != "\"" })) }
            }
            guard !open.contains("script"), !open.contains("style"), !open.contains("code") else { continue }
            let text = Self.decoded(piece[piece.index(after: close)...])
            if text.contains(where: \.isLetter) { texts.append(text) }
        }
    }

    private static func decoded(_ text: Substring) -> String {
        String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }
}
