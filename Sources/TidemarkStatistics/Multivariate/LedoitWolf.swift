/// Ledoit and Wolf's (2004) covariance: shrunk towards a multiple of the identity by the share that errs least, so that it can
/// always be inverted. `sklearn.covariance.LedoitWolf`, agreement 1e-9.
public struct LedoitWolf: Sendable {
    public let means: [Double]
    public let covariance: Matrix
    /// 0…1: how much of the covariance is the identity's.
    public let shrinkage: Double
    private let eigen: SymmetricEigen

    /// nil for fewer than two rows, rows of unlike length, numbers that aren't finite, or no variation at all.
    public init?(_ rows: [[Double]]) {
        guard rows.count >= 2, let matrix = Matrix(rows) else { return nil }
        let (n, p) = (matrix.rows, matrix.columns)
        let count = Double(n)
        var means = [Double](repeating: 0, count: p)
        for row in 0..<n { for j in 0..<p { means[j] += matrix[row, j] / count } }
        var empirical = Matrix(rows: p, columns: p)
        // Σᵢ |xᵢ|⁴ of the centred rows: the spread of single rows' products about their mean needs no more.
        var fourth = 0.0
        for row in 0..<n {
            var square = 0.0
            for i in 0..<p {
                let off = matrix[row, i] - means[i]
                square += off * off
                for j in 0..<p { empirical[i, j] += off * (matrix[row, j] - means[j]) / count }
            }
            fourth += square * square
        }
        var (trace, norm) = (0.0, 0.0)
        for i in 0..<p {
            trace += empirical[i, i]
            for j in 0..<p { norm += empirical[i, j] * empirical[i, j] }
        }
        let mu = trace / Double(p)
        guard mu > 0, norm.isFinite, fourth.isFinite else { return nil }
        let distance = norm - mu * mu * Double(p)
        let error = (fourth / count - norm) / count
        shrinkage = distance > 0 ? max(0, min(error, distance)) / distance : (p == 1 ? 0 : 1)
        var covariance = empirical
        for i in 0..<p {
            for j in 0..<p {
                covariance[i, j] = (1 - shrinkage) * empirical[i, j] + (i == j ? shrinkage * mu : 0)
            }
        }
        guard let eigen = SymmetricEigen(covariance) else { return nil }
        self.means = means
        self.covariance = covariance
        self.eigen = eigen
    }

    /// The squared Mahalanobis distance of a row, about χ² with as many degrees of freedom as variables; directions without
    /// any variance are left out. nil for another number of variables or one that isn't finite.
    public func squaredDistance(_ row: [Double]) -> Double? {
        guard row.count == means.count, row.allSatisfy(\.isFinite) else { return nil }
        var sum = 0.0
        for k in eigen.values.indices where eigen.values[k] > 1e-14 * eigen.values[0] {
            var t = 0.0
            for j in means.indices { t += eigen.vectors[j, k] * (row[j] - means[j]) }
            sum += t * t / eigen.values[k]
        }
        return sum
    }
}
