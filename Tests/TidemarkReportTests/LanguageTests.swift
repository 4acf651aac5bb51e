import Foundation
import Testing
import TidemarkAnalysis
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkReport

@Suite("Languages")
struct LanguageTests {
    private static let chinese = Language.traditionalChinese
    private static let pairs = Language.traditionalChineseTables.flatMap(TranslationTable.pairs)

    /// Where sentences for readers of reports are made. Everything in them that reads like a sentence is one.
    private static let sentenceSources =
        [
            "Diagnosis", "Verdict.swift", "Capacity/CapacityEstimate.swift", "Capacity/CapacityReport.swift",
            "Capacity/ServingConfiguration.swift", "Capacity/ServingModel.swift", "Comparison/Comparison.swift",
            "Demand/CostReport.swift", "Demand/DemandForecast.swift", "Demand/DemandWriter.swift",
            "Demand/DemandHistory.swift",
            "LoadTest/LoadObjective.swift", "LoadTest/LoadTestCapacity.swift", "Weekly/RequestLog.swift",
            "Weekly/WeekFacts.swift", "Weekly/WeekOutlook.swift", "Weekly/WeekUsage.swift", "Weekly/WeekWaste.swift",
        ].map { "TidemarkAnalysis/" + $0 } + ["TidemarkReport/Build", "TidemarkReport/Weekly"]

    @Test("the tables hold a translation a line, each pattern once, with the same placeholders")
    func tables() {
        for table in Language.traditionalChineseTables {
            #expect(TranslationTable.pairs(table).count == table.split(separator: "\n").count)
        }
        for (pattern, same) in Dictionary(grouping: Self.pairs, by: \.pattern) {
            #expect(same.count == 1, "twice: \(pattern)")
            let translation = same[0].translation
            #expect(!translation.isEmpty, "\(pattern)")
            #expect(placeholders(pattern) == placeholders(translation), "\(pattern) ⇒ \(translation)")
            // Sentences end as they do in English; nothing half-width ends one.
            #expect(pattern.hasSuffix(".") == translation.hasSuffix("。"), "\(pattern) ⇒ \(translation)")
        }
    }

    private func placeholders(_ text: String) -> Set<Substring> {
        Set(text.split(separator: "{").compactMap { $0.split(separator: "}").first }.filter { Int($0) != nil })
    }

    @Test("every sentence of the analysis and every text of the page has a translation")
    func nothingIsMissing() throws {
        var missing: [String] = []
        for source in Self.sentenceSources {
            for (file, literal) in try SourceLiterals.of(source)
            where readsLikeSentence(literal) && Self.chinese.patterns[literal.pattern] == nil {
                missing.append("\(file):\(literal.line): \(literal.pattern)")
            }
        }
        for (file, literal) in try SourceLiterals.of("TidemarkReport")
        where isSaid(literal) && Self.chinese.patterns[literal.pattern] == nil {
            missing.append("\(file):\(literal.line): \(literal.pattern)")
        }
        for pattern in ClockWords.patterns where Self.chinese.patterns[pattern] == nil { missing.append(pattern) }
        for signal in SignalCatalogue.all where Self.chinese.patterns[signal.title] == nil {
            missing.append("signal \(signal.name): \(signal.title)")
        }
        #expect(missing == [], "add a line `English ⇒ translation` in Sources/TidemarkReport/Languages/")
    }

    @Test("no translation is left over from a sentence that is no longer there")
    func nothingIsLeftOver() throws {
        // Verdicts of a comparison and endings at a gateway are the names of their cases.
        var known = Set(SignalCatalogue.all.map(\.title)).union([
            "slower", "faster", "same", "client disconnect", "upstream timeout", "upstream failure", "no upstream",
            "overload", "failure",
        ])
        for folder in ["TidemarkBase", "TidemarkAnalysis", "TidemarkReport"] {
            for (file, literal) in try SourceLiterals.of(folder) where !file.hasPrefix("Chinese") {
                known.insert(literal.pattern)
            }
        }
        #expect(Self.pairs.map(\.pattern).filter { !known.contains($0) && !isMadeOfUnit($0) } == [])
    }

