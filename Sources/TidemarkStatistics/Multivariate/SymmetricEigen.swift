/// Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations: exact to rounding, for up to a few hundred columns.
/// `numpy.linalg.eigh`, agreement 1e-10 of the largest eigenvalue.
public struct SymmetricEigen: Sendable {
    /// Descending.
    public let values: [Double]
    /// The vector of `values[k]` in column k, of length 1; its largest entry is positive.
    public let vectors: Matrix

    /// nil when the matrix isn't square; only the upper triangle is read. O(n³) a sweep, about eight sweeps.
    public init?(_ matrix: Matrix) {
        guard matrix.rows == matrix.columns, matrix.rows > 0, matrix.values.allSatisfy(\.isFinite) else { return nil }
        let n = matrix.rows
        var a = matrix
        for i in 0..<n { for j in 0..<i { a[i, j] = a[j, i] } }
        var v = Matrix(rows: n, columns: n)
        for i in 0..<n { v[i, i] = 1 }
        for _ in 0..<60 {
            var (off, all) = (0.0, 0.0)
            for i in 0..<n {
                for j in 0..<n {
                    all += a[i, j] * a[i, j]
                    if i != j { off += a[i, j] * a[i, j] }
                }
            }
            if off <= 1e-30 * all { break }
            for p in 0..<n { for q in p + 1..<max(p + 1, n) { Self.rotate(&a, &v, p, q) } }
        }
        let order = (0..<n).sorted { a[$0, $0] > a[$1, $1] }
        values = order.map { a[$0, $0] }
        var sorted = Matrix(rows: n, columns: n)
        for (column, from) in order.enumerated() {
            var largest = 0.0
            for row in 0..<n where abs(v[row, from]) > abs(largest) { largest = v[row, from] }
            for row in 0..<n { sorted[row, column] = largest < 0 ? -v[row, from] : v[row, from] }
        }
        vectors = sorted
    }

    /// Turns the plane of p and q so that their common entry vanishes.
    private static func rotate(_ a: inout Matrix, _ v: inout Matrix, _ p: Int, _ q: Int) {
        guard a[p, q] != 0 else { return }
        let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (1 + theta * theta).squareRoot())
        let c = 1 / (1 + t * t).squareRoot()
        let s = t * c
        for k in 0..<a.rows {
            let (x, y) = (a[k, p], a[k, q])
            a[k, p] = c * x - s * y
            a[k, q] = s * x + c * y
        }
        for k in 0..<a.rows {
            let (x, y) = (a[p, k], a[q, k])
            a[p, k] = c * x - s * y
            a[q, k] = s * x + c * y
            let (e, f) = (v[k, p], v[k, q])
            v[k, p] = c * e - s * f
            v[k, q] = s * e + c * f
        }
    }
}
