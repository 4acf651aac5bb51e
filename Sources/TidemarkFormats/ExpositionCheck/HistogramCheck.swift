import TidemarkBase
import TidemarkSeries

/// The buckets, count and sum of each metric of one histogram family, as they come.
struct HistogramCheck {
    private let family: String
    private var metric: [Labels.Label]?
    private var time: DecimalText?
    private var line = 0
    private var bound: Double?
    private var cumulative = 0.0
    private var count: Double?
    private var countName = "_count"
    private var sumName: String?
    private var hasNegativeBound = false
    private var hasNegativeSum = false

    init(family: String) { self.family = family }

    mutating func add(
        _ sample: ExpositionSample, metric key: [Labels.Label], suffix: String, line: Int,
        into findings: inout FindingList
    ) {
        if key != metric || sample.time != time {
            finish(into: &findings)
            self = HistogramCheck(family: family)
            metric = key
            time = sample.time
        }
        self.line = line
        switch suffix {
        case "_bucket":
            // The label was found to be a number before.
            let next = sample.label("le").flatMap { withBytes(of: $0) { Decimal.parseAny($0) } } ?? .nan
            if next < 0 { hasNegativeBound = true }
            if let bound, next <= bound { findings.add(line, "\(family): the buckets are not in the order of le") }
            if sample.value < cumulative {
                findings.add(line, "\(family): a bucket holds fewer events than the one before it: buckets add up")
            }
            bound = next
            cumulative = sample.value
        case "_count", "_gcount":
            count = sample.value
            countName = suffix
        case "_sum", "_gsum":
            sumName = suffix
            if sample.value < 0 { hasNegativeSum = true }
        default: break
        }
    }

    /// Checks the metric that ends here.
    func finish(into findings: inout FindingList) {
        guard metric != nil else { return }
        if bound != .infinity {
            findings.add(line, "\(family): the last bucket must be le=\"+Inf\", it is missing")
        } else if let count, count != cumulative {
            findings.add(
                line,
                "\(family)\(countName) is \(GoFloat.shortest(count)), the +Inf bucket \(GoFloat.shortest(cumulative))")
        }
        if let sumName, count == nil {
            findings.add(
                line, "\(family)\(sumName) stands without \(family)\(sumName == "_sum" ? "_count" : "_gcount")")
        }
        if sumName == nil, count != nil {
            findings.add(
                line, "\(family)\(countName) stands without \(family)\(countName == "_count" ? "_sum" : "_gsum")")
        }
        if hasNegativeBound, sumName == "_sum" {
            findings.add(line, "\(family)_sum cannot be there with buckets below zero: it would not be a counter")
        }
        if !hasNegativeBound, hasNegativeSum {
            findings.add(line, "\(family)_gsum is negative, although no bucket lies below zero")
        }
    }
}
