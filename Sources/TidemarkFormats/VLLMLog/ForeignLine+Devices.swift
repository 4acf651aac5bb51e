import TidemarkBase
import TidemarkEvidence

/// Lines of accelerators' runtimes and plugins, and of Ray's core, in a server's output.
extension ForeignLine {
    /// What a line says, and the length of the `  | ` before it that isn't the writer's.
    static func parseBehindBar(_ text: Bytes) -> (ForeignLine, bar: Int) {
        let line = parse(text)
        let bar = PasteMarks.bar(text)
        guard bar > 0, line.level == nil else { return (line, 0) }
        // The lines of exception groups have the same margin, but no time and no place.
        let inner = parse(text.slice(bar, text.count))
        guard inner.level != nil, inner.stamp != nil || inner.timeMs != nil || inner.sourceLine != nil else {
            return (line, 0)
        }
        return (inner, bar)
    }

    /// `INFO LMCache: text [2024-11-19 20:08:43,749] -- /path/cache_engine.py:311` of LMCache 0.1: behind the level, the time
    /// and the place stand at the end.
    mutating func readOldLMCache(_ text: Bytes) {
        guard text.has("LMCache: ", at: message) else { return }
        var mark = 0
        while let next = text.range(of: "] -- ", from: mark + 1) { mark = next }
        guard mark > 0, let open = text.slice(0, mark).lastIndex(of: 91), open > message, text[open - 1] == 32,
            let dated = Self.datedStamp(text.slice(open + 1, mark)), dated.length == mark - open - 1, !dated.zoned,
            let dot = text.range(of: ".py:", from: mark + 5)
        else { return }
        stamp = dated.stamp
        end = open - 1
        var start = dot
        while start > mark + 5, text[start - 1] != 47 { start -= 1 }
        var scan = FieldScanner(text, from: dot + 4)
        guard let number = scan.integer() else { return }
        file = start..<dot + 3
        sourceLine = number
    }

    /// `[vllm-rbln] DEBUG 2026-01-31 16:37:44,927 [optimum_model_runner.py:594] text` of a plugin's own logger.
    mutating func readPlugin(_ text: Bytes) -> Bool {
        guard text.first == 91, let close = text.firstIndex(of: 93), close > 1, close < 40,
            !text.slice(1, close).contains(32), text.has(" ", at: close + 1),
            let (level, after) = RecordHeader.level(text, at: close + 2), text.has(" ", at: after),
            let dated = Self.datedStamp(text.slice(after + 1, text.count)),
            text.has(" [", at: after + 1 + dated.length),
            let place = ShortHeader.parse(text, at: after + 2 + dated.length)
        else { return false }
        self.level = level
        if dated.zoned { timeMs = dated.millis } else { stamp = dated.stamp }
        file = place.file
        sourceLine = place.sourceLine
        message = place.message
        self.text = place.message
        return true
    }

    /// `EI0009: [PID: 222] 2026-01-31-20:59:48.119.066 text` of Ascend's CANN. The second letter names the part; I stands
    /// for the collective communication.
    mutating func readCANN(_ text: Bytes) -> Bool {
        guard text.first == 69, text.has(": [PID: ", at: 6), text[1] &- 65 < 26,
            text.slice(2, 6).allSatisfy({ $0 &- 48 <= 9 })
        else { return false }
        var scan = FieldScanner(text, from: 14)
        guard let pid = scan.integer(), scan.skip("] ") else { return false }
        var time = Array(text.slice(scan.at, min(text.count, scan.at + 23)))
        guard time.count >= 19, time[10] == 45 else { return false }
        time[10] = 32
        stamp = time.withUnsafeBytes { Self.datedStamp($0) }?.stamp
        level = .error
        self.pid = pid
        if text[1] == 73 { kind = .ncclError }
        return true
    }

    /// `/pytorch/aten/src/ATen/native/cuda/IndexKernel.cu:402: name: block: [0,0,0], thread: [0,0,0] Assertion `…` failed.`
    mutating func readAssertion(_ text: Bytes) -> Bool {
        let head = text.slice(0, min(text.count, 300))
        guard let mark = head.range(of: ".cu:") ?? head.range(of: ".cuh:"),
            let colon = head.firstIndex(of: 58, from: mark),
            !head.slice(0, colon).contains(32)
        else { return false }
        var scan = FieldScanner(text, from: colon + 1)
        guard let number = scan.integer(), scan.skip(":"), scan.find(" block: ["), scan.find(" thread: ["),
            scan.find(" Assertion ")
        else { return false }
        level = .error
        kind = .cudaError
        var start = colon
        while start > 0, text[start - 1] != 47 { start -= 1 }
        file = start..<colon
        sourceLine = number
        return true
    }

    /// Behind the letter in `[2026-01-31 09:15:00,123 E 31 31] (raylet) node_manager.cc:3064: text`.
    mutating func readRayCore(_ text: Bytes, from: Int) {
        var scan = FieldScanner(text, from: from)
        guard let pid = scan.integer(), scan.skip(" "), scan.integer() != nil, scan.skip("] ") else { return }
        self.pid = pid
        if text.has("(", at: scan.at), let close = text.firstIndex(of: 41, from: scan.at), close - scan.at < 40,
            text.has(" ", at: close + 1)
        {
            scan.at = close + 2
        }
        let start = scan.at
        while !scan.atEnd, RecordHeader.isFileByte(text[scan.at]) { scan.at += 1 }
        let end = scan.at
        guard text.slice(start, end).range(of: ".") != nil, scan.skip(":"), let number = scan.integer(),
            scan.skip(": ")
        else { return }
        file = start..<end
        sourceLine = number
        kind = Self.death(scan.rest)
    }

    /// Behind a time: ` vllm.engine.async_llm_engine 2683080 INFO` of Xinference, ` 1647689 kserve.trace ` of KServe.
    mutating func readPid(_ text: Bytes, from: Int) {
        var scan = FieldScanner(text, from: from)
        guard scan.skip(" "), !scan.atEnd else { return }
        if text[scan.at] &- 48 <= 9 {
            let digits = scan.until(32)
            if scan.skip(" kserve") { pid = Decimal.parseInt(digits) }
            return
        }
        let name = scan.until(32)
        guard name.count < 100, (name.first ?? 0) | 0x20 &- 97 < 26, name.allSatisfy({ RecordHeader.isFileByte($0) }),
            scan.skip(" ")
        else { return }
        let digits = scan.until(32)
        if let number = Decimal.parseInt(digits), RecordHeader.level(text, at: scan.at + 1) != nil { pid = number }
    }
}
