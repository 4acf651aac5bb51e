import TidemarkStatistics

/// Signals on windows that are long enough to hold some requests. A window without evidence is NaN here, so that the
/// numerics have plain arrays; it is never taken for zero.
struct AnomalyWindows {
    let startMs: Int64
    let windowMs: Int64
    let count: Int
    /// By signal and instance, in the order of both.
    let series: [(signal: Signal, instance: String, values: [Double])]
    private let places: [String: [String: Int]]

    /// A window shall hold this many requests of the fleet.
    private static let requests = 10.0
    /// Windows are not made so long that fewer than this many are left.
    private static let leastWindows = 40

    /// - Parameter blind: what can't be known of metrics at some steps is missing there.
    init(_ table: SignalTable, blind: BlindSteps) {
        let grid = table.grid
        let rate = Self.median(
            (table.values("request_rate_requests_per_second") ?? table.values("http_request_rate_requests_per_second")
                ?? []).map { $0 ?? .nan })
        var steps = 1
        if let rate, rate > 0, grid.count >= 2 * Self.leastWindows {
            let wanted = (Self.requests / (rate * Double(grid.stepMs) / 1000)).rounded(.up)
            steps = max(1, Int(min(wanted, Double(grid.count / Self.leastWindows))))
        }
        startMs = grid.startMs
        windowMs = grid.stepMs * Int64(steps)
        let count = grid.count / steps
        self.count = count
        var places: [String: [String: Int]] = [:]
        var all: [(signal: Signal, instance: String, values: [Double])] = []
        for one in table.series.sorted(by: { ($0.signal.name, $0.instance) < ($1.signal.name, $1.instance) }) {
            let isBlind = one.origin == "metrics" ? blind.steps(one.instance) ?? [] : []
            let values = (0..<count).map { window in
                var sum = 0.0
                var known = 0
                for step in window * steps..<(window + 1) * steps {
                    guard let value = one.values[step], value.isFinite, !(step < isBlind.count && isBlind[step])
                    else { continue }
                    sum += value
                    known += 1
                }
                return known > 0 ? sum / Double(known) : .nan
            }
            places[one.signal.name, default: [:]][one.instance] = all.count
            all.append((one.signal, one.instance, values))
        }
        series = all
        self.places = places
    }

    /// Values of a signal; nil when the instance has none.
    func values(_ signal: String, _ instance: String) -> [Double]? {
        places[signal]?[instance].map { series[$0].values }
    }

    func hasInstances(_ signal: String) -> Bool { places[signal]?.keys.contains { $0 != SignalSeries.fleet } == true }

    /// Replicas, sorted.
    var replicas: [String] {
        let names = ["running_requests", "generation_tokens_per_second", "http_request_rate_requests_per_second"]
        return Set(names.flatMap { (places[$0] ?? [:]).keys }).subtracting([SignalSeries.fleet]).sorted()
    }

    func span(_ range: Range<Int>) -> (startMs: Int64, endMs: Int64) {
        (startMs + Int64(range.lowerBound) * windowMs, startMs + Int64(range.upperBound) * windowMs)
    }

    /// What is normal at each window: the median of all, or over four days and more the median of the same hour of the day
    /// in the week before and the week behind it.
    func normal(_ values: [Double]) -> [Double] {
        let all = Self.median(values) ?? .nan
        guard Int64(count) * windowMs >= 4 * 86_400_000, windowMs <= 3_600_000 else {
            return [Double](repeating: all, count: count)
        }
        let day = Int(86_400_000 / windowMs)
        let hour = max(1, Int(3_600_000 / windowMs))
        return (0..<count).map { window in
            var near: [Double] = []
            for days in -7...7 {
                // The hour around the same time of another day.
                let middle = window + days * day
                let low = max(0, middle - hour / 2)
                for other in low..<max(low, min(count, middle + (hour + 1) / 2)) where values[other].isFinite {
                    near.append(values[other])
                }
            }
            return near.count >= 3 ? Self.median(near) ?? all : all
        }
    }

    /// Median of the values that are there.
    static func median(_ values: [Double]) -> Double? { Quantiles.median(values.filter(\.isFinite)) }
}
