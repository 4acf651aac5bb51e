import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkStore

struct ForecastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: "Say what will be asked of the fleet, when it runs out, and what that takes.",
        discussion: """
            Requests per second of each hour of the seven days behind the evidence with a 90 % interval, the day on which they exceed
            the capacity, replicas for the peak with headroom and spares, and cost and energy by the prices of tidemark.yaml. Analyses
            first when results are missing or older than the evidence.

            Example: tidemark forecast --db report/tidemark.sqlite --config tidemark.yaml
                     tidemark forecast --db fleet.sqlite --capacity 16.5 --timezone Europe/Berlin --format json
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Requests per second that the fleet can take; otherwise what `tidemark capacity` estimated.")
    var capacity: Double?

    @Option(
        help:
            "Zone of the users' days: Europe/Berlin, +08:00. Otherwise the offset of the servers' logs, else UTC.")
    var timezone: String?

    @Option(help: "Which period of the database; otherwise the one that ends last.")
    var period: String?

    @Option(help: "text, json or csv.")
    var format = OutputFormat.text

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var locking: LockOptions

    func run() throws {
        if let capacity, !(capacity > 0 && capacity.isFinite) {
            throw TidemarkError(.usage, "--capacity is a number of requests per second above 0")
        }
        let given = DemandForecast.Given(
            capacity: capacity, zone: try timezone.map { try ZoneDatabase.zone(named: $0) })
        if configuration.path != nil {
            let lock = try locking.lock(database.path)
            try configuration.apply(to: try existingStore(database.path))
            withExtendedLifetime(lock) {}
        }
        var store = try analysedStore(database.path, locking)
        let chosen = try choose(store)
        // What the fleet can take is estimated first when no one did.
        if capacity == nil, access(database.path, W_OK) == 0, try !DemandForecast.hasCapacity(store, period: chosen.id)
        {
            let lock = try locking.lock(database.path)
            let writable = try Store.create(path: database.path)
            try CapacityReport(writable, period: chosen.id, name: chosen.name).write(writable, period: chosen.id)
            withExtendedLifetime(lock) {}
            store = writable
        }
        let forecast = try DemandForecast(store, period: chosen.id, name: chosen.name, given: given)
        // A database that can't be written is still answered from.
        if access(database.path, W_OK) == 0 {
            let lock = try locking.lock(database.path)
            store = try Store.create(path: database.path)
            try forecast.write(store, period: chosen.id)
            withExtendedLifetime(lock) {}
        }
        switch format {
        case .json: Console.print(forecast.json)
        case .csv: Console.write(Array(forecast.csv.utf8))
        case .text: Console.print(Console.visible(forecast.text))
        }
    }

    private func choose(_ store: Store) throws -> (id: Int, name: String) {
        let periods = try store.periods()
        if let period {
            guard let found = periods.first(where: { $0.name == period }) else {
                throw TidemarkError(
                    .usage, "no period is called \(period)", file: database.path,
                    hint: "there are: \(periods.map(\.name).joined(separator: ", "))")
            }
            return found
        }
        let last = try store.database.int(
            """
            SELECT period_id FROM period JOIN source USING (period_id) GROUP BY period_id
            ORDER BY max(last_ms) IS NULL, max(last_ms) DESC, period_id LIMIT 1
            """)
        guard let found = periods.first(where: { $0.id == last }) ?? periods.last else {
            throw TidemarkError(.missingInput, "there is no evidence in it", file: database.path)
        }
        return found
    }
}
