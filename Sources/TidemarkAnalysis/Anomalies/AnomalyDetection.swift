import TidemarkBase
import TidemarkStatistics

/// A stretch of time in which the signals together were as they usually aren't.
public struct Anomaly: Sendable {
    public struct Part: Sendable {
        public var signal: String
        public var instance: String
        public var unit: SignalUnit
        /// Of the anomaly's score, 0…1.
        public var share: Double
        /// Medians during the anomaly and of the usual windows.
        public var value: Double
        public var normal: Double
        /// Mean robust deviation: above zero it was higher than usual.
        public var deviations: Double
    }

    /// An episode, or a shift that lasts until the evidence ends: one change, not many anomalies.
    public enum Kind: String, Sendable { case episode, shift }

    public var rank: Int
    public var kind: Kind
    public var startMs: Int64
    public var endMs: Int64
    /// Whether its effect on users is above the reporting limit.
    public var isReported: Bool
    /// Largest T² or squared prediction error over its limit; above 1 is unusual.
    public var score: Double
    /// Excess time of all users.
    public var impactUserSeconds: Double
    /// The excess over the normal time of the same requests.
    public var impactRatio: Double
    /// What users felt most.
    public var harm: AnomalyHarm?
    public var instances: [String]
    /// The largest contributions first.
    public var parts: [Part]
}

/// Multivariate anomalies of a period's signals: found by what is unusual and by what users felt, ranked by the latter.
public struct AnomalyDetection {
    /// By impact; what is below the limit comes last.
    public private(set) var anomalies: [Anomaly] = []

    /// Windows closer than this are one anomaly.
    private static let gap = 3
    /// Least excess over normal time of a reported anomaly: alone, and with signals that stay unusual meanwhile.
    private static let clearRatio = 0.2
    private static let faintRatio = 0.1
    private static let faintScore = 2.0
    private static let faintWindows = 5
    /// It lost users as much as this many seconds of normal service, or this share of the period's.
    private static let lostSeconds = 60.0
    private static let lostShare = 0.05
    private static let mostParts = 6
    private static let mostAnomalies = 50

    private let windows: AnomalyWindows
    private let features: AnomalyFeatures
    private let model: AnomalyModel?
    private let replicas: [UserTime]
    private let fleet: UserTime

    init(_ table: SignalTable, blind: BlindSteps = BlindSteps()) {
        windows = AnomalyWindows(table, blind: blind)
        features = AnomalyFeatures(windows)
        model = AnomalyModel(features)
        replicas = windows.replicas.map { [windows] in UserTime(windows, replica: $0) }
        fleet = UserTime.fleet(replicas, count: windows.count)
        guard windows.count >= 20 else { return }
        let scores = model?.scores ?? [Double](repeating: 0, count: windows.count)
        let ratios = smoothedRatios()
        let limit = max(Self.faintRatio, Self.noiseLimit(ratios))
        let isFelt = scores.indices.map {
            scores[$0] > 1 && ratios[$0] > Self.faintRatio / 2 || ratios[$0] > limit
        }
        var found = joinedTail(groups(isFelt)).map { anomaly($0, scores) }
        let felt = found.filter(\.isReported)
        for range in groups(scores.map { $0 > 1 }) where range.count >= Self.gap {
            let one = anomaly(range, scores)
            if !felt.contains(where: { $0.startMs < one.endMs && one.startMs < $0.endMs }) {
                found.removeAll { $0.startMs < one.endMs && one.startMs < $0.endMs }
                found.append(one)
            }
        }
        found.sort {
            if $0.isReported != $1.isReported { return $0.isReported }
            if $0.impactUserSeconds != $1.impactUserSeconds { return $0.impactUserSeconds > $1.impactUserSeconds }
            return ($0.startMs, $0.endMs) < ($1.startMs, $1.endMs)
        }
        anomalies = Array(found.prefix(Self.mostAnomalies))
        for place in anomalies.indices { anomalies[place].rank = place + 1 }
    }

    // MARK: Finding

    /// Excess over normal time of each window with its neighbours.
    private func smoothedRatios() -> [Double] {
        (0..<windows.count).map { window in
            let range = max(0, window - 1)..<min(windows.count, window + 2)
            let normal = fleet.totalNormal(range)
            return normal > 0 ? fleet.totalExcess(range) / normal : 0
        }
    }

