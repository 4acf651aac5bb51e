/// The first principal components of centred rows, by orthogonal iteration on their covariance: only as many as are
/// needed, which is cheap where there are hundreds of columns. Deterministic: starts from the columns of the largest
/// variance. O(n·p²) for the covariance, O(p²·k) for each iteration.
struct LeadingComponents {
    /// Unit vectors, by falling variance.
    private(set) var vectors: [[Double]] = []
    /// Variance along each, above zero.
    private(set) var variances: [Double] = []

    private static let iterations = 60
    /// An iteration that turns no vector by more than this is the last.
    private static let tolerance = 1e-6

    /// - Parameter share: the share of the total variance at which no more components are taken.
    init(_ rows: [[Double]], most: Int, share: Double) {
        guard let width = rows.first?.count, width > 0, rows.count > 1 else { return }
        let covariance = Self.covariance(rows, width)
        let diagonal = (0..<width).map { covariance[$0 * width + $0] }
        let total = diagonal.reduce(0, +)
        guard total > 0 else { return }
        let number = min(most, width, rows.count - 1)
        var basis = diagonal.indices.sorted { (-diagonal[$0], $0) < (-diagonal[$1], $1) }.prefix(number).map { column in
            (0..<width).map { $0 == column ? 1.0 : 1e-3 / Double(1 + ($0 + column) % 7) }
        }
        Self.orthonormalise(&basis)
        for _ in 0..<Self.iterations {
            var next = basis.map { Self.product(covariance, $0) }
            Self.orthonormalise(&next)
            let isSettled =
                next.count == basis.count
                && zip(next, basis).allSatisfy { abs(abs(Self.dot($0, $1)) - 1) < Self.tolerance }
            basis = next
            if isSettled { break }
        }
        let found = basis.map { ($0, Self.dot($0, Self.product(covariance, $0))) }
        var taken = 0.0
        for (vector, variance) in found.sorted(by: { $0.1 > $1.1 }) where variance > 1e-9 {
            if taken >= share * total { break }
            vectors.append(vector)
            variances.append(variance)
            taken += variance
        }
    }

    /// Row by row, p × p.
    private static func covariance(_ rows: [[Double]], _ width: Int) -> [Double] {
        var matrix = [Double](repeating: 0, count: width * width)
        matrix.withUnsafeMutableBufferPointer { matrix in
            for row in rows {
                row.withUnsafeBufferPointer { row in
                    for i in 0..<width where row[i] != 0 {
                        let (value, base) = (row[i], i * width)
                        for j in i..<width { matrix[base + j] += value * row[j] }
                    }
                }
            }
            let divisor = Double(rows.count - 1)
            for i in 0..<width {
                for j in i..<width {
                    matrix[i * width + j] /= divisor
                    matrix[j * width + i] = matrix[i * width + j]
                }
            }
        }
        return matrix
    }

    private static func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        let width = vector.count
        return matrix.withUnsafeBufferPointer { matrix in
            vector.withUnsafeBufferPointer { vector in
                (0..<width).map { i in
                    var sum = 0.0
                    for j in 0..<width { sum += matrix[i * width + j] * vector[j] }
                    return sum
                }
            }
        }
    }

    static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for place in 0..<min(a.count, b.count) { sum += a[place] * b[place] }
        return sum
    }

    /// Gram–Schmidt, twice for accuracy; vectors that are no direction of their own go.
    private static func orthonormalise(_ vectors: inout [[Double]]) {
        var done: [[Double]] = []
        for var vector in vectors {
            let before = dot(vector, vector).squareRoot()
            for _ in 0..<2 {
                for other in done {
                    let product = dot(vector, other)
                    for column in vector.indices { vector[column] -= product * other[column] }
                }
            }
            let length = dot(vector, vector).squareRoot()
            guard length > 1e-12 * max(1, before) else { continue }
            done.append(vector.map { $0 / length })
        }
        vectors = done
    }
}
