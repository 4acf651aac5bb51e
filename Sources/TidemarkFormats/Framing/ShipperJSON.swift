import TidemarkBase
import TidemarkEvidence

/// Lines of shippers that hold a JSON object.
enum ShipperJSON {
    /// An object that fills the line.
    static func line(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard let (entry, end) = entry(line, from: 0), entry.shape != nil,
            line.slice(end, line.count).trimmed.isEmpty || line.has(",", at: end)
        else { return nil }
        return frame(entry, in: line, &scratch)
    }

    /// The dialect of a line; nil when it is none of a shipper.
    static func shape(_ line: Bytes) -> LogWrapper? {
        guard let (entry, end) = entry(line, from: 0), end == line.count || line.slice(end, line.count).trimmed.isEmpty
        else { return nil }
        return entry.shape
    }

    /// An object of an unknown tool whose text stands under `key`; nil also for the application's own JSON. It needs no
    /// time where it names a pod and its container.
    static func learned(_ line: Bytes, _ key: TextKey?, _ scratch: inout [UInt8]) -> FramedLine? {
        guard let key, line.first == 123, var (entry, end) = entry(line, from: 0),
            line.slice(end, line.count).trimmed.isEmpty
        else { return nil }
        var reader = JSONReader(line)
        guard let found = try? LearnedEntry(&reader, key: key), entry.take(found) else { return nil }
        return frame(entry, in: line, &scratch)
    }

    /// The key of the text in an object of an unknown tool.
    static func key(_ line: Bytes) -> TextKey? {
        guard let (entry, end) = entry(line, from: 0), line.slice(end, line.count).trimmed.isEmpty else { return nil }
        var reader = JSONReader(line)
        guard let found = try? LearnedEntry(&reader), found.text != nil else { return nil }
        return entry.canTake(found) ? found.key : nil
    }

    /// `time TAB tag TAB {json}`, `time zone tag: {json}`.
    static func fluentdFile(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.count > 24, line[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(line) else { return nil }
        var start = 0
        var timeEnd = time.length
        if time.zoned, line.has("\t", at: time.length) {
            guard let tab = line.firstIndex(of: 9, from: time.length + 1) else { return nil }
            start = tab + 1
        } else if !time.zoned, line.has(" +", at: time.length) || line.has(" -", at: time.length) {
            timeEnd += 6
            guard line.has(" ", at: timeEnd), let tag = line.range(of: ": {", from: timeEnd), tag - timeEnd < 260 else {
                return nil
            }
            start = tag + 2
        } else {
            return nil
        }
        guard var (entry, _) = entry(line, from: start), entry.message != nil else { return nil }
        if entry.time == nil {
            var text = Array(line.slice(0, timeEnd))
            if timeEnd > time.length { text.remove(at: time.length) }
            entry.time = text.withUnsafeBytes { FrameTime(text: $0) }
        }
        return frame(entry, in: line, &scratch)
    }

    /// `[0] tag: [[1755839655.123,{}],{"log":"…"}]`, in old versions `[0] tag: [1755839655.123, {"log"=>"…"}]`, where the
    /// text stands between its quotes as it is. In files the number is missing.
    static func fluentBitStdout(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.count > 20 else { return nil }
        var tag = 0
        if line[0] == 91 {
            guard let close = line.slice(0, 20).firstIndex(of: 93), close < 12, close > 1,
                line.slice(1, close).allSatisfy({ $0 &- 48 <= 9 })
            else { return nil }
            tag = close
        }
        let head = line.slice(0, min(line.count, tag + 264))
        guard let start = head.range(of: ": [", from: tag) else { return nil }
        if tag == 0, head.slice(0, start).contains(32) { return nil }
        var at = start + 3
        while at < line.count, line[at] == 91 || line[at] == 32 { at += 1 }
        let digits = at
        while at < line.count, line[at] &- 48 <= 9 || line[at] == 46 { at += 1 }
        guard let time = FrameTime(number: line.slice(digits, at)), let record = line.range(of: "{\"", from: at) else {
            return nil
        }
        if var (entry, _) = entry(line, from: record), entry.message != nil {
            entry.time = time
            return frame(entry, in: line, &scratch)
        }
        guard let key = line.range(of: "\"log\"=>\"", from: record) ?? line.range(of: "\"message\"=>\"", from: record),
            let arrow = line.range(of: "=>\"", from: key)
        else { return nil }
        let text = arrow + 3
        guard let end = line.range(of: "\", \"", from: text) ?? line.range(of: "\"}]", from: text) else { return nil }
        var frame = FramedLine(timeMs: time.millis, text: text)
        frame.textEnd = end
        if line.has("\\n", at: end - 2), end - 2 >= text { frame.textEnd = end - 2 }
        return frame
    }

    private static func entry(_ line: Bytes, from start: Int) -> (ShipperEntry, end: Int)? {
        guard start < line.count, line[start] == 123 else { return nil }
        var reader = JSONReader(line, from: start)
        guard let entry = try? ShipperEntry(&reader) else { return nil }
        return (entry, reader.offset)
    }

    /// The entry as a framed line whose text is decoded.
    private static func frame(_ entry: ShipperEntry, in line: Bytes, _ scratch: inout [UInt8]) -> FramedLine {
        var frame = FramedLine()
        frame.textStart = -1
        frame.info.timeMs = entry.time?.millis
        frame.info.zoneless = entry.time?.zoneless ?? false
        frame.info.stream = entry.stream
        frame.info.pid = entry.pid
        frame.partial = entry.isPartial
        func range(_ text: Bytes?) -> Range<Int> {
            guard let text, let start = text.baseAddress, let base = line.baseAddress else { return 0..<0 }
            return start - base..<start - base + text.count
        }
        frame.source = range(entry.pod)
        frame.container = range(entry.container)
        if let message = entry.message {
            message.decode(into: &scratch)
            if scratch.last == 10 { scratch.removeLast() }
        } else if let object = entry.object {
            scratch.append(contentsOf: object)
        }
        return frame
    }
}
