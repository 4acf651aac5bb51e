extension Page {
    /// Gateways beside the engines, and their slowest requests.
    mutating func writeGateways() {
        let phrases = phrases
        write(model.gateways, name: phrases.gateway, caption: phrases.gateways)
        guard !model.slowestAtGateway.isEmpty else { return }
        let rows: [[Table.Cell]] = model.slowestAtGateway.map { request in
            [
                time(request.startMs, seconds: true), .code(request.request),
                .text(request.status.map { "\($0)" } ?? NumberText.missing), .quantity(request.duration, .seconds),
                .quantity(request.timeToHeaders, .seconds), .quantity(request.engineEndToEnd, .seconds),
                .quantity(request.engineFirstToken, .seconds), .code(request.upstream),
                .text(request.ending.split(separator: "_").joined(separator: " ")),
                .code(request.requestID),
            ]
        }
        let columns: [Table.Column] = [
            .init(phrases.time, .time), .init(phrases.request), .init(phrases.httpStatus, .number),
            .init(phrases.duration, .number), .init(phrases.timeToHeaders, .number),
            .init(phrases.engineEndToEnd, .number), .init(phrases.engineFirstToken, .number),
            .init(phrases.upstream), .init(phrases.ending), .init(phrases.requestID),
        ]
        Table(
            caption: phrases.slowestAtGateway, csv: ReportTables.link(.slowestAtGateway, model),
            csvLabel: phrases.csv, columns: columns, rows: rows
        ).write(&out)
    }
}
