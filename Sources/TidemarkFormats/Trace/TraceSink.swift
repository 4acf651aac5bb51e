import TidemarkEvidence

/// Takes what ``TraceParser`` finds, in the order of the input. An error thrown by a sink stops the parser.
public protocol TraceSink {
    /// Says who made the spans that carry this number. It may come before them or, where a producer writes it behind
    /// them, after; several numbers may mean the same resource.
    mutating func resource(_ resource: TraceResource, number: Int) throws
    /// The record is filled anew for the next span: copy what is kept.
    mutating func span(_ span: borrowing SpanRecord) throws
    mutating func reject(_ reject: FormatReject) throws
}

/// What a trace export held. `lines` = record lines + blank + empty + rejected.
public struct TraceCounts: Sendable, Equatable {
    public var lines = 0
    /// Lines of documents with spans.
    public var recordLines = 0
    public var blankLines = 0
    /// Lines of documents without spans: metrics, logs, empty requests.
    public var emptyLines = 0
    public var rejectedLines = 0
    /// Spans delivered.
    public var spans = 0
    /// Rejects delivered.
    public var rejects = 0
    /// OTLP metrics and logs that stood between the traces; not read.
    public var otherSignals = 0
    /// Answers of a search: lists of traces without their spans.
    public var searchResults = 0
    /// Answers that say that spans are missing from them.
    public var partialAnswers = 0

    public init() {}
}
