import TidemarkBase

/// Of how much of a week there is evidence, and what is in doubt.
struct WeekQuality {
    let week: KeptWeek

    private static let kinds = [
        ("hours_with_metrics", "vLLM metrics"), ("hours_with_logs", "Server logs, statistics lines"),
        ("hours_with_gpu_samples", "GPU samples"), ("hours_with_gateway_lines", "Gateway logs"),
    ]

    init(_ week: KeptWeek) { self.week = week }

    private var expected: Double { max(1, week["hours_expected"]?.value ?? 168) }
    /// Share of the hours of which the best kind of evidence tells.
    var share: Double { min(1, (Self.kinds.compactMap { week[$0.0]?.value }.max() ?? 0) / expected) }
    private var doubts: [String] { (week.texts["quality"] ?? []).filter { $0.scope == "doubt" }.map(\.text) }

    var badge: ReportModel.DataQuality {
        let level: ReportModel.DataQuality.Level =
            share >= 0.95 && doubts.isEmpty ? .good : share >= 0.7 ? .fair : .poor
        let hours = "evidence of \(NumberText.text(share, .ratio)) of the hours" + (week.isOver ? "" : " so far")
        return .init(level: level, reasons: [hours] + doubts.prefix(3))
    }

    var section: ReportModel.OutlookSection? {
        var rows: [[ReportModel.QuantityTable.Cell]] = Self.kinds.map { name, title in
            let hours = week[name]?.value
            return [
                .text(title), .quantity(hours, .count("h")), .quantity(expected, .count("h")),
                .quantity(hours.map { min(1, $0 / expected) }, .ratio),
            ]
        }
        let targets = week.values.filter { $0.key != KeptWeek.fleet && $0.value["hours_with_metrics"] != nil }
        for (target, values) in targets.sorted(by: { $0.key < $1.key }) {
            let hours = values["hours_with_metrics"]?.value
            rows.append([
                .text("vLLM metrics of \(target)"), .quantity(hours, .count("h")), .quantity(expected, .count("h")),
                .quantity(hours.map { min(1, $0 / expected) }, .ratio),
            ])
        }
        let checks = (week.texts["quality"] ?? []).map { ($0.scope == "good" ? "" : "In doubt: ") + $0.text }
        return .init(
            title: "Completeness of the evidence",
            sentences: [
                "Something was recorded in \(NumberText.text(share, .ratio)) of the hours\(week.isOver ? "" : " so far"). Hours without are gaps, not zeros."
            ] + checks.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." },
            blocks: [
                .table(
                    .init(
                        caption: "Hours with evidence",
                        columns: [
                            .init("Kind"), .init("With", isNumber: true, csv: "hours"),
                            .init("Of", isNumber: true, csv: "hours_expected"),
                            .init("Share", isNumber: true, csv: "ratio"),
                        ], rows: rows, csv: WeekPage.csv("completeness")))
            ])
    }
}
