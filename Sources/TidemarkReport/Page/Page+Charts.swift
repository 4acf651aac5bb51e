extension Page {
    /// The aligned strips on one time axis.
    mutating func writeTimeline() {
        element(.div, .css("aligned"), Attribute(.role, "group"), .label(Phrases.timeline)) { page in
            page.out.element(.p, .css("introduction note"), text: Phrases.chartKey)
            let lane = EventLane(frame: page.frame)
            page.element(.figure, .css("strip")) { page in
                lane.draw(&page.out, anchors: &page.anchors)
            }
            lane.drawList(&page.out)
            for (index, strip) in page.model.overview.enumerated() {
                let isLast = index == page.model.overview.count - 1
                page.writeStrip(
                    StripChart(
                        strip, frame: page.frame, columns: StripChart.wideColumns, height: 88, labelRoom: 136,
                        showsTimes: isLast))
            }
        }
    }

    /// Small multiples.
    mutating func writeSection(_ section: ReportModel.StripSection) {
        if !section.introduction.isEmpty { out.element(.p, .css("introduction"), text: section.introduction) }
        element(.div, .css("multiples")) { page in
            for strip in section.strips {
                page.writeStrip(
                    StripChart(
                        strip, frame: page.frame, columns: StripChart.wideColumns / 2, height: 88, labelRoom: 84,
                        showsTimes: true))
            }
        }
    }

    private mutating func writeStrip(_ chart: StripChart) {
        let strip = chart.strip
        let id = anchors.take("strip", strip.id)
        element(.figure, .css("strip"), .id(id)) { page in
            page.element(.figcaption) { page in
                page.out.element(.h3, text: strip.title)
                page.writeSubtitle(chart.subtitle, csv: strip.csv, of: strip.title)
            }
            chart.drawLegend(&page.out)
            chart.draw(&page.out, anchors: &page.anchors, describedBy: strip.title)
        }
    }

    mutating func writeSubtitle(_ subtitle: String, csv: ReportModel.FileLink?, of title: String) {
        out.element(.p, .css("subtitle")) { out in
            out.text(subtitle)
            if let csv, let link = Attribute.file(csv.path) {
                out.element(.a, link, .label(Phrases.fill(Phrases.csvOf, title)), text: Phrases.csv)
            }
        }
    }

    mutating func writeDistributions() {
        writeHeatMaps()
        element(.div, .css("multiples")) { page in
            for distribution in page.model.distributions {
                let id = page.anchors.take("distribution", distribution.id)
                page.element(.figure, .css("strip"), .id(id)) { page in
                    var subtitle = distribution.subtitle
                    if distribution.bars.contains(where: { $0.baseline != nil }) {
                        subtitle = Phrases.list([subtitle, Phrases.baselineBars].filter { !$0.isEmpty })
                    }
                    page.element(.figcaption) { page in
                        page.out.element(.h3, text: distribution.title)
                        page.writeSubtitle(subtitle, csv: distribution.csv, of: distribution.title)
                    }
                    switch distribution.kind {
                    case .ordered:
                        BucketBars(distribution: distribution)
                            .draw(&page.out, anchors: &page.anchors)
                    case .categorical:
                        ClassBars(distribution: distribution).draw(&page.out, anchors: &page.anchors)
                    }
                }
            }
        }
    }
}
