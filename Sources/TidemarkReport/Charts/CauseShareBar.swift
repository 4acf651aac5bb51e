import TidemarkBase

/// How the impact divides among the causes: one stacked bar.
struct CauseShareBar: Sendable {
    struct Part: Sendable, Equatable {
        var label: String
        /// 0…1.
        var share: Double
        /// `s-0`…`s-6` or `s-rest`.
        var css: String
    }

    let parts: [Part]
    let title: String

    /// The findings that have a share, and what they leave unexplained. Shares that add up to more than one are scaled.
    init?(_ findings: [ReportModel.Finding]) {
        let shares = findings.map { max(0, min(1, $0.impactShare ?? 0)) }
        let sum = shares.reduce(0, +)
        guard sum > 0 else { return nil }
        var parts: [Part] = []
        for (finding, share) in zip(findings, shares) where share > 0 {
            parts.append(
                Part(
                    label: finding.title, share: share / max(sum, 1), css: SeriesStyle.category(parts.count)))
        }
        if sum < 0.995 { parts.append(Part(label: Phrases.unexplained, share: 1 - sum, css: "s-rest")) }
        self.parts = parts
        title = Phrases.causeSharesTitle
    }

    func draw(_ out: inout Markup, anchors: inout Anchors) {
        let titleID = anchors.take("t", "cause-shares")
        let descriptionID = anchors.take("d", "cause-shares")
        out.element(
            .svg, .css("shares"), Attribute(.height, 32), Attribute(.role, "img"),
            Attribute(.ariaLabelledby, titleID + " " + descriptionID)
        ) { out in
            out.element(.title, .id(titleID), text: title)
            out.element(
                .desc, .id(descriptionID),
                text: Phrases.sentences(parts.map { say("\($0.label): \(NumberText.text($0.share, .ratio)).") }))
            var x = 0.0
            for part in parts {
                out.empty(
                    .rect, .css("share " + part.css), .share(.x, x), .share(.width, part.share),
                    Attribute(.height, 32))
                let share = NumberText.text((part.share * 100).rounded() / 100, .ratio)
                // Labels stand only where they fit: all of it on wide screens, the share alone on narrow ones.
                if part.share > 0.11 {
                    out.element(
                        .text, .css("share"), .share(.x, x), Attribute(.dx, 8), Attribute(.y, 21)
                    ) { out in
                        out.text(share)
                        let label = TextWidth.fitted(part.label, width: part.share * 860 - 60)
                        if label.count > 4 { out.element(.tspan, .css("wide"), text: "  " + label) }
                    }
                }
                x += part.share
            }
        }
    }
}
