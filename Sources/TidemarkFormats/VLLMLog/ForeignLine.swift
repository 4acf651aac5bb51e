import TidemarkBase
import TidemarkEvidence

/// Lines of other writers in a server's output: torch (glog), NCCL, FlashInfer, LMCache, Ray, Python warnings, tqdm.
/// They are kept as events; where they name a level, a time or a source, it is read.
struct ForeignLine {
    var level: LogLevel?
    var stamp: LogStamp?
    var file = 0..<0
    var sourceLine: Int?
    var kind: LogEventKind?
    /// Where the message begins, when a level stands before it.
    var message = 0
    /// Behind the level or the time of a logger's line: what it logs begins there or further on.
    var text: Int?
    /// Where the message ends, when the place in the code stands behind it.
    var end: Int?
    /// A time with its zone, Unix ms.
    var timeMs: Int64?
    /// Process id.
    var pid: Int?

    static func parse(_ text: Bytes) -> ForeignLine {
        var line = ForeignLine()
        guard let first = text.first else { return line }
        if isProgress(text) {
            line.kind = .progress
            return line
        }
        if line.readLevel(text) || line.readRich(text) || line.readPlugin(text) || line.readCANN(text)
            || line.readAmerican(text)
            || line.readAssertion(text)
        {
            return line
        }
        var at = 0
        if text.has("[rank"), let close = text.range(of: "]:"), close < 16 { at = close + 2 }
        if at < text.count, text[at] == 32 { at += 1 }
        // `(pid=31) (raylet, ip=10.0.0.2) [2026-01-31 09:15:00,123 E 31 31]`
        while text.has("(pid=", at: at) || text.has("(raylet", at: at) || text.has("(gcs_server", at: at),
            let close = text.range(of: ") ", from: at), close < 120
        { at = close + 2 }
        let bracket = at < text.count && text[at] == 91
        if line.readGlog(text, from: bracket ? at + 1 : at, bracket: bracket) { return line }
        if line.readDated(text, from: bracket ? at + 1 : at) { return line }
        if let nccl = text.range(of: " NCCL "), nccl < 200 {
            line.readNCCL(text, nccl)
            return line
        }
        if line.readUCX(text) { return line }
        if line.readWarning(text) { return line }
        if let kind = death(text) {
            line.level = .error
            line.kind = kind
            return line
        }
        if line.readShellsDeath(text) { return line }
        if (first | 0x20) &- 97 < 26, isExceptionLine(text) { line.level = .error }
        return line
    }

    /// `LEVEL text` of a record whose time and source a user left out, `[ERROR] text` of CANN.
    private mutating func readLevel(_ text: Bytes) -> Bool {
        // Rust's tracing pads the level.
        let blanks = text.first == 32 ? text.skipBlanks(from: 0) : 0
        if text.has("[Error]: ") {
            // CANN's.
            level = .error
            self.text = 9
            return true
        }
        let isBracketed = text.has("[", at: blanks)
        guard blanks <= 2, let (level, after) = RecordHeader.level(text, at: blanks + (isBracketed ? 1 : 0)),
            after < text.count
        else { return false }
        // `INFO:logger.name:text` of Python's basicConfig.
        if !isBracketed, text[after] == 58, after + 1 < text.count,
            text[after + 1] | 0x20 &- 97 < 26 || text[after + 1] == 95,
            let colon = text.firstIndex(of: 58, from: after + 1), colon < after + 80,
            !text.slice(after + 1, colon).contains(32)
        {
            self.level = level
            self.text = colon + 1
            return true
        }
        // `WARNING: text` of Java and abseil.
        if !isBracketed, text.has(": ", at: after) {
            self.level = level
            self.text = after + 2
            return true
        }
        if isBracketed, readTagged(text, level, from: after) { return true }
        guard text[after] == (isBracketed ? 93 : 32) else { return false }
        self.level = level
        self.text = after + 1
        if !isBracketed {
            message = text.skipBlanks(from: after + 1)
            // Ray Serve: `INFO 2026-01-13 14:30:35,527 serve 604573 -- text`.
            if let dated = Self.datedStamp(text.slice(message, text.count)) {
                message = text.skipBlanks(from: message + dated.length)
                if dated.zoned { timeMs = dated.millis } else { stamp = dated.stamp }
            } else {
                readOldLMCache(text)
            }
        } else if after + 21 <= text.count, text[after + 12] == 45 {
            // CANN: `[ERROR] 2025-04-18-01:55:47 (PID:280, …) text`.
            var time = Array(text.slice(after + 2, after + 21))
            time[10] = 32
            stamp = time.withUnsafeBytes { Self.datedStamp($0) }?.stamp
        } else if let mark = text.range(of: ".py:", from: after), mark < 160 {
            // `[INFO] logger - file.py:LINE: text` of SageMaker's router.
            var begin = mark
            while begin > after, RecordHeader.isFileByte(text[begin - 1]) { begin -= 1 }
            var scan = FieldScanner(text, from: mark + 4)
            if text[begin - 1] == 32, let number = scan.integer() {
                file = begin..<mark + 3
                sourceLine = number
            }
        }
        return true
    }

