import TidemarkBase

extension Page {
    mutating func writeFindings() {
        if model.findings.isEmpty { out.element(.p, text: Phrases.noFindings) }
        writeCauseShares()
        for finding in model.findings { writeFinding(finding) }
        if !model.findings.isEmpty, let csv = ReportTables.link(.findings, model), let link = Attribute.file(csv.path) {
            let text = Phrases.fill(Phrases.csvOf, Phrases.findings)
            out.element(.p, .css("table-link")) { $0.element(.a, link, text: text) }
        }
        writeChecked(ruledOut: model.ruledOut, notChecked: model.notChecked, heading: .h3)
    }

    // MARK: - Shares

    private mutating func writeCauseShares() {
        guard let bar = CauseShareBar(model.findings) else { return }
        let shown = model.findings.filter { ($0.impactShare ?? 0) > 0 }
        element(.figure, .css("strip")) { page in
            page.element(.figcaption) { $0.out.element(.h3, text: bar.title) }
            bar.draw(&page.out, anchors: &page.anchors)
        }
        element(.div, .css("cause-grid")) { page in
            for (index, finding) in shown.enumerated() {
                page.writeCause(finding, css: SeriesStyle.category(index), share: bar.parts[index].share)
            }
        }
    }

    /// A cause with the three numbers that tell it from others.
    private mutating func writeCause(_ finding: ReportModel.Finding, css: String, share: Double) {
        out.element(.div, .css("cause " + css)) { out in
            out.element(.h3) { out in
                out.element(.span, .css("swatch"), .hidden) { _ in }
                out.element(
                    .span, text: NumberText.text((share * 100).rounded() / 100, .ratio) + " " + finding.title)
            }
            out.element(.dl) { out in
                for evidence in finding.evidence.prefix(3) {
                    out.element(.div) { out in
                        out.element(.dt, text: evidence.signal)
                        out.element(.dd) { out in
                            out.text(NumberText.text(evidence.value, evidence.unit))
                            if let comparison = Self.comparison(evidence) {
                                out.element(.span, text: " " + comparison)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func comparison(_ evidence: ReportModel.Evidence) -> String? {
        if !evidence.needed.isEmpty { return Phrases.fill(Phrases.needed, evidence.needed) }
        return evidence.baseline.map { Phrases.fill(Phrases.normally, NumberText.text($0, evidence.unit)) }
    }

    // MARK: - One finding

    private mutating func writeFinding(_ finding: ReportModel.Finding) {
        let id = anchors.take("finding", finding.cause)
        element(.article, .css("finding"), Attribute(.ariaLabelledby, id)) { page in
            page.out.element(.h3, .id(id)) { out in
                out.element(.span, .css("rank"), text: String(finding.rank))
                out.element(.span, text: finding.title)
                out.element(.code, text: finding.cause)
            }
            page.writeMeta(finding)
            if !finding.impact.isEmpty { page.out.element(.p, .css("effect"), text: finding.impact) }
            if !finding.summary.isEmpty { page.out.element(.p, text: finding.summary) }
            page.writeRecommendations(finding.recommendations)
            page.writeChecked(ruledOut: finding.ruledOut, notChecked: finding.notChecked, heading: .h4)
            page.writeEvidence(finding)
        }
    }

    private mutating func writeMeta(_ finding: ReportModel.Finding) {
        let when = frame.range(finding.span) + NumberText.noBreakSpace + Phrases.zone
        let length = NumberText.duration(milliseconds: finding.span.durationMs)
        out.element(.p, .css("meta")) { out in
            out.element(.span) { out in
                out.element(.time, Attribute(.datetime, CivilTime.rfc3339(finding.span.startMs)), text: when)
                out.text(say(" (\(length))"))
            }
            out.element(.span) { out in
                let word = finding.confidenceWord
                let dots = word == .high ? "●●●" : word == .medium ? "●●○" : "●○○"
                out.element(.span, .css("dots"), .hidden, text: dots)
                out.text(
                    Phrases.fill(
                        Phrases.confidence, Phrases.confidenceWords[word] ?? word.rawValue,
                        NumberText.text((finding.confidence * 100).rounded() / 100, .ratio)))
            }
            if let share = finding.impactShare {
                out.element(.span, text: Phrases.fill(Phrases.shareOfImpact, NumberText.text(share, .ratio)))
            }
            if !finding.replicas.isEmpty {
                let names = Phrases.list(finding.replicas)
                out.element(.span, .css("replicas"), text: Phrases.fill(Phrases.onReplicas, names))
            }
        }
    }

    private mutating func writeRecommendations(_ all: [ReportModel.Recommendation]) {
        for (urgency, heading) in [
            (ReportModel.Recommendation.Urgency.now, Phrases.doNow), (.next, Phrases.doNext),
        ] {
            let chosen = all.filter { $0.urgency == urgency }
            guard !chosen.isEmpty else { continue }
            out.element(.h4, text: heading)
            out.element(.ol) { out in
                for recommendation in chosen {
                    out.element(.li) { out in
                        out.text(recommendation.text)
                        if !recommendation.effect.isEmpty {
                            let effect = Phrases.fill(Phrases.expectedEffect, recommendation.effect)
                            out.element(.span, .css("muted"), text: " " + effect)
                        }
                    }
                }
            }
        }
    }

    private mutating func writeChecked(
        ruledOut: [ReportModel.RuledOut], notChecked: [ReportModel.NotChecked], heading: Markup.Tag
    ) {
        guard !ruledOut.isEmpty || !notChecked.isEmpty else { return }
        out.element(.div, .css("pair")) { out in
            if !ruledOut.isEmpty {
                out.element(.div) { out in
                    out.element(heading, text: Phrases.ruledOut)
                    out.element(.ul, .css("plain")) { out in
                        for item in ruledOut {
                            out.element(.li) { out in
                                out.text(item.cause)
                                out.element(.span, .css("muted"), text: item.reason)
                            }
                        }
                    }
                }
            }
            if !notChecked.isEmpty {
                out.element(.div) { out in
                    out.element(heading, text: Phrases.notChecked)
                    out.element(.ul, .css("plain")) { out in
                        for item in notChecked {
                            out.element(.li) { out in
                                out.text(item.what)
                                let remedy = Phrases.fill(Phrases.toSeeIt, item.remedy)
                                out.element(.span, .css("muted"), text: remedy)
                            }
                        }
                    }
                }
            }
        }
    }

    private func source(_ evidence: ReportModel.Evidence, _ line: String) -> Table.Cell {
        if evidence.source.isEmpty { return .text(NumberText.missing) }
        // Charts have the first anchors of their names: no two share one.
        guard let chart = evidence.chart else { return .code(evidence.source + line) }
        return .link(evidence.source + line, anchor: Anchors.name("strip", chart))
    }

    private mutating func writeEvidence(_ finding: ReportModel.Finding) {
        guard !finding.evidence.isEmpty else { return }
        let table = Table(
            caption: Phrases.fill(Phrases.evidenceCaption, finding.title),
            columns: [
                .init(Phrases.signal), .init(Phrases.observed, .number), .init(Phrases.normal, .number),
                .init(Phrases.neededToBlame), .init(Phrases.source),
            ],
            rows: finding.evidence.map { evidence in
                let line = evidence.line.map { ":\($0)" } ?? ""
                return [
                    .text(evidence.signal), .text(NumberText.text(evidence.value, evidence.unit)),
                    .text(NumberText.text(evidence.baseline, evidence.unit)),
                    .text(evidence.needed.isEmpty ? NumberText.missing : evidence.needed),
                    source(evidence, line),
                ]
            })
        element(.details) { page in
            page.out.element(
                .summary,
                text: Phrases.fill(Phrases.evidence, NumberText.integer(finding.evidence.count)))
            table.write(&page.out)
        }
    }
}
