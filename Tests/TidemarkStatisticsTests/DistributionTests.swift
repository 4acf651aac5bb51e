import Foundation
import Testing
import TidemarkStatistics

extension Double {
    var exponential: Double { exp(self) }
}

@Suite struct DistributionTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("distributions") }

    @Test("the normal distribution agrees with SciPy")
    func normal() {
        let z = vectors["z"]
        expectClose(z.map(Normal.cdf), vectors["normal.cdf"], relative: 1e-13)
        expectClose(z.map(Normal.upperTail), vectors["normal.sf"], relative: 1e-13)
        expectClose(vectors["p"].compactMap(Normal.quantile), vectors["normal.ppf"], relative: 1e-13)
        #expect(Normal.quantile(0) == -.infinity && Normal.quantile(1) == .infinity)
        #expect(Normal.quantile(-0.1) == nil && Normal.quantile(.nan) == nil && Normal.cdf(.nan).isNaN)
    }

    @Test("incomplete gamma and beta functions agree with SciPy")
    func special() {
        for row in vectors.rows("gammainc", 3) {
            expectClose(SpecialFunctions.gammaLower(row[0], row[1]), row[2], relative: 1e-11, "P\(row)")
        }
        for row in vectors.rows("gammaincc", 3) {
            expectClose(SpecialFunctions.gammaUpper(row[0], row[1]), row[2], relative: 1e-11, "Q\(row)")
        }
        for row in vectors.rows("betainc", 4) {
            expectClose(SpecialFunctions.beta(row[0], row[1], row[2]), row[3], relative: 1e-11, "I\(row)")
        }
        #expect(SpecialFunctions.gammaLower(0, 1) == nil && SpecialFunctions.gammaLower(1, .nan) == nil)
        #expect(SpecialFunctions.gammaUpper(3, .infinity) == 0 && SpecialFunctions.gammaLower(3, 0) == 0)
        #expect(SpecialFunctions.beta(1.5, 1, 1) == nil && SpecialFunctions.beta(0.5, .infinity, 1) == nil)
    }

    @Test("Student's t and chi-square agree with SciPy")
    func continuous() {
        for row in vectors.rows("t.two_sided", 3) {
            expectClose(StudentT.twoSided(row[0], freedom: row[1]), row[2], relative: 1e-10, "t\(row)")
            expectClose(StudentT.cdf(-row[0], freedom: row[1]), row[2] / 2, relative: 1e-10)
        }
        for row in vectors.rows("t.ppf", 3) {
            expectClose(StudentT.quantile(row[0], freedom: row[1]), row[2], relative: 1e-10, "t\(row)")
        }
        for row in vectors.rows("chi2.ppf", 3) {
            expectClose(ChiSquare.quantile(row[0], freedom: row[1]), row[2], relative: 1e-10, "χ²\(row)")
        }
        #expect(StudentT.twoSided(.infinity, freedom: 3) == 0 && StudentT.twoSided(1, freedom: 0) == nil)
        #expect(StudentT.quantile(1, freedom: 3) == nil && ChiSquare.quantile(1, freedom: 3) == nil)
        #expect(ChiSquare.quantile(0.5, freedom: -1) == nil && ChiSquare.quantile(0, freedom: 2) == 0)
    }

    @Test("binomial and Poisson agree with SciPy, Wilson with statsmodels")
    func counts() throws {
        for row in vectors.rows("binomial.cdf", 4) {
            expectClose(Binomial.cdf(Int(row[0]), trials: Int(row[1]), row[2]), row[3], relative: 1e-11)
        }
        for row in vectors.rows("binomial.ppf", 4) {
            #expect(Binomial.quantile(row[0], trials: Int(row[1]), row[2]) == Int(row[3]), "\(row)")
        }
        for row in vectors.rows("poisson.at_least", 3) {
            expectClose(Poisson.atLeast(Int(row[0]), mean: row[1]), row[2], relative: 1e-11)
        }
        for row in vectors.rows("poisson.at_most", 3) {
            expectClose(Poisson.atMost(Int(row[0]), mean: row[1]), row[2], relative: 1e-11)
        }
        for row in vectors.rows("poisson.interval", 3) {
            let interval = try #require(Poisson.interval(Int(row[0])))
            expectClose(interval.lowerBound, row[1], relative: 1e-10)
            expectClose(interval.upperBound, row[2], relative: 1e-10)
        }
        for row in vectors.rows("wilson", 4) {
            let interval = try #require(Proportion.wilson(row[0], of: row[1]))
            expectClose(interval.lowerBound, row[2], relative: 1e-12, absolute: 1e-15)
            expectClose(interval.upperBound, row[3], relative: 1e-12)
        }
        #expect(Poisson.interval(-1) == nil && Poisson.atLeast(3, mean: .nan) == nil)
        #expect(Poisson.interval(5_000_000_000) != nil)
        #expect(Proportion.wilson(3, of: 0) == nil && Proportion.wilson(3, of: 2) == nil)
        #expect(Binomial.quantile(0.5, trials: -1, 0.5) == nil && Binomial.cdf(1, trials: 3, .nan) == nil)
    }
}
