import TidemarkAnalysis
import TidemarkReport
import TidemarkRules

/// Where the pages of weeks go and how they are made: what the command line says goes before the configuration.
struct WeeklyPlan {
    var loaded: ConfigurationOptions.Loaded?
    /// Of the command line; nil: not given.
    var folder: String?
    var database: String?
    var title: String?
    var language: Language?

    private var settings: RunSettings { loaded?.file.run ?? RunSettings() }
    /// Of the fleet, which is its period in the database.
    var name: String { settings.name ?? "fleet" }
    var outputFolder: String { folder ?? resolve(settings.folder) ?? resolve("report") ?? "report" }
    var databasePath: String { database ?? resolve(settings.database) ?? outputFolder + "/tidemark.sqlite" }
    var pageLanguage: Language { language ?? settings.language.flatMap(Language.init(argument:)) ?? .english }
    /// nil without a configuration.
    var windows: Weeks.Windows? {
        loaded.map { _ in Weeks.Windows(history: settings.historyWeeks, budget: settings.budgetWeeks) }
    }

    func pages(of fleet: String) -> WeekFolder {
        WeekFolder(path: outputFolder, title: title ?? fleet, language: pageLanguage)
    }

    private func resolve(_ path: String?) -> String? { path.flatMap { path in loaded.map { $0.resolve(path) } } }
}
