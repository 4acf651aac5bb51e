/// Published peaks of accelerators: dense BF16 arithmetic and memory bandwidth, from the vendors' data sheets. What a model
/// reaches of them is fitted; only ratios of peaks are used.
public struct AcceleratorPeak: Sendable, Equatable {
    public var name: String
    /// 10¹² floating-point operations a second, dense BF16.
    public var teraflops: Double
    /// 10¹² bytes a second.
    public var terabytesPerSecond: Double

    public static let known: [AcceleratorPeak] = [
        .init(name: "A10G", teraflops: 70, terabytesPerSecond: 0.6),
        .init(name: "A10", teraflops: 125, terabytesPerSecond: 0.6),
        .init(name: "A100-40GB", teraflops: 312, terabytesPerSecond: 1.555),
        .init(name: "A100-80GB", teraflops: 312, terabytesPerSecond: 2.039),
        .init(name: "L4", teraflops: 121, terabytesPerSecond: 0.3),
        .init(name: "L40S", teraflops: 362, terabytesPerSecond: 0.864),
        .init(name: "H100-PCIe", teraflops: 756, terabytesPerSecond: 2.0),
        .init(name: "H100-NVL", teraflops: 835, terabytesPerSecond: 3.9),
        .init(name: "H100", teraflops: 989, terabytesPerSecond: 3.35),
        .init(name: "H200", teraflops: 989, terabytesPerSecond: 4.8),
        .init(name: "B200", teraflops: 2250, terabytesPerSecond: 8.0),
        .init(name: "MI300X", teraflops: 1307, terabytesPerSecond: 5.3),
    ]

    /// By a name as nvidia-smi prints it (`NVIDIA H100 80GB HBM3`) or as the table has it; nil for others.
    public static func named(_ text: String) -> AcceleratorPeak? {
        let plain = text.lowercased().filter { $0.isLetter || $0.isNumber }
        if let exact = known.first(where: { $0.name.lowercased().filter { $0.isLetter || $0.isNumber } == plain }) {
            return exact
        }
        func has(_ parts: String...) -> Bool { parts.allSatisfy { plain.contains($0) } }
        let name: String
        switch true {
        case has("gh200"), has("gb200"): return nil
        case has("h100", "pcie"): name = "H100-PCIe"
        case has("h100", "nvl"): name = "H100-NVL"
        case has("h100"): name = "H100"
        case has("h200"): name = "H200"
        case has("b200"): name = "B200"
        case has("a100", "40"): name = "A100-40GB"
        case has("a100"): name = "A100-80GB"
        case has("l40s"): name = "L40S"
        case has("a10g"): name = "A10G"
        case has("mi300x"): name = "MI300X"
        case plain.hasSuffix("l4"): name = "L4"
        case plain.hasSuffix("a10"): name = "A10"
        default: return nil
        }
        return known.first { $0.name == name }
    }
}
