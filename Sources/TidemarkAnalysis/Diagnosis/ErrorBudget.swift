/// What an incident took of the error budget of a latency objective (Site Reliability Workbook, chapters 2 and 5).
///
/// An objective on a percentile says which share of the observations may be slower than its bound: P95 one in twenty. That
/// share is the budget. Observations are requests, for inter-token latency tokens.
struct ErrorBudget {
    var signal: String
    var objectiveSeconds: Double
    /// In the incident's time, over the replicas concerned.
    var observations: Double
    /// Of them slower than the objective: interpolated within the bucket that holds the bound, and what its borders say.
    var bad: Double
    var badLow: Double
    var badHigh: Double
    /// Share of bad ones over the share that may be bad; 1 spends exactly the budget.
    var burnRate: Double
    /// Of the bad ones that 30 days of the period's mean traffic allow.
    var shareOfMonth: Double

    private static let monthSeconds = 30 * 86_400.0

    /// One an objective on a quantile of a histogram; an objective on a mean, or beyond the last finite bucket, has no budget.
    static func all(_ situation: Situation, replicas: [String], startMs: Int64, endMs: Int64) throws -> [ErrorBudget] {
        let range = situation.grid.range(startMs, endMs)
        guard !range.isEmpty else { return [] }
        return try situation.objectives.compactMap { objective in
            var (observations, usual): (Double, Double) = (0, 0)
            var (low, middle, high): (Double, Double, Double) = (0, 0, 0)
            var allowed = 0.0
            for replica in replicas {
                guard case .quantile(let q, let metric) = situation.table[objective.signal, replica]?.exact else {
                    continue
                }
                let table = try situation.histogram(metric, replica)
                guard table.isUsable,
                    let above = table.above(objective.seconds, range.lowerBound, range.upperBound)
                else { continue }
                allowed = 1 - q
                observations += table.count(range.lowerBound, range.upperBound)
                usual += table.count(0, situation.grid.count)
                (low, middle, high) = (low + above.low, middle + above.middle, high + above.high)
            }
            guard observations > 0, usual > 0, allowed > 0, situation.grid.seconds > 0 else { return nil }
            let month = usual / situation.grid.seconds * monthSeconds
            return ErrorBudget(
                signal: objective.signal, objectiveSeconds: objective.seconds, observations: observations, bad: middle,
                badLow: low, badHigh: high, burnRate: middle / observations / allowed,
                shareOfMonth: middle / (allowed * month))
        }
    }
}
