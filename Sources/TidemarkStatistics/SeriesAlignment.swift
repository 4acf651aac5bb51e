/// Finds the shift in time by which samples fit a reference best: the clock of a log against Prometheus' gauges of the same
/// quantities.
///
/// Each channel tells by Pearson's r how much of the samples' variation the reference explains at a shift; together they say
/// R² = 1 - Π(1 - r²), the share that a joint fit would explain if the channels were independent, lowered where the samples
/// overlap the reference only in part. One channel that fits closely so outweighs several noisy ones. A coarse search goes over
/// all shifts, a fine one around the best. The answer is refused when the evidence is flat, short, or fits elsewhere as well.
public enum SeriesAlignment {
    /// One quantity as both sides saw it. Times in seconds, ascending.
    public struct Channel: Sendable {
        public var times: [Double]
        public var values: [Double]
        public var referenceTimes: [Double]
        public var referenceValues: [Double]
        /// Whether the samples may also fall when the reference rises.
        public var isEitherWay = false

        public init(
            times: [Double], values: [Double], referenceTimes: [Double], referenceValues: [Double],
            isEitherWay: Bool = false
        ) {
            (self.times, self.values) = (times, values)
            (self.referenceTimes, self.referenceValues) = (referenceTimes, referenceValues)
            self.isEitherWay = isEitherWay
        }
    }

    public struct Result: Sendable, Equatable {
        /// What must be taken off the samples' times, in seconds.
        public var shift: Double
        /// Standard error of the shift in seconds.
        public var error: Double
        /// Joint correlation R of all channels at that shift, 0…1.
        public var correlation: Double
        /// Best score of a shift at least ``apart`` away; 0 when there is none.
        public var elsewhere: Double
        /// Samples that overlap the reference.
        public var points: Int

        /// 0…1: how well it fits, and how much better than elsewhere.
        public var confidence: Double { min(0.99, correlation * min(1, max(0, correlation - elsewhere) / 0.2)) }
    }

    public enum Outcome: Sendable, Equatable {
        case found(Result)
        /// Why there is no answer, in words with numbers.
        case refused(String)
    }

    /// Zones differ by at least a quarter of an hour.
    public static let apart = 900.0
    fileprivate static let fewestPoints = 12
    private static let leastCorrelation = 0.6
    private static let leastMargin = 0.1
    /// A reference value holds for at most this long, in seconds.
    fileprivate static let holds = 60.0

    /// - Parameters:
    ///   - limit: largest shift to either side in seconds.
    ///   - complexity: (samples) × (shifts): a day of ten-second samples and 30 hours of shifts take about a second.
    public static func find(_ channels: [Channel], limit: Double = 15 * 3600) -> Outcome {
        let usable = channels.map(calmed).filter { varies($0.values) && varies($0.referenceValues) }
        guard !usable.isEmpty else { return .refused("the numbers to compare are flat") }
        let most = usable.map(\.times.count).max()!
        guard most >= fewestPoints else {
            return .refused("only \(most) samples to compare, \(fewestPoints) are needed")
        }
        let step = 5.0
        let grids = usable.map { Grid($0, step: step) }
        let first = Int(-limit / step)
        let last = Int(limit / step)
        var best: (score: Double, shift: Int)?
        var scores = [Double](repeating: -2, count: last - first + 1)
        for shift in first...last {
            let score = grids.score(shift)
            scores[shift - first] = score
            if score > best?.score ?? -2 { best = (score, shift) }
        }
        guard let best, best.score > -2 else { return .refused("the samples and the reference never overlap enough") }
        var elsewhere = 0.0
        for shift in first...last where abs(Double(shift - best.shift)) * step >= apart {
            elsewhere = max(elsewhere, scores[shift - first])
        }
        let fine = refine(usable, around: Double(best.shift) * step)
        let result = Result(
            shift: fine.shift, error: fine.error, correlation: (1 - fine.unexplained).squareRoot(),
            elsewhere: elsewhere, points: fine.points)
        let numbers =
            "correlation \(rounded(result.correlation)), elsewhere \(rounded(elsewhere)), \(fine.points) samples"
        guard result.correlation >= leastCorrelation else { return .refused("nothing fits well: \(numbers)") }
        // Few samples fit something by chance.
        let margin = leastMargin + 0.5 / Double(max(1, fine.points)).squareRoot()
        guard result.correlation - elsewhere >= margin else { return .refused("several shifts fit: \(numbers)") }
        return .found(result)
    }

