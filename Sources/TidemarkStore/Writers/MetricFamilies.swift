import TidemarkBase

/// What sources announce about metrics, and which series it is about.
public struct MetricFamilies {
    private let upsert: Statement
    private let period: Int

    public init(_ store: Store, period: Int) throws {
        self.period = period
        upsert = try store.database.prepare(
            """
            INSERT INTO metric_family VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET type = coalesce(excluded.type, type), help = coalesce(excluded.help, help),
                unit = coalesce(excluded.unit, unit)
            """)
    }

    /// Notes an announcement; parts that are nil stay as they were.
    public func announce(_ name: String, type: String?, help: String?, unit: String?) throws {
        let unit = unit?.isEmpty == true ? nil : unit
        try upsert.run(period, MetricName.canonical(name), type, help, unit)
    }

    /// Gives the series of a period that have no type yet the one of their family. Announcements come before, between
    /// and behind the samples, so this is done at the end.
    public static func apply(_ store: Store, period: Int) throws {
        let database = store.database
        var types: [String: String] = [:]
        let families = try database.prepare(
            "SELECT name, type FROM metric_family WHERE period_id = ? AND type IS NOT NULL")
        families.bind(1, period)
        while try families.step() { types[families.text(0)] = families.text(1) }
        guard !types.isEmpty else { return }
        let names = try database.prepare("SELECT DISTINCT name FROM series WHERE period_id = ? AND type IS NULL")
        names.bind(1, period)
        var found: [(name: String, type: String)] = []
        while try names.step() {
            let name = names.text(0)
            if let type = type(of: name, types) { found.append((name, type)) }
        }
        names.reset()
        let update = try database.prepare(
            "UPDATE series SET type = ? WHERE period_id = ? AND type IS NULL AND name = ?")
        for (name, type) in found.sorted(by: { $0.name < $1.name }) { try update.run(type, period, name) }
    }

    /// The parts of which families have series: their suffixes, and the types that have them.
    private static let suffixes: [(suffix: String, types: Set<String>)] = [
        ("_bucket", ["histogram", "gaugehistogram"]), ("_sum", ["histogram", "summary"]),
        ("_count", ["histogram", "summary"]), ("_gsum", ["gaugehistogram"]), ("_gcount", ["gaugehistogram"]),
        ("_total", ["counter"]), ("_info", ["info"]),
    ]

    static func type(of name: String, _ types: [String: String]) -> String? {
        if let own = types[name] { return own }
        // The time of creation is no counter, whatever it stands beside.
        if name.hasSuffix("_created") { return "gauge" }
        for (suffix, owners) in suffixes where name.hasSuffix(suffix) {
            if let type = types[String(name.dropLast(suffix.count))], owners.contains(type) { return type }
        }
        return nil
    }
}
