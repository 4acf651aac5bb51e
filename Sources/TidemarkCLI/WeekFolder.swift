import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

/// Writes the pages of weeks: `weeks/2026-W47/index.html` with its CSV, and `index.html` over all of them.
struct WeekFolder {
    let path: String
    var title: String
    /// Of the pages; their CSV is in English.
    var language = Language.english
    var logo: ReportModel.Logo?
    /// The database as the pages may show it; nil: as it is.
    var shown: Store?

    /// Relative to the folder.
    static func page(_ week: String) -> String { "weeks/\(week)/index.html" }

    /// Writes the pages of weeks that changed or are not there, then the index.
    /// - Returns: how many pages of weeks.
    func write(_ store: Store, period: Int, windows: Weeks.Windows, nowMs: Int64) throws -> Int {
        try Language.$current.withValue(language) { try writeAll(store, period, windows, nowMs) }
    }

    private func writeAll(_ store: Store, _ period: Int, _ windows: Weeks.Windows, _ nowMs: Int64) throws -> Int {
        let weeks = try report(store, period, windows, nowMs)
        var count = 0
        for week in weeks.all {
            let isThere = access(path + "/" + Self.page(week.name), F_OK) == 0
            guard !week.isRendered || !isThere else { continue }
            try write(week.name, weeks, store)
            count += 1
        }
        let files = ReportFolder(path: path)
        for file in weeks.indexFiles() { try files.write(file.bytes, to: file.path) }
        return count
    }

    /// Writes the page of one week, whether it changed or not.
    func write(week: String, _ store: Store, period: Int, windows: Weeks.Windows, nowMs: Int64) throws {
        try Language.$current.withValue(language) {
            let weeks = try report(store, period, windows, nowMs)
            try write(week, weeks, store)
        }
    }

    private func report(
        _ store: Store, _ period: Int, _ windows: Weeks.Windows, _ nowMs: Int64
    ) throws -> WeekReport {
        var weeks = try WeekReport(shown ?? store, period: period, title: title, windows: windows, nowMs: nowMs)
        weeks.logo = logo
        return weeks
    }

    private func write(_ week: String, _ weeks: WeekReport, _ store: Store) throws {
        let files = ReportFolder(path: path)
        for file in try weeks.files(of: week) { try files.write(file.bytes, to: "weeks/\(week)/" + file.path) }
        // Only now: a killed run writes the page again.
        try weeks.noteRendered(week, store)
    }
}
