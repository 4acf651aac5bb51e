import TidemarkBase
import TidemarkEvidence

/// Prefixes of text lines: a time, a name, or both.
enum TextFrame {
    // MARK: Times

    static func timestamp(_ line: Bytes, from start: Int) -> FramedLine? {
        guard start + 20 <= line.count else { return nil }
        let bracket = line[start] == 91
        let at = bracket ? start + 1 : start
        guard line[at] &- 48 <= 9, let time = CivilTime.parseRFC3339(line.slice(at, line.count)) else { return nil }
        var end = at + time.length
        if bracket {
            guard time.zoned, line.has("]", at: end) else { return nil }
            end += 1
        }
        var frame = FramedLine(timeMs: time.millis, text: end)
        // Grafana's download: the time and a tab. A comma in the time is a logger's own, Ray's for instance.
        if end < line.count, line[end] == 9, line[at + 19] != 44 {
            frame.info.zoneless = !time.zoned
            frame.textStart = end + 1
            return frame
        }
        if !time.zoned {
            guard line.has(" | ", at: end), !isLoguru(line, at: end + 3) else { return nil }
            frame.info.zoneless = true
            end += 2
        }
        guard end < line.count else { return frame }
        guard line[end] == 32 else { return nil }
        frame.textStart = end + 1
        gitLabSection(line, &frame)
        return frame
    }

    /// `INFO     | module:function:7 - text` behind loguru's own time.
    private static func isLoguru(_ line: Bytes, at start: Int) -> Bool {
        guard
            let (_, end) = RecordHeader.level(line, at: start)
                ?? (line.has("SUCCESS", at: start) ? (.info, start + 7) : nil)
        else { return false }
        var at = end
        while at < line.count, line[at] == 32 { at += 1 }
        // The level is padded to eight columns.
        return at == start + 9 && line.has("| ", at: at)
    }

    /// GitLab's runner writes `00O ` or `00E ` behind the time: the number and kind of the stream.
    @inline(__always)
    private static func gitLabSection(_ line: Bytes, _ frame: inout FramedLine) {
        let at = frame.textStart
        guard at + 4 <= line.count, line[at + 3] == 32 || line[at + 3] == 43, line[at] &- 48 <= 9,
            line[at + 1] &- 48 <= 9, line[at + 2] == 79 || line[at + 2] == 69
        else { return }
        frame.info.stream = line[at + 2] == 79 ? "stdout" : "stderr"
        frame.textStart = at + 4
    }

