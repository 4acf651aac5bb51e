import Testing
import TidemarkStatistics

@Suite struct AnomalyTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("anomalies") }

    @Test("robust z, with its fallbacks")
    func robust() throws {
        let scale = try #require(RobustScale([10, 11, 9, 10, 12, 10, 11, 30]))
        // The reference's figures are for 1.4826, exactly 1.482602….
        expectClose([scale.z(30), scale.z(9)], [26.30513962, -2.02347228], relative: 2e-6)
        // More than half equal, a quarter not; then less than a quarter.
        let quarters = try #require(RobustScale([0, 0, 0, 0, 0, 0, 1, 1, 1, 2]))
        expectClose(quarters.scale, 1 / 1.3489795, relative: 1e-6)
        let rare = try #require(RobustScale([0, 0, 0, 0, 0, 0, 0, 0, 0, 5]))
        expectClose(rare.scale, 0.5 * 1.2533141, relative: 1e-6)
        let constant = try #require(RobustScale([3, 3, 3]))
        #expect(constant.z(3) == 0 && constant.z(4) == .infinity && constant.z(2) == -.infinity)
        #expect(RobustScale([]) == nil && RobustScale([1, .nan]) == nil && RobustScale([.infinity]) == nil)
    }

    @Test("Hampel marks what its rule says; GESD finds Rosner's three")
    func outliers() {
        #expect(Outliers.hampel(vectors["spiky"], half: 5)?.map(Double.init) == vectors["spiky.hampel"])
        #expect(Outliers.hampel([1, 1, 1, 2, 1, 1], half: 2) == [3])
        #expect(Outliers.hampel([], half: 2) == [] && Outliers.hampel([.nan], half: 2) == nil)
        #expect(Outliers.hampel([1], half: 0) == nil && Outliers.hampel([1, 2], half: .max) == [])
        #expect(Outliers.generalisedESD(vectors["rosner"]) == [51, 52, 53])
        #expect(Outliers.generalisedESD([1, 2, 3], most: 1) == nil)
        #expect(Outliers.generalisedESD([2, 2, 2, 2, 2], most: 1) == [])
        #expect(Outliers.generalisedESD([2, 2, 2, 2, .nan], most: 1) == nil)
    }

    @Test("autocorrelation and Ljung–Box agree with statsmodels")
    func memory() throws {
        let wave = vectors["wave"]
        expectClose(
            (0...5).compactMap { Outliers.autocorrelation(wave, lag: $0) }, vectors["wave.acf"], relative: 1e-10)
        expectClose(Outliers.autocorrelation(vectors["s"]), vectors["s.acf1"][0], relative: 1e-10)
        let box = try #require(Outliers.ljungBox(wave, lags: 6))
        expectClose([box.q, box.p], vectors["wave.ljung_box"], relative: 1e-9)
        #expect(Outliers.autocorrelation([1, 1, 1]) == nil && Outliers.autocorrelation([1, 2], lag: 2) == nil)
        #expect(Outliers.ljungBox([1, 2, 3], lags: 0) == nil && Outliers.ljungBox([1, .nan, 3], lags: 1) == nil)
    }

    @Test("isotonic regression agrees with scikit-learn")
    func isotonic() throws {
        let (x, y) = (vectors["iso.x"], vectors["iso.y"])
        let fit = try #require(IsotonicRegression(x: x, y: y, weights: vectors["iso.w"]))
        expectClose(vectors["iso.grid"].compactMap(fit.value), vectors["iso.value"], relative: 1e-11, absolute: 1e-12)
        let falling = try #require(IsotonicRegression(x: x, y: y.map { -$0 }, falling: true))
        expectClose(
            vectors["iso.grid"].compactMap(falling.value), vectors["iso.falling"], relative: 1e-11, absolute: 1e-12)
        let small = try #require(IsotonicRegression(x: [1, 2, 3, 4, 5, 6], y: [1, 3, 2, 4, 3.5, 5]))
        #expect(small.y == [1, 2.5, 2.5, 3.75, 3.75, 5])
        #expect(small.crossing(2.5) == 2 && small.crossing(9) == nil && small.crossing(0) == 1)
        expectClose(small.crossing(3), 3.4, relative: 1e-12)
        #expect(small.value(at: 0.5) == nil && small.value(at: 7) == nil && small.value(at: 1) == 1)
        #expect(IsotonicRegression(x: [], y: []) == nil && IsotonicRegression(x: [1], y: [.nan]) == nil)
        #expect(IsotonicRegression(x: [1], y: [1], weights: [0]) == nil)
    }

    @Test("the scalability law agrees with SciPy's fit")
    func scalability() throws {
        let loads = vectors["usl.n"]
        let free = try #require(ScalabilityLaw.fit(loads: loads, throughputs: vectors["usl.x"], hasFall: true))
        expectClose([free.gamma, free.sigma, free.kappa], vectors["usl.fit"], relative: 1e-5, absolute: 1e-9)
        let serial = try #require(ScalabilityLaw.fit(loads: loads, throughputs: vectors["usl.serial"], hasFall: false))
        expectClose([serial.gamma, serial.sigma], vectors["usl.serial_fit"], relative: 1e-5, absolute: 1e-9)
        #expect(serial.kappa == 0 && serial.peak == nil)
        let law = ScalabilityLaw(gamma: 100, sigma: 0.05, kappa: 0.0005)
        expectClose([1, 8, 64].map(law.throughput), [100, 580.5515, 1037.95], relative: 1e-5)
        let peak = try #require(law.peak)
        expectClose([peak, law.throughput(peak)], [43.58898944, 1074.24090], relative: 1e-7)
        #expect(ScalabilityLaw.fit(loads: [1, 2, 3, 4, 5], throughputs: [1, 2, 3, 4, 5], hasFall: false) == nil)
        let narrow = (10...20).map(Double.init)
        #expect(ScalabilityLaw.fit(loads: narrow, throughputs: narrow, hasFall: false) == nil)
        // Perfect scaling is at the bound.
        let linear = try #require(
            ScalabilityLaw.fit(loads: loads, throughputs: loads.map { 3 * $0 }, hasFall: true))
        expectClose(linear.gamma, 3, relative: 1e-9)
    }
}
