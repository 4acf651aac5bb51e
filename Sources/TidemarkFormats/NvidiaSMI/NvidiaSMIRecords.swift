import TidemarkBase
import TidemarkEvidence

/// A failure text of a whole nvidia-smi call, which stands in the capture instead of rows, or an error of the kernel log.
public struct GPUCaptureEvent: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// `NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.`
        case driverUnreachable = "driver_unreachable"
        /// `No devices were found`
        case noDevices = "no_devices"
        /// `Unable to determine the device handle for GPU…: … is lost`
        case deviceUnreachable = "device_unreachable"
        /// `Failed to initialize NVML: Driver/library version mismatch`
        case initialisationFailed = "initialisation_failed"
        /// `Field "…" is not a valid field to query.`, `Format modifier --format=csv is mandatory.`
        case badArguments = "bad_arguments"
        /// `nvidia-smi: command not found`
        case toolMissing = "tool_missing"
        /// A row of `--query-remapped-rows`, or rows that `-q` calls pending or failed; ``GPUCaptureEvent/code`` counts the
        /// uncorrectable ones.
        case remappedRows = "remapped_rows"
        /// `GPU Recovery Action` of `-q` where it is not `None`; ``GPUCaptureEvent/action`` has it.
        case recoveryAction = "recovery_action"
        /// A row of `--query-retired-pages`.
        case retiredPage = "retired_page"
        /// `NVRM: Xid (PCI:0000:3d:00): 79, …` of the kernel log
        case xid
        /// A GPU has fallen off the bus, said without an Xid: to be taken as Xid 79.
        case fallenOffBus = "fallen_off_bus"
        /// `nvidia-nvswitch0: SXid (PCI:…): 12028, …`: an NVSwitch, not a GPU
        case switchError = "sxid"
        /// AMD's driver begins to reset a GPU: `GPU reset begin!`
        case reset = "gpu_reset"
        /// A GPU of AMD's does not go on: `ring gfx timeout`, `MES might be in unrecoverable state`
        case hang = "gpu_hang"
        /// The kernel killed a process because memory ran out, of the host or of a control group; ``GPUCaptureEvent/pid`` and
        /// ``GPUCaptureEvent/processName`` have it. It is of no GPU.
        case outOfHostMemory = "out_of_host_memory"
    }

    public var kind: Kind
    /// 1-based line and offset of its first byte.
    public var line: Int
    public var offset: Int
    public var text: String
    /// Local clock of the last row before it as if UTC, Unix ms; nil when there is none.
    public var afterWallMs: Int64?
    /// Number of an Xid or SXid.
    public var code: Int?
    /// PCI address in the form of ``PCIBusID``, of kernel lines.
    public var busID: String?
    /// The GPU's uuid where the kernel log named it before, or the row of a query has it.
    public var uuid: String?
    /// What the driver says is to be done, of Xid 154: `Node Reboot Required`.
    public var action: String?
    /// The process that was killed.
    public var pid: Int?
    public var processName: String?
    /// The event's own time: Unix ms UTC, else a local clock's reading as if UTC, else a stamp without a year. All are nil
    /// when the line has none, or only the seconds since boot.
    public var timeMs: Int64?
    public var wallMs: Int64?
    public var stamp: LogStamp?
}

/// Takes what ``NvidiaSMIParser`` finds, in the order of the input.
public protocol GPUCaptureSink {
    /// - Parameter line: 1-based line of the row.
    mutating func gpu(_ sample: GPUSample, line: Int) throws
    /// Sinks that have no use for processes leave it out.
    mutating func process(_ process: GPUProcess, line: Int) throws
    mutating func event(_ event: GPUCaptureEvent) throws
    mutating func reject(_ reject: FormatReject) throws
}

extension GPUCaptureSink {
    public mutating func process(_ process: GPUProcess, line: Int) throws {}
}

/// Where the lines of a capture went. `lines` = the sum of the kinds of lines.
public struct NvidiaSMICounts: Sendable, Equatable {
    public var lines = 0
    /// Samples and processes delivered: one a line.
    public var rows = 0
    /// How many of them are processes.
    public var processRows = 0
    /// How many have no time.
    public var untimedRows = 0
    public var headerLines = 0
    public var blankLines = 0
    public var eventLines = 0
    public var rejectedLines = 0
    /// A last line without a line feed, left out: normal for a capture that was killed. 0 or 1.
    public var truncatedLines = 0

    public init() {}
}
