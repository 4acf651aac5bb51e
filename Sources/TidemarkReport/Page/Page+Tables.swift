extension Page {
    mutating func writeKeyFigures() {
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
                .init(Phrases.signal), .init(Phrases.unit), .init(Phrases.wholeWindow, .number),
                .init(Phrases.worstFiveMinutes, .number), .init(Phrases.worstFrom, .number),
                .init(Phrases.bucket, .number), .init(Phrases.asPromQL, .number), .init(Phrases.observations, .number),
            ]
            Table(
                caption: Phrases.fill(Phrases.scope, table.scope), csv: table.csv, csvLabel: Phrases.csv,
                columns: columns, rows: rows
            ).write(&out)
        }
    }

    private func text(_ reading: ReportModel.Reading, _ scale: UnitScale) -> String {
        switch reading {
        case .known(let value): scale.text(value)
        case .below(let bound): Phrases.fill(Phrases.below, scale.text(bound))
        case .above(let bound): Phrases.fill(Phrases.bucketAbove, scale.text(bound))
        case .tooFew(let count): Phrases.fill(Phrases.tooFew, self.count(count))
        }
    }

    private func count(_ value: Double) -> String {
        Int(exactly: value.rounded()).map(NumberText.integer) ?? NumberText.missing
    }

    private func bucket(_ figure: ReportModel.KeyFigure, _ scale: UnitScale) -> String {
        guard let low = figure.bucketLow else { return NumberText.missing }
        guard let high = figure.bucketHigh, high.isFinite else {
            return Phrases.fill(Phrases.bucketAbove, scale.text(low))
        }
        return Phrases.fill(Phrases.bucketRange, scale.text(low), scale.text(high))
    }

    /// A cell with the time in the report's day, or with the date.
    func time(_ timeMs: Int64?, seconds: Bool = false) -> Table.Cell {
        .time(timeMs, timeMs.map { frame.moment($0, seconds: seconds) } ?? "")
    }

    mutating func writeReplicas() {
        writeReplicaPanels()
        write(model.replicas, name: Phrases.replica, caption: Phrases.replicas)
    }

    /// Named rows of figures.
    mutating func write(_ table: ReportModel.FigureTable, name: String, caption: String) {
        let hasNotes = table.rows.contains { !$0.note.isEmpty }
        var columns: [Table.Column] = [.init(name)]
        // One prefix a column, stated in its head.
        let scales = table.columns.enumerated().map { index, column in
            let sizes = table.rows.compactMap { index < $0.values.count ? $0.values[index] : nil }.filter(\.isFinite)
            return UnitScale.fitting(sizes.map(abs).max() ?? 0, column.unit)
        }
        columns += zip(table.columns, scales).map { column, scale in
            .init(scale.unit.isEmpty ? column.title : Phrases.noted(column.title, scale.unit), .number)
        }
        if hasNotes { columns.append(.init(Phrases.note, .long)) }
        let rows: [[Table.Cell]] = table.rows.map { row in
            var cells: [Table.Cell] = [.text(row.name)]
            for (index, scale) in scales.enumerated() {
                cells.append(.text(scale.text(index < row.values.count ? row.values[index] : nil)))
            }
            if hasNotes { cells.append(.text(row.note)) }
            return cells
        }
        Table(
            caption: caption, isCaptionHidden: true, csv: table.csv, csvLabel: Phrases.csv, columns: columns,
            rows: rows
        ).write(&out)
    }

    mutating func writeLogEvents() {
        let rows: [[Table.Cell]] = model.logEvents.map { event in
            let place = event.source + (event.line.map { ":\($0)" } ?? "")
            return [
                time(event.timeMs, seconds: true), .styled(event.level, css: Self.levelStyle(event.level)),
                .text(NumberText.integer(event.count)), .code(event.text), .code(place),
            ]
        }
        let columns: [Table.Column] = [
            .init(Phrases.time, .time), .init(Phrases.level), .init(Phrases.count, .number),
            .init(Phrases.message, .message), .init(Phrases.source, .file),
        ]
        Table(
            caption: Phrases.logEvents, isCaptionHidden: true, csv: ReportTables.link(.logEvents, model),
            csvLabel: Phrases.csv,
            columns: columns, rows: rows
        ).write(&out)
    }

    /// The level itself is untrusted text: only known ones become a class.
    private static func levelStyle(_ level: String) -> String {
        ["ERROR", "CRITICAL", "FATAL"].contains(level) ? level : "level-plain"
    }

    mutating func writeTopClients() {
        let rows: [[Table.Cell]] = model.topClients.map { client in
            [
                .code(client.name), .text(NumberText.integer(client.requests)), .quantity(client.share, .ratio),
                .text(NumberText.integer(client.errors)),
                .text(NumberText.text(client.peakRequestsPerSecond, .none)), .text(client.note),
            ]
        }
        let columns: [Table.Column] = [
            .init(Phrases.client), .init(Phrases.requests, .number), .init(Phrases.share, .number),
            .init(Phrases.errors, .number), .init(Phrases.peakRate, .number), .init(Phrases.note),
        ]
        Table(
            caption: Phrases.topClients, isCaptionHidden: true, csv: ReportTables.link(.clients, model),
            csvLabel: Phrases.csv,
            columns: columns, rows: rows
        ).write(&out)
    }

    mutating func writeSlowestRequests() {
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
            .init(Phrases.time, .time), .init(Phrases.requestID), .init(Phrases.endToEnd, .number),
            .init(Phrases.timeToFirstToken, .number), .init(Phrases.timeInQueue, .number),
            .init(Phrases.promptTokens, .number), .init(Phrases.completionTokens, .number), .init(Phrases.traceID),
            .init(Phrases.logLine),
        ]
        Table(
            caption: Phrases.slowestRequests, isCaptionHidden: true, csv: ReportTables.link(.slowestRequests, model),
            csvLabel: Phrases.csv, columns: columns, rows: rows
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
