import TidemarkBase

/// One strip: lines over the shared time axis.
///
/// The drawing has no fixed width. Its outer SVG is as wide as the page allows, and places in it are shares of that
/// width, so text keeps its size on every screen; only the lines live in an inner SVG that is stretched.
struct StripChart: Sendable {
    let strip: ReportModel.Strip
    let frame: ChartFrame
    /// Resolution of the lines in pixel columns.
    let columns: Double
    /// ``columns`` of a chart over the page's whole width; small ones have half of them.
    static let wideColumns = 768.0
    /// Height of the plot in pixels.
    let height: Double
    /// Room for labels at the line ends, in pixels.
    let labelRoom: Double
    let showsTimes: Bool

    private let drawn: [Decimation]
    private let bands: [(low: Decimation, high: Decimation)?]
    private let yAxis: ValueAxis

    init(
        _ strip: ReportModel.Strip, frame: ChartFrame, columns: Double, height: Double, labelRoom: Double,
        showsTimes: Bool
    ) {
        self.strip = strip
        self.frame = frame
        self.columns = columns
        self.height = height
        self.labelRoom = labelRoom
        self.showsTimes = showsTimes
        drawn = strip.series.map { Decimation($0, axis: frame.axis, width: columns) }
        bands = strip.series.map { series in
            guard let band = series.band else { return nil }
            let gapMs = Decimation.gapMs(series)
            return (
                low: Decimation(series.timesMs, band.low, gapMs: gapMs, axis: frame.axis, width: columns),
                high: Decimation(series.timesMs, band.high, gapMs: gapMs, axis: frame.axis, width: columns)
            )
        }
        let positive = strip.yScale == .log
        var low = Double.infinity
        var high = -Double.infinity
        let own = zip(strip.series, drawn).filter { $0.0.role != .context }.map(\.1)
        for decimation in own + bands.compactMap({ $0 }).flatMap({ [$0.low, $0.high] }) {
            guard let range = decimation.range(positive: positive) else { continue }
            low = min(low, range.lowerBound)
            high = max(high, range.upperBound)
        }
        // Context may double the axis; what lies beyond stands at its border, so that the data's own shape can be read.
        for (series, decimation) in zip(strip.series, drawn) where series.role == .context {
            guard let range = decimation.range(positive: positive) else { continue }
            let (least, most) = (low, high)
            if least > most {
                (low, high) = (range.lowerBound, range.upperBound)
            } else {
                low = min(low, max(range.lowerBound, positive ? least / 2 : least - (most - least)))
                high = max(high, min(range.upperBound, most > 0 ? 2 * most : range.upperBound))
            }
        }
        for limit in strip.limits where limit.value.isFinite && (!positive || limit.value > 0) {
            low = min(low, limit.value)
            high = max(high, limit.value)
        }
        yAxis = ValueAxis(
            strip.yScale, range: low <= high ? low...high : nil, maximum: strip.yMaximum, unit: strip.unit,
            tickLimit: height < 80 ? 3 : 4)
    }

    /// Many series are named in a legend; few at their ends.
    var needsLegend: Bool { strip.series.count > 5 }

    /// What the figure's second line says.
    var subtitle: String {
        var parts = strip.subtitle.isEmpty ? [] : [strip.subtitle]
        if strip.unit.style == .count, !strip.unit.symbol.isEmpty { parts.append(say(fixed: strip.unit.symbol)) }
        if strip.yScale == .log { parts.append(Phrases.logScale) }
        return Phrases.list(parts)
    }

    /// The axis ends a little below the frame, so that a line at its top is seen whole.
    private func y(_ value: Double) -> Double { 4 + (height - 4) * (1 - yAxis.position(value)) }

