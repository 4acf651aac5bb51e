import TidemarkBase
import Testing

@testable import TidemarkReport

@Suite struct HeatMapTests {
    typealias Model = ReportModel

    /// Ten minutes; the third and fourth have no observations, the sixth and seventh are an incident.
    private static let map = Model.HeatMap(
        id: "heat_ttft_seconds", title: "Time to first token <b>", subtitle: "share", unit: .seconds,
        buckets: [
            .init(low: 0, high: 0.25, incident: 20, rest: 594), .init(low: 0.25, high: 0.5, incident: 0, rest: 6),
            .init(low: 80, high: .infinity, incident: 180, rest: 0),
        ],
        columns: [0, 1, 4, 5, 6, 7, 8, 9].map { minute in
            .init(
                span: .init(startMs: Int64(minute) * 60_000, endMs: Int64(minute + 1) * 60_000),
                counts: (5...6).contains(minute) ? [10, 0, 90] : [99, 1, 0])
        }, csv: .init(path: "csv/heat.csv", label: "heat"))

    private static var model: Model {
        var model = ExampleReport.model
        model.window = .init(startMs: 0, endMs: 600_000)
        model.incidents = [.init(span: .init(startMs: 300_000, endMs: 420_000), label: "i")]
        model.heatMaps = [map]
        return model
    }

