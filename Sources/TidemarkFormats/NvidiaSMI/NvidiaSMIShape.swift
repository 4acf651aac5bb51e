import TidemarkBase

/// Columns of a capture without a header, as far as the values of its first rows tell them without doubt.
///
/// The tool's time, uuid, bus address, performance state and reason mask have forms of their own. One `W` is the power
/// draw; a lone `%` or `MiB` may be that of the fan, or the memory that is free or there at all, and is left out. Whole
/// numbers without a unit are an index where they count the GPUs, the temperature where nothing else is likely. What
/// stays unclear is not stored.
enum NvidiaSMIShape {
    private static let published = [
        "timestamp", "name", "pci.bus_id", "driver_version", "pstate", "pcie.link.gen.max", "pcie.link.gen.current",
        "temperature.gpu", "utilization.gpu", "utilization.memory", "memory.total", "memory.free", "memory.used",
    ]
    /// Rows that are looked at: of eight GPUs eight samples.
    private static let most = 64

    /// Names for the cells of a capture's first rows; nil when they have no form that nvidia-smi prints or nothing worth
    /// storing.
    static func columns(head: Bytes) -> [String]? {
        if let converted = UTF16Converter.utf8(head) { return converted.withUnsafeBytes { columns(head: $0) } }
        let rows = head.headLines(limit: 4 * most).lazy.filter { line in
            line.firstIndex(of: 44).map { NvidiaSMICell.wallMs(line.slice(0, $0)) != nil } == true
        }
        return columns(rows: Array(rows.prefix(most)))
    }

    /// As ``columns(head:)``, of rows that begin with the tool's time.
    static func columns(rows: [Bytes]) -> [String]? {
        guard let line = rows.first else { return nil }
        var cells = CellBorders()
        guard let count = cells.cut(line), count >= 2, count <= 64 else { return nil }
        var names = [String](repeating: "unknown", count: count)
        var watts: [Int] = []
        var bare: [Int] = []
        var hasUnits = false
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
                hasUnits = true
                if cell.slice(blank + 1, cell.count).equals("W") { watts.append(at) }
            } else if Decimal.parseInt(cell) != nil {
                bare.append(at)
            }
        }
        // The query of NVIDIA's manual, copied into countless scripts.
        if count == published.count, names[0] == "timestamp", names[2] == "pci.bus_id", names[4] == "pstate",
            (5..<count).allSatisfy({ NvidiaSMICell.number(cells.cell($0, line)) != .foreign })
        {
            return published
        }
        guard names.contains(where: { $0 != "unknown" }) else { return nil }
        if watts.count == 1 { names[watts[0]] = "power.draw" }
        var temperatures: [Int] = []
        for at in bare {
            let values = column(at, of: rows, cells: count)
            let isFirst = at == (names[0] == "timestamp" ? 1 : 0)
            if isIndex(values, isFirst: isFirst, hasUnits: hasUnits), !names.contains("index") {
                names[at] = "index"
            } else if hasUnits, values.allSatisfy({ (20...110).contains($0) }) {
                temperatures.append(at)
            }
        }
        if temperatures.count == 1 { names[temperatures[0]] = "temperature.gpu" }
        return names.contains { $0.contains(".") && $0 != "pci.bus_id" } ? names : nil
    }

    /// The numbers of a column; what is none is stepped over.
    private static func column(_ at: Int, of rows: [Bytes], cells count: Int) -> [Int] {
        var cells = CellBorders()
        return rows.compactMap { row in
            cells.cut(row) == count ? Decimal.parseInt(cells.cell(at, row)) : nil
        }
    }

    /// Whether numbers go through the GPUs again and again (0, 1, 2, 0, 1, …; any rising ones, of `-i 2,3`), or are one
    /// GPU's: no GPU is colder than 16 degrees. Rows without units hold too many small numbers for the latter.
    private static func isIndex(_ values: [Int], isFirst: Bool, hasUnits: Bool) -> Bool {
        guard let first = values.first else { return false }
        let period = values.dropFirst().firstIndex(of: first) ?? values.count
        let cycle = values.prefix(period)
        guard zip(cycle, cycle.dropFirst()).allSatisfy(<), cycle.allSatisfy({ (0..<16).contains($0) }),
            values.indices.allSatisfy({ values[$0] == values[$0 % period] })
        else { return false }
        let countsFromZero = period > 1 && cycle.indices.allSatisfy { cycle[$0] == $0 }
        return countsFromZero || isFirst && hasUnits
    }
}
