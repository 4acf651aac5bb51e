/// Weighted regression that outliers don't sway, with standard errors for neighbours that err alike.
///
/// An M-estimate with Tukey's biweight (k = 4.685: 95 % efficient for normal errors), begun by ten rounds with Huber's weights
/// (k = 1.345), scale med|r|/0.6745 each round. Rows beyond k scales count nothing, so that a disturbance in a minority of
/// rows leaves the answer alone. On rows scaled by the roots of their weights this is
/// `statsmodels.RLM(M=TukeyBiweight())`, 1e-5.
public struct RobustRegression: Sendable {
    public let coefficients: [Double]
    /// Sandwich covariance of the coefficients: Newey and West's (1987) sums of scores within each group up to `lag` rows apart,
    /// residuals enlarged by their leverage (HC3), so that few rows don't look surer than they are.
    public let covariance: Matrix
    /// 1: the row counts in full; 0: it was set aside.
    public let influence: [Double]
    public let residuals: [Double]
    /// Of the residuals times the root of their weight.
    public let scale: Double

    /// - Parameters:
    ///   - weights: prior weights, inverse to the variances of the rows; positive.
    ///   - groups: rows of one series stand together, in the order of time, and have one number.
    ///   - lag: rows of a group so far apart may err alike.
    ///   - isResistant: false: least squares, every row counts.
    /// nil unless there are more rows than columns, the columns are independent and everything is finite. O(rounds × rows ×
    /// columns²).
    public init?(
        _ design: Matrix, _ targets: [Double], weights: [Double], groups: [Int], lag: Int, isResistant: Bool = true
    ) {
        let (n, p) = (design.rows, design.columns)
        guard n > p, targets.count == n, weights.count == n, groups.count == n, lag >= 0,
            weights.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
        var rows = design
        var values = targets
        for row in 0..<n {
            let root = weights[row].squareRoot()
            for column in 0..<p { rows[row, column] *= root }
            values[row] *= root
        }
        var factors = [Double](repeating: 1, count: n)
        var solution: [Double] = []
        var errors: [Double] = []
        var spread = 0.0
        for round in 0..<60 {
            guard let next = Self.solve(rows, values, factors) else { return nil }
            solution = next
            errors = LeastSquares.residuals(rows, values, solution)
            spread = (Quantiles.median(errors.map(abs)) ?? 0) / 0.674489750196082
            guard isResistant, spread > 0 else { break }
            var change = 0.0
            for row in 0..<n {
                let z = abs(errors[row]) / spread
                let factor: Double
                if round < 10 {
                    factor = z <= 1.345 ? 1 : 1.345 / z
                } else {
                    let t = z / 4.685
                    factor = t < 1 ? (1 - t * t) * (1 - t * t) : 0
                }
                change = max(change, abs(factor - factors[row]))
                factors[row] = factor
            }
            if round > 10, change < 1e-7 { break }
        }
        // d(score)/d(residual): 1 for least squares.
        let slopes = errors.map { error -> Double in
            guard isResistant, spread > 0 else { return 1 }
            let t = error / spread / 4.685
            return t * t < 1 ? (1 - t * t) * (1 - 5 * t * t) : 0
        }
        guard let bread = Self.inverse(rows, slopes), let hat = Self.inverse(rows, factors) else { return nil }
        var scores = Matrix(rows: n, columns: p)
        for row in 0..<n {
            var leverage = 0.0
            for i in 0..<p { for j in 0..<p { leverage += rows[row, i] * hat[i, j] * rows[row, j] } }
            let error = factors[row] * errors[row] / max(0.2, 1 - leverage * factors[row])
            for column in 0..<p { scores[row, column] = error * rows[row, column] }
        }
        let middle = Self.longRun(scores, groups, lag)
        coefficients = solution
        covariance = Self.product(Self.product(bread, middle), bread)
        influence = factors
        residuals = zip(errors, weights).map { $0 / $1.squareRoot() }
        scale = spread
        guard solution.allSatisfy(\.isFinite), covariance.values.allSatisfy(\.isFinite) else { return nil }
    }

    public func standardError(_ column: Int) -> Double { max(0, covariance[column, column]).squareRoot() }

    private static func solve(_ rows: Matrix, _ values: [Double], _ factors: [Double]) -> [Double]? {
        var scaled = rows
        var targets = values
        for row in 0..<rows.rows where factors[row] != 1 {
            let root = factors[row].squareRoot()
            for column in 0..<rows.columns { scaled[row, column] *= root }
            targets[row] *= root
        }
        return Triangle(scaled, targets)?.solution()
    }

    /// (Σ factor · xxᵀ)⁻¹ by Gauss and Jordan with pivots; the columns at unit length meanwhile. nil when it is singular.
    private static func inverse(_ rows: Matrix, _ factors: [Double]) -> Matrix? {
        let p = rows.columns
        var gram = Matrix(rows: p, columns: p)
        for row in 0..<rows.rows where factors[row] != 0 {
            for i in 0..<p {
                let left = factors[row] * rows[row, i]
                for j in i..<p { gram[i, j] += left * rows[row, j] }
            }
        }
        var lengths: [Double] = []
        for i in 0..<p {
            guard gram[i, i] > 0 else { return nil }
            lengths.append(gram[i, i].squareRoot())
        }
        var a = Matrix(rows: p, columns: 2 * p)
        for i in 0..<p {
            for j in 0..<p { a[i, j] = (i <= j ? gram[i, j] : gram[j, i]) / lengths[i] / lengths[j] }
            a[i, p + i] = 1
        }
        for k in 0..<p {
            var pivot = k
            for row in k..<p where abs(a[row, k]) > abs(a[pivot, k]) { pivot = row }
            guard abs(a[pivot, k]) > 1e-12 else { return nil }
            for column in 0..<2 * p {
                let swap = a[k, column]
                a[k, column] = a[pivot, column]
                a[pivot, column] = swap
            }
            let lead = a[k, k]
            for column in 0..<2 * p { a[k, column] /= lead }
            for row in 0..<p where row != k && a[row, k] != 0 {
                let factor = a[row, k]
                for column in 0..<2 * p { a[row, column] -= factor * a[k, column] }
            }
        }
        var result = Matrix(rows: p, columns: p)
        for i in 0..<p { for j in 0..<p { result[i, j] = a[i, p + j] / lengths[i] / lengths[j] } }
        return result
    }

    /// Σ of the products of scores within a group, Bartlett weights up to `lag` rows apart.
    private static func longRun(_ scores: Matrix, _ groups: [Int], _ lag: Int) -> Matrix {
        let p = scores.columns
        var middle = Matrix(rows: p, columns: p)
        for distance in 0...min(lag, max(0, scores.rows - 1)) {
            let weight = 1 - Double(distance) / Double(lag + 1)
            for row in distance..<scores.rows where groups[row] == groups[row - distance] {
                for i in 0..<p {
                    for j in 0..<p {
                        let product = weight * scores[row, i] * scores[row - distance, j]
                        middle[i, j] += product
                        if distance > 0 { middle[j, i] += product }
                    }
                }
            }
        }
        return middle
    }

    private static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
        var result = Matrix(rows: a.rows, columns: b.columns)
        for i in 0..<a.rows {
            for j in 0..<b.columns {
                var sum = 0.0
                for k in 0..<a.columns { sum += a[i, k] * b[k, j] }
                result[i, j] = sum
            }
        }
        return result
    }
}
