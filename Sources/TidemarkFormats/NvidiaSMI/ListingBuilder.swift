import TidemarkBase
import TidemarkEvidence

/// Puts a GPU together from the labels of `nvidia-smi -q`, as text or XML: both give `section/label` in one normal form
/// (lower case, runs of other characters as one `_`).
///
/// Element names and labels changed through the drivers (throttle → event reasons at 535, power draw split at 550); all of
/// them stand in ``targets``. The listing has no index: see ``index(minor:)``.
struct ListingBuilder: ~Copyable, Sendable {
    /// Where a value belongs.
    enum Target: Sendable {
        case uuid, busID, name, minor, pstate
        case field(GPUField)
        /// Error counts that add up: SRAM, DRAM, parity.
        case sum(GPUField)
        case reason(UInt64)
        case pid, processType, processName, processMemory
        case recoveryAction, remapped(PageState)
    }

    /// What is said of remapped rows.
    enum PageState: Sendable { case corrected, uncorrected, pending, failure }

    private(set) var sample = GPUSample()
    /// The process that is being read; nil outside.
    private(set) var process: GPUProcess?
    private var hasReasons = false
    private var recoveryAction: String?
    private var remapped = (corrected: "", uncorrected: "", pending: false, failed: false)
    /// `Attached GPUs` of the listing, and how many began.
    private var attached: Int?
    private var begun = 0
    /// What was said last of each GPU: a listing that is repeated says it again.
    private var said: [String: [String]] = [:]
    private var keys = ByteTable()
    private var all: [Target] = []
    private var key: [UInt8] = []

    init() {
        for (name, target) in Self.targets {
            withBytes(of: name) { _ = keys.insert($0, value: Int32(all.count)) }
            all.append(target)
        }
    }

    /// Starts a listing.
    mutating func beginListing() { (attached, begun) = (nil, 0) }

    /// Takes the number of GPUs that a listing's head names.
    mutating func attach(_ value: Bytes) { attached = Decimal.parseInt(value) }

    /// The minor number goes through the GPUs of the machine, the index through those that the tool sees: a container's only
    /// GPU is 0 whatever its device is. Where place and minor number differ, a part may be listed (`-i 3`): then the index is
    /// unknown. Without the listing's head the minor number stands for it.
    private func index(minor: Int?) -> Int? {
        guard let minor, let attached else { return minor }
        if attached == 1 { return 0 }
        return minor == begun - 1 ? minor : nil
    }

    /// Starts the next GPU.
    mutating func begin(busID: String?, wallMs: Int64?, driverVersion: String?) {
        begun += 1
        sample = GPUSample()
        sample.busID = busID
        sample.wallMs = wallMs
        sample.driverVersion = driverVersion
        process = nil
        hasReasons = false
        recoveryAction = nil
        remapped = ("", "", false, false)
    }

    /// What the finished GPU says about its health, when it says something else than before.
    mutating func takeEvents(line: Int, offset: Int) -> [GPUCaptureEvent] {
        var events: [GPUCaptureEvent] = []
        func add(_ kind: GPUCaptureEvent.Kind, _ text: String) {
            var event = GPUCaptureEvent(kind: kind, line: line, offset: offset, text: text, afterWallMs: sample.wallMs)
            (event.uuid, event.busID) = (sample.uuid, sample.busID.flatMap(PCIBusID.normalised))
            event.wallMs = sample.wallMs
            events.append(event)
        }
        if let action = recoveryAction {
            add(.recoveryAction, "GPU Recovery Action: \(action)")
            events[0].action = action
        }
        if remapped.pending || remapped.failed {
            let words = [
                remapped.corrected.isEmpty ? nil : "correctable \(remapped.corrected)",
                remapped.uncorrected.isEmpty ? nil : "uncorrectable \(remapped.uncorrected)",
                "pending \(remapped.pending ? "Yes" : "No")", "failure \(remapped.failed ? "Yes" : "No")",
            ]
            add(.remappedRows, words.compactMap { $0 }.joined(separator: ", "))
            events[events.count - 1].code = Int(remapped.uncorrected)
        }
        let key = sample.uuid ?? sample.busID ?? ""
        let texts = events.map(\.text)
        guard said[key] ?? [] != texts else { return [] }
        if said.count < 256 || said[key] != nil { said[key] = texts }
        return events
    }

