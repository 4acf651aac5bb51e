import Glibc
import TidemarkBase

/// `capture.json` of a capture: who is who, and what the servers say of themselves. Written anew whenever something was
/// learnt; keys that a person added stay.
final class CaptureDescription: @unchecked Sendable {
    private let plan: CapturePlan
    private let folder: CaptureFolder
    private let logNames: [(replica: String?, name: String)]
    private let missing: [String]
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    // Guarded by `mutex`.
    private var identities: [String: ServerIdentity] = [:]
    private var gpus: Set<Int> = []
    private var zone: Int?
    private var saved: [UInt8] = []

    static let fileName = "capture.json"

    init(plan: CapturePlan, folder: CaptureFolder, logNames: [(replica: String?, name: String)], missing: [String]) {
        (self.plan, self.folder, self.logNames, self.missing) = (plan, folder, logNames, missing)
        pthread_mutex_init(mutex, nil)
        known = folder.read(Self.fileName).map(Self.members) ?? []
        zone = known.first { $0.key == "log_utc_offset_minutes" }.flatMap { Int($0.value) }
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// What the folder's file held before: its members, values verbatim.
    private let known: [(key: String, value: String)]

    func set(_ identity: ServerIdentity, of replica: String) { change { identities[replica] = identity } }

    func set(gpus: Set<Int>) { change { self.gpus = gpus } }

    /// - Parameter zones: of each replica's log, minutes east of UTC; they count when they are known and agree.
    func set(zones: [Int?]) {
        guard let first = zones.first, let first, zones.allSatisfy({ $0 == first }), first != zone else { return }
        change { zone = first }
    }

    func save() { change {} }

    private func change(_ body: () -> Void) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        body()
        let text = json()
        guard text != saved, folder.put(text, as: Self.fileName, counts: false) else { return }
        saved = text
    }

    private func json() -> [UInt8] {
        var out = ByteWriter()
        var written: Set<String> = []
        func member(_ key: String, _ value: (inout ByteWriter) -> Void) {
            out.write(written.isEmpty ? "{\n  " : ",\n  ")
            written.insert(key)
            out.writeJSONString(key)
            out.write(": ")
            value(&out)
        }
        member("replicas") { writeReplicas(&$0) }
        member("log_utc_offset_minutes") { $0.write(zone.map(String.init) ?? "null") }
        if plan.gpuCommand != nil { member("gpu_utc_offset_minutes") { $0.write(0) } }
        member("prometheus") { $0.writeJSONString("*/metrics/*.prom.gz") }
        if plan.gpuCommand != nil { member("nvidia_smi") { $0.writeJSONString("gpu/*.csv*") } }
        member("captured_by") { out in
            out.write("{\"tool\": ")
            out.writeJSONString("tidemark \(plan.toolVersion)")
            out.write(", \"scrape_interval_seconds\": \(ByteWriter.shortest(plan.intervalSeconds))")
            if plan.gpuCommand != nil {
                out.write(", \"gpu_interval_seconds\": \(ByteWriter.shortest(plan.gpuIntervalSeconds))")
            }
            out.write(", \"missing\": ")
            out.writeJSON(missing)
            out.write("}")
        }
        // What a person added, and what an earlier capture with more to do wrote.
        for (key, value) in known where !written.contains(key) { member(key) { $0.write(value) } }
        out.write("\n}\n")
        return out.bytes
    }

    private func writeReplicas(_ out: inout ByteWriter) {
        var names = plan.targets.map(\.name)
        for name in logNames.compactMap(\.replica) where !names.contains(name) { names.append(name) }
        out.write("[")
        for (place, name) in names.enumerated() {
            out.write(place > 0 ? ",\n    {\"name\": " : "\n    {\"name\": ")
            out.writeJSONString(name)
            if let target = plan.targets.first(where: { $0.name == name }) {
                out.write(", \"instance\": ")
                out.writeJSONString(target.address.instance)
            }
            if let log = logNames.first(where: { $0.replica == name }) {
                out.write(", \"log\": ")
                out.writeJSONString(log.name)
            }
            // Of one replica all GPUs of the machine are its own, unless it was said.
            let indexes = plan.gpuIndexes[name] ?? (names.count == 1 ? gpus.sorted() : [])
            if !indexes.isEmpty {
                out.write(", \"gpu_indexes\": [\(indexes.map(String.init).joined(separator: ", "))]")
            }
            if let identity = identities[name] {
                if let version = identity.version {
                    out.write(", \"version\": ")
                    out.writeJSONString(version)
                }
                if !identity.models.isEmpty {
                    out.write(", \"models\": [")
                    for (place, model) in identity.models.enumerated() {
                        out.write(place > 0 ? ", {\"name\": " : "{\"name\": ")
                        out.writeJSONString(model.name)
                        if let most = model.maxTokens { out.write(", \"max_model_len\": \(most)") }
                        out.write("}")
                    }
                    out.write("]")
                }
            }
            out.write("}")
        }
        out.write(names.isEmpty ? "]" : "\n  ]")
    }

    private static func members(_ json: [UInt8]) -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        json.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            try? reader.object { key, reader in
                let name = key.text
                _ = try reader.peek()
                let start = reader.offset
                try reader.skip()
                found.append((name, bytes.slice(start, reader.offset).text))
            }
        }
        return found
    }
}