    /// `[11/23/26 17:40:00] INFO     text      loggers.py:118` of Python's rich: a local time, the place at the right margin.
    private mutating func readRich(_ text: Bytes) -> Bool {
        guard text.count > 24, text[0] == 91, text[3] == 47, text[6] == 47, let close = text.firstIndex(of: 93),
            close == 18 || close == 20, let month = RecordHeader.pair(text, 1), let day = RecordHeader.pair(text, 4),
            let year = RecordHeader.pair(text, close - 11), text[close - 9] == 32, text[close - 6] == 58,
            text[close - 3] == 58, let hour = RecordHeader.pair(text, close - 8),
            let minute = RecordHeader.pair(text, close - 5), let second = RecordHeader.pair(text, close - 2),
            CivilTime.isValid(year: 2000 + Int(year), month: Int(month), day: Int(day)), hour < 24, minute < 60,
            second < 61, let (level, after) = RecordHeader.level(text, at: close + 2), text.has(" ", at: after)
        else { return false }
        self.level = level
        stamp = LogStamp(
            year: 2000 + Int32(year), month: month, day: day, hour: hour, minute: minute, second: second)
        message = text.skipBlanks(from: after)
        self.text = message
        var start = text.count
        while start > message, text[start - 1] != 32 { start -= 1 }
        if let mark = text.range(of: ".py:", from: start), start > message, text[start - 1] == 32,
            let number = Decimal.parseInt(text.slice(mark + 4, text.count))
        {
            file = start..<mark + 3
            sourceLine = number
            var end = start
            while end > message, text[end - 1] == 32 { end -= 1 }
            self.end = end
        }
        return true
    }

    /// `[1758145386.070144] [host:948 :0] mpool.c:281 UCX DEBUG text`.
    private mutating func readUCX(_ text: Bytes) -> Bool {
        guard let mark = text.range(of: " UCX "), mark < 200 else { return false }
        guard let first = text.first(where: { $0 == 91 || $0 &- 48 <= 9 }), first == 91 else { return false }
        if text.first == 91, let close = text.firstIndex(of: 93), close > 11, close < 24 {
            timeMs = Self.epoch(text.slice(1, close))
        }
        var place = mark
        while place > 0, text[place - 1] != 32 { place -= 1 }
        if let colon = text.firstIndex(of: 58, from: place), colon < mark, place < colon,
            let number = Decimal.parseInt(text.slice(colon + 1, mark))
        {
            file = place..<colon
            sourceLine = number
        }
        if let (level, _) = RecordHeader.level(text, at: text.skipBlanks(from: mark + 5)) { self.level = level }
        return true
    }

    /// How a shell, Python or C++ say that a process died.
    static func death(_ text: Bytes) -> LogEventKind? {
        if text.equals("Killed") || text.equals("Aborted") || text.has("Segmentation fault")
            || text.has("Aborted (core dumped)") || text.has("Bus error") || text.has("terminate called ")
            || text.has("Fatal Python error: ") || text.range(of: "Segfault encountered") != nil
            || text.has("Illegal instruction") || text.has("double free or corruption") || isOfAllocator(text)
            || text.has("*** SIG") || text.range(of: "A worker died or was killed while") != nil
        {
            return .workerDied
        }
        if text.has("Memory access fault by GPU") || text.has("HW Exception by GPU")
            || text.range(of: " aborting with error : HSA_STATUS_ERROR") != nil
        {
            return .cudaError
        }
        return nil
    }

