/// How good forecasts are.
public enum ForecastScores {
    /// Mean absolute difference of values a season apart: what a seasonal naive forecast errs by in the history. nil without a pair.
    public static func naiveError(_ history: [Double?], season: Int) -> Double? {
        guard season > 0, history.count > season else { return nil }
        var (sum, count) = (0.0, 0)
        for index in season..<history.count {
            guard let late = history[index], let early = history[index - season] else { continue }
            sum += abs(late - early)
            count += 1
        }
        return count > 0 ? sum / Double(count) : nil
    }

    /// Mean absolute scaled error (Hyndman and Koehler 2006): below 1 is better than the seasonal naive forecast was in the history.
    public static func scaledError(
        _ forecast: [Double], _ actual: [Double?], history: [Double?], season: Int
    ) -> Double? {
        guard let scale = naiveError(history, season: season), scale > 0 else { return nil }
        var (sum, count) = (0.0, 0)
        for (forecast, actual) in zip(forecast, actual) {
            guard let actual else { continue }
            sum += abs(forecast - actual)
            count += 1
        }
        return count > 0 ? sum / Double(count) / scale : nil
    }

    /// Mean pinball loss of forecasts of a quantile.
    public static func pinball(_ q: Double, _ forecast: [Double], _ actual: [Double?]) -> Double? {
        var (sum, count) = (0.0, 0)
        for (forecast, actual) in zip(forecast, actual) {
            guard let actual else { continue }
            sum += max(q * (actual - forecast), (q - 1) * (actual - forecast))
            count += 1
        }
        return count > 0 ? sum / Double(count) : nil
    }

    /// Share of the values inside their intervals.
    public static func coverage(_ low: [Double], _ high: [Double], _ actual: [Double?]) -> Double? {
        var (inside, count) = (0, 0)
        for index in low.indices where index < high.count && index < actual.count {
            guard let actual = actual[index] else { continue }
            if low[index] <= actual && actual <= high[index] { inside += 1 }
            count += 1
        }
        return count > 0 ? Double(inside) / Double(count) : nil
    }

    /// The last value of the same place of the season, for each step: the forecast to beat. nil where there is none.
    public static func seasonalNaive(_ history: [Double?], season: Int, horizon: Int) -> [Double?] {
        guard season > 0 else { return [] }
        return (0..<horizon).map { step in
            var index = history.count - season + step % season
            while index >= 0 {
                if index < history.count, let value = history[index] { return value }
                index -= season
            }
            return nil
        }
    }
}
