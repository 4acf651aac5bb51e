import TidemarkBase

/// The lane above the strips: incidents by name, events as marks with labels, the times.
struct EventLane: Sendable {
    let frame: ChartFrame

    /// Width in pixels that labels are placed for.
    private static let nominalWidth = 770.0
    private static let laneHeight = 18.0
    private static let maximumLanes = 4

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", "events")
        let descriptionID = anchors.take("d", "events")
        let labels = eventLabels()
        var lanes = LabelPlacement.lanes(labels.map { (from: $0.from, to: $0.to) }, lanes: Self.maximumLanes)
        // Where not all labels fit, marks alone are clearer than some labels; the list names them all.
        let showsLabels = !lanes.contains(nil)
        if !showsLabels { lanes = lanes.map { _ in 0 } }
        let laneCount = (lanes.compactMap { $0 }.max() ?? -1) + 1
        let incidentLabels = incidentLabels()
        let incidentRow = Double((incidentLabels.map(\.lane).max() ?? -1) + 1) * Self.laneHeight
        let foot = incidentRow + Double(laneCount) * Self.laneHeight + 4
        let ticks = frame.axis.ticks(limit: 9)
        out.element(
            .svg, .css("plot lane"), Attribute(.height, foot + 24), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID), frame.startAttribute, frame.endAttribute
        ) { out in
            out.element(.title, .id(titleID), text: Phrases.eventLane)
            out.element(.desc, .id(descriptionID), text: description)
            frame.drawInTime(&out, height: foot + 24) { out in
                frame.drawIncidents(&out, height: foot + 24)
                drawIncidentBars(&out, y: foot + 20)
                for label in incidentLabels { draw(&out, label) }
                for (index, event) in frame.events.enumerated() {
                    let y = incidentRow + Double(lanes[index] ?? 0) * Self.laneHeight + 11
                    drawMark(&out, event, y: y)
                    guard showsLabels else { continue }
                    let label = labels[index]
                    out.element(
                        .text, .css(label.isLeft ? "event left" : "event"),
                        .share(.x, frame.axis.position(event.timeMs)), Attribute(.dx, label.isLeft ? -9 : 9),
                        Attribute(.y, y + 4), text: label.text)
                }
            }
            out.element(.g, .css("ticks")) { frame.drawTickLabels(&$0, ticks, y: foot) }
            out.empty(
                .line, .css("axis"), Attribute(.x2, "100%"), Attribute(.y1, foot + 23.5),
                Attribute(.y2, foot + 23.5))
            ChartFrame.drawHit(&out, height: foot + 24)
        }
    }

    // MARK: - Incidents

    private struct IncidentLabel {
        var text: String
        /// Share of the width at which it is anchored.
        var x: Double
        var isLeft: Bool
        /// Whether it fits into its band on a narrow screen; if not, it is only shown on wide ones.
        var isNarrowEnough: Bool
        var lane: Int
    }

    /// Labels inside their bands, or beside bands that are too short; in two lanes, those that fit in neither left out.
    private func incidentLabels() -> [IncidentLabel] {
        var labels: [IncidentLabel] = []
        var spans: [(from: Double, to: Double)] = []
        for incident in frame.incidents {
            guard let place = frame.axis.clamped(incident.span) else { continue }
            let text = TextWidth.fitted(incident.label.isEmpty ? Phrases.incident : incident.label, width: 300)
            let width = TextWidth.pixels(text) * 1.1 + 8
            let isInside = width < (place.to - place.from) * Self.nominalWidth
            let isLeft = !isInside && place.from > 0.6
            let x = isInside || isLeft ? place.from : place.to
            labels.append(
                IncidentLabel(
                    text: text, x: x, isLeft: isLeft, isNarrowEnough: width < (place.to - place.from) * 290, lane: 0))
            let anchor = x * Self.nominalWidth
            spans.append(isLeft ? (from: anchor - width, to: anchor) : (from: anchor, to: anchor + width))
        }
        let lanes = LabelPlacement.lanes(spans, lanes: 2)
        return zip(labels, lanes).compactMap { label, lane in
            guard let lane else { return nil }
            var label = label
            label.lane = lane
            return label
        }
    }

    /// Strong bars on the axis: the shading alone is faint where an incident is short.
    private func drawIncidentBars(_ out: inout Markup, y: Double) {
        for incident in frame.incidents {
            guard let place = frame.axis.clamped(incident.span) else { continue }
            out.empty(
                .rect, .css("bar s-bad"), .share(.x, place.from), .share(.width, max(place.to - place.from, 0.003)),
                Attribute(.y, y), Attribute(.height, 4))
        }
    }

    private func draw(_ out: inout Markup, _ label: IncidentLabel) {
        let css = "incident-label" + (label.isLeft ? " left" : "") + (label.isNarrowEnough ? "" : " wide")
        out.element(
            .text, .css(css), .share(.x, label.x), Attribute(.dx, label.isLeft ? -6 : 6),
            Attribute(.y, Double(label.lane) * Self.laneHeight + 14), text: label.text)
    }

    // MARK: - Events

    /// A shape for each kind, so that colour isn't the only sign.
    private func drawMark(_ out: inout Markup, _ event: ReportModel.EventMark, y: Double) {
        out.element(.svg, .css("shape"), .share(.x, frame.axis.position(event.timeMs)), Attribute(.y, y)) { out in
            let (data, css) = Self.shape(event.kind)
            out.empty(.path, .css("shape " + css), Attribute(.d, data))
        }
    }

    static func shape(_ kind: ReportModel.EventMark.Kind) -> (data: String, css: String) {
        switch kind {
        case .restart: ("M0 -5L5 4H-5Z", "mark-neutral")
        case .crash: ("M-4 -4L4 4M4 -4L-4 4", "mark-cross")
        case .errorBurst: ("M0 -5.5L5.5 0L0 5.5L-5.5 0Z", "mark-bad")
        case .deployment: ("M-4 -4H4V4H-4Z", "mark-accent")
        case .throttle: ("M0 5L5 -4H-5Z", "mark-bad")
        case .note: ("M0 -5V5", "mark-cross mark-quiet")
        }
    }

    private func eventLabels() -> [(text: String, from: Double, to: Double, isLeft: Bool)] {
        frame.events.map { event in
            let text = TextWidth.fitted(event.label, width: 230)
            let x = frame.axis.position(event.timeMs) * Self.nominalWidth
            let width = TextWidth.pixels(text) + 22
            let isLeft = x + width > Self.nominalWidth + 110
            return (text, isLeft ? x - width : x - 8, isLeft ? x + 8 : x + width, isLeft)
        }
    }

    private var description: String {
        var sentences = frame.incidents.map { say("\($0.label): \(frame.range($0.span)).") }
        sentences += frame.events.prefix(20).map { event in
            say("\(frame.moment(event.timeMs, seconds: true)) \(Phrases.eventKinds[event.kind] ?? ""): \(event.label).")
        }
        return Phrases.sentences(sentences)
    }

    /// Incidents and events as a list: on a narrow screen the only place where they are named.
    func drawList(_ out: inout Markup) {
        let count = frame.incidents.count + frame.events.count
        guard count > 0 else { return }
        out.element(.details, .css("events")) { out in
            out.element(.summary, text: Phrases.fill(Phrases.eventsSummary, NumberText.integer(count)))
            out.element(.ul) { out in
                for incident in frame.incidents {
                    out.element(.li) { out in
                        let data = "M-6 -6H6V6H-6Z"
                        drawEntry(
                            &out, data, "incident-key", incident.span.startMs, frame.range(incident.span),
                            Phrases.incident, incident.label)
                    }
                }
                for event in frame.events {
                    out.element(.li) { out in
                        let (data, css) = Self.shape(event.kind)
                        drawEntry(
                            &out, data, css, event.timeMs, frame.moment(event.timeMs, seconds: true),
                            Phrases.eventKinds[event.kind] ?? "", event.label)
                    }
                }
            }
        }
    }

    private func drawEntry(
        _ out: inout Markup, _ data: String, _ css: String, _ timeMs: Int64, _ time: String, _ kind: String,
        _ label: String
    ) {
        out.element(.svg, .css("key"), Attribute(.viewBox, "-7 -7 14 14"), .hidden) { out in
            out.empty(.path, .css("shape " + css), Attribute(.d, data))
        }
        out.element(.time, Attribute(.datetime, CivilTime.rfc3339(timeMs)), text: time)
        out.text(" ")
        out.element(.strong, text: kind)
        out.text(" " + label)
    }
}
