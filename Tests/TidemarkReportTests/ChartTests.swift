import Testing
import TidemarkBase

@testable import TidemarkReport

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct ChartTests {
    static let axis = TimeAxis(.init(startMs: 0, endMs: 100_000))

    func decimated(_ times: [Int64], _ values: [Double?], width: Double = 100, gapMs: Int64? = nil) -> Decimation {
        Decimation(
            .init(name: "", timesMs: times, values: values, maximumGapMs: gapMs), axis: Self.axis, width: width)
    }

    @Test func missingValuesBreakTheLine() {
        let drawn = decimated([0, 10_000, 20_000, 30_000, 40_000], [1, 2, nil, 4, .nan])
        #expect(drawn.segments.map(\.count) == [2, 1])
        #expect(drawn.pointCount == 3)
    }

    @Test func missingTimesBreakTheLine() {
        let times: [Int64] = [0, 1000, 2000, 3000, 9000, 10_000, 11_000]
        let values = [Double?](repeating: 1, count: 7)
        #expect(decimated(times, values).segments.count == 2)
        #expect(decimated(times, values, gapMs: 7000).segments.count == 1)
        #expect(decimated(times, values, gapMs: 500).segments.count == 7)
    }

    @Test func pointsOutsideTheWindowAreLeftOut() {
        let drawn = decimated([-5000, 0, 50_000, 100_000, 100_001], [9, 1, 2, 3, 9])
        #expect(drawn.pointCount == 3)
        #expect(drawn.range(positive: false) == 1...3)
    }

    @Test func decimationKeepsTheExtremesOfEveryColumn() {
        var random = SeededRandom(seed: 11)
        let times = (0..<100_000).map { Int64($0) }
        let values = times.map { _ in random.uniform() }
        var spiked = values
        spiked[54_321] = 1000
        spiked[54_399] = -1000
        let drawn = decimated(times, spiked)
        #expect(drawn.segments.count == 1)
        #expect(drawn.segments[0].count == 100)
        for column in drawn.segments[0] {
            let first = Int(column.first.x.rounded(.down)) * 1000
            let own = spiked[first..<first + 1000]
            #expect(column.highest.value == own.max() && column.lowest.value == own.min())
            #expect(column.first.value == own.first && column.last.value == own.last)
            #expect(zip(column.points, column.points.dropFirst()).allSatisfy { $0.x <= $1.x })
        }
        #expect(drawn.range(positive: false) == -1000...1000)
        #expect(drawn.range(positive: true)?.lowerBound ?? 0 > 0)
    }

    @Test func fewPointsAreKeptAsTheyAre() {
        let drawn = decimated([0, 50_000, 100_000], [3, 1, 2])
        #expect(
            drawn.segments[0].flatMap(\.points) == [
                .init(x: 0, value: 3), .init(x: 50, value: 1), .init(x: 100, value: 2),
            ])
    }

    /// The `d` of the first line of a strip in a page.
    func path(_ series: ReportModel.Series, missing: [ReportModel.TimeSpan]? = nil) throws -> [MarkupChecker.Element] {
        let strip = ReportModel.Strip(id: "s", title: "s", unit: .none, series: [series], missing: missing)
        let model = ReportModel(
            title: "t", window: .init(startMs: 0, endMs: 100_000), dataQuality: .init(level: .good),
            verdict: .init(severity: .healthy, sentences: []), overview: [strip])
        return MarkupChecker(HTMLReport.render(model)).elements
    }

    @Test func gapsAreGapsInTheDrawing() throws {
        let times = (0...100).map { Int64($0) * 1000 }
        let series = ReportModel.Series(
            name: "s", timesMs: times, values: times.map { (40_000..<60_000).contains($0) ? nil : 5 })
        let elements = try path(series)
        let line = try #require(
            elements.first { $0.attributes["class"] == "line s-observed" && $0.attributes["data-name"] != nil })
        #expect(line.attributes["d"]?.count { $0 == "M" } == 2)
        #expect(line.attributes["data-points"]?.contains(":,") == true)
        let hatched = elements.filter { $0.attributes["class"] == "missing" }
        #expect(hatched.map { $0.attributes["x"] } == ["39%"])
        #expect(hatched.map { $0.attributes["width"] } == ["21%"])
        #expect(try path(series, missing: []).allSatisfy { $0.attributes["class"] != "missing" })
    }

    @Test func loneValuesAreDots() throws {
        let series = ReportModel.Series(name: "s", timesMs: [10_000, 20_000, 30_000], values: [1, nil, 2])
        let line = try #require(try path(series).first { $0.attributes["data-name"] != nil })
        #expect(line.attributes["d"]?.count { $0 == "h" } == 2)
    }

    @Test func coordinatesAreRounded() {
        var path = PathData()
        path.move(1.0 / 3, -0.04)
        path.line(12.96, 100)
        #expect(path.text == "M0.3 0L13 100")
        #expect(Coordinate.percent(1.0 / 3) == "33.33%")
        #expect(Coordinate.percent(1) == "100%")
    }

    @Test func labelsDoNotCoverEachOther() {
        let placed = LabelPlacement.spread([50, 50, 52, 10, 100], spacing: 15, bounds: 0...100)
        let sorted = placed.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 >= 15 - 1e-9 })
        #expect(placed[3] == 10 && placed[4] == 100)
        #expect(placed[0] < placed[1] && placed[1] < placed[2])
        // Too many for the room: still in order and evenly spaced.
        let many = LabelPlacement.spread([Double](repeating: 5, count: 10), spacing: 15, bounds: 0...60)
        #expect(many == (0..<10).map { Double($0) * 15 })
        #expect(LabelPlacement.spread([], spacing: 15, bounds: 0...1).isEmpty)
    }

    @Test func eventLabelsTakeTheLowestFreeLane() {
        let lanes = LabelPlacement.lanes([(0, 10), (5, 15), (12, 20), (6, 9)], lanes: 2)
        #expect(lanes == [0, 1, 0, nil])
    }

    @Test func coverageIsCutAtItsGaps() {
        let model = ReportModel(
            title: "", window: .init(startMs: 0, endMs: 100), dataQuality: .init(level: .good),
            verdict: .init(severity: .healthy, sentences: []))
        let source = ReportModel.Source(
            file: "", format: "", kind: "", firstMs: 10, lastMs: 90, records: 1,
            gaps: [.init(startMs: 50, endMs: 60), .init(startMs: 20, endMs: 30), .init(startMs: 85, endMs: 200)])
        let pieces = CoverageChart(sources: [source], frame: ChartFrame(model)).pieces(source)
        #expect(pieces.map(\.from) == [0.1, 0.2, 0.3, 0.5, 0.6, 0.85])
        #expect(pieces.map(\.to) == [0.2, 0.3, 0.5, 0.6, 0.85, 0.9])
        #expect(pieces.map(\.isGap) == [false, true, false, true, false, true])
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 5e-324, -5e-324, 1.7e308, -1.7e308, 0, -1])
    func oddNumbersAreDrawnSomehow(value: Double) {
        let times: [Int64] = [0, 50_000, 50_000, 40_000]
        let strips = [ReportModel.Strip.YScale.linear, .log].map { scale in
            ReportModel.Strip(
                id: "s", title: "s", unit: .ratio, yScale: scale, yMaximum: value,
                series: [
                    .init(
                        name: "s", timesMs: times, values: [value, 1, nil, value],
                        band: .init(low: [value], high: [value, value, value, value, value]))
                ], limits: [.init(value: value, label: "limit")])
        }
        let only = ReportModel.Strip(
            id: "only", title: "", unit: .seconds, series: [.init(name: "", timesMs: [0, 1], values: [value, value])])
        let bars = [ReportModel.Distribution.Bar(label: "b", count: value, baseline: value)]
        let model = ReportModel(
            title: "t", window: .init(startMs: 0, endMs: 100_000), dataQuality: .init(level: .good),
            verdict: .init(
                severity: .notice, sentences: [], keyNumbers: [.init(label: "n", value: value, unit: .bytes)]),
            incidents: [.init(span: .init(startMs: 90_000, endMs: 10), label: "backwards")], overview: strips + [only],
            keyFigures: [
                .init(
                    scope: "s", rows: [.init(signal: "s", unit: .hertz, wholeWindow: .known(value), bucketLow: value)])
            ],
            distributions: [
                .init(id: "o", title: "", kind: .ordered, bars: bars),
                .init(id: "c", title: "", kind: .categorical, bars: bars),
                .init(id: "e", title: "", kind: .ordered, bars: []),
            ])
        let page = HTMLReport.render(model)
        #expect(MarkupChecker(page).problems == [])
        let coordinates = MarkupChecker(page).elements.flatMap { element in
            ["x", "y", "width", "height", "d", "cy", "y1"].compactMap { element.attributes[$0] }
        }
        #expect(coordinates.allSatisfy { !$0.lowercased().contains("nan") && !$0.lowercased().contains("inf") })
    }

    @Test func sharesBeyondOneAreScaledAndTheRestIsUnexplained() throws {
        func finding(_ share: Double?) -> ReportModel.Finding {
            .init(
                rank: 1, cause: "c", title: "c", span: .init(startMs: 0, endMs: 1), confidence: 1,
                confidenceWord: .high, impactShare: share)
        }
        #expect(CauseShareBar([finding(nil)]) == nil)
        let scaled = try #require(CauseShareBar([finding(0.9), finding(0.9)]))
        #expect(scaled.parts.map(\.share) == [0.5, 0.5])
        let partial = try #require(CauseShareBar([finding(nil), finding(0.75)]))
        #expect(partial.parts.map(\.share) == [0.75, 0.25])
        #expect(partial.parts.last?.label == "Unexplained")
    }

    @Test func textColoursHaveEnoughContrast() {
        for palette in [Palette.light, .dark] {
            let text = [palette.text, palette.muted, palette.accent, palette.bad, palette.limit, palette.good]
            for colour in text + palette.categories {
                #expect(contrast(colour, palette.background) >= 4.5, "\(String(colour, radix: 16))")
            }
            for line in [palette.accentSoft, palette.context] { #expect(contrast(line, palette.background) >= 4.5) }
            #expect(contrast(palette.text, palette.surface) >= 4.5 && contrast(palette.muted, palette.surface) >= 4.5)
        }
    }

    /// WCAG 2.2 contrast ratio of two colours.
    private func contrast(_ a: UInt32, _ b: UInt32) -> Double {
        func luminance(_ colour: UInt32) -> Double {
            let parts = [colour >> 16 & 255, colour >> 8 & 255, colour & 255].map { Double($0) / 255 }
            let linear = parts.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        }
        let (x, y) = (luminance(a), luminance(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }
}
