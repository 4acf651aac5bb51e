import Testing
import TidemarkBase
import TidemarkStatistics
import TidemarkStore

@testable import TidemarkAnalysis

/// Anomalies on made signals: what is found, how it is described, and when nothing is said.
@Suite struct AnomalyTests {
    /// Four hours of two replicas in steps of 30 s; the load goes up and down and everything follows it.
    private struct Fleet {
        var grid = TimeGrid(startMs: 1_795_392_000_000, endMs: 1_795_392_000_000 + 480 * 30_000, stepMs: 30_000)
        var random = SeededNoise(seed: 7)
        /// What else happens: changes the signals of a replica at a step.
        var change: (Int, String, inout [String: Double?]) -> Void = { _, _, _ in }

        mutating func table() -> SignalTable {
            var values: [String: [String: [Double?]]] = [:]
            for step in 0..<grid.count {
                let load = 1 + 0.3 * (Double(step) / 480 * 6.283).sine + 0.05 * random.next()
                for replica in ["r0", "r1"] {
                    let own = load * (1 + 0.05 * random.next())
                    var now: [String: Double?] = [
                        "request_rate_requests_per_second": own,
                        "generation_tokens_per_second": 200 * own * (1 + 0.02 * random.next()),
                        "ttft_mean_seconds": 0.2 * (1 + 0.1 * own) * (1 + 0.03 * random.next()),
                        "itl_mean_seconds": 0.03 * (1 + 0.1 * own) * (1 + 0.02 * random.next()),
                        "running_requests": 8 * own * (1 + 0.05 * random.next()),
                        "waiting_requests": 0, "kv_cache_usage_ratio": 0.2 * own * (1 + 0.03 * random.next()),
                        "e2e_mean_seconds": 6 * (1 + 0.02 * random.next()), "error_5xx_requests_per_second": 0,
                    ]
                    change(step, replica, &now)
                    for (name, value) in now { values[name, default: [:]][replica, default: []].append(value) }
                }
            }
            var table = SignalTable(grid: grid)
            for (name, instances) in values {
                guard let signal = SignalCatalogue.all.first(where: { $0.name == name }) else { continue }
                for (instance, values) in instances {
                    table.add(
                        SignalSeries(
                            signal: signal, instance: instance, origin: "metrics", expression: "", values: values))
                }
            }
            return table
        }
    }

    private func expectMinutes(_ anomaly: Anomaly, _ low: Int64, _ high: Int64, tolerance: Int64 = 1) {
        let range = Self.minutes(anomaly)
        #expect(abs(range.lowerBound - low) <= tolerance, "\(range)")
        #expect(abs(range.upperBound - high) <= tolerance, "\(range)")
    }

    private static func minutes(_ anomaly: Anomaly) -> ClosedRange<Int64> {
        let start: Int64 = 1_795_392_000_000
        return (anomaly.startMs - start) / 60_000...(anomaly.endMs - start) / 60_000
    }

    @Test("an ordinary day with its load is no anomaly", arguments: 1...4)
    func healthy(seed: UInt64) {
        var fleet = Fleet()
        fleet.random = SeededNoise(seed: seed)
        let found = AnomalyDetection(fleet.table()).anomalies
        #expect(found.filter(\.isReported).isEmpty, "\(found.first.debugDescription)")
    }

    @Test("a slow replica: when, how much, who, what was higher and what is normal")
    func slow() throws {
        var fleet = Fleet()
        fleet.change = { step, replica, now in
            guard replica == "r1", (200..<240).contains(step) else { return }
            now["itl_mean_seconds"] = 0.08
            now["generation_tokens_per_second"] = 90
        }
        let found = AnomalyDetection(fleet.table()).anomalies.filter(\.isReported)
        #expect(found.count == 1)
        let one = try #require(found.first)
        #expect(one.rank == 1 && one.kind == .episode && one.harm == .tokens && one.instances == ["r1"])
        expectMinutes(one, 100, 120)
        // 1,200 s at 90 tokens/s, each 0.047 s late.
        let lost: Double = 1200 * 90 * 0.047
        #expect(abs(one.impactUserSeconds - lost) < 400)
        let part = try #require(one.parts.first { $0.signal == "itl_mean_seconds" })
        #expect(part.instance == "r1" && part.value == 0.08 && abs(part.normal - 0.033) < 0.002)
        #expect(part.direction == "higher" && one.parts[0].share > 0.1)
        #expect(one.parts.contains { $0.signal == "generation_tokens_per_second" && $0.direction == "lower" })
    }

