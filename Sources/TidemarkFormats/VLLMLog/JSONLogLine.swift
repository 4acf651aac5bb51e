import TidemarkBase
import TidemarkEvidence

/// One line of JSON logging: python-json-logger through `VLLM_LOGGING_CONFIG_PATH` (any version, any field list), or
/// vLLM's own `--logging-config` (0.32.0+: asctime, levelname, name, processName, process, message).
///
/// The message is decoded into ``text``, with the traceback of `exc_info` below it; the rest points into the line.
struct JSONLogLine {
    var text: [UInt8] = []
    var process: Bytes
    var pid: Int?
    var level: LogLevel?
    var stamp: LogStamp?
    /// The time, where the line names its zone or counts from the epoch.
    var timeMs: Int64?
    var file: Bytes
    var sourceLine: Int?
    var logger: Bytes

    private var hasMessage = false
    private var exception: [UInt8] = []

    /// nil when `line` is not one JSON object with a message.
    static func parse(_ line: Bytes) -> JSONLogLine? {
        let empty = line.slice(0, 0)
        var result = JSONLogLine(process: empty, file: empty, logger: empty)
        var reader = JSONReader(line)
        do {
            try reader.object { key, reader in try result.member(key, &reader) }
        } catch {
            return nil
        }
        guard result.hasMessage, line.slice(reader.offset, line.count).trimmed.isEmpty else { return nil }
        if !result.exception.isEmpty {
            if !result.text.isEmpty { result.text.append(10) }
            result.text.append(contentsOf: result.exception)
        }
        return result
    }

    private init(process: Bytes, file: Bytes, logger: Bytes) {
        self.process = process
        self.file = file
        self.logger = logger
    }

    private mutating func member(_ key: JSONReader.RawString, _ reader: inout JSONReader) throws {
        let kind = try reader.peek()
        switch key.bytes.first {
        case 109 where kind == .string && (key.equals("message") || key.equals("msg")): try readMessage(&reader)
        case 101 where kind == .string && key.equals("event"): try readMessage(&reader)
        case 101 where kind == .string && (key.equals("exc_info") || key.equals("exc_text") || key.equals("exception")),
            116 where kind == .string && key.equals("traceback"):
            if exception.isEmpty { try reader.string().decode(into: &exception) } else { try reader.skip() }
        case 115 where kind == .string && (key.equals("stack_info") || key.equals("stacktrace")):
            if exception.isEmpty { try reader.string().decode(into: &exception) } else { try reader.skip() }
        case 108 where kind == .string && (key.equals("levelname") || key.equals("level") || key.equals("log.level")),
            115 where kind == .string && (key.equals("severity") || key.equals("severity_text")):
            readLevel(try reader.string().bytes)
        case 108 where kind == .number && (key.equals("levelno") || key.equals("level")):
            readLevel(number: try reader.number())
        case 97 where key.equals("asctime"),
            116 where key.equals("timestamp") || key.equals("time") || key.equals("ts"),
            64 where key.equals("@timestamp"):
            try readTime(kind, &reader)
        case 118 where kind == .string && key.equals("vllm_process_name"): process = try reader.string().bytes
        case 112 where kind == .string && key.equals("processName"):
            let name = try reader.string().bytes
            if process.isEmpty, !name.equals("MainProcess") { process = name }
        case 112 where kind == .number && (key.equals("process") || key.equals("pid")):
            pid = Decimal.parseInt(try reader.numberBytes())
        case 102 where kind == .string && key.equals("filename"):
            let path = try reader.string().bytes
            file = path.slice((path.lastIndex(of: 47) ?? path.lastIndex(of: 92)).map { $0 + 1 } ?? 0, path.count)
        case 102 where kind == .string && key.equals("file"):
            // Rust's tracing: the path from the root of the crates.
            let path = try reader.string().bytes
            if file.isEmpty, StatisticsLine.hasSuffix(path, ".rs") {
                file = path.slice(path.lastIndex(of: 47).map { $0 + 1 } ?? 0, path.count)
            }
        case 108 where kind == .number && key.equals("line"): sourceLine = Decimal.parseInt(try reader.numberBytes())
        case 102 where kind == .object && key.equals("fields"):
            // Rust's tracing, of hf_xet for instance.
            try reader.object { key, reader in
                if try reader.peek() == .string, key.equals("message") {
                    try self.readMessage(&reader)
                } else {
                    try reader.skip()
                }
            }
        case 112 where kind == .string && key.equals("pathname"):
            let path = try reader.string().bytes
            if file.isEmpty { file = path.slice(path.lastIndex(of: 47).map { $0 + 1 } ?? 0, path.count) }
        case 108 where kind == .number && (key.equals("lineno") || key.equals("line_number")):
            sourceLine = Decimal.parseInt(try reader.numberBytes())
        case 110 where kind == .string && key.equals("name"), 108 where kind == .string && key.equals("logger"):
            logger = try reader.string().bytes
        default: try reader.skip()
        }
    }

    private mutating func readMessage(_ reader: inout JSONReader) throws {
        guard !hasMessage else { return try reader.skip() }
        hasMessage = true
        try reader.string().decode(into: &text)
    }

    private mutating func readLevel(_ name: Bytes) {
        switch (name.first ?? 0) | 0x20 {
        case 105: level = .info
        case 119: level = .warning
        case 101: level = .error
        case 100: level = .debug
        case 99, 102: level = .critical
        case 116: level = .trace
        default: break
        }
    }

    /// Python's numbers: DEBUG 10, INFO 20, WARNING 30, ERROR 40, CRITICAL 50.
    private mutating func readLevel(number: Double) {
        guard level == nil else { return }
        switch number {
        case 50...: level = .critical
        case 40..<50: level = .error
        case 30..<40: level = .warning
        case 20..<30: level = .info
        case 10..<20: level = .debug
        default: break
        }
    }

    private mutating func readTime(_ kind: JSONReader.Kind, _ reader: inout JSONReader) throws {
        switch kind {
        case .string:
            let text = try reader.string().bytes
            guard stamp == nil, timeMs == nil else { return }
            if let dated = ForeignLine.datedStamp(text) {
                if dated.zoned { timeMs = dated.millis } else { stamp = dated.stamp }
            } else if text.count >= 14 {
                stamp = RecordHeader.stamp(text, at: 0)
            }
        case .number:
            let value = try reader.number()
            guard timeMs == nil, value > 1e8, value < 1e19 else { return }
            // Seconds, milliseconds, microseconds or nanoseconds since 1970, by magnitude.
            timeMs = Int64(
                value < 1e11 ? value * 1000 : value < 1e14 ? value : value < 1e17 ? value / 1000 : value / 1e6)
        default: try reader.skip()
        }
    }
}
