extension Page {
    /// Gateways beside the engines, and their slowest requests.
    mutating func writeGateways() {
        write(model.gateways, name: Phrases.gateway, caption: Phrases.gateways)
        guard !model.slowestAtGateway.isEmpty else { return }
        let rows: [[Table.Cell]] = model.slowestAtGateway.map { request in
            [
                time(request.startMs, seconds: true), .code(request.request),
                .text(request.status.map { "\($0)" } ?? NumberText.missing), .quantity(request.duration, .seconds),
                .quantity(request.timeToHeaders, .seconds), .quantity(request.engineEndToEnd, .seconds),
                .quantity(request.engineFirstToken, .seconds), .code(request.upstream),
                .text(say(fixed: request.ending.split(separator: "_").joined(separator: " "))),
                .code(request.requestID),
            ]
        }
        let columns: [Table.Column] = [
            .init(Phrases.time, .time), .init(Phrases.request), .init(Phrases.httpStatus, .number),
            .init(Phrases.duration, .number), .init(Phrases.timeToHeaders, .number),
            .init(Phrases.engineEndToEnd, .number), .init(Phrases.engineFirstToken, .number),
            .init(Phrases.upstream), .init(Phrases.ending), .init(Phrases.requestID),
        ]
        Table(
            caption: Phrases.slowestAtGateway, csv: ReportTables.link(.slowestAtGateway, model),
            csvLabel: Phrases.csv, columns: columns, rows: rows
        ).write(&out)
    }
}
