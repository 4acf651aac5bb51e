import TidemarkBase
import TidemarkEvidence

/// Takes what ``VLLMLogParser`` finds, in the order of the file.
///
/// The sum of all line counts delivered (records, rejects, noise) is the number of lines fed.
public protocol VLLMLogSink {
    mutating func record(_ record: LogRecord)
    /// An access line or a line about a request, of which a busy server writes thousands a second. By default its
    /// ``OrdinaryLine/record(_:_:)`` goes to ``record(_:)``.
    mutating func access(_ access: HTTPAccess, _ line: OrdinaryLine, _ frame: FrameInfo)
    mutating func request(_ event: RequestEvent, _ line: OrdinaryLine, _ frame: FrameInfo)
    /// A line that claims to be a record of a known kind, but whose fields can't be read.
    mutating func reject(_ reject: LogReject)
    /// Lines that say nothing: blank ones, process prefixes without text.
    mutating func noise(line: Int, offset: Int, lineCount: Int)
}

extension VLLMLogSink {
    public mutating func access(_ access: HTTPAccess, _ line: OrdinaryLine, _ frame: FrameInfo) {
        record(line.record(.access(access), frame))
    }
    public mutating func request(_ event: RequestEvent, _ line: OrdinaryLine, _ frame: FrameInfo) {
        record(line.record(.request(event), frame))
    }
}

/// A line that is one record of an ordinary kind: where it stands and what dates it. It points into the parser's buffers.
public struct OrdinaryLine {
    let bytes: Bytes
    let offset: Int
    /// 1-based.
    public let number: Int
    /// Equal serials mean equal stamps; 0: there is no stamp yet.
    public let stampSerial: Int
    /// The line's own stamp, or the last one before it.
    public let stamp: LogStamp?
    public let hasOwnStamp: Bool

    /// The whole record.
    public func record(_ payload: LogPayload, _ frame: FrameInfo) -> LogRecord {
        VLLMLogParser.record(
            LineItem(ordinary: bytes), payload, number, offset, frame.lines, frame,
            carried: hasOwnStamp ? nil : stamp)
    }
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
