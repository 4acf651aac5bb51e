extension Page {
    /// Each latency over time, beside it how much of it lies below a value, and the same as a table.
    mutating func writeHeatMaps() {
        for map in model.heatMaps {
            let id = anchors.take("heat", map.id)
            element(.figure, .css("strip"), .id(id)) { page in
                let chart = HeatMapChart(map, frame: page.frame)
                page.element(.figcaption) { page in
                    page.out.element(.h3, text: map.title)
                    page.writeSubtitle(Phrases.list([map.subtitle, Phrases.logScale]), csv: map.csv, of: map.title)
                }
                chart.drawLegend(&page.out)
                chart.draw(&page.out, anchors: &page.anchors)
            }
            element(.div, .css("multiples")) { page in
                page.element(.figure, .css("strip")) { page in
                    page.element(.figcaption) { page in
                        page.out.element(.h3, text: Phrases.cumulativeTitle)
                        page.out.element(
                            .p, .css("subtitle"),
                            text: Phrases.list([Phrases.cumulativeSubtitle, Phrases.logScale]))
                    }
                    CumulativeShares(map).draw(&page.out, anchors: &page.anchors)
                }
                page.out.element(.details) { out in
                    out.element(.summary, text: Phrases.asTable)
                    Self.table(map).write(&out)
                }
            }
        }
    }

    private static func table(_ map: ReportModel.HeatMap) -> Table {
        let (incident, rest) = map.buckets.reduce((0.0, 0.0)) { ($0.0 + $1.incident, $0.1 + $1.rest) }
        var below = (incident: 0.0, rest: 0.0)
        let rows: [[Table.Cell]] = map.buckets.map { bucket in
            below.incident += bucket.incident
            below.rest += bucket.rest
            func share(_ count: Double, _ all: Double) -> Table.Cell {
                .text(NumberText.text(all > 0 ? count / all : nil, .ratio))
            }
            return [
                .text(HeatMapChart.name(bucket, map.unit)), share(bucket.incident, incident),
                share(below.incident, incident), share(bucket.rest, rest), share(below.rest, rest),
            ]
        }
        return Table(
            caption: map.title, isCaptionHidden: true, csv: map.csv, csvLabel: Phrases.csv,
            columns: [
                .init(Phrases.bucket), .init(say("During incidents"), .number), .init(say("up to it"), .number),
                .init(say("Otherwise"), .number), .init(say("up to it"), .number),
            ], rows: rows)
    }

    /// Replicas beside each other, one figure a quantity.
    mutating func writeReplicaPanels() {
        guard !model.replicaPanels.isEmpty else { return }
        element(.div, .css("multiples")) { page in
            for panel in page.model.replicaPanels {
                let id = page.anchors.take("panel", panel.id)
                page.element(.figure, .css("strip"), .id(id)) { page in
                    page.element(.figcaption) { page in
                        page.out.element(.h3, text: panel.title)
                        page.writeSubtitle(panel.subtitle, csv: page.model.replicas.csv, of: panel.title)
                    }
                    ReplicaDots(panel).draw(&page.out, anchors: &page.anchors)
                }
            }
        }
    }
}
