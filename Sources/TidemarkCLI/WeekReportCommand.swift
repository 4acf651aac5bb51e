import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkReport
import TidemarkRules
import TidemarkStore

extension ReportCommand {
    /// The page of one week, made anew.
    func run(week text: String) throws {
        guard let week = ISOWeek(name: text) else {
            throw TidemarkError(
                .usage, "'\(text)' is not a week", hint: "2026-W47 is one; weeks begin on Monday (ISO 8601)")
        }
        var options = WeeklyOptions()
        options.now = now
        let nowMs = try options.nowMs()
        let loaded = try configuration.load()
        let settings = loaded?.file.run
        let isGiven = database.path != DatabaseOptions.defaultPath
        let folder =
            out.map(RunCommand.withoutSlash) ?? loaded.map { $0.resolve(settings?.folder ?? "report") } ?? "report"
        let path =
            isGiven
            ? database.path
            : settings?.database.flatMap { loaded?.resolve($0) }
                ?? (loaded == nil ? database.path : folder + "/tidemark.sqlite")
        _ = try Store.open(path: path)
        let lock = try locking.lock(path)
        let store = try Store.create(path: path)
        try loaded?.apply(to: store)
        let (period, fleet, zoneName) = try Self.find(week, store, path)
        let windows = Weeks.Windows(
            history: settings?.historyWeeks ?? Weeks.Windows().history,
            budget: settings?.budgetWeeks ?? Weeks.Windows().budget)
        let zone = try ZoneDatabase.zone(named: zoneName)
        try Weeks(store, path: path, period: period, zone: zone, windows: windows).rebuild(week, nowMs: nowMs)
        try ReportFolder.make(folder)
        let isRedacted = redaction.redact || settings?.isRedacted == true
        if isRedacted { try RedactionOptions.refuseNames(in: folder, database: path) }
        try WeekFolder(
            path: folder, title: title ?? settings?.title ?? fleet,
            logo: try logo.picture(configured: settings?.logo.flatMap { loaded?.resolve($0) }),
            shown: try redaction.shown(store, skipsEvidence: true, byConfiguration: isRedacted)
        ).write(
            week: week.name, store, period: period, windows: windows, nowMs: nowMs)
        withExtendedLifetime(lock) {}
        if !database.quiet { Console.print("Report: \(folder)/\(WeekFolder.page(week.name))") }
    }

    /// The period that has the week, its name and the zone of its weeks.
    private static func find(_ week: ISOWeek, _ store: Store, _ path: String) throws -> (Int, String, String) {
        let rows = try store.database.prepare(
            "SELECT period_id, p.name, zone FROM week JOIN period p USING (period_id) WHERE week.name = ? ORDER BY 1 LIMIT 1"
        )
        rows.bind(1, week.name)
        if try rows.step() { return (rows.int(0), rows.text(1), rows.text(2)) }
        let range = try store.database.text("SELECT min(name) || ' to ' || max(name) FROM week")
        throw TidemarkError(
            .missingInput, "nothing is known of week \(week.name)", file: path,
            hint: range.map { "it has \($0)" } ?? "`tidemark run --config tidemark.yaml` makes weeks")
    }
}
