import TidemarkBase

/// What becomes of each column of text in a redacted copy.
///
/// A column that isn't named here is taken for a text that may hold anything, so that one that is added to the schema is
/// redacted before anybody thinks of it.
enum RedactionPlan {
    enum Treatment: Int {
        /// Words of Tidemark or of the formats: nobody's names.
        case kept
        /// NULL where the column allows it, else empty.
        case dropped
        case host, client, user, period
        case route, file, json, labels, numbers, requestID, hexadecimal
        case text, log, sentence, message
        /// With the column that names what the value is of.
        case label, fact, usage, gatewayText
    }

    /// Tables that a redacted copy holds nothing of: keys, ids of others' systems, what only a run over weeks needs.
    static let emptied: Set<String> = ["hash_key", "exemplar", "week_stream", "noted_finding"]

    static func treatment(_ table: String, _ column: String) -> Treatment {
        columns["\(table).\(column)"] ?? everywhere[column] ?? .sentence
    }

    private static let everywhere: [String: Treatment] = {
        var found: [String: Treatment] = [
            "instance": .host, "instances": .json, "labels": .labels, "client": .client, "path": .route,
            "route": .route,
            "http_route": .route, "trace_id": .hexadecimal, "span_id": .hexadecimal, "parent_span_id": .hexadecimal,
            "request_id": .requestID, "host": .host, "service": .host, "service_instance": .host,
            "attributes": .numbers,
            "events": .dropped, "links": .dropped, "configuration": .json, "notes": .json, "remarks": .json,
            "conditions": .json,
            "recommendations": .json, "json": .json, "expression": .text, "reason": .log, "status_message": .log,
            "prefix_sha256": .dropped, "tail_sha256": .dropped, "help": .text,
        ]
        for column in [
            "format", "framing", "compression", "status", "kind", "level", "unit", "origin", "cause", "factor",
            "family", "form",
            "type", "shadowed_by", "pstate", "bus_id", "action", "state", "harm", "verdict", "grade", "loop", "tool",
            "binding_limit", "limit_name", "evidence_key", "tool_version", "end_reason", "currency", "zone", "signal",
            "metric",
            "rendered", "joined_by", "evidence", "seconds", "flag",
        ] { found[column] = .kept }
        return found
    }()

    private static let columns: [String: Treatment] = {
        var found: [String: Treatment] = [
            "period.name": .period, "sentence.message": .message,
            "week_sentence.message": .message, "period.capture": .numbers, "source.path": .file,
            "source.state": .dropped,
            "source.tail": .dropped, "source.message": .text, "source.clock_method": .text, "reject.text": .dropped,
            "reject.reason": .text, "instance.name": .host, "instance.scrape_instance": .host,
            "engine_fact.name": .text,
            "engine_fact.value": .fact, "engine_run.version": .text, "engine_run.model": .text,
            "gpu_process.name": .file,
            "series_label.value": .label, "log_event.message": .log, "log_event.exception_message": .log,
            "log_event.exception_type": .text, "log_event.frame": .text, "log_event.source_file": .text,
            "log_event.process": .text, "gpu_event.text": .log, "gpu_event.burst": .text, "log_template.text": .log,
            "log_template.source": .file, "finding_evidence.source": .file, "load_test_estimate.name": .file,
            "comparison_argument.before": .fact, "comparison_argument.after": .fact, "comparison_argument.name": .text,
            "gateway_text.text": .gatewayText, "week_usage.name": .usage, "week_error.text": .log,
            "distribution.bucket": .text,
            "span.name": .log, "span.model": .text, "gateway_request.flags": .text, "week_finding.instances": .json,
            "source.status": .kept, "chart_point.series": .kept, "latency_part.part": .kept,
        ]
        for table in [
            "signal", "signal_origin", "figure", "distribution", "series", "series_label", "metric_family",
            "engine_companion_stat",
            "data_quality", "rollup", "user_signal", "week", "week_value", "plan_setting", "week_bucket",
            "chart_point", "latency_cell", "latency_part",
        ] { found[table + ".name"] = .kept }
        return found
    }()

    /// The column that says what a value is of.
    static func subject(_ table: String, _ column: String) -> String {
        switch treatment(table, column) {
        case .label, .fact: "name"
        case .usage: "kind"
        case .gatewayText:
            """
            CASE WHEN text_id IN (SELECT client_id FROM evidence.gateway_request) THEN 'client'
                WHEN text_id IN (SELECT upstream_id FROM evidence.gateway_request) THEN 'upstream'
                WHEN text_id IN (SELECT route_id FROM evidence.gateway_request) THEN 'route' ELSE '' END
            """
        default: "''"
        }
    }
}

extension Redactor {
    func redacted(_ value: String, _ treatment: RedactionPlan.Treatment, of subject: String) -> String {
        switch treatment {
        case .kept, .dropped: value
        case .host: name(value, .host)
        case .client: name(value, .client)
        case .user: name(value, .user)
        case .period: value == "evidence" ? value : name(value, .period)
        case .route: route(value)
        case .file: file(value)
        case .json: json(value)
        case .labels: labels(value)
        case .numbers: numbers(value)
        case .requestID: requestID(value)
        case .hexadecimal: hexadecimal(value)
        case .text: text(value)
        case .log: log(value)
        case .sentence: sentence(value)
        case .message: withBytes(of: value) { try? Message(json: $0) }.map { message($0).json } ?? "[]"
        case .label: label(subject, value)
        case .fact: fact(subject, value)
        case .usage: usage(subject, value)
        case .gatewayText:
            switch subject {
            case "client": name(value, .client)
            case "upstream": name(value, .host)
            case "route": route(value)
            default: text(value)
            }
        }
    }
}
