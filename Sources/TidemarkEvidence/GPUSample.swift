/// One GPU at one moment, from a capture of nvidia-smi. A missing or failed value is nil, never zero.
/// The units are those of the driver: percent, MiB, W, MHz, degrees Celsius.
public struct GPUSample: Sendable, Equatable {
    /// The reading of the capture's local clock as if UTC, Unix ms; nil without a timestamp column.
    public var wallMs: Int64?
    /// ``wallMs`` counts from midnight of the day on which the capture began: the capture has times without dates.
    public var isTimeOfDay = false
    /// ``wallMs`` is a time in UTC: its text named a zone, or counted from 1970.
    public var isUTC = false
    public var index: Int?
    public var uuid: String?
    public var name: String?
    /// `00000000:19:00.0`, as printed.
    public var busID: String?
    public var driverVersion: String?
    /// `P0`…`P15`
    public var pstate: String?
    /// Bit mask of clock event (throttle) reasons, `GPUThrottle`; from the mask column or put together from booleans.
    public var throttleReasons: UInt64?
    /// Values of the numeric columns, keyed by ``GPUField``.
    public var values: [Double?] = Array(repeating: nil, count: GPUField.allCases.count)
    /// Error texts met in this row instead of values (`GPU is lost`), with the column's name. `N/A` is not one.
    public var errors: [String] = []

    public init() {}

    public subscript(field: GPUField) -> Double? {
        get { values[field.rawValue] }
        set { values[field.rawValue] = newValue }
    }
}

/// The numeric columns that are stored. Each has the column name of the store, which carries the unit.
public enum GPUField: Int, Sendable, CaseIterable {
    case utilization, memoryUtilization, encoderUtilization, decoderUtilization
    case memoryUsed, memoryTotal, memoryFree, memoryReserved
    case temperature, memoryTemperature
    case power, powerAverage, powerInstant, powerLimit, enforcedPowerLimit
    case smClock, memoryClock, graphicsClock, maxSMClock
    case fanSpeed
    case pcieGeneration, pcieWidth
    case eccUncorrectedVolatile, eccCorrectedVolatile
    // The store's first version ends here: what follows was added by a migration, in this order.
    case jpegUtilization, opticalFlowUtilization
    case bar1Used, defaultPowerLimit, temperatureMargin
    case pcieGenerationMax, pcieWidthMax, pcieReceive, pcieTransmit, pcieReplays
    case powerViolation, thermalViolation
    case eccUncorrectedAggregate, eccCorrectedAggregate
    // Added by a later migration: profiling counters (GPM, DCGM), 0…1.
    case graphicsActive, smActive, smOccupancy, tensorActive, dramActive

    /// Canonical query field of nvidia-smi, without its unit; nil for what only dmon and `nvidia-smi -q` print.
    public var queryName: String? {
        switch self {
        case .utilization: "utilization.gpu"
        case .memoryUtilization: "utilization.memory"
        case .encoderUtilization: "utilization.encoder"
        case .decoderUtilization: "utilization.decoder"
        case .memoryUsed: "memory.used"
        case .memoryTotal: "memory.total"
        case .memoryFree: "memory.free"
        case .memoryReserved: "memory.reserved"
        case .temperature: "temperature.gpu"
        case .memoryTemperature: "temperature.memory"
        case .power: "power.draw"
        case .powerAverage: "power.draw.average"
        case .powerInstant: "power.draw.instant"
        case .powerLimit: "power.limit"
        case .enforcedPowerLimit: "enforced.power.limit"
        case .smClock: "clocks.current.sm"
        case .memoryClock: "clocks.current.memory"
        case .graphicsClock: "clocks.current.graphics"
        case .maxSMClock: "clocks.max.sm"
        case .fanSpeed: "fan.speed"
        case .pcieGeneration: "pcie.link.gen.current"
        case .pcieWidth: "pcie.link.width.current"
        case .eccUncorrectedVolatile: "ecc.errors.uncorrected.volatile.total"
        case .eccCorrectedVolatile: "ecc.errors.corrected.volatile.total"
        case .jpegUtilization: "utilization.jpeg"
        case .opticalFlowUtilization: "utilization.ofa"
        case .defaultPowerLimit: "power.default_limit"
        case .temperatureMargin: "temperature.gpu.tlimit"
        case .pcieGenerationMax: "pcie.link.gen.max"
        case .pcieWidthMax: "pcie.link.width.max"
        case .eccUncorrectedAggregate: "ecc.errors.uncorrected.aggregate.total"
        case .eccCorrectedAggregate: "ecc.errors.corrected.aggregate.total"
        case .bar1Used, .pcieReceive, .pcieTransmit, .pcieReplays, .powerViolation, .thermalViolation: nil
        case .graphicsActive, .smActive, .smOccupancy, .tensorActive, .dramActive: nil
        }
    }

