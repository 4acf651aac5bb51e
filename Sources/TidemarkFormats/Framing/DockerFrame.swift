#if canImport(Glibc)
    import Glibc
#endif
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

    /// Decodes the string that begins at `start` into `scratch`, which is empty: the index of its closing quote.
    ///
    /// A line of a request log has two quotes in its text and a line feed behind it, so that its parts are copied into
    /// room that was made once.
    private static func decode(_ line: Bytes, from start: Int, firstEscape: Int, _ scratch: inout [UInt8]) -> Int? {
        guard let base = line.baseAddress else { return nil }
        var at = start
        var escape = firstEscape
        var out = 0
        // No escape is shorter than what it stands for: the line itself makes room enough.
        scratch.append(contentsOf: line)
        let end: Int? = scratch.withUnsafeMutableBytes { scratch in
            guard let room = scratch.baseAddress else { return nil }
            while true {
                let quote = memchr(base + at, 34, escape &- at).map { UnsafeRawPointer($0) - base }
                let stop = quote ?? escape
                memcpy(room + out, base + at, stop &- at)
                out &+= stop &- at
                if let quote { return quote }
                guard escape &+ 1 < line.count else { return nil }
                switch line[escape &+ 1] {
                case let byte where byte == 34 || byte == 92 || byte == 47 || byte == 110:
                    room.storeBytes(of: byte == 110 ? 10 : byte, toByteOffset: out, as: UInt8.self)
                    out &+= 1
                    at = escape &+ 2
                default:
                    let length = line[escape &+ 1] == 117 ? escapeLength(line, escape) : 2
                    guard escape &+ length <= line.count else { return nil }
                    var decoded: [UInt8] = []
                    JSONReader.RawString(bytes: line.slice(escape, escape &+ length), escaped: true)
                        .decode(into: &decoded)
                    guard decoded.count <= length else { return nil }
                    for byte in decoded {
                        room.storeBytes(of: byte, toByteOffset: out, as: UInt8.self)
                        out &+= 1
                    }
                    at = escape &+ length
                }
                escape = line.firstIndex(of: 92, from: at) ?? line.count
                if escape == line.count, line.firstIndex(of: 34, from: at) == nil { return nil }
            }
        }
        scratch.removeLast(scratch.count - out)
        return end
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
