import TidemarkBase
import TidemarkStatistics
import TidemarkStore

extension DemandForecast {
    /// Replaces the stored forecast of a period. Without an analysis of the period there is nothing to tie it to, and nothing is written.
    /// The caller holds the lock.
    public func write(_ store: Store, period: Int) throws {
        let database = store.database
        try database.transaction {
            guard let analysis = try database.int("SELECT analysis_id FROM analysis WHERE period_id = ?", period) else {
                return
            }
            for table in ["demand_hour", "forecast", "forecast_summary"] {
                try database.execute("DELETE FROM \(table) WHERE analysis_id = \(analysis)")
            }
            guard let history else { return }
            let hour = try database.prepare("INSERT INTO demand_hour VALUES (?, ?, ?)")
            for (index, rate) in history.hours.enumerated() {
                guard let rate else { continue }
                try hour.run(analysis, history.startMs + Int64(index) * HourlyCounters.hourMs, rate)
            }
            guard let forecast else { return }
            let sentence = try Sentences.Writer(store, period: period)
            let ahead = try database.prepare(
                "INSERT INTO forecast(analysis_id, time_ms, rps, low, high) VALUES (?, ?, ?, ?, ?)")
            for (index, rate) in forecast.values.enumerated() {
                try ahead.run(
                    analysis, history.endMs + Int64(index) * HourlyCounters.hourMs, rate, forecast.low[index],
                    forecast.high[index])
            }
            try database.prepare(
                """
                INSERT INTO forecast_summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ).run(
                analysis, history.source, zone, sentence(Self.method(forecast)), forecast.backtest.scaledError,
                forecast.backtest.coverage, forecast.trend?.perDay, capacity?.rps, capacity?.low, capacity?.high,
                exhaustion?.atMs, exhaustion?.earliestMs, exhaustion?.latestMs, exhaustion?.horizonMs,
                replicas?.needed, replicas?.present, money?.currency, money?.perHour, money?.perRequest,
                money?.perMillionOutput, money?.idleShare, ByteWriter.json(notes.map { try sentence($0) }))
        }
    }

    /// Members and weights in words.
    static func method(_ forecast: HourlyForecast) -> Message {
        let parts = forecast.members.prefix(4).map { "\(percent($0.weight)) \(member($0.name))" as Message }
        let rest: Message = forecast.members.count > 4 ? ", \(forecast.members.count - 4) more" : ""
        return "ensemble on the logarithm with \(seasons(forecast)): \(Message.joined(parts, by: "; "))\(rest)"
    }

    /// The name of an ensemble's member, which holds its memory in hours.
    private static func member(_ name: String) -> Message {
        let hours = name.filter(\.isNumber)
        if name.hasPrefix("trend") { return "trend, level of \(hours) h" }
        guard name.hasPrefix("level") else { return Message(pattern: name) }
        return name.hasSuffix("returning") ? "level of \(hours) h, returning" : "level of \(hours) h"
    }

    static func seasons(_ forecast: HourlyForecast) -> Message {
        switch (forecast.hasDailySeason, forecast.hasWeeklySeason) {
        case (true, true): "daily and weekly seasons"
        case (true, false): "a daily season"
        case (false, true): "a weekly season"
        case (false, false): "no season"
        }
    }
}
