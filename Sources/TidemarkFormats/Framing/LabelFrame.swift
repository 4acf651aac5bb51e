import TidemarkBase
import TidemarkEvidence

/// Prefixes whose form proves little: they count as a framing where the server's own lines follow (``ServerText``).
enum LabelFrame {
    /// A clock without zone: `2026-11-23 17:40:00[.123] text` (gcloud run, moreutils' `ts`), the same in brackets, with a
    /// `T` (`aws logs tail --format short`) or a colon behind it (pm2), and `Nov 23 17:40:00 text`.
    static func clock(_ line: Bytes) -> FramedLine? {
        guard line.count >= 15 else { return nil }
        let isBracketed = line[0] == 91
        let start = isBracketed ? 1 : 0
        var frame = FramedLine()
        var end: Int
        if line[start] &- 48 <= 9 {
            guard let time = CivilTime.parseRFC3339(line.slice(start, line.count)), !time.zoned,
                // A comma before the milliseconds is a logger's own.
                !line.has(",", at: start + 19)
            else { return nil }
            end = start + time.length
            frame.info.timeMs = time.millis
        } else {
            guard line.count > start + 18, let (stamp, after) = JournalFrame.stamp(line, at: start) else { return nil }
            end = after
            frame.info.stamp = stamp
        }
        frame.info.zoneless = true
        if isBracketed {
            guard line.has("]", at: end) else { return nil }
            end += 1
        } else if line.has(":", at: end) {
            end += 1
        }
        guard end == line.count || line[end] == 32 else { return nil }
        frame.textStart = min(end + 1, line.count)
        return frame
    }

    /// One name and a blank: a log stream (`aws logs tail`), `/group stream` (awslogs), Heroku's `app[web.1]: text`, Fly's
    /// `app[id] ord [info]text`, a name before a time; also `job TAB step TAB time text` (`gh run view --log`).
    static func label(_ line: Bytes) -> FramedLine? {
        if let tab = line.slice(0, min(line.count, 200)).firstIndex(of: 9) {
            guard let second = line.slice(0, min(line.count, 400)).firstIndex(of: 9, from: tab + 1) else { return nil }
            let at = line.has("\u{FEFF}", at: second + 1) ? second + 4 : second + 1
            guard var frame = TextFrame.timestamp(line, from: at), !frame.info.zoneless else { return nil }
            frame.source = 0..<tab
            return frame
        }
        let end = word(line, from: 0)
        guard end > 1, end < line.count, line[end] == 32, line[0] &- 48 > 9 || CivilTime.parseRFC3339(line) == nil
        else {
            return nil
        }
        if line[0] == 47 {
            let stream = word(line, from: end + 1)
            guard stream > end + 1, stream < line.count, line[stream] == 32 else { return nil }
            return TextFrame.behind(line, name: end + 1..<stream, text: stream + 1)
        }
        if line[end - 1] == 93 || line.has("]:", at: end - 2) {
            guard line.slice(0, end).firstIndex(of: 91) ?? 0 > 0 else { return nil }
            var frame = FramedLine(timeMs: nil, text: end + 1)
            frame.source = 0..<(line[end - 1] == 58 ? end - 1 : end)
            if line[end - 1] == 58 { return frame }
            let region = word(line, from: end + 1)
            let level = line.slice(0, min(line.count, region + 16))
            guard level.has(" [", at: region), let close = level.firstIndex(of: 93, from: region) else { return nil }
            frame.textStart = close + 1
            return frame
        }
        guard isByte(line[end - 1]), line[end - 1] != 58 else { return nil }
        let frame = TextFrame.behind(line, name: 0..<end, text: end + 1)
        // A bare word is a name only before a time.
        let isName = line.slice(0, end).contains { $0 &- 45 <= 12 || $0 == 58 }
        return isName || frame.info.timeMs != nil ? frame : nil
    }

    /// `pod container text` where the pod's name is any.
    static func names(_ line: Bytes) -> FramedLine? {
        var at = 0
        guard let pod = TextFrame.name(line, &at), line.has(" ", at: at) else { return nil }
        at += 1
        guard let container = TextFrame.name(line, &at), line.has(" ", at: at) else { return nil }
        return TextFrame.behind(line, name: pod, container: container, text: at + 1)
    }

