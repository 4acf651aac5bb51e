import TidemarkBase
import TidemarkPromQL
import Yams

/// `tidemark.yaml` as it stands in the file, with everything that is wrong with it.
public struct ConfigurationFile {
    public struct Signal {
        /// With its unit at the end.
        public var name: String
        public var title: String
        /// PromQL that parses.
        public var expression: String
        /// Whether low values are the bad ones.
        public var isLowWorst: Bool
        /// Of its name in the file.
        public var line: Int
    }

    public var signals: [Signal] = []
    /// Keys as in `capture.json`: `ttft_p95_s`, in seconds.
    public var objectives: [(name: String, seconds: Double, line: Int)] = []
    public var prices = Prices()
    /// Share of a replica's capacity kept free; nil: not said.
    public var headroom: Double?
    public var spareReplicas: Int?
    /// What `tidemark run --config` does.
    public private(set) var run = RunSettings()
    public private(set) var findings = FindingList()

    /// Amounts in one currency; nil where not said.
    public struct Prices {
        public var currency: String?
        public var gpuHour: Double?
        public var gpus: [(name: String, price: Double)] = []
        public var kilowattHour: Double?
        public var powerUsageEffectiveness: Double?
    }

    static let keys = [
        "name", "timezone", "inputs", "output", "keep", "windows", "slo", "signals", "prices", "headroom",
        "spare_replicas",
    ]
    static let priceKeys = ["currency", "gpu_hour", "gpus", "kwh", "pue"]
    static let signalKeys = ["name", "title", "expr", "worst"]

    /// - Parameter units: what a signal's name may end in.
    public init(_ bytes: [UInt8], units: [String]) {
        do {
            let document = try YAMLDocument(bytes)
            read(document.root, units)
        } catch {
            findings.add(error.line, error.reason)
        }
    }

    private mutating func read(_ root: Node?, _ units: [String]) {
        let root = YAMLMapping(root, known: Self.keys, place: "configuration", findings: &findings)
        run = RunSettings(root, &findings)
        for (index, node) in root.list("signals", &findings).enumerated() {
            let one = YAMLMapping(node, known: Self.signalKeys, place: "signal \(index + 1)", findings: &findings)
            guard let name = one.scalar("name", &findings)?.string, !name.isEmpty else {
                findings.add(one.line, "\(one.place): a name is expected")
                continue
            }
            guard units.contains(where: { name.hasSuffix("_" + $0) }) else {
                findings.add(
                    one.line(of: "name"),
                    "\(one.place): \(name) must end in its unit: _\(units.joined(separator: ", _"))")
                continue
            }
            guard let expression = one.scalar("expr", &findings)?.string else {
                findings.add(one.line, "\(one.place): expr, a PromQL expression, is expected")
                continue
            }
            do {
                _ = try PromQLParser.parse(expression)
            } catch {
                findings.add(one.line(of: "expr"), "\(one.place): expr: \(error)")
                continue
            }
            let worst = one.scalar("worst", &findings)?.string ?? "high"
            if worst != "high" && worst != "low" {
                findings.add(one.line(of: "worst"), "\(one.place): worst is high or low, not \(worst)")
            }
            signals.append(
                Signal(
                    name: name, title: one.scalar("title", &findings)?.string ?? name, expression: expression,
                    isLowWorst: worst == "low", line: one.line(of: "name")))
        }
        for (key, value) in root.texts("slo", &findings) {
            let line = key.mark?.line ?? root.line(of: "slo")
            guard let seconds = Double(value.string), seconds > 0, seconds.isFinite else {
                findings.add(line, "slo: \(key.string): a number of seconds above 0 is expected, not \(value.string)")
                continue
            }
            objectives.append((key.string, seconds, line))
        }
        headroom = number(root, "headroom", 0...0.9)
        if root.has("spare_replicas"), let spares = root.integer("spare_replicas", &findings) {
            if (0...1000).contains(spares) {
                spareReplicas = spares
            } else {
                findings.add(root.line(of: "spare_replicas"), "spare_replicas is 0 to 1000, not \(spares)")
            }
        }
        let prices = YAMLMapping(root.node("prices"), known: Self.priceKeys, place: "prices", findings: &findings)
        self.prices.currency = prices.scalar("currency", &findings)?.string
        self.prices.gpuHour = number(prices, "gpu_hour", 0...1e6)
        self.prices.kilowattHour = number(prices, "kwh", 0...1e6)
        self.prices.powerUsageEffectiveness = number(prices, "pue", 1...10)
        for (key, value) in prices.texts("gpus", &findings) {
            guard let price = Double(value.string), (0...1e6).contains(price), !key.string.isEmpty else {
                findings.add(
                    key.mark?.line ?? prices.line(of: "gpus"),
                    "prices: gpus: \(key.string): a price of 0 or more is expected, not \(value.string)")
                continue
            }
            self.prices.gpus.append((key.string, price))
        }
    }

    private mutating func number(_ mapping: YAMLMapping, _ key: String, _ range: ClosedRange<Double>) -> Double? {
        guard let text = mapping.scalar(key, &findings)?.string else { return nil }
        guard let value = Double(text), range.contains(value) else {
            findings.add(
                mapping.line(of: key),
                "\(mapping.place): \(key): a number from \(range.lowerBound) to \(range.upperBound) is expected, not \(text)"
            )
            return nil
        }
        return value
    }

    /// Adds what only the caller can judge.
    public mutating func add(_ line: Int, _ reason: String) { findings.add(line, reason) }
}
