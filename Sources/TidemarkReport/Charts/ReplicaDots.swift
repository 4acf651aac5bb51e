/// A dot a replica along one quantity, equal ones piled up, the median as a line; those out of line are named, of few replicas
/// all.
struct ReplicaDots: Sendable {
    let panel: ReportModel.ReplicaPanel
    private let axis: ValueAxis

    private static let height = 96.0
    /// Room above for so many names: of the furthest, or of all.
    private static let labels = 4
    /// Dots closer than this share of the width stand in one pile.
    private static let bins = 48.0

    init(_ panel: ReportModel.ReplicaPanel) {
        self.panel = panel
        let values = panel.points.map(\.value).filter(\.isFinite)
        axis = ValueAxis(
            .linear, range: min(0, values.min() ?? 0)...max(values.max() ?? 0, 0), unit: panel.unit, tickLimit: 4)
    }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", panel.id)
        let descriptionID = anchors.take("d", panel.id)
        let points = panel.points.filter { $0.value.isFinite }
            .sorted { ($0.isOutlier ? 1 : 0, $0.value, $0.name) < ($1.isOutlier ? 1 : 0, $1.value, $1.name) }
        var piles: [Int: Int] = [:]
        for point in points { piles[bin(point.value), default: 0] += 1 }
        // High piles are pressed together rather than cut.
        let spacing = min(9, 60 / Double(max(1, (piles.values.max() ?? 1) - 1)))
        out.element(
            .svg, .css("plot piles"), Attribute(.height, Self.height + 22), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: panel.title)
            out.element(.desc, .id(descriptionID), text: description(points))
            for tick in axis.ticks {
                let x = axis.position(tick.value)
                out.empty(.line, .css("grid"), .share(.x1, x), .share(.x2, x), Attribute(.y2, Self.height))
                out.element(.text, .css("time"), .share(.x, x), Attribute(.y, Self.height + 17), text: tick.label)
            }
            out.empty(
                .line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, Self.height), Attribute(.y2, Self.height))
            let median = axis.position(panel.median)
            out.empty(.line, .css("median"), .share(.x1, median), .share(.x2, median), Attribute(.y2, Self.height))
            var filled: [Int: Int] = [:]
            for point in points {
                let level = filled[bin(point.value), default: 0]
                filled[bin(point.value)] = level + 1
                out.empty(
                    .circle, .css(point.isOutlier ? "dot s-bad odd" : "dot s-observed"),
                    .share(.cx, axis.position(point.value)), Attribute(.cy, Self.height - 6 - Double(level) * spacing),
                    Attribute(.r, point.isOutlier ? 5.0 : 4.0))
            }
            let isFew = points.count <= Self.labels
            let named =
                isFew
                ? points.sorted { ($0.value, $0.name) < ($1.value, $1.name) }
                : points.filter(\.isOutlier)
                    .sorted { (-abs($0.value - panel.median), $0.name) < (-abs($1.value - panel.median), $1.name) }
            for (row, point) in named.prefix(Self.labels).enumerated() {
                let x = axis.position(point.value)
                let side = x > 0.5 ? "odd-name before" : "odd-name"
                out.element(
                    .text, .css(point.isOutlier ? side + " s-bad" : side), .share(.x, x),
                    Attribute(.dx, x > 0.5 ? -9 : 9),
                    // Of few the names stand close to the dots.
                    Attribute(.y, isFew ? Self.height - 16 - Double(row) * 16 : Double(row) * 16 + 14),
                    text: TextWidth.fitted(point.name, width: 150))
            }
        }
    }

    private func bin(_ value: Double) -> Int { Int((axis.position(value) * Self.bins).rounded()) }

    private func description(_ points: [ReportModel.ReplicaPanel.Point]) -> String {
        guard let low = points.min(by: { $0.value < $1.value }), let high = points.max(by: { $0.value < $1.value })
        else { return Phrases.fill(Phrases.chartEmpty, panel.title) }
        func text(_ value: Double) -> String { NumberText.text(value, panel.unit) }
        var sentences = [
            say("\(points.count) replicas from \(text(low.value)) (\(low.name)) to \(text(high.value)) (\(high.name)).")
        ]
        sentences += points.filter(\.isOutlier).map { say("Out of line: \($0.name) with \(text($0.value)).") }
        return Phrases.sentences(sentences)
    }
}
