import TidemarkSeries

/// `info(v [, {matchers}])`: adds the labels of info metrics (by default `target_info`) with the same instance and job.
extension Evaluator {
    private static let identifying = ["instance", "job"]

    func info(_ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        let base = try vector(arguments[0])
        var nameMatchers: [LabelMatcher] = []
        var dataMatchers: [LabelMatcher] = []
        if arguments.count > 1, case .selector(let selector) = arguments[1].unwrapped.kind {
            nameMatchers = selector.matchers.filter { $0.name == Labels.metricName }
            dataMatchers = selector.matchers.filter { $0.name != Labels.metricName }
        } else {
            nameMatchers = [LabelMatcher(Labels.metricName, equals: "target_info")]
        }
        // Info metrics are not themselves given more labels.
        let ignored = base.map { column in
            !nameMatchers.isEmpty && nameMatchers.allSatisfy { $0.matches(column.labels.name) }
        }
        if nameMatchers.isEmpty { nameMatchers = [LabelMatcher(Labels.metricName, equals: "target_info")] }
        let infos = try infoSeries(
            zip(base, ignored).filter { !$1 }.map(\.0), nameMatchers + dataMatchers, arguments[0])
        return try combined(base, ignored, infos, dataMatchers)
    }

    /// The info series that can belong to one of the base series; their values are the times of their samples.
    private func infoSeries(_ base: [Column], _ matchers: [LabelMatcher], _ argument: Expr) throws -> [Column] {
        var values: [String: Set<String>] = [:]
        for column in base {
            for name in Self.identifying {
                if let value = column.labels[name] { values[name, default: []].insert(value) }
            }
        }
        guard !values.isEmpty else { return [] }
        let columns = try instantVector(VectorSelector(matchers: matchers), .time)
        return columns.filter { column in values.allSatisfy { $0.value.contains(column.labels[$0.key] ?? "") } }
    }

    private func combined(
        _ base: [Column], _ ignored: [Bool], _ infos: [Column], _ dataMatchers: [LabelMatcher]
    ) throws -> [Column] {
        func key(_ labels: Labels) -> Labels { labels.filter { Self.identifying.contains($0) } }
        var groups: [Labels: [Int]] = [:]
        for (index, info) in infos.enumerated() { groups[key(info.labels), default: []].append(index) }
        let wanted = Set(dataMatchers.map(\.name))
        // Without an info series, only conditions that the absence of labels meets keep a series.
        let absenceFits = dataMatchers.allSatisfy { $0.matches("") }
        var results: [Column] = []
        var places: [Labels: Int] = [:]
        try context.charge(base.count * grid.count)
        for (column, isIgnored) in zip(base, ignored) {
            let candidates = isIgnored ? [] : groups[key(column.labels)] ?? []
            for step in 0..<grid.count where column.isPresent(step) {
                var labels = column.labels
                if !isIgnored {
                    let found = try newest(candidates, infos, step)
                    if found.isEmpty, !absenceFits { continue }
                    labels = try self.labels(column.labels, found.map { infos[$0].labels }, wanted)
                }
                let place = places[labels] ?? results.count
                if place == results.count {
                    places[labels] = place
                    results.append(
                        Column(
                            labels: labels, values: [Double](repeating: Absent.value, count: grid.count),
                            dropsName: column.dropsName))
                }
                guard !results[place].isPresent(step) else {
                    throw PromQLError.execution("vector cannot contain metrics with the same labelset")
                }
                results[place].copy(column, step)
            }
        }
        return results
    }

    /// Of each info metric the series with the newest sample.
    private func newest(_ candidates: [Int], _ infos: [Column], _ step: Int) throws -> [Int] {
        var best: [String: Int] = [:]
        var order: [String] = []
        for index in candidates where !Absent.matches(infos[index].values[step]) {
            let name = infos[index].labels.name
            guard let other = best[name] else {
                best[name] = index
                order.append(name)
                continue
            }
            let (time, otherTime) = (infos[index].values[step], infos[other].values[step])
            if time == otherTime {
                func text(_ index: Int) -> String {
                    "\(fullText(infos[index].labels)) @ \(Int64((infos[index].values[step] * 1000).rounded()))"
                }
                throw PromQLError.execution(
                    "found duplicate series for info metric: existing \(text(other)), new \(text(index))")
            }
            if time > otherTime { best[name] = index }
        }
        return order.compactMap { best[$0] }
    }

    private func labels(_ base: Labels, _ infos: [Labels], _ wanted: Set<String>) throws -> Labels {
        var added: [String: String] = [:]
        for info in infos {
            for pair in info.pairs where pair.name != Labels.metricName {
                guard wanted.isEmpty || wanted.contains(pair.name) else { continue }
                if let other = added[pair.name], other != pair.value {
                    throw PromQLError.execution("conflicting label: \(pair.name)")
                }
                if base[pair.name] == nil { added[pair.name] = pair.value }
            }
        }
        return added.isEmpty ? base : Labels(base.pairs + added.map { Labels.Label($0.key, $0.value) })
    }

    /// All labels in braces, the name like any other.
    func fullText(_ labels: Labels) -> String {
        "{" + labels.pairs.map { "\($0.name)=\"\(Labels.escaped($0.value))\"" }.joined(separator: ", ") + "}"
    }
}