    func draw(_ out: inout Markup, anchors: inout Anchors, describedBy title: String) {
        let titleID = anchors.take("t", strip.id)
        let descriptionID = anchors.take("d", strip.id)
        let ticks = frame.axis.ticks(limit: columns > 600 ? 9 : 5)
        out.element(
            .svg, .css(columns > 600 ? "plot" : "plot small"), Attribute(.height, height + (showsTimes ? 22 : 2)),
            Attribute(.role, "img"), Attribute(.ariaLabelledby, titleID + " " + descriptionID),
            frame.startAttribute, frame.endAttribute, Attribute(.dataUnit, yAxis.scale.unit)
        ) { out in
            out.element(.title, .id(titleID), text: title)
            out.element(.desc, .id(descriptionID), text: description)
            drawValueTicks(&out)
            out.element(.g, .css("ticks")) { out in
                frame.drawTicks(&out, ticks, height: height)
                if showsTimes { frame.drawTickLabels(&out, ticks, y: height) }
            }
            for limit in strip.limits where limit.value.isFinite {
                let y = y(limit.value)
                out.empty(
                    .line, .css("limit-line"), Attribute(.x2, "100%"), Attribute(.y1, y), Attribute(.y2, y))
            }
            frame.drawInTime(&out, height: height + 2) { out in
                frame.drawIncidents(&out, height: height)
                frame.drawMissing(&out, missingSpans, height: height)
                frame.drawEventLines(&out, height: height)
                drawLines(&out)
                drawMarkers(&out)
            }
            if !needsLegend { drawEndLabels(&out) }
            ChartFrame.drawHit(&out, height: height)
        }
    }

