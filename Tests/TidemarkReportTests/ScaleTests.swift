import Testing
import TidemarkBase

@testable import TidemarkReport

@Suite struct ScaleTests {
    func axis(_ startMs: Int64, _ seconds: Int64) -> TimeAxis {
        TimeAxis(.init(startMs: startMs, endMs: startMs + seconds * 1000))
    }

    @Test(arguments: [
        (12, ["10:00:00", "10:00:02", "10:00:04", "10:00:06", "10:00:08", "10:00:10", "10:00:12"]),
        (1200, ["10:00", "10:05", "10:10", "10:15", "10:20"]),
        (3600, ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:00"]),
        (86_400, ["12:00", "15:00", "18:00", "21:00", "24 Nov", "03:00", "06:00", "09:00"]),
        (604_800, ["24 Nov", "25 Nov", "26 Nov", "27 Nov", "28 Nov", "29 Nov", "30 Nov"]),
        (3_024_000, ["30 Nov", "7 Dec", "14 Dec", "21 Dec", "28 Dec"]),
    ])
    func timeTicksStandAtNaturalTimes(seconds: Int, labels: [String]) {
        let ticks = axis(ExampleReport.startMs, Int64(seconds)).ticks(limit: 9)
        #expect(ticks.map(\.label) == labels)
    }

    @Test func timeTicksNeverExceedTheLimit() {
        for seconds in stride(from: Int64(1), through: 200_000_000, by: 1_234_567) {
            for limit in 2...12 {
                let ticks = axis(ExampleReport.startMs + 777, seconds).ticks(limit: limit)
                #expect(ticks.count <= limit)
                #expect(ticks.allSatisfy { $0.timeMs >= ExampleReport.startMs })
            }
        }
        #expect(axis(0, 0).ticks(limit: 9).count <= 9)
    }

    func labels(_ low: Double, _ high: Double, _ unit: DisplayUnit, _ kind: ReportModel.Strip.YScale = .linear)
        -> [String]
    {
        ValueAxis(kind, range: low...high, unit: unit).ticks.map(\.label)
    }

    @Test func valueTicksAreOneTwoFive() {
        #expect(labels(0, 41.2, .seconds) == ["0", "10", "20", "30", "40\u{A0}s"])
        #expect(labels(0, 0.048, .seconds) == ["0", "20", "40\u{A0}ms"])
        #expect(labels(0, 1, .requests) == ["0", "0.5", "1"])
        #expect(labels(0, 28_000, .tokensPerSecond) == ["0", "10", "20\u{A0}k"])
        #expect(labels(0, 80 * 1_073_741_824, .bytes) == ["0", "20", "40", "60", "80\u{A0}GiB"])
        #expect(labels(-3, 5, .none) == ["−2", "0", "2", "4"])
    }

    @Test func sharesEndAtTheirMaximum() {
        let axis = ValueAxis(.linear, range: 0.2...0.9985, maximum: 1, unit: .ratio)
        #expect(axis.high == 1)
        #expect(axis.ticks.map(\.label) == ["0", "50", "100\u{A0}%"])
        #expect(axis.position(0.5) == 0.5)
    }

    @Test func axisStartsAtZeroAndHoldsAllValues() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let high = exp(random: &random)
            let axis = ValueAxis(.linear, range: high / 3...high, unit: .none)
            #expect(axis.low == 0 && axis.high >= high)
            #expect((2...6).contains(axis.ticks.count), "\(high)")
            #expect(axis.ticks.allSatisfy { axis.position($0.value) <= 1 })
        }
    }

    private func exp(random: inout SeededRandom) -> Double {
        var value = 1e-6
        for _ in 0..<Int(random.uniform() * 40) { value *= 1 + random.uniform() * 2 }
        return value
    }

    @Test func logAxisShowsDecades() {
        #expect(labels(0.06, 41, .seconds, .log) == ["0.1", "1", "10\u{A0}s"])
        #expect(labels(11, 70, .seconds, .log) == ["10", "20", "50", "100\u{A0}s"])
        let axis = ValueAxis(.log, range: 0.06...41, unit: .seconds)
        #expect(axis.low == 0.05 && axis.high == 50)
        #expect(axis.position(0) == 0 && axis.position(-1) == 0 && axis.position(1e9) == 1)
        #expect(labels(1e-9, 1e9, .none, .log).count <= 5)
    }

    @Test func logAxisWithoutUsableValuesStillStands() {
        #expect(ValueAxis(.log, range: 0...0, unit: .none).high > 0)
        #expect(ValueAxis(.log, range: nil, unit: .none).ticks.count > 1)
        #expect(ValueAxis(.linear, range: nil, unit: .seconds).ticks.count > 1)
    }

    @Test(arguments: [
        (41.23, DisplayUnit.seconds, "41.2 s"), (0.132, .seconds, "0.132 s"), (0.0412, .seconds, "41.2 ms"),
        (1020, .seconds, "17 min"), (58_300, .seconds, "16.2 h"), (400_000, .seconds, "4.63 d"),
        (1279.6, .tokensPerSecond, "1.28 k tokens/s"), (999.7, .tokens, "1 k tokens"), (3, .requests, "3 requests"),
        (0.98234, .ratio, "98.2 %"), (0.00038, .ratio, "0.038 %"), (1, .ratio, "100 %"), (0, .ratio, "0 %"),
        (1.98e9, .hertz, "1.98 GHz"), (83.14, .celsius, "83.1 °C"), (0.5, .watts, "500 mW"),
        (85_899_345_920, .bytes, "80 GiB"), (0, .seconds, "0 s"), (-3, .none, "−3"), (9.996, .none, "10"),
        (99_960, .none, "100 k"), (.infinity, .seconds, "∞ s"),
    ])
    func numbersHaveThreeFiguresAndAPrefix(value: Double, unit: DisplayUnit, text: String) {
        #expect(NumberText.text(value, unit) == text.split(separator: " ").joined(separator: "\u{A0}"))
    }

    @Test func missingIsADash() {
        #expect(NumberText.text(nil, .seconds) == "–")
        #expect(NumberText.text(.nan, .seconds) == "–")
    }

    @Test func integersAreGrouped() {
        #expect(NumberText.integer(0) == "0")
        #expect(NumberText.integer(-1234) == "−1\u{202F}234")
        #expect(NumberText.integer(412_804) == "412\u{202F}804")
        #expect(NumberText.integer(.min).hasPrefix("−9\u{202F}223"))
    }

    @Test func timesAreNamedOnce() {
        let start = ExampleReport.startMs
        let span = ReportModel.TimeSpan(startMs: start + 120_000, endMs: start + 1_020_000)
        #expect(Phrases.range(span, onDayOf: start) == "10:02–10:17")
        #expect(Phrases.range(span, onDayOf: nil) == "23 Nov\u{A0}10:02 – 10:17")
        let night = ReportModel.TimeSpan(startMs: start, endMs: start + 86_400_000)
        #expect(Phrases.range(night, onDayOf: start) == "10:00 – 24 Nov\u{A0}10:00")
        #expect(Phrases.longDate(start) == "23 November 2026")
    }

    @Test func templatesAreFilledOnce() {
        #expect(Phrases.fill("{1} of {0}{2}", "{1}", "b") == "b of {1}{2}")
    }
}
