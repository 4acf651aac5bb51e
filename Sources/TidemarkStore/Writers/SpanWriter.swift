import TidemarkBase
import TidemarkEvidence

/// Stores the spans of one source, each once: within the source, and against what other sources of the period brought.
///
/// Spans come in the order of their export, which is none in the order of their ids. They are staged in a temporary
/// table without an index and moved over sorted, in batches, so that the index grows page by page. Of two spans with the
/// same id the longer one stays: an export of an unfinished span may be followed by that of the finished one.
public final class SpanWriter {
    /// Spans that are moved over at once.
    private static let batch = 100_000
    private static let columns = [
        "period_id", "source_id", "line", "resource_id", "trace_id", "span_id", "parent_span_id", "shared", "name",
        "scope", "kind", "start_ns", "end_ns", "status", "status_message", "request_id", "model", "prompt_tokens",
        "completion_tokens", "max_tokens", "queue_seconds", "ttft_seconds", "e2e_seconds", "prefill_seconds",
        "decode_seconds", "inference_seconds", "scheduler_seconds", "model_forward_seconds", "model_execute_seconds",
        "first_chunk_seconds", "http_method", "http_route", "http_status", "attributes", "events", "links",
    ]

    /// What an insert into `span` does about a span that is there already.
    static let keepLonger: String = {
        let replaced = columns.filter { !["period_id", "trace_id", "span_id", "shared"].contains($0) }
            .map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return """
            ON CONFLICT(period_id, trace_id, span_id, shared) DO UPDATE SET \(replaced)
            WHERE coalesce(excluded.end_ns - excluded.start_ns, -1) > coalesce(end_ns - start_ns, -1)
            """
    }()

    private let database: Database
    private let source: Int
    private let period: Int
    private let insert: Statement
    private let insertResource: Statement
    private let updateResource: Statement
    /// Rows of resources: by the parser's numbers, and by what they say.
    private var rows: [Int: Int] = [:]
    private var known: [TraceResource: Int] = [:]
    private var staged = 0
    private var hasOrphans = false
    /// Spans stored that were not there before.
    public private(set) var stored = 0
    private var digits = [UInt8](repeating: 48, count: 32)

