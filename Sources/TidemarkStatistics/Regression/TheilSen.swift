/// The Theil–Sen line: the median slope of all pairs of points, which up to 29 % of wild points cannot bend.
public struct TheilSen: Sendable, Equatable {
    public var slope: Double
    /// med y − slope · med x.
    public var intercept: Double
    /// Sen's (1968) interval of the slope, for independent errors.
    public var slopeInterval: ClosedRange<Double>

    /// More points than this are first joined with their neighbours in groups: the number of pairs grows with the square.
    static let mostPoints = 1_500

    /// `scipy.stats.theilslopes`, agreement 1e-13 for up to 1,500 points. nil with fewer than two different x or a number that
    /// isn't finite.
    public init?(x: [Double], y: [Double], confidence: Double = 0.95) {
        guard x.count == y.count, x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite), confidence > 0, confidence < 1,
            let z = Normal.quantile(0.5 + confidence / 2)
        else { return nil }
        let (x, y) = Self.joined(x, y)
        var slopes: [Double] = []
        slopes.reserveCapacity(x.count * max(0, x.count - 1) / 2)
        for i in x.indices {
            for j in 0..<i where x[i] != x[j] { slopes.append((y[i] - y[j]) / (x[i] - x[j])) }
        }
        slopes.sort()
        guard let slope = Quantiles.linear(0.5, sorted: slopes), let xMiddle = Quantiles.median(x),
            let yMiddle = Quantiles.median(y), slope.isFinite
        else { return nil }
        self.slope = slope
        intercept = yMiddle - slope * xMiddle
        func term(_ n: Double) -> Double { n * (n - 1) * (2 * n + 5) }
        let variance = (term(Double(x.count)) - Self.ties(x, term) - Self.ties(y, term)) / 18
        let reach = z * max(0, variance).squareRoot()
        let count = Double(slopes.count)
        let high = min(Int(((count + reach) / 2).rounded(.toNearestOrEven)), slopes.count - 1)
        let low = max(Int(((count - reach) / 2).rounded(.toNearestOrEven)) - 1, 0)
        slopeInterval = slopes[min(low, high)]...slopes[high]
    }

    private static func ties(_ values: [Double], _ term: (Double) -> Double) -> Double {
        var (sum, run) = (0.0, 1.0)
        let sorted = values.sorted()
        for index in sorted.indices.dropFirst() {
            if sorted[index] == sorted[index - 1] {
                run += 1
            } else {
                if run > 1 { sum += term(run) }
                run = 1
            }
        }
        return run > 1 ? sum + term(run) : sum
    }

    /// Medians of groups of neighbours in the order of x.
    private static func joined(_ x: [Double], _ y: [Double]) -> ([Double], [Double]) {
        guard x.count > mostPoints else { return (x, y) }
        let order = x.indices.sorted { x[$0] < x[$1] }
        let size = (x.count + mostPoints - 1) / mostPoints
        var (xs, ys): ([Double], [Double]) = ([], [])
        for start in stride(from: 0, to: order.count, by: size) {
            let group = order[start..<min(order.count, start + size)]
            xs.append(Quantiles.median(group.map { x[$0] }) ?? 0)
            ys.append(Quantiles.median(group.map { y[$0] }) ?? 0)
        }
        return (xs, ys)
    }
}
