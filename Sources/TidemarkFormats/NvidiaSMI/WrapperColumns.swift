import TidemarkBase

/// Column names that wrapper scripts give to the values of nvidia-smi: `gpu_utilization[%]`, `memory_used_mib`,
/// `power_draw_w`, `Temperature(C)`, `gpu_id`.
///
/// They are matched by their words. A name counts only where it leaves no doubt of quantity and unit: the unit stands in
/// it, or it is the tool's own name but for the dots. The tool's MB are MiB. Shares of memory may be fill or activity and
/// bare memory may be used or there at all: such columns are left out.
enum WrapperColumns {
    /// The tool's name for a column; nil when its meaning is not certain.
    static func canonical(_ cell: Bytes) -> String? {
        guard cell.count <= 60 else { return nil }
        let spelled = words(cell)
        var words = spelled.map { synonyms[$0] ?? $0 }
        let unit = words.count > 1 ? words.last.flatMap { units[$0] } : nil
        if unit != nil { words.removeLast() }
        let isGPU = words.contains("gpu")
        let key = words.filter { $0 != "gpu" }.joined(separator: "_")
        switch unit {
        case "%":
            if key == "util" { return isGPU ? "utilization.gpu" : nil }
            // A share of memory is certain only under the tool's own word.
            if key == "util_mem" { return spelled.first == "utilization" ? "utilization.memory" : nil }
            return percents[key]
        case "MiB": return mebibytes[key]
        case "W": return watts[key]
        case "C": return temperatures[key]
        case "MHz": return megahertz[key]
        default: break
        }
        // `temperature` alone may be that of sampling.
        if isGPU, let name = temperatures[key] { return name }
        if isGPU, ["", "id", "index", "idx"].contains(key) { return "index" }
        if isGPU, key == "uuid" { return "uuid" }
        if spelled == ["utilization", "gpu"] { return "utilization.gpu" }
        if key == "power_draw" { return "power.draw" }
        return !isGPU && times.contains(key) ? "timestamp" : nil
    }

    /// Whether a cell may be a name at all.
    static func looksLikeName(_ cell: Bytes) -> Bool {
        guard let first = cell.first, cell.count <= 60, (first | 0x20) &- 97 < 26 else { return false }
        return cell.allSatisfy { byte in
            (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte >= 0x80 || byte == 32 || byte == 37 || byte == 95
                || (45...47).contains(byte) || byte == 40 || byte == 41 || byte == 91 || byte == 93
        }
    }

    private static func words(_ cell: Bytes) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        func end() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
        }
        for byte in cell {
            if (byte | 0x20) &- 97 < 26 {
                word.append(byte | 0x20)
            } else if byte &- 48 < 10 {
                word.append(byte)
            } else {
                end()
                if byte == 37 { words.append("percent") }
            }
        }
        end()
        return words
    }

    private static let synonyms: [String: String] = [
        "utilization": "util", "utilisation": "util", "usage": "util", "load": "util", "memory": "mem", "vram": "mem",
        "temperature": "temp", "clk": "clock", "clocks": "clock", "pwr": "power", "gr": "graphics", "gfx": "graphics",
        "encoder": "enc", "decoder": "dec",
    ]
    private static let units: [String: String] = [
        "pct": "%", "percent": "%", "percentage": "%", "mib": "MiB", "mb": "MiB", "w": "W", "watt": "W", "watts": "W",
        "c": "C", "celsius": "C", "degc": "C", "mhz": "MHz",
    ]
    private static let percents = [
        "sm_util": "utilization.gpu", "util_sm": "utilization.gpu", "fan": "fan.speed", "fan_speed": "fan.speed",
        "enc_util": "utilization.encoder", "dec_util": "utilization.decoder",
    ]
    private static let mebibytes = [
        "mem_used": "memory.used", "used_mem": "memory.used", "mem_util": "memory.used", "mem_total": "memory.total",
        "total_mem": "memory.total", "mem_free": "memory.free", "free_mem": "memory.free",
    ]
    private static let watts = [
        "power": "power.draw", "power_draw": "power.draw", "power_util": "power.draw", "power_limit": "power.limit",
        "power_cap": "power.limit",
    ]
    private static let temperatures = [
        "temp": "temperature.gpu", "mem_temp": "temperature.memory", "temp_mem": "temperature.memory",
    ]
    private static let megahertz = [
        "sm_clock": "clocks.current.sm", "clock_sm": "clocks.current.sm", "mem_clock": "clocks.current.memory",
        "clock_mem": "clocks.current.memory", "graphics_clock": "clocks.current.graphics",
        "clock_graphics": "clocks.current.graphics",
    ]
    private static let times: Set<String> = ["timestamp", "datetime", "date_time", "time", "ts"]
}
