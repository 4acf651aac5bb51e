/// The CSV files beside a report: one for every chart and table that names one.
public enum ReportTables {
    /// A file to be written beside the report.
    public struct File: Sendable, Equatable {
        /// Relative to the report.
        public var path: String
        public var bytes: [UInt8]
    }

    /// In the order of the page. Only plain relative paths are given out, each once: what the page wouldn't link to
    /// isn't written either.
    public static func files(_ model: ReportModel) -> [File] {
        var files: [File] = []
        var taken: Set<String> = []
        func add(_ link: ReportModel.FileLink?, _ render: () -> [UInt8]) {
            guard let link, Attribute.file(link.path) != nil, taken.insert(link.path).inserted else { return }
            files.append(File(path: link.path, bytes: render()))
        }
        for strip in model.overview + model.sections.flatMap(\.strips) { add(strip.csv) { self.strip(strip) } }
        for block in model.outlook.flatMap(\.blocks) {
            switch block {
            case .strip(let strip, _): add(strip.csv) { self.strip(strip) }
            case .scatter(let scatter): add(scatter.csv) { self.scatter(scatter) }
            case .waterfall(let waterfall): add(waterfall.csv) { self.waterfall(waterfall) }
            case .table(let table): add(table.csv) { quantities(table) }
            }
        }
        for table in model.keyFigures { add(table.csv) { keyFigures(table) } }
        for distribution in model.distributions { add(distribution.csv) { self.distribution(distribution) } }
        for map in model.heatMaps { add(map.csv) { heatMap(map) } }
        add(model.replicas.csv) { figures(model.replicas) }
        if !model.findings.isEmpty { add(link(.findings, model)) { findings(model.findings) } }
        if !model.logEvents.isEmpty { add(link(.logEvents, model)) { logEvents(model.logEvents) } }
        if !model.topClients.isEmpty { add(link(.clients, model)) { clients(model.topClients) } }
        add(model.gateways.csv) { figures(model.gateways) }
        if !model.slowestAtGateway.isEmpty {
            add(link(.slowestAtGateway, model)) { slowestAtGateway(model.slowestAtGateway) }
        }
        if !model.slowestRequests.isEmpty {
            add(link(.slowestRequests, model)) { slowestRequests(model.slowestRequests) }
        }
        if !model.coverage.sources.isEmpty { add(link(.coverage, model)) { coverage(model.coverage) } }
        return files
    }

    /// Tables whose files have fixed names in ``ReportModel/csvFolder``.
    enum FixedTable: String {
        case findings, clients, coverage
        case logEvents = "log_events"
        case slowestRequests = "slowest_requests"
        case slowestAtGateway = "gateway_slowest_requests"
    }

    static func link(_ table: FixedTable, _ model: ReportModel) -> ReportModel.FileLink? {
        guard let folder = model.csvFolder else { return nil }
        let path = folder.isEmpty ? table.rawValue : folder + "/" + table.rawValue
        return ReportModel.FileLink(path: path + ".csv", label: "")
    }

    /// A chart's series side by side over all times that any of them has: `ttft_p95_seconds`, with `_low` and `_high`
    /// of a band. O(n log n) in the number of points.
    public static func strip(_ strip: ReportModel.Strip) -> [UInt8] {
        var names = ColumnNames()
        var columns = ["time"]
        var sources: [(times: [Int64], values: [Double?])] = []
        for series in strip.steps.isEmpty ? strip.series : strip.steps {
            let base = [strip.id, series.name].map(Slug.snake).joined(separator: "_")
            columns.append(names.take(base, strip.unit))
            sources.append((series.timesMs, series.values))
            guard let band = series.band else { continue }
            columns.append(names.take(base + "_low", strip.unit))
            sources.append((series.timesMs, band.low))
            columns.append(names.take(base + "_high", strip.unit))
            sources.append((series.timesMs, band.high))
        }
        var times = sources.flatMap(\.times)
        times.sort()
        var cursors = [Int](repeating: 0, count: sources.count)
        var rows: [[CSVTable.Cell]] = []
        var previous: Int64?
        for timeMs in times where timeMs != previous {
            previous = timeMs
            var row: [CSVTable.Cell] = [.time(timeMs)]
            for (index, source) in sources.enumerated() {
                while cursors[index] < source.times.count, source.times[cursors[index]] < timeMs { cursors[index] += 1 }
                let at = cursors[index]
                let hits = at < source.times.count && at < source.values.count && source.times[at] == timeMs
                row.append(.number(hits ? source.values[at] : nil))
            }
            rows.append(row)
        }
        return CSVTable.render(columns: columns, rows: rows)
    }

