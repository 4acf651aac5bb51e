import TidemarkBase

/// What happened to a GPU, as a row of `gpu_event`.
public struct GPUEventRow: Sendable {
    public var instance: Int?
    public var line: Int
    public var timeMs: Int64?
    public var kind: String
    /// Of an Xid or SXid.
    public var code: Int?
    public var text: String
    /// In the form of `PCIBusID`.
    public var busID: String?
    /// What the driver says is to be done.
    public var action: String?

    public init(
        instance: Int?, line: Int, timeMs: Int64?, kind: String, code: Int? = nil, text: String,
        busID: String? = nil, action: String? = nil
    ) {
        (self.instance, self.line, self.timeMs, self.kind, self.code) = (instance, line, timeMs, kind, code)
        (self.text, self.busID, self.action) = (text, busID, action)
    }
}

/// Events of GPUs with their repetitions: of a burst (an Xid for every channel, an error text in every row) the first is a
/// row, with the number of all and the time of the last.
///
/// Bursts go on over runs of the ingest: what a source brought before is read back.
final class GPUEventRuns {
    private struct Run {
        var row: Int
        var count: Int
        var lastMs: Int64?
        var isChanged = false
    }

    private let database: Database
    private let source: Int
    private let insert: Statement
    private let update: Statement
    private var runs: [String: Run] = [:]

    /// Bursts that are remembered at once.
    private static let most = 4096

    init(_ store: Store, source: Int) throws {
        database = store.database
        self.source = source
        insert = try database.prepare(
            """
            INSERT INTO gpu_event(instance_id, source_id, line, time_ms, kind, code, text, bus_id, action, burst)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        update = try database.prepare("UPDATE gpu_event SET count = ?, last_ms = ? WHERE rowid = ?")
        let rows = try database.prepare(
            "SELECT rowid, count, coalesce(last_ms, time_ms), burst FROM gpu_event WHERE source_id = ? ORDER BY rowid")
        rows.bind(1, source)
        while try rows.step() {
            runs[rows.text(3)] = Run(row: rows.int(0), count: rows.int(1), lastMs: rows.optionalInt(2).map(Int64.init))
        }
    }

    /// Counts one more of a burst that goes on; false when none does.
    func extends(key: String, timeMs: Int64?, gapMs: Int64) -> Bool {
        guard var run = runs[key] else { return false }
        switch (run.lastMs, timeMs) {
        case (nil, nil): break
        case (let last?, let now?) where abs(now - last) <= gapMs: run.lastMs = max(last, now)
        default: return false
        }
        run.count += 1
        run.isChanged = true
        runs[key] = run
        return true
    }

    func add(_ event: GPUEventRow, key: String, gapMs: Int64) throws {
        if extends(key: key, timeMs: event.timeMs, gapMs: gapMs) { return }
        if let ended = runs[key] { try save(ended) }
        if runs.count >= Self.most {
            try flush()
            runs.removeAll()
        }
        try insert.run(
            event.instance, source, event.line, event.timeMs, event.kind, event.code, event.text, event.busID,
            event.action, key)
        runs[key] = Run(row: database.lastInsertedRow, count: 1, lastMs: event.timeMs)
    }

    /// Stores the counts.
    func flush() throws {
        for (key, run) in runs where run.isChanged {
            try save(run)
            runs[key]?.isChanged = false
        }
    }

    private func save(_ run: Run) throws {
        guard run.isChanged else { return }
        try update.run(run.count, run.lastMs, run.row)
    }
}
