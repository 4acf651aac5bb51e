import TidemarkBase
import TidemarkStore

/// Single requests of a week with whom they are from, as far as the best evidence tells: traces, else gateways, else access lines.
struct RequestLog {
    struct Entry {
        var timeMs: Int64
        /// Keyed hash of the user, or whatever stands for one; nil: not told.
        var user: String?
        /// Keyed hash of what keeps a session together beside the user: the conversation.
        var conversation: String?
        var tenant: String?
        var promptTokens: Double?
        var generatedTokens: Double?
        var maxTokens: Double?
        var model: String?
        var route: String?
        /// Access lines of one second are one entry.
        var requests = 1
    }

    private(set) var entries: [Entry] = []
    /// Where they come from, in words.
    private(set) var source: Message = ""
    /// What stands for a user, in words; nil: nothing does.
    private(set) var identity: Message?

    /// So many entries are held; of a week with more the first ones count.
    private static let most = 1_000_000
    var isCut: Bool { entries.count >= Self.most }

    private static let userKeys = ["enduser.id", "user.id", "user_id", "gen_ai.user.id", "llm.user"]
    private static let conversationKeys = [
        "gen_ai.conversation.id", "session.id", "conversation.id", "conversation_id", "session_id",
    ]
    private static let tenantKeys = ["tenant.id", "tenant", "organization.id", "team.id", "team", "project.id"]

    private init() {}

    /// The first kind of evidence that tells requests apart by whom they are from; without any, the first that has requests.
    init(_ slice: Store, period: Int, hash: @escaping (String) -> String) throws {
        let readers: [(inout RequestLog) throws -> Void] = [
            { try $0.readSpans(slice, period, hash) }, { try $0.readGateways(slice, period, hash) },
            { try $0.readAccess(slice, period, hash) },
        ]
        for read in readers where identity == nil {
            var one = RequestLog()
            try read(&one)
            if entries.isEmpty || one.identity != nil { self = one }
        }
        entries.sort { ($0.timeMs, $0.user ?? "") < ($1.timeMs, $1.user ?? "") }
    }

    /// One entry a trace: who asked stands in another span than what it took.
    private mutating func readSpans(_ slice: Store, _ period: Int, _ hash: (String) -> String) throws {
        func first(_ keys: [String]) -> String {
            "coalesce(" + keys.map { "json_extract(attributes, '$.\"\($0)\"')" }.joined(separator: ", ") + ")"
        }
        let rows = try slice.database.prepare(
            """
            SELECT min(start_ns) / 1000000, max(\(first(Self.userKeys))), max(\(first(Self.conversationKeys))),
                max(\(first(Self.tenantKeys))), max(prompt_tokens), max(completion_tokens), max(max_tokens), max(model),
                max(http_route), max(json_extract(attributes, '$."client.address"'))
            FROM span WHERE period_id = ? GROUP BY trace_id
            HAVING max(prompt_tokens) IS NOT NULL OR max(request_id) IS NOT NULL ORDER BY 1 LIMIT \(Self.most)
            """)
        rows.bind(1, period)
        var (hasUser, hasAddress, hasConversation) = (false, false, false)
        while try rows.step() {
            let (user, conversation, address) = (rows.optionalText(1), rows.optionalText(2), rows.optionalText(9))
            hasUser = hasUser || user != nil
            hasAddress = hasAddress || address != nil
            hasConversation = hasConversation || conversation != nil
            entries.append(
                Entry(
                    timeMs: rows.int64(0), user: (user ?? address ?? conversation).map(hash),
                    conversation: conversation.map(hash),
                    tenant: rows.optionalText(3).map(hash), promptTokens: rows.optionalDouble(4),
                    generatedTokens: rows.optionalDouble(5), maxTokens: rows.optionalDouble(6),
                    model: rows.optionalText(7), route: rows.optionalText(8)))
        }
        source = "traces"
        identity =
            hasUser
            ? "users named in traces"
            : hasAddress ? "client addresses" : hasConversation ? "conversations named in traces" : nil
    }

