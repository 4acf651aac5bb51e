import TidemarkBase
import TidemarkEvidence

/// Stores what one capture says about GPUs.
public final class GPUWriter {
    private let store: Store
    private let source: Int
    private let period: Int
    private var samples: BulkInsert?
    /// The fields that rows of ``samples`` have: those that a sample had so far. Captures have a dozen of forty.
    private var fields: [Int] = []
    private let events: GPUEventRuns
    private let insertProcess: Statement
    /// All GPUs of the period.
    private var gpus: [GPU] = []
    /// Identities as they came, with the place of their GPU: a capture has the same few again and again.
    private var seen: [(index: Int?, uuid: String?, busID: String?, gpu: Int)] = []

    private var unnamed: [String: Int] = [:]

    private struct GPU {
        var id: Int
        var name: String
        var uuid: String?
        /// In the form of ``PCIBusID``.
        var busID: String?
        var model: String?
        var driverVersion: String?
    }

    public init(_ store: Store, source: Int, period: Int) throws {
        self.store = store
        self.source = source
        self.period = period
        events = try GPUEventRuns(store, source: source)
        insertProcess = try store.database.prepare("INSERT INTO gpu_process VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        gpus = try Self.known(store, period: period)
    }

    private static func known(_ store: Store, period: Int) throws -> [GPU] {
        let rows = try store.database.prepare(
            "SELECT instance_id, name, labels FROM instance WHERE period_id = ? AND kind = 'gpu' ORDER BY instance_id")
        rows.bind(1, period)
        var found: [GPU] = []
        while try rows.step() {
            let labels = try StoreSeries.labels(json: rows.bytes(2))
            found.append(
                GPU(
                    id: rows.int(0), name: rows.text(1), uuid: labels["uuid"],
                    busID: labels["bus_id"].flatMap(PCIBusID.normalised), model: labels["model"],
                    driverVersion: labels["driver_version"]))
        }
        return found
    }

    /// Instance of a GPU, made at first sight. GPUs are told apart by uuid, else PCI address, else index: in files merged
    /// from several containers or nodes an index is no identity. The labels keep all that is known.
    public func instance(of sample: GPUSample) throws -> Int {
        try instance(
            index: sample.index, uuid: sample.uuid, busID: sample.busID, model: sample.name,
            driverVersion: sample.driverVersion)
    }

    /// Instance of a GPU that its capture doesn't name: rows of one moment come in the order of the GPUs.
    public func instance(ofRow row: Int, _ sample: GPUSample) throws -> Int {
        let name = row == 0 ? "GPU" : "GPU in row \(row + 1)"
        if let known = unnamed[name] { return known }
        let place: Int
        if let found = gpus.firstIndex(where: { $0.name == name }) {
            place = found
        } else {
            gpus.append(GPU(id: try store.instance(period: period, kind: "gpu", name: name), name: name))
            place = gpus.count - 1
        }
        gpus[place].model = gpus[place].model ?? sample.name
        gpus[place].driverVersion = gpus[place].driverVersion ?? sample.driverVersion
        try store.database.prepare("UPDATE instance SET labels = ? WHERE instance_id = ?").run(
            Self.labels(gpus[place]), gpus[place].id)
        unnamed[name] = gpus[place].id
        return gpus[place].id
    }

    public func instance(of process: GPUProcess) throws -> Int {
        try instance(index: process.index, uuid: process.uuid, busID: process.busID, model: nil, driverVersion: nil)
    }

    private func instance(
        index: Int?, uuid: String?, busID: String?, model: String?, driverVersion: String?
    ) throws -> Int {
        for one in seen where one.index == index && one.uuid == uuid && one.busID == busID { return gpus[one.gpu].id }
        let address = busID.flatMap(PCIBusID.normalised)
        let place = try find(index: index, uuid: uuid, address: address)
        if seen.count < 256 { seen.append((index, uuid, busID, place)) }
        gpus[place].uuid = gpus[place].uuid ?? uuid
        gpus[place].busID = gpus[place].busID ?? address
        gpus[place].model = gpus[place].model ?? model
        gpus[place].driverVersion = gpus[place].driverVersion ?? driverVersion
        // A GPU that was first seen in a listing of processes gets its usual name when its index is known.
        if let index, !gpus[place].name.hasPrefix("GPU "), !gpus.contains(where: { $0.name == "GPU \(index)" }) {
            gpus[place].name = "GPU \(index)"
        }
        try store.database.prepare("UPDATE instance SET name = ?, labels = ? WHERE instance_id = ?").run(
            gpus[place].name, Self.labels(gpus[place]), gpus[place].id)
        return gpus[place].id
    }

    private func find(index: Int?, uuid: String?, address: String?) throws -> Int {
        if let uuid, let place = gpus.firstIndex(where: { $0.uuid == uuid }) { return place }
        if let address,
            let place = gpus.firstIndex(where: { $0.busID == address && ($0.uuid == nil || uuid == nil) })
        {
            return place
        }
        var name = index.map { "GPU \($0)" } ?? uuid ?? address ?? "GPU"
        if let place = gpus.firstIndex(where: { $0.name == name }) {
            let other = gpus[place]
            let differs =
                uuid != nil && other.uuid != nil && uuid != other.uuid
                || uuid == nil && address != nil && other.busID != nil && address != other.busID
            guard differs else { return place }
            // The same index on another node.
            name += " (\(uuid.map { String($0.prefix(12)) } ?? address ?? ""))"
            if let place = gpus.firstIndex(where: { $0.name == name }) { return place }
        }
        gpus.append(GPU(id: try store.instance(period: period, kind: "gpu", name: name), name: name))
        return gpus.count - 1
    }

    private static func labels(_ gpu: GPU) -> String {
        var labels = ByteWriter()
        labels.write("{")
        for (key, value) in [
            ("bus_id", gpu.busID), ("driver_version", gpu.driverVersion), ("model", gpu.model), ("uuid", gpu.uuid),
        ] {
            guard let value else { continue }
            if labels.bytes.count > 1 { labels.write(",") }
            labels.writeJSONString(key)
            labels.write(":")
            labels.writeJSONString(value)
        }
        labels.write("}")
        return labels.text
    }

    /// The GPU that an event is about, when a capture of the period has it; nil otherwise.
    public func knownInstance(busID: String?, uuid: String?, index: Int? = nil) -> Int? {
        let address = busID.flatMap(PCIBusID.normalised)
        return
            (uuid.flatMap { uuid in gpus.first { $0.uuid == uuid } }
            ?? address.flatMap { id in gpus.first { $0.busID == id } }
            ?? index.flatMap { index in uuid == nil && busID == nil ? gpus.first { $0.name == "GPU \(index)" } : nil })?
            .id
    }

    /// Writes out what is held back; a commit does so by itself.
    public func checkpoint() throws { try samples?.flush() }

    public func write(_ sample: GPUSample, instance: Int, timeMs: Int64) throws {
        let samples = try inserts(for: sample)
        let row = samples.batch
        row.add(instance)
        row.add(timeMs)
        row.add(sample.throttleReasons.map { Int64(truncatingIfNeeded: $0) })
        row.add(sample.pstate)
        for field in fields { row.add(sample.values[field]) }
        try samples.endRow()
    }

    /// Inserts with a column for each field that the sample has.
    private func inserts(for sample: GPUSample) throws -> BulkInsert {
        var known = 0
        for field in fields where sample.values[field] != nil { known += 1 }
        var present = 0
        for value in sample.values where value != nil { present += 1 }
        if let samples, known == present { return samples }
        fields = sample.values.indices.filter { fields.contains($0) || sample.values[$0] != nil }
        try samples?.flush()
        let columns =
            ["source_id", "instance_id", "time_ms", "throttle_reasons", "pstate"]
            + fields.map { GPUField.allCases[$0].column }
        let wider = try BulkInsert(
            store.database, into: "gpu_sample(\(columns.joined(separator: ", ")))", constants: [source],
            columns: columns.count - 1)
        samples = wider
        return wider
    }

    public func write(_ process: GPUProcess, instance: Int, timeMs: Int64) throws {
        insertProcess.bind(1, instance)
        insertProcess.bind(2, source)
        insertProcess.bind(3, timeMs)
        insertProcess.bind(4, process.pid)
        insertProcess.bind(5, process.name)
        insertProcess.bind(6, process.type)
        insertProcess.bind(7, process.usedMemory)
        insertProcess.bind(8, process.utilization)
        insertProcess.bind(9, process.memoryUtilization)
        insertProcess.bind(10, process.encoderUtilization)
        insertProcess.bind(11, process.decoderUtilization)
        try insertProcess.run()
    }

    /// Stores an event. Of a burst of the same the first stays, with the number of them all.
    public func write(_ event: GPUEventRow) throws {
        // What the driver says in two ways is one fact: Xid 79, and that a GPU has fallen off the bus.
        let subject = event.busID ?? event.instance.map(String.init) ?? ""
        try events.add(
            event, key: event.code.map { "\(subject) \($0)" } ?? "\(event.kind) \(subject) \(event.text)",
            gapMs: 60_000)
    }

    /// Notes a text that stood in place of a value: `power.draw: GPU is lost`. Rows in a row with the same text are one
    /// event; one that ends a series of numbers has a kind of its own.
    public func note(error text: String, instance: Int?, line: Int, timeMs: Int64?) throws {
        let key = "\(instance ?? 0) \(text)"
        let gapMs: Int64 = 600_000
        if events.extends(key: key, timeMs: timeMs, gapMs: gapMs) { return }
        var kind = "error_value"
        if text.hasSuffix("GPU is lost") {
            kind = "gpu_lost"
        } else if text.hasSuffix("GPU requires reset") {
            kind = "reset_required"
        } else if let instance, let timeMs, try hadNumber(text, instance: instance, before: timeMs) {
            kind = "value_lost"
        }
        try events.add(
            GPUEventRow(instance: instance, line: line, timeMs: timeMs, kind: kind, text: text), key: key, gapMs: gapMs)
    }

    private func hadNumber(_ text: String, instance: Int, before timeMs: Int64) throws -> Bool {
        guard let name = text.split(separator: ":").first,
            let field = GPUField.allCases.first(where: { $0.queryName ?? $0.column == name })
        else { return false }
        try checkpoint()
        return try store.database.int(
            """
            SELECT 1 FROM gpu_sample WHERE instance_id = ? AND time_ms < ? AND \(field.column) IS NOT NULL LIMIT 1
            """, instance, Int(timeMs)) != nil
    }

    /// Call it at the end of a run: stores how often the events came.
    public func finish() throws { try events.flush() }

    /// Gives events of the kernel log to the GPUs that were only met later.
    public static func joinEvents(_ store: Store, period: Int) throws {
        let gpus = try known(store, period: period)
        let update = try store.database.prepare(
            """
            UPDATE gpu_event SET instance_id = ? WHERE instance_id IS NULL AND bus_id = ?
                AND source_id IN (SELECT source_id FROM source WHERE period_id = ?)
            """)
        for gpu in gpus {
            if let busID = gpu.busID { try update.run(gpu.id, busID, period) }
        }
    }
}
