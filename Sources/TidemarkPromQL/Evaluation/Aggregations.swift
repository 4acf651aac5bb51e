import TidemarkSeries

extension Evaluator {
    /// Series that are aggregated together. Groups are made once per query: labels don't change between steps.
    struct Group {
        var labels: Labels
        var dropsName: Bool
        var members: [Int] = []
    }

    /// The groups of `by (labels)` or `without (labels)` in the order of their first member.
    func groups(_ columns: [Column], by names: [String], without: Bool) -> [Group] {
        var groups: [Group] = []
        var places: [Labels: Int] = [:]
        let excluded = Set(names + [Labels.metricName])
        let included = Set(names)
        for (index, column) in columns.enumerated() {
            let key =
                without
                ? column.labels.filter { !excluded.contains($0) }
                : names.isEmpty ? Labels() : column.labels.filter { included.contains($0) }
            let place = places[key] ?? groups.count
            if place == groups.count {
                places[key] = place
                groups.append(Group(labels: key, dropsName: column.dropsName))
            }
            groups[place].members.append(index)
            if column.dropsName { groups[place].dropsName = true }
        }
        return groups
    }

    func aggregate(_ aggregation: Aggregation, _ expr: Expr) throws -> [Column] {
        let columns = try vector(aggregation.inner)
        let groups = groups(columns, by: aggregation.labels, without: aggregation.without)
        switch aggregation.operation {
        case .topk, .bottomk, .limitk: return try selected(aggregation, columns, groups)
        case .limitRatio: return try sampled(aggregation, columns)
        case .countValues: return try countValues(aggregation, columns, groups)
        case .quantile:
            guard let parameter = aggregation.parameter else { return [] }
            let quantiles = try scalar(parameter)
            noteQuantiles(quantiles, parameter)
            noteIgnored(columns, aggregation)
            return try overGroups(columns, groups) { values, step in quantile(quantiles[step], of: &values) }
        case .min, .max, .stddev, .stdvar:
            noteIgnored(columns, aggregation)
            return try groups.map { try accumulated(aggregation.operation, columns, $0) }
        case .sum, .avg, .count, .group:
            return try groups.map { group in
                let result = try accumulated(aggregation.operation, columns, group)
                guard group.members.contains(where: { !columns[$0].histograms.isEmpty }) else { return result }
                return withHistograms(result, aggregation, columns, group)
            }
        }
    }

    /// Gathers the present values of each group at each step for `body`.
    private func overGroups(
        _ columns: [Column], _ groups: [Group], _ body: (inout [Double], Int) -> Double
    ) throws -> [Column] {
        var values: [Double] = []
        return try groups.map { group in
            var result = try absentColumn(group.labels)
            result.dropsName = group.dropsName
            for step in 0..<grid.count {
                values.removeAll(keepingCapacity: true)
                for member in group.members where !Absent.matches(columns[member].values[step]) {
                    values.append(columns[member].values[step])
                }
                if !values.isEmpty { result.values[step] = body(&values, step) }
            }
            return result
        }
    }

    /// Aggregations that need one pass over the members: a series at a time, an accumulator per step.
    private func accumulated(_ operation: AggregationOperator, _ columns: [Column], _ group: Group) throws -> Column {
        var result = try absentColumn(group.labels)
        result.dropsName = group.dropsName
        switch operation {
        case .sum where isV2:
            accumulate(&result, columns, group) {
                $0 + $1
            } first: {
                $0
            }
        case .sum:
            var sums = [CompensatedSum?](repeating: nil, count: grid.count)
            eachValue(columns, group) { step, value in
                if sums[step] == nil { sums[step] = CompensatedSum(value) } else { sums[step]?.add(value) }
            }
            for step in 0..<grid.count { if let sum = sums[step] { result.values[step] = sum.total } }
        case .avg:
            var means = [CompensatedMean?](repeating: nil, count: grid.count)
            eachValue(columns, group) { step, value in
                if means[step] == nil { means[step] = CompensatedMean() }
                means[step]?.add(value)
            }
            for step in 0..<grid.count { if let mean = means[step] { result.values[step] = mean.mean } }
        case .count:
            accumulate(&result, columns, group) { count, _ in
                count + 1
            } first: { _ in
                1
            }
        case .group:
            accumulate(&result, columns, group) { _, _ in
                1
            } first: { _ in
                1
            }
        case .min:
            accumulate(&result, columns, group) {
                $1 < $0 || $0.isNaN ? $1 : $0
            } first: {
                $0
            }
        case .max:
            accumulate(&result, columns, group) {
                $1 > $0 || $0.isNaN ? $1 : $0
            } first: {
                $0
            }
        default:
            // Population variance by Welford's method.
            var counts = [Double](repeating: 0, count: grid.count)
            var means = counts
            var squares = counts
            eachValue(columns, group) { step, value in
                counts[step] += 1
                if counts[step] == 1 {
                    means[step] = value
                    squares[step] = value.isFinite ? 0 : .nan
                } else {
                    let delta = value - means[step]
                    means[step] += delta / counts[step]
                    squares[step] += delta * (value - means[step])
                }
            }
            for step in 0..<grid.count where counts[step] > 0 {
                let variance = squares[step] / counts[step]
                result.values[step] = operation == .stdvar ? variance : variance.squareRoot()
            }
        }
        return result
    }

