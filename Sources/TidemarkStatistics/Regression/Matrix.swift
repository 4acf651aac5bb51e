/// A dense matrix of finite numbers, row by row.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows × columns` numbers.
    public var values: [Double]

    /// Zeros.
    public init(rows: Int, columns: Int) {
        (self.rows, self.columns) = (max(0, rows), max(0, columns))
        values = [Double](repeating: 0, count: self.rows * self.columns)
    }

    /// nil when there are no rows or no columns, rows of different lengths, or a number that isn't finite.
    public init?(_ rows: [[Double]]) {
        guard let width = rows.first?.count, width > 0 else { return nil }
        for row in rows {
            guard row.count == width, row.allSatisfy(\.isFinite) else { return nil }
        }
        (self.rows, columns) = (rows.count, width)
        values = rows.flatMap { $0 }
    }

    public subscript(row: Int, column: Int) -> Double {
        @inline(__always) get { values[row * columns + column] }
        @inline(__always) set { values[row * columns + column] = newValue }
    }
}

/// The triangle R of a QR factorisation by Householder reflections, with Qᵀb: all that least squares need of tall data.
struct Triangle {
    /// Upper triangle, `columns × columns`.
    var r: Matrix
    /// The first `columns` numbers of Qᵀb.
    var top: [Double]
    /// |b|² that no column can explain.
    var rest = 0.0

    /// O(rows × columns²). nil with fewer rows than columns or targets of another number.
    init?(_ matrix: Matrix, _ targets: [Double]) {
        let (n, p) = (matrix.rows, matrix.columns)
        guard n >= p, p > 0, targets.count == n else { return nil }
        // Column by column, so that the loops run over neighbours.
        var a = [Double](repeating: 0, count: n * p)
        for row in 0..<n { for column in 0..<p { a[column * n + row] = matrix[row, column] } }
        var b = targets
        r = Matrix(rows: p, columns: p)
        for k in 0..<p {
            let own = k * n
            var square = 0.0
            for row in k..<n { square += a[own + row] * a[own + row] }
            let length = square.squareRoot()
            guard length.isFinite else { return nil }
            if length > 0 {
                let pivot = a[own + k] > 0 ? -length : length
                a[own + k] -= pivot
                let scale = pivot * a[own + k]
                for column in k + 1..<max(k + 1, p) {
                    let other = column * n
                    var dot = 0.0
                    for row in k..<n { dot += a[own + row] * a[other + row] }
                    let factor = dot / scale
                    for row in k..<n { a[other + row] += factor * a[own + row] }
                }
                var dot = 0.0
                for row in k..<n { dot += a[own + row] * b[row] }
                let factor = dot / scale
                for row in k..<n { b[row] += factor * a[own + row] }
                r[k, k] = pivot
            }
            for column in k + 1..<max(k + 1, p) { r[k, column] = a[column * n + k] }
        }
        top = Array(b[..<p])
        for row in p..<n { rest += b[row] * b[row] }
        guard rest.isFinite, top.allSatisfy(\.isFinite) else { return nil }
    }

    /// Columns whose pivot is below this share of the largest one depend on the others.
    static let dependence = 1e-12

    /// R⁻¹ Qᵀb; nil when columns depend on each other.
    func solution() -> [Double]? {
        guard isIndependent else { return nil }
        var x = top
        for row in (0..<r.columns).reversed() {
            for column in row + 1..<max(row + 1, r.columns) { x[row] -= r[row, column] * x[column] }
            x[row] /= r[row, row]
        }
        return x
    }

    var isIndependent: Bool {
        var largest = 0.0
        for k in 0..<r.columns { largest = max(largest, abs(r[k, k])) }
        for k in 0..<r.columns where !(abs(r[k, k]) > Self.dependence * largest) { return false }
        return largest > 0
    }

    /// (RᵀR)⁻¹; nil when columns depend on each other.
    func inverseOfGram() -> Matrix? {
        guard isIndependent else { return nil }
        let p = r.columns
        var inverse = Matrix(rows: p, columns: p)
        for column in 0..<p {
            inverse[column, column] = 1 / r[column, column]
            for row in (0..<column).reversed() {
                var sum = 0.0
                for k in row + 1...column { sum += r[row, k] * inverse[k, column] }
                inverse[row, column] = -sum / r[row, row]
            }
        }
        var gram = Matrix(rows: p, columns: p)
        for i in 0..<p {
            for j in 0..<p {
                for k in max(i, j)..<p { gram[i, j] += inverse[i, k] * inverse[j, k] }
            }
        }
        return gram
    }

    /// The largest singular value over the smallest, by one-sided Jacobi rotations on R (Hestenes 1958); +∞ when columns
    /// depend on each other.
    func conditionNumber() -> Double {
        let p = r.columns
        var a = r
        for _ in 0..<60 {
            var turned = false
            for i in 0..<p {
                for j in i + 1..<max(i + 1, p) {
                    var (alpha, beta, gamma) = (0.0, 0.0, 0.0)
                    for k in 0..<p {
                        alpha += a[k, i] * a[k, i]
                        beta += a[k, j] * a[k, j]
                        gamma += a[k, i] * a[k, j]
                    }
                    guard abs(gamma) > 1e-15 * (alpha * beta).squareRoot() else { continue }
                    turned = true
                    let zeta = (beta - alpha) / (2 * gamma)
                    let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
                    let c = 1 / (1 + t * t).squareRoot()
                    for k in 0..<p {
                        let (one, two) = (a[k, i], a[k, j])
                        a[k, i] = c * (one - t * two)
                        a[k, j] = c * (t * one + two)
                    }
                }
            }
            if !turned { break }
        }
        var (least, most) = (Double.infinity, 0.0)
        for column in 0..<p {
            var square = 0.0
            for row in 0..<p { square += a[row, column] * a[row, column] }
            (least, most) = (min(least, square), max(most, square))
        }
        return least > 0 ? (most / least).squareRoot() : .infinity
    }
}

extension Matrix {
    /// How nearly the columns depend on each other, each first brought to length 1: 1 is orthogonal, above about 30 single
    /// coefficients are unsure, +∞ is dependent (Belsley, Kuh, Welsch 1980). `numpy.linalg.cond` of the scaled columns, 1e-10.
    /// nil with fewer rows than columns.
    public func scaledConditionNumber() -> Double? {
        var scaled = self
        for column in 0..<columns {
            var square = 0.0
            for row in 0..<rows { square += self[row, column] * self[row, column] }
            guard square > 0 else { return rows >= columns ? .infinity : nil }
            let length = square.squareRoot()
            for row in 0..<rows { scaled[row, column] /= length }
        }
        return Triangle(scaled, [Double](repeating: 0, count: rows))?.conditionNumber()
    }
}
