import TidemarkBase

/// From one value to another: a lying bar a step, each beginning where the one above ends.
struct WaterfallBars: Sendable {
    private let waterfall: ReportModel.Waterfall
    private static let row = 28.0

    init(_ waterfall: ReportModel.Waterfall) { self.waterfall = waterfall }

    private struct Row {
        var label: String
        var from: Double
        var to: Double
        var text: String
        var css: String
    }

    /// Whether the bars of the totals are cut off at their left.
    var isCut: Bool { Self.base(rows.map(\.to).filter(\.isFinite)) > 0 }

    private var rows: [Row] {
        let unit = waterfall.unit
        var rows = [
            Row(
                label: waterfall.fromLabel, from: 0, to: waterfall.fromValue,
                text: NumberText.text(waterfall.fromValue, unit), css: "bar s-context")
        ]
        for (part, step) in zip(waterfall.parts, waterfall.steps) {
            let css = part.isKey ? (part.change > 0 ? "bar s-bad" : "bar s-strong") : "bar s-observed"
            let sign = part.change > 0 ? "+" : ""
            rows.append(
                Row(
                    label: part.label, from: step.from, to: step.to, text: sign + NumberText.text(part.change, unit),
                    css: css))
        }
        rows.append(
            Row(
                label: waterfall.toLabel, from: 0, to: waterfall.end, text: NumberText.text(waterfall.end, unit),
                css: "bar s-context"))
        return rows
    }

    /// Where the axis begins: zero, or near the smallest value when the steps would be too small to see.
    private static func base(_ ends: [Double]) -> Double {
        let (low, high) = (ends.min() ?? 0, ends.max() ?? 0)
        return low > 2 * (high - low) && high > low ? low - 0.6 * (high - low) : min(0, low)
    }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let rows = rows
        let titleID = anchors.take("t", waterfall.id)
        let descriptionID = anchors.take("d", waterfall.id)
        let ends = rows.map(\.to).filter(\.isFinite)
        let low = Self.base(ends)
        let width = max((ends.max() ?? 1) - low, 1e-300)
        func place(_ value: Double) -> Double { value.isFinite ? max((value - low) / width, 0) : 0 }
        out.element(
            .svg, .css("plot waterfall"), Attribute(.height, Double(rows.count) * Self.row + 4),
            Attribute(.role, "img"), Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: waterfall.title)
            out.element(
                .desc, .id(descriptionID), text: Phrases.sentences(rows.map { say("\($0.label): \($0.text).") }))
            for (index, row) in rows.enumerated() {
                let y = Double(index) * Self.row
                let (left, right) = (min(place(row.from), place(row.to)), max(place(row.from), place(row.to)))
                out.element(
                    .text, .css("value"), Attribute(.x, -8), Attribute(.y, y + 18),
                    text: TextWidth.fitted(row.label, width: 152))
                out.empty(
                    .rect, .css(row.css), .share(.x, left), .share(.width, max(right - left, 0.002)),
                    Attribute(.y, y + 4), Attribute(.height, Self.row - 10))
                out.element(
                    .text, .css("count"), .share(.x, right), Attribute(.dx, 7), Attribute(.y, y + 18), text: row.text)
            }
        }
    }
}
