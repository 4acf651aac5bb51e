#if canImport(Glibc)
    import Glibc
#endif

/// The members of the ensemble: what each says about the hours behind a history. All add the seasons of one profile; they differ in
/// the memory of their level and in whether it drifts, returns, or stays.
enum ForecastMembers {
    /// Memories in hours: from the mood of the moment to the level of the fortnight.
    private static let memories = [3.0, 12, 36, 96, 240]
    /// Short memory and the time in which its deviation halves.
    private static let returning = [(3.0, 12.0), (12, 48)]
    private static let drifting = [(168.0, Double.infinity), (48, 48), (6, 12)]

    /// - Parameter smoothing: its parameters are used again; nil: they are fitted.
    static func forecasts(
        _ history: LevelHistory, horizon: Int, smoothing: DoubleSeasonSmoothing?
    ) -> [(name: String, values: [Double])] {
        let grid = history.grid
        let seasons = (0..<horizon).map { history.profile.effect(grid, grid.count + $0) }
        var found: [(name: String, values: [Double])] = []
        func add(_ name: String, _ level: (Double) -> Double) {
            found.append((name, seasons.indices.map { seasons[$0] + level(Double($0 + 1)) }))
        }
        let long = history.level(memory: 240)
        for memory in memories {
            guard let level = history.level(memory: memory) else { continue }
            add("level of \(Int(memory)) h") { _ in level }
        }
        for (memory, half) in returning {
            guard let level = history.level(memory: memory), let long else { continue }
            add("level of \(Int(memory)) h, returning") { long + (level - long) * exp2(-$0 / half) }
        }
        if let daily = history.slope?.slope, let middle = history.middle(slope: daily / 24) {
            let slope = daily / 24
            for (memory, half) in drifting {
                guard let level = history.level(memory: memory, slope: slope) else { continue }
                add("trend, level of \(Int(memory)) h") { hours in
                    middle + slope * hours + (level - middle) * (half.isInfinite ? 1 : exp2(-hours / half))
                }
            }
        }
        if let smoothing = DoubleSeasonSmoothing(history, like: smoothing) {
            found.append(("Holt-Winters", smoothing.values(history, horizon: horizon)))
        }
        return found
    }
}
