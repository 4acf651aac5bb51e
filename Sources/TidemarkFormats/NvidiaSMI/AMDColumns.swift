import TidemarkBase
import TidemarkEvidence

/// The columns of `rocm-smi --csv` and `amd-smi monitor`, as CSV or as the table.
///
/// rocm-smi's names carry units in parentheses and vary by release: they are matched by their words. amd-smi's names carry
/// none; its megabytes are 2^20 bytes. Sources: ROCm's `rocm_smi.py` and `amdsmi_cli`, published captures.
struct AMDColumns: Sendable, Equatable {
    enum Role: Sendable, Equatable {
        case time, device, uuid, busID, name
        /// A part of a GPU: rows of parts above 0 repeat it without values.
        case partition
        /// Index of a ``GPUField``, factor to its unit, and whether a better column may replace it.
        case field(Int, factor: Double, isSecondChoice: Bool = false)
        /// `23.6/ 24.0 GB` of the table.
        case usedOfTotal
        case other
    }

    var roles: [Role] = []
    var names: [String] = []
    var isROCm = false
    /// Cells stand between blanks and carry units: amd-smi's table.
    var isTable = false
    /// rocm-smi's table: cells of several words, and a second line of headings.
    var isConcise: Bool { isROCm && isTable }

    /// The columns of a header; nil when the line is none.
    static func header(_ line: Bytes) -> AMDColumns? {
        // `GPU`, `TIMESTAMP`, `Device`, or small letters.
        guard line.count < 4000, let first = line.first, [68, 71, 84].contains(first) || first | 0x20 == first else {
            return nil
        }
        if line.firstIndex(of: 44) == nil { return table(line) }
        let names = line.text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            withBytes(of: String(name)) { $0.trimmed.text.lowercased() }
        }
        guard names.count >= 2, let device = names.prefix(3).firstIndex(where: { $0 == "device" || $0 == "gpu" }),
            names.prefix(device).allSatisfy({ clocks.contains($0) })
        else { return nil }
        let isROCm = names[device] == "device"
        // Other tables have columns `gpu` or `device`, too.
        guard names.contains(where: { isROCm ? $0.contains("(") : own.contains($0) }) else { return nil }
        return AMDColumns(names, isROCm: isROCm, isTable: false)
    }

    init?(_ names: [String], isROCm: Bool, isTable: Bool) {
        self.names = names
        self.isROCm = isROCm
        self.isTable = isTable
        let isMetric = !isROCm && !isTable && names.contains { $0 == "gfx_activity" || $0 == "socket_power" }
        roles = names.enumerated().map { place, name in
            if place < 3, Self.clocks.contains(name) { return .time }
            if isROCm, isTable { return Self.conciseRoles[name] ?? .other }
            if isTable { return Self.tableRoles[name] ?? .other }
            if isMetric { return Self.metric[name] ?? .other }
            return isROCm ? Self.rocm(name) : Self.monitor[name] ?? .other
        }
        guard roles.contains(.device), roles.contains(where: { if case .field = $0 { true } else { false } }) else {
            return nil
        }
    }

    private static let own: Set<String> = [
        "power_usage", "max_power", "hotspot_temperature", "gfx", "gfx_util", "gfx_clock", "gfx_clk", "vram_used",
        "gfx_activity", "socket_power",
    ]
    private static let clocks: Set<String> = ["timestamp", "time", "date"]

    private static func field(_ field: GPUField, _ factor: Double = 1, second: Bool = false) -> Role {
        .field(field.rawValue, factor: factor, isSecondChoice: second)
    }

    static func rocm(_ name: String) -> Role {
        func has(_ words: String...) -> Bool { words.allSatisfy { name.contains($0) } }
        if name == "device" { return .device }
        if name == "unique id" { return .uuid }
        if name == "pci bus" { return .busID }
        if name == "card series" || name == "device name" { return .name }
        if name == "pcie replay count" { return field(.pcieReplays) }
        if has("gpu use (%)") { return field(.utilization) }
        // Not the share of memory in use, which is `gpu memory allocated`.
        if has("gpu memory use (%)") || has("memory read/write activity (%)") { return field(.memoryUtilization) }
        if has("max", "graphics package power (w)") { return field(.powerLimit) }
        if has("graphics package power (w)") || name == "power (w)" { return field(.power) }
        if has("temperature", "edge") { return field(.temperature) }
        // Instinct accelerators have no edge sensor.
        if has("temperature", "junction") { return field(.temperature, second: true) }
        if has("temperature", "sensor mem") { return field(.memoryTemperature) }
        if has("vram total used memory (b)") || name == "vram used (b)" { return field(.memoryUsed, 1 / 1_048_576) }
        if has("vram total memory (b)") || name == "vram total (b)" { return field(.memoryTotal, 1 / 1_048_576) }
        if name.hasPrefix("fan"), has("(%)") { return field(.fanSpeed) }
        if has("sclk clock speed") { return field(.smClock) }
        if has("mclk clock speed") { return field(.memoryClock) }
        return .other
    }

    private static let monitor: [String: Role] = [
        "gpu": .device, "xcp": .partition, "power_usage": field(.power), "max_power": field(.powerLimit),
        "power_cap": field(.powerLimit), "hotspot_temperature": field(.temperature),
        "memory_temperature": field(.memoryTemperature), "gfx": field(.utilization), "gfx_util": field(.utilization),
        "gfx_clock": field(.smClock), "gfx_clk": field(.smClock), "mem": field(.memoryUtilization),
        "mem_util": field(.memoryUtilization), "mem_clock": field(.memoryClock), "encoder": field(.encoderUtilization),
        "encoder_util": field(.encoderUtilization), "enc": field(.encoderUtilization),
        "decoder": field(.decoderUtilization), "decoder_util": field(.decoderUtilization),
        "dec": field(.decoderUtilization), "vram_used": field(.memoryUsed), "vram_total": field(.memoryTotal),
        "vram_free": field(.memoryFree), "single_bit_ecc": field(.eccCorrectedAggregate),
        "double_bit_ecc": field(.eccUncorrectedAggregate), "total_correctable_count": field(.eccCorrectedAggregate),
        "total_uncorrectable_count": field(.eccUncorrectedAggregate), "pcie_replay": field(.pcieReplays),
    ]

    /// `amd-smi metric --csv`, where `mem` is a temperature. Instinct accelerators have no edge sensor.
    private static let metric: [String: Role] = [
        "gpu": .device, "xcp": .partition, "gfx_activity": field(.utilization),
        "umc_activity": field(.memoryUtilization), "socket_power": field(.power), "gfx_0_clk": field(.smClock),
        "mem_0_clk": field(.memoryClock), "edge": field(.temperature), "hotspot": field(.temperature, second: true),
        "mem": field(.memoryTemperature), "total_vram": field(.memoryTotal), "used_vram": field(.memoryUsed),
        "free_vram": field(.memoryFree), "total_correctable_count": field(.eccCorrectedAggregate),
        "total_uncorrectable_count": field(.eccUncorrectedAggregate),
    ]

    /// The names of `amd-smi metric` and `monitor` with the sections that they stand in.
    static let listing: [(String, Role)] =
        [
            ("gpu", .device), ("timestamp", .time), ("bus/bdf", .busID), ("asic/market_name", .name),
            ("usage/gfx_activity", field(.utilization)), ("usage/umc_activity", field(.memoryUtilization)),
            ("power/socket_power", field(.power)), ("power/current_power", field(.power)),
            ("power/average_socket_power", field(.power, second: true)), ("clock/gfx_0/clk", field(.smClock)),
            ("clock/gfx/clk", field(.smClock)), ("clock/gfx/cur_clk", field(.smClock)),
            ("clock/mem_0/clk", field(.memoryClock)), ("clock/mem/clk", field(.memoryClock)),
            ("clock/mem/cur_clk", field(.memoryClock)), ("temperature/edge", field(.temperature)),
            ("temperature/hotspot", field(.temperature, second: true)), ("temperature/mem", field(.memoryTemperature)),
            ("pcie/width", field(.pcieWidth)), ("pcie/replay_count", field(.pcieReplays)),
            ("ecc/total_correctable_count", field(.eccCorrectedAggregate)),
            ("ecc/total_uncorrectable_count", field(.eccUncorrectedAggregate)), ("fan/usage", field(.fanSpeed)),
            ("mem_usage/total_vram", field(.memoryTotal)), ("mem_usage/used_vram", field(.memoryUsed)),
            ("mem_usage/free_vram", field(.memoryFree)),
        ] + monitor.filter { $0.key != "gpu" }.sorted { $0.key < $1.key }

    /// rocm-smi's table; VRAM% is fill, not activity.
    private static let conciseRoles: [String: Role] = [
        "device": .device, "gpu": .device, "temp": field(.temperature), "power": field(.power), "avgpwr": field(.power),
        "sclk": field(.smClock), "mclk": field(.memoryClock), "fan": field(.fanSpeed), "pwrcap": field(.powerLimit),
        "gpu%": field(.utilization),
    ]

    private static let tableRoles: [String: Role] = [
        "gpu": .device, "xcp": .partition, "power": field(.power), "pwr_cap": field(.powerLimit),
        "max_pwr": field(.powerLimit), "gpu_t": field(.temperature), "gpu_temp": field(.temperature),
        "hotspot_temp": field(.temperature), "mem_t": field(.memoryTemperature), "mem_temp": field(.memoryTemperature),
        "gfx_clk": field(.smClock),
        "gfx_clock": field(.smClock), "gfx%": field(.utilization), "gfx_util": field(.utilization),
        "mem%": field(.memoryUtilization), "mem_util": field(.memoryUtilization), "mem_clock": field(.memoryClock),
        "enc%": field(.encoderUtilization), "enc_util": field(.encoderUtilization),
        "dec%": field(.decoderUtilization), "dec_util": field(.decoderUtilization), "vram_usage": .usedOfTotal,
        "vram_used": field(.memoryUsed), "vram_total": field(.memoryTotal), "vram_free": field(.memoryFree),
        "single_ecc": field(.eccCorrectedAggregate), "double_ecc": field(.eccUncorrectedAggregate),
        "correctable_ecc": field(.eccCorrectedAggregate), "uncorrectable_ecc": field(.eccUncorrectedAggregate),
        "pcie_replay": field(.pcieReplays),
    ]

    /// `GPU  POWER  GPU_T …`, with `TIMESTAMP` before it when it watches.
    private static func table(_ line: Bytes) -> AMDColumns? {
        let names = line.text.split(separator: " ").map { $0.lowercased() }
        // `Device  Node  IDs …`, `GPU  Temp (DieEdge)  AvgPwr …`, `Device  [Model : Revision] …`
        // ROCm 1.9 had no `GPU%`.
        if names.contains("sclk"),
            names.last == "gpu%" || names.contains("mclk") && (names.contains("temp") || names.contains("avgpwr"))
        {
            var concise: [String] = []
            var isOpen = false
            for name in names where !name.hasPrefix("(") {
                // `SCLK OD`, `MCLK OD`: overdrive.
                if name == "od", let clock = concise.popLast() {
                    concise.append(clock + " od")
                } else if !isOpen {
                    concise.append(name)
                }
                isOpen = (isOpen || name.hasPrefix("[")) && !name.hasSuffix("]")
            }
            return AMDColumns(concise, isROCm: true, isTable: true)
        }
        guard names.count >= 3, let device = names.prefix(2).firstIndex(of: "gpu"),
            names.prefix(device).allSatisfy({ clocks.contains($0) }), line.range(of: "GPU") != nil,
            names.contains(where: { ["power", "gpu_t", "gpu_temp", "gfx%", "gfx_util", "vram_usage"].contains($0) })
        else { return nil }
        return AMDColumns(names, isROCm: false, isTable: true)
    }
}
