import Foundation
import Testing

@testable import TidemarkReport

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct HTMLReportTests {
    static let example = HTMLReport.render(ExampleReport.model)
    static let empty = ReportModel(
        title: "", window: .init(startMs: 0, endMs: 0), dataQuality: .init(level: .good),
        verdict: .init(severity: .healthy, sentences: []))

    /// For looking at the page in a browser: `TIDEMARK_REPORT_OUT=/tmp/report.html swift test`.
    @Test func writesExampleWhenAsked() throws {
        guard let path = getenv("TIDEMARK_REPORT_OUT") else { return }
        let file = try #require(fopen(path, "w"))
        #expect(fwrite(Self.example, 1, Self.example.count, file) == Self.example.count)
        fclose(file)
    }

    @Test func pageIsWellFormed() {
        let checker = MarkupChecker(Self.example)
        #expect(checker.problems == [])
        #expect(checker.elements.count > 500)
        #expect(MarkupChecker(HTMLReport.render(Self.empty)).problems == [])
    }

    @Test func sameModelGivesSameBytes() {
        #expect(HTMLReport.render(ExampleReport.model) == Self.example)
    }

    @Test func nothingIsLoadedFromElsewhere() {
        let page = String(decoding: Self.example, as: UTF8.self)
        for scheme in ["http://", "https://", "src=\"", "@import", "url(http"] {
            // The one address is the name of the SVG namespace, which the script needs and nobody fetches.
            #expect(page.split(separator: "http://www.w3.org/2000/svg").allSatisfy { !$0.contains(scheme) })
        }
    }

    @Test func everyDrawingIsNamedOrHidden() {
        for element in MarkupChecker(Self.example).elements where element.name == "svg" {
            let attributes = element.attributes
            let inner = ["lines", "shape", "key", "definitions", "view", "stretch"]
            let isInner = inner.contains(attributes["class"] ?? "")
            if attributes["role"] == "img" {
                #expect(attributes["aria-labelledby"]?.split(separator: " ").count == 2)
            } else {
                #expect(isInner || attributes["aria-hidden"] == "true", "\(attributes)")
            }
        }
    }

    @Test("the page gives the script the words that it says and no others", arguments: ["en", "zh-Hant"])
    func scriptWords(_ tag: String) throws {
        let language = try #require(Language.all.first { $0.tag == tag })
        let json = Language.$current.withValue(language) { ScriptWords(ChartFrame(ExampleReport.model)).json }
        let words = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String])
        let said = Script.source.matches(of: /words\.([a-zA-Z]+)/).map { String($0.1) }
        #expect(Set(said) == Set(words.keys))
        #expect(words["dates"]?.split(separator: "|").count == 12)
        #expect(words["reset"] == (tag == "en" ? "Reset" : "還原"))
    }

    @Test func headingsDescendOneLevelAtATime() {
        let levels = MarkupChecker(Self.example).elements.compactMap { element in
            element.name.count == 2 && element.name.hasPrefix("h") ? Int(element.name.dropFirst()) : nil
        }
        #expect(levels.first == 1)
        #expect(levels.count { $0 == 1 } == 1)
        for (previous, level) in zip(levels, levels.dropFirst()) { #expect(level <= previous + 1) }
    }

    @Test func tablesHaveCaptionsAndScopes() {
        let elements = MarkupChecker(Self.example).elements
        #expect(elements.count { $0.name == "table" } == elements.count { $0.name == "caption" })
        for element in elements where element.name == "th" { #expect(element.attributes["scope"] != nil) }
    }

    @Test func verdictComesBeforeFindingsAndCharts() throws {
        let text = MarkupChecker(Self.example).text
        let order = [
            "Between 10:02 and 10:17 UTC users", "Worst P95 TTFT", "Data quality: fair", "The KV cache was full",
            "Users waited up to 41 s for the first token", "Histogram bucket", "Files that no format claimed",
        ]
        var from = text.startIndex
        for piece in order {
            let found = try #require(text[from...].firstRange(of: piece), "\(piece) is missing or too early")
            from = found.upperBound
        }
    }

    @Test func emptySectionsAreLeftOut() {
        let text = MarkupChecker(HTMLReport.render(Self.empty)).text
        #expect(text.contains("Nothing was found that slowed users down."))
        for heading in ["Key figures", "Replicas", "Log events", "Configuration", "Methods"] {
            #expect(!text.contains(heading))
        }
    }

    @Test func anchorsStayUniqueWhateverTheNames() {
        var model = Self.empty
        let strip = ReportModel.Strip(id: "a b", title: "", unit: .none, series: [])
        model.overview = [strip, strip, strip]
        model.sections = [.init(title: "verdict", strips: [strip]), .init(title: "Verdict!", strips: [strip])]
        model.overview[1].id = "\u{202E}"
        #expect(MarkupChecker(HTMLReport.render(model)).problems == [])
    }
}
