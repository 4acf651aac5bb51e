import Foundation
import Testing
import TidemarkBase

@testable import TidemarkStatistics

@Suite struct ForecastTests {
    /// Hours of a week that is busier by day and from Monday to Friday, growing, with noise of its own memory.
    private struct Traffic {
        var level = 20.0
        var growthPerDay = 0.0
        var noise = 0.03
        var seed: UInt64 = 1
        /// Local hour of the first value: a Thursday's midnight plus this.
        var firstHour = 0

        func expected(_ hour: Int) -> Double {
            let place = firstHour + hour
            let day = 1 + 0.5 * sin(Double(place % 24 - 6) * .pi / 12)
            // Day 0 of the epoch was a Thursday: 2 and 3 are the weekend.
            let week = [2, 3].contains(place / 24 % 7) ? 0.6 : 1
            return level * exp(growthPerDay * Double(hour) / 24) * day * week
        }

        func values(_ count: Int) -> [Double?] {
            var random = SeededRandom(seed: seed)
            var deviation = 0.0
            return (0..<count).map { hour in
                let shock = (0..<12).reduce(-6) { sum, _ in sum + random.uniform() }
                deviation = 0.7 * deviation + noise * shock * 0.71
                return expected(hour) * exp(deviation)
            }
        }
    }

    private func error(_ forecast: HourlyForecast, _ traffic: Traffic, after count: Int) -> Double {
        forecast.values.indices.reduce(0) {
            $0 + abs(forecast.values[$1] / traffic.expected(count + $1) - 1)
        } / Double(forecast.values.count)
    }

    @Test("smoothing with one season agrees with statsmodels' ETS")
    func smoothing() throws {
        let vectors = try Vectors("forecast")
        for (name, alpha, gamma) in [("slow", 0.02, 0.1), ("fast", 0.1, 0.02)] {
            var model = DoubleSeasonSmoothing(
                alpha: alpha, daily: gamma, weekly: 0, carry: 0, level: 9.5, hourOfDay: vectors["season"],
                hourOfWeek: [Double](repeating: 0, count: 168))
            for (hour, value) in vectors["rate"].enumerated() { model.update(value, hour: hour % 168) }
            let count = vectors["rate"].count
            let ahead = (1...48).map { model.forecast($0, hour: (count - 1 + $0) % 168) }
            expectClose(ahead, vectors["ets.\(name)"], relative: 1e-10)
            expectClose(model.meanSquare, vectors["ets.\(name).mse"][0], relative: 1e-10)
        }
    }

    @Test("a missing hour teaches nothing, and the carried error fades")
    func missing() {
        var model = DoubleSeasonSmoothing(
            alpha: 0.1, daily: 0, weekly: 0, carry: 0.5, level: 10, hourOfDay: [Double](repeating: 0, count: 24),
            hourOfWeek: [Double](repeating: 0, count: 168))
        model.update(12, hour: 0)
        let level = model.level
        model.update(nil, hour: 1)
        #expect(model.level == level && abs(model.forecast(1, hour: 2) - (level + 2 * 0.25)) < 1e-12)
    }

    @Test("Mann and Kendall's test agrees with pymannkendall, its τ with SciPy")
    func mannKendall() throws {
        let vectors = try Vectors("forecast")
        let rate = vectors["rate"]
        let series = [
            vectors["falling"], Array(rate[..<60]), rate[..<14].map { $0.rounded(.toNearestOrEven) }, [1, 1, 2, 2, 2],
        ]
        for (values, reference) in zip(series, vectors.rows("mann_kendall", 3)) {
            let test = try #require(MannKendall(values))
            #expect(Double(test.score) == reference[0])
            expectClose(test.p, reference[1], relative: 1e-9)
            expectClose(test.tau, reference[2], relative: 1e-12)
        }
        #expect(MannKendall([1, 2]) == nil && MannKendall([1, .nan, 2]) == nil)
        #expect(MannKendall([3, 3, 3])?.p == 1)
    }

