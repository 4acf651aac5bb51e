import Foundation
import Testing
import TidemarkStatistics

@Suite struct ComparisonTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("comparison") }

    @Test("rank tests, Welch's t and KS agree with SciPy", arguments: ["xy", "ab", "ba"])
    func pairs(name: String) throws {
        let x = vectors[String(name.prefix(1))]
        let y = vectors[String(name.suffix(1))]
        let ranks = try #require(RankTests.mannWhitney(x, y))
        #expect(ranks.u == vectors[name + ".mann_whitney"][0])
        expectClose(ranks.p, vectors[name + ".mann_whitney"][1], relative: 1e-12)
        expectClose(
            RankTests.hodgesLehmann(x, y), vectors[name + ".hodges_lehmann"][0], relative: 1e-13, absolute: 1e-14)
        let welch = try #require(WelchTest(x, y))
        expectClose([welch.t, welch.freedom, welch.p], vectors[name + ".welch"], relative: 1e-10)
        let smirnov = try #require(RankTests.kolmogorovSmirnov(x, y))
        expectClose([smirnov.distance, smirnov.p], vectors[name + ".ks"], relative: 1e-10)
    }

    @Test("the reference's own figures")
    func reference() throws {
        let (x, y) = (vectors["x"], vectors["y"])
        let test = try #require(RankTests.mannWhitney(y, x))
        expectClose(test.cliffsDelta, 0.85, relative: 1e-12)
        expectClose(RankTests.hodgesLehmann(y, x), 0.9, relative: 1e-12)
        expectClose(RankTests.kolmogorovSmirnov(x, y)?.p, 0.01234060, relative: 1e-6)
    }

    @Test("the shift of two large samples needs no list of the pairs")
    func large() {
        let x = (0..<20_000).map { Double($0 % 997) }
        #expect(RankTests.hodgesLehmann(x, x.map { $0 + 40 }) == -40)
        // Too many pairs for the exact p.
        #expect(RankTests.kolmogorovSmirnov(x, x.map { $0 + 40 })?.p ?? 1 < 1e-6)
    }

    @Test("nothing comes of empty, constant or NaN samples")
    func refused() {
        for bad in [[], [.nan]] as [[Double]] {
            #expect(RankTests.mannWhitney(bad, [1, 2]) == nil && RankTests.mannWhitney([1, 2], bad) == nil)
            #expect(RankTests.hodgesLehmann(bad, [1]) == nil && RankTests.hodgesLehmann([1], bad) == nil)
            #expect(RankTests.kolmogorovSmirnov(bad, [1]) == nil && WelchTest([1, 2], bad) == nil)
            #expect(RankTests.cliffsDelta(bad, [1]) == nil)
        }
        #expect(RankTests.mannWhitney([2, 2], [2, 2, 2]) == nil && WelchTest([2, 2], [2, 2, 2]) == nil)
        #expect(RankTests.cliffsDelta([2, 2], [2]) == 0)
        #expect(WelchTest([1], [2, 3]) == nil && RankTests.hodgesLehmann([.infinity], [1]) == nil)
        #expect(RankTests.hodgesLehmann([-0.0], [0]) == 0)
    }

    @Test("Benjamini–Hochberg agrees with SciPy, and hand-made cases")
    func falseDiscovery() throws {
        expectClose(FalseDiscovery.benjaminiHochberg(vectors["p"]), vectors["p.bh"], relative: 1e-14)
        let adjusted = FalseDiscovery.benjaminiHochberg([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])
        expectClose(
            adjusted, [0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.08457142857142857, 0.205], relative: 1e-12)
        #expect(FalseDiscovery.benjaminiHochberg([]) == [])
        #expect(FalseDiscovery.benjaminiHochberg([0.5, .nan]) == nil)
        #expect(FalseDiscovery.benjaminiHochberg([1.5]) == nil)
    }

    @Test("Benjamini–Yekutieli and Wasserstein's distance agree with SciPy")
    func dependence() {
        expectClose(FalseDiscovery.benjaminiYekutieli(vectors["p"]), vectors["p.by"], relative: 1e-14)
        #expect(FalseDiscovery.benjaminiYekutieli([]) == [])
        expectClose(
            DistributionShift.wasserstein(vectors["a"], vectors["b"]), vectors["ab.wasserstein"][0], relative: 1e-12)
        #expect(DistributionShift.wasserstein([], [1]) == nil && DistributionShift.wasserstein([.nan], [1]) == nil)
        #expect(DistributionShift.wasserstein([1, 1, 4], [1, 4, 1]) == 0)
    }

    @Test("biweight regression with prior weights agrees with statsmodels, its sandwich with the formula")
    func robust() throws {
        let x = vectors["robust.x"]
        let design = try #require(Matrix(stride(from: 0, to: x.count, by: 3).map { Array(x[$0..<$0 + 3]) }))
        let groups = (0..<120).map { $0 / 60 }
        let fit = try #require(
            RobustRegression(design, vectors["robust.y"], weights: vectors["robust.weights"], groups: groups, lag: 5))
        expectClose(fit.coefficients, vectors["robust.params"], relative: 1e-5)
        expectClose(fit.scale, vectors["robust.scale"][0], relative: 1e-5)
        expectClose((0..<3).map(fit.standardError), vectors["robust.se"], relative: 1e-4)
        // The disturbed dozen counts nothing, nearly all others count.
        #expect(fit.influence[20..<32].allSatisfy { $0 == 0 })
        #expect(fit.influence.count { $0 > 0.5 } > 95)
        // Least squares believes them.
        let plain = try #require(
            RobustRegression(
                design, vectors["robust.y"], weights: vectors["robust.weights"], groups: groups, lag: 5,
                isResistant: false))
        #expect(abs(plain.coefficients[1] - fit.coefficients[1]) > 1)
        let weights = [Double](repeating: 1, count: 120)
        #expect(RobustRegression(design, [1, 2], weights: weights, groups: groups, lag: 5) == nil)
        #expect(
            RobustRegression(
                design, vectors["robust.y"], weights: weights.map { _ in 0 }, groups: groups, lag: 5) == nil)
        let twice = try #require(Matrix((0..<10).map { [1, Double($0), 2 * Double($0)] }))
        #expect(
            RobustRegression(
                twice, (0..<10).map(Double.init), weights: .init(repeating: 1, count: 10),
                groups: .init(repeating: 0, count: 10), lag: 1) == nil)
    }

    @Test("two one-sided tests: p by hand, and what they refuse")
    func equivalence() throws {
        // Effect 0.5, error 0.5, margin 2: t = 5 and −3; the larger p is that of −3 with 1e6 degrees of freedom.
        let p = try #require(Equivalence.p(effect: 0.5, error: 0.5, margin: 2, freedom: 1e6))
        expectClose(p, Normal.upperTail(3), relative: 1e-4)
        #expect(try #require(Equivalence.p(effect: 3, error: 0.5, margin: 2, freedom: 50)) > 0.9)
        #expect(try #require(Equivalence.p(effect: -2, error: 0.5, margin: 2, freedom: 50)) == 0.5)
        #expect(Equivalence.p(effect: 0, error: 0, margin: 2, freedom: 50) == nil)
        #expect(Equivalence.p(effect: 0, error: 1, margin: -1, freedom: 50) == nil)
        expectClose(
            Equivalence.detectable(error: 1), try #require(Normal.quantile(0.975)) + #require(Normal.quantile(0.8)),
            relative: 1e-6)
    }

    @Test("stability index by hand")
    func stability() {
        // 0.5 → 0.25 and 0.5 → 0.75.
        let expected = -0.25 * log(0.5) + 0.25 * log(1.5)
        expectClose(DistributionShift.stabilityIndex([50, 50], [25, 75]), expected, relative: 1e-12)
        #expect(DistributionShift.stabilityIndex([5, 0, 7], [10, 0, 14]) == 0)
        #expect(DistributionShift.stabilityIndex([0, 0], [1, 2]) == nil)
        #expect(DistributionShift.stabilityIndex([1], [1, 2]) == nil)
    }
}