    /// Measured points first, then the line with its interval, in base units.
    static func scatter(_ scatter: ReportModel.Scatter) -> [UInt8] {
        CSVTable.render(
            columns: ["kind", "x_" + scatter.xUnit.columnSuffix, "y_" + scatter.yUnit.columnSuffix, "low", "high"],
            rows: scatter.points.map { [.text("measured"), .number($0.x), .number($0.y)] }
                + scatter.fit.map {
                    [.text("fitted"), .number($0.x), .number($0.y), .number($0.low), .number($0.high)]
                })
    }

    static func waterfall(_ waterfall: ReportModel.Waterfall) -> [UInt8] {
        var rows: [[CSVTable.Cell]] = [[.text(waterfall.fromLabel), .missing, .number(waterfall.fromValue)]]
        for (part, step) in zip(waterfall.parts, waterfall.steps) {
            rows.append([.text(part.label), .number(part.change), .number(step.to)])
        }
        rows.append([.text(waterfall.toLabel), .missing, .number(waterfall.end)])
        let unit = waterfall.unit.columnSuffix
        return CSVTable.render(columns: ["part", "change_" + unit, "value_" + unit], rows: rows)
    }

    /// Numbers in base units; the last column names the unit of the row's first.
    static func quantities(_ table: ReportModel.QuantityTable) -> [UInt8] {
        var names = ColumnNames()
        // A column whose name says its unit needs no other.
        let needsUnit = table.columns.contains { $0.isNumber && $0.csvName == nil }
        return CSVTable.render(
            columns: table.columns.map { $0.csvName ?? names.take(Slug.snake($0.title), .none) }
                + (needsUnit ? ["unit"] : []),
            rows: table.rows.map { row in
                var unit = ""
                let cells = row.map { cell -> CSVTable.Cell in
                    switch cell {
                    case .text(let text), .link(let text, _): return .text(text)
                    case .quantity(let value, let own):
                        if unit.isEmpty { unit = own.columnSuffix }
                        return .number(value)
                    }
                }
                return cells + Array(repeating: .missing, count: max(0, table.columns.count - cells.count))
                    + (needsUnit ? [.text(unit)] : [])
            })
    }

    /// Key figures in base units, the unit in a column of its own. Where a quantile is known only to lie below or above a
    /// bound its cell is empty: the bucket's borders say it.
    public static func keyFigures(_ table: ReportModel.KeyFigureTable) -> [UInt8] {
        CSVTable.render(
            columns: [
                "scope", "signal", "unit", "whole_window", "worst_five_minutes", "worst_start_time", "bucket_low",
                "bucket_high", "promql", "observations",
            ],
            rows: table.rows.map { figure in
                [
                    .text(table.scope), .text(figure.signal), .text(figure.unit.columnSuffix),
                    .number(figure.wholeWindow.value), .number(figure.worst.value), .time(figure.worstStartMs),
                    .number(figure.bucketLow), .number(figure.bucketHigh), .number(figure.promQL),
                    .number(figure.count),
                ]
            })
    }

    public static func distribution(_ distribution: ReportModel.Distribution) -> [UInt8] {
        CSVTable.render(
            columns: [distribution.kind == .ordered ? "bucket" : "class", "count", "baseline_count"],
            rows: distribution.bars.map { [.text($0.label), .number($0.count), .number($0.baseline)] })
    }

    /// A row for each cell that has observations.
    static func heatMap(_ map: ReportModel.HeatMap) -> [UInt8] {
        let unit = map.unit.columnSuffix
        return CSVTable.render(
            columns: ["start_time", "end_time", "above_" + unit, "up_to_" + unit, "count"],
            rows: map.columns.flatMap { column in
                zip(map.buckets, column.counts).filter { $0.1 > 0 }.map { bucket, count in
                    [
                        .time(column.span.startMs), .time(column.span.endMs), .number(bucket.low),
                        .number(bucket.high.isFinite ? bucket.high : nil), .number(count),
                    ]
                }
            })
    }

