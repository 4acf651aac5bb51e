import TidemarkBase
import TidemarkStore

/// Who is observed in one period, and what of the evidence belongs to whom.
public struct Fleet: Sendable {
    public struct Replica: Sendable {
        /// As the report calls it.
        public var name: String
        /// Value of the Prometheus label `instance`; nil without metrics.
        public var scrapeInstance: String?
        /// Row of its logs in `instance`; nil without a log.
        public var logInstance: Int?
        /// How the two were put together.
        public var joinedBy: String?
        public var gpus: [String]
    }

    public var replicas: [Replica] = []
    /// GPU instances: row and name.
    public var gpus: [(id: Int, name: String)] = []
    /// Gateways in front of the replicas: row and name.
    public var gateways: [(id: Int, name: String)] = []
    /// Rows of `span_resource` that engines wrote, with the place of the replica in ``replicas``; nil: which one is
    /// not known.
    public internal(set) var engineResources: [Int: Int?] = [:]

    /// Reads the instances of a period and joins logs with scrape targets.
    ///
    /// In order: what `capture.json` says; equal names; one log and one target left over. What can't be joined stays a
    /// replica of its own, and the coverage says so.
    init(_ store: Store, period: Int, series: StoreSeries) throws {
        let rows = try store.database.prepare(
            """
            SELECT instance_id, kind, name, scrape_instance, joined_by,
                EXISTS (SELECT 1 FROM source WHERE source.instance_id = instance.instance_id)
            FROM instance WHERE period_id = ? ORDER BY name, instance_id
            """)
        rows.bind(1, period)
        while try rows.step() {
            switch rows.text(1) {
            case "engine":
                // An earlier analysis wrote down replicas that have no log, too.
                replicas.append(
                    Replica(
                        name: rows.text(2), scrapeInstance: rows.optionalText(3),
                        logInstance: rows.int(5) != 0 ? rows.int(0) : nil,
                        joinedBy: rows.optionalText(4), gpus: []))
            case "gpu": gpus.append((rows.int(0), rows.text(2)))
            case "gateway": gateways.append((rows.int(0), rows.text(2)))
            default: break
            }
        }
        gpus.sort { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
        var targets = try series.values(of: "instance") { $0.hasPrefix("vllm:") }
        targets.removeAll { target in replicas.contains { $0.scrapeInstance == target } }
        for index in replicas.indices where replicas[index].scrapeInstance == nil {
            if let place = targets.firstIndex(of: replicas[index].name) {
                replicas[index].scrapeInstance = targets.remove(at: place)
                replicas[index].joinedBy = "equal names"
            }
        }
        let open = replicas.indices.filter { replicas[$0].scrapeInstance == nil }
        if open.count == 1, targets.count == 1 {
            replicas[open[0]].scrapeInstance = targets.removeFirst()
            replicas[open[0]].joinedBy = "the only log and the only scrape target"
        }
        let capture = try store.database.text("SELECT capture FROM period WHERE period_id = ?", period)
        let known = capture.map(Self.capturedReplicas) ?? []
        for target in targets {
            let own = known.first { $0.target == target }
            replicas.append(
                Replica(
                    name: own?.name ?? target, scrapeInstance: target, logInstance: nil,
                    joinedBy: own == nil ? nil : "capture.json", gpus: []))
        }
        if replicas.count == 1 {
            replicas[0].gpus = gpus.map(\.name)
        } else {
            for index in replicas.indices {
                let indexes = known.first { $0.name == replicas[index].name }?.gpus ?? []
                replicas[index].gpus = indexes.map { "GPU \($0)" }
            }
        }
        try joinTraces(store, period: period)
    }

    func replica(scrapeInstance: String) -> Replica? { replicas.first { $0.scrapeInstance == scrapeInstance } }

    /// The replicas of a `capture.json`; none when it can't be read.
    private static func capturedReplicas(_ capture: String) -> [(name: String, target: String, gpus: [Int])] {
        var found: [(name: String, target: String, gpus: [Int])] = []
        withBytes(of: capture) { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                guard key.equals("replicas") else { return try reader.skip() }
                try reader.array { element in
                    var one = (name: "", target: "", gpus: [Int]())
                    try element.object { key, reader in
                        switch key.text {
                        case "name": one.name = try reader.scalarText() ?? ""
                        case "instance": one.target = try reader.scalarText() ?? ""
                        case "gpu_indexes" where try reader.peek() == .array:
                            try reader.array { item in
                                if let index = Int(exactly: try item.number()) { one.gpus.append(index) }
                            }
                        default: try reader.skip()
                        }
                    }
                    if !one.name.isEmpty { found.append(one) }
                }
            }
        }
        return found
    }
}