    @Test("what users don't feel is not reported; what breaks twice in a short time is one anomaly")
    func groups() {
        var fleet = Fleet()
        fleet.change = { step, replica, now in
            // The cache is fuller than the load explains, and no one waits.
            if (100..<130).contains(step) { now["kv_cache_usage_ratio"] = 0.6 }
            if (300..<310).contains(step) || (312..<320).contains(step) {
                now["waiting_requests"] = 40
                now["ttft_mean_seconds"] = 9
            }
        }
        let found = AnomalyDetection(fleet.table()).anomalies
        let felt = found.filter(\.isReported)
        #expect(felt.count == 1 && felt[0].instances == ["r0", "r1"])
        if let one = felt.first { expectMinutes(one, 150, 160) }
        let quiet = found.filter { !$0.isReported }
        #expect(quiet.contains { Self.minutes($0).overlaps(50...65) && $0.parts[0].signal == "kv_cache_usage_ratio" })
        #expect(found.map(\.rank) == Array(1...found.count))
    }

    @Test("a drift that stays is one shift")
    func shift() {
        var fleet = Fleet()
        fleet.change = { step, _, now in
            guard step >= 340 else { return }
            // With breaks of a few minutes.
            if step % 20 < 14 { now["itl_mean_seconds"] = 0.06 }
        }
        let felt = AnomalyDetection(fleet.table()).anomalies.filter(\.isReported)
        #expect(felt.count == 1 && felt.first?.kind == .shift)
        if let one = felt.first { expectMinutes(one, 170, 240, tolerance: 4) }
    }

    @Test(
        "missing is not zero: gaps of scrapes, frozen answers and absent values are none, a hang that was scraped is one"
    )
    func missing() {
        var fleet = Fleet()
        fleet.change = { step, _, now in
            guard (200..<220).contains(step) else { return }
            for name in ["request_rate_requests_per_second", "generation_tokens_per_second"] { now[name] = 0.0 }
            now["running_requests"] = 8
        }
        let table = fleet.table()
        let gap = BlindSteps(table, isScraped: (0..<480).map { !(200..<220).contains($0) }, tail: 4)
        #expect(AnomalyDetection(table, blind: gap).anomalies.filter(\.isReported).isEmpty)
        let scraped = BlindSteps(table, isScraped: Array(repeating: true, count: 480), tail: 4)
        let hang = AnomalyDetection(table, blind: scraped).anomalies.filter(\.isReported)
        #expect(hang.count == 1 && hang.first?.harm == .tokens)
        // The same, but the work of the twenty steps turns up in the next four.
        let still = fleet.change
        fleet.change = { step, replica, now in
            still(step, replica, &now)
            if (220..<224).contains(step) { now["generation_tokens_per_second"] = 1200 }
        }
        let late = fleet.table()
        let frozen = BlindSteps(late, isScraped: [], tail: 4)
        #expect(frozen.steps("r0")?.firstIndex(of: true) == 196 && frozen.steps("r0")?.lastIndex(of: true) == 224)
        #expect(frozen.steps("fleet") == frozen.steps("r0") && frozen.steps("GPU 0") == nil)
        #expect(AnomalyDetection(late, blind: frozen).anomalies.filter(\.isReported).isEmpty)
        fleet.change = { step, _, now in
            if (200..<220).contains(step) { for name in now.keys { now[name] = .some(nil) } }
        }
        #expect(AnomalyDetection(fleet.table()).anomalies.filter(\.isReported).isEmpty)
    }

    @Test("a few failures by chance are none, a burst of them is one")
    func failures() {
        var fleet = Fleet()
        fleet.change = { step, _, now in
            // One each quarter of an hour, as seen in a rate.
            now["error_5xx_requests_per_second"] = step % 30 == 3 ? 1.0 / 30 : 0
        }
        #expect(AnomalyDetection(fleet.table()).anomalies.filter(\.isReported).isEmpty)
        fleet.change = { step, _, now in
            now["error_5xx_requests_per_second"] = (200..<230).contains(step) ? 0.5 : 0
        }
        let found = AnomalyDetection(fleet.table()).anomalies.filter(\.isReported)
        #expect(found.count == 1 && found.first?.harm == .failed)
    }

    @Test("two weeks with their days: the peak of each day is normal, a bad hour is not")
    func days() {
        var fleet = Fleet()
        fleet.grid = TimeGrid(startMs: 1_795_392_000_000, endMs: 1_795_392_000_000 + 336 * 3_600_000, stepMs: 3_600_000)
        func daily(_ step: Int) -> Double { (8..<20).contains(step % 24) ? 1.6 : 0.8 }
        fleet.change = { step, _, now in
            for name in ["ttft_mean_seconds", "itl_mean_seconds", "running_requests"] {
                now[name] = now[name].flatMap { $0 }.map { $0 * daily(step) }
            }
        }
        #expect(AnomalyDetection(fleet.table()).anomalies.filter(\.isReported).isEmpty)
        let usual = fleet.change
        fleet.change = { step, replica, now in
            usual(step, replica, &now)
            if (210..<214).contains(step) { now["itl_mean_seconds"] = 0.11 }
        }
        let found = AnomalyDetection(fleet.table()).anomalies.filter(\.isReported)
        #expect(found.count == 1 && found.first.map(Self.minutes)?.overlaps(210 * 60...214 * 60) == true)
    }

