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
    private let insertEvent: Statement
    private let insertProcess: Statement
    /// All GPUs of the period.
    private var gpus: [GPU] = []
    /// Identities as they came, with the place of their GPU: a capture has the same few again and again.
    private var seen: [(index: Int?, uuid: String?, busID: String?, gpu: Int)] = []

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
        insertEvent = try store.database.prepare("INSERT INTO gpu_event VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
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
    public func knownInstance(busID: String?, uuid: String?) -> Int? {
        (uuid.flatMap { uuid in gpus.first { $0.uuid == uuid } }
            ?? busID.flatMap { id in gpus.first { $0.busID == id } })?
            .id
    }

    /// Writes out what is held back; a commit does so by itself.
    public func checkpoint() throws { try samples?.flush() }

    public func write(_ sample: GPUSample, instance: Int, timeMs: Int64) throws {
        let samples = try inserts(for: sample)
        let row = samples.batch
        row.add(instance)
        row.add(source)
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
        let columns = ["instance_id", "source_id", "time_ms", "throttle_reasons", "pstate"]
            + fields.map { GPUField.allCases[$0].column }
        let wider = try BulkInsert(
            store.database, into: "gpu_sample(\(columns.joined(separator: ", ")))", columns: columns.count)
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

    public func writeEvent(
        instance: Int?, line: Int, timeMs: Int64?, kind: String, code: Int? = nil, busID: String? = nil, text: String
    ) throws {
        try insertEvent.run(instance, source, line, timeMs, kind, code, text, busID)
    }

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