    /// `name    |text` (nerdctl compose): no blank behind the bar.
    static func nerdctl(_ line: Bytes) -> FramedLine? {
        let start = ANSI.skip(line, 0)
        var at = start
        while at < line.count, at - start < 100, TextFrame.isNameByte(line[at]) { at += 1 }
        let name = start..<at
        while at < line.count, line[at] == 32 { at += 1 }
        guard !name.isEmpty, at > name.upperBound, line.has("|", at: at) else { return nil }
        at += 1
        if start > 0 { at += ANSI.codeLength(line, at) ?? 0 }
        return TextFrame.behind(line, name: name, text: at)
    }

    /// A blank more than usual behind a time or a name: tables of gcloud, Render, kubetail.
    static func blank(_ line: Bytes) -> FramedLine? {
        line.first == 32 ? FramedLine(timeMs: nil, text: 1) : nil
    }

    /// `> text`, also of a quotation of a quotation; `>` alone is an empty line of it.
    static func quoted(_ line: Bytes) -> FramedLine? {
        var at = 0
        while line.has("> ", at: at) { at += 2 }
        if at + 1 == line.count, line[at] == 62 { at += 1 }
        return at == 0 ? nil : FramedLine(timeMs: nil, text: at)
    }

    /// `12:text`, `vllm.log:text` (grep).
    static func grep(_ line: Bytes) -> FramedLine? { numbered(line, separator: ":") }

    /// `0: text` (`srun --label`).
    static func rank(_ line: Bytes) -> FramedLine? { numbered(line, separator: ": ") }

    private static func numbered(_ line: Bytes, separator: StaticString) -> FramedLine? {
        var at = 0
        var isNumber = true
        while at < line.count, at < 200, line[at] != 58, isByte(line[at]) {
            if line[at] &- 48 > 9 { isNumber = false }
            at += 1
        }
        guard at > 0, line.has(separator, at: at), isNumber || separator.utf8CodeUnitCount == 1 else { return nil }
        var frame = FramedLine(timeMs: nil, text: at + separator.utf8CodeUnitCount)
        // A line's number is no name.
        if !isNumber || separator.utf8CodeUnitCount > 1 { frame.source = 0..<at }
        return frame
    }

    /// `aws logs get-log-events` and `filter-log-events` with `--output text`: `EVENTS TAB [id TAB] ingestion TAB [stream
    /// TAB] text TAB ms`.
    static func awsText(_ line: Bytes) -> FramedLine? {
        guard line.has("EVENTS\t"), let last = line.lastIndex(of: 9), last > 7,
            let time = FrameTime(number: line.slice(last + 1, line.count).trimmed),
            let first = line.firstIndex(of: 9, from: 7), first <= last,
            line.slice(7, first).allSatisfy({ $0 &- 48 <= 9 })
        else { return nil }
        var frame = FramedLine(timeMs: time.millis, text: first + 1)
        if let second = line.firstIndex(of: 9, from: first + 1), second < last,
            line.slice(first + 1, second).allSatisfy({ $0 &- 48 <= 9 }),
            let third = line.firstIndex(of: 9, from: second + 1), third < last
        {
            frame.source = second + 1..<third
            frame.textStart = third + 1
        }
        frame.textEnd = max(frame.textStart, last)
        return frame
    }

    /// `ESC _bk;t=1795455600000 BEL text`, Buildkite's raw log.
    static func buildkite(_ line: Bytes) -> FramedLine? {
        guard line.has("\u{1b}_bk;t="), let bell = line.slice(0, min(line.count, 40)).firstIndex(of: 7),
            let time = FrameTime(number: line.slice(7, bell))
        else { return nil }
        return FramedLine(timeMs: time.millis, text: bell + 1)
    }

    private static func word(_ line: Bytes, from start: Int) -> Int {
        var at = start
        while at < line.count, at - start < 256, isByte(line[at]) || line[at] == 91 || line[at] == 93 { at += 1 }
        return at
    }

    /// Letters, digits, `-./_:@$`.
    private static func isByte(_ byte: UInt8) -> Bool {
        byte &- 45 <= 13 || (byte | 0x20) &- 97 < 26 || byte == 95 || byte == 64 || byte == 36
    }
}
