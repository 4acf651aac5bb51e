import Foundation
import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkSeries
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

@Suite struct DemandTests {
    private static let hour: Int64 = 3_600_000
    /// 2026-03-09T00:00:00Z.
    private static let start: Int64 = 1_773_014_400_000

    private let store: Store
    private let period: Int

    init() throws {
        store = try Store.create(path: ":memory:")
        period = try store.period(named: "p")
    }

    /// Samples a minute apart unless told otherwise; times in minutes after the start.
    private func store(
        _ name: String, _ instance: String, _ samples: [(minute: Int, value: Double)], more: [String: String] = [:]
    ) throws {
        var row = SourceRow(period: period, path: "\(name)\(instance)\(more)", format: "prometheus-text")
        try Ledger(store).save(&row)
        let writer = try SeriesWriter(store, period: period, form: .scrape, source: row.id)
        let pairs = ["__name__": name, "instance": instance].merging(more) { $1 }
        let labels = Labels(pairs.map { Labels.Label($0.key, $0.value) })
        let handle = try writer.series(labels)
        for (minute, value) in samples {
            try writer.append(series: handle, timeMs: Self.start + Int64(minute) * 60_000, value: value)
        }
        try writer.checkpoint()
    }

    private func history() throws -> DemandHistory {
        try #require(try DemandHistory.read(store, period: period))
    }

    /// `rate` requests a second from one minute to another.
    private func steady(_ minutes: ClosedRange<Int>, _ rate: Double, from: Double = 1000) -> [(Int, Double)] {
        minutes.map { ($0, from + rate * 60 * Double($0 - minutes.lowerBound)) }
    }

    @Test("rates of hours over replicas, with a reset, and a replica that comes later")
    func rates() throws {
        var restarted = steady(0...90, 2)
        restarted += steady(91...240, 2, from: 0)
        try store("vllm:request_success_total", "a", restarted)
        try store("vllm:request_success_total", "b", steady(120...240, 3))
        let history = try history()
        #expect(history.startMs == Self.start && history.hours.count == 4)
        let expected = [2, 2, 5, 5.0]
        for (rate, reference) in zip(history.hours, expected) {
            // The minute of the reset lost what was counted before it.
            #expect(abs(try #require(rate) - reference) < 0.04, "\(history.hours)")
        }
        #expect(history.endMs == Self.start + 4 * Self.hour)
    }

    @Test("a gap of the scrapes is unknown, a server that was away adds nothing")
    func gaps() throws {
        try store(
            "vllm:request_success_total", "a", steady(0...120, 2) + steady(240...360, 2, from: 1000 + 2 * 60 * 240))
        #expect(try history().hours == [2, 2, nil, nil, 2, 2])
        try store("vllm:request_success_total", "b", steady(0...360, 1))
        #expect(try history().hours == [3, 3, nil, nil, 3, 3])
        // The same gap with a counter that began anew: the other replica had all the traffic.
        let other = try DemandTests()
        try other.store(
            "vllm:request_success_total", "a", other.steady(0...120, 2) + other.steady(240...360, 2, from: 0))
        try other.store("vllm:request_success_total", "b", other.steady(0...360, 1))
        let hours = try other.history().hours
        #expect(hours.count == 6 && hours[2] == 1 && hours[3] == 1 && hours[5] == 3)
    }

    @Test("less than half an hour is no hour; the forecast begins behind the data's end")
    func ends() throws {
        try store("vllm:request_success_total", "a", steady(45...200, 2))
        let history = try history()
        #expect(history.hours == [nil, 2, 2, nil] && history.endMs == Self.start + 4 * Self.hour)
    }

    @Test("refused requests are demand; hours with a queue are counted")
    func refused() throws {
        try store("vllm:request_success_total", "a", steady(0...120, 2))
        try store("vllm:admission_rejections_total", "a", steady(0...120, 1, from: 0), more: ["reason": "queue"])
        try store("vllm:num_requests_running", "a", (1...120).map { ($0, 20) })
        try store("vllm:num_requests_waiting", "a", (1...120).map { ($0, $0 <= 60 ? 0 : 10) })
        let history = try history()
        #expect(history.hours == [3, 3] && history.includesRefused && history.queuedHours == 1)
    }

    @Test("hours of exactly nothing in a busy fleet are gaps; in a quiet one they are quiet")
    func zeros() throws {
        func counted(_ rate: Double) throws -> DemandHistory {
            let own = try DemandTests()
            var (total, samples) = (0.0, [(Int, Double)]())
            for minute in 0...6000 {
                samples.append((minute, total.rounded(.down)))
                if !(3000..<3060).contains(minute) { total += rate * 60 }
            }
            try own.store("vllm:request_success_total", "a", samples)
            return try own.history()
        }
        let busy = try counted(2)
        #expect(busy.hours[50] == nil && busy.emptyHours == 1)
        let quiet = try counted(0.002)
        #expect(quiet.hours[50] == 0 && quiet.emptyHours == 0)
    }

