import TidemarkBase

/// Which source covers which part of the window: one bar a source, on the shared time axis.
struct CoverageChart: Sendable {
    let sources: [ReportModel.Source]
    let frame: ChartFrame

    private static let row = 34.0

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", "coverage-chart")
        let descriptionID = anchors.take("d", "coverage-chart")
        let height = Double(sources.count) * Self.row + 4
        let ticks = frame.axis.ticks(limit: 9)
        out.element(
            .svg, .css("plot coverage"), Attribute(.height, height + 22), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: Phrases.coverageChart)
            out.element(.desc, .id(descriptionID), text: description)
            frame.drawIncidents(&out, height: height)
            frame.drawTicks(&out, ticks, height: height)
            for (index, source) in sources.enumerated() {
                let y = Double(index) * Self.row
                let covered = pieces(source)
                out.element(.text, .css("row"), Attribute(.y, y + 16)) { out in
                    out.text(TextWidth.fittedEnd(source.file, width: covered.isEmpty ? 130 : 260))
                    if covered.isEmpty { out.element(.tspan, .css("quiet"), text: "  " + Phrases.notInWindow) }
                }
                out.element(
                    .text, .css("row kind wide"), Attribute(.x, "100%"), Attribute(.y, y + 16),
                    text: TextWidth.fitted(source.kind, width: 160))
                for piece in covered {
                    out.empty(
                        .rect, .css(piece.isGap ? "missing" : "bar s-observed"), .share(.x, piece.from),
                        .share(.width, piece.to - piece.from), Attribute(.y, y + 22),
                        Attribute(.height, 7), piece.isGap ? Attribute(.fill, "url(#hatch)") : nil)
                }
            }
            out.empty(
                .line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, height), Attribute(.y2, height))
            frame.drawTickLabels(&out, ticks, y: height)
        }
    }

    /// What the source covers and what it lacks inside the window, as shares of the width, in time order.
    func pieces(_ source: ReportModel.Source) -> [(from: Double, to: Double, isGap: Bool)] {
        guard let first = source.firstMs, let last = source.lastMs else { return [] }
        // A single record is still seen: at least two thousandths of the window.
        let shortest = max(frame.axis.lengthMs / 500, 1)
        let whole = ReportModel.TimeSpan(startMs: first, endMs: max(last, first + shortest))
        guard frame.axis.clamped(whole) != nil else { return [] }
        var pieces: [(from: Double, to: Double, isGap: Bool)] = []
        func add(_ startMs: Int64, _ endMs: Int64, isGap: Bool) {
            guard let place = frame.axis.clamped(ReportModel.TimeSpan(startMs: startMs, endMs: endMs)) else { return }
            pieces.append((from: place.from, to: place.to, isGap: isGap))
        }
        var at = whole.startMs
        for gap in source.gaps.sorted(by: { ($0.startMs, $0.endMs) < ($1.startMs, $1.endMs) }) {
            guard gap.endMs > at, gap.startMs < whole.endMs else { continue }
            add(at, gap.startMs, isGap: false)
            add(max(at, gap.startMs), min(gap.endMs, whole.endMs), isGap: true)
            at = gap.endMs
        }
        add(at, whole.endMs, isGap: false)
        return pieces
    }

    private var description: String {
        let sentences = sources.map { source in
            guard let first = source.firstMs, let last = source.lastMs else { return say("\(source.file): –.") }
            let span = ReportModel.TimeSpan(startMs: first, endMs: last)
            return say("\(source.file): \(frame.range(span)), gaps \(source.gaps.count).")
        }
        return Phrases.sentences(sentences)
    }
}
