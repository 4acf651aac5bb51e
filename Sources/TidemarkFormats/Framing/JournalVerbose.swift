import TidemarkBase
import TidemarkEvidence

/// `journalctl -o verbose`: a line with the time and the cursor, then each field on a line of its own, indented by four; the
/// further lines of a value are indented to where it begins.
enum JournalVerbose {
    /// `Mon 2026-11-23 17:40:00.010000 UTC [s=…;i=…;b=…;m=…;t=…;x=…]`.
    static func isHead(_ line: Bytes) -> Bool {
        guard line.count > 40, line[3] == 32, line[4] &- 48 <= 9, line.trimmed.last == 93,
            let cursor = line.range(of: " [s="), cursor < 60
        else { return false }
        return CivilTime.parseRFC3339(line.slice(4, line.count)) != nil
    }

    /// All lines of one entry, as ``EntryAssembler`` collects them. The cursor holds the time of arrival, whatever zone the
    /// printed one is in.
    static func read(_ entry: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        let headEnd = entry.firstIndex(of: 10) ?? entry.count
        guard isHead(entry.slice(0, headEnd)) else { return nil }
        var frame = FramedLine()
        frame.textStart = -1
        var times = JournalEntry.Times()
        times.arrival = arrival(entry.slice(0, headEnd))
        var indent = 0
        var hasMessage = false
        var at = headEnd + 1
        while at < entry.count {
            let end = entry.firstIndex(of: 10, from: at) ?? entry.count
            let line = entry.slice(at, end)
            defer { at = end + 1 }
            guard let equals = fieldEnd(line) else {
                // Text without an indent to its name: the journal escapes none of it.
                if indent > 0 {
                    scratch.append(10)
                    let blanks = line.prefix(indent).prefix { $0 == 32 }.count
                    scratch.append(contentsOf: line.slice(blanks, line.count))
                }
                continue
            }
            let name = line.slice(4, equals)
            let value = at + equals + 1..<end
            let bytes = entry.slice(value.lowerBound, value.upperBound)
            indent = 0
            if name.equals("MESSAGE") {
                hasMessage = true
                indent = equals + 1
                scratch.append(contentsOf: bytes)
            } else {
                JournalEntry.take(name, value, bytes, into: &frame, &times)
            }
        }
        guard hasMessage, let time = times.millis else { return nil }
        frame.info.timeMs = time
        return frame
    }

    /// Where the name of a field ends; nil for a line that begins none.
    private static func fieldEnd(_ line: Bytes) -> Int? {
        guard line.has("    "), line.count > 5, line[4] == 95 || line[4] &- 65 < 26 else { return nil }
        var at = 4
        while at < line.count, at < 80, line[at] == 95 || line[at] &- 65 < 26 || line[at] &- 48 <= 9 { at += 1 }
        return line.has("=", at: at) ? at : nil
    }

    /// `t=` of the cursor: microseconds since 1970, in hexadecimal digits.
    private static func arrival(_ head: Bytes) -> Int? {
        guard var at = head.range(of: ";t=") else { return nil }
        at += 3
        var value = 0
        let start = at
        while at < head.count, at - start < 15 {
            switch head[at] {
            case 48...57: value = value << 4 | Int(head[at] - 48)
            case 97...102: value = value << 4 | Int(head[at] - 87)
            default: return at > start ? value : nil
            }
            at += 1
        }
        return nil
    }
}