    static func cri(_ line: Bytes) -> FramedLine? {
        guard line.count >= 28, line[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(line), time.zoned else {
            return nil
        }
        var at = time.length
        var frame = FramedLine(timeMs: time.millis, text: 0)
        if line.has(" stdout ", at: at) {
            frame.info.stream = "stdout"
        } else if line.has(" stderr ", at: at) {
            frame.info.stream = "stderr"
        } else {
            return nil
        }
        at += 8
        // Further tags may follow the first, separated by colons.
        guard at < line.count, line[at] == 70 || line[at] == 80 else { return nil }
        frame.partial = line[at] == 80
        let tags = at
        while at < line.count, line[at] != 32 { at += 1 }
        guard at - tags < 40 else { return nil }
        frame.textStart = min(at + 1, line.count)
        return frame
    }

    /// `2026-08-22T05:14:15Z {app="vllm", pod="vllm-0"}   text`.
    static func logcli(_ line: Bytes) -> FramedLine? {
        guard line.count > 22, line[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(line), time.zoned,
            line.has(" {", at: time.length)
        else { return nil }
        var frame = FramedLine(timeMs: time.millis, text: 0)
        var at = time.length + 2
        let labels = at
        guard at < line.count, line[at] == 125 || (line[at] | 0x20) &- 97 < 26 || line[at] == 95 else { return nil }
        while at < line.count, line[at] != 125 {
            let name = at
            while at < line.count, isLabelByte(line[at]) { at += 1 }
            let nameEnd = at
            guard nameEnd > name, line.has("=\"", at: at) else { return nil }
            at += 2
            let value = at
            while at < line.count, line[at] != 34 { at += line[at] == 92 ? 2 : 1 }
            guard at < line.count else { return nil }
            let label = line.slice(name, nameEnd)
            if label.equals("pod") || label.equals("container_name") && frame.source.isEmpty {
                frame.source = value..<at
            } else if label.equals("container") {
                frame.container = value..<at
            } else if label.equals("stream") {
                frame.info.stream = line.slice(value, at).equals("stderr") ? "stderr" : "stdout"
            }
            at += 1
            while at < line.count, line[at] == 44 || line[at] == 32 { at += 1 }
        }
        guard at < line.count else { return nil }
        if frame.source.isEmpty, frame.container.isEmpty, at - labels < 400 { frame.source = labels..<at }
        at += 1
        while at < line.count, line[at] == 32 { at += 1 }
        frame.textStart = at
        return frame
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == 95
    }

    // MARK: Names

    static func kubectl(_ line: Bytes) -> FramedLine? {
        guard line.has("[pod/"), let close = line.firstIndex(of: 93), close < 320, close + 1 < line.count,
            line[close + 1] == 32
        else { return nil }
        return behind(line, name: 5..<close, text: close + 2)
    }

    static func compose(_ line: Bytes) -> FramedLine? {
        var start = ANSI.skip(line, 0)
        let isColoured = start > 0
        // podman-compose puts the name in brackets, pm2 its number in front.
        let isBracketed = line.has("[", at: start)
        if isBracketed { start += 1 }
        if start < line.count, line[start] &- 48 <= 9, line.has("|", at: start + 1) { start += 2 }
        var at = start
        while at < line.count, at - start < 100, isNameByte(line[at]) { at += 1 }
        let name = at
        if isBracketed {
            guard line.has("]", at: at) else { return nil }
            at += 1
        }
        at = ANSI.skip(line, at)
        while at < line.count, line[at] == 32 { at += 1 }
        guard name > start, at > name, at < line.count, line[at] == 124 else { return nil }
        // loguru's `INFO     | module:function:7 - text`.
        if let (_, end) = RecordHeader.level(line, at: start), end == name { return nil }
        at += 1
        if isColoured { at = ANSI.skip(line, at) }
        guard at < line.count else { return behind(line, name: start..<name, text: at) }
        guard line[at] == 32 else { return nil }
        at += 1
        // Compose v2 ends the name's colour behind the blank.
        if isColoured { at += ANSI.codeLength(line, at) ?? 0 }
        return behind(line, name: start..<name, text: at)
    }

    /// `pod container text` (stern), `[pod container] text`, `[pod] text` (kubetail), `namespace/pod[container]: text`
    /// (kail); the names may be coloured.
    static func pod(_ line: Bytes) -> FramedLine? {
        let start = ANSI.skip(line, 0)
        let isBracketed = start < line.count && line[start] == 91
        var at = isBracketed ? start + 1 : start
        guard let first = name(line, &at) else { return nil }
        if at < line.count, line[at] == 47, !isBracketed {
            at += 1
            guard let pod = name(line, &at), at < line.count, line[at] == 91 else { return nil }
            at += 1
            guard let container = name(line, &at), line.has("]", at: at) else { return nil }
            at = ANSI.skip(line, at + 1)
            guard line.has(": ", at: at) else { return nil }
            return behind(line, name: pod, container: container, text: ANSI.skip(line, at + 2))
        }
        var pod = first
        at = ANSI.skip(line, at)
        if !isPodName(line.slice(first.lowerBound, first.upperBound)) {
            // stern names the namespace first when it reads several.
            guard !isBracketed, line.has(" ", at: at) else { return nil }
            at = ANSI.skip(line, at + 1)
            guard let second = name(line, &at), isPodName(line.slice(second.lowerBound, second.upperBound)) else {
                return nil
            }
            pod = second
            at = ANSI.skip(line, at)
        }
        if isBracketed {
            if line.has("] ", at: at) { return behind(line, name: first, text: ANSI.skip(line, at + 2)) }
            guard at < line.count, line[at] == 32 else { return nil }
            at += 1
            guard let container = name(line, &at), line.has("] ", at: at) else { return nil }
            return behind(line, name: first, container: container, text: ANSI.skip(line, at + 2))
        }
        guard at < line.count, line[at] == 32 else { return nil }
        at = ANSI.skip(line, at + 1)
        guard let container = name(line, &at) else { return nil }
        at = ANSI.skip(line, at)
        guard at < line.count else { return behind(line, name: pod, container: container, text: at) }
        guard line[at] == 32 else { return nil }
        at += 1
        guard let stamp = RecordHeader.stamp(line, at: at), at + 14 == line.count || line[at + 14] == 32 else {
            return behind(line, name: pod, container: container, text: at)
        }
        // `stern --timestamps=short`.
        var frame = FramedLine(timeMs: nil, text: min(at + 15, line.count))
        (frame.info.stamp, frame.info.zoneless) = (stamp, true)
        (frame.source, frame.container) = (pod, container)
        return frame
    }

    /// A name of Kubernetes at `at`, which moves behind it.
    static func name(_ line: Bytes, _ at: inout Int) -> Range<Int>? {
        let start = at
        while at < line.count, at - start < 254,
            line[at] &- 97 < 26 || line[at] &- 48 <= 9 || line[at] == 45 || line[at] == 46
        { at += 1 }
        return at > start ? start..<at : nil
    }

    /// Whether a name ends as controllers name pods: `-0` (StatefulSet), or five letters and digits without vowels.
    private static func isPodName(_ name: Bytes) -> Bool {
        var dash = name.count - 1
        while dash > 0, name[dash] != 45 { dash -= 1 }
        guard dash > 0 else { return false }
        let tail = name.slice(dash + 1, name.count)
        if tail.count > 0, tail.count <= 5, tail.allSatisfy({ $0 &- 48 <= 9 }) { return true }
        return tail.count == 5
            && tail.allSatisfy { byte in
                switch byte {
                case 97, 101, 105, 111, 117, 48, 49, 51: return false
                default: return byte &- 97 < 26 || byte &- 48 <= 9
                }
            }
    }

    /// `@` stands before the node in the lines of `docker service logs`.
    static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == 95 || byte == 45 || byte == 46 || byte == 64
    }

    /// The text behind a name, with or without a time in front.
    static func behind(
        _ line: Bytes, name: Range<Int>, container: Range<Int> = 0..<0, text: Int
    ) -> FramedLine {
        var frame = timestamp(line, from: text) ?? FramedLine(timeMs: nil, text: min(text, line.count))
        frame.source = name
        frame.container = container
        return frame
    }
}
