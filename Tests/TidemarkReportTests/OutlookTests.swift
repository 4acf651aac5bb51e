import Testing

@testable import TidemarkReport

/// Sections of capacity, demand and comparison: sound markup for any numbers, every chart and table with its file.
struct OutlookTests {
    private func model(_ value: Double, text: String = "a label") -> ReportModel {
        let link = { (name: String) in ReportModel.FileLink(path: "csv/\(name).csv", label: name) }
        var model = ReportModel(
            title: "t", window: .init(startMs: 0, endMs: 3_600_000), dataQuality: .init(level: .good),
            verdict: .init(severity: .healthy, sentences: ["s"]))
        let hours = (0..<48).map { Int64($0) * 3_600_000 }
        let values = hours.map { _ in Optional(value) }
        model.outlook = [
            .init(
                title: text, sentences: [text, text],
                blocks: [
                    .scatter(
                        .init(
                            id: "fit", title: text, subtitle: text, xTitle: text, xUnit: .requests, yUnit: .seconds,
                            points: [.init(x: 1, y: value), .init(x: value, y: 0.02)],
                            fit: [
                                .init(x: 1, y: 0.02, low: 0.01, high: 0.03),
                                .init(x: 40, y: value, low: value, high: value),
                            ], csv: link("fit"))),
                    .waterfall(
                        .init(
                            id: "parts", title: text, subtitle: text, unit: .seconds, fromLabel: text, fromValue: value,
                            parts: [
                                .init(label: text, change: 0.01), .init(label: text, change: -value),
                                .init(label: text, change: value, isKey: true),
                            ], toLabel: text, csv: link("parts"))),
                    .strip(
                        .init(
                            id: "fan", title: text, unit: .requestsPerSecond,
                            series: [
                                .init(
                                    name: text, timesMs: hours, values: values, band: .init(low: values, high: values))
                            ], csv: link("fan")), over: .init(startMs: 0, endMs: 172_800_000)),
                    .table(
                        .init(
                            caption: text, columns: [.init(text), .init("max", isNumber: true)],
                            rows: [[.text(text), .quantity(value, .requestsPerSecond)], [.text(text)]],
                            csv: link("table"))),
                ])
        ]
        return model
    }

    @Test("any number and any text give a sound page", arguments: [0.03, 0, -5, 1e300, .nan, .infinity])
    func sound(value: Double) {
        let page = HTMLReport.render(model(value, text: "<b>\u{1B}[31m&\"'</b>"))
        #expect(MarkupChecker(page).problems == [])
        let coordinates = MarkupChecker(page).elements.flatMap { element in
            ["x", "y", "width", "height", "d", "cx", "cy", "y1"].compactMap { element.attributes[$0] }
        }
        #expect(!coordinates.isEmpty)
        #expect(coordinates.allSatisfy { !$0.lowercased().contains("nan") && !$0.lowercased().contains("inf") })
    }

    @Test("each chart and table has its file, with numbers in base units")
    func files() throws {
        let files = ReportTables.files(model(0.03))
        #expect(files.map(\.path) == ["csv/fit.csv", "csv/parts.csv", "csv/fan.csv", "csv/table.csv"])
        let parts = String(decoding: files[1].bytes, as: UTF8.self)
        #expect(parts.hasPrefix("part,change_seconds,value_seconds\r\na label,,0.03\r\na label,0.01,0.04\r\n"))
        #expect(String(decoding: files[3].bytes, as: UTF8.self).contains("a label,0.03,requests_per_second"))
    }

    @Test("a waterfall ends where its parts lead")
    func end() {
        let waterfall = ReportModel.Waterfall(
            id: "w", title: "", subtitle: "", unit: .seconds, fromLabel: "before", fromValue: 1,
            parts: [.init(label: "a", change: 0.5), .init(label: "b", change: -0.25)], toLabel: "after")
        #expect(waterfall.end == 1.25)
    }
}
