import TidemarkBase
import TidemarkEvidence

/// Rolls access lines up per second, client, method, route and status, and keeps each error singly; with
/// `keepRows` every line. A row holds the seconds of one minute.
///
/// The parser's thread only takes the lines down; the database's lane does the rest, batch by batch, ``checkpoint()`` included.
final class AccessWriter {
    private let source: Int
    private let instance: Int
    private let findKey: Statement
    private let insertKey: Statement
    private let rollups: BulkInsert
    private let errors: BulkInsert
    private let rows: BulkInsert?
    private let keepsRows: Bool
    private let database: Database
    /// Room for what is parsed while a commit waits for the disk, 6 MB.
    @exclusivity(unchecked) private var pool = BatchPool(limit: 16) { AccessBatch() }
    /// The one that is being filled. A reference that is counted costs a line two atomic operations.
    @exclusivity(unchecked) private var batch: Unmanaged<AccessBatch>

    // The lane's. Only methods of this class touch these, one at a time: the run-time check of that costs a tenth of an
    // ingest.

    /// Names that only differ endlessly (scans of random paths) share one entry beyond these limits.
    @exclusivity(unchecked) private var clients = ByteInterner(limit: 65_535)
    @exclusivity(unchecked) private var methods = ByteInterner(limit: 63)
    @exclusivity(unchecked) private var routes = ByteInterner(limit: 1023)
    @exclusivity(unchecked) private var lastTimeMs: Int64 = .min
    @exclusivity(unchecked) private var second: Int64 = .min
    @exclusivity(unchecked) private var minute: Int64 = .min
    @exclusivity(unchecked) private var counts = RollupCounts()
    /// Clients and places in `counts` by the bytes of a client's name and the form of the line: what makes an ordinary
    /// line cheap.
    private let recent = RecentPlaces()
    private let ports = ClientPorts()
    /// The first roll-up of the last minute written, so that a later run can go on with that minute. Ask on the lane, or when
    /// nothing is under way.
    private(set) var lastMinuteRow: Int
    /// The row id that the next roll-up gets.
    private var nextRow: Int

    private static let other: StaticString = "(other)"

    init(_ store: Store, source: Int, instance: Int, keepRows: Bool, resumeRow: Int) throws {
        database = store.database
        batch = .passUnretained(try pool.next(database.lane))
        self.source = source
        self.instance = instance
        findKey = try database.prepare(
            "SELECT key_id FROM http_key WHERE client = ? AND method = ? AND route = ? AND status = ?")
        insertKey = try database.prepare("INSERT INTO http_key(client, method, route, status) VALUES (?, ?, ?, ?)")
        rollups = try BulkInsert(
            database, into: "http_rollup", constants: [source], columns: 4, capacity: 256, isFilledOnLane: true)
        errors = try BulkInsert(
            database, into: "http_error", constants: [instance, source], columns: 6, capacity: 256, isFilledOnLane: true
        )
        rows =
            keepRows
            ? try BulkInsert(
                database, into: "http_access_row", constants: [instance, source], columns: 6, isFilledOnLane: true)
            : nil
        keepsRows = keepRows
        lastMinuteRow = resumeRow
        nextRow = (try database.int("SELECT max(rowid) FROM http_rollup") ?? 0) + 1
    }

    deinit { database.lane.pause() }

    @inline(__always)
    func write(_ access: HTTPAccess, line: Int, timeMs: Int64) throws {
        let isFull = batch._withUnsafeGuaranteedRef { batch in
            batch.add(access, line: line, timeMs: timeMs)
            return batch.isFull
        }
        if isFull { try handOver() }
    }

    /// Gives the lines taken down to the lane.
    private func handOver() throws {
        let full = batch.takeUnretainedValue()
        guard !full.isEmpty else { return }
        full.isUnderWay = true
        try onLane { me in
            defer {
                full.removeAll()
                full.isUnderWay = false
            }
            try full.forEach { try me.rollUp($0, line: $1, timeMs: $2) }
        }
        batch = .passUnretained(try pool.next(database.lane))
    }

    /// Gives the lane a piece of work, which this object outlives.
    private func onLane(_ work: @escaping (AccessWriter) throws -> Void) throws {
        let me = Unmanaged.passUnretained(self)
        try database.lane.submit { try me._withUnsafeGuaranteedRef(work) }
    }

