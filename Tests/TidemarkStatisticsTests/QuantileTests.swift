import Testing
import TidemarkBase
import TidemarkStatistics

@Suite struct QuantileTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("quantiles") }

    @Test("type 7, Harrell–Davis and MAD agree with NumPy and SciPy", arguments: ["s", "skewed", "big"])
    func raw(name: String) {
        let values = vectors[name]
        expectClose(
            vectors["p"].compactMap { Quantiles.linear($0, of: values) }, vectors[name + ".linear"], relative: 1e-14)
        expectClose(
            vectors["inner"].compactMap { Quantiles.harrellDavis($0, of: values) }, vectors[name + ".harrell_davis"],
            relative: 1e-10)
        expectClose(
            Quantiles.medianAbsoluteDeviation(values), vectors[name + ".mad"][0], relative: 1e-13, absolute: 1e-14)
    }

    @Test("order-statistics intervals agree with SciPy's, and are refused when n is too small")
    func intervals() throws {
        let values = vectors["big"]
        for row in vectors.rows("big.intervals", 3) {
            let interval = try #require(Quantiles.interval(row[0], of: values))
            #expect(interval.lowerBound == row[1] && interval.upperBound == row[2])
        }
        #expect(Quantiles.fewestForUpperBound(0.99) == 299)
        let ramp = (1...400).map(Double.init)
        #expect(Quantiles.upperBound(0.99, of: Array(ramp.prefix(298))) == nil)
        #expect(Quantiles.upperBound(0.99, of: Array(ramp.prefix(299))) == 299)
        #expect(Quantiles.interval(0.99, of: Array(ramp.prefix(367))) == nil)
        #expect(Quantiles.interval(0.99, of: Array(ramp.prefix(368))) != nil)
        #expect(Quantiles.interval(0.99, of: Array(ramp.prefix(40))) == nil)
    }

    @Test("nothing comes of no values, NaN or a share outside 0…1")
    func refused() {
        for values in [[], [1, .nan, 2]] as [[Double]] {
            #expect(Quantiles.linear(0.5, of: values) == nil)
            #expect(Quantiles.harrellDavis(0.5, of: values) == nil)
            #expect(Quantiles.medianAbsoluteDeviation(values) == nil)
            #expect(Quantiles.interval(0.5, of: values) == nil)
            #expect(Quantiles.upperBound(0.5, of: values) == nil)
        }
        #expect(Quantiles.linear(1.1, of: [1]) == nil && Quantiles.linear(.nan, of: [1]) == nil)
        #expect(Quantiles.linear(0.5, of: [1, .infinity]) == .infinity)
        #expect(Quantiles.median([3]) == 3)
    }

    @Test("monotone cubic agrees with SciPy's PCHIP")
    func cubic() throws {
        let curve = try #require(MonotoneCubic(vectors["pchip.x"], vectors["pchip.y"]))
        expectClose(
            vectors["pchip.at"].compactMap(curve.value(at:)), vectors["pchip.value"], relative: 1e-12, absolute: 1e-13)
        #expect(curve.value(at: -1) == nil)
        #expect(MonotoneCubic([1], [1]) == nil && MonotoneCubic([1, 1], [1, 2]) == nil)
    }

    @Test("PromQL's value by its rules")
    func promQL() {
        let bounds = [0.1, 0.25, 0.5, 1, .infinity]
        let counts = [10.0, 40, 80, 95, 100]
        func value(_ p: Double) -> Double { HistogramQuantile.promQL(p, bounds: bounds, cumulative: counts) }
        #expect(value(0.5) == 0.3125)
        #expect(value(0.95) == 1 && value(0.99) == 1)
        #expect(value(0.05) == 0.05)
        #expect(value(-0.1) == -.infinity && value(1.1) == .infinity && value(.nan).isNaN)
        #expect(HistogramQuantile.promQL(0.5, bounds: [1], cumulative: [1]).isNaN)
        #expect(HistogramQuantile.promQL(0.5, bounds: [.infinity], cumulative: [1]).isNaN)
        #expect(HistogramQuantile.promQL(0.5, bounds: [1, 2], cumulative: [1, 2]).isNaN)
        #expect(HistogramQuantile.promQL(0.5, bounds: [1, .infinity], cumulative: [0, 0]).isNaN)
        #expect(HistogramQuantile.promQL(0.5, bounds: [-1, .infinity], cumulative: [5, 5]) == -1)
        // A count that falls is lifted; buckets of one bound add up; any order.
        #expect(HistogramQuantile.promQL(0.5, bounds: [1, 2, .infinity], cumulative: [10, 8, 10]) == 0.5)
        #expect(HistogramQuantile.promQL(0.5, bounds: [2, 1, 1, .infinity], cumulative: [8, 2, 2, 8]) == 1)
    }

    @Test("an estimate carries its bucket and agrees with PCHIP where that is possible")
    func refined() throws {
        let bounds = vectors["histogram.bounds"] + [.infinity]
        let counts = vectors["histogram.counts"] + vectors["histogram.total"]
        for (index, p) in vectors["histogram.p"].enumerated() {
            let estimate = try #require(HistogramQuantile.estimate(p, bounds: bounds, cumulative: counts))
            expectClose(estimate.refined, vectors["histogram.refined"][index], relative: 1e-10, "at \(p)")
            let truth = vectors["histogram.true"][index]
            #expect(estimate.low <= truth && truth <= estimate.high)
            #expect(estimate.low <= estimate.promQL && estimate.promQL <= estimate.high)
        }
        // Below the first bound and above the last finite one only the bounds are known.
        let first = try #require(HistogramQuantile.estimate(0.5, bounds: [0.3, .infinity], cumulative: [9, 10]))
        #expect(first.refined == nil && first.low == 0 && first.high == 0.3)
        let last = try #require(HistogramQuantile.estimate(0.99, bounds: [0.3, .infinity], cumulative: [9, 10]))
        #expect(last.refined == nil && last.promQL == 0.3 && last.low == 0.3 && last.high == .infinity)
        #expect(HistogramQuantile.estimate(0.5, bounds: [1, .infinity], cumulative: [0, 0]) == nil)
        #expect(HistogramQuantile.estimate(0.5, bounds: [1, .nan], cumulative: [0, 1]) == nil)
        #expect(HistogramQuantile.estimate(0.5, bounds: [], cumulative: []) == nil)
        // Empty buckets on both sides leave a straight line in the logarithm.
        let alone = try #require(
            HistogramQuantile.estimate(0.5, bounds: [1, 4, 8, .infinity], cumulative: [0, 10, 10, 10]))
        expectClose(alone.refined, 2, relative: 1e-12)
    }

    @Test("the refined value is several times nearer the truth than PromQL's")
    func nearer() throws {
        let finite = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
        var random = SeededRandom(seed: 5)
        var errors: (linear: [Double], refined: [Double]) = ([], [])
        for _ in 0..<40 {
            let middle = -3 + 3 * random.uniform()
            let values = (0..<2000).map { _ in
                (middle + 0.8 * (Normal.quantile(max(1e-9, random.uniform())) ?? 0)).exponential
            }
            let counts = finite.map { bound in Double(values.count { $0 <= bound }) } + [2000]
            let estimate = try #require(
                HistogramQuantile.estimate(0.95, bounds: finite + [.infinity], cumulative: counts))
            let truth = try #require(Quantiles.linear(0.95, of: values))
            errors.linear.append(abs(estimate.promQL / truth - 1))
            errors.refined.append(abs((estimate.refined ?? estimate.promQL) / truth - 1))
        }
        let (linear, refined) = (Quantiles.median(errors.linear) ?? 0, Quantiles.median(errors.refined) ?? 1)
        #expect(linear > 3 * refined, "median error \(linear) against \(refined)")
    }
}
