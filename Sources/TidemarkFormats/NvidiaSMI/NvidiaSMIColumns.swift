import TidemarkBase
import TidemarkEvidence

/// The columns of a query: what each is for.
///
/// Names are those of `nvidia-smi --help-query-gpu` (drivers 470 to 550): canonical ones, which the tool prints, and typed
/// aliases, which a hand-kept list for a headerless file has.
public struct NvidiaSMIColumns: Sendable, Equatable {
    enum Role: Sendable, Equatable {
        case timestamp, index, uuid, name, busID, driverVersion, pstate
        /// The bit mask of clock event reasons.
        case reasons
        /// One clock event reason as `Active` or `Not Active`.
        case reason(UInt64)
        /// Index of a ``GPUField``.
        case field(Int)
        /// Of `--query-compute-apps`.
        case pid, processName, usedMemory
        /// Known or not, it is not stored. A repeated column is one, too.
        case other
    }

    var roles: [Role] = []
    /// Names as given, canonical where they are known, without units.
    public internal(set) var names: [String] = []
    /// Index of the free-text column, the only one whose values may hold commas; nil without one.
    var freeText: Int?
    var hasTimestamp = false
    /// Columns that nothing is known of, as they were written.
    var leftOut: [String] = []
    /// The rows are processes, not GPUs.
    var ofProcesses = false

    /// The columns of a list of names, as typed behind `--query-gpu=` or as printed in a header (with or without units).
    public init(_ list: [String]) {
        self.init(plain: list.map { raw in withBytes(of: raw) { Self.name(of: $0.trimmed) ?? $0.trimmed.text } })
    }

    /// - Parameter plain: names as ``names`` had them, or the tool's without units: nothing else is read into them.
    init(plain: [String]) {
        var known: [Role] = []
        ofProcesses = plain.contains { Self.processNames[$0] != nil }
        var freeTexts = 0
        for typed in plain {
            // In a query of processes `name` is the process; the GPU's is `gpu_name`.
            let ofProcess = ofProcesses && typed == "name" ? .processName : Self.processNames[typed]
            let name = ofProcess == nil ? Self.canonical(typed) : typed
            var role = ofProcess ?? Self.roles[name] ?? .other
            if role == .other, typed != "unknown", !Self.isKnown(name) { leftOut.append(name) }
            if role != .other, known.contains(role) { role = .other }
            if role == .name || role == .processName {
                freeTexts += 1
                freeText = freeTexts == 1 ? roles.count : nil
            }
            if role == .timestamp { hasTimestamp = true }
            known.append(role)
            roles.append(role)
            names.append(name)
        }
    }

    /// The tool's name of a column, from what stands in a header; nil when it is not known and has no form of the tool's.
    private static func name(of cell: Bytes) -> String? {
        let plain = withoutUnit(cell)
        if looksLikeField(plain), isKnown(canonical(plain.text)) { return plain.text }
        return WrapperColumns.canonical(cell) ?? (looksLikeField(plain) ? plain.text : nil)
    }

    /// Whether a line is a header, and its columns if so: every cell looks like a name, and at least half of them are
    /// known. Names that aren't the tool's own must tell a GPU's values, and say so. nil otherwise.
    static func header(_ line: Bytes) -> [String]? {
        guard let first = line.first, (first | 0x20) &- 97 < 26 else { return nil }
        var cells: [String] = []
        var known = 0
        var isForeign = false
        var start = 0
        while start <= line.count {
            let end = line.firstIndex(of: 44, from: start) ?? line.count
            let cell = line.slice(start, end).trimmed
            guard WrapperColumns.looksLikeName(cell), cells.count < 512 else { return nil }
            cells.append(cell.text)
            if let name = name(of: cell) {
                if isKnown(canonical(name)) { known += 1 }
                if !looksLikeField(withoutUnit(cell)) || !isKnown(canonical(withoutUnit(cell).text)) {
                    isForeign = true
                }
            } else {
                isForeign = true
            }
            start = end + 1
        }
        guard known * 2 >= cells.count else { return nil }
        if isForeign {
            let columns = NvidiaSMIColumns(cells)
            let fields = columns.roles.count { if case .field = $0 { true } else { false } }
            let hasIdentity = columns.roles.contains { $0 == .index || $0 == .uuid || $0 == .busID }
            let isTools = !columns.ofProcesses && PageColumns(cells) == nil
            let speaksOfGPUs = withBytes(of: line.text(limit: 4000).lowercased()) { $0.range(of: "gpu") != nil }
            guard !isTools || fields >= 2 || fields == 1 && hasIdentity, !isTools || speaksOfGPUs,
                AMDColumns.header(line) == nil
            else { return nil }
        }
        return cells
    }