    private func drawn() -> String {
        var (out, anchors) = (Markup(), Anchors())
        HeatMapChart(Self.map, frame: ChartFrame(Self.model)).draw(&out, anchors: &anchors)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test("a path a shade, neighbours of one shade as one rectangle, nothing where nothing was observed")
    func cells() throws {
        let text = drawn()
        // 0.25 s of 99 %: before the hole, before and after the incident: three rectangles; of 10 % in it one; of 90 % one.
        func path(_ shade: Int) -> Substring {
            guard let start = text.range(of: "class=\"shade-\(shade)\" d=\"") else { return "" }
            return text[start.upperBound...].prefix { $0 != "\"" }
        }
        #expect(path(4).count { $0 == "Z" } == 4)
        #expect(path(2).count { $0 == "Z" } == 1)
        #expect(path(1).count { $0 == "Z" } == 3)
        #expect(path(0).isEmpty && path(3).isEmpty)
        // The hole of two minutes: 153.6 to 307.2 of 768.
        #expect(path(4).hasPrefix("M0 ") && path(4).contains("L153.6 ") && path(4).contains("M307.2 "))
        #expect(!text.contains("M153.6"))
        #expect(text.contains("class=\"incident-bar\" x=\"50%\" width=\"20%\""))
        #expect(text.contains("&lt;b&gt;") && !text.contains("<b>"))
    }

    @Test(
        "shades by their lower borders",
        arguments: [(0.0001, 0), (0.01, 1), (0.049, 1), (0.05, 2), (0.2, 3), (0.5, 4), (1, 4)])
    func shades(share: Double, shade: Int) { #expect(HeatMapChart.shade(share) == shade) }

    @Test("ticks say milliseconds and seconds, never hours")
    func ticks() {
        let axis = ValueAxis(.log, range: 0.0005...5120, unit: .seconds)
        let labels = HeatMapChart.ticks(axis, .seconds).map { $0.label.split(separator: NumberText.noBreakSpace) }
        #expect(labels == [["10", "ms"], ["1", "s"], ["100", "s"], ["10000", "s"]])
    }

    @Test("the page is well-formed with it, has it as a table and says how much was slow")
    func page() throws {
        let bytes = HTMLReport.render(Self.model)
        let html = String(decoding: bytes, as: UTF8.self)
        let checker = MarkupChecker(bytes)
        #expect(checker.problems == [])
        #expect(html.contains("href=\"csv/heat.csv\""))
        // 180 of 200 in the incident lie beyond 80 s.
        let table = try #require(html.range(of: "<summary>As a table")).upperBound
        #expect(html[table...].prefix(4000).contains("90\u{A0}%"))
        #expect(HTMLReport.render(Self.model) == bytes)
    }

    @Test("the CSV has a row a cell with observations")
    func csv() {
        let lines = String(decoding: ReportTables.heatMap(Self.map), as: UTF8.self).split(whereSeparator: \.isNewline)
        #expect(lines.count == 1 + 16)
        #expect(lines[0] == "start_time,end_time,above_seconds,up_to_seconds,count")
        #expect(lines.contains { $0.hasSuffix("80,,90") })
    }
}

@Suite struct ReplicaDotsTests {
    @Test("of many one far away stands out; a tenth of the median apart it must be; of four none does")
    func rule() {
        let usual = (0..<63).map { 1 + Double($0 % 7) / 100 }
        #expect(ReplicaComparison.outliers(usual.map { $0 } + [2], tolerance: 0) == [63: true])
        #expect(ReplicaComparison.outliers(usual.map { $0 } + [nil, 0.2], tolerance: 0) == [64: false])
        #expect(ReplicaComparison.outliers([1, 1, 1, 1, 1, 1.05], tolerance: 0) == [:])
        #expect(ReplicaComparison.outliers([0, 0, 0, 0, 0, 0.3], tolerance: 0.5) == [:])
        #expect(ReplicaComparison.outliers([1, 1, 1, 9], tolerance: 0) == [:])
    }

    @Test("64 replicas: all drawn within the plot, the odd ones named", arguments: [10, 64])
    func dots(count: Int) {
        let points = (0..<count).map {
            ReportModel.ReplicaPanel.Point(name: "r\($0)", value: $0 == 3 ? 9 : 1, isOutlier: $0 == 3)
        }
        let panel = ReportModel.ReplicaPanel(id: "p", title: "t", unit: .seconds, points: points, median: 1)
        var (out, anchors) = (Markup(), Anchors())
        ReplicaDots(panel).draw(&out, anchors: &anchors)
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(text.split(separator: "<circle").count == count + 1)
        #expect(text.contains(">r3</text>") && !text.contains(">r4</text>"))
        for part in text.split(separator: "cy=\"").dropFirst() {
            #expect((Double(part.prefix { $0 != "\"" }) ?? -1) >= 24)
        }
    }
}

@Suite struct SpikeTests {
    /// A week of a sample every 15 s; one of them is 400, all others 1.
    private static let week: ReportModel.Strip = {
        let times = (0..<40_320).map { Int64($0) * 15_000 }
        var values = [Double?](repeating: 1, count: times.count)
        values[23_456] = 400
        return .init(
            id: "w", title: "w", unit: .requests,
            series: [
                .init(
                    name: "last week", role: .context, timesMs: times,
                    values: [Double?](repeating: 100_000, count: times.count)),
                .init(name: "waiting", timesMs: times, values: values),
            ])
    }()

    @Test("one sample of a week is seen in the path and in what the crosshair reads")
    func spike() throws {
        var model = ExampleReport.model
        model.window = .init(startMs: 0, endMs: 604_800_000)
        var (out, anchors) = (Markup(), Anchors())
        StripChart(Self.week, frame: ChartFrame(model), columns: 768, height: 88, labelRoom: 136, showsTimes: true)
            .draw(&out, anchors: &anchors, describedBy: "w")
        let text = String(decoding: out.bytes, as: UTF8.self)
        let line = try #require(text.range(of: "class=\"line s-observed\" d=\"")).upperBound
        let path = text[line...].prefix { $0 != "\"" }
        let heights = path.split { "ML".contains($0) }.compactMap {
            $0.split(separator: " ").last.flatMap { Double($0) }
        }
        // Last week's line, 250 times as high, doubles the axis and no more: the spike spans half of the 84 pixels.
        #expect((heights.max() ?? 0) - (heights.min() ?? 88) > 36)
        let points = try #require(text.range(of: "data-name=\"waiting\" data-points=\"")).upperBound
        // 23,456 of 40,320 samples: column 446.
        #expect(text[points...].prefix { $0 != "\"" }.split(separator: ",").contains("446:1~400"))
    }
}
