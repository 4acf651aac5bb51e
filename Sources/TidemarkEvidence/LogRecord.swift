import TidemarkBase

/// Severity as Python's and vLLM's loggers spell it.
public enum LogLevel: String, Sendable, CaseIterable {
    case trace = "TRACE"
    case debug = "DEBUG"
    case info = "INFO"
    case warning = "WARNING"
    case error = "ERROR"
    case critical = "CRITICAL"
}

/// The time in a vLLM prefix: month, day, hour, minute, second of an unknown year in an unknown zone.
/// A record of JSON logging has a year and milliseconds too.
public struct LogStamp: Sendable, Hashable {
    /// 0 when the prefix has no year.
    public var year: Int32
    public var month: UInt8
    public var day: UInt8
    public var hour: UInt8
    public var minute: UInt8
    public var second: UInt8
    public var milli: UInt16

    public init(year: Int32 = 0, month: UInt8, day: UInt8, hour: UInt8, minute: UInt8, second: UInt8, milli: UInt16 = 0)
    {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.milli = milli
    }

    /// A reading given as milliseconds as if it were UTC.
    public init(wallMs: Int64) {
        let days = CivilTime.floorDivide(wallMs, CivilTime.millisPerDay)
        let date = CivilTime.date(days: Int(days))
        let inDay = Int(wallMs - days * CivilTime.millisPerDay)
        self.init(
            year: Int32(clamping: date.year), month: UInt8(date.month), day: UInt8(date.day),
            hour: UInt8(inDay / 3_600_000), minute: UInt8(inDay / 60_000 % 60), second: UInt8(inDay / 1000 % 60),
            milli: UInt16(inDay % 1000))
    }

    /// Milliseconds of this wall clock reading as if it were UTC, with `year` where the stamp has none.
    public func wallMs(year fallback: Int) -> Int64 {
        CivilTime.millis(
            year: year == 0 ? fallback : Int(year), month: Int(month), day: Int(day), hour: Int(hour),
            minute: Int(minute), second: Int(second), milli: Int(milli))
    }
}

/// What a framing (container runtime, shipper) says about a line. Empty for a plain file.
public struct FrameInfo: Sendable {
    /// The outer time, Unix ms UTC.
    public var timeMs: Int64?
    /// The outer time stands in a clock without zone: `timeMs` is its reading as if UTC.
    public var zoneless = false
    /// The line comes out of a file that is held and read as a whole (a document, a table): several share a physical line,
    /// and no run resumes between them.
    public var isHeld = false
    /// `stdout`, `stderr`, or empty. Records of different streams are assembled apart.
    public var stream = ""
    /// The outer time where it has no year (journald's and syslog's short form); ``timeMs`` is nil then.
    public var stamp: LogStamp?
    /// The pod, container or service that the framing names; empty when it names none.
    public var source = ""
    /// The process id that the framing prints (journald's `ident[pid]`).
    public var pid: Int?
    /// How many physical lines the unwrapped line stands for: several when a runtime cut a long line into parts, 0 for
    /// the second and later lines that one wrapper line held.
    public var lines = 1

    public init(timeMs: Int64? = nil) { self.timeMs = timeMs }

    /// The reading of an outer clock without zone.
    public var wrapperStamp: LogStamp? {
        guard zoneless else { return nil }
        return stamp ?? timeMs.map { LogStamp(wallMs: $0) }
    }
}

/// One record of a server log: a logger's message (with all its lines), an access line, a traceback, a foreign line.
///
/// `Bytes` members point into the parser's buffers and are valid only during the call that delivers the record.
public struct LogRecord {
    /// 1-based number of the first line, and how many physical lines belong to the record. A record that begins in the
    /// middle of a line counts only its further lines: the line itself counts with the record that it begins with.
    public var line: Int
    public var lineCount: Int
    /// Offset (decompressed) of the first byte of the first line.
    public var offset: Int
    public var frame: FrameInfo
    /// nil where the line has no level of its own (foreign output).
    public var level: LogLevel?
    /// The innermost process prefix, `EngineCore_DP0`; empty when there is none.
    public var process: Bytes
    public var pid: Int?
    /// `loggers.py`, or at DEBUG a shortened path; empty when unknown.
    public var sourceFile: Bytes
    public var sourceLine: Int?
    /// The record's own time; nil for access lines and foreign output.
    public var stamp: LogStamp?
    /// For a record without a time of its own: the time of the last stamped record before it, where there was one.
    public var carried: LogStamp?
    /// The message; the lines of a long record joined by line feeds, at most ``messageLimit`` bytes.
    public var message: Bytes
    public var payload: LogPayload

    public static let messageLimit = 64 << 10

    public init(message: Bytes, payload: LogPayload) {
        self.init(
            line: 0, lineCount: 1, offset: 0, frame: FrameInfo(), level: nil, process: message.slice(0, 0), pid: nil,
            sourceFile: message.slice(0, 0), sourceLine: nil, stamp: nil, carried: nil, message: message,
            payload: payload)
    }

