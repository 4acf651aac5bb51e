import TidemarkBase
import TidemarkAnalysis
import TidemarkStore

/// Tables of the report that show evidence itself: events, clients, coverage.
struct EvidenceTables {
    let store: Store
    let period: Int
    let window: ClosedRange<Int64>

    init(_ store: Store, period: Int, window: ClosedRange<Int64>) {
        self.store = store
        self.period = period
        self.window = window
    }

    /// Most rows that a table of the page shows; the database has them all.
    private static let shownRows = 60

    /// Warnings and worse in the window, equal messages counted together, the worst levels first.
    func logEvents() throws -> [ReportModel.LogEvent] {
        let rows = try store.database.prepare(
            """
            SELECT min(time_ms), level, count(*),
                coalesce(exception_type || ': ' || exception_message, e.message) AS words, s.path, min(e.line),
                CASE level WHEN 'CRITICAL' THEN 0 WHEN 'ERROR' THEN 1 ELSE 2 END AS severity
            FROM log_event e JOIN instance i USING (instance_id) JOIN source s USING (source_id)
            WHERE i.period_id = ? AND (level IN ('WARNING', 'ERROR', 'CRITICAL') OR exception_type IS NOT NULL)
                AND (time_ms IS NULL OR time_ms BETWEEN ? AND ?)
            GROUP BY level, words ORDER BY severity, min(time_ms), words LIMIT \(Self.shownRows)
            """)
        rows.bind(1, period)
        rows.bind(2, window.lowerBound)
        rows.bind(3, window.upperBound)
        var events: [ReportModel.LogEvent] = []
        while try rows.step() {
            events.append(
                .init(
                    timeMs: rows.optionalInt64(0), level: rows.optionalText(1) ?? "ERROR", count: rows.int(2),
                    text: String(rows.text(3).prefix(300)), source: rows.text(4), line: rows.int(5)))
        }
        return events.sorted { ($0.timeMs ?? 0, $0.line ?? 0) < ($1.timeMs ?? 0, $1.line ?? 0) }
    }

    func clients() throws -> [ReportModel.Client] {
        let rows = try store.database.prepare(
            """
            SELECT a.client, sum(requests), sum(CASE WHEN status >= 400 THEN requests ELSE 0 END),
                (SELECT sum(connections) FROM http_client c JOIN instance USING (instance_id)
                    WHERE period_id = ?1 AND c.client = a.client)
            FROM http_access a JOIN instance i USING (instance_id)
            WHERE i.period_id = ?1 AND route NOT IN ('/metrics', '/health', '/ping')
            GROUP BY a.client ORDER BY 2 DESC, 1
            """)
        rows.bind(1, period)
        var clients: [ReportModel.Client] = []
        var total = 0
        while try rows.step() {
            total += rows.int(1)
            guard clients.count < 15 else { continue }
            let connections = rows.optionalInt(3).map { say($0 == 1 ? "1 connection" : "\($0) connections") } ?? ""
            clients.append(
                .init(
                    name: rows.text(0), requests: rows.int(1), share: 0, errors: rows.int(2), note: connections))
        }
        for index in clients.indices { clients[index].share = Double(clients[index].requests) / Double(max(1, total)) }
        return clients
    }

    func slowestRequests() throws -> [ReportModel.TracedRequest] {
        let rows = try store.database.prepare(
            """
            SELECT start_ms, request_id, trace_id, e2e_seconds, ttft_seconds, queue_seconds, prompt_tokens,
                completion_tokens, instance, (SELECT path FROM source WHERE source_id = log_source_id), log_line
            FROM traced_request
            WHERE period_id = ? AND e2e_seconds IS NOT NULL AND start_ms BETWEEN ? AND ?
            ORDER BY e2e_seconds DESC, trace_id, span_id LIMIT 20
            """)
        rows.bind(1, period)
        rows.bind(2, window.lowerBound)
        rows.bind(3, window.upperBound)
        var requests: [ReportModel.TracedRequest] = []
        while try rows.step() {
            requests.append(
                .init(
                    startMs: rows.int64(0), requestID: rows.optionalText(1) ?? "", traceID: rows.text(2),
                    endToEnd: rows.double(3), timeToFirstToken: rows.optionalDouble(4), queue: rows.optionalDouble(5),
                    promptTokens: rows.optionalInt(6), completionTokens: rows.optionalInt(7),
                    instance: rows.optionalText(8) ?? "",
                    logLine: rows.optionalText(9).map { "\($0):\(rows.int(10))" } ?? ""))
        }
        return requests
    }

