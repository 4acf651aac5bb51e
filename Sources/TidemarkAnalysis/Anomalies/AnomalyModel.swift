import TidemarkStatistics

/// How each window deviates from the usual co-movement of all signals: principal components of the windows that deviate
/// least, and for each window Hotelling's T² (unusually far along the components) and the squared prediction error (off
/// them), each over its limit.
///
/// Limits scale with the medians of both over the core, by the ratio of the 99.99 % quantile of χ² to its median, as the
/// reweighting step of robust covariances does. Deterministic; O(n·p·k) for each iteration of the components.
struct AnomalyModel {
    /// T² or SPE over its limit, whichever is larger; 0 where more than half of the signals are missing.
    let scores: [Double]
    /// Which windows the normal values were taken from.
    let isCore: [Bool]
    /// By window and feature: the part of it in the window's score, zero or more.
    private let parts: [[Double]]

    /// Share of the variance that the components keep.
    private static let kept = 0.9
    private static let mostComponents = 20
    private static let coreShare = 0.6

    /// nil with fewer than two features or twenty usable windows.
    init?(_ table: AnomalyFeatures) {
        let features = table.features.count
        let usable = (0..<table.count).filter { window in
            2 * table.features.count { $0.deviations[window] != nil } > features
        }
        guard features >= 2, usable.count >= 20 else { return nil }
        let rows = usable.map { window in table.features.map { $0.deviations[window] } }
        let distances = rows.map { $0.reduce(0.0) { $0 + min(16, ($1 ?? 0) * ($1 ?? 0)) } }
        var core = Self.nearest(distances, share: 0.5)
        var result = Fit(rows: rows, core: core, wantsParts: false)
        for round in 0..<2 {
            core = Self.nearest(result.scores, share: Self.coreShare)
            result = Fit(rows: rows, core: core, wantsParts: round == 1)
        }
        var scores = [Double](repeating: 0, count: table.count)
        var isCore = [Bool](repeating: false, count: table.count)
        var parts = [[Double]](repeating: [], count: table.count)
        for (place, window) in usable.enumerated() {
            scores[window] = result.scores[place]
            parts[window] = result.parts[place]
        }
        for place in core { isCore[usable[place]] = true }
        self.scores = scores
        self.isCore = isCore
        self.parts = parts
    }

    /// Share of each feature in the scores of some windows; empty when none of them has a score.
    func shares(_ windows: [Int]) -> [Double] {
        var sums: [Double] = []
        for window in windows where !parts[window].isEmpty {
            if sums.isEmpty { sums = [Double](repeating: 0, count: parts[window].count) }
            for (place, part) in parts[window].enumerated() { sums[place] += part }
        }
        let total = sums.reduce(0, +)
        return total > 0 ? sums.map { $0 / total } : []
    }

    /// Places of the smallest values, in order of place.
    private static func nearest(_ values: [Double], share: Double) -> [Int] {
        let wanted = max(3, Int(share * Double(values.count)))
        return values.indices.sorted { (values[$0], $0) < (values[$1], $1) }.prefix(wanted).sorted()
    }

    /// One fit to a core.
    private struct Fit {
        var scores: [Double] = []
        var parts: [[Double]] = []

        init(rows: [[Double?]], core: [Int], wantsParts: Bool) {
            let width = rows[0].count
            var mean = [Double](repeating: 0, count: width)
            for place in core { for (column, value) in rows[place].enumerated() { mean[column] += value ?? 0 } }
            for column in mean.indices { mean[column] /= Double(core.count) }
            // A missing deviation is taken to be as usual.
            let centred = rows.map { row in zip(row, mean).map { value, mean in value.map { $0 - mean } ?? 0 } }
            // One wild value must not turn the components.
            let sample = core.map { centred[$0].map { max(-4, min(4, $0)) } }
            let components = LeadingComponents(
                sample, most: min(AnomalyModel.mostComponents, max(1, core.count / 3)), share: AnomalyModel.kept)
            var along: [Double] = []
            var off: [Double] = []
            var split: [(along: [Double], off: [Double])] = []
            for (row, values) in centred.enumerated() {
                let known = Double(max(1, rows[row].count { $0 != nil }))
                let one = Self.split(values, components, weight: Double(width) / known)
                along.append(one.along.reduce(0, +))
                off.append(one.off.reduce(0, +))
                if wantsParts { split.append(one) }
            }
            let alongLimit = Self.limit(along, core, freedom: components.variances.count)
            let offLimit = Self.limit(off, core, freedom: components.variances.count)
            for row in rows.indices { scores.append(max(along[row] / alongLimit, off[row] / offLimit)) }
            parts = split.map { one in
                zip(one.along, one.off).map { max(0, $0) / alongLimit + $1 / offLimit }
            }
        }

        /// Each column's part of T² (Σ t·p·x / λ, which may be negative) and of the squared prediction error.
        private static func split(
            _ values: [Double], _ components: LeadingComponents, weight: Double
        ) -> (along: [Double], off: [Double]) {
            var rest = values
            var pull = [Double](repeating: 0, count: values.count)
            for (vector, variance) in zip(components.vectors, components.variances) {
                let place = LeadingComponents.dot(vector, values)
                let scaled = place / variance
                for column in values.indices {
                    rest[column] -= place * vector[column]
                    pull[column] += scaled * vector[column] * values[column]
                }
            }
            for column in rest.indices { rest[column] *= rest[column] * weight }
            return (pull, rest)
        }

        private static func limit(_ values: [Double], _ core: [Int], freedom: Int) -> Double {
            let middle = Quantiles.median(core.map { values[$0] }) ?? 0
            let freedom = Double(max(1, freedom))
            let ratio =
                (ChiSquare.quantile(0.9999, freedom: freedom) ?? 1) / (ChiSquare.quantile(0.5, freedom: freedom) ?? 1)
            return max(1e-9, middle * ratio)
        }
    }
}
