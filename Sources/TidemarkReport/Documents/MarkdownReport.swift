import TidemarkBase

/// The report as Markdown for a ticket or a chat: the verdict, what speaks for it, what to do, the key tables.
public enum MarkdownReport {
    /// UTF-8 text; the same model gives the same bytes.
    public static func render(_ model: ReportModel) -> [UInt8] {
        var page = MarkdownPage(model)
        page.write()
        return Array(page.out.utf8)
    }
}

private struct MarkdownPage {
    private let model: ReportModel
    private(set) var out = ""
    /// A ticket is no place for all of them.
    private static let mostRows = 20

    init(_ model: ReportModel) { self.model = model }

    mutating func write() {
        heading(1, model.title)
        if model.isRedacted { line("> " + text(Phrases.redacted)) }
        var where_ = [Phrases.fullRange(model.window) + " " + Phrases.zone]
        if !model.subtitle.isEmpty { where_.insert(model.subtitle, at: 0) }
        line(where_.map(text).joined(separator: " · "))
        list(model.facts.map { text(Phrases.labelled($0.name, $0.value)) })
        verdict()
        if model.showsFindings {
            heading(2, Phrases.findings)
            if model.findings.isEmpty { line(text(Phrases.noFindings)) }
            for finding in model.findings { write(finding) }
            checked(model.ruledOut, model.notChecked, level: 3)
        }
        for section in model.outlook { write(section) }
        for figures in model.keyFigures.prefix(1) { write(figures) }
        write(model.replicas, Phrases.replicas, Phrases.replica)
        write(model.gateways, Phrases.gateways, Phrases.gateway)
        logEvents()
        clients()
        runs()
        coverage()
        line("---")
        line(text(Phrases.footer))
    }

    // MARK: Parts

    private mutating func verdict() {
        heading(2, Phrases.severities[model.verdict.severity] ?? model.verdict.severity.rawValue)
        for (place, sentence) in model.verdict.sentences.enumerated() {
            line(place == 0 ? "**" + text(sentence) + "**" : text(sentence))
        }
        if let action = model.verdict.action {
            line("**" + text(action.urgency == .now ? Phrases.doNow : Phrases.doNext) + "**: " + text(action.text))
        }
        list(
            model.verdict.keyNumbers.map {
                text(Phrases.labelled($0.label, Phrases.list([number($0), $0.comparison].filter { !$0.isEmpty })))
            })
        let quality = model.dataQuality
        line("**" + text(Phrases.labelled(Phrases.dataQuality, Phrases.qualityLevels[quality.level] ?? "")) + "**")
        list(quality.reasons.map(text))
    }

    private func number(_ one: ReportModel.KeyNumber) -> String {
        one.value.isEmpty ? NumberText.missing : NumberText.joined(one.value, one.unit)
    }

    private mutating func write(_ finding: ReportModel.Finding) {
        heading(3, "\(finding.rank). \(finding.title)", code: finding.cause)
        var facts = [
            "\(Phrases.fullRange(finding.span)) \(Phrases.zone) (\(NumberText.duration(milliseconds: finding.span.durationMs)))",
            Phrases.fill(
                Phrases.confidence, Phrases.confidenceWords[finding.confidenceWord] ?? finding.confidenceWord.rawValue,
                NumberText.text((finding.confidence * 100).rounded() / 100, .ratio)),
        ]
        if let share = finding.impactShare {
            facts.append(Phrases.fill(Phrases.shareOfImpact, NumberText.text(share, .ratio)))
        }
        if !finding.replicas.isEmpty { facts.append(Phrases.fill(Phrases.onReplicas, Phrases.list(finding.replicas))) }
        line(facts.map(text).joined(separator: " · "))
        if !finding.impact.isEmpty { line(text(finding.impact)) }
        if !finding.summary.isEmpty { line(text(finding.summary)) }
        for (urgency, title) in [
            (ReportModel.Recommendation.Urgency.now, Phrases.doNow), (.next, Phrases.doNext),
        ] {
            let chosen = finding.recommendations.filter { $0.urgency == urgency }
            guard !chosen.isEmpty else { continue }
            line("**" + text(title) + "**")
            list(
                chosen.map {
                    text($0.text)
                        + ($0.effect.isEmpty ? "" : " " + text(Phrases.fill(Phrases.expectedEffect, $0.effect)))
                })
        }
        if !finding.evidence.isEmpty {
            table(
                [Phrases.signal, Phrases.observed, Phrases.normal, Phrases.neededToBlame, Phrases.source],
                finding.evidence.map {
                    [
                        text($0.signal), text(NumberText.text($0.value, $0.unit)),
                        text(NumberText.text($0.baseline, $0.unit)),
                        text($0.needed), MarkdownText.code($0.source + ($0.line.map { ":\($0)" } ?? "")),
                    ]
                })
        }
        checked(finding.ruledOut, finding.notChecked, level: 4)
    }

    private mutating func checked(
        _ ruledOut: [ReportModel.RuledOut], _ notChecked: [ReportModel.NotChecked], level: Int
    ) {
        if !ruledOut.isEmpty {
            heading(level, Phrases.ruledOut)
            list(ruledOut.map { text(Phrases.labelled($0.cause, $0.reason)) })
        }
        if !notChecked.isEmpty {
            heading(level, Phrases.notChecked)
            list(notChecked.map { text(Phrases.labelled($0.what, Phrases.fill(Phrases.toSeeIt, $0.remedy))) })
        }
    }

