import TidemarkBase
import TidemarkSeries

/// The answer of a range query as one SVG picture that stands alone: its own style, its own legend, no script.
public enum QueryChart {
    private static let width = 960.0
    private static let height = 320.0
    private static let left = 72.0
    private static let top = 44.0
    /// More lines than this cannot be told apart; the rest is drawn in grey and counted in the legend.
    private static let namedSeries = 12

    /// - Parameters:
    ///   - title: the query, as it was asked.
    ///   - series: in the order of the legend.
    public static func svg(title: String, series: [SeriesSamples]) -> [UInt8] {
        let start = series.compactMap(\.timesMs.first).min() ?? 0
        let end = series.compactMap(\.timesMs.last).max() ?? start + 1
        let axis = TimeAxis(ReportModel.TimeSpan(startMs: start, endMs: end))
        let plotWidth = width - left - 24
        let drawn = series.map { one in
            Decimation(one.timesMs, one.values.map { $0.isFinite ? $0 : nil }, gapMs: nil, axis: axis, width: plotWidth)
        }
        let ranges = drawn.compactMap { $0.range(positive: false) }
        let low = ranges.map(\.lowerBound).min()
        let high = ranges.map(\.upperBound).max()
        let y = ValueAxis(
            .linear, range: low.flatMap { low in high.map { low...$0 } }, unit: .none, tickLimit: 6)
        let named = min(series.count, namedSeries)
        let legendRows = named + (series.count > named ? 1 : 0)
        let total = top + height + 40 + Double(legendRows) * 18

        var out = ByteWriter(capacity: 1 << 16)
        out.write(
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(total))" role="img" \
            font-family="system-ui, sans-serif" font-size="12">\n<title>
            """)
        SafeText.write(title, to: &out, place: .content)
        out.write("</title>\n<style>\(style)</style>\n<rect class=\"b\" width=\"100%\" height=\"100%\"/>\n")
        text(&out, "t", 16, 24, title.count > 118 ? title.prefix(117) + "…" : title)
        for tick in y.ticks {
            let at = top + height * (1 - y.position(tick.value))
            out.write("<path class=\"g\" d=\"M\(Int(left)) \(coordinate(at))H\(Int(left + plotWidth))\"/>\n")
            text(&out, "v", left - 8, at + 4, tick.label)
        }
        for tick in axis.ticks(limit: 9) {
            let at = left + plotWidth * axis.position(tick.timeMs)
            out.write("<path class=\"g\" d=\"M\(coordinate(at)) \(Int(top))V\(Int(top + height))\"/>\n")
            text(&out, "h", at, top + height + 18, tick.label)
        }
        for (index, decimation) in drawn.enumerated().reversed() {
            draw(&out, decimation, y, css: css(index))
        }
        if drawn.allSatisfy(\.segments.isEmpty) {
            text(&out, "h", left + plotWidth / 2, top + height / 2, "no data")
        }
        for index in 0..<named {
            let at = top + height + 46 + Double(index) * 18
            out.write("<path class=\"l \(css(index))\" d=\"M16 \(coordinate(at - 4))h22\"/>\n")
            let name = "\(series[index].labels)"
            text(&out, "n", 46, at, name.count > 140 ? name.prefix(139) + "…" : name)
        }
        if series.count > named {
            let at = top + height + 46 + Double(named) * 18
            text(&out, "n", 46, at, "and \(series.count - named) more series, in grey")
        }
        out.write("</svg>\n")
        return out.bytes
    }

    private static func draw(_ out: inout ByteWriter, _ decimation: Decimation, _ y: ValueAxis, css: String) {
        var path = PathData()
        for segment in decimation.segments {
            let points = segment.flatMap(\.points)
            for (index, point) in points.enumerated() {
                let at = (left + point.x, top + height * (1 - y.position(point.value)))
                if index == 0 { path.move(at.0, at.1) } else { path.line(at.0, at.1) }
            }
            if points.count == 1, let only = points.first {
                path.dot(left + only.x, top + height * (1 - y.position(only.value)))
            }
        }
        if !path.isEmpty { out.write("<path class=\"l \(css)\" d=\"\(path.text)\"/>\n") }
    }

    private static func text(_ out: inout ByteWriter, _ css: String, _ x: Double, _ y: Double, _ words: String) {
        out.write("<text class=\"\(css)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\">")
        SafeText.write(words, to: &out, place: .content)
        out.write("</text>\n")
    }

    private static func coordinate(_ value: Double) -> String { Coordinate.text(value) }

    private static func css(_ index: Int) -> String { index < namedSeries ? "c\(index)" : "rest" }

    /// Seven colours; the second round of them is dashed.
    private static let style: String = {
        func rules(_ palette: Palette) -> String {
            func hex(_ colour: Palette.Colour) -> String {
                let digits = String(colour, radix: 16)
                return "#" + String(repeating: "0", count: 6 - digits.count) + digits
            }
            var css = ".b{fill:\(hex(palette.background))}.t,.n{fill:\(hex(palette.text))}"
            css += ".v,.h{fill:\(hex(palette.muted))}.g{stroke:\(hex(palette.grid))}"
            css += ".rest{stroke:\(hex(palette.context));stroke-opacity:.5}"
            // Neighbours in the legend are far apart in hue.
            let colours = [palette.accent] + [0, 2, 6, 3, 5, 1].map { palette.categories[$0] }
            for index in 0..<namedSeries { css += ".c\(index){stroke:\(hex(colours[index % 7]))}" }
            return css
        }
        var css = ".t{font-size:14px;font-weight:600}.v{text-anchor:end}.h{text-anchor:middle}.g{fill:none}"
        css += ".l{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}"
        for index in 7..<namedSeries { css += ".c\(index){stroke-dasharray:6 3}" }
        return css + rules(.light) + "@media(prefers-color-scheme:dark){" + rules(.dark) + "}"
    }()
}
