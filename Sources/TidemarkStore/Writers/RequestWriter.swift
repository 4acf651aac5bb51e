import TidemarkBase
import TidemarkEvidence

/// Puts the lines of the request log together: one row a request.
///
/// A request's row is held in memory for a while, because its next line usually follows at once; then it is inserted,
/// and later lines update it. Lines find their row through the last 65,536 requests of the source; a line about an older
/// one gets a row of its own. The memory is therefore bounded, and the result the same after a resume.
final class RequestWriter {
    private static let remembered = 65_536
    private static let held = 1024

    /// A request as its row will be.
    private struct Row {
        /// Place of its id in ``texts``.
        var id: Range<Int>
        var hash: UInt64
        var line: Int
        /// Received, added, finished, aborted, failed; 0 = not logged.
        var times: (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
        /// Place of the reason in ``texts``; empty: none.
        var reason = 0..<0
        var maxTokens: Int?
        var promptTokens: Int?
        var isStructured = false
    }

    private let source: Int
    /// Most requests are received and added, and nothing more is known; a cell that is not there costs nothing.
    private let commonInserts: BulkInsert
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
    @exclusivity(unchecked) private var next = first
    /// The row id that the next inserted request gets.
    private var nextRow: Int
    /// The requests that are not inserted yet: numbers `next - waiting.count ..< next`.
    @exclusivity(unchecked) private var waiting: [Row] = []
    /// The ids and reasons of ``waiting``, one behind the other.
    @exclusivity(unchecked) private var texts: [UInt8] = []

    init(_ store: Store, source: Int, instance: Int) throws {
        database = store.database
        self.source = source
        commonInserts = try BulkInsert(
            database,
            into: "request(instance_id, source_id, line, request_id, received_ms, added_ms, max_tokens)",
            constants: [instance, source], columns: 5,
            capacity: Self.held)
        inserts = try BulkInsert(
            database,
            into: """
                request(instance_id, source_id, line, request_id, received_ms, added_ms, finished_ms, aborted_ms,
                    failed_ms, reason, max_tokens, prompt_tokens, structured)
                """, constants: [instance, source], columns: 11, capacity: Self.held)
        nextRow = (try database.int("SELECT max(rowid) FROM request") ?? 0) + 1
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
        recent.bind(2, nextRow - (next - waiting.count - Self.first))
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
        guard !waiting.isEmpty else { return }
        let areCommon = waiting.allSatisfy {
            $0.times.2 == 0 && $0.times.3 == 0 && $0.times.4 == 0 && $0.promptTokens == nil && $0.reason.isEmpty
                && !$0.isStructured
        }
        let inserts = areCommon ? commonInserts : self.inserts
        texts.withUnsafeBytes { texts in
            func add(_ timeMs: Int64, to batch: RowBatch) {
                if timeMs == 0 { batch.addNull() } else { batch.add(timeMs) }
            }
            let batch = inserts.batch
            for row in waiting {
                batch.add(row.line)
                batch.add(clean: texts.slice(row.id.lowerBound, row.id.upperBound), limit: 256)
                add(row.times.0, to: batch)
                add(row.times.1, to: batch)
                if areCommon {
                    batch.add(row.maxTokens)
                } else {
                    add(row.times.2, to: batch)
                    add(row.times.3, to: batch)
                    add(row.times.4, to: batch)
                    if row.reason.isEmpty {
                        batch.addNull()
                    } else {
                        batch.add(clean: texts.slice(row.reason.lowerBound, row.reason.upperBound), limit: 500)
                    }
                    batch.add(row.maxTokens)
                    batch.add(row.promptTokens)
                    batch.add(row.isStructured ? 1 : Int?.none)
                }
                batch.endRow()
            }
        }
        // At once: a later line may update any of these rows.
        try inserts.flush()
        nextRow += waiting.count
        for row in waiting { numbers.append(row.hash) }
        waiting.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
    }

    private func note(_ event: RequestEvent, _ id: Bytes, line: Int, timeMs: Int64?) throws {
        let hash = ByteInterner.hash(id)
        guard let number = try number(of: hash, id) else {
            return try add(event, id, hash, line: line, timeMs: timeMs)
        }
        let place = number - (next - waiting.count)
        if place >= 0 {
            set(&waiting[place], event, timeMs ?? 0)
            return
        }
        let row =
            number < Self.first
            ? earlierRows[number - Self.first + earlierRows.count] : nextRow - (next - waiting.count - number)
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

    /// The first time of a phase counts.
    private func set(_ row: inout Row, _ event: RequestEvent, _ timeMs: Int64) {
        switch event.phase {
        case .received: if row.times.0 == 0 { row.times.0 = timeMs }
        case .added: if row.times.1 == 0 { row.times.1 = timeMs }
        case .finished: if row.times.2 == 0 { row.times.2 = timeMs }
        case .aborted: if row.times.3 == 0 { row.times.3 = timeMs }
        case .failed:
            if row.times.4 == 0 { row.times.4 = timeMs }
            let start = texts.count
            // Masked first: a cut may hide that something is a secret.
            SecretMask.withMasked(event.reason.slice(0, min(event.reason.count, 4096))) {
                texts.append(contentsOf: $0.slice(0, min($0.count, 512)))
            }
            row.reason = start..<texts.count
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

    private func add(_ event: RequestEvent, _ id: Bytes, _ hash: UInt64, line: Int, timeMs: Int64?) throws {
        if waiting.count >= Self.held { try checkpoint() }
        let start = texts.count
        texts.append(contentsOf: id.slice(0, min(id.count, 256)))
        var row = Row(id: start..<texts.count, hash: hash, line: line)
        row.maxTokens = event.maxTokens
        row.promptTokens = event.promptTokens
        row.isStructured = event.isStructured
        set(&row, event, timeMs ?? 0)
        young.insert(hash, next)
        next += 1
        waiting.append(row)
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
    private var table: RecentNumbers?
    private var waiting: [UInt64] = []
    /// The number of the first hash that waits.
    private var number: Int

    /// - Parameter first: number of the first hash.
    init(limit: Int, first: Int) {
        self.limit = limit
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
        for (place, hash) in hashes.enumerated() { table.insert(hash, number - hashes.count + place) }
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
