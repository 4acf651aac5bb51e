import TidemarkBase
import TidemarkSeries

/// Stores samples as compressed chunks: the sink of every metrics parser.
///
/// Samples of one series should come in time order; one that goes back starts a chunk of its own, and readers merge.
/// Where commits fall does not show: a short last chunk of an earlier run is taken up and continued.
public final class SeriesWriter: SampleSink {
    /// The form in which samples came, from the most to the least faithful; a better form shadows a worse one.
    public enum Form: String, Sendable, CaseIterable { case tsdb, dump, scrape, api }

    fileprivate struct Open {
        var encoder = XORChunk.Encoder()
        var startMs: Int64 = 0
        var endMs: Int64 = .min
        var first = 0.0
        var last = 0.0
        var min = Double.infinity
        var max = -Double.infinity
        var sum = 0.0
        var numbers = 0
    }

    let store: Store
    private let period: Int
    private let form: Form
    /// Set it before a source's samples are written.
    public var source: Int
    public private(set) var samples = 0

    private var handles: [Labels: Int] = [:]
    private var ids: [Int] = []
    /// Up to which time each series is rolled up: older samples were counted there.
    private var rolledUp: [Int64] = []
    private let hasRollups: Bool
    private var open: [Open] = []
    private let insertChunk: Statement
    private let findSeries: Statement
    private let insertSeries: Statement
    private let insertLabel: Statement
    private let lastChunk: Statement
    private let deleteChunk: Statement
    private let insertExemplar: Statement
    /// Takes what is announced about the metrics.
    public let families: MetricFamilies

    public init(_ store: Store, period: Int, form: Form, source: Int) throws {
        self.store = store
        self.period = period
        self.form = form
        self.source = source
        let database = store.database
        hasRollups = try database.int("SELECT 1 FROM rollup WHERE series_id IS NOT NULL LIMIT 1") != nil
        insertChunk = try database.prepare("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        findSeries = try database.prepare(
            "SELECT series_id FROM series WHERE period_id = ? AND form = ? AND labels = ?")
        insertSeries = try database.prepare("INSERT INTO series(period_id, form, name, labels) VALUES (?, ?, ?, ?)")
        insertLabel = try database.prepare("INSERT INTO series_label VALUES (?, ?, ?)")
        lastChunk = try database.prepare(
            "SELECT rowid, samples, end_ms, data FROM chunk WHERE series_id = ? ORDER BY start_ms DESC LIMIT 1")
        deleteChunk = try database.prepare("DELETE FROM chunk WHERE rowid = ?")
        insertExemplar = try database.prepare("INSERT OR IGNORE INTO exemplar VALUES (?, ?, ?, ?)")
        families = try MetricFamilies(store, period: period)
    }

    public func series(_ labels: Labels) throws -> Int {
        if let known = handles[labels] { return known }
        let (id, isNew) = try row(of: labels)
        ids.append(id)
        rolledUp.append(try rolledUp(id) ?? .min)
        open.append(Open())
        handles[labels] = ids.count - 1
        // Scrapes of one target go on from file to file; a document that grows is read again, and its chunks are its own.
        if !isNew, form == .scrape { try takeUp(ids.count - 1) }
        return ids.count - 1
    }

    /// Up to which time a series is rolled up, Unix ms; nil when nothing of it was pruned.
    func rolledUp(_ id: Int) throws -> Int64? { hasRollups ? try SeriesRollup.end(of: id, store.database) : nil }

    /// The row of a series, made when there is none yet.
    func row(of labels: Labels) throws -> (id: Int, isNew: Bool) {
        let json = Self.json(labels)
        findSeries.bind(1, period)
        findSeries.bind(2, form.rawValue)
        findSeries.bind(3, json)
        defer { findSeries.reset() }
        if try findSeries.step() { return (findSeries.int(0), false) }
        try insertSeries.run(period, form.rawValue, MetricName.canonical(labels.name), json)
        let id = store.database.lastInsertedRow
        for label in labels.pairs { try insertLabel.run(id, label.name, label.value) }
        return (id, true)
    }

