import TidemarkAnalysis
import TidemarkBase

/// The first sentences of a report, and its five numbers.
struct VerdictWords {
    private let stored: Verdict
    private let results: StoredSignals

    init(_ verdict: Verdict, _ results: StoredSignals) {
        stored = verdict
        self.results = results
    }

    var verdict: ReportModel.Verdict {
        guard let first = stored.findings.first else {
            let (out, open) = (stored.ruledOut.count, stored.missing.count)
            let sentences = [
                say("Nothing that users suffered from was found."),
                open == 0
                    ? say("\(out) of the \(out + open) causes that this version knows were ruled out.")
                    : say(
                        "\(out) of the \(out + open) causes that this version knows were ruled out; \(open) could not be checked."
                    ),
            ]
            return .init(severity: .healthy, sentences: sentences, keyNumbers: numbers(nil))
        }
        let certain = first.confidence > 0.5
        let title = Self.lowered(say(first.title))
        var sentences = [
            say(
                "From \(clock(first.startMs)) to \(clock(first.endMs)) UTC (\(duration(first))): \(title). Confidence \(Message(pattern: Self.word(first.confidence))) (\(NumberText.text(first.confidence, .ratio)))."
            )
        ]
        var second: [Message] = ["\(first.summary)."]
        if let trigger = first.trigger, let timeMs = first.triggerMs {
            let delay: Message =
                first.delaySeconds.map {
                    $0 >= 1 ? "; users felt it \(NumberText.duration(milliseconds: Int64($0 * 1000))) later" : ""
                } ?? ""
            second.append("Just before, at \(clock(timeMs)), \(trigger)\(delay).")
        }
        if let ttft = first.evidence.first(where: { $0.signal == "ttft_p95_seconds" }), let worst = ttft.value {
            let normal: Message = ttft.baseline.map { " (normally \(NumberText.text($0, .seconds)))" } ?? ""
            second.append("Users waited up to \(NumberText.text(worst, .seconds)) for the first token at P95\(normal).")
        }
        sentences.append(say(.sentences(second)))
        var last: [Message] = []
        let parts = first.shares.filter { abs($0.share) >= 0.1 }
        if !parts.isEmpty {
            let words = parts.map { "\(NumberText.text($0.share, .ratio)) is \(Self.factor($0))" as Message }
            last.append("Of the longer steps \(Message.list(words)).")
        }
        switch stored.findings.count - 1 {
        case ...0: break
        case 1: last.append("1 more finding below.")
        case let others: last.append("\(others) more findings below.")
        }
        if !last.isEmpty { sentences.append(say(.sentences(last))) }
        return .init(severity: certain ? .incident : .unknown, sentences: sentences, keyNumbers: numbers(first))
    }

    /// A title inside a sentence: abbreviations keep their capitals.
    private static func lowered(_ title: String) -> String {
        let second = title.dropFirst().first
        guard let first = title.first, second?.isUppercase != true else { return title }
        return first.lowercased() + title.dropFirst()
    }

    static func factor(_ share: Verdict.Share) -> Message {
        share.factor == "unexplained" ? "unexplained" : share.text
    }

    static func word(_ confidence: Double) -> String {
        confidence >= 0.8 ? "high" : confidence > 0.5 ? "medium" : "low"
    }

    private func clock(_ timeMs: Int64) -> String { CivilTime.clock(timeMs, seconds: results.stepMs < 60_000) }

    private func duration(_ finding: Verdict.Finding) -> String {
        NumberText.duration(milliseconds: finding.endMs - finding.startMs)
    }

