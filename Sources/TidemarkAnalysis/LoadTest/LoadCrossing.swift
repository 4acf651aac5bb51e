import Glibc
import TidemarkBase
import TidemarkStatistics

/// Where a curve of latency over load meets its objectives: by isotonic regression of resampled measurements.
///
/// Between a load that met them and one that missed them, both steady, the fit is linear, or what is said next. Where the
/// missed one outran the server its waiting times say how long the run was, not how the server behaves there: then they rise as those of a queue,
/// y₀ + A ρ / (1 − ρ) with ρ = load / saturation, and end at the saturation. Times between tokens don't grow with the queue:
/// those of an outrun server are what it does at the saturation.
struct LoadCrossing {
    /// Of steady levels by rising load; `isSaturated` ones behind the first such one count as missed.
    let levels: [LoadLevel]
    let isSaturated: [Bool]
    let objectives: [LoadObjective]
    let saturation: SaturationRate?

    enum Outcome: Equatable {
        /// Load, and the number of the objective that was met last; nil: throughput.
        case crossed(Double, Int?)
        case neverMissed
        case neverMet
    }

    /// Whether a level met an objective as it was measured.
    func met(_ index: Int, _ objective: LoadObjective) -> Bool {
        isServed(index) && (levels[index].latencySeconds[objective.measured] ?? .infinity) <= objective.seconds
    }

    func isServed(_ index: Int) -> Bool {
        !isSaturated[index] && (levels[index].failedShare ?? 0) <= LoadLevel.mostFailures
    }

    func load(_ index: Int) -> Double { levels[index].offered ?? 0 }

    /// One draw of the load up to which all objectives hold.
    func draw(_ random: inout SeededRandom) -> Outcome {
        let ceiling = saturation?.draw(&random)
        var best: (load: Double, objective: Int?)?
        func take(_ load: Double, _ objective: Int?) {
            if load < best?.load ?? .infinity { best = (load, objective) }
        }
        // Throughput itself is the first objective: the last level that was served before one that was not.
        if let lost = levels.indices.first(where: { !isServed($0) }) {
            guard lost > 0 else { return .neverMet }
            let upper = min(load(lost), max(ceiling ?? load(lost), load(lost - 1)))
            take(ceiling == nil ? load(lost - 1) + (upper - load(lost - 1)) * random.uniform() : upper, nil)
        } else if let ceiling, let last = levels.indices.last {
            // All loads were served; a burst of all requests at once tells where that would end.
            take(max(ceiling, load(last)), nil)
        }
        for (number, objective) in objectives.enumerated() {
            switch crossing(objective, ceiling, &random) {
            case .crossed(let load, _): take(load, number)
            case .neverMet: return .neverMet
            case .neverMissed: break
            }
        }
        guard let best else { return .neverMissed }
        return .crossed(best.load, best.objective)
    }

    private func crossing(_ objective: LoadObjective, _ ceiling: Double?, _ random: inout SeededRandom) -> Outcome {
        let served = levels.indices.filter(isServed)
        guard !served.isEmpty else { return .neverMet }
        var loads = served.map(load)
        func measured(_ index: Int) -> Double {
            let level = levels[index]
            let value = level.latencySeconds[objective.measured] ?? 0
            return value * exp(level.relativeError(of: objective.measured) * random.normal())
        }
        var values = served.map(measured)
        if objective.isBetweenTokens, let ceiling {
            for index in levels.indices where isSaturated[index] {
                loads.append(max(min(load(index), ceiling), loads[served.count - 1]))
                values.append(measured(index))
            }
        }
        guard let fit = IsotonicRegression(x: loads, y: values) else { return .neverMet }
        guard let first = fit.y.first, first <= objective.seconds else { return .neverMet }
        let queue = objective.isBetweenTokens ? nil : ceiling.flatMap { Self.queue(loads, values, $0) }
        func place(_ low: Double, _ top: Double) -> Double? {
            guard let queue, let ceiling else { return nil }
            guard queue.slope > 0 else { return top }
            let quotient = max(0, objective.seconds - queue.base) / queue.slope
            return min(top, max(low, ceiling * quotient / (1 + quotient)))
        }
        if let crossed = fit.crossing(objective.seconds) {
            // In a closed loop a wait grows as the number of those who wait.
            guard !objective.isBetweenTokens, levels[0].loop == .open,
                let right = fit.y.firstIndex(where: { $0 >= objective.seconds }),
                right > 0
            else { return .crossed(crossed, nil) }
            // A wait rises ever faster: the straight line between two points crosses too early. Of the two curves through the
            // same points each draw takes one; where only the line is known, anything between it and the point that missed.
            if let curved = place(fit.x[right - 1], fit.x[right]) {
                return .crossed(random.uniform() < 0.5 ? crossed : curved, nil)
            }
            return .crossed(crossed + (fit.x[right] - crossed) * random.uniform(), nil)
        }
        // All that were served met it; how fast tokens follow each other no longer depends on the load beyond them. Where
        // nothing is known of what lies behind, it is not this objective that limits.
        guard !objective.isBetweenTokens, let ceiling else { return .neverMissed }
        let low = loads[loads.count - 1]
        let lost = levels.indices.first { !isServed($0) && load($0) > low }
        let top = max(low, min(lost.map(load) ?? ceiling, ceiling))
        return .crossed(place(low, top) ?? low + (top - low) * random.uniform(), nil)
    }

    /// y₀ and A by least squares, both not below zero. nil for fewer than three loads or loads near nothing alone.
    static func queue(_ loads: [Double], _ values: [Double], _ ceiling: Double) -> (base: Double, slope: Double)? {
        let kept = loads.indices.filter { loads[$0] < 0.98 * ceiling }
        guard Set(kept.map { loads[$0] }).count >= 3 else { return nil }
        let rows = kept.map { index -> [Double] in
            let share = loads[index] / ceiling
            // Relative errors: each row over its value.
            return [1 / values[index], share / (1 - share) / values[index]]
        }
        guard values.allSatisfy({ $0 > 0 }), let design = Matrix(rows),
            let fit = NonNegativeLeastSquares(design, kept.map { _ in 1 })
        else { return nil }
        return (fit.coefficients[0], fit.coefficients[1])
    }
}
