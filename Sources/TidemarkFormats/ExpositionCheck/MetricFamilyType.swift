/// The types of OpenMetrics 1.0 and what samples a family of each may have.
enum MetricFamilyType: String, CaseIterable {
    case counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown

    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// What the names of its samples have behind the name of the family.
    var suffixes: [String] {
        switch self {
        case .counter: ["_total", "_created"]
        case .histogram: ["_bucket", "_count", "_sum", "_created"]
        case .gaugehistogram: ["_bucket", "_gcount", "_gsum"]
        case .summary: ["", "_count", "_sum", "_created"]
        case .info: ["_info"]
        case .gauge, .stateset, .unknown: [""]
        }
    }

    /// The label that tells the samples of one metric apart.
    func ownLabel(family: String, suffix: String) -> String? {
        switch self {
        case .histogram, .gaugehistogram: suffix == "_bucket" ? "le" : nil
        case .summary: suffix.isEmpty ? "quantile" : nil
        case .stateset: family
        default: nil
        }
    }
}