    public init(_ store: Store, source: Int, period: Int) throws {
        database = store.database
        self.source = source
        self.period = period
        try database.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS staged_span AS SELECT * FROM span LIMIT 0;
            DELETE FROM staged_span
            """)
        let names = Self.columns.joined(separator: ", ")
        let marks = Self.columns.map { _ in "?" }.joined(separator: ", ")
        insert = try database.prepare("INSERT INTO staged_span(\(names)) VALUES (\(marks))")
        insertResource = try database.prepare(
            "INSERT INTO span_resource(source_id, service, service_instance, host, attributes) VALUES (?, ?, ?, ?, ?)")
        updateResource = try database.prepare(
            """
            UPDATE span_resource SET service = ?, service_instance = ?, host = ?, attributes = ?
            WHERE resource_id = ?
            """)
        try recall()
    }

    /// Whoever an earlier run of the source named has a row.
    private func recall() throws {
        let stored = try database.prepare(
            "SELECT resource_id, service, service_instance, host, attributes FROM span_resource WHERE source_id = ? LIMIT 4096"
        )
        stored.bind(1, source)
        while try stored.step() {
            var resource = TraceResource()
            resource.service = stored.optionalText(1)
            resource.instance = stored.optionalText(2)
            resource.host = stored.optionalText(3)
            resource.attributes = stored.text(4)
            known[resource] = stored.int(0)
        }
    }

    // MARK: Resources

    public func write(_ resource: TraceResource, number: Int) throws {
        if let row = rows[number] {
            // Spans refer to the row already: it is filled in now.
            updateResource.bind(5, row)
            bind(resource, to: updateResource, from: 1)
            try updateResource.run()
            return
        }
        if let row = known[resource] {
            rows[number] = row
            return
        }
        let row = try add(resource)
        rows[number] = row
        if known.count < 4096 { known[resource] = row }
    }

    private func add(_ resource: TraceResource) throws -> Int {
        insertResource.bind(1, source)
        bind(resource, to: insertResource, from: 2)
        try insertResource.run()
        return database.lastInsertedRow
    }

    private func bind(_ resource: TraceResource, to statement: Statement, from first: Int) {
        func clean(_ text: String) -> String { withBytes(of: text) { cleanText($0, limit: 1 << 16) } }
        statement.bind(first, resource.service.map(clean))
        statement.bind(first + 1, resource.instance.map(clean))
        statement.bind(first + 2, resource.host.map(clean))
        statement.bind(first + 3, clean(resource.attributes))
    }

    // MARK: Spans

    public func write(_ span: borrowing SpanRecord) throws {
        let resource: Int
        if let row = rows[span.resource] {
            resource = row
        } else {
            resource = try add(TraceResource())
            rows[span.resource] = resource
        }
        let row = insert
        row.bind(1, period)
        row.bind(2, source)
        row.bind(3, span.line)
        row.bind(4, resource)
        hex(span.traceID.high, at: 0)
        hex(span.traceID.low, at: 16)
        digits.withUnsafeBytes { row.bindText(5, $0) }
        hex(span.spanID, at: 0)
        digits.withUnsafeBytes { row.bindText(6, $0.slice(0, 16)) }
        hex(span.parentID, at: 0)
        if span.parentID == 0 { row.bindNull(7) } else { digits.withUnsafeBytes { row.bindText(7, $0.slice(0, 16)) } }
        row.bind(8, span.isShared ? 1 : 0)
        bind(9, span.name, limit: 300, orEmpty: true)
        bind(10, span.scope, limit: 300)
        row.bind(11, span.kind?.rawValue)
        row.bind(12, span.startNs)
        row.bind(13, span.endNs)
        row.bind(14, span.status?.rawValue)
        bind(15, span.statusMessage, limit: 300)
        bind(16, span.requestID, limit: 300)
        bind(17, span.model, limit: 300)
        row.bind(18, span.promptTokens)
        row.bind(19, span.completionTokens)
        row.bind(20, span.maxTokens)
        let latency = span.latency
        row.bind(21, latency.queue)
        row.bind(22, latency.timeToFirstToken)
        row.bind(23, latency.endToEnd)
        row.bind(24, latency.prefill)
        row.bind(25, latency.decode)
        row.bind(26, latency.inference)
        row.bind(27, latency.scheduler)
        row.bind(28, latency.modelForward)
        row.bind(29, latency.modelExecute)
        row.bind(30, latency.firstChunk)
        bind(31, span.httpMethod, limit: 40)
        bind(32, span.httpRoute, limit: 300)
        row.bind(33, span.httpStatus)
        bind(34, span.attributes, limit: 1 << 20, orEmpty: true)
        bind(35, span.events, limit: 1 << 20)
        bind(36, span.links, limit: 1 << 20)
        try row.run()
        staged += 1
    }

    /// Call it between documents: moves the staged spans over when they are many.
    public func checkpointWhenFull() throws {
        if staged >= Self.batch { try checkpoint() }
    }

    /// Takes back the staged spans that begin on `line` or behind it.
    public func discard(fromLine line: Int) throws {
        try database.prepare("DELETE FROM staged_span WHERE line >= ?").run(line)
        // They are met again with the rest of the line.
        hasOrphans = true
    }

    /// Moves all staged spans over.
    public func checkpoint() throws {
        guard staged > 0 else { return }
        let names = Self.columns.joined(separator: ", ")
        let before = try lastRow()
        try database.execute(
            """
            INSERT INTO span(\(names)) SELECT \(names) FROM staged_span
            WHERE true ORDER BY trace_id, span_id, shared, line
            \(Self.keepLonger);
            DELETE FROM staged_span
            """)
        stored += try lastRow() - before
        staged = 0
    }

    /// Takes out resources of which no span is left. Call it behind the last ``checkpoint()``.
    public func forgetOrphans() throws {
        guard hasOrphans else { return }
        try database.prepare(
            """
            DELETE FROM span_resource WHERE source_id = ?1
                AND resource_id NOT IN (SELECT resource_id FROM span WHERE source_id = ?1)
            """
        ).run(source)
    }

    private func lastRow() throws -> Int { try database.int("SELECT max(rowid) FROM span") ?? 0 }

    private func bind(_ place: Int, _ text: [UInt8], limit: Int, orEmpty: Bool = false) {
        guard !text.isEmpty || orEmpty else { return insert.bindNull(place) }
        text.withUnsafeBytes { bytes in
            if bytes.count <= limit, bytes.isPlainASCII {
                insert.bindText(place, bytes)
            } else {
                insert.bind(place, cleanText(bytes, limit: limit))
            }
        }
    }

    private func hex(_ value: UInt64, at start: Int) {
        for place in 0..<16 {
            let digit = UInt8(value >> UInt64(60 - place * 4) & 15)
            digits[start + place] = digit < 10 ? 48 + digit : 87 + digit
        }
    }
}