    private static let processNames: [String: Role] = [
        "pid": .pid, "process_name": .processName, "used_gpu_memory": .usedMemory, "used_memory": .usedMemory,
    ]

    /// `utilization.gpu [%]` → `utilization.gpu`
    static func withoutUnit(_ cell: Bytes) -> Bytes {
        guard cell.last == 93, let bracket = cell.firstIndex(of: 91), bracket > 0 else { return cell }
        return cell.slice(0, bracket).trimmed
    }

    static func looksLikeField(_ name: Bytes) -> Bool {
        guard name.count > 0, name.count <= 80, name[0] &- 97 < 26 else { return false }
        // `pci.baseClass`, `encoder.stats.averageFps`: upper case occurs inside.
        return name.allSatisfy { $0 | 0x20 &- 97 < 26 || $0 &- 48 < 10 || $0 == 46 || $0 == 95 }
    }

    private static func isKnown(_ name: String) -> Bool {
        roles[name] != nil || processNames[name] != nil || PageColumns.roles[name] != nil
            || otherNames.contains(name) || otherPrefixes.contains { name.hasPrefix($0) }
    }

    /// The name under which the tool prints a field that may be typed in another way.
    static func canonical(_ name: String) -> String {
        if let found = aliases[name] { return found }
        let old = "clocks_throttle_reasons."
        return name.hasPrefix(old) ? "clocks_event_reasons." + name.dropFirst(old.count) : name
    }

    private static let aliases: [String: String] = [
        "gpu_name": "name", "gpu_uuid": "uuid", "gpu_serial": "serial", "gpu_bus_id": "pci.bus_id",
        "clocks.gr": "clocks.current.graphics", "clocks.sm": "clocks.current.sm", "clocks.mem": "clocks.current.memory",
        "clocks.video": "clocks.current.video", "clocks.max.gr": "clocks.max.graphics",
        "clocks.max.mem": "clocks.max.memory", "clocks.applications.gr": "clocks.applications.graphics",
        "clocks.applications.mem": "clocks.applications.memory",
        "clocks.default_applications.gr": "clocks.default_applications.graphics",
        "clocks.default_applications.mem": "clocks.default_applications.memory",
        "pcie.link.gen.gpucurrent": "pcie.link.gen.current", "inforom.image": "inforom.img",
        "inforom.power": "inforom.pwr", "retired_pages.sbe": "retired_pages.single_bit_ecc.count",
        "retired_pages.dbe": "retired_pages.double_bit.count",
    ]

    private static let roles: [String: Role] = {
        var roles: [String: Role] = [
            "timestamp": .timestamp, "index": .index, "uuid": .uuid, "name": .name, "pci.bus_id": .busID,
            "driver_version": .driverVersion, "pstate": .pstate, "clocks_event_reasons.active": .reasons,
            "clocks_event_reasons.gpu_idle": .reason(GPUThrottle.gpuIdle),
            "clocks_event_reasons.applications_clocks_setting": .reason(GPUThrottle.applicationsClocksSetting),
            "clocks_event_reasons.sw_power_cap": .reason(GPUThrottle.swPowerCap),
            "clocks_event_reasons.hw_slowdown": .reason(GPUThrottle.hwSlowdown),
            "clocks_event_reasons.sync_boost": .reason(GPUThrottle.syncBoost),
            "clocks_event_reasons.sw_thermal_slowdown": .reason(GPUThrottle.swThermalSlowdown),
            "clocks_event_reasons.hw_thermal_slowdown": .reason(GPUThrottle.hwThermalSlowdown),
            "clocks_event_reasons.hw_power_brake_slowdown": .reason(GPUThrottle.hwPowerBrakeSlowdown),
        ]
        for field in GPUField.allCases {
            if let name = field.queryName { roles[name] = .field(field.rawValue) }
        }
        return roles
    }()

    /// Fields that exist but are not stored, so that a header of them is still known as one.
    private static let otherNames: Set<String> = [
        "count", "serial", "vbios_version", "persistence_mode", "accounting.mode", "compute_mode", "compute_cap",
        "addressing_mode", "display_mode", "display_active", "display_attached", "c2c.mode",
    ]

    private static let otherPrefixes = [
        "pci.", "pcie.", "clocks.", "clocks_event_reasons", "memory.", "utilization.", "temperature.", "power.", "ecc.",
        "encoder.", "retired_pages.", "inforom.", "gom.", "mig.", "gsp.", "fabric.", "protected_memory.",
        "reset_status.", "driver_model.", "accounting.", "module.", "platform.", "dramEncryption.",
    ]
}
