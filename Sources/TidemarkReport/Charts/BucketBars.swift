/// Upright bars over ordered buckets.
struct BucketBars: Sendable {
    let distribution: ReportModel.Distribution

    private static let height = 132.0
    /// Narrowest width of the plot in pixels, on small and on large screens.
    private static let narrowWidth = 300.0
    private static let wideWidth = 400.0

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let bars = distribution.drawableBars
        let titleID = anchors.take("t", distribution.id)
        let descriptionID = anchors.take("d", distribution.id)
        let largest: Double = bars.map { max($0.count, $0.baseline ?? 0) }.max() ?? 0
        let axis = ValueAxis(.linear, range: 0...largest, unit: .none, tickLimit: 4)
        let slot = 1 / Double(max(bars.count, 1))
        let wideStep = labelStep(width: Self.wideWidth)
        let narrowStep = labelStep(width: Self.narrowWidth)
        func y(_ value: Double) -> Double { Self.height * (1 - axis.position(value)) }
        out.element(
            .svg, .css("plot bars"), Attribute(.height, Self.height + 22), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: distribution.title)
            out.element(.desc, .id(descriptionID), text: description)
            for tick in axis.ticks {
                let y = y(tick.value)
                out.empty(
                    .line, .css(tick.value == 0 ? "axis" : "grid"), Attribute(.x2, "100%"), Attribute(.y1, y),
                    Attribute(.y2, y))
                out.element(.text, .css("value"), Attribute(.x, -7), Attribute(.y, y + 4), text: tick.label)
            }
            for (index, bar) in bars.enumerated() {
                let x = (Double(index) + 0.1) * slot
                let top = y(bar.count)
                out.empty(
                    .rect, .css(bar.isBad ? "bar s-bad" : "bar s-observed"), .share(.x, x),
                    .share(.width, slot * 0.8), Attribute(.y, top), Attribute(.height, Self.height - top))
                if let baseline = bar.baseline {
                    let top = y(baseline)
                    out.empty(
                        .rect, .css("baseline"), .share(.x, x), .share(.width, slot * 0.8), Attribute(.y, top),
                        Attribute(.height, Self.height - top))
                }
                guard index % wideStep == 0 else { continue }
                out.element(
                    .text, .css(index % narrowStep == 0 ? "time" : "time minor"),
                    .share(.x, (Double(index) + 0.5) * slot), Attribute(.y, Self.height + 16), text: bar.label)
            }
        }
    }

    /// Every how manieth bucket is named so that the names don't touch.
    private func labelStep(width: Double) -> Int {
        let bars = distribution.bars
        let widest = bars.map { TextWidth.pixels($0.label) }.max() ?? 0
        let slot = width / Double(max(bars.count, 1))
        return max(1, Int(((widest + 8) / slot).rounded(.up)))
    }

    private var description: String {
        let bars = distribution.bars
        guard let first = bars.first, let last = bars.last, let most = bars.max(by: { $0.count < $1.count }) else {
            return Phrases.fill(Phrases.chartEmpty, distribution.title)
        }
        return Phrases.fill(
            Phrases.histogramDescription, first.label, last.label, NumberText.text(most.count, .none), most.label)
    }
}
