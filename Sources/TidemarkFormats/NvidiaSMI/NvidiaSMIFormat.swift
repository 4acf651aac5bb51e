import TidemarkBase
import TidemarkEvidence

/// Recognises captures of GPUs by nvidia-smi, dcgmi, rocm-smi and amd-smi, all of which ``GPUCaptureReader`` reads.
public enum NvidiaSMIFormat {
    /// `--query-gpu`
    public static let identifier = "nvidia-smi-query"
    public static let computeAppsIdentifier = "nvidia-smi-compute-apps"
    public static let dmonIdentifier = "nvidia-smi-dmon"
    public static let pmonIdentifier = "nvidia-smi-pmon"
    /// `nvidia-smi -q`, as text or XML.
    public static let listingIdentifier = "nvidia-smi-listing"
    public static let xmlIdentifier = "nvidia-smi-xml"
    /// The table of plain `nvidia-smi`.
    public static let tableIdentifier = "nvidia-smi-table"

    public static let dcgmIdentifier = "dcgmi-dmon"
    public static let rocmIdentifier = "rocm-smi"
    /// `amd-smi monitor`, as CSV or as the table.
    public static let amdIdentifier = "amd-smi-monitor"

    /// `amd-smi metric` as text.
    public static let amdListingIdentifier = "amd-smi-metric"
    /// The JSON of amd-smi and of rocm-smi.
    public static let amdJSONIdentifier = "amd-smi-json"

    /// The box of plain `amd-smi`.
    public static let amdTableIdentifier = "amd-smi-table"
    /// `rocm-smi -a`, `--showmeminfo` and others as text.
    public static let rocmListingIdentifier = "rocm-smi-listing"
    public static let gpustatIdentifier = "gpustat"

    /// All forms. Those that know a GPU's index, uuid and address come first: later ones join by them.
    public static let identifiers = [
        identifier, listingIdentifier, xmlIdentifier, tableIdentifier, dmonIdentifier, pmonIdentifier,
        computeAppsIdentifier, rocmIdentifier, amdIdentifier, amdListingIdentifier, amdJSONIdentifier, dcgmIdentifier,
        amdTableIdentifier, rocmListingIdentifier, gpustatIdentifier,
    ]

    /// What a container runtime or service manager put around the lines of a capture that begins with `head`.
    public static func framing(head: Bytes) -> LogFraming {
        if plain(head: head, fileName: "") != nil { return .plain }
        if let (framing, _) = framed(head: head, fileName: "") { return framing }
        // A wrapper's clock is no framing: the readers take it.
        return clocked(head: head, fileName: "") != nil ? .plain : wrapped(head)
    }

    /// The framing of a log, or the times of `ts` without a format of its own: what follows them is no server's log, so that
    /// they prove nothing there.
    private static func wrapped(_ head: Bytes) -> LogFraming {
        let framing = LogFraming.detect(head: head)
        guard framing == .plain else { return framing }
        let lines = head.headLines(limit: 60)
        let stamped = lines.count { LabelFrame.clock($0)?.info.stamp != nil }
        return stamped * 2 > lines.count ? LogFraming([.clock]) : .plain
    }

