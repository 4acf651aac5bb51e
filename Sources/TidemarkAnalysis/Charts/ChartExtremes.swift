/// The lowest and the highest of signals within each step, from an evaluation as fine as the evidence: over a day or a week a
/// step is minutes long, and a spike of one sample would be averaged away or fall between two points.
public struct ChartExtremes {
    struct Line {
        var signal: String
        var instance: String
        /// Ascending times, Unix ms.
        var points: [(timeMs: Int64, value: Double)]
    }

    private(set) var lines: [Line] = []

    /// Above this many instances a chart shows the fleet alone.
    public static let mostInstances = 7

    /// - Parameters:
    ///   - table: the signals in the steps of the analysis.
    ///   - fine: the same in minutes.
    ///   - finest: evaluator at the distance of the samples, for what is read off and not averaged over time; nil: minutes are as
    ///     fine as the evidence.
    init(_ table: SignalTable, fine: SignalSource, finest: SignalEvaluator?) throws {
        guard fine.grid.stepMs < table.grid.stepMs else { return }
        for signal in SignalCatalogue.all where table.values(signal.name) != nil {
            var instances = [SignalSeries.fleet]
            let parts = table.instances(of: signal.name)
            if parts.count > 1, parts.count <= Self.mostInstances { instances += parts }
            if let finest, signal.isReadOff {
                let series = try finest.evaluate(signal).filter { instances.contains($0.instance) }
                add(series, finest.grid, within: table.grid)
            } else if instances.count > 1 {
                add(instances.compactMap { fine[signal.name, $0] }, fine.grid, within: table.grid)
            } else {
                add([try fine.fleetSeries(signal)].compactMap { $0 }, fine.grid, within: table.grid)
            }
        }
        if let failure = fine.failure { throw failure }
    }

    private mutating func add(_ series: [SignalSeries], _ grid: TimeGrid, within coarse: TimeGrid) {
        for one in series {
            lines.append(
                Line(
                    signal: one.signal.name, instance: one.instance,
                    points: Self.extremes(one.values, grid, within: coarse)))
        }
    }

    /// The first lowest and the first highest point of each step, in the order of time. O(n).
    static func extremes(
        _ values: [Double?], _ grid: TimeGrid, within coarse: TimeGrid
    ) -> [(timeMs: Int64, value: Double)] {
        var points: [(timeMs: Int64, value: Double)] = []
        var open: (step: Int64, low: Int, high: Int)?
        func value(_ index: Int) -> Double { values[index] ?? 0 }
        func close() {
            guard let open else { return }
            for index in Set([open.low, open.high]).sorted() { points.append((grid.time(index), value(index))) }
        }
        for index in values.indices where values[index] != nil {
            let step = (grid.time(index) - coarse.startMs - 1) / coarse.stepMs
            if let known = open, known.step == step {
                if value(index) < value(known.low) { open?.low = index }
                if value(index) > value(known.high) { open?.high = index }
            } else {
                close()
                open = (step, index, index)
            }
        }
        close()
        return points
    }
}

extension Signal {
    /// Whether its value at an instant is a sample's, not a mean over time.
    var isReadOff: Bool {
        guard case .gauge? = origins.first else { return false }
        return true
    }
}
