import TidemarkBase
import TidemarkEvidence

/// The prefix that vLLM's logger writes before a message (`logging_utils/formatter.py`, all versions).
///
/// `[(NAME pid=N) …]LEVEL MM-DD HH:MM:SS [file.py:LINE] message`; until 0.7.3 without the opening bracket. The process
/// part is a wrapper around `write` until 0.30.0 and part of the format from 0.32.0. Positions are indexes into the line.
struct RecordHeader {
    var process = 0..<0
    var pid: Int?
    var level: LogLevel = .info
    var stamp = LogStamp(month: 1, day: 1, hour: 0, minute: 0, second: 0)
    var file = 0..<0
    var sourceLine = 0
    var message = 0

    /// The header that begins exactly at `start`.
    static func parse(_ line: Bytes, at start: Int = 0) -> RecordHeader? {
        var header = RecordHeader()
        var at = ANSI.skip(line, start)
        while at < line.count, line[at] == 40 {
            guard let prefix = ProcessPrefix.parse(line, at: at) else { return nil }
            header.process = prefix.name
            header.pid = prefix.pid
            at = ANSI.skip(line, prefix.end)
        }
        return header.parseFromLevel(line, at: at) ? header : nil
    }

    /// Reads from the level on; false when there is no header at `start`.
    @inline(__always)
    mutating func parseFromLevel(_ line: Bytes, at start: Int) -> Bool {
        guard let (level, afterLevel) = Self.level(line, at: start) else { return false }
        var at = ANSI.skip(line, afterLevel)
        guard at < line.count, line[at] == 32 else { return false }
        at = ANSI.skip(line, at + 1)
        guard let stamp = Self.stamp(line, at: at) else { return false }
        at = ANSI.skip(line, at + 14)
        guard at < line.count, line[at] == 32 else { return false }
        at = ANSI.skip(line, at + 1)
        let isBracketed = at < line.count && line[at] == 91
        if isBracketed { at += 1 }
        let nameStart = at
        while at < line.count, Self.isFileByte(line[at]) { at += 1 }
        guard at - nameStart > 3, at < line.count, line[at] == 58, line[at - 3] == 46,
            (line[at - 2] == 112 && line[at - 1] == 121) || (line[at - 2] == 114 && line[at - 1] == 115)
        else { return false }
        file = nameStart..<at
        at += 1
        let digits = at
        var number = 0
        while at < line.count, at - digits < 9 {
            let digit = line[at] &- 48
            if digit > 9 { break }
            number = number &* 10 &+ Int(digit)
            at += 1
        }
        // The documentation of 0.4 prints the line without any bracket.
        guard at > digits, at < line.count else { return false }
        if line[at] != 93, isBracketed || line[at] != 32 {
            // A paste made `[]` of the closing bracket.
            guard isBracketed, line.has("[]", at: at) else { return false }
            at += 1
        }
        at = ANSI.skip(line, at + 1)
        if at < line.count, line[at] == 32 { at += 1 }
        self.level = level
        self.stamp = stamp
        sourceLine = number
        message = at
        return true
    }

    @inline(__always)
    static func isFileByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 65...90, 48...57, 95, 46, 47, 45: return true
        default: return false
        }
    }

    /// The level word at `at` and the index after it.
    @inline(__always)
    static func level(_ line: Bytes, at: Int) -> (LogLevel, Int)? {
        guard at < line.count else { return nil }
        switch line[at] {
        case 73: return line.has("INFO", at: at) ? (.info, at + 4) : nil
        case 87:
            return line.has("WARNING", at: at)
                ? (.warning, at + 7) : line.has("WARN", at: at) ? (.warning, at + 4) : nil
        case 69: return line.has("ERROR", at: at) ? (.error, at + 5) : nil
        case 68: return line.has("DEBUG", at: at) ? (.debug, at + 5) : nil
        case 67: return line.has("CRITICAL", at: at) ? (.critical, at + 8) : nil
        case 84: return line.has("TRACE", at: at) ? (.trace, at + 5) : nil
        default: return nil
        }
    }

    /// `MM-DD HH:MM:SS` at `at` (14 bytes).
    @inline(__always)
    static func stamp(_ line: Bytes, at: Int) -> LogStamp? {
        guard at + 14 <= line.count, line[at + 2] == 45, line[at + 5] == 32, line[at + 8] == 58, line[at + 11] == 58
        else { return nil }
        guard let month = pair(line, at), let day = pair(line, at + 3), let hour = pair(line, at + 6),
            let minute = pair(line, at + 9), let second = pair(line, at + 12), month >= 1, month <= 12, day >= 1,
            day <= 31, hour < 24, minute < 60, second < 61
        else { return nil }
        return LogStamp(month: month, day: day, hour: hour, minute: minute, second: second)
    }

    @inline(__always)
    static func pair(_ line: Bytes, _ at: Int) -> UInt8? {
        let high = line[at] &- 48
        let low = line[at + 1] &- 48
        return high <= 9 && low <= 9 ? high * 10 + low : nil
    }
}

/// `(NAME pid=N)` or `(NAME pid=N, ip=A.B.C.D)`: vLLM's or Ray's mark of the process that wrote a line.
struct ProcessPrefix {
    var name: Range<Int>
    var pid: Int
    /// Index after the prefix and its blank.
    var end: Int

    private static let longest = 200

