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

    /// `time TAB tag TAB {json}`.
    static func fluentdFile(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.count > 24, line[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(line), time.zoned,
            line.has("\t", at: time.length), let tab = line.firstIndex(of: 9, from: time.length + 1),
            var (entry, _) = entry(line, from: tab + 1), entry.message != nil
        else { return nil }
        entry.time = entry.time ?? FrameTime(text: line.slice(0, time.length))
        return frame(entry, in: line, &scratch)
    }

    /// `[0] tag: [[1755839655.123,{}],{"log":"…"}]`, in old versions `[0] tag: [1755839655.123, {"log"=>"…"}]`, where the
    /// text stands between its quotes as it is.
    static func fluentBitStdout(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.count > 20, line[0] == 91, let close = line.firstIndex(of: 93), close < 12, close > 1,
            line.slice(1, close).allSatisfy({ $0 &- 48 <= 9 }), let start = line.range(of: ": [", from: close),
            start - close < 260
        else { return nil }
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
