/// What the Xid numbers mean (dcgm-exporter's table, which follows NVIDIA's catalogue of r580), and what an operator makes
/// of them.
public enum XidCatalogue {
    /// The usual cause.
    public enum Class: String, Sendable {
        case application, driver, hardware, link, fabric, consequence, watch
    }

    /// nil for numbers that the catalogue doesn't have.
    public static func meaning(_ code: Int) -> (text: String, class: Class)? {
        switch code {
        case 8: ("GPU stopped processing", .hardware)
        case 13: ("graphics engine exception", .application)
        case 31: ("GPU memory page fault", .application)
        case 32: ("invalid or corrupted push buffer stream", .driver)
        case 38: ("driver firmware error", .driver)
        case 43: ("GPU stopped processing", .application)
        case 45: ("preemptive cleanup due to previous errors", .consequence)
        case 48: ("double-bit ECC error", .hardware)
        case 61: ("internal micro-controller breakpoint", .hardware)
        case 62: ("internal micro-controller halt", .hardware)
        case 63: ("page retirement or row remap recorded", .watch)
        case 64: ("page retirement or row remap could not be recorded", .hardware)
        case 68: ("NVDEC0 exception", .driver)
        case 69: ("graphics engine class error", .driver)
        case 74: ("NVLink error", .link)
        case 79: ("GPU has fallen off the bus", .hardware)
        case 92: ("high single-bit ECC rate", .watch)
        case 94: ("contained ECC error", .hardware)
        case 95: ("uncontained ECC error", .hardware)
        case 109: ("context switch timeout", .driver)
        case 119: ("GSP RPC timeout", .driver)
        case 120: ("GSP error", .driver)
        case 121: ("C2C link error", .link)
        case 140: ("unrecovered ECC error", .hardware)
        case 143: ("GPU initialisation failure", .hardware)
        case 144: ("NVLink SAW error", .fabric)
        case 145: ("NVLink RLW error", .fabric)
        case 146: ("NVLink TLW error", .fabric)
        case 147: ("NVLink TREX error", .fabric)
        case 148: ("NVLink NVLPW_CTRL error", .fabric)
        case 149: ("NVLink NETIR error", .fabric)
        case 150: ("NVLink MSE error", .fabric)
        case 154: ("GPU recovery action changed", .consequence)
        case 155: ("NVLink software-defined error", .fabric)
        case 156: ("resource retirement event", .watch)
        case 157: ("resource retirement failure", .hardware)
        case 160: ("channel retirement event", .watch)
        case 161: ("channel retirement failure", .hardware)
        case 167: ("PCIe fatal timeout", .hardware)
        case 171: ("uncorrectable DRAM error", .hardware)
        case 172: ("uncorrectable SRAM error", .hardware)
        default: nil
        }
    }
}
