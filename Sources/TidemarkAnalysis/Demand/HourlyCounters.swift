import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Increases of a counter by hour and instance, with what of each hour was observed.
///
/// The increase between two samples is spread over the time between them. Samples further apart than a quarter of an hour or one
/// and a half usual distances leave their hours unobserved, whatever the counter rose in between.
struct HourlyCounters {
    static let hourMs: Int64 = 3_600_000
    /// 1970 to 2100: other times are no times.
    static let times: ClosedRange<Int64> = 1...4_102_444_800_000
    /// Longer histories lose their oldest hours: five years.
    static let mostHours: Int64 = 43_920

    /// Hours since 1970.
    private(set) var hours: Range<Int64> = 0..<0
    private var instances: [String: Instance] = [:]

    private struct Instance {
        var amounts: [Int64: Double] = [:]
        /// Observed milliseconds.
        var observed: [Int64: Int64] = [:]
        var first: Int64 = .max
        var last: Int64 = .min
        /// Stretches without samples behind which the counter began anew: the server was away.
        var away: [Range<Int64>] = []
    }

    /// - Parameter matchers: with the metric's name.
    init(_ source: StoreSeries, _ store: Store, period: Int, matchers: [LabelMatcher]) throws {
        var late: [(instance: String, timeMs: Int64, value: Double)] = []
        try source.select(matchers, startMs: 0, endMs: .max) { samples in
            let name = samples.labels["instance"] ?? ""
            var own = instances[name] ?? Instance()
            let known = samples.timesMs.indices.filter {
                samples.values[$0].isFinite && Self.times.contains(samples.timesMs[$0])
            }
            guard let first = known.first, let last = known.last else { return }
            let distances = zip(known, known.dropFirst()).map { samples.timesMs[$1] - samples.timesMs[$0] }.sorted()
            let usual = distances.isEmpty ? 60_000 : distances[distances.count / 2]
            let limit = max(900_000, min(usual, 6 * Self.hourMs) * 3 / 2)
            late.append((name, samples.timesMs[first], samples.values[first]))
            var observed: [Int64: Int64] = [:]
            for (before, after) in zip(known, known.dropFirst()) {
                let (from, to) = (samples.timesMs[before], samples.timesMs[after])
                let (low, high) = (samples.values[before], samples.values[after])
                guard to - from <= limit else {
                    if high < low { own.away.append(from..<to) }
                    continue
                }
                let rise = high >= low ? high - low : high
                var at = from
                while at < to {
                    let hour = at / Self.hourMs
                    let next = min(to, (hour + 1) * Self.hourMs)
                    own.amounts[hour, default: 0] += rise * Double(next - at) / Double(to - from)
                    observed[hour, default: 0] += next - at
                    at = next
                }
            }
            own.observed.merge(observed) { max($0, $1) }
            own.first = min(own.first, samples.timesMs[first])
            own.last = max(own.last, samples.timesMs[last])
            instances[name] = own
        }
        // A label that appears while its target was already scraped counts from zero.
        for one in late where one.timeMs > (instances[one.instance]?.first ?? 0) + 1000 {
            instances[one.instance]?.amounts[one.timeMs / Self.hourMs, default: 0] += max(0, one.value)
        }
        if let name = matchers.first(where: { $0.name == Labels.metricName })?.value {
            try addRollups(store, period: period, name: name)
        }
        guard let first = instances.values.map(\.first).min(), let last = instances.values.map(\.last).max(),
            first <= last
        else { return }
        // An hour that ends with the last sample is the last.
        let end = (last + Self.hourMs - 1) / Self.hourMs
        hours = max(first / Self.hourMs, end - Self.mostHours)..<end
    }

    /// Hours that `tidemark prune` took the samples of.
    private mutating func addRollups(_ store: Store, period: Int, name: String) throws {
        let rows = try store.database.prepare(
            """
            SELECT r.hour_ms, sum(r.increase), coalesce(json_extract(s.labels, '$.instance'), '') FROM rollup r
            JOIN series s USING (series_id)
            WHERE s.period_id = ? AND s.name = ? AND s.shadowed_by IS NULL AND r.increase IS NOT NULL
            GROUP BY 1, 3
            """)
        rows.bind(1, period)
        rows.bind(2, name)
        while try rows.step() {
            let (hour, instance) = (rows.int64(0) / Self.hourMs, rows.text(2))
            var own = instances[instance] ?? Instance()
            guard hour > 0, own.observed[hour, default: 0] < Self.hourMs / 2 else { continue }
            own.amounts[hour] = rows.double(1)
            own.observed[hour] = Self.hourMs
            own.first = min(own.first, hour * Self.hourMs)
            own.last = max(own.last, (hour + 1) * Self.hourMs)
            instances[instance] = own
        }
    }

    /// The sum of all instances per second in an hour; nil where that is not known.
    ///
    /// An instance outside its own first and last sample adds nothing, and so does one that began anew behind a gap; one that was only
    /// not observed makes the hour unknown.
    func rate(_ hour: Int64) -> Double? {
        let (start, end) = (hour * Self.hourMs, (hour + 1) * Self.hourMs)
        var sum = 0.0
        var isKnown = false
        for name in instances.keys.sorted() {
            guard let own = instances[name] else { continue }
            if let observed = own.observed[hour], observed >= Self.hourMs / 2 {
                sum += own.amounts[hour, default: 0] / (Double(observed) / 1000)
                isKnown = true
            } else if own.first < end && own.last > start && own.first <= start && own.last >= end
                && !own.away.contains(where: { $0.lowerBound < end && $0.upperBound > start })
            {
                return nil
            }
        }
        return isKnown ? sum : nil
    }

    var rates: [Double?] { hours.map(rate) }

    /// Increase over observed time of the last `days`, by instance.
    func shares(lastDays days: Int64) -> [String: Double] {
        instances.mapValues { own in
            own.amounts.reduce(0) { $1.key >= hours.upperBound - 24 * days ? $0 + $1.value : $0 }
        }
    }
}

/// Hourly means of a gauge, summed over the instances.
struct HourlyGauge {
    private var sums: [Int64: Double] = [:]

    init(_ source: StoreSeries, name: String) throws {
        try source.select([LabelMatcher(Labels.metricName, equals: name)], startMs: 0, endMs: .max) { samples in
            var means: [Int64: (sum: Double, count: Double)] = [:]
            for index in samples.timesMs.indices
            where samples.values[index].isFinite && HourlyCounters.times.contains(samples.timesMs[index]) {
                // A sample at the full hour tells about the hour before.
                let hour = (samples.timesMs[index] - 1) / HourlyCounters.hourMs
                let old = means[hour] ?? (0, 0)
                means[hour] = (old.sum + samples.values[index], old.count + 1)
            }
            for (hour, mean) in means { sums[hour, default: 0] += mean.sum / mean.count }
        }
    }

    func mean(_ hour: Int64) -> Double? { sums[hour] }
}