    public func append(series: Int, timeMs: Int64, value: Double) throws {
        samples += 1
        guard timeMs > rolledUp[series] else { return }
        if open[series].encoder.count >= XORChunk.usualSamples
            || open[series].endMs >= timeMs && open[series].encoder.count > 0
        {
            // The same sample given twice is one sample.
            if open[series].endMs == timeMs { return }
            try flush(series)
        }
        open[series].append(timeMs, value)
    }

    /// Keeps an exemplar of the series with this handle. Scrapes repeat an exemplar until a newer one comes: it is kept
    /// once.
    public func exemplar(series: Int, timeMs: Int64, value: Double, labels: Labels) throws {
        try insertExemplar.run(ids[series], Int(timeMs), value, Self.json(labels))
    }

    /// Writes all open chunks. Call it before each commit.
    public func checkpoint() throws {
        for handle in ids.indices where open[handle].encoder.count > 0 { try flush(handle) }
    }

    /// Forgets the series, for the next group of them; what is open must have been written.
    public func forget() {
        handles.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        rolledUp.removeAll(keepingCapacity: true)
        open.removeAll(keepingCapacity: true)
    }

    private func flush(_ handle: Int) throws {
        let row = insertChunk
        row.bind(1, ids[handle])
        row.bind(2, source)
        row.bind(3, open[handle].startMs)
        row.bind(4, open[handle].endMs)
        row.bind(5, open[handle].encoder.count)
        row.bind(6, open[handle].numbers > 0 ? open[handle].min : nil)
        row.bind(7, open[handle].numbers > 0 ? open[handle].max : nil)
        row.bind(8, open[handle].numbers > 0 ? open[handle].sum : nil)
        row.bind(9, open[handle].first)
        row.bind(10, open[handle].last)
        row.bind(11, Int(XORChunk.encoding))
        open[handle].encoder.data.withUnsafeBytes { row.bindBlob(12, $0) }
        try row.run()
        // The memory is used again for the next chunk.
        open[handle].removeAll()
    }

    /// Goes on with the last chunk of an earlier run when it isn't full.
    private func takeUp(_ handle: Int) throws {
        lastChunk.bind(1, ids[handle])
        defer { lastChunk.reset() }
        guard try lastChunk.step(), lastChunk.int(1) < XORChunk.usualSamples else { return }
        var times: [Int64] = []
        var values: [Double] = []
        try XORChunk.decode(lastChunk.bytes(3), timesMs: &times, values: &values)
        for index in times.indices { open[handle].append(times[index], values[index]) }
        try deleteChunk.run(lastChunk.int(0))
    }

    private static func json(_ labels: Labels) -> String {
        var text = ByteWriter(capacity: 256)
        text.write("{")
        for (index, label) in labels.pairs.enumerated() {
            if index > 0 { text.write(",") }
            text.writeJSONString(label.name)
            text.write(":")
            text.writeJSONString(label.value)
        }
        text.write("}")
        return text.text
    }
}

extension SeriesWriter.Open {
    fileprivate mutating func removeAll() {
        encoder.removeAll()
        (startMs, endMs, first, last) = (0, .min, 0, 0)
        (min, max, sum, numbers) = (.infinity, -.infinity, 0, 0)
    }

    fileprivate mutating func append(_ timeMs: Int64, _ value: Double) {
        if encoder.count == 0 {
            startMs = timeMs
            first = value
        }
        encoder.append(timeMs: timeMs, value: value)
        endMs = timeMs
        last = value
        guard !value.isNaN else { return }
        min = Swift.min(min, value)
        max = Swift.max(max, value)
        sum += value
        numbers += 1
    }
}

/// Spellings of one metric.
public enum MetricName {
    /// Prometheus 2.x may store vLLM's names with an underscore for the colon (`vllm_x` for `vllm:x`); the colon form
    /// is the canonical one.
    public static func canonical(_ name: String) -> String {
        guard name.utf8.starts(with: "vllm_".utf8) else { return name }
        return "vllm:" + name.dropFirst(5)
    }
}
