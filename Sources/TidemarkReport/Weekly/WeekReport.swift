import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The pages of all kept weeks of a period, made from what was kept alone: a page of the same weeks has the same bytes, whatever became
/// of their evidence.
public struct WeekReport {
    /// Where a week stands.
    public struct Entry: Sendable {
        public var name: String
        /// Whether its page shows what is kept.
        public var isRendered: Bool
    }

    let period: Int
    let title: String
    let windows: Weeks.Windows
    let weeks: [KeptWeek]
    let zone: String
    /// Share of the capacity that is to stay free.
    let wantedHeadroom: Double
    private let isRedacted: Bool
    /// At the head of each page.
    public var logo: ReportModel.Logo?

    /// - Parameter nowMs: weeks that end behind it are still going on.
    public init(_ store: Store, period: Int, title: String, windows: Weeks.Windows, nowMs: Int64) throws {
        (self.period, self.title, self.windows) = (period, title, windows)
        weeks = try KeptWeek.all(store, period: period, nowMs: nowMs)
        zone = weeks.last?.zone ?? "UTC"
        wantedHeadroom = try Configuration.Plan.read(store).headroom
        isRedacted = try store.isRedacted()
    }

    /// In the order of time.
    public var all: [Entry] {
        weeks.map { Entry(name: $0.week.name, isRendered: $0.rendered == $0.state) }
    }

    /// The page of a week and the tables beside it; paths are relative to its folder.
    /// - Throws: `missingInput` when nothing is known of it.
    public func files(of name: String) throws -> [ReportTables.File] {
        guard let place = weeks.firstIndex(where: { $0.week.name == name }) else {
            throw TidemarkError(.missingInput, "nothing is known of week \(name)")
        }
        return files { WeekPage(self, place).model }
    }

    /// The page over all weeks and its tables.
    public func indexFiles() -> [ReportTables.File] {
        guard !weeks.isEmpty else { return [] }
        return files { WeekIndex(self).model }
    }

    /// The page in the language of the report, the tables in English.
    private func files(_ model: () -> ReportModel) -> [ReportTables.File] {
        var shown = model()
        (shown.logo, shown.isRedacted) = (logo, isRedacted)
        let page = HTMLReport.render(shown)
        return Language.$current.withValue(.english) { ReportTables.files(model()) }
            + [.init(path: "index.html", bytes: page)]
    }

    /// Writes down that the page of a week shows what is kept.
    public func noteRendered(_ name: String, _ store: Store) throws {
        guard let week = weeks.first(where: { $0.week.name == name }) else { return }
        try store.database.prepare("UPDATE week SET rendered = ? WHERE period_id = ? AND name = ?")
            .run(week.state, period, name)
    }

    /// The weeks that share a budget with one, itself the last.
    func budgetWeeks(_ place: Int) -> ArraySlice<KeptWeek> {
        let first = weeks[place].week.index - windows.budget + 1
        return weeks[...place].drop { $0.week.index < first }
    }
}

/// A week as it is kept in the database.
struct KeptWeek {
    struct Value {
        var value: Double
        var low: Double?
        var high: Double?
    }

    struct Objective {
        var scope: String
        var signal: String
        var seconds: Double
        var allowed: Double
        var observations: Double
        var bad: Double
        var badLow: Double
        var badHigh: Double
        var burn1h: Double?
        var burn6h: Double?
        var burn3d: Double?
        var pages: Int

        /// Share of the observations that was slower, 0…1. Without observations none is kept.
        var badRatio: Double { bad / observations }
        /// That over the share that may be: 1 spends the budget in its own period.
        var burnRate: Double { badRatio / allowed }
    }

    struct Usage {
        var kind: String
        var name: String
        var requests: Double?
        var promptTokens: Double?
        var generatedTokens: Double?
        var cost: Double?
    }

    var id: Int
    var week: ISOWeek
    var zone: String
    var startMs: Int64
    var endMs: Int64
    var isOver: Bool
    var rendered: String?
    /// By scope and name.
    var values: [String: [String: Value]] = [:]
    var texts: [String: [(scope: String, text: Message)]] = [:]
    var hours: [(timeMs: Int64, rps: Double)] = []
    var objectives: [Objective] = []
    var findings: [WeekFinding] = []
    /// Those that no earlier week has.
    var newErrors: [(level: String, text: String, events: Int, firstMs: Int64?)] = []
    var errorKinds = 0
    var usage: [Usage] = []
    var buckets: [String: [(low: Double, high: Double?, count: Double)]] = [:]
    /// How the texts and the findings' summaries and recommendations are made.
    var sentences: Sentences

    static let fleet = "fleet"

    /// What is kept as the state of its page.
    var state: String {
        let state = isOver ? "complete" : "so_far"
        let language = Language.current.tag
        return language == Language.english.tag ? state : state + " " + language
    }

