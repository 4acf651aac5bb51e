import TidemarkBase
import TidemarkEvidence

/// What model servers that run vLLM as a child process write in front of each line of it.
enum ModelServerFrame {
    /// TorchServe (log4j): `2024-11-18T16:43:45,497 [INFO ] W-9000-llm_1.0-stdout MODEL_LOG - text`; a local clock. The level
    /// is that of the stream, not of the line.
    static func torchServe(_ line: Bytes) -> FramedLine? {
        guard line.count > 40, line[0] &- 48 <= 9, let mark = line.range(of: " MODEL_LOG -"), mark < 300,
            let time = CivilTime.parseRFC3339(line), line.has(" [", at: time.length),
            let close = line.slice(0, mark).firstIndex(of: 93, from: time.length), line.has(" ", at: close + 1)
        else { return nil }
        var frame = FramedLine(timeMs: time.millis, text: mark + 12)
        frame.info.zoneless = !time.zoned
        if line.has(" ", at: frame.textStart) { frame.textStart += 1 }
        var end = mark
        for (suffix, stream) in [("-stdout" as StaticString, "stdout"), ("-stderr", "stderr")]
        where line.has(suffix, at: mark - 7) {
            frame.info.stream = stream
            end = mark - 7
        }
        frame.source = min(close + 2, end)..<end
        return frame
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
