/// Time across, latency up on a log scale, and how many of a time's observations lie in a bucket as shades of one hue. As
/// ``StripChart`` it has no fixed width. A time without observations stays empty.
struct HeatMapChart: Sendable {
    let map: ReportModel.HeatMap
    let frame: ChartFrame

    private let yAxis: ValueAxis
    static let columns = 768.0
    static let height = 180.0
    /// Lower borders of the shades, shares of a time's observations.
    static let shades = [0, 0.01, 0.05, 0.2, 0.5]

    init(_ map: ReportModel.HeatMap, frame: ChartFrame) {
        self.map = map
        self.frame = frame
        yAxis = Self.axis(map)
    }

    /// From half of the lowest bound to twice the highest: where the first bucket ends below and the last one above isn't known.
    static func axis(_ map: ReportModel.HeatMap) -> ValueAxis {
        let bounds = map.buckets.flatMap { [$0.low, $0.high] }.filter { $0.isFinite && $0 > 0 }
        guard let low = bounds.min(), let high = bounds.max() else {
            return ValueAxis(.log, range: nil, unit: map.unit)
        }
        let isOpenBelow = map.buckets.contains { $0.low <= 0 }
        let isOpenAbove = map.buckets.contains { !$0.high.isFinite }
        return ValueAxis(
            .log, range: (isOpenBelow ? low / 2 : low)...(isOpenAbove ? high * 2 : high), unit: map.unit, tickLimit: 5)
    }

    /// Powers of ten, each with its own unit: an axis of six decades is read in milliseconds at its foot and in seconds at its top.
    static func ticks(_ axis: ValueAxis, _ unit: DisplayUnit) -> [ValueAxis.Tick] {
        let exponents = (-9...9).filter { exponent in
            let value = power(exponent)
            return value >= axis.low * (1 - 1e-9) && value <= axis.high * (1 + 1e-9)
        }
        let every = exponents.count > 5 ? 2 : 1
        return exponents.filter { ($0 + 10) % every == 0 }.map { exponent in
            let value = power(exponent)
            // Nothing above seconds: 100 s is no round number of minutes.
            let scale = UnitScale.fitting(min(value, 1), unit)
            return .init(value: value, label: NumberText.joined(scale.number(value), scale.unit))
        }
    }

    private static func power(_ exponent: Int) -> Double {
        exponent < 0 ? 1 / power(-exponent) : (0..<exponent).reduce(1.0) { value, _ in value * 10 }
    }

    private func y(_ value: Double) -> Double {
        let position = value.isFinite ? yAxis.position(value) : 1
        return (Self.height * (1 - position) * 10).rounded() / 10
    }