    /// The finished GPU. Drivers from 550 on print the one-second average in place of the plain power draw, some GPUs only
    /// the instantaneous one.
    mutating func end() -> GPUSample {
        if sample[.power] == nil { sample[.power] = sample[.powerAverage] ?? sample[.powerInstant] }
        return sample
    }

    /// Takes the process that was read out; nil when there is none, or nothing is known about it.
    mutating func takeProcess() -> GPUProcess? {
        guard var done = process else { return nil }
        process = nil
        guard done.pid != nil || done.name != nil else { return nil }
        done.wallMs = sample.wallMs
        done.index = sample.index
        done.uuid = sample.uuid
        done.busID = sample.busID
        return done
    }

    /// Appends the normal form of a label.
    static func normalise(_ label: Bytes, into out: inout [UInt8]) {
        let start = out.count
        for byte in label {
            if byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 {
                out.append(byte &- 65 < 26 ? byte | 0x20 : byte)
            } else if out.count > start, out.last != 95 {
                out.append(95)
            }
        }
        if out.count > start, out.last == 95 { out.removeLast() }
    }

    /// A value of the GPU: `section` and `label` in normal form. A new process id begins a process: take the one before
    /// first, see ``beginsProcess(section:label:)``.
    mutating func set(section: Bytes, label: Bytes, value: Bytes) {
        guard let target = target(section, label) else { return }
        switch target {
        case .pid:
            process = GPUProcess()
            process?.pid = Decimal.parseInt(value)
        case .processType:
            let type = text(value, limit: 16)
            process?.type = type
        case .processName:
            let name = text(value, limit: 256)
            process?.name = name
        case .processMemory: process?.usedMemory = Self.number(value)
        case .uuid: sample.uuid = text(value, limit: 64)
        case .busID: sample.busID = text(value, limit: 32) ?? sample.busID
        case .name: sample.name = text(value, limit: 128)
        case .pstate: sample.pstate = text(value, limit: 16)
        case .minor: sample.index = index(minor: Decimal.parseInt(value))
        case .recoveryAction: recoveryAction = value.equals("None") ? nil : text(value, limit: 64)
        case .remapped(let state):
            switch state {
            case .corrected: remapped.corrected = text(value, limit: 16) ?? ""
            case .uncorrected: remapped.uncorrected = text(value, limit: 16) ?? ""
            case .pending: remapped.pending = value.equals("Yes")
            case .failure: remapped.failed = value.equals("Yes")
            }
        case .field(let field):
            sample[field] = Self.number(value)
            if sample[field] == nil, Self.isError(value) {
                sample.errors.append("\(field.queryName ?? field.column): \(value.text(limit: 120))")
            }
        case .sum(let field):
            if let number = Self.number(value) { sample[field] = (sample[field] ?? 0) + number }
        case .reason(let bit):
            if value.equals("Active") {
                sample.throttleReasons = (sample.throttleReasons ?? 0) | bit
            } else if value.equals("Not Active") {
                sample.throttleReasons = sample.throttleReasons ?? 0
            }
        }
    }

    func beginsProcess(section: Bytes, label: Bytes) -> Bool {
        label.has("p") && (label.equals("pid") || label.equals("process_id"))
            && (section.equals("process_info") || section.equals("processes"))
    }

    private mutating func target(_ section: Bytes, _ label: Bytes) -> Target? {
        key.removeAll(keepingCapacity: true)
        key.append(contentsOf: section)
        key.append(47)
        key.append(contentsOf: label)
        let entry = key.withUnsafeBytes { keys.find(Bytes(rebasing: $0[...])) }
        return entry < 0 ? nil : all[Int(keys.value(entry))]
    }

    private func text(_ value: Bytes, limit: Int) -> String? {
        NvidiaSMICell.isMissing(value) || Self.isError(value) ? nil : value.text(limit: limit)
    }

