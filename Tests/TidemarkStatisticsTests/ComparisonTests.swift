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
}