    public static func figures(_ table: ReportModel.FigureTable) -> [UInt8] {
        var names = ColumnNames()
        return CSVTable.render(
            columns: ["name"] + table.columns.map { names.take(Slug.snake($0.title), $0.unit) } + ["note"],
            rows: table.rows.map { row in
                [.text(row.name)]
                    + table.columns.indices.map { .number($0 < row.values.count ? row.values[$0] : nil) }
                    + [.text(row.note)]
            })
    }

    public static func logEvents(_ events: [ReportModel.LogEvent]) -> [UInt8] {
        CSVTable.render(
            columns: ["time", "level", "count", "message", "source", "line"],
            rows: events.map { event in
                [
                    .time(event.timeMs), .text(event.level), .integer(event.count), .text(event.text),
                    .text(event.source), .integer(event.line),
                ]
            })
    }

    public static func clients(_ clients: [ReportModel.Client]) -> [UInt8] {
        CSVTable.render(
            columns: ["client", "requests", "request_ratio", "errors", "peak_requests_per_second", "note"],
            rows: clients.map { client in
                [
                    .text(client.name), .integer(client.requests), .number(client.share), .integer(client.errors),
                    .number(client.peakRequestsPerSecond), .text(client.note),
                ]
            })
    }

    public static func slowestRequests(_ requests: [ReportModel.TracedRequest]) -> [UInt8] {
        CSVTable.render(
            columns: [
                "time", "request_id", "trace_id", "e2e_seconds", "ttft_seconds", "queue_seconds", "prompt_tokens",
                "completion_tokens", "instance", "log_line",
            ],
            rows: requests.map { request in
                [
                    .time(request.startMs), .text(request.requestID), .text(request.traceID),
                    .number(request.endToEnd), .number(request.timeToFirstToken), .number(request.queue),
                    .integer(request.promptTokens), .integer(request.completionTokens), .text(request.instance),
                    .text(request.logLine),
                ]
            })
    }

    public static func slowestAtGateway(_ requests: [ReportModel.GatewayRequest]) -> [UInt8] {
        CSVTable.render(
            columns: [
                "time", "gateway", "request", "status", "duration_seconds", "time_to_headers_seconds",
                "engine_e2e_seconds", "engine_ttft_seconds", "upstream", "request_id", "end_reason",
            ],
            rows: requests.map { request in
                [
                    .time(request.startMs), .text(request.gateway), .text(request.request), .integer(request.status),
                    .number(request.duration), .number(request.timeToHeaders), .number(request.engineEndToEnd),
                    .number(request.engineFirstToken), .text(request.upstream), .text(request.requestID),
                    .text(request.ending),
                ]
            })
    }

    public static func coverage(_ coverage: ReportModel.Coverage) -> [UInt8] {
        CSVTable.render(
            columns: [
                "file", "format", "kind", "first_time", "last_time", "records", "lines", "noise_lines", "reject_lines",
                "clock_offset_milliseconds", "clock_method", "clock_confidence", "gaps",
            ],
            rows: coverage.sources.map { source in
                [
                    .text(source.file), .text(source.format), .text(source.kind), .time(source.firstMs),
                    .time(source.lastMs), .integer(source.records), .integer(source.lines), .integer(source.noise),
                    .integer(source.rejects), .integer(source.clockOffsetMs.map { Int($0) }),
                    .text(source.clockMethod), .text(source.clockConfidence), .integer(source.gaps.count),
                ]
            })
    }

    /// Findings, one row each.
    public static func findings(_ findings: [ReportModel.Finding]) -> [UInt8] {
        CSVTable.render(
            columns: [
                "rank", "cause", "title", "start_time", "end_time", "confidence_ratio", "impact_ratio", "impact",
                "replicas",
            ],
            rows: findings.map { finding in
                [
                    .integer(finding.rank), .text(finding.cause), .text(finding.title), .time(finding.span.startMs),
                    .time(finding.span.endMs), .number(finding.confidence), .number(finding.impactShare),
                    .text(finding.impact), .text(finding.replicas.joined(separator: " ")),
                ]
            })
    }
}

/// Gives columns names that end in their unit, each once.
private struct ColumnNames {
    private var used: Set<String> = ["time", "name", "note"]

    mutating func take(_ base: String, _ unit: DisplayUnit) -> String {
        let suffix = unit.columnSuffix
        let name = suffix.isEmpty || base == suffix || base.hasSuffix("_" + suffix) ? base : base + "_" + suffix
        var candidate = name
        var number = 2
        while !used.insert(candidate).inserted {
            candidate = name + "_" + String(number)
            number += 1
        }
        return candidate
    }
}
