import TidemarkBase

/// The whole report for programs: everything that the page shows, with stable names (docs/report.md). Numbers are in the unit
/// that stands beside them, shares are 0…1, times RFC 3339, series in Unix milliseconds.
public enum ReportJSON {
    /// Version of the names; a change that breaks a reader raises it.
    public static let format = "tidemark-report/1"

    /// One object; the same model gives the same bytes.
    public static func render(_ model: ReportModel) -> String {
        var out = ByteWriter()
        value(model).write(to: &out)
        return out.text
    }

    static func value(_ model: ReportModel) -> JSONValue {
        // One by one: as a single literal it is too much for the compiler.
        var members: [(String, JSONValue)] = []
        func add(_ name: String, _ value: JSONValue) { members.append((name, value)) }
        add("format", .text(format))
        add("title", .text(model.title))
        add("subtitle", .text(model.subtitle))
        add("redacted", .flag(model.isRedacted))
        add("window", value(model.window))
        add("facts", .array(model.facts.map { value($0) }))
        add("verdict", verdict(model.verdict))
        let level = JSONValue.text(model.dataQuality.level.rawValue)
        add("data_quality", .object([("level", level), ("reasons", .texts(model.dataQuality.reasons))]))
        add("findings", .array(model.findings.map { value($0) }))
        add("ruled_out", .array(model.ruledOut.map { value($0) }))
        add("not_checked", .array(model.notChecked.map { value($0) }))
        add("events", .array(model.events.map { value($0) }))
        add("overview", .array(model.overview.map { value($0) }))
        add("sections", .array(model.sections.map { value($0) }))
        add("outlook", .array(model.outlook.map { value($0) }))
        add("key_figures", .array(model.keyFigures.map { value($0) }))
        add("distributions", .array(model.distributions.map { value($0) }))
        add("heat_maps", .array(model.heatMaps.map { value($0) }))
        add("replica_panels", .array(model.replicaPanels.map { value($0) }))
        add("replicas", value(model.replicas))
        add("log_events", .array(model.logEvents.map { value($0) }))
        add("clients", .array(model.topClients.map { value($0) }))
        add("slowest_requests", .array(model.slowestRequests.map { value($0) }))
        add("gateways", value(model.gateways))
        add("slowest_at_gateway", .array(model.slowestAtGateway.map { value($0) }))
        add("engine_runs", .array(model.engineRuns.map { value($0) }))
        add("coverage", value(model.coverage))
        return .object(members)
    }

    private static func value(_ mark: ReportModel.EventMark) -> JSONValue {
        .object([("time", .time(mark.timeMs)), ("kind", .text(mark.kind.rawValue)), ("label", .text(mark.label))])
    }

    private static func value(_ section: ReportModel.StripSection) -> JSONValue {
        .object([
            ("title", .text(section.title)), ("introduction", .text(section.introduction)),
            ("charts", .array(section.strips.map { value($0) })),
        ])
    }

    // MARK: Findings

    private static func value(_ span: ReportModel.TimeSpan) -> JSONValue {
        .object([("start", .time(span.startMs)), ("end", .time(span.endMs))])
    }

    private static func value(_ fact: ReportModel.Fact) -> JSONValue {
        .object([("name", .text(fact.name)), ("value", .text(fact.value))])
    }

    private static func verdict(_ verdict: ReportModel.Verdict) -> JSONValue {
        let numbers = verdict.keyNumbers.map { one -> JSONValue in
            .object([
                ("label", .text(one.label)), ("value", one.value.isEmpty ? .null : .text(one.value)),
                ("unit", .text(one.unit)), ("comparison", .text(one.comparison)),
            ])
        }
        return .object([
            ("severity", .text(verdict.severity.rawValue)), ("sentences", .texts(verdict.sentences)),
            ("action", verdict.action.map { value($0) } ?? .null), ("key_numbers", .array(numbers)),
        ])
    }

    private static func value(_ finding: ReportModel.Finding) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("rank", .number(Double(finding.rank))), ("cause", .text(finding.cause)), ("title", .text(finding.title)),
            ("summary", .text(finding.summary)), ("start", .time(finding.span.startMs)),
            ("end", .time(finding.span.endMs)), ("confidence", .number(finding.confidence)),
            ("confidence_word", .text(finding.confidenceWord.rawValue)),
            ("impact_share", .optional(finding.impactShare)),
            ("impact", .text(finding.impact)), ("replicas", .texts(finding.replicas)),
        ]
        members.append(("evidence", .array(finding.evidence.map { value($0) })))
        members.append(("recommendations", .array(finding.recommendations.map { value($0) })))
        members.append(("ruled_out", .array(finding.ruledOut.map { value($0) })))
        members.append(("not_checked", .array(finding.notChecked.map { value($0) })))
        return .object(members)
    }

    private static func value(_ one: ReportModel.Recommendation) -> JSONValue {
        .object([("text", .text(one.text)), ("effect", .text(one.effect)), ("urgency", .text(one.urgency.rawValue))])
    }

    private static func value(_ evidence: ReportModel.Evidence) -> JSONValue {
        .object([
            ("signal", .text(evidence.signal)), ("value", .optional(evidence.value)),
            ("normal", .optional(evidence.baseline)), ("unit", unit(evidence.unit)), ("needed", .text(evidence.needed)),
            ("source", .text(evidence.source)), ("line", .optional(evidence.line)),
            ("chart", evidence.chart.map { .text($0) } ?? .null),
        ])
    }

    private static func value(_ one: ReportModel.RuledOut) -> JSONValue {
        .object([("cause", .text(one.cause)), ("reason", .text(one.reason))])
    }

    private static func value(_ one: ReportModel.NotChecked) -> JSONValue {
        .object([("what", .text(one.what)), ("remedy", .text(one.remedy))])
    }

    /// The unit's base: what the numbers are in, whatever prefix the page shows.
    static func unit(_ unit: DisplayUnit) -> JSONValue { .text(unit.columnSuffix) }
}
