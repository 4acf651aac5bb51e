import TidemarkAnalysis
import TidemarkBase
import TidemarkStatistics

/// Replicas side by side: a panel a quantity, and a table with what strikes in each row.
struct ReplicaComparison {
    let results: StoredSignals
    let runs: [EngineRun]
    let window: ClosedRange<Int64>

    /// Beyond this many robust standard deviations a replica stands out (Iglewicz and Hoaglin 1993).
    static let limit = 3.5
    /// Fewer say nothing about what is usual.
    static let leastReplicas = 5

    private struct Quantity {
        var id: String
        var title: Message
        var unit: DisplayUnit
        /// In the order of the replicas; nil: missing.
        var values: [Double?]
        var tolerance: Double
    }

    private static let signals: [(name: String, tolerance: Double)] = [
        ("request_rate_requests_per_second", 0.01), ("ttft_p95_seconds", 0.001), ("itl_mean_seconds", 0.0005),
        ("kv_cache_usage_ratio", 0.02), ("waiting_requests", 0.5), ("error_5xx_requests_per_second", 0.001),
        ("preemptions_per_second", 0.01), ("running_requests", 0.5), ("generation_tokens_per_second", 1),
    ]

    private var quantities: [Quantity] {
        var all = Self.signals.compactMap { one -> Quantity? in
            guard let signal = SignalCatalogue.signal(one.name) else { return nil }
            let values = results.replicas.map { replica -> Double? in
                guard let figure = results.figure(one.name, replica), !figure.isTooFew else { return nil }
                return figure.refined ?? figure.value
            }
            return Quantity(
                id: one.name, title: Message(pattern: signal.title), unit: signal.unit.display, values: values,
                tolerance: one.tolerance)
        }
        // Starts are counted where a log tells of them.
        let starts = results.replicas.map { replica -> Double? in
            let own = runs.filter { $0.replica == replica }
            return own.isEmpty ? nil : Double(own.count { $0.startMs.map(window.contains) ?? false })
        }
        all.append(
            Quantity(id: "engine_starts", title: "Engine starts", unit: .none, values: starts, tolerance: 0.5))
        return all.filter { $0.values.contains { $0 != nil } }
    }

    /// Replicas that stand out, with the direction: beyond 3.5 robust standard deviations and a tenth of the median apart.
    /// - Parameter tolerance: what is less than this apart is the same to users.
    /// - Returns: places, and whether their value is high.
    static func outliers(_ values: [Double?], tolerance: Double) -> [Int: Bool] {
        let known = values.compactMap { $0 }
        guard known.count >= leastReplicas, let scale = RobustScale(known) else { return [:] }
        var found: [Int: Bool] = [:]
        for (index, value) in values.enumerated() {
            guard let value, abs(scale.z(value)) > limit,
                abs(value - scale.center) > max(abs(scale.center) / 10, tolerance)
            else { continue }
            found[index] = value > scale.center
        }
        return found
    }

    /// One a quantity that two replicas at least have.
    func panels() -> [ReportModel.ReplicaPanel] {
        guard results.replicas.count > 1 else { return [] }
        return quantities.compactMap { quantity in
            let known = quantity.values.compactMap { $0 }.filter(\.isFinite)
            // All zero is a column of the table, no picture.
            guard known.count > 1, known.contains(where: { $0 != 0 }), let median = Quantiles.median(known) else {
                return nil
            }
            let odd = Self.outliers(quantity.values, tolerance: quantity.tolerance)
            let points = quantity.values.enumerated().compactMap { index, value in
                value.map {
                    ReportModel.ReplicaPanel.Point(
                        name: results.replicas[index], value: $0, isOutlier: odd[index] != nil)
                }
            }
            let names = points.filter(\.isOutlier).map(\.name)
            let seen: Message
            if known.count < Self.leastReplicas {
                seen = quantity.title
            } else if names.isEmpty {
                seen = "\(quantity.title): none stands out"
            } else if names.count <= 3 {
                seen = "\(quantity.title): \(Message.list(names)) out of line"
            } else {
                seen = "\(quantity.title): \(names.count) of \(known.count) out of line"
            }
            let missing = results.replicas.count - points.count
            var subtitle = [say("line: median, \(NumberText.text(median, quantity.unit))")]
            if missing > 0 { subtitle.append(say("no value for \(missing)")) }
            if known.count < Self.leastReplicas {
                subtitle.append(say("too few replicas to say which stands out"))
            }
            return .init(
                id: "replicas_" + quantity.id, title: say(seen), subtitle: Phrases.list(subtitle), unit: quantity.unit,
                points: points, median: median)
        }
    }

    func table() -> ReportModel.FigureTable {
        guard results.replicas.count > 1 else { return .init() }
        let quantities = quantities
        var notes = results.replicas.map { _ in [String]() }
        for quantity in quantities {
            for (index, isHigh) in Self.outliers(quantity.values, tolerance: quantity.tolerance) {
                notes[index].append(say(isHigh ? "high: \(quantity.title)" : "low: \(quantity.title)"))
            }
        }
        return .init(
            columns: quantities.map { .init(say($0.title), $0.unit) },
            rows: results.replicas.enumerated().map { index, replica in
                .init(
                    name: replica, values: quantities.map { $0.values[index] }, note: Phrases.list(notes[index]))
            }, csv: .init(path: "\(ReportBuilder.csvFolder)/replicas.csv", label: say("Replicas")))
    }
}