    /// Column of `nvidia-smi dmon`; nil for what it doesn't have. Its ECC counts are the aggregate ones (its help).
    public var monitorName: String? {
        switch self {
        case .power: "pwr"
        case .temperature: "gtemp"
        case .memoryTemperature: "mtemp"
        case .utilization: "sm"
        case .memoryUtilization: "mem"
        case .encoderUtilization: "enc"
        case .decoderUtilization: "dec"
        case .jpegUtilization: "jpg"
        case .opticalFlowUtilization: "ofa"
        case .memoryClock: "mclk"
        case .smClock: "pclk"
        case .powerViolation: "pviol"
        case .thermalViolation: "tviol"
        case .memoryUsed: "fb"
        case .bar1Used: "bar1"
        case .eccCorrectedAggregate: "sbecc"
        case .eccUncorrectedAggregate: "dbecc"
        case .pcieReplays: "pci"
        case .pcieReceive: "rxpci"
        case .pcieTransmit: "txpci"
        default: nil
        }
    }

    /// Column of the table `gpu_sample`, with its unit.
    public var column: String {
        switch self {
        case .utilization: "utilization_percent"
        case .memoryUtilization: "memory_utilization_percent"
        case .encoderUtilization: "encoder_utilization_percent"
        case .decoderUtilization: "decoder_utilization_percent"
        case .memoryUsed: "memory_used_mib"
        case .memoryTotal: "memory_total_mib"
        case .memoryFree: "memory_free_mib"
        case .memoryReserved: "memory_reserved_mib"
        case .temperature: "temperature_celsius"
        case .memoryTemperature: "memory_temperature_celsius"
        case .power: "power_watts"
        case .powerAverage: "power_average_watts"
        case .powerInstant: "power_instant_watts"
        case .powerLimit: "power_limit_watts"
        case .enforcedPowerLimit: "enforced_power_limit_watts"
        case .smClock: "sm_clock_mhz"
        case .memoryClock: "memory_clock_mhz"
        case .graphicsClock: "graphics_clock_mhz"
        case .maxSMClock: "max_sm_clock_mhz"
        case .fanSpeed: "fan_speed_percent"
        case .pcieGeneration: "pcie_generation"
        case .pcieWidth: "pcie_width"
        case .eccUncorrectedVolatile: "ecc_uncorrected_volatile"
        case .eccCorrectedVolatile: "ecc_corrected_volatile"
        case .jpegUtilization: "jpeg_utilization_percent"
        case .opticalFlowUtilization: "ofa_utilization_percent"
        case .bar1Used: "bar1_used_mib"
        case .defaultPowerLimit: "default_power_limit_watts"
        case .temperatureMargin: "temperature_margin_celsius"
        case .pcieGenerationMax: "pcie_generation_max"
        case .pcieWidthMax: "pcie_width_max"
        case .pcieReceive: "pcie_receive_mb_per_second"
        case .pcieTransmit: "pcie_transmit_mb_per_second"
        case .pcieReplays: "pcie_replays"
        case .powerViolation: "power_violation_percent"
        case .thermalViolation: "thermal_violation"
        case .eccUncorrectedAggregate: "ecc_uncorrected_aggregate"
        case .eccCorrectedAggregate: "ecc_corrected_aggregate"
        case .graphicsActive: "graphics_engine_active_ratio"
        case .smActive: "sm_active_ratio"
        case .smOccupancy: "sm_occupancy_ratio"
        case .tensorActive: "tensor_active_ratio"
        case .dramActive: "dram_active_ratio"
        }
    }
}

/// Bits of the clock event (throttle) reasons of NVML (`nvidia-ml-py` 13.615 constants).
public enum GPUThrottle {
    public static let gpuIdle: UInt64 = 0x1
    public static let applicationsClocksSetting: UInt64 = 0x2
    public static let swPowerCap: UInt64 = 0x4
    public static let hwSlowdown: UInt64 = 0x8
    public static let syncBoost: UInt64 = 0x10
    public static let swThermalSlowdown: UInt64 = 0x20
    public static let hwThermalSlowdown: UInt64 = 0x40
    public static let hwPowerBrakeSlowdown: UInt64 = 0x80
    public static let displayClockSetting: UInt64 = 0x100

    /// The bits that slow a loaded GPU down, idle and settings left out.
    public static let slowing: UInt64 =
        swPowerCap | hwSlowdown | swThermalSlowdown | hwThermalSlowdown | hwPowerBrakeSlowdown
}
