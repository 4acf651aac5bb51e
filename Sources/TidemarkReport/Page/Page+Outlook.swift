extension Page {
    mutating func write(_ section: ReportModel.OutlookSection) {
        for (index, sentence) in section.sentences.enumerated() {
            out.element(.p, .css(index == 0 ? "lead" : "outlook"), text: sentence)
        }
        for block in section.blocks {
            switch block {
            case .strip(let strip, let span): write(strip, over: span)
            case .scatter(let scatter):
                figure(scatter.id, scatter.title, scatter.subtitle, scatter.csv) { page in
                    ScatterFit(scatter).draw(&page.out, anchors: &page.anchors)
                }
            case .waterfall(let waterfall):
                let bars = WaterfallBars(waterfall)
                let subtitle = Phrases.list([waterfall.subtitle] + (bars.isCut ? [Phrases.cutAxis] : []))
                figure(waterfall.id, waterfall.title, subtitle, waterfall.csv) { page in
                    bars.draw(&page.out, anchors: &page.anchors)
                }
            case .table(let table): write(table)
            }
        }
    }

    /// A chart whose time axis is not the report's: no incidents and no events on it.
    private mutating func write(_ strip: ReportModel.Strip, over span: ReportModel.TimeSpan) {
        let own = ReportModel(
            title: "", window: span, dataQuality: model.dataQuality, verdict: model.verdict)
        let chart = StripChart(
            strip, frame: ChartFrame(own), columns: 768, height: 160, labelRoom: 136,
            showsTimes: true)
        figure(strip.id, strip.title, chart.subtitle, strip.csv) { page in
            chart.drawLegend(&page.out)
            chart.draw(&page.out, anchors: &page.anchors, describedBy: strip.title)
        }
    }

    private mutating func write(_ table: ReportModel.QuantityTable) {
        Table(
            caption: table.caption, csv: table.csv, csvLabel: Phrases.csv,
            columns: table.columns.map { .init($0.title, $0.isNumber ? .number : $0.isShort ? .time : .text) },
            rows: table.rows.map { row in
                row.map { cell in
                    switch cell {
                    case .text(let text): .text(text)
                    case .link(let text, let path): .page(text, path: path)
                    case .quantity(let value, let unit): .quantity(value, unit)
                    }
                }
            }
        ).write(&out)
    }

    private mutating func figure(
        _ id: String, _ title: String, _ subtitle: String, _ csv: ReportModel.FileLink?,
        content: (inout Page) -> Void
    ) {
        let anchor = anchors.take("strip", id)
        element(.figure, .css("strip"), .id(anchor)) { page in
            page.element(.figcaption) { page in
                page.out.element(.h3, text: title)
                page.writeSubtitle(subtitle, csv: csv, of: title)
            }
            content(&page)
        }
    }
}