    /// `requests/s` is made by `perSecond("requests")`.
    private func isMadeOfUnit(_ pattern: String) -> Bool {
        SignalUnit.allCases.contains { $0.display.symbol == pattern }
    }

    /// Whether a literal of the report goes through `say`.
    private func isSaid(_ literal: SourceLiterals.Literal) -> Bool {
        literal.isSaid && literal.pattern.contains(where: \.isLetter) && !literal.before.hasSuffix("== ")
    }

    /// Words with blanks between them, or one that begins with a capital; no SQL, no help for `tidemark explain`.
    private func readsLikeSentence(_ literal: SourceLiterals.Literal) -> Bool {
        let words = literal.pattern.split { " {}0123456789,.:;()\n".contains($0) }.filter { $0.count > 1 }
        let first = words.first.map { String($0) } ?? ""
        if literal.pattern.contains("\n")
            || ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "PRAGMA", "json_extract"].contains(first)
        {
            return false
        }
        if ["what:", "signs:", "why:", "remedy:", "sources:"].contains(
            literal.before.split(whereSeparator: \.isWhitespace).last.map { String($0) } ?? "")
        {
            return false
        }
        let isComparison = literal.before.hasSuffix("contains(") || literal.before.hasSuffix("== ")
        return !isComparison && !Self.errors.contains(literal.pattern)
            && literal.pattern.contains { $0 == " " } && literal.pattern.contains(where: \.isLetter)
    }

    /// Messages of the command line, which are English.
    private static let errors: Set<String> = [
        "the period '{0}' has no evidence with times, so there is nothing to report",
        "`tidemark status` lists what was read", "the period was not analysed", "nothing is known of week {0}",
    ]

    @Test("arguments stand where the translation wants them, with blanks only beside Latin letters and digits")
    func saysInChinese() {
        let message: Message = "The KV cache of \("api-1") was \("93 %") full while \("4.2") requests waited"
        #expect(Self.chinese.text(message) == "api-1 的 KV 快取使用率達 93 %，同時有 4.2 個請求在等待")
        #expect(Language.english.text(message) == message.text)
        #expect(
            Self.chinese.text("\("沒有 翻譯" as Message) is no pattern of any table") == "沒有 翻譯 is no pattern of any table")
        #expect(HanSpacing.fill("{0} {1}。 {2}", ["快取", "已滿", "end"]) == "快取已滿。end")
        #expect(HanSpacing.fill("用 {0} 個", ["log 記 錄"]) == "用 log 記 錄個")
    }

    @Test("numbers, durations and dates are written as in Taiwan")
    func numbers() {
        Language.$current.withValue(Self.chinese) {
            #expect(NumberText.text(0.932, .ratio) == "93.2%")
            #expect(NumberText.text(41.2, .seconds) == "41.2\u{A0}秒")
            #expect(NumberText.duration(milliseconds: 1_020_000) == "17\u{A0}分鐘")
            #expect(NumberText.text(1280, .tokensPerSecond) == "1.28\u{A0}k\u{A0}token/秒")
            #expect(NumberText.integer(12_480) == "12,480")
            #expect(Phrases.longDate(1_795_392_000_000) == "2026 年 11 月 23 日")
            #expect(Phrases.shortDate(1_795_392_000_000) == "11/23")
        }
        #expect(NumberText.text(0.932, .ratio) == "93.2\u{A0}%")
    }

    @Test("the page says which language it is in, and its headings are")
    func page() {
        let page = Language.$current.withValue(Self.chinese) { HTMLReport.render(ExampleReport.model) }
        let checker = MarkupChecker(page)
        #expect(checker.problems == [])
        #expect(checker.elements.first?.attributes["lang"] == "zh-Hant")
        #expect(checker.text.contains("判定") && checker.text.contains("證據涵蓋範圍"))
    }
}
