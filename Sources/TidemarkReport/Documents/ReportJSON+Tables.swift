import TidemarkBase

/// Charts and tables.
extension ReportJSON {
    static func value(_ strip: ReportModel.Strip) -> JSONValue {
        let limits = strip.limits.map { one -> JSONValue in
            .object([("value", .number(one.value)), ("label", .text(one.label))])
        }
        return .object([
            ("id", .text(strip.id)), ("signals", .texts(strip.signals)), ("title", .text(strip.title)),
            ("subtitle", .text(strip.subtitle)), ("unit", unit(strip.unit)),
            ("series", .array(strip.series.map { value($0) })), ("limits", .array(limits)),
        ])
    }

    private static func value(_ series: ReportModel.Series) -> JSONValue {
        func numbers(_ values: [Double?]) -> JSONValue { .array(values.map { .optional($0) }) }
        var members: [(String, JSONValue)] = [("name", .text(series.name)), ("role", .text(series.role.rawValue))]
        members.append(("times_ms", .array(series.timesMs.map { .number(Double($0)) })))
        members.append(("values", numbers(series.values)))
        if let band = series.band {
            members.append(("low", numbers(band.low)))
            members.append(("high", numbers(band.high)))
        }
        return .object(members)
    }

    static func value(_ section: ReportModel.OutlookSection) -> JSONValue {
        .object([
            ("title", .text(section.title)), ("sentences", .texts(section.sentences)),
            ("blocks", .array(section.blocks.map { block($0) })),
        ])
    }

    private static func block(_ block: ReportModel.OutlookSection.Block) -> JSONValue {
        switch block {
        case .strip(let strip, let span):
            .object([
                ("kind", .text("chart")), ("start", .time(span.startMs)), ("end", .time(span.endMs)),
                ("chart", value(strip)),
            ])
        case .scatter(let one): value(one)
        case .waterfall(let one): value(one)
        case .table(let one): value(one)
        }
    }

    private static func value(_ one: ReportModel.Scatter) -> JSONValue {
        let points = one.points.map { JSONValue.array([.number($0.x), .number($0.y)]) }
        let line = one.fit.map { at -> JSONValue in
            .object([("x", .number(at.x)), ("y", .number(at.y)), ("low", .number(at.low)), ("high", .number(at.high))])
        }
        return .object([
            ("kind", .text("scatter")), ("id", .text(one.id)), ("title", .text(one.title)),
            ("subtitle", .text(one.subtitle)),
            ("x_title", .text(one.xTitle)), ("x_unit", unit(one.xUnit)), ("y_unit", unit(one.yUnit)),
            ("points", .array(points)), ("line", .array(line)),
        ])
    }

    private static func value(_ one: ReportModel.Waterfall) -> JSONValue {
        let parts = one.parts.map { part -> JSONValue in
            .object([("label", .text(part.label)), ("change", .number(part.change))])
        }
        return .object([
            ("kind", .text("waterfall")), ("id", .text(one.id)), ("title", .text(one.title)), ("unit", unit(one.unit)),
            ("from", .text(one.fromLabel)), ("from_value", .number(one.fromValue)), ("parts", .array(parts)),
            ("to", .text(one.toLabel)), ("to_value", .number(one.end)),
        ])
    }

    private static func value(_ one: ReportModel.QuantityTable) -> JSONValue {
        let rows = one.rows.map { row -> JSONValue in
            .array(
                row.map { cell -> JSONValue in
                    switch cell {
                    case .text(let text), .link(let text, _): .text(text)
                    case .quantity(let number, let own): .object([("value", .optional(number)), ("unit", unit(own))])
                    }
                })
        }
        return .object([
            ("kind", .text("table")), ("title", .text(one.caption)), ("columns", .texts(one.columns.map { $0.title })),
            ("rows", .array(rows)),
        ])
    }

    static func value(_ table: ReportModel.KeyFigureTable) -> JSONValue {
        let figures = table.rows.map { one -> JSONValue in
            .object([
                ("signal", .text(one.signal)), ("unit", unit(one.unit)), ("whole_window", reading(one.wholeWindow)),
                ("worst_five_minutes", reading(one.worst)), ("worst_start", .time(one.worstStartMs)),
                ("bucket_low", .optional(one.bucketLow)), ("bucket_high", .optional(one.bucketHigh)),
                ("promql", .optional(one.promQL)), ("observations", .optional(one.count)),
            ])
        }
        return .object([("scope", .text(table.scope)), ("figures", .array(figures))])
    }

    /// A number, or an object that says on which side of a bound it lies.
    private static func reading(_ reading: ReportModel.Reading) -> JSONValue {
        switch reading {
        case .known(let value): .optional(value)
        case .below(let bound): .object([("below", .number(bound))])
        case .above(let bound): .object([("above", .number(bound))])
        case .tooFew(let count): .object([("too_few", .number(count))])
        }
    }

