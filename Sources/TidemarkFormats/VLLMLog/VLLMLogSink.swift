import TidemarkBase
import TidemarkEvidence

/// Takes what ``VLLMLogParser`` finds, in the order of the file.
///
/// The sum of all line counts delivered (records, rejects, noise) is the number of lines fed.
public protocol VLLMLogSink {
    mutating func record(_ record: LogRecord)
    /// An access line or a line about a request, of which a busy server writes thousands a second. `record` makes the
    /// whole record of it; by default that goes to ``record(_:)``.
    mutating func access(_ access: HTTPAccess, _ place: LinePlace, record: () -> LogRecord)
    mutating func request(_ event: RequestEvent, _ place: LinePlace, record: () -> LogRecord)
    /// A line that claims to be a record of a known kind, but whose fields can't be read.
    mutating func reject(_ reject: LogReject)
    /// Lines that say nothing: blank ones, process prefixes without text.
    mutating func noise(line: Int, offset: Int, lineCount: Int)
}

extension VLLMLogSink {
    public mutating func access(_ access: HTTPAccess, _ place: LinePlace, record: () -> LogRecord) {
        self.record(record())
    }
    public mutating func request(_ event: RequestEvent, _ place: LinePlace, record: () -> LogRecord) {
        self.record(record())
    }
}

/// Where an ordinary line stands and what dates it.
public struct LinePlace {
    public var line: Int
    public var lineCount: Int
    /// Equal serials mean equal stamps; 0: there is no stamp yet.
    public var stampSerial: Int
    /// The line's own stamp, or the last one before it.
    public var stamp: LogStamp?
    public var hasOwnStamp: Bool
    /// The framing's time in a known zone, Unix ms UTC.
    public var outerMs: Int64?
    /// The framing's time in an unknown zone, of a line that has none of its own.
    public var wrapper: LogStamp?
}

/// What ``VLLMLogParser`` must remember to continue at ``VLLMLogParser/pendingStart`` in a later run.
public struct VLLMLogState: Sendable, Equatable {
    /// What a CR at the end of a line means. vLLM's formatter writes CR LF inside a record and LF at its end (all
    /// versions), but a file that went through Windows has CR LF everywhere.
    public enum CarriageReturns: UInt8, Sendable { case unknown, insideRecords, everywhere }

    /// The last stamp seen; lines without a time carry it.
    public var lastStamp: LogStamp?
    public var carriageReturns: CarriageReturns

    public init(lastStamp: LogStamp? = nil, carriageReturns: CarriageReturns = .unknown) {
        self.lastStamp = lastStamp
        self.carriageReturns = carriageReturns
    }
}
