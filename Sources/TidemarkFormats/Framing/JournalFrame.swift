import TidemarkBase
import TidemarkEvidence

/// Text forms of systemd's journal, and of syslog files that look alike: a time, then ` host ident[pid]: text`.
enum JournalFrame {
    static func iso(_ line: Bytes) -> FramedLine? {
        // rsyslog forwards with `<PRI>` in front.
        let start = priority(line)
        guard line.count > start + 26, line[start] &- 48 <= 9,
            let time = CivilTime.parseRFC3339(line.slice(start, line.count)), time.zoned
        else { return nil }
        let end = start + time.length
        // A `Z` is rare here and common before other text.
        return origin(line, at: end, needsPID: line[end - 1] | 0x20 == 122) { $0.timeMs = time.millis }
    }

    /// `Mar  4 09:08:07[.123456]`, with `<PRI>` in front when it came over the network.
    static func short(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        let start = priority(line)
        guard line.count > start + 18 else { return nil }
        if let (millis, end) = dated(line, at: start) {
            let frame = origin(line, at: end, needsPID: false) {
                $0.timeMs = millis
                $0.zoneless = true
            }
            return frame.map { SyslogFrame.unescape($0, line, &scratch) }
        }
        guard let (stamp, end) = stamp(line, at: start) else { return nil }
        let frame = origin(line, at: end, needsPID: false) {
            $0.stamp = stamp
            $0.zoneless = true
        }
        return frame.map { SyslogFrame.unescape($0, line, &scratch) }
    }

    /// `Wed 2026-03-04 09:08:07 UTC`.
    static func full(_ line: Bytes) -> FramedLine? {
        guard line.count > 30, line[3] == 32, line[4] &- 48 <= 9,
            let time = CivilTime.parseRFC3339(line.slice(4, line.count)), line.has(" ", at: 4 + time.length)
        else { return nil }
        let zone = 5 + time.length
        guard let end = line.firstIndex(of: 32, from: zone), end - zone < 8 else { return nil }
        let isUTC = line.slice(zone, end).equals("UTC") || line.slice(zone, end).equals("GMT")
        return origin(line, at: end, needsPID: false) {
            $0.timeMs = time.millis
            $0.zoneless = !isUTC
        }
    }

    /// `1772615287.123456`.
    static func unix(_ line: Bytes) -> FramedLine? {
        guard line.count > 20, line[0] &- 48 <= 9, let blank = line.firstIndex(of: 32), blank <= 18, blank >= 10,
            line[10] == 46 || blank == 10, let millis = SecondsText.millis(line.slice(0, blank))
        else { return nil }
        return origin(line, at: blank, needsPID: false) { $0.timeMs = millis }
    }

    /// `[12345.678901]`; lines of dmesg look alike but name neither host nor process.
    static func monotonic(_ line: Bytes) -> FramedLine? {
        guard line.first == 91, let close = line.firstIndex(of: 93), close < 40, close > 7 else { return nil }
        // `short-delta` adds the time since the line before: `[ 4321.000000 <    0.010000 >]`.
        let isDelta = line.has(" >]", at: close - 2)
        guard line[close - 7] == 46 || isDelta else { return nil }
        for at in 1..<close where line[at] &- 48 > 9 && line[at] != 32 && line[at] != 46 {
            guard isDelta, line[at] == 60 || line[at] == 62 else { return nil }
        }
        return origin(line, at: close + 1, needsPID: true) { _ in }
    }

    /// Length of a `<PRI>` at the start.
    static func priority(_ line: Bytes) -> Int {
        guard line.first == 60 else { return 0 }
        var at = 1
        while at < line.count, at < 5, line[at] &- 48 <= 9 { at += 1 }
        return at > 1 && line.has(">", at: at) ? at + 1 : 0
    }

