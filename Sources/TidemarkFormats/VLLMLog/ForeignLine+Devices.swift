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
        // Newer ones write `EH9999[PID: 94] 2025-12-30-… (EH9999): text`.
        guard text.first == 69, text.has(": [PID: ", at: 6) || text.has("[PID: ", at: 6), text[1] &- 65 < 26,
            text.slice(2, 6).allSatisfy({ $0 &- 48 <= 9 })
        else { return false }
        var scan = FieldScanner(text, from: text[6] == 58 ? 14 : 12)
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

    /// The date with its year that CANN prints within a message of vLLM: `[ERROR] 2025-09-07-01:11:09 (PID:961, …`, as if UTC.
    static func dateOfCANN(in message: Bytes) -> Int64? {
        for mark in ["[ERROR] 20", "[PID: "] as [StaticString] {
            guard var at = message.range(of: mark) else { continue }
            if let blank = message.firstIndex(of: 32, from: at + 6) { at = blank + 1 }
            guard at + 19 <= message.count, message[at + 10] == 45 else { continue }
            var time = Array(message.slice(at, at + 19))
            time[10] = 32
            if let dated = time.withUnsafeBytes({ datedStamp($0) }), dated.length == 19 { return dated.millis }
        }
        return nil
    }

    /// `[INFO:swift] text`, `[WARN ] PyProcess - text` of log4j, `[WARNING|misc.py:213] 2025-09-25 08:11:12,577 >> text` of
    /// transformers.
    mutating func readTagged(_ text: Bytes, _ level: LogLevel, from after: Int) -> Bool {
        guard let close = text.firstIndex(of: 93, from: after), close > after, close < after + 80 else { return false }
        let tag = text.slice(after + 1, close)
        switch text[after] {
        case 32: guard tag.isEmpty else { return false }
        case 58: guard !tag.isEmpty, tag.allSatisfy({ RecordHeader.isFileByte($0) }) else { return false }
        case 124:
            guard let colon = tag.lastIndex(of: 58), let number = Decimal.parseInt(tag.slice(colon + 1, tag.count))
            else { return false }
            file = after + 1..<after + 1 + colon
            sourceLine = number
        default: return false
        }
        self.level = level
        self.text = close + 1
        if text.has(" ", at: close + 1), let dated = Self.datedStamp(text.slice(close + 2, text.count)) {
            if dated.zoned { timeMs = dated.millis } else { stamp = dated.stamp }
            let end = close + 2 + dated.length
            self.text = end
            if text.has(" >> ", at: end) { message = end + 4 }
        }
        return true
    }

    /// `09/25/2025 08:11:15 - INFO - __main__ - text` of Hugging Face's examples.
    mutating func readAmerican(_ text: Bytes) -> Bool {
        guard text.count > 24, text[2] == 47, text[5] == 47, text.has(" - ", at: 19), text[10] == 32, text[13] == 58,
            text[16] == 58, let month = RecordHeader.pair(text, 0), let day = RecordHeader.pair(text, 3),
            let year = Decimal.parseInt(text.slice(6, 10)), let hour = RecordHeader.pair(text, 11),
            let minute = RecordHeader.pair(text, 14), let second = RecordHeader.pair(text, 17),
            CivilTime.isValid(year: year, month: Int(month), day: Int(day)), hour < 24, minute < 60, second < 61,
            let (level, after) = RecordHeader.level(text, at: 22), text.has(" - ", at: after)
        else { return false }
        self.level = level
        stamp = LogStamp(
            year: Int32(year), month: month, day: day, hour: hour, minute: minute, second: second)
        self.text = after
        return true
    }

    /// `host:311:405 [0] transport/net_ib.cc:199 NCCL WARN text`: process and thread, the place; a time in brackets may stand
    /// before it, and grep's file name before that. `nccl`: where ` NCCL ` stands.
    mutating func readNCCL(_ text: Bytes, _ nccl: Int) {
        if text.has("WARN", at: nccl + 6) { level = .warning }
        if text.has("INFO", at: nccl + 6) { level = .info }
        let head = text.slice(0, nccl)
        if stamp == nil, timeMs == nil, let open = head.range(of: "[20"),
            let dated = Self.datedStamp(head.slice(open + 1, nccl)), text.has("]", at: open + 1 + dated.length)
        {
            if dated.zoned { timeMs = dated.millis } else { stamp = dated.stamp }
        }
        guard let close = head.lastIndex(of: 93), let open = head.slice(0, close).lastIndex(of: 91), open > 0 else {
            return
        }
        // `host:311:405 [0]`.
        var word = open - 1
        while word > 0, head[word - 1] != 32 { word -= 1 }
        if head[open - 1] == 32, let last = lastIndex(of: 58, in: head.slice(word, open - 1)),
            let first = lastIndex(of: 58, in: head.slice(word, word + last)),
            let process = Decimal.parseInt(head.slice(word + first + 1, word + last)),
            Decimal.parseInt(head.slice(word + last + 1, open - 1)) != nil
        {
            pid = process
        }
        let place = head.slice(close + 1, nccl)
        guard place.first == 32, let colon = lastIndex(of: 58, in: place), colon > 1,
            let number = Decimal.parseInt(place.slice(colon + 1, place.count))
        else { return }
        file = close + 2..<close + 1 + colon
        sourceLine = number
    }

    /// `E0000 00:00:1743600000.123456    1234 cuda_dnn.cc:8310] text`: before abseil knows the zone it prints seconds since 1970.
    mutating func readAbseil(_ text: Bytes, from: Int, _ level: LogLevel) -> Bool {
        var scan = FieldScanner(text, from: from + 12)
        guard let time = Self.epoch(scan.until(32)) else { return false }
        self.level = level
        timeMs = time
        scan.skipBlanks()
        if let pid = scan.integer() { self.pid = pid }
        scan.skipBlanks()
        readPlace(text, from: scan.at)
        return true
    }

    /// Seconds since 1970 with a fraction, Unix ms; nil for what is none.
    static func epoch(_ text: Bytes) -> Int64? {
        guard text.count > 10, text.count < 24, text[10] == 46, text.allSatisfy({ $0 &- 48 <= 9 || $0 == 46 }),
            let time = FrameTime(number: text)
        else { return nil }
        return time.millis
    }

    /// What the C library's allocator says before it aborts: `free(): invalid pointer`.
    static func isOfAllocator(_ text: Bytes) -> Bool {
        text.has("free(): ") || text.has("malloc(): ") || text.has("munmap_chunk(): ") || text.has("realloc(): ")
            || text.has("corrupted double-linked list") || text.has("corrupted size vs. prev_size")
    }

    /// `run.sh: line 18:  1669 Illegal instruction     (core dumped) vllm serve …` of bash, `[1]    1234 killed     vllm serve …`
    /// of zsh, `[1]+  Killed  vllm serve …`: the shell names the process and how it died.
    mutating func readShellsDeath(_ text: Bytes) -> Bool {
        var scan = FieldScanner(text)
        if text.first == 91 {
            scan.at = 1
            guard scan.integer() != nil, scan.skip("]") else { return false }
            _ = scan.skip("+") || scan.skip("-")
            scan.skipBlanks()
            _ = scan.skip("+ ") || scan.skip("- ")
        } else {
            guard let mark = text.range(of: ": line "), mark > 0, mark < 200 else { return false }
            scan.at = mark + 7
            guard scan.integer() != nil, scan.skip(": ") else { return false }
        }
        scan.skipBlanks()
        let number = scan.integer()
        scan.skipBlanks()
        let deaths: [StaticString] = [
            "Killed", "killed", "Illegal instruction", "illegal hardware instruction", "Segmentation fault",
            "segmentation fault", "Aborted", "abort ", "Bus error", "bus error",
        ]
        guard deaths.contains(where: { text.has($0, at: scan.at) }) else { return false }
        level = .error
        kind = .workerDied
        pid = number
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
