import TidemarkStatistics

/// Where the level of what users feel and send changed for good: the table `change_point`.
struct SignalChanges {
    struct Change {
        var signal: String
        var instance: String
        var timeMs: Int64
        var before: Double
        var after: Double
        var p: Double
    }

    var changes: [Change] = []

    private static let signals = [
        "ttft_mean_seconds", "itl_mean_seconds", "arrival_rate_requests_per_second", "prompt_length_mean_tokens",
        "generation_length_mean_tokens", "prefix_cache_hit_ratio", "kv_cache_usage_ratio",
    ]

    /// Bins of a minute at least, 2,000 at most, as wide as the evidence is sparse; a series with a gap of more than a fifth says nothing.
    init(_ situation: Situation) throws {
        for signal in Self.signals {
            for instance in situation.table.instances(of: signal) {
                guard let track = try situation.track(signal, instance) else { continue }
                var width = max(situation.steps(60), track.count / 2000)
                var bins = track.bins(width).values
                // Of evidence that is sparser than the grid each bin holds a sample.
                while bins.count { $0 != nil } * 5 < bins.count * 4, bins.count >= 48 {
                    width *= 2
                    bins = track.bins(width).values
                }
                let known = bins.indices.filter { bins[$0] != nil }
                guard known.count >= 20, known.count * 5 >= bins.count * 4 else { continue }
                let times = known.map { situation.span($0 * width..<$0 * width + 1).startMs }
                guard let result = ChangePoints.find(Self.withoutSeason(known.map { bins[$0]! }, times)) else {
                    continue
                }
                for point in result.points where !point.isProvisional {
                    let step = known[point.index] * width
                    changes.append(
                        Change(
                            signal: signal, instance: instance, timeMs: situation.span(step..<step + 1).startMs,
                            before: point.before, after: point.after, p: point.p))
                }
            }
        }
    }

    /// Values without what every day has, or every week of three and more: a profile of medians by hour, in proportion where all
    /// values are positive. Less than four days are as they are: nothing tells their season.
    static func withoutSeason(_ values: [Double], _ timesMs: [Int64]) -> [Double] {
        let day: Int64 = 86_400_000
        guard let first = timesMs.first, let last = timesMs.last, last - first >= 4 * day else { return values }
        let season = last - first >= 21 * day ? 7 * day : day
        let hours = timesMs.map { Int((($0 % season) + season) % season / 3_600_000) }
        let isPositive = values.allSatisfy { $0 > 0 }
        var byHour: [Int: [Double]] = [:]
        for (hour, value) in zip(hours, values) { byHour[hour, default: []].append(value) }
        let profile = byHour.compactMapValues { Quantiles.median($0) }
        guard let middle = Quantiles.median(values) else { return values }
        return zip(hours, values).map { hour, value in
            let usual = profile[hour] ?? middle
            return isPositive ? value * middle / usual : value + middle - usual
        }
    }
}
