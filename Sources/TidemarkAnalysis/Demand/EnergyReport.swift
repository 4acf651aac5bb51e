import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Energy that the GPUs took, by the trapezoidal rule over their power samples.
public struct EnergyReport: Sendable, Equatable {
    /// Watt-hours of the time that was measured, over all GPUs.
    public var wattHours: Double
    /// Seconds measured, summed over the GPUs, and seconds between the first and last sample that were not.
    public var measuredSeconds: Double
    public var gapSeconds: Double
    public var gpus: Int
    /// Mean watts of all GPUs together while measured.
    public var watts: Double { measuredSeconds > 0 ? wattHours * 3600 / (measuredSeconds / Double(gpus)) : 0 }
    /// Watt-hours of a request and joules of a generated token at the mean power; nil where they aren't counted.
    public var wattHoursPerRequest: Double?
    public var joulesPerToken: Double?
    /// Of the electricity of an hour with all that the building adds; nil without its price.
    public var pricePerHour: Double?

    init?(_ store: Store, period: Int, use: FleetUse, prices: Configuration.Prices) throws {
        var sum = Integral()
        var gpus = 0
        let rows = try store.database.prepare(
            """
            SELECT instance_id, time_ms, coalesce(power_watts, power_average_watts, power_instant_watts)
            FROM gpu_sample JOIN instance USING (instance_id)
            WHERE period_id = ? AND coalesce(power_watts, power_average_watts, power_instant_watts) IS NOT NULL
            ORDER BY instance_id, time_ms
            """)
        rows.bind(1, period)
        var (current, points): (Int?, [(Int64, Double)]) = (nil, [])
        while try rows.step() {
            if rows.int(0) != current {
                if points.count > 1 { gpus += 1 }
                sum.add(points)
                (current, points) = (rows.int(0), [])
            }
            points.append((rows.int64(1), rows.double(2)))
        }
        if points.count > 1 { gpus += 1 }
        sum.add(points)
        if gpus == 0 {
            let series = try StoreSeries(store, period: period)
            let matcher = LabelMatcher(Labels.metricName, equals: "DCGM_FI_DEV_POWER_USAGE")
            try series.select([matcher], startMs: 0, endMs: .max) { samples in
                let own = samples.timesMs.indices.filter { samples.values[$0].isFinite }
                if own.count > 1 { gpus += 1 }
                sum.add(own.map { (samples.timesMs[$0], samples.values[$0]) })
            }
        }
        guard gpus > 0, sum.seconds > 0 else { return nil }
        self.gpus = gpus
        wattHours = sum.joules / 3600
        measuredSeconds = sum.seconds
        gapSeconds = sum.gaps
        // Power of the whole fleet only when all its GPUs were measured.
        guard use.hours > 0, use.gpuCount > 0, gpus >= use.gpuCount else { return }
        let seconds = Double(use.hours) * 3600
        if use.requests > 0 { wattHoursPerRequest = watts * seconds / 3600 / use.requests }
        if let tokens = use.generationTokens, tokens > 0 { joulesPerToken = watts * seconds / tokens }
        pricePerHour = prices.kilowattHour.map { $0 * watts / 1000 * prices.powerUsageEffectiveness }
    }

    /// Trapezoids of one GPU after the other; stretches longer than three usual intervals are gaps.
    struct Integral {
        var joules = 0.0
        var seconds = 0.0
        var gaps = 0.0

        mutating func add(_ points: [(Int64, Double)]) {
            guard points.count > 1 else { return }
            let steps = zip(points, points.dropFirst()).map { Double($1.0) / 1000 - Double($0.0) / 1000 }
            let usual = steps.sorted()[steps.count / 2]
            for (index, step) in steps.enumerated() where step > 0 {
                guard step <= 3 * max(usual, 0.001) else {
                    gaps += step
                    continue
                }
                joules += (points[index].1 + points[index + 1].1) / 2 * step
                seconds += step
            }
        }
    }
}