    @Test("constants, nothing at all, and hardly anything give no anomaly and no crash")
    func little() {
        var fleet = Fleet()
        fleet.change = { _, _, now in for (name, value) in now { now[name] = value.map { _ in 1 } } }
        #expect(AnomalyDetection(fleet.table()).anomalies.isEmpty)
        #expect(AnomalyDetection(SignalTable(grid: fleet.grid)).anomalies.isEmpty)
        fleet.grid = TimeGrid(startMs: 0, endMs: 300_000, stepMs: 30_000)
        #expect(AnomalyDetection(fleet.table()).anomalies.isEmpty)
        #expect(AnomalyDetection(fleet.table(), blind: BlindSteps(all: [true])).anomalies.isEmpty)
    }

    @Test("components: of two directions the larger first, orthogonal, and no more than asked for")
    func components() {
        var noise = SeededNoise(seed: 3)
        let rows = (0..<500).map { _ in
            let (a, b) = (3 * noise.next(), noise.next())
            return [a + b, a - b, 0.01 * noise.next(), 0]
        }
        let found = LeadingComponents(rows, most: 4, share: 0.99)
        #expect(found.variances.count == 2)
        #expect(abs(abs(found.vectors[0][0]) - 0.7071) < 0.05 && abs(found.vectors[0][2]) < 0.01)
        var product = 0.0
        for (a, b) in zip(found.vectors[0], found.vectors[1]) { product += a * b }
        #expect(abs(product) < 1e-9)
        #expect(found.variances[0] > 5 * found.variances[1])
        // The same as those of the whole decomposition, which is checked against scikit-learn's.
        let all = PrincipalComponents(rows.map { Array($0.prefix(2)) }, share: 1, isRobust: false)
        let scaled = all.map { all in
            rows.map { row in (0..<2).map { (row[$0] - all.centers[$0]) / all.scales[$0] - all.means[$0] } }
        }
        let leading = LeadingComponents(scaled ?? [], most: 2, share: 1)
        #expect(leading.variances.count == 2)
        for (mine, theirs) in zip(leading.variances, all?.variances ?? []) { #expect(abs(mine - theirs) < 1e-6) }
        #expect(LeadingComponents([], most: 3, share: 1).variances.isEmpty)
        #expect(LeadingComponents([[0, 0], [0, 0]], most: 3, share: 1).variances.isEmpty)
    }

    @Test("stored, read again, printed")
    func output() throws {
        var fleet = Fleet()
        fleet.change = { step, replica, now in
            if replica == "r0", (200..<240).contains(step) { now["ttft_mean_seconds"] = 4 }
        }
        let store = try Store.create(path: ":memory:")
        let period = try store.period(named: "a,\"b\"")
        let detection = AnomalyDetection(fleet.table())
        try store.database.transaction {
            let analysis = try ResultWriter(store: store, period: period).begin(grid: fleet.grid)
            try detection.write(store, analysis: analysis)
        }
        let report = try AnomalyReport(store, period: period, name: "a,\"b\"")
        #expect(report.anomalies.map(\.impactUserSeconds) == detection.anomalies.map(\.impactUserSeconds))
        #expect(
            report.reported.count == 1
                && report.reported[0].parts.map(\.share) == detection.anomalies[0].parts.map(\.share))
        #expect(report.text().contains("waited longer for the first token; r0"))
        let json = AnomalyReport.json([report])
        #expect(json.hasPrefix(#"{"anomalies":[{"rank":1,"kind":"episode","period":"a,\"b\"","start":"2026-11-23T01:"#))
        #expect(json.contains(#""signals":[{"signal":"ttft_mean_seconds","instance":"r0","unit":"seconds""#))
        let csv = AnomalyReport.csv([report])
        #expect(csv.split(separator: "\r\n").count == 1 + report.reported[0].parts.count)
        #expect(csv.contains("\"a,\"\"b\"\"\",1,episode"))
        // A range keeps what overlaps it.
        let early = try AnomalyReport(store, period: period, name: "", range: 0...fleet.grid.startMs)
        #expect(early.reported.isEmpty && early.text().contains("No anomaly that users felt"))
        #expect(try AnomalyReport(store, period: 99, name: "x").text().contains("Nothing to judge"))
    }
}

/// Noise of about the standard normal distribution, the same on every machine.
struct SeededNoise {
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func next() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }
    }
}

extension Double {
    /// A sine by its series: tests need no library of mathematics.
    fileprivate var sine: Double {
        let x = self > 3.141592653589793 ? self - 6.283185307179586 : self
        var term = x
        var sum = x
        for n in 1..<12 {
            term *= -x * x / Double((2 * n) * (2 * n + 1))
            sum += term
        }
        return sum
    }
}
