import TidemarkBase

/// Of how much of a week there is evidence, and what is in doubt.
struct WeekQuality {
    let week: KeptWeek

    private static let kinds: [(String, Message)] = [
        ("hours_with_metrics", "vLLM metrics"), ("hours_with_logs", "Server logs, statistics lines"),
        ("hours_with_gpu_samples", "GPU samples"), ("hours_with_gateway_lines", "Gateway logs"),
    ]

    init(_ week: KeptWeek) { self.week = week }

    private var expected: Double { max(1, week["hours_expected"]?.value ?? 168) }
    /// Share of the hours of which the best kind of evidence tells.
    var share: Double { min(1, (Self.kinds.compactMap { week[$0.0]?.value }.max() ?? 0) / expected) }
    private var doubts: [String] {
        (week.texts["quality"] ?? []).filter { $0.scope == "doubt" }.map { say($0.text) }
    }

    var badge: ReportModel.DataQuality {
        let level: ReportModel.DataQuality.Level =
            share >= 0.95 && doubts.isEmpty ? .good : share >= 0.7 ? .fair : .poor
        let ratio = NumberText.text(share, .ratio)
        let hours = say(
            week.isOver ? "evidence of \(ratio) of the hours" : "evidence of \(ratio) of the hours so far")
        return .init(level: level, reasons: [hours] + doubts.prefix(3))
    }

    var section: ReportModel.OutlookSection? {
        var rows: [[ReportModel.QuantityTable.Cell]] = Self.kinds.map { name, title in
            let hours = week[name]?.value
            return [
                .text(say(title)), .quantity(hours, .count("h")), .quantity(expected, .count("h")),
                .quantity(hours.map { min(1, $0 / expected) }, .ratio),
            ]
        }
        let targets = week.values.filter { $0.key != KeptWeek.fleet && $0.value["hours_with_metrics"] != nil }
        for (target, values) in targets.sorted(by: { $0.key < $1.key }) {
            let hours = values["hours_with_metrics"]?.value
            rows.append([
                .text(say("vLLM metrics of \(target)")), .quantity(hours, .count("h")),
                .quantity(expected, .count("h")),
                .quantity(hours.map { min(1, $0 / expected) }, .ratio),
            ])
        }
        let checks = (week.texts["quality"] ?? []).map {
            say($0.scope == "good" ? "\(say($0.text).inSentenceCase)." : "In doubt: \($0.text).")
        }
        let ratio = NumberText.text(share, .ratio)
        return .init(
            title: say("Completeness of the evidence"),
            sentences: [
                say(
                    week.isOver
                        ? "Something was recorded in \(ratio) of the hours. Hours without are gaps, not zeros."
                        : "Something was recorded in \(ratio) of the hours so far. Hours without are gaps, not zeros.")
            ] + checks,
            blocks: [
                .table(
                    .init(
                        caption: say("Hours with evidence"),
                        columns: [
                            .init(say("Kind")), .init(say("With"), isNumber: true, csv: "hours"),
                            .init(say("Of"), isNumber: true, csv: "hours_expected"),
                            .init(Phrases.share, isNumber: true, csv: "ratio"),
                        ], rows: rows, csv: WeekPage.csv("completeness")))
            ])
    }
}
