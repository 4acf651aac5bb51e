import TidemarkBase
import TidemarkEvidence

/// Puts the lines of the request log together: one row a request.
///
/// A request's row is held in memory for a while, because its next line usually follows at once; then it is inserted,
/// and later lines update it. Lines find their row through the last 65,536 requests of the source; a line about an older
/// one gets a row of its own. The memory is therefore bounded, and the result the same after a resume.
final class RequestWriter {
    private static let remembered = 65_536
    private static let held = 2048

    /// A request as its row will be.
    private struct Row {
        /// Place of its id in ``ids``.
        var id: Range<Int>
        var line: Int
        /// Received, added, finished, aborted, failed; 0 = not logged.
        var times: (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
        var reason: String?
        var maxTokens: Int?
        var promptTokens: Int?
    }

    private let source: Int
    private let instance: Int
    private let insert: BatchInsert
    private let database: Database
    private var updates: [RequestEvent.Phase: Statement] = [:]

    // Only methods of this class touch these, one at a time: the run-time check of that costs a tenth of an ingest.

    /// Requests are numbered as they come. The last ``remembered`` numbers are known by the hash of their id.
    @exclusivity(unchecked) private var numbers = RecentNumbers(limit: remembered)
    /// Row of each remembered number, by number modulo ``remembered``; 0 while it is held.
    @exclusivity(unchecked) private var rowIDs: [Int] = []
    @exclusivity(unchecked) private var next = 0
    /// The requests that are not inserted yet: numbers `next - waiting.count ..< next`.
    @exclusivity(unchecked) private var waiting: [Row] = []
    /// The ids of ``waiting``, one behind the other.
    @exclusivity(unchecked) private var ids: [UInt8] = []

    init(_ store: Store, source: Int, instance: Int) throws {
        database = store.database
        self.source = source
        self.instance = instance
        insert = try BatchInsert(
            database,
            into: """
                request(instance_id, source_id, line, request_id, received_ms, added_ms, finished_ms, aborted_ms,
                    failed_ms, reason, max_tokens, prompt_tokens)
                """, columns: 12, batch: 32)
        let recent = try database.prepare(
            """
            SELECT rowid, request_id FROM
                (SELECT rowid, request_id FROM request WHERE source_id = ? ORDER BY rowid DESC LIMIT \(Self.remembered))
            ORDER BY rowid
            """)
        recent.bind(1, source)
        while try recent.step() { remember(ByteInterner.hash(recent.bytes(1)), row: recent.int(0)) }
    }

    func write(_ event: RequestEvent, line: Int, timeMs: Int64?) throws {
        guard event.phase != .generated else { return }
        if event.phase == .received { return try add(event, event.requestID, line: line, timeMs: timeMs) }
        var start = 0
        let ids = event.requestID
        while start <= ids.count {
            let end = ids.firstIndex(of: 44, from: start) ?? ids.count
            let id = ids.slice(start, end).trimmed
            if id.count > 0 { try note(event, id, line: line, timeMs: timeMs) }
            start = end + 1
        }
    }

    /// Inserts all that is held.
    func checkpoint() throws {
        guard !waiting.isEmpty else { return }
        try ids.withUnsafeBytes { ids in
            try insert.run(waiting.count) { index, statement, first in
                let row = waiting[index]
                func bind(_ place: Int, _ timeMs: Int64) {
                    if timeMs == 0 { statement.bindNull(first + place) } else { statement.bind(first + place, timeMs) }
                }
                statement.bind(first, instance)
                statement.bind(first + 1, source)
                statement.bind(first + 2, row.line)
                statement.bindClean(first + 3, ids.slice(row.id.lowerBound, row.id.upperBound), limit: 256)
                bind(4, row.times.0)
                bind(5, row.times.1)
                bind(6, row.times.2)
                bind(7, row.times.3)
                bind(8, row.times.4)
                statement.bind(first + 9, row.reason)
                statement.bind(first + 10, row.maxTokens)
                statement.bind(first + 11, row.promptTokens)
            }
        }
        let lastRow = database.lastInsertedRow
        for index in waiting.indices {
            rowIDs[(next - waiting.count + index) % Self.remembered] = lastRow - waiting.count + 1 + index
        }
        waiting.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
    }

