import TidemarkBase
import TidemarkEvidence

/// Finds where a record begins inside a line: after a progress bar, a logging prefix of the operator
/// (`VLLM_LOGGING_PREFIX`), or another record when concurrent writers lost a line feed.
enum RecordSearch {
    /// Start of the first record header at or after `from`, its process prefixes included. `line` must be free of
    /// colour codes. Every header holds `.py:NN]`, so only colons are looked at.
    static func firstHeader(in line: Bytes, from: Int) -> Int? {
        var probe = from
        while let colon = line.firstIndex(of: 58, from: probe) {
            probe = colon + 1
            guard let level = levelStart(line, colon: colon), level >= from else { continue }
            var start = level
            while let earlier = prefixStart(line, endingAt: start, from: from) { start = earlier }
            if RecordHeader.parse(line, at: start) != nil { return start }
        }
        return nil
    }

    /// Start of the level word of the header whose file name ends at `colon`.
    private static func levelStart(_ line: Bytes, colon: Int) -> Int? {
        guard colon > 4, colon + 1 < line.count, line[colon + 1] &- 48 <= 9, line[colon - 3] == 46,
            (line[colon - 2] == 112 && line[colon - 1] == 121) || (line[colon - 2] == 114 && line[colon - 1] == 115)
        else { return nil }
        var at = colon - 3
        while at > 0, RecordHeader.isFileByte(line[at - 1]), colon - at < 300 { at -= 1 }
        if at > 0, line[at - 1] == 91 { at -= 1 }
        // ` MM-DD HH:MM:SS ` stands before the file.
        guard at >= 16, line[at - 1] == 32, line[at - 16] == 32, RecordHeader.stamp(line, at: at - 15) != nil
        else { return nil }
        let end = at - 16
        for length in [4, 5, 7, 8] where end >= length {
            if let (_, after) = RecordHeader.level(line, at: end - length), after == end { return end - length }
        }
        return nil
    }

    /// Start of a process prefix that ends exactly at `end`.
    private static func prefixStart(_ line: Bytes, endingAt end: Int, from: Int) -> Int? {
        guard end >= 8, line[end - 1] == 32, line[end - 2] == 41 else { return nil }
        var at = end - 3
        while at >= from, end - at < 200 {
            if line[at] == 40, let prefix = ProcessPrefix.parse(line, at: at), prefix.end == end { return at }
            at -= 1
        }
        return nil
    }

    /// Start of a uvicorn line (`INFO:     …`) at or after `from`, process prefixes included.
    static func firstUvicorn(in line: Bytes, from: Int) -> Int? {
        var probe = from
        while let colon = line.firstIndex(of: 58, from: probe) {
            probe = colon + 1
            guard line.has(" ", at: colon + 1) else { continue }
            for length in [4, 5, 7, 8] where colon - length >= from {
                let at = colon - length
                guard let (_, after) = RecordHeader.level(line, at: at), after == colon,
                    let found = UvicornLine.parse(line, at: at) ?? UvicornLine.parseCollapsed(line, at: at),
                    found.message <= line.count,
                    UvicornLine.isKnown(line.slice(found.message, line.count))
                else { continue }
                var start = at
                while let earlier = prefixStart(line, endingAt: start, from: from) { start = earlier }
                return start
            }
        }
        return nil
    }
}