    subscript(name: String) -> Value? { values[Self.fleet]?[name] }
    func value(_ name: String, _ scope: String) -> Value? { values[scope]?[name] }
    func text(_ topic: String, _ scope: String = fleet) -> Message? {
        texts[topic]?.first { $0.scope == scope }?.text
    }
    var currency: String { text("currency")?.text ?? "" }
    /// The capacity lasts as far ahead as the history tells.
    var isExhaustionFarOff: Bool { text("exhaustion", Weeks.exhaustionFarOff) != nil }
    /// Replica groups, by name.
    var groups: [String] {
        values.filter { $0.key != Self.fleet && $0.value["replicas"] != nil }.keys.sorted()
    }

    static func all(_ store: Store, period: Int, nowMs: Int64) throws -> [KeptWeek] {
        var found: [KeptWeek] = []
        let rows = try store.database.prepare(
            """
            SELECT week_id, name, zone, start_ms, end_ms, rendered FROM week WHERE period_id = ? AND stale = 0 ORDER BY start_ms
            """)
        rows.bind(1, period)
        while try rows.step() {
            guard let week = ISOWeek(name: rows.text(1)) else { continue }
            found.append(
                KeptWeek(
                    id: rows.int(0), week: week, zone: rows.text(2), startMs: rows.int64(3), endMs: rows.int64(4),
                    isOver: rows.int64(4) <= nowMs, rendered: rows.optionalText(5),
                    sentences: try Sentences(store, week: rows.int(0))))
        }
        for index in found.indices { try found[index].read(store) }
        let findings = Dictionary(grouping: try WeekFindings.all(store, period: period), by: \.week)
        for index in found.indices { found[index].findings = findings[found[index].week.name] ?? [] }
        return found
    }

    private mutating func read(_ store: Store) throws {
        func each(_ sql: String, _ body: (Statement) throws -> Void) throws {
            let rows = try store.database.prepare(sql)
            rows.bind(1, id)
            while try rows.step() { try body(rows) }
        }
        try each("SELECT scope, name, value, low, high FROM week_value WHERE week_id = ?") {
            values[$0.text(0), default: [:]][$0.text(1)] = Value(
                value: $0.double(2), low: $0.optionalDouble(3), high: $0.optionalDouble(4))
        }
        try each("SELECT topic, scope, text FROM week_text WHERE week_id = ? ORDER BY topic, position") {
            texts[$0.text(0), default: []].append(($0.text(1), sentences[$0.text(2)]))
        }
        try each("SELECT time_ms, rps FROM week_hour WHERE week_id = ? ORDER BY time_ms") {
            hours.append(($0.int64(0), $0.double(1)))
        }
        try each(
            """
            SELECT scope, signal, seconds, allowed, observations, bad, bad_low, bad_high, burn_1h, burn_6h, burn_3d, pages
            FROM week_objective WHERE week_id = ? ORDER BY scope <> 'fleet', scope, signal
            """
        ) {
            objectives.append(
                Objective(
                    scope: $0.text(0), signal: $0.text(1), seconds: $0.double(2), allowed: $0.double(3),
                    observations: $0.double(4), bad: $0.double(5), badLow: $0.double(6), badHigh: $0.double(7),
                    burn1h: $0.optionalDouble(8), burn6h: $0.optionalDouble(9), burn3d: $0.optionalDouble(10),
                    pages: $0.int(11)))
        }
        // A kind is new when no earlier week of the period has it.
        try each(
            """
            SELECT e.level, e.text, e.events, e.first_ms FROM week_error e JOIN week w USING (week_id)
            WHERE week_id = ? AND NOT EXISTS (SELECT 1 FROM week_error o JOIN week v USING (week_id)
                WHERE v.period_id = w.period_id AND v.start_ms < w.start_ms AND o.template_id = e.template_id)
            ORDER BY e.events DESC, e.text
            """
        ) { newErrors.append(($0.text(0), $0.text(1), $0.int(2), $0.optionalInt64(3))) }
        errorKinds = try store.database.int("SELECT count(*) FROM week_error WHERE week_id = ?", id) ?? 0
        try each(
            """
            SELECT kind, name, requests, prompt_tokens, generated_tokens, cost FROM week_usage WHERE week_id = ?
            ORDER BY kind, coalesce(requests, 0) DESC, coalesce(generated_tokens, 0) DESC,
                coalesce(prompt_tokens, 0) DESC, name
            """
        ) {
            usage.append(
                Usage(
                    kind: $0.text(0), name: $0.text(1), requests: $0.optionalDouble(2),
                    promptTokens: $0.optionalDouble(3), generatedTokens: $0.optionalDouble(4),
                    cost: $0.optionalDouble(5)))
        }
        try each("SELECT name, low, high, count FROM week_bucket WHERE week_id = ? ORDER BY name, position") {
            buckets[$0.text(0), default: []].append(($0.double(1), $0.optionalDouble(2), $0.double(3)))
        }
    }
}
