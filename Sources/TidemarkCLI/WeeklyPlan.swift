import TidemarkAnalysis
import TidemarkReport
import TidemarkRules
import TidemarkStore

/// Where the pages of weeks go and how they are made: what the command line says goes before the configuration.
struct WeeklyPlan {
    var loaded: ConfigurationOptions.Loaded?
    /// Of the command line; nil: not given.
    var folder: String?
    var database: String?
    var title: String?
    var language: Language?
    var logo = LogoOptions()
    var redaction = RedactionOptions()

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

    private var isRedacted: Bool { redaction.redact || settings.isRedacted }

    /// What is wrong with the outputs is said before anything is read.
    func check() throws {
        _ = try picture()
        if isRedacted { try RedactionOptions.refuseNames(in: outputFolder, database: databasePath) }
    }

    /// - Parameter store: the one at ``databasePath``, with the weeks worked out.
    func pages(of fleet: String, _ store: Store) throws -> WeekFolder {
        WeekFolder(
            path: outputFolder, title: title ?? settings.title ?? fleet, language: pageLanguage, logo: try picture(),
            shown: try redaction.shown(store, skipsEvidence: true, byConfiguration: isRedacted))
    }

    private func picture() throws -> ReportModel.Logo? {
        try logo.picture(configured: resolve(settings.logo), pageLanguage)
    }

    private func resolve(_ path: String?) -> String? { path.flatMap { path in loaded.map { $0.resolve(path) } } }
}