    @Test("MASE and pinball loss agree with utilsforecast")
    func scores() throws {
        let vectors = try Vectors("forecast")
        let (rate, guess) = (vectors["rate"], vectors["guess"])
        let (history, actual) = (rate[..<192].map(Optional.some), rate[192...].map(Optional.some))
        for (season, reference) in zip([24, 168], vectors["mase"]) {
            expectClose(
                ForecastScores.scaledError(guess, actual, history: history, season: season), reference, relative: 1e-12)
        }
        for (q, reference) in zip([0.05, 0.5, 0.9], vectors["pinball"]) {
            expectClose(ForecastScores.pinball(q, guess, actual), reference, relative: 1e-12)
        }
        #expect(ForecastScores.scaledError([1], [nil], history: [1, 2, 3], season: 1) == nil)
        #expect(ForecastScores.seasonalNaive([1, 2, nil, 4], season: 2, horizon: 4) == [1, 4, 1, 4])
        #expect(ForecastScores.coverage([0, 0, 0], [1, 1, 1], [0.5, 2, nil]) == 0.5)
    }

    @Test("six weeks with both seasons and growth: the next week within 3 %, its interval and trend right")
    func weeks() throws {
        let traffic = Traffic(growthPerDay: 0.01)
        let forecast = try #require(HourlyForecast(traffic.values(1008), firstHour: 0, horizon: 168))
        #expect(error(forecast, traffic, after: 1008) < 0.03)
        #expect(forecast.hasDailySeason && forecast.hasWeeklySeason)
        let trend = try #require(forecast.trend)
        #expect(trend.isSignificant && abs(trend.perDay - 0.01) < 0.001 && trend.isExponential)
        #expect(trend.perDayInterval.contains(trend.perDay))
        // Three weeks behind the forecast growth goes on.
        let later = trend.rate(21 * 24)
        #expect(abs(later.value / traffic.expected(1008 + 168 + 21 * 24) - 1) < 0.06)
        #expect(later.low < later.value && later.value < later.high)
        let backtest = forecast.backtest
        #expect(try #require(backtest.scaledError) < 0.8)
        #expect((0.8...0.98).contains(try #require(backtest.coverage)))
        for step in forecast.values.indices {
            #expect(forecast.low[step] <= forecast.low80[step] && forecast.low80[step] <= forecast.values[step])
            #expect(forecast.values[step] <= forecast.high80[step] && forecast.high80[step] <= forecast.high[step])
        }
    }

    @Test("the 90 % interval holds 86 to 94 % of what comes, over twenty series")
    func coverage() throws {
        var held: [Double] = []
        for seed in 1...20 as ClosedRange<UInt64> {
            let growth = [0, 0.005, 0.015][Int(seed % 3)]
            let weeks = [2, 3, 4, 5][Int(seed % 4)]
            let traffic = Traffic(growthPerDay: growth, noise: 0.05, seed: seed, firstHour: Int(seed) * 5)
            let all = traffic.values((weeks + 1) * 168)
            let forecast = try #require(
                HourlyForecast(Array(all[..<(weeks * 168)]), firstHour: traffic.firstHour, horizon: 168))
            held.append(
                try #require(ForecastScores.coverage(forecast.low, forecast.high, Array(all[(weeks * 168)...]))))
        }
        let mean = held.reduce(0, +) / Double(held.count)
        #expect((0.86...0.95).contains(mean), "held \(mean)")
    }

    @Test("missing hours are unknown, not zero")
    func gaps() throws {
        let traffic = Traffic()
        var values = traffic.values(1008)
        for hour in 200..<260 { values[hour] = nil }
        for hour in stride(from: 0, to: 1008, by: 9) { values[hour] = nil }
        for hour in 990..<1008 { values[hour] = nil }
        let forecast = try #require(HourlyForecast(values, firstHour: 0, horizon: 168))
        #expect(error(forecast, traffic, after: 1008) < 0.03)
    }