    /// `W1123 17:39:53.858000 13665 torch/x.py:53] text`, `[rank0]:[E1123 17:39:53.858 File.cpp:607] text`. torch does not
    /// pad the month: `[W205 16:55:27.345399482 File.cpp:1565]` is of the fifth of February.
    private mutating func readGlog(_ text: Bytes, from: Int, bracket: Bool) -> Bool {
        guard from + 2 < text.count else { return false }
        let level: LogLevel
        switch text[from] {
        case 73: level = .info
        case 87: level = .warning
        case 69: level = .error
        case 70: level = .critical
        case 86: level = .debug
        default: return false
        }
        var scan = FieldScanner(text, from: from + 1)
        if text[from + 1] == 32 {
            // `[I 2024-08-27 15:33:39.976 ServerApp] text` of Jupyter and Tornado.
            if bracket, let dated = Self.datedStamp(text.slice(from + 2, min(text.count, from + 40))), !dated.zoned {
                self.level = level
                stamp = dated.stamp
                return true
            }
            guard bracket, let mark = text.range(of: ".cpp:") ?? text.range(of: ".ts:"), mark < from + 100 else {
                return false
            }
            self.level = level
            readPlace(text, from: from + 2)
            return true
        }
        if text.has("0000 00:00:", at: from + 1) { return readAbseil(text, from: from, level) }
        guard from + 13 <= text.count, let time = text.firstIndex(of: 32, from: from),
            time == from + 5 || time == from + 4 || time == from + 9,
            time + 9 <= text.count, let day = RecordHeader.pair(text, time - 2), text[time + 3] == 58,
            text[time + 6] == 58, let hour = RecordHeader.pair(text, time + 1),
            let minute = RecordHeader.pair(text, time + 4), let second = RecordHeader.pair(text, time + 7),
            let month = time == from + 4 ? text[from + 1] &- 48 : RecordHeader.pair(text, time - 4),
            month >= 1, month <= 12, day >= 1, day <= 31, hour < 24, minute < 60, second < 61
        else { return false }
        var stamp = LogStamp(month: month, day: day, hour: hour, minute: minute, second: second)
        if time == from + 9 {
            // With the year, which glog's newer versions print.
            guard let year = Decimal.parseInt(text.slice(from + 1, from + 5)), year >= 2000, year < 2100,
                CivilTime.isValid(year: year, month: Int(month), day: Int(day))
            else { return false }
            stamp.year = Int32(year)
        }
        scan.at = time + 9
        if scan.skip(".") {
            var milli = 0
            for index in 0..<3 {
                let digit = scan.at + index < text.count ? text[scan.at + index] &- 48 : 10
                milli = milli * 10 + (digit <= 9 ? Int(digit) : 0)
            }
            stamp.milli = UInt16(milli)
        }
        self.level = level
        self.stamp = stamp
        _ = scan.until(32)
        scan.skipBlanks()
        readPlace(text, from: scan.at)
        return true
    }

    /// `File.cpp:607]`.
    mutating func readPlace(_ text: Bytes, from: Int) {
        guard from <= text.count else { return }
        let close = text.firstIndex(of: 93, from: from) ?? text.count
        let place = text.slice(from, close)
        if let colon = lastIndex(of: 58, in: place), let number = Decimal.parseInt(place.slice(colon + 1, place.count))
        {
            var start = colon
            while start > 0, place[start - 1] != 32 { start -= 1 }
            file = from + start..<from + colon
            sourceLine = number
        }
    }

    func lastIndex(of byte: UInt8, in text: Bytes) -> Int? {
        var at = text.count - 1
        while at >= 0 {
            if text[at] == byte { return at }
            at -= 1
        }
        return nil
    }

