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

    /// Bins of a minute at least, 2,000 at most; a series with a gap of more than a fifth says nothing.
    init(_ situation: Situation) throws {
        for signal in Self.signals {
            for instance in situation.table.instances(of: signal) {
                guard let track = try situation.track(signal, instance) else { continue }
                let width = max(situation.steps(60), track.count / 2000)
                let bins = track.bins(width).values
                let known = bins.indices.filter { bins[$0] != nil }
                guard known.count >= 20, known.count * 5 >= bins.count * 4 else { continue }
                guard let result = ChangePoints.find(known.map { bins[$0]! }) else { continue }
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
}
