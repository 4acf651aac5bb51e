import TidemarkBase

extension Page {
    /// Title, verdict, numbers, data quality: what a reader sees first.
    mutating func writeVerdict(_ id: String) {
        element(.header, .css("masthead")) { page in
            let model = page.model
            if let logo = model.logo {
                page.out.empty(.img, .css("logo"), Attribute(.src, logo.address), Attribute(.alt, logo.text))
            }
            page.out.element(.h1, text: model.title)
            page.writeEyebrow()
            if model.isRedacted { page.out.element(.p, .css("redacted"), text: Phrases.redacted) }
            page.writeSeverity(id)
            for (index, sentence) in model.verdict.sentences.enumerated() {
                page.out.element(.p, .css(index == 0 ? "answer" : "more"), text: sentence)
            }
            if let action = model.verdict.action { page.write(action) }
            page.writeKeyNumbers()
            page.writeDataQuality()
        }
    }

    private mutating func write(_ action: ReportModel.Recommendation) {
        out.element(.p, .css("action")) { out in
            out.element(.strong, text: action.urgency == .now ? Phrases.doNow : Phrases.doNext)
            out.text(" " + action.text)
            if !action.effect.isEmpty {
                out.element(.span, .css("muted"), text: " " + Phrases.fill(Phrases.expectedEffect, action.effect))
            }
        }
    }

    private mutating func writeEyebrow() {
        let model = model
        let span = model.window
        out.element(.p, .css("eyebrow")) { out in
            if !model.subtitle.isEmpty { out.element(.span, text: model.subtitle) }
            out.element(.span) { out in
                out.element(
                    .time, Attribute(.datetime, CivilTime.rfc3339(span.startMs)),
                    text: Phrases.fullRange(span) + NumberText.noBreakSpace + Phrases.zone)
                out.text(say(" (\(NumberText.duration(milliseconds: span.durationMs)))"))
            }
            for page in model.navigation {
                out.element(.span) { $0.element(.a, Attribute.page(page.path), text: page.label) }
            }
            for fact in model.facts { out.element(.span, text: Phrases.labelled(fact.name, fact.value)) }
        }
    }

    private mutating func writeSeverity(_ id: String) {
        let severity = model.verdict.severity
        let name = Phrases.severities[severity] ?? severity.rawValue
        // A shape for each, so that colour isn't the only sign.
        let shape =
            switch severity {
            case .healthy: "M1 6.5L4.5 10L11 2"
            case .notice: "M6 1V7M6 9.5V11"
            case .incident: "M6 1.5L11 10.5H1Z"
            case .unknown: "M2 6H10"
            }
        out.element(.h2, .css("severity " + severity.rawValue), .id(id)) { out in
            out.element(.svg, Attribute(.viewBox, "0 0 12 12"), .hidden) { out in
                out.empty(.path, .css("severity-shape"), Attribute(.d, shape))
            }
            out.text(name)
        }
    }

    private mutating func writeKeyNumbers() {
        let numbers = model.verdict.keyNumbers.prefix(5)
        guard !numbers.isEmpty else { return }
        let label = Phrases.keyNumbers
        out.element(.dl, .css("numbers"), .label(label)) { out in
            for number in numbers {
                out.element(.div) { out in
                    out.element(.dt, text: number.label)
                    out.element(.dd, .css("value")) { out in
                        out.text(number.value.isEmpty ? NumberText.missing : number.value)
                        if !number.unit.isEmpty { out.element(.span, .css("unit"), text: number.unit) }
                    }
                    out.element(.dd, .css("comparison"), text: number.comparison)
                }
            }
        }
    }

    private mutating func writeDataQuality() {
        let quality = model.dataQuality
        out.element(.div, .css("quality")) { out in
            out.element(
                .strong, .css("level " + quality.level.rawValue),
                text: Phrases.labelled(Phrases.dataQuality, Phrases.qualityLevels[quality.level] ?? ""))
            guard !quality.reasons.isEmpty else { return }
            out.element(.ul) { out in
                for reason in quality.reasons { out.element(.li, text: reason) }
            }
        }
    }
}
