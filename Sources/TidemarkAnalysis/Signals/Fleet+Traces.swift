import TidemarkStore

extension Fleet {
    /// Finds out which replica each process that wrote engines' spans is, and puts the replicas in order.
    ///
    /// In order: equal names (`service.instance.id`, host or service against the replica's name or scrape target); one
    /// replica alone; requests of its log by their ids. Without any other evidence the processes are the replicas.
    mutating func joinTraces(_ store: Store, period: Int) throws {
        let rows = try store.database.prepare(
            """
            SELECT resource_id, service, service_instance, host FROM span_resource WHERE resource_id IN
                (SELECT DISTINCT resource_id FROM span WHERE period_id = ? AND e2e_seconds IS NOT NULL)
            ORDER BY resource_id
            """)
        rows.bind(1, period)
        var writers: [(resource: Int, names: [String])] = []
        while try rows.step() {
            let names = [rows.optionalText(2), rows.optionalText(3), rows.optionalText(1)].compactMap { $0 }
            writers.append((rows.int(0), names))
        }
        if replicas.isEmpty {
            for name in Set(writers.map { Self.ownName($0.names) }) {
                replicas.append(
                    Replica(name: name, scrapeInstance: nil, logInstance: nil, joinedBy: nil, gpus: []))
            }
            if replicas.count == 1 { replicas[0].gpus = gpus.map(\.name) }
        }
        replicas.sort { $0.name < $1.name }
        guard !writers.isEmpty else { return }
        let byRequest = replicas.count > 1 ? try requestOwners(store, period: period) : [:]
        for writer in writers {
            let named = replicas.firstIndex { replica in
                writer.names.contains { Self.means($0, replica) } || replica.name == Self.ownName(writer.names)
            }
            engineResources[writer.resource] = .some(
                named ?? (replicas.count == 1 ? 0 : byRequest[writer.resource]))
        }
    }

    /// What a process is called when nothing else is known of it. Random ids of processes are no names.
    private static func ownName(_ names: [String]) -> String { names.first { !isRandom($0) } ?? "traces" }

    /// A UUID.
    private static func isRandom(_ name: String) -> Bool {
        name.utf8.count == 36
            && name.utf8.allSatisfy { $0 == 45 || $0 >= 48 && $0 <= 57 || $0 | 0x20 >= 97 && $0 | 0x20 <= 102 }
    }

    private static func means(_ name: String, _ replica: Replica) -> Bool {
        if name == replica.name || name == replica.scrapeInstance { return true }
        guard let target = replica.scrapeInstance, let colon = target.lastIndex(of: ":") else { return false }
        return name == target[..<colon]
    }

    /// The replica in whose log most requests of a resource's spans stand.
    private func requestOwners(_ store: Store, period: Int) throws -> [Int: Int] {
        let rows = try store.database.prepare(
            """
            SELECT s.resource_id, r.instance_id, count(*) FROM request r JOIN instance i USING (instance_id)
            JOIN span s ON s.request_id = r.request_id AND s.period_id = i.period_id
            WHERE i.period_id = ? AND s.e2e_seconds IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
            """)
        rows.bind(1, period)
        var found: [Int: Int] = [:]
        while try rows.step() {
            let log = rows.int(1)
            guard found[rows.int(0)] == nil, let place = replicas.firstIndex(where: { $0.logInstance == log }) else {
                continue
            }
            found[rows.int(0)] = place
        }
        return found
    }
}
