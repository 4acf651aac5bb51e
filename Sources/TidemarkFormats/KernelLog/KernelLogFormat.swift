import TidemarkBase

/// Recognises kernel logs: `dmesg` (also `-T`, `--time-format iso`), `journalctl -k` in its forms, `/var/log/kern.log`.
public enum KernelLogFormat {
    public static let identifier = "kernel-log"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``. Most lines must be the kernel's; lines of a GPU's
    ///   driver, and of processes that were killed for memory, make it sure.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        // A paste may begin with the command.
        let lines = head.headLines(limit: 200).filter { !ShellLine.matches($0) }
        var kernel = 0
        var driver = 0
        var errors = 0
        var others = 0
        var isSure = false
        func count(_ line: Bytes) {
            let hasDriver = line.range(of: "NVRM: ") != nil || line.range(of: "SXid (PCI:") != nil
            if hasDriver { driver += 1 }
            let text = KernelLogParser.withoutPriority(line)
            // A tool's list of them has them in quotes; prose about them begins otherwise.
            if text.has("NVRM: Xid (") || line.range(of: "] NVRM: Xid (") != nil
                || line.range(of: "kernel: NVRM: Xid (") != nil
                || line.first == 91 && line.range(of: " \"NVRM: Xid (") != nil
            {
                errors += 1
            }
            let isTalos = KernelLogParser.talos(line) != nil
            // Other times are worn by all kinds of logs.
            let isBracketed = text.first == 91 && KernelLogParser.prefix(text) != nil
            if isBracketed || text.count < line.count && line.has("kern  :") || line.range(of: " kernel: ") != nil
                || line.has("kernel: ") || isTalos
                || line.range(of: " kernel - ") != nil || hasDriver
                || line.range(of: "\"SYSLOG_IDENTIFIER\":\"kernel\"") != nil
                || line.range(of: "\"_TRANSPORT\":\"kernel\"") != nil
            {
                kernel += 1
                if !hasDriver, KernelKill.find(line) != nil || KernelLogParser.amd(line) != nil { others += 1 }
                if isTalos { isSure = true }
            }
        }
        for coloured in lines {
            var plain: [UInt8] = []
            if coloured.firstIndex(of: 27) != nil { ANSI.strip(coloured, into: &plain) }
            plain.withUnsafeBytes { count($0.isEmpty ? coloured : $0) }
        }
        // Two Xids are no chance where other lines of the kernel have lost their times.
        let isShort = errors > 1 && kernel * 4 >= lines.count
        guard kernel * 2 > lines.count || isShort, kernel > 0, driver + others > 0 || kernel > 2 || isSure else {
            return nil
        }
        // In a journal of the whole host a server's records are worth more than the kernel's.
        // A killed process is none of the driver's: a server's journal is full of the kernel's lines about one.
        let isWhole = kernel == lines.count
        let score = driver > 0 ? isWhole ? 0.93 : 0.85 : others > 0 && isWhole ? 0.93 : 0.6
        return FormatGuess(
            format: identifier, score: score + (fileName.contains("dmesg") || fileName.contains("kern") ? 0.03 : 0),
            detail: "a kernel log, \(driver) lines of NVIDIA's driver"
                + (others > 0 ? " and \(others) of killed processes or AMD's" : "") + " at its beginning")
    }
}
