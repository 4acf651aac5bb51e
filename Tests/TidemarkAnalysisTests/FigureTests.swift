import Testing
import TidemarkSeries
import TidemarkStore

@testable import TidemarkAnalysis

@Suite struct CounterTableTests {
    private func source(_ series: [(labels: Labels, samples: [(Int64, Double)])]) throws -> StoreSeries {
        let store = try Store.create(path: ":memory:")
        let period = try store.period(named: "p")
        var row = SourceRow(period: period, path: "f", format: "prometheus-text")
        try Ledger(store).save(&row)
        let writer = try SeriesWriter(store, period: period, form: .scrape, source: row.id)
        for (labels, samples) in series {
            let handle = try writer.series(labels)
            for (time, value) in samples { try writer.append(series: handle, timeMs: time, value: value) }
        }
        try writer.checkpoint()
        return try StoreSeries(store, period: period)
    }

    private let grid = TimeGrid(startMs: 0, endMs: 100_000, stepMs: 10_000)

    @Test("a reset counts from zero, the first value of a target not at all")
    func resets() throws {
        let source = try source([
            (Labels(["__name__": "c_total", "instance": "a"]), [(0, 50), (20_000, 60), (40_000, 5), (60_000, 9)])
        ])
        let table = try CounterTable(
            source, matchers: [LabelMatcher("__name__", equals: "c_total")], grid: grid, targetStarts: ["a": 0])
        #expect(table.increase(0, 10) == 19)
        #expect(table.increase(0, 3) == 10)
        #expect(table.increase(3, 5) == 5)
    }

    @Test("a series that appears later in a known target counts from zero")
    func births() throws {
        let labels = Labels(["__name__": "c_total", "instance": "a", "status": "5xx"])
        let source = try source([(labels, [(50_000, 7), (60_000, 8)])])
        let matchers = [LabelMatcher("__name__", equals: "c_total")]
        let known = try CounterTable(source, matchers: matchers, grid: grid, targetStarts: ["a": 0])
        #expect(known.increase(0, 10) == 8)
        let new = try CounterTable(source, matchers: matchers, grid: grid, targetStarts: ["a": 50_000])
        #expect(new.increase(0, 10) == 1)
    }

    @Test("a quantile carries the bounds of its bucket")
    func quantile() throws {
        let counts: [(String, Double)] = [("0.1", 50), ("0.5", 90), ("1.0", 100), ("+Inf", 100)]
        let source = try source(
            counts.map { bucket in
                let labels = Labels(["__name__": "h_bucket", "instance": "a", "le": bucket.0])
                let samples: [(Int64, Double)] = [(0, 0), (90_000, bucket.1)]
                return (labels: labels, samples: samples)
            })
        let histogram = HistogramTable(
            try CounterTable(
                source, matchers: [LabelMatcher("__name__", equals: "h_bucket")], grid: grid, targetStarts: ["a": 0]))
        #expect(histogram.quantile(0.5, 0, 10) == .init(value: 0.1, refined: nil, low: 0, high: 0.1, count: 100))
        // Above a bound inside a bucket: its borders and the straight line between; beyond the last finite bound nothing tells.
        let above = try #require(histogram.above(0.3, 0, 10))
        #expect(above.low == 10 && abs(above.middle - 30) < 1e-9 && above.high == 50)
        #expect(histogram.above(2, 0, 10) == nil)
        // Refined: MonotoneCubic's own tests hold it against SciPy.
        let middle = try #require(histogram.quantile(0.7, 0, 10))
        #expect(middle == .init(value: 0.1 + 0.4 * 0.5, refined: middle.refined, low: 0.1, high: 0.5, count: 100))
        let upper = try #require(histogram.quantile(0.95, 0, 10))
        #expect(upper == .init(value: 0.75, refined: upper.refined, low: 0.5, high: 1, count: 100))
        #expect((0.5..<0.75).contains(upper.refined ?? 0))
        #expect(histogram.quantile(0.5, 0, 5) == nil, "no observations yet")
        #expect(histogram.buckets(0, 10).map { $0.count } == [50, 40, 10, 0])
    }
}

@Suite struct TimeGridTests {
    @Test(arguments: [
        (200, 1, 1), (1200, 15, 15), (3600, 15, 15), (86_400, 15, 300), (604_800, 15, 1800), (604_800, 60, 1800),
    ])
    func steps(_ seconds: Int64, _ interval: Int64, _ step: Int64) {
        let grid = TimeGrid.fitting(startMs: 0, endMs: seconds * 1000, sampleIntervalMs: interval * 1000)
        #expect(grid.stepMs == step * 1000)
        #expect(grid.count >= 80 && grid.count <= 1440)
    }

    @Test("a step is named by its end and holds it")
    func indexes() {
        let grid = TimeGrid(startMs: 1000, endMs: 5000, stepMs: 1000)
        #expect((0..<grid.count).map(grid.time) == [2000, 3000, 4000, 5000])
        #expect(grid.index(of: 1000) == nil)
        #expect(grid.index(of: 1001) == 0)
        #expect(grid.index(of: 2000) == 0)
        #expect(grid.index(of: 5001) == nil)
        #expect(grid.range(1500, 2500) == 0..<2)
    }
}
