import TidemarkBase
import TidemarkEvidence

/// Docker's json-file driver.
enum DockerFrame {
    static func read(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.has("{\"log\":\"") else { return slowly(line, &scratch) }
        var frame = FramedLine()
        var at = 8
        // Text whose only escape is the line feed at its end needs no copy.
        guard let escape = line.firstIndex(of: 92, from: 8) else { return slowly(line, &scratch) }
        if line.has("\\n\",", at: escape), line.slice(8, escape).firstIndex(of: 34) == nil {
            frame.textStart = 8
            frame.textEnd = escape
            at = escape + 2
        } else {
            frame.textStart = -1
            guard let end = decode(line, from: 8, firstEscape: escape, &scratch) else { return nil }
            at = end
        }
        at += 1
        guard line.has(",\"stream\":\"", at: at) else { return again(line, &scratch) }
        at += 11
        if line.has("stdout\"", at: at) {
            frame.info.stream = "stdout"
        } else if line.has("stderr\"", at: at) {
            frame.info.stream = "stderr"
        } else {
            return again(line, &scratch)
        }
        at += 7
        guard line.has(",\"time\":\"", at: at), let time = CivilTime.parseRFC3339(line.slice(at + 9, line.count)),
            line.has("\"", at: at + 9 + time.length), line[line.count - 1] == 125
        else { return again(line, &scratch) }
        frame.info.timeMs = time.millis
        return frame.isDecoded ? end(frame, &scratch) : frame
    }

    private static func again(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        scratch.removeAll(keepingCapacity: true)
        return slowly(line, &scratch)
    }

    /// Decodes the string that begins at `start`: the index of its closing quote.
    private static func decode(_ line: Bytes, from start: Int, firstEscape: Int, _ scratch: inout [UInt8]) -> Int? {
        var at = start
        var escape = firstEscape
        while true {
            if let quote = line.slice(at, escape).firstIndex(of: 34) {
                scratch.append(contentsOf: line.slice(at, at + quote))
                return at + quote
            }
            scratch.append(contentsOf: line.slice(at, escape))
            guard escape + 1 < line.count else { return nil }
            switch line[escape + 1] {
            case 34, 92, 47:
                scratch.append(line[escape + 1])
                at = escape + 2
            case 110:
                scratch.append(10)
                at = escape + 2
            default:
                let length = line[escape + 1] == 117 ? escapeLength(line, escape) : 2
                guard escape + length <= line.count else { return nil }
                JSONReader.RawString(bytes: line.slice(escape, escape + length), escaped: true).decode(into: &scratch)
                at = escape + length
            }
            escape = line.firstIndex(of: 92, from: at) ?? line.count
            if escape == line.count, line.firstIndex(of: 34, from: at) == nil { return nil }
        }
    }

    /// Length of a `\uXXXX` escape at `at`, with its second half where it is a surrogate pair.
    private static func escapeLength(_ line: Bytes, _ at: Int) -> Int {
        if at + 2 < line.count, line[at + 2] | 0x20 == 100, line.has("\\u", at: at + 6) { return 12 }
        return 6
    }

    /// Any order of keys, `attrs`, and white space. Further keys are a shipper's.
    private static func slowly(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        guard line.first == 123 else { return nil }
        var frame = FramedLine()
        frame.textStart = -1
        var hasLog = false
        var isOther = false
        var reader = JSONReader(line)
        do {
            try reader.object { key, reader in
                let kind = try reader.peek()
                if key.equals("log"), kind == .string {
                    hasLog = true
                    try reader.string().decode(into: &scratch)
                } else if key.equals("stream"), kind == .string {
                    frame.info.stream = try reader.string().bytes.equals("stderr") ? "stderr" : "stdout"
                } else if key.equals("time"), kind == .string {
                    frame.info.timeMs = CivilTime.parseRFC3339(try reader.string().bytes)?.millis
                } else {
                    if !key.equals("attrs") { isOther = true }
                    try reader.skip()
                }
            }
        } catch { return nil }
        guard hasLog, !isOther, frame.info.timeMs != nil else { return nil }
        return end(frame, &scratch)
    }

    private static func end(_ frame: FramedLine, _ scratch: inout [UInt8]) -> FramedLine {
        var frame = frame
        if scratch.last == 10 { scratch.removeLast() } else { frame.partial = true }
        return frame
    }
}