    /// `Nov 23 2026 17:40:00`, in milliseconds.
    private static func dated(_ line: Bytes, at start: Int) -> (Int64, Int)? {
        let text = line.slice(start, line.count)
        guard text.count > 20, text[6] == 32, text[11] == 32, text[14] == 58, text[17] == 58,
            let month = ClockLine.month(text.slice(0, 3)), let century = RecordHeader.pair(text, 7),
            let decade = RecordHeader.pair(text, 9), let hour = RecordHeader.pair(text, 12),
            let minute = RecordHeader.pair(text, 15), let second = RecordHeader.pair(text, 18), hour < 24, minute < 60,
            second < 61
        else { return nil }
        let year = Int(century) * 100 + Int(decade)
        let tens = text[4] == 32 ? 0 : text[4] &- 48
        let day = Int(tens) * 10 + Int(text[5] &- 48)
        guard CivilTime.isValid(year: year, month: month, day: day) else { return nil }
        let time = CivilTime.millis(
            year: year, month: month, day: day, hour: Int(hour), minute: Int(minute), second: Int(second))
        return (time, start + 20)
    }

    /// `Mar  4 09:08:07[.123456]`; more than 15 bytes must follow `start`.
    static func stamp(_ line: Bytes, at start: Int) -> (LogStamp, Int)? {
        let text = line.slice(start, line.count)
        guard let month = ClockLine.month(text.slice(0, 3)), text[3] == 32, text[6] == 32, text[9] == 58,
            text[12] == 58, let hour = RecordHeader.pair(text, 7), let minute = RecordHeader.pair(text, 10),
            let second = RecordHeader.pair(text, 13), hour < 24, minute < 60, second < 61
        else { return nil }
        let tens = text[4] == 32 ? 0 : text[4] &- 48
        let ones = text[5] &- 48
        guard tens <= 3, ones <= 9 else { return nil }
        let day = tens * 10 + ones
        guard day >= 1, day <= 31 else { return nil }
        var stamp = LogStamp(month: UInt8(month), day: day, hour: hour, minute: minute, second: second)
        var at = 15
        if text[at] == 46 {
            var digits = 0
            at += 1
            while at < text.count, text[at] &- 48 <= 9 {
                if digits < 3 { stamp.milli = stamp.milli * 10 + UInt16(text[at] &- 48) }
                digits += 1
                at += 1
            }
            while digits < 3 {
                stamp.milli *= 10
                digits += 1
            }
        }
        return (stamp, start + at)
    }

    /// ` host ident[pid]: text` behind a time.
    /// - Parameter needsPID: whether the process must be named, because the time proves little. The kernel has no pid.
    static func origin(_ line: Bytes, at start: Int, needsPID: Bool, _ time: (inout FrameInfo) -> Void) -> FramedLine? {
        guard start < line.count, line[start] == 32 else { return nil }
        var at = start + 1
        let host = at
        while at < line.count, isHostByte(line[at]), at - host < 256 { at += 1 }
        guard at > host, at < line.count else { return nil }
        var frame = FramedLine()
        // `journalctl --no-hostname` and Docker's driver leave the host out; the process follows the time then.
        let isNameless =
            !needsPID && (line[at] == 91 || line[at - 1] == 58 && line.slice(host, at).equals("kernel:"))
        if isNameless {
            at = host
        } else {
            guard line[at] == 32, line[at - 1] != 58 else { return nil }
            frame.source = host..<at
            at += 1
        }
        let ident = at
        let limit = min(line.count, at + 200)
        while at < limit, line[at] != 32, line[at] != 58, line[at] != 91 { at += 1 }
        guard at > ident, at < limit else { return nil }
        if line[at] == 91 {
            var scan = FieldScanner(line, from: at + 1)
            guard let pid = scan.integer(), scan.skip("]"), !isNameless || line.has(": ", at: scan.at) else {
                return nil
            }
            frame.info.pid = pid
            at = scan.at
        } else if needsPID, !line.slice(ident, at).equals("kernel") {
            return nil
        }
        guard at < line.count, line[at] == 58 else { return nil }
        at += 1
        if at < line.count {
            guard line[at] == 32 else { return nil }
            at += 1
        }
        frame.textStart = at
        time(&frame.info)
        return frame
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == 45 || byte == 46 || byte == 95 || byte == 58
    }
}
