/// Least squares with no coefficient below zero: costs of work cannot be negative.
public struct NonNegativeLeastSquares: Sendable {
    public let coefficients: [Double]
    /// Length of the vector of (weighted) residuals.
    public let residualNorm: Double

    /// Lawson and Hanson's (1974) active-set method on the triangle of the data; columns are first scaled by their largest
    /// number, and one that depends on those already chosen stays at zero. `scipy.optimize.nnls`, agreement 1e-9.
    /// nil with fewer rows than columns or numbers that aren't finite. O(rows × columns²).
    public init?(_ design: Matrix, _ targets: [Double]) {
        guard targets.count == design.rows, targets.allSatisfy(\.isFinite) else { return nil }
        var scaled = design
        var scales = [Double](repeating: 0, count: design.columns)
        for row in 0..<design.rows {
            for column in 0..<design.columns { scales[column] = max(scales[column], abs(design[row, column])) }
        }
        for row in 0..<design.rows {
            for column in 0..<design.columns where scales[column] > 0 { scaled[row, column] /= scales[column] }
        }
        guard let triangle = Triangle(scaled, targets), let small = Self.solve(triangle.r, triangle.top) else {
            return nil
        }
        coefficients = zip(small.x, scales).map { $1 > 0 ? $0 / $1 : 0 }
        residualNorm = (small.rest + triangle.rest).squareRoot()
        guard residualNorm.isFinite, coefficients.allSatisfy(\.isFinite) else { return nil }
    }

    private static func solve(_ a: Matrix, _ b: [Double]) -> (x: [Double], rest: Double)? {
        let p = a.columns
        var x = [Double](repeating: 0, count: p)
        var (chosen, barred) = (Set<Int>(), Set<Int>())
        let scale = b.reduce(0) { max($0, abs($1)) }

        func residuals() -> [Double] { LeastSquares.residuals(a, b, x) }

        /// Least squares on the chosen columns alone; nil when they depend on each other.
        func free() -> [Double]? {
            let columns = chosen.sorted()
            var part = Matrix(rows: p, columns: columns.count)
            for row in 0..<p { for (k, column) in columns.enumerated() { part[row, k] = a[row, column] } }
            guard let solution = Triangle(part, b)?.solution() else { return nil }
            var full = [Double](repeating: 0, count: p)
            for (k, column) in columns.enumerated() { full[column] = solution[k] }
            return full
        }

        for _ in 0..<30 * p {
            let r = residuals()
            var best: (column: Int, gradient: Double)?
            for column in 0..<p where !chosen.contains(column) && !barred.contains(column) {
                var gradient = 0.0
                for row in 0..<p { gradient += a[row, column] * r[row] }
                if gradient > max(1e-13 * scale, best?.gradient ?? 0) { best = (column, gradient) }
            }
            guard let best else { break }
            chosen.insert(best.column)
            guard var full = free(), full[best.column] > 0 else {
                chosen.remove(best.column)
                barred.insert(best.column)
                continue
            }
            // Walk towards the free solution until a coefficient reaches zero; drop that one and look again.
            while let worst = chosen.filter({ full[$0] <= 0 }).map({ x[$0] / (x[$0] - full[$0]) }).min() {
                for column in chosen { x[column] += worst * (full[column] - x[column]) }
                let least = chosen.filter { full[$0] <= 0 }
                    .min { x[$0] / max(1e-300, x[$0] - full[$0]) < x[$1] / max(1e-300, x[$1] - full[$1]) }
                for column in chosen where x[column] <= 1e-15 && full[column] <= 0 || column == least {
                    x[column] = 0
                    chosen.remove(column)
                }
                guard !chosen.isEmpty, let next = free() else { break }
                full = next
            }
            if chosen.allSatisfy({ full[$0] > 0 }) {
                for column in 0..<p { x[column] = chosen.contains(column) ? full[column] : 0 }
            }
            barred.removeAll()
        }
        return (x, residuals().reduce(0) { $0 + $1 * $1 })
    }
}

/// Non-negative least squares that a few bad rows cannot bend: Huber's weights, k = 1.345, reweighted until nothing moves.
public struct RobustNonNegativeFit: Sendable {
    public let coefficients: [Double]
    /// Target less fit, in the unit of the targets.
    public let residuals: [Double]
    /// 1 for rows that fit, less for outliers.
    public let weights: [Double]
    /// Spread of the residuals as they were minimised, relative or absolute: median |r| / 0.6745.
    public let scale: Double
    /// Of the columns at length 1 as they were weighted first: above about 30 single coefficients are unsure.
    public let conditionNumber: Double

    /// Where no coefficient is at zero it agrees with `statsmodels.RLM(M=HuberT(1.345))` to 1e-6.
    /// - Parameters:
    ///   - relative: minimise relative errors: each row is divided by its target, which must be positive.
    ///   - importance: of each row, as the number of equal rows that it stands for; all 1 without it.
    /// - Returns: nil with fewer rows than columns, or when `relative` and a target isn't positive.
    public init?(_ design: Matrix, _ targets: [Double], relative: Bool, importance: [Double]? = nil) {
        guard targets.count == design.rows, !relative || targets.allSatisfy({ $0 > 0 }),
            importance.map({ $0.count == design.rows && $0.allSatisfy { $0 >= 0 && $0.isFinite } }) ?? true
        else { return nil }
        var scaled = design
        var goals = targets
        if relative {
            for row in 0..<design.rows {
                for column in 0..<design.columns { scaled[row, column] /= targets[row] }
                goals[row] = 1
            }
        }
        func weighted(by weights: [Double]) -> NonNegativeLeastSquares? {
            var (rows, targets) = (scaled, goals)
            for row in 0..<design.rows {
                let root = (weights[row] * (importance?[row] ?? 1)).squareRoot()
                for column in 0..<design.columns { rows[row, column] *= root }
                targets[row] *= root
            }
            return NonNegativeLeastSquares(rows, targets)
        }
        guard let condition = scaled.scaledConditionNumber(),
            var fit = weighted(by: [Double](repeating: 1, count: design.rows))
        else { return nil }
        var weights = [Double](repeating: 1, count: design.rows)
        var spread = 0.0
        for _ in 0..<50 {
            let residuals = LeastSquares.residuals(scaled, goals, fit.coefficients)
            spread = (Quantiles.median(residuals.map(abs)) ?? 0) / 0.674_489_750_196_081_7
            guard spread > 1e-14 else { break }
            weights = residuals.map { min(1, 1.345 * spread / max(abs($0), 1e-300)) }
            guard let next = weighted(by: weights) else { break }
            let still = zip(next.coefficients, fit.coefficients).allSatisfy { abs($0 - $1) <= 1e-9 * max($0, $1) }
            fit = next
            if still { break }
        }
        coefficients = fit.coefficients
        residuals = LeastSquares.residuals(design, targets, fit.coefficients)
        self.weights = weights
        scale = spread
        conditionNumber = condition
    }
}
