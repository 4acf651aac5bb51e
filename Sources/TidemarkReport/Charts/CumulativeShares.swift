/// Share of the observations up to a latency, inside and outside of the incidents: known at the buckets' bounds, straight
/// between them.
struct CumulativeShares: Sendable {
    let map: ReportModel.HeatMap
    private let xAxis: ValueAxis
    private let yAxis = ValueAxis(.linear, range: 0...1, maximum: 1, unit: .ratio, tickLimit: 4)

    private static let height = 132.0
    private static let columns = 384.0

    init(_ map: ReportModel.HeatMap) {
        self.map = map
        xAxis = HeatMapChart.axis(map)
    }

    private struct Line {
        var name: String
        var css: String
        var shares: [Double]
    }

    private var lines: [Line] {
        func shares(_ count: (ReportModel.HeatMap.Bucket) -> Double) -> [Double]? {
            let all = map.buckets.reduce(0) { $0 + count($1) }
            guard all > 0 else { return nil }
            var below = 0.0
            return map.buckets.map {
                below += count($0)
                return below / all
            }
        }
        return [
            shares(\.rest).map { Line(name: say("otherwise"), css: "line s-observed", shares: $0) },
            shares(\.incident).map { Line(name: say("during incidents"), css: "line s-bad s-more", shares: $0) },
        ].compactMap { $0 }
    }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let lines = lines
        let titleID = anchors.take("t", map.id + "-ecdf")
        let descriptionID = anchors.take("d", map.id + "-ecdf")
        func y(_ share: Double) -> Double { 4 + (Self.height - 4) * (1 - yAxis.position(share)) }
        out.element(.p, .css("legend always"), .hidden) { out in
            for line in lines {
                out.element(.span, .css("entry")) { out in
                    out.element(.svg, .css("key"), Attribute(.width, 22), Attribute(.height, 10)) { out in
                        out.empty(.path, .css(line.css), Attribute(.d, "M1 5H21"))
                    }
                    out.text(line.name)
                }
            }
        }
        out.element(
            .svg, .css("plot small"), Attribute(.height, Self.height + 22), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: Phrases.cumulativeTitle)
            out.element(.desc, .id(descriptionID), text: description(lines))
            out.empty(
                .line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, Self.height), Attribute(.y2, Self.height))
            for tick in yAxis.ticks {
                let y = y(tick.value)
                out.empty(.line, .css("grid"), Attribute(.x2, "100%"), Attribute(.y1, y), Attribute(.y2, y))
                out.element(.text, .css("value"), Attribute(.x, -7), Attribute(.y, y + 4), text: tick.label)
            }
            for tick in HeatMapChart.ticks(xAxis, map.unit) {
                let x = xAxis.position(tick.value)
                out.empty(.line, .css("grid"), .share(.x1, x), .share(.x2, x), Attribute(.y2, Self.height))
                out.element(.text, .css("time"), .share(.x, x), Attribute(.y, Self.height + 17), text: tick.label)
            }
            out.element(
                .svg, .css("lines"), Attribute(.width, "100%"), Attribute(.height, Self.height),
                Attribute(.viewBox, "0 0 \(Coordinate.text(Self.columns)) \(Coordinate.text(Self.height))"),
                Attribute(.preserveAspectRatio, "none")
            ) { out in
                for line in lines {
                    var path = PathData()
                    var isFirst = true
                    for (bucket, share) in zip(map.buckets, line.shares) {
                        if isFirst, bucket.low > 0 {
                            path.move(xAxis.position(bucket.low) * Self.columns, y(0))
                            isFirst = false
                        }
                        guard bucket.high.isFinite else { continue }
                        let x = xAxis.position(bucket.high) * Self.columns
                        if isFirst { path.move(x, y(share)) } else { path.line(x, y(share)) }
                        isFirst = false
                    }
                    out.empty(.path, .css(line.css), Attribute(.d, path.text))
                }
            }
        }
    }

    private func description(_ lines: [Line]) -> String {
        Phrases.sentences(
            lines.compactMap { line in
                guard let at = line.shares.firstIndex(where: { $0 >= 0.5 }) else { return nil }
                return say("\(line.name): half lie at most \(HeatMapChart.name(map.buckets[at], map.unit)).")
            })
    }
}
