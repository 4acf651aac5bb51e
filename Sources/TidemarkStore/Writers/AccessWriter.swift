import TidemarkBase
import TidemarkEvidence

/// Rolls access lines up per second, client, method, route and status, and keeps each error singly.
final class AccessWriter {
    private let source: Int
    private let instance: Int
    private let insertRollup: BatchInsert
    private let insertError: Statement
    private let database: Database

    // Only methods of this class touch these, one at a time: the run-time check of that costs a tenth of an ingest.

    /// Names that only differ endlessly (scans of random paths) share one entry beyond these limits.
    @exclusivity(unchecked) private var clients = ByteInterner(limit: 65_535)
    @exclusivity(unchecked) private var methods = ByteInterner(limit: 63)
    @exclusivity(unchecked) private var routes = ByteInterner(limit: 1023)
    @exclusivity(unchecked) private var second: Int64 = .min
    @exclusivity(unchecked) private var counts = RollupCounts()
    @exclusivity(unchecked) private var ports = ClientPorts()
    /// Row of the first roll-up of the last second written, so that a later run can go on with that second.
    private(set) var lastSecondRow: Int

    private static let other: StaticString = "(other)"

    init(_ store: Store, source: Int, instance: Int, resumeRow: Int) throws {
        database = store.database
        self.source = source
        self.instance = instance
        insertRollup = try BatchInsert(database, into: "http_access", columns: 8, batch: 16)
        insertError = try database.prepare("INSERT INTO http_error VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        lastSecondRow = resumeRow
    }

    func write(_ access: HTTPAccess, line: Int, timeMs: Int64) throws {
        let start = CivilTime.floorDivide(timeMs, 1000) * 1000
        if start != second {
            if second == .min { try takeUp(second: start) } else { try flushSecond() }
            second = start
        }
        let colon = access.client.lastColon
        let query = access.path.firstIndex(of: 63) ?? access.path.count
        let client = clients.intern(access.client.slice(0, colon))
        counts.add(
            RollupKey(
                client: client, method: methods.intern(access.method),
                route: routes.intern(access.path.slice(0, min(query, 128))), status: access.status), 1)
        if let client, colon < access.client.count,
            let port = Decimal.parseInt(access.client.slice(colon + 1, access.client.count)), port >= 0, port < 65_536
        {
            if !ports.knows(client) { try load(client) }
            ports.mark(client, port)
        }
        if access.status >= 400 {
            insertError.bind(1, instance)
            insertError.bind(2, source)
            insertError.bind(3, line)
            insertError.bind(4, timeMs)
            insertError.bindClean(5, access.client, limit: 256)
            insertError.bindClean(6, access.method, limit: 32)
            insertError.bind(8, access.status)
            // Query strings carry keys.
            try SecretMask.withMasked(access.path.slice(0, min(access.path.count, 4096))) { path in
                insertError.bindClean(7, path, limit: 512)
                try insertError.run()
            }
        }
    }

    /// Writes all that is held back.
    func checkpoint() throws {
        try flushSecond()
        second = .min
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

    private func load(_ client: Int) throws {
        let statement = try database.prepare("SELECT ports FROM http_client WHERE instance_id = ? AND client = ?")
        statement.bind(1, instance)
        statement.bind(2, clean(clients.text(client)))
        ports.load(client, try statement.step() ? statement.bytes(0) : Bytes(start: nil, count: 0))
    }

    private func flushSecond() throws {
        guard !counts.keys.isEmpty else { return }
        try Self.other.withUTF8Bytes { other in
            try clients.withEntries { client in
                try methods.withEntries { method in
                    try routes.withEntries { route in
                        try insertRollup.run(counts.keys.count) { index, row, first in
                            let key = counts.keys[index]
                            row.bind(first, instance)
                            row.bind(first + 1, source)
                            row.bind(first + 2, second)
                            row.bindClean(first + 3, key.client.map(client) ?? other, limit: 256)
                            row.bindClean(first + 4, key.method.map(method) ?? other, limit: 256)
                            let path = key.route.map(route) ?? other
                            if SecretMask.mayOccur(in: path) {
                                row.bind(first + 5, maskedText(path, limit: 256))
                            } else {
                                row.bindClean(first + 5, path, limit: 256)
                            }
                            row.bind(first + 6, key.status)
                            row.bind(first + 7, counts.count(index))
                        }
                    }
                }
            }
        }
        lastSecondRow = database.lastInsertedRow - counts.keys.count + 1
        counts.removeAll()
    }

    private func clean(_ text: String) -> String { withBytes(of: text) { cleanText($0, limit: 256) } }

    /// Takes the rows of a second that a checkpoint closed back into the open roll-up when more of that second comes:
    /// where commits fall then doesn't show in the table.
    private func takeUp(second: Int64) throws {
        guard lastSecondRow > 0 else { return }
        let rows = try database.prepare(
            """
            SELECT client, method, route, status, requests, rowid FROM http_access
            WHERE rowid >= ? AND source_id = ? AND time_ms = ? ORDER BY rowid
            """)
        rows.bind(1, lastSecondRow)
        rows.bind(2, source)
        rows.bind(3, second)
        var taken: [Int] = []
        while try rows.step() {
            func id(_ column: Int, _ interner: inout ByteInterner) -> Int? {
                rows.bytes(column).equals(Self.other) ? nil : interner.intern(rows.bytes(column))
            }
            counts.add(
                RollupKey(client: id(0, &clients), method: id(1, &methods), route: id(2, &routes), status: rows.int(3)),
                rows.int(4))
            taken.append(rows.int(5))
        }
        let delete = try database.prepare("DELETE FROM http_access WHERE rowid = ?")
        for row in taken { try delete.run(row) }
    }
}

extension StaticString {
    fileprivate func withUTF8Bytes(_ body: (Bytes) throws -> Void) rethrows {
        try body(Bytes(start: utf8Start, count: utf8CodeUnitCount))
    }
}

extension UnsafeRawBufferPointer {
    /// Index of the last colon, or the length: where `host:port` is cut (IPv6 hosts hold colons themselves).
    fileprivate var lastColon: Int {
        var at = count - 1
        while at >= 0 {
            if self[at] == 58 { return at }
            at -= 1
        }
        return count
    }
}
