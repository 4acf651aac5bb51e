import Testing
import TidemarkBase
import TidemarkStatistics

@Suite struct MultivariateTests {
    let vectors: Vectors
    init() throws { vectors = try Vectors("multivariate") }

    @Test("eigenvalues and vectors agree with NumPy")
    func eigen() throws {
        let matrix = try #require(Matrix(vectors.rows("symmetric", 5)))
        let eigen = try #require(SymmetricEigen(matrix))
        expectClose(eigen.values, vectors["eigen.values"], relative: 1e-10)
        expectClose(eigen.vectors.values, vectors["eigen.vectors"], relative: 1e-9, absolute: 1e-10)
        let single = try #require(Matrix([[4]]))
        #expect(SymmetricEigen(single)?.values == [4])
        let wide = try #require(Matrix([[1, 2]]))
        #expect(SymmetricEigen(wide) == nil)
        #expect(SymmetricEigen(Matrix(rows: 3, columns: 3))?.values == [0, 0, 0])
    }

    @Test("T², SPE and their limits agree with scikit-learn and SciPy")
    func components() throws {
        let rows = vectors.rows("rows", 5)
        let model = try #require(PrincipalComponents(rows, share: 0.9, confidence: 0.99, isRobust: false))
        #expect(model.loadings.columns == Int(vectors["pca.count"][0]))
        expectClose(model.variances, vectors["pca.variances"], relative: 1e-9)
        let distances = rows.compactMap(model.distance)
        expectClose(distances.map(\.score), vectors["pca.scores"], relative: 1e-8)
        expectClose(distances.map(\.residual), vectors["pca.residuals"], relative: 1e-8)
        expectClose(model.scoreLimit, vectors["pca.score_limit"][0], relative: 1e-9)
        expectClose(model.residualLimit, vectors["pca.residual_limit"][0], relative: 1e-8)
        for distance in distances {
            expectClose(distance.scoreShares.reduce(0, +), distance.score, relative: 1e-9)
            expectClose(distance.residualShares.reduce(0, +), distance.residual, relative: 1e-9)
        }
    }

    @Test("a broken relation shows in SPE and names its variable; too much of everything shows in T²")
    func attribution() throws {
        let rows = vectors.rows("rows", 5)
        let model = try #require(PrincipalComponents(rows))
        var broken = rows[0]
        broken[1] += 6
        let apart = try #require(model.distance(broken))
        #expect(apart.residual > model.residualLimit)
        #expect(apart.residualShares.indices.max { apart.residualShares[$0] < apart.residualShares[$1] } == 1)
        #expect(abs(apart.deviations[1]) > 3.5)
        // Six standard deviations along the first component.
        let far = (0..<5).map { j in
            model.centers[j] + model.scales[j]
                * (model.means[j] + 6 * model.variances[0].squareRoot() * model.loadings[j, 0])
        }
        let extreme = try #require(model.distance(far))
        #expect(extreme.score > model.scoreLimit && extreme.residual < 1e-9)
        expectClose(extreme.score, 36, relative: 1e-9)
    }

    @Test("healthy rows stay within the limits as often as they promise")
    func limits() throws {
        var random = SeededRandom(seed: 2)
        func row() -> [Double] {
            let normal = (0..<6).map { _ in Normal.quantile(max(1e-12, random.uniform())) ?? 0 }
            return [
                normal[0] + 0.3 * normal[2], normal[0] + 0.3 * normal[3], normal[1] + 0.3 * normal[4],
                normal[1] - normal[0] + 0.3 * normal[5],
            ]
        }
        let model = try #require(PrincipalComponents((0..<400).map { _ in row() }, confidence: 0.99))
        let fresh = (0..<1000).compactMap { _ in model.distance(row()) }
        let scores = fresh.count { $0.score > model.scoreLimit }
        let residuals = fresh.count { $0.residual > model.residualLimit }
        #expect((2...25).contains(scores) && (2...25).contains(residuals), "\(scores), \(residuals) of 1000")
    }

    @Test("constant, few and broken rows")
    func edges() throws {
        #expect(PrincipalComponents([]) == nil && PrincipalComponents([[1], [2]]) == nil)
        #expect(PrincipalComponents([[1], [2], [.nan]]) == nil && PrincipalComponents([[1, 2], [1], [2, 3]]) == nil)
        #expect(PrincipalComponents([[3, 3], [3, 3], [3, 3]]) == nil)
        let rows = (0..<20).map { [Double($0 % 7), 5, Double($0 % 3)] }
        let model = try #require(PrincipalComponents(rows))
        #expect(model.distance([1, 2]) == nil && model.distance([1, .nan, 2]) == nil)
        // A variable that never moved is seen when it does.
        let moved = try #require(model.distance([3, 50, 1]))
        #expect(moved.residual > 50 && moved.residualShares[1] > 50)
        #expect(LedoitWolf([[1, 2]]) == nil && LedoitWolf([[1], [1]]) == nil && LedoitWolf([[1], [.nan]]) == nil)
        #expect(PrincipalComponents.residualLimit([], confidence: 0.99) == nil)
        #expect(PrincipalComponents.residualLimit([1, 0.5], confidence: 1) == nil)
    }

    @Test("Ledoit–Wolf agrees with scikit-learn")
    func ledoitWolf() throws {
        let rows = vectors.rows("rows", 5)
        let fit = try #require(LedoitWolf(rows))
        expectClose(fit.covariance.values, vectors["lw.covariance"], relative: 1e-9, absolute: 1e-11)
        expectClose(fit.shrinkage, vectors["lw.shrinkage"][0], relative: 1e-9)
        expectClose(rows.compactMap(fit.squaredDistance), vectors["lw.distances"], relative: 1e-8)
        let few = try #require(LedoitWolf(Array(rows.prefix(4))))
        expectClose(few.covariance.values, vectors["few.covariance"], relative: 1e-9, absolute: 1e-11)
        expectClose(few.shrinkage, vectors["few.shrinkage"][0], relative: 1e-9)
        #expect(fit.squaredDistance([1]) == nil)
    }
}
