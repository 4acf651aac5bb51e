#if canImport(Glibc)
    import Glibc
#endif

/// Principal components of healthy rows, and how far other rows are from what those did: Hotelling's T² within the
/// components, the squared prediction error (SPE, Q) beside them, each with its limit and each variable's share.
public struct PrincipalComponents: Sendable {
    /// What a variable is shifted and divided by: its median, and 1.4826 MAD with the fallbacks of ``RobustScale``.
    public let centers: [Double]
    public let scales: [Double]
    /// Means of the standardised rows.
    public let means: [Double]
    /// Variances of the standardised rows along all components, descending.
    public let variances: [Double]
    /// Components that are kept, as columns.
    public let loadings: Matrix
    /// Share of the variance that they hold.
    public let explained: Double
    /// T² and SPE above these are exceeded by a share of 1 − confidence of healthy rows.
    public let scoreLimit: Double
    public let residualLimit: Double

    public struct Distance: Sendable, Equatable {
        /// Hotelling's T²: how unusual the amount is, of what usually goes together.
        public var score: Double
        /// SPE: how much goes not together as usual.
        public var residual: Double
        /// Each variable's share of T²: Σₖ tₖ pₖⱼ zⱼ / λₖ, which add up to T² and may be negative.
        public var scoreShares: [Double]
        /// Each variable's squared residual, which add up to SPE.
        public var residualShares: [Double]
        /// The row standardised: how many robust standard deviations each variable is off.
        public var deviations: [Double]
    }

    /// - Parameters:
    ///   - rows: healthy rows, one number a variable; constant variables are kept and weigh nothing until they move.
    ///   - share: of the variance to be explained by the components that are kept.
    ///   - confidence: of the limits.
    ///   - isRobust: standardise by median and MAD, else by mean and standard deviation (n − 1).
    /// - Returns: nil for fewer than three rows, rows of unlike length, or numbers that aren't finite.
    public init?(_ rows: [[Double]], share: Double = 0.9, confidence: Double = 0.999, isRobust: Bool = true) {
        guard rows.count >= 3, let matrix = Matrix(rows), share > 0, share <= 1, confidence > 0, confidence < 1 else {
            return nil
        }
        let (n, p) = (matrix.rows, matrix.columns)
        var (centers, scales): ([Double], [Double]) = ([], [])
        for column in 0..<p {
            let values = (0..<n).map { matrix[$0, column] }
            if isRobust {
                guard let robust = RobustScale(values) else { return nil }
                centers.append(robust.center)
                scales.append(robust.scale)
            } else {
                guard let moments = Moments(values) else { return nil }
                centers.append(moments.mean)
                scales.append(moments.variance.squareRoot())
            }
            // A variable that never moved: one unit of its own size is one deviation.
            if !(scales[column] > 0) { scales[column] = max(abs(centers[column]), 1) }
        }
        self.centers = centers
        self.scales = scales
        var z = matrix
        var means = [Double](repeating: 0, count: p)
        for row in 0..<n {
            for column in 0..<p {
                z[row, column] = (matrix[row, column] - centers[column]) / scales[column]
                means[column] += z[row, column] / Double(n)
            }
        }
        self.means = means
        var covariance = Matrix(rows: p, columns: p)
        for row in 0..<n {
            for i in 0..<p {
                let off = (z[row, i] - means[i]) / Double(n - 1)
                for j in i..<p { covariance[i, j] += off * (z[row, j] - means[j]) }
            }
        }
        guard let eigen = SymmetricEigen(covariance) else { return nil }
        variances = eigen.values.map { max(0, $0) }
        let total = variances.reduce(0, +)
        guard total > 0 else { return nil }
        var (kept, sum) = (0, 0.0)
        while kept < p, sum < share * total * (1 - 1e-12), variances[kept] > 1e-12 * variances[0] {
            sum += variances[kept]
            kept += 1
        }
        explained = sum / total
        var loadings = Matrix(rows: p, columns: kept)
        for row in 0..<p { for column in 0..<kept { loadings[row, column] = eigen.vectors[row, column] } }
        self.loadings = loadings
        guard let scoreLimit = ChiSquare.quantile(confidence, freedom: Double(kept)) else { return nil }
        self.scoreLimit = scoreLimit
        residualLimit = Self.residualLimit(Array(variances[kept...]), confidence: confidence) ?? 0
    }

    /// Jackson and Mudholkar's (1979) limit of the SPE from the variances that are left out; nil when there are none.
    public static func residualLimit(_ variances: [Double], confidence: Double) -> Double? {
        let theta1 = variances.reduce(0, +)
        let theta2 = variances.reduce(0) { $0 + $1 * $1 }
        let theta3 = variances.reduce(0) { $0 + $1 * $1 * $1 }
        guard theta1 > 0, theta2 > 0, theta3.isFinite, confidence > 0, confidence < 1,
            let z = Normal.quantile(confidence)
        else { return nil }
        let h = 1 - 2 * theta1 * theta3 / (3 * theta2 * theta2)
        guard abs(h) > 1e-9 else {
            // The limit of the formula as h goes to zero.
            return theta1 * exp(z * (2 * theta2).squareRoot() / theta1 - theta2 / (theta1 * theta1))
        }
        let base = 1 + z * (2 * theta2 * h * h).squareRoot() / theta1 + theta2 * h * (h - 1) / (theta1 * theta1)
        guard base > 0 else { return nil }
        return theta1 * pow(base, 1 / h)
    }

    /// How far a row is from the healthy ones; nil for another number of variables or one that isn't finite.
    /// O(variables × components).
    public func distance(_ row: [Double]) -> Distance? {
        let p = centers.count
        guard row.count == p, row.allSatisfy(\.isFinite) else { return nil }
        var deviations = row
        var z = row
        for j in 0..<p {
            deviations[j] = (row[j] - centers[j]) / scales[j]
            z[j] = deviations[j] - means[j]
        }
        var distance = Distance(
            score: 0, residual: 0, scoreShares: [Double](repeating: 0, count: p), residualShares: z,
            deviations: deviations)
        for k in 0..<loadings.columns {
            var t = 0.0
            for j in 0..<p { t += loadings[j, k] * z[j] }
            distance.score += t * t / variances[k]
            for j in 0..<p {
                distance.scoreShares[j] += t * loadings[j, k] * z[j] / variances[k]
                distance.residualShares[j] -= t * loadings[j, k]
            }
        }
        for j in 0..<p {
            distance.residualShares[j] *= distance.residualShares[j]
            distance.residual += distance.residualShares[j]
        }
        return distance.score.isFinite && distance.residual.isFinite ? distance : nil
    }
}
