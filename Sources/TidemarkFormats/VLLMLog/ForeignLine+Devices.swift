import TidemarkBase
import TidemarkEvidence

/// Lines of accelerators' runtimes and plugins, and of Ray's core, in a server's output.
extension ForeignLine {
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