    /// Names of the columns of a query without a header, as far as the values of its first rows tell them; nil when they
    /// don't.
    public static func shape(head: Bytes) -> [String]? {
        let framing = framing(head: head)
        if framing == .plain { return NvidiaSMIShape.columns(head: head) }
        return framing.unframe(head: head).withUnsafeBytes { NvidiaSMIShape.columns(head: $0) }
    }

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``. UTF-16 with a byte-order mark is understood.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        if let guess = plain(head: head, fileName: fileName) { return guess }
        if let (framing, inner) = framed(head: head, fileName: fileName) {
            var guess = inner
            guess.detail += ", in \(framing.rawValue)"
            return guess
        }
        return clocked(head: head, fileName: fileName)
    }

    /// What stands inside of a runtime's lines.
    private static func framed(head: Bytes, fileName: String) -> (framing: LogFraming, guess: FormatGuess)? {
        let framing = wrapped(head)
        guard framing != .plain else { return nil }
        let inner = framing.unframe(head: head)
        return inner.withUnsafeBytes { plain(head: $0, fileName: fileName) }.map { (framing, $0) }
    }

    /// A capture without a header whose columns are given: most of its lines must have as many cells.
    public static func sniff(head: Bytes, columns: [String]) -> FormatGuess? {
        if let converted = UTF16Converter.utf8(head) {
            return converted.withUnsafeBytes { sniff(head: $0, columns: columns) }
        }
        let isMonitor = MonitorColumns(columns).roles.contains(.gpu)
        let query = NvidiaSMIColumns(columns)
        guard isMonitor || query.roles.contains(where: { $0 != .other && $0 != .timestamp }) else { return nil }
        let lines = head.headLines(limit: 60)
        let rows = lines.count { line in
            let commas = line.count { $0 == 44 }
            if commas + 1 >= columns.count { return true }
            return isMonitor && line.split(separator: 32, omittingEmptySubsequences: true).count >= columns.count
        }
        guard rows > 0, rows * 2 > lines.count else { return nil }
        let format =
            isMonitor
            ? MonitorColumns(columns).ofProcesses ? pmonIdentifier : dmonIdentifier
            : query.ofProcesses ? computeAppsIdentifier : identifier
        return FormatGuess(format: format, score: 0.5, detail: "rows of the \(columns.count) columns that were given")
    }

    private static func plain(head: Bytes, fileName: String) -> FormatGuess? {
        if let converted = UTF16Converter.utf8(head) {
            return converted.withUnsafeBytes { plain(head: $0, fileName: fileName) }
        }
        let lines = head.headLines(limit: 60)
        let tieBreaker = fileName.contains("smi") || fileName.contains("gpu") ? 0.02 : 0
        if let guess = amd(lines, head) { return guess }
        for line in lines {
            if let guess = recognised(line, lines, head, tieBreaker) { return guess }
        }
        return partial(lines, head) ?? failure(lines, tieBreaker) ?? headerless(lines, tieBreaker)
            ?? headerlessMonitor(lines, fileName)
    }

    /// Outputs that have lost their heads, and gpustat's, beside which other tools' tell more.
    private static func partial(_ lines: [Bytes], _ head: Bytes) -> FormatGuess? {
        for (at, line) in lines.enumerated() {
            // `| Fan  Temp   Perf …`, `GPU 00000000:BA:00.0` and its first label.
            if line.has("| Fan  Temp "), line.last == 124, !isMostlyOther(head) {
                return guess(tableIdentifier, "the table of nvidia-smi without its head")
            }
            if line.has("GPU 0"), line.count >= 16, line.count <= 24,
                PCIBusID.normalised(line.slice(4, line.count).text) != nil,
                at + 1 < lines.count, lines[at + 1].has("Product Name "), lines[at + 1].range(of: " : ") != nil
            {
                return guess(listingIdentifier, "the text of nvidia-smi -q without its head")
            }
        }
        let rows = lines.count { GPUStatParser.row($0) != nil }
        return rows > 0 && rows * 3 >= lines.count ? guess(gpustatIdentifier, "the text of gpustat") : nil
    }

    /// A head without the commands that a paste begins with.
    private static func withoutCommands(_ head: Bytes) -> Bytes {
        var at = 0
        while let end = head.firstIndex(of: 10, from: at), case let line = head.slice(at, end).trimmed,
            line.isEmpty || ShellLine.matches(line)
        {
            at = end + 1
        }
        return head.slice(at, head.count)
    }

    /// A wrapper may put its clock in front of every line, the header too.
    private static func clocked(head: Bytes, fileName: String) -> FormatGuess? {
        let lines = head.headLines(limit: 60)
        for line in lines {
            guard let (_, start) = ClockLine.leading(line),
                var guess = recognised(line.slice(start, line.count), lines, head, 0)
            else { continue }
            guess.detail += ", behind a clock"
            return guess
        }
        return nil
    }

    /// What a line of the head says about all of it.
    private static func recognised(
        _ line: Bytes, _ lines: [Bytes], _ head: Bytes, _ tieBreaker: Double
    ) -> FormatGuess? {
        if let cells = NvidiaSMIColumns.header(line), cells.count > 1 || lines.count > 1 {
            let columns = NvidiaSMIColumns(cells)
            if columns.ofProcesses {
                return guess(computeAppsIdentifier, "a listing of processes, \(cells.count) columns")
            }
            if PageColumns(cells) != nil { return guess(identifier, "a listing of memory pages or rows") }
            let stored = columns.roles.count { $0 != .other }
            // `name`, `index`, `timestamp`: other tables have such columns, too.
            guard stored > 0, columns.names.contains(where: { $0.contains(".") }) else { return nil }
            let fits = lines.contains { rowFits($0, cells.count) }
            let score = cells.count == 1 ? 0.4 : fits ? 0.96 : 0.8
            return FormatGuess(
                format: identifier, score: score + tieBreaker,
                detail: "a header of \(cells.count) columns, \(stored) of them stored")
        }
        if var guess = listing(line) ?? monitor(line) ?? others(line) {
            // A server's log may begin with the table: then it is the log.
            if guess.format == tableIdentifier || guess.format == amdTableIdentifier, isMostlyOther(head) {
                guess.score = 0.4
            }
            return guess
        }
        return nil
    }

    private static func isMostlyOther(_ head: Bytes) -> Bool {
        let lines = head.headLines(limit: 400).map(\.trimmed)
        let inner = lines.map { line in
            ClockLine.leading(line).map { line.slice($0.textStart, line.count) } ?? line
        }
        let ofTable = inner.count { $0.first == 124 || $0.first == 43 }
        return (lines.count - ofTable) > 2 * ofTable
    }

    private static func guess(_ format: String, _ detail: String) -> FormatGuess {
        FormatGuess(format: format, score: 0.95, detail: detail)
    }

    private static func rowFits(_ line: Bytes, _ cells: Int) -> Bool {
        let commas = line.count { $0 == 44 }
        return commas + 1 >= cells && NvidiaSMIColumns.header(line) == nil
    }

    /// `nvidia-smi -q`, `-q -x` and the table.
    private static func listing(_ line: Bytes) -> FormatGuess? {
        if line.range(of: "==NVSMI LOG==") != nil { return guess(listingIdentifier, "the text of nvidia-smi -q") }
        if line.range(of: "nvidia_smi_log") != nil { return guess(xmlIdentifier, "the XML of nvidia-smi -q") }
        if line.has("| AMD-SMI "), line.range(of: "amdgpu version:") != nil || line.range(of: "ROCm version:") != nil {
            return FormatGuess(format: amdTableIdentifier, score: 0.95, detail: "the table of amd-smi")
        }
        if line.has("| NVIDIA-SMI "), line.range(of: "Version:") != nil {
            return FormatGuess(format: tableIdentifier, score: 0.95, detail: "the table of nvidia-smi")
        }
        return nil
    }

    /// `amd-smi metric` as text, and JSON of AMD's tools.
    private static func amd(_ lines: [Bytes], _ head: Bytes) -> FormatGuess? {
        if let at = lines.firstIndex(where: { AMDTextParser.index($0) != nil }),
            lines[(at + 1)...].prefix(4).contains(where: { AMDTextParser.isSection($0) })
        {
            return guess(amdListingIdentifier, "the text of amd-smi metric")
        }
        if let guess = rocmListing(lines) { return guess }
        return PrometheusJSONFormat.compact(withoutCommands(head), limit: 4096).withUnsafeBytes { bytes in
            let text = Bytes(rebasing: bytes[...])
            func contains(_ words: StaticString...) -> Bool { words.contains { text.range(of: $0) != nil } }
            if text.has("[{\"gpu\":") || text.has("{\"gpu_data\":[{\"gpu\":")
                || text.has("[{\"timestamp\":") && contains("\"gpu\":"),
                contains(
                    "\"gfx_activity\":", "\"socket_power\":", "\"power_usage\":", "\"used_vram\":", "\"vram_used\":")
            {
                return guess(amdJSONIdentifier, "the JSON of amd-smi")
            }
            guard text.has("{\"card0\":{\"") || text.has("{\"system\":{") && contains("\"card0\":{\""),
                contains(" (%)\":", " (W)\":", " (C)\":", "(B)\":")
            else { return nil }
            return guess(amdJSONIdentifier, "the JSON of rocm-smi")
        }
    }

    /// `GPU[0] : name: value`, with headings of the tool's around them.
    private static func rocmListing(_ lines: [Bytes]) -> FormatGuess? {
        let values = lines.count { ROCmTextParser.isValue($0) }
        let own = lines.count { $0.has("GPU[") || $0.has("====") || $0.has("....") }
        // Warnings about single GPUs stand above the table, too.
        guard values > 0, own * 2 > lines.count, !lines.contains(where: { AMDColumns.header($0) != nil }) else {
            return nil
        }
        return guess(rocmListingIdentifier, "the text of rocm-smi")
    }

    /// Headers of rocm-smi, amd-smi and dcgmi.
    private static func others(_ line: Bytes) -> FormatGuess? {
        if let columns = AMDColumns.header(line) {
            return guess(
                columns.isROCm ? rocmIdentifier : amdIdentifier, "\(columns.roles.count) columns of an AMD tool")
        }
        if let columns = DCGMMonitorParser.header(line), columns.contains(where: { $0 != nil }) {
            return guess(dcgmIdentifier, "dcgmi dmon, \(columns.count) columns")
        }
        return nil
    }

    /// Header or unit lines of dmon and pmon: `# gpu    pwr  gtemp`, `#Date, Time, gpu`, `# Idx      W`.
    private static func monitor(_ line: Bytes) -> FormatGuess? {
        let names: [String]
        switch MonitorColumns.header(line) {
        case .names(let found)?: names = found
        case .units(let units)?:
            guard let found = MonitorColumns.names(ofUnits: units) else { return nil }
            names = found
        case nil: return nil
        }
        let columns = MonitorColumns(names)
        guard columns.roles.contains(.gpu),
            columns.roles.contains(where: { ![.gpu, .date, .time, .other].contains($0) })
        else { return nil }
        return columns.ofProcesses
            ? guess(pmonIdentifier, "nvidia-smi pmon")
            : guess(dmonIdentifier, "nvidia-smi dmon, \(names.count) columns")
    }

    /// Rows ` 20261123, 17:33:11, 0, 412, …` of `dmon -o DT --format csv,noheader,nounit`.
    private static func headerlessMonitor(_ lines: [Bytes], _ fileName: String) -> FormatGuess? {
        let rows = lines.count { line in
            line.count > 20 && line[8] == 44 && line[18] == 44 && line[12] == 58 && line[15] == 58
                && line.slice(0, 8).allSatisfy { $0 &- 48 < 10 }
        }
        guard rows > 0, rows * 2 > lines.count else { return nil }
        return FormatGuess(
            format: dmonIdentifier, score: 0.7 + (fileName.contains("dmon") ? 0.02 : 0),
            detail: "dmon without a header: the columns must be given (--columns)")
    }

    /// A capture that holds nothing but the text of a failed call.
    private static func failure(_ lines: [Bytes], _ tieBreaker: Double) -> FormatGuess? {
        let failed = lines.contains { NvidiaSMIParser.failure($0) != nil }
        return failed ? FormatGuess(format: identifier, score: 0.8 + tieBreaker, detail: "a failed call") : nil
    }

    /// Rows that begin with the tool's own time, which nothing else writes that way.
    private static func headerless(_ lines: [Bytes], _ tieBreaker: Double) -> FormatGuess? {
        let rows = lines.count { line in
            guard let comma = line.firstIndex(of: 44) else { return false }
            return NvidiaSMICell.wallMs(line.slice(0, comma)) != nil
        }
        guard rows > 0, rows * 2 > lines.count else { return nil }
        return FormatGuess(
            format: identifier, score: 0.7 + tieBreaker,
            detail: "rows without a header: unclear columns must be given (--columns)")
    }
}