    private func note(_ event: RequestEvent, _ id: Bytes, line: Int, timeMs: Int64?) throws {
        guard
            let number = numbers.number(of: ByteInterner.hash(id), next: next)
                ?? numbers.number(of: ByteInterner.hash(Self.external(id)), next: next)
        else {
            return try add(event, id, line: line, timeMs: timeMs)
        }
        let place = number - (next - waiting.count)
        if place >= 0 {
            Self.set(&waiting[place], event, timeMs ?? 0)
            return
        }
        let update = try statement(for: event.phase)
        update.bind(1, timeMs)
        if event.phase == .failed {
            update.bind(2, event.reason.count > 0 ? maskedText(event.reason, limit: 500) : nil)
            update.bind(3, rowIDs[number % Self.remembered])
        } else {
            update.bind(2, rowIDs[number % Self.remembered])
        }
        try update.run()
    }

    /// The first time of a phase counts.
    private static func set(_ row: inout Row, _ event: RequestEvent, _ timeMs: Int64) {
        switch event.phase {
        case .received: if row.times.0 == 0 { row.times.0 = timeMs }
        case .added: if row.times.1 == 0 { row.times.1 = timeMs }
        case .finished: if row.times.2 == 0 { row.times.2 = timeMs }
        case .aborted: if row.times.3 == 0 { row.times.3 = timeMs }
        case .failed:
            if row.times.4 == 0 { row.times.4 = timeMs }
            row.reason = event.reason.count > 0 ? maskedText(event.reason, limit: 500) : nil
        case .generated: break
        }
    }

    private func statement(for phase: RequestEvent.Phase) throws -> Statement {
        if let known = updates[phase] { return known }
        let column = "\(phase.rawValue)_ms"
        let reason = phase == .failed ? ", reason = ?" : ""
        let made = try database.prepare(
            "UPDATE request SET \(column) = coalesce(\(column), ?)\(reason) WHERE rowid = ?")
        updates[phase] = made
        return made
    }

    private func add(_ event: RequestEvent, _ id: Bytes, line: Int, timeMs: Int64?) throws {
        if waiting.count >= Self.held { try checkpoint() }
        let start = ids.count
        ids.append(contentsOf: id.slice(0, min(id.count, 256)))
        var row = Row(id: start..<ids.count, line: line)
        row.maxTokens = event.maxTokens
        row.promptTokens = event.promptTokens
        Self.set(&row, event, timeMs ?? 0)
        remember(ByteInterner.hash(id), row: 0)
        waiting.append(row)
    }

    /// From 0.14.0 the engine's id is the request's id, a dash and eight hexadecimal digits.
    private static func external(_ id: Bytes) -> Bytes {
        guard id.count > 9, id[id.count - 9] == 45 else { return id }
        return id.slice(0, id.count - 9)
    }

    private func remember(_ hash: UInt64, row: Int) {
        let place = next % Self.remembered
        if next >= Self.remembered { rowIDs[place] = row } else { rowIDs.append(row) }
        numbers.insert(hash, next)
        next += 1
    }
}

/// Which number was last given to a hash, for the last `limit` numbers: two open-addressed tables, of which the older one is
/// dropped when the younger is full. A hit costs a few nanoseconds and nothing is allocated.
struct RecentNumbers {
    private struct Slot {
        var hash: UInt64 = 0
        /// -1: free.
        var number = -1
    }

    private let limit: Int
    private var young: [Slot]
    private var old: [Slot]
    private var count = 0

    init(limit: Int) {
        self.limit = limit
        var size = 2
        while size < limit * 2 { size *= 2 }
        young = [Slot](repeating: Slot(), count: size)
        old = young
    }

    /// The number of a hash if it is one of the last `limit` before `next`.
    func number(of hash: UInt64, next: Int) -> Int? {
        guard let found = Self.find(hash, young) ?? Self.find(hash, old), found >= next - limit else { return nil }
        return found
    }

    @inline(__always)
    private static func find(_ hash: UInt64, _ slots: [Slot]) -> Int? {
        slots.withUnsafeBufferPointer { slots in
            var at = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
            while slots[at].number >= 0 {
                if slots[at].hash == hash { return slots[at].number }
                at = (at &+ 1) & (slots.count &- 1)
            }
            return nil
        }
    }

    mutating func insert(_ hash: UInt64, _ number: Int) {
        if count == limit {
            swap(&young, &old)
            for index in young.indices { young[index].number = -1 }
            count = 0
        }
        var at = Int(truncatingIfNeeded: hash) & (young.count - 1)
        while young[at].number >= 0, young[at].hash != hash { at = (at + 1) & (young.count - 1) }
        if young[at].number < 0 { count += 1 }
        young[at] = Slot(hash: hash, number: number)
    }
}
