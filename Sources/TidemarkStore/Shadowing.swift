import TidemarkBase
import TidemarkSeries

/// The same sample counts once: where a period holds a series in several forms, the best one counts.
public enum Shadowing {
    /// Marks the series of a period that a better form holds too.
    ///
    /// Series are the same when their names (in canonical spelling) and all labels but `job` and `instance` agree, and
    /// either the instances are equal, or each form knows only one instance of that metric: a scrape file says nothing
    /// about its target. Once a scrape's target is known by such a metric, its other metrics follow.
    public static func update(_ store: Store, period: Int) throws {
        let database = store.database
        struct Row {
            var id: Int
            var form: String
            var instance: String
        }
        var groups: [Labels: [Row]] = [:]
        var instances: [String: [String: Set<String>]] = [:]
        let rows = try database.prepare(
            "SELECT series_id, form, labels FROM series WHERE period_id = ? ORDER BY series_id")
        rows.bind(1, period)
        while try rows.step() {
            let labels = try StoreSeries.labels(json: rows.bytes(2))
            let name = MetricName.canonical(labels.name)
            let key = labels.without("job").without("instance").with(Labels.metricName, name)
            let row = Row(id: rows.int(0), form: rows.text(1), instance: labels["instance"] ?? "")
            groups[key, default: []].append(row)
            instances[name, default: [:]][row.form, default: []].insert(row.instance)
        }
        let order = SeriesWriter.Form.allCases.map(\.rawValue)
        // Pairs of (form, instance) that a metric with a single instance in each form shows to be one target.
        struct Target: Hashable {
            var form: String
            var instance: String
        }
        var sameTarget: [Target: Set<Target>] = [:]
        for byForm in instances.values {
            let single = byForm.filter { $0.value.count == 1 }.map { Target(form: $0.key, instance: $0.value.first!) }
            for one in single { sameTarget[one, default: []].formUnion(single) }
        }
        let mark = try database.prepare("UPDATE series SET shadowed_by = ? WHERE series_id = ?")
        for (key, rows) in groups.sorted(by: { $0.key < $1.key }) {
            let byForm = instances[key.name]!
            for row in rows {
                let better = order.prefix { $0 != row.form }.first { form in
                    rows.contains { other in
                        other.form == form
                            && (other.instance == row.instance
                                || byForm[form]?.count == 1 && byForm[row.form]?.count == 1
                                || sameTarget[Target(form: row.form, instance: row.instance)]?.filter {
                                    $0.form == form
                                } == [Target(form: form, instance: other.instance)])
                    }
                }
                try mark.run(better, row.id)
            }
        }
    }
}
