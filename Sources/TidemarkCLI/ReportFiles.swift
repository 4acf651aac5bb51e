import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case html, markdown, json, csv }

/// The files of a report, made one by one from an analysed database.
struct ReportFiles {
    var title: String?
    /// Of pages and documents; the files for programs are in English.
    var language = Language.english
    var logo: ReportModel.Logo?
    var formats: Set<ReportFormat> = [.html]
    /// The database that lies beside them is redacted itself.
    var hasExcerpt = false

    /// One report for one period; with several, a folder for each and a list of them. `report.json` is written last, over all.
    /// - Returns: the file to open, relative to the report's folder; nil: only tables.
    func each(_ store: Store, _ emit: (_ path: String, _ bytes: [UInt8]) throws -> Void) throws -> String? {
        let periods = try store.periods()
        var verdicts: [Verdict] = []
        var pages: [PeriodIndex.Entry] = []
        var models: [String] = []
        for period in periods {
            let verdict = try Verdict(store, period: period.id, name: period.name)
            verdicts.append(verdict)
            guard verdict.startMs != nil else { continue }
            var builder = ReportBuilder(store, period: period.id, name: period.name)
            builder.title = title
            builder.isExcerptBeside = hasExcerpt
            var model = try Language.$current.withValue(language) { try builder.model() }
            model.logo = logo
            let folder = periods.count == 1 ? "" : PeriodIndex.folderName(period.name) + "/"
            let tables = language.tag == Language.english.tag ? model : try builder.model()
            if formats.contains(.html) || formats.contains(.csv) {
                for file in ReportTables.files(tables) { try emit(folder + file.path, file.bytes) }
            }
            if formats.contains(.html) { try emit(folder + "index.html", render { HTMLReport.render(model) }) }
            if formats.contains(.markdown) { try emit(folder + "report.md", render { MarkdownReport.render(model) }) }
            if formats.contains(.json) { models.append(ReportJSON.render(tables)) }
            let page = formats.contains(.html) ? "index.html" : "report.md"
            pages.append(.init(name: period.name, link: folder + page, verdict: model.verdict.sentences.first ?? ""))
        }
        guard !pages.isEmpty else {
            throw TidemarkError(
                .unusableInput, "no evidence with times was read, so there is nothing to report",
                hint: "`tidemark status` lists what was read")
        }
        if periods.count > 1, formats.contains(.html) {
            let isRedacted = try store.isRedacted()
            try emit("index.html", render { PeriodIndex.render(pages, title: title, isRedacted: isRedacted) })
        }
        if formats.contains(.html) || formats.contains(.json) {
            var json = try Outlook.json(verdicts, store)
            if formats.contains(.json) {
                json = String(json.dropLast()) + ",\"reports\":[" + models.joined(separator: ",") + "]}"
            }
            try emit("report.json", Array((json + "\n").utf8))
        }
        if formats.contains(.html) { return "index.html" }
        return formats.contains(.markdown) ? pages[0].link : formats.contains(.json) ? "report.json" : nil
    }

    private func render(_ page: () -> [UInt8]) -> [UInt8] { Language.$current.withValue(language, operation: page) }
}