    @Test("hostile samples: wild times, values and order")
    func hostile() throws {
        try store("vllm:request_success_total", "a", steady(0...60, 1))
        for (name, time, value) in [("x", Int64.max, 5.0), ("y", -5, 1), ("z", 4_000_000_000_000, .infinity)] {
            var row = SourceRow(period: period, path: name, format: "prometheus-text")
            try Ledger(store).save(&row)
            let writer = try SeriesWriter(store, period: period, form: .scrape, source: row.id)
            let handle = try writer.series(Labels(["__name__": "vllm:request_success_total", "instance": name]))
            try writer.append(series: handle, timeMs: time, value: value)
            try writer.checkpoint()
        }
        #expect(try history().hours == [1])
        let none = try DemandTests()
        #expect(try DemandHistory.read(none.store, period: none.period) == nil)
        let empty = try DemandForecast(none.store, period: none.period, name: "p")
        #expect(empty.forecast == nil && empty.json.contains("\"rps\":[],\"low\":[],\"high\":[],\"exhausted_at\":null"))
    }

    @Test("clocks that jump: the hour that comes twice is a mean, the skipped one missing")
    func localTime() throws {
        let berlin = LocalHours(zone: try ZoneDatabase.zone(named: "Europe/Berlin"))
        // 2026-03-29T00:00Z: 01:00, then 03:00.
        let spring = try #require(CivilTime.parseRFC3339("2026-03-29T00:00:00Z")) / Self.hour
        let forward = berlin.localised([1, 2, 3], first: spring)
        #expect(forward.values == [1, nil, 2, 3] && HourOfDay(forward.first) == 1)
        let autumn = try #require(CivilTime.parseRFC3339("2026-10-25T00:00:00Z")) / Self.hour
        let back = berlin.localised([1, 3, 5], first: autumn)
        #expect(back.values == [2, 5] && HourOfDay(back.first) == 2)
    }

    private func HourOfDay(_ hour: Int64) -> Int64 { hour % 24 }

    @Test("energy: trapezoids, with what lies between distant samples left out")
    func energy() {
        var integral = EnergyReport.Integral()
        // 100 W rising to 300 W over 10 s in steps of 1 s, 60 s of nothing, 5 s at 200 W.
        integral.add((0...10).map { (Int64($0) * 1000, 100 + 20 * Double($0)) })
        integral.add([])
        var gap = EnergyReport.Integral()
        gap.add((0...10).map { (Int64($0) * 1000, 100) } + (70...75).map { (Int64($0) * 1000, 200) })
        #expect(abs(integral.joules - 2000) < 1e-9 && integral.seconds == 10 && integral.gaps == 0)
        #expect(abs(gap.joules - 2000) < 1e-9 && gap.seconds == 15 && gap.gaps == 60)
    }

    @Test("a price holds for the longest name that fits")
    func prices() throws {
        var prices = Configuration.Prices()
        prices.gpus = ["H100": 4, "H100 PCIe": 3]
        prices.gpuHour = 1
        #expect(prices.price("NVIDIA H100 80GB HBM3") == 4 && prices.price("NVIDIA H100 PCIe") == 3)
        #expect(prices.price("nvidia h100 pcie") == 3 && prices.price("NVIDIA L4") == 1 && prices.price("") == 1)
        prices.gpuHour = nil
        #expect(prices.price("NVIDIA L4") == nil)
        var configuration = Configuration()
        configuration.plan.prices = prices
        configuration.plan.headroom = 0.35
        try store.configure(configuration)
        #expect(try store.configuration() == configuration)
        #expect(try Configuration.Plan.read(store).prices.price("NVIDIA H100 PCIe") == 3)
    }

    @Test("capacity from the groups' estimates, against which demand runs out")
    func capacity() throws {
        var samples: [(Int, Double)] = []
        var total = 0.0
        for hour in 0...(21 * 24) {
            samples.append((hour * 60, total))
            total += (10 + 4 * sin(Double(hour % 24) * .pi / 12)) * 3600
        }
        try store("vllm:request_success_total", "a", samples)
        try store("vllm:num_requests_running", "a", [(0, 1), (60, 1)])
        let lines = try store.database.prepare(
            "INSERT INTO analysis(period_id, evidence_key, tool_version, step_ms) VALUES (?, '', '', 1000)")
        try lines.run(period)
        let analysis = store.database.lastInsertedRow
        for (group, rps) in [("m", 10.0), ("n", 2.0)] {
            try store.database.prepare(
                """
                INSERT INTO capacity_estimate(analysis_id, replica_group, max_rps, low, high, binding_limit, grade,
                    replicas, objectives, conditions) VALUES (?, ?, ?, ?, ?, 'itl', 'A', 1, '', '[]')
                """
            ).run(
                analysis, group, rps, rps - 1, rps + 1)
        }
        let forecast = try DemandForecast(store, period: period, name: "p")
        #expect(forecast.capacity?.rps == 12 && forecast.capacity?.low == 10 && forecast.capacity?.high == 14)
        // 14 at six o'clock exceeds 12 from about two to three onwards on the first day.
        let at = try #require(forecast.exhaustion?.atMs)
        #expect((2...4).contains((at - forecast.startMs!) / Self.hour))
        #expect(try #require(forecast.exhaustion?.earliestMs) <= at)
        try forecast.write(store, period: period)
        try forecast.write(store, period: period)
        #expect(try store.database.int("SELECT count(*) FROM forecast") == 168)
        #expect(try store.database.int("SELECT exhausted_ms FROM forecast_summary") == Int(at))
        let none = try DemandForecast(store, period: period, name: "p", given: .init(capacity: 1000))
        #expect(none.exhaustion?.atMs == nil && none.text.contains("not before"))
    }
}
