import TidemarkBase
import TidemarkSeries

/// One bucket of a classic histogram.
struct Bucket {
    var upperBound: Double
    /// Observations at or below the bound.
    var count: Double
}

/// Calculations on classic histograms (`promql/quantile.go`).
enum ClassicHistogram {
    /// Relative differences of counts below this are rounding errors.
    private static let tolerance = 1e-12

    /// The φ-quantile of the observations, interpolated linearly in its bucket. The buckets come in any order.
    /// - Parameters:
    ///   - tolerant: pass over tiny differences between neighbouring counts (Prometheus 2.49 and later).
    ///   - repaired: set when counts that fell from one bucket to the next were lifted.
    static func quantile(_ q: Double, _ buckets: inout [Bucket], tolerant: Bool, repaired: inout Bool) -> Double {
        if q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        guard prepare(&buckets) else { return .nan }
        var previous = buckets[0].count
        for index in 1..<buckets.count {
            let count = buckets[index].count
            if count == previous { continue }
            if tolerant, almostEqual(previous, count) {
                buckets[index].count = previous
            } else if count < previous {
                buckets[index].count = previous
                repaired = true
            } else {
                previous = count
            }
        }
        guard buckets.count >= 2, let total = buckets.last?.count, total != 0, !total.isNaN else { return .nan }
        var rank = q * total
        let last = buckets.count - 1
        let found = buckets[..<last].firstIndex { $0.count >= rank } ?? last
        if found == last { return buckets[last - 1].upperBound }
        if found == 0, buckets[0].upperBound <= 0 { return buckets[0].upperBound }
        var start = 0.0
        var count = buckets[found].count
        if found > 0 {
            start = buckets[found - 1].upperBound
            count -= buckets[found - 1].count
            rank -= buckets[found - 1].count
        }
        return start + (buckets[found].upperBound - start) * (rank / count)
    }

    /// The share of observations between two bounds.
    static func fraction(_ lower: Double, _ upper: Double, _ buckets: inout [Bucket]) -> Double {
        guard prepare(&buckets), let total = buckets.last?.count, total != 0, !total.isNaN, !lower.isNaN, !upper.isNaN
        else { return .nan }
        if lower >= upper { return 0 }
        func rank(_ value: Double) -> Double {
            var below = 0.0
            var lowerBound = buckets[0].upperBound > 0 ? 0 : -Double.infinity
            for bucket in buckets {
                if lowerBound >= value { return below }
                if bucket.upperBound > value {
                    return below + (bucket.count - below) * (value - lowerBound) / (bucket.upperBound - lowerBound)
                }
                below = bucket.count
                lowerBound = bucket.upperBound
            }
            return total
        }
        return (min(rank(upper), total) - min(rank(lower), total)) / total
    }

    /// Sorts by bound and adds up buckets with equal bounds; false when the last bound is not +Inf.
    private static func prepare(_ buckets: inout [Bucket]) -> Bool {
        buckets.sort { $0.upperBound < $1.upperBound }
        guard buckets.last?.upperBound == .infinity else { return false }
        var kept = 0
        for index in 1..<buckets.count {
            if buckets[index].upperBound == buckets[kept].upperBound {
                buckets[kept].count += buckets[index].count
            } else {
                kept += 1
                buckets[kept] = buckets[index]
            }
        }
        buckets.removeLast(buckets.count - kept - 1)
        return true
    }

    private static func almostEqual(_ a: Double, _ b: Double) -> Bool {
        if a.isNaN && b.isNaN || a == b { return true }
        let sum = abs(a) + abs(b)
        let difference = abs(a - b)
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < tolerance * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < tolerance
    }
}

extension Evaluator {
    /// The buckets of one histogram: its labels without `le` and name, and a column for each bound.
    struct HistogramGroup {
        var labels: Labels
        /// The metric's name for remarks; empty when it is already gone.
        var name: String
        var dropsName: Bool
        var bounds: [Double] = []
        var columns: [Int] = []
    }

    /// Groups bucket series into histograms. Series whose `le` is no number are passed over with a warning.
    func histograms(_ columns: [Column], _ expr: Expr) -> [HistogramGroup] {
        var groups: [HistogramGroup] = []
        var places: [Labels: Int] = [:]
        for (index, column) in columns.enumerated() {
            // Histograms are no buckets; they stand for themselves.
            guard column.histograms.isEmpty || column.hasFloats else { continue }
            guard let text = column.labels["le"], let bound = withBytes(of: text, { Decimal.parseAny($0) }) else {
                let name =
                    delaysNames && !column.labels.name.isEmpty ? " for metric name \"\(column.labels.name)\"" : ""
                context.warn(
                    "bucket label \"le\" is missing or has a malformed value of \"\(column.labels["le"] ?? "")\"\(name)",
                    expr)
                continue
            }
            let full = column.labels.without("le")
            let key = delaysNames ? full : full.withoutMetadata
            let place = places[key] ?? groups.count
            if place == groups.count {
                places[key] = place
                groups.append(HistogramGroup(labels: key, name: key.name, dropsName: delaysNames))
            }
            groups[place].bounds.append(bound)
            groups[place].columns.append(index)
        }
        return groups
    }