    func coverage() throws -> ReportModel.Coverage {
        var coverage = ReportModel.Coverage()
        // Hundreds of scrapes of one target are one line.
        let rows = try store.database.prepare(
            """
            SELECT CASE WHEN format = 'prometheus-text' AND count(*) > 1
                    THEN rtrim(path, replace(path, '/', '')) ELSE path END,
                format, min(first_ms), max(last_ms), sum(records), sum(lines), sum(noise_lines), sum(reject_lines),
                min(clock_offset_ms), min(clock_method), min(clock_confidence),
                CASE WHEN format = 'prometheus-text' THEN count(*) ELSE 1 END
            FROM source WHERE period_id = ? AND status IN ('read', 'partial')
            GROUP BY CASE WHEN format = 'prometheus-text' THEN rtrim(path, replace(path, '/', '')) ELSE source_id END
            ORDER BY format, min(path)
            """)
        rows.bind(1, period)
        while try rows.step() {
            let confidence = rows.optionalDouble(10)
            let file = rows.int(11) > 1 ? say("\(rows.text(0)) (\(rows.int(11)) scrapes)") : rows.text(0)
            coverage.sources.append(
                .init(
                    file: file, format: rows.text(1), kind: say(Self.kind(rows.text(1))),
                    firstMs: rows.optionalInt64(2), lastMs: rows.optionalInt64(3), records: rows.int(4),
                    lines: rows.int(5), noise: rows.int(6), rejects: rows.int(7),
                    clockOffsetMs: rows.optionalInt64(8).map { -$0 },
                    clockMethod: rows.optionalText(9).map(ClockWords.said) ?? "",
                    clockConfidence: confidence.map { say(fixed: VerdictWords.word($0)) } ?? ""))
        }
        let others = try store.database.prepare(
            "SELECT path, message FROM source WHERE period_id = ? AND status IN ('unknown', 'announced', 'failed') ORDER BY path"
        )
        others.bind(1, period)
        while try others.step() {
            coverage.unknownFiles.append(others.text(0) + (others.optionalText(1).map { " — \($0)" } ?? ""))
        }
        let shadowed = try store.database.prepare(
            "SELECT form, shadowed_by, count(*) FROM series WHERE period_id = ? AND shadowed_by IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )
        shadowed.bind(1, period)
        while try shadowed.step() {
            coverage.shadowed.append(
                .init(what: say("\(shadowed.int(2)) series in the form ‘\(shadowed.text(0))’"), by: shadowed.text(1)))
        }
        return coverage
    }

    private static func kind(_ format: String) -> Message {
        switch format {
        case "vllm-log": "log"
        case "otlp-json", "jaeger-json", "zipkin-json", "tempo-json": "traces"
        case "gateway-access": "gateway"
        case let other where other.hasPrefix("nvidia"): "gpu"
        default: "metrics"
        }
    }
}

/// Judges whether the evidence can carry a verdict.
struct DataQualityJudge {
    let store: Store
    let period: Int

    init(_ store: Store, period: Int) {
        self.store = store
        self.period = period
    }

    /// - Parameter checks: what the analysis found out about the evidence.
    func judgement(_ checks: [Verdict.Quality]) throws -> ReportModel.DataQuality {
        var reasons: [Message] = []
        var serious = 0
        // Clocks and rejects are told with more detail below.
        for check in checks where !check.isGood && !["clocks", "rejects", "replicas"].contains(check.name) {
            reasons.append(check.text)
            if check.name == "little_law" { serious += 1 }
        }
        let formats = try counts(
            "SELECT format, count(*) FROM source WHERE period_id = ? AND status IN ('read', 'partial') GROUP BY 1")
        let metrics = formats.keys.contains { $0.hasPrefix("prom") || $0.hasPrefix("victoria") }
        let vllmSeries =
            try store.database.int(
                "SELECT count(*) FROM series WHERE period_id = ? AND name LIKE 'vllm:%'", period) ?? 0
        if !metrics || vllmSeries == 0 {
            let traced =
                try store.database.int(
                    "SELECT 1 FROM span WHERE period_id = ? AND e2e_seconds IS NOT NULL LIMIT 1", period) != nil
            reasons.append(
                traced
                    ? "no vLLM metrics: latencies are those of the traced requests"
                    : "no vLLM metrics: latencies cannot be seen")
            serious += 1
        }
        if formats["vllm-log"] == nil {
            reasons.append("no server log: crashes, configuration and clients cannot be seen")
            serious += 1
        }
        if !formats.keys.contains(where: { $0.hasPrefix("nvidia") }) {
            reasons.append("no GPU capture: throttling cannot be seen")
        }
        let totals = try store.database.prepare(
            "SELECT sum(reject_lines), sum(lines), sum(status = 'partial'), min(clock_confidence) FROM source WHERE period_id = ?"
        )
        totals.bind(1, period)
        if try totals.step() {
            let rejects = totals.int(0)
            if rejects > 0 {
                let share = Double(rejects) / Double(max(1, totals.int(1)))
                reasons.append("\(rejects) lines could not be read (\(NumberText.text(share, .ratio)))")
                if share > 0.01 { serious += 1 }
            }
            if totals.int(2) > 0 { reasons.append("\(totals.int(2)) sources are damaged or cut off") }
            if let sure = totals.optionalDouble(3), sure < 0.5 {
                reasons.append("the clock of a source is doubtful (see Coverage)")
                serious += 1
            }
        }
        let unjoined =
            try store.database.int(
                "SELECT count(*) FROM instance WHERE period_id = ? AND kind = 'engine' AND scrape_instance IS NULL",
                period) ?? 0
        if unjoined > 0, vllmSeries > 0 {
            reasons.append(
                unjoined == 1
                    ? "1 log could not be joined with metrics" : "\(unjoined) logs could not be joined with metrics")
        }
        if reasons.isEmpty { reasons.append("log, metrics and GPU capture cover the window; every line was read") }
        return .init(
            level: serious >= 2 ? .poor : serious == 1 || reasons.count > 1 ? .fair : .good, reasons: reasons.map(say))
    }

    private func counts(_ sql: String) throws -> [String: Int] {
        let rows = try store.database.prepare(sql)
        rows.bind(1, period)
        var found: [String: Int] = [:]
        while try rows.step() { found[rows.text(0)] = rows.int(1) }
        return found
    }
}
