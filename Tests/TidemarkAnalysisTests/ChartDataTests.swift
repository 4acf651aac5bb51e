import TidemarkIntake
import TidemarkSeries
import TidemarkStore
import TidemarkTestSupport
import Testing

@testable import TidemarkAnalysis

@Suite struct ChartExtremesTests {
    @Test("of each step the lowest and the highest with their own times; equal ones once; a gap stays one")
    func extremes() {
        let coarse = TimeGrid(startMs: 0, endMs: 120_000, stepMs: 40_000)
        let fine = TimeGrid(startMs: 0, endMs: 120_000, stepMs: 10_000)
        let values: [Double?] = [5, 9, 1, 5, nil, nil, nil, nil, 3, 3, 3, nil]
        let points = ChartExtremes.extremes(values, fine, within: coarse)
        #expect(points.map(\.timeMs) == [20_000, 30_000, 90_000])
        #expect(points.map(\.value) == [9, 1, 3])
    }
}

@Suite struct LatencyMapTests {
    private func table(_ bounds: [String], _ totals: [[Double]], _ grid: TimeGrid) throws -> HistogramTable {
        let rows = try Store.create(path: ":memory:")
        let period = try rows.period(named: "p")
        var source = SourceRow(period: period, path: "f", format: "prometheus-text")
        try Ledger(rows).save(&source)
        let writer = try SeriesWriter(rows, period: period, form: .scrape, source: source.id)
        for (bound, values) in zip(bounds, totals) {
            let series = try writer.series(Labels(["__name__": "h_bucket", "instance": "a", "le": bound]))
            for (index, value) in values.enumerated() {
                try writer.append(series: series, timeMs: Int64(index) * grid.stepMs, value: value)
            }
        }
        try writer.checkpoint()
        return HistogramTable(
            try CounterTable(
                try StoreSeries(rows, period: period), matchers: [LabelMatcher("__name__", equals: "h_bucket")],
                grid: grid,
                targetStarts: ["a": 0]))
    }

    private let grid = TimeGrid(startMs: 0, endMs: 40_000, stepMs: 10_000)

    @Test("counts add up over replicas; a time without observations has no column; findings that overlap count once")
    func counts() throws {
        let one = try table(["0.5", "+Inf"], [[0, 3, 3, 4, 4], [0, 4, 4, 9, 9]], grid)
        let two = try table(["0.5", "+Inf"], [[0, 1, 1, 1, 1], [0, 1, 1, 2, 2]], grid)
        let map = try #require(LatencyMap("ttft_seconds", [one, two], grid, [2..<3, 2..<4]))
        #expect(map.columns.map(\.startMs) == [0, 20_000])
        #expect(map.columns.map(\.counts) == [[4, 1], [1, 5]])
        #expect(map.incident == [1, 5] && map.rest == [4, 1])
        #expect(map.lowerBound(0) == 0 && map.lowerBound(1) == 0.5)
    }

    @Test("replicas that count in different buckets have no common map, nor have those that counted nothing")
    func different() throws {
        let one = try table(["0.5", "+Inf"], [[0, 3, 3, 4, 4], [0, 4, 4, 9, 9]], grid)
        let other = try table(["0.4", "+Inf"], [[0, 1, 1, 1, 1], [0, 1, 1, 2, 2]], grid)
        #expect(LatencyMap("x", [one, other], grid, []) == nil)
        let empty = try table(["0.5", "+Inf"], [[0, 0], [0, 0]], grid)
        #expect(LatencyMap("x", [empty], grid, []) == nil)
    }
}

@Suite struct WeekBeforeTests {
    private static let week: Int64 = 7 * 86_400_000
    private static let startMs: Int64 = 1_796_000_400_000

    /// An hour of one replica as promtool dumps it.
    private func hour(_ startMs: Int64, waiting: Int, model: String = "m", instance: String = "a:8000") -> String {
        (0..<240).flatMap { scrape in
            let labels = "instance=\"\(instance)\", job=\"vllm\", model_name=\"\(model)\"} "
            let time = startMs + Int64(scrape) * 15_000
            return [
                "{__name__=\"vllm:num_requests_running\", \(labels)1 \(time)",
                "{__name__=\"vllm:num_requests_waiting\", \(labels)\(waiting) \(time)",
            ]
        }.joined(separator: "\n") + "\n"
    }

    private func points(_ periods: [(name: String, dump: String)]) throws -> [Double] {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: ":memory:")
        for period in periods {
            var options = IngestOptions()
            options.period = period.name
            try Ingestor(store, options: options).ingest([try folder.write(period.dump, to: period.name + ".txt")])
        }
        let period = try #require(try store.periods().first { $0.name == "now" })
        let analysis = Analysis(store: store, period: period.id)
        try analysis.refresh()
        #expect(try analysis.isCurrent())
        let rows = try store.database.prepare(
            """
            SELECT value, p.time_ms BETWEEN a.start_ms AND a.end_ms FROM chart_point p JOIN analysis a USING (analysis_id)
            WHERE series = 'week_before' AND name = 'waiting_requests' AND instance = 'fleet' ORDER BY p.time_ms
            """)
        var found: [Double] = []
        while try rows.step() {
            #expect(rows.int(1) == 1, "outside of the period's own time")
            found.append(rows.double(0))
        }
        return found
    }

    @Test("another period of the same replica and model a week earlier")
    func otherPeriod() throws {
        let now = ("now", hour(Self.startMs, waiting: 2))
        let values = try points([("before", hour(Self.startMs - Self.week, waiting: 7)), now])
        #expect(values.count > 200 && values.allSatisfy { $0 == 7 })
    }

    @Test("nothing of another model, another replica, or another day; nothing alone")
    func others() throws {
        let now = ("now", hour(Self.startMs, waiting: 2))
        #expect(try points([("a", hour(Self.startMs - Self.week, waiting: 7, model: "n")), now]) == [])
        #expect(try points([("a", hour(Self.startMs - Self.week, waiting: 7, instance: "b:8000")), now]) == [])
        #expect(try points([("a", hour(Self.startMs - Self.week - 86_400_000, waiting: 7)), now]) == [])
        #expect(try points([now]) == [])
    }

    @Test("results are made anew when the evidence of a week earlier comes later")
    func stale() throws {
        let folder = try TemporaryFolder()
        let store = try Store.create(path: ":memory:")
        func ingest(_ name: String, _ dump: String) throws {
            var options = IngestOptions()
            options.period = name
            try Ingestor(store, options: options).ingest([try folder.write(dump, to: name + ".txt")])
        }
        try ingest("now", hour(Self.startMs, waiting: 2))
        let analysis = Analysis(store: store, period: try store.periods()[0].id)
        try analysis.refresh()
        try ingest("far", hour(Self.startMs - 3 * Self.week, waiting: 5))
        #expect(try analysis.isCurrent())
        try ingest("before", hour(Self.startMs - Self.week, waiting: 7))
        #expect(try !analysis.isCurrent())
        try analysis.refresh()
        #expect(
            try store.database.int("SELECT count(*) FROM chart_point WHERE series = 'week_before' AND value = 7") ?? 0
                > 200)
    }

    @Test("within one long period its own beginning")
    func ownPeriod() throws {
        let long = hour(Self.startMs - Self.week, waiting: 7) + hour(Self.startMs, waiting: 2)
        // The window begins with the earlier hour, so the later one has it a week before.
        let values = try points([("now", long)])
        #expect(!values.isEmpty && values.allSatisfy { $0 == 7 })
    }
}
