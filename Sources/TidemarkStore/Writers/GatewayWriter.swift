import TidemarkBase
import TidemarkEvidence

/// Stores the requests and events of one gateway's log.
///
/// Texts that repeat are numbered: known ones are looked up in memory, at most 65,536 at a time, so that an endless row
/// of scanned paths costs no memory.
public final class GatewayWriter {
    private static let mostTexts = 1 << 16
    /// Longest text that is numbered; a longer one is cut, with all that begin alike.
    static let longestText = 256

    private let database: Database
    private let source: Int
    private let instance: Int
    private let insert: Statement
    private let insertEvent: Statement
    private let insertText: Statement
    private let findText: Statement
    @exclusivity(unchecked) private var known = ByteInterner(limit: GatewayWriter.mostTexts)
    /// Row of each known text.
    @exclusivity(unchecked) private var rows: [Int] = []

    public init(_ store: Store, source: Int, instance: Int) throws {
        database = store.database
        self.source = source
        self.instance = instance
        insert = try database.prepare(
            "INSERT INTO gateway_request VALUES (\(Array(repeating: "?", count: 25).joined(separator: ", ")))")
        insertEvent = try database.prepare(
            """
            INSERT INTO log_event(instance_id, source_id, line, lines, time_ms, level, kind, message)
            VALUES (?, ?, ?, ?, ?, ?, 'gateway', ?)
            """)
        insertText = try database.prepare("INSERT INTO gateway_text(text) VALUES (?) ON CONFLICT(text) DO NOTHING")
        findText = try database.prepare("SELECT text_id FROM gateway_text WHERE text = ?")
    }

    /// - Parameter startMs: UTC; nil when the log doesn't say.
    public func write(_ access: borrowing GatewayAccess, startMs: Int64?) throws {
        let method = try number(access.method)
        let route = try number(access.route)
        let client = try number(access.client)
        let upstream = try number(access.upstream)
        let model = try number(access.model)
        insert.bind(1, source)
        insert.bind(2, access.line)
        insert.bind(3, startMs)
        insert.bind(4, access.durationMicros)
        insert.bind(5, access.headersMicros)
        insert.bind(6, access.upstreamMicros)
        insert.bind(7, access.connectMicros)
        insert.bind(8, access.queueMicros)
        insert.bind(9, access.firstTokenMicros)
        insert.bind(10, access.status)
        insert.bind(11, access.upstreamStatus)
        insert.bind(12, method)
        insert.bind(13, route)
        insert.bind(14, client)
        insert.bind(15, upstream)
        insert.bind(16, model)
        insert.bind(17, access.bytesIn)
        insert.bind(18, access.bytesOut)
        insert.bind(19, access.retries)
        insert.bind(20, access.promptTokens)
        insert.bind(21, access.completionTokens)
        insert.bind(22, access.end?.rawValue)
        bind(23, access.flags, limit: 64)
        bind(24, access.requestID, limit: 200)
        bind(25, access.traceID, limit: 200)
        try insert.run()
    }

    public func write(_ event: borrowing GatewayEvent, timeMs: Int64?) throws {
        insertEvent.bind(1, instance)
        insertEvent.bind(2, source)
        insertEvent.bind(3, event.line)
        insertEvent.bind(4, event.lineCount)
        insertEvent.bind(5, timeMs)
        insertEvent.bind(6, event.level?.rawValue)
        let message = event.message.withUnsafeBytes { cleanText(Bytes(rebasing: $0[...]), limit: 4000) }
        insertEvent.bind(7, message)
        try insertEvent.run()
    }

    private func bind(_ place: Int, _ text: Bytes, limit: Int) {
        if text.isEmpty { insert.bindNull(place) } else { insert.bindClean(place, text, limit: limit) }
    }

    /// Row of a text; nil for an empty one.
    private func number(_ text: Bytes) throws -> Int? {
        guard text.count > 0 else { return nil }
        let cut = text.count > Self.longestText ? text.slice(0, Self.longestText) : text
        let before = known.count
        guard let place = known.intern(cut) else {
            known = ByteInterner(limit: Self.mostTexts)
            rows.removeAll(keepingCapacity: true)
            return try number(cut)
        }
        if place < before { return rows[place] }
        insertText.bindClean(1, cut, limit: Self.longestText)
        try insertText.run()
        let row: Int
        if database.changedRows > 0 {
            row = database.lastInsertedRow
        } else {
            findText.bindClean(1, cut, limit: Self.longestText)
            guard try findText.step() else {
                throw TidemarkError(.inputOutput, "a text of a gateway's log was not stored", file: database.path)
            }
            row = findText.int(0)
            findText.reset()
        }
        rows.append(row)
        return row
    }
}
