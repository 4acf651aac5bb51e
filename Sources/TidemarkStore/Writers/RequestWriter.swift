import TidemarkBase
import TidemarkEvidence

/// Puts the lines of the request log together: one row a request.
///
/// A request's row waits in a batch for a while, because its next line usually follows at once; then it is inserted,
/// and later lines update it. Lines find their row through the last 65,536 requests of the source; a line about an older
/// one gets a row of its own. The memory is therefore bounded, and the result the same after a resume.
final class RequestWriter {
    private static let remembered = 65_536
    private static let held = 1024

    /// Places of the columns in the batch.
    private enum Column {
        static let line = 0
        static let id = 1
        static let received = 2
        static let added = 3
        static let finished = 4
        static let aborted = 5
        static let failed = 6
        static let reason = 7
        static let maxTokens = 8
        static let promptTokens = 9
        static let structured = 10
        static let count = 11

        static func time(of phase: RequestEvent.Phase) -> Int {
            switch phase {
            case .received, .generated: received
            case .added: added
            case .finished: finished
            case .aborted: aborted
            case .failed: failed
            }
        }
    }

    private let source: Int
    private let inserts: BulkInsert
    private let database: Database
    private var updates: [RequestEvent.Phase: Statement] = [:]

    // Only methods of this class touch these, one at a time: the run-time check of that costs a tenth of an ingest.

    /// Requests are numbered as they come. The last ``remembered`` numbers are known by the hash of their id: the last
    /// thousands in a small table, which the next line of a request mostly hits, all in a large one.
    @exclusivity(unchecked) private var young = RecentNumbers(limit: 2 * held)
    @exclusivity(unchecked) private var numbers = LateNumbers(limit: remembered, first: first)
    /// Rows of the requests of earlier runs, whose numbers come before ``first``. They are read when a line is about a
    /// request that is not of this run.
    private var earlierRows: [Int] = []
    private var mayHaveEarlier: Bool
    /// The number of the first request of this run.
    private static let first = remembered
    /// The number of the next request; the last ones, as many as the batch has rows, are not inserted yet.
    @exclusivity(unchecked) private var next = first
    /// The row id of the first request of this run; the others follow without gaps.
    private let firstRow: Int
    /// Most requests are received and added, and nothing more is known: whether that holds for the whole batch.
    @exclusivity(unchecked) private var isLean = true

    init(_ store: Store, source: Int, instance: Int) throws {
        database = store.database
        self.source = source
        inserts = try BulkInsert(
            database,
            into: """
                request(instance_id, source_id, line, request_id, received_ms, added_ms, finished_ms, aborted_ms,
                    failed_ms, reason, max_tokens, prompt_tokens, structured)
                """, constants: [instance, source], columns: Column.count,
            lean: (
                "request(instance_id, source_id, line, request_id, received_ms, added_ms, max_tokens)",
                [Column.line, Column.id, Column.received, Column.added, Column.maxTokens]
            ), capacity: Self.held)
        firstRow = (try database.int("SELECT max(rowid) FROM request") ?? 0) + 1
        mayHaveEarlier =
            try database.int("SELECT 1 FROM source_kind WHERE source_id = ? AND kind = 'request'", source) != nil
    }

    /// Reads which requests earlier runs left behind, ``remembered`` at most.
    private func loadEarlier() throws {
        mayHaveEarlier = false
        let recent = try database.prepare(
            """
            SELECT rowid, request_id FROM
                (SELECT rowid, request_id FROM request WHERE source_id = ? AND rowid < ?
                ORDER BY rowid DESC LIMIT \(Self.remembered))
            ORDER BY rowid
            """)
        recent.bind(1, source)
        recent.bind(2, firstRow)
        var hashes: [UInt64] = []
        while try recent.step() {
            hashes.append(ByteInterner.hash(recent.bytes(1)))
            earlierRows.append(recent.int(0))
        }
        numbers.prepend(hashes)
    }

    func write(_ event: RequestEvent, line: Int, timeMs: Int64?) throws {
        guard event.phase != .generated else { return }
        if event.phase == .received {
            return try add(event, event.requestID, ByteInterner.hash(event.requestID), line: line, timeMs: timeMs)
        }
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
        try inserts.flush(lean: isLean)
        isLean = true
    }

    private func note(_ event: RequestEvent, _ id: Bytes, line: Int, timeMs: Int64?) throws {
        let hash = ByteInterner.hash(id)
        guard let number = try number(of: hash, id) else {
            return try add(event, id, hash, line: line, timeMs: timeMs)
        }
        let place = number - (next - inserts.withBatch(\.rows))
        if place >= 0 { return inserts.withBatch { set($0, place, event, timeMs) } }
        let row =
            number < Self.first ? earlierRows[number - Self.first + earlierRows.count] : firstRow + number - Self.first
        let update = try statement(for: event.phase)
        update.bind(1, timeMs)
        if event.phase == .failed {
            update.bind(2, event.reason.count > 0 ? maskedText(event.reason, limit: 500) : nil)
            update.bind(3, row)
        } else {
            update.bind(2, row)
        }
        try update.run()
    }

    /// Number of the request that an id, or the id within it, stands for; nil: it is new.
    @inline(__always)
    private func number(of hash: UInt64, _ id: Bytes) throws -> Int? {
        if let young = young.number(of: hash, next: next) { return young }
        let external = ByteInterner.hash(Self.external(id))
        if let young = young.number(of: external, next: next) { return young }
        if mayHaveEarlier { try loadEarlier() }
        return numbers.number(of: hash, next: next) ?? numbers.number(of: external, next: next)
    }