    private mutating func readGateways(_ slice: Store, _ period: Int, _ hash: (String) -> String) throws {
        // A request may pass several gateways: the one that saw the most counts.
        let rows = try slice.database.prepare(
            """
            SELECT g.start_ms, c.text, g.prompt_tokens, g.completion_tokens, m.text, r.text FROM gateway_request g
            JOIN source s USING (source_id) LEFT JOIN gateway_text c ON c.text_id = g.client_id
            LEFT JOIN gateway_text m ON m.text_id = g.model_id LEFT JOIN gateway_text r ON r.text_id = g.route_id
            WHERE s.period_id = ?1 AND \(GatewayMeasure.inferenceSQL)
                AND s.instance_id IS (SELECT s2.instance_id FROM gateway_request g JOIN source s2 USING (source_id)
                    WHERE s2.period_id = ?1 AND \(GatewayMeasure.inferenceSQL) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
            ORDER BY g.start_ms LIMIT \(Self.most)
            """)
        rows.bind(1, period)
        var hasUser = false
        while try rows.step() {
            let client = rows.optionalText(1)
            hasUser = hasUser || client != nil
            entries.append(
                Entry(
                    timeMs: rows.int64(0), user: client.map(hash), promptTokens: rows.optionalDouble(2),
                    generatedTokens: rows.optionalDouble(3), model: rows.optionalText(4), route: rows.optionalText(5)))
        }
        source = "the gateway's log"
        identity = hasUser ? "client addresses" : nil
    }

    private mutating func readAccess(_ slice: Store, _ period: Int, _ hash: (String) -> String) throws {
        let rows = try slice.database.prepare(
            """
            SELECT h.time_ms, h.client, sum(h.requests), h.route FROM http_access h JOIN instance i USING (instance_id)
            WHERE i.period_id = ? AND i.kind = 'engine' AND h.time_ms > 0 AND (\(SignalCatalogue.inferenceRoutes))
            GROUP BY 1, 2, 4 ORDER BY 1, 2, 4 LIMIT \(Self.most)
            """)
        rows.bind(1, period)
        while try rows.step() {
            entries.append(
                Entry(timeMs: rows.int64(0), user: hash(rows.text(1)), route: rows.text(3), requests: rows.int(2)))
        }
        source = "access lines of the servers' logs"
        identity = entries.isEmpty ? nil : "client addresses"
    }
}

/// Sessions: requests of one user, or one conversation, without half an hour's pause between them.
struct SessionCount {
    struct Session {
        var user: String
        var startMs: Int64
        var endMs: Int64
        var requests: Int
        /// It may have begun before or go on behind what was observed.
        var isCut = false
        var seconds: Double { Double(endMs - startMs) / 1000 }
    }

    static let gapMs: Int64 = 1_800_000
    private(set) var sessions: [Session] = []

    /// - Parameter entries: in the order of time.
    init(_ entries: [RequestLog.Entry], observed: ClosedRange<Int64>) {
        var open: [String: Session] = [:]
        func close(_ session: Session) {
            var session = session
            session.isCut =
                session.startMs - observed.lowerBound < Self.gapMs || observed.upperBound - session.endMs < Self.gapMs
            sessions.append(session)
        }
        for one in entries {
            guard let user = one.user else { continue }
            let key = one.conversation ?? user
            if var session = open[key], one.timeMs - session.endMs <= Self.gapMs {
                session.endMs = max(session.endMs, one.timeMs)
                session.requests += one.requests
                open[key] = session
            } else {
                if let done = open[key] { close(done) }
                open[key] = Session(user: user, startMs: one.timeMs, endMs: one.timeMs, requests: one.requests)
            }
        }
        for key in open.keys.sorted() { if let session = open[key] { close(session) } }
    }
}
