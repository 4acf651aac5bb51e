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
        let isGiven = loaded == nil || database.path != DatabaseOptions.defaultPath
        let plan = WeeklyPlan(
            loaded: loaded, folder: out.map(RunCommand.withoutSlash), database: isGiven ? database.path : nil,
            title: title, language: language.chosen, logo: logo, redaction: redaction)
        let path = plan.databasePath
        try plan.check()
        _ = try Store.open(path: path)
        let lock = try locking.lock(path)
        let store = try Store.create(path: path)
        try loaded?.apply(to: store)
        let (period, fleet, zoneName) = try Self.find(week, store, path)
        // Without a configuration as the weeks were made.
        let windows = try plan.windows ?? Weeks.Windows.read(store, period: period) ?? Weeks.Windows()
        let zone = try ZoneDatabase.zone(named: zoneName)
        try Weeks(store, path: path, period: period, zone: zone, windows: windows).rebuild(week, nowMs: nowMs)
        try ReportFolder.make(plan.outputFolder)
        try plan.pages(of: fleet, store).write(
            week: week.name, store, period: period, windows: windows, nowMs: nowMs)
        withExtendedLifetime(lock) {}
        if !database.quiet { Console.print("Report: \(plan.outputFolder)/\(WeekFolder.page(week.name))") }
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