    /// Puts each histogram at each step, classic or native, through `classic` or `native`.
    private func overHistograms(
        _ columns: [Column], _ expr: Expr,
        classic: (_ step: Int, _ name: String, inout [Bucket]) -> Double,
        native: (_ step: Int, _ name: String, NativeHistogram) -> Double
    ) throws -> [Column] {
        var results: [Column] = []
        var buckets: [Bucket] = []
        var places: [Labels: Int] = [:]
        let groups = histograms(columns, expr)
        for group in groups {
            var result = try absentColumn(group.labels)
            result.dropsName = group.dropsName
            for step in 0..<grid.count {
                buckets.removeAll(keepingCapacity: true)
                for (bound, column) in zip(group.bounds, group.columns) {
                    let count = columns[column].values[step]
                    if !Absent.matches(count) { buckets.append(Bucket(upperBound: bound, count: count)) }
                }
                if !buckets.isEmpty { result.values[step] = classic(step, group.name, &buckets) }
            }
            places[group.labels] = results.count
            results.append(result)
        }
        for column in columns where !column.histograms.isEmpty {
            var result = try absentColumn(delaysNames ? column.labels : column.labels.withoutMetadata)
            result.dropsName = delaysNames
            let name = delaysNames ? column.labels.name : ""
            for (step, histogram) in column.histograms.enumerated() {
                guard let histogram else { continue }
                if let place = places[result.labels], !Absent.matches(results[place].values[step]) {
                    // Nobody can tell which of the two is meant.
                    let words = name.isEmpty ? "" : " for metric name \"\(name)\""
                    context.warn("vector contains a mix of classic and native histograms\(words)", expr)
                    results[place].values[step] = Absent.value
                } else {
                    result.values[step] = native(step, name, histogram)
                }
            }
            results.append(result)
        }
        return delaysNames ? results : try merged(results)
    }

    private func note(_ effect: NaNEffect, _ name: String, _ expr: Expr) {
        let words: String
        switch effect {
        case .none: return
        case .result: words = "input to histogram_quantile has NaN observations, result is NaN"
        case .skew: words = "input to histogram_quantile has NaN observations, result is skewed higher"
        case .excluded:
            words = "input to histogram_fraction has NaN observations, which are excluded from all fractions"
        }
        context.inform(words + (name.isEmpty ? "" : " for metric name \"\(name)\""), expr)
    }

    func histogramQuantile(_ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        let quantiles = try scalar(arguments[0])
        let columns = try vector(arguments[1])
        noteQuantiles(quantiles, arguments[0])
        return try quantileColumns(quantiles, columns, arguments[1], arguments[0])
    }

    private func quantileColumns(
        _ quantiles: [Double], _ columns: [Column], _ expr: Expr, _ quantileExpr: Expr
    ) throws -> [Column] {
        let tolerant = !isV2
        return try overHistograms(columns, expr) { step, name, buckets in
            var repaired = false
            let value = ClassicHistogram.quantile(quantiles[step], &buckets, tolerant: tolerant, repaired: &repaired)
            if repaired {
                let words = name.isEmpty ? "" : " for metric name \"\(name)\""
                context.inform(
                    "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)\(words)",
                    expr)
            }
            return value
        } native: { step, name, histogram in
            let (value, effect) = histogram.quantile(quantiles[step], linear: isV2)
            note(effect, name, quantileExpr)
            return value
        }
    }

    /// One series for each quantile, told apart by a label.
    func histogramQuantiles(_ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        let columns = try vector(arguments[0])
        let label = try string(arguments[1])
        var results: [Column] = []
        for argument in arguments.dropFirst(2) {
            let quantiles = try scalar(argument)
            noteQuantiles(quantiles, argument)
            for column in try quantileColumns(quantiles, columns, arguments[0], arguments[0]) {
                // The quantile may differ from step to step.
                for (value, steps) in Dictionary(grouping: 0..<grid.count, by: { labelText(quantiles[$0]) })
                    .sorted(by: { $0.key < $1.key })
                {
                    var part = Column(
                        labels: column.labels.with(label, value),
                        values: [Double](repeating: Absent.value, count: grid.count), dropsName: column.dropsName)
                    for step in steps { part.values[step] = column.values[step] }
                    results.append(part)
                }
            }
        }
        return delaysNames ? results : try merged(results)
    }

    func histogramFraction(_ arguments: [Expr], _ expr: Expr) throws -> [Column] {
        let (lower, upper) = (try scalar(arguments[0]), try scalar(arguments[1]))
        return try overHistograms(try vector(arguments[2]), arguments[2]) { step, _, buckets in
            ClassicHistogram.fraction(lower[step], upper[step], &buckets)
        } native: { step, name, histogram in
            let (value, effect) = histogram.fraction(lower[step], upper[step], linear: isV2)
            note(effect, name, arguments[0])
            return value
        }
    }

    /// `histogram_count`, `_sum`, `_avg`, `_stddev` and `_stdvar`: of native histograms; floats are passed over.
    func histogramFigure(_ name: String, _ argument: Expr) throws -> [Column] {
        let columns = try vector(argument)
        return try unnamed(
            columns.compactMap { column in
                guard !column.histograms.isEmpty else { return nil }
                var result = try absentColumn(column.labels)
                for (step, histogram) in column.histograms.enumerated() {
                    guard let histogram else { continue }
                    switch name {
                    case "histogram_count": result.values[step] = histogram.count
                    case "histogram_sum": result.values[step] = histogram.sum
                    case "histogram_avg": result.values[step] = histogram.sum / histogram.count
                    case "histogram_stdvar": result.values[step] = histogram.variance
                    default: result.values[step] = histogram.variance.squareRoot()
                    }
                }
                return result
            })
    }
}