    @inline(__always)
    private func eachValue(_ columns: [Column], _ group: Group, _ body: (Int, Double) -> Void) {
        for member in group.members {
            columns[member].values.withUnsafeBufferPointer { values in
                for step in values.indices where !Absent.matches(values[step]) { body(step, values[step]) }
            }
        }
    }

    @inline(__always)
    private func accumulate(
        _ result: inout Column, _ columns: [Column], _ group: Group, _ next: (Double, Double) -> Double,
        first: (Double) -> Double
    ) {
        result.values.withUnsafeMutableBufferPointer { out in
            eachValue(columns, group) { step, value in
                out[step] = Absent.matches(out[step]) ? first(value) : next(out[step], value)
            }
        }
    }

    /// The result of an aggregation of floats with what the histograms of the group add to it.
    private func withHistograms(
        _ floats: Column, _ aggregation: Aggregation, _ columns: [Column], _ group: Group
    ) -> Column {
        var result = floats
        for step in 0..<grid.count {
            let histograms = group.members.compactMap { columns[$0].histogram(step) }
            guard !histograms.isEmpty else { continue }
            switch aggregation.operation {
            case .count:
                result.values[step] =
                    Double(histograms.count) + (Absent.matches(floats.values[step]) ? 0 : floats.values[step])
            case .group: result.values[step] = 1
            default:
                guard Absent.matches(floats.values[step]) else {
                    context.warn("encountered a mix of histograms and floats for aggregation", aggregation.inner)
                    result.values[step] = Absent.value
                    continue
                }
                do {
                    let (total, reconciled, collision) = try Self.total(
                        of: histograms, average: aggregation.operation == .avg)
                    if reconciled { noteReconciled("aggregation", aggregation.inner) }
                    if collision { noteCollision("aggregation", aggregation.inner) }
                    result.set(total, at: step)
                } catch {
                    // The name of the first series that doesn't fit the ones before it.
                    let kinds = group.members.filter { columns[$0].histogram(step) != nil }
                    let odd = kinds.first {
                        columns[$0].histogram(step)?.hasCustomBounds != histograms[0].hasCustomBounds
                    }
                    noteMixedSchemas(odd.map { columns[$0].labels } ?? Labels(), aggregation.inner)
                }
            }
        }
        return result
    }

    private func noteIgnored(_ columns: [Column], _ aggregation: Aggregation, at expr: Expr? = nil) {
        guard columns.contains(where: { $0.histograms.contains { $0 != nil } }) else { return }
        context.inform(
            "ignored histogram in \(aggregation.operation.rawValue) aggregation", expr ?? aggregation.inner)
    }

    // MARK: series that stay

    /// `topk`, `bottomk` and `limitk`: the input's series with the values of the losing ones taken out.
    private func selected(_ aggregation: Aggregation, _ columns: [Column], _ groups: [Group]) throws -> [Column] {
        guard let parameter = aggregation.parameter else { return [] }
        let counts = try scalar(parameter)
        // With nothing to keep at any step, nothing else is looked at.
        guard counts.contains(where: { !($0 < 1) }) else { return [] }
        for count in counts where !(abs(count) < 0x1p63) {
            let verb = count < 0 ? "underflows" : "overflows"
            throw PromQLError.execution(
                count.isNaN ? "Parameter value is NaN" : "Scalar value \(goText(count)) \(verb) int64")
        }
        if aggregation.operation != .limitk { noteIgnored(columns, aggregation) }
        try context.charge(columns.count * grid.count)
        var results = columns
        for index in results.indices {
            results[index].values = [Double](repeating: Absent.value, count: grid.count)
            results[index].histograms = []
        }
        var order: [Int] = []
        for group in groups {
            for step in 0..<grid.count where counts[step] >= 1 {
                let limit = Int(min(counts[step], Double(group.members.count)))
                let present = group.members.filter {
                    aggregation.operation == .limitk
                        ? columns[$0].isPresent(step) : !Absent.matches(columns[$0].values[step])
                }
                let kept: [Int]
                if aggregation.operation == .limitk {
                    kept = Array(present.prefix(limit))
                } else {
                    var heap = RankingHeap(limit: limit, largest: aggregation.operation == .topk, reinserts: isV2)
                    for member in present { heap.offer(member, columns[member].values[step]) }
                    kept = heap.ranked
                }
                for member in kept { results[member].copy(columns[member], step) }
                // An instant query delivers each group by rank.
                if grid.count == 1 { order += kept }
            }
        }
        return grid.count == 1 ? order.map { results[$0] } : results
    }