    /// The prefix whose parenthesis stands at `at`.
    static func parse(_ line: Bytes, at: Int) -> ProcessPrefix? {
        let first = at + 1
        // Ray's actors may begin with an underscore.
        guard first < line.count, (line[first] | 0x20) &- 97 < 26 || line[first] == 95 else { return nil }
        // A worker of Ray that has no actor yet: `(pid=53316) `.
        if line[first] == 112, line.has("pid=", at: first) {
            var scan = FieldScanner(line, from: first + 4)
            guard let pid = scan.integer(), scan.at - first < 16, scan.skip(")") else { return nil }
            var end = ANSI.skip(line, scan.at)
            if end < line.count, line[end] == 32 { end += 1 }
            return ProcessPrefix(name: first..<first, pid: pid, end: end)
        }
        let limit = min(line.count, at + longest)
        var index = first
        while true {
            while index < limit, line[index] != 32 { index += 1 }
            guard index < limit else { return nil }
            if line.has(" pid=", at: index) { break }
            index += 1
        }
        let name = first..<index
        index += 5
        let digits = index
        var pid = 0
        while index < line.count, index - digits < 12 {
            let digit = line[index] &- 48
            if digit > 9 { break }
            pid = pid &* 10 &+ Int(digit)
            index += 1
        }
        guard index > digits, index < line.count else { return nil }
        if line[index] == 44 {
            guard line.has(", ip=", at: index) else { return nil }
            while index < limit, line[index] != 41 { index += 1 }
        }
        guard index < line.count, line[index] == 41 else { return nil }
        index = ANSI.skip(line, index + 1)
        if index < line.count, line[index] == 32 { index += 1 }
        return ProcessPrefix(name: name, pid: pid, end: index)
    }

    /// `(EngineCore) ` of a user who left out the process id.
    static func parseWithoutPid(_ line: Bytes, at start: Int) -> (name: Range<Int>, end: Int)? {
        let names: [StaticString] = ["EngineCore", "APIServer", "ApiServer", "Worker", "VllmWorker", "RayWorker"]
        guard line.has("(", at: start), names.contains(where: { line.has($0, at: start + 1) }),
            let close = line.firstIndex(of: 41, from: start), close - start < 60, line.has(" ", at: close + 1)
        else { return nil }
        return (start + 1..<close, close + 2)
    }

    /// All prefixes at the start of a line: the innermost one, and the index after them.
    static func parseChain(_ line: Bytes, at start: Int = 0) -> (name: Range<Int>, pid: Int?, end: Int) {
        var at = ANSI.skip(line, start)
        var name = 0..<0
        var pid: Int?
        while at < line.count, line[at] == 40, let prefix = parse(line, at: at) {
            name = prefix.name
            pid = prefix.pid
            at = ANSI.skip(line, prefix.end)
        }
        if at < line.count, line[at] == 91, let rank = rankPrefix(line, at: at) { return (rank.name, pid, rank.end) }
        return (name, pid, at)
    }

    /// `[rank0]: `, which torch puts before the lines of a worker's traceback.
    private static func rankPrefix(_ line: Bytes, at: Int) -> (name: Range<Int>, end: Int)? {
        guard line.has("[rank", at: at) else { return nil }
        var index = at + 5
        while index < line.count, line[index] &- 48 <= 9 { index += 1 }
        guard index > at + 5, line.has("]: ", at: index) || (line.has("]:", at: index) && index + 2 == line.count)
        else {
            return nil
        }
        return (at + 1..<index, min(index + 3, line.count))
    }
}

/// What is left of a header when a user shortened it: `LEVEL [file.py:LINE] message`, `[file.py:LINE] message`,
/// `LEVEL MM-DD HH:MM [file.py:LINE] message`. Mostly it has no time.
struct ShortHeader {
    var level: LogLevel?
    var stamp: LogStamp?
    var file: Range<Int>
    var sourceLine: Int
    var message: Int

    static func parse(_ line: Bytes, at start: Int) -> ShortHeader? {
        var at = start
        var level: LogLevel?
        if let (read, after) = RecordHeader.level(line, at: at), after < line.count, line[after] == 32 {
            level = read
            at = after + 1
        }
        let stamp = level == nil ? nil : stampWithoutSeconds(line, at: at)
        if stamp != nil { at += 12 }
        // A time of day, whose date was cut out, is none.
        if level != nil, stamp == nil, at + 9 <= line.count, line[at + 2] == 58, line[at + 5] == 58, line[at + 8] == 32,
            RecordHeader.pair(line, at) != nil, RecordHeader.pair(line, at + 3) != nil,
            RecordHeader.pair(line, at + 6) != nil
        {
            at += 9
        }
        // `INFO platform.py:83] text`: that of 0.4 to 0.7 without its time.
        let isBracketed = at < line.count && line[at] == 91
        guard isBracketed || level != nil && stamp == nil else { return nil }
        let name = isBracketed ? at + 1 : at
        at = name
        while at < line.count, RecordHeader.isFileByte(line[at]) { at += 1 }
        guard at - name > 3, line.has(".py:", at: at - 3) || line.has(".rs:", at: at - 3) else { return nil }
        var scan = FieldScanner(line, from: at + 1)
        guard let number = scan.integer(), scan.skip("]") else { return nil }
        if !scan.atEnd, line[scan.at] == 32 { scan.at += 1 }
        return ShortHeader(level: level, stamp: stamp, file: name..<at, sourceLine: number, message: scan.at)
    }

    /// `MM-DD HH:MM ` at `at`.
    private static func stampWithoutSeconds(_ line: Bytes, at: Int) -> LogStamp? {
        guard at + 12 <= line.count, line[at + 2] == 45, line[at + 5] == 32, line[at + 8] == 58, line[at + 11] == 32,
            let month = RecordHeader.pair(line, at), let day = RecordHeader.pair(line, at + 3),
            let hour = RecordHeader.pair(line, at + 6), let minute = RecordHeader.pair(line, at + 9), month >= 1,
            month <= 12, day >= 1, day <= 31, hour < 24, minute < 60
        else { return nil }
        return LogStamp(month: month, day: day, hour: hour, minute: minute, second: 0)
    }
}
