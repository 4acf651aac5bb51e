extension Page {
    mutating func writeCoverage() {
        let coverage = model.coverage
        if !coverage.sources.isEmpty {
            let chart = CoverageChart(sources: coverage.sources, frame: frame)
            element(.figure, .css("strip")) { page in
                page.element(.figcaption) { $0.out.element(.h3, text: Phrases.coverageChart) }
                chart.draw(&page.out, anchors: &page.anchors)
            }
            writeSources(coverage.sources)
        }
        if !coverage.unknownFiles.isEmpty {
            out.element(.h3, text: Phrases.unknownFiles)
            out.element(.ul, .css("plain")) { out in
                for file in coverage.unknownFiles { out.element(.li) { $0.element(.code, text: file) } }
            }
        }
        if !coverage.shadowed.isEmpty {
            out.element(.h3, text: Phrases.shadowed)
            out.element(.ul, .css("plain")) { out in
                for item in coverage.shadowed {
                    out.element(.li, text: Phrases.fill(Phrases.shadowedBy, item.what, item.by))
                }
            }
        }
    }

    private mutating func writeSources(_ sources: [ReportModel.Source]) {
        let rows: [[Table.Cell]] = sources.map { source in
            return [
                .code(source.file), .text(source.format), .text(source.kind), time(source.firstMs, seconds: true),
                time(source.lastMs, seconds: true), .text(NumberText.integer(source.records)),
                .text(source.lines.map { NumberText.integer($0) } ?? NumberText.missing),
                .text(NumberText.integer(source.noise)), .text(NumberText.integer(source.rejects)),
                .text(Self.clock(source)), .text(gaps(source.gaps)),
            ]
        }
        let columns: [Table.Column] = [
            .init(Phrases.file, .file), .init(Phrases.format), .init(Phrases.kind),
            .init(Phrases.firstRecord, .time), .init(Phrases.lastRecord, .time), .init(Phrases.records, .number),
            .init(Phrases.lines, .number), .init(Phrases.noise, .number), .init(Phrases.rejects, .number),
            .init(Phrases.clockOffset, .clock), .init(Phrases.gaps),
        ]
        Table(
            caption: Phrases.sources, csv: ReportTables.link(.coverage, model), csvLabel: Phrases.csv,
            columns: columns, rows: rows
        ).write(&out)
    }

    /// The first three gaps and how many more there are.
    private func gaps(_ gaps: [ReportModel.TimeSpan]) -> String {
        guard !gaps.isEmpty else { return NumberText.missing }
        let shown = Phrases.list(gaps.prefix(3).map { frame.range($0) })
        return gaps.count > 3 ? shown + " +" + NumberText.integer(gaps.count - 3) : shown
    }

    /// Offset, how it was found, how sure it is: `+1 h, GPU power against token throughput (r = 0.91)`.
    private static func clock(_ source: ReportModel.Source) -> String {
        guard let offsetMs = source.clockOffsetMs else { return NumberText.missing }
        let found = Phrases.list([offset(offsetMs), source.clockMethod].filter { !$0.isEmpty })
        return source.clockConfidence.isEmpty ? found : Phrases.noted(found, source.clockConfidence)
    }

    /// A signed duration: `+8 h`, `−37 ms`.
    static func offset(_ milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0" }
        let text = NumberText.text(abs(Double(milliseconds)) / 1000, .seconds)
        return (milliseconds < 0 ? "−" : "+") + text
    }
}