    /// A whole record; the parsers' way, which writes each field once.
    @inlinable
    public init(
        line: Int, lineCount: Int, offset: Int, frame: FrameInfo, level: LogLevel?, process: Bytes, pid: Int?,
        sourceFile: Bytes, sourceLine: Int?, stamp: LogStamp?, carried: LogStamp?, message: Bytes, payload: LogPayload
    ) {
        self.line = line
        self.lineCount = lineCount
        self.offset = offset
        self.frame = frame
        self.level = level
        self.process = process
        self.pid = pid
        self.sourceFile = sourceFile
        self.sourceLine = sourceLine
        self.stamp = stamp
        self.carried = carried
        self.message = message
        self.payload = payload
    }
}

extension LogRecord {
    /// The kind of the record as `inspect --json` prints it, by the precedence stats, access, request, preemption,
    /// traceback, error, warning, startup, other.
    public var kind: String {
        switch payload {
        case .stats, .companion, .iteration: return "stats"
        case .access: return "access"
        case .request: return "request"
        case .preemption: return "preemption"
        case .startup, .event:
            if case .event(let kind, let exception) = payload {
                if kind == .traceback || exception.map({ !$0.isAlone }) ?? false { return "traceback" }
            }
            switch level {
            case .error, .critical: return "error"
            case .warning: return "warning"
            default:
                if case .startup = payload { return "startup" }
                return "other"
            }
        }
    }
}

/// A line that claims to be a record of a known kind, but whose fields can't be read.
///
/// `text` is valid only during the call that delivers the reject.
public struct LogReject {
    /// 1-based line and offset (decompressed) of its first byte.
    public var line: Int
    public var offset: Int
    /// 0 when another record of the same line counts it.
    public var lineCount: Int
    /// What was expected, in a few words.
    public var reason: String
    public var text: Bytes
    /// The time that it prints, which later lines may carry.
    public var stamp: LogStamp?

    public init(line: Int, offset: Int, lineCount: Int, reason: String, text: Bytes, stamp: LogStamp? = nil) {
        self.line = line
        self.offset = offset
        self.lineCount = lineCount
        self.reason = reason
        self.text = text
        self.stamp = stamp
    }
}

public enum LogPayload {
    /// Boxed: statistics are rare and large, and every record would carry their room.
    indirect case stats(EngineStatistics)
    /// A companion line of the statistics: speculative decoding, KV transfer, MFU…, as named quantities.
    case companion(CompanionStatistics)
    indirect case iteration(IterationDetails)
    case access(HTTPAccess)
    case request(RequestEvent)
    case startup([StartupFact])
    case preemption(PreemptionWarning)
    /// Anything else; `kind` is its typed meaning where it has one, `exception` what a traceback says.
    case event(LogEventKind, ExceptionInfo?)
}

/// The periodic line of an engine. Absent parts are nil, never zero. Ratios are 0…1 whatever the log prints.
public struct EngineStatistics: Sendable, Equatable {
    /// Engine index; nil in lines without `Engine NNN:`.
    public var engine: Int?
    /// How many engines an aggregated line sums up.
    public var aggregatedEngines: Int?
    public var promptTokensPerSecond: Double?
    public var generationTokensPerSecond: Double?
    public var running: Int?
    /// V0's "Pending" is the same quantity.
    public var waiting: Int?
    public var swapped: Int?
    public var deferred: Int?
    public var preemptions: Int?
    public var kvCacheUsage: Double?
    public var cpuKVCacheUsage: Double?
    public var prefixCacheHitRate: Double?
    public var cpuPrefixCacheHitRate: Double?
    public var externalPrefixCacheHitRate: Double?
    public var mmCacheHitRate: Double?
    public var corrupted: Int?
    /// Requests whose KV blocks come from elsewhere (0.32.0+): not yet started, in progress, done but not scheduled.
    public var kvFetchWaiting: Int?
    public var kvFetchInProgress: Int?
    public var kvFetchCompleted: Int?

    public init() {}
}

/// Named quantities of a companion line, in the order of the line.
public struct CompanionStatistics: Sendable, Equatable {
    /// `spec_decode`, `kv_transfer`, `ec_transfer`, `mfu`, `diffusion`, `prefix_cache`, `cudagraph`.
    public var family: String
    public var engine: Int?
    /// Full snake-case names with units where the line gives them; ratios 0…1.
    public var values: [(name: String, value: Double)]

    public init(family: String, engine: Int? = nil, values: [(name: String, value: Double)]) {
        self.family = family
        self.engine = engine
        self.values = values
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.family == b.family && a.engine == b.engine && a.values.map(\.name) == b.values.map(\.name)
            && a.values.map(\.value) == b.values.map(\.value)
    }
}

/// One engine step, from `--enable-logging-iteration-details`.
public struct IterationDetails: Sendable, Equatable {
    public var engine: Int?
    public var iteration = 0
    public var contextRequests = 0
    public var contextTokens = 0
    public var generationRequests = 0
    public var generationTokens = 0
    public var elapsedMs = 0.0
    public var kvCacheUsage: Double?
    public var dummy = false