    /// Notes what a further line says about a request that waits. The first time of a phase counts.
    private func set(_ batch: RowBatch, _ row: Int, _ event: RequestEvent, _ timeMs: Int64?) {
        let column = Column.time(of: event.phase)
        if let timeMs, batch.isNull(row: row, column: column) { batch.set(row: row, column: column, timeMs) }
        if event.phase != .received, event.phase != .added { isLean = false }
        if event.phase == .failed, event.reason.count > 0 {
            batch.set(row: row, column: Column.reason, masked: event.reason, limit: 500)
        }
    }

    private func statement(for phase: RequestEvent.Phase) throws -> Statement {
        if let known = updates[phase] { return known }
        let column = "\(phase.rawValue)_ms"
        let reason = phase == .failed ? ", reason = coalesce(?, reason)" : ""
        let made = try database.prepare(
            "UPDATE request SET \(column) = coalesce(\(column), ?)\(reason) WHERE rowid = ?")
        updates[phase] = made
        return made
    }

    private func add(_ event: RequestEvent, _ id: Bytes, _ hash: UInt64, line: Int, timeMs: Int64?) throws {
        if inserts.withBatch(\.isFull) { try checkpoint() }
        inserts.withBatch { batch in
            batch.add(line)
            batch.add(clean: id, limit: 256)
            for _ in Column.received...Column.reason { batch.addNull() }
            batch.add(event.maxTokens)
            batch.add(event.promptTokens)
            batch.add(event.isStructured ? 1 : Int?.none)
            batch.endRow()
            set(batch, batch.rows - 1, event, timeMs)
        }
        if event.promptTokens != nil || event.isStructured { isLean = false }
        young.insert(hash, next)
        numbers.append(hash)
        next += 1
    }

    /// From 0.14.0 the engine's id is the request's id, a dash and eight hexadecimal digits.
    private static func external(_ id: Bytes) -> Bytes {
        guard id.count > 9, id[id.count - 9] == 45 else { return id }
        return id.slice(0, id.count - 9)
    }
}

/// What ``RecentNumbers`` does, for many numbers that are hardly ever asked for: hashes wait in a list until somebody asks.
struct LateNumbers {
    private let limit: Int
    private let first: Int
    private var table: RecentNumbers?
    private var waiting: [UInt64] = []
    /// The number of the first hash that waits.
    private var number: Int

    /// - Parameter first: number of the first hash.
    init(limit: Int, first: Int) {
        self.limit = limit
        self.first = first
        number = first
    }

    /// Gives a hash the next number.
    @inline(__always)
    mutating func append(_ hash: UInt64) {
        if waiting.count == 2 * limit {
            waiting.removeFirst(limit)
            number += limit
        }
        waiting.append(hash)
    }

    /// Gives hashes the numbers before the first one; call it before any number is asked for.
    mutating func prepend(_ hashes: [UInt64]) {
        var table = RecentNumbers(limit: limit)
        for (place, hash) in hashes.enumerated() { table.insert(hash, first - hashes.count + place) }
        self.table = table
    }

    mutating func number(of hash: UInt64, next: Int) -> Int? {
        if !waiting.isEmpty {
            var table = self.table ?? RecentNumbers(limit: limit)
            self.table = nil
            for hash in waiting {
                table.insert(hash, number)
                number += 1
            }
            waiting.removeAll(keepingCapacity: true)
            self.table = table
        }
        return table?.number(of: hash, next: next)
    }
}

/// Which number was last given to a hash, for the last `limit` numbers: two open-addressed tables, of which the older one is
/// dropped when the younger is full. A hit costs a few nanoseconds and nothing is allocated.
struct RecentNumbers {
    private struct Slot {
        /// The half of the hash that does not choose the slot.
        var tag: UInt32 = 0
        /// The number's low half, plus one; 0: free.
        var number: UInt32 = 0
    }

    private let limit: Int
    private var young: [Slot]
    private var old: [Slot]
    private var count = 0

    /// - Parameter limit: at most 2³¹.
    init(limit: Int) {
        self.limit = limit
        var size = 2
        while size < limit * 2 { size *= 2 }
        young = [Slot](repeating: Slot(), count: size)
        old = young
    }

    /// The number of a hash if it is one of the last `limit` before `next`.
    func number(of hash: UInt64, next: Int) -> Int? {
        guard let found = Self.find(hash, young) ?? Self.find(hash, old) else { return nil }
        // How long ago: the low halves suffice, as far as `limit` goes.
        let age = Int(UInt32(truncatingIfNeeded: next) &- (found &- 1))
        return age <= limit && age <= next ? next - age : nil
    }

    @inline(__always)
    private static func find(_ hash: UInt64, _ slots: [Slot]) -> UInt32? {
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        return slots.withUnsafeBufferPointer { slots in
            var at = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
            while slots[at].number != 0 {
                if slots[at].tag == tag { return slots[at].number }
                at = (at &+ 1) & (slots.count &- 1)
            }
            return nil
        }
    }

    mutating func insert(_ hash: UInt64, _ number: Int) {
        if count == limit {
            swap(&young, &old)
            for index in young.indices { young[index].number = 0 }
            count = 0
        }
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var at = Int(truncatingIfNeeded: hash) & (young.count - 1)
        while young[at].number != 0, young[at].tag != tag { at = (at + 1) & (young.count - 1) }
        if young[at].number == 0 { count += 1 }
        // The one number in four billion that would read as free is passed over.
        young[at] = Slot(tag: tag, number: max(1, UInt32(truncatingIfNeeded: number) &+ 1))
    }
}
