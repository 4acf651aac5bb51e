import TidemarkStatistics

/// When demand reaches what the fleet can take.
public struct Exhaustion: Sendable {
    /// Start of the first hour whose expected mean exceeds the capacity, Unix ms; nil: none before ``endMs``.
    public var atMs: Int64?
    /// The same of the upper end of demand against the lower end of capacity, and the other way round.
    public var earliestMs: Int64?
    public var latestMs: Int64?
    /// As far as the history supports: as long ahead as it is long.
    public var horizonMs: Int64
    /// Behind this nothing was looked for.
    public var endMs: Int64
    /// Whether ``atMs`` lies before ``horizonMs``.
    public var isSupported: Bool { atMs.map { $0 < horizonMs } ?? true }

    init(_ forecast: HourlyForecast, _ capacity: FleetCapacity, startMs: Int64, historyHours: Int) {
        let hour = HourlyCounters.hourMs
        horizonMs = startMs + Int64(max(historyHours, forecast.values.count)) * hour
        endMs = startMs + Int64(DemandForecast.mostDays * 24) * hour
        func note(_ step: Int, _ value: Double, _ low: Double, _ high: Double) {
            let time = startMs + Int64(step) * hour
            if atMs == nil, value > capacity.rps { atMs = time }
            if earliestMs == nil, high > capacity.low { earliestMs = time }
            if latestMs == nil, low > capacity.high { latestMs = time }
        }
        for step in forecast.values.indices {
            note(step, forecast.values[step], forecast.low80[step], forecast.high80[step])
        }
        guard let trend = forecast.trend else { return }
        for step in forecast.values.count..<max(forecast.values.count, DemandForecast.mostDays * 24) {
            if atMs != nil, earliestMs != nil, latestMs != nil { break }
            let rate = trend.rate(step - forecast.values.count)
            note(step, rate.value, rate.low, rate.high)
        }
    }
}