    private func drawValueTicks(_ out: inout Markup) {
        out.empty(.line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, height), Attribute(.y2, height))
        for tick in yAxis.ticks {
            let y = y(tick.value)
            if y < height - 0.5 {
                out.empty(.line, .css("grid"), Attribute(.x2, "100%"), Attribute(.y1, y), Attribute(.y2, y))
            }
            out.element(.text, .css("value"), Attribute(.x, -7), Attribute(.y, y + 4), text: tick.label)
        }
    }

    // MARK: - Series

    private func drawLines(_ out: inout Markup) {
        out.element(
            .svg, .css("lines"), Attribute(.width, "100%"), Attribute(.height, height),
            Attribute(.viewBox, "0 0 \(Coordinate.text(columns)) \(Coordinate.text(height))"),
            Attribute(.preserveAspectRatio, "none")
        ) { out in
            for (index, band) in bands.enumerated() {
                guard let band else { continue }
                let area = areaPath(band.low, band.high)
                if !area.isEmpty {
                    out.empty(
                        .path, .css("area " + SeriesStyle.css(strip, index)), Attribute(.d, area.text),
                        Attribute(.dataName, strip.series[index].name))
                }
            }
            for index in strip.series.indices {
                let path = linePath(drawn[index])
                guard !path.isEmpty else { continue }
                out.empty(
                    .path, .css("line " + SeriesStyle.css(strip, index)), Attribute(.d, path.text),
                    Attribute(.dataName, strip.series[index].name),
                    Attribute(.dataPoints, readout(drawn[index])))
            }
        }
    }

    private func linePath(_ decimation: Decimation) -> PathData {
        var path = PathData()
        for segment in decimation.segments {
            var isFirst = true
            for column in segment {
                for point in column.points {
                    if isFirst { path.move(point.x, y(point.value)) } else { path.line(point.x, y(point.value)) }
                    isFirst = false
                }
            }
            if segment.count == 1, segment[0].points.count == 1 {
                path.dot(segment[0].first.x, y(segment[0].first.value))
            }
        }
        return path
    }

    /// Borders of a band whose two sides have the same gaps: along the upper one and back along the lower one.
    private func areaPath(_ low: Decimation, _ high: Decimation) -> PathData {
        var path = PathData()
        for (below, above) in zip(low.segments, high.segments) {
            for (index, column) in above.enumerated() {
                let top = y(column.highest.value)
                if index == 0 { path.move(column.first.x, top) } else { path.line(column.first.x, top) }
                if column.last.x > column.first.x { path.line(column.last.x, top) }
            }
            for column in below.reversed() {
                let bottom = y(column.lowest.value)
                path.line(column.last.x, bottom)
                if column.last.x > column.first.x { path.line(column.first.x, bottom) }
            }
            path.close()
        }
        return path
    }

    /// Dots on series of few points; the eye then sees how many there are.
    private func drawMarkers(_ out: inout Markup) {
        for index in strip.series.indices where drawn[index].pointCount < 60 && strip.series[index].role != .context {
            out.element(
                .g, .css("mark " + SeriesStyle.css(strip, index)), Attribute(.dataName, strip.series[index].name)
            ) { out in
                for point in drawn[index].segments.joined().flatMap(\.points) {
                    out.empty(
                        .circle, .share(.cx, point.x / columns), Attribute(.cy, y(point.value)), Attribute(.r, 2))
                }
            }
        }
    }

    private func drawEndLabels(_ out: inout Markup) {
        var labels: [(text: String, css: String, y: Double, name: Attribute?)] = []
        for limit in strip.limits where limit.value.isFinite {
            labels.append((limit.label, "s-limit", y(limit.value), nil))
        }
        for (index, series) in strip.series.enumerated() {
            guard let last = drawn[index].lastPoint else { continue }
            let name = Attribute(.dataName, series.name)
            labels.append((series.name, SeriesStyle.css(strip, index), y(last.value), name))
        }
        let places = LabelPlacement.spread(labels.map(\.y), spacing: 15, bounds: 4...max(height - 2, 5))
        for (label, place) in zip(labels, places) {
            out.element(
                .text, .css("end " + label.css), Attribute(.x, "100%"), Attribute(.dx, 7), Attribute(.y, place + 4),
                label.name, text: TextWidth.fitted(label.text, width: labelRoom - 9))
        }
    }

    // MARK: - Words and numbers

    /// `column:value` or `column:low~high` for the crosshair; an empty value begins a gap.
    private func readout(_ decimation: Decimation) -> String {
        var entries: [String] = []
        for segment in decimation.segments {
            for column in segment {
                let low = yAxis.scale.number(column.lowest.value)
                let high = yAxis.scale.number(column.highest.value)
                entries.append(String(Int(column.first.x)) + ":" + (low == high ? low : low + "~" + high))
            }
            if let end = segment.last?.last.x, end < columns - 2 { entries.append(String(Int(end) + 2) + ":") }
        }
        return entries.joined(separator: ",")
    }

    /// The chart in words, for those who don't see it.
    private var description: String {
        var sentences: [String] = []
        for (index, series) in strip.series.enumerated() {
            let columns = drawn[index].segments.joined()
            let name = series.name.isEmpty ? strip.title : series.name
            guard let range = drawn[index].range(positive: false), let last = drawn[index].lastPoint,
                let peak = columns.max(by: { $0.highest.value < $1.highest.value })
            else {
                sentences.append(Phrases.fill(Phrases.chartEmpty, name))
                continue
            }
            if range.lowerBound == range.upperBound {
                sentences.append(
                    Phrases.fill(Phrases.chartConstant, name, NumberText.text(last.value, strip.unit)))
                continue
            }
            let peakMs = frame.axis.startMs + Int64(peak.highest.x / self.columns * Double(frame.axis.lengthMs))
            sentences.append(
                Phrases.fill(
                    Phrases.chartRange, name, NumberText.text(range.lowerBound, strip.unit),
                    NumberText.text(range.upperBound, strip.unit), frame.moment(peakMs),
                    NumberText.text(last.value, strip.unit)))
        }
        sentences += strip.limits.map { Phrases.fill(Phrases.chartLimit, $0.label) }
        for incident in frame.incidents where frame.axis.clamped(incident.span) != nil {
            sentences.append(Phrases.fill(Phrases.chartIncident, frame.range(incident.span)))
        }
        for span in missingSpans.prefix(3) {
            let length = Double(frame.axis.lengthMs)
            let times = ReportModel.TimeSpan(
                startMs: frame.axis.startMs + Int64(span.from * length),
                endMs: frame.axis.startMs + Int64(span.to * length))
            sentences.append(Phrases.fill(Phrases.chartMissing, frame.range(times)))
        }
        return Phrases.sentences(sentences)
    }

    /// Shares of the width in which evidence is missing.
    private var missingSpans: [(from: Double, to: Double)] {
        if let given = strip.missing { return given.compactMap { frame.axis.clamped($0) } }
        let observed = strip.series.indices.filter {
            strip.series[$0].role != .context && strip.series[$0].role != .limit && drawn[$0].pointCount > 0
        }
        guard !observed.isEmpty else { return strip.series.isEmpty ? [] : [(from: 0, to: 1)] }
        return MissingSpans.common(observed.map { drawn[$0] }, columns: columns)
    }
}