    /// The channel with its extremes brought to the 2nd and 98th percentile: a single spike, after a restart for example, would
    /// else fit any other spike.
    private static func calmed(_ channel: Channel) -> Channel {
        func clipped(_ values: [Double]) -> [Double] {
            guard values.count >= 25 else { return values }
            let sorted = values.sorted()
            let (low, high) = (sorted[values.count / 50], sorted[values.count - 1 - values.count / 50])
            return values.map { min(max($0, low), high) }
        }
        var calm = channel
        calm.values = clipped(channel.values)
        calm.referenceValues = clipped(channel.referenceValues)
        return calm
    }

    /// What is left unexplained by correlations: one takes nothing away when it is negative.
    fileprivate static func unexplained(_ correlation: Double) -> Double {
        1 - min(0.9999, max(0, correlation) * max(0, correlation))
    }

    private static func varies(_ values: [Double]) -> Bool {
        guard let low = values.min(), let high = values.max() else { return false }
        return high > low
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    /// Sums for Pearson's correlation.
    fileprivate struct Correlation {
        var n = 0.0
        var x = 0.0
        var y = 0.0
        var xx = 0.0
        var yy = 0.0
        var xy = 0.0

        @inline(__always) mutating func add(_ a: Double, _ b: Double) {
            n += 1
            x += a
            y += b
            xx += a * a
            yy += b * b
            xy += a * b
        }

        /// nil when one side doesn't vary.
        var value: Double? {
            let (vx, vy) = (xx - x * x / n, yy - y * y / n)
            guard n > 2, vx > 1e-12 * max(1, xx), vy > 1e-12 * max(1, yy) else { return nil }
            return (xy - x * y / n) / (vx * vy).squareRoot()
        }
    }

    /// A channel whose reference stands on a regular grid, for the coarse search.
    fileprivate struct Grid {
        /// Cell of each sample relative to the first cell of the reference.
        private var cells: [Int] = []
        private var values: [Double] = []
        private var reference: [Double] = []
        /// Samples that can overlap at best.
        private var most = 0
        private let isEitherWay: Bool

        init(_ channel: Channel, step: Double) {
            isEitherWay = channel.isEitherWay
            let start = channel.referenceTimes[0]
            let count = Int((channel.referenceTimes.last! - start) / step) + 1
            reference = [Double](repeating: .nan, count: min(count, 1 << 22))
            var next = 0
            for cell in reference.indices {
                let time = start + (Double(cell) + 0.5) * step
                while next < channel.referenceTimes.count, channel.referenceTimes[next] <= time { next += 1 }
                if next > 0, time - channel.referenceTimes[next - 1] <= SeriesAlignment.holds {
                    reference[cell] = channel.referenceValues[next - 1]
                }
            }
            // More samples than this add time, not certainty.
            let stride = max(1, channel.times.count / 4000)
            for index in Swift.stride(from: 0, to: channel.times.count, by: stride) {
                cells.append(Int(((channel.times[index] - start) / step).rounded(.down)))
                values.append(channel.values[index])
            }
            let span = channel.times.last! - channel.times[0]
            let covered = span > 0 ? min(1, Double(count) * step / span) : 1
            most = max(1, Int(Double(values.count) * covered))
        }

        func score(_ shift: Int) -> (correlation: Double?, share: Double) {
            var sums = Correlation()
            for index in cells.indices {
                let cell = cells[index] - shift
                guard cell >= 0, cell < reference.count else { continue }
                let value = reference[cell]
                if value == value { sums.add(values[index], value) }
            }
            let share = min(1, sums.n / Double(most))
            guard sums.n >= Double(SeriesAlignment.fewestPoints), share >= 0.3 else { return (nil, 0) }
            return (isEitherWay ? sums.value.map(abs) : sums.value, share)
        }
    }

    /// The best shift within twenty seconds of a first guess, by half seconds and between, with its standard error. The
    /// reference is interpolated, and the same samples are compared at every shift.
    private static func refine(_ channels: [Channel], around center: Double) -> Fine {
        let reach = 20.0
        let overlapping = channels.map { channel -> Channel in
            var cut = channel
            let low = channel.referenceTimes[0] + reach
            let high = channel.referenceTimes.last! - reach
            let kept = channel.times.indices.filter {
                channel.times[$0] - center >= low && channel.times[$0] - center <= high
            }
            cut.times = kept.map { channel.times[$0] }
            cut.values = kept.map { channel.values[$0] }
            return cut
        }
        let shifts = stride(from: -reach, through: reach, by: 0.5).map { center + $0 }
        let left = shifts.map { unexplained(overlapping, $0) }
        let top = left.indices.min { left[$0] < left[$1] }!
        var fine = Fine(shift: shifts[top], unexplained: left[top])
        fine.points = overlapping.map(\.times.count).max() ?? 0
        if top > 0, top + 1 < left.count {
            // The foot of the parabola through the three points around the best.
            let bend = left[top - 1] - 2 * left[top] + left[top + 1]
            if bend > 0 { fine.shift += 0.25 * (left[top - 1] - left[top + 1]) / bend }
        }
        // How fast the fit gets worse, over a wide arm: narrow ones see only the grid of the scrapes.
        let arm = 16
        if top >= arm, top + arm < left.count {
            let bend = (left[top - arm] - 2 * left[top] + left[top + arm]) / (Double(arm) * 0.5 * Double(arm) * 0.5)
            // Neighbouring samples err alike: about a quarter of them are independent.
            let independent = max(3, Double(fine.points) / 4)
            if bend > 0 { fine.error = (2 * max(left[top], 1e-4) / (independent * bend)).squareRoot() }
        }
        return fine
    }

    private struct Fine {
        var shift: Double
        var unexplained: Double
        var points = 0
        /// Standard error of the shift in seconds.
        var error = 20.0
    }

    /// The share of the samples' variation that no channel explains at a shift.
    private static func unexplained(_ channels: [Channel], _ shift: Double) -> Double {
        var left = 1.0
        for channel in channels {
            var sums = Correlation()
            var next = 0
            for index in channel.times.indices {
                let time = channel.times[index] - shift
                while next < channel.referenceTimes.count, channel.referenceTimes[next] <= time { next += 1 }
                guard next > 0, next < channel.referenceTimes.count else { continue }
                let (before, after) = (channel.referenceTimes[next - 1], channel.referenceTimes[next])
                guard after - before <= holds else { continue }
                let share = (time - before) / (after - before)
                let (low, high) = (channel.referenceValues[next - 1], channel.referenceValues[next])
                sums.add(channel.values[index], low + (high - low) * share)
            }
            if let value = sums.value { left *= unexplained(channel.isEitherWay ? abs(value) : value) }
        }
        return left
    }
}

extension [SeriesAlignment.Grid] {
    fileprivate func score(_ shift: Int) -> Double {
        var (left, best) = (1.0, 0.0)
        for grid in self {
            let (correlation, share) = grid.score(shift)
            guard let correlation else { continue }
            left *= SeriesAlignment.unexplained(correlation)
            best = Swift.max(best, share)
        }
        return best > 0 ? ((1 - left) * best).squareRoot() : -2
    }
}