    static func value(_ one: ReportModel.Distribution) -> JSONValue {
        let bars = one.bars.map { bar -> JSONValue in
            .object([
                ("label", .text(bar.label)), ("count", .number(bar.count)), ("baseline", .optional(bar.baseline)),
            ])
        }
        return .object([
            ("id", .text(one.id)), ("title", .text(one.title)), ("kind", .text(one.kind.rawValue)),
            ("bars", .array(bars)),
        ])
    }

    static func value(_ table: ReportModel.FigureTable) -> JSONValue {
        let rows = table.rows.map { row -> JSONValue in
            let figures = table.columns.enumerated().map { place, column -> JSONValue in
                let number = place < row.values.count ? row.values[place] : nil
                return .object([
                    ("title", .text(column.title)), ("unit", unit(column.unit)), ("value", .optional(number)),
                ])
            }
            return .object([("name", .text(row.name)), ("note", .text(row.note)), ("figures", .array(figures))])
        }
        return .array(rows)
    }

    static func value(_ one: ReportModel.LogEvent) -> JSONValue {
        .object([
            ("time", .time(one.timeMs)), ("level", .text(one.level)), ("count", .number(Double(one.count))),
            ("message", .text(one.text)), ("source", .text(one.source)), ("line", .optional(one.line)),
        ])
    }

    static func value(_ one: ReportModel.Client) -> JSONValue {
        .object([
            ("name", .text(one.name)), ("requests", .number(Double(one.requests))),
            ("request_ratio", .number(one.share)),
            ("errors", .number(Double(one.errors))), ("peak_requests_per_second", .optional(one.peakRequestsPerSecond)),
            ("note", .text(one.note)),
        ])
    }

    static func value(_ one: ReportModel.TracedRequest) -> JSONValue {
        .object([
            ("time", .time(one.startMs)), ("request_id", .text(one.requestID)), ("trace_id", .text(one.traceID)),
            ("e2e_seconds", .number(one.endToEnd)), ("ttft_seconds", .optional(one.timeToFirstToken)),
            ("queue_seconds", .optional(one.queue)), ("prompt_tokens", .optional(one.promptTokens)),
            ("completion_tokens", .optional(one.completionTokens)), ("instance", .text(one.instance)),
            ("log_line", .text(one.logLine)),
        ])
    }

    static func value(_ one: ReportModel.GatewayRequest) -> JSONValue {
        .object([
            ("time", .time(one.startMs)), ("gateway", .text(one.gateway)), ("request", .text(one.request)),
            ("status", .optional(one.status)), ("duration_seconds", .number(one.duration)),
            ("time_to_headers_seconds", .optional(one.timeToHeaders)),
            ("engine_e2e_seconds", .optional(one.engineEndToEnd)),
            ("engine_ttft_seconds", .optional(one.engineFirstToken)),
            ("upstream", .text(one.upstream)), ("request_id", .text(one.requestID)), ("end_reason", .text(one.ending)),
        ])
    }

    static func value(_ run: ReportModel.EngineRun) -> JSONValue {
        func facts(_ facts: [ReportModel.Fact]) -> JSONValue { .object(facts.map { ($0.name, .text($0.value)) }) }
        return .object([
            ("replica", .text(run.replica)), ("start", .time(run.startMs)), ("end", .time(run.endMs)),
            ("ending", .text(run.ending)), ("version", .text(run.version)), ("model", .text(run.model)),
            ("arguments", facts(run.arguments)), ("capacity", facts(run.capacity)),
        ])
    }

    static func value(_ coverage: ReportModel.Coverage) -> JSONValue {
        let sources = coverage.sources.map { one -> JSONValue in
            let gaps = one.gaps.map { gap -> JSONValue in
                .object([("start", .time(gap.startMs)), ("end", .time(gap.endMs))])
            }
            var members: [(String, JSONValue)] = [
                ("file", .text(one.file)), ("format", .text(one.format)), ("kind", .text(one.kind)),
                ("first", .time(one.firstMs)), ("last", .time(one.lastMs)), ("records", .number(Double(one.records))),
                ("lines", .optional(one.lines)), ("noise_lines", .number(Double(one.noise))),
                ("reject_lines", .number(Double(one.rejects))),
            ]
            members.append(("clock_offset_milliseconds", .optional(one.clockOffsetMs.map { Double($0) })))
            members.append(("clock_method", .text(one.clockMethod)))
            members.append(("gaps", .array(gaps)))
            return .object(members)
        }
        let shadowed = coverage.shadowed.map { one -> JSONValue in
            .object([("what", .text(one.what)), ("by", .text(one.by))])
        }
        return .object([
            ("sources", .array(sources)), ("unknown_files", .texts(coverage.unknownFiles)),
            ("shadowed", .array(shadowed)),
        ])
    }
}
