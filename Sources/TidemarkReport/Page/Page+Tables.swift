extension Page {
    mutating func writeKeyFigures() {
        let phrases = phrases
        for table in model.keyFigures {
            let rows: [[Table.Cell]] = table.rows.map { figure in
                // One prefix a row, so that its numbers can be compared.
                let sizes = [figure.wholeWindow.number, figure.worst.number, figure.bucketLow].compactMap { $0 }
                    .filter(\.isFinite)
                let scale = UnitScale.fitting(sizes.map(abs).max() ?? 0, figure.unit)
                return [
                    .text(figure.signal), .text(scale.unit), .text(text(figure.wholeWindow, scale)),
                    .text(text(figure.worst, scale)), time(figure.worstStartMs), .text(bucket(figure, scale)),
                    .text(figure.promQL.map(scale.text) ?? NumberText.missing),
                    .text(figure.count.map(count) ?? NumberText.missing),
                ]
            }
            let columns: [Table.Column] = [
                .init(phrases.signal), .init(phrases.unit), .init(phrases.wholeWindow, .number),
                .init(phrases.worstFiveMinutes, .number), .init(phrases.worstFrom, .number),
                .init(phrases.bucket, .number), .init(phrases.asPromQL, .number), .init(phrases.observations, .number),
            ]
            Table(
                caption: Phrases.fill(phrases.scope, table.scope), csv: table.csv, csvLabel: phrases.csv,
                columns: columns, rows: rows
            ).write(&out)
        }
    }

    private func text(_ reading: ReportModel.Reading, _ scale: UnitScale) -> String {
        switch reading {
        case .known(let value): scale.text(value)
        case .below(let bound): Phrases.fill(phrases.below, scale.text(bound))
        case .above(let bound): Phrases.fill(phrases.bucketAbove, scale.text(bound))
        case .tooFew(let count): Phrases.fill(phrases.tooFew, self.count(count))
        }
    }

    private func count(_ value: Double) -> String {
        Int(exactly: value.rounded()).map(NumberText.integer) ?? NumberText.missing
    }

    private func bucket(_ figure: ReportModel.KeyFigure, _ scale: UnitScale) -> String {
        guard let low = figure.bucketLow else { return NumberText.missing }
        guard let high = figure.bucketHigh, high.isFinite else {
            return Phrases.fill(phrases.bucketAbove, scale.text(low))
        }
        return Phrases.fill(phrases.bucketRange, scale.text(low), scale.text(high))
    }

    /// A cell with the time in the report's day, or with the date.
    func time(_ timeMs: Int64?, seconds: Bool = false) -> Table.Cell {
        .time(timeMs, timeMs.map { frame.moment($0, seconds: seconds) } ?? "")
    }

    mutating func writeReplicas() { write(model.replicas, name: phrases.replica, caption: phrases.replicas) }

    /// Named rows of figures.
    mutating func write(_ table: ReportModel.FigureTable, name: String, caption: String) {
        let phrases = phrases
        let hasNotes = table.rows.contains { !$0.note.isEmpty }
        var columns: [Table.Column] = [.init(name)]
        // One prefix a column, stated in its head.
        let scales = table.columns.enumerated().map { index, column in
            let sizes = table.rows.compactMap { index < $0.values.count ? $0.values[index] : nil }.filter(\.isFinite)
            return UnitScale.fitting(sizes.map(abs).max() ?? 0, column.unit)
        }
        columns += zip(table.columns, scales).map { column, scale in
            .init(scale.unit.isEmpty ? column.title : column.title + " (" + scale.unit + ")", .number)
        }
        if hasNotes { columns.append(.init(phrases.note, .long)) }
        let rows: [[Table.Cell]] = table.rows.map { row in
            var cells: [Table.Cell] = [.text(row.name)]
            for (index, scale) in scales.enumerated() {
                cells.append(.text(scale.text(index < row.values.count ? row.values[index] : nil)))
            }
            if hasNotes { cells.append(.text(row.note)) }
            return cells
        }
        Table(
            caption: caption, isCaptionHidden: true, csv: table.csv, csvLabel: phrases.csv, columns: columns,
            rows: rows
        ).write(&out)
    }

    mutating func writeLogEvents() {
        let phrases = phrases
        let rows: [[Table.Cell]] = model.logEvents.map { event in
            let place = event.source + (event.line.map { ":\($0)" } ?? "")
            return [
                time(event.timeMs, seconds: true), .styled(event.level, css: Self.levelStyle(event.level)),
                .text(NumberText.integer(event.count)), .code(event.text), .code(place),
            ]
        }
        let columns: [Table.Column] = [
            .init(phrases.time, .time), .init(phrases.level), .init(phrases.count, .number),
            .init(phrases.message, .message), .init(phrases.source, .file),
        ]
        Table(
            caption: phrases.logEvents, isCaptionHidden: true, csv: ReportTables.link(.logEvents, model),
            csvLabel: phrases.csv,
            columns: columns, rows: rows
        ).write(&out)
    }

    /// The level itself is untrusted text: only known ones become a class.
    private static func levelStyle(_ level: String) -> String {
        ["ERROR", "CRITICAL", "FATAL"].contains(level) ? level : "level-plain"
    }

    mutating func writeTopClients() {
        let phrases = phrases
        let rows: [[Table.Cell]] = model.topClients.map { client in
            [
                .code(client.name), .text(NumberText.integer(client.requests)), .quantity(client.share, .ratio),
                .text(NumberText.integer(client.errors)),
                .text(NumberText.text(client.peakRequestsPerSecond, .none)), .text(client.note),
            ]
        }
        let columns: [Table.Column] = [
            .init(phrases.client), .init(phrases.requests, .number), .init(phrases.share, .number),
            .init(phrases.errors, .number), .init(phrases.peakRate, .number), .init(phrases.note),
        ]
        Table(
            caption: phrases.topClients, isCaptionHidden: true, csv: ReportTables.link(.clients, model),
            csvLabel: phrases.csv,
            columns: columns, rows: rows
        ).write(&out)
    }

    mutating func writeSlowestRequests() {
        let phrases = phrases
        let rows: [[Table.Cell]] = model.slowestRequests.map { request in
            [
                time(request.startMs, seconds: true), .code(request.requestID), .quantity(request.endToEnd, .seconds),
                .quantity(request.timeToFirstToken, .seconds), .quantity(request.queue, .seconds),
                .text(request.promptTokens.map { NumberText.integer($0) } ?? NumberText.missing),
                .text(request.completionTokens.map { NumberText.integer($0) } ?? NumberText.missing),
                .code(request.traceID), .code(request.logLine),
            ]
        }
        let columns: [Table.Column] = [
            .init(phrases.time, .time), .init(phrases.requestID), .init(phrases.endToEnd, .number),
            .init(phrases.timeToFirstToken, .number), .init(phrases.timeInQueue, .number),
            .init(phrases.promptTokens, .number), .init(phrases.completionTokens, .number), .init(phrases.traceID),
            .init(phrases.logLine),
        ]
        Table(
            caption: phrases.slowestRequests, isCaptionHidden: true, csv: ReportTables.link(.slowestRequests, model),
            csvLabel: phrases.csv, columns: columns, rows: rows
        ).write(&out)
    }

    mutating func writeMethods() {
        let model = model
        out.element(.div, .css("methods")) { out in
            for note in model.methods {
                out.element(.h3, text: note.heading)
                for paragraph in note.paragraphs { out.element(.p, text: paragraph) }
            }
        }
    }

    mutating func writeDownloads() {
        let model = model
        out.element(.ul, .css("plain")) { out in
            for file in model.downloads {
                out.element(.li) { out in
                    if let link = Attribute.file(file.path) {
                        out.element(.a, link, text: file.path)
                    } else {
                        out.element(.code, text: file.path)
                    }
                    out.element(.span, .css("muted"), text: file.label)
                }
            }
        }
    }
}