    /// `2026-01-31 09:15:00,123 - INFO - …` (FlashInfer), `…\tINFO worker.py:N -- …` (Ray), `[…] LMCache INFO: …`.
    private mutating func readDated(_ text: Bytes, from: Int) -> Bool {
        guard from < text.count, text[from] &- 48 <= 9,
            let parsed = Self.datedStamp(text.slice(from, text.count))
        else { return false }
        if parsed.zoned { timeMs = parsed.millis } else { stamp = parsed.stamp }
        var at = from + parsed.length
        self.text = at
        // Ray's core: `,123 E 31 31] (raylet) node_manager.cc:3064: text`.
        if at + 2 < text.count, text[at] == 32, text[at + 2] == 32, let letter = Self.letterLevel(text[at + 1]) {
            level = letter
            readRayCore(text, from: at + 3)
            return true
        }
        // TensorFlow and XLA: `2025-03-09 06:42:17.123456: E external/xla/x.cc:477] text`.
        if at + 3 < text.count, text.has(": ", at: at), text[at + 3] == 32, let letter = Self.letterLevel(text[at + 2])
        {
            level = letter
            readPlace(text, from: at + 4)
            return true
        }
        if let nccl = text.range(of: " NCCL ", from: at), nccl < at + 200 {
            readNCCL(text, nccl)
            return true
        }
        readPid(text, from: at)
        let limit = min(text.count, at + 120)
        while at < limit {
            if let (level, after) = RecordHeader.level(text, at: at), isWordEdge(text, at - 1), isWordEdge(text, after)
            {
                self.level = level
                self.text = after
                readFile(text, after: after)
                break
            }
            at += 1
        }
        if file.isEmpty { readTrailingFile(text) }
        return true
    }

    private static func letterLevel(_ byte: UInt8) -> LogLevel? {
        switch byte {
        case 73: return .info
        case 87: return .warning
        case 69: return .error
        case 67, 70: return .critical
        case 68: return .debug
        default: return nil
        }
    }

    private func isWordEdge(_ text: Bytes, _ at: Int) -> Bool {
        guard at >= 0, at < text.count else { return true }
        return !((text[at] | 0x20) &- 97 < 26 || text[at] &- 48 <= 9 || text[at] == 95)
    }

    /// ` - file.py:LINE`, ` file.py:LINE`, `] (file.py:LINE)` behind the level.
    private mutating func readFile(_ text: Bytes, after: Int) {
        var start = after
        while start < text.count, start - after < 4, !RecordHeader.isFileByte(text[start]) || text[start] == 45 {
            start += 1
        }
        var end = start
        while end < text.count, RecordHeader.isFileByte(text[end]) { end += 1 }
        var scan = FieldScanner(text, from: end + 1)
        guard end > start + 3, text.has(".py:", at: end - 3) else { return }
        // `[__main__.py:load_model():284]` of KServe.
        if !scan.atEnd, text[scan.at] &- 48 > 9 {
            let call = text.slice(scan.at, min(text.count, scan.at + 100)).range(of: "():")
            guard let call, !text.slice(scan.at, scan.at + call).contains(32) else { return }
            scan.at += call + 3
        }
        guard let number = scan.integer() else { return }
        file = start..<end
        sourceLine = number
    }

    /// LMCache: `text (file.py:LINE:module)`.
    private mutating func readTrailingFile(_ text: Bytes) {
        guard text.last == 41 else { return }
        var open = text.count - 1
        while open > 0, text.count - open < 200, text[open] != 40 { open -= 1 }
        guard text[open] == 40, let mark = text.range(of: ".py:", from: open) else { return }
        var scan = FieldScanner(text, from: mark + 4)
        guard let number = scan.integer() else { return }
        file = open + 1..<mark + 3
        sourceLine = number
    }

    /// A date with year at the start of `text`, as a stamp; `zoned` when it names its zone.
    static func datedStamp(_ text: Bytes) -> (stamp: LogStamp, length: Int, zoned: Bool, millis: Int64)? {
        guard let parsed = CivilTime.parseRFC3339(text) else { return nil }
        return (LogStamp(wallMs: parsed.millis), parsed.length, parsed.zoned, parsed.millis)
    }