    private func rollUp(_ access: HTTPAccess, line: Int, timeMs: Int64) throws {
        if timeMs != lastTimeMs {
            lastTimeMs = timeMs
            let start = CivilTime.floorDivide(timeMs, 1000) * 1000
            if start != second { try begin(second: start) }
        }
        let (colon, port) = access.client.hostEnd
        var (client, place) = (-1, -1)
        // A name of 8 to 16 bytes is two words that overlap; with the length, which tells the rest, they are the name.
        if colon >= 8, colon <= 16, access.form > 0 {
            let name = access.client
            let first = name.loadUnaligned(as: UInt64.self)
            let second = name.loadUnaligned(fromByteOffset: colon &- 8, as: UInt64.self)
            let kind = UInt64(truncatingIfNeeded: access.form << 5 | colon)
            (client, place) = recent.find(first, second, kind)
            if place < 0 {
                (client, place) = try findPlace(of: access, host: colon)
                if client >= 0 { recent.insert(first, second, kind, client: client, place: place) }
            }
        } else {
            (client, place) = try findPlace(of: access, host: colon)
        }
        counts.add(place)
        if client >= 0, port >= 0 {
            if !ports.knows(client) { try load(client) }
            ports.mark(client, port)
        }
        if access.status >= 400 { try add(access, line, timeMs, to: errors) }
        if keepsRows { try add(access, line, timeMs, to: rows.unsafelyUnwrapped) }
    }

    /// Writes all that is held back, on the lane: what is given to it next finds it in the tables.
    func checkpoint() throws {
        try handOver()
        try onLane { try $0.writeOut() }
    }

    private func writeOut() throws {
        try endMinute()
        (minute, second, lastTimeMs) = (.min, .min, .min)
        try rollups.flush()
        try errors.flush()
        try rows?.flush()
        let upsert = try database.prepare(
            """
            INSERT INTO http_client(instance_id, client, connections, ports) VALUES (?, ?, ?, ?)
            ON CONFLICT(instance_id, client) DO UPDATE SET connections = excluded.connections, ports = excluded.ports
            """)
        try ports.drain { client, count, bitmap in
            upsert.bind(1, instance)
            upsert.bind(2, clean(clients.text(client)))
            upsert.bind(3, count)
            upsert.bindBlob(4, bitmap)
            try upsert.run()
        }
    }

    /// What a line is rolled up under, and the number of its client, the first `length` bytes; -1: beyond the limit. A
    /// new key is stored.
    private func findPlace(of access: HTTPAccess, host length: Int) throws -> (client: Int, place: Int) {
        let client = clients.intern(access.client.slice(0, length))
        let query = access.path.firstIndex(of: 63) ?? access.path.count
        let key = RollupKey(
            client: client, method: methods.intern(access.method),
            route: routes.intern(access.path.slice(0, min(query, 128))), status: access.status)
        return (client ?? -1, try place(of: key))
    }

    private func place(of key: RollupKey) throws -> Int {
        if let known = counts.place(of: key) { return known }
        if counts.isFull {
            // The counts begin anew.
            try endMinute()
            counts = RollupCounts()
            recent.removeAll()
        }
        return counts.insert(key, row: try row(of: key))
    }

    /// Row of a key in `http_key`, made when it is new.
    private func row(of key: RollupKey) throws -> Int {
        let names = [key.client.map(clients.text), key.method.map(methods.text), key.route.map(routes.text)]
            .map { clean($0 ?? "\(Self.other)") }
        for statement in [findKey, insertKey] {
            for (index, name) in names.enumerated() { statement.bind(index + 1, name) }
            statement.bind(4, key.status)
            if statement === insertKey {
                try insertKey.run()
            } else if try findKey.step() {
                defer { findKey.reset() }
                return findKey.int(0)
            }
            statement.reset()
        }
        return database.lastInsertedRow
    }

    private func add(_ access: HTTPAccess, _ line: Int, _ timeMs: Int64, to table: BulkInsert) throws {
        let row = table.batch
        row.add(line)
        row.add(timeMs)
        row.add(clean: access.client, limit: 256)
        row.add(clean: access.method, limit: 32)
        // Query strings carry keys.
        SecretMask.withMasked(access.path.slice(0, min(access.path.count, 4096))) { row.add(clean: $0, limit: 512) }
        row.add(access.status)
        try table.endRow()
    }

    private func load(_ client: Int) throws {
        let statement = try database.prepare("SELECT ports FROM http_client WHERE instance_id = ? AND client = ?")
        statement.bind(1, instance)
        statement.bind(2, clean(clients.text(client)))
        ports.load(client, try statement.step() ? statement.bytes(0) : Bytes(start: nil, count: 0))
    }

