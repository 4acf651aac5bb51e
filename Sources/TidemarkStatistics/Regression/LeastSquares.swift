/// Ordinary least squares of targets on the columns of a matrix, which holds a column of ones if there is to be an intercept.
/// `statsmodels.OLS`, agreement 1e-9 relative on well-conditioned columns.
public struct LeastSquares: Sendable {
    public let coefficients: [Double]
    /// Of independent errors of equal variance.
    public let standardErrors: [Double]
    public let residuals: [Double]
    /// Rows less columns.
    public let freedom: Int
    /// Sum of the squared residuals over ``freedom``.
    public let variance: Double

    private let design: Matrix
    private let inverse: Matrix

    /// nil unless there are more rows than columns, the columns are independent and everything is finite.
    /// O(rows × columns²), by Householder's QR.
    public init?(_ design: Matrix, _ targets: [Double]) {
        guard design.rows > design.columns, let triangle = Triangle(design, targets),
            let coefficients = triangle.solution(), let inverse = triangle.inverseOfGram()
        else { return nil }
        self.design = design
        self.inverse = inverse
        self.coefficients = coefficients
        residuals = Self.residuals(design, targets, coefficients)
        freedom = design.rows - design.columns
        variance = triangle.rest / Double(freedom)
        var errors: [Double] = []
        for k in 0..<design.columns { errors.append((variance * inverse[k, k]).squareRoot()) }
        standardErrors = errors
        guard variance.isFinite, coefficients.allSatisfy(\.isFinite) else { return nil }
    }

    /// Two-sided p of each coefficient against zero, by Student's t.
    public var pValues: [Double] {
        zip(coefficients, standardErrors).map { coefficient, error in
            if error == 0 { return coefficient == 0 ? 1 : 0 }
            return StudentT.twoSided(coefficient / error, freedom: Double(freedom)) ?? 1
        }
    }

    /// Newey and West's (1987) standard errors, which hold when neighbouring rows err alike: Bartlett weights up to `lag`
    /// rows apart, no correction for small samples. The rows must be in the order of time.
    /// `statsmodels.OLS.fit(cov_type="HAC", cov_kwds={"maxlags": lag})`, 1e-9. nil for a negative lag.
    public func neweyWest(lag: Int) -> [Double]? {
        guard lag >= 0 else { return nil }
        let (n, p) = (design.rows, design.columns)
        var scores = design
        for row in 0..<n { for column in 0..<p { scores[row, column] *= residuals[row] } }
        var middle = Matrix(rows: p, columns: p)
        for distance in 0...min(lag, n - 1) {
            let weight = 1 - Double(distance) / Double(lag + 1)
            for row in distance..<n {
                for i in 0..<p {
                    for j in 0..<p {
                        let product = weight * scores[row, i] * scores[row - distance, j]
                        middle[i, j] += product
                        if distance > 0 { middle[j, i] += product }
                    }
                }
            }
        }
        return (0..<p).map { k in
            var sum = 0.0
            for i in 0..<p { for j in 0..<p { sum += inverse[k, i] * middle[i, j] * inverse[j, k] } }
            return max(0, sum).squareRoot()
        }
    }

    static func residuals(_ design: Matrix, _ targets: [Double], _ coefficients: [Double]) -> [Double] {
        var residuals = targets
        for row in 0..<design.rows {
            for column in 0..<design.columns { residuals[row] -= design[row, column] * coefficients[column] }
        }
        return residuals
    }
}
