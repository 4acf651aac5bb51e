import TidemarkBase
import TidemarkSeries

/// One metric family of an OpenMetrics document while its block is read.
struct OpenMetricsFamily {
    let name: String
    /// Line that opened the block.
    let line: Int
    var type: MetricFamilyType?
    var unit: String?
    var hasHelp = false
    private(set) var sampleCount = 0
    private var histogram: HistogramCheck?

    private var seenMetrics: Set<[Labels.Label]> = []
    private var metric: [Labels.Label]?
    private var time: DecimalText?
    /// Samples of the current metric at the current time.
    private var seenSamples: Set<ExpositionSeries> = []

    init(name: String, line: Int) {
        self.name = name
        self.line = line
    }

    /// The full names that samples of this family may have.
    var sampleNames: [String] { (type ?? .unknown).suffixes.map { name + $0 } }

    /// All names that no other family may use: those of its samples, and its own.
    var reservedNames: [String] { Array(Set(sampleNames + [name])).sorted() }

    /// Takes up one of ``sampleNames``.
    mutating func add(_ sample: ExpositionSample, line: Int, into findings: inout FindingList) {
        let type = type ?? .unknown
        let suffix = String(sample.name.dropFirst(name.count))
        sampleCount += 1
        if let fault = labelFault(sample, type, suffix) ?? valueFault(sample, type, suffix) {
            findings.add(line, fault)
            return
        }
        if let advice = spellingAdvice(sample, type, suffix) { findings.add(line, advice, isAdvice: true) }
        if sample.hasExemplar, suffix != "_bucket", suffix != "_total" {
            findings.add(
                line, "\(sample.name) has an exemplar: only buckets of histograms and totals of counters may have one")
        }
        // Samples of an info cannot be told apart into metrics, so all of them count as one.
        let key = type == .info ? [] : sample.key(without: type.ownLabel(family: name, suffix: suffix))
        order(sample, key, type, line, &findings)
        if type == .histogram || type == .gaugehistogram {
            if histogram == nil { histogram = HistogramCheck(family: name) }
            histogram?.add(sample, metric: key, suffix: suffix, line: line, into: &findings)
        }
    }

    /// What can only be said at the end of the block.
    mutating func finish(into findings: inout FindingList) {
        if let unit, !unit.isEmpty {
            if !name.hasSuffix("_" + unit) {
                findings.add(line, "the name of metric family \(name) does not end in its unit, _\(unit)")
            }
            if type == .info || type == .stateset {
                findings.add(line, "metric family \(name): a family of type \(type!.rawValue) has no unit")
            }
        }
        histogram?.finish(into: &findings)
    }

    // MARK: one sample

    private func labelFault(_ sample: ExpositionSample, _ type: MetricFamilyType, _ suffix: String) -> String? {
        guard let label = type.ownLabel(family: name, suffix: suffix) else { return nil }
        guard let text = sample.label(label) else { return "\(sample.name) has no label \(label)" }
        guard type != .stateset else { return nil }
        let number = withBytes(of: text) { Decimal.parseAny($0) } ?? .nan
        guard !number.isNaN else { return "\(sample.name): \(label)=\"\(text)\" is not a number" }
        if label == "quantile", !(0...1).contains(number) {
            return "\(sample.name): quantile \(text) does not lie between 0 and 1"
        }
        if number == .infinity, text != "+Inf" { return "\(sample.name): infinity is spelled le=\"+Inf\"" }
        return nil
    }

    /// The spelling that a bound should have, where it has another one. Parsers must take any; but the bound is a
    /// label, and series whose labels differ are different series.
    private func spellingAdvice(_ sample: ExpositionSample, _ type: MetricFamilyType, _ suffix: String) -> String? {
        guard type != .stateset, let label = type.ownLabel(family: name, suffix: suffix),
            let text = sample.label(label), let number = withBytes(of: text, { Decimal.parseAny($0) })
        else { return nil }
        let canonical = GoFloat.labelValue(number)
        return text == canonical || !Self.isCanonical(number)
            ? nil : "\(sample.name): \(label)=\"\(text)\" should be spelled \"\(canonical)\""
    }

    /// The numbers whose spelling in `le` and `quantile` the specification lays down: 0 to 10 in steps of 0.001, and
    /// the powers of ten from 1e-10 to 1e+10.
    private static func isCanonical(_ number: Double) -> Bool {
        number >= 0 && number <= 10 && (number * 1000).rounded() / 1000 == number || powers.contains(number)
    }

    private static let powers: Set<Double> = [
        1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
        1e10,
    ]

    private func valueFault(_ sample: ExpositionSample, _ type: MetricFamilyType, _ suffix: String) -> String? {
        let value = sample.value
        switch (type, suffix) {
        case (.info, _): return value == 1 ? nil : "\(sample.name): the value of an info is 1"
        case (.stateset, _): return value == 0 || value == 1 ? nil : "\(sample.name): the value of a state is 0 or 1"
        case (.summary, ""): return value < 0 ? "\(sample.name): a quantile's value cannot be negative" : nil
        case (_, "_gsum"): return value.isNaN ? "\(sample.name) cannot be NaN" : nil
        case (_, "_bucket"), (_, "_count"), (_, "_gcount"):
            guard value.isFinite, value == value.rounded() else {
                return "\(sample.name): a count of events is a whole number"
            }
            return value < 0 ? "\(sample.name) cannot be negative" : nil
        case (_, "_total"), (_, "_sum"):
            if value.isNaN { return "\(sample.name) cannot be NaN" }
            return value < 0 ? "\(sample.name) cannot be negative" : nil
        default: return nil
        }
    }

    // MARK: order

    private mutating func order(
        _ sample: ExpositionSample, _ key: [Labels.Label], _ type: MetricFamilyType, _ line: Int,
        _ findings: inout FindingList
    ) {
        if key == metric {
            if (sample.time == nil) != (time == nil) {
                findings.add(line, "some samples of this metric have a timestamp and some have none")
            } else if let time, let new = sample.time, new < time, type != .info {
                findings.add(line, "the timestamp goes back within this metric")
            }
            if sample.time != time { seenSamples.removeAll() }
        } else {
            if seenMetrics.contains(key) {
                findings.add(line, "samples of this metric are not together: another metric stands between them")
            }
            seenMetrics.insert(key)
            metric = key
            seenSamples.removeAll()
        }
        time = sample.time
        if !seenSamples.insert(ExpositionSeries(name: sample.name, labels: sample.key())).inserted {
            // The format's reference parser keeps the first and says nothing.
            findings.add(
                line, "the same sample of \(sample.name) stands twice: parsers keep the first", isAdvice: true)
        }
    }
}

/// What makes two samples the same one.
struct ExpositionSeries: Hashable {
    var name: String
    var labels: [Labels.Label]
}