    /// Above what the quieter half does by chance: four times the distance of its quartile and its edge beyond the former.
    private static func noiseLimit(_ ratios: [Double]) -> Double {
        guard let low = Quantiles.linear(0.25, of: ratios), let middle = Quantiles.linear(0.5, of: ratios) else {
            return 0
        }
        return low + 4 * (middle - low)
    }

    /// Ranges of marked windows, with gaps of up to three closed.
    private func groups(_ marks: [Bool]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for window in marks.indices where marks[window] {
            if let last = found.last, window - last.upperBound < Self.gap {
                found[found.count - 1] = last.lowerBound..<window + 1
            } else {
                found.append(window..<window + 1)
            }
        }
        return found
    }

    /// Groups from one on are a single shift when they fill most of the time until the evidence ends.
    private func joinedTail(_ groups: [Range<Int>]) -> [Range<Int>] {
        for (place, group) in groups.enumerated() {
            let rest = windows.count - group.lowerBound
            let filled = groups[place...].reduce(0) { $0 + $1.count }
            guard rest >= 10, let last = groups.last, lasts(group.lowerBound..<last.upperBound) else { continue }
            if Double(filled) >= 0.6 * Double(rest) { return groups[..<place] + [group.lowerBound..<last.upperBound] }
        }
        return groups
    }

    /// Whether a range goes on until the evidence ends, nearly.
    private func lasts(_ range: Range<Int>) -> Bool {
        range.count >= 10 && windows.count - range.upperBound <= max(Self.gap, range.count / 10)
    }

    // MARK: Describing

    private func anomaly(_ range: Range<Int>, _ scores: [Double]) -> Anomaly {
        let excess = fleet.excess(range)
        let impact = excess.reduce(0) { $0 + $1.seconds }
        let normal = fleet.totalNormal(range)
        let ratio = normal > 0 ? impact / normal : 0
        let lost = ratio * Double(range.count) * Double(windows.windowMs) / 1000
        let all = fleet.totalNormal(0..<windows.count)
        let usual = Quantiles.median(range.map { scores[$0] }) ?? 0
        let isClear =
            ratio >= Self.clearRatio
            || ratio >= Self.faintRatio && usual >= Self.faintScore && range.count >= Self.faintWindows
        let span = windows.span(range)
        return Anomaly(
            rank: 0, kind: lasts(range) ? .shift : .episode,
            startMs: span.startMs, endMs: span.endMs,
            isReported: isClear && (lost >= Self.lostSeconds || all > 0 && impact >= Self.lostShare * all),
            score: range.map { scores[$0] }.max() ?? 0, impactUserSeconds: impact, impactRatio: ratio,
            harm: excess.max { $0.seconds < $1.seconds }.flatMap { $0.seconds > 0 ? $0.kind : nil },
            instances: hurt(range), parts: parts(range))
    }

    /// Replicas that have a notable part in the excess.
    private func hurt(_ range: Range<Int>) -> [String] {
        let parts = replicas.map { ($0.replica, $0.totalExcess(range)) }
        let most = parts.map(\.1).max() ?? 0
        return most > 0 ? parts.filter { $0.1 >= 0.25 * most }.map(\.0) : []
    }

    private func parts(_ range: Range<Int>) -> [Anomaly.Part] {
        guard let model else { return [] }
        let shares = model.shares(Array(range))
        let order = shares.indices.sorted { (-shares[$0], $0) < (-shares[$1], $1) }
        return order.prefix(Self.mostParts).compactMap { place in
            let feature = features.features[place]
            let known = range.compactMap { feature.deviations[$0] }
            let usual = feature.values.indices.filter { model.isCore[$0] }.map { feature.values[$0] }
            guard let value = AnomalyWindows.median(Array(feature.values[range])),
                let normal = AnomalyWindows.median(usual), !known.isEmpty, shares[place] > 0
            else { return nil }
            return Anomaly.Part(
                signal: feature.signal.name, instance: feature.instance, unit: feature.signal.unit,
                share: shares[place], value: value, normal: normal,
                deviations: known.reduce(0, +) / Double(known.count))
        }
    }
}
