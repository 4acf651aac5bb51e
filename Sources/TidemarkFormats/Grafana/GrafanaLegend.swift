import TidemarkBase
import TidemarkSeries

/// What a legend tells about the series that it names.
struct GrafanaLegend {
    /// The metric that the file is named after, for series whose legend doesn't tell it; empty when unknown.
    let missingName: String

    /// `name{a="b"}`, `{a="b"}`, `name`, or free text, which becomes the label `legend` of the file's metric.
    /// A series whose metric nothing tells has no name.
    func labels(_ legend: String) -> Labels {
        withBytes(of: legend) { bytes in
            let text = bytes.trimmed
            if let pairs = Self.seriesText(text) {
                // Of two names the first stays, and an empty one is none.
                return Labels(pairs + [.init(Labels.metricName, missingName)])
            }
            if Self.isMetricName(text), missingName.isEmpty || text.contains(where: { $0 == 58 || $0 == 95 }) {
                return Labels([.init(Labels.metricName, text.text)])
            }
            var pairs = [Labels.Label(Labels.metricName, missingName)]
            if !Self.isValueWord(text) { pairs.append(.init("legend", text.text)) }
            return Labels(pairs)
        }
    }

    /// The labels of `name{…}` or `{…}` when that is all of the text; nil for anything else.
    private static func seriesText(_ text: Bytes) -> [Labels.Label]? {
        guard text.last == 125, case .at(let end) = SeriesText.end(text, from: 0), end == text.count else { return nil }
        return try? SeriesText.labels(text)
    }

    static func isMetricName(_ text: Bytes) -> Bool {
        text.count > 0 && SeriesText.isNameStart(text[0]) && text.allSatisfy { SeriesText.isName($0) }
            && !isValueWord(text)
    }

    /// `Value`, `Value #A`: the names of columns without a legend.
    static func isValueWord(_ text: Bytes) -> Bool {
        text.equals("Value") || text.equals("value") || text.has("Value #")
    }
}
