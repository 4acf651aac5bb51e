import TidemarkBase

/// Columns of a capture without a header, as far as the values tell them without doubt.
///
/// The tool's time, uuid, bus address, performance state and reason mask have forms of their own. A unit names a column
/// only when no other column of the row has it and it has one usual meaning: one `%` is the GPU's utilisation, one `W` the
/// power draw, one `MiB` the memory in use. A small whole number behind the time, or at the start, is the index. What stays
/// unclear is not stored.
enum NvidiaSMIShape {
    private static let published = [
        "timestamp", "name", "pci.bus_id", "driver_version", "pstate", "pcie.link.gen.max", "pcie.link.gen.current",
        "temperature.gpu", "utilization.gpu", "utilization.memory", "memory.total", "memory.free", "memory.used",
    ]

    /// Names for the cells of `line`; nil when the row has no form that nvidia-smi prints or nothing worth storing.
    static func columns(_ line: Bytes) -> [String]? {
        var cells = CellBorders()
        guard let count = cells.cut(line), count >= 2, count <= 64 else { return nil }
        var names = [String](repeating: "unknown", count: count)
        var units: [Int: [Int]] = [:]
        for at in 0..<count {
            let cell = cells.cell(at, line)
            if NvidiaSMICell.wallMs(cell) != nil {
                names[at] = "timestamp"
            } else if cell.has("GPU-"), cell.count >= 8 {
                names[at] = "uuid"
            } else if cell.count == 16, cell[8] == 58, cell[11] == 58, cell[14] == 46 {
                names[at] = "pci.bus_id"
            } else if cell.count == 18, NvidiaSMICell.mask(cell) != nil {
                names[at] = "clocks_event_reasons.active"
            } else if cell.count >= 2, cell.count <= 3, cell[0] == 80,
                Decimal.parseInt(cell.slice(1, cell.count)) ?? 99 < 16
            {
                names[at] = "pstate"
            } else if cell.has("NVIDIA ") || cell.has("Tesla ") {
                names[at] = "name"
            } else if let blank = cell.firstIndex(of: 32), Decimal.parse(cell.slice(0, blank)) != nil {
                let unit = cell.slice(blank + 1, cell.count)
                if unit.equals("%") { units[37, default: []].append(at) }
                if unit.equals("W") { units[87, default: []].append(at) }
                if unit.equals("MiB") { units[77, default: []].append(at) }
            }
        }
        // The query of NVIDIA's manual, copied into countless scripts.
        if count == published.count, names[0] == "timestamp", names[2] == "pci.bus_id", names[4] == "pstate",
            (5..<count).allSatisfy({ NvidiaSMICell.number(cells.cell($0, line)) != .foreign })
        {
            return published
        }
        let known = names.contains { $0 != "unknown" }
        let first = names.first == "timestamp" ? 1 : 0
        if let index = Decimal.parseInt(cells.cell(first, line)), (0..<64).contains(index), names[first] == "unknown" {
            names[first] = "index"
        }
        for (unit, name) in [(37, "utilization.gpu"), (87, "power.draw"), (77, "memory.used")] {
            if let places = units[unit], places.count == 1 { names[places[0]] = name }
        }
        let stored = names.contains { $0.contains(".") && $0 != "pci.bus_id" }
        return known && stored ? names : nil
    }
}
