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
            var sentences = ["Nothing that users suffered from was found."]
            sentences.append(
                "\(stored.ruledOut.count) of the \(stored.ruledOut.count + stored.missing.count) causes that this version knows were ruled out"
                    + (stored.missing.isEmpty ? "." : "; \(stored.missing.count) could not be checked."))
            return .init(severity: .healthy, sentences: sentences, keyNumbers: numbers(nil))
        }
        let certain = first.confidence > 0.5
        var sentences = [
            "From \(clock(first.startMs)) to \(clock(first.endMs)) UTC (\(duration(first))): \(Self.lowered(first.title)). Confidence \(Self.word(first.confidence)) (\(NumberText.text(first.confidence, .ratio)))."
        ]
        sentences.append(first.summary + ".")
        if let trigger = first.trigger, let timeMs = first.triggerMs {
            let delay = first.delaySeconds.map {
                $0 >= 1 ? "; users felt it \(NumberText.duration(milliseconds: Int64($0 * 1000))) later" : ""
            }
            sentences[1] += " Just before, at \(clock(timeMs)), \(trigger)\(delay ?? "")."
        }
        if let ttft = first.evidence.first(where: { $0.signal == "ttft_p95_seconds" }), let worst = ttft.value {
            let normal = ttft.baseline.map { " (normally \(NumberText.text($0, .seconds)))" } ?? ""
            sentences[1] +=
                " Users waited up to \(NumberText.text(worst, .seconds)) for the first token at P95\(normal)."
        }
        var last: [String] = []
        let parts = first.shares.filter { abs($0.share) >= 0.1 }
        if !parts.isEmpty {
            last.append(
                "Of the longer steps "
                    + parts.map { "\(NumberText.text($0.share, .ratio)) is \(Self.factor($0))" }.joined(separator: ", ")
                    + ".")
        }
        if stored.findings.count > 1 {
            last.append("\(stored.findings.count - 1) more finding\(stored.findings.count > 2 ? "s" : "") below.")
        }
        if !last.isEmpty { sentences.append(last.joined(separator: " ")) }
        return .init(severity: certain ? .incident : .unknown, sentences: sentences, keyNumbers: numbers(first))
    }

    /// A title inside a sentence: abbreviations keep their capitals.
    private static func lowered(_ title: String) -> String {
        let second = title.dropFirst().first
        guard let first = title.first, second?.isUppercase != true else { return title }
        return first.lowercased() + title.dropFirst()
    }

    static func factor(_ share: Verdict.Share) -> String {
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
            numbers.append(.init(label: "Requests affected, about", value: requests, unit: .requests))
        }
        if let seconds = finding?.impactUserSeconds {
            numbers.append(.init(label: "Excess waiting of all users", value: seconds, unit: .seconds))
        }
        for (name, label) in [
            ("ttft_p95_seconds", "P95 time to first token"), ("itl_mean_seconds", "Mean inter-token latency"),
            ("request_rate_requests_per_second", "Requests finished"),
            ("generation_tokens_per_second", "Generated tokens"),
            ("error_5xx_requests_per_second", "Answers with 5xx"),
        ] where numbers.count < 5 {
            guard let figure = results.figure(name), let unit = SignalCatalogue.signal(name)?.unit.display else {
                continue
            }
            let comparison =
                if figure.isTooFew {
                    "of \(NumberText.text(figure.count, .requests)): n too small"
                } else if figure.note == Figure.shortWindow {
                    "over the whole window"
                } else {
                    figure.worstReading.number.map { "worst five minutes \(NumberText.text($0, unit))" } ?? ""
                }
            numbers.append(
                .init(label: label, value: figure.reading.value, unit: unit, comparison: comparison))
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
            ReportModel.RuledOut(cause: Verdict.title($0.cause), reason: $0.text)
        }
        let open =
            finding.missing.map { ReportModel.NotChecked(what: finding.title, remedy: $0) }
            + verdict.missing.map { ReportModel.NotChecked(what: Verdict.title($0.cause), remedy: $0.text) }
        var impact: [String] = []
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
        var summary = finding.summary + "."
        let parts = finding.shares.filter { abs($0.share) >= 0.1 }
        if !parts.isEmpty {
            let words = parts.map { "\(NumberText.text($0.share, .ratio)) \(VerdictWords.factor($0))" }
            summary += " Of the longer steps: \(words.joined(separator: "; "))."
        }
        return .init(
            rank: finding.rank, cause: finding.cause, title: finding.title, summary: summary,
            span: .init(startMs: finding.startMs, endMs: finding.endMs), confidence: finding.confidence,
            confidenceWord: finding.confidence >= 0.8 ? .high : finding.confidence > 0.5 ? .medium : .low,
            impact: impact.joined(separator: "; "), replicas: finding.instances,
            evidence: finding.evidence.map(evidence), ruledOut: finding.rank == 1 ? others : [],
            notChecked: finding.rank == 1 ? open : [],
            recommendations: finding.recommendations.enumerated().map {
                .init($0.element.text, urgency: $0.offset == 0 ? .now : .next)
            })
    }

    private func evidence(_ one: Verdict.Evidence) -> ReportModel.Evidence {
        let unit = SignalCatalogue.signal(one.signal)?.unit.display ?? Self.unit(one.unit)
        return .init(
            signal: one.text, value: one.value, baseline: one.baseline, unit: unit, source: one.source ?? one.signal,
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
