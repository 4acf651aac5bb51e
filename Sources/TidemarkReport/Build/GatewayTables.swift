import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// What the report says of gateways: clients' latency beside the engines'.
struct GatewayTables {
    let store: Store
    let period: Int
    let window: ClosedRange<Int64>

    init(_ store: Store, period: Int, window: ClosedRange<Int64>) {
        self.store = store
        self.period = period
        self.window = window
    }

    private static let columns: [(title: Message, gateway: String, engine: String?)] = [
        ("Requests", "gateway_request_rate_requests_per_second", "request_rate_requests_per_second"),
        ("Duration P50", "gateway_duration_p50_seconds", "e2e_p50_seconds"),
        ("Duration P95", "gateway_duration_p95_seconds", "e2e_p95_seconds"),
        ("Duration P99", "gateway_duration_p99_seconds", "e2e_p99_seconds"),
        ("Head of the answer P95", "gateway_time_to_headers_p95_seconds", nil),
        ("First token P95", "gateway_first_token_p95_seconds", "ttft_p95_seconds"),
        ("In the queue P95", "gateway_queue_p95_seconds", nil),
        ("5xx", "gateway_error_ratio", nil),
        ("Left by the client", "gateway_disconnect_requests_per_second", "abort_requests_per_second"),
        ("Upstream too slow", "gateway_upstream_timeout_requests_per_second", nil),
    ]

    /// A row a gateway, and one of the engines. Empty without a gateway's log; columns without any value are left out.
    func figures(_ results: StoredSignals) -> ReportModel.FigureTable {
        let gateways = results.instances(Self.columns[0].gateway)
        guard !gateways.isEmpty else { return .init() }
        var rows = gateways.map { name in
            ReportModel.FigureTable.Row(
                name: name, values: Self.columns.map { results.figure($0.gateway, name)?.value })
        }
        let engines = Self.columns.map { column in column.engine.flatMap { results.figure($0)?.value } }
        if engines.contains(where: { $0 != nil }) {
            rows.append(
                .init(
                    name: say("Engines"), values: engines,
                    note: say("vLLM\u{2019}s end-to-end latency, aborts for disconnects")))
        }
        let used = Self.columns.indices.filter { index in rows.contains { $0.values[index] != nil } }
        for index in rows.indices { rows[index].values = used.map { rows[index].values[$0] } }
        return .init(
            columns: used.map {
                .init(
                    say(Self.columns[$0].title), SignalCatalogue.signal(Self.columns[$0].gateway)?.unit.display ?? .none
                )
            }, rows: rows, csv: .init(path: "\(ReportBuilder.csvFolder)/gateways.csv", label: say("Gateways")))
    }

    /// The slowest requests, each with the engine's times where an id joins the two.
    func slowest() throws -> [ReportModel.GatewayRequest] {
        let rows = try store.database.prepare(
            """
            WITH slow AS (
                SELECT g.rowid, g.* FROM gateway_request g JOIN source s USING (source_id)
                WHERE s.period_id = ?1 AND g.duration_us IS NOT NULL AND g.start_ms <= ?3
                    AND g.start_ms + g.duration_us / 1000 >= ?2
                    AND \(GatewayMeasure.inferenceSQL)
                ORDER BY g.duration_us DESC, g.start_ms, g.source_id, g.line LIMIT 20)
            SELECT g.start_ms, coalesce(i.name, ''), trim(coalesce(m.text, '') || ' ' || coalesce(r.text, '')), g.status,
                g.duration_us / 1e6, g.headers_us / 1e6, coalesce(u.text, ''), coalesce(g.request_id, ''),
                coalesce(g.end_reason, ''), coalesce(\(GatewayJoin.bareID("g.request_id")), ''), coalesce(g.trace_id, '')
            FROM slow g JOIN source s USING (source_id) LEFT JOIN instance i USING (instance_id)
            LEFT JOIN gateway_text m ON m.text_id = g.method_id LEFT JOIN gateway_text r ON r.text_id = g.route_id
            LEFT JOIN gateway_text u ON u.text_id = g.upstream_id
            ORDER BY g.duration_us DESC, g.start_ms, g.source_id, g.line
            """)
        rows.bind(1, period)
        rows.bind(2, window.lowerBound)
        rows.bind(3, window.upperBound)
        var keys: [(id: String, trace: String)] = []
        var found: [ReportModel.GatewayRequest] = []
        while try rows.step() {
            found.append(
                .init(
                    startMs: rows.int64(0), gateway: rows.text(1), request: rows.text(2), status: rows.optionalInt(3),
                    duration: rows.double(4), timeToHeaders: rows.optionalDouble(5), upstream: rows.text(6),
                    requestID: rows.text(7), ending: rows.text(8)))
            keys.append((rows.text(9), rows.text(10)))
        }
        if !found.isEmpty { try join(&found, keys) }
        return found
    }

    /// Adds what the engines say of the requests; as the view `gateway_join`, for a few of them.
    private func join(_ requests: inout [ReportModel.GatewayRequest], _ keys: [(id: String, trace: String)]) throws {
        var list = ByteWriter()
        for (index, key) in keys.enumerated() {
            list.write(index == 0 ? "[" : ",")
            list.writeJSONString(key.id)
        }
        list.write("]")
        let rows = try store.database.prepare(
            """
            SELECT external_id, bare_id, e2e_seconds, ttft_seconds FROM engine_request WHERE period_id = ?1
                AND (external_id IN (SELECT value FROM json_each(?2)) OR bare_id IN (SELECT value FROM json_each(?2)))
            """)
        rows.bind(1, period)
        rows.bind(2, list.text)
        func add(_ index: Int, _ endToEnd: Double?, _ firstToken: Double?) {
            requests[index].engineEndToEnd = requests[index].engineEndToEnd ?? endToEnd
            requests[index].engineFirstToken = requests[index].engineFirstToken ?? firstToken
        }
        while try rows.step() {
            let names = [rows.text(0), rows.text(1)]
            for index in keys.indices where !keys[index].id.isEmpty && names.contains(keys[index].id) {
                add(index, rows.optionalDouble(2), rows.optionalDouble(3))
            }
        }
        let spans = try store.database.prepare(
            """
            SELECT max(e2e_seconds), max(ttft_seconds) FROM span
            WHERE period_id = ? AND trace_id = ? AND e2e_seconds IS NOT NULL
            """)
        for index in keys.indices where !keys[index].trace.isEmpty {
            spans.reset()
            spans.bind(1, period)
            spans.bind(2, keys[index].trace)
            if try spans.step() { add(index, spans.optionalDouble(0), spans.optionalDouble(1)) }
        }
    }
}
