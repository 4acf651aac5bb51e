import TidemarkBase

extension ReportModel.Distribution {
    /// The bars with counts that are no counts (negative, not finite) taken as zero.
    var drawableBars: [Bar] {
        func drawable(_ count: Double) -> Double { count.isFinite ? min(max(count, 0), 1e15) : 0 }
        return bars.map {
            Bar(label: $0.label, count: drawable($0.count), baseline: $0.baseline.map(drawable), isBad: $0.isBad)
        }
    }
}

/// Lying bars, one a class, with its name before and its count behind.
struct ClassBars: Sendable {
    let distribution: ReportModel.Distribution

    private static let row = 26.0

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let bars = distribution.drawableBars
        let titleID = anchors.take("t", distribution.id)
        let descriptionID = anchors.take("d", distribution.id)
        let largest = max(bars.map(\.count).max() ?? 0, 1e-12)
        let sum = max(bars.map(\.count).reduce(0, +), 1e-12)
        out.element(
            .svg, .css("plot classes"), Attribute(.height, Double(bars.count) * Self.row + 4),
            Attribute(.role, "img"), Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: distribution.title)
            out.element(
                .desc, .id(descriptionID),
                text: Phrases.sentences(bars.map { say("\($0.label): \(NumberText.text($0.count, .none)).") }))
            for (index, bar) in bars.enumerated() {
                let y = Double(index) * Self.row
                let share = bar.count / largest
                out.element(
                    .text, .css("value"), Attribute(.x, -8), Attribute(.y, y + 17),
                    text: TextWidth.fitted(bar.label, width: 84))
                out.empty(
                    .rect, .css(bar.isBad ? "bar s-bad" : "bar s-observed"), .share(.width, share),
                    Attribute(.y, y + 4), Attribute(.height, Self.row - 8))
                let count = NumberText.integer(Int(exactly: bar.count.rounded()) ?? 0)
                out.element(
                    .text, .css("count"), .share(.x, share), Attribute(.dx, 7), Attribute(.y, y + 17),
                    text: say("\(count)  (\(NumberText.text(bar.count / sum, .ratio)))"))
            }
        }
    }
}
