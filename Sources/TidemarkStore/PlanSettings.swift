extension Configuration {
    /// What hardware and electricity cost.
    public struct Prices: Sendable, Equatable {
        public var currency = "USD"
        /// Of a GPU whose name has no price of its own.
        public var gpuHour: Double?
        /// By name, as nvidia-smi prints it or a part of that.
        public var gpus: [String: Double] = [:]
        public var kilowattHour: Double?
        /// Power usage effectiveness: what the building takes over what the machines take, ≥ 1.
        public var powerUsageEffectiveness = 1.0

        public init() {}

        public var isSet: Bool { gpuHour != nil || !gpus.isEmpty }

        /// An hour of a GPU: the price of its whole name, of the longest part of it, or of any GPU.
        public func price(_ name: String) -> Double? {
            let words = name.lowercased()
            let fitting = gpus.keys.filter { !$0.isEmpty && words.contains($0.lowercased()) }
                .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
            return fitting.first.flatMap { gpus[$0] } ?? gpuHour
        }
    }

    /// Reserves and prices, from `tidemark.yaml`.
    public struct Plan: Sendable, Equatable {
        public var prices = Prices()
        /// Share of a replica's capacity kept free, 0…0.9.
        public var headroom = 0.2
        /// Replicas beyond those that the peak needs.
        public var spareReplicas = 1

        public init() {}

        /// What was configured last; the defaults where nothing was.
        public static func read(_ store: Store) throws -> Plan {
            var plan = Plan()
            let rows = try store.database.prepare("SELECT name, value FROM plan_setting ORDER BY name")
            while try rows.step() {
                let (name, text) = (rows.text(0), rows.text(1))
                let number = Double(text).flatMap { $0.isFinite ? $0 : nil }
                switch name {
                case "currency": plan.prices.currency = text
                case "headroom": plan.headroom = number ?? plan.headroom
                case "spare_replicas": plan.spareReplicas = Int(text) ?? plan.spareReplicas
                case "gpu_hour": plan.prices.gpuHour = number
                case "kwh": plan.prices.kilowattHour = number
                case "pue": plan.prices.powerUsageEffectiveness = number ?? 1
                default: if name.hasPrefix("gpu_hour:") { plan.prices.gpus[String(name.dropFirst(9))] = number }
                }
            }
            return plan
        }

        func write(_ database: Database) throws {
            let standard = Plan()
            try database.execute("DELETE FROM plan_setting")
            func set(_ name: String, _ value: String?) throws {
                guard let value else { return }
                try database.prepare("INSERT INTO plan_setting VALUES (?, ?)").run(name, value)
            }
            try set("currency", prices.currency == standard.prices.currency ? nil : prices.currency)
            try set("headroom", headroom == standard.headroom ? nil : "\(headroom)")
            try set("spare_replicas", spareReplicas == standard.spareReplicas ? nil : "\(spareReplicas)")
            try set("gpu_hour", prices.gpuHour.map { "\($0)" })
            for (name, price) in prices.gpus.sorted(by: { $0.key < $1.key }) { try set("gpu_hour:" + name, "\(price)") }
            try set("kwh", prices.kilowattHour.map { "\($0)" })
            try set("pue", prices.powerUsageEffectiveness == 1 ? nil : "\(prices.powerUsageEffectiveness)")
        }
    }
}