    /// A number with its unit; PCIe rates come in KB/s and become MB/s, link widths as `16x`.
    static func number(_ value: Bytes) -> Double? {
        if case .value(let plain) = NvidiaSMICell.number(value) { return plain }
        guard value.first.map({ $0 &- 48 <= 9 }) == true else { return nil }
        if value.last == 37 { return Decimal.parse(value.slice(0, value.count - 1)) }
        if value.last == 120 { return Decimal.parse(value.slice(0, value.count - 1)) }
        guard let blank = value.firstIndex(of: 32), let number = Decimal.parse(value.slice(0, blank)) else {
            return nil
        }
        return value.has("KB/s", at: blank + 1) ? number / 1000 : nil
    }

    /// The texts of NVML's failures, which stand in a listing without brackets.
    static func isError(_ value: Bytes) -> Bool {
        value.equals("Unknown Error") || value.equals("GPU is lost") || value.equals("GPU requires reset")
            || value.equals("Insufficient Permissions") || value.equals("ERR!") || NvidiaSMICell.isError(value)
    }

    private static let targets: [(String, Target)] =
        [
            ("gpu/product_name", .name), ("gpu/gpu_uuid", .uuid), ("gpu/uuid", .uuid), ("gpu/minor_number", .minor),
            ("gpu/fan_speed", .field(.fanSpeed)), ("gpu/performance_state", .pstate), ("pci/bus_id", .busID),
            ("pci/pci_bus_id", .busID), ("pcie_generation/current", .field(.pcieGeneration)),
            ("pcie_generation/max", .field(.pcieGenerationMax)), ("pcie_gen/current_link_gen", .field(.pcieGeneration)),
            ("pcie_gen/max_link_gen", .field(.pcieGenerationMax)), ("link_width/current", .field(.pcieWidth)),
            ("link_width/max", .field(.pcieWidthMax)), ("link_widths/current_link_width", .field(.pcieWidth)),
            ("link_widths/max_link_width", .field(.pcieWidthMax)), ("pci/tx_throughput", .field(.pcieTransmit)),
            ("pci/rx_throughput", .field(.pcieReceive)), ("pci/tx_util", .field(.pcieTransmit)),
            ("pci/rx_util", .field(.pcieReceive)), ("pci/replays_since_reset", .field(.pcieReplays)),
            ("pci/replay_counter", .field(.pcieReplays)), ("fb_memory_usage/total", .field(.memoryTotal)),
            ("fb_memory_usage/reserved", .field(.memoryReserved)), ("fb_memory_usage/used", .field(.memoryUsed)),
            ("fb_memory_usage/free", .field(.memoryFree)), ("bar1_memory_usage/used", .field(.bar1Used)),
            ("utilization/gpu", .field(.utilization)), ("utilization/memory", .field(.memoryUtilization)),
            ("utilization/encoder", .field(.encoderUtilization)), ("utilization/decoder", .field(.decoderUtilization)),
            ("utilization/jpeg", .field(.jpegUtilization)), ("utilization/ofa", .field(.opticalFlowUtilization)),
            ("utilization/gpu_util", .field(.utilization)), ("utilization/memory_util", .field(.memoryUtilization)),
            ("utilization/encoder_util", .field(.encoderUtilization)),
            ("utilization/decoder_util", .field(.decoderUtilization)),
            ("utilization/jpeg_util", .field(.jpegUtilization)),
            ("utilization/ofa_util", .field(.opticalFlowUtilization)),
            ("temperature/gpu_current_temp", .field(.temperature)), ("temperature/gpu", .field(.temperature)),
            ("temperature/gpu_temp", .field(.temperature)),
            ("temperature/memory_current_temp", .field(.memoryTemperature)),
            ("temperature/memory_temp", .field(.memoryTemperature)),
            ("temperature/gpu_t_limit_temp", .field(.temperatureMargin)),
            ("temperature/gpu_temp_tlimit", .field(.temperatureMargin)), ("clocks/graphics", .field(.graphicsClock)),
            ("clocks/sm", .field(.smClock)), ("clocks/memory", .field(.memoryClock)),
            ("clocks/graphics_clock", .field(.graphicsClock)), ("clocks/sm_clock", .field(.smClock)),
            ("clocks/mem_clock", .field(.memoryClock)), ("max_clocks/sm", .field(.maxSMClock)),
            ("max_clocks/sm_clock", .field(.maxSMClock)), ("processes/process_id", .pid),
            ("process_id/type", .processType),
            ("process_id/name", .processName), ("process_id/used_gpu_memory", .processMemory),
            ("process_info/pid", .pid),
            ("gpu/gpu_recovery_action", .recoveryAction), ("remapped_rows/correctable_error", .remapped(.corrected)),
            ("remapped_rows/uncorrectable_error", .remapped(.uncorrected)),
            ("remapped_rows/pending", .remapped(.pending)),
            ("remapped_rows/remapping_failure_occurred", .remapped(.failure)),
            ("remapped_rows/remapped_row_corr", .remapped(.corrected)),
            ("remapped_rows/remapped_row_unc", .remapped(.uncorrected)),
            ("remapped_rows/remapped_row_pending", .remapped(.pending)),
            ("remapped_rows/remapped_row_failure", .remapped(.failure)),
            ("process_info/type", .processType), ("process_info/process_name", .processName),
            ("process_info/used_memory", .processMemory),
        ] + power + reasons + errors

