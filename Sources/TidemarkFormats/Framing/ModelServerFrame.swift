import TidemarkBase
import TidemarkEvidence

/// What model servers that run vLLM as a child process write in front of each line of it.
enum ModelServerFrame {
    /// TorchServe (log4j): `2024-11-18T16:43:45,497 [INFO ] W-9000-llm_1.0-stdout MODEL_LOG - text`; a local clock. The level
    /// is that of the stream, not of the line.
    static func torchServe(_ line: Bytes) -> FramedLine? {
        guard line.count > 40, line[0] &- 48 <= 9, let mark = line.range(of: " MODEL_LOG -"), mark < 300,
            let time = CivilTime.parseRFC3339(line), line.has(" [", at: time.length),
            let close = line.slice(0, mark).firstIndex(of: 93, from: time.length), line.has(" ", at: close + 1),
            close + 2 <= mark
        else { return nil }
        var frame = FramedLine(timeMs: time.millis, text: mark + 12)
        frame.info.zoneless = !time.zoned
        if line.has(" ", at: frame.textStart) { frame.textStart += 1 }
        name(&frame, line, close + 2..<mark)
        return frame
    }

    /// DJL Serving: `[INFO ] PyProcess - W-210-model-stdout: text`, `WARN  PyProcess W-210-model-stderr: text`, with or without
    /// a time in front.
    static func djl(_ line: Bytes) -> FramedLine? {
        guard let mark = line.slice(0, min(line.count, 80)).range(of: "PyProcess ") else { return nil }
        var frame = FramedLine()
        var at = 0
        if line[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(line) {
            (frame.info.timeMs, frame.info.zoneless) = (time.millis, !time.zoned)
            at = skip(line, time.length)
        }
        guard let (_, end) = RecordHeader.level(line, at: line.has("[", at: at) ? at + 1 : at), end < mark else {
            return nil
        }
        let start = mark + 10 + (line.has("- ", at: mark + 10) ? 2 : 0)
        at = start
        while at < line.count, at - start < 200, line[at] != 58, line[at] != 32 { at += 1 }
        guard line.has("W-", at: start), line.has(":", at: at) else { return nil }
        name(&frame, line, start..<at)
        frame.textStart = line.has(" ", at: at + 1) ? at + 2 : at + 1
        return frame
    }

    /// Takes the name of a worker's thread, `W-9000-llm_1.0-stdout`: the worker and the stream.
    private static func name(_ frame: inout FramedLine, _ line: Bytes, _ thread: Range<Int>) {
        var end = thread.upperBound
        for (suffix, stream) in [("-stdout" as StaticString, "stdout"), ("-stderr", "stderr")]
        where line.has(suffix, at: end - 7) {
            frame.info.stream = stream
            end -= 7
            break
        }
        frame.source = min(thread.lowerBound, end)..<end
    }

    /// dynamo-run (Rust's tracing), with or without its colours: `2025-06-06T19:02:34.252Z DEBUG dynamo_run::subprocess: text`.
    static func dynamo(_ line: Bytes) -> FramedLine? {
        var at = ANSI.skip(line, 0)
        guard at + 40 < line.count, line[at] &- 48 <= 9, let time = CivilTime.parseRFC3339(line.slice(at, line.count)),
            time.zoned
        else { return nil }
        at = skip(line, at + time.length)
        guard let (_, end) = RecordHeader.level(line, at: at) else { return nil }
        at = skip(line, end)
        guard line.has("dynamo_run::subprocess", at: at) else { return nil }
        at = ANSI.skip(line, at + 22)
        guard line.has(":", at: at) else { return nil }
        at = ANSI.skip(line, at + 1)
        return FramedLine(timeMs: time.millis, text: line.has(" ", at: at) ? at + 1 : at)
    }

    /// Behind blanks and codes of colours.
    private static func skip(_ line: Bytes, _ start: Int) -> Int {
        var at = ANSI.skip(line, start)
        while at < line.count, line[at] == 32 { at = ANSI.skip(line, at + 1) }
        return at
    }
}
