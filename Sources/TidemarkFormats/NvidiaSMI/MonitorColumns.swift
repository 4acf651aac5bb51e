import TidemarkBase
import TidemarkEvidence

/// The columns of `nvidia-smi dmon` and `pmon`, by the names of their header or, where only its second line is there, by
/// the units (drivers 470 to 550).
struct MonitorColumns: Equatable, Sendable {
    enum Role: Equatable, Sendable {
        case date, time, gpu
        /// Index of a ``GPUField``.
        case field(Int)
        /// Likewise, of a ratio that is printed in percent.
        case percent(Int)
        case pid, type, command, usedMemory
        case processUtilization, processMemoryUtilization, processEncoder, processDecoder
        /// Known or not, it is not stored: `ccpm`, other GPM metrics.
        case other
    }

    var names: [String]
    var roles: [Role]
    var ofProcesses: Bool

    /// Columns by name, as typed or printed: `Date`, `Time`, `gpu`, `pwr`, …
    init(_ names: [String]) {
        self.names = names
        ofProcesses = names.contains("pid") || names.contains("command")
        var used: Set<String> = []
        roles = []
        for name in names {
            let role = used.insert(name).inserted ? (ofProcesses ? Self.process : Self.device)[name] : nil
            roles.append(role ?? .other)
        }
    }

    private static let device: [String: Role] = {
        var all: [String: Role] = [
            "Date": .date, "Time": .time, "gpu": .gpu,
            // Before about 2018 there was one temperature.
            "temp": .field(GPUField.temperature.rawValue),
            // --gpm-metrics
            "gract": .percent(GPUField.graphicsActive.rawValue), "smutil": .percent(GPUField.smActive.rawValue),
            "smocc": .percent(GPUField.smOccupancy.rawValue), "mmaact": .percent(GPUField.tensorActive.rawValue),
            "dram": .percent(GPUField.dramActive.rawValue),
        ]
        for field in GPUField.allCases {
            if let name = field.monitorName { all[name] = .field(field.rawValue) }
        }
        return all
    }()

    private static let process: [String: Role] = [
        "Date": .date, "Time": .time, "gpu": .gpu, "pid": .pid, "type": .type, "command": .command, "fb": .usedMemory,
        "sm": .processUtilization, "mem": .processMemoryUtilization, "enc": .processEncoder, "dec": .processDecoder,
    ]

    /// What a header line says.
    enum Header {
        case names([String])
        case units([String])
    }

    /// Whether a line that begins with `#` is one of the two header lines; nil for a comment.
    static func header(_ line: Bytes) -> Header? {
        guard line.first == 35 else { return nil }
        var words: [String] = []
        var start = 1
        while start < line.count, words.count < 128 {
            while start < line.count, isBorder(line[start]) { start += 1 }
            var end = start
            while end < line.count, !isBorder(line[end]) { end += 1 }
            if end > start { words.append(line.slice(start, end).text(limit: 40)) }
            start = end
        }
        guard words.count > 1, let first = words.first else { return nil }
        switch first {
        case "gpu", "Date", "Time": return .names(words)
        case "Idx", "YYYYMMDD", "HH:MM:SS": return .units(words)
        default: return nil
        }
    }

    private static func isBorder(_ byte: UInt8) -> Bool { byte == 32 || byte == 44 || byte == 9 }

    /// The names that belong to a line of units. The groups stand in the order in which `--select` names them (`-s mu` prints
    /// memory before utilisation), so each is told by its own units. nil when they don't fit.
    static func names(ofUnits units: [String]) -> [String]? {
        var names: [String] = []
        var at = 0
        func run(of unit: String) -> Int {
            var end = at
            while end < units.count, units[end] == unit { end += 1 }
            return end - at
        }
        func take(_ candidates: [String], _ unit: String) {
            let length = run(of: unit)
            for index in 0..<length { names.append(index < candidates.count ? candidates[index] : "unknown") }
            at += length
        }
        take(["Date"], "YYYYMMDD")
        take(["Time"], "HH:MM:SS")
        take(["gpu"], "Idx")
        guard names.last == "gpu" else { return nil }
        // pmon's unit for the pid is a lone `#`.
        if at < units.count, units[at] == "#" {
            take(["pid"], "#")
            take(["type"], "C/G")
            take(["sm", "mem", "enc", "dec", "jpg", "ofa"], "%")
            take(["fb", "ccpm"], "MB")
            take(["command"], "name")
            return names.count == units.count ? names : nil
        }
        // A `%` before `bool` is the power violation of the group v.
        func percents() {
            let length = run(of: "%")
            let violation = at + length < units.count && units[at + length] == "bool" ? 1 : 0
            let candidates = ["sm", "mem", "enc", "dec", "jpg", "ofa"]
            for index in 0..<(length - violation) {
                names.append(index < candidates.count ? candidates[index] : "unknown")
            }
            at += length - violation
            if violation == 1 {
                names.append("pviol")
                at += 1
            }
        }
        while at < units.count {
            switch units[at] {
            case "W": take(["pwr"], "W")
            case "C": take(["gtemp", "mtemp"], "C")
            case "%": percents()
            case "MHz": take(["mclk", "pclk"], "MHz")
            case "bool": take(["tviol"], "bool")
            case "MB": take(["fb", "bar1", "ccpm"], "MB")
            case "errs": take(["sbecc", "dbecc", "pci"], "errs")
            case "MB/s": take(["rxpci", "txpci"], "MB/s")
            case "GPM:%": take([], "GPM:%")
            default: return nil
            }
        }
        return names.count == units.count ? names : nil
    }
}
