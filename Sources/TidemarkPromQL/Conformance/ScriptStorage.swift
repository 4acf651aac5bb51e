import TidemarkBase
import TidemarkSeries

/// The samples that the `load` commands of a script made.
struct ScriptStorage {
    private(set) var series = MemorySeries()
    private var hints: [Labels: HintTracker] = [:]

    /// A line of a load command.
    struct Line {
        var labels: Labels
        var values: [ScriptValue]
        /// Start times relative to the samples, in milliseconds; nil without one.
        var starts: [Int64?]
    }

    mutating func load(_ lines: [Line], stepMs: Int64, classicToo: Bool) {
        // Of two lines for one series the last counts.
        var order: [Labels] = []
        var last: [Labels: Line] = [:]
        for line in lines { if last.updateValue(line, forKey: line.labels) == nil { order.append(line.labels) } }
        let kept = order.compactMap { last[$0] }
        for line in kept {
            for (index, value) in line.values.enumerated() {
                let time = Int64(index) * stepMs
                let start = line.starts.isEmpty ? nil : line.starts[index % line.starts.count]
                append(line.labels, time, value, startMs: start.map { time + $0 } ?? 0)
            }
        }
        guard classicToo else { return }
        for (labels, samples) in ClassicConversion.histograms(kept, stepMs: stepMs) {
            for (time, histogram) in samples {
                append(labels, time, .histogram(histogram, hintGiven: false), startMs: 0)
            }
        }
    }

    private mutating func append(_ labels: Labels, _ time: Int64, _ value: ScriptValue, startMs: Int64) {
        switch value {
        case .omitted: break
        case .float(let value):
            series.append(series: series.series(labels), timeMs: time, value: value, startMs: startMs)
            hints[labels] = nil
        case .histogram(var histogram, _):
            histogram.resetHint = hints[labels, default: HintTracker()].hint(for: histogram)
            series.append(series: series.series(labels), timeMs: time, histogram: histogram, startMs: startMs)
        }
    }
}

/// What a TSDB says about resets when it gives back the histograms that were put in: within a chunk there are none,
/// and a chunk is begun anew when the layout changes or the counter is reset.
struct HintTracker {
    private var previous: NativeHistogram?

    mutating func hint(for histogram: NativeHistogram) -> NativeHistogram.ResetHint {
        defer { previous = histogram }
        if histogram.resetHint == .gauge { return .gauge }
        guard let before = previous, before.resetHint != .gauge else {
            return histogram.resetHint == .reset ? .reset : .unknown
        }
        if histogram.resetHint == .reset { return .reset }
        if before.isStale || histogram.isStale { return .unknown }
        if histogram.count < before.count { return .reset }
        if histogram.schema != before.schema || histogram.zeroThreshold != before.zeroThreshold { return .unknown }
        if histogram.hasCustomBounds, histogram.customBounds != before.customBounds { return .reset }
        var plain = histogram
        plain.resetHint = .unknown
        return HistogramSum.detectsReset(plain, after: before) ? .reset : .notReset
    }
}

/// Classic histograms as native ones with custom bounds.
enum ClassicConversion {
    private struct Parts {
        var buckets: [(bound: Double, count: Double)] = []
        var count: Double?
        var sum = 0.0
    }

    /// The native histograms that the lines of a load command describe in classic buckets, by labels and time.
    static func histograms(
        _ lines: [ScriptStorage.Line], stepMs: Int64
    ) -> [(labels: Labels, samples: [(Int64, NativeHistogram)])] {
        var order: [Labels] = []
        var found: [Labels: [Int64: Parts]] = [:]
        for line in lines {
            let name = line.labels.name
            guard let suffix = ["_bucket", "_count", "_sum"].first(where: { name.hasSuffix($0) }) else { continue }
            var bound = 0.0
            if suffix == "_bucket" {
                guard let text = line.labels["le"], let value = withBytes(of: text, { Decimal.parseAny($0) }),
                    !value.isNaN
                else { continue }
                bound = value
            }
            let base = line.labels.without("le").with(Labels.metricName, String(name.dropLast(suffix.count)))
            if found[base] == nil {
                order.append(base)
                found[base] = [:]
            }
            for (index, value) in line.values.enumerated() {
                guard case .float(let value) = value else { continue }
                let time = Int64(index) * stepMs
                switch suffix {
                case "_bucket": found[base]?[time, default: Parts()].buckets.append((bound, value))
                case "_count": found[base]?[time, default: Parts()].count = value
                default: found[base]?[time, default: Parts()].sum = value
                }
            }
        }
        return order.map { labels in
            let samples = (found[labels] ?? [:]).sorted { $0.key < $1.key }
            return (labels, samples.compactMap { time, parts in histogram(parts).map { (time, $0) } })
        }
    }

    private static func histogram(_ parts: Parts) -> NativeHistogram? {
        var buckets = parts.buckets.sorted { $0.bound < $1.bound }
        let total = parts.count ?? buckets.last?.count ?? 0
        if buckets.last?.bound != .infinity { buckets.append((.infinity, total)) }
        var histogram = NativeHistogram()
        histogram.schema = NativeHistogram.customSchema
        histogram.count = total
        histogram.sum = parts.sum
        histogram.customBounds = buckets.dropLast().map(\.bound)
        var before = 0.0
        for bucket in buckets {
            guard bucket.count >= before else { return nil }
            histogram.positive.append(bucket.count - before)
            before = bucket.count
        }
        histogram.positiveSpans = [.init(offset: 0, length: UInt32(clamping: histogram.positive.count))]
        return histogram
    }
}