    private mutating func write(_ section: ReportModel.OutlookSection) {
        heading(2, section.title)
        for sentence in section.sentences { line(text(sentence)) }
        for case .table(let one) in section.blocks {
            line("**" + text(one.caption) + "**")
            table(
                one.columns.map(\.title),
                one.rows.prefix(Self.mostRows).map { row in
                    row.map {
                        switch $0 {
                        case .text(let words), .link(let words, _): text(words)
                        case .quantity(let value, let unit): text(NumberText.text(value, unit))
                        }
                    }
                })
            more(one.rows.count)
        }
    }

    private mutating func write(_ figures: ReportModel.KeyFigureTable) {
        heading(2, Phrases.keyFigures)
        line(text(Phrases.fill(Phrases.scope, figures.scope)))
        table(
            [Phrases.signal, Phrases.wholeWindow, Phrases.worstFiveMinutes, Phrases.worstFrom],
            figures.rows.map { one in
                [
                    text(one.signal), text(reading(one.wholeWindow, one.unit)), text(reading(one.worst, one.unit)),
                    one.worstStartMs.map(CivilTime.rfc3339) ?? "",
                ]
            })
    }

    private func reading(_ reading: ReportModel.Reading, _ unit: DisplayUnit) -> String {
        switch reading {
        case .known(let value): NumberText.text(value, unit)
        case .below(let bound): Phrases.fill(Phrases.below, NumberText.text(bound, unit))
        case .above(let bound): Phrases.fill(Phrases.bucketAbove, NumberText.text(bound, unit))
        case .tooFew(let count): Phrases.fill(Phrases.tooFew, NumberText.text(count, .none))
        }
    }

    private mutating func write(_ figures: ReportModel.FigureTable, _ title: String, _ name: String) {
        guard !figures.rows.isEmpty else { return }
        heading(2, title)
        let hasNotes = figures.rows.contains { !$0.note.isEmpty }
        table(
            [name] + figures.columns.map(\.title) + (hasNotes ? [Phrases.note] : []),
            figures.rows.prefix(Self.mostRows).map { row in
                [MarkdownText.code(row.name)]
                    + figures.columns.enumerated().map { place, column in
                        text(NumberText.text(place < row.values.count ? row.values[place] : nil, column.unit))
                    } + (hasNotes ? [text(row.note)] : [])
            })
        more(figures.rows.count)
    }

    private mutating func logEvents() {
        guard !model.logEvents.isEmpty else { return }
        heading(2, Phrases.logEvents)
        table(
            [Phrases.time, Phrases.level, Phrases.count, Phrases.message, Phrases.source],
            model.logEvents.prefix(Self.mostRows).map {
                [
                    $0.timeMs.map(CivilTime.rfc3339) ?? NumberText.missing, text($0.level),
                    NumberText.integer($0.count),
                    MarkdownText.code(String($0.text.prefix(300))),
                    MarkdownText.code($0.source + ($0.line.map { ":\($0)" } ?? "")),
                ]
            })
        more(model.logEvents.count)
    }

    private mutating func clients() {
        guard !model.topClients.isEmpty else { return }
        heading(2, Phrases.topClients)
        table(
            [Phrases.client, Phrases.requests, Phrases.share, Phrases.errors],
            model.topClients.prefix(Self.mostRows).map {
                [
                    MarkdownText.code($0.name), NumberText.integer($0.requests),
                    text(NumberText.text($0.share, .ratio)),
                    NumberText.integer($0.errors),
                ]
            })
        more(model.topClients.count)
    }

    private mutating func runs() {
        guard !model.engineRuns.isEmpty else { return }
        heading(2, Phrases.configuration)
        table(
            [Phrases.replica, Phrases.version, Phrases.model, Phrases.time, Phrases.ending],
            model.engineRuns.prefix(Self.mostRows).map {
                [
                    MarkdownText.code($0.replica), text($0.version), MarkdownText.code($0.model),
                    $0.startMs.map(CivilTime.rfc3339) ?? text(Phrases.runBeforeEvidence), text($0.ending),
                ]
            })
        more(model.engineRuns.count)
    }

    private mutating func coverage() {
        let sources = model.coverage.sources
        guard !sources.isEmpty else { return }
        heading(2, Phrases.coverage)
        table(
            [Phrases.file, Phrases.format, Phrases.records, Phrases.firstRecord, Phrases.lastRecord, Phrases.rejects],
            sources.prefix(Self.mostRows).map {
                [
                    MarkdownText.code($0.file), MarkdownText.code($0.format), NumberText.integer($0.records),
                    $0.firstMs.map(CivilTime.rfc3339) ?? NumberText.missing,
                    $0.lastMs.map(CivilTime.rfc3339) ?? NumberText.missing, NumberText.integer($0.rejects),
                ]
            })
        more(sources.count)
    }

    // MARK: Markdown

    private func text(_ text: String) -> String { MarkdownText.escaped(text) }

    private mutating func heading(_ level: Int, _ title: String, code: String = "") {
        line(
            String(repeating: "#", count: level) + " " + text(title)
                + (code.isEmpty ? "" : " " + MarkdownText.code(code)))
    }

    private mutating func line(_ line: String) { out += line + "\n\n" }

    private mutating func list(_ items: [String]) {
        guard !items.isEmpty else { return }
        out += items.map { "- " + $0 + "\n" }.joined() + "\n"
    }

    private mutating func table(_ columns: [String], _ rows: [[String]]) {
        guard !rows.isEmpty else { return }
        out += "| " + columns.map(text).joined(separator: " | ") + " |\n|" + columns.map { _ in "---|" }.joined() + "\n"
        for row in rows { out += "| " + row.joined(separator: " | ") + " |\n" }
        out += "\n"
    }

    private mutating func more(_ count: Int) {
        guard count > Self.mostRows else { return }
        line(text(say("\(count - Self.mostRows) more rows are in the CSV files.")))
    }
}
