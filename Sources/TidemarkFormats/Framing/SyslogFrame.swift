import TidemarkBase
import TidemarkEvidence

/// Syslog by RFC 5424, and what receivers of both kinds do to a text.
enum SyslogFrame {
    /// `[LENGTH ]<PRI>1 TIME HOST APP PROCID MSGID SD [BOM]text`; `-` is nil. With a length (RFC 6587) another message may
    /// follow on the same line.
    static func read(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        var start = 0
        var end = line.count
        var next = 0
        if let first = line.first, first &- 48 <= 9 {
            var scan = FieldScanner(line)
            guard let length = scan.integer(), scan.skip(" "), length < 1 << 30 else { return nil }
            start = scan.at
            if start + length < end {
                end = start + length
                next = end
            }
        }
        guard start < end else { return nil }
        let message = line.slice(start, end)
        var at = JournalFrame.priority(message)
        guard at > 0, message.has("1 ", at: at) else { return nil }
        at += 2
        var fields: [Range<Int>] = []
        fields.reserveCapacity(5)
        for _ in 0..<5 {
            guard let blank = message.firstIndex(of: 32, from: at) else { return nil }
            fields.append(at..<blank)
            at = blank + 1
        }
        guard let textAt = structuredData(message, at) else { return nil }
        var frame = FramedLine()
        let time = message.slice(fields[0].lowerBound, fields[0].upperBound)
        if !time.equals("-") {
            guard let parsed = CivilTime.parseRFC3339(time), parsed.length == time.count, parsed.zoned else {
                return nil
            }
            frame.info.timeMs = parsed.millis
        }
        if !message.slice(fields[1].lowerBound, fields[1].upperBound).equals("-") {
            frame.source = start + fields[1].lowerBound..<start + fields[1].upperBound
        }
        frame.info.pid = Decimal.parseInt(message.slice(fields[3].lowerBound, fields[3].upperBound))
        frame.textStart = start + textAt
        if message.has("\u{FEFF}", at: textAt) { frame.textStart += 3 }
        frame.textEnd = end == line.count ? -1 : max(end, frame.textStart)
        frame.next = next
        return unescape(frame, line, &scratch)
    }

    /// `[<PRI>][Mmm dd hh:mm:ss ]ident[[pid]]: text`: no host, and not always a time.
    static func tag(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        var at = JournalFrame.priority(line)
        var frame = FramedLine()
        if line.count > at + 18, let (stamp, end) = JournalFrame.stamp(line, at: at) {
            guard line.has(" ", at: end) else { return nil }
            (frame.info.stamp, frame.info.zoneless) = (stamp, true)
            at = end + 1
        }
        let ident = at
        while at < line.count, at - ident < 100, TextFrame.isNameByte(line[at]) || line[at] == 47 { at += 1 }
        // `INFO: ` is uvicorn's, `12: ` is no name.
        guard at > ident, at < line.count, line[ident] &- 48 > 9, RecordHeader.level(line, at: ident)?.1 != at else {
            return nil
        }
        if line[at] == 91 {
            var scan = FieldScanner(line, from: at + 1)
            guard let pid = scan.integer(), scan.skip("]") else { return nil }
            frame.info.pid = pid
            at = scan.at
        }
        guard line.has(":", at: at), at + 1 == line.count || line[at + 1] == 32 else { return nil }
        frame.textStart = min(at + 2, line.count)
        return unescape(frame, line, &scratch)
    }

    /// More repetitions than rsyslog would sum up in one line; a larger number is not believed.
    private static let mostRepetitions = 10_000

    /// `message repeated N times: [ text]`, which rsyslog (`$RepeatedMsgReduction on`) writes in place of the N messages that
    /// followed an equal one. It cuts the text to 800 bytes; nil where that may have happened.
    static func repetition(_ text: Bytes) -> (count: Int, text: Bytes)? {
        guard text.has("message repeated "), text.last == 93 else { return nil }
        var scan = FieldScanner(text, from: 17)
        guard let count = scan.integer(), count > 0, count <= mostRepetitions, scan.skip(" times: [") else {
            return nil
        }
        let message = text.slice(scan.at, text.count - 1)
        guard message.count < 800 else { return nil }
        return (count, message.slice(message.first == 32 ? 1 : 0, message.count))
    }

    /// Index of the text behind the structured data at `at`.
    private static func structuredData(_ message: Bytes, _ start: Int) -> Int? {
        var at = start
        if message.has("-", at: at) {
            at += 1
        } else {
            guard message.has("[", at: at) else { return nil }
            while message.has("[", at: at) {
                var isQuoted = false
                at += 1
                while at < message.count, isQuoted || message[at] != 93 {
                    if isQuoted, message[at] == 92 { at += 1 } else if message[at] == 34 { isQuoted.toggle() }
                    at += 1
                }
                guard at < message.count else { return nil }
                at += 1
            }
        }
        if at == message.count { return at }
        return message[at] == 32 ? at + 1 : nil
    }

    /// rsyslog writes control characters as `#ooo`: colours as `#033[0;36m`, a tab as `#011`.
    static func unescape(_ frame: FramedLine, _ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine {
        let text = line.slice(frame.textStart, frame.textEnd < 0 ? line.count : frame.textEnd)
        guard let first = control(text, from: 0) else { return frame }
        var frame = frame
        var copied = 0
        var next: (at: Int, value: UInt8)? = first
        while let found = next {
            scratch.append(contentsOf: text.slice(copied, found.at))
            scratch.append(found.value)
            copied = found.at + 4
            next = control(text, from: copied)
        }
        scratch.append(contentsOf: text.slice(copied, text.count))
        frame.textStart = -1
        return frame
    }

    /// The next `#ooo` of a control character at or after `from`.
    private static func control(_ text: Bytes, from: Int) -> (at: Int, value: UInt8)? {
        var from = from
        while let at = text.firstIndex(of: 35, from: from) {
            if at + 4 <= text.count, text[at + 1] == 48, text[at + 2] &- 48 < 4, text[at + 3] &- 48 < 8 {
                return (at, (text[at + 2] - 48) * 8 + (text[at + 3] - 48))
            }
            from = at + 1
        }
        return nil
    }
}