    private func begin(second start: Int64) throws {
        endSecond()
        let itsMinute = CivilTime.floorDivide(start, 60_000) * 60_000
        if itsMinute != minute {
            if minute == .min { try takeUp(minute: itsMinute) } else { try endMinute() }
            minute = itsMinute
        }
        second = start
    }

    private func endSecond() {
        if second > .min { counts.endSecond(UInt8((second - minute) / 1000)) }
    }

    private func endMinute() throws {
        endSecond()
        let first = nextRow
        try counts.drainMinute { key, requests, seconds in
            let row = rollups.batch
            row.add(minute)
            row.add(key)
            row.add(requests)
            row.add(clean: seconds, limit: 4096)
            nextRow += 1
            try rollups.endRow()
        }
        if nextRow > first { lastMinuteRow = first }
    }

    private func clean(_ text: String) -> String {
        withBytes(of: text) { SecretMask.mayOccur(in: $0) ? maskedText($0, limit: 256) : cleanText($0, limit: 256) }
    }

    /// Takes the rows of a minute that a checkpoint closed back into the open roll-up when more of that minute comes:
    /// where commits fall then doesn't show in the table.
    private func takeUp(minute: Int64) throws {
        guard lastMinuteRow > 0 else { return }
        let rows = try database.prepare(
            """
            SELECT client, method, route, http_key.status, second.key, second.value, r.rowid
            FROM http_rollup r JOIN http_key USING (key_id), json_each(seconds) second
            WHERE r.rowid >= ? AND source_id = ? AND time_ms = ? ORDER BY r.rowid
            """)
        rows.bind(1, lastMinuteRow)
        rows.bind(2, source)
        rows.bind(3, minute)
        var found: [(key: RollupKey, second: Int, requests: Int)] = []
        var taken: [Int] = []
        while try rows.step() {
            func id(_ column: Int, _ interner: inout ByteInterner) -> Int? {
                rows.bytes(column).equals(Self.other) ? nil : interner.intern(rows.bytes(column))
            }
            let key = RollupKey(
                client: id(0, &clients), method: id(1, &methods), route: id(2, &routes), status: rows.int(3))
            found.append((key, rows.int(4), rows.int(5)))
            if taken.last != rows.int(6) { taken.append(rows.int(6)) }
        }
        for (key, second, requests) in found where (0..<60).contains(second) {
            counts.add(try place(of: key), requests)
            counts.endSecond(UInt8(second))
        }
        let delete = try database.prepare("DELETE FROM http_rollup WHERE rowid = ?")
        for row in taken { try delete.run(row) }
        nextRow = (try database.int("SELECT max(rowid) FROM http_rollup") ?? 0) + 1
    }
}

extension UnsafeRawBufferPointer {
    /// Index of the last colon, where `host:port` is cut (IPv6 hosts hold colons themselves), and the port; the length and
    /// -1 where they aren't.
    @inline(__always)
    fileprivate var hostEnd: (colon: Int, port: Int) {
        if count >= 8 {
            // The last eight bytes at once; the first of them is the lowest.
            let word = loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            let other = word ^ 0x3A3A_3A3A_3A3A_3A3A
            let colons = ~(((other & Self.low7) &+ Self.low7) | other | Self.low7)
            let digits = colons.leadingZeroBitCount >> 3
            if digits > 0, digits <= 5 {
                // Zeros instead of what stands before the digits.
                let zeros: UInt64 = 0x3030_3030_3030_3030
                let kept: UInt64 = ~0 &<< UInt64(64 &- 8 &* digits)
                var value = (word & kept | zeros & ~kept) ^ zeros
                if (value &+ 0x7676_7676_7676_7676 | value) & ~Self.low7 == 0 {
                    // Pairs, fours, all eight.
                    value = (value &* 10 &+ value >> 8) & 0x00FF_00FF_00FF_00FF
                    value = (value &* 100 &+ value >> 16) & 0x0000_FFFF_0000_FFFF
                    value = (value &* 10_000 &+ value >> 32) & 0xFFFF_FFFF
                    return (count &- 1 &- digits, value < 65_536 ? Int(value) : -1)
                }
            }
        }
        guard let colon = lastIndex(of: 58) else { return (count, -1) }
        guard count - colon > 1, count - colon <= 6 else { return (colon, -1) }
        var port = 0
        for byte in self[(colon + 1)...] {
            guard byte &- 48 <= 9 else { return (colon, -1) }
            port = port * 10 + Int(byte - 48)
        }
        return (colon, port < 65_536 ? port : -1)
    }

    private static let low7: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
}