    public init() {}
}

/// A uvicorn access line. It has neither a time nor a duration of its own.
public struct HTTPAccess {
    /// `host:port`.
    public var client: Bytes
    public var method: Bytes
    /// Path with its query.
    public var path: Bytes
    public var status: Int
    /// Lines with the same number, given by one parser, have the same method, path and status; 0: unknown.
    public var form: Int

    @inlinable
    public init(client: Bytes, method: Bytes, path: Bytes, status: Int, form: Int = 0) {
        self.client = client
        self.method = method
        self.path = path
        self.status = status
        self.form = form
    }
}

public struct RequestEvent {
    public enum Phase: String, Sendable { case received, added, finished, aborted, failed, generated }
    public var phase: Phase
    /// As the line prints it; several ids (comma) only for `aborted`.
    public var requestID: Bytes
    /// `max_tokens` of the sampling parameters; nil when absent or None.
    public var maxTokens: Int?
    /// Number of prompt token ids, where the line lists them.
    public var promptTokens: Int?
    /// Whether the parameters ask for structured output: a JSON schema, a regex, a grammar.
    public var isStructured = false
    /// Reason of a failure or finish reason, where printed.
    public var reason: Bytes

    public init(phase: Phase, requestID: Bytes, maxTokens: Int? = nil, promptTokens: Int? = nil, reason: Bytes) {
        self.phase = phase
        self.requestID = requestID
        self.maxTokens = maxTokens
        self.promptTokens = promptTokens
        self.reason = reason
    }
}

/// A fact that a server prints about itself while starting.
public struct StartupFact: Sendable, Equatable {
    /// `version model args server_start ready engine_config kv_cache_tokens max_concurrency gpu_blocks cpu_blocks
    /// max_model_len max_num_seqs max_num_batched_tokens model_memory_bytes model_load_seconds weights_load_seconds
    /// kv_cache_memory_bytes graph_capture_seconds graph_memory_bytes compile_seconds init_seconds attention_backend
    /// listen architecture server_pid shutdown …`
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

public struct PreemptionWarning: Sendable, Equatable {
    /// `RECOMPUTE` or `SWAP`.
    public var mode: String
    /// The printed cumulative count; V0 prints one warning for 50 preemptions.
    public var cumulative: Int?

    public init(mode: String, cumulative: Int?) {
        self.mode = mode
        self.cumulative = cumulative
    }
}

/// What a log event means; `other` is any line without a typed meaning.
public enum LogEventKind: String, Sendable, CaseIterable {
    case engineDead = "engine_dead"
    case workerDied = "worker_died"
    case gpuOutOfMemory = "gpu_out_of_memory"
    case startupMemory = "startup_memory"
    case cudaError = "cuda_error"
    case ncclError = "nccl_error"
    case rpcTimeout = "rpc_timeout"
    case hangHint = "hang_hint"
    case crashDump = "crash_dump"
    case swapExhausted = "swap_exhausted"
    case promptTooLong = "prompt_too_long"
    case streamFailure = "stream_failure"
    case unknownModel = "unknown_model"
    case requestRejected = "request_rejected"
    case lora = "lora"
    case structuredOutput = "structured_output"
    case configWarning = "config_warning"
    case cacheReset = "cache_reset"
    case sleepMode = "sleep_mode"
    case watchdog = "watchdog"
    case shutdown = "shutdown"
    /// `--api-server-count` above 1: no statistics lines will follow.
    case statsDisabled = "stats_disabled"
    /// The service manager's words about the process (`Main process exited`, `Failed with result`).
    case serviceExit = "service_exit"
    case outOfHostMemory = "out_of_host_memory"
    /// The journal left lines out or could not show them: `Suppressed N messages`, `Missed N kernel messages`,
    /// `[NNB blob data]`.
    case logGap = "log_gap"
    /// The host started anew: `-- Boot … --`.
    case hostBoot = "host_boot"
    case asgiException = "asgi_exception"
    /// Prompt, output or body of one request, printed at DEBUG; its text is user data.
    case requestDetails = "request_details"
    case pythonWarning = "python_warning"
    case xid = "xid"
    case progress = "progress"
    case traceback = "traceback"
    case other = "other"
}

/// What a traceback ends with.
public struct ExceptionInfo {
    /// `RuntimeError`, `vllm.v1.engine.exceptions.EngineDeadError`.
    public var type: Bytes
    public var text: Bytes
    /// `file.py:line in function` of the innermost frame; empty when none was printed.
    public var frame: String
    /// The first exception of a chain, when the traceback holds several; else empty.
    public var rootType: Bytes
    public var rootText: Bytes
    /// No traceback stands above it: the log has its last line only.
    public var isAlone = false

    public init(type: Bytes, text: Bytes, frame: String) {
        self.type = type
        self.text = text
        self.frame = frame
        rootType = type.slice(0, 0)
        rootText = type.slice(0, 0)
    }
}
