/// Points with a fitted line and its band. As ``StripChart`` it has no fixed width: places are shares of it.
struct ScatterFit: Sendable {
    private let scatter: ReportModel.Scatter
    private let points: [ReportModel.Scatter.Point]
    private let fit: [ReportModel.Scatter.Fit]
    private let xAxis: ValueAxis
    private let yAxis: ValueAxis

    private static let height = 220.0
    private static let columns = 768.0

    init(_ scatter: ReportModel.Scatter) {
        self.scatter = scatter
        points = scatter.points.filter { $0.x.isFinite && $0.y.isFinite }
        fit = scatter.fit.filter { $0.x.isFinite && $0.y.isFinite && $0.low.isFinite && $0.high.isFinite }
        func range(_ values: [Double]) -> ClosedRange<Double>? {
            guard let low = values.min(), let high = values.max() else { return nil }
            return low...high
        }
        xAxis = ValueAxis(
            .linear, range: range(points.map(\.x) + fit.map(\.x)), unit: scatter.xUnit, tickLimit: 7)
        yAxis = ValueAxis(
            .linear, range: range(points.map(\.y) + fit.flatMap { [$0.y, $0.high] }), unit: scatter.yUnit,
            tickLimit: 5)
    }

    private func y(_ value: Double) -> Double { 4 + (Self.height - 4) * (1 - yAxis.position(value)) }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", scatter.id)
        let descriptionID = anchors.take("d", scatter.id)
        out.element(
            .svg, .css("plot"), Attribute(.height, Self.height + 40), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: scatter.title)
            out.element(.desc, .id(descriptionID), text: description)
            drawAxes(&out)
            drawFit(&out)
            for point in points {
                out.empty(
                    .circle, .css("mark s-observed"), .share(.cx, xAxis.position(point.x)),
                    Attribute(.cy, y(point.y)), Attribute(.r, 2))
            }
        }
    }

    private func drawAxes(_ out: inout Markup) {
        let foot = Self.height
        out.empty(.line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, foot), Attribute(.y2, foot))
        for tick in yAxis.ticks {
            let y = y(tick.value)
            if y < foot - 0.5 {
                out.empty(.line, .css("grid"), Attribute(.x2, "100%"), Attribute(.y1, y), Attribute(.y2, y))
            }
            out.element(.text, .css("value"), Attribute(.x, -7), Attribute(.y, y + 4), text: tick.label)
        }
        for tick in xAxis.ticks {
            out.element(
                .text, .css("time"), .share(.x, xAxis.position(tick.value)), Attribute(.y, foot + 17),
                text: tick.label)
        }
        out.element(.text, .css("time"), .share(.x, 0.5), Attribute(.y, foot + 35), text: scatter.xTitle)
    }

    private func drawFit(_ out: inout Markup) {
        guard !fit.isEmpty else { return }
        var (line, area) = (PathData(), PathData())
        for (index, one) in fit.enumerated() {
            let x = xAxis.position(one.x) * Self.columns
            if index == 0 {
                line.move(x, y(one.y))
                area.move(x, y(one.high))
            } else {
                line.line(x, y(one.y))
                area.line(x, y(one.high))
            }
        }
        for one in fit.reversed() { area.line(xAxis.position(one.x) * Self.columns, y(one.low)) }
        area.close()
        out.element(
            .svg, .css("lines"), Attribute(.width, "100%"), Attribute(.height, Self.height),
            Attribute(.viewBox, "0 0 \(Coordinate.text(Self.columns)) \(Coordinate.text(Self.height))"),
            Attribute(.preserveAspectRatio, "none")
        ) { out in
            out.empty(.path, .css("area s-strong"), Attribute(.d, area.text))
            out.empty(.path, .css("line s-strong"), Attribute(.d, line.text))
        }
    }

    private var description: String {
        var sentences = [Phrases.fill(Phrases.scatterPoints, NumberText.integer(points.count), scatter.xTitle)]
        if let first = fit.first, let last = fit.last {
            sentences.append(
                Phrases.fill(
                    Phrases.scatterFit, NumberText.text(first.y, scatter.yUnit),
                    NumberText.text(first.x, scatter.xUnit), NumberText.text(last.y, scatter.yUnit),
                    NumberText.text(last.x, scatter.xUnit)))
        }
        return sentences.joined(separator: " ")
    }
}