    /// `limit_ratio(r, v)`: the series whose hash falls in the first r of all hashes, or for a negative r those that
    /// `limit_ratio(1 + r, v)` leaves out.
    private func sampled(_ aggregation: Aggregation, _ columns: [Column]) throws -> [Column] {
        guard let parameter = aggregation.parameter else { return [] }
        var ratios = try scalar(parameter)
        guard ratios.contains(where: { $0 != 0 }) else { return [] }
        for step in ratios.indices {
            guard !ratios[step].isNaN else { throw PromQLError.execution("Ratio value is NaN") }
            if abs(ratios[step]) > 1 {
                let capped = ratios[step] < 0 ? -1.0 : 1.0
                context.warn(
                    "ratio value should be between -1 and 1, got \(goText(ratios[step])), capping to \(goText(capped))",
                    parameter)
                ratios[step] = capped
            }
        }
        let hashes = columns.map { Double(LabelHash.hash($0.labels)) / Double(UInt64.max) }
        var results = columns
        for (index, hash) in hashes.enumerated() {
            for step in 0..<grid.count {
                let ratio = ratios[step]
                let kept = ratio >= 0 ? hash < ratio : hash >= 1 + ratio
                if !kept { results[index].remove(step) }
            }
        }
        return results
    }

    private func countValues(_ aggregation: Aggregation, _ columns: [Column], _ groups: [Group]) throws -> [Column] {
        guard let parameter = aggregation.parameter else { return [] }
        let name = try string(parameter)
        guard !name.isEmpty, !name.unicodeScalars.contains("\u{FFFD}") else {
            throw PromQLError.execution("invalid label name \(sourceText(parameter))")
        }
        var results: [Column] = []
        var places: [Labels: Int] = [:]
        for group in groups {
            var texts: [UInt64: Int] = [:]
            for step in 0..<grid.count {
                for member in group.members where columns[member].isPresent(step) {
                    let value = columns[member].values[step]
                    let histogram = columns[member].histogram(step)
                    var place = histogram == nil ? texts[value.bitPattern] : nil
                    if place == nil {
                        let labels = group.labels.with(name, histogram?.text ?? plainText(value))
                        place = places[labels]
                        if place == nil {
                            place = results.count
                            places[labels] = results.count
                            results.append(try absentColumn(labels))
                            results[results.count - 1].dropsName = group.dropsName
                        }
                        if histogram == nil { texts[value.bitPattern] = place }
                    }
                    guard let place else { continue }
                    let before = results[place].values[step]
                    results[place].values[step] = Absent.matches(before) ? 1 : before + 1
                }
            }
        }
        return results
    }
}

/// The best `limit` of the offered values, with ties resolved as Go's `container/heap` does in Prometheus.
struct RankingHeap {
    private let limit: Int
    private let largest: Bool
    /// Prometheus 2.x took the worst out and put the new one in, where 3.x overwrites it: ties then end in another order.
    private let reinserts: Bool
    private var entries: [(member: Int, value: Double)] = []

    init(limit: Int, largest: Bool, reinserts: Bool) {
        self.limit = limit
        self.largest = largest
        self.reinserts = reinserts
    }

    /// Whether `a` goes before `b`: NaN is worst.
    private func worse(_ a: Double, _ b: Double) -> Bool {
        if a.isNaN { return true }
        return largest ? a < b : a > b
    }

    mutating func offer(_ member: Int, _ value: Double) {
        guard limit > 0 else { return }
        if entries.count < limit { return push(member, value) }
        let root = entries[0].value
        guard (largest ? root < value : root > value) || root.isNaN && !value.isNaN else { return }
        if reinserts, limit > 1 {
            entries.swapAt(0, entries.count - 1)
            entries.removeLast()
            sink()
            push(member, value)
        } else {
            entries[0] = (member, value)
            sink()
        }
    }

    private mutating func push(_ member: Int, _ value: Double) {
        entries.append((member, value))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard worse(entries[child].value, entries[parent].value) else { break }
            entries.swapAt(parent, child)
            child = parent
        }
    }

    /// Moves the first entry down to its place.
    private mutating func sink() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return }
            if child + 1 < entries.count, worse(entries[child + 1].value, entries[child].value) { child += 1 }
            guard worse(entries[child].value, entries[parent].value) else { return }
            entries.swapAt(parent, child)
            parent = child
        }
    }

    /// The members, best first.
    var ranked: [Int] {
        entries.enumerated().sorted { a, b in
            let (x, y) = (a.element.value, b.element.value)
            if x.isNaN || y.isNaN { return !x.isNaN && y.isNaN || x.isNaN == y.isNaN && a.offset < b.offset }
            if x != y { return largest ? x > y : x < y }
            return a.offset < b.offset
        }.map(\.element.member)
    }
}
