import TidemarkBase
import TidemarkEvidence

/// Rolls access lines up per second, client, method, route and status, and keeps each error singly; with
/// `keepRows` every line. A row holds the seconds of one minute.
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

    // Only methods of this class touch these, one at a time: the run-time check of that costs a tenth of an ingest.

    /// Names that only differ endlessly (scans of random paths) share one entry beyond these limits.
    @exclusivity(unchecked) private var clients = ByteInterner(limit: 65_535)
    @exclusivity(unchecked) private var methods = ByteInterner(limit: 63)
    @exclusivity(unchecked) private var routes = ByteInterner(limit: 1023)
    @exclusivity(unchecked) private var lastTimeMs: Int64 = .min
    @exclusivity(unchecked) private var second: Int64 = .min
    @exclusivity(unchecked) private var minute: Int64 = .min
    @exclusivity(unchecked) private var counts = RollupCounts()
    /// Clients by the bytes of their names, and places in `counts` by client and form of the line: what makes an
    /// ordinary line cheap.
    private let recentClients = PairCache()
    private let places = PairCache()
    private let ports = ClientPorts()
    /// The first roll-up of the last minute written, so that a later run can go on with that minute.
    private(set) var lastMinuteRow: Int
    /// The row id that the next roll-up gets.
    private var nextRow: Int

    private static let other: StaticString = "(other)"

    init(_ store: Store, source: Int, instance: Int, keepRows: Bool, resumeRow: Int) throws {
        database = store.database
        self.source = source
        self.instance = instance
        findKey = try database.prepare(
            "SELECT key_id FROM http_key WHERE client = ? AND method = ? AND route = ? AND status = ?")
        insertKey = try database.prepare("INSERT INTO http_key(client, method, route, status) VALUES (?, ?, ?, ?)")
        rollups = try BulkInsert(database, into: "http_rollup", constants: [source], columns: 4, capacity: 256)
        errors = try BulkInsert(database, into: "http_error", constants: [instance, source], columns: 6, capacity: 256)
        rows =
            keepRows
            ? try BulkInsert(database, into: "http_access_row", constants: [instance, source], columns: 6) : nil
        keepsRows = keepRows
        lastMinuteRow = resumeRow
        nextRow = (try database.int("SELECT max(rowid) FROM http_rollup") ?? 0) + 1
    }

    func write(_ access: HTTPAccess, line: Int, timeMs: Int64) throws {
        if timeMs != lastTimeMs {
            lastTimeMs = timeMs
            let start = CivilTime.floorDivide(timeMs, 1000) * 1000
            if start != second { try begin(second: start) }
        }
        let (colon, port) = access.client.hostEnd
        let client = client(access.client, colon)
        var place = client >= 0 && access.form > 0 ? places.find(UInt64(client), UInt64(access.form)) : -1
        if place < 0 {
            place = try self.place(of: access, client >= 0 ? client : nil)
            if client >= 0, access.form > 0 { places.insert(UInt64(client), UInt64(access.form), place) }
        }
        counts.add(place)
        if client >= 0, port >= 0 {
            if !ports.knows(client) { try load(client) }
            ports.mark(client, port)
        }
        if access.status >= 400 { try add(access, line, timeMs, to: errors) }
        if keepsRows { try add(access, line, timeMs, to: rows.unsafelyUnwrapped) }
    }

    /// Number of the client whose name is the first `length` bytes; -1 beyond the limit.
    @inline(__always)
    private func client(_ bytes: Bytes, _ length: Int) -> Int {
        guard length >= 8, length <= 16 else { return clients.intern(bytes.slice(0, length)) ?? -1 }
        // The two words overlap; with the length, which tells the rest, they are the name.
        let first = bytes.loadUnaligned(as: UInt64.self)
        let second = bytes.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self)
        let known = recentClients.find(first, second)
        if known >= 0, known & 31 == length & 31 { return known >> 5 }
        guard let client = clients.intern(bytes.slice(0, length)) else { return -1 }
        recentClients.insert(first, second, client << 5 | length & 31)
        return client
    }

    /// Writes all that is held back.
    func checkpoint() throws {
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

    /// What a line is rolled up under; a new key is stored.
    private func place(of access: HTTPAccess, _ client: Int?) throws -> Int {
        let query = access.path.firstIndex(of: 63) ?? access.path.count
        return try place(
            of: RollupKey(
                client: client, method: methods.intern(access.method),
                route: routes.intern(access.path.slice(0, min(query, 128))), status: access.status))
    }

    private func place(of key: RollupKey) throws -> Int {
        if let known = counts.place(of: key) { return known }
        if counts.isFull {
            // The counts begin anew.
            try endMinute()
            counts = RollupCounts()
            places.removeAll()
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
        var at = count &- 1
        var (port, scale) = (0, 1)
        while at >= 0 {
            let digit = self[at] &- 48
            if digit > 9 { break }
            port &+= Int(digit) &* scale
            scale = scale &* 10
            at &-= 1
        }
        let digits = count &- 1 &- at
        if at >= 0, self[at] == 58, digits > 0, digits <= 5 { return (at, port < 65_536 ? port : -1) }
        while at >= 0, self[at] != 58 { at &-= 1 }
        return (at >= 0 ? at : count, -1)
    }
}
