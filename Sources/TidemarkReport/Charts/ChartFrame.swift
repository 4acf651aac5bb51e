/// What all charts over the report's time axis share: the axis, the incidents behind, the events, the words.
struct ChartFrame: Sendable {
    let axis: TimeAxis
    let incidents: [ReportModel.IncidentBand]
    let events: [ReportModel.EventMark]

    init(_ model: ReportModel) {
        axis = TimeAxis(model.window)
        incidents = model.incidents
        events = model.events.filter { $0.timeMs >= model.window.startMs && $0.timeMs <= model.window.endMs }
            .enumerated().sorted { ($0.element.timeMs, $0.offset) < ($1.element.timeMs, $1.offset) }.map(\.element)
    }

    /// Draws what lies in time. To zoom, the script widens the inner drawing, whose places are shares of the width, and
    /// the outer one cuts off what then lies outside.
    func drawInTime(_ out: inout Markup, height: Double, content: (inout Markup) -> Void) {
        let size = [Attribute(.width, "100%"), Attribute(.height, height)]
        out.element(.svg, .css("view"), size[0], size[1]) { out in
            out.element(.svg, .css("stretch"), size[0], size[1], content: content)
        }
    }

    /// Start and end of the axis, for the script.
    var startAttribute: Attribute { Attribute(.dataStart, String(axis.startMs)) }
    var endAttribute: Attribute { Attribute(.dataEnd, String(axis.endMs)) }

    /// Where the pointer is followed.
    static func drawHit(_ out: inout Markup, height: Double) {
        out.empty(.rect, .css("hit"), Attribute(.width, "100%"), Attribute(.height, height))
    }

    /// Shades the incidents over `height` pixels; a short one stays wide enough to be seen.
    func drawIncidents(_ out: inout Markup, height: Double) {
        // Where several overlap the shade stays the same.
        var places: [(from: Double, to: Double)] = []
        for place in incidents.compactMap({ axis.clamped($0.span) }).sorted(by: { $0.from < $1.from }) {
            if let last = places.last, place.from <= last.to {
                places[places.count - 1].to = max(last.to, place.to)
            } else {
                places.append((place.from, place.to))
            }
        }
        for place in places {
            out.empty(
                .rect, .css("incident"), .share(.x, place.from), .share(.width, max(place.to - place.from, 0.003)),
                Attribute(.height, height))
        }
    }

    /// Upright grid lines at the ticks.
    func drawTicks(_ out: inout Markup, _ ticks: [TimeAxis.Tick], height: Double) {
        for tick in ticks {
            let x = axis.position(tick.timeMs)
            out.empty(.line, .css("grid"), .share(.x1, x), .share(.x2, x), Attribute(.y2, height))
        }
    }

    /// The times under a chart whose foot is at `y`.
    func drawTickLabels(_ out: inout Markup, _ ticks: [TimeAxis.Tick], y: Double) {
        for tick in ticks {
            out.element(
                .text, .css(tick.isMinor ? "time minor" : "time"), .share(.x, axis.position(tick.timeMs)),
                Attribute(.y, y + 17), text: tick.label)
        }
    }

    /// Faint upright lines at the events, unless there are so many that they would hide the data.
    func drawEventLines(_ out: inout Markup, height: Double) {
        guard events.count <= 12 else { return }
        for event in events {
            let x = axis.position(event.timeMs)
            out.empty(.line, .css("event-line"), .share(.x1, x), .share(.x2, x), Attribute(.y2, height))
        }
    }

    /// Hatches where evidence is missing; `spans` are shares of the width.
    func drawMissing(_ out: inout Markup, _ spans: [(from: Double, to: Double)], height: Double) {
        for span in spans {
            out.empty(
                .rect, .css("missing"), .share(.x, span.from), .share(.width, span.to - span.from),
                Attribute(.height, height), Attribute(.fill, "url(#hatch)"))
        }
    }

    /// The pattern that ``drawMissing(_:_:height:)`` fills with; once a page.
    static func drawDefinitions(_ out: inout Markup) {
        out.element(.svg, .css("definitions"), Attribute(.width, 0), Attribute(.height, 0), .hidden) { out in
            out.element(.defs) { out in
                out.element(
                    .pattern, .id("hatch"), Attribute(.width, 6), Attribute(.height, 6),
                    Attribute(.patternUnits, "userSpaceOnUse"), Attribute(.patternTransform, "rotate(45)")
                ) { out in
                    out.empty(.line, .css("hatch"), Attribute(.y2, 6))
                }
            }
        }
    }

    /// `10:02–10:19`, with dates where the window spans days.
    func range(_ span: ReportModel.TimeSpan) -> String {
        Phrases.range(span, onDayOf: isOneDay ? axis.startMs : nil)
    }

    func moment(_ timeMs: Int64, seconds: Bool = false) -> String {
        Phrases.moment(timeMs, seconds: seconds, onDayOf: isOneDay ? axis.startMs : nil)
    }

    /// Whether dates need not be repeated: the window lies within one day of UTC.
    var isOneDay: Bool {
        let day: Int64 = 86_400_000
        return axis.startMs / day == (axis.endMs - 1) / day
    }
}