    private func numbers(_ finding: Verdict.Finding?) -> [ReportModel.KeyNumber] {
        var numbers: [ReportModel.KeyNumber] = []
        if let requests = finding?.requestsAffected {
            numbers.append(.init(label: say("Requests affected, about"), value: requests, unit: .requests))
        }
        if let seconds = finding?.impactUserSeconds {
            numbers.append(.init(label: say("Excess waiting of all users"), value: seconds, unit: .seconds))
        }
        for (name, label) in [
            ("ttft_p95_seconds", "P95 time to first token"), ("itl_mean_seconds", "Mean inter-token latency"),
            ("request_rate_requests_per_second", "Requests finished"),
            ("generation_tokens_per_second", "Generated tokens"),
            ("error_5xx_requests_per_second", "Answers with 5xx"),
        ] as [(String, Message)] where numbers.count < 5 {
            guard let figure = results.figure(name), let unit = SignalCatalogue.signal(name)?.unit.display else {
                continue
            }
            let comparison: Message =
                if figure.isTooFew {
                    "of \(NumberText.text(figure.count, .requests)): n too small"
                } else if figure.note == Figure.shortWindow {
                    "over the whole window"
                } else {
                    figure.worstReading.number.map { "worst five minutes \(NumberText.text($0, unit))" } ?? ""
                }
            numbers.append(
                .init(label: say(label), value: figure.reading.value, unit: unit, comparison: say(comparison)))
        }
        return numbers
    }
}

/// Findings in the words of the report.
struct FindingWords {
    /// The charts of the report's sections.
    let charts: [ReportModel.Strip]

    func finding(_ finding: Verdict.Finding, of verdict: Verdict) -> ReportModel.Finding {
        let others = verdict.ruledOut.map {
            ReportModel.RuledOut(cause: say(Verdict.title($0.cause)), reason: say($0.text))
        }
        let open =
            finding.missing.map { ReportModel.NotChecked(what: say(finding.title), remedy: say($0)) }
            + verdict.missing.map { ReportModel.NotChecked(what: say(Verdict.title($0.cause)), remedy: say($0.text)) }
        var impact: [Message] = []
        if let seconds = finding.impactUserSeconds {
            impact.append("\(NumberText.text(seconds, .seconds)) of excess waiting over all users")
        }
        if let requests = finding.requestsAffected, requests > 0 {
            impact.append("about \(NumberText.text(requests, .requests)) affected")
        }
        if let cost = finding.costText { impact.append(cost) }
        for budget in finding.budgets where budget.burnRate >= 1 {
            impact.append("error budget, \(budget.text)")
        }
        var summary: Message = "\(finding.summary)."
        let parts = finding.shares.filter { abs($0.share) >= 0.1 }
        if !parts.isEmpty {
            let words = parts.map { "\(NumberText.text($0.share, .ratio)) \(VerdictWords.factor($0))" as Message }
            summary = "\(summary) Of the longer steps: \(Message.joined(words, by: "; "))."
        }
        return .init(
            rank: finding.rank, cause: finding.cause, title: say(finding.title), summary: say(summary),
            span: .init(startMs: finding.startMs, endMs: finding.endMs), confidence: finding.confidence,
            confidenceWord: finding.confidence >= 0.8 ? .high : finding.confidence > 0.5 ? .medium : .low,
            impact: say(.joined(impact, by: "; ")), replicas: finding.instances,
            evidence: finding.evidence.map(evidence), ruledOut: finding.rank == 1 ? others : [],
            notChecked: finding.rank == 1 ? open : [],
            recommendations: finding.recommendations.enumerated().map {
                .init(say($0.element.text), urgency: $0.offset == 0 ? .now : .next)
            })
    }

    private func evidence(_ one: Verdict.Evidence) -> ReportModel.Evidence {
        let unit = SignalCatalogue.signal(one.signal)?.unit.display ?? Self.unit(one.unit)
        return .init(
            signal: say(one.text), value: one.value, baseline: one.baseline, unit: unit,
            source: one.source ?? one.signal,
            line: one.line, chart: chart(of: one.signal))
    }

    /// The chart that shows a signal; of a mean that none shows the one of its percentiles.
    private func chart(of signal: String) -> String? {
        let family = signal == "tpot_mean_seconds" ? "itl" : signal.split(separator: "_").first.map(String.init) ?? ""
        return charts.first { $0.signals.contains(signal) }?.id
            ?? charts.first { $0.id == family && signal.hasSuffix("_seconds") }?.id
    }

    private static func unit(_ text: String) -> DisplayUnit {
        switch text {
        case "ratio": .ratio
        case "seconds": .seconds
        case "requests": .requests
        case "requests/s": .requestsPerSecond
        default: .count(text)
        }
    }
}