    @Test("a holiday is left out, a new level is taken over")
    func breaks() throws {
        let traffic = Traffic()
        var values = traffic.values(1008)
        for hour in 480..<504 { values[hour] = values[hour].map { $0 * 0.4 } }
        let quiet = try #require(HourlyForecast(values, firstHour: 0, horizon: 168))
        #expect(quiet.unusualDays == [480] && quiet.steps.isEmpty)
        #expect(error(quiet, traffic, after: 1008) < 0.03)
        values = traffic.values(1008)
        for hour in 840..<1008 { values[hour] = values[hour].map { $0 * 1.6 } }
        let launch = try #require(HourlyForecast(values, firstHour: 0, horizon: 168))
        #expect(launch.steps.map(\.hour) == [840])
        #expect(abs(try #require(launch.steps.first).change - 0.6) < 0.05)
        var busier = traffic
        busier.level *= 1.6
        #expect(error(launch, busier, after: 1008) < 0.05)
        // What is left of the growth is noise of the step's size.
        #expect(abs(try #require(launch.trend).perDay) < 0.003)
    }

    @Test("growth by an amount is not taken for growth by a share")
    func linear() throws {
        var traffic = Traffic()
        traffic.noise = 0.01
        let values = traffic.values(1344).enumerated().map { hour, value in
            value.map { $0 * (1 + 0.04 * Double(hour) / 24) }
        }
        let trend = try #require(HourlyForecast(values, firstHour: 0, horizon: 168)?.trend)
        #expect(!trend.isExponential && trend.isSignificant)
        // 4 % of the first level a day is 0.04 / 3.24 of the last one.
        #expect(abs(trend.perDay - 0.04 / (1 + 0.04 * 56)) < 0.0015)
    }

    @Test("short histories say less: no week below two weeks, no day below two days, nothing below six hours")
    func short() throws {
        let traffic = Traffic()
        let ten = try #require(HourlyForecast(traffic.values(240), firstHour: 0, horizon: 168))
        #expect(ten.hasDailySeason && !ten.hasWeeklySeason)
        let one = try #require(HourlyForecast(traffic.values(30), firstHour: 0, horizon: 168))
        #expect(!one.hasDailySeason && one.trend == nil && one.values.allSatisfy { $0 > 0 && $0.isFinite })
        #expect(HourlyForecast(traffic.values(5), firstHour: 0, horizon: 168) == nil)
        #expect(HourlyForecast([Double?](repeating: 0, count: 500), firstHour: 0, horizon: 168) == nil)
        #expect(HourlyForecast([], firstHour: 0, horizon: 168) == nil)
    }

    @Test("steady, hostile and sparse values give finite numbers")
    func hostile() throws {
        let steady = try #require(HourlyForecast([Double?](repeating: 3, count: 700), firstHour: -5, horizon: 168))
        #expect(steady.values.allSatisfy { abs($0 - 3) < 1e-9 })
        var wild = Traffic().values(700)
        for (place, value) in [(3, Double.infinity), (40, .nan), (41, -5), (42, 1e300), (600, 5e-324), (601, 0)] {
            wild[place] = value
        }
        let rough = try #require(HourlyForecast(wild, firstHour: 1_000_003, horizon: 168))
        #expect(rough.values.count == 168)
        #expect(zip(rough.low, rough.high).allSatisfy { $0.isFinite && $1.isFinite && 0 <= $0 && $0 <= $1 })
        let sparse = (0..<700).map { $0 % 50 == 0 ? 1.0 : nil as Double? }
        #expect(HourlyForecast(sparse, firstHour: 0, horizon: 24)?.values.allSatisfy(\.isFinite) == true)
    }

    @Test("the same history gives the same numbers")
    func deterministic() throws {
        let values = Traffic(growthPerDay: 0.004).values(700)
        let (a, b) = (
            HourlyForecast(values, firstHour: 7, horizon: 168), HourlyForecast(values, firstHour: 7, horizon: 168)
        )
        #expect(try #require(a).values == b?.values && a?.high == b?.high)
        let picked = try #require(a?.picked([0, 2, 500]))
        #expect(picked.values.count == 3 && picked.values[1] == a?.values[2] && picked.values[2] == a?.values[167])
    }
}
