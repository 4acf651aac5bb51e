import Testing
import TidemarkBase
import TidemarkStatistics

@Suite struct RegressionTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("regression") }

    private func matrix(_ rows: [[Double]]) throws -> Matrix { try #require(Matrix(rows)) }

    @Test("OLS, its errors and Newey–West's agree with statsmodels")
    func ordinary() throws {
        let design = try matrix(vectors.rows("ols.x", 3))
        let fit = try #require(LeastSquares(design, vectors["ols.y"]))
        expectClose(fit.coefficients, vectors["ols.params"], relative: 1e-10)
        expectClose(fit.standardErrors, vectors["ols.bse"], relative: 1e-9)
        expectClose(fit.pValues, vectors["ols.p"], relative: 1e-7)
        expectClose(fit.variance, vectors["ols.scale"][0], relative: 1e-10)
        expectClose(fit.neweyWest(lag: 6), vectors["ols.hac"], relative: 1e-9)
        expectClose(design.scaledConditionNumber(), vectors["ols.cond"][0], relative: 1e-10)
        #expect(fit.freedom == 57 && fit.neweyWest(lag: -1) == nil && fit.neweyWest(lag: 500) != nil)
    }

    @Test("NNLS agrees with SciPy, with and without relative errors, and where coefficients fall to zero")
    func nonNegative() throws {
        let rows = vectors.rows("nnls.x", 4)
        let cost = vectors["nnls.y"]
        let fit = try #require(NonNegativeLeastSquares(try matrix(rows), cost))
        expectClose(fit.coefficients + [fit.residualNorm], vectors["nnls.absolute"], relative: 1e-9, absolute: 1e-9)
        let relative = zip(rows, cost).map { row, cost in row.map { $0 / cost } }
        let ones = [Double](repeating: 1, count: cost.count)
        let second = try #require(NonNegativeLeastSquares(try matrix(relative), ones))
        expectClose(
            second.coefficients + [second.residualNorm], vectors["nnls.relative"], relative: 1e-9, absolute: 1e-9)
        for row in vectors.rows("nnls.hard", 54) {
            let design = try matrix(stride(from: 0, to: 40, by: 5).map { Array(row[$0..<$0 + 5]) })
            let hard = try #require(NonNegativeLeastSquares(design, Array(row[40..<48])))
            expectClose(hard.coefficients + [hard.residualNorm], Array(row[48...]), relative: 1e-9, absolute: 1e-11)
        }
    }

    @Test("the reference's own NNLS figures")
    func reference() throws {
        let design = try matrix([[1, 100, 10], [1, 800, 12], [1, 50, 40], [1, 0, 64], [1, 2000, 5]])
        let fit = try #require(NonNegativeLeastSquares(design, [9, 24.5, 8.6, 8.3, 51]))
        expectClose(
            fit.coefficients + [fit.residualNorm], [6.43797989, 0.02220258, 0.02833972, 0.11937869], relative: 1e-6)
    }

    @Test("the robust fit agrees with RLM, and wild rows hardly move it")
    func robust() throws {
        let rows = vectors.rows("nnls.x", 4).map { Array($0.prefix(3)) }
        let fit = try #require(
            RobustNonNegativeFit(try matrix(rows), vectors["nnls.y"], relative: true))
        expectClose(fit.coefficients, vectors["rlm.params"], relative: 1e-6)
        expectClose(fit.scale, vectors["rlm.scale"][0], relative: 1e-5)
        expectClose(fit.coefficients, [6.4, 0.022, 0.08], relative: 0.15)
        #expect(fit.weights[11] < 0.3 && fit.conditionNumber > 1 && fit.conditionNumber < 30)
    }

    @Test("dependent columns are told, and no trap")
    func dependent() throws {
        let rows = (0..<20).map { [1.0, Double($0), 2 * Double($0)] }
        let targets = (0..<20).map { 3 + 2 * Double($0) }
        let design = try matrix(rows)
        #expect(LeastSquares(design, targets) == nil)
        #expect(design.scaledConditionNumber() ?? 0 > 1e10)
        let fit = try #require(NonNegativeLeastSquares(design, targets))
        #expect(fit.residualNorm < 1e-9)
        let zero = try #require(NonNegativeLeastSquares(try matrix([[0], [0]]), [1, 2]))
        #expect(zero.coefficients == [0])
        #expect(Matrix([]) == nil && Matrix([[1], [1, 2]]) == nil && Matrix([[.nan]]) == nil)
        #expect(LeastSquares(try matrix([[1]]), [1]) == nil)
        #expect(NonNegativeLeastSquares(try matrix([[1, 2]]), [1]) == nil)
        #expect(NonNegativeLeastSquares(try matrix([[1], [2]]), [1, .nan]) == nil)
        #expect(RobustNonNegativeFit(try matrix([[1], [2]]), [1, 0], relative: true) == nil)
        let exact = try #require(RobustNonNegativeFit(try matrix([[1], [2]]), [1, 2], relative: true))
        expectClose(exact.coefficients, [1], relative: 1e-12)
    }

    @Test("Theil–Sen agrees with SciPy", arguments: ["theil.y", "theil.wild"])
    func theilSen(name: String) throws {
        let line = try #require(TheilSen(x: vectors[name + ".x"], y: vectors[name + ".y"]))
        expectClose(
            [line.slope, line.intercept, line.slopeInterval.lowerBound, line.slopeInterval.upperBound], vectors[name],
            relative: 1e-12, absolute: 1e-13)
    }

    @Test("Theil–Sen refuses what has no slope, and joins many points")
    func theilSenEdges() throws {
        #expect(TheilSen(x: [1, 1], y: [1, 2]) == nil && TheilSen(x: [], y: []) == nil)
        #expect(TheilSen(x: [1, 2], y: [1, .nan]) == nil && TheilSen(x: [1, 2], y: [1]) == nil)
        let x = (0..<10_000).map(Double.init)
        let line = try #require(TheilSen(x: x, y: x.map { 3 * $0 + 7 }))
        expectClose([line.slope, line.intercept], [3, 7], relative: 1e-9)
    }

    @Test("block resamples keep neighbours together, and cover the mean of a correlated series")
    func bootstrap() throws {
        var blocks = try #require(MovingBlockBootstrap(count: 100, block: 10, seed: 4))
        let places = blocks.places()
        #expect(places.count == 100 && places.allSatisfy { (0..<100).contains($0) })
        let joined = zip(places, places.dropFirst()).count { $0 + 1 == $1 }
        #expect(joined >= 90)
        var again = try #require(MovingBlockBootstrap(count: 100, block: 10, seed: 4))
        #expect(again.places() == places)
        // AR(1) of 0.6 about 5: independent resampling would cover the mean in about two of three series.
        var (covered, random) = (0, SeededRandom(seed: 8))
        for round in 0..<40 {
            var (state, values) = (0.0, [Double]())
            for _ in 0..<300 {
                state = 0.6 * state + (Normal.quantile(max(1e-12, random.uniform())) ?? 0)
                values.append(5 + state)
            }
            let interval = try #require(
                MovingBlockBootstrap.interval(count: 300, block: 20, resamples: 200, seed: UInt64(round)) { places in
                    places.reduce(0) { $0 + values[$1] } / Double(places.count)
                })
            if interval.contains(5) { covered += 1 }
        }
        #expect(covered >= 33, "\(covered) of 40")
        #expect(MovingBlockBootstrap(count: 0, block: 3, seed: 1) == nil)
        #expect(MovingBlockBootstrap.interval(count: 9, block: 3, seed: 1) { _ in nil } == nil)
        #expect(MovingBlockBootstrap.interval(count: 9, block: 3, seed: 1) { _ in .nan } == nil)
    }
}