    /// Which shade a share of a time's observations has.
    static func shade(_ share: Double) -> Int { (shades.lastIndex { share >= $0 }) ?? 0 }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", map.id)
        let descriptionID = anchors.take("d", map.id)
        let ticks = frame.axis.ticks(limit: 9)
        out.element(
            .svg, .css("plot heat"), Attribute(.height, Self.height + 22), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: map.title)
            out.element(.desc, .id(descriptionID), text: description)
            frame.drawTicks(&out, ticks, height: Self.height)
            out.empty(
                .line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, Self.height), Attribute(.y2, Self.height))
            for tick in Self.ticks(yAxis, map.unit) {
                let y = y(tick.value)
                out.empty(.line, .css("grid"), Attribute(.x2, "100%"), Attribute(.y1, y), Attribute(.y2, y))
                out.element(.text, .css("value"), Attribute(.x, -7), Attribute(.y, y + 4), text: tick.label)
            }
            out.element(
                .svg, Attribute(.width, "100%"), Attribute(.height, Self.height),
                Attribute(.viewBox, "0 0 \(Coordinate.text(Self.columns)) \(Coordinate.text(Self.height))"),
                Attribute(.preserveAspectRatio, "none")
            ) { out in
                for (shade, path) in paths.enumerated() where !path.isEmpty {
                    out.empty(.path, .css("shade-\(shade)"), Attribute(.d, path.text))
                }
            }
            // Around the cells and not behind them: a second hue would change the shades.
            for incident in frame.incidents {
                guard let place = frame.axis.clamped(incident.span) else { continue }
                out.empty(
                    .rect, .css("incident-bar"), .share(.x, place.from),
                    .share(.width, max(place.to - place.from, 0.003)), Attribute(.y, -5), Attribute(.height, 4))
                for x in [place.from, place.to] {
                    out.empty(
                        .line, .css("incident-edge"), .share(.x1, x), .share(.x2, x), Attribute(.y2, Self.height))
                }
            }
            frame.drawTickLabels(&out, ticks, y: Self.height)
        }
    }

    /// A path a shade: cells of one bucket that follow one another with the same shade are one rectangle.
    private var paths: [PathData] {
        var paths = Self.shades.map { _ in PathData() }
        for (place, bucket) in map.buckets.enumerated() {
            let (top, bottom) = (y(bucket.high), bucket.low > 0 ? y(bucket.low) : Self.height)
            var open: (shade: Int, from: Double, to: Double)?
            func close() {
                guard let open else { return }
                paths[open.shade].move(open.from, top)
                paths[open.shade].line(open.to, top)
                paths[open.shade].line(open.to, bottom)
                paths[open.shade].line(open.from, bottom)
                paths[open.shade].close()
            }
            for column in map.columns {
                guard let span = frame.axis.clamped(column.span), place < column.counts.count,
                    column.counts[place] > 0
                else { continue }
                let all = column.counts.reduce(0, +)
                let shade = Self.shade(column.counts[place] / all)
                let (from, to) = (span.from * Self.columns, span.to * Self.columns)
                if let known = open, known.shade == shade, abs(known.to - from) < 0.05 {
                    open?.to = to
                } else {
                    close()
                    open = (shade, from, to)
                }
            }
            close()
        }
        return paths
    }

    /// The scale of the shades, as text beside each.
    func drawLegend(_ out: inout Markup) {
        out.element(.p, .css("legend always")) { out in
            for (index, low) in Self.shades.enumerated() {
                let next = index + 1 < Self.shades.count ? Self.shades[index + 1] : nil
                let text =
                    next.map {
                        index == 0
                            ? say("below \(NumberText.text($0, .ratio))")
                            : say("\(NumberText.text(low, .ratio)) to \(NumberText.text($0, .ratio))")
                    } ?? say("\(NumberText.text(low, .ratio)) or more")
                out.element(.span, .css("entry")) { out in
                    out.element(.svg, .css("key"), Attribute(.width, 22), Attribute(.height, 10), .hidden) { out in
                        out.empty(.rect, .css("shade-\(index)"), Attribute(.width, 22), Attribute(.height, 10))
                    }
                    out.text(text)
                }
            }
        }
    }

    private var description: String {
        let all = map.buckets.reduce(0) { $0 + $1.incident + $1.rest }
        guard let most = map.buckets.max(by: { $0.incident + $0.rest < $1.incident + $1.rest }), all > 0 else {
            return Phrases.fill(Phrases.chartEmpty, map.title)
        }
        var sentences = [
            say(
                "\(NumberText.text(all, .none)) observations; the most, \(NumberText.text((most.incident + most.rest) / all, .ratio)), \(Self.name(most, map.unit))."
            )
        ]
        for incident in frame.incidents.prefix(3) where frame.axis.clamped(incident.span) != nil {
            sentences.append(Phrases.fill(Phrases.chartIncident, frame.range(incident.span)))
        }
        return Phrases.sentences(sentences)
    }

    /// `0.25 s to 0.5 s`.
    static func name(_ bucket: ReportModel.HeatMap.Bucket, _ unit: DisplayUnit) -> String {
        let low = NumberText.text(bucket.low, unit)
        guard bucket.high.isFinite else { return Phrases.fill(Phrases.bucketAbove, low) }
        let high = NumberText.text(bucket.high, unit)
        return bucket.low > 0
            ? Phrases.fill(Phrases.bucketRange, low, high) : Phrases.fill(Phrases.below, high)
    }
}