    /// `path.py:LINE: UserWarning: text`.
    private mutating func readWarning(_ text: Bytes) -> Bool {
        // `<frozen importlib._bootstrap_external>:1301: FutureWarning: text` has no file.
        // Nor has `sys:1: DeprecationWarning: text`.
        let frozen = text.has("sys:1: ") ? 2 : text.first == 60 ? text.range(of: ">:") : nil
        guard let end = frozen ?? text.range(of: ".py:"), end < 300 else { return false }
        var scan = FieldScanner(text, from: end + (frozen == nil ? 4 : 2))
        guard let number = scan.integer(), scan.skip(": "), let colon = text.firstIndex(of: 58, from: scan.at),
            colon - scan.at < 80, StatisticsLine.hasSuffix(text.slice(scan.at, colon), "Warning")
        else { return false }
        level = .warning
        kind = .pythonWarning
        guard frozen == nil else { return true }
        var start = end
        while start > 0, text[start - 1] != 47, text[start - 1] != 32 { start -= 1 }
        file = start..<end + 3
        sourceLine = number
        return true
    }

    /// A progress bar of tqdm, also vLLM's own (`50% Completed | 2/4 [00:10<00:10,  5.00s/it]`).
    static func isProgress(_ text: Bytes) -> Bool {
        guard let percent = text.firstIndex(of: 37), percent > 0, text[percent - 1] &- 48 <= 9 else {
            guard text.count < 400, text.firstIndex(of: 91) != nil else { return false }
            // Of a download whose length isn't known: `config.json: 1.81kB [00:00, 5.73MB/s]`.
            return text.range(of: "it/s]") != nil
                || StatisticsLine.hasSuffix(text.trimmed, "B/s]") && text.range(of: "B [") != nil
        }
        guard text.has("|", at: percent + 1) || text.has(" Completed |", at: percent + 1) else { return false }
        return text.firstIndex(of: 124, from: percent) != nil
    }

    /// Where another record begins behind a progress bar that did not end its line, at or behind `start`.
    static func barEnd(_ line: Bytes, from start: Int) -> Int? {
        guard let percent = line.firstIndex(of: 37, from: start), isProgress(line.slice(start, line.count)) else {
            return nil
        }
        var at = percent
        while let close = line.firstIndex(of: 93, from: at) {
            at = close + 1
            guard at < line.count, line.has("/s", at: close - 2) || line.has("/it", at: close - 3) else { continue }
            switch line[at] {
            case 40 where ProcessPrefix.parse(line, at: at) != nil: return at
            case 91 where datedStamp(line.slice(at + 1, line.count)) != nil: return at
            case 123 where line.has("{\"", at: at): return at
            case 47:
                var rest = ForeignLine()
                if rest.readWarning(line.slice(at, line.count)) { return at }
            default: break
            }
        }
        return nil
    }

    /// `SomeError: text` or `pkg.mod.SomeException: text` without a traceback above.
    private static func isExceptionLine(_ text: Bytes) -> Bool {
        var at = 0
        while at < text.count, at < 160,
            text[at] &- 48 <= 9 || (text[at] | 0x20) &- 97 < 26 || text[at] == 95 || text[at] == 46
        { at += 1 }
        guard at > 5, at < text.count, text[at] == 58 else { return false }
        let type = text.slice(0, at)
        return StatisticsLine.hasSuffix(type, "Error") || StatisticsLine.hasSuffix(type, "Exception")
    }

    /// The last segment of a line in which a bar was redrawn with carriage returns.
    static func lastSegment(_ text: Bytes) -> Bytes {
        guard text.firstIndex(of: 13) != nil else { return text }
        var end = text.count
        while end > 0 {
            while end > 0, text[end - 1] == 13 || text[end - 1] == 32 { end -= 1 }
            var start = end
            while start > 0, text[start - 1] != 13 { start -= 1 }
            if start < end { return text.slice(start, end) }
        }
        return text.slice(0, 0)
    }
}

extension UnsafeRawBufferPointer {
    /// Index of the first byte at or after `start` that is no blank.
    func skipBlanks(from start: Int) -> Int {
        var at = start
        while at < count, self[at] == 32 { at += 1 }
        return at
    }
}