    private static let power: [(String, Target)] = ["gpu_power_readings", "power_readings"].flatMap { section in
        [
            ("power_draw", GPUField.power), ("average_power_draw", .powerAverage),
            ("instantaneous_power_draw", .powerInstant), ("instant_power_draw", .powerInstant),
            ("power_limit", .powerLimit), ("current_power_limit", .powerLimit),
            ("enforced_power_limit", .enforcedPowerLimit), ("default_power_limit", .defaultPowerLimit),
        ].map { ("\(section)/\($0.0)", .field($0.1)) }
    }

    private static let reasons: [(String, Target)] = {
        let bits: [(text: String, xml: String, bit: UInt64)] = [
            ("idle", "gpu_idle", GPUThrottle.gpuIdle),
            ("applications_clocks_setting", "applications_clocks_setting", GPUThrottle.applicationsClocksSetting),
            ("sw_power_cap", "sw_power_cap", GPUThrottle.swPowerCap),
            ("hw_slowdown", "hw_slowdown", GPUThrottle.hwSlowdown),
            ("sync_boost", "sync_boost", GPUThrottle.syncBoost),
            ("sw_thermal_slowdown", "sw_thermal_slowdown", GPUThrottle.swThermalSlowdown),
            ("hw_thermal_slowdown", "hw_thermal_slowdown", GPUThrottle.hwThermalSlowdown),
            ("hw_power_brake_slowdown", "hw_power_brake_slowdown", GPUThrottle.hwPowerBrakeSlowdown),
            ("display_clock_setting", "display_clocks_setting", GPUThrottle.displayClockSetting),
        ]
        var all: [(String, Target)] = []
        for word in ["event", "throttle"] {
            let section = "clocks_\(word)_reasons"
            for (text, xml, bit) in bits {
                all.append(("\(section)/\(text)", .reason(bit)))
                all.append(("\(section)/clocks_\(word)_reason_\(xml)", .reason(bit)))
            }
        }
        // In the text these two stand below the hardware slowdown.
        all.append(("hw_slowdown/hw_thermal_slowdown", .reason(GPUThrottle.hwThermalSlowdown)))
        all.append(("hw_slowdown/hw_power_brake_slowdown", .reason(GPUThrottle.hwPowerBrakeSlowdown)))
        return all
    }()

    private static let errors: [(String, Target)] = [
        ("volatile", GPUField.eccCorrectedVolatile, GPUField.eccUncorrectedVolatile),
        ("aggregate", .eccCorrectedAggregate, .eccUncorrectedAggregate),
    ].flatMap { section, corrected, uncorrected in
        ["sram_correctable", "dram_correctable"].map { ("\(section)/\($0)", .sum(corrected)) }
            + [
                "sram_uncorrectable", "dram_uncorrectable", "sram_uncorrectable_parity", "sram_uncorrectable_secded",
                "sram_uncorrectable_sec_ded",
            ].map { ("\(section)/\($0)", .sum(uncorrected)) }
    }
}
