/// One process on one GPU at one moment, from `nvidia-smi --query-compute-apps`, pmon, `-q` or the plain table. What was
/// absent or failed is nil, never zero. In a container the pid may be that of another name space, or hidden.
public struct GPUProcess: Sendable, Equatable {
    /// As ``GPUSample/wallMs``.
    public var wallMs: Int64?
    /// As ``GPUSample/isTimeOfDay``.
    public var isTimeOfDay = false
    /// As ``GPUSample/isUTC``.
    public var isUTC = false
    public var index: Int?
    public var uuid: String?
    /// As printed; see ``PCIBusID``.
    public var busID: String?
    public var pid: Int?
    /// Title or path; pmon cuts it to 15 characters.
    public var name: String?
    /// `C`, `G`, `C+G`
    public var type: String?
    /// MiB.
    public var usedMemory: Double?
    /// Percent of the time, of pmon.
    public var utilization: Double?
    public var memoryUtilization: Double?
    public var encoderUtilization: Double?
    public var decoderUtilization: Double?

    public init() {}
}

/// PCI addresses in one form: nvidia-smi prints eight digits of domain, the kernel four and no function.
public enum PCIBusID {
    /// `0000:3d:00`, `00000000:3D:00.0`, `0019:01:00:0` → `00000000:3D:00.0`; nil when it is no such address.
    public static func normalised(_ text: String) -> String? {
        var parts = text.split(whereSeparator: { $0 == ":" || $0 == "." }).map(String.init)
        if parts.count == 3 { parts.append("0") }
        guard parts.count == 4, (4...8).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            parts[2].utf8.count == 2, parts[3].utf8.count == 1,
            parts.allSatisfy({ $0.utf8.allSatisfy { $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 6 } })
        else { return nil }
        let domain = String(repeating: "0", count: 8 - parts[0].utf8.count) + parts[0]
        return "\(domain):\(parts[1]):\(parts[2]).\(parts[3])".uppercased()
    }
}
